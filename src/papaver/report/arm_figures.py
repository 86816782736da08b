"""Figures of a trial: who is alive over time by arm, and breathing and oxygen by arm side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from papaver.report.curves import Array, Curve, Window, curve, unit_of
from papaver.report.events import ENDS, ROOM, events, lanes, window
from papaver.report.figures import INK
from papaver.report.sheet import LETTERS, LINE, RIGHT, WIDTH, Line, Panel, Sheet, nice, width_of
from papaver.report.svg import svg_of
from papaver.report.writing import listed, percent
from papaver.trial.arms import ArmResult, wilson

LOOKS: tuple[tuple[str, tuple[float, float] | None], ...] = (
    ("#1A1A1A", None), ("#D55E00", (6.0, 1.6)), ("#0072B2", None), ("#009E73", (2.4, 1.2)), ("#CC79A7", None), ("#8A6D00", (6.0, 1.6)),
    ("#56B4E9", (2.4, 1.2)), ("#5D3A9B", None),
)  # fmt: skip
"""Colour and dashes of each arm in turn, told apart without colour by the dashes and the number at the end."""
POINTS = 220
MARGIN = 38.0
"""Space for the share at the end of a curve, points."""
ACROSS = 4
"""Arms side by side."""
FRAME = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Drawing:
    """A figure, and what stands below it."""

    svg: str
    caption: str


def looks(k: int) -> tuple[str, tuple[float, float] | None]:
    """Colour and dashes of arm number k."""
    return LOOKS[k % len(LOOKS)]


def survival(arms: Sequence[ArmResult]) -> Drawing | None:
    """Share of the people alive over time, with its 95 % interval; nothing for single people, or where nobody's heart was watched."""
    shown = [a for a in arms if {"rescue.dead", "rescue.time_of_arrest"} <= a.result.outcomes.keys() and a.result.people > 1]
    shown = [a for a in shown if np.isfinite(a.result.outcomes["rescue.dead"]).any()]
    if not shown:
        return None
    start, end = float(shown[0].result.t[0]), float(shown[0].result.t[-1])
    arrests = [x[np.isfinite(x)] for a in shown for x in (a.result.outcomes["rescue.time_of_arrest"],)]
    late = max((float(np.percentile(x, 98)) for x in arrests if x.size), default=end)
    stop = start + next((x for x in ENDS if x >= ROOM * (late - start)), end - start)
    w = Window(start, min(stop, end), unit_of(min(stop, end) - start), "")
    t = np.repeat(np.linspace(w.start, w.stop, POINTS), 2)[1:]
    lines = []
    for k, a in enumerate(shown):
        n = int(np.isfinite(a.result.outcomes["rescue.dead"]).sum())
        mid = np.repeat(a.survival(t[::2]), 2)[:-1]
        bounds = np.array([wilson(x * n, n)[1:] for x in mid])
        tint, dashes = looks(k)
        lines.append(Line(a.name, Curve(100 * mid, 100 * mid, 100 * bounds[:, 0], 100 * bounds[:, 1]), tint, dashes))
    least = min(float(x.curve.low.min()) for x in lines if x.curve.low is not None)
    marks = nice(0.0 if least < 80 else 10 * (least // 10), 100.0, 5)
    panel = Panel("Alive, %", lines, [(v, f"{v:g}") for v in marks], 190)
    final = [float(a.survival(np.array([end]))[0]) for a in shown]
    height = panel.room + 38.0

    def paint(ax: object) -> None:
        sheet = Sheet(ax, height, w, (150.0, RIGHT - MARGIN))  # type: ignore[arg-type]
        top = height - 6
        sheet.panel(panel, t, top)
        span = marks[-1] - marks[0]
        wanted = [top - panel.room + (100 * x - marks[0]) / span * panel.room for x in final]
        places = spread(wanted, LINE)
        # of many arms at the top none may stand above the drawing
        over = max(0.0, max(places) - (height - 7))
        for y, x, line in zip(places, final, lines, strict=True):
            sheet.text(RIGHT - MARGIN + 5, y - over, percent(x), color=line.colour, va="center")
        sheet.times(top - panel.room - 2)

    said = listed(f"{a.name} {percent(x)}" for a, x in zip(shown, final, strict=True))
    svg = svg_of(paint, "survival", f"Share of the people alive over time, by arm; at the end {said}.", (WIDTH / 72, height / 72), FRAME)
    text = "Bands: 95 % interval by the number of people. Numbers on the right: alive at the end of the run"
    if w.stop < end - 1e-9:
        text += f" ({end / 60:g} h), when those whose brain injury kills count as dead too"
    return Drawing(svg, text + ".")


def spread(wanted: Sequence[float], least: float) -> list[float]:
    """Places near those wanted that are at least `least` apart."""
    out = list(wanted)
    order = sorted(range(len(out)), key=lambda k: out[k])
    for below, above in pairwise(order):
        out[above] = max(out[above], out[below] + least)
    shift = sum(out) / max(len(out), 1) - sum(wanted) / max(len(wanted), 1)
    return [y - shift for y in out]


_ROWS = (("breathing.VE", "Ventilation, L/min"), ("monitor.SpO2", "SpO₂, %"))


def side_by_side(arms: Sequence[ArmResult]) -> Drawing | None:
    """Median ventilation and SpO2 of each arm on common axes; nothing where no arm wrote them down."""
    shown = [a for a in arms if a.result.failed < a.result.people and any(c in a.result.columns for c, _ in _ROWS)]
    rows = [(c, title) for c, title in _ROWS if shown and all(c in a.result.columns for a in shown)]
    if not rows:
        return None
    windows = [window(a.result, events(a.result), lanes(a.result)) for a in shown]
    w = max(windows, key=lambda x: x.stop - x.start)
    w = Window(min(x.start for x in windows), w.stop, w.unit, w.title)
    blocks = [shown[k : k + ACROSS] for k in range(0, len(shown), ACROSS)]
    tall, gap = 66.0, 22.0
    block = LINE + 8 + len(rows) * (tall + gap) + 24
    height = len(blocks) * block + 4
    curves = {(a.name, c): _early(a, c, w) for a in shown for c, _ in rows}
    ticks = {c: _marks(c, [curves[a.name, c][1] for a in shown]) for c, _ in rows}
    left, space = 30.0, 20.0
    width = (RIGHT - left - space * (ACROSS - 1)) / ACROSS

    def paint(ax: object) -> None:
        for r, part in enumerate(blocks):
            for k, a in enumerate(part):
                ends = (left + k * (width + space), left + k * (width + space) + width)
                sheet = Sheet(ax, height, w, ends)  # type: ignore[arg-type]
                top = height - r * block - 4
                size = min(LETTERS, LETTERS * (width + 6) / width_of(a.name))
                sheet.text(ends[0], top - 8, a.name, color=INK, fontweight="bold", fontsize=size)
                top -= LINE + 20
                for c, title in rows:
                    if k == 0:
                        sheet.text(0, top + 7, title, color=INK)
                    t, x = curves[a.name, c]
                    tint, _ = looks(list(shown).index(a))
                    panel = Panel(title, [Line(title, x, tint)], ticks[c], tall, limits=(90.0,) if c == "monitor.SpO2" else ())
                    sheet.panel(panel, t, top, names=False, numbers=k == 0)
                    top -= tall + gap
                sheet.times(top + gap - 2, most=4, words=k == 0)

    said = listed(f"{a.name}: ventilation down to {np.nanmin(curves[a.name, rows[0][0]][1].mid):.3g}" for a in shown)
    svg = svg_of(paint, "arms", f"Median ventilation and SpO2 over time in each arm. {said}.", (WIDTH / 72, height / 72), FRAME)
    several = any(a.result.people > 1 for a in shown)
    text = "Line: median over people; band: 5th to 95th percentile." if several else ""
    held, people = shown[0].result.held, shown[0].result.people
    text += f" Curves are of the first {held} of {people} people." if held < people else ""
    return Drawing(svg, (text + (" Dotted: 90 %." if any(c == "monitor.SpO2" for c, _ in rows) else "")).strip())


def _early(a: ArmResult, column: str, w: Window) -> tuple[Array, Curve]:
    """Times and curve as far as the window: percentiles over people cost."""
    kept = int(np.searchsorted(a.result.t, w.stop)) + 1
    return a.result.t[:kept], curve(a.result, data=a.result[column][:, :kept])


def _marks(column: str, curves: Sequence[Curve]) -> list[tuple[float, str]]:
    values = np.concatenate([x for c in curves for x in (c.mid, c.low, c.high) if x is not None])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    marks = nice(80.0 if low >= 80 else 60.0 if low >= 60 else 0.0, 100.0) if column == "monitor.SpO2" else nice(0.0, high)
    return [(v, f"{v:g}") for v in marks]
