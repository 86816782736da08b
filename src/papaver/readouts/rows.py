"""Readouts of many curves at once: values of shape (people, times) in, one number a person out, NaN where a curve does not give it.

A person's number is the same bit for bit whoever else is in the array.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def peak(c: Array) -> Array:
    """Largest value; NaN if a curve has none."""
    top = np.asarray(c.max(axis=1), dtype=np.float64)
    gaps = ~np.isfinite(top)
    if gaps.any():
        rest = np.where(np.isfinite(c[gaps]), c[gaps], -np.inf).max(axis=1)
        top[gaps] = np.where(np.isfinite(rest), rest, np.nan)
    return top


def time_of_peak(t: Array, c: Array) -> Array:
    """Time of the largest value; NaN for a curve that is never above zero."""
    k, rows = np.argmax(c, axis=1), np.arange(len(c))
    gaps = ~np.isfinite(c[rows, k])
    if gaps.any():
        k[gaps] = np.argmax(np.where(np.isfinite(c[gaps]), c[gaps], -np.inf), axis=1)
    return np.where(c[rows, k] > 0, t[k], np.nan)


def least(c: Array) -> Array:
    """Smallest value; NaN if a curve has none."""
    return -peak(-c)


def first_above(t: Array, c: Array, limit: float) -> Array:
    """First time at which a curve is above a limit, interpolated; NaN if it never is."""
    above = c > limit
    k = np.argmax(above, axis=1)
    rows = np.arange(len(c))
    before = np.maximum(k - 1, 0)
    a, b = c[rows, before], c[rows, k]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(k > before, (limit - a) / (b - a), 0.0)
    return np.where(above.any(axis=1), t[before] + share * (t[k] - t[before]), np.nan)


def first_below(t: Array, c: Array, limit: float) -> Array:
    """First time at which a curve is below a limit, interpolated; NaN if it never is."""
    return first_above(t, -c, -limit)


def time_below(t: Array, c: Array, limit: float) -> Array:
    """How long a curve is below a limit in all."""
    return np.asarray(np.trapezoid((c < limit).astype(np.float64), t, axis=1))


def area(t: Array, c: Array) -> Array:
    """Area under the curve, linear up and logarithmic down, to the last time; NaN if a value is missing."""
    dt, a, b = np.diff(t), np.maximum(c[:, :-1], 0.0), np.maximum(c[:, 1:], 0.0)
    falling = (b < a * (1 - 1e-6)) & (b > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithmic = dt * (a - b) / np.log(np.where(falling, a, 2.0) / np.where(falling, b, 1.0))
        pieces = np.where(falling, logarithmic, 0.5 * dt * (a + b))
    # rows side by side in memory are summed alike, whatever the layout of what came in
    total = np.ascontiguousarray(pieces).sum(axis=1)
    return np.where(np.isfinite(c).all(axis=1), total, np.nan)


def last_time_above(t: Array, c: Array, limit: float) -> Array:
    """Last time at which a curve is at or above a limit, interpolated on the log scale; 0 if it never is."""
    above = c >= limit
    k = len(t) - 1 - np.argmax(above[:, ::-1], axis=1)
    rows, after = np.arange(len(c)), np.minimum(k + 1, len(t) - 1)
    a, b = c[rows, k], c[rows, after]
    with np.errstate(divide="ignore", invalid="ignore"):
        on_log = (np.log(a) - np.log(limit)) / (np.log(a) - np.log(b))
        share = np.where((b > 0) & (a > b), on_log, (a - limit) / np.maximum(a - b, 1e-300))
    found = t[k] + np.where(after > k, share, 0.0) * (t[after] - t[k])
    return np.where(np.isfinite(c).all(axis=1), np.where(above.any(axis=1), found, 0.0), np.nan)


def voids(t: Array, amount: Array, flow: float, interval: float) -> tuple[Array, Array]:
    """Times of urine voids, shape (voids,), and mean concentrations of each, shape (people, voids); arguments as in `urine.voids`."""
    times = np.arange(interval, t[-1] + 1e-9, interval)
    x = np.minimum(np.concatenate([[0.0], times]), t[-1])
    k = np.clip(np.searchsorted(t, x, side="right") - 1, 0, max(len(t) - 2, 0))
    after = np.minimum(k + 1, len(t) - 1)
    share = np.clip((x - t[k]) / np.maximum(t[after] - t[k], 1e-300), 0.0, 1.0)
    collected = amount[:, k] + share * (amount[:, after] - amount[:, k])
    return times, np.diff(collected, axis=1) / (flow * interval)


def last_void_above(t: Array, amount: Array, flow: float, interval: float, cutoff: float) -> Array:
    """Time of the last void at or above a cut-off; 0 if none is. Between voids the fall is interpolated."""
    times, c = voids(t, amount, flow, interval)
    if not times.size:
        return np.zeros(len(amount))
    above = c >= cutoff
    k = len(times) - 1 - np.argmax(above[:, ::-1], axis=1)
    rows, after = np.arange(len(c)), np.minimum(k + 1, len(times) - 1)
    a, b = c[rows, k], c[rows, after]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where((after > k) & (b > 0), np.clip(np.log(a / cutoff) / np.log(a / b), 0.0, 1.0), 0.0)
    return np.where(above.any(axis=1), times[k] + share * interval, 0.0)
