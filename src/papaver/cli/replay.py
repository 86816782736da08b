"""`papaver replay`: run a run folder again and compare."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "replay", help="run a run folder again and compare every hash",
        description="Run a run folder's scenario again and compare every hash. Exit code 0 if all match, 1 if one does not.",
    )  # fmt: skip
    p.add_argument("folder", metavar="DIR", help="a folder that papaver run wrote")
    p.add_argument("--json", action="store_true", help="print the comparison as JSON")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api

    report = api.replay(args.folder)
    if args.json:
        from papaver.simulate.storage import to_json

        checks = [{"name": c.name, "matches": c.matches, "recorded": c.recorded, "found": c.found} for c in report.checks]
        print(to_json({"run_dir": report.run_dir, "matches": report.matches, "checks": checks, "differences": list(report.differences)}))
    else:
        for c in report.checks:
            print(f"{'matches' if c.matches else 'DIFFERS':8} {c.name:34} {c.recorded[:16]}" + ("" if c.matches else f"  now {c.found[:16]}"))
        for line in report.differences:
            print(f"note     {line}")
        print("the run repeats exactly" if report.matches else "the run does not repeat")
    return 0 if report.matches else 1
