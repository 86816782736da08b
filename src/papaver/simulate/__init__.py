"""From a resolved scenario to labelled arrays with units: one person or many, never a number after a failure."""

import importlib
import sys
from types import ModuleType
from typing import Any

from papaver.simulate.result import Result
from papaver.simulate.run import Prepared, prepare, simulate

__all__ = ["Prepared", "Result", "prepare", "simulate"]


class _Room(ModuleType):
    """`papaver.simulate(...)` is the public function that simulates a data set. Python gives the name to this room as soon as it is imported, so
    the room passes the call on."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return importlib.import_module("papaver.api").simulate(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
