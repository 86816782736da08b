"""The engine bench's strongest rival solves the same problem: CVODE with compiled callbacks against the product's own paths and CVODE in Python."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.cvode import CompiledCVODE, why_no_cvode
from benchmarks.models import benchmark, chronic, nodes, people, rescue
from benchmarks.precision import Case, Path, climb, error

from papaver.core.solve import Solver, absolute_tolerance

pytestmark = pytest.mark.skipif(bool(why_no_cvode()), reason=why_no_cvode())


def test_compiled_cvode_agrees_with_the_other_paths() -> None:
    program = benchmark()
    solver, P = Solver(program), people(program, 2)
    compiled, wanted = CompiledCVODE(solver.plain), nodes(program)
    for s in (rescue(every=7.0), chronic(4, 1440.0)):
        for path, rtol, most in (("cvode", 1e-10, 1e-8), ("scalar", 1e-6, 3e-6)):
            Y, seconds = compiled.solve(s, P, 1e-10, absolute_tolerance(program, 1e-10), 1)
            assert seconds > 0
            reference = solver.plain.evaluate(wanted, Y, P)
            assert error(solver.solve(P, s.doses, s.t, solver=path, rtol=rtol, nodes=wanted).Y, reference) < most


def test_a_path_is_measured_at_the_loosest_tolerance_that_is_precise_enough() -> None:
    reference = np.ones((2, 5, 1))

    def solve(scenario: object, n: int, rtol: float, times: int) -> tuple[np.ndarray, float]:
        return reference[:n] * (1 + 10 * rtol), float(n) / (1 + rtol)

    path = Path("ten times its tolerance", (2,), solve, (100,), 3)
    climb(path, [Case(rescue(), reference)])
    fixed, precise = path.found[0]
    assert (fixed.rtol, precise.rtol) == (1e-6, 2e-7)
    assert fixed.error == pytest.approx(1e-5)
    assert precise.error == pytest.approx(2e-6)
    assert error(np.full((2, 5, 1), np.nan), reference) == np.inf
