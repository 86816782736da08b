"""Effects as studies measure them: how each is scored, and values, times and directions read off made-up curves."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.bench.courses import Course, NotSimulated, holds
from papaver.bench.effects import EFFECTS, SCALES, default_se, needs_dependence, predict_effect, scale_of
from papaver.bench.score import EDGE, _sign_right, interval, metric_of, odds, score, standard_error
from papaver.bench.study import Band, Observation, Study
from papaver.scenario.rules import condition

T = np.arange(0.0, 121.0, 2.0)
UNITS = {"breathing.VE": "L/min", "monitor.PaCO2": "mmHg", "fentanyl.vein.C": "nmol/L"}


class Drawn(Course):
    """A course whose curves are given, with the first drug at a time (None: no drug)."""

    def __init__(self, first: float | None, curves: dict[str, Any], people: int = 1) -> None:
        self.curves, self.people = {k: np.asarray(v, dtype=float) for k, v in curves.items()}, people
        self.scenario = SimpleNamespace(doses=[] if first is None else [SimpleNamespace(time=first + 5), SimpleNamespace(time=first)])  # type: ignore[assignment]
        self.library = SimpleNamespace(drugs={"fentanyl": SimpleNamespace(MW=336.5)})  # type: ignore[assignment]
        self.__dict__["result"] = SimpleNamespace(t=T, units=UNITS)

    def __getitem__(self, name: str) -> Any:
        if name not in self.curves:
            raise NotSimulated(f"there is no {name} in this arm")
        return self.curves[name]


def through(*points: tuple[float, float]) -> np.ndarray:
    return np.interp(T, [t for t, _ in points], [x for _, x in points])


VE = through((0, 8), (10, 8), (30, 2), (50, 2), (90, 10), (120, 10))
"""Rest 8 until the drug at 10 min, 2 from 30 to 50 min, then 10 from 90 min on."""


def seen(quantity: str, **fields: Any) -> Observation:
    return Observation(**{"quantity": quantity, "analyte": "none", "unit": "1", **fields})


def predicted(o: Observation, course: Course | None = None, **others: Course) -> float:
    arms = {"main": course or Drawn(10, {"breathing.VE": VE}), **others}
    return predict_effect(o, SimpleNamespace(course=arms.__getitem__, cohort=arms.__getitem__))[0]  # type: ignore[arg-type]


# how it is scored


@pytest.mark.parametrize(
    ("o", "scale"),
    [
        (seen("minute_ventilation", value=4), "ratio"),
        (seen("minute_ventilation", value=0.5, relative="baseline"), "ratio"),
        (seen("minute_ventilation", value=-3, relative="change"), "interval"),
        (seen("minute_ventilation", value=3, relative="difference"), "interval"),
        (seen("minute_ventilation", value=0.0), "interval"),
        (seen("minute_ventilation", value=4, statistic="trough"), "ratio"),
        (seen("minute_ventilation", value=9, statistic="time_of_trough"), "ratio"),
        (seen("PaCO2", value=50), "interval"),
        (seen("PaCO2", value=8, relative="change"), "interval"),
        (seen("PaCO2", value=1.2, relative="baseline"), "ratio"),
        (seen("PaCO2", value=1.2, relative="reference"), "ratio"),
        (seen("PaCO2", value=1.2, relative="difference"), "interval"),
        (seen("PaCO2", value=12, statistic="time_of_peak"), "ratio"),
        (seen("arousal", value=0.4), "share"),
        (seen("arousal", value=-0.4, relative="change"), "share"),
        (seen("EC50", value=3), "ratio"),
        (seen("duration", value=3), "ratio"),
        (seen("response_fraction", value=0.3), "share"),
        (seen("sign", of="signs.S[yawning]", value=0.4), "ratio"),
    ],
)
def test_the_scale_of_an_observation(o: Observation, scale: str) -> None:
    assert scale_of(o) == scale
    assert metric_of(o) == {"ratio": "fold", "share": "odds", "interval": "errors"}[scale]


def test_what_has_no_value_is_scored_by_direction_or_interval() -> None:
    assert metric_of(seen("PaCO2", direction="increase")) == "sign"
    assert metric_of(seen("PaCO2", low=40, high=50)) == "interval"


def test_every_interval_quantity_has_a_spread_and_every_scale_a_name() -> None:
    assert {e.scale for e in EFFECTS.values()} | set(SCALES.values()) == {"ratio", "interval", "share"}
    assert all((e.sd > 0) == (e.scale == "interval") for e in EFFECTS.values())


def test_what_looks_at_dependence_needs_it() -> None:
    assert needs_dependence([seen("PaCO2"), seen("COWS")])
    assert needs_dependence([seen("time_to", when="scales.COWS > 5")])
    assert not needs_dependence([seen("PaCO2"), seen("time_to", when="breathing.VE < 3 L/min")])


def test_odds_are_kept_away_from_none_and_all() -> None:
    assert odds(0.5) == 1
    assert odds(0.8) == pytest.approx(4)
    assert odds(0.0) == odds(EDGE) == pytest.approx(1 / 49)
    assert odds(1.0) == odds(1 - EDGE) == pytest.approx(49)


@given(x=st.floats(0, 1), y=st.floats(0, 1))
def test_odds_rise_with_the_share_and_turn_over_with_its_complement(x: float, y: float) -> None:
    assert (odds(x) <= odds(y)) or x > y
    assert odds(x) * odds(1 - x) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(
    ("spread", "n", "error"),
    [
        (Band(kind="SE", value=1.5), 9, 1.5),
        (Band(kind="SD", value=6), 9, 2.0),
        (Band(kind="SD", value=6), None, 6 / math.sqrt(8)),
        (Band(kind="CI95", low=1, high=1 + 2 * 1.96), 9, 1.0),
        (Band(kind="CI90", low=1, high=1 + 2 * 1.645), 9, 1.0),
        (Band(kind="IQR", low=0, high=1.35 * 6), 9, 2.0),
        (Band(kind="range", low=0, high=18), 9, 2.0),
        (Band(kind="SE", value=0), 4, 2.0),
        (Band(kind="CI95", low=2, high=2), 4, 2.0),
        (None, 4, 2.0),
        (None, None, 4 / math.sqrt(8)),
    ],
)
def test_standard_error_is_what_is_printed_or_the_usual_one(spread: Band | None, n: int | None, error: float) -> None:
    """The usual spread of PaCO2 is 4 mmHg, of eight people where a study does not say how many."""
    assert standard_error(seen("PaCO2", value=50, spread=spread), n) == pytest.approx(error, rel=2e-3)


def test_a_difference_of_a_ratio_quantity_has_half_its_size_as_spread() -> None:
    assert default_se(seen("heart_rate", value=-12, relative="change"), 4) == pytest.approx(3)


def test_published_spreads_as_intervals() -> None:
    assert interval(seen("PaCO2", value=50, spread=Band(kind="SD", value=3))) == (44, 56)
    assert interval(seen("PaCO2", value=50, spread=Band(kind="range", low=41, high=60))) == (41, 60)
    assert interval(seen("duration", value=20, spread=Band(kind="GSD", value=2))) == (5, 80)
    assert interval(seen("PaCO2", value=50)) is None


@pytest.mark.parametrize(
    ("predicted", "reference", "right"),
    [
        (1.06, 1.0, {"increase", "none"}),
        (1.04, 1.0, {"none"}),
        (0.96, 1.0, {"none"}),
        (0.94, 1.0, {"decrease", "none"}),
        (1.3, 1.0, {"increase"}),
        (0.7, 1.0, {"decrease"}),
        (2.0, 0.0, {"increase"}),
        (0.0, 0.0, {"none"}),
    ],
)
def test_a_direction_is_judged_by_the_ratio(predicted: float, reference: float, right: set[str]) -> None:
    assert {d for d in ("increase", "decrease", "none") if _sign_right(predicted, reference, d)} == right


@pytest.mark.parametrize(
    ("z", "right"),
    [
        (0.0, {"none"}),
        (0.2, {"none"}),
        (0.3, {"increase", "none"}),
        (1.1, {"increase"}),
        (-0.3, {"decrease", "none"}),
        (-1.1, {"decrease"}),
    ],
)
def test_a_direction_of_what_has_no_zero_is_judged_by_the_spread(z: float, right: set[str]) -> None:
    """A ratio would call a change of temperature by two spreads, 2 %, none."""
    sd = 0.4
    assert {d for d in ("increase", "decrease", "none") if _sign_right(37 + z * sd, 37, d, sd)} == right


STUDY = Study(id="made_up", title="", source="", system="", population="", arms={}, observations=[], n=16)


@pytest.mark.parametrize(
    ("o", "value", "error", "within"),
    [
        (seen("minute_ventilation", value=4, spread=Band(kind="SD", value=1)), 2.0, 2.0, True),
        (seen("minute_ventilation", value=4, spread=Band(kind="SD", value=1)), 8.0, 2.0, False),
        (seen("minute_ventilation", value=4), 0.0, math.inf, None),
        (seen("arousal", value=0.5), 0.8, 4.0, None),
        (seen("arousal", value=50, unit="%"), 20, 4.0, None),
        (seen("PaCO2", value=50), 51.5, 1.5, True),
        (seen("PaCO2", value=50), 47.0, 3.0, False),
        (seen("PaCO2", low=40, high=50), 45, 1.0, True),
        (seen("PaCO2", low=40, high=50), 51, 0.0, False),
    ],
)
def test_one_prediction_scored(o: Observation, value: float, error: float, within: bool | None) -> None:
    s = score(STUDY, o, value, None, "ok", "fentanyl")
    assert s.score == pytest.approx(error)
    assert s.within == within


def test_a_direction_scored_uses_the_spread_of_its_quantity() -> None:
    def right(quantity: str, direction: str, value: float, reference: float) -> float | None:
        return score(STUDY, seen(quantity, direction=direction), value, reference, "ok", "fentanyl").score

    assert right("body_temperature", "increase", 37.5, 37.0) == 1
    assert right("body_temperature", "none", 37.5, 37.0) == 0
    assert right("minute_ventilation", "decrease", 4, 8) == 1
    assert right("minute_ventilation", "increase", 4, 8) == 0


def test_what_could_not_be_simulated_has_no_score() -> None:
    s = score(STUDY, seen("PaCO2", value=50), None, None, "why not", "fentanyl")
    assert (s.score, s.within, s.status) == (None, None, "why not")


# what is read off a course


def test_a_value_at_a_time_is_interpolated_and_none_outside_the_run() -> None:
    assert predicted(seen("minute_ventilation", at="21 min")) == pytest.approx(4.7)
    with pytest.raises(NotSimulated, match="121 min lies outside the arm's run"):
        predicted(seen("minute_ventilation", at="121 min"))


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"statistic": "peak"}, 10),
        ({"statistic": "trough"}, 2),
        ({"statistic": "peak", "window": ["0 min", "60 min"]}, 8),
        ({"statistic": "mean", "window": ["10 min", "30 min"]}, 5),
        ({"statistic": "mean", "window": ["30 min", "50 min"]}, 2),
        ({"statistic": "time_of_trough"}, 20),
        ({"statistic": "time_of_peak"}, 80),
        ({"statistic": "time_of_peak", "since": "40 min"}, 50),
        ({"at": "50 min", "relative": "baseline"}, 0.25),
        ({"at": "50 min", "relative": "change"}, -6),
        ({"at": "50 min", "relative": "baseline", "baseline_at": "100 min"}, 0.2),
    ],
)
def test_statistics_of_a_course(fields: dict[str, Any], value: float) -> None:
    assert predicted(seen("minute_ventilation", **fields)) == pytest.approx(value)


def test_times_count_from_the_first_drug_and_are_never_below_one_step() -> None:
    late, none = Drawn(40, {"breathing.VE": VE}), Drawn(None, {"breathing.VE": VE})
    peak = seen("minute_ventilation", statistic="time_of_peak")
    assert predicted(peak, late) == 50
    assert predicted(peak, none) == 90
    assert predicted(seen("minute_ventilation", statistic="time_of_peak", window=["10 min", "30 min"])) == 2.0


def test_a_comparison_is_with_the_reference_arm() -> None:
    other = Drawn(10, {"breathing.VE": 2 * VE})
    assert predicted(seen("minute_ventilation", at="50 min", relative="reference", reference="other"), other=other) == pytest.approx(0.5)
    assert predicted(seen("minute_ventilation", at="50 min", relative="difference", reference="other"), other=other) == pytest.approx(-2)
    with pytest.raises(NotSimulated, match="a comparison needs a reference arm"):
        predicted(seen("minute_ventilation", at="50 min", relative="difference"))


@pytest.mark.parametrize(
    ("when", "since", "minutes"),
    [
        ("breathing.VE < 5 L/min", None, 10),
        ("breathing.VE < 80 mL/s", None, 3.2 / 6 * 20),
        ("breathing.VE < 50 % of baseline", None, 40 / 3),
        ("breathing.VE > 9 L/min", None, 75),
        ("breathing.VE > 9 L/min", "50 min", 35),
        ("breathing.VE < 5 L/min", "40 min", 2),  # there from the start: one step
    ],
)
def test_the_time_to_a_condition_is_where_it_is_crossed(when: str, since: str | None, minutes: float) -> None:
    assert predicted(seen("time_to", when=when, since=since)) == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("when", "since", "minutes"),
    [
        ("breathing.VE < 5 L/min", None, 42),
        ("breathing.VE < 50 % of baseline", None, 33.3),
        ("breathing.VE > 9 L/min", None, 35),
        ("breathing.VE < 5 L/min", "40 min", 22),
        ("breathing.VE < 1 L/min", None, 2),
    ],
)
def test_a_duration_is_the_time_for_which_a_condition_holds(when: str, since: str | None, minutes: float) -> None:
    """5 L/min is passed at 20 and 65 min, 4 at 23.3 and 60, 9 at 85; to within a step at each end."""
    assert predicted(seen("duration", when=when, since=since)) == pytest.approx(minutes, abs=4)


def test_a_duration_adds_up_spells() -> None:
    twice = Drawn(0, {"breathing.VE": np.where(((T >= 20) & (T < 40)) | ((T >= 60) & (T < 70)), 2.0, 8.0)})
    assert predicted(seen("duration", when="breathing.VE < 5 L/min"), twice) == pytest.approx(30)


@pytest.mark.parametrize("quantity", ["time_to", "duration"])
def test_a_condition_must_be_given_and_time_to_must_come(quantity: str) -> None:
    with pytest.raises(NotSimulated, match=rf"{quantity} needs its condition \(when:\)"):
        predicted(seen(quantity))
    with pytest.raises(NotSimulated, match=r"breathing\.VE < 1 L/min never holds"):
        predicted(seen("time_to", when="breathing.VE < 1 L/min"))
    with pytest.raises(NotSimulated, match=r"there is no heart\.HR in this arm"):
        predicted(seen(quantity, when="heart.HR > 90 1/min"))


def test_a_condition_is_read_in_the_unit_of_its_output_and_of_a_drug_by_mass() -> None:
    c = Drawn(10, {"breathing.VE": VE, "fentanyl.vein.C": 3 * VE})
    assert holds(condition("fentanyl.vein.C > 3.365 ng/mL", "when"), c)[1:] == (True, pytest.approx(10.0))
    assert holds(condition("breathing.VE < 60 L/h", "when"), c)[1:] == (False, pytest.approx(1.0))
    share, _, limit = holds(condition("breathing.VE < 40 % of baseline", "when"), c)
    assert (share[0], share.min(), limit) == (1.0, 0.25, 0.4)
    with pytest.raises(NotSimulated, match=r"when: 'breathing\.VE < 3 mmHg'"):
        holds(condition("breathing.VE < 3 mmHg", "when"), c)


def test_the_baseline_is_taken_before_the_first_drug() -> None:
    c = Drawn(40, {"breathing.VE": VE})
    assert holds(condition("breathing.VE > 1 of baseline", "when"), c)[0].max() == pytest.approx(5.0)
    assert predicted(seen("minute_ventilation", at="120 min", relative="baseline"), c) == pytest.approx(5.0)


def test_a_share_of_people() -> None:
    people = np.array([VE, VE + 4, VE + 1, 0 * VE + 1])
    c = Drawn(10, {"breathing.VE": people}, people=4)
    low = "breathing.VE < 5 L/min"
    assert predicted(seen("response_fraction", when=low), c) == 0.75
    assert predicted(seen("response_fraction", when=low, at="100 min"), c) == 0.25
    assert predicted(seen("response_fraction", when=low, at="14 min", statistic="peak"), c) == 0.25
    assert predicted(seen("response_fraction", when=low, given="breathing.VE > 7 L/min"), c) == pytest.approx(2 / 3)
    late = "breathing.VE > 9 L/min"
    assert predicted(seen("response_fraction", when=late, given=low, baseline_at="40 min", since="10 min"), c) == pytest.approx(2 / 3)
    assert predicted(seen("response_fraction", when=late, given=low, since="10 min"), c) == 0
    with pytest.raises(NotSimulated, match="nobody of the cohort meets breathing"):
        predicted(seen("response_fraction", when=low, given="breathing.VE > 70 L/min"), c)


def test_a_reversal_is_the_share_of_the_effect_that_is_taken_back() -> None:
    half = Drawn(10, {"breathing.VE": (VE + 8) / 2})
    o = seen("reversal_fraction", at="50 min", reference="without")
    assert predicted(o, half, without=Drawn(10, {"breathing.VE": VE})) == pytest.approx(0.5)
    with pytest.raises(NotSimulated, match="a reversal needs the arm without antagonist"):
        predicted(seen("reversal_fraction", at="50 min"), half)


@pytest.mark.parametrize(("most", "mg"), [(1.0, 2.0), (0.4, 2.0 * math.exp(3)), (1000.0, 2.0 * math.exp(-3))])
def test_the_dose_that_reverses_half_or_the_nearest_that_was_tried(most: float, mg: float) -> None:
    """The antagonist takes back most * x/(1 + x) of the effect at x times the arm's 2 mg."""

    def course_with(arm: str, drug: str, factor: float) -> Course:
        back = most * factor / (1 + factor)
        return Drawn(10, {"breathing.VE": VE + (8 - VE) * back})

    with_doses = Drawn(10, {"breathing.VE": VE})
    with_doses.scenario = SimpleNamespace(doses=[SimpleNamespace(time=10, drug="naloxone", amount=2000.0)])  # type: ignore[assignment]
    courses = {"main": with_doses, "without": Drawn(10, {"breathing.VE": VE})}
    arms = SimpleNamespace(course=courses.__getitem__, course_with=course_with, MW=lambda drug: 1000.0)
    o = seen("reversal_dose", analyte="naloxone", unit="mg", level=0.5, at="50 min", reference="without")
    assert predict_effect(o, arms)[0] == pytest.approx(mg, rel=0.05)  # type: ignore[arg-type]


def test_the_slope_of_breathing_against_carbon_dioxide() -> None:
    flat = np.ones(T.shape)
    high = Drawn(0, {"breathing.VE": 22 * flat, "monitor.PETCO2": 50 * flat})
    low = Drawn(0, {"breathing.VE": 7 * flat, "monitor.PETCO2": 40 * flat})
    assert predicted(seen("ventilatory_slope", at="9 min", reference="low"), high, low=low) == pytest.approx(1.5)
    with pytest.raises(NotSimulated, match="both arms have the same carbon dioxide pressure"):
        predicted(seen("ventilatory_slope", at="9 min", reference="low"), high, low=high)
