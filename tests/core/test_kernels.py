"""The compiled target: the functions of the language in vector code, the arithmetic of a step, and events that change parameters."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from numba import njit

from papaver.core import Component, Output, Param, State, System, d, rodas5p
from papaver.core.kernels import KernelTarget
from papaver.core.lower import lower
from papaver.core.mathlib import SCALAR
from papaver.core.simd import Library
from papaver.core.solve import Solver

CHANGE = 12.0
FUNCTIONS = ("exp_", "log_", "log1p_", "sqrt_", "softplus_", "sigmoid_")


@pytest.mark.slow
def test_vector_functions_give_the_bits_of_the_plain_ones() -> None:
    """Ordinary numbers, the ends of the range, and numbers that are none."""
    lines = [f"    o[{k}] = {name}(x[0])" for k, name in enumerate(FUNCTIONS)]
    source = "def f(x, y, o):\n" + "\n".join([*lines, f"    o[{len(lines)}] = pow_(x[0], y[0])", f"    o[{len(lines) + 1}] = maximum_(x[0], y[0])"])
    lanes = 8
    f = Library(source, lanes).intrinsic("f", "x, y, o")
    compiled = njit(error_model="numpy")(lambda x, y, o: f(x, y, o))
    rng = np.random.default_rng(7)
    ends = [0.0, 1.0, -1.0, 708.0, 709.0, -708.0, -708.5, -709.0, -745.0, 1e300, -1e300, math.inf, -math.inf, math.nan]
    X = np.concatenate([ends, rng.normal(size=500), 300 * rng.normal(size=500), np.exp(100 * rng.normal(size=498))]).reshape(-1, lanes)
    Y = rng.normal(size=X.shape)
    for x, y in zip(X, Y, strict=True):
        out = np.zeros(lanes * (len(FUNCTIONS) + 2))
        compiled(x, y, out)
        expected = [[plain(name, v) for v in x] for name in FUNCTIONS]
        expected += [[SCALAR["pow_"](v, n) for v, n in zip(x, y, strict=True)], [SCALAR["maximum_"](v, n) for v, n in zip(x, y, strict=True)]]
        assert np.array_equal(out.reshape(-1, lanes), np.array(expected), equal_nan=True), x


def plain(name: str, x: float) -> float:
    return SCALAR[name](float(x))


class Washout(Component):
    """First-order loss; the concentration depends on a volume that the rate does not."""

    k, V = Param("1/min"), Param("L")
    A = State("nmol")
    C = Output(A / V, "nmol/L")
    equations = [d(A) == -k * A]


@pytest.fixture(scope="module")
def changing() -> tuple[Solver, npt.NDArray[np.float64], list[npt.NDArray[np.float64]]]:
    """A system, parameters (five people, then what they change to after `CHANGE`), and the events: a dose, the change."""
    s = System("changing")
    s.add("x", Washout)
    program = lower(s)
    people = 5
    P = np.empty((2 * people, 2))
    P[:, program.param_names.index("x.k")] = [*np.linspace(0.05, 0.2, people), *np.linspace(0.3, 0.4, people)]
    P[:, program.param_names.index("x.V")] = [*np.linspace(10, 20, people), *np.linspace(31, 35, people)]
    columns = [([0.0, CHANGE], float), ([rodas5p.ADD, rodas5p.PARAMETERS], np.int64), ([0, people], np.int64), ([100.0, 0.0], float)]
    events = [np.tile(np.array(x, kind), (people, 1)) for x, kind in columns]
    events[2][:, 1] += np.arange(people)
    return Solver(program), P, events


@pytest.mark.slow
def test_outputs_follow_a_change_of_parameters(changing) -> None:
    """A/V is written with the volume that holds at the time, at the change itself and across a share of work for each thread."""
    solver, P, events = changing
    program, people = solver.program, 5
    V = program.param_names.index("x.V")
    t = np.linspace(0.0, 30.0, 11)
    wide = [np.tile(e, (4, 1)) for e in events]
    wide[2] = np.where(wide[1] == rodas5p.PARAMETERS, wide[2] + 3 * people, wide[2])
    P = np.concatenate([np.tile(P[:people], (4, 1)), P[people:]])
    target = KernelTarget(program, [program.output("x.C"), program.output("x.A")])
    ask = (P, solver.plain.prep(P), np.zeros((4 * people, 1)), wide, np.full(4 * people, 2), t, np.array([1e-8]), 1e-6, 1000)
    out, _, info = target.run(*ask)
    assert not info[:, 0].any()
    later = P[4 * people :, V]
    volume = np.where(t[None, :] < CHANGE, P[: 4 * people, V : V + 1], np.tile(later, 4)[:, None])
    assert out[:, 0] == pytest.approx(out[:, 1] / volume, rel=1e-14)
    assert np.array_equal(target.run(*ask, threads=2)[0], out)
    with pytest.raises(ValueError, match="they are the same rows"):
        target.run(P[: 4 * people], *ask[1:])


@pytest.mark.slow
def test_a_change_of_parameters_is_the_same_on_the_plain_path(changing) -> None:
    solver, P, events = changing
    people = 5
    t, Q, atol = np.linspace(0.0, 30.0, 11), solver.plain.prep(P), np.array([1e-8])
    out, _, _ = KernelTarget(solver.program).run(P, Q, np.zeros((people, 1)), events, np.full(people, 2), t, atol, 1e-6, 1000)
    k = solver.program.param_names.index("x.k")
    for p in range(people):
        one = [e[p].tolist() for e in events]
        one[2][1] = 1
        rows, _ = solver.plain.integrate(Q[[p, people + p]], np.zeros(1), one, t, atol, 1e-6, 1000)
        assert np.array_equal(rows.T, out[p])
        exact = 100.0 * np.exp(-np.where(t < CHANGE, P[p, k] * t, P[p, k] * CHANGE + P[people + p, k] * (t - CHANGE)))
        assert out[p, 0] == pytest.approx(exact, rel=1e-5)
