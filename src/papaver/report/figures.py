"""Figures of a result, drawn with matplotlib objects (no pyplot: nothing global, quick to import).

A molecule keeps its colour everywhere. A long run shows two windows in one frame: the first hour, in which heroin's events happen, and the
whole course. Cohorts show the median and the 5th to 95th percentile.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from papaver.errors import PapaverError
from papaver.report.curves import Array, Curve, Window, curve, drawn, stacked, windows
from papaver.report.events import Lane, triggered
from papaver.report.words import title_of
from papaver.report.writing import power_of_ten
from papaver.simulate import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's colours, which stay apart for every common kind of colour blindness: warm for what comes first, cool for what stays
# for the heroin family; then antagonists dark, and each opioid with its products in one hue, so that what is given together is told apart
COLOURS = {
    "heroin": "#D55E00", "six_mam": "#E69F00", "morphine": "#0072B2", "m6g": "#009E73", "m3g": "#56B4E9", "endogenous": "#8C8C8C",
    "naloxone": "#1A1A1A", "nalmefene": "#4D4D4D", "naltrexone": "#333366", "naltrexol": "#8080B3",
    "buprenorphine": "#B8A800", "norbuprenorphine": "#E0D66B", "r_methadone": "#5D3A9B", "s_methadone": "#B79CE0", "eddp": "#D9CCEE",
    "fentanyl": "#CC79A7", "norfentanyl": "#E8BFD5", "carfentanil": "#8F2D62", "oxycodone": "#40B0A6", "noroxycodone": "#A3DAD5",
    "oxymorphone": "#1F6F67", "hydrocodone": "#994F00", "norhydrocodone": "#D9B08C", "hydromorphone": "#663300", "codeine": "#7BA428",
    "codeine_6_glucuronide": "#C3DA95", "ethanol": "#8B6F47", "diazepam": "#3B6E8F", "nordiazepam": "#9DBFD3", "xylazine": "#A23B3B",
    "ketamine": "#D98200", "norketamine": "#F0CB8C",
}  # fmt: skip
SPARE = ("#CC79A7", "#5D3A9B", "#994F00", "#40B0A6", "#1A1A1A", "#B8A800")
DASHES = {"m6g": (6.0, 1.8), "m3g": (2.0, 1.4)}
"""A second mark beside the colour, for print in grey."""
FLOOR = 0.1
"""Lowest concentration drawn, nmol/L: below the limits of assays."""
LEAST_SHARE = 0.002
CROWDED = 8
"""Doses in a window above which lines are drawn thin."""
INK, GREY, GRID = "#222222", "#5F6B76", "#DDE2E6"
GAP = 0.07
"""Space between the two windows, as a share of the frame."""


def colour(name: str) -> str:
    """The colour of a molecule, the same in every figure and run."""
    return COLOURS.get(name) or SPARE[sum(name.encode()) % len(SPARE)]


@dataclass(frozen=True)
class Chart:
    """What one figure shows: curves by molecule, on a log axis of concentration or stacked as shares of one."""

    key: str
    title: str
    axis: str
    curves: dict[str, Curve]
    left_out: tuple[str, ...]
    stack: bool = False
    total: Curve | None = None
    log: bool = True


_CONCENTRATIONS = (
    ("arterial", ".pk.C1", "Arterial plasma", "arterial plasma, nmol/L"),
    ("venous", ".vein.C", "Forearm venous plasma", "venous plasma, nmol/L"),
    ("brain", ".brain.C", "Unbound in brain", "unbound in brain, nmol/L"),
)
_SHARES = (
    ("occupancy", "mop.rho[", "MOP receptors held, by molecule", "share of MOP receptors", "mop.occupied"),
    ("activation", "mop.effect.share[", "MOP activation, by molecule", "share of maximal activation", "mop.effect.activation"),
)


def charts(result: Result) -> list[Chart]:
    """The figures that a result has the columns for."""
    out = []
    for key, end, title, axis in _CONCENTRATIONS:
        found = {c.removesuffix(end): c for c in result.columns if c.endswith(end) and c.removesuffix(end) in result.library.drugs}
        if found:
            curves = {m: curve(result, c) for m, c in found.items()}
            small = tuple(m for m, c in curves.items() if not c.top > FLOOR)
            out.append(Chart(key, title, axis, {m: c for m, c in curves.items() if m not in small}, small))
    for key, start, title, axis, total in _SHARES:
        found = {c[len(start) : -1]: c for c in result.columns if c.startswith(start)}
        if found:
            curves = {m: curve(result, c) for m, c in found.items()}
            small = tuple(m for m, c in curves.items() if not np.nanmax(c.mean, initial=0.0) > LEAST_SHARE)
            whole = curve(result, data=np.sum([result[c] for c in found.values()], axis=0)) if total not in result.columns else curve(result, total)
            out.append(Chart(key, title, axis, {m: c for m, c in curves.items() if m not in small}, small, stack=True, total=whole, log=False))
    return out


def overview(result: Result) -> Figure:
    """The report's panels in one matplotlib figure: plasma, brain, MOP occupancy and activation over time.

    Raises:
        PapaverError: the result holds none of these.
    """
    shown = charts(result)
    if not shown:
        raise PapaverError("the result holds no concentrations and no MOP columns to draw; name outputs, e.g. result.plot('morphine.pk.C1')")
    figure = _figure(9.0, 0.5 + 2.9 * len(shown))
    height = 1.0 / len(shown)
    for k, chart in enumerate(shown):
        ax = figure.add_axes((0.085, 1 - height * (k + 1) + 0.17 * height, 0.895, 0.56 * height))
        draw(ax, result, chart)
        ax.text(0.0, 1.32, chart.title, transform=ax.transAxes, fontsize=11, fontweight="bold", color=INK)
        _legend(ax, [(title_of(result.library, m), colour(m), DASHES.get(m)) for m in chart.curves], chart.stack)
    return figure


def lines(result: Result, names: Sequence[str]) -> Figure:
    """The named outputs over time; one frame per unit. Several people give the median and the 5th to 95th percentile.

    Raises:
        PapaverError: a name that the result lacks; the nearest is suggested.
    """
    by_unit: dict[str, list[str]] = {}
    for n in names:
        result[n]  # an unknown name is refused here, with the nearest one
        by_unit.setdefault(result.units[n], []).append(n)
    figure = _figure(9.0, 0.5 + 2.9 * len(by_unit))
    height = 1.0 / len(by_unit)
    for k, (unit, columns) in enumerate(by_unit.items()):
        ax = figure.add_axes((0.085, 1 - height * (k + 1) + 0.2 * height, 0.895, 0.6 * height))
        found = {c: curve(result, c) for c in columns}
        top, low = max(c.top for c in found.values()), min(float(np.nanmin(c.mid, initial=math.inf)) for c in found.values())
        share = unit == "1" and top <= 1 and low >= 0
        log = unit == "nmol/L" and top > FLOOR
        chart = Chart("lines", "", "share" if share else unit, found, (), log=log)
        owners = [_owner(c) for c in columns]
        marks = {c: colour(o) if owners.count(o) == 1 else SPARE[i % len(SPARE)] for i, (c, o) in enumerate(zip(columns, owners, strict=True))}
        draw(ax, result, chart, marks)
        _legend(ax, [(c, marks[c], None) for c in columns], False)
    return figure


def _owner(column: str) -> str:
    """The molecule that a column is about: "mop.rho[morphine]" and "morphine.pk.C1" are both morphine's."""
    return column[column.index("[") + 1 : -1] if column.endswith("]") else column.split(".")[0]


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def draw(ax: Axes, result: Result, chart: Chart, colours: dict[str, str] | None = None) -> None:
    """Draw a chart into a frame that holds no lines yet.

    The frame's own axes are off: both windows share it, each with its own time, so that ticks and grid are drawn by hand (which is also
    several times faster than matplotlib's tick objects).
    """
    ax.set_axis_off()
    shown = windows(result)
    places = [(0.0, 1.0)] if len(shown) == 1 else [(0.0, 0.5 - GAP / 2), (0.5 + GAP / 2, 1.0)]
    low, high, ticks = _limits(chart)
    by_rule = triggered(result)
    wanted = "log" if chart.log else "linear"
    if ax.get_yscale() != wanted:
        ax.set_yscale(wanted)
    ax.set_xlim(0, 1)
    ax.set_ylim(low, high)
    for w, (a, b) in zip(shown, places, strict=True):
        scale = (b - a) / (w.stop - w.start)
        _frame(ax, w, (a, b), (low, high), ticks, chart.log, labels=a == 0)
        crowded = _doses(ax, result, w, a, scale, by_rule) > CROWDED
        if chart.stack:
            _stack(ax, result, chart, w, a, scale, 0.0 if crowded else 0.5)
            continue
        for m, c in chart.curves.items():
            tint = (colours or {}).get(m) or colour(m)
            floor = low / 3 if chart.log else None
            if c.low is not None and c.high is not None:
                t, y0 = drawn(result.t, c.low, w, floor)
                t1, y1 = drawn(result.t, c.high, w, floor)
                _area(ax, a + (t - w.start) * scale, y0, a + (t1 - w.start) * scale, y1, facecolor=tint, alpha=0.16, linewidth=0)
            t, y = drawn(result.t, c.mid, w, floor)
            ax.plot(a + (t - w.start) * scale, y, color=tint, linewidth=1.0 if crowded else 1.9, solid_joinstyle="round", **_dashes(m))
    ax.text(-0.062, 0.5, chart.axis, transform=ax.transAxes, rotation=90, ha="center", va="center", fontsize=9, color=INK)


def _dashes(name: str) -> dict[str, Any]:
    return {"dashes": DASHES[name]} if name in DASHES else {}


def _limits(chart: Chart) -> tuple[float, float, list[tuple[float, str]]]:
    """Ends and labelled ticks of the vertical axis."""
    top = max([c.top for c in chart.curves.values()] + ([chart.total.top] if chart.total else []), default=1.0)
    if not math.isfinite(top) or top <= 0:
        top = 1.0
    if chart.stack and top > 0.5:
        top = 1.0
    if chart.log:
        decade = math.ceil(math.log10(top * 1.05))
        first = min(round(math.log10(FLOOR)), decade - 3)
        return 10.0**first, 10.0**decade, [(10.0**k, power_of_ten(k)) for k in range(first, decade + 1)]
    least = 0.0 if chart.stack else min((float(np.nanmin(c.mid, initial=0.0)) for c in chart.curves.values()), default=0.0)
    step = 10.0 ** math.floor(math.log10((top - least) / 2))
    step *= next(k for k in (1, 2, 2.5, 5, 10) if (top - least) / (step * k) <= 5)
    marks = [k * step for k in range(math.floor(least / step), math.ceil(top / step - 1e-9) + 1)]
    in_percent = chart.stack or chart.axis == "share"
    return marks[0], marks[-1], [(y, f"{100 * y:.3g} %" if in_percent else f"{y:.6g}") for y in marks]


def _frame(
    ax: Axes, w: Window, ends: tuple[float, float], y: tuple[float, float], ticks: list[tuple[float, str]], log: bool, *, labels: bool
) -> None:  # fmt: skip
    """Grid, baseline, ticks and their labels of one window; one line object each, as every object costs a millisecond."""
    a, b = ends
    scale = (b - a) / (w.stop - w.start)
    grid_x = [v for _ in ticks for v in (a, b, math.nan)]
    grid_y = [v for value, _ in ticks for v in (value, value, math.nan)]
    ax.plot(grid_x, grid_y, color=GRID, linewidth=0.8, zorder=0)
    ax.plot([a, b], [y[0], y[0]], color=GREY, linewidth=0.9, zorder=3, clip_on=False)
    if log:
        minor = [k * value for value, _ in ticks[:-1] for k in range(2, 10)]
        ax.plot([a] * len(minor), minor, linestyle="", marker=0, markersize=2.5, markeredgewidth=0.6, color=GREY, clip_on=False)
    marks = w.ticks(6)
    ax.plot([a + (t - w.start) * scale for t, _ in marks], [y[0]] * len(marks), linestyle="", marker=3, markersize=4, color=GREY, clip_on=False)
    for t, text in marks:
        ax.text(a + (t - w.start) * scale, -0.04, text, transform=ax.transAxes, ha="center", va="top", fontsize=9, color=GREY)
    ax.text((a + b) / 2, -0.155, f"time, {w.unit}", transform=ax.transAxes, ha="center", va="top", fontsize=9, color=INK)
    ax.text(a, 1.065, w.title, transform=ax.transAxes, ha="left", va="bottom", fontsize=9, color=GREY)
    if labels:
        for value, text in ticks:
            ax.text(a - 0.008, value, text, ha="right", va="center", fontsize=9, color=GREY)


def _doses(ax: Axes, result: Result, w: Window, a: float, scale: float, by_rule: Sequence[Lane]) -> int:
    """A mark above the frame at every dose (hollow: a rule gave it), a bar for an infusion; returns how many doses the window holds."""
    given = [d for d in result.scenario.doses if w.start <= d.time <= w.stop]
    top = ax.get_xaxis_transform()
    x = sorted({a + (d.time - w.start) * scale for d in given if d.duration == 0})
    if x:
        size = 6 if len(x) <= 40 else 3
        ax.plot(x, [1.03] * len(x), linestyle="", marker="v", markersize=size, markeredgewidth=0, color=INK, transform=top, clip_on=False)
    for d in (d for d in given if d.duration > 0):
        stop = min(d.time + d.duration, w.stop)
        ax.plot([a + (d.time - w.start) * scale, a + (stop - w.start) * scale], [1.03, 1.03], color=INK, linewidth=3, transform=top, clip_on=False)
    marks = [m for lane in by_rule if lane.drug for m in lane.marks if w.start <= m.time <= w.stop]
    if marks:
        x = [a + (m.time - w.start) * scale for m in marks]
        hollow: dict[str, Any] = {"markersize": 6, "markeredgewidth": 1.0, "markerfacecolor": "white", "markeredgecolor": INK}
        ax.plot(x, [1.03] * len(x), linestyle="", marker="v", transform=top, clip_on=False, **hollow)
    return len(given)


def _stack(ax: Axes, result: Result, chart: Chart, w: Window, a: float, scale: float, edge: float) -> None:
    t, sums = stacked(result.t, [c.mean for c in chart.curves.values()], w)
    x = a + (t - w.start) * scale
    for m, under, over in zip(chart.curves, sums[:-1], sums[1:], strict=True):
        _area(ax, x, under, x, over, facecolor=colour(m), edgecolor="white", linewidth=edge)
    if chart.total is not None and chart.total.low is not None and chart.total.high is not None:
        for limit in (chart.total.low, chart.total.high):
            tt, y = drawn(result.t, limit, w)
            ax.plot(a + (tt - w.start) * scale, y, color=INK, linewidth=1.0, dashes=(3.0, 2.0))


def _area(ax: Axes, x0: Array, y0: Array, x1: Array, y1: Array, **style: Any) -> None:
    """Fill between two curves. As a bare artist: the limits are fixed already, and `ax.fill` would search every segment for them."""
    from matplotlib.patches import Polygon

    ax.add_artist(Polygon(np.column_stack([np.concatenate([x0, x1[::-1]]), np.concatenate([y0, y1[::-1]])]), closed=True, **style))


def _legend(ax: Axes, entries: Iterable[tuple[str, str, tuple[float, float] | None]], filled: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=c, label=name) if filled else Line2D([], [], color=c, linewidth=2, label=name, linestyle=(0, d) if d else "solid")
        for name, c, d in entries
    ]
    if handles:
        ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.17), ncols=len(handles), frameon=False, fontsize=9, borderaxespad=0)
