"""Withdrawal read off made-up scales: peak, onset and end, bands, and what an observer would have marked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from papaver.readouts.withdrawal import ALLOWED, BANDS, ITEMS, add_withdrawal, band, observed, observed_total, precipitated

Array = npt.NDArray[np.float64]
T = np.linspace(0.0, 2880.0, 289)


def read(**curves: Array) -> dict[str, float]:
    given = {f"scales.{name}": np.atleast_2d(np.asarray(c, dtype=float)) for name, c in curves.items()}
    out: dict[str, float] = {}
    add_withdrawal(given.get, T, lambda name, values, unit: out.update({name.removeprefix("withdrawal."): float(values[0])}))
    return out


def test_onset_and_end_are_where_cows_passes_five() -> None:
    out = read(COWS=np.interp(T, [0, 1000, 2000, 2880], [0, 20, 0, 0]))
    assert out["peak_COWS"] == pytest.approx(20)
    assert out["time_of_peak_COWS"] == pytest.approx(1000)
    assert out["onset"] == pytest.approx(250)
    assert out["end"] == pytest.approx(1750, abs=2)


def test_what_never_reaches_five_has_neither_onset_nor_end() -> None:
    out = read(COWS=np.interp(T, [0, 1000, 2880], [0, 4.9, 0]))
    assert out["peak_COWS"] == pytest.approx(4.9)
    assert np.isnan([out["onset"], out["end"]]).all()


def test_what_is_still_there_at_the_end_has_no_end() -> None:
    out = read(COWS=np.interp(T, [0, 2880], [0, 20]))
    assert out["onset"] == pytest.approx(720)
    assert np.isnan(out["end"])


def test_what_is_there_from_the_start_begins_at_once() -> None:
    out = read(COWS=np.interp(T, [0, 2000, 2880], [25, 0, 0]))
    assert out["onset"] == 0
    assert out["end"] == pytest.approx(1600, abs=2)


def test_the_end_is_the_last_of_two_bouts_and_the_onset_the_first() -> None:
    out = read(COWS=np.where(((T >= 300) & (T <= 600)) | ((T >= 1500) & (T <= 1800)), 10.0, 1.0))
    assert 290 < out["onset"] < 300
    assert 1800 < out["end"] < 1810


def test_points_of_sows_add_up_over_days() -> None:
    out = read(SOWS=np.full(T.shape, 12.0))
    assert out["SOWS_days"] == pytest.approx(24.0)
    assert out["peak_SOWS"] == 12
    assert set(out) == {"peak_SOWS", "SOWS_days"}


def test_what_was_not_written_down_gives_no_outcome() -> None:
    assert read() == {}


@pytest.mark.parametrize(
    ("cows", "word"),
    [
        (0, "none"),
        (4.99, "none"),
        (5, "mild"),
        (12.9, "mild"),
        (13, "moderate"),
        (24.9, "moderate"),
        (25, "moderately severe"),
        (36.9, "moderately severe"),
        (37, "severe"),
        (48, "severe"),
    ],
)
def test_bands_begin_at_their_lowest_score(cows: float, word: str) -> None:
    assert band(cows) == word


def test_the_form_of_cows_has_eleven_items_and_48_points() -> None:
    """Wesson DR, Ling W, J Psychoactive Drugs 2003;35:253."""
    assert len(ITEMS) == 11
    assert sum(ITEMS.values()) == 48
    assert {item: max(scores) for item, scores in ALLOWED.items()} == ITEMS
    assert all(scores[0] == 0 and list(scores) == sorted(scores) for scores in ALLOWED.values())
    assert [x for x, _ in BANDS] == sorted(x for x, _ in BANDS)


@pytest.mark.parametrize(
    ("item", "smooth", "marked"),
    [
        ("goose", [0.0, 1.4, 1.6, 3.9, 4.1, 5.0], [0, 0, 3, 3, 5, 5]),
        ("pulse", [0.4, 0.6, 1.4, 1.6, 2.9, 3.1, 7.0], [0, 1, 1, 2, 2, 4, 4]),
        ("pupil", [3.4, 3.6], [2, 5]),
        ("sweat", [2.6, 3.4], [3, 3]),
        ("gut", [3.9, 4.1], [3, 5]),
    ],
)
def test_an_observer_marks_the_nearest_score_of_the_form(item: str, smooth: list[float], marked: list[float]) -> None:
    assert observed(item, np.array(smooth)).tolist() == marked


@pytest.mark.parametrize("item", list(ITEMS))
def test_what_an_observer_marks_is_on_the_form_is_nearest_and_never_falls_as_the_sign_rises(item: str) -> None:
    smooth = np.linspace(0, ITEMS[item], 501).reshape(3, 167)
    marked = observed(item, smooth)
    assert marked.shape == smooth.shape
    assert set(np.unique(marked)) == set(ALLOWED[item])
    assert (np.diff(marked.ravel()) >= 0).all()
    assert (np.abs(marked - smooth) <= np.min([np.abs(smooth - x) for x in ALLOWED[item]], axis=0) + 1e-12).all()


def test_what_is_not_there_is_not_marked() -> None:
    assert np.isnan(observed("goose", np.array([np.nan]))).all()


def test_the_observed_total_adds_what_was_marked() -> None:
    total = observed_total({item: np.array([[0.0, 0.55 * most, float(most)]]) for item, most in ITEMS.items()})
    assert total.shape == (1, 3)
    assert total[0, [0, 2]].tolist() == [0.0, 48.0]
    by_hand = {"pulse": 2, "sweat": 2, "restless": 3, "pupil": 2, "ache": 2, "runny": 2, "gut": 3, "shaking": 2, "yawn": 2, "anxious": 2, "goose": 3}
    assert total[0, 1] == sum(by_hand.values())


def test_what_a_dose_precipitates_is_the_rise_over_the_score_at_the_dose_within_six_hours() -> None:
    cows = np.stack([np.interp(T, [0, 600, 700, 1000, 2880], [4, 4, 14, 6, 30])] * 3)
    assert precipitated(T, cows, np.array([600.0, 1000.0, np.nan])) == pytest.approx([10.0, 24 * 360 / 1880, np.nan], nan_ok=True, rel=1e-6)


def test_the_dead_score_nothing() -> None:
    curves = {"scales.COWS": np.interp(T, [0, 1440, 2880], [0, 10, 40])[None], "heart.arrest": np.where(T > 1440, 1.0, 0.0)[None]}
    out: dict[str, float] = {}
    add_withdrawal(curves.get, T, lambda name, values, unit: out.update({name: float(values[0])}))
    assert out["withdrawal.peak_COWS"] == pytest.approx(10)
    assert out["withdrawal.onset"] == pytest.approx(720)
    assert np.isnan(out["withdrawal.end"])
