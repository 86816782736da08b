"""`papaver claims`: run the claims ledger."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "claims", help="run the claims ledger: holds, falls short, not yet", description="Run the claims ledger.",
        epilog="Examples: papaver claims; papaver claims drug.routes drug.m6g",
    )  # fmt: skip
    p.add_argument("ids", nargs="*", metavar="ID", help="only these claims")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own")
    p.add_argument("--json", action="store_true", help="print JSON")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from tqdm import tqdm

    from papaver.bench.claims import REGISTRY, run_claims
    from papaver.evidence.load import load_library

    library = load_library(Path(args.data) if args.data else None)
    with tqdm(total=len(args.ids or REGISTRY), desc="claims", delay=2, file=sys.stderr, leave=False) as bar:
        rows = run_claims(library, args.ids, progress=lambda _: bar.update())
    if args.json:
        from papaver.simulate.storage import to_json

        print(to_json({"claims": [{"id": r["id"], "status": r["status"], "detail": r["detail"]} for r in rows]}))
        return 0
    for r in rows:
        print(f"{r['status']:11} {r['id']}: {' '.join(r['claim'].split())}")
        for check in r["checks"]:
            print(f"              {'ok   ' if check['ok'] else 'FAILS'} {check['text']}")
        if "not yet shown" in r["detail"]:
            print(f"              {r['detail'][r['detail'].index('not yet shown') :]}")
    counts = {s: sum(1 for r in rows if r["status"] == s) for s in ("holds", "falls short", "not yet")}
    print(", ".join(f"{n} {s}" for s, n in counts.items()))
    return 0
