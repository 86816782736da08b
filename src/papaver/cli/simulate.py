"""`papaver simulate`: a NONMEM data set in, the same rows with predictions out."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "simulate", help="simulate a NONMEM data set", description="Simulate a NONMEM data set with a standard model or with the body.",
        epilog="Examples: papaver simulate --data pk.csv --model advan2 --set CL=5 --set V=50 --set KA=1; "
        "papaver simulate --data pk.csv --model adult --units time=h,amount=mg,concentration=ng/mL --cmt 1=heroin:iv",
    )  # fmt: skip
    p.add_argument("--data", required=True, metavar="FILE.csv", help="the data set: a header row with ID, TIME, AMT, ..., then the records")
    p.add_argument("--model", required=True, metavar="NAME", help="pk1, pk1_oral, pk2, pk2_oral, pk3, pk3_oral, advan1-4, advan11, advan12, or adult")
    p.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter; columns of that name do the same; may be repeated")
    p.add_argument("--units", metavar="LIST", help="units of the data set, e.g. time=h,amount=mg,concentration=ng/mL (needed for adult)")
    p.add_argument("--cmt", metavar="LIST", help="what CMT stands for in the body, e.g. 1=heroin:iv,2=morphine:oral")
    p.add_argument("--covariates", default="nocb", metavar="RULE", help="a row's values hold before it (nocb, NONMEM's way) or from it on (locf)")
    p.add_argument("--out", metavar="FILE", help="file to write, .csv or .parquet (default: CSV on standard output)")
    p.add_argument("--library", metavar="DIR", help="folder with data of your own, laid out as the shipped one")
    p.add_argument("--solver", metavar="NAME", help="scalar or kernel (default: scalar up to 20 people)")
    p.add_argument("--rtol", type=float, metavar="X", help="relative tolerance (default: 1e-8, for adult 1e-6)")
    p.add_argument("--json", action="store_true", help="print a summary as JSON; without --out it holds the table")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api
    from papaver.cli.run import changes

    frame = api.simulate(
        args.data, args.model, changes(args.set), units=args.units, cmt=args.cmt, covariates=args.covariates, out=args.out, library=args.library,
        solver=args.solver, rtol=args.rtol, progress=True,
    )  # fmt: skip
    failed = frame.attrs["failed"]
    for person, reason in list(failed.items())[:3]:
        print(f"papaver: ID {person} failed: {reason}", file=sys.stderr)
    if args.json:
        from papaver.simulate.storage import to_json

        print(to_json(summary(frame, args.out)))
    elif args.out:
        print(args.out)
    else:
        frame.to_csv(sys.stdout, index=False, na_rep=".")
    return 0


def summary(frame: pd.DataFrame, out: str | None) -> dict[str, Any]:
    """What `--json` prints."""
    rest: dict[str, Any] = {} if out else {"table": {str(name): [None if x != x else x for x in frame[name].tolist()] for name in frame}}
    return {"out": out, "rows": len(frame), "units": frame.attrs["units"], "failed": frame.attrs["failed"], **rest}
