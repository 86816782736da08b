"""What must hold in the adult body that breathes, for any opioid, dose, helper and person: gas stores, bounds, dose and harm, antagonists.

FDA's body of 2022 is not held to these: its volumes follow the flow, so moles of drug are not kept, and only one instant decides its arrest.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papaver.bodies.physiology import TREATMENTS
from papaver.cohort import sample
from papaver.components.gas import Lung
from papaver.errors import PapaverError
from papaver.evidence.load import load_library
from papaver.scenario import Dose, Observe, Person, Scenario, Treatment
from papaver.simulate import Result, prepare, simulate

LIBRARY = load_library()
OPIOIDS = ["heroin", "morphine", "fentanyl", "carfentanil", "oxycodone", "methadone", "hydromorphone", "remifentanil"]
TYPICAL = {
    "heroin": 8.0, "morphine": 15.0, "fentanyl": 0.3, "carfentanil": 0.01, "oxycodone": 20.0, "methadone": 20.0, "hydromorphone": 3.0,
    "remifentanil": 0.2,
}  # fmt: skip
"""mg into a vein that are felt."""
GAS = [
    "lung.P_O2", "lung.P_CO2", "venous.C_O2", "venous.C_CO2", "arterial.C_O2", "arterial.C_CO2",
    "brain.C_O2", "brain.C_CO2", "tissue.C_O2", "tissue.C_CO2", "breathing.VA",
    "therapy.P_I_O2", "therapy.P_I_CO2", "brain.use_O2", "tissue.use_O2", "brain.make_CO2", "tissue.make_CO2",
]  # fmt: skip
VOLUMES = {"V_A": "gas.V_A", "a": "gas.V_arterial", "v": "gas.V_venous", "b": "gas.brain.V", "t": "gas.tissue.V"}
few = functools.partial(settings, max_examples=6)


def run(doses: list[Dose], until: str = "30 min", every: str = "10 s", who: int = 0, columns: list[str] | None = None, **more: object) -> Result:
    s = Scenario(person=Person(weight="70 kg", **more.pop("person", {})), doses=doses, observe=Observe(until=until, every=every), **more)
    p = prepare(s, LIBRARY, columns)
    return simulate(p, sample(p, 1, 3, who) if who else None)


def lowest(r: Result, name: str) -> float:
    return float(r[name][0].min())


drug = st.sampled_from(OPIOIDS)
multiple = st.floats(0.05, 20)


def test_thin_air_leaves_less_oxygen_before_and_under_an_opioid() -> None:
    dose = [Dose(drug="fentanyl", amount="0.14 mg", route="iv", at="5 min")]
    sea, city, mountain = (run(dose, person={"altitude": h}) for h in ("0 m", "1300 m", "3000 m"))
    for name in ("monitor.SpO2", "monitor.PaCO2"):
        assert sea[name][0, 0] > city[name][0, 0] > mountain[name][0, 0]
    assert city["monitor.SpO2"][0, 0] == pytest.approx(95, abs=1.5)  # what people at 1300 m have
    assert mountain["monitor.SpO2"][0, 0] == pytest.approx(91, abs=2.5)  # and at 3000 m
    assert lowest(sea, "monitor.SpO2") > lowest(city, "monitor.SpO2") > lowest(mountain, "monitor.SpO2")


def test_morphine_flushes_and_fentanyl_does_not() -> None:
    """Rosow CE, Anesthesiology 1982;56:93: 1 mg/kg of morphine over ten minutes under a ventilator, and an equal dose of fentanyl."""
    bag = [Treatment(give="ventilation", level="8 L/min", at="0 min")]
    morphine = run([Dose(drug="morphine", amount="70 mg", route="iv", over="10 min")], treatments=bag, columns=["heart.MAP", "histamine.H"])
    assert 3 < morphine["histamine.H"].max() < 15
    fentanyl = run([Dose(drug="fentanyl", amount="0.7 mg", route="iv", over="10 min")], treatments=bag)
    assert lowest(morphine, "heart.MAP") < lowest(fentanyl, "heart.MAP") - 8
    with pytest.raises(PapaverError, match=r"histamine\.H"):
        run([Dose(drug="fentanyl", amount="0.7 mg", route="iv")], columns=["histamine.H"])


@few()
@given(name=drug, times=multiple, who=st.integers(0, 5000), bag=st.booleans(), oxygen=st.booleans())
def test_laws_hold_for_anyone(name: str, times: float, who: int, bag: bool, oxygen: bool) -> None:
    helpers = [Treatment(give="ventilation", level="8 L/min", at="6 min", over="5 min")] if bag else []
    helpers += [Treatment(give="oxygen", level="60 %", at="4 min")] if oxygen else []
    r = run([Dose(drug=name, amount=f"{times * TYPICAL[name]:.4g} mg", route="iv")], who=who, treatments=helpers)
    assert r.reasons == [""]
    assert r.broken_laws == []
    assert r.mole_error < 1e-9
    for share in ("monitor.SaO2", "arousal.level", "respiratory.effect", "heart.arrest"):
        assert r[share].min() >= -1e-9
        assert r[share].max() <= 1 + 1e-9


@few()
@given(name=drug, times=multiple)
def test_gas_that_comes_in_is_used_or_stored(name: str, times: float) -> None:
    r = run([Dose(drug=name, amount=f"{times * TYPICAL[name]:.4g} mg", route="iv")], every="1 s", until="12 min", columns=GAS)
    value = {n: LIBRARY.parameters[p].internal for n, p in VOLUMES.items()}
    B = Lung.B.value
    for gas, sign in (("O2", -1.0), ("CO2", 1.0)):
        stored = value["V_A"] * r[f"lung.P_{gas}"][0] / B
        stored += sum(value[k] * r[f"{pool}.C_{gas}"][0] for k, pool in (("a", "arterial"), ("v", "venous"), ("b", "brain"), ("t", "tissue")))
        metabolism = sum(r[f"{organ}.{'use' if gas == 'O2' else 'make'}_{gas}"][0] for organ in ("brain", "tissue"))
        flow = r["breathing.VA"][0] * (r[f"therapy.P_I_{gas}"][0] - r[f"lung.P_{gas}"][0]) / B + sign * metabolism
        gained = np.concatenate([[0.0], np.cumsum(0.5 * (flow[1:] + flow[:-1]) * np.diff(r.t))])
        # what is left is the trapezoid rule's, on values a second apart
        assert np.abs(stored - stored[0] - gained).max() < 2e-3 * max(np.abs(gained).max(), stored[0] * 0.05)


@few()
@given(name=drug, times=st.floats(0.05, 10), factor=st.floats(1.1, 4))
def test_more_of_an_opioid_never_leaves_more_breath(name: str, times: float, factor: float) -> None:
    less, more = (run([Dose(drug=name, amount=f"{x * TYPICAL[name]:.6g} mg", route="iv")]) for x in (times, times * factor))
    assert lowest(more, "breathing.VE") <= lowest(less, "breathing.VE") + 1e-3
    assert lowest(more, "monitor.SpO2") <= lowest(less, "monitor.SpO2") + 0.05
    assert more["heart.arrest"].max() >= less["heart.arrest"].max() - 1e-6
    assert more["injury.injury"].max() >= less["injury.injury"].max() - 1e-6


@few()
@given(
    name=st.sampled_from([n for n in OPIOIDS if n != "remifentanil"]),
    antagonist=st.sampled_from(["naloxone", "nalmefene"]),
    times=st.floats(0.5, 8),
    mg=st.floats(0.05, 2),
    factor=st.floats(1.2, 5),
)
def test_more_antagonist_never_harms_breathing(name: str, antagonist: str, times: float, mg: float, factor: float) -> None:
    agonist = Dose(drug=name, amount=f"{times * TYPICAL[name]:.6g} mg", route="iv")
    less, more = (run([agonist, Dose(drug=antagonist, amount=f"{x:.6g} mg", route="iv", at="3 min")]) for x in (mg, mg * factor))
    # the antagonist can only help: breath by breath a rescued person may breathe less, with less carbon dioxide left to breathe off
    assert lowest(more, "monitor.SpO2") >= lowest(less, "monitor.SpO2") - 0.05
    assert (more["respiratory.effect"][0] <= less["respiratory.effect"][0] + 1e-6).all()
    assert more["heart.arrest"].max() <= less["heart.arrest"].max() + 1e-6


def test_nothing_moves_at_rest() -> None:
    r = run([], until="10 h", every="10 min", treatments=[Treatment(give="airway", level="0 %")])
    for name in ("breathing.VE", "monitor.SpO2", "monitor.PaCO2", "heart.MAP", "arousal.level"):
        assert np.abs(r[name][0] / r[name][0, 0] - 1).max() < 1e-5


def test_oxygen_and_a_bag_keep_somebody_alive_who_does_not_breathe() -> None:
    dose = [Dose(drug="fentanyl", amount="10 mg", route="iv")]
    alone = run(dose, until="1 h")
    helpers = [Treatment(give="ventilation", level="7 L/min", at="3 min"), Treatment(give="oxygen", level="100 %", at="3 min")]
    helped = run(dose, until="1 h", treatments=helpers)
    assert alone["heart.arrest"].max() > 0.5
    assert helped["heart.arrest"].max() < 1e-6
    later = helped.t >= 5
    assert helped["monitor.SpO2"][0, later].min() > 97
    assert alone["monitor.SpO2"][0, later].min() < 60


@pytest.mark.parametrize("give", TREATMENTS)
def test_every_treatment_can_be_given_and_taken_away(give: str) -> None:
    level = {"ventilation": "6 L/min", "carbon_dioxide": "30 mmHg", "end_tidal_CO2": "50 mmHg"}.get(give, "40 %")
    r = run(
        [Dose(drug="morphine", amount="1 nmol", route="iv")], until="3 h", every="1 min",
        treatments=[Treatment(give=give, level=level, at="5 min", over="10 min")],
    )  # fmt: skip
    assert abs(r["monitor.SpO2"][0, -1] - r["monitor.SpO2"][0, 0]) < 0.02
    assert r.mole_error < 1e-9 or r["morphine.pk.C1"].max() < 1e-3
