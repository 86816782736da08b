"""Cases of the CUDA target. `test_cuda.py` runs this file in Numba's CUDA simulator and, where there is one, on a GPU.

The simulator does the arithmetic of the plain path: the same bits. A GPU may fuse a multiplication with an addition: the same to rounding.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from numba import config

from papaver.core import rodas5p
from papaver.core.cuda import CudaTarget
from papaver.core.emit import output_nodes
from papaver.core.rules import Rule

Array = npt.NDArray[np.float64]
GRID = np.linspace(0.0, 60.0, 13)


def same(found: Array, expected: Array) -> None:
    if config.ENABLE_CUDASIM:
        assert np.array_equal(found, expected, equal_nan=True)
    else:
        # steps differ by rounding; what that leaves is far below the tolerance of the integration, 1e-6
        peak = np.nanmax(np.abs(expected), axis=tuple(range(expected.ndim - 1))).clip(1e-9)
        assert np.array_equal(np.isnan(found), np.isnan(expected))
        assert np.nanmax(np.abs(found - expected) / peak) < 1e-8


def different_people(small, n: int) -> Array:
    P = small.P(n)
    P[:, small.program.param_names.index("drug.pk.CL")] = np.geomspace(0.4, 4.0, n)
    return P


def test_states_are_those_of_the_plain_path(small, small_doses) -> None:
    P = different_people(small, 5)
    found, plain = (small.solver.solve(P, small_doses, GRID, solver=s) for s in ("cuda", "scalar"))
    assert found.reasons == [""] * 5
    assert len(set(plain.steps)) > 1
    same(found.Y, plain.Y)
    same(found.end, plain.end)
    if config.ENABLE_CUDASIM:
        assert np.array_equal(found.steps, plain.steps)


def test_outputs_are_those_of_the_plain_path(small, small_doses) -> None:
    nodes = output_nodes(small.program, ["drug.pk.C1", "mop.stimulus", "effect.activation"])
    P = different_people(small, 3)
    found, plain = (small.solver.solve(P, small_doses, GRID, solver=s, nodes=nodes) for s in ("cuda", "scalar"))
    same(found.Y, plain.Y)


def test_one_failing_person_leaves_the_others_alone(small, small_doses) -> None:
    P = small.P(3)
    P[1, small.program.param_names.index("runaway.k")] = 0.1
    found, plain = (small.solver.solve(P, small_doses, GRID, solver=s, max_steps=400) for s in ("cuda", "scalar"))
    assert "worst in runaway.x" in found.reasons[1]
    assert [bool(r) for r in found.reasons] == [False, True, False]
    same(found.Y, plain.Y)


def test_rules_give_doses_and_stop(small, small_doses) -> None:
    program = small.program
    rules = [
        Rule(program.output("drug.pk.C1"), False, 30.0, at=1.0, after=2.0, times=2, every=10.0, port="drug.pk.dose", amount=500.0, duration=4.0),
        Rule(program.output("mop.occupied"), False, 0.45, at=15.0, hold=5.0, stop=True),
    ]
    P = different_people(small, 3)
    found, plain = (small.solver.solve(P, small_doses[:1], GRID, solver=s, rules=rules) for s in ("cuda", "scalar"))
    given = [f.rule for one in plain.firings for f in one]
    assert given.count(0) >= 3
    assert given.count(1) in (1, 2), "some stop and some do not"
    assert [[f.rule for f in one] for one in found.firings] == [[f.rule for f in one] for one in plain.firings]
    same(np.array([f.fired for one in found.firings for f in one]), np.array([f.fired for one in plain.firings for f in one]))
    same(found.stopped, plain.stopped)
    same(found.Y, plain.Y)


def test_launches_grids_and_parameter_events(small) -> None:
    """Several launches, two output grids and a change of parameters at 30 min, against the compiled kernel."""
    people, solver, program = 5, small.solver, small.program
    P = different_people(small, people)
    later = small.P(people, drug__pk__CL=0.1) * np.linspace(1.0, 1.1, people)[:, None]
    A1 = program.state_names.index("drug.pk.A1")
    rows = [[0.0, 10.0, 25.0, 30.0], [rodas5p.ADD, rodas5p.RATE, rodas5p.RATE, rodas5p.PARAMETERS], [A1, A1, A1, people], [900.0, 20.0, -20.0, 0.0]]
    events = [np.tile(np.array(row, dtype), (people, 1)) for row, dtype in zip(rows, (float, np.int64, np.int64, float), strict=True)]
    events[2][:, 3] += np.arange(people)
    counts = np.array([4, 4, 4, 4, 3])
    grids = np.array([np.linspace(0, 60, 9), [0, 10, 45, 50, 0, 0, 0, 0, 0]])
    n_times, grid = np.array([9, 4]), np.array([0, 1, 0, 1, 1])
    atol = np.full(program.n, 1e-8)
    both = np.concatenate([P, later])
    ask = (both, solver.plain.prep(both), solver.plain.init(P), events, counts, grids, atol, 1e-6, 10_000)
    expected = solver.kernel().run(*ask, n_times=n_times, grid=grid)
    found = CudaTarget(program).run(*ask, n_times=n_times, grid=grid, batch=2)
    unchanged = solver.kernel().run(*ask[:4], counts.clip(max=3), *ask[5:], n_times=n_times, grid=grid)
    assert [np.array_equal(a, b) for a, b in zip(unchanged[1], expected[1], strict=True)] == [False] * 4 + [True]
    assert np.isnan(found[0][1, :, 4:]).all()
    same(np.moveaxis(found[0], 1, 2), np.moveaxis(expected[0], 1, 2))
    same(found[1], expected[1])


def test_too_many_steps(small, small_doses) -> None:
    found = small.solver.solve(small.P(), small_doses, GRID, solver="cuda", max_steps=4)
    assert found.reasons[0].startswith("too many steps at ")
    assert np.isnan(found.Y[0, -1]).all()


@pytest.mark.parametrize("people", [1, 65])
def test_more_people_than_a_block_has_threads(small, people: int) -> None:
    P = different_people(small, people)
    t = np.array([0.0, 0.5])
    found, plain = (small.solver.solve(P, [], t, solver=s) for s in ("cuda", "scalar"))
    same(found.Y, plain.Y)
