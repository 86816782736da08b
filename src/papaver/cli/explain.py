"""`papaver explain`: a molecule or a parameter with its provenance."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "explain", help="print a molecule or a parameter: value, unit, spread, basis, source",
        description="Print what is known of a molecule or a parameter, with its sources.",
        epilog="Examples: papaver explain heroin; papaver explain heroin.pk; papaver explain heroin.pk.CL",
    )  # fmt: skip
    p.add_argument("name", metavar="NAME", help="a molecule, a parameter, or the beginning of a parameter's path")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api

    print(api.explain(args.name, data=args.data))
    return 0
