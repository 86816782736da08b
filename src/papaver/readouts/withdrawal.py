"""Withdrawal, a row a person: how high the scales rise, when it begins, peaks and ends; whole points as an observer gives them; bands of COWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from papaver.readouts import rows
from papaver.readouts.rescue import STOPPED

Array = npt.NDArray[np.float64]
Put = Callable[[str, Array, str], None]

MILD = 5.0
"""COWS from which withdrawal counts as there; below it acute withdrawal has ended."""
SOON = 360.0
"""Withdrawal that a dose precipitates comes within this time, min."""
BANDS = ((5.0, "mild"), (13.0, "moderate"), (25.0, "moderately severe"), (37.0, "severe"))
"""Lowest COWS of each band (Wesson & Ling 2003)."""
ITEMS = {
    "pulse": 4, "sweat": 4, "restless": 5, "pupil": 5, "ache": 4, "runny": 4, "gut": 5, "shaking": 4, "yawn": 4, "anxious": 4, "goose": 5,
}  # fmt: skip
"""Items of COWS by the name of their output, and their greatest score."""
ALLOWED = {
    "pulse": (0, 1, 2, 4), "restless": (0, 1, 3, 5), "pupil": (0, 1, 2, 5), "ache": (0, 1, 2, 4), "runny": (0, 1, 2, 4), "gut": (0, 1, 2, 3, 5),
    "shaking": (0, 1, 2, 4), "yawn": (0, 1, 2, 4), "anxious": (0, 1, 2, 4), "goose": (0, 3, 5), "sweat": (0, 1, 2, 3, 4),
}  # fmt: skip
"""Scores that the form of COWS offers for each item."""


def add_withdrawal(get: Callable[[str], Array | None], t: Array, put: Put, starts: Array | None = None) -> None:
    """Read withdrawal off its scales; arguments as for `rescue.add_rescue`. Onset and end are NaN where COWS stays below 5, or stays above. After a
    rule has stopped a person, or the heart has stopped, nothing is felt or counted. `starts` is when each person first got what can precipitate."""
    dead = gone(get)
    cows, sows = living(get("scales.COWS"), dead), living(get("scales.SOWS"), dead)
    items = {item: living(get(f"cows.{item}"), dead) for item in ITEMS}
    if all(x is not None for x in items.values()):
        put("withdrawal.peak_COWS_observed", rows.peak(observed_total({k: x for k, x in items.items() if x is not None})), "1")
    if cows is not None:
        put("withdrawal.peak_COWS", rows.peak(cows), "1")
        put("withdrawal.time_of_peak_COWS", rows.time_of_peak(t, cows), "min")
        if starts is not None:
            put("withdrawal.precipitated", precipitated(t, cows, starts), "1")
        put("withdrawal.onset", rows.first_above(t, cows, MILD), "min")
        end, seen = rows.last_time_above(t, cows, MILD), np.where(np.isfinite(cows), t, -np.inf).max(axis=1)
        put("withdrawal.end", np.where((end > 0) & (end < seen), end, np.nan), "min")
    if sows is not None:
        put("withdrawal.peak_SOWS", rows.peak(sows), "1")
        put("withdrawal.SOWS_days", np.asarray(np.trapezoid(np.nan_to_num(sows), t, axis=1)) / 1440.0, "1")


def precipitated(t: Array, c: Array, starts: Array) -> Array:
    """Greatest rise of a scale over its value at a person's start, within `SOON` of it; NaN for people without a start or a value there.

    Args:
        c: shape (people, times). starts: a time a person, min, NaN for none.
    """
    k = np.clip(np.searchsorted(t, np.nan_to_num(starts) + 1e-9) - 1, 0, len(t) - 1)
    before = c[np.arange(len(c)), k]
    soon = np.where((t >= t[k][:, None]) & (t <= starts[:, None] + SOON + 1e-9), c, np.nan)
    return np.where(np.isfinite(starts), rows.peak(soon) - before, np.nan)


def gone(get: Callable[[str], Array | None]) -> npt.NDArray[np.bool_] | None:
    """From when on a person is dead, shape (people, times); None where the run does not know."""
    arrest, dead = get("heart.arrest"), get("injury.dead")
    if arrest is None:
        return None
    return np.asarray(np.logical_or.accumulate((arrest > STOPPED) if dead is None else (arrest > STOPPED) | (dead > 1.0), axis=1))


def living(c: Array | None, dead: npt.NDArray[np.bool_] | None) -> Array | None:
    """A curve with NaN from death on; `dead` as `gone` gives it."""
    return c if c is None or dead is None or not dead.any() else np.where(dead, np.nan, c)


def band(cows: float) -> str:
    """Word for a COWS total: none, mild, moderate, moderately severe, severe."""
    return next((word for least, word in reversed(BANDS) if cows >= least), "none")


def observed(item: str, score: Array) -> Array:
    """A smooth item of COWS as an observer marks it: the nearest score that the form offers; NaN stays NaN."""
    allowed = np.array(ALLOWED[item], dtype=np.float64)
    nearest = allowed[np.argmin(np.abs(np.asarray(score)[..., None] - allowed), axis=-1)]
    return np.asarray(np.where(np.isfinite(score), nearest, np.nan))


def observed_total(items: Mapping[str, Array]) -> Array:
    """COWS as an observer adds it up, from each item's smooth score by its name ("pulse")."""
    return np.asarray(sum(observed(item, items[item]) for item in ITEMS))
