"""Liver, brain and vein at steady state against their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.components.brain import BrainCompartment
from papaver.components.liver import WellStirredLiver
from papaver.components.oral_fluid import OralFluid
from papaver.components.vein import ForearmVein
from papaver.core import Component, Output, Param, State, System, d
from papaver.core.lower import lower
from papaver.core.solve import Solver
from papaver.core.targets import PlainTarget


class Feed(Component):
    """Holds what the liver reads."""

    CL = Param("L/min", "")
    fm = Param("1", "", over="pathway")
    activity = Param("1", "", over="pathway")
    R = Param("nmol/min", "")
    share = Output(fm, "1", "")


@pytest.fixture(scope="module")
def liver():
    """liver(**values) -> the liver's outputs by name; two pathways a and b."""
    s = System("demo")
    s.add("feed", Feed, pathway=["a", "b"])
    s.add("liver", WellStirredLiver, pathway=["a", "b"])
    s.connect("feed.CL", "liver.CL")
    s.connect("feed.R", "liver.R_po")
    for k in "ab":
        s.connect(f"feed.fm[{k}]", f"liver.fm[{k}]")
        s.connect(f"feed.activity[{k}]", f"liver.activity[{k}]")
    target = PlainTarget(lower(s))
    names = [n for n in target.program.flat.outputs if n.startswith("liver.")]

    def run(**values: float) -> dict[str, float]:
        import numpy as np

        full = {
            "feed.CL": values["CL"], "feed.fm[a]": values["fm_a"], "feed.fm[b]": values["fm_b"], "feed.activity[a]": values.get("act_a", 1.0),
            "feed.activity[b]": values.get("act_b", 1.0), "feed.R": values.get("R", 10.0), "liver.Q_H": values.get("Q", 1.5),
            "liver.R_bp": values.get("R_bp", 1.0), "liver.perfused": values.get("perfused", 1.0),
        }  # fmt: skip
        P = np.array([[full[n] for n in target.program.param_names]])
        return dict(zip([n.removeprefix("liver.") for n in names], target.outputs(names, np.zeros((1, 1, 0)), P)[0, 0].tolist(), strict=True))

    return run


@given(CL=st.floats(0.05, 2.0), fm_a=st.floats(0.05, 0.6), fm_b=st.floats(0.05, 0.39), Q=st.floats(0.5, 2), R_bp=st.floats(0.5, 1.5))
def test_normal_activity_returns_the_typical_clearance(liver, CL: float, fm_a: float, fm_b: float, Q: float, R_bp: float) -> None:
    """CL_H = Q*E and F_H = 1 - E, with E = CL_H/Q; `scale` is 1 unless the drawn clearance exceeds what flow allows."""
    out = liver(CL=CL, fm_a=fm_a, fm_b=fm_b, Q=Q, R_bp=R_bp)
    hepatic, flow = CL * (fm_a + fm_b), Q * R_bp
    if hepatic / flow < 0.97:
        assert out["E"] == pytest.approx(hepatic / flow, rel=1e-10)
        assert out["scale[a]"] == pytest.approx(1.0, rel=1e-10)
        assert out["scale[b]"] == pytest.approx(1.0, rel=1e-10)
    else:
        assert out["E"] == pytest.approx(0.97, rel=1e-10)
    assert CL * (fm_a * out["scale[a]"] + fm_b * out["scale[b]"]) == pytest.approx(flow * out["E"], rel=1e-10)
    assert out["F_H"] == pytest.approx(1 - out["E"], rel=1e-10)


@given(act_a=st.floats(0.01, 5), act_b=st.floats(0.01, 5), perfused=st.floats(0.1, 1))
def test_activity_acts_on_intrinsic_clearance_and_flow_limits_the_result(liver, act_a: float, act_b: float, perfused: float) -> None:
    CL, fm_a, fm_b, Q = 1.2, 0.5, 0.4, 1.5
    out = liver(CL=CL, fm_a=fm_a, fm_b=fm_b, Q=Q, act_a=act_a, act_b=act_b, perfused=perfused)
    E0 = CL * (fm_a + fm_b) / Q
    CLint0 = Q * E0 / (1 - E0)
    CLint = CLint0 * (fm_a * act_a + fm_b * act_b) / (fm_a + fm_b)
    E = CLint / (Q + CLint)
    assert out["E"] == pytest.approx(E, rel=1e-10)
    assert CL * (fm_a * act_a * out["scale[a]"] + fm_b * act_b * out["scale[b]"]) == pytest.approx(Q * E, rel=1e-10)
    assert out["F_H"] == pytest.approx(1 - perfused * E, rel=1e-10)


@given(act_a=st.floats(0.01, 5), perfused=st.floats(0.1, 1))
def test_what_enters_by_the_portal_vein_leaves_as_drug_or_metabolite(liver, act_a: float, perfused: float) -> None:
    out = liver(CL=1.2, fm_a=0.5, fm_b=0.4, act_a=act_a, perfused=perfused, R=10.0)
    assert out["R_sys"] + out["R_met[a]"] + out["R_met[b]"] == pytest.approx(10.0, rel=1e-12)


BRAIN = {"PS": 0.4, "Kp_uu": 0.6, "V_u": 1.2, "k_hyd": 0.0, "fu": 0.7}


def test_brain_settles_at_Kp_uu_times_unbound_plasma(run) -> None:
    C, net = run(BrainCompartment, BRAIN, ["C", "R_uptake"], t=[0, 500], inputs={"C_a": 50.0})[-1]
    assert C == pytest.approx(0.6 * 0.7 * 50.0, rel=1e-8)
    assert net == pytest.approx(0.0, abs=1e-6)


def test_brain_hydrolysis_lowers_the_steady_state_and_balances_the_flux(run) -> None:
    C, net, hyd = run(BrainCompartment, {**BRAIN, "k_hyd": 0.2}, ["C", "R_uptake", "R_hyd"], t=[0, 500], inputs={"C_a": 50.0})[-1]
    assert C == pytest.approx(0.4 * 0.7 * 50.0 / (0.4 / 0.6 + 0.2 * 1.2), rel=1e-8)
    assert net == pytest.approx(hyd, rel=1e-7)


def test_forearm_vein_settles_at_the_arterial_level_less_extraction(run) -> None:
    C, blood = run(ForearmVein, {"MTT": 2.0, "E": 0.3, "R_bp": 1.4}, ["C", "C_blood"], t=[0, 100], inputs={"C_a": 80.0})[-1]
    assert C == pytest.approx(0.7 * 80.0, rel=1e-8)
    assert blood == pytest.approx(1.4 * C, rel=1e-14)


def test_forearm_vein_lags_by_its_transit_time(run) -> None:
    C = run(ForearmVein, {"MTT": 2.0, "E": 0.0, "R_bp": 1.0}, ["C"], t=[0, 2.0], inputs={"C_a": 80.0})[-1, 0]
    assert C == pytest.approx(80 * (1 - 2.718281828459045**-1), rel=1e-7)


class Fading(Component):
    """A concentration that fades."""

    k = Param("1/min", "")
    C0 = Param("nmol/L", "")
    C = State("nmol/L", "", init=C0)
    equations = [d(C) == -k * C]


def test_oral_fluid_stands_in_its_ratio_to_venous_plasma() -> None:
    s = System("demo")
    s.add("vein", Fading)
    s.add("swab", OralFluid)
    s.connect("vein.C", "swab.C_v")
    solver = Solver(lower(s))
    P = np.array([[{"vein.k": 0.1, "vein.C0": 20.0, "swab.ratio": 3.7}[n] for n in solver.program.param_names]])
    Y = solver.solve(P, [], np.array([0.0, 10.0]), rtol=1e-9).Y
    vein, swab = solver.plain.outputs(["vein.C", "swab.C"], Y, P)[0].T
    assert list(solver.program.state_names) == ["vein.C"]
    assert swab == pytest.approx(3.7 * vein, rel=1e-14)
    assert vein[1] == pytest.approx(20 * math.exp(-1), rel=1e-7)
