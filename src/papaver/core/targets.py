"""The compile-free target: generated code on Python floats, and the parameter part and the outputs on NumPy arrays."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.core import emit, mathlib, rodas5p, step, triggers
from papaver.core.lower import Program
from papaver.core.rules import RuleTable

Array = npt.NDArray[np.float64]


def generated(source: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Run generated source in a namespace."""
    exec(compile(source, "<papaver generated>", "exec"), namespace)
    return namespace


def _guarded(f: Callable[..., None], n: int, out: int) -> Callable[..., None]:
    """Plain Python raises where compiled code yields inf or NaN; turn that into NaN, which the step control refuses."""

    @functools.wraps(f)
    def safe(*args: Any) -> None:
        try:
            f(*args)
        except (ZeroDivisionError, OverflowError, ValueError):
            args[out][:n] = [float("nan")] * n

    return safe


class PlainTarget:
    """The compile-free path: generated code on Python floats, and the parameter part and outputs on NumPy arrays."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._vector = generated(emit.emit_parameter_part(program), dict(mathlib.VECTOR))
        self._outputs: dict[tuple[int, ...], Callable[..., None]] = {}

    @functools.cached_property
    def functions(self) -> dict[str, Any]:
        """rhs, rhs_jac, factor, solve and integrate for lists of floats."""
        p = self.program
        ns = generated(emit.emit_state_part(p), dict(mathlib.SCALAR))
        ns["rhs"] = _guarded(ns["rhs"], p.n, 2)
        ns["rhs_jac"] = _guarded(ns["rhs_jac"], p.n, 2)
        ns["factor"] = _guarded(ns["factor"], len(p.lu.entries), 2)
        arithmetic = (step.stages, step.dense, step.judge, step.accept)
        rules = (triggers.quarters, triggers.watch, triggers.fire, triggers.give)
        for f in (*arithmetic, *rules, rodas5p.enter, rodas5p.happen, rodas5p.blame, rodas5p.run):
            generated("from __future__ import annotations\n" + inspect.getsource(f), ns)
        ns |= {"record": _record, "FIRST": rodas5p.FIRST, "RULES": rodas5p.RULES}
        return ns

    def prep(self, P: Array) -> Array:
        """Hoisted values, shape (people, len(hoisted)), from parameters of shape (people, parameters)."""
        return self._parameter_part("prep", P, len(self.program.hoisted))

    def init(self, P: Array) -> Array:
        """Initial states, shape (people, n)."""
        return self._parameter_part("init", P, self.program.n)

    def dose(self, P: Array) -> dict[str, Array]:
        """Dose coefficients and lags by name (see `emit.dose_layout`), each of shape (people,)."""
        layout = emit.dose_layout(self.program)
        values = self._parameter_part("dose", P, len(layout))
        return {name: values[:, k] for k, (name, _) in enumerate(layout)}

    def _parameter_part(self, name: str, P: Array, n: int) -> Array:
        out = np.empty((n, len(P)))
        with np.errstate(all="ignore"):
            self._vector[name](np.ascontiguousarray(P.T), out)
        return np.ascontiguousarray(out.T)

    def outputs(self, names: Sequence[str], Y: Array, P: Array, laws: bool = False) -> Array:
        """Named outputs (then laws, if asked) of shape (people, times, outputs) from states of shape (people, times, n)."""
        return self.evaluate(emit.output_nodes(self.program, names, laws), Y, P)

    def evaluate(self, nodes: Sequence[int], Y: Array, P: Array) -> Array:
        """Graph nodes of shape (people, times, nodes) from states of shape (people, times, n)."""
        key = tuple(nodes)
        if key not in self._outputs:
            self._outputs[key] = generated(emit.emit_outputs(self.program, nodes), dict(mathlib.VECTOR))["outputs"]
        out = np.empty((len(nodes), *Y.shape[:2]))
        with np.errstate(all="ignore"):
            self._outputs[key](np.moveaxis(Y, 2, 0), P.T[:, :, None], out)
        # an output that does not look at the failed state must not pass for a result
        out[:, np.isnan(Y).any(axis=2)] = np.nan
        return np.moveaxis(out, 0, 2)

    def integrate(
        self, q: Array, y0: Array, events: Sequence[Sequence[Any]], t_out: Array, atol: Array, rtol: float, max_steps: int,
        rules: RuleTable | None = None, person: int = 0, P: Array | None = None,
    ) -> tuple[Array, list[float]]:  # fmt: skip
        """One person without a compile; returns the states on the grid and `info` (see `rodas5p.run`).

        Args:
            q: hoisted parameters; or rows of them, this person's first, then those that PARAMETERS events name (by their number, from 1).
            rules, person, P: rules, the number of this person in them, and its parameters, rows as in q.
        """
        p = self.program
        n = p.n
        Q = np.atleast_2d(q)
        functions = self.functions
        table = rules if rules is not None else RuleTable(p, [], 1, np.zeros((1, 0)), {})
        QO = np.zeros((len(Q), 0))
        if rules is not None and P is not None:
            nodes = [r.node for r in rules.rules]
            hoisted = p.hoist(nodes)
            values = np.zeros((len(hoisted), len(Q)))
            with np.errstate(all="ignore"):
                generated(emit.emit_output_part(p, hoisted), dict(mathlib.VECTOR))["prep_out"](P.T, values)
            QO = values.T
            found = generated(emit.emit_conditions(p, nodes, hoisted), dict(mathlib.SCALAR))
            functions |= {name: found[name] for name in ("within", "now")}

        def zeros(k: int = n) -> list[float]:
            return [0.0] * k

        k = person if rules is not None else 0
        arrays = table.arrays(slice(k, k + 1), 1)
        log, n_log = arrays[5], arrays[6]
        lists = [a.reshape(-1).tolist() for a in arrays]
        out, end, info = [float("nan")] * (n * len(t_out)), [float("nan")] * n, zeros(5)
        functions["run"](
            1, [n, 1, Q.shape[1], QO.shape[1], 0, len(t_out), max_steps, *table.sizes(), n], Q.reshape(-1).tolist(), y0.tolist(), *events,
            [len(events[0])], QO.reshape(-1).tolist(), t_out.tolist(), [len(t_out)], [0], out, end, atol.tolist(),
            rodas5p.tolerance(rtol, n).tolist(), info, zeros(), zeros(), zeros(), zeros(), zeros(Q.shape[1]), zeros(len(p.jacobian)),
            zeros(len(p.lu.entries)), [zeros() for _ in range(8)], [zeros() for _ in range(3)], [zeros(1) for _ in range(12)],
            [[0] for _ in range(11)], [], *lists,
        )  # fmt: skip
        log[:], n_log[:] = np.array(lists[5]).reshape(log.shape), lists[6]
        return np.array(out).reshape(n, -1).T, info


def _record(
    lane: int, t: float, hi: float, k0: int, k1: int, at_t: int, T_out: Any, y: Any, yn: Any, D: Any, at: int, QO: Any, p: int, width: int,
    OUT: Any, T: Any, X: Any,
) -> None:  # fmt: skip
    """`record` of the plain path: the states themselves, one lane."""
    D0, D1, D2 = D
    for k in range(k0, k1):
        th = (T_out[k] - t) * hi
        t1 = 1.0 - th
        for i in range(len(y)):
            OUT[i * width + k] = (t1 * y[i]) + (th * (yn[i] + (t1 * (D0[i] + (th * (D1[i] + (th * D2[i])))))))
