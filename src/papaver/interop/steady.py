"""Steady state before a dose, by closed form: the state that infinitely many equal doses at a regular interval have led to.

For states that obey dA/dt = M A + b R(t) with constant M, the state over one interval repeats itself, which gives it by linear algebra
(matrix exponentials). States that only collect (urine) have no steady state and start at zero; states outside the linear part that settle
within `CYCLES` intervals are found by running forward on the linear part's cycle; where they do not, steady state is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from papaver.core import rodas5p
from papaver.core.lower import Program
from papaver.core.targets import PlainTarget
from papaver.errors import PapaverError
from papaver.interop.table import Array

CYCLES = 100
MAX_OVERLAP = 10_000
"""Infusions of one series that may run at one time."""


@dataclass(frozen=True)
class Steady:
    """The state just before the dose of the record, and the infusions of earlier doses that still run: how long each, in order."""

    state: Array
    running: tuple[float, ...]


def of_doses(
    plain: PlainTarget, q: Array, y0: Array, into: Sequence[tuple[int, float]], duration: float, interval: float, lag: float, rtol: float, atol: Array
) -> Steady:
    """Steady state of equal doses.

    Args:
        q, y0: hoisted parameters and initial states of the person.
        into: (state, amount) of a bolus, or (state, rate) of an infusion that lasts `duration`.
        interval: between doses. lag: of each dose; below the interval.

    Raises:
        PapaverError: there is none (an amount is never eliminated, a state does not settle), with the reason.
    """
    part = _linear(plain.program, [i for i, _ in into])
    M, b = _matrices(plain, q, y0, part, into)
    phase = interval - lag
    if duration == 0.0:
        x = expm(M * phase) @ np.linalg.solve(np.eye(len(part)) - expm(M * interval), b)
        running: tuple[float, ...] = ()
    elif not duration <= MAX_OVERLAP * interval:
        raise PapaverError(f"the infusion lasts {duration / interval:.3g} intervals; at most {MAX_OVERLAP}")
    else:
        whole = int(duration / interval * (1 + 1e-12))
        rest = max(duration - whole * interval, 0.0)
        rest = 0.0 if rest < 1e-12 * interval else rest
        E_rest, I_rest = _input(M, b, rest)
        E_off, I_off = _input(M, b, interval - rest)
        # over one interval whole + 1 infusions run until `rest`, then whole
        forced = E_off @ ((whole + 1) * I_rest) + whole * I_off
        start = np.linalg.solve(np.eye(len(part)) - E_off @ E_rest, forced)
        if phase <= rest:
            E, level = _input(M, b, phase)
            x = E @ start + (whole + 1) * level
        else:
            E, level = _input(M, b, phase - rest)
            x = E @ (E_rest @ start + (whole + 1) * I_rest) + whole * level
        ends = [duration - phase - k * interval for k in range(whole + 1)]
        running = tuple(e for e in reversed(ends) if e > 1e-12 * interval)
    state = _placed(y0, part, x)
    state = _settle(plain, q, y0, state, part, into, duration, interval, lag, running, rtol, atol)
    return Steady(state, running)


def of_constant_infusion(plain: PlainTarget, q: Array, y0: Array, into: Sequence[tuple[int, float]]) -> Steady:
    """The state that an infusion without beginning has led to; it ends with the record, as in NONMEM."""
    part = _linear(plain.program, [i for i, _ in into])
    M, b = _matrices(plain, q, y0, part, into)
    if len(_others(plain.program, part)):
        raise PapaverError("a constant infusion at steady state is found only for the standard models; write a long infusion before the data begin")
    return Steady(_placed(y0, part, np.asarray(np.linalg.solve(-M, b), dtype=np.float64)), ())


def _placed(y0: Array, part: Sequence[int], x: Array) -> Array:
    if not np.isfinite(x).all():
        raise PapaverError("the amounts are out of range")
    state = y0.copy()
    state[list(part)] = x
    return state


def _linear(p: Program, into: Sequence[int]) -> list[int]:
    """The states that a dose reaches, without those that only collect; all must obey linear equations with constant coefficients."""
    feeds: dict[int, set[int]] = {}
    for i, j in p.jacobian:
        feeds.setdefault(j, set()).add(i)
    varying = {i for (i, _), node in p.jacobian.items() if p.graph.depends[node]}
    # a state whose equation is not linear, or that hears such a state, is left to running forward
    todo = list(varying)
    while todo:
        for i in feeds.get(todo.pop(), set()) - varying:
            varying.add(i)
            todo.append(i)
    reached: set[int] = set()
    todo = [i for i in into if i not in varying]
    if len(todo) < len(into):
        raise PapaverError(f"{p.state_names[next(i for i in into if i in varying)]} does not obey a linear equation, so there is no closed form")
    while todo:
        i = todo.pop()
        if i not in reached and feeds.get(i):
            reached.add(i)
            todo += [k for k in feeds[i] if k not in varying]
    return sorted(reached)


def _others(p: Program, part: Sequence[int]) -> list[int]:
    """States outside the linear part that move at all, collecting ones excepted."""
    read = {j for _, j in p.jacobian}
    return [i for i in range(p.n) if i not in set(part) and i in read and any(row == i for row, _ in p.jacobian)]


def _matrices(plain: PlainTarget, q: Array, y0: Array, part: Sequence[int], into: Sequence[tuple[int, float]]) -> tuple[Array, Array]:
    p = plain.program
    zero, dy, J = [0.0] * p.n, [0.0] * p.n, [0.0] * len(p.jacobian)
    plain.functions["rhs_jac"](zero, q.tolist(), dy, J)
    full = np.zeros((p.n, p.n))
    for (i, j), value in zip(p.jacobian, J, strict=True):
        full[i, j] = value
    if not np.isfinite(full).all():
        raise PapaverError("the parameters are out of range")
    if np.any(full[part] @ y0) or np.any(np.array(dy)[part]):
        raise PapaverError("the amounts are not zero without a dose, so there is no closed form")
    M = full[np.ix_(part, part)]
    b = np.zeros(p.n)
    for i, x in into:
        b[i] += x
    slowest = float(np.linalg.eigvals(M).real.max()) if len(part) else -1.0
    if slowest >= -1e-13 * float(np.abs(M).max(initial=0.0)):
        raise PapaverError("there is no steady state: what is given is never eliminated (a clearance or rate constant is 0)")
    return M, b[list(part)]


def _input(M: Array, b: Array, t: float) -> tuple[Array, Array]:
    """exp(M t), and the state that input b over a time t leads to from zero."""
    n = len(b)
    joint = np.zeros((n + 1, n + 1))
    joint[:n, :n], joint[:n, n] = M, b
    E = expm(joint * t)
    return E[:n, :n], E[:n, n]


def _settle(
    plain: PlainTarget, q: Array, y0: Array, state: Array, part: list[int], into: Sequence[tuple[int, float]], duration: float, interval: float,
    lag: float, running: tuple[float, ...], rtol: float, atol: Array,
) -> Array:  # fmt: skip
    """States outside the linear part, run over whole intervals until they repeat."""
    others = _others(plain.program, part)
    if not others:
        return state
    events: list[tuple[float, int, int, float]] = []
    for i, x in into:
        if duration == 0.0:
            events.append((lag, rodas5p.ADD, i, x))
            continue
        events += [(0.0, rodas5p.RATE, i, x) for _ in running] + [(end, rodas5p.RATE, i, -x) for end in running]
        events += [(lag, rodas5p.RATE, i, x), (lag + duration, rodas5p.RATE, i, -x)]
    events.sort(key=lambda e: e[0])
    columns = [list(c) for c in zip(*events, strict=True)]
    before, last = state.copy(), math.inf
    for _ in range(CYCLES):
        rows, info = plain.integrate(q, before, columns, np.array([0.0, interval]), atol, rtol, 1_000_000)
        if info[0]:
            raise PapaverError("the integration towards steady state failed")
        after = state.copy()
        after[others] = rows[-1][others]
        change = np.abs(after - before) / (atol + rtol * np.abs(after))
        step = float(change[others].max())
        # a slow state moves little in each interval and yet has far to go: what is left is judged by how fast the steps shrink
        if step < 1e-3 or (step < 0.9 * last and step * step / (last - step) < 10.0):
            return after
        before, last = after, step
    worst = plain.program.state_names[max(others, key=lambda i: float(change[i]))]
    raise PapaverError(f"{worst} does not settle within {CYCLES} intervals; write the doses out (ADDL) from the beginning")
