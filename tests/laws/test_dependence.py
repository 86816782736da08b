"""What must hold of dependence and withdrawal for anyone: none without exposure, more exposure never less, scales within range and the sum of
their items, states that come back, and a history's shortcut that agrees with living through it."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papaver.evidence.load import load_library
from papaver.readouts.withdrawal import ITEMS, band, observed, observed_total
from papaver.scenario import Dose, History, Observe, Person, Scenario, Treatment
from papaver.simulate import Result, prepare, simulate

LIBRARY = load_library()
INERT = [Treatment(give="airway", level="0 %")]
few = functools.partial(settings, max_examples=1)


def run(doses: list[Dose], until: str = "3 day", every: str = "30 min", history: History | None = None, **more: object) -> Result:
    s = Scenario(person=Person(weight="70 kg", history=history), doses=doses, observe=Observe(until=until, every=every), treatments=INERT, **more)
    r = simulate(prepare(s, LIBRARY), rtol=1e-5)
    assert r.reasons == [""]
    assert r.broken_laws == []
    return r


def heroin(dose: float, duration: str, **more: str) -> History:
    return History(drug="heroin", dose=f"{dose:g} mg/day", route="iv", duration=duration, **more)


@pytest.mark.parametrize("antagonist", ["naloxone", "naltrexone", "nalmefene"])
def test_without_exposure_there_is_no_withdrawal(antagonist: str) -> None:
    route = "oral" if antagonist == "naltrexone" else "iv"
    r = run([Dose(drug=antagonist, amount="20 mg", route=route, at="1 h")], until="1 day", every="5 min")
    assert r["scales.COWS"].max() < 5
    assert r["locus.debt"].max() < 0.1


@few()
@given(dose=st.floats(10, 150), factor=st.floats(1.3, 3), days=st.sampled_from(["3 day", "2 week", "6 month"]))
def test_more_exposure_never_means_less_withdrawal(dose: float, factor: float, days: str) -> None:
    peaks = [run([], history=heroin(x, days))["scales.COWS"].max() for x in (dose, dose * factor)]
    assert peaks[1] >= peaks[0] - 0.05
    longer = {"3 day": "2 week", "2 week": "6 month", "6 month": "5 year"}[days]
    assert run([], history=heroin(dose, longer))["scales.COWS"].max() >= peaks[0] - 0.05


@pytest.mark.parametrize(
    ("drug", "route", "doses"),
    [
        ("heroin", "iv", (20, 80, 320)), ("morphine", "oral", (40, 160, 640)), ("fentanyl", "iv", (0.5, 2, 4)), ("methadone", "oral", (10, 40, 160)),
        ("oxycodone", "oral", (20, 80, 320)), ("buprenorphine", "sublingual", (2, 8, 32)),
    ],
)  # fmt: skip
def test_more_of_any_drug_leaves_more_withdrawal(drug: str, route: str, doses: tuple[float, ...]) -> None:
    """Up to doses where adaptation is complete. Beyond (fentanyl 4 to 32 mg a day, heroin 640 to 3000) the peak falls by up to 0.4 of 13 points, as
    more drug takes longer to leave."""
    until = "12 day" if drug in ("methadone", "buprenorphine") else "4 day"
    histories = [History(drug=drug, dose=f"{x:g} mg/day", route=route, duration="30 day") for x in doses]
    peaks = [float(run([], until=until, every="1 h", history=h)["scales.COWS"].max()) for h in histories]
    assert peaks == sorted(peaks)


def test_scales_are_the_sum_of_their_items_and_stay_within_their_range() -> None:
    r = run([Dose(drug="naloxone", amount="4 mg", route="iv", at="6 h")], history=heroin(300, "2 year"), until="2 day", every="5 min")
    inside = {"COWS", "SOWS", "OOWS"}
    scales = (("cows", "scales.COWS", 48), ("sows", "scales.SOWS", 30), ("sows_h", "scales.SOWS_H", 64), ("oows", "scales.OOWS", 13))
    for scale, total, most in scales:
        items = [c for c in r.columns if c.startswith(f"{scale}.") and c.split(".")[1] not in inside]
        assert len(items) == {"cows": 11, "sows": 10, "sows_h": 16, "oows": 13}[scale]
        assert np.allclose(sum(r[c][0] for c in items), r[total][0], atol=1e-9)
        assert r[total].min() >= -1e-7
        assert r[total].max() <= most
    for name, greatest in ITEMS.items():
        assert r[f"cows.{name}"].max() <= greatest + 1e-9
    whole = observed_total({item: r[f"cows.{item}"][0] for item in ITEMS})
    assert np.array_equal(whole, np.round(whole))
    assert np.abs(whole - r["scales.COWS"][0]).max() < 6
    assert observed("goose", np.array([0.0, 2.9, 4.9])).tolist() == [0, 3, 5]
    assert [band(x) for x in (1, 5, 13, 25, 40)] == ["none", "mild", "moderate", "moderately severe", "severe"]


def test_the_body_comes_back() -> None:
    r = run([], history=heroin(160, "1 year"), until="240 day", every="4 day")
    for name, at in (("scales.COWS", 0.0), ("heart.HR", 70.0), ("noradrenaline.NA", 1.0), ("immunity.NK", 1.0), ("gonadal.LH", 4.5)):
        rest = at or 0.0
        assert abs(r[name][0, -1] - rest) < 0.02 * max(rest, 1.0), name
    assert abs(r["life.coupled"][0, -1] - 1) < 0.01
    assert r["hyperalgesia.left"][0, -1] > 0.98


def test_more_of_the_same_agonist_eases_withdrawal_while_it_acts() -> None:
    history = heroin(160, "1 year")
    plain = run([], history=history, until="30 h", every="10 min")
    helped = run([Dose(drug="heroin", amount="40 mg", route="iv", at="20 h")], history=history, until="30 h", every="10 min")
    k, until = int(np.searchsorted(plain.t, 1230.0)), int(np.searchsorted(plain.t, 1440.0))
    nausea = [r["signs.S[nausea]"][0] * 2 for r in (plain, helped)]
    assert ((helped["scales.COWS"][0] - nausea[1])[k:until] <= (plain["scales.COWS"][0] - nausea[0])[k:until] + 0.05).all()


@pytest.mark.slow
@pytest.mark.parametrize(("drug", "dose", "route"), [("heroin", 40.0, "iv"), ("methadone", 60.0, "oral")])
def test_the_shortcut_of_a_history_agrees_with_living_through_it(drug: str, dose: float, route: str) -> None:
    every, each = ("6 h", dose / 4) if drug == "heroin" else ("24 h", dose)
    n = 30 * (4 if drug == "heroin" else 1)
    history = History(drug=drug, dose=f"{dose:g} mg/day", route=route, duration="30 day", every=every)
    # whoever lives through it begins as somebody who never used: the enzymes of users are left out of both
    same = {"covariate.history_first_pass.chronic": "1"}
    short = run([], history=history, until="4 day", every="1 h", set=same)
    person = Person(weight="70 kg", history=History(drug=drug, dose="1 ug/day", route=route, duration="1 min", every=every))
    doses = [Dose(drug=drug, amount=f"{each:g} mg", route=route, every=every, times=n)]
    s = Scenario(person=person, doses=doses, observe=Observe(until="34 day", every="1 h"), treatments=INERT, set=same)
    long = simulate(prepare(s, LIBRARY), solver="kernel", rtol=1e-5)
    assert long["heart.arrest"].max() < 1e-6  # the dose is one that a person without tolerance survives
    after = long.t >= 30 * 1440.0 - 1e-6
    tolerances = (("scales.COWS", 0.8), ("scales.SOWS", 0.6), ("respiratory.opposed", 0.01), ("hyperalgesia.left", 0.02), ("life.coupled", 0.015))
    for name, tolerance in tolerances:
        a, b = short[name][0], long[name][0, after]
        assert np.abs(a - b[: len(a)]).max() < tolerance, (name, np.abs(a - b[: len(a)]).max())


def test_leaving_dependence_out_changes_nothing_within_hours_for_somebody_without_a_history() -> None:
    doses = [Dose(drug="morphine", amount="10 mg", route="iv")]
    both = [
        simulate(prepare(Scenario(person=Person(weight="70 kg"), doses=doses, observe=Observe(until="6 h", every="5 min"), variants=v), LIBRARY))
        for v in ({}, {"dependence": "off"})
    ]
    for name in ("breathing.VE", "monitor.SpO2", "heart.HR", "pain.effect", "eye.diameter"):
        a, b = (r[name][0] for r in both)
        assert np.abs(a - b).max() < 0.01 * np.abs(b).max(), name
