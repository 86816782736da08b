"""`papaver equations`: the system of equations that a scenario needs, as text or LaTeX."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "equations",
        help="print the equations that a scenario runs on",
        description="Print the equations that a scenario runs on, with units and wires.",
    )
    p.add_argument("scenario", metavar="SCENARIO", nargs="?", default="heroin-iv", help="a scenario file or name (default: heroin-iv)")
    p.add_argument("--latex", action="store_true", help="print LaTeX instead of plain text")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api

    system = api.equations(args.scenario, data=args.data)
    print(system.to_latex() if args.latex else system.to_text())
    return 0
