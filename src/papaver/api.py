"""The public face: load a scenario, run it, write and replay run folders, look at drugs and parameters.

>>> import papaver
>>> result = papaver.run("heroin-iv", set={"doses.0.amount": "5 mg"}, out=False)
>>> result.failed
0
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from papaver.cohort.progress import compile_notice, deferred_interrupt
from papaver.cohort.progress import progress as progress_bar
from papaver.cohort.run import Keep, Plan, plan, run_cohort
from papaver.core import System
from papaver.errors import DataError, PapaverError, ScenarioError, nearest
from papaver.evidence import cards
from papaver.evidence.load import find_file, list_data, load_library
from papaver.evidence.schema import Drug
from papaver.evidence.yamlfile import read_yaml
from papaver.readouts.outcomes import add_outcomes
from papaver.scenario import Scenario
from papaver.scenario.change import with_changes
from papaver.simulate import Prepared, Result, prepare, storage, tables
from papaver.simulate import simulate as simulate_prepared
from papaver.simulate.chunks import Chunks
from papaver.simulate.run import default_solver

if TYPE_CHECKING:
    import pandas as pd

    from papaver.trial.arms import Trial

CHUNK = 1024
"""People per chunk of a cohort; results do not depend on it."""
CHUNK_UNCOMPILED = 8
"""The same for the solvers that take a good part of a second per person, so that an interruption loses little."""
CHUNK_GPU = 16384
"""The same for a GPU, which is idle with less (`cohort.plan` makes it smaller where the time courses are large)."""
RTOL, TRIAL_RTOL = 1e-6, 1e-5
"""Default relative tolerance."""

ScenarioLike = Scenario | Mapping[str, Any] | str | Path


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a cohort: `result` has the people who were finished by then, and is written to `result.run_dir`; `resume` goes on from there."""

    def __init__(self, result: Result, people: int) -> None:
        go_on = f"; papaver run --resume {result.run_dir} goes on" if result.people < people else ""
        where = f" and are in {result.run_dir}{go_on}" if result.run_dir else ""
        super().__init__(f"interrupted; {result.people} of {people} people are finished{where}")
        self.result, self.people = result, people


@dataclass(frozen=True)
class Check:
    """One comparison of a replay: what the folder says, what was found now."""

    name: str
    recorded: str
    found: str

    @property
    def matches(self) -> bool:
        """True if both are the same."""
        return self.recorded == self.found


@dataclass(frozen=True)
class ReplayReport:
    """Outcome of `replay`: every hash compared, and what differs between then and now (versions, data, model)."""

    run_dir: str
    checks: tuple[Check, ...]
    differences: tuple[str, ...]

    @property
    def matches(self) -> bool:
        """True if every hash is the same."""
        return all(c.matches for c in self.checks)


def load_scenario(
    scenario: ScenarioLike, *, people: int | None = None, seed: int | None = None, set: Mapping[str, str] | None = None,
    data: str | Path | None = None,
) -> Scenario:  # fmt: skip
    """A scenario by the name of a shipped one, from a file, a mapping or an object, with changes.

    Args:
        people, seed: replace those of the scenario.
        set: changes by path: a field ("person.weight": "80 kg") or a parameter ("heroin.pk.CL": "3 L/min").
        data: folder with data of your own, laid out as the shipped one.

    Raises:
        ScenarioError: unreadable, or a field that is wrong: names it, what was read and what is allowed.
    """
    extra = _folder(data)
    if isinstance(scenario, Scenario):
        s = scenario
    elif isinstance(scenario, str | Path):
        path = find_file(str(scenario), "scenarios", extra, ScenarioError)
        s = Scenario.from_dict(read_yaml(path, ScenarioError), str(path))
    else:
        s = Scenario.from_dict(dict(scenario) if isinstance(scenario, Mapping) else scenario)
    s = with_changes(s, dict(set or {}), load_library(extra))
    changed: dict[str, int] = {k: v for k, v in (("people", people), ("seed", seed)) if v is not None}
    return msgspec.structs.replace(s, **changed)


def run(
    scenario: ScenarioLike, *, people: int | None = None, seed: int | None = None, set: Mapping[str, str] | None = None,
    out: str | Path | Literal[False] | None = None, data: str | Path | None = None, solver: str | None = None, rtol: float = RTOL,
    keep: Keep | None = None, progress: bool = False,
) -> Result:  # fmt: skip
    """Run a scenario and write its run folder.

    Args:
        scenario: name of a shipped scenario, path of a file, a mapping, or a `Scenario`.
        people: size of the cohort; 1 is the typical person. seed: of the draws between people.
        set: changes by path, as for `load_scenario`.
        out: folder to write; None makes a fresh one under ./runs, False writes nothing. A folder that holds the same run unfinished
            is gone on with.
        data: folder with data of your own. solver: "scalar", "kernel", "cuda" or "cvode"; default by the number of people.
        rtol: relative tolerance of the integration, 1e-12 to 1e-2.
        keep: "all" time courses (at most 4 GB), or the "outcomes" of everybody and the time courses of the first 2000 people, or fewer if
            those are larger than 0.5 GB. Default: all up to 1 GB, else outcomes.
        progress: show what takes longer than two seconds on stderr.

    Returns:
        Time courses of shape (people, times) by name, with units and outcomes; `run_dir` says where it was written. A cohort with more
        than 1 GB of time courses holds those of the first people only (`held`); all that were kept are in the folder's Parquet file.

    Raises:
        PapaverError: bad input; nothing is written then.
        Interrupted: Ctrl-C during a cohort; the finished people are written.
    """
    if not 1e-12 <= rtol <= 1e-2:
        raise PapaverError(f"rtol: read {rtol:g}; allowed are 1e-12 to 1e-2")
    s = load_scenario(scenario, people=people, seed=seed, set=set, data=data)
    if s.arms:
        raise ScenarioError(f"arms: the scenario is a trial with arms {', '.join(s.arms)}; run it with papaver.run_trial (or papaver run)")
    library = load_library(_folder(data))
    try:
        p = prepare(s, library)
    except ScenarioError as e:
        # name the user's own file; in a shipped scenario only the user's changes can be wrong
        own = isinstance(scenario, str | Path) and Path(scenario).is_file()
        raise ScenarioError(f"{scenario}: {e}" if own else str(e)) from None
    chosen = solver or default_solver(s.people, bool(p.rules and p.changes), len(p.events))
    # a wrong solver is refused before a folder is made
    _check_solver(chosen)
    intent = plan(p, s.people, _chunk(chosen), keep, out is not False)
    if out is False:
        result, interrupted = _solve(p, intent, chosen, rtol, progress)
        if interrupted:
            raise Interrupted(result, s.people)
        return result
    name = Path(scenario).stem if isinstance(scenario, str | Path) else _slug(s.title)
    command = _command(scenario, people, seed, set, data, solver, rtol, keep)
    own_data = None if data is None else str(Path(data).resolve())
    with storage.reserve(out, f"{name}-{s.seed}") as folder:
        return _run_into(folder, p, intent, chosen, rtol, command, own_data, progress)


def run_trial(
    scenario: ScenarioLike, *, people: int | None = None, seed: int | None = None, set: Mapping[str, str] | None = None,
    uncertainty: int = 0, out: str | Path | Literal[False] | None = None, data: str | Path | None = None, solver: str | None = None,
    rtol: float = TRIAL_RTOL, keep: Keep | None = None, progress: bool = False,
) -> Trial:  # fmt: skip
    """Run every arm of a scenario on the same people, and write a folder with the comparison and a run folder for each arm.

    Args:
        scenario, people, seed, set, out, data, solver, rtol, keep, progress: as for `run`. A scenario without arms is a trial of one.
            The default of rtol is looser: a person's lowest SpO2 is then within 0.01 points of what it is at 1e-8.
        uncertainty: number of parameter sets drawn from what is not known of the parameters; the people are drawn anew around each.

    Returns:
        Endpoints by arm with their intervals, what decides them, and each arm's result.

    Raises:
        PapaverError: bad input; nothing is written then.
        Interrupted: Ctrl-C; the finished people of the arm are written.
    """
    from papaver.trial import arms as trial

    if not 1e-12 <= rtol <= 1e-2:
        raise PapaverError(f"rtol: read {rtol:g}; allowed are 1e-12 to 1e-2")
    if not 0 <= uncertainty <= trial.MOST_SETS:
        raise ScenarioError(f"--uncertainty: read {uncertainty}; allowed are 0 to {trial.MOST_SETS} parameter sets")
    s = load_scenario(scenario, people=people, seed=seed, set=set, data=data)
    prepared = trial.prepare_arms(s, load_library(_folder(data)))
    over_joins = any(p.rules and p.changes for p in prepared.values())
    chosen = solver or default_solver(s.people, over_joins, max(len(p.events) for p in prepared.values()))
    _check_solver(chosen)
    if uncertainty and s.people == 1:
        raise ScenarioError("--uncertainty: people are drawn around each parameter set; the scenario has 1 person: add --people 100 or people: 100")
    folders = _arm_folders(list(prepared))
    name = Path(scenario).stem if isinstance(scenario, str | Path) else _slug(s.title)
    command = _command(scenario, people, seed, set, data, solver, rtol, keep, TRIAL_RTOL)
    command += ["--uncertainty", str(uncertainty)] if uncertainty else []
    own_data = None if data is None else str(Path(data).resolve())
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(storage.reserve(out, f"{name}-{s.seed}")) if out is not False else None
        found = []
        for arm, p in prepared.items():
            intent = plan(p, s.people, _chunk(chosen), keep, folder is not None)
            if folder is None:
                result, interrupted = _solve(p, intent, chosen, rtol, progress)
                if interrupted:
                    raise Interrupted(result, s.people)
            else:
                storage.begin_trial(folder, s, command)
                (folder / folders[arm]).mkdir(exist_ok=True)
                result = _run_into(folder / folders[arm], p, intent, chosen, rtol, command, own_data, progress)
            found.append(trial.ArmResult(arm, result, trial.shares(result.outcomes)))
        arms = tuple(found)
        if uncertainty:
            with progress_bar(uncertainty * len(arms) * s.people, chosen, progress) as advance:
                arms = trial.with_uncertainty(
                    prepared, arms, s.people, uncertainty, chunk=_chunk(chosen), solver=chosen, rtol=rtol, advance=advance
                )  # fmt: skip
        decides = {a.name: trial.tornado(prepared[a.name], s.seed, a.result.outcomes["rescue.dead"]) for a in arms if "rescue.dead" in a.shares}
        whole = trial.Trial(s, arms, decides, uncertainty)
        if folder is not None:
            from papaver.report.trial import render_trial, trial_dict

            summary = {**trial_dict(whole), "run_dir": str(folder)}
            storage.finish_trial(folder, s, command, summary, render_trial(whole, command))
        return whole


def resume(run_dir: str | Path, *, progress: bool = False) -> Result:
    """Go on with a cohort that was interrupted; the same result as without the interruption.

    Raises:
        DataError: no run folder, one whose run is complete, or one that was made by other versions or data: says what differs.
        Interrupted: Ctrl-C again.
    """
    folder = Path(run_dir)
    header = Chunks(folder).header
    if header is None:
        m = storage.read_manifest(folder)
        state = "is complete" if m.get("status") == "complete" else "was interrupted before the first people were finished"
        raise DataError(f"{run_dir}: the run {state}; there is nothing to go on with. To run it again: {m.get('command')}")
    s = Scenario.from_dict(header["scenario"], f"{folder}/chunks/run.json: scenario")
    p = prepare(s, load_library(_folder(header["data_dir"])))
    solver, rtol = header["identity"]["solver"], float(header["identity"]["rtol"])
    intent = plan(p, s.people, _chunk(solver), header["keep"], True)
    return _run_into(folder, p, intent, solver, rtol, header["command"], header["data_dir"], progress)


def _run_into(folder: Path, p: Prepared, intent: Plan, solver: str, rtol: float, command: list[str], data_dir: str | None, progress: bool) -> Result:
    s = p.scenario.scenario
    identity = {
        "scenario_hash": storage.scenario_hash(s), "seed": s.seed, "people": s.people, "solver": solver, "rtol": rtol,
        "time courses kept": intent.written, "model_hash": p.body.program.hash, "data_hash": p.library.hash, **storage.versions(),
    }  # fmt: skip
    chunks = Chunks(folder)
    keep = "all" if intent.written == intent.people else "outcomes"
    chunks.begin({"identity": identity, "keep": keep, "scenario": s.to_dict(), "command": command, "data_dir": data_dir})
    if progress and intent.written < intent.people:
        print(
            f"papaver: time courses of all {s.people} people would be {intent.total_bytes / 1e9:.1f} GB; those of the first {intent.written} are "
            "kept, and the outcomes of everybody (--keep)", file=sys.stderr,
        )  # fmt: skip
    result, interrupted = _solve(p, intent, solver, rtol, progress, chunks)
    with deferred_interrupt(progress) as asked_to_stop:
        manifest = storage.manifest(
            result, model_hash=p.body.program.hash, people=s.people, command=command, data_dir=data_dir, interrupted=interrupted,
            written=intent.written,
        )  # fmt: skip
        result.run_dir = str(folder)
        storage.write(folder, result, manifest, _report(result, manifest), chunks)
        if not interrupted:
            chunks.remove()
    if interrupted or asked_to_stop():
        raise Interrupted(result, s.people)
    return result


def _folder(data: str | Path | None) -> Path | None:
    return None if data is None else Path(data)


def _check_solver(name: str) -> None:
    from papaver.core.cuda import gpu
    from papaver.core.solve import SOLVERS

    if name not in SOLVERS:
        raise PapaverError(f"unknown solver {name!r}; {nearest(name, SOLVERS)}")
    if name == "cuda":
        gpu()


def _chunk(solver: str) -> int:
    return {"kernel": CHUNK, "cuda": CHUNK_GPU}.get(solver, CHUNK_UNCOMPILED)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "scenario"


def _arm_folders(arms: list[str]) -> dict[str, str]:
    """A folder of its own for each arm, also where names differ in case or signs alone."""
    out: dict[str, str] = {}
    for arm in arms:
        slug, k = _slug(arm), 1
        while slug in out.values():
            k += 1
            slug = f"{_slug(arm)}-{k}"
        out[arm] = slug
    return out


def _report(result: Result, manifest: Mapping[str, Any]) -> str | None:
    if not result.people:
        return None
    from papaver.report.html import render

    text: str = render(result, manifest)
    return text


def _command(
    scenario: ScenarioLike, people: int | None, seed: int | None, set: Mapping[str, str] | None, data: str | Path | None,
    solver: str | None, rtol: float, keep: str | None, usual: float = RTOL,
) -> list[str]:  # fmt: skip
    """Words that repeat the run. A scenario that came as an object is repeated from the run folder's own copy, which has the changes in it."""
    words = ["papaver", "run"]
    if isinstance(scenario, str | Path):
        words.append(str(scenario))
        words += [w for flag, x in (("--people", people), ("--seed", seed)) if x is not None for w in (flag, str(x))]
        words += [w for path, x in (set or {}).items() for w in ("--set", f"{path}={x}")]
    else:
        words.append(storage.SCENARIO)
    words += [] if solver is None else ["--solver", solver]
    words += [] if rtol == usual else ["--rtol", f"{rtol:g}"]
    words += [] if keep is None else ["--keep", keep]
    return words + ([] if data is None else ["--data", str(data)])


def _solve(p: Prepared, intent: Plan, solver: str, rtol: float, progress: bool, chunks: Chunks | None = None) -> tuple[Result, bool]:
    """Everybody, or after Ctrl-C those of the finished chunks and True. One person is the typical one, and all or nothing."""
    with progress_bar(intent.people, solver, progress) as advance:
        if intent.people == 1:
            return add_outcomes(simulate_prepared(p, solver=solver, rtol=rtol)), False
        result, interrupted = run_cohort(p, intent, solver=solver, rtol=rtol, chunks=chunks, advance=advance)
    return result or _nobody(p, solver, rtol), interrupted


def _nobody(p: Prepared, solver: str, rtol: float) -> Result:
    """A result without people, for a run that was interrupted before anyone was finished."""
    one = simulate_prepared(p, solver=default_solver(1), rtol=rtol)
    return add_outcomes(dataclasses.replace(one, data=one.data[:0], reasons=[], steps=[], solver=solver, mole_error=0.0, broken_laws=[]))


def replay(run_dir: str | Path) -> ReplayReport:
    """Run a run folder's scenario again, in memory, and compare every hash; the files in the folder are checked too.

    An interrupted run is compared over the people who were finished.

    Raises:
        DataError: not a run folder, or one that cannot be read.
    """
    parts = storage.trial_arms(run_dir)
    if parts:
        reports = [(part, replay(Path(run_dir) / part)) for part in parts]
        return ReplayReport(
            str(run_dir), tuple(Check(f"{part}: {c.name}", c.recorded, c.found) for part, r in reports for c in r.checks),
            tuple(dict.fromkeys(d for _, r in reports for d in r.differences)),
        )  # fmt: skip
    m = storage.read_manifest(run_dir)
    if not m["finished"]:
        raise DataError(f"{run_dir}: the run was interrupted before anyone was finished; nothing can be compared; run it again: {m.get('command')}")
    stored = tables.stored_hashes(run_dir)
    s = Scenario.from_dict(m["scenario"], f"{run_dir}/{storage.MANIFEST}: scenario")
    library = load_library(_folder(m.get("data_dir")))
    p = prepare(s, library)
    intent = plan(p, m["finished"] if m["people"] > 1 else 1, _chunk(m["solver"]), "outcomes", False)
    result, interrupted = _solve(p, intent, m["solver"], float(m["rtol"]), False)
    if interrupted:
        raise KeyboardInterrupt
    copy = Path(run_dir) / storage.SCENARIO
    written = Scenario.from_dict(read_yaml(copy), str(copy))
    checks = (
        Check("time course, simulated again", m["timecourse_hash"], result.hash()),
        Check("outcomes, simulated again", m["outcomes_hash"], result.outcomes_hash()),
        Check(f"time course in {tables.TIMECOURSE}", m["written_hash"], stored["timecourse_hash"]),
        Check(f"outcomes in {tables.OUTCOMES}", m["outcomes_hash"], stored["outcomes_hash"]),
        Check(f"scenario in {storage.SCENARIO}", m["scenario_hash"], storage.scenario_hash(written)),
        Check("model (equations)", m["model_hash"], p.body.program.hash),
        Check("data", m["data_hash"], library.hash),
    )
    differences = [f"{k}: {m.get(k)} then, {v} now" for k, v in storage.versions().items() if m.get(k) != v]
    return ReplayReport(str(run_dir), checks, tuple(differences))


def explain(name: str, *, data: str | Path | None = None, judged: bool = False) -> str:
    """What is known of a molecule ("heroin") or a parameter ("heroin.pk.CL"): value, unit, spread, basis, source, population, reason.

    Args:
        judged: for a molecule, run the studies that measure it and add how it did (seconds).

    Raises:
        DataError: no such molecule or parameter; the nearest is suggested.
    """
    library = load_library(_folder(data))
    text = cards.explain(library, name)
    if judged and library.is_dosed(name):
        from papaver.report.drug import judged as scored
        from papaver.report.drug import judged_lines

        text += "\n\n" + "\n".join(judged_lines(scored(library, name)))
    return text


def drugs(*, data: str | Path | None = None) -> list[Drug]:
    """All molecules in the library, by name."""
    library = load_library(_folder(data))
    return [library.drugs[k] for k in sorted(library.drugs)]


def equations(scenario: ScenarioLike = "heroin-iv", *, data: str | Path | None = None) -> System:
    """The system of equations that a scenario runs on; `to_text()` and `to_latex()` print it."""
    return prepare(load_scenario(scenario, data=data), load_library(_folder(data))).body.system


def scenarios(*, data: str | Path | None = None) -> dict[str, str]:
    """Titles of the shipped scenarios (and those of your own data folder) by name."""
    return {name: load_scenario(name, data=data).title for name in sorted(list_data("scenarios", _folder(data)))}


def simulate(
    data: str | Path | pd.DataFrame, model: str, parameters: Mapping[str, float | str] | None = None, *,
    units: Mapping[str, str] | str | None = None, cmt: Mapping[str, str] | Mapping[int, str] | str | None = None, covariates: str = "nocb",
    out: str | Path | None = None, library: str | Path | None = None, solver: str | None = None, rtol: float | None = None, progress: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Simulate a NONMEM data set; see docs/for-nonmem-users.md and docs/events.md.

    Args:
        data: path of a CSV file with a header row, or a data frame: ID, TIME, and EVID, AMT, CMT, RATE, ADDL, II, SS, MDV where needed.
        model: a standard model ("pk1", "pk2_oral", "advan4", ...) in the data set's own units, or "adult", the body.
        parameters: standard models: numbers in the data set's units ("CL", "V", "KA", "F1", "ALAG1", "D1", "R1"); columns of these names do the
            same. The body: paths with units ("heroin.pk.CL": "3 L/min") and WT, AGE, SEX, EGFR.
        units: of the data set: time, amount, volume, concentration; the body needs time, amount and concentration.
        cmt: what the body's compartment numbers stand for, "1=heroin:iv,2=morphine:oral".
        covariates: "nocb" (a row's values hold over the time before it, NONMEM's rule) or "locf" (from the row on).
        out: file to write, .csv or .parquet. library: folder with data of your own.
        solver: "scalar" or "kernel"; rtol: relative tolerance. progress: say on stderr when a kernel is compiled.

    Returns:
        The data set with predictions, in the same order of rows: IPRED, CP and amounts A1, A2, ..., or for the body CP_<molecule>.
        `attrs["units"]` has the units, `attrs["failed"]` a reason for each ID that failed and is NaN from there on.

    Raises:
        PapaverError: bad input: names the row and the column. Nothing is computed or written then.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"ID": 1, "TIME": [0, 2, 4], "AMT": [100, 0, 0]})
        >>> simulate(frame, "pk1", {"CL": 5, "V": 50})["CP"].round(4).tolist()
        [2.0, 1.6375, 1.3406]
    """
    from papaver.interop import nonmem

    if out is not None:
        nonmem.writable(out)
    with contextlib.ExitStack() as stack:
        if progress:
            stack.enter_context(compile_notice())
        frame = nonmem.simulate(
            data, model, parameters, units=units, cmt=cmt, covariates=covariates, rtol=rtol, solver=solver, library=load_library(_folder(library))
        )
    if out is not None:
        nonmem.write(frame, out)
    return frame
