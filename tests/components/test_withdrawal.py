"""Withdrawal part by part against closed forms: the opponent, its expression, the locus coeruleus, the signs and what they move."""

from __future__ import annotations

import numpy as np
import pytest

from papaver.components.withdrawal import Autonomic, Counteradaptation, Electrocardiogram, Expression, LocusCoeruleus, Monoamines, Signs, Symptomatic
from papaver.core import Component, Param, State, System, d
from papaver.core.lower import lower
from papaver.core.solve import DoseEvent, Solver

# the opponent

OPPONENT = {
    "KE": 0.02, "tau[quick]": 300.0, "tau[late]": 4000.0, "weight[quick]": 0.3, "weight[late]": 0.6, "Y0[quick]": 0.1, "Y0[late]": 0.5,
    "at_rest": 0.4,
}  # fmt: skip
PACES = ["quick", "late"]


def test_the_opponent_follows_the_response(run) -> None:
    t = np.linspace(0, 2000, 9)
    Y = run(Counteradaptation, OPPONENT, ["Y[quick]", "Y[late]", "R"], t=t, inputs={"stimulus": 0.11, "rest": 0.05}, pace=PACES)
    R = 0.06 / (0.06 + 0.02)
    assert Y[:, 2] == pytest.approx(np.full(9, R), rel=1e-12)
    assert Y[:, 0] == pytest.approx(R + (0.1 - R) * np.exp(-t / 300), rel=1e-7)
    assert Y[:, 1] == pytest.approx(R + (0.5 - R) * np.exp(-t / 4000), rel=1e-7)


@pytest.mark.parametrize("stimulus", [0.0, 0.03, 0.05, 0.06, 0.4])
def test_what_no_response_meets_is_owed_and_what_no_opponent_meets_is_felt(run, stimulus: float) -> None:
    names = ["R", "opposed", "effect", "debt"]
    R, opposed, effect, debt = run(Counteradaptation, OPPONENT, names, inputs={"stimulus": stimulus, "rest": 0.05}, pace=PACES)[0]
    above = max(stimulus - 0.05, 0)
    assert pytest.approx(above / (above + 0.02), rel=1e-12) == R
    assert opposed == pytest.approx(0.3 * 0.1 + 0.6 * 0.5 + 0.4 * max(0.05 - stimulus, 0), rel=1e-12)
    assert effect - debt == pytest.approx(R - opposed, rel=1e-12)
    assert min(effect, debt) == 0


def test_a_partial_agonist_at_half_the_receptors_meets_what_a_full_one_has_built(run) -> None:
    """The reserve: a tenth of the stimulus gives more than half of the response."""
    built = {**OPPONENT, "Y0[quick]": 0.95, "Y0[late]": 0.95}
    debts = [run(Counteradaptation, built, ["debt"], inputs={"stimulus": s}, pace=PACES)[0, 0] for s in (0.0, 0.04, 0.4)]
    assert debts[0] > 2 * debts[1] > 0
    assert debts[2] == 0


# its expression

EXPRESSION = {
    "tau_fast": 20.0, "tau_slow": 900.0, "tau_late": 3000.0,
    "tau_used": 240.0, "surge": 1.5, "gain": 1.0, "half": 0.2, "w_fast": 0.7, "w_slow": 0.5, "start": 0.0,
}  # fmt: skip


def test_a_sudden_debt_is_expressed_by_its_closed_form(run) -> None:
    t, D = np.linspace(0, 1500, 16), 0.4
    names = ["fast", "slow", "used", "felt", "signal", "late", "felt_late"]
    fast, slow, used, felt, signal, late, felt_late = run(Expression, {**EXPRESSION, "gain": 1.3}, names, t=t, inputs={"debt": D}).T
    tf, tu = 20.0, 240.0
    lead = 1.5 * tu / (tu - tf) * (np.exp(-t / tu) - np.exp(-t / tf))
    assert fast == pytest.approx(1.3 * D * (1 - np.exp(-t / tf) + lead), rel=1e-6, abs=1e-9)
    assert slow == pytest.approx(1.3 * D * (1 - np.exp(-t / 900)), rel=1e-6, abs=1e-9)
    assert used == pytest.approx(D * (1 - np.exp(-t / tu)), rel=1e-6, abs=1e-9)
    assert late == pytest.approx(1.3 * D * (1 - np.exp(-t / 3000)), rel=1e-6, abs=1e-9)
    assert felt_late == pytest.approx(late * fast / (fast + 0.2), rel=1e-12, abs=1e-15)
    assert felt == pytest.approx(slow * fast / (fast + 0.2), rel=1e-12, abs=1e-15)
    assert signal == pytest.approx(0.7 * fast + 0.5 * felt, rel=1e-12, abs=1e-15)


def test_a_sudden_debt_is_felt_more_than_a_lasting_one(run) -> None:
    t = np.linspace(0, 5000, 501)
    sudden = run(Expression, EXPRESSION, ["fast"], t=t, inputs={"debt": 0.4})[:, 0]
    lasting = run(Expression, {**EXPRESSION, "start": 0.4}, ["fast"], t=t, inputs={"debt": 0.4})[:, 0]
    assert lasting == pytest.approx(np.full(501, 0.4), rel=1e-7)
    assert sudden.max() > 1.7 * 0.4
    assert t[sudden.argmax()] < 120
    assert sudden[-1] == pytest.approx(0.4, rel=1e-5)


class Creep(Component):
    """A debt that goes from one value to another with a time constant."""

    tau = Param("min", "")
    first = Param("1", "")
    last = Param("1", "")
    x = State("1", "", init=first)
    equations = [d(x) == (last - x) / tau]


def crept(taus: list[float], t: np.ndarray, first: float, last: float) -> np.ndarray:
    """fast(t) as the debt goes from first to last, for several time constants of the debt."""
    s = System("demo")
    s.add("debt", Creep)
    s.add("felt", Expression)
    s.connect("debt.x", "felt.debt")
    solver = Solver(lower(s))
    values = {f"felt.{k}": x for k, x in {**EXPRESSION, "start": first}.items()} | {"debt.first": first, "debt.last": last}
    P = np.array([[{**values, "debt.tau": tau}[n] for n in solver.program.param_names] for tau in taus])
    r = solver.solve(P, [], t, solver="scalar", rtol=1e-8)
    assert not any(r.reasons)
    return solver.plain.outputs(["felt.fast"], r.Y, P)[:, :, 0]


def test_the_slower_a_debt_creeps_up_the_less_of_it_is_felt() -> None:
    peaks = crept([1.0, 60.0, 500.0, 8000.0], np.linspace(0, 60_000, 3001), 0.0, 0.4).max(axis=1)
    assert (np.diff(peaks) < 0).all()
    assert peaks[0] > 1.7 * 0.4
    assert peaks[-1] == pytest.approx(0.4, rel=0.02)


def test_what_is_paid_suddenly_is_felt_as_relief() -> None:
    """A debt halved at once: the fast stage falls towards nothing, well below what the rest of the debt will be felt as; then it comes back."""
    t = np.linspace(0, 3000, 601)
    at_once, slowly = crept([0.5, 2000.0], t, 0.4, 0.2)
    first = (t >= 5) & (t <= 40)
    assert (at_once[first] < 0.02 + 0.38 * np.exp(-(t[first] - 2.5) / 20)).all()
    assert at_once.min() < 0.1
    assert at_once[-1] == pytest.approx(0.2, rel=1e-3)
    assert (slowly > 0.2).all()
    assert at_once.min() >= 0


def test_no_debt_is_not_felt_and_the_slow_stage_only_with_the_fast(run) -> None:
    out = run(Expression, EXPRESSION, ["fast", "slow", "signal"], t=[0, 500], inputs={"debt": 0.0})
    assert (out == 0).all()
    felt, slow = run(Expression, {**EXPRESSION, "start": 0.6}, ["felt", "slow"], t=[0, 200], inputs={"debt": 0.0})[-1]
    assert slow > 0.45
    assert felt < 1e-3


# the locus coeruleus


def test_noradrenaline_follows_the_firing(run) -> None:
    values, t = {"reach": 0.6, "gain": 2.0, "half": 0.4, "tau": 90.0}, np.linspace(0, 400, 9)
    NA, firing, excess = run(
        LocusCoeruleus, values, ["NA", "firing", "excess"], t=t, inputs={"effect": 0.5, "signal": 0.8, "alpha2_left": 0.7}
    ).T  # fmt: skip
    target = (1 - 0.6 * 0.5) * (1 + 2 * 0.8 / 1.2) * 0.7
    assert firing == pytest.approx(np.full(9, target), rel=1e-12)
    assert pytest.approx(target + (1 - target) * np.exp(-t / 90), rel=1e-7) == NA
    assert excess == pytest.approx(np.maximum(NA - 1, 0), abs=1e-12)


@pytest.mark.parametrize(
    ("inputs", "sign"),
    [({"effect": 0.0, "signal": 0.0}, 0), ({"effect": 0.5, "signal": 0.0}, -1), ({"effect": 0.0, "signal": 0.5}, 1),
     ({"effect": 0.0, "signal": 0.0, "alpha2_left": 0.5}, -1)],
)  # fmt: skip
def test_opioids_and_alpha2_agonists_slow_it_and_withdrawal_drives_it(run, inputs: dict[str, float], sign: int) -> None:
    NA = run(LocusCoeruleus, {"reach": 0.6, "gain": 2.0, "half": 0.4, "tau": 90.0}, ["NA"], t=[0, 900], inputs=inputs)[-1, 0]
    assert np.sign(round(NA - 1, 9)) == sign


def test_no_firing_below_zero(run) -> None:
    values = {"reach": 1.5, "gain": 2.0, "half": 0.4, "tau": 9.0}
    firing, NA = run(LocusCoeruleus, values, ["firing", "NA"], t=[0, 500], inputs={"effect": 1.0, "signal": 1.0})[-1]
    assert firing == 0
    assert pytest.approx(0, abs=1e-9) == NA


# signs

SIGNS = {
    "tau[yawning]": 30.0, "tau[nausea]": 60.0, "by_NA[yawning]": 0.5, "by_NA[nausea]": 0.0, "by_fast[yawning]": 1.0, "by_fast[nausea]": 0.2,
    "by_slow[yawning]": 0.3, "by_slow[nausea]": 0.1, "by_opioid[yawning]": 0.0, "by_opioid[nausea]": 2.0,
    "by_lack[yawning]": 0.0, "by_lack[nausea]": 0.5, "by_late[yawning]": 0.0, "by_late[nausea]": 1.5,
}  # fmt: skip
NAMES = ["yawning", "nausea"]


def test_a_sign_goes_to_one_less_the_exponential_of_its_drive(run) -> None:
    t = np.linspace(0, 300, 7)
    inputs = {"excess": 0.4, "fast": 0.5, "slow": 0.2, "late": 0.3, "opioid": 0.1, "lack": 0.3, "eased[nausea]": 0.5}
    S = run(Signs, SIGNS, ["S[yawning]", "S[nausea]"], t=t, inputs=inputs, sign=NAMES)
    yawning, nausea = 1 - np.exp(-(0.5 * 0.4 + 0.5 + 0.3 * 0.2)), 0.5 * (1 - np.exp(-(0.2 * 0.5 + 0.1 * 0.2 + 1.5 * 0.3 + 2 * 0.1 + 0.5 * 0.3)))
    assert S[:, 0] == pytest.approx(yawning * (1 - np.exp(-t / 30)), rel=1e-6, abs=1e-9)
    assert S[:, 1] == pytest.approx(nausea * (1 - np.exp(-t / 60)), rel=1e-6, abs=1e-9)


def test_no_sign_without_a_drive_and_none_above_one(run) -> None:
    held = {"excess": 0.0, "fast": 0.0, "slow": 0.0, "late": 0.0, "opioid": 0.0, "lack": 0.0}
    assert (run(Signs, SIGNS, ["S[yawning]", "S[nausea]"], t=[0, 500], inputs=held, sign=NAMES) == 0).all()
    strong = run(Signs, SIGNS, ["S[yawning]", "S[nausea]"], t=[0, 1800], inputs=dict.fromkeys(held, 50.0), sign=NAMES)[-1]
    assert strong == pytest.approx([1, 1], abs=1e-7)


def test_an_opioid_alone_brings_nausea_and_no_yawning(run) -> None:
    held = {"excess": 0.0, "fast": 0.0, "slow": 0.0, "opioid": 0.5, "lack": 0.0}
    yawning, nausea = run(Signs, SIGNS, ["S[yawning]", "S[nausea]"], t=[0, 900], inputs=held, sign=NAMES)[-1]
    assert yawning == 0
    assert nausea == pytest.approx(1 - np.exp(-1), rel=1e-6)


@pytest.mark.parametrize(("given", "left"), [(0.0, 1.0), (0.5, 0.6), (1.0, 0.2), (3.0, 0.2), (-1.0, 1.0)])
def test_a_medicine_takes_its_share_of_a_symptom_and_no_more(run, given: float, left: float) -> None:
    doses = [DoseEvent(5.0, "x.give", given)] if given else []
    out = run(Symptomatic, {"reach": 0.8}, ["left"], t=[0, 4, 6, 60], doses=doses)[:, 0]
    assert out == pytest.approx([1.0, 1.0, left, left], rel=1e-9)


# what they move

AUTONOMIC = {
    "rate_gain": 0.2, "vessels_gain": 0.5,
    "breath_gain": 0.3, "breath_half": 1.5, "pupil_gain": 3.0, "pupil_half": 0.5, "heat": 0.4, "heat_half": 0.5, "T_core0": 36.8,
}  # fmt: skip
MOVED = ["rate_change", "vessels_change", "breath", "widening", "T_core"]


class Clock(Component):
    """One state, so that a component without any can be solved for."""

    x = State("1", "", init=0)
    k = Param("1/min", "")
    equations = [d(x) == k]


def algebraic(component: type[Component], values: dict[str, float], inputs: dict[str, float], names: list[str]) -> dict[str, float]:
    """Outputs of a component without states."""
    s = System("demo")
    s.add("x", component)
    for name in inputs:
        held = type("Held", (Component,), {"value": Param(component.symbols[name].unit, "held")})
        s.add(f"held_{name}", held)
        s.connect(f"held_{name}.value", f"x.{name}")
    s.add("clock", Clock)
    solver = Solver(lower(s))
    full = {f"x.{k}": v for k, v in values.items()} | {f"held_{k}.value": v for k, v in inputs.items()} | {"clock.k": 0.0}
    P = np.array([[full[n] for n in solver.program.param_names]])
    found = solver.plain.outputs([f"x.{n}" for n in names], np.zeros((1, 1, 1)), P)[0, 0]
    return dict(zip(names, found.tolist(), strict=True))


def test_nothing_moves_without_withdrawal() -> None:
    assert algebraic(Autonomic, AUTONOMIC, {"excess": 0.0, "signal": 0.0}, MOVED) == pytest.approx(
        {"rate_change": 0, "vessels_change": 0, "breath": 0, "widening": 0, "T_core": 36.8}
    )


def test_withdrawal_quickens_narrows_stirs_widens_and_warms() -> None:
    assert algebraic(Autonomic, AUTONOMIC, {"excess": 1.0, "signal": 0.5}, MOVED) == pytest.approx(
        {"rate_change": 0.2, "vessels_change": -0.25, "breath": 0.075, "widening": 1.5, "T_core": 37.0}
    )
    strong = algebraic(Autonomic, AUTONOMIC, {"excess": 1e6, "signal": 1e6}, ["vessels_change", "widening"])
    assert strong == pytest.approx({"vessels_change": -0.5, "widening": 3.0}, rel=1e-5)


AMINES = {"rise_DA": 0.6, "rise_5HT": 0.3, "fall_DA": 0.5, "fall_5HT": 0.4, "half": 0.5}


def test_opioids_raise_the_monoamines_and_withdrawal_lowers_them() -> None:
    def amines(**inputs: float) -> dict[str, float]:
        return algebraic(Monoamines, AMINES, {"response": 0.0, "excess": 0.0, "lack": 0.0, **inputs}, ["DA", "HT"])

    assert amines() == pytest.approx({"DA": 1, "HT": 1})
    assert amines(response=0.5) == pytest.approx({"DA": 1.3, "HT": 1.15})
    assert amines(excess=0.3, lack=0.2) == pytest.approx({"DA": 0.75, "HT": 0.8})
    assert amines(excess=1e9) == pytest.approx({"DA": 0.5, "HT": 0.6}, rel=1e-6)


def test_methadone_lengthens_qt_by_each_of_its_halves() -> None:
    values = {"QTc0": 410 / 60000, "slope_R": 0.02 / 60000, "slope_S": 0.03 / 60000}
    assert algebraic(Electrocardiogram, values, {"C_R": 500.0, "C_S": 200.0}, ["QTc"])["QTc"] == pytest.approx(410 + 10 + 6)
    assert algebraic(Electrocardiogram, values, {}, ["QTc"])["QTc"] == pytest.approx(410)
