"""The picture of an overdose: drug, receptors, breathing, blood gases, heart and brain on one axis of time, with what was given and what happened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from papaver.report.curves import Array, Curve, Window, curve
from papaver.report.events import Event, Lane, coarse, events, lanes, window
from papaver.report.figures import DASHES, GREY, INK, Chart, colour
from papaver.report.sheet import LANE, LEFT, LINE, RIGHT, WIDTH, Line, Panel, Sheet, nice, width_of
from papaver.report.words import title_of
from papaver.report.writing import duration, listed, number, percent, power_of_ten
from papaver.simulate import Result

FIRST, SECOND, STOP = "#1B3A6B", "#C2571A", "#B3261E"
"""Of the lines that stand for no molecule - apart for every common kind of colour blindness, and one is dashed -, and of the heart's stop."""
DASHED = (4.0, 1.6)
GAP = 16.0
MOST_LINES = 9
"""Molecules in one panel."""
_SATURATION_AXES = ((92.0, (90, 95, 100)), (82.0, (80, 90, 100)), (62.0, (60, 80, 100)), (-1.0, (0, 25, 50, 75, 100)))
"""Axes of SpO2 by its lowest value."""


@dataclass(frozen=True)
class Picture:
    """The figure, and what stands around it."""

    title: str
    svg: str
    caption: str


def breathes(result: Result) -> bool:
    """Whether a result has a column for this picture."""
    return any(c in result.columns for c in ("breathing.VE", "monitor.SpO2"))


def picture(result: Result, charts: Sequence[Chart]) -> Picture:
    """Draw a result that breathes and has its outcomes.

    Args:
        charts: those of the report; concentration and receptors are drawn from them.
    """
    from papaver.report.svg import svg_of

    found, given = events(result), lanes(result)
    w = window(result, found, given)
    panels = panels_of(result, charts if found else (), w)
    rows = place(result, found, w)
    top = 4 + LINE * (1 + max((r for r, _, _ in rows), default=-1))
    height = top + LANE * len(given) + GAP + sum(p.room + GAP for p in panels) + 24

    def paint(ax: object) -> None:
        sheet = Sheet(ax, height, w)  # type: ignore[arg-type]
        base = 28.0
        sheet.given(given, height - top)
        at = height - top - LANE * len(given) - GAP
        for p in panels:
            sheet.panel(p, result.t, at)
            at -= p.room + GAP
        sheet.times(base)
        _lines(sheet, found, rows, height, base)

    title = "Overdose: what was given and what it did" if found else "Breathing, oxygen, heart and brain"
    svg = svg_of(paint, "overdose", spoken(found, panels, result), (WIDTH / 72, height / 72), (0, 0, 1, 1))
    return Picture(title, svg, _caption(result, found, given, w))


def panels_of(result: Result, charts: Sequence[Chart], w: Window) -> list[Panel]:
    """The panels that a result has columns for."""
    found = {c.key: c for c in charts}
    out = []
    plasma = found.get("arterial") or found.get("venous")
    if plasma is not None and plasma.curves:
        out.append(_molecules(result, plasma, w))
    held = found.get("occupancy") or found.get("activation")
    if held is not None and held.curves:
        out.append(_receptors(result, held))
    # percentiles over people are the dearest part: only as far as the window
    kept = int(np.searchsorted(result.t, w.stop)) + 1

    def line(column: str, name: str, factor: float = 1.0, dashed: bool = False) -> list[Line]:
        if column not in result.columns or not np.isfinite(result[column][:, :kept]).any():
            return []
        x = np.full(result.data.shape[:2], np.nan)
        x[:, :kept] = factor * result[column][:, :kept]
        return [Line(name, _until(curve(result, data=x[:, :kept]), len(result.t)), SECOND if dashed else FIRST, DASHED if dashed else None)]

    rows: list[tuple[str, list[Line], float]] = [
        ("Breathing", line("breathing.VE", "ventilation, L/min") + line("breathing.RR", "breaths per min", dashed=True), 64),
        ("Oxygen", line("monitor.SpO2", "SpO₂, %"), 58),
        ("Carbon dioxide", line("monitor.PaCO2", "PaCO₂, mmHg"), 48),
        ("Heart", line("heart.HR", "beats per min") + line("heart.MAP", "mean pressure, mmHg", dashed=True), 58),
        ("Brain", line("arousal.level", "arousal, % of awake", 100) + line("brain.P_O2", "oxygen in brain, mmHg", dashed=True), 58),
    ]
    return out + [_panel(title, lines, height) for title, lines, height in rows if lines]


def _until(c: Curve, n: int) -> Curve:
    """A curve of the first times, filled up to n times with what is not drawn."""

    def longer(x: Array) -> Array:
        return np.concatenate([x, np.full(n - len(x), x[-1])])

    return Curve(longer(c.mid), longer(c.mean), None if c.low is None else longer(c.low), None if c.high is None else longer(c.high))


def _panel(title: str, lines: list[Line], height: float) -> Panel:
    values = np.concatenate([x for line in lines for x in (line.curve.mid, line.curve.low, line.curve.high) if x is not None])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    limits: tuple[float, ...] = ()
    if title == "Oxygen":
        marks = [float(v) for v in next(axis for least, axis in _SATURATION_AXES if low > least)]
        limits = tuple(v for v in (90.0, 70.0) if marks[0] < v)
    elif title == "Carbon dioxide":
        marks = nice(min(low, 30.0), max(high, 50.0), 3)
    elif title == "Brain":
        marks = nice(0.0, max(high, 100.0))
    else:
        marks = nice(0.0 if low < 45 else 40.0, high)
    return Panel(title, lines, [(v, f"{v:g}") for v in marks], height, limits=limits)


def _molecules(result: Result, chart: Chart, w: Window) -> Panel:
    seen = (result.t >= w.start) & (result.t <= w.stop)
    tops = {m: float(np.nanmax((c.mid if c.high is None else c.high)[seen], initial=0.0)) for m, c in chart.curves.items()}
    dosed = {d.drug for d in result.scenario.doses} | {r.drug for r in result.scenario.rules}
    chosen = sorted((m for m in tops if tops[m] > 0), key=lambda m: (m not in dosed, -tops[m]))[:MOST_LINES]
    lines = [Line(title_of(result.library, m), chart.curves[m], colour(m), DASHES.get(m)) for m in chart.curves if m in chosen]
    decade = math.ceil(math.log10(max(max(tops.values(), default=1.0), 1.0) * 1.05))
    # five numbers fit: of more decades every other one is named
    step = 1 if decade <= 3 else 2
    ticks = [(10.0**k, power_of_ten(k) if (k + 1) % step == 0 else "") for k in range(-1, decade + 1)]
    return Panel("Plasma, nmol/L", lines, ticks, 74, log=True)


def _receptors(result: Result, chart: Chart) -> Panel:
    lines = [Line(title_of(result.library, m), c, colour(m)) for m, c in chart.curves.items()]
    title = "MOP receptors, %" if chart.key == "occupancy" else "MOP activation, %"
    return Panel(title, lines, [(0.0, "0"), (0.5, "50"), (1.0, "100")], 62, stack=True, total=chart.total)


def label(result: Result, e: Event) -> str:
    """What stands beside the line of an event."""
    return f"{e.words} in {percent(e.share)}" if result.people > 1 else f"{e.words} at {duration(e.middle)}"


def place(result: Result, found: Sequence[Event], w: Window) -> list[tuple[int, bool, str]]:
    """Row (0 = uppermost), side (True: right of its line) and text of each event's label, so that no line runs through a label.

    On the right a later label stands lower: earlier lines pass it on its left. Labels without room on the right, and those that would lie across
    such a line, stand on the left in rows above, a later one higher.
    """
    scale = (RIGHT - LEFT) / (w.stop - w.start)
    x = [LEFT + (min(e.middle, w.stop) - w.start) * scale for e in found]
    texts = [label(result, e) for e in found]
    after = [a + 6 + width_of(text) for a, text in zip(x, texts, strict=True)]
    left: set[int] = set()
    for k in reversed(range(len(found))):
        if after[k] > WIDTH or any(x[k] <= x[j] <= after[k] for j in left):
            left.add(k)
    rows = {k: row for row, k in enumerate(sorted(left, reverse=True))}
    ends: list[float] = []
    for k in range(len(found)):
        if k not in left:
            row = next((r + 1 for r in reversed(range(len(ends))) if ends[r] > x[k] - 3), 0)
            ends[row : row + 1] = [after[k]]
            rows[k] = row + len(left)
    return [(rows[k], k not in left, texts[k]) for k in range(len(found))]


def _lines(sheet: Sheet, found: Sequence[Event], rows: Sequence[tuple[int, bool, str]], height: float, base: float) -> None:
    for e, (row, side, text) in zip(found, rows, strict=True):
        x, y = float(sheet.x(e.middle)), height - LINE * (row + 1)
        tint = STOP if e.words == "heart stops" else GREY
        sheet.ax.plot([x, x], [base, y + 8], color=tint, linewidth=0.9, dashes=(2.5, 1.6), zorder=4)
        sheet.text(x + 3 if side else x - 3, y, text, color=tint if tint == STOP else INK, ha="left" if side else "right")


def _caption(result: Result, found: Sequence[Event], given: Sequence[Lane], w: Window) -> str:
    text = f"The {w.title}." if w.stop < result.t[-1] - 1e-9 else ""
    if found and any(c.endswith(".pk.C1") for c in result.columns):
        text += " Plasma is arterial."
    text += " Triangles mark doses" + (", bars what lasts" if any(m.duration > 0 for lane in given for m in lane.marks) else "")
    if any(lane.triggered for lane in given):
        text += "; hollow triangles what a rule of the scenario gave"
        text += " (median time, with a line from the 5th to the 95th percentile)" if result.people > 1 else ""
    text += "."
    if found and result.people > 1:
        text += " Upright lines: median time of those to whom it happened, with their share."
    elif found:
        text += " Upright lines: events, with their time from the start of the run."
    if found and (step := coarse(result)):
        text += f" Values were written down every {duration(step)}: times are no finer than that."
    if result.people > 1:
        text += " Curves: median over people; bands: 5th to 95th percentile; receptors: means."
    if result.held < result.people:
        text += f" Curves are of the first {result.held} of {result.people} people."
    if "monitor.SpO2" in result.columns:
        text += " Dotted: SpO₂ of 90 % and 70 %." if found else ""
    return text.strip()


def spoken(found: Sequence[Event], panels: Sequence[Panel], result: Result) -> str:
    """The figure in words, for readers who hear the page."""
    what = listed(label(result, e) for e in found) or "nothing failed"
    ends = []
    for p in panels:
        if not p.stack and not p.log:
            c = p.lines[0].curve
            ends.append(f"{p.lines[0].name} from {number(float(c.mid[0]))} to {number(float(np.nanmin(c.mid)))} at the lowest")
    names = listed(replace_unit(line.name) for p in panels[:1] for line in p.lines)
    return f"Panels over time of {names}: {what}. {'; '.join(ends)}."


def replace_unit(name: str) -> str:
    """The name of a line without its unit."""
    return name.split(",")[0]
