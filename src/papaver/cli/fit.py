"""`papaver fit`: fit the uncertain parameters to the calibration studies; reproduces what is committed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "fit", help="fit uncertain parameters to the calibration studies",
        description="Maximum a posteriori fit of the parameters that state an uncertainty, to all calibration observations at once. "
        "Prints the result beside the one that is in use; writes only with --out.",
        epilog="Example: papaver fit opioid_pk --check",
    )  # fmt: skip
    p.add_argument("fit", metavar="NAME", nargs="?", default="opioid_pk", help="name of the fit (default: opioid_pk)")
    p.add_argument("--out", metavar="FILE", help="write the result here (the product's own: src/papaver/data/calibration/NAME.yaml)")
    p.add_argument("--start", choices=["priors", "used"], default="priors", help="where to start: the priors (default) or the result in use")
    p.add_argument("--check", action="store_true", help="start from the result in use and say whether the fit stays there (exit code 1 if not)")
    p.add_argument("--evaluations", type=int, default=15, metavar="N", help="most iterations of a round (default 15)")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver.bench.run import load_studies
    from papaver.evidence.load import load_library
    from papaver.inference.fit import run_fit, write_calibration

    used = load_library()
    library = load_library(without=args.fit)
    studies, _ = load_studies(library)
    start = {path: p.value.value for path, p in used.parameters.items() if p.prior is not None} if args.check or args.start == "used" else None
    if not args.out:
        print("the result is printed, not kept: --out FILE keeps it, round by round", file=sys.stderr)
    print("compiling the kernel (about half a minute the first time) and fitting; one iteration takes about as long", file=sys.stderr)
    result = run_fit(
        library, studies, args.fit, start=start, max_evaluations=args.evaluations, progress=lambda text: print(text, file=sys.stderr),
        save=(lambda c: write_calibration(c, Path(args.out))) if args.out else (lambda c: None),
    )  # fmt: skip
    print(f"{'parameter':32} {'prior':>10} {'in use':>10} {'fitted':>10} {'CV %':>6} {'shift':>6}")
    worst = 0.0
    for row in result.parameters:
        now = used.parameters[row.path].value.value
        print(f"{row.path:32} {row.prior:10.4g} {now:10.4g} {row.value:10.4g} {row.uncertainty_cv:6.0f} {row.shift_in_prior_sd:6.2f}")
        worst = max(worst, abs(row.value / now - 1) / (row.uncertainty_cv / 100)) if row.uncertainty_cv else worst
    print(f"objective {result.objective:.3f} (priors alone {result.objective_at_prior:.3f}), {result.observations} observations")
    if args.out:
        write_calibration(result, Path(args.out))
        print(f"written to {args.out}")
    if args.check:
        print(f"largest move from the result in use: {worst:.2f} of its own uncertainty: {'reproduced' if worst <= 0.5 else 'NOT reproduced'}")
        return 0 if worst <= 0.5 else 1
    return 0
