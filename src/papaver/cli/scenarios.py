"""`papaver scenarios`: the scenarios that come with the product."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser("scenarios", help="list the shipped scenarios", description="List the shipped scenarios.")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api
    from papaver.evidence.load import list_data
    from papaver.evidence.yamlfile import read_yaml

    for name, title in api.scenarios(data=args.data).items():
        print(f"{name:24} {title}")
    for name, file in list_data("trials").items():
        print(f"{name:24} {read_yaml(file)['title']} (a trial)")
    return 0
