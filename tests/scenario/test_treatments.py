# ruff: noqa: E501 - a row of the table of bad inputs stays on its line
"""Treatments, arms, position and history of a scenario: what is understood, and what is refused with its place, what was read and what is allowed."""

from __future__ import annotations

import copy

import pytest

from papaver.errors import PapaverError, ScenarioError
from papaver.evidence.load import Library
from papaver.scenario import ResolvedScenario, Scenario, resolve
from papaver.scenario.treatments import LIMITS, TREATMENTS

GOOD = {"doses": [{"drug": "fentanyl", "amount": "0.2 mg", "route": "iv"}], "observe": {"until": "1 h"}, "person": {"weight": "80 kg"}}
LOW = "breathing.VE < 3 L/min"
HEROIN, METHADONE = 369.41, 309.45


def raw(*treatments: dict, history: dict | None = None, **top: object) -> dict:
    """GOOD with treatments, a history and other fields."""
    out = {**copy.deepcopy(GOOD), **top}
    if treatments:
        out["treatments"] = list(treatments)
    if history is not None:
        out["person"] = {**out["person"], "history": {"drug": "heroin", "dose": "150 mg/day", **history}}
    return out


def understood(library: Library, *treatments: dict, **fields: object) -> ResolvedScenario:
    return resolve(Scenario.from_dict(raw(*treatments, **fields)), library)  # type: ignore[arg-type]


BAD = [
    # treatments
    (raw({"give": "oxigen"}), r"treatments\[0\]\.give: read 'oxigen'; did you mean 'oxygen'\?; allowed are oxygen, ventilation, airway"),
    (raw({"give": "air"}, {"give": "oxygen"}), r"treatments\[0\]\.give: read 'air'"),
    (raw({"give": "oxygen"}, {"give": "air"}), r"treatments\[1\]\.give: read 'air'"),
    (raw({"level": "60 %"}), r"treatments\[0\]: the field 'give' is missing"),
    (raw({"give": "oxygen", "lvel": "60 %"}), r"treatments\[0\]: unknown field 'lvel'; did you mean 'level'\?"),
    (raw({"give": "oxygen", "level": 60}), r"treatments\[0\]\.level: the unit is missing \(read 60\)"),
    (raw({"give": "oxygen", "level": "60"}), r"treatments\[0\]\.level: the unit is missing \(read '60'\); write for example '100 %'"),
    (raw({"give": "oxygen", "level": "60 L/min"}), r"treatments\[0\]\.level: read '60 L/min'; oxygen needs 0 to 100 %"),
    (raw({"give": "oxygen", "level": "160 %"}), r"treatments\[0\]\.level: read '160 %'; allowed are 0 to 100 %"),
    (raw({"give": "oxygen", "level": "-1 %"}), r"treatments\[0\]\.level: read '-1 %'; allowed are 0 to 100 %"),
    (raw({"give": "oxygen", "level": "nan %"}), r"treatments\[0\]\.level: read 'nan %'"),
    (raw({"give": "ventilation"}), r"treatments\[0\]\.level: read '100 %'; ventilation needs 0 to 100 L/min"),
    (raw({"give": "ventilation", "level": "101 L/min"}), r"treatments\[0\]\.level: read '101 L/min'; allowed are 0 to 100 L/min"),
    (raw({"give": "airway", "level": "120 %"}), r"treatments\[0\]\.level: read '120 %'; allowed are 0 to 100 %"),
    (raw({"give": "obstruction", "level": "1 mmHg"}), r"treatments\[0\]\.level: read '1 mmHg'; obstruction needs 0 to 100 %"),
    (raw({"give": "carbon_dioxide", "level": "5 %"}), r"treatments\[0\]\.level: read '5 %'; carbon_dioxide needs 0 to 110 mmHg"),
    (raw({"give": "end_tidal_CO2", "level": "10 mmHg"}), r"treatments\[0\]\.level: read '10 mmHg'; allowed are 20 to 110 mmHg"),
    (raw({"give": "loperamide", "level": "150 %"}), r"treatments\[0\]\.level: read '150 %'; allowed are 0 to 100 %"),
    (raw({"give": "oxygen", "at": "2 h"}), r"treatments\[0\]\.at: read '2 h'; it must lie within the run \(0 to 60 min\)"),
    (raw({"give": "oxygen", "at": "-2 min"}), r"treatments\[0\]\.at: read '-2 min'; it must lie within the run"),
    (raw({"give": "oxygen", "at": 5}), r"treatments\[0\]\.at: the unit is missing \(read 5\)"),
    (raw({"give": "oxygen", "at": "5 mg"}), r"treatments\[0\]\.at: read '5 mg', but a 'min' quantity is needed"),
    (raw({"give": "oxygen", "over": "0 min"}), r"treatments\[0\]\.over: read '0 min'; it must be positive"),
    (raw({"give": "oxygen", "for": "1 min"}), r"treatments\[0\]\.for: belongs to a rule; give the condition too \(when:\), or say how long with over:"),
    (raw({"give": "oxygen", "after": "1 min"}), r"treatments\[0\]\.after: belongs to a rule"),
    (raw({"give": "oxygen", "when": LOW, "over": "1 min"}), r"treatments\[0\]\.over: a treatment that a condition starts stands to the end"),
    (raw({"give": "oxygen", "when": LOW, "after": "-1 min"}), r"treatments\[0\].*a delay is not negative"),
    (raw({"give": "oxygen", "when": LOW, "level": "160 %"}), r"treatments\[0\]\.level: read '160 %'; allowed are 0 to 100 %"),
    (raw({"give": "oxigen", "when": LOW}), r"treatments\[0\]\.give: read 'oxigen'"),
    (raw({"give": "oxygen", "when": "breathing is slow"}), r"treatments\[0\]\.when: read 'breathing is slow'; write an output, <, <=, > or >=, a number and its unit"),
    (raw({"give": "oxygen", "when": "breathing.VE < 3 Lmin"}), r"treatments\[0\]\.when: read 'breathing\.VE < 3 Lmin'; .*unknown unit 'Lmin'"),
    (raw(treatments={"give": "oxygen"}), r"treatments: "),
    # position
    (raw(person={"position": "belly"}), r"person\.position: read 'belly'; allowed are back, side"),
    # history
    (raw(history={"drug": "herion"}), r"person\.history\.drug: unknown drug 'herion'; did you mean 'heroin'\?"),
    (raw(history={"route": "buccal"}), r"person\.history\.route: Heroin has no route 'buccal'; it has iv, "),
    (raw(history={"dose": "150 mg"}), r"person\.history\.dose: read '150 mg'; write an amount per time such as '150 mg/day'"),
    (raw(history={"dose": "-1 mg/day"}), r"person\.history\.dose: read '-1 mg/day'; write an amount per time"),
    (raw(history={"dose": "0 mg/day"}), r"person\.history\.dose: read '0 mg/day'; write an amount per time"),
    (raw(history={"dose": "5 mL/day"}), r"person\.history\.dose: read '5 mL/day'; write an amount per time"),
    (raw(history={"dose": 150}), r"person\.history\.dose: the unit is missing \(read 150\); write for example '150 mg/day'"),
    (raw(history={"for": "0 day"}), r"person\.history\.for: .*positive, and at most 100 year"),
    (raw(history={"for": "101 year"}), r"person\.history\.for: .*positive, and at most 100 year"),
    (raw(history={"for": 2}), r"person\.history\.for: the unit is missing \(read 2\); write for example '2 year'"),
    (raw(history={"every": "0 h"}), r"person\.history\.every: .*positive, and at most 100 year"),
    (raw(history={"every": "6"}), r"person\.history\.every: the unit is missing \(read '6'\); write for example '6 h'"),
    (raw(history={"stopped": "-1 day"}), r"person\.history\.stopped: .*0 or more, and at most 100 year"),
    (raw(history={"stopped": "2 mg"}), r"person\.history\.stopped: read '2 mg', but a 'min' quantity is needed"),
    (raw(history={"since": "1 year"}), r"person\.history: unknown field 'since'"),
    # arms
    (raw(arms={"a": {"dose": []}}), r"arms\.a: unknown field 'dose'; did you mean 'doses'\?"),
    (raw(arms={"a": {"treatments": [{"give": "oxygen", "level": 60}]}}), r"arms\.a\.treatments\[0\]\.level: the unit is missing \(read 60\)"),
    (raw(arms=["a"]), r"arms: "),
    (raw(doses=[]), r"doses: the list is empty; give at least one dose"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "message"), BAD, ids=[str(k) for k in range(len(BAD))])
def test_bad_input_is_refused(library: Library, bad: dict, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        resolve(Scenario.from_dict(bad), library)


@pytest.mark.parametrize("field", ["give", "level", "at", "over", "when", "for", "after"])
@pytest.mark.parametrize("value", [None, True, -1, 0.5, "", "x", "1e999 min", "NaN %", [], ["oxygen"], {"a": 1}])
def test_any_value_in_a_treatment_is_understood_or_refused_with_its_place(library: Library, field: str, value: object) -> None:
    refusal = ""
    try:
        understood(library, {"give": "oxygen", field: value})
    except PapaverError as e:
        refusal = str(e)
    assert not refusal or "treatments[0]" in refusal


# what is understood


def changes(library: Library, *treatments: dict) -> list[tuple[str, float, float]]:
    return [(c.give, c.time, c.amount) for c in understood(library, *treatments).levels]


def test_a_treatment_stands_from_at_for_over(library: Library) -> None:
    given = changes(library, {"give": "ventilation", "level": "10 L/min", "at": "5 min", "over": "20 min"})
    assert given == [("ventilation", 5.0, 10.0), ("ventilation", 25.0, -10.0)]


def test_a_treatment_without_over_stands_to_the_end(library: Library) -> None:
    assert changes(library, {"give": "airway", "at": "0.5 h"}) == [("airway", 30.0, 1.0)]
    assert changes(library, {"give": "airway", "at": "0.5 h", "over": "3 h"}) == [("airway", 30.0, 1.0)]


def test_of_what_overlaps_the_one_that_began_last_counts(library: Library) -> None:
    """And when it ends, what still stands counts again."""
    long, short = {"give": "ventilation", "level": "10 L/min"}, {"give": "ventilation", "level": "4 L/min", "at": "10 min", "over": "5 min"}
    for order in ((long, short), (short, long)):
        assert changes(library, *order) == [("ventilation", 0.0, 10.0), ("ventilation", 10.0, -6.0), ("ventilation", 15.0, 6.0)]


def test_one_level_follows_another_without_a_gap(library: Library) -> None:
    first, then = {"give": "airway", "level": "50 %", "over": "10 min"}, {"give": "airway", "level": "80 %", "at": "10 min", "over": "10 min"}
    assert changes(library, first, then) == [("airway", 0.0, 0.5), ("airway", 10.0, pytest.approx(0.3)), ("airway", 20.0, -0.8)]


def test_kinds_do_not_disturb_each_other_and_come_in_order_of_time(library: Library) -> None:
    given = changes(library, {"give": "ventilation", "level": "9 L/min", "at": "8 min"}, {"give": "airway", "at": "3 min", "over": "10 min"})
    assert given == [("airway", 3.0, 1.0), ("ventilation", 8.0, 9.0), ("airway", 13.0, -1.0)]


def test_oxygen_counts_above_air(library: Library) -> None:
    ((_, _, pure),) = changes(library, {"give": "oxygen"})
    ((_, _, half),) = changes(library, {"give": "oxygen", "level": "50 %"})
    assert pure == pytest.approx(0.79, abs=0.005)
    assert pure - half == pytest.approx(0.5, rel=1e-12)
    assert pytest.approx(0.0, abs=0.005) == sum(x for _, _, x in changes(library, {"give": "oxygen", "level": "20.9 %"}))


def test_levels_are_read_in_any_unit_of_their_kind(library: Library) -> None:
    assert changes(library, {"give": "ventilation", "level": "100 mL/s"}) == [("ventilation", 0.0, pytest.approx(6.0))]
    assert changes(library, {"give": "carbon_dioxide", "level": "5 kPa"}) == [("carbon_dioxide", 0.0, pytest.approx(37.503, abs=1e-3))]


@pytest.mark.parametrize("give", list(TREATMENTS))
def test_both_ends_of_the_allowed_levels_are_allowed(library: Library, give: str) -> None:
    unit = TREATMENTS[give][1]
    low, high, _ = LIMITS.get(give, (0.0, 1.0, ""))
    for level in (low, high):
        understood(library, {"give": give, "level": f"{100 * level:g} %" if unit == "1" else f"{level:g} {unit}"})
    with pytest.raises(ScenarioError, match=r"treatments\[0\]\.level"):
        understood(library, {"give": give, "level": f"{101 * high:g} %" if unit == "1" else f"{1.01 * high:g} {unit}"})


def test_a_condition_makes_a_rule_of_a_treatment(library: Library) -> None:
    r = understood(library, {"give": "ventilation", "level": "10 L/min", "when": LOW, "for": "30 s", "after": "2 min", "at": "3 min"})
    assert r.levels == ()
    (rule,) = r.rules
    assert (rule.give, rule.amount, rule.hold, rule.after, rule.at, rule.times) == ("ventilation", 10.0, 0.5, 2.0, 3.0, 1)
    assert (rule.condition.output, rule.condition.above, rule.condition.value, rule.condition.unit) == ("breathing.VE", False, 3.0, "L/min")
    assert rule.drug is None
    assert not rule.stops


def test_a_treatment_alone_makes_a_scenario(library: Library) -> None:
    assert understood(library, {"give": "oxygen"}, doses=[]).doses == ()


def test_the_heart_is_healthy_unless_said(library: Library) -> None:
    assert understood(library).covariates["heart_disease"] == "none"
    assert understood(library, person={"heart_disease": "known"}).covariates["heart_disease"] == "known"


def test_position_is_back_unless_said(library: Library) -> None:
    assert understood(library).covariates["position"] == "back"
    assert understood(library, person={"position": "side"}).covariates["position"] == "side"


def test_altitude_is_sea_level_unless_said(library: Library) -> None:
    assert understood(library).covariates["altitude"] == 0.0
    assert understood(library, person={"altitude": "1300 m"}).covariates["altitude"] == pytest.approx(1300)
    with pytest.raises(ScenarioError, match=r"person\.altitude: read '9000 m'; allowed are 0 to 4500 m"):
        understood(library, person={"altitude": "9000 m"})


# history


def history(library: Library, **fields: str):
    h = understood(library, history=fields, doses=[]).history
    assert h is not None
    return h


def test_a_history_in_numbers(library: Library) -> None:
    h = history(library, every="8 h", stopped="2 day", **{"for": "3 week"})
    assert (h.route, h.every, h.stopped, h.duration) == ("iv", 480.0, 2880.0, 30240.0)
    assert h.amounts == {"heroin": pytest.approx(50 / HEROIN * 1e6, rel=1e-4)}
    assert history(library).stopped == 0


def test_the_daily_dose_is_the_same_however_it_is_divided(library: Library) -> None:
    for every, doses in (("4 h", 6), ("6 h", 4), ("1 day", 1)):
        assert history(library, every=every).amounts["heroin"] * doses == pytest.approx(150 / HEROIN * 1e6, rel=1e-4)
    assert history(library, dose="6.25 mg/h").amounts == {k: pytest.approx(x, rel=1e-9) for k, x in history(library).amounts.items()}
    assert history(library, dose="2 mg/kg/day").amounts["heroin"] * 4 == pytest.approx(160 / HEROIN * 1e6, rel=1e-4)


def test_short_drugs_are_taken_four_times_a_day_and_long_ones_once(library: Library) -> None:
    assert history(library).every == 360
    assert history(library, drug="methadone", dose="60 mg/day", route="oral").every == 1440


def test_a_history_of_a_mixture_is_one_of_its_parts(library: Library) -> None:
    h = history(library, drug="methadone", dose="60 mg/day", route="oral")
    assert set(h.amounts) == {"r_methadone", "s_methadone"}
    assert sum(h.amounts.values()) == pytest.approx(60 / METHADONE * 1e6, rel=1e-3)


def test_a_history_makes_a_person_a_chronic_user(library: Library) -> None:
    assert understood(library).covariates["history"] == "naive"
    assert understood(library, history={}).covariates["history"] == "chronic"


# arms

TRIAL = raw(
    {"give": "airway", "at": "2 min"}, title="made up", people=7, seed=3, variants={"dependence": "off"},
    arms={
        "none": {},
        "both": {"doses": [{"drug": "naloxone", "amount": "0.4 mg", "route": "im", "when": LOW, "for": "1 min"}], "treatments": [{"give": "oxygen"}]},
        "side": {"person": {"position": "side"}}, "other": {"person": {"weight": "60 kg", "history": {"drug": "heroin", "dose": "1 g/day"}}},
    },
)  # fmt: skip


def test_an_arm_inherits_everything_and_adds_its_own() -> None:
    s = Scenario.from_dict(TRIAL)
    none, both, side, other = (s.arm(name) for name in s.arms)
    for a in (none, both, side, other):
        assert a.arms == {}
        assert a.doses[:1] == s.doses
        assert a.treatments[:1] == s.treatments
        assert (a.people, a.seed, a.variants, a.observe) == (7, 3, {"dependence": "off"}, s.observe)
    assert [d.drug for d in both.doses] == ["fentanyl", "naloxone"]
    assert (both.doses[1].hold, both.doses[1].when) == ("1 min", LOW)
    assert [x.give for x in both.treatments] == ["airway", "oxygen"]
    assert (none.person, none.title) == (s.person, "made up: none")
    assert (side.person.weight, side.person.position) == ("80 kg", "side")
    assert other.person.weight == "60 kg"
    assert other.person.history is not None
    assert other.person.history.dose == "1 g/day"


def test_no_such_arm_and_no_such_field_of_its_person() -> None:
    with pytest.raises(ScenarioError, match=r"arms: there is no arm 'sied'; there are none, both, side, other"):
        Scenario.from_dict(TRIAL).arm("sied")
    with pytest.raises(ScenarioError, match=r"arms: there is no arm 'a'; there are none$"):
        Scenario.from_dict(GOOD).arm("a")
    with pytest.raises(ScenarioError, match=r"arms\.a: person: unknown field 'wieght'; did you mean 'weight'\?"):
        Scenario.from_dict(raw(arms={"a": {"person": {"wieght": "3 kg"}}})).arm("a")


def test_treatments_arms_and_history_survive_a_round_trip() -> None:
    for plain in (TRIAL, raw({"give": "oxygen", "when": LOW, "for": "1 min", "after": "2 min"}, history={"stopped": "2 day"})):
        s = Scenario.from_dict(plain)
        assert Scenario.from_dict(s.to_dict()) == s
