"""Absorption against Bateman's function, the biphasic split, transit delays, and that nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from papaver.components.absorption import BiphasicAbsorption, DelayedAbsorption, FirstOrderAbsorption, Mouth, MucosalAbsorption, TwoStepAbsorption
from papaver.components.disposition import OneCompartment
from papaver.components.transit import Collected, Transit
from papaver.core import System
from papaver.core.lower import lower
from papaver.core.solve import DoseEvent, Solver

T = np.linspace(0, 300, 61)


def test_first_order_absorption_is_batemans_function() -> None:
    s = System("demo")
    s.add("depot", FirstOrderAbsorption)
    s.add("pk", OneCompartment, pathway=["all"])
    s.connect("depot.R_out", "pk.R_in")
    solver = Solver(lower(s))
    F, ka, lag, CL, V = 0.7, 0.08, 5.0, 0.6, 20.0
    values = {"depot.F": F, "depot.ka": ka, "depot.tlag": lag, "pk.CL": CL, "pk.V1": V, "pk.fm[all]": 1, "pk.activity[all]": 1}
    P = np.array([[values[n] for n in solver.program.param_names]])
    r = solver.solve(P, [DoseEvent(0, "depot.dose", 1000.0)], T, rtol=1e-9)
    C = solver.plain.outputs(["pk.C1"], r.Y, P)[0, :, 0]
    k, u = CL / V, np.clip(T - lag, 0, None)
    bateman = F * 1000.0 * ka / (V * (ka - k)) * (np.exp(-k * u) - np.exp(-ka * u))
    assert C == pytest.approx(bateman, rel=1e-6, abs=1e-6)


def test_biphasic_absorption_is_two_exponentials(run) -> None:
    values = {"F": 0.6, "share_fast": 0.4, "ka_fast": 2.0, "ka_slow": 0.03, "tlag": 0.0}
    rate, fast, slow, lost = run(BiphasicAbsorption, values, ["R_out", "A_fast", "A_slow", "A_lost"], t=T, doses=[DoseEvent(0, "x.dose", 100.0)]).T
    assert fast == pytest.approx(24 * np.exp(-2 * T), abs=1e-6)
    assert slow == pytest.approx(36 * np.exp(-0.03 * T), rel=1e-6)
    assert rate == pytest.approx(2 * fast + 0.03 * slow, rel=1e-12)
    assert lost == pytest.approx(np.full_like(T, 40.0), rel=1e-15)


def test_transit_is_one_exponential_and_keeps_the_moles(run) -> None:
    A, R = run(Transit, {"MTT": 12.0}, ["A", "R_out"], t=T, doses=[DoseEvent(0, "x.dose", 100.0)]).T
    assert A == pytest.approx(100 * np.exp(-T / 12), rel=1e-6, abs=1e-6)
    assert R == pytest.approx(A / 12, rel=1e-14)


def test_transit_under_a_constant_rate_settles_at_rate_times_transit_time(run) -> None:
    A = run(Transit, {"MTT": 12.0}, ["A"], t=[0, 600.0], inputs={"R_in": 3.0})[-1, 0]
    assert A == pytest.approx(36.0, rel=1e-8)


def test_collected_sums_what_arrives(run) -> None:
    A, rate = run(Collected, {}, ["A", "rate"], t=T, inputs={"R_in": 2.5}).T
    assert A == pytest.approx(2.5 * T, rel=1e-10)
    assert rate == pytest.approx(np.full_like(T, 2.5))


def test_oral_absorption_is_release_then_bateman(run) -> None:
    values = {"F": 0.8, "k_rel": 0.05, "ka": 0.02, "tlag": 0.0}
    form, gut, lost, rate = run(TwoStepAbsorption, values, ["A_form", "A", "A_lost", "R_out"], t=T, doses=[DoseEvent(0, "x.dose", 100.0)]).T
    assert form == pytest.approx(80 * np.exp(-0.05 * T), rel=1e-6, abs=1e-6)
    assert gut == pytest.approx(80 * 0.05 / (0.05 - 0.02) * (np.exp(-0.02 * T) - np.exp(-0.05 * T)), rel=1e-6, abs=1e-6)
    assert lost == pytest.approx(np.full_like(T, 20.0), rel=1e-14)
    assert rate == pytest.approx(0.02 * gut, rel=1e-14)


def test_mucosal_absorption_splits_a_dose_three_ways(run) -> None:
    values = {"F": 0.3, "ka": 0.05, "swallowed": 0.8, "ka_gut": 0.02, "tlag": 0.0}
    mucosa, gut, lost = run(MucosalAbsorption, values, ["R_out", "R_gut", "A_lost"], t=T, doses=[DoseEvent(0, "x.dose", 100.0)]).T
    assert mucosa == pytest.approx(30 * 0.05 * np.exp(-0.05 * T), rel=1e-6, abs=1e-8)
    assert gut == pytest.approx(56 * 0.02 * np.exp(-0.02 * T), rel=1e-6, abs=1e-8)
    assert lost == pytest.approx(np.full_like(T, 14.0), rel=1e-15)


def test_a_depot_releases_its_early_part_at_once_and_the_rest_after_a_delay(run) -> None:
    values = {"F": 0.9, "share_fast": 0.2, "ka_fast": 0.5, "MTT_slow": 60.0, "ka_slow": 0.1, "tlag": 0.0}
    names = ["A_fast", "A_1", "A_2", "A_3", "A_slow", "A_lost", "R_out"]
    fast, a1, a2, a3, slow, lost, rate = run(DelayedAbsorption, values, names, t=T, doses=[DoseEvent(0, "x.dose", 100.0)]).T
    k = 3 / 60.0
    assert fast == pytest.approx(18 * np.exp(-0.5 * T), abs=1e-6)
    # an Erlang delay: amounts in the stages are Poisson terms
    for stage, (a, factorial) in enumerate(((a1, 1), (a2, 1), (a3, 2))):
        assert a == pytest.approx(72 * np.exp(-k * T) * (k * T) ** stage / factorial, rel=1e-5, abs=1e-6)
    assert rate == pytest.approx(0.5 * fast + 0.1 * slow, rel=1e-12)
    assert slow[0] == 0
    assert slow.max() > 5
    assert lost == pytest.approx(np.full_like(T, 10.0), rel=1e-15)


MOUTH = {
    "k": 0.1, "share_mucosa": 0.3, "share_swallowed": 0.2, "share_product": 0.1, "share_lost": 0.4, "A_half": 50.0, "MTT_mucosa": 5.0,
    "MTT_swallowed": 20.0, "MTT_product": 10.0,
}  # fmt: skip


def mouth(dose: float) -> np.ndarray:
    s = System("demo")
    s.add("form", FirstOrderAbsorption)
    s.add("mouth", Mouth)
    s.connect("form.R_out", "mouth.R_in")
    for name in ("R_out", "R_gut", "R_product"):
        s.add(name, Collected)
        s.connect(f"mouth.{name}", f"{name}.R_in")
    solver = Solver(lower(s))
    values = {f"mouth.{k}": v for k, v in MOUTH.items()} | {"form.F": 1.0, "form.ka": 0.5, "form.tlag": 0.0}
    P = np.array([[values[n] for n in solver.program.param_names]])
    r = solver.solve(P, [DoseEvent(0, "form.dose", dose)], np.array([0.0, 2000.0]), rtol=1e-9)
    return solver.plain.outputs([f"{n}.A" for n in ("R_out", "R_gut", "R_product")] + ["mouth.A_lost"], r.Y, P)[0, -1]


def test_a_small_amount_in_the_mouth_is_shared_out_and_a_large_one_saturates_the_mucosa() -> None:
    small, large = mouth(0.001) / 0.001, mouth(5000.0) / 5000.0
    assert small == pytest.approx([0.3, 0.2, 0.1, 0.4], rel=1e-3)
    assert large[0] < 0.1
    assert large.sum() == pytest.approx(1.0, rel=1e-6)
    assert large[1:] / large[1:].sum() == pytest.approx(small[1:] / small[1:].sum(), rel=1e-5)
