"""Urine as it is sampled: voids at intervals, each the mean of what was excreted since the last."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from papaver.readouts import rows

Array = npt.NDArray[np.float64]


def voids(t: Array, amount: Array, flow: float, interval: float) -> tuple[Array, Array]:
    """Times and concentrations of voids.

    Args:
        t: min, ascending from 0. amount: collected so far, nmol. flow: urine flow, L/min. interval: between voids, min.

    Returns:
        (times of the voids, mean concentration of each, nmol/L).
    """
    times, c = rows.voids(t, amount[None], flow, interval)
    return times, c[0]


def detection_time(t: Array, amount: Array, flow: float, interval: float, cutoff: float) -> float:
    """Time of the last void at or above a cut-off (nmol/L); 0 if none is. Between voids the fall is interpolated."""
    return float(rows.last_void_above(t, amount[None], flow, interval, cutoff)[0])
