"""`papaver explain`: a molecule or a parameter with its provenance."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "explain", help="print a molecule or a parameter: value, unit, spread, basis, source",
        description="Print what is known of a molecule or a parameter, with its sources.",
        epilog="Examples: papaver explain heroin; papaver explain heroin.pk; papaver explain heroin.pk.CL",
    )  # fmt: skip
    p.add_argument("name", metavar="NAME", help="a molecule, a parameter, or the beginning of a parameter's path")
    p.add_argument("--brief", action="store_true", help="a molecule without the studies that it was judged on (which are run anew)")
    p.add_argument("--html", metavar="FILE", help="write a molecule's page, with its concentration after each route")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api

    if args.html:
        from papaver.evidence.load import load_library
        from papaver.report.drug import page

        Path(args.html).write_text(page(load_library(Path(args.data) if args.data else None), args.name), encoding="utf-8")
        print(args.html)
        return 0
    print(api.explain(args.name, data=args.data, judged=not args.brief))
    return 0
