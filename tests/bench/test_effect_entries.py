"""Entries of effects: what their words become, and what is refused with which reason. All entries are made up."""

from __future__ import annotations

from typing import Any

import pytest

from papaver.bench.entries import studies_from_entries, study_from_entry
from papaver.bench.entry_arms import Unusable
from papaver.bench.run import run_study
from papaver.bench.study import Observation, Study
from papaver.evidence.load import Library

ENTRY: dict[str, Any] = {
    "id": "made.up", "claim": "A made-up finding.", "species": "human", "population": "healthy volunteers", "n": 10, "unit": "percent",
    "protocol": {"drug": "fentanyl", "route": "iv_bolus", "dose": {"value": 2, "unit": "ug/kg"}}, "source": {"citation": "Made-up authors 2024"},
    "verified": "abstract",
}  # fmt: skip


def read(library: Library, drug: str | None = None, route: str | None = None, dose: Any = None, notes: str = "", **fields: Any) -> Study:
    """ENTRY with other fields, as a study."""
    protocol = dict(ENTRY["protocol"])
    if drug is not None:
        protocol = {"drug": drug, "route": route, "notes": notes} | ({"dose": dose} if dose is not None else {})
    return study_from_entry({**ENTRY, "protocol": protocol, **fields}, library)


def mg(value: float, unit: str = "mg") -> dict[str, Any]:
    return {"value": value, "unit": unit}


def only(study: Study) -> Observation:
    (o,) = study.observations
    return o


def minutes(text: str | None) -> float:
    assert text is not None
    return float(text.split()[0])


@pytest.mark.parametrize(
    ("quantity", "site", "unit", "value", "relative", "read_as"),
    [
        ("minute_ventilation_reduction", "resting", "percent", 42, "baseline", 0.58),
        ("minute_ventilation_change", "[percent change]", "percent", -42, "baseline", 0.58),
        ("minute_ventilation_relative", "[percent of baseline]", "percent", 58, "baseline", 0.58),
        ("minute_ventilation", "fall", "L/min", 3.1, "change", -3.1),
        ("PetCO2_rise", "end-tidal", "kPa", 1, "change", 7.500617),
        ("PetCO2", "end-tidal CO2", "percent", 6, None, 42.78),
        ("pupil_constriction", "greatest", "mm", 2.2, "change", -2.2),
        ("heart_rate_change", "ECG", "bpm", -8, "change", -8),
        ("cortisol", "plasma", "ug/dL", 10, None, 275.9),
        ("SpO2", "oximeter", "%", 91, None, 91),
    ],
)
def test_the_number_becomes_one_of_the_output(
    library: Library, quantity: str, site: str, unit: str, value: float, relative: str, read_as: float
) -> None:
    o = only(read(library, quantity=quantity, analyte_or_site=site, unit=unit, value=value))
    assert (o.relative, o.use, o.evidence) == (relative, "validation", "made.up")
    assert o.value == pytest.approx(read_as, rel=1e-6)


def test_a_spread_is_converted_with_its_value(library: Library) -> None:
    o = only(read(library, quantity="minute_ventilation_reduction", analyte_or_site="", value=40, spread={"kind": "CI95", "low": 30, "high": 55}))
    assert o.spread is not None
    assert (o.spread.low, o.spread.high) == pytest.approx((0.45, 0.7))


@pytest.mark.parametrize(
    ("words", "gas"),
    [
        ("isohypercapnic, PetCO2 7 kPa", {"give": "end_tidal_CO2", "level": "52.5043 mmHg"}),
        ("Vi at PetCO2 45 mmHg", {"give": "end_tidal_CO2", "level": "45 mmHg"}),
        ("VE55", {"give": "end_tidal_CO2", "level": "55 mmHg"}),
        ("isohypercapnic", {"give": "end_tidal_CO2", "level": "52.5 mmHg"}),
        ("breathing 7 % CO2", {"give": "carbon_dioxide", "level": "49.9 mmHg"}),
        ("breathing 12 % oxygen", {"give": "oxygen", "level": "12 %"}),
        ("resting", None),
    ],
)
def test_the_gas_stands_in_the_words(library: Library, words: str, gas: dict[str, str] | None) -> None:
    s = read(library, quantity="minute_ventilation", analyte_or_site=words, unit="L/min", value=10)
    assert s.arms["main"].get("treatments", [None])[0] == gas
    assert s.arms["main"]["doses"][0]["at"] == ("10 min" if gas is None else "30 min")  # a clamp needs its time before the drug


def test_rows_with_doses_times_and_a_placebo(library: Library) -> None:
    rows = [{"dose_mg_70kg": 0, "value": 6.4}, {"dose_mg_70kg": 5, "time": "1 h", "value": 4.4}, {"label": "10 mg", "time": "1 h", "value": 3.4}]
    s = read(library, "oxycodone", "oral", quantity="pupil_diameter", analyte_or_site="pupil", unit="mm", series=rows)
    assert [(o.value, o.relative, o.at, o.reference) for o in s.observations] == [
        (pytest.approx(-2.0), "difference", "70 min", "reference"), (pytest.approx(-3.0), "difference", "70 min", "reference"),
    ]  # fmt: skip
    assert [s.arms[o.arm]["doses"][0]["amount"] for o in s.observations] == ["5 mg", "10 mg"]
    assert s.arms["reference"]["doses"] == []


def test_a_value_before_the_drug_makes_a_change(library: Library) -> None:
    rows = [{"time": "0 min", "value": 97}, {"time": "10 min", "value": 91}, {"label": "lowest", "value": 84}]
    s = read(library, quantity="SpO2", analyte_or_site="oximeter", series=rows)
    assert [(o.value, o.relative, o.at, o.statistic) for o in s.observations] == [(-6, "change", "20 min", None), (-13, "change", None, "trough")]


def test_doses_in_the_order_of_the_rows(library: Library) -> None:
    s = read(library, "morphine", "iv_bolus", {"values": [5, 10], "unit": "mg"}, quantity="PaCO2", unit="mmHg", series=[{"value": 43}, {"value": 46}])
    assert [s.arms[o.arm]["doses"][0]["amount"] for o in s.observations] == ["5 mg", "10 mg"]


def test_patients_come_with_their_history_and_controls_without(library: Library) -> None:
    rows = [{"group": "patients", "value": 10.1, "sd": 4}, {"group": "healthy controls", "value": 18, "sd": 5}]
    s = read(library, "methadone", "oral", notes="maintenance, mean 75 mg/day", quantity="testosterone", analyte_or_site="serum", unit="nmol/L",
             population="20 men on methadone, 20 healthy controls", series=rows)  # fmt: skip
    patient, control = (s.arms[o.arm] for o in s.observations)
    assert patient["person"]["history"] == {"drug": "methadone", "dose": "75 mg/day", "route": "oral", "for": "2 year", "every": "24 h"}
    assert patient["doses"][0]["amount"] == "75 mg"
    assert control["doses"] == []
    assert "history" not in control["person"]
    assert "for 2 years" in s.assumed


def test_naloxone_some_hours_after_the_agonist(library: Library) -> None:
    s = read(library, "naloxone", "im", mg(10), "6 h after morphine 18 mg/70 kg im", quantity="COWS", analyte_or_site="at 20 min", unit="points",
             value=9, population="non-dependent opioid users")  # fmt: skip
    agonist, antagonist = s.arms["main"]["doses"]
    assert (agonist["drug"], agonist["amount"], agonist["route"]) == ("morphine", "18 mg", "im")
    assert minutes(antagonist["at"]) - minutes(agonist["at"]) == 360
    assert minutes(only(s).at) == minutes(antagonist["at"]) + 20
    assert "history" not in s.arms["main"]["person"]


def test_an_antagonist_under_an_infusion_counts_from_its_own_dose(library: Library) -> None:
    s = read(library, "naloxone", "intranasal", mg(4), "during a remifentanil infusion", quantity="minute_ventilation_change", unit="L/min", value=3,
             analyte_or_site="increase at 5 min")  # fmt: skip
    o = only(s)
    assert o.relative == "change"
    assert minutes(o.at) == minutes(o.baseline_at) + 5
    assert {d["drug"] for d in s.arms["main"]["doses"]} == {"naloxone", "remifentanil"}


def test_another_drug_along_with_it_and_its_extra_effect(library: Library) -> None:
    rows = [{"arm": "oxycodone", "value": 28}, {"arm": "extra with ethanol 1 g/L", "value": 19}]
    s = read(library, "oxycodone", "oral", mg(20), quantity="minute_ventilation_reduction", analyte_or_site="resting", series=rows)
    both = s.observations[1]
    assert (both.value, both.relative) == (pytest.approx(0.81), "reference")
    assert [d["drug"] for d in s.arms[both.arm]["doses"]] == ["oxycodone", "ethanol", "ethanol"]
    assert [d["drug"] for d in s.arms[str(both.reference)]["doses"]] == ["oxycodone"]


def test_withdrawal_counts_from_the_last_dose(library: Library) -> None:
    rows = [{"label": "day 2", "value": 14}, {"label": "day 5", "value": 7}]
    s = read(library, "heroin", "none", notes="abrupt stop", quantity="COWS", analyte_or_site="total", unit="points", series=rows,
             population="heroin-dependent inpatients")  # fmt: skip
    assert [o.window for o in s.observations] == [["1440 min", "2880 min"], ["5760 min", "7200 min"]]
    assert s.arms["main"]["person"]["history"]["stopped"] == "1 min"
    assert s.arms["main"]["doses"] == []


@pytest.mark.parametrize(
    ("population", "at", "reference", "statistic"),
    [("healthy volunteers", "within 30 min", None, "trough"), ("healthy volunteers", "versus placebo", "reference", "trough")],
)
def test_a_direction_is_against_before_or_against_the_arm_that_is_named(
    library: Library, population: str, at: str, reference: str | None, statistic: str
) -> None:
    o = only(read(library, quantity="minute_ventilation", analyte_or_site="resting", direction="decrease", at=at, population=population))
    assert (o.direction, o.reference, o.statistic) == ("decrease", reference, statistic)


@pytest.mark.parametrize(
    ("quantity", "fields", "reads"),
    [
        ("EC50", {"analyte_or_site": "whole blood; ventilation at PetCO2 46 mmHg", "unit": "ng/mL", "value": 1}, ("EC50", "minute_ventilation", 0.5)),
        ("EC25", {"analyte_or_site": "plasma, pupil", "unit": "ng/mL", "value": 1}, ("EC50", "pupil_diameter", 0.25)),
        ("time_to_peak", {"analyte_or_site": "pupil", "unit": "min", "value": 5}, ("pupil_diameter", None, None)),
        ("ventilatory_slope", {"analyte_or_site": "CO2", "unit": "L/min/mmHg", "value": 1}, ("ventilatory_slope", None, None)),
        ("apnoea_fraction", {"analyte_or_site": "no breath for 20 s", "value": 30}, ("response_fraction", None, None)),
        ("receptor_availability", {"analyte_or_site": "MOP", "value": 30}, ("occupancy", None, None)),
        ("time_to_loss_of_consciousness", {"analyte_or_site": "", "unit": "s", "value": 60}, ("time_to", None, None)),
    ],
)
def test_kinds_of_their_own(library: Library, quantity: str, fields: dict[str, Any], reads: tuple[Any, ...]) -> None:
    o = only(read(library, quantity=quantity, **fields))
    assert (o.quantity, o.of, o.level) == reads
    if quantity == "receptor_availability":
        assert o.value == 70


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"species": "rat"}, "species rat"),
        ({"note": "Simulation by others, not an observation."}, "simulation by others"),
        ({"note": "Same measurement as another.entry; count once."}, "counted once"),
        ({"protocol": {"drug": "tramadol", "route": "oral", "dose": mg(100)}}, "drug 'tramadol' is not in the library"),
        ({"protocol": {"drug": "fentanyl", "route": "iv_bolus"}}, "the dose of fentanyl is not given"),
        ({"protocol": {"drug": "naloxone", "route": "im", "dose": mg(2)}, "population": "suspected heroin overdose"}, "unknown dose"),
        ({"protocol": {"drug": "naloxone", "route": "im", "dose": mg(2)}}, "an antagonist against an agonist whose dose is not given"),
        ({"protocol": {"drug": "fentanyl", "route": "iv_bolus", "dose": {"value": 2}}}, "no unit of amount"),
        ({"protocol": None}, "no protocol"),
        ({"unit": None}, "without a unit"),
        ({"unit": "furlong"}, "furlong"),
        ({"unit": "ng/mL"}, "cannot convert"),
        ({"value": "low"}, "no value"),
        ({"value": None}, "no value"),
        ({"value": None, "direction": "sideways"}, "direction 'sideways'"),
        ({"series": []}, "a series without rows"),
        ({"series": ["text", None]}, "a series without rows"),
        ({"series": [{"arm": "quetiapine", "value": 3}]}, "'quetiapine' is not known"),
        ({"quantity": "minute_ventilation_odds_ratio"}, "not one that the bench computes"),
        ({"quantity": "central_apnoea_index"}, "not one that the bench computes"),
    ],
)
def test_what_cannot_be_simulated_says_why(library: Library, fields: dict[str, Any], reason: str) -> None:
    entry = {**ENTRY, "quantity": "minute_ventilation", "analyte_or_site": "resting", "unit": "L/min", "value": 4, **fields}
    with pytest.raises(Unusable, match=reason):
        study_from_entry(entry, library)


def test_no_input_is_a_traceback(library: Library) -> None:
    odd: list[Any] = [
        None,
        [],
        {},
        "text",
        3,
        float("nan"),
        [1, 2],
        {"value": [1]},
        {"value": "x", "unit": 3},
        [{"value": True}],
        [{"time": 5, "value": 2}],
    ]
    base = {**ENTRY, "quantity": "SpO2", "analyte_or_site": "oximeter", "value": 90}
    keys = ("protocol", "population", "analyte_or_site", "unit", "value", "series", "spread", "direction", "at", "n", "note", "claim")
    entries = [{**base, "id": f"odd.{k}.{i}", k: x} for k in keys for i, x in enumerate(odd)]
    entries += [
        {**base, "id": f"odd.{k}.{i}", "protocol": {**ENTRY["protocol"], k: x}} for k in ENTRY["protocol"] | {"regimen": 0} for i, x in enumerate(odd)
    ]
    studies, unusable = studies_from_entries(entries, library, "odd.yaml")
    assert len(studies) + len(unusable) == len(entries)
    assert all(unusable.values())


def test_a_reading_can_be_simulated(library: Library) -> None:
    s = read(library, quantity="minute_ventilation_reduction", analyte_or_site="resting", value=42, at="within 10 min")
    (scored,) = run_study(s, library)
    assert scored.status == "ok"
    assert scored.predicted is not None
    assert 0.1 < scored.predicted < 1.0
