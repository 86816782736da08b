"""The page of a trial: arms, endpoints and intervals, what decides death; for one person, for failures, with nothing written down."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from papaver import api
from papaver.report.arm_figures import side_by_side, spread, survival
from papaver.report.trial import endpoints, render_trial, tornado, trial_dict
from papaver.report.writing import percent_range
from papaver.trial.arms import ArmResult, Bar, Share, Trial, shares, wilson

SCENARIO = {
    "title": "Arms & <people>",
    "doses": [{"drug": "fentanyl", "amount": "2 mg", "route": "iv"}],
    "arms": {
        "nobody <b>helps</b>": {},
        "naloxone": {"doses": [{"drug": "naloxone", "product": "nasal 4 mg", "when": "breathing.VE < 40 % of baseline", "after": "30 s"}]},
    },
    "observe": {"until": "1 h", "every": "1 min", "show": ["breathing", "oxygen", "circulation", "brain_state"]},
    "people": 5,
}


@pytest.fixture(scope="module")
def trial() -> Trial:
    return api.run_trial(SCENARIO, out=False, solver="scalar")


def with_deaths(a: ArmResult, dead: np.ndarray) -> ArmResult:
    """The arm as if its people were many, some of them dead after a quarter of an hour."""
    n = len(dead)
    outcomes = {"rescue.dead": dead, "rescue.time_of_arrest": np.where(dead > 0, 15.0 + np.arange(n) / n, np.nan), "rescue.injured": np.zeros(n),
                "rescue.intact": 1.0 - dead, "rescue.second_fall": np.zeros(n)}  # fmt: skip
    r = dataclasses.replace(a.result, outcomes=outcomes, outcome_units=dict.fromkeys(outcomes, "1"), reasons=[""] * n, firings=[])
    return dataclasses.replace(a, result=r, shares=shares(outcomes))


@pytest.fixture(scope="module")
def large(trial: Trial) -> Trial:
    many = [with_deaths(a, (np.arange(200) % every == 0).astype(float)) for a, every in zip(trial.arms, (2, 5), strict=True)]
    bars = (Bar("sites.respiratory.KE", 0.9, 0.1), Bar("naloxone.intranasal.ka_slow", 0.6, 0.2), Bar("heart.limit", 0.52, 0.48))
    return dataclasses.replace(trial, arms=tuple(many), tornado={a.name: bars for a in many})


def test_page_shows_arms_endpoints_and_intervals(large: Trial, stands_alone: Callable[[str], Any]) -> None:
    html = render_trial(large, ["papaver", "run", "my file", "--people", "200"])
    parsed = stands_alone(html)
    assert "nobody &lt;b&gt;helps" in html
    assert "<b>" not in html
    assert "Arms &amp; &lt;people&gt;" in html
    assert "papaver run &#39;my file&#39; --people 200" in html
    assert "no medical device" in html
    _, low, high = wilson(100, 200)
    assert f"{100 * low:.0f}–{100 * high:.0f} %" in html
    assert "100 of 200" in html
    labels = [v for tag, k, v in parsed.attributes if tag == "svg" and k == "aria-label"]
    assert len(labels) == 2
    assert "naloxone 80 %" in labels[0]
    assert "nan" not in html.lower().replace("intranasal", "")


def test_every_endpoint_has_every_arm(large: Trial) -> None:
    rows = endpoints(large)
    assert [e.title for e in rows] == ["Died", "Lived, with brain injury", "Lived unharmed", "Breathing failed a second time"]
    assert all([arm for arm, _ in e.rows] == [a.name for a in large.arms] for e in rows)
    assert {len(cells) for e in rows for _, cells in e.rows} == {2}


def test_parameter_sets_have_a_column_of_their_own(large: Trial) -> None:
    drawn = tuple(
        dataclasses.replace(a, shares={k: Share(s.value, s.low, s.high, (0.1, 0.2, 0.9)) for k, s in a.shares.items()}) for a in large.arms
    )  # fmt: skip
    html = render_trial(dataclasses.replace(large, arms=drawn, sets=3), [])
    assert "95 %, over sets" in html
    assert percent_range(*np.percentile((0.1, 0.2, 0.9), [2.5, 97.5])) in html
    assert "over sets" not in render_trial(large, [])


def test_what_decides_is_told_from_chance_and_from_what_is_not_given(large: Trial) -> None:
    nobody, naloxone = (tornado(large, a) for a in large.arms)
    assert nobody is not None
    assert naloxone is not None
    assert [(b.path, b.sure) for b in nobody.bars] == [("sites.respiratory.KE", True), ("heart.limit", False)]
    assert [b.path for b in naloxone.bars] == ["sites.respiratory.KE", "naloxone.intranasal.ka_slow", "heart.limit"]
    assert naloxone.bars[0].name.startswith("Opioid effect on breathing: ")
    assert all(0 <= x <= 1 for t in (nobody, naloxone) for b in t.bars for x in (b.x_low, b.x_high, t.x_overall))
    few = with_deaths(large.arms[0], (np.arange(200) < 2).astype(float))
    assert tornado(large, few) is None


def test_arms_link_to_their_reports(large: Trial) -> None:
    written = tuple(dataclasses.replace(a, result=dataclasses.replace(a.result, run_dir=f"/x/arm-{k}")) for k, a in enumerate(large.arms))
    html = render_trial(dataclasses.replace(large, arms=written), [])
    assert 'href="arm-0/report.html"' in html
    assert 'href="arm-1/report.html"' in html
    assert trial_dict(dataclasses.replace(large, arms=written))["arms"][1]["folder"] == "arm-1"
    assert "report.html" not in render_trial(large, [])


def test_a_real_trial_of_a_few_people(trial: Trial, stands_alone: Callable[[str], Any]) -> None:
    html = render_trial(trial, ["papaver", "run", "x"])
    stands_alone(html)
    assert "at least 50 people are needed" in html
    assert "4 mg naloxone" in html


def test_one_person(stands_alone: Callable[[str], Any]) -> None:
    alone = api.run_trial(SCENARIO, people=1, out=False, solver="scalar")
    html = render_trial(alone, [])
    stands_alone(html)
    assert survival(alone.arms) is None
    assert "One person cannot tell." in html
    assert {cells[0].text for e in endpoints(alone) for _, cells in e.rows} <= {"yes", "no"}


def test_everybody_failed(trial: Trial, stands_alone: Callable[[str], Any]) -> None:
    arms = []
    for a in trial.arms:
        outcomes = {k: np.full_like(v, np.nan) for k, v in a.result.outcomes.items()}
        r = dataclasses.replace(a.result, data=np.full_like(a.result.data, np.nan), outcomes=outcomes, reasons=["step <too> small"] * a.result.people)
        arms.append(dataclasses.replace(a, result=r, shares=shares(outcomes)))
    html = render_trial(dataclasses.replace(trial, arms=tuple(arms)), [])
    stands_alone(html)
    assert "step &lt;too&gt; small" in html
    assert "nan" not in html.lower().replace("intranasal", "")


def test_nothing_written_down_of_breathing(stands_alone: Callable[[str], Any]) -> None:
    dull = api.run_trial({**SCENARIO, "observe": {"until": "10 min", "show": ["concentrations"]}, "people": 2}, out=False, solver="scalar")
    html = render_trial(dull, [])
    stands_alone(html)
    assert survival(dull.arms) is None
    assert side_by_side(dull.arms) is None
    assert "No endpoints were worked out" in html


def test_labels_keep_apart() -> None:
    out = spread([10.0, 10.0, 50.0, 12.0], 11.0)
    assert np.diff(sorted(out)).min() >= 11.0 - 1e-9
    assert spread([1.0], 11.0) == [1.0]
