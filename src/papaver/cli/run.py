"""`papaver run`: simulate a scenario and write its run folder."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papaver.errors import ScenarioError

if TYPE_CHECKING:
    from papaver.simulate import Result


def add_parser(commands: Any) -> None:
    """Declare the command."""
    p: argparse.ArgumentParser = commands.add_parser(
        "run", help="simulate a scenario and write its run folder", description="Simulate a scenario and write its run folder.",
        epilog="Example: papaver run heroin-iv --people 200 --seed 7 --set person.weight='80 kg' --set heroin.pk.CL='3 L/min'",
    )  # fmt: skip
    p.add_argument("scenario", metavar="FILE|NAME", nargs="?", help="a scenario file, or the name of a shipped one (papaver scenarios)")
    p.add_argument("--people", type=int, metavar="N", help="size of the cohort; 1 is the typical person")
    p.add_argument("--seed", type=int, metavar="S", help="seed of the draws between people")
    p.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="change a field of the scenario or a parameter; may be repeated")
    p.add_argument("--out", metavar="DIR", help="folder to write (default: a fresh one under ./runs); goes on with the same run, if unfinished")
    p.add_argument("--uncertainty", type=int, default=0, metavar="N", help="draw N parameter sets from what is not known of the parameters, and the "
                   "people anew around each; needs a cohort")  # fmt: skip
    p.add_argument("--resume", metavar="DIR", help="go on with the interrupted cohort in DIR, which knows its scenario and options")
    p.add_argument("--keep", metavar="WHAT", help="all time courses, or the outcomes of everybody and time courses of the first people "
                   "(default: all up to 1 GB)")  # fmt: skip
    p.add_argument("--patients", metavar="FILE", help="table of virtual patients for fda2022-figure7 (default: people drawn like them)")
    p.add_argument("--data", metavar="DIR", help="folder with data of your own, laid out as the shipped one")
    p.add_argument("--solver", metavar="NAME", help="scalar, kernel, cuda or cvode (default: scalar for one person, kernel for a cohort)")
    p.add_argument("--rtol", type=float, metavar="X", help="relative tolerance (default: 1e-6; with arms 1e-5)")
    p.add_argument("--json", action="store_true", help="print a summary as JSON instead of text")


def main(args: argparse.Namespace) -> int:
    """Run it."""
    from papaver import api
    from papaver.cli import arms

    if arms.is_trial(args.scenario):
        return arms.main(args, changes(args.set))
    if args.patients is not None:
        raise ScenarioError("--patients: is for a trial that says so, such as fda2022-figure7")
    try:
        if args.resume is not None:
            _only_resume(args)
            result = api.resume(args.resume, progress=True)
        elif args.scenario is None:
            raise ScenarioError("papaver run needs a scenario: a file, or the name of a shipped one (papaver scenarios); see papaver run --help")
        elif args.uncertainty or api.load_scenario(args.scenario, data=args.data).arms:
            return _trial(args)
        else:
            result = api.run(
                args.scenario, people=args.people, seed=args.seed, set=changes(args.set), out=args.out, data=args.data, solver=args.solver,
                rtol=api.RTOL if args.rtol is None else args.rtol, keep=args.keep, progress=True,
            )  # fmt: skip
    except api.Interrupted as stop:
        _show(stop.result, stop.people, args.json)
        sys.stdout.flush()
        raise
    _show(result, result.people, args.json)
    return 0


def _trial(args: argparse.Namespace) -> int:
    """Run the arms of a scenario and print their endpoints."""
    from papaver import api
    from papaver.report import arm_withdrawal
    from papaver.report.trial import trial_dict

    trial = api.run_trial(
        args.scenario, people=args.people, seed=args.seed, set=changes(args.set), uncertainty=args.uncertainty, out=args.out, data=args.data,
        solver=args.solver, rtol=api.TRIAL_RTOL if args.rtol is None else args.rtol, keep=args.keep, progress=True,
    )  # fmt: skip
    folder = None if trial.arms[0].result.run_dir is None else Path(trial.arms[0].result.run_dir).parent
    if args.json:
        from papaver.simulate.storage import to_json

        print(to_json({"run_dir": str(folder), **trial_dict(trial)}))
        return 0
    s = trial.scenario
    plural = "1 person" if s.people == 1 else f"{s.people} people"
    print(f"{s.title}\n{plural} an arm, {s.observe.until}, seed {s.seed}" + (f", {trial.sets} parameter sets" if trial.sets else ""))
    names, wide = list(trial.arms[0].shares), max(28, *(len(a.name) for a in trial.arms))
    print(f"  {'arm':{wide}}" + "".join(f"{n.removeprefix('rescue.').replace('_', ' '):>26}" for n in names))
    for a in trial.arms:
        cells = []
        for n in names:
            x = a.shares[n]
            text = f"{100 * x.value:.1f} % ({100 * x.low:.1f}-{100 * x.high:.1f})" if s.people > 1 else ("yes" if x.value else "no")
            cells.append(text + (f" [{100 * x.uncertainty[0]:.0f}-{100 * x.uncertainty[1]:.0f}]" if x.uncertainty else ""))
        print(f"  {a.name:{wide}}" + "".join(f"{c:>26}" for c in cells))
    if s.people > 1:
        print("  (in brackets 95 % by the number of people" + ("; in square brackets 95 % over parameter sets)" if trial.sets else ")"))
    if arm_withdrawal.withdrawn(trial.arms):
        table = arm_withdrawal.measure_table(trial.arms)
        print("\nwithdrawal" + (" (medians)" if s.people > 1 else ""))
        print(f"  {'arm':{wide}}" + "".join(f"{c.replace(chr(160), ' '):>26}" for c in table.columns))
        for name, _, row in table.rows:
            print(f"  {name:{wide}}" + "".join(f"{c.text.replace(chr(160), ' '):>26}" for c in row))
    for a in trial.arms:
        for law in a.result.broken_laws:
            print(f"broken law in {a.name}: {law}")
    if folder is not None:
        print(folder / "report.html")
    return 0


def _only_resume(args: argparse.Namespace) -> None:
    """The folder knows scenario and options: given again they could only contradict it."""
    given = [f"--{k}" for k in ("people", "seed", "set", "out", "data", "solver", "rtol", "keep") if getattr(args, k) not in (None, [])]
    given += [] if args.scenario is None else [args.scenario]
    if given:
        raise ScenarioError(f"--resume: read {', '.join(given)} beside it; the folder knows its scenario and options, leave these out")


def changes(items: list[str]) -> dict[str, str]:
    """`--set` arguments as a mapping.

    Raises:
        ScenarioError: one without "=".
    """
    out: dict[str, str] = {}
    for item in items:
        path, sign, value = item.partition("=")
        if not sign or not path.strip():
            raise ScenarioError(f"--set: read {item!r}; write path=value, for example --set person.weight='80 kg'")
        out[path.strip()] = value.strip()
    return out


def _show(result: Result, people: int, as_json: bool) -> None:
    if as_json:
        from papaver.simulate.storage import to_json

        print(to_json(summary(result, people)))
        return
    print("\n".join(text(result, people)))
    if result.run_dir:
        report = Path(result.run_dir) / "report.html"
        print(report if report.exists() else result.run_dir)


def summary(result: Result, people: int) -> dict[str, Any]:
    """What `--json` prints."""
    from papaver.simulate.failures import failures

    return {
        "run_dir": result.run_dir,
        "people": people,
        "seed": result.scenario.scenario.seed,
        "summary": result.summary(),
        "outcomes": {
            "ok": result.people - result.failed,
            "failed": result.failed,
            "failures": [f.to_dict() for f in failures(result.reasons)],
            "not_run": people - result.people,
            "mole_error": result.mole_error,
            "broken_laws": result.broken_laws,
        },
    }


PEAKS = {".venous.Cmax": (".venous.Tmax", "peak in venous plasma"), ".peak": (".time_of_peak", "peak")}
"""Outcomes worth a line, with the outcome that says when, and what to call them."""
WHEN = {
    "rescue.lowest_SpO2": ("lowest SpO2", ""), "rescue.time_of_unconsciousness": ("unconscious", "after "),
    "rescue.time_of_apnoea": ("breathing stops", "after "), "rescue.time_of_arrest": ("heart stops", "after "),
    "withdrawal.peak_COWS": ("peak of COWS", ""), "withdrawal.onset": ("COWS reaches 5", "after "),
    "withdrawal.end": ("COWS stays below 5", "after "),
}  # fmt: skip
"""Outcomes of breathing and of withdrawal worth a line where they were reached: what to call them."""
MOST_FAILURES = 5


def text(result: Result, people: int) -> list[str]:
    """A short summary for people: what was run, the peaks, and anything that went wrong."""
    s = result.scenario.scenario
    who = "1 person" if people == 1 else f"{people} people (median, 5th to 95th percentile)"
    from papaver.report.events import coarse

    lines = [s.title, f"{who}, {s.observe.until}, seed {s.seed}, solver {result.solver}"]
    if result.scenario.assumed:
        lines.append(f"not given and therefore assumed: {', '.join(result.scenario.assumed)}")
    lines.append("")
    rows = result.summary()
    for name, row in rows.items():
        for ending, (when, label) in PEAKS.items():
            # occupancy by ligand is in the report; here the receptor as a whole
            if name.endswith(ending) and "[" not in name and row["median"]:
                thing = name.removesuffix(ending)
                time = rows.get(thing + when)
                at = f" at {_quantity({'median': time['median'], 'unit': time['unit']})}" if time and time["median"] is not None else ""
                lines.append(f"  {thing:16} {label:21} {_quantity(row)}{_mass(result, thing, row)}{at}")
    if not any(line.startswith("  ") for line in lines):
        lines.append("  no peaks: observe.show leaves them out, or nobody was finished")
    for name, (label, word) in WHEN.items():
        found = rows.get(name)
        if found and found["median"] is not None and math.isfinite(found["median"]):
            found_in = sum(map(math.isfinite, result.outcomes[name].tolist()))
            count = f" in {found_in} of {result.people} people" if word and people > 1 else ""
            lines.append(f"  {label:38} {word}{_quantity(found)}{count}")
    dead = [x for x in result.outcomes["rescue.dead"].tolist() if math.isfinite(x)] if "rescue.dead" in result.outcomes else []
    if dead:
        lines.append(f"  {'dead at the end':38} " + (("yes" if dead[0] else "no") if people == 1 else f"{sum(dead) / len(dead):.1%} of {len(dead)}"))
    lines.append("")
    if result.failed:
        from papaver.simulate.failures import failures

        kinds = failures(result.reasons)
        lines.append(f"failed: {result.failed} of {people} people; try a larger --rtol or check the parameters")
        lines += [f"  {f}" for f in kinds[:MOST_FAILURES]]
        lines += [f"  and {len(kinds) - MOST_FAILURES} other kinds of failure (manifest.json)"] if len(kinds) > MOST_FAILURES else []
    if step := coarse(result):
        every = _quantity({"median": step, "unit": "min"})
        lines.append(f"written down every {every}: what happens within minutes may be missed; see observe.every")
    if result.held < result.people:
        lines.append(f"time courses: of the first {result.held} of {result.people} people")
    if people > result.people:
        lines.append(f"not run: {people - result.people} of {people} people")
    lines += [f"broken law: {law}" for law in result.broken_laws]
    return lines


def _number(x: float) -> str:
    if x and math.isfinite(x) and 0.01 <= abs(x) < 1e5:
        return f"{x:.3g}" if abs(x) < 1000 else f"{x:.0f}"
    return f"{x:.3g}"


LONG = ((4320.0, 1440.0, "days"), (300.0, 60.0, "h"))
"""Times in minutes from which on they are told in days and in hours."""


def _quantity(row: dict[str, Any]) -> str:
    for least, per, word in LONG:
        if row["unit"] == "min" and row["median"] >= least:
            row = {k: x / per if k in ("median", "p05", "p95") else x for k, x in row.items()} | {"unit": word}
    spread = f" ({_number(row['p05'])} to {_number(row['p95'])})" if "p05" in row else ""
    return _number(row["median"]) + spread + ("" if row["unit"] == "1" else f" {row['unit']}")


def _mass(result: Result, name: str, row: dict[str, Any]) -> str:
    """Laboratories report mass concentrations: the same number in ng/mL."""
    if row["unit"] != "nmol/L" or name not in {*result.library.drugs, *result.library.mixtures}:
        return ""
    from papaver.units import convert

    return f" = {_number(convert(row['median'], 'nmol/L', 'ng/mL', MW=result.library.dosed(name).MW))} ng/mL"
