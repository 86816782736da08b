"""The gonadal axis: opioids push LH down, dynorphin holds it back, testosterone follows."""

from __future__ import annotations

import numpy as np
import pytest

from papaver.components.hormones import GonadalAxis

AXIS = {"reach": 0.8, "release": 1.0, "LH0": 4.5, "T0": 18.0, "tau_LH": 120.0, "tau_T": 1440.0, "start": 1.0}
DAYS = np.array([0.0, 20 * 1440.0])


def axis(run, effect: float = 0.0, brake: float = 0.05) -> list[float]:
    """LH and testosterone after 20 days."""
    return list(run(GonadalAxis, AXIS, ["LH", "T"], t=DAYS, inputs={"effect": effect, "brake": brake, "brake_rest": 0.05})[-1])


def test_at_rest_nothing_moves(run) -> None:
    assert axis(run) == pytest.approx([4.5, 18.0])


def test_an_opioid_takes_its_reach_from_both(run) -> None:
    assert axis(run, effect=0.5) == pytest.approx([4.5 * 0.6, 18 * 0.6])


def test_without_dynorphin_LH_doubles_and_a_KOP_agonist_takes_from_it(run) -> None:
    assert axis(run, brake=0.0) == pytest.approx([9.0, 36.0], rel=1e-5)
    assert axis(run, brake=0.15) == pytest.approx([4.5 / 2, 9.0])


def test_a_blocker_of_KOP_makes_up_for_what_MOP_takes(run) -> None:
    assert axis(run, effect=0.5)[0] < axis(run, effect=0.5, brake=0.01)[0] < 4.5 * 2


@pytest.mark.parametrize("brake", [0.0, 0.05, 1.0])
def test_neither_falls_below_zero(run, brake: float) -> None:
    assert min(axis(run, effect=1.0, brake=brake)) > 0
