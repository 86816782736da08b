"""From a result to what a figure draws: medians and bands over people, points worth drawing, time windows and their ticks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from papaver.readouts.withdrawal import gone
from papaver.simulate import Result

Array = npt.NDArray[np.float64]

ZOOMS = (60.0, 360.0, 1440.0)
"""Lengths of the early window, min: the first that holds enough written values is taken."""
ENOUGH_POINTS = 20
MAX_POINTS = 440
_UNITS = {"min": 1.0, "h": 60.0, "days": 1440.0}
_STEPS = {
    "min": (1, 2, 5, 10, 15, 20, 30, 60),
    "h": (0.5, 1, 2, 3, 4, 6, 12, 24),
    "days": (0.25, 0.5, 1, 2, 5, 7, 14, 28, 91, 182, 365, 730),
}


@dataclass(frozen=True)
class Window:
    """A stretch of time, min, with the unit its axis is written in."""

    start: float
    stop: float
    unit: str
    title: str

    def ticks(self, most: int = 7) -> list[tuple[float, str]]:
        """Times (min) and labels of the axis."""
        scale = _UNITS[self.unit]
        span = (self.stop - self.start) / scale
        step = next((s for s in _STEPS[self.unit] if span / s <= most), span)
        first = math.ceil(self.start / scale / step - 1e-9)
        last = math.floor(self.stop / scale / step + 1e-9)
        return [(k * step * scale, f"{k * step:g}") for k in range(first, last + 1)]


def unit_of(span: float) -> str:
    return "min" if span <= 120 else "h" if span <= 72 * 60 else "days"


def span_words(span: float) -> str:
    """ "1 hour", "12 hours", "8 days"."""
    word = {"min": "minute", "h": "hour", "days": "day"}["h" if span == 60 or span == 120 else unit_of(span)]
    n = span / {"minute": 1, "hour": 60, "day": 1440}[word]
    return f"{n:.3g} {word}{'' if n == 1 else 's'}"


def windows(result: Result) -> list[Window]:
    """The whole course, and before it the early part where most happens, if the run is long and written down densely enough."""
    start, stop = float(result.t[0]), float(result.t[-1])
    whole = Window(start, stop, unit_of(stop - start), f"whole course, {span_words(stop - start)}")
    dose = min((d.time for d in result.scenario.doses), default=start)
    for length in ZOOMS:
        if stop - start > 2 * length and np.sum((result.t >= dose) & (result.t <= dose + length)) >= ENOUGH_POINTS:
            end = min(dose + length, stop)
            words = "first hour" if length == 60 else f"first {span_words(length)}"
            return [Window(dose, end, unit_of(length), words if dose == start else f"{words} after the dose"), whole]
    return [whole]


def whole_people(result: Result) -> Array | slice:
    """Rows of the people whose integration finished; all of them where nobody's did. Of a large cohort the first people only are held."""
    ok = np.array([not r for r in result.reasons[: result.held]])
    return slice(None) if ok.all() or not ok.any() else np.flatnonzero(ok)  # type: ignore[return-value]


@dataclass(frozen=True)
class Curve:
    """Median over people, with the 5th and 95th percentile if there are several; `mean` is what may be stacked. Shape (times,) each."""

    mid: Array
    mean: Array
    low: Array | None = None
    high: Array | None = None

    @property
    def top(self) -> float:
        """Largest value drawn."""
        x = self.mid if self.high is None else self.high
        return float(np.nanmax(x)) if np.isfinite(x).any() else 0.0


FELT = ("scales.", "cows.", "sows.", "sows_h.", "oows.")
"""Columns that end with life."""


def curve(result: Result, column: str | None = None, data: Array | None = None) -> Curve:
    """The curve of one column, or of values of shape (people, times)."""
    x = (result[column] if column is not None else np.asarray(data))[whole_people(result)]
    if column is not None and column.startswith(FELT):
        dead = gone(lambda name: result[name][whole_people(result)] if name in result.columns else None)
        # a person who is dead from the start has no curve at all
        x = x if dead is None else np.where(dead & ~dead[:, :1], np.nan, x)
    if len(x) == 1:
        return Curve(x[0], x[0])
    if np.isnan(x).any():
        # people whom a rule stopped count until then
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            low, mid, high = np.nanpercentile(x, [5, 50, 95], axis=0)
            return Curve(mid, np.nanmean(x, axis=0), low, high)
    low, mid, high = np.percentile(x, [5, 50, 95], axis=0)
    return Curve(mid, x.mean(axis=0), low, high)


def drawn(t: Array, y: Array, w: Window, log_floor: float | None = None, most: int = MAX_POINTS) -> tuple[Array, Array]:
    """Points of a curve within a window, its edges interpolated, thinned to `most` that can be seen (highest and lowest of each bin kept)."""
    z = np.log10(np.maximum(y, log_floor)) if log_floor is not None else y
    inside = (t > w.start) & (t < w.stop)
    tt = np.concatenate([[w.start], t[inside], [w.stop]])
    zz = np.interp(tt, t, z)
    if len(tt) > most:
        edges = np.searchsorted(tt, np.linspace(w.start, w.stop, most // 2 + 1)[:-1])
        keep: set[int] = {0, len(tt) - 1}
        for a, b in zip(edges, [*edges[1:], len(tt)], strict=True):
            if b > a:
                keep |= {int(a + np.argmin(zz[a:b])), int(a + np.argmax(zz[a:b]))}
        order = np.array(sorted(keep))
        tt, zz = tt[order], zz[order]
    return tt, 10.0**zz if log_floor is not None else zz


def stacked(t: Array, parts: Sequence[Array], w: Window) -> tuple[Array, list[Array]]:
    """Running sums of the parts within a window on common times, from zero to the total."""
    inside = (t > w.start) & (t < w.stop)
    tt = np.concatenate([[w.start], t[inside], [w.stop]])
    if len(tt) > MAX_POINTS:
        # spikes of repeated doses would be lost by an even thinning: keep those of the total
        tt = drawn(t, np.sum(parts, axis=0), Window(w.start, w.stop, w.unit, ""))[0]
    sums = [np.zeros_like(tt)]
    for p in parts:
        sums.append(sums[-1] + np.interp(tt, t, p))
    return tt, sums
