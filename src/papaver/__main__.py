"""`python -m papaver` is `papaver`."""

import sys

from papaver.cli import main

sys.exit(main())
