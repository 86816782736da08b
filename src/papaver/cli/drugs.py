"""`papaver drugs`: the molecules in the library."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "drugs", help="list the molecules and mixtures", description="List the molecules with routes and synonyms, and the mixtures."
    )
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api
    from papaver.evidence.load import load_library

    for d in api.drugs(data=args.data):
        routes = f"routes: {', '.join(d.routes)}" if d.routes else "formed in the body"
        names = f"; also {', '.join(d.synonyms)}" if d.synonyms else ""
        print(f"{d.name:22} {d.kind:11} {routes}{names}")
    for m in load_library(Path(args.data) if args.data else None).mixtures.values():
        print(f"{m.name:22} {'mixture':11} of {' and '.join(m.parts)}" + (f"; also {', '.join(m.synonyms)}" if m.synonyms else ""))
    return 0
