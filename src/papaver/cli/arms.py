"""`papaver run` for a trial: all its arms on the same people, a table of percentages, and a folder with every person's outcome."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from papaver.errors import ScenarioError, nearest

PEOPLE = "people.csv"
"""Every person's outcome, in the folder of a trial."""
SETTINGS = {"patient": ("chronic", "naive")}
"""What `--set` may change, with its values; the first is the default."""


def is_trial(name: str | None) -> bool:
    """True for the name of a shipped trial."""
    from papaver.evidence.load import list_data

    return name is not None and name in list_data("trials")


def main(args: argparse.Namespace, changes: dict[str, str]) -> int:
    """Run it."""
    from papaver import __version__
    from papaver.evidence.load import load_library
    from papaver.simulate import storage
    from papaver.trial import fda2022

    for option in ("keep", "resume", "rtol"):
        if getattr(args, option) is not None:
            raise ScenarioError(f"--{option}: is not for a trial; leave it out")
    settings = {k: v[0] for k, v in SETTINGS.items()}
    for key, value in changes.items():
        if key not in SETTINGS:
            raise ScenarioError(f"--set {key}: a trial can be changed in {', '.join(SETTINGS)}; {nearest(key, SETTINGS)}")
        if value not in SETTINGS[key]:
            raise ScenarioError(f"--set {key}: read {value!r}; allowed are {', '.join(SETTINGS[key])}")
        settings[key] = value
    seed = 1 if args.seed is None else args.seed
    if args.patients is not None:
        if args.people is not None:
            raise ScenarioError("--people: the file of --patients says who they are; leave one of the two out")
        patients = fda2022.read_patients(args.patients)
    else:
        people = fda2022.PEOPLE if args.people is None else args.people
        if not 1 <= people <= 1_000_000:
            raise ScenarioError(f"--people: read {people}; allowed are 1 to 1 000 000")
        patients = fda2022.draw_patients(people, seed)
    if args.out is not None and (Path(args.out) / storage.MANIFEST).is_file() and not (Path(args.out) / PEOPLE).is_file():
        raise ScenarioError(f"--out {args.out}: holds another run; give a new folder")
    library = load_library(Path(args.data) if args.data else None)
    with storage.reserve(args.out, f"{fda2022.NAME}-{seed}") as folder:
        outcomes = fda2022.figure7(
            library, patients, settings["patient"], solver=args.solver or "kernel", progress=lambda text: print(text, file=sys.stderr)
        )  # fmt: skip
        rows = [o.to_dict() for o in outcomes]
        with (folder / PEOPLE).open("w", newline="", encoding="utf-8") as f:
            out = csv.writer(f)
            out.writerow(["person", "opioid", "dose_mg", "patient", "naloxone", "cardiac_arrest", "P_O2_at_end_of_clock_mmHg"])
            for o in outcomes:
                out.writerows(
                    [k + 1, o.opioid, o.dose_mg, o.patient, o.naloxone, int(o.arrest[k]), f"{o.P_O2[k]:.4f}"] for k in range(len(o.arrest))
                )  # fmt: skip
        summary = {"trial": fda2022.NAME, "papaver": __version__, "seed": None if args.patients else seed, "patients": args.patients, "arms": rows}
        (folder / storage.MANIFEST).write_text(storage.to_json(summary) + "\n", encoding="utf-8")
    if args.json:
        print(storage.to_json({"run_dir": str(folder), **summary}))
        return 0
    print(f"FDA 2022, figure 7: cardiac arrest by FDA's rule, {len(outcomes[0].arrest)} {settings['patient']} users an arm")
    print(f"  {'opioid':12} {'dose, mg':>9}  {'naloxone':10} {'arrest, %':>9}  95 % interval")
    for o in outcomes:
        low, high = o.interval
        print(f"  {o.opioid:12} {o.dose_mg:9g}  {o.naloxone:10} {o.percent:9.2f}  {low:.1f} to {high:.1f}")
    print(folder)
    return 0
