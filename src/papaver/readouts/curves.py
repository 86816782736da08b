"""Readouts of one concentration curve, as a pharmacokineticist would take them from samples. Times in min."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from papaver.readouts import rows

Array = npt.NDArray[np.float64]


def cmax(t: Array, c: Array) -> float:
    """Largest concentration; NaN if the curve has none."""
    return float(rows.peak(c[None])[0])


def tmax(t: Array, c: Array) -> float:
    """Time of the largest concentration; NaN for a curve that is zero throughout."""
    return float(rows.time_of_peak(t, c[None])[0])


def auc(t: Array, c: Array) -> float:
    """Area under the curve, linear up and logarithmic down, to the last time. Unit: concentration x min."""
    return float(rows.area(t, c[None])[0])


def half_life(t: Array, c: Array, start: float | None = None, stop: float | None = None, lloq: float = 0.0) -> float:
    """Half-life by log-linear regression within a window.

    Args:
        start, stop: window, min. Without a start the last half of the time from the peak to the last quantifiable value is taken.
        lloq: values below are not used, as below an assay's limit.

    Returns:
        min; NaN if fewer than three values are left or the curve does not fall.
    """
    good = np.isfinite(c) & (c > max(lloq, 0.0))
    if stop is not None:
        good &= t <= stop
    peak = tmax(t, c)
    if not good.any() or np.isnan(peak):
        return float("nan")
    # an assay loses the curve at the first value below its limit after the peak
    below = np.flatnonzero((t > peak) & (c <= lloq)) if lloq > 0 else np.array([], dtype=int)
    last = min(t[below[0]], t[good][-1]) if below.size else t[good][-1]
    first = start if start is not None else peak + 0.5 * (last - peak)
    good &= (t >= max(first, peak)) & (t <= last)
    if good.sum() < 3:
        return float("nan")
    slope = np.polyfit(t[good], np.log(c[good]), 1)[0]
    return float(np.log(2) / -slope) if slope < 0 else float("nan")


def time_above(t: Array, c: Array, limit: float) -> float:
    """Last time at which the curve is at or above a limit (interpolated); 0 if it never is: a detection time."""
    return float(rows.last_time_above(t, c[None], limit)[0])


def crossing_time(t: Array, rising: Array, falling: Array) -> float:
    """First time at which `rising` passes `falling` after having been below it; NaN if it never does."""
    above = (rising >= falling) & (rising > 0)
    start = int(np.argmax(falling > 0))
    for k in range(start + 1, len(t)):
        if above[k] and not above[k - 1]:
            g0, g1 = rising[k - 1] - falling[k - 1], rising[k] - falling[k]
            return float(t[k - 1] + (t[k] - t[k - 1]) * (-g0 / (g1 - g0)))
    return float("nan")
