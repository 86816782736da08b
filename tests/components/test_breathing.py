"""Blood flow and the drives to breathe against the equations of Ursino and Magosso, and the directions everybody knows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from papaver.components.breath import Breath
from papaver.components.breathing import BreathingControl, FlowControl

FLOW = {"Q_b0": 0.75, "Q_t0": 4.25, "tau_CO2": 0.3, "tau_O2": 0.2}
AIR = {"half_CO2": 40.0, "rest_O2": 95.0, "P_a_CO2": 40.0, "P_a_O2": 95.0}


def flow(run, *names: str, t: float = 20.0, **inputs: float) -> np.ndarray:
    return run(FlowControl, FLOW, list(names), t=[0, t], inputs={**AIR, **inputs})[-1]


def test_at_rest_flow_is_the_resting_flow(run) -> None:
    assert flow(run, "Q_b", "Q_t", "Q", "y_CO2", "y_O2") == pytest.approx([0.75, 4.25, 5.0, 0.0, 0.0], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("CO2", [15.0, 30.0, 44.5, 55.0, 90.0])
def test_carbon_dioxide_widens_the_brains_vessels_between_two_ends(run, CO2: float) -> None:
    Q_b, Q_t = flow(run, "Q_b", "Q_t", P_a_CO2=CO2)
    assert Q_b == pytest.approx(0.75 * (1 + 0.6 * math.tanh((CO2 - 40) / 9)), rel=1e-7)
    assert Q_t == pytest.approx(4.25, rel=1e-9)


def test_lack_of_oxygen_widens_both_up_to_an_end(run) -> None:
    rows = [flow(run, "Q_b", "Q_t", "y_O2", P_a_O2=x) for x in (95.0, 60.0, 40.0, 25.0, 5.0)]
    for x, (Q_b, Q_t, y) in zip((95.0, 60.0, 40.0, 25.0, 5.0), rows, strict=True):
        asked = min(17 * (math.exp(-x / 11) - math.exp(-95 / 11)), 2.0)
        assert y == pytest.approx(asked, rel=1e-7, abs=1e-9)
        assert Q_b == pytest.approx(0.75 * (1 + asked), rel=1e-7)
        assert Q_t == pytest.approx(4.25 * (1 + 0.32 * asked), rel=1e-7)
    assert rows[-1][2] == pytest.approx(2.0)


def test_each_response_has_its_time_constant(run) -> None:
    t = np.linspace(0, 1, 6)
    y = run(FlowControl, FLOW, ["y_CO2", "y_O2"], t=t, inputs={**AIR, "P_a_CO2": 50.0, "P_a_O2": 40.0, "init_CO2": 0.1})
    CO2, O2 = 0.6 * math.tanh(10 / 9), 17 * (math.exp(-40 / 11) - math.exp(-95 / 11))
    assert y[:, 0] == pytest.approx(CO2 + (0.1 - CO2) * np.exp(-t / 0.3), rel=1e-7)
    assert y[:, 1] == pytest.approx(O2 * (1 - np.exp(-t / 0.2)), rel=1e-7, abs=1e-10)


def test_what_the_brain_keeps_of_a_falling_pressure_the_others_lose(run) -> None:
    """Total flow is demand times pressure, however the brain's own regulation divides it."""
    for heart, kept in ((1.0, 1.0), (0.7, 0.95), (0.3, 0.5)):
        Q_b, Q_t, Q, demand = flow(run, "Q_b", "Q_t", "Q", "demand", heart=heart, heart_b=kept, tone=0.8)
        assert Q_b == pytest.approx(0.75 * kept, rel=1e-9)
        assert demand == pytest.approx(0.75 + 0.8 * 4.25, rel=1e-9)
        assert pytest.approx(demand * heart, rel=1e-9) == Q
        assert Q_t == pytest.approx(Q - Q_b, rel=1e-9)


# breathing

CONTROL = {"G_p": 1.3, "G_c": 1.5, "tau_p": 0.1, "tau_c": 1.0, "tau_h": 3.0, "dead": 0.33}


def carotid(O2: float, CO2: float) -> float:
    x = math.exp((O2 - 45) / 29.27)
    return 1.738 * math.log(CO2 / 18) * (12.3 + 0.8352 * x) / (1 + x)


REST = {"W": 7.0, "f_rest": carotid(95, 40), "P_rest": 48.0, "hyp_rest": 35.0, "P_a_CO2": 40.0, "P_a_O2": 95.0, "P_c_CO2": 48.0, "P_b_O2": 35.0}


def breath(run, *names: str, t: float = 60.0, **inputs: float) -> np.ndarray:
    return run(BreathingControl, CONTROL, list(names), t=[0, t], inputs={**REST, **inputs})[-1]


def test_at_rest_breathing_is_wakefulness_alone(run) -> None:
    assert breath(run, "VE", "VA", "drive", "D_p", "D_c", "a_h") == pytest.approx([7.0, 7 * 0.67, 0, 0, 0, 1], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("O2", "CO2"), [(95.0, 50.0), (45.0, 40.0), (60.0, 35.0), (300.0, 40.0), (30.0, 70.0)])
def test_the_carotid_body_answers_both_gases_at_once(run, O2: float, CO2: float) -> None:
    f, D_p = breath(run, "f", "D_p", P_a_O2=O2, P_a_CO2=CO2)
    assert f == pytest.approx(carotid(O2, CO2), rel=1e-10)
    assert D_p == pytest.approx(1.3 * (carotid(O2, CO2) - carotid(95, 40)), rel=1e-6)


def test_lack_of_oxygen_and_carbon_dioxide_multiply_at_the_carotid_body() -> None:
    """The response to carbon dioxide is steeper when oxygen is low."""
    assert carotid(45, 50) - carotid(45, 40) > 1.5 * (carotid(150, 50) - carotid(150, 40))


def test_drives_add_to_wakefulness_with_their_gains_and_times(run) -> None:
    t = np.linspace(0, 4, 9)
    inputs = {**REST, "P_a_CO2": 45.0, "P_c_CO2": 53.0}
    D_p, D_c, VE, VA = run(BreathingControl, CONTROL, ["D_p", "D_c", "VE", "VA"], t=t, inputs=inputs).T
    peripheral = 1.3 * (carotid(95, 45) - carotid(95, 40))
    assert D_p == pytest.approx(peripheral * (1 - np.exp(-t / 0.1)), rel=1e-6, abs=1e-9)
    assert D_c == pytest.approx(1.5 * 5 * (1 - np.exp(-t)), rel=1e-6, abs=1e-9)
    assert pytest.approx(7 + D_p + D_c, rel=1e-7) == VE
    assert pytest.approx(0.67 * VE, rel=1e-12) == VA


def test_too_little_carbon_dioxide_takes_the_drive_but_not_wakefulness(run) -> None:
    drive, VE = breath(run, "drive", "VE", P_a_CO2=25.0, P_c_CO2=35.0)
    assert drive == 0
    assert pytest.approx(7.0) == VE


def test_asleep_and_without_a_drive_there_is_no_breath(run) -> None:
    assert breath(run, "VE", wake=0.0, P_a_CO2=25.0, P_c_CO2=35.0)[0] == pytest.approx(0.2 * math.log(2))  # gasps at the threshold
    assert breath(run, "VE", wake=-0.5, P_a_CO2=25.0, P_c_CO2=35.0)[0] < 1e-6
    assert breath(run, "VE", wake=0.0, P_c_CO2=58.0)[0] == pytest.approx(15, rel=1e-6)


@pytest.mark.parametrize("left", [0.0, 0.3, 1.0])
def test_drugs_take_a_share_of_each_drive(run, left: float) -> None:
    hungry = {"P_a_CO2": 55.0, "P_c_CO2": 60.0}
    full = breath(run, "VE", **hungry)[0] - 7.0
    assert breath(run, "VE", chemo=left, **hungry)[0] == pytest.approx(7 + left * full, rel=1e-6)
    assert breath(run, "VE", wake=left, **hungry)[0] == pytest.approx(7 * left + full, rel=1e-6)
    assert breath(run, "VE", working=left, **hungry)[0] == pytest.approx(left * (7 + full), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("brain", "gain"),
    [(35.0, 1.0), (36.6, 1.5), (34.0, 1 - 10 / 32), (40.0, 1 + 50 / 32), (80.0, 1 + 50 / 32), (32.8, 1 - 22 / 32),
     (5.0, 1 - 22 / 32)],
)  # fmt: skip
def test_brain_hypoxia_weakens_the_peripheral_drive_within_bounds(run, brain: float, gain: float) -> None:
    a, D_p, VE = breath(run, "a_h", "D_p", "VE", P_b_O2=brain, P_a_CO2=50.0)
    assert a == pytest.approx(gain, rel=1e-6)
    assert pytest.approx(7 + gain * D_p, rel=1e-7) == VE


def test_brain_hypoxia_does_not_weaken_a_drive_that_is_below_rest(run) -> None:
    D_p, D_c, VE = breath(run, "D_p", "D_c", "VE", P_b_O2=5.0, P_a_CO2=35.0, P_c_CO2=55.0)
    assert D_p < -0.3
    assert pytest.approx(7 + D_p + D_c, rel=1e-7) == VE


PATTERN = {"RR0": 14.0, "share": 0.25, "slowing": 0.3, "slack": 0.3, "dead": 0.34}


def test_the_rate_follows_drive_opioids_and_withdrawal(run) -> None:
    def pattern(**inputs: float) -> np.ndarray:
        resting = {"neural": 7.0, "VE_rest": 7.0, "opioid": 1.0, "arousal": 1.0, "open": 0.0, "closed": 0.0, "bag": 0.0, "stirred": 0.0}
        return run(Breath, PATTERN, ["RR", "VE", "VT"], inputs={**resting, **inputs})[0]

    assert pattern() == pytest.approx([14, 7, 0.5], rel=1e-12)
    assert pattern(neural=112.0) == pytest.approx([28, 112, 4], rel=1e-12)
    assert pattern(opioid=0.25)[0] == pytest.approx(14 * 0.25**0.3, rel=1e-12)
    RR, VE, VT = pattern(stirred=0.2)
    assert (RR, VE) == pytest.approx((14 * 1.2, 7), rel=1e-12)
    assert VT == pytest.approx(VE / RR, rel=1e-12)
