"""People from one moment to another: from rest or from where an earlier run left them, in stretches where their parameters change on the way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from papaver.core import rodas5p
from papaver.core.rules import Firing, Rule, RuleMemory
from papaver.core.solve import DoseEvent, Event, Solution, Solver
from papaver.errors import PapaverError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """Where people are.

    Attributes:
        Y: states, shape (people, states); NaN of those whose run has ended.
        events: by person, what is still to come: (min from now, kind, number of the state, value); an infusion that runs is a rate at 0
            and its end. memory: where their rules stand, in the order of the rules; None without rules.
        reasons, stopped: by person, why the integration failed, if it did, and whether a rule ended the run.
    """

    Y: Array
    events: tuple[tuple[Event, ...], ...]
    memory: RuleMemory | None
    reasons: tuple[str, ...]
    stopped: tuple[bool, ...]


@dataclass(frozen=True)
class Course:
    """What came of it; `mole_error` as in `Result`, the rest as in `core.solve.Solution`."""

    Y: Array
    steps: npt.NDArray[np.int64]
    firings: list[list[Firing]]
    reasons: list[str]
    stopped: Array
    mole_error: float


def follow(
    engine: Solver, P: Sequence[Array], cuts: Sequence[float], doses: Sequence[DoseEvent], rules: Sequence[Rule], t: Array, nodes: Sequence[int],
    start: Moment | None = None, *, solver: str, rtol: float, atol: Mapping[str, float] | float | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Course, Moment]:  # fmt: skip
    """Solve from t[0] to t[-1].

    Args:
        P: parameters of each stretch, arrays of shape (people, parameters). cuts: when one stretch ends and the next begins, ascending, within t.
            A dose takes its split and lag from the stretch in which it is given.
        nodes: what to write down; the last is the amount of drug in the body.

    Raises:
        PapaverError: rules that have to be followed over a join, with another solver than "scalar".
    """
    if rules and solver != "scalar" and (cuts or (start is not None and start.memory is not None)):
        raise PapaverError(
            f"solver: read {solver!r}; rules (when: ...) of people whose covariates change on the way, or who go on from a saved state, are "
            "followed by 'scalar' alone"
        )
    edges = [float(t[0]), *cuts, float(t[-1])]
    people = len(P[0])
    planned: list[list[Event]] = [[] for _ in range(people)]
    if start is not None:
        planned = [[(edges[0] + x, kind, i, v) for x, kind, i, v in rows] for rows in start.events]
    for k, (a, b) in enumerate(zip(edges[:-1], [*edges[1:-1], np.inf], strict=True)):
        planned = engine.events(P[k], [d for d in doses if (a <= d.time or k == 0) and d.time < b], planned)
    Y = np.full((people, len(t), len(nodes)), np.nan)
    steps = np.zeros(people, dtype=np.int64)
    firings: list[list[Firing]] = [[] for _ in range(people)] if rules else []
    reasons = list(start.reasons) if start is not None else [""] * people
    stopped = np.where(start.stopped, edges[0], np.nan) if start is not None else np.full(people, np.nan)
    now = None if start is None else start.Y
    memory = None if start is None else start.memory
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        last = k == len(P) - 1
        here = (t >= a) & ((t <= b) if last else (t < b))
        grid = np.union1d([a, b], t[here])
        coming = planned if k == 0 else [[(a + x, kind, i, v) for x, kind, i, v in _to_come(rows, a)] for rows in planned]
        part = engine.solve(
            P[k], (), grid, solver=solver, rtol=rtol, atol=atol, nodes=nodes, progress=progress if last else None, rules=rules, Y0=now,
            under_way=coming, memory=memory,
        )  # fmt: skip
        Y[:, here] = part.Y[:, np.isin(grid, t[here])]
        steps += part.steps
        _add_fired(engine, P[k], rules, part, planned)
        for j, found in enumerate(part.firings):
            firings[j] += found
        gone = np.array([bool(r) for r in reasons]) | np.isfinite(stopped)
        reasons = [old if done else new for old, new, done in zip(reasons, part.reasons, gone, strict=True)]
        stopped = np.where(gone, stopped, part.stopped)
        ended = np.array([bool(r) for r in reasons]) | np.isfinite(stopped)
        now, memory = np.where(ended[:, None], np.nan, part.end), part.memory
    amounts = {i for i, unit in enumerate(engine.program.flat.state_units) if unit == "nmol"}
    given = np.array([_given([e for e in rows if e[2] in amounts], t) for rows in planned])
    before = np.zeros((people, 1)) if start is None else engine.plain.evaluate([nodes[-1]], start.Y[:, None, :], P[0])[:, :, 0]
    scale = float(np.nanmax(before + given, initial=0.0))
    error = float(np.nanmax(np.abs(Y[:, :, -1] - before - given), initial=0.0)) / max(scale, 1e-300)
    assert now is not None
    end = Moment(now, tuple(_to_come(rows, edges[-1]) for rows in planned), memory, tuple(reasons), tuple(np.isfinite(stopped).tolist()))
    return Course(Y, steps, firings, reasons, stopped, error), end


def _add_fired(engine: Solver, P: Array, rules: Sequence[Rule], part: Solution, planned: list[list[Event]]) -> None:
    """Doses that rules gave, or are about to give, join the planned events."""
    coefficient = engine.plain.dose(P) if any(part.firings) else {}
    for k, who in enumerate(part.firings):
        for f in who:
            rule = rules[f.rule]
            for state, _ in engine.program.doses[rule.port].split if rule.port is not None else ():
                amount = rule.amount * float(coefficient[f"{rule.port}:{state}"][k])
                if rule.duration > 0:
                    rate = amount / rule.duration
                    planned[k] += [(f.given, rodas5p.RATE, state, rate), (f.given + rule.duration, rodas5p.RATE, state, -rate)]
                else:
                    planned[k].append((f.given, rodas5p.ADD, state, amount))


def _given(rows: Sequence[Event], t: Array) -> Array:
    """Amount that events have brought into the body by each time, nmol."""
    total = np.zeros(len(t))
    for time, kind, _, x in rows:
        if kind == rodas5p.ADD:
            total += x * (t >= time)
        else:
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
