"""The fit's pattern search on problems whose answer is known: it sees past jumps where slopes end a descent."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from papaver.inference.fit import FINE, Free, Problem

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
