"""`papaver drugs`: the molecules in the library."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser("drugs", help="list the molecules", description="List the molecules with routes and synonyms.")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api

    for d in api.drugs(data=args.data):
        routes = f"routes: {', '.join(d.routes)}" if d.routes else "formed in the body"
        names = f"; also {', '.join(d.synonyms)}" if d.synonyms else ""
        print(f"{d.name:14} {d.kind:11} {routes}{names}")
    return 0
