"""The fit's pattern search on problems whose answer is known: it sees past jumps where slopes end a descent."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from papaver.bench.study import Observation
from papaver.inference.fit import FINE, INSIDE, Free, Problem, _residual

Array = npt.NDArray[np.float64]


class Known(Problem):
    """Residuals from a formula instead of simulations."""

    def __init__(self, n: int, formula) -> None:
        self.free = [Free(f"a.{k}", "1", "log", 0.0, 1.0) for k in range(n)]
        self.formula = formula

    def residuals(self, x: Array) -> Array:
        return np.asarray(self.formula(x), dtype=float)

    def around(self, x: Array, base: Array, steps) -> list[Array]:
        out = []
        for k, dx in steps:
            there = x.copy()
            there[k] += dx
            out.append(self.residuals(there))
        return out


def search(n: int, formula, start: float = 0.0) -> Array:
    return Known(n, formula).search(np.full(n, start), lambda *_: None)


@pytest.mark.parametrize("at", [0.9, -1.7])
def test_it_comes_within_a_fine_step_of_the_least(at: float) -> None:
    assert search(2, lambda x: [x[0] - at, 2 * (x[1] + at)]) == pytest.approx([at, -at], abs=FINE)


def test_it_passes_a_readout_that_jumps() -> None:
    # slopes see nothing but the steps of a staircase: flat everywhere
    assert search(1, lambda x: [np.floor(4 * x[0]) / 4 - 1.0])[0] >= 1.0 - FINE


def test_it_stays_where_nothing_is_better() -> None:
    assert search(3, lambda x: 3 * x) == pytest.approx([0.0, 0.0, 0.0])


@pytest.mark.parametrize(("predicted", "zero"), [(0.0, True), (0.05, True), (0.1 / INSIDE, True), (0.11, False)])
def test_an_interval_from_zero_has_no_lower_end(predicted: float, zero: bool) -> None:
    apnoea = Observation(quantity="minute_ventilation", analyte="fentanyl", unit="1", low=0.0, high=0.1)
    assert (_residual(apnoea, predicted, 1) == 0) is zero


def test_an_interval_above_zero_pulls_from_both_sides() -> None:
    clearance = Observation(quantity="CL", analyte="fentanyl", unit="L/min", low=0.5, high=0.8)
    assert _residual(clearance, 0.3, 1) < 0 == _residual(clearance, 0.6, 1) < _residual(clearance, 1.2, 1)
