"""CVODE as a compiled program would call it: SUNDIALS from scikit-sundae, with right-hand side, Jacobian and driving loop compiled by Numba.

Every advantage goes to this rival: parameter-only terms once a person, the analytic Jacobian, sums contracted and reordered (fastmath), the
platform's own exp and log, output by CVodeGetDky inside each step, all memory made once for all people.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import time
from collections.abc import Callable
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import numba
import numpy as np

from benchmarks.models import Array, Scenario
from benchmarks.rivals import state_inputs
from papaver.core import emit
from papaver.core.lower import Program
from papaver.core.targets import PlainTarget, generated

MATH = """
import math
def exp_(x): return math.exp(x)
def log_(x): return math.log(x)
def sqrt_(x): return math.sqrt(x)
def pow_(x, n): return math.pow(x, n)
def maximum_(a, b): return a if a > b else b
def minimum_(a, b): return b if a > b else a
def greater_(a, b): return 1.0 if a > b else 0.0
def softplus_(x): return (x if x > 0.0 else 0.0) + math.log1p(math.exp(-abs(x)))
def sigmoid_(x): return 1.0 / (1.0 + math.exp(-x))
"""
OPTIONS = {"fastmath": True, "error_model": "numpy"}
nb: Any = numba  # its decorators have no usable types
_BDF, _ONE_STEP = 2, 2
_POINTER, _INT, _LONG, _REAL = ctypes.c_size_t, ctypes.c_int, ctypes.c_long, ctypes.c_double
# addresses travel as integers, which Numba passes on as they are
_FUNCTIONS: dict[str, tuple[str, Any, list[Any]]] = {
    "SUNContext_Create": ("core", _INT, [_POINTER, _POINTER]),
    "N_VGetArrayPointer": ("core", _POINTER, [_POINTER]),
    "N_VNew_Serial": ("nvecserial", _POINTER, [_LONG, _POINTER]),
    "SUNDenseMatrix": ("sunmatrixdense", _POINTER, [_LONG, _LONG, _POINTER]),
    "SUNDenseMatrix_Data": ("sunmatrixdense", _POINTER, [_POINTER]),
    "SUNLinSol_Dense": ("sunlinsoldense", _POINTER, [_POINTER, _POINTER, _POINTER]),
    "CVodeCreate": ("cvode", _POINTER, [_INT, _POINTER]),
    "CVodeInit": ("cvode", _INT, [_POINTER, _POINTER, _REAL, _POINTER]),
    "CVodeReInit": ("cvode", _INT, [_POINTER, _REAL, _POINTER]),
    "CVodeSVtolerances": ("cvode", _INT, [_POINTER, _REAL, _POINTER]),
    "CVodeSetUserData": ("cvode", _INT, [_POINTER, _POINTER]),
    "CVodeSetLinearSolver": ("cvode", _INT, [_POINTER, _POINTER, _POINTER]),
    "CVodeSetJacFn": ("cvode", _INT, [_POINTER, _POINTER]),
    "CVodeSetMaxNumSteps": ("cvode", _INT, [_POINTER, _LONG]),
    "CVodeSetStopTime": ("cvode", _INT, [_POINTER, _REAL]),
    "CVode": ("cvode", _INT, [_POINTER, _REAL, _POINTER, _POINTER, _INT]),
    "CVodeGetDky": ("cvode", _INT, [_POINTER, _REAL, _INT, _POINTER]),
}  # fmt: skip


@functools.cache
def _libraries() -> dict[str, Any] | str:
    """The functions of SUNDIALS with their types, or why there are none."""
    folders: list[Path] = []
    try:
        import sksundae.cvode  # loads the libraries that it brings along

        root = Path(sksundae.__file__).parent
        folders = [root.parent / "scikit_sundae.libs", root / ".dylibs"]
    except ImportError:
        pass
    names = {part for part, _, _ in _FUNCTIONS.values()}
    files = {n: next((str(f) for d in folders for f in sorted(d.glob(f"libsundials_{n}*"))), None) or find_library(f"sundials_{n}") for n in names}
    missing = sorted(n for n, f in files.items() if f is None)
    if missing:
        return f"skipped: no shared library sundials_{missing[0]} (pip install scikit-sundae, or Debian: apt-get install libsundials-dev)"
    found: dict[str, Any] = {}
    try:
        loaded = {n: ctypes.CDLL(str(f)) for n, f in files.items()}
        for name, (part, result, arguments) in _FUNCTIONS.items():
            f = found[name] = getattr(loaded[part], name)
            f.restype, f.argtypes = result, arguments
    except (OSError, AttributeError) as e:
        # SUNDIALS before 6 has no SUNContext
        return f"skipped: the SUNDIALS libraries cannot be called: {e}"
    return found


def why_no_cvode() -> str:
    """Why compiled CVODE cannot be measured here; empty if it can."""
    if sys.maxsize < 2**32:
        return "skipped: needs 64-bit addresses"
    found = _libraries()
    return found if isinstance(found, str) else ""


def source(p: Program) -> str:
    """`rhs(y, q, dy)` and `jac(y, q, J)`, J dense by columns and zero before."""
    inputs = state_inputs(p)
    rhs = emit.straight_line(p, [(f"dy[{k}]", node) for k, node in enumerate(p.flat.rhs)], inputs)
    jac = emit.straight_line(p, [(f"J[{j * p.n + i}]", node) for (i, j), node in p.jacobian.items()], inputs)
    functions = (("rhs", "y, q, dy", rhs), ("jac", "y, q, J", jac))
    return "".join(f"def {name}({args}):\n    " + "\n    ".join(lines) + "\n" for name, args, lines in functions)


class CompiledCVODE:
    """CVODE (BDF, Newton, dense) on one program; raises RuntimeError where `why_no_cvode` gives a reason."""

    def __init__(self, plain: PlainTarget) -> None:
        if reason := why_no_cvode():
            raise RuntimeError(reason)
        self.plain = plain
        p, S = plain.program, _libraries()
        assert not isinstance(S, str)
        n, n_q = p.n, max(len(p.hoisted), 1)
        text = generated(MATH, {})
        math = {name: nb.njit(inline="never", **OPTIONS)(f) for name, f in text.items() if name.endswith("_") and not name.startswith("__")}
        model = generated(source(p), math)
        rhs, jac = nb.njit(**OPTIONS)(model["rhs"]), nb.njit(**OPTIONS)(model["jac"])
        values, entries = S["N_VGetArrayPointer"], S["SUNDenseMatrix_Data"]
        vector, real, pointer = nb.types.CPointer(nb.types.float64), nb.types.float64, nb.types.uintp

        @nb.extending.intrinsic  # type: ignore[untyped-decorator]
        def at(_: Any, address: Any) -> Any:
            """An address as a pointer to reals."""

            def code(__: Any, builder: Any, signature: Any, arguments: Any) -> Any:
                from llvmlite import ir

                return builder.inttoptr(arguments[0], ir.DoubleType().as_pointer())

            return vector(address), code

        @nb.cfunc(nb.types.int32(real, pointer, pointer, vector), **OPTIONS)  # type: ignore[untyped-decorator]
        def on_rhs(t: float, y: int, dy: int, q: Any) -> int:
            rhs(nb.carray(at(values(y)), (n,)), nb.carray(q, (n_q,)), nb.carray(at(values(dy)), (n,)))
            return 0

        @nb.cfunc(nb.types.int32(real, pointer, pointer, pointer, vector, pointer, pointer, pointer), **OPTIONS)  # type: ignore[untyped-decorator]
        def on_jac(t: float, y: int, dy: int, J: int, q: Any, w1: int, w2: int, w3: int) -> int:
            jac(nb.carray(at(values(y)), (n,)), nb.carray(q, (n_q,)), nb.carray(at(entries(J)), (n * n,)))
            return 0

        self._keep = (on_rhs, on_jac)
        context = np.zeros(1, np.uintp)
        assert S["SUNContext_Create"](0, context.ctypes.data) == 0
        c = int(context[0])
        y, tolerances, written, A = S["N_VNew_Serial"](n, c), S["N_VNew_Serial"](n, c), S["N_VNew_Serial"](n, c), S["SUNDenseMatrix"](n, n, c)
        memory = S["CVodeCreate"](_BDF, c)
        self._arrays = [np.ctypeslib.as_array(ctypes.cast(values(v), ctypes.POINTER(ctypes.c_double)), (n,)) for v in (y, tolerances, written)]
        for a in self._arrays:
            a[:] = 0.0  # CVODE leaves a new vector as the memory was found; it may hold a not-a-number
        self._q = np.zeros(n_q)
        codes = [
            S["CVodeInit"](memory, on_rhs.address, 0.0, y),
            S["CVodeSetUserData"](memory, self._q.ctypes.data),
            S["CVodeSetLinearSolver"](memory, S["SUNLinSol_Dense"](y, A, c), A),
            S["CVodeSetJacFn"](memory, on_jac.address),
            S["CVodeSetMaxNumSteps"](memory, 1_000_000),
        ]
        assert not any(codes), codes
        self._memory, self._y, self._tolerances, self._written = memory, y, tolerances, written
        self._S = S
        self._run = _driver(S)

    def solve(self, scenario: Scenario, P: Array, rtol: float, atol: Array, repeats: int) -> tuple[Array, float]:
        """States of shape (people, times, n) and the least CPU seconds of a few runs, compiling not counted."""
        p, t = self.plain.program, scenario.t
        state = np.array([p.doses[d.port].split[0][0] for d in scenario.doses])
        when, amount = np.array([d.time for d in scenario.doses]), np.array([d.amount for d in scenario.doses])
        order = np.argsort(when, kind="stable")
        doses = (when[order], state[order], amount[order])
        self._arrays[1][:] = atol
        assert self._S["CVodeSVtolerances"](self._memory, rtol, self._tolerances) == 0
        Q, Y0 = self.plain.prep(P), self.plain.init(P)
        Y = np.full((len(P), len(t), p.n), np.nan)  # written once before: the kernel of the system need not find the pages meanwhile
        Q = Q if Q.shape[1] else np.zeros((len(P), 1))

        def run(people: int) -> int:
            return int(self._run(self._memory, self._y, self._written, *self._arrays[::2], self._q, Q[:people], Y0[:people], *doses, t, Y[:people]))

        run(0)
        used = float("inf")
        for _ in range(repeats):
            started = time.process_time()
            if failed := run(len(P)):
                raise RuntimeError(f"CVODE returned {failed}")
            used = min(used, time.process_time() - started)
        return Y, used


def _driver(S: dict[str, Any]) -> Callable[..., int]:
    init, step, interpolate, stop_at = S["CVodeReInit"], S["CVode"], S["CVodeGetDky"], S["CVodeSetStopTime"]

    @nb.njit(**OPTIONS)  # type: ignore[untyped-decorator]
    def run(
        memory: int, y_vector: int, out_vector: int, y: Array, out: Array, q: Array, Q: Array, Y0: Array, when: Any, state: Any, amount: Any,
        t_out: Array, Y: Array,
    ) -> int:  # fmt: skip
        reached = np.zeros(1)
        address = reached.ctypes.data
        for person in range(len(Q)):
            q[:] = Q[person]
            y[:] = Y0[person]
            t, row, event, end = t_out[0], 0, 0, t_out[-1]
            while True:
                while event < len(when) and when[event] <= t:
                    y[state[event]] += amount[event]
                    event += 1
                if t_out[row] == t:
                    Y[person, row] = y
                    row += 1
                if t >= end:
                    break
                target = min(when[event], end) if event < len(when) else end
                code = init(memory, t, y_vector)
                code = min(code, stop_at(memory, target))
                while t < target and code >= 0:
                    code = step(memory, target, y_vector, address, _ONE_STEP)
                    t = reached[0]
                    while t_out[row] < t and code >= 0:
                        code = min(code, interpolate(memory, t_out[row], 0, out_vector))
                        Y[person, row] = out
                        row += 1
                    if t_out[row] == t and t < target:
                        Y[person, row] = y
                        row += 1
                if code < 0:
                    return int(code)
        return 0

    compiled: Callable[..., int] = run
    return compiled
