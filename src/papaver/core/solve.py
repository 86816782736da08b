"""Solve a lowered system for one person or many: doses become events, one of four solvers runs, failures become NaN with a reason.

Solvers: "scalar" (Rodas5P on plain Python, no compile: one person), "kernel" (the same method compiled by Numba: cohorts),
"cuda" (the same on an NVIDIA GPU), "cvode" (SUNDIALS through scikit-sundae: the independent reference).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.core import rodas5p
from papaver.core.cuda import CudaTarget
from papaver.core.kernels import PAIR, KernelTarget
from papaver.core.lower import Program
from papaver.core.rules import Firing, Rule, RuleMemory, RuleTable
from papaver.core.targets import Array, PlainTarget
from papaver.errors import PapaverError, nearest

SOLVERS = ("scalar", "kernel", "cuda", "cvode")
ATOL = {"nmol": 1e-5, "nmol/L": 1e-6, "1": 1e-9}
"""Absolute tolerance at a relative one of 1e-6, by the unit of the state: well below what any assay or observer resolves."""
_ATOL_ELSE = 1e-8
LOOSER = 2 / 3
"""Power of rtol above 1e-6 by which the absolute tolerance of fractions grows beyond proportion."""
Event = tuple[float, int, int, float]
"""Minute, kind, number of the state, value: see `core.rodas5p`."""


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
    by person. `stopped`: when a rule ended a person's run, min (NaN: none did); what lies after is NaN. `memory`: where the rules stand at the
    end (with the solver "scalar"; else None).
    """

    t: Array
    Y: Array
    end: Array
    reasons: list[str]
    steps: npt.NDArray[np.int64]
    firings: list[list[Firing]] = field(default_factory=list)
    stopped: Array = field(default_factory=lambda: np.zeros(0))
    memory: RuleMemory | None = None


def absolute_tolerance(program: Program, rtol: float, atol: Mapping[str, float] | float | None = None) -> Array:
    """Absolute tolerance of every state, in the state's own unit, shape (n,). A step is accepted when the error of each state is about
    atol + rtol*|state| or less, so atol is the size below which a state's digits do not matter.

    Args:
        atol: by the unit of the state, {"nmol": 1e-7}, where units left out keep the default; or one number for all, each in its own unit.
            Default: `ATOL` (1e-5 nmol, 1e-6 nmol/L, 1e-9 of a fraction, 1e-8 of any other unit) at rtol 1e-6, and in proportion to rtol; of
            fractions faster above it, to 1e-4 at 1e-3: who asks for a long run does not want the digits of signs that are hardly there.

    Raises:
        PapaverError: a unit that no state has, or a tolerance that is not above 0.
    """
    units = program.flat.state_units
    if isinstance(atol, Mapping):
        for unit in atol:
            if unit not in units:
                raise PapaverError(f"atol: no state of {program.flat.name} is in {unit!r}; the units are {', '.join(sorted(set(units)))}")
    given = dict(atol) if isinstance(atol, Mapping) else {} if atol is None else dict.fromkeys(units, atol)
    for unit, x in given.items():
        if not 0 < x < np.inf:
            raise PapaverError(f"atol: read {x:g} (for states in {unit!r}); a number above 0 is needed, such as {ATOL.get(unit, _ATOL_ELSE):g}")
    r = rtol / 1e-6
    default = {u: ATOL.get(u, _ATOL_ELSE) * r * (max(r, 1.0) ** LOOSER if u == "1" else 1.0) for u in units}
    return np.array([given.get(u, default[u]) for u in units])


class Solver:
    """A program with its targets, ready to solve for any people and doses."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.plain = PlainTarget(program)
        self._kernels: dict[tuple[tuple[int, ...] | None, tuple[int, ...], int | None], KernelTarget] = {}
        self._gpu: dict[tuple[tuple[int, ...] | None, tuple[int, ...]], CudaTarget] = {}

    def kernel(self, nodes: Sequence[int] | None = None, watched: Sequence[int] = (), people: int | None = None) -> KernelTarget:
        """The compiled target that writes these nodes (all states if None) and watches those for rules; a narrow one for one or two people."""
        lanes = PAIR if people is not None and people <= PAIR else None
        key = (None if nodes is None else tuple(nodes), tuple(watched), lanes)
        if key not in self._kernels:
            self._kernels[key] = KernelTarget(self.program, nodes, lanes, watched)
        return self._kernels[key]

    def gpu(self, nodes: Sequence[int] | None = None, watched: Sequence[int] = ()) -> CudaTarget:
        """The same for the GPU."""
        key = (None if nodes is None else tuple(nodes), tuple(watched))
        if key not in self._gpu:
            self._gpu[key] = CudaTarget(self.program, nodes, watched)
        return self._gpu[key]

    def solve(
        self, P: Array, doses: Sequence[DoseEvent], t_out: Array, *, solver: str = "scalar", rtol: float = 1e-6,
        nodes: Sequence[int] | None = None, max_steps: int = 1_000_000, threads: int | None = None,
        progress: Callable[[int], None] | None = None, chunk: int = 1024, rules: Sequence[Rule] = (),
        atol: Mapping[str, float] | float | None = None, Y0: Array | None = None, under_way: Sequence[Sequence[Event]] | None = None,
        memory: RuleMemory | None = None,
    ) -> Solution:  # fmt: skip
        """Integrate from t_out[0] to t_out[-1].

        Args:
            P: parameters, shape (people, parameters), internal units.
            doses: the same doses for everybody (their split and lag may differ by person).
            t_out: ascending output times in min; values at the time of a dose are those after it.
            solver: one of `SOLVERS`. nodes: graph nodes to write on the grid (`Program.output`); default: all states.
            threads: of the kernel; default: the cores of the machine. Results depend neither on it nor on `chunk`.
            rtol: relative tolerance. atol: absolute tolerance by the unit of the state; default: follows rtol, see `absolute_tolerance`.
            progress: called with the number of people done.
            rules: doses or stops that conditions trigger; not with "cvode".
            Y0: states to begin with, shape (people, n), in place of those before any dose. Who begins with NaN stays NaN.
            under_way: by person, events beside the doses: what an earlier run left to come. memory: where the rules stand at the beginning,
            in place of anew; "scalar" only.

        Raises:
            PapaverError: unknown solver, dose port or unit of a tolerance, or no GPU for "cuda".
        """
        if solver not in SOLVERS:
            raise PapaverError(f"unknown solver {solver!r}; {nearest(solver, SOLVERS)}")
        p = self.program
        if rules and solver == "cvode":
            raise PapaverError("the reference solver 'cvode' does not follow rules (when: ...); use 'scalar' or 'kernel'")
        if memory is not None and solver != "scalar":
            raise PapaverError(f"solver: read {solver!r}; rules (when: ...) that began in an earlier run are followed by 'scalar' alone")
        events = self._events(P, doses, under_way)
        Q, Y0 = self.plain.prep(P), self.plain.init(P) if Y0 is None else Y0
        tolerances = absolute_tolerance(p, rtol, atol)
        table = None
        watched = [r.node for r in rules]
        if rules:
            memory = self.memory(P, rules, float(t_out[0])) if memory is None else replace(memory, **{k: x.copy() for k, x in vars(memory).items()})
            table = RuleTable(p, rules, len(P), memory.baseline, self.plain.dose(P))
        width = p.n if nodes is None else len(nodes)
        out = np.empty((len(P), width, len(t_out)))
        end = np.full((len(P), p.n), np.nan)
        info = np.zeros((len(P), 5))
        if solver == "kernel":
            kernel = self.kernel(nodes, watched, len(P))
            for a in range(0, len(P), chunk):
                part = slice(a, a + chunk)
                arrays, counts = _pad(events[part])
                _, end[part], info[part] = kernel.run(
                    P[part], Q[part], Y0[part], arrays, counts, t_out, tolerances, rtol, max_steps, threads or os.cpu_count() or 1,
                    rules=table, offset=a, out=out[part],
                )  # fmt: skip
                if progress:
                    progress(min(a + chunk, len(P)))
        elif solver == "cuda":
            arrays, counts = _pad(events)
            out, end, info = self.gpu(nodes, watched).run(P, Q, Y0, arrays, counts, t_out, tolerances, rtol, max_steps, rules=table)
            if progress:
                progress(len(P))
        else:
            for k in range(len(P)):
                if solver == "cvode":
                    Y, row = _cvode(self.plain, Q[k], Y0[k], events[k], t_out, tolerances, rtol, max_steps)
                elif table is None or memory is None:
                    Y, row = self.plain.integrate(Q[k], Y0[k], events[k], t_out, tolerances, rtol, max_steps)
                else:
                    with table.followed(memory, k, self.plain.functions, float(t_out[0]), float(t_out[-1])) as shift:
                        moved = [[x + shift for x in events[k][0]], *events[k][1:]]
                        Y, row = self.plain.integrate(Q[k], Y0[k], moved, t_out + shift, tolerances, rtol, max_steps, table, k, P[k : k + 1])
                    row[1] -= shift
                out[k] = (Y if nodes is None else self.plain.evaluate(nodes, Y[None], P[k : k + 1])[0]).T
                end[k] = Y[-1]
                info[k] = row
                if progress:
                    progress(k + 1)
        reasons = [self._reason(row) for row in info]
        stopped = np.where(info[:, 0] == rodas5p.STOPPED, info[:, 1], np.nan)
        steps, firings = info[:, 3].astype(np.int64), table.firings() if table else []
        return Solution(t_out, np.moveaxis(out, 1, 2), end, reasons, steps, firings, stopped, memory if solver == "scalar" else None)

    def memory(self, P: Array, rules: Sequence[Rule], start: float = 0.0) -> RuleMemory:
        """Rules before anything has happened; `start` is the time at which the run begins, min."""
        baseline = self.plain.evaluate([r.node for r in rules], self.plain.init(P)[:, None, :], P)[:, 0, :]
        return RuleMemory.fresh(rules, baseline, start)

    def _reason(self, info: Array) -> str:
        status = int(info[0])
        if status in (rodas5p.OK, rodas5p.STOPPED):
            return ""
        what = {rodas5p.STEP_TOO_SMALL: "the step became too small", rodas5p.TOO_MANY_STEPS: "too many steps"}[status]
        return f"{what} at {info[1]:.6g} min, worst in {self.program.state_names[int(info[2])]}; try a larger --rtol or check the parameters"

    def events(self, P: Array, doses: Sequence[DoseEvent], under_way: Sequence[Sequence[Event]] | None = None) -> list[list[Event]]:
        """By person, what happens to the states, in order of time; at one time what is under way, then ends of infusions, then doses as given.

        Raises:
            PapaverError: unknown dose port.
        """
        p = self.program
        for dose in doses:
            if dose.port not in p.doses:
                raise PapaverError(f"{p.flat.name}: no dose port {dose.port!r}; {nearest(dose.port, p.doses)}")
        coefficient = self.plain.dose(P) if doses else {}
        out: list[list[Event]] = []
        for k in range(len(P)):
            rows: list[tuple[float, int, Event]] = [(e[0], -2, e) for e in under_way[k]] if under_way is not None else []
            for order, dose in enumerate(doses):
                start = dose.time + float(coefficient[f"{dose.port}:lag"][k])
                for state, _ in p.doses[dose.port].split:
                    amount = dose.amount * float(coefficient[f"{dose.port}:{state}"][k])
                    if amount == 0.0:
                        continue
                    if dose.duration > 0:
                        rate = amount / dose.duration
                        end = start + dose.duration
                        rows += [(start, order, (start, rodas5p.RATE, state, rate)), (end, -1, (end, rodas5p.RATE, state, -rate))]
                    else:
                        rows.append((start, order, (start, rodas5p.ADD, state, amount)))
            rows.sort(key=lambda r: (r[0], r[1]))
            out.append([e for _, _, e in rows])
        return out

    def _events(self, P: Array, doses: Sequence[DoseEvent], under_way: Sequence[Sequence[Event]] | None = None) -> list[list[list[Any]]]:
        """The same as columns: times, kinds, states and values."""
        return [[list(c) for c in zip(*rows, strict=True)] or [[], [], [], []] for rows in self.events(P, doses, under_way)]


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

    Y = np.full((len(t_out), p.n), np.nan)
    if np.isnan(y0).any():
        return Y, [float(rodas5p.STEP_TOO_SMALL), float(t_out[0]), float(np.argmax(np.isnan(y0))), 0.0, 0.0]
    solver = CVODE(rhs, rtol=rtol, atol=atol, jacfn=jac, max_num_steps=max_steps)
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
