"""Urine as it is sampled: voids at intervals, each the mean of what was excreted since the last."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def voids(t: Array, amount: Array, flow: float, interval: float) -> tuple[Array, Array]:
    """Times and concentrations of voids.

    Args:
        t: min, ascending from 0. amount: collected so far, nmol. flow: urine flow, L/min. interval: between voids, min.

    Returns:
        (times of the voids, mean concentration of each, nmol/L).
    """
    times = np.arange(interval, t[-1] + 1e-9, interval)
    collected = np.interp(np.concatenate([[0.0], times]), t, amount)
    return times, np.diff(collected) / (flow * interval)


def detection_time(t: Array, amount: Array, flow: float, interval: float, cutoff: float) -> float:
    """Time of the last void at or above a cut-off (nmol/L); 0 if none is. Between voids the fall is interpolated."""
    times, c = voids(t, amount, flow, interval)
    above = np.flatnonzero(c >= cutoff)
    if not above.size:
        return 0.0
    k = int(above[-1])
    if k + 1 >= len(times) or c[k + 1] <= 0:
        return float(times[k])
    share = np.log(c[k] / cutoff) / np.log(c[k] / c[k + 1])
    return float(times[k] + min(max(share, 0.0), 1.0) * interval)
