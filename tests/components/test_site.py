"""Where opioids and other depressants act: drives to breathe, arousal, and what both do together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from papaver.components.site import Depression, DirectEffects, SiteEffect

DRIVES = {"reach_wake": 4.0, "reach_chemo": 1.6, "soft": 0.08, "thrift": 0.25}
NOTHING = {"respiratory": 0.0, "reflex": 0.0, "wake_left": 1.0, "chemo_left": 1.0, "metabolism_change": 0.0}
SEDATIVE = {
    "EC50[a]": 20.0, "slope[a]": 1.0, "wake[a]": 0.9, "chemo[a]": 0.6, "arousal[a]": 0.95, "rate[a]": 0.0, "vessels[a]": 0.0, "metabolism[a]": 0.0,
    "alpha2[a]": 0.0, "boost[a]": 10.0,
}  # fmt: skip


def drives(run, **inputs: float) -> list[float]:
    return list(run(Depression, DRIVES, ["chemo", "wake", "metabolism"], inputs=NOTHING | inputs)[0])


def sedated(run, C: float, opioid: float) -> list[float]:
    """Chemoreflex, wakefulness and arousal that a concentration leaves under an opioid."""
    return list(run(DirectEffects, SEDATIVE, ["chemo_left", "wake_left", "arousal_left"], inputs={"C[a]": C, "sedation": opioid}, drug=("a",))[0])


def test_without_drugs_all_of_it_is_left(run) -> None:
    assert drives(run) == pytest.approx([1.0, 1.0, 1.0], abs=1e-6)


@pytest.mark.parametrize("effect", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_opioids_flatten_the_reflexes_and_take_tonic_drive_beyond_zero(run, effect: float) -> None:
    chemo, wake, metabolism = drives(run, respiratory=effect, reflex=effect)
    assert chemo == pytest.approx(0.08 * math.log1p(math.exp((1 - 1.6 * effect) / 0.08)))
    assert wake == pytest.approx(1 - 4 * effect)
    assert metabolism == pytest.approx(1 - 0.25 * (1 - max(wake, 0)))


def test_reflexes_run_out_softly_and_never_below_zero(run) -> None:
    left = [drives(run, reflex=e)[0] for e in (0.5, 0.6, 0.65, 0.7, 0.8, 1.0)]
    assert left == sorted(left, reverse=True)
    assert left[-1] > 0
    assert left[3] < 0.05


def test_a_sedative_and_an_opioid_add_up_on_the_tonic_drive(run) -> None:
    opioid, sedative = drives(run, respiratory=0.2)[1], drives(run, wake_left=0.5)[1]
    assert drives(run, respiratory=0.2, wake_left=0.5)[1] == pytest.approx(opioid + sedative - 1)


def test_a_sedative_alone_does_as_its_curve_says(run) -> None:
    assert sedated(run, 20.0, 0.0) == pytest.approx([1 - 0.6 / 2, 1 - 0.9 / 2, 1 - 0.95 / 2])
    assert sedated(run, 0.0, 1.0) == [1.0, 1.0, 1.0]


def test_under_an_opioid_it_is_more_potent_on_wakefulness_and_arousal_not_on_reflexes(run) -> None:
    alone, both = sedated(run, 5.0, 0.0), sedated(run, 5.0, 0.3)
    assert both[0] == alone[0]
    assert both[1:] == pytest.approx(sedated(run, 20.0, 0.0)[1:])  # 1 + 10 x 0.3 times as potent


SITE = {"KE": 0.5, "gamma": 1.0, "weight[days]": 1.0, "ceiling": 0.3}


def felt(run, depth: float, stimulus: float, opponent: float = 0.0) -> float:
    """What a site feels of a stimulus, over an opponent."""
    inputs = {"depth": depth, "stimulus": stimulus, "X[days]": opponent}
    return float(run(SiteEffect, SITE, ["net"], inputs=inputs, pace=("days",))[0, 0])


def test_without_a_cascade_a_site_feels_the_stimulus_less_its_opponent(run) -> None:
    assert felt(run, 0.0, 0.7) == pytest.approx(0.7)
    assert felt(run, 0.0, 0.7, 0.2) == pytest.approx(0.7 - 0.3 * (1 - math.exp(-0.2 / 0.3)))


def test_a_cascade_leaves_small_stimuli_as_they_are(run) -> None:
    assert felt(run, 0.6, 0.001) == pytest.approx(0.001, rel=1e-3)


@pytest.mark.parametrize("x", [0.1, 1.0, 10.0, 100.0])
def test_a_cascade_is_a_reserve_for_a_full_agonist(run, x: float) -> None:
    """x/(1 + x) of the receptors through the cascade are as x with a Ki that is 1/(1 - depth) times as high."""
    assert felt(run, 0.6, x / (1 + x)) == pytest.approx(x / (1 + 0.4 * x))


def test_an_opponent_restores_what_the_cascade_uses_up(run) -> None:
    """The same opponent saves more where more is used up."""
    naive, tolerant = (np.array([felt(run, 0.6, s, X) for s in (0.2, 0.5, 0.9)]) for X in (0.0, 0.5))
    assert np.all(np.diff(naive - tolerant) > 0)


def test_an_efficacy_above_one_uses_up_no_more_than_all(run) -> None:
    assert felt(run, 0.9, 1.0) < felt(run, 0.9, 1.2) < felt(run, 0.9, 1.5)


def test_a_partial_agonist_falls_further_behind_a_full_one(run) -> None:
    assert felt(run, 0.6, 0.35) / felt(run, 0.6, 1.0) < 0.2 < 0.35
