"""The picture, table and words of an overdose: what happened and what was given, for one person and several, whatever was written down."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from papaver.cohort import sample
from papaver.evidence.load import load_library
from papaver.readouts.outcomes import add_outcomes
from papaver.report import render
from papaver.report.citations import named
from papaver.report.curves import Window
from papaver.report.events import AGAIN, Event, coarse, events, lanes, triggered, window
from papaver.report.figures import charts
from papaver.report.overdose import breathes, panels_of, picture, place
from papaver.report.sheet import LEFT, RIGHT, WIDTH, nice, width_of
from papaver.report.tables import outcome_tables, treatments
from papaver.report.words import paragraph
from papaver.scenario import Scenario
from papaver.simulate import Result, prepare, simulate

NASAL = {"drug": "naloxone", "product": "nasal 4 mg", "when": "breathing.VE < 60 % of baseline", "after": "1 min", "times": 2, "every": "3 min"}
FENTANYL = {"drug": "fentanyl", "amount": "1 mg", "route": "iv", "at": "2 min"}


def run(people: int = 1, **changes: object) -> Result:
    raw = {"title": "overdose", "doses": [FENTANYL, NASAL], "observe": {"until": "3 h"}, **changes}
    p = prepare(Scenario.from_dict(raw), load_library())
    return add_outcomes(simulate(p, sample(p, people, 1) if people > 1 else None, solver="scalar"))


@pytest.fixture(scope="module")
def rescued() -> Result:
    oxygen = {"give": "oxygen", "level": "50 %", "at": "8 min", "over": "20 min"}
    airway = {"give": "airway", "when": "arousal.level < 0.8", "after": "2 min"}
    return run(doses=[{**FENTANYL, "amount": "0.3 mg"}, NASAL], treatments=[oxygen, airway])


@pytest.fixture(scope="module")
def dead() -> Result:
    return run(doses=[{**FENTANYL, "amount": "20 mg"}])


@pytest.fixture(scope="module")
def several() -> Result:
    return run(4, doses=[{**FENTANYL, "amount": "2 mg"}, NASAL])


def table(result: Result) -> dict[str, tuple[str, ...]]:
    t = next(t for t in outcome_tables(result) if t.title == "Overdose")
    return {name.removeprefix("rescue."): tuple(c.text for c in cells) for _, name, cells in t.rows}


def test_events_are_those_of_the_outcomes_in_order(dead: Result) -> None:
    found = events(dead)
    times = [e.middle for e in found]
    assert times == sorted(times)
    assert {e.words for e in found} >= {"unconscious", "SpO₂ < 90 %", "SpO₂ < 70 %", "breathing stops", "heart stops"}
    assert dead.outcomes["rescue.time_of_arrest"][0] in times


def test_a_second_fall_has_its_time(rescued: Result) -> None:
    k = rescued.columns.index("breathing.VE")
    data = rescued.data.copy()
    rest = data[0, 0, k]
    data[0, :, k] = rest * np.interp(rescued.t, [0, 10, 20, 60, 70, 180], [1, 0.2, 1, 1, 0.2, 0.2])
    fallen = add_outcomes(dataclasses.replace(rescued, data=data))
    again = next(e for e in events(fallen) if e.words == AGAIN)
    assert again.middle == pytest.approx(67.5, abs=1)
    w = window(fallen, events(fallen), lanes(fallen))
    assert w.stop == pytest.approx(180)
    assert "breathing failed a second time" in " ".join(paragraph(fallen))


def test_what_was_given_by_the_scenario_and_by_rules(rescued: Result) -> None:
    given = {lane.label: lane for lane in lanes(rescued)}
    assert set(given) == {"Fentanyl 0.3 mg iv", "Naloxone 4 mg nasal", "Oxygen 50 %", "Airway held open"}
    assert [m.time for m in given["Fentanyl 0.3 mg iv"].marks] == [2.0]
    assert [(m.time, m.duration) for m in given["Oxygen 50 %"].marks] == [(8.0, 20.0)]
    nasal, airway = given["Naloxone 4 mg nasal"], given["Airway held open"]
    assert nasal.triggered
    assert [m.time for m in nasal.marks] == [row["given"] for row in rescued.schedule if row["drug"] == "naloxone"]
    assert airway.triggered
    assert airway.drug is None
    assert airway.marks[0].time + airway.marks[0].duration == pytest.approx(rescued.t[-1])
    assert [what for what, _ in treatments(rescued)] == ["Oxygen 50 %", "Airway held open"]


def test_doses_of_several_people_are_marked_at_their_median(several: Result) -> None:
    nasal = next(lane for lane in triggered(several) if lane.drug == "naloxone")
    first = sorted(min(f.given for f in firings) for firings in several.firings if firings)
    assert nasal.marks[0].time == pytest.approx(np.median(first))
    assert nasal.marks[0].low <= nasal.marks[0].time <= nasal.marks[0].high
    assert nasal.marks[0].share == pytest.approx(len(first) / 4)


def test_the_window_holds_what_happened_and_little_more(rescued: Result, dead: Result) -> None:
    for result in (rescued, dead):
        found, given = events(result), lanes(result)
        w = window(result, found, given)
        assert w.start == 0
        assert w.stop < result.t[-1]
        assert all(w.start <= e.middle < w.stop for e in found)
        assert all(m.time < w.stop for lane in given for m in lane.marks)


@pytest.mark.parametrize("seed", range(40))
def test_no_line_runs_through_a_label(rescued: Result, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = sorted((Event("something happens", rng.uniform(0, 60, 1)) for _ in range(rng.integers(1, 8))), key=lambda e: e.middle)
    w = Window(0, 60, "min", "")
    rows = place(rescued, found, w)
    boxes = []
    for e, (row, right, text) in zip(found, rows, strict=True):
        x = LEFT + e.middle / 60 * (RIGHT - LEFT)
        boxes.append((row, x, (x + 3, x + 3 + width_of(text)) if right else (x - 3 - width_of(text), x - 3)))
    for k, (row, x, (_, b)) in enumerate(boxes):
        assert b <= WIDTH
        for j, (other, _, (c, d)) in enumerate(boxes):
            if j != k and other >= row:
                assert not c < x < d
            if j != k and other == row:
                assert b <= c or d <= boxes[k][2][0]


def test_page_shows_an_overdose(rescued: Result, stands_alone: Callable[[str], Any]) -> None:
    html = render(rescued, {})
    stands_alone(html)
    assert "Overdose: what was given and what it did" in html
    assert "Oxygen 50 %" in html
    assert "Hollow triangles: doses that a rule gave." in html
    assert "Naloxone 4 mg nasal was given by a rule" in html


def test_words_and_table_of_one_person(dead: Result, rescued: Result) -> None:
    text = " ".join(paragraph(dead))
    assert "The heart stopped after" in text
    assert "the person died" in text
    rows = table(dead)
    assert rows["dead"] == ("yes",)
    assert rows["intact"] == ("no",)
    assert rows["second_fall"] == ("no",)
    assert table(rescued)["time_of_arrest"] == ("did not happen",)
    assert "The person lived without lasting injury." in " ".join(paragraph(rescued))
    assert not [t for t in outcome_tables(dead) if t.title == "Other outcomes"]


def test_words_and_table_of_several_people(several: Result) -> None:
    rows = table(several)
    died = int(several.outcomes["rescue.dead"].sum())
    assert rows["dead"][0] == (f"{25 * died} %" if died else "0 %")
    assert f"Of 4 people {died} died" in " ".join(paragraph(several))
    cell = next(c for t in outcome_tables(several) for _, n, cells in t.rows if n == "rescue.dead" for c in cells[:1])
    assert cell.band == f"{died} of 4"
    html = render(several, {})
    assert "median time of those to whom it happened" in html
    assert "nan" not in html.lower().replace("intranasal", "").replace("endogenous", "")


def test_nothing_happened() -> None:
    quiet = run(doses=[{"drug": "morphine", "amount": "1 mg", "route": "oral"}], observe={"until": "4 h"})
    assert events(quiet) == []
    html = render(quiet, {})
    assert "Breathing, oxygen, heart and brain" in html
    assert "stayed conscious and the heart went on beating" in html
    # without an event the drug and its receptors are left to the charts below
    assert {p.title for p in panels_of(quiet, (), Window(0, 60, "min", ""))} == {"Breathing", "Oxygen", "Carbon dioxide", "Heart", "Brain"}


@pytest.mark.parametrize("show", [["breathing"], ["oxygen"], ["circulation", "concentrations"], ["brain_state"], ["urine"]])
def test_columns_that_were_not_written_down(show: list[str], stands_alone: Callable[[str], Any]) -> None:
    result = run(observe={"until": "1 h", "show": show})
    stands_alone(render(result, {}))
    assert breathes(result) == (show[0] in ("breathing", "oxygen"))


def test_everybody_failed(rescued: Result, stands_alone: Callable[[str], Any]) -> None:
    nothing = add_outcomes(dataclasses.replace(rescued, data=np.full_like(rescued.data, np.nan), reasons=["step too small"], outcomes={}))
    html = render(nothing, {})
    stands_alone(html)
    assert "nothing to tell" in html
    assert table(nothing)["dead"] == ("–",)


def test_some_failed_and_some_were_stopped(several: Result, stands_alone: Callable[[str], Any]) -> None:
    data = several.data.copy()
    data[0, 3:] = np.nan
    data[1, 100:] = np.nan
    html = render(add_outcomes(dataclasses.replace(several, data=data, reasons=["no", "", "", ""], outcomes={})), {})
    stands_alone(html)
    assert "of 3" in html


def test_times_no_finer_than_what_was_written_down(dead: Result) -> None:
    few = slice(None, None, 40)
    rough = add_outcomes(dataclasses.replace(dead, t=dead.t[few], data=dead.data[:, few], outcomes={}))
    assert coarse(rough) > 2
    assert "times are no finer than that" in picture(rough, charts(rough)).caption


def test_round_numbers() -> None:
    assert nice(0, 14) == [0, 5, 10, 15]
    assert nice(30, 61, 3) == [20, 40, 60, 80]
    assert nice(0, 0.9) == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_nearly_every_parameter_of_the_body_has_words(rescued: Result) -> None:
    nameless = [p for p in rescued.data_paths if named(p, rescued.library) == p]
    assert len(nameless) <= 0.03 * len(rescued.data_paths), nameless
    assert named("fentanyl.pk.fu", rescued.library) == "Fentanyl: unbound fraction in plasma"
    assert named("sites.respiratory.KE", rescued.library).startswith("Opioid effect on breathing: ")
