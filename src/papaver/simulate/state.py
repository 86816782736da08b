"""The full state of people at one moment: saved, loaded, and gone on with under other doses.

States, parameters, infusions that run and doses that have not reached their depot, seed and person numbers: all that the future depends
on. Draws are keyed by seed and person, so no random counter has to be kept. Rules start anew with the branch: how often they have fired
counts from there, and a baseline is still that before any dose. Integration restarts at a join: a run in two parts agrees with
the run in one to the tolerance, and two branches of one state agree bit for bit.

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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.core import rodas5p
from papaver.core.emit import output_nodes
from papaver.core.rules import Firing
from papaver.core.solve import DoseEvent, Solver
from papaver.errors import DataError, PapaverError
from papaver.simulate.result import Result
from papaver.simulate.run import Prepared, _broken_laws, _solver, default_solver

Array = npt.NDArray[np.float64]
Event = tuple[float, int, int, float]

FORMAT = 1
_ARRAYS = ("Y", "P", "times", "kinds", "targets", "values", "counts")


@dataclass(frozen=True)
class State:
    """People at one moment.

    Attributes:
        Y: states, shape (people, states), by `state_names`; NaN for a person whose integration failed (`reasons`).
        P: parameters, shape (people, parameters), by `param_names`, internal units.
        events: per person what is still to come: (min from now, kind, number of the state, value), see `core.rodas5p`; an infusion that
            runs is a rate at 0 and its end. stopped: who was ended by a rule; their states are NaN too.
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
            first_person=self.first_person + first,
        )  # fmt: skip


class _From(Solver):
    """A solver that begins at given states, with events under way; it shares everything else, compiled kernels too."""

    def __init__(self, base: Solver, start: State | None, t0: float) -> None:
        vars(self).update(vars(base))
        self._start, self._t0 = start, t0
        self.planned: list[list[Event]] = []

    def _events(self, P: Array, doses: Sequence[DoseEvent]) -> list[list[list[Any]]]:
        new = [list(zip(*rows, strict=True)) for rows in super()._events(P, doses)]
        s = self._start
        if s is not None:
            for k, rows in enumerate(new):
                under_way = [(self._t0 + t, kind, i, x) for t, kind, i, x in s.events[k]]
                states = [(self._t0, rodas5p.SET, i, float(y)) for i, y in enumerate(s.Y[k])]
                new[k] = states + sorted(under_way + rows, key=lambda e: e[0])
        self.planned = new
        return [[[e[j] for e in rows] for j in range(4)] for rows in new]


def advance(
    p: Prepared, start: State | None = None, P: Array | None = None, *, solver: str | None = None, rtol: float = 1e-6, first_person: int = 0
) -> tuple[Result, State]:
    """Run a prepared scenario, from rest or from a saved state, and take the state at its end.

    Args:
        start: people to go on with; time 0 of the scenario is their moment, its doses come on top of what is under way, and its person is
            not looked at. P, first_person: without a start, as for `simulate`.
        solver: "scalar" or "kernel"; default by the number of people.

    Raises:
        DataError: the state is of other equations; says which states and parameters differ.
        PapaverError: the solver cannot start from a state.
    """
    program = p.body.program
    if start is not None:
        _check_model(start, p)
        P, first_person = start.P, start.first_person
    elif P is None:
        P = p.typical()
    chosen = solver or default_solver(len(P))
    if chosen == "cvode":
        raise PapaverError("solver: read 'cvode'; saved states are written and gone on with by 'scalar' and 'kernel'")
    t = p.scenario.t
    engine = _From(_solver(program), start, float(t[0]))
    kept, laws = len(p.columns), len(program.flat.laws)
    nodes = [*output_nodes(program, p.columns, laws=True), program.moles]
    solution = engine.solve(P, p.events, t, solver=chosen, nodes=nodes, rtol=rtol, rules=p.rules)
    reasons, stopped = solution.reasons, solution.stopped
    if start is not None:
        reasons = [a if a or gone else b for a, gone, b in zip(start.reasons, start.stopped, reasons, strict=True)]
        stopped = np.where(start.stopped, t[0], stopped)
    _add_fired(engine, p, P, solution.firings)
    given = np.array([_given(rows, t) for rows in engine.planned])
    moles = solution.Y[:, :, -1]
    before = np.zeros((len(P), 1)) if start is None else engine.plain.evaluate([program.moles], start.Y[:, None, :], P)[:, :, 0]
    scale = float(np.nanmax(before + given, initial=0.0))
    result = Result(
        scenario=p.scenario, t=t, columns=p.columns, data=solution.Y[:, :, :kept], units={n: program.unit(n) for n in p.columns}, reasons=reasons,
        steps=solution.steps.tolist(), solver=chosen, rtol=rtol, first_person=first_person,
        firings=solution.firings, stopped=stopped, broken_laws=_broken_laws(program, solution.Y[:, :, kept : kept + laws]),
        mole_error=float(np.nanmax(np.abs(moles - before - given), initial=0.0)) / max(scale, 1e-300), library=p.library,
        data_paths=tuple(p.body.data_paths), variants=dict(p.body.variants),
    )  # fmt: skip
    ended = np.array([bool(r) for r in reasons]) | np.isfinite(stopped)
    end = State(
        model_hash=program.hash, state_names=tuple(program.state_names), param_names=tuple(program.param_names),
        Y=np.where(ended[:, None], np.nan, solution.end), P=np.array(P), events=tuple(_to_come(rows, float(t[-1])) for rows in engine.planned),
        reasons=tuple(reasons), stopped=tuple(np.isfinite(stopped).tolist()),
        elapsed=(start.elapsed if start else 0.0) + float(t[-1] - t[0]), first_person=first_person,
        seed=start.seed if start else p.scenario.scenario.seed,
    )  # fmt: skip
    return result, end


def _add_fired(engine: _From, p: Prepared, P: Array, firings: Sequence[Sequence[Firing]]) -> None:
    """Doses that rules gave, or are about to give, join the planned ones."""
    coefficient = engine.plain.dose(P) if firings else {}
    for k, who in enumerate(firings):
        for f in who:
            rule = p.rules[f.rule]
            for state, _ in p.body.program.doses[rule.port].split if rule.port is not None else ():
                amount = rule.amount * float(coefficient[f"{rule.port}:{state}"][k])
                if rule.duration > 0:
                    rate = amount / rule.duration
                    engine.planned[k] += [(f.given, rodas5p.RATE, state, rate), (f.given + rule.duration, rodas5p.RATE, state, -rate)]
                else:
                    engine.planned[k].append((f.given, rodas5p.ADD, state, amount))


def _given(rows: Sequence[Event], t: Array) -> Array:
    """Amount that events have brought into the body by each time, nmol."""
    total = np.zeros(len(t))
    for time, kind, _, x in rows:
        if kind == rodas5p.ADD:
            total += x * (t >= time)
        elif kind == rodas5p.RATE:
            total += x * np.clip(t - time, 0.0, None)
    return total


def _to_come(rows: Sequence[Event], end: float) -> tuple[Event, ...]:
    """Events after the end, in min from there; infusions that run then are rates at 0."""
    rates: dict[int, float] = {}
    for time, kind, i, x in rows:
        if time <= end and kind == rodas5p.RATE:
            rates[i] = rates.get(i, 0.0) + x
    later = sorted(((time - end, kind, i, x) for time, kind, i, x in rows if time > end), key=lambda e: e[0])
    ends = {i for _, kind, i, _ in later if kind == rodas5p.RATE}
    # what is left of a rate that has ended is rounding
    return (*((0.0, rodas5p.RATE, i, x) for i, x in rates.items() if i in ends and x), *later)


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
    }  # fmt: skip
    columns = [np.array([e[j] for e in flat], dtype=kind) for j, kind in enumerate((np.float64, np.int64, np.int64, np.float64))]
    arrays = dict(zip(_ARRAYS, (state.Y, state.P, *columns, counts), strict=True))
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
            Y, P, times, kinds, targets, values, counts = (x[name] for name in _ARRAYS)
        version = note["format"]
        flat = list(zip(times.tolist(), kinds.tolist(), targets.tolist(), values.tolist(), strict=True))
        cuts = np.concatenate([[0], np.cumsum(counts)]).tolist()
        events = tuple(tuple(flat[a:b]) for a, b in itertools.pairwise(cuts))
        state = State(
            note["model_hash"], tuple(note["state_names"]), tuple(note["param_names"]), Y, P, events, tuple(note["reasons"]), tuple(note["stopped"]),
            float(note["elapsed"]), int(note["first_person"]), int(note["seed"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile) as e:
        raise DataError(f"{path}: is no saved state, or a damaged one ({type(e).__name__}: {e}); save it again") from None
    if version != FORMAT:
        raise DataError(f"{path}: format: read {version!r}; this version of papaver reads {FORMAT}")
    n, m = len(state.state_names), len(state.param_names)
    people = len(state.reasons)
    if state.Y.shape != (people, n) or state.P.shape != (people, m) or len(events) != people or cuts[-1] != len(flat):
        raise DataError(f"{path}: shapes: read {state.Y.shape} states and {state.P.shape} parameters; {(people, n)} and {(people, m)} are needed")
    return state
