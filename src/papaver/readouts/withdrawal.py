"""Withdrawal, a row a person: how high the scales rise, when it begins, peaks and ends; whole points as an observer gives them; bands of COWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from papaver.readouts import rows

Array = npt.NDArray[np.float64]
Put = Callable[[str, Array, str], None]

MILD = 5.0
"""COWS from which withdrawal counts as there; below it acute withdrawal has ended."""
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


def add_withdrawal(get: Callable[[str], Array | None], t: Array, put: Put) -> None:
    """Read withdrawal off its scales; arguments as for `rescue.add_rescue`. Onset and end are NaN where COWS stays below 5, or stays above. After a
    rule has stopped a person nothing is felt or counted."""
    cows, sows = get("scales.COWS"), get("scales.SOWS")
    items = {item: get(f"cows.{item}") for item in ITEMS}
    if all(x is not None for x in items.values()):
        put("withdrawal.peak_COWS_observed", rows.peak(observed_total({k: x for k, x in items.items() if x is not None})), "1")
    if cows is not None:
        put("withdrawal.peak_COWS", rows.peak(cows), "1")
        put("withdrawal.time_of_peak_COWS", rows.time_of_peak(t, cows), "min")
        put("withdrawal.onset", rows.first_above(t, cows, MILD), "min")
        end, seen = rows.last_time_above(t, cows, MILD), np.where(np.isfinite(cows), t, -np.inf).max(axis=1)
        put("withdrawal.end", np.where((end > 0) & (end < seen), end, np.nan), "min")
    if sows is not None:
        put("withdrawal.peak_SOWS", rows.peak(sows), "1")
        put("withdrawal.SOWS_days", np.asarray(np.trapezoid(np.nan_to_num(sows), t, axis=1)) / 1440.0, "1")


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
