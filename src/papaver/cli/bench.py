"""`papaver bench evidence`: run the studies and print how the model does, system by system."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from papaver.bench.run import BenchReport
    from papaver.bench.score import Scored


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "bench", help="judge the model against published studies", description="Judge the model against published studies.",
        epilog="Examples: papaver bench evidence; papaver bench evidence --studies my_studies/ --json",
    )  # fmt: skip
    p.add_argument("what", choices=["evidence"], help="evidence: all studies, scored")
    p.add_argument("--system", metavar="S", help="only this system, e.g. pharmacokinetics")
    p.add_argument("--studies", metavar="DIR", help="studies from elsewhere: a folder or file of study files, or of evidence entries")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")
    p.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="change a parameter, or variants.NAME; may be repeated")
    p.add_argument("--all", action="store_true", help="list every observation, not only the worst ten")
    p.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from tqdm import tqdm

    from papaver.bench.run import load_studies, run_bench
    from papaver.errors import DataError, nearest
    from papaver.evidence.load import load_library

    data = Path(args.data) if args.data else None
    library = load_library(data)
    studies, unusable = load_studies(library, folder=Path(args.studies) if args.studies else None, data=data)
    studies = _changed(studies, args.set)
    if args.system:
        systems = {s.system for s in studies}
        if args.system not in systems:
            raise DataError(f"--system: there are no studies of {args.system!r}; {nearest(args.system, systems)}")
        studies = [s for s in studies if s.system == args.system]
    with tqdm(total=len(studies), desc="studies", delay=2, file=sys.stderr, leave=False) as bar:
        report = run_bench(studies, library, unusable=unusable, progress=lambda k: bar.update(k - bar.n))
    if args.json:
        from papaver.simulate.storage import to_json

        print(to_json(report.to_dict()))
    else:
        print("\n".join(text(report, every=args.all)))
    return 0


def _changed(studies: list[Any], items: list[str]) -> list[Any]:
    """The studies with parameters or variants changed in every arm."""
    import msgspec

    from papaver.cli.run import changes

    if not items:
        return studies
    parameters, variants = {}, {}
    for path, value in changes(items).items():
        if path.startswith("variants."):
            variants[path.removeprefix("variants.")] = value
        else:
            parameters[path] = value
    extra = {k: v for k, v in (("set", parameters), ("variants", variants)) if v}
    return [msgspec.structs.replace(s, arms={k: {**a, **extra} for k, a in s.arms.items()}) for s in studies]


def number(x: float | None, digits: int = 2) -> str:
    """A figure of the table, or a dash."""
    return "-" if x is None else f"{x:.{digits}f}"


def text(report: BenchReport, every: bool = False) -> list[str]:
    """The report as a table, the worst observations and what was not usable."""
    head = f"{'':22} {'n':>4} {'GMFE':>6} {'AFE':>6} {'floor':>6} {'<1.25':>6} {'<1.5':>6} {'<2':>6} {'in CI':>6} {'sign':>6} {'<2 SE':>6}"
    lines = [head]
    for title, key in (("system", lambda s: s.system), ("drug", lambda s: s.drug), ("use", lambda s: s.observation.use)):
        lines.append(title)
        for name, r in report.by(key).items():
            lines.append(
                f"  {name:20} {r['n']:4} {number(r['gmfe']):>6} {number(r['afe']):>6} {number(r['floor_gmfe']):>6} {number(r['within_1_25']):>6} "
                f"{number(r['within_1_5']):>6} {number(r['within_2']):>6} {number(r['within_interval']):>6} {number(r['sign_right']):>6} "
                f"{number(r['within_2_se']):>6}"
            )
    fold = sorted((s for s in report.scored if s.metric in ("fold", "odds") and s.score is not None), key=lambda s: -(s.score or 0))
    missed = [s for s in report.scored if s.status == "ok" and s.metric in ("sign", "detection", "interval") and s.score == 0]
    missed += [s for s in report.scored if s.status == "ok" and s.metric == "errors" and (s.score or 0) > 2]
    lines += ["", "every observation" if every else "the worst ten"]
    lines += [line(s) for s in (fold if every else fold[:10])]
    if missed:
        lines += ["", "directions, detections and intervals missed"] + [line(s) for s in missed]
    failed = [s for s in report.scored if s.status != "ok"]
    if failed:
        lines += ["", "not simulated"] + [f"  {s.study}: {s.observation.quantity} of {s.observation.analyte}: {s.status}" for s in failed]
    if report.unusable:
        lines += ["", f"not usable: {len(report.unusable)} findings (reasons with --json)"]
    return lines


def line(s: Scored) -> str:
    """One observation: observed against predicted."""
    o = s.observation
    observed = f"{o.value:.4g}" if o.value is not None else (o.direction or f"{o.low:.4g}..{o.high:.4g}")
    predicted = "-" if s.predicted is None else f"{s.predicted:.4g}"
    right = "right" if s.score else "WRONG"
    fold = "" if s.score is None else {"fold": f"{s.score:5.2f}x", "odds": f"{s.score:5.2f}x", "errors": f"{s.score:4.1f}SE"}.get(s.metric, right)
    place = o.matrix if o.matrix in ("urine", "brain") else f"{o.site} {o.matrix}"
    ends = f" {o.use[:3]}" + (f"  [{o.evidence}]" if o.evidence else "")
    return f"  {fold:>6}  {s.study:22} {o.quantity} of {o.analyte}, {place}: observed {observed}, predicted {predicted} {o.unit}{ends}"
