"""Blood gases against Spencer's curves and what is known of blood; lung, organs, pools and delays against their closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma

from papaver.components.gas import BloodGases, BloodPool, CarotidDelay, CirculatoryDelay, Lung, Organ
from papaver.core import Component, Param, System
from papaver.core.lower import lower
from papaver.core.targets import PlainTarget

Array = npt.NDArray[np.float64]
REST = {
    "P_A_O2": 100.0, "P_A_CO2": 40.0, "P_b_O2": 35.0, "P_b_CO2": 48.0, "P_t_O2": 40.0, "P_t_CO2": 45.0, "Q_b": 0.75, "Q_t": 4.25, "C_v_O2": 0.15,
    "C_v_CO2": 0.52, "shunt": 0.0,
}  # fmt: skip
Gases = Callable[..., dict[str, float]]


@pytest.fixture(scope="module")
def gases() -> Gases:
    """gases(**changes of REST) -> all outputs of BloodGases by name."""
    s = System("demo")
    s.add("blood", BloodGases)
    for name in REST:
        if name != "shunt":
            s.add(name, type("Held", (Component,), {"value": Param(BloodGases.symbols[name].unit, "held")}))
            s.connect(f"{name}.value", f"blood.{name}")
    target = PlainTarget(lower(s))
    names = [n for n in target.program.flat.outputs if n.startswith("blood.")]

    def outputs(**changes: float) -> dict[str, float]:
        values = {("blood.shunt" if k == "shunt" else f"{k}.value"): v for k, v in {**REST, **changes}.items()}
        P = np.array([[values[n] for n in target.program.param_names]])
        found = target.outputs(names, np.zeros((1, 1, 0)), P)[0, 0].tolist()
        return {n.removeprefix("blood."): x for n, x in zip(names, found, strict=True)}

    return outputs


def spencer(O2: float, CO2: float) -> tuple[float, float]:
    """Contents, L/L, as Ursino, Magosso and Avanzolini print them (2001, eqs 5 and 6): Z*C*F^(1/a)/(1 + F^(1/a))."""
    F_O2 = O2 * (1 + 0.008275 * CO2) / (14.99 * (1 + 0.03198 * CO2))
    F_CO2 = CO2 * (1 + 0.03255 * O2) / (194.4 * (1 + 0.05591 * O2))
    x, y = F_O2 ** (1 / 0.3836), F_CO2 ** (1 / 1.819)
    return 0.02272 * 9 * x / (1 + x), 0.02272 * 86.11 * y / (1 + y)


@given(O2=st.floats(0.5, 600), CO2=st.floats(5, 150))
def test_contents_are_spencers_and_pressures_come_back_from_them(gases: Gases, O2: float, CO2: float) -> None:
    """Without a shunt arterial blood has the pressures of the alveoli."""
    out = gases(P_A_O2=O2, P_A_CO2=CO2)
    assert (out["C_e_O2"], out["C_e_CO2"]) == pytest.approx(spencer(O2, CO2), rel=1e-9)
    assert out["P_a_O2"] == pytest.approx(O2, rel=1e-5)
    assert out["P_a_CO2"] == pytest.approx(CO2, rel=1e-6)


def test_blood_at_rest_is_what_textbooks_say(gases: Gases) -> None:
    """West JB, Respiratory Physiology: 0.2 L/L of oxygen, 0.48 of carbon dioxide, 97 % saturation, half of it at 27 mmHg."""
    out = gases()
    assert out["C_a_O2"] == pytest.approx(0.2, abs=0.01)
    assert out["C_a_CO2"] == pytest.approx(0.48, abs=0.08)
    assert out["S_a"] == pytest.approx(0.97, abs=0.02)
    assert gases(P_A_O2=27.0)["S_a"] == pytest.approx(0.5, abs=0.05)


def test_carbon_dioxide_drives_oxygen_off_and_oxygen_carbon_dioxide(gases: Gases) -> None:
    """Bohr and Haldane."""
    assert (np.diff([gases(P_A_O2=40.0, P_A_CO2=x)["C_e_O2"] for x in (20.0, 40.0, 60.0)]) < -0.005).all()
    assert gases(P_A_O2=40.0)["C_e_CO2"] > gases(P_A_O2=100.0)["C_e_CO2"] + 0.005


@given(share=st.floats(0, 0.9))
def test_a_shunt_mixes_venous_blood_in(gases: Gases, share: float) -> None:
    out = gases(shunt=share)
    assert out["C_a_O2"] == pytest.approx((1 - share) * out["C_e_O2"] + share * 0.15, rel=1e-9)
    assert out["C_a_CO2"] == pytest.approx((1 - share) * out["C_e_CO2"] + share * 0.52, rel=1e-9)
    assert spencer(out["P_a_O2"], out["P_a_CO2"]) == pytest.approx((out["C_a_O2"], out["C_a_CO2"]), rel=1e-6)
    assert out["P_a_O2"] <= 100 + 1e-3


def test_organs_veins_mix_by_their_flows(gases: Gases) -> None:
    out = gases()
    assert (out["C_vb_O2"], out["C_vb_CO2"]) == pytest.approx(spencer(35, 48), rel=1e-9)
    assert (out["C_vt_O2"], out["C_vt_CO2"]) == pytest.approx(spencer(40, 45), rel=1e-9)
    assert out["Q"] == 5.0
    assert out["C_mix_O2"] == pytest.approx(0.15 * out["C_vb_O2"] + 0.85 * out["C_vt_O2"], rel=1e-12)
    assert out["C_mix_CO2"] == pytest.approx(0.15 * out["C_vb_CO2"] + 0.85 * out["C_vt_CO2"], rel=1e-12)


def test_tissue_without_oxygen_gives_no_nan(gases: Gases) -> None:
    out = gases(P_b_O2=0.0, P_t_O2=-1.0)
    assert np.isfinite(list(out.values())).all()
    assert 0 <= out["C_mix_O2"] < 1e-6


# pools, lung, organs


def test_a_pool_follows_what_flows_in(run) -> None:
    t = np.linspace(0, 3, 7)
    inputs = {"init_O2": 0.1, "init_CO2": 0.5, "Q": 5.0, "C_in_O2": 0.2, "C_in_CO2": 0.45}
    C = run(BloodPool, {"V": 2.5}, ["C_O2", "C_CO2"], t=t, inputs=inputs)
    assert C[:, 0] == pytest.approx(0.2 - 0.1 * np.exp(-2 * t), rel=1e-7)
    assert C[:, 1] == pytest.approx(0.45 + 0.05 * np.exp(-2 * t), rel=1e-7)


LUNG = {"V_A": 2.8, "shunt": 0.05}
BREATH = {
    "P_I_O2": 150.0, "init_O2": 100.0, "init_CO2": 40.0, "VA": 4.0, "Q": 5.0, "C_e_O2": 0.2, "C_e_CO2": 0.48, "C_v_O2": 0.15, "C_v_CO2": 0.52,
}  # fmt: skip


def test_alveolar_gas_settles_where_ventilation_meets_exchange(run) -> None:
    """Alveolar ventilation equation: P_CO2 = 863 * output / VA, P_O2 = P_I - 863 * uptake / VA; approached with VA/V_A."""
    t = np.linspace(0, 5, 6)
    O2, CO2, uptake, output = run(Lung, LUNG, ["P_O2", "P_CO2", "uptake_O2", "output_CO2"], t=t, inputs=BREATH).T
    assert uptake == pytest.approx(np.full(6, 5 * 0.95 * 0.05), rel=1e-12)
    assert output == pytest.approx(np.full(6, 5 * 0.95 * 0.04), rel=1e-12)
    end_O2, end_CO2, fade = 150 - 863 * uptake[0] / 4, 863 * output[0] / 4, np.exp(-4 / 2.8 * t)
    assert pytest.approx(end_O2 + (100 - end_O2) * fade, rel=1e-7) == O2
    assert pytest.approx(end_CO2 + (40 - end_CO2) * fade, rel=1e-7) == CO2


def test_without_breathing_oxygen_falls_and_carbon_dioxide_rises_in_a_line(run) -> None:
    t = np.linspace(0, 0.5, 6)
    O2, CO2 = run(Lung, LUNG, ["P_O2", "P_CO2"], t=t, inputs={**BREATH, "VA": 0.0}).T
    assert pytest.approx(100 - 863 * 5 * 0.95 * 0.05 / 2.8 * t, rel=1e-7) == O2
    assert pytest.approx(40 + 863 * 5 * 0.95 * 0.04 / 2.8 * t, rel=1e-7) == CO2


def test_inspired_carbon_dioxide_adds_to_the_alveolar(run) -> None:
    plain, more = (run(Lung, LUNG, ["P_CO2"], t=[0, 60], inputs={**BREATH, "P_I_CO2": x})[-1, 0] for x in (0.0, 20.0))
    assert more - plain == pytest.approx(20, rel=1e-7)


ORGAN = {
    "V": 1.5, "M_O2": 0.05, "M_CO2": 0.04, "floor_O2": 0.6, "floor_CO2": 0.5, "P_low": 10.0, "sol_O2": 3.2e-5, "sol_CO2": 7e-4, "bound_CO2": 0.4,
}  # fmt: skip
BLOOD = {"init_O2": 35 * 3.2e-5, "init_CO2": 0.4 + 48 * 7e-4, "Q": 0.75, "C_a_O2": 0.2, "C_a_CO2": 0.48, "C_v_O2": 0.2, "C_v_CO2": 0.48}


@pytest.mark.parametrize(
    ("depression", "O2", "CO2", "use", "make"),
    [
        (1.0, 35, 48, 0.05, 0.04),
        (0.8, 35, 48, 0.04, 0.032),
        (0.55, 35, 48, 0.03, 0.022),
        (0.1, 35, 48, 0.03, 0.02),
        (1.0, 10, 48, 0.05, 0.04),
        (1.0, 5, 48, 0.025, 0.02),
        (0.1, 5, 48, 0.015, 0.01),
        (1.0, 0, 48, 0.0, 0.0),
    ],
)
def test_metabolism_falls_with_drugs_to_a_floor_and_with_oxygen(
    run, depression: float, O2: float, CO2: float, use: float, make: float
) -> None:  # fmt: skip
    inputs = {**BLOOD, "init_O2": O2 * 3.2e-5, "init_CO2": 0.4 + CO2 * 7e-4, "depression": depression}
    out = run(Organ, ORGAN, ["P_O2", "P_CO2", "use_O2", "make_CO2"], t=[0, 1e-6], inputs=inputs)[0]
    assert out == pytest.approx([O2, CO2, use, make], rel=1e-9, abs=1e-12)


def test_an_organ_keeps_what_its_blood_leaves(run) -> None:
    """Extraction equal to metabolism keeps both stores (Fick); a vein like the artery lets them run down and up."""
    t = np.linspace(0, 0.01, 3)
    fick = {**BLOOD, "C_v_O2": 0.2 - 0.05 / 0.75, "C_v_CO2": 0.48 + 0.04 / 0.75}
    O2, CO2 = run(Organ, ORGAN, ["C_O2", "C_CO2"], t=t, inputs=fick).T
    assert pytest.approx(np.full(3, BLOOD["init_O2"]), rel=1e-7) == O2
    assert pytest.approx(np.full(3, BLOOD["init_CO2"]), rel=1e-9) == CO2
    O2, CO2 = run(Organ, ORGAN, ["C_O2", "C_CO2"], t=t, inputs=BLOOD).T
    assert pytest.approx(BLOOD["init_O2"] - 0.05 / 1.5 * t, rel=1e-6) == O2
    assert pytest.approx(BLOOD["init_CO2"] + 0.04 / 1.5 * t, rel=1e-9) == CO2


def test_without_blood_an_organ_uses_its_oxygen_up_and_no_more(run) -> None:
    """Below P_low the consumption falls with the pressure: an exponential end, never below zero."""
    rate = 0.05 / (1.5 * 10 * 3.2e-5)
    t = np.array([0.0, 25 * 3.2e-5 * 1.5 / 0.05, 25 * 3.2e-5 * 1.5 / 0.05 + 1 / rate, 1.0])
    O2 = run(Organ, ORGAN, ["P_O2"], t=t, inputs={**BLOOD, "Q": 0.0})[:, 0]
    assert pytest.approx([35, 10, 10 * np.exp(-1), 0], rel=1e-4, abs=1e-4) == O2
    assert (O2 >= -1e-9).all()


# delays


@pytest.mark.parametrize(("Q", "V"), [(5.0, 1.2), (2.5, 1.2)])
def test_a_delay_is_ten_stages_of_a_mean_of_volume_over_flow(run, Q: float, V: float) -> None:
    t = np.linspace(0, 4 * V / Q, 9)
    P = run(CirculatoryDelay, {"V": V}, ["P"], t=t, inputs={"init": 40.0, "Q": Q, "P_in": 60.0})[:, 0]
    assert pytest.approx(40 + 20 * gamma.cdf(t, 10, scale=V / Q / 10), rel=1e-6) == P


def test_the_carotid_body_sees_arterial_pressures_through_two_stages(run) -> None:
    t = np.linspace(0, 1, 9)
    inputs = {"init_O2": 95.0, "init_CO2": 40.0, "Q": 5.0, "P_a_O2": 50.0, "P_a_CO2": 55.0}
    O2, CO2 = run(CarotidDelay, {"V": 1.0}, ["O2", "CO2"], t=t, inputs=inputs).T
    passed = gamma.cdf(t, 2, scale=0.1)
    assert pytest.approx(95 - 45 * passed, rel=1e-6) == O2
    assert pytest.approx(40 + 15 * passed, rel=1e-6) == CO2
