"""Solve a lowered system for one person or many: doses become events, one of three solvers runs, failures become NaN with a reason.

Solvers: "scalar" (Rodas5P on plain Python, no compile: one person), "kernel" (the same method compiled by Numba: cohorts),
"cvode" (SUNDIALS through scikit-sundae: the independent reference).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.core import rodas5p
from papaver.core.kernels import KernelTarget
from papaver.core.lower import Program
from papaver.core.rules import Firing, Rule, RuleTable
from papaver.core.targets import Array, PlainTarget
from papaver.errors import PapaverError, nearest

SOLVERS = ("scalar", "kernel", "cvode")
# Absolute tolerance at rtol 1e-6, by the unit of the state: well below what any assay or observer resolves.
_ATOL = {"nmol": 1e-5, "nmol/L": 1e-6, "1": 1e-9}


@dataclass(frozen=True)
class DoseEvent:
    """An amount into a dose port: at once (duration 0) or at a constant rate over `duration` minutes."""

    time: float
    port: str
    amount: float
    duration: float = 0.0


@dataclass
class Solution:
    """What was asked for, of shape (people, times, outputs); a person that failed has NaN from the failure on, and a reason.

    `Y` holds the outputs (all states, if no nodes were named), `end` the states at the end, shape (people, n). `firings`: what rules did,
    by person. `stopped`: when a rule ended a person's run, min (NaN: none did); what lies after is NaN.
    """

    t: Array
    Y: Array
    end: Array
    reasons: list[str]
    steps: npt.NDArray[np.int64]
    firings: list[list[Firing]] = field(default_factory=list)
    stopped: Array = field(default_factory=lambda: np.zeros(0))


class Solver:
    """A program with its targets, ready to solve for any people and doses."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.plain = PlainTarget(program)
        self._kernels: dict[tuple[tuple[int, ...] | None, tuple[int, ...]], KernelTarget] = {}

    def kernel(self, nodes: Sequence[int] | None = None, watched: Sequence[int] = ()) -> KernelTarget:
        """The compiled target that writes these nodes (all states if None) and watches those for rules."""
        key = (None if nodes is None else tuple(nodes), tuple(watched))
        if key not in self._kernels:
            self._kernels[key] = KernelTarget(self.program, nodes, watched=watched)
        return self._kernels[key]

    def solve(
        self, P: Array, doses: Sequence[DoseEvent], t_out: Array, *, solver: str = "scalar", rtol: float = 1e-6,
        nodes: Sequence[int] | None = None, max_steps: int = 1_000_000, threads: int | None = None,
        progress: Callable[[int], None] | None = None, chunk: int = 1024, rules: Sequence[Rule] = (),
    ) -> Solution:  # fmt: skip
        """Integrate from t_out[0] to t_out[-1].

        Args:
            P: parameters, shape (people, parameters), internal units.
            doses: the same doses for everybody (their split and lag may differ by person).
            t_out: ascending output times in min; values at the time of a dose are those after it.
            solver: one of `SOLVERS`. nodes: graph nodes to write on the grid (`Program.output`); default: all states.
            threads: of the kernel; default: the cores of the machine. Results depend neither on it nor on `chunk`.
            rtol: relative tolerance; absolute tolerances follow it.
            progress: called with the number of people done.
            rules: doses or stops that conditions trigger; not with "cvode".

        Raises:
            PapaverError: unknown solver or dose port.
        """
        if solver not in SOLVERS:
            raise PapaverError(f"unknown solver {solver!r}; {nearest(solver, SOLVERS)}")
        p = self.program
        if rules and solver == "cvode":
            raise PapaverError("the reference solver 'cvode' does not follow rules (when: ...); use 'scalar' or 'kernel'")
        events = self._events(P, doses)
        Q, Y0 = self.plain.prep(P), self.plain.init(P)
        atol = np.array([_ATOL.get(u, 1e-8) for u in p.flat.state_units]) * (rtol / 1e-6)
        table = None
        watched = [r.node for r in rules]
        if rules:
            baseline = self.plain.evaluate(watched, Y0[:, None, :], P)[:, 0, :]
            table = RuleTable(p, rules, len(P), baseline, self.plain.dose(P))
        width = p.n if nodes is None else len(nodes)
        out = np.empty((len(P), width, len(t_out)))
        end = np.full((len(P), p.n), np.nan)
        info = np.zeros((len(P), 5))
        if solver == "kernel":
            kernel = self.kernel(nodes, watched)
            for a in range(0, len(P), chunk):
                part = slice(a, a + chunk)
                arrays, counts = _pad(events[part])
                _, end[part], info[part] = kernel.run(
                    P[part], Q[part], Y0[part], arrays, counts, t_out, atol, rtol, max_steps, threads or os.cpu_count() or 1,
                    rules=table, offset=a, out=out[part],
                )  # fmt: skip
                if progress:
                    progress(min(a + chunk, len(P)))
        else:
            for k in range(len(P)):
                if solver == "scalar":
                    Y, row = self.plain.integrate(Q[k], Y0[k], events[k], t_out, atol, rtol, max_steps, table, k, P[k : k + 1])
                else:
                    Y, row = _cvode(self.plain, Q[k], Y0[k], events[k], t_out, atol, rtol, max_steps)
                out[k] = (Y if nodes is None else self.plain.evaluate(nodes, Y[None], P[k : k + 1])[0]).T
                end[k] = Y[-1]
                info[k] = row
                if progress:
                    progress(k + 1)
        reasons = [self._reason(row) for row in info]
        stopped = np.where(info[:, 0] == rodas5p.STOPPED, info[:, 1], np.nan)
        return Solution(t_out, np.moveaxis(out, 1, 2), end, reasons, info[:, 3].astype(np.int64), table.firings() if table else [], stopped)

    def _reason(self, info: Array) -> str:
        status = int(info[0])
        if status in (rodas5p.OK, rodas5p.STOPPED):
            return ""
        what = {rodas5p.STEP_TOO_SMALL: "the step became too small", rodas5p.TOO_MANY_STEPS: "too many steps"}[status]
        return f"{what} at {info[1]:.6g} min, worst in {self.program.state_names[int(info[2])]}; try a larger --rtol or check the parameters"

    def _events(self, P: Array, doses: Sequence[DoseEvent]) -> list[list[list[Any]]]:
        """Per person: times, kinds, states and values, ordered by time; at one time, in the order given, ends of infusions first."""
        p = self.program
        for dose in doses:
            if dose.port not in p.doses:
                raise PapaverError(f"{p.flat.name}: no dose port {dose.port!r}; {nearest(dose.port, p.doses)}")
        coefficient = self.plain.dose(P) if doses else {}
        out: list[list[list[Any]]] = []
        for k in range(len(P)):
            rows: list[tuple[float, int, int, int, float]] = []
            for order, dose in enumerate(doses):
                start = dose.time + float(coefficient[f"{dose.port}:lag"][k])
                for state, _ in p.doses[dose.port].split:
                    amount = dose.amount * float(coefficient[f"{dose.port}:{state}"][k])
                    if amount == 0.0:
                        continue
                    if dose.duration > 0:
                        rate = amount / dose.duration
                        rows.append((start, order, rodas5p.RATE, state, rate))
                        rows.append((start + dose.duration, -1, rodas5p.RATE, state, -rate))
                    else:
                        rows.append((start, order, rodas5p.ADD, state, amount))
            rows.sort(key=lambda r: (r[0], r[1]))
            out.append([[r[0] for r in rows], [r[2] for r in rows], [r[3] for r in rows], [r[4] for r in rows]])
        return out


def _pad(events: list[list[list[Any]]]) -> tuple[list[npt.NDArray[Any]], npt.NDArray[np.int64]]:
    most = max((len(e[0]) for e in events), default=0)
    counts = np.array([len(e[0]) for e in events], dtype=np.int64)
    arrays: list[npt.NDArray[Any]] = []
    for j, dtype in enumerate((np.float64, np.int64, np.int64, np.float64)):
        a = np.zeros((len(events), max(most, 1)), dtype=dtype)
        for k, e in enumerate(events):
            a[k, : counts[k]] = e[j]
        arrays.append(a)
    return arrays, counts


def _cvode(
    plain: PlainTarget, q: Array, y0: Array, events: list[list[Any]], t_out: Array, atol: Array, rtol: float, max_steps: int
) -> tuple[Array, list[float]]:
    """Reference path: SUNDIALS CVODE (BDF), restarted at every event, on the same generated right-hand side and Jacobian."""
    from sksundae.cvode import CVODE

    p, functions = plain.program, plain.functions
    hoisted = q.tolist()
    rate = [0.0] * p.n
    places = list(p.jacobian)
    rows, cols = np.array([i for i, _ in places], dtype=int), np.array([j for _, j in places], dtype=int)

    def rhs(t: float, y: Array, dy: Array) -> None:
        out = [0.0] * p.n
        functions["rhs"](y.tolist(), hoisted, out)
        dy[:] = out
        if any(rate):
            dy += rate

    def jac(t: float, y: Array, dy: Array, J: Array) -> None:
        values, out = [0.0] * len(places), [0.0] * p.n
        functions["rhs_jac"](y.tolist(), hoisted, out, values)
        J[rows, cols] = values

    solver = CVODE(rhs, rtol=rtol, atol=atol, jacfn=jac, max_num_steps=max_steps)
    Y = np.full((len(t_out), p.n), np.nan)
    y = y0.copy()
    t, end = float(t_out[0]), float(t_out[-1])
    stops = sorted({x for x in events[0] if t < x < end} | {end})
    for stop in [t, *stops]:
        if stop > t:
            inside = t_out[(t_out > t) & (t_out < stop)]
            result = solver.solve(np.concatenate([[t], inside, [stop]]), y)
            if not result.success:
                last, speed = result.y[-1], np.empty(p.n)
                rhs(float(result.t[-1]), last, speed)
                worst = np.argmax(np.nan_to_num(np.abs(speed) / (atol + rtol * np.abs(last))))
                return Y, [float(rodas5p.TOO_MANY_STEPS), float(result.t[-1]), float(worst), 0.0, 0.0]
            Y[(t_out > t) & (t_out < stop)] = result.y[1 : 1 + len(inside)]
            y, t = np.array(result.y[-1]), stop
        for x, kind, state, value in zip(*events, strict=True):
            if x == stop or (stop == t_out[0] and x < stop):
                if kind == rodas5p.ADD:
                    y[state] += value
                else:
                    rate[state] += value
        Y[t_out == stop] = y
    return Y, [0.0] * 5
