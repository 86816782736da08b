# ruff: noqa: E501 - a row of the table of bad inputs stays on its line
"""Scenarios: what is understood, and every bad input refused with the field, what was read and what is allowed."""

from __future__ import annotations

import contextlib
import copy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.errors import PapaverError, ScenarioError
from papaver.evidence.load import list_data
from papaver.scenario import Dose, History, Observe, Person, Scenario, resolve
from papaver.scenario.rules import condition
from papaver.simulate import prepare

GOOD = {"doses": [{"drug": "heroin", "amount": "10 mg", "route": "iv"}], "person": {"weight": "70 kg"}, "observe": {"until": "2 h"}}
HEROIN, MORPHINE = 369.41, 285.34


def raw(**changes: object) -> dict:
    """GOOD with changes; a key such as dose__amount reaches inside, None removes."""
    out = copy.deepcopy(GOOD)
    for key, value in changes.items():
        head, _, name = key.partition("__")
        if not name:
            target, name = out, head
        else:
            target = out["doses"][0] if head == "dose" else out.setdefault(head, {})
        if value is None:
            target.pop(name)
        else:
            target[name] = value
    return out


BAD = [
    # structure
    (raw(doses=[]), r"doses: the list is empty; give at least one dose"),
    (raw(doses=None), r"the field 'doses' is missing"),
    (raw(observe=None), r"the field 'observe' is missing"),
    (raw(dosis=[]), r"unknown field 'dosis'; did you mean 'doses'\?"),
    (raw(dose__rout="iv"), r"doses\[0\]: unknown field 'rout'; did you mean 'route'\?"),
    (raw(person__wieght="70 kg"), r"person: unknown field 'wieght'; did you mean 'weight'\?"),
    (raw(observe__untill="2 h"), r"observe: unknown field 'untill'; did you mean 'until'\?"),
    (raw(dose__drug=None), r"doses\[0\]: the field 'drug' is missing"),
    (raw(people="many"), r"people: read 'many'; expected `int`"),
    (raw(people=0), r"people: read 0; allowed are 1 to 10 000 000"),
    (raw(seed=-1), r"seed: read -1"),
    (raw(start="25:00"), r"start: read '25:00'; write a time of day such as 08:00"),
    (raw(variants={"heroin": "of"}), r"variants\.heroin: read 'of'; allowed are active, prodrug"),
    # drug and route
    (raw(dose__drug="herion"), r"unknown drug 'herion'; did you mean 'heroin'\?"),
    (raw(dose__route="buccal"), r"doses\[0\]\.route: Heroin has no route 'buccal'; it has iv, "),
    (raw(dose__salt="hcll"), r"doses\[0\]\.salt: Heroin has no salt 'hcll'; did you mean 'hcl'\?"),
    (raw(dose__purity=1.5), r"doses\[0\]\.purity: read 1\.5; allowed are 0 to 1"),
    (raw(dose__purity=0.0), r"doses\[0\]\.purity: read 0"),
    # amount
    (raw(dose__amount=10), r"doses\[0\]\.amount: the unit is missing \(read 10\); write for example '10 mg'"),
    (raw(dose__amount="10"), r"doses\[0\]\.amount: the unit is missing \(read '10'\)"),
    (raw(dose__amount="10 mgg"), r"unknown unit 'mgg'"),
    (raw(dose__amount="10 mL"), r"doses\[0\]\.amount: read '10 mL'; a mass or an amount of substance is needed"),
    (raw(dose__amount="-10 mg"), r"doses\[0\]\.amount: read '-10 mg'; a dose is positive"),
    (raw(dose__amount="0 mg"), r"a dose is positive"),
    (raw(dose__amount="nan mg"), r"doses\[0\]\.amount: read 'nan mg', which does not start with a finite number"),
    (raw(dose__amount="inf mg"), r"does not start with a finite number"),
    (raw(dose__amount="1e999 mg"), r"which is not finite"),
    (raw(dose__amount=float("nan")), r"doses\[0\]\.amount: the unit is missing|nan"),
    (raw(dose__amount="10 kg"), r"doses\[0\]\.amount: read '10 kg'; kg stands for body weight"),
    (raw(dose__amount="1000 g"), r"doses\[0\]\.amount: read '1000 g'; more than 100 g is no dose, check the unit"),
    (raw(dose__amount="0.1 mg/kg", person__weight=None), r"doses\[0\]\.amount: read '0\.1 mg/kg', but the person's weight is missing; add person: \{weight: 70 kg\}"),
    (raw(dose__amount="0.1 mg/kg/min"), r"a mass or an amount of substance is needed"),
    # time
    (raw(dose__at="3 h"), r"doses\[0\]\.at: read '3 h', after the end of the run \(observe\.until is 120 min\); move the dose or watch longer"),
    (raw(dose__at="-5 min"), r"doses\[0\]\.at: read '-5 min'; the run starts at 0 min"),
    (raw(dose__at="5"), r"doses\[0\]\.at: the unit is missing"),
    (raw(dose__at="5 mg"), r"doses\[0\]\.at: read '5 mg', but a 'min' quantity is needed"),
    (raw(dose__over="-5 min"), r"doses\[0\]\.over: read '-5 min'; an infusion lasts a positive time"),
    (raw(dose__over="0 min"), r"doses\[0\]\.over: read '0 min'; an infusion lasts a positive time; leave it out for a dose at once"),
    (raw(dose__over="1e-17 min", dose__at="1 h"), r"doses\[0\]\.over: read '1e-17 min'; an infusion lasts a positive time"),
    (raw(dose__route="iv_infusion"), r"doses\[0\]\.over: an infusion needs its duration"),
    (raw(dose__every="0 min"), r"doses\[0\]\.every: read '0 min'; it must be positive"),
    (raw(dose__every="1e-320 min"), r"doses are too many \(at most 200000\)"),
    (raw(dose__every="1e308 year"), r"doses\[0\]\.every: read '1e308 year', which is not finite"),
    (raw(dose__every="1 min", dose__times=10**9), r"doses\[0\]: 1000000000 doses are too many \(at most 200000\)"),
    (raw(dose__when="mop.free < 0.5", dose__every="0 min", dose__times=3), r"doses\[0\]\.every: read '0 min'; it must be positive"),
    (raw(dose__when="mop.free < 0.5", dose__times=10**9), r"doses\[0\]\.times: read 1000000000; allowed are 1 to 1000"),
    (raw(dose__when="mop.free < 1e999"), r"doses\[0\]\.when: read 'mop\.free < 1e999'; the threshold is not a finite number"),
    (raw(dose__when="mop.free < nan"), r"doses\[0\]\.when: read 'mop\.free < nan'; write an output"),
    (raw(dose__every="1 h", dose__times=0), r"doses\[0\]\.times: read 0; at least 1 dose"),
    (raw(dose__times=3), r"doses\[0\]\.times: needs every:"),
    (raw(dose__when="breathing is slow"), r"doses\[0\]\.when: read 'breathing is slow'; write an output, <, <=, > or >=, a number and its unit"),
    (raw(dose__when="mop.free < 40 kg of baseline"), r"'of baseline' needs a percentage or a fraction"),
    (raw(dose__when="mop.free < 0.5", dose__times=0), r"doses\[0\]\.times: read 0; allowed are 1 to 1000"),
    ({**raw(), "observe": {"until": "1 h", "stop": [{"when": "mop.free < 0.5", "at": "-1 min"}]}}, r"observe\.stop\[0\]\.at: read '-1 min'"),
    (raw(observe__until="0 h"), r"observe\.until: read '0 h'; it must be positive"),
    (raw(observe__until="1e300 h"), r"observe\.until: read '1e300 h'; it must be positive, and at most 100 year"),
    (raw(observe__until="nan h"), r"observe\.until: read 'nan h', which does not start with a finite number"),
    (raw(observe__until="1000 h", observe__every="3.6 ms"), r"observe\.every: 1e\+09 times are about 320 GB for one person \(at most 4\); write down less often"),
    ({**raw(), "observe": {"until": "1 h", "detect": [{"analyte": "morphine", "cutoff": "1 ng/mL", "voids": "1e-9 min"}]}},
     r"observe\.detect\[0\]\.voids: read '1e-9 min'; at least 1 min"),
    ({**raw(), "observe": {"until": "1 h", "detect": [{"analyte": "M3G", "cutoff": "1 ng/mL", "matrix": "oral_fluid"}]}},
     r"observe\.detect\[0\]\.matrix: no ratio of oral fluid to plasma is known of M3G; it is of .*Codeine"),
    ({**raw(), "observe": {"until": "1 h", "detect": [{"analyte": "morphine", "cutoff": "1 ng/mL", "matrix": "sweat"}]}},
     r"observe\.detect\[0\]\.matrix: read 'sweat'"),
    (raw(observe__until=3), r"observe\.until: the unit is missing \(read 3\)"),
    (raw(observe__until="1e308 year"), r"observe\.until: read '1e308 year', which is not finite"),
    (raw(observe__every="0 s"), r"observe\.every: read '0 s'; it must be positive"),
    (raw(observe__until="10 year", observe__every="1 s"), r"observe\.every: .* times are about \d+ GB for one person \(at most 4\); write down less often"),
    (raw(observe__every="1e-320 s"), r"observe\.every"),
    # person
    (raw(person__weight=70), r"person\.weight: the unit is missing \(read 70\); write for example '70 kg'"),
    (raw(person__weight="70 cm"), r"person\.weight: read '70 cm'; a quantity such as '70 kg' is needed"),
    (raw(person__weight="7 kg"), r"person\.weight: read '7 kg'; allowed are 30 to 300 kg \(an adult body\)"),
    (raw(person__weight="nan kg"), r"person\.weight"),
    (raw(person__eGFR="nan mL/min"), r"person\.eGFR: read 'nan mL/min', which does not start with a finite number"),
    (raw(person__weight=float("nan")), r"person\.weight: the unit is missing \(read nan\)"),
    (raw(person__urine_pH=float("nan")), r"person\.urine_pH: read nan; allowed are 4 to 9"),
    (raw(person__age="5 year"), r"person\.age: read '5 year'; allowed are 18 to 110 year"),
    (raw(person__sex="mael"), r"person\.sex: read 'mael'; allowed are female, male; did you mean 'male'\?"),
    (raw(person__liver="bad"), r"person\.liver: read 'bad'; allowed are normal, child_pugh_A"),
    (raw(person__eGFR="500 mL/min"), r"person\.eGFR: read '500 mL/min'; allowed are 1 to 200"),
    (raw(person__history={"drug": "herion", "dose": "150 mg/day"}), r"unknown drug 'herion'"),
    (raw(person__history={"drug": "heroin", "dose": "150 mg"}), r"person\.history\.dose: read '150 mg'; write an amount per time"),
    # overrides
    (raw(set={"heroin.pk.Cl": "3 L/min"}), r"unknown parameter 'heroin\.pk\.Cl'; did you mean 'heroin\.pk\.CL'\?"),
    (raw(set={"heroin.pk.CL": "3 L"}), r"heroin\.pk\.CL: cannot convert 'L'"),
    (raw(set={"heroin.pk.CL": "3"}), r"set heroin\.pk\.CL: the unit is missing"),
    (raw(set={"heroin.pk.CL": "-3 L/min"}), r"a finite number that is not negative"),
    (raw(set={"heroin.pk.fu": "x"}), r"set heroin\.pk\.fu: read 'x'; a number is needed"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "message"), BAD, ids=[str(k) for k in range(len(BAD))])
def test_bad_input_is_refused(library, bad: dict, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        resolve(Scenario.from_dict(bad), library)


def test_unknown_output_is_refused(library) -> None:
    with pytest.raises(ScenarioError, match=r"observe\.show: no output or group 'concentration'; did you mean 'concentrations'\?"):
        prepare(Scenario.from_dict(raw(observe__show=["concentration"])), library)


@pytest.mark.parametrize("thing", [None, 3, "text", [1, 2]])
def test_what_is_no_mapping_is_refused(thing: object) -> None:
    with pytest.raises(ScenarioError, match="a scenario is a mapping with doses: and observe:"):
        Scenario.from_dict(thing)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("doses: [", r"s\.yaml: line \d+"),
        ("a: &a [1]\nb: [*a, *a]\n", "aliases"),
        ("doses: []\ndoses: []\n", "stands twice"),
        ("doses: [{drug: heroin, amount: .nan, route: iv}]\nobserve: {until: 1 h}\n", r"doses\[0\]\.amount: read nan; a finite number is needed"),
        ("just text", "a scenario is a mapping"),
        ("doses: 5\nobserve: {until: 1 h}\n", r"s\.yaml: "),
        ("doses: [5]\nobserve: {until: 1 h}\n", r"s\.yaml: doses\[0\]: read 5"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioError, match=message) as refusal:
        Scenario.from_file(file)
    assert "s.yaml" in str(refusal.value)


def test_an_evening_start_need_not_be_quoted(tmp_path: Path, library) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("start: 18:30\ndoses: [{drug: heroin, amount: 10 mg, route: iv}]\nobserve: {until: 1 h}\n")
    assert resolve(Scenario.from_file(file), library).scenario.start == "18:30"


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=8), x, max_size=3),
    max_leaves=6,
)


@given(field=st.sampled_from(["drug", "amount", "route", "at", "salt", "purity", "over", "every", "times"]), value=json)
def test_any_value_in_a_dose_is_understood_or_refused(library, field: str, value: object) -> None:
    bad = copy.deepcopy(GOOD)
    bad["doses"][0][field] = value
    with contextlib.suppress(PapaverError):
        resolve(Scenario.from_dict(bad), library)


@given(
    field=st.sampled_from(["title", "start", "person", "people", "seed", "variants", "set", "doses", "observe"]),
    inner=st.sampled_from([None, "age", "weight", "sex", "eGFR", "history", "until", "every", "show"]),
    value=json,
)
def test_any_value_in_a_scenario_is_understood_or_refused(library, field: str, inner: str | None, value: object) -> None:
    bad = copy.deepcopy(GOOD)
    if inner is not None and field in ("person", "observe"):
        bad[field][inner] = value
    else:
        bad[field] = value
    with contextlib.suppress(PapaverError):
        resolve(Scenario.from_dict(bad), library)


# what is understood


def amount(library, person_weight: str = "70 kg", **dose: object) -> float:
    return resolve(Scenario.from_dict(raw(person__weight=person_weight, **{f"dose__{k}": v for k, v in dose.items()})), library).doses[0].amount


def test_units_of_a_dose(library) -> None:
    ten_mg = 10 / HEROIN * 1e6
    assert amount(library, amount="10 mg") == pytest.approx(ten_mg, rel=1e-12)
    assert amount(library, amount="0.01 g") == pytest.approx(ten_mg, rel=1e-12)
    assert amount(library, amount="10000 ug") == pytest.approx(ten_mg, rel=1e-12)
    assert amount(library, amount="30 umol") == pytest.approx(30_000)
    assert amount(library, amount="0.1 mg/kg", person_weight="80 kg") == pytest.approx(8 / HEROIN * 1e6, rel=1e-12)
    assert amount(library, amount="50 ug/kg", person_weight="80 kg") == pytest.approx(4 / HEROIN * 1e6, rel=1e-12)
    assert amount(library, amount="0.3 umol/kg", person_weight="80 kg") == pytest.approx(24_000)


def test_a_salt_weighs_more_than_the_base(library) -> None:
    salt = library.drugs["heroin"].salts["hcl"].MW
    assert amount(library, amount="10 mg", salt="hcl") == pytest.approx(10 / salt * 1e6, rel=1e-12)
    assert amount(library, amount="30 umol", salt="hcl") == pytest.approx(30_000)


def test_purity_scales_the_amount(library) -> None:
    assert amount(library, amount="10 mg", purity=0.4) == pytest.approx(4 / HEROIN * 1e6, rel=1e-12)
    assert amount(library, amount="10 mg", purity=0.4, salt="hcl") == pytest.approx(4 / library.drugs["heroin"].salts["hcl"].MW * 1e6, rel=1e-12)


def test_drugs_and_routes_under_other_names(library) -> None:
    r = resolve(Scenario.from_dict(raw(dose__drug="Diamorphine", dose__route="smoked")), library).doses[0]
    assert (r.drug, r.route) == ("heroin", "inhaled")


def test_repeats(library) -> None:
    def times(**dose: object) -> list[float]:
        return [d.time for d in resolve(Scenario.from_dict(raw(observe__until="24 h", **{f"dose__{k}": v for k, v in dose.items()})), library).doses]

    assert times(every="6 h") == [0, 360, 720, 1080, 1440]
    assert times(every="6 h", times=3) == [0, 360, 720]
    assert times(at="1 h", every="8 h", times=9) == [60, 540, 1020]


def test_doses_are_sorted_by_time(library) -> None:
    bad = raw()
    bad["doses"] = [{**GOOD["doses"][0], "at": at} for at in ("60 min", "0 min", "0.5 h")]
    assert [d.time for d in resolve(Scenario.from_dict(bad), library).doses] == [0, 30, 60]


def test_infusion(library) -> None:
    d = resolve(Scenario.from_dict(raw(dose__route="iv_infusion", dose__over="15 min")), library).doses[0]
    assert (d.route, d.duration) == ("iv", 15.0)


def test_output_grid(library) -> None:
    t = resolve(Scenario.from_dict(raw(observe__every="7 min")), library).t
    assert t[:3].tolist() == [0, 7, 14]
    assert t[-1] == 120
    t = resolve(Scenario.from_dict(raw(observe__every="30 s")), library).t
    assert len(t) == 241
    assert t[-1] == 120
    t = resolve(Scenario.from_dict(raw()), library).t
    assert (np.diff(t) > 0).all()
    assert (t[0], t[-1]) == (0, 120)


def test_what_is_left_out_is_assumed_and_listed(library) -> None:
    r = resolve(Scenario.from_dict(raw(person__weight=None, person__sex="female")), library)
    assert r.covariates["weight"] == library.parameters["person.weight.female"].value.value
    assert set(r.assumed) == {"age", "weight", "eGFR", "liver"}


def test_filtration_falls_with_age_and_takes_both_units(library) -> None:
    def eGFR(**person: str) -> float:
        return float(resolve(Scenario.from_dict(raw(**{f"person__{k}": v for k, v in person.items()})), library).covariates["eGFR"])

    assert eGFR(age="30 year") == library.parameters["person.eGFR"].value.value
    assert eGFR(age="80 year") < eGFR(age="60 year") < eGFR(age="30 year")
    assert eGFR(eGFR="45 mL/min") == pytest.approx(45)
    assert eGFR(eGFR="45 mL/min/1.73m2") == pytest.approx(45)


def test_overrides_are_converted_to_the_unit_of_the_data(library) -> None:
    r = resolve(Scenario.from_dict(raw(set={"heroin.pk.CL": "120 L/hour", "heroin.pk.fu": "50 %", "heroin.pk.fm_bche": "0.1"})), library)
    assert r.overrides["heroin.pk.CL"] == pytest.approx(2.0)
    assert r.overrides["heroin.pk.fu"] == pytest.approx(0.5)
    assert r.overrides["heroin.pk.fm_bche"] == 0.1


def test_python_objects_and_mappings_are_the_same_thing(library) -> None:
    s = Scenario(doses=[Dose(drug="heroin", amount="10 mg", route="iv")], person=Person(weight="70 kg"), observe=Observe(until="2 h"))
    assert s == Scenario.from_dict(GOOD)
    with pytest.raises(ScenarioError, match=r"doses\[0\]\.amount: the unit is missing \(read 10\)"):
        resolve(Scenario(doses=[Dose(drug="heroin", amount=10, route="iv")], observe=Observe(until="2 h")), library)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(list_data("scenarios")))
def test_shipped_scenarios_resolve_and_survive_a_round_trip(library, name: str) -> None:
    s = Scenario.from_file(list_data("scenarios")[name])
    resolve(s, library)
    assert Scenario.from_dict(s.to_dict()) == s


def test_to_dict_keeps_everything_that_is_not_default() -> None:
    s = Scenario(
        title="t",
        start="18:30",
        people=3,
        seed=9,
        variants={"heroin": "prodrug"},
        set={"heroin.pk.CL": "3 L/min"},
        doses=[Dose(drug="heroin", amount="1 mg", route="iv", salt="hcl", purity=0.3, over="5 min", every="1 h", times=2, at="1 min")],
        person=Person(age="40 year", history=History(drug="heroin", dose="100 mg/day", duration="2 year")),
        observe=Observe(until="9 h", every="1 min", show=["brain"]),
    )
    assert Scenario.from_dict(s.to_dict()) == s


@pytest.mark.parametrize(("text", "value"), [("monitor.SpO2 < 90 %", 90.0), ("monitor.SpO2 < 90", 90.0), ("monitor.SaO2 < 90 %", 90.0)])
def test_saturation_in_percent_is_read_as_the_monitor_shows_it(text: str, value: float) -> None:
    c = condition(text, "doses[0].when")
    assert c.value == pytest.approx(value)
    assert c.unit == ("%" if "SaO2" in text else "1")


def test_saturation_as_a_fraction_of_a_monitor_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"monitor\.SpO2 is in percent, 0 to 100: write '90 %'"):
        condition("monitor.SpO2 < 0.9", "doses[0].when")
