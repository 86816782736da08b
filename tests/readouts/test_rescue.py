"""Overdoses read off made-up curves: times of the stages, depth, a second fall, dead, injured or intact."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from papaver.readouts.rescue import add_rescue, second_fall

Array = npt.NDArray[np.float64]
T = np.arange(0.0, 61.0)


def read(**curves: Array) -> dict[str, Array]:
    """Outcomes of curves by the output's name with the dot written as two underscores; one person or several."""
    given = {name.replace("__", "."): np.atleast_2d(np.asarray(c, dtype=float)) for name, c in curves.items()}
    out: dict[str, Array] = {}
    add_rescue(given.get, T, lambda name, values, unit: out.update({name.removeprefix("rescue."): values}))
    return out


def through(*points: tuple[float, float]) -> Array:
    """A curve of straight lines through (time, value)."""
    return np.interp(T, [t for t, _ in points], [x for _, x in points])


def test_breathing_stops_where_it_passes_a_twentieth_of_rest() -> None:
    out = read(breathing__VE=[through((0, 8), (10, 0), (30, 0), (40, 8)), np.full(61, 8.0)])
    assert out["time_of_apnoea"] == pytest.approx([9.5, np.nan], nan_ok=True)
    assert out["lowest_ventilation"] == pytest.approx([0.0, 1.0])
    assert out["second_fall"].tolist() == [0.0, 0.0]


def test_ventilation_is_relative_to_each_persons_own_rest_but_at_least_a_litre() -> None:
    out = read(breathing__VE=[through((0, 8), (60, 4)), through((0, 4), (60, 3)), through((0, 0.1), (60, 0.02))])
    assert out["lowest_ventilation"] == pytest.approx([0.5, 0.75, 0.02])


def test_saturation_below_a_limit_begins_where_it_is_crossed_and_is_added_up() -> None:
    out = read(monitor__SpO2=[through((0, 98), (8, 98), (28, 58), (29, 100)), np.full(61, 97.0)])
    assert out["lowest_SpO2"] == pytest.approx([0.58, 0.97])
    assert out["time_of_SpO2_below_90"] == pytest.approx([12.0, np.nan], nan_ok=True)
    assert out["time_of_SpO2_below_70"] == pytest.approx([22.0, np.nan], nan_ok=True)
    assert out["time_with_SpO2_below_90"] == pytest.approx([16.0, 0.0], abs=1.0)
    assert out["time_with_SpO2_below_70"] == pytest.approx([6.0, 0.0], abs=1.0)


def test_two_spells_of_low_saturation_count_together_and_the_first_gives_the_time() -> None:
    low = np.where(((T >= 10) & (T < 20)) | ((T >= 40) & (T < 45)), 80.0, 98.0)
    out = read(monitor__SpO2=low)
    assert out["time_with_SpO2_below_90"] == pytest.approx([15.0])
    assert 9 < out["time_of_SpO2_below_90"][0] <= 10


@pytest.mark.parametrize(
    ("levels", "again"),
    [
        ([1.0, 1.0, 1.0], False),
        ([1.0, 0.3, 0.3], False),
        ([1.0, 0.3, 0.7, 0.7], False),
        ([1.0, 0.3, 0.5, 0.3], False),  # never recovered
        ([1.0, 0.3, 0.7, 0.3], True),
        ([1.0, 0.3, 0.7, 0.5, 0.7], False),  # not low again
        ([1.0, 0.7, 1.0, 0.3], False),  # the first fall is the only one
        ([0.3, 0.61, 0.39], True),
        ([1.0, 0.3, 0.6, 0.3], False),  # at the limit is not above it
    ],
)
def test_a_second_fall_follows_a_recovery_from_a_first(levels: list[float], again: bool) -> None:
    assert second_fall(np.array([levels])).tolist() == [again]


def test_a_second_fall_is_told_person_by_person() -> None:
    assert second_fall(np.array([[1, 0.3, 0.7, 0.3], [1, 1, 1, 1], [1, 0.3, 0.3, 0.7]])).tolist() == [True, False, False]


def test_consciousness_goes_where_arousal_passes_one_half() -> None:
    out = read(arousal__level=[through((0, 1), (10, 0)), np.full(61, 0.51)])
    assert out["time_of_unconsciousness"] == pytest.approx([5.0, np.nan], nan_ok=True)


def test_dead_injured_or_intact_is_each_one_of_three() -> None:
    flat = np.zeros(61)
    arrested, hurt, killed = through((0, 0), (20, 1), (60, 1)), through((0, 0), (60, 2)), through((0, 0), (60, 1.5))
    out = read(
        heart__arrest=[arrested, flat, flat, flat, arrested], injury__injury=[flat, hurt, hurt, flat, hurt],
        injury__dead=[flat, killed, 0.6 * killed, flat, killed],
    )  # fmt: skip
    assert out["dead"].tolist() == [1, 1, 0, 0, 1]
    assert out["injured"].tolist() == [0, 0, 1, 0, 0]
    assert out["intact"].tolist() == [0, 0, 0, 1, 0]
    assert out["time_of_arrest"] == pytest.approx([10, np.nan, np.nan, np.nan, 10], nan_ok=True)
    assert out["brain_injury"] == pytest.approx([0, 2, 2, 0, 2])


def test_the_worst_counts_even_if_it_passes() -> None:
    passed = through((0, 0), (10, 1), (20, 0), (60, 0))
    out = read(heart__arrest=passed, injury__injury=0 * T, injury__dead=0 * T, heart__debt=5 * passed)
    assert out["dead"].tolist() == [1]
    assert out["heart_debt"] == pytest.approx([5])


def test_a_debt_counts_from_where_it_stood() -> None:
    assert read(respiratory__debt=through((0, 0.2), (5, 0.7), (60, 0.1)))["precipitated_debt"] == pytest.approx([0.5])


def test_what_was_not_written_down_gives_no_outcome() -> None:
    assert read() == {}
    assert set(read(arousal__level=np.ones(61))) == {"time_of_unconsciousness"}
    assert "dead" not in read(heart__arrest=np.zeros(61), injury__injury=np.zeros(61))
