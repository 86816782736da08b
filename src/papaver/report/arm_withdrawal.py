"""Withdrawal in a trial, arm beside arm: the course of COWS, peaks, items, and what the readouts say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from papaver.readouts.withdrawal import BANDS
from papaver.report.arm_figures import FRAME, Drawing, looks
from papaver.report.curves import Array, Curve, Window, curve, unit_of
from papaver.report.events import withdrawal_counts
from papaver.report.figures import GREY, GRID, INK
from papaver.report.heat import ROW, draw_map, key
from papaver.report.items import cows_items
from papaver.report.multiples import Cell as Little
from papaver.report.multiples import grid, grid_height
from papaver.report.sheet import LEFT, LINE, RIGHT, WIDTH, Line, Panel, Sheet, nice, wrapped
from papaver.report.svg import svg_of
from papaver.report.tables import Cell, Table, cell_of
from papaver.report.withdrawal import BODY, SHADES, SIDE, cows_ends, cows_panel, ends, resting, stretch, wanted
from papaver.report.writing import listed, number
from papaver.trial.arms import ArmResult

FEW_ARMS = 2
"""Arms up to which the bands of people are drawn; of more they would hide each other."""
ACROSS = 3
MEASURES = (
    ("peak_COWS", "highest COWS, of 48"), ("precipitated", "rise after the start"), ("onset", "began (COWS 5)"),
    ("time_of_peak_COWS", "worst at"), ("end", "over (COWS <\N{NO-BREAK SPACE}5)"),
    ("peak_SOWS", "highest SOWS, of 30"), ("SOWS_days", "SOWS, points times days"),
)  # fmt: skip
"""Columns of the table, by outcome without its "withdrawal."."""


def withdrawn(arms: Sequence[ArmResult]) -> list[ArmResult]:
    """The arms to compare: all that wrote withdrawal down, if it counts in one of them."""
    found = [a for a in arms if "withdrawal.peak_COWS" in a.result.outcomes and a.result.failed < a.result.people]
    return found if any(withdrawal_counts(a.result) for a in found) else []


def courses(arms: Sequence[ArmResult]) -> Drawing | None:
    """Median COWS and SOWS of each arm over time."""
    shown = [a for a in arms if "scales.COWS" in a.result.columns]
    if not shown:
        return None
    w = _window(shown)
    t = shown[0].result.t
    panels = [cows_panel(_lines(shown, "scales.COWS"), 150)]
    if all("scales.SOWS" in a.result.columns for a in shown):
        lines = _lines(shown, "scales.SOWS")
        top = max(10.0, *(x.curve.top for x in lines))
        panels.append(Panel("SOWS (Gossop)", lines, [(v, f"{v:g}") for v in nice(0.0, top, 3)], 70))
    gap = 18.0
    # the second panel's lines are those of the first
    rooms = [panels[0].room, *(p.height for p in panels[1:])]
    height = sum(rooms) + gap * (len(panels) - 1) + 44

    def paint(ax: object) -> None:
        sheet = Sheet(ax, height, w, (LEFT, SIDE))  # type: ignore[arg-type]
        at = height - 6
        for k, (p, room) in enumerate(zip(panels, rooms, strict=True)):
            sheet.panel(p, t, at, names=k == 0, room=room)
            if k:
                sheet.text(0, at - 8, p.title, color=INK, fontsize=9, fontweight="bold")
            at -= room + gap
        sheet.times(at + gap - 3)

    said = listed(f"{a.name} up to {number(round(x.curve.top if x.curve.high is None else float(np.nanmax(x.curve.mid)), 1))}"
                  for a, x in zip(shown, panels[0].lines, strict=True))  # fmt: skip
    svg = svg_of(paint, "courses-cows", f"Median COWS over time, by arm: {said}.", (WIDTH / 72, height / 72), FRAME)
    text = "COWS, 0 to 48, with its bands; SOWS, 0 to 30." if len(panels) > 1 else "COWS, 0 to 48, with its bands."
    if any(a.result.people > 1 for a in shown):
        text += " Lines: median over people" + ("; bands around them: 5th to 95th percentile." if len(shown) <= FEW_ARMS else ".")
    held, people = shown[0].result.held, shown[0].result.people
    return Drawing(svg, text + (f" Curves are of the first {held} of {people} people." if held < people else ""))


def _window(arms: Sequence[ArmResult]) -> Window:
    windows = [stretch(a.result) for a in arms]
    start, stop = min(x.start for x in windows), max(x.stop for x in windows)
    return Window(start, stop, unit_of(stop - start), "")


def _lines(arms: Sequence[ArmResult], column: str) -> list[Line]:
    lines = []
    for k, a in enumerate(arms):
        c, (tint, dashes) = _at(curve(a.result, column), a.result.t, arms[0].result.t), looks(k)
        lines.append(Line(a.name, c if len(arms) <= FEW_ARMS else Curve(c.mid, c.mean), tint, dashes))
    return lines


def _at(c: Curve, own: Array, t: Array) -> Curve:
    """A curve at the times of another arm: without `observe.every` each arm is written down more often after its own doses."""
    if np.array_equal(own, t):
        return c
    return Curve(*(None if x is None else np.interp(t, own, x) for x in (c.mid, c.mean, c.low, c.high)))  # type: ignore[arg-type]


def bodies(arms: Sequence[ArmResult]) -> Drawing | None:
    """Small multiples of the body's systems, the arms side by side in each."""
    w, t, cells = _window(arms), arms[0].result.t, []
    for s in BODY:
        shown = [(k, a) for k, a in enumerate(arms) if wanted(a.result, s)]
        if not shown:
            continue
        lines = []
        for k, a in shown:
            tint, dashes = looks(k)
            c = _at(curve(a.result, data=s.factor * a.result[s.column]), a.result.t, t)
            lines.append(Line(a.name, Curve(c.mid, c.mean), tint, dashes))
        first = shown[0][1].result
        rest = s.factor * (resting(first.library, first.scenario.covariates, s.rest) if isinstance(s.rest, str) else s.rest)
        low, high = (f(g(x.curve)[k] for x in lines) for f, g, k in ((min, ends, 0), (max, ends, 1)))
        marks = nice(min(s.axis[0], low, rest), max(s.axis[1], high, rest), 3)
        cells.append(Little(s.title, lines, [(v, f"{v:g}") for v in marks], limits=(rest,)))
    if not cells:
        return None
    height = grid_height(len(cells))

    def paint(ax: object) -> None:
        grid(ax, height, w, cells, t)

    said = listed(c.title.split(",")[0] for c in cells)
    svg = svg_of(paint, "bodies", f"Body systems over time, by arm: {said}.", (WIDTH / 72, height / 72), FRAME)
    people = " Lines: median over people." if any(a.result.people > 1 for a in arms) else ""
    return Drawing(svg, "Colours and dashes of the arms as above. Dotted: at rest without opioids, of the typical person." + people)


_SCALES = (("withdrawal.peak_COWS", "Highest COWS", 150.0, 372.0), ("withdrawal.peak_SOWS", "Highest SOWS (Gossop)", 408.0, 551.0))
_STEP = 17.0


def dots(arms: Sequence[ArmResult]) -> Drawing | None:
    """The highest COWS and SOWS of each arm: median and 5th to 95th percentile over people."""
    shown = [(name, title, a, b) for name, title, a, b in _SCALES if all(name in x.result.outcomes for x in arms)]
    ranges = {name: [_range(x, name) for x in arms] for name, *_ in shown}
    if not shown:
        return None
    names = [wrapped(x.name, LEFT - 8) for x in arms]
    step = _STEP + LINE * max(n.count("\n") for n in names)
    height = 20 + step * len(arms) + 26

    def paint(ax: object) -> None:
        sheet = Sheet(ax, height, Window(0, 1, "min", ""))  # type: ignore[arg-type]
        top, bottom = height - 18, height - 18 - step * len(arms)
        for k, name in enumerate(names):
            sheet.text(0, top - step * (k + 0.5), name, color=INK, va="center")
        for name, title, a, b in shown:
            most = max(high for _, _, high in ranges[name])
            cows = name.endswith("COWS")
            marks = cows_ends(most) if cows else nice(0.0, max(10.0, most), 3)
            sheet.text(a, height - 9, title, color=INK, fontweight="bold")

            def at(v: float, a: float = a, b: float = b, end: float = marks[-1]) -> float:
                return a + (b - a) * v / end

            if cows:
                for k, (low, high) in enumerate(pairwise(marks)):
                    sheet.block(at(low), bottom, at(high), top, SHADES[k])
            grid = [(at(v), y) for v in marks for y in (bottom, top, np.nan)]
            sheet.ax.plot([x for x, _ in grid], [y for _, y in grid], color=GRID, linewidth=0.8, zorder=0)
            sheet.ax.plot([a, b], [bottom, bottom], color=GREY, linewidth=0.9)
            for v in marks:
                sheet.text(at(v), bottom - 5, f"{v:g}", ha="center", va="top")
            for k, (low, mid, high) in enumerate(ranges[name]):
                y, (tint, _) = top - step * (k + 0.5), looks(k)
                if high > low:
                    sheet.ax.plot([at(low), at(high)], [y, y], color=tint, linewidth=2.2, alpha=0.6, solid_capstyle="butt")
                sheet.ax.plot([at(mid)], [y], marker="o", markersize=6.5, color=tint, markeredgewidth=0)

    said = listed(f"{x.name} {number(round(mid, 1))}" for x, (_, mid, _) in zip(arms, ranges[shown[0][0]], strict=True))
    svg = svg_of(paint, "peaks", f"{shown[0][1]} by arm: {said}.", (WIDTH / 72, height / 72), FRAME)
    words = ", ".join(f"{word} from {least:g}" for least, word in BANDS)
    text = "Dot: median over people; line: 5th to 95th percentile. " if any(x.result.people > 1 for x in arms) else ""
    return Drawing(svg, f"{text}Tinted: bands of COWS, {words}.")


def _range(a: ArmResult, name: str) -> tuple[float, float, float]:
    x = a.result.outcomes[name]
    low, mid, high = np.percentile(x[np.isfinite(x)], [5, 50, 95]) if np.isfinite(x).any() else (0.0, 0.0, 0.0)
    return float(low), float(mid), float(high)


def maps(arms: Sequence[ArmResult]) -> Drawing | None:
    """The items of COWS over time, a map an arm."""
    shown = [(a, items) for a in arms if (items := cows_items(a.result))]
    if not shown:
        return None
    w = _window([a for a, _ in shown])
    blocks = [shown[k : k + ACROSS] for k in range(0, len(shown), ACROSS)]
    space = 14.0
    width = (RIGHT - LEFT - space * (ACROSS - 1)) / ACROSS
    names = {a.name: wrapped(a.name, 0.93 * width) for a, _ in shown}
    head = LINE * (1 + max(n.count("\n") for n in names.values()))
    block = head + 8 + ROW * len(shown[0][1]) + 38
    height = len(blocks) * block + 16

    def paint(ax: object) -> None:
        for r, part in enumerate(blocks):
            top = height - 18 - r * block
            for k, (a, items) in enumerate(part):
                ends = (LEFT + k * (width + space), LEFT + k * (width + space) + width)
                sheet = Sheet(ax, height, w, ends)  # type: ignore[arg-type]
                if r == k == 0:
                    key(sheet, RIGHT, height - 7)
                sheet.text(ends[0], top - head - 1, names[a.name], color=INK, fontweight="bold", va="bottom")
                low = draw_map(sheet, items, a.result.t, top - head - 6, names=k == 0)
                sheet.times(low - 2, most=5, words=True)

    best = listed(f"{a.name}: {max(items, key=lambda i: i.strength).name.lower()}" for a, items in shown)
    svg = svg_of(paint, "items", f"Items of COWS over time in each arm; the strongest: {best}.", (WIDTH / 72, height / 72), FRAME)
    several = any(a.result.people > 1 for a, _ in shown)
    return Drawing(svg, "Colour: an item's score as a share of the greatest it can have" + (" (means over people)." if several else "."))


def measure_table(arms: Sequence[ArmResult]) -> Table:
    """A row an arm: median and 5th to 95th percentile of each readout, of a time over those to whom it happened."""
    shown = [(f"withdrawal.{k}", title) for k, title in MEASURES if any(f"withdrawal.{k}" in a.result.outcomes for a in arms)]
    rows = []
    for a in arms:
        summary, cells = a.result.summary(), []
        for name, _ in shown:
            if name not in summary:
                cells.append(Cell("–"))
                continue
            row = summary[name]
            cell = cell_of(row, "" if row["unit"] == "1" else row["unit"]) if row["median"] is not None else Cell("–")
            n, of = int(np.isfinite(a.result.outcomes[name]).sum()), a.result.people - a.result.failed
            few = f"{n} of {of} people" if n < of and of > 1 else ""
            cells.append(Cell(cell.text, "; ".join(p for p in (cell.band if cell.band != cell.text else "", few) if p)))
        rows.append((a.name, "", tuple(cells)))
    return Table("Withdrawal by arm", tuple(title for _, title in shown), tuple(rows))
