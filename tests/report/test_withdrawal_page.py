"""Withdrawal in the report: when it is told, pictures, values at rest, items as colours, words and table; for one person and several."""

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from papaver.cohort import sample
from papaver.evidence.load import load_library
from papaver.readouts.outcomes import add_outcomes
from papaver.report import render
from papaver.report.curves import Window
from papaver.report.events import lanes, withdrawal_counts
from papaver.report.heat import COLOURS, tenths
from papaver.report.items import Item, cows_items, sows_items, strongest
from papaver.report.tables import outcome_tables
from papaver.report.tables import person as person_rows
from papaver.report.withdrawal import BODY, cows_ends, pictures, resting, stretch
from papaver.report.words import history_words, paragraph
from papaver.report.writing import plural
from papaver.scenario import Scenario
from papaver.scenario.model import History
from papaver.simulate import Result, prepare, simulate

HEROIN = {"drug": "heroin", "dose": "160 mg/day", "route": "iv", "for": "5 year"}
METHADONE = {"drug": "methadone", "dose": "80 mg/day", "route": "oral", "for": "3 year"}
NOTHING = {"give": "airway", "level": "0 %"}


def run(people: int = 1, **changes: object) -> Result:
    raw = {"title": "withdrawal", "person": {"history": HEROIN}, "doses": [], "treatments": [NOTHING], **changes}
    raw.setdefault("observe", {"until": "16 day", "every": "2 h"})
    p = prepare(Scenario.from_dict(raw), load_library())
    return add_outcomes(simulate(p, sample(p, people, 1) if people > 1 else None, solver="scalar"))


@pytest.fixture(scope="module")
def stopped() -> Result:
    return run()


@pytest.fixture(scope="module")
def precipitated() -> Result:
    naloxone = {"drug": "naloxone", "amount": "0.4 mg", "route": "im", "at": "30 min"}
    return run(person={"history": METHADONE}, doses=[naloxone], treatments=[], observe={"until": "4 h", "every": "2 min"})


@pytest.fixture(scope="module")
def several() -> Result:
    return run(3, observe={"until": "8 day", "every": "4 h"})


@pytest.fixture(scope="module")
def naive() -> Result:
    return run(person={"weight": "82 kg"}, doses=[{"drug": "morphine", "amount": "1 mg", "route": "oral"}], observe={"until": "1 h"})


def table(result: Result) -> dict[str, tuple[str, ...]]:
    t = next(t for t in outcome_tables(result) if t.title == "Withdrawal")
    return {name.removeprefix("withdrawal."): tuple(c.text for c in cells) for _, name, cells in t.rows}


def with_COWS(result: Result, t: list[float], cows: list[float]) -> Result:
    """The result as if COWS had run so."""
    data = result.data.copy()
    data[:, :, result.columns.index("scales.COWS")] = np.interp(result.t, t, cows)
    return add_outcomes(dataclasses.replace(result, data=data, outcomes={}))


def test_it_is_told_of_users_and_of_those_whose_COWS_rises(stopped: Result, naive: Result) -> None:
    assert withdrawal_counts(stopped)
    assert not withdrawal_counts(naive)
    assert withdrawal_counts(with_COWS(naive, [0, 60], [0, 3.5]))
    html = render(naive, {})
    assert "h-withdrawal" not in html
    assert not [t for t in outcome_tables(naive) if t.title in ("Withdrawal", "Other outcomes")]
    assert not [x for x in paragraph(naive) if "ithdrawal" in x]


def test_page_shows_scales_items_body_and_tolerance(stopped: Result, stands_alone: Callable[[str], Any]) -> None:
    html = render(stopped, {})
    parsed = stands_alone(html)
    for words in ("COWS and SOWS over time, and their items", "The body, system by system", "Tolerance", "Aching bones and joints"):
        assert words in html
    for words in ("Trouble sleeping", "Cortisol, nmol/L", "moderate", "body's own opioids"):
        assert words in html
    labels = [v for tag, k, v in parsed.attributes if tag == "svg" and k == "aria-label"]
    assert any("COWS over time, highest" in x and "wide pupils" in x for x in labels)
    # nothing fell: withdrawal stands before breathing, and no airway was held open
    assert html.index('id="h-withdrawal"') < html.index('id="h-overdose"')
    assert not lanes(stopped)
    assert "Airway held open" not in html
    assert "nan" not in html.lower().replace("endogenous", "")


def test_what_rests_is_what_a_body_without_opioids_starts_from(naive: Result) -> None:
    for s in BODY:
        rest = resting(naive.library, naive.scenario.covariates, s.rest) if isinstance(s.rest, str) else s.rest
        assert naive[s.column][0, 0] == pytest.approx(rest, rel=1e-4, abs=1e-6), s.column


def test_QTc_is_drawn_with_methadone_and_testosterone_for_men(stopped: Result, precipitated: Result) -> None:
    def titles(result: Result) -> str:
        return next(p.svg for p in pictures(result) if p.title.startswith("The body"))

    assert "QTc, ms" not in titles(stopped)
    assert "QTc, ms" in titles(precipitated)
    assert "Testosterone" in titles(stopped)
    assert "Testosterone" not in titles(run(person={"sex": "female", "history": HEROIN}, observe={"until": "1 day", "every": "4 h"}))


def test_items_add_up_to_their_scale_and_name_what_is_strong(stopped: Result, several: Result) -> None:
    for result in (stopped, several):
        items = cows_items(result)
        assert len(items) == 11
        assert np.sum([i.score for i in items], axis=0) == pytest.approx(result["scales.COWS"].mean(axis=0))
        assert len(sows_items(result)) == 10
    weak, strong = Item("Little", np.array([0.2]), 4), Item("Much", np.array([3.0]), 4)
    assert strongest([weak, strong]) == ["much"]


def test_colours_of_items() -> None:
    w, t = Window(0, 100, "min", ""), np.linspace(0, 100, 1001)
    assert (tenths(t, Item("none", np.zeros(1001), 4), w) == 0).all()
    assert (tenths(t, Item("all", np.full(1001, 4.0), 4), w) == len(COLOURS) - 1).all()
    rising = tenths(t, Item("rising", t / 25, 4), w)
    assert (np.diff(rising) >= 0).all()
    assert set(rising) == set(range(len(COLOURS)))
    # written down more coarsely than columns are wide, and with gaps
    few = tenths(np.array([0.0, 50, 100]), Item("few", np.array([0.0, 2.0, np.nan]), 4), w)
    assert few[40] == 2
    assert few[-1] == 5
    assert (tenths(t, Item("nothing", np.full(1001, np.nan), 4), w) == 0).all()


def test_darker_is_more() -> None:
    def light(tint: str) -> float:
        return float(sum(k * int(tint[i : i + 2], 16) for k, i in ((0.2126, 1), (0.7152, 3), (0.0722, 5))))

    assert all(light(a) > light(b) for a, b in pairwise(COLOURS))


def test_the_window_is_that_of_withdrawal_where_the_run_is_long(stopped: Result) -> None:
    whole = with_COWS(stopped, [0, 2 * 1440, 10 * 1440], [0, 20, 0])
    assert stretch(whole).stop == stopped.t[-1]
    short = with_COWS(stopped, [0, 60, 600, 1200], [0, 0, 9, 0])
    w = stretch(short)
    assert w.start == 0
    assert short.outcomes["withdrawal.end"][0] < w.stop <= 2 * 1440
    late = stretch(with_COWS(stopped, [0, 12 * 1440, 12.5 * 1440, 13 * 1440], [0, 0, 9, 0]))
    assert 11 * 1440 < late.start < late.stop < stopped.t[-1]
    assert "around withdrawal" in pictures(short)[0].caption
    assert stretch(with_COWS(stopped, [0, 1440], [0, 9])).stop == stopped.t[-1]


def test_axis_of_COWS_ends_with_a_band() -> None:
    assert cows_ends(4) == [0, 5, 13]
    assert cows_ends(17) == [0, 5, 13, 25]
    assert cows_ends(46) == [0, 5, 13, 25, 37, 48]


def test_words_and_table_of_one_person(stopped: Result, precipitated: Result) -> None:
    text = " ".join(paragraph(stopped))
    assert "Use before the run: 160 mg/day heroin, intravenous, for 5 years." in text
    assert "Withdrawal began at" in text
    assert "airway" not in text
    assert "of the dose, counted in moles" not in text
    rows = table(stopped)
    assert list(rows) == ["peak_COWS", "peak_COWS_observed", "onset", "time_of_peak_COWS", "end", "peak_SOWS", "SOWS_days"]
    assert rows["peak_COWS"][0].split(", ")[1] in ("mild", "moderate", "moderately severe", "severe")
    soon = " ".join(paragraph(precipitated))
    assert "after -" not in soon
    assert "R-methadone peaked in arterial plasma at" in soon
    assert "when the run began" in soon


@pytest.mark.parametrize(
    ("t", "cows", "said", "end"),
    [
        ([0, 1440], [0, 4], "stayed below what counts as mild: COWS 4 of 48 (none)", "did not happen"),
        ([0, 1440], [0, 14], "was not over when the run ended", "not by the end"),
        ([0, 1440, 2880], [9, 26, 0], "Withdrawal was there when the run began", "4"),
        ([0, 1440, 2880], [0, 38, 0], "(severe)", "4"),
    ],
)
def test_words_of_other_courses(stopped: Result, t: list[float], cows: list[float], said: str, end: str) -> None:
    result = with_COWS(stopped, t, cows)
    assert said in " ".join(paragraph(result))
    assert table(result)["end"][0].startswith(end)
    assert not np.isfinite(result.outcomes["withdrawal.end"][0]) or end == "4"


def test_words_and_table_of_several_people(several: Result, stands_alone: Callable[[str], Any]) -> None:
    text = " ".join(paragraph(several))
    assert "3 people went into withdrawal" in text
    assert "At its worst it was" in text
    rows = table(several)
    begun = int(np.isfinite(several.outcomes["withdrawal.onset"]).sum())
    cells = next(c for t in outcome_tables(several) for _, n, c in t.rows if n == "withdrawal.onset")
    assert cells[0].band == f"{begun} of 3"
    assert rows["peak_COWS"][0] == ""
    html = render(several, {})
    stands_alone(html)
    assert "Items: means over people." in html
    assert "nan" not in html.lower().replace("endogenous", "")


def test_some_failed_and_some_were_stopped(several: Result, stands_alone: Callable[[str], Any]) -> None:
    data = several.data.copy()
    data[0, 3:] = np.nan
    data[1, 20:] = np.nan
    html = render(add_outcomes(dataclasses.replace(several, data=data, reasons=["no", "", ""], outcomes={})), {})
    stands_alone(html)
    assert "2 people went into withdrawal" in html
    failed = add_outcomes(dataclasses.replace(several, data=np.full_like(data, np.nan), reasons=["no"] * 3, outcomes={}))
    assert "h-withdrawal" not in render(failed, {})


@pytest.mark.parametrize("show", [["withdrawal"], ["withdrawal", "scales"], ["tolerance"], ["scales"], ["withdrawal", "body_in_withdrawal"]])
def test_columns_that_were_not_written_down(show: list[str], stands_alone: Callable[[str], Any]) -> None:
    result = run(observe={"until": "2 day", "every": "6 h", "show": show})
    html = render(result, {})
    stands_alone(html)
    assert ('id="h-withdrawal"' in html) == ("withdrawal" in show)
    assert ("Item by item" in html or "item by item" in html) == ({"withdrawal", "scales"} <= set(show))


def test_nothing_is_told_of_the_withdrawal_of_the_dead(stopped: Result, several: Result) -> None:
    dead = dataclasses.replace(stopped, outcomes={**stopped.outcomes, "rescue.dead": np.array([1.0])})
    assert not withdrawal_counts(dead)
    some = dataclasses.replace(several, outcomes={**several.outcomes, "rescue.dead": np.array([1.0, 0.0, 0.0])})
    assert "The one who died is counted too" in " ".join(paragraph(some))


def test_without_dependence_there_is_nothing_to_tell() -> None:
    heroin = {"drug": "heroin", "amount": "10 mg", "route": "iv"}
    result = run(person={}, variants={"dependence": "off"}, treatments=[], doses=[heroin], observe={"until": "2 h"})
    assert not withdrawal_counts(result)
    assert "h-withdrawal" not in render(result, {})


def test_how_a_history_is_written(stopped: Result) -> None:
    library = stopped.library
    assert history_words(None, library) == ""
    h = History(drug="methadone", dose="80 mg/day", route="po", duration="1 year", stopped="3 week")
    assert history_words(h, library) == "80 mg/day methadone, by mouth, for 1 year, stopped 3 weeks before"
    assert ("opioid history", "160 mg/day heroin, intravenous, for 5 years", False) in person_rows(stopped)
    assert [plural(x) for x in ("1 year", "2 year", "90 min", "1.5 day")] == ["1 year", "2 years", "90 min", "1.5 days"]
