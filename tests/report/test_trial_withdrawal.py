"""Withdrawal on the page of a trial: arms side by side, measures in its JSON, and survival only where somebody was in danger."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from papaver import api
from papaver.errors import ScenarioError
from papaver.report import arm_withdrawal
from papaver.report.trial import endangered, measures, render_trial, trial_dict
from papaver.trial.arms import ArmResult, Trial, shares

SCENARIO = {
    "title": "Withdrawal by arm",
    "person": {"history": {"drug": "heroin", "dose": "160 mg/day", "route": "iv", "for": "5 year"}},
    "doses": [],
    "arms": {
        "nothing & <b>nobody</b>": {},
        "morphine": {"doses": [{"drug": "morphine", "amount": "30 mg", "route": "oral", "every": "12 h"}]},
    },
    "observe": {"until": "2 day", "every": "4 h"},
    "people": 3,
}


@pytest.fixture(scope="module")
def trial() -> Trial:
    return api.run_trial(SCENARIO, out=False, solver="scalar")


def changed(a: ArmResult, **outcomes: np.ndarray) -> ArmResult:
    """The arm with other outcomes of rescue."""
    found = {**a.result.outcomes, **{f"rescue.{k}": v for k, v in outcomes.items()}}
    return dataclasses.replace(a, result=dataclasses.replace(a.result, outcomes=found), shares=shares(found))


def safe(trial: Trial) -> Trial:
    no = np.zeros(3)
    arms = [changed(a, dead=no, injured=no, intact=no + 1, lowest_SpO2=no + 0.95) for a in trial.arms]
    return dataclasses.replace(trial, arms=tuple(arms))


def test_page_compares_arms(trial: Trial, stands_alone: Callable[[str], Any]) -> None:
    html = render_trial(safe(trial), [])
    parsed = stands_alone(html)
    for words in ("Withdrawal by arm", "COWS and SOWS over time", "How bad it was at its worst", "COWS, item by item", "Aching bones and joints"):
        assert words in html
    assert "<b>" not in html
    assert "Use before the trial: 160 mg/day heroin, intravenous, for 5 years." in html
    assert "Highest COWS, of 48 (median" in html
    labels = [v for tag, k, v in parsed.attributes if tag == "svg" and k == "aria-label"]
    assert [x[:17] for x in labels] == ["Median COWS over ", "Highest COWS by a", "Items of COWS ove", "Body systems over"]
    assert "nan" not in html.lower()


def test_survival_is_told_only_where_somebody_was_in_danger(trial: Trial) -> None:
    calm = safe(trial)
    assert not endangered(calm)
    html = render_trial(calm, [])
    assert "Nobody died in any arm, and no SpO₂ fell below 90 %." in html
    assert not [x for x in ("h-survival", "h-endpoints", "h-decides", "h-courses") if x in html]
    for change in ({"dead": np.array([0.0, 1, 0])}, {"injured": np.array([0.0, 0, 1])}, {"lowest_SpO2": np.array([0.95, 0.8, np.nan])}):
        risky = dataclasses.replace(calm, arms=(calm.arms[0], changed(calm.arms[1], **change)))
        assert endangered(risky)
        page = render_trial(risky, [])
        assert "h-survival" in page
        assert "h-withdrawal" in page


def test_table_has_a_row_an_arm_and_a_column_a_measure(trial: Trial) -> None:
    arm = trial.arms[1]
    outcomes = {**arm.result.outcomes, "withdrawal.onset": np.array([60.0, np.nan, 120.0]), "withdrawal.end": np.full(3, np.nan)}
    moved = dataclasses.replace(arm, result=dataclasses.replace(arm.result, outcomes=outcomes))
    t = arm_withdrawal.measure_table([trial.arms[0], moved])
    assert [name for name, _, _ in t.rows] == [a.name for a in trial.arms]
    assert {len(cells) for _, _, cells in t.rows} == {len(t.columns)} == {6}
    began, over = t.rows[1][2][1], t.rows[1][2][3]
    assert began.text == "90 min"
    assert began.band.endswith("2 of 3 people")
    assert over.text == "–"


def test_measures_in_json(trial: Trial) -> None:
    arms = trial_dict(trial)["arms"]
    for a, row in zip(trial.arms, arms, strict=True):
        x = a.result.outcomes["withdrawal.peak_COWS"]
        m = row["measures"]["withdrawal.peak_COWS"]
        assert [m["p05"], m["median"], m["p95"]] == pytest.approx(list(np.percentile(x, [5, 50, 95])))
        assert m["unit"] == "1"
        assert row["measures"]["withdrawal.time_of_peak_COWS"]["unit"] == "min"
        assert {"arm", "folder", "people", "failed", "endpoints", "decides_death"} <= row.keys()
    one = dataclasses.replace(trial.arms[0].result, reasons=[""], outcomes={k: v[:1] for k, v in trial.arms[0].result.outcomes.items()})
    assert measures(dataclasses.replace(trial.arms[0], result=one))["withdrawal.peak_COWS"]["p05"] is None


def test_one_person_and_many_arms(trial: Trial, stands_alone: Callable[[str], Any]) -> None:
    single = [
        dataclasses.replace(a.result, data=a.result.data[:1], reasons=[""], outcomes={k: v[:1] for k, v in a.result.outcomes.items()})
        for a in safe(trial).arms
    ]
    arms = tuple(dataclasses.replace(trial.arms[0], name=f"arm number {k}", result=single[k % 2]) for k in range(9))
    html = render_trial(dataclasses.replace(trial, arms=arms), [])
    stands_alone(html)
    assert "arm number 8" in html


def test_arms_without_withdrawal_or_where_all_failed(trial: Trial, stands_alone: Callable[[str], Any]) -> None:
    a = trial.arms[1]
    outcomes = {k: np.full(3, np.nan) for k in a.result.outcomes}
    nothing = dataclasses.replace(a.result, data=np.full_like(a.result.data, np.nan), outcomes=outcomes, reasons=["no"] * 3)
    gone = dataclasses.replace(a, result=nothing, shares=shares(outcomes))
    assert arm_withdrawal.withdrawn([gone]) == []
    assert [x.name for x in arm_withdrawal.withdrawn([trial.arms[0], gone])] == [trial.arms[0].name]
    stands_alone(render_trial(dataclasses.replace(safe(trial), arms=(safe(trial).arms[0], gone)), []))
    bare = dataclasses.replace(a.result, outcomes={k: v for k, v in a.result.outcomes.items() if not k.startswith("withdrawal.")})
    html = render_trial(dataclasses.replace(trial, arms=(dataclasses.replace(a, result=bare),)), [])
    assert "h-withdrawal" not in html


def test_body_is_shown_system_by_system_and_arms_may_be_written_down_at_other_times(trial: Trial) -> None:
    a, b = trial.arms
    thin = dataclasses.replace(b, result=dataclasses.replace(b.result, t=b.result.t[::2], data=b.result.data[:, ::2]))
    html = render_trial(dataclasses.replace(trial, arms=(a, thin)), [])
    assert "The body, system by system" in html
    assert "Body systems over time, by arm: Heart rate" in html


def test_arms_of_like_names_have_folders_of_their_own(tmp_path) -> None:
    arms = {name: {} for name in ("a b", "a-b", "A B")}
    s = {"title": "three", "doses": [{"drug": "morphine", "amount": "5 mg", "route": "iv"}], "arms": arms, "observe": {"until": "10 min"}}
    api.run_trial(s, out=tmp_path / "out", solver="scalar")
    assert sorted(x.name for x in (tmp_path / "out").iterdir() if x.is_dir()) == ["a-b", "a-b-2", "a-b-3"]


def test_uncertainty_needs_people() -> None:
    with pytest.raises(ScenarioError, match=r"--uncertainty: people are drawn around each parameter set"):
        api.run_trial({**SCENARIO, "people": 1}, out=False, uncertainty=3)
