"""`papaver study FILE|ID`: run one published experiment, observed against predicted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "study", help="run one published experiment, observed against predicted", description="Run one published experiment.",
        epilog="Examples: papaver study hanna_1993; papaver study my_study.yaml --json",
    )  # fmt: skip
    p.add_argument("study", metavar="FILE|ID", help="a study file (or a file of evidence entries), or the id of a shipped study")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")
    p.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver.bench.run import BenchReport, load_studies, run_bench
    from papaver.bench.study import load_study
    from papaver.cli.bench import line
    from papaver.evidence.load import find_file, load_library

    data = Path(args.data) if args.data else None
    library = load_library(data)
    path = find_file(args.study, "studies", data)
    if Path(args.study) == path:
        studies, unusable = load_studies(library, folder=path)
    else:
        studies, unusable = [load_study(path, library)], {}
    report: BenchReport = run_bench(studies, library, unusable=unusable)
    if args.json:
        from papaver.simulate.storage import to_json

        whole = report.to_dict()
        print(to_json({"observations": whole["observations"], "unusable": whole["unusable"]}))
        return 0
    for s in studies:
        print(f"{s.id}: {s.title}\n  {s.population}" + (f", n = {s.n}" if s.n else "") + f"\n  source: {s.source}")
        for a in s.assumed:
            print(f"  assumed: {a}")
    for scored in report.scored:
        o = scored.observation
        print(line(scored) if scored.status == "ok" else f"  not simulated: {o.quantity} of {o.analyte}: {scored.status}")
    for name, reason in unusable.items():
        print(f"  not usable: {name}: {reason}")
    return 0
