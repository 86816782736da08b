"""The full state of people at one moment: saved, loaded, and gone on with under other doses.

States, parameters, infusions that run and doses that have not reached their depot, what rules remember, seed and person numbers: all that
the future depends on. Draws are keyed by seed and person, so no random counter has to be kept. A rule that the second scenario has too, in all
its numbers but `at`, goes on where it was: how often it has fired, how long its condition has held, its baseline from before any dose. A rule
that is new begins anew; a dose that an old one has ordered is given. Integration restarts at a join: a run in two parts agrees with the run
in one to the tolerance, and two branches of one state agree bit for bit.

>>> from papaver import api
>>> from papaver.simulate import prepare
>>> from papaver.simulate.state import advance
>>> first, later = (prepare(api.load_scenario("heroin-iv", set={"observe.until": t}), api.load_library()) for t in ("30 min", "2 h"))
>>> result, state = advance(first)
>>> again, _ = advance(later, state)
>>> bool(again["morphine.pk.C1"][0, 0] == result["morphine.pk.C1"][0, -1])
True
"""

from __future__ import annotations

import itertools
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from papaver.core.rules import RuleMemory
from papaver.core.solve import Event
from papaver.errors import DataError, PapaverError
from papaver.simulate.course import Moment, follow
from papaver.simulate.result import Result
from papaver.simulate.run import Prepared, _solver, as_result, default_solver, written

Array = npt.NDArray[np.float64]
RuleKey = tuple[str | float | bool | None, ...]

FORMAT = 2
_ARRAYS = ("Y", "P", "times", "kinds", "targets", "values", "counts")
_MEMORY = ("held", "ready", "count", "baseline")


@dataclass(frozen=True)
class State:
    """People at one moment.

    Attributes:
        Y: states, shape (people, states), by `state_names`; NaN for a person whose integration failed (`reasons`).
        P: parameters, shape (people, parameters), by `param_names`, internal units.
        events: per person what is still to come: (min from now, kind, number of the state, value), see `core.rodas5p`; an infusion that
            runs is a rate at 0 and its end. stopped: who was ended by a rule; their states are NaN too.
        rules: what each rule was (output, threshold, delays, dose). memory: where it stands for each person, None without rules.
        elapsed: min since the first run began. first_person, seed: who they are.
        model_hash: structural hash of the equations.
    """

    model_hash: str
    state_names: tuple[str, ...]
    param_names: tuple[str, ...]
    Y: Array
    P: Array
    events: tuple[tuple[Event, ...], ...]
    reasons: tuple[str, ...]
    stopped: tuple[bool, ...]
    elapsed: float
    first_person: int
    seed: int
    rules: tuple[RuleKey, ...] = ()
    memory: RuleMemory | None = None

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.Y)

    def __getitem__(self, who: slice) -> State:
        """Some of the people, one after the other: `state[3:4]`."""
        first, _, step = who.indices(self.people)
        if step != 1:
            raise PapaverError(f"state[...]: read a step of {step}; people are taken one after the other")
        return replace(
            self, Y=self.Y[who], P=self.P[who], events=self.events[who], reasons=self.reasons[who], stopped=self.stopped[who],
            first_person=self.first_person + first, memory=None if self.memory is None else self.memory[who],
        )  # fmt: skip


def advance(
    p: Prepared, start: State | None = None, P: Array | Sequence[Array] | None = None, *, solver: str | None = None, rtol: float = 1e-6,
    atol: Mapping[str, float] | float | None = None, first_person: int = 0,
) -> tuple[Result, State]:  # fmt: skip
    """Run a prepared scenario, from rest or from a saved state, and take the state at its end.

    Args:
        start: people to go on with; time 0 of the scenario is their moment, its doses come on top of what is under way, and its person is
            not looked at. P, first_person: without a start, as for `simulate`.
        solver: default by the number of people; with rules "scalar". rtol, atol: as for `simulate`.

    Raises:
        DataError: the state is of other equations; says which states and parameters differ.
        PapaverError: the solver cannot say where rules stand, or a saved person's covariates would change.
    """
    program = p.body.program
    engine = _solver(program)
    t = p.times if start is None else p.scenario.t
    if start is None:
        parts, moment = p.parameters(P), None
    else:
        _check_model(start, p)
        if p.changes:
            raise PapaverError("person.changes: a saved person is not looked at again, so nothing of it can change; leave it out, or begin from rest")
        parts, first_person = [start.P], start.first_person
        moment = Moment(start.Y, start.events, None, start.reasons, start.stopped)
    chosen = solver or default_solver(len(parts[0]), rules_over_joins=bool(p.rules))
    rules = _keys(p)
    if p.rules:
        if chosen != "scalar":
            raise PapaverError(f"solver: read {chosen!r}; states of people with rules (when: ...) are saved and gone on with by 'scalar' alone")
        memory = engine.memory(parts[0], p.rules, float(t[0]))
        moment = moment or Moment(engine.plain.init(parts[0]), ((),) * len(parts[0]), None, ("",) * len(parts[0]), (False,) * len(parts[0]))
        moment = replace(moment, memory=memory if start is None else _recalled(memory, rules, start))
    course, end = follow(engine, parts, p.cuts, p.events, p.rules, t, written(p), moment, solver=chosen, rtol=rtol, atol=atol)
    if start is None and p.lead > 0:
        course = replace(course, Y=course.Y[:, 1:])
    return as_result(p, course, chosen, rtol, first_person), State(
        model_hash=program.hash, state_names=tuple(program.state_names), param_names=tuple(program.param_names), Y=end.Y, P=np.array(parts[-1]),
        events=end.events, reasons=end.reasons, stopped=end.stopped, elapsed=(start.elapsed if start else 0.0) + float(t[-1] - t[0]),
        first_person=first_person, seed=start.seed if start else p.scenario.scenario.seed, rules=rules, memory=end.memory,
    )  # fmt: skip


def _keys(p: Prepared) -> tuple[RuleKey, ...]:
    """What makes each rule the same rule in another scenario: everything but when it arms."""
    return tuple(
        (w.condition.output, r.above, r.threshold, r.of_baseline, r.hold, r.after, r.times, r.every, r.port, r.amount, r.duration, r.stop)
        for r, w in zip(p.rules, p.scenario.rules, strict=True)
    )


def _recalled(fresh: RuleMemory, rules: Sequence[RuleKey], start: State) -> RuleMemory:
    """Rules that the state knows, as they stand there; the others anew. Of rules that are alike, the first is the first."""
    out = RuleMemory(*(getattr(fresh, name).copy() for name in _MEMORY))
    known = list(start.rules)
    for k, key in enumerate(rules):
        if start.memory is not None and key in known:
            old = known.index(key)
            known[old] = ()
            for name in _MEMORY:
                getattr(out, name)[:, k] = getattr(start.memory, name)[:, old]
    return out


def _check_model(s: State, p: Prepared) -> None:
    program = p.body.program
    if s.model_hash == program.hash:
        return
    lines = []
    for what, then, now in (("states", s.state_names, program.state_names), ("parameters", s.param_names, program.param_names)):
        gone, new = [n for n in then if n not in set(now)], [n for n in now if n not in set(then)]
        lines += [f"{what} of the saved model only: {_few(gone)}"] if gone else []
        lines += [f"{what} of this scenario's model only: {_few(new)}"] if new else []
    raise DataError(
        f"the saved state is of other equations than this scenario's ({'; '.join(lines) or 'same names, other equations'}); a branch needs the body "
        "it was saved with: give the first run every drug and route that a branch will use (prepare(..., routes=...)), and the same variants"
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def save_state(state: State, path: str | Path) -> None:
    """Write a state to a file (NumPy's npz): whole or not at all."""
    counts = np.array([len(rows) for rows in state.events], dtype=np.int64)
    flat = [e for rows in state.events for e in rows]
    note = {
        "format": FORMAT, "model_hash": state.model_hash, "state_names": state.state_names, "param_names": state.param_names,
        "reasons": state.reasons, "stopped": state.stopped, "elapsed": state.elapsed, "first_person": state.first_person, "seed": state.seed,
        "rules": state.rules,
    }  # fmt: skip
    columns = [np.array([e[j] for e in flat], dtype=kind) for j, kind in enumerate((np.float64, np.int64, np.int64, np.float64))]
    arrays = dict(zip(_ARRAYS, (state.Y, state.P, *columns, counts), strict=True))
    if state.memory is not None:
        arrays |= {name: getattr(state.memory, name) for name in _MEMORY}
    temporary = Path(path).with_name(f".{Path(path).name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, note=np.array(json.dumps(note)), **arrays)  # type: ignore[arg-type]
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_state(path: str | Path) -> State:
    """Read a state. Whether it suits a scenario is checked by `advance`.

    Raises:
        DataError: no such file, or not a state of this version.
    """
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file; give a file that save_state wrote")
    try:
        with np.load(path) as x:
            note = json.loads(str(x["note"]))
            version = note["format"]
            if version != FORMAT:
                older = "; it was written by an earlier version, without what rules remember: run its scenario again and save anew"
                raise DataError(f"{path}: format: read {version!r}; this version of papaver reads {FORMAT}{older if version == 1 else ''}")
            Y, P, times, kinds, targets, values, counts = (x[name] for name in _ARRAYS)
            rules = tuple(tuple(key) for key in note["rules"])
            memory = RuleMemory(*(x[name] for name in _MEMORY)) if "held" in x.files else None
        flat = list(zip(times.tolist(), kinds.tolist(), targets.tolist(), values.tolist(), strict=True))
        cuts = np.concatenate([[0], np.cumsum(counts)]).tolist()
        events = tuple(tuple(flat[a:b]) for a, b in itertools.pairwise(cuts))
        state = State(
            note["model_hash"], tuple(note["state_names"]), tuple(note["param_names"]), Y, P, events, tuple(note["reasons"]), tuple(note["stopped"]),
            float(note["elapsed"]), int(note["first_person"]), int(note["seed"]), rules, memory,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile) as e:
        raise DataError(f"{path}: is no saved state, or a damaged one ({type(e).__name__}: {e}); save it again") from None
    n, m = len(state.state_names), len(state.param_names)
    people = len(state.reasons)
    if state.Y.shape != (people, n) or state.P.shape != (people, m) or len(events) != people or cuts[-1] != len(flat):
        raise DataError(f"{path}: shapes: read {state.Y.shape} states and {state.P.shape} parameters; {(people, n)} and {(people, m)} are needed")
    if any(getattr(memory, name).shape != (people, len(rules)) for name in _MEMORY) if memory is not None else rules:
        raise DataError(f"{path}: what {len(rules)} rules remember of {people} people is not whole; save it again")
    return state
