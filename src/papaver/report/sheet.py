"""A drawing surface in points: panels one below the other on a shared axis of time, their names and legends in a column on the left.

One matplotlib frame holds everything, placed by hand: a frame for each panel would cost more than all that is drawn into it.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from papaver.report.curves import MAX_POINTS, Array, Curve, Window, drawn, stacked
from papaver.report.events import Lane
from papaver.report.figures import GREY, GRID, INK, colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 561.6
"""Points; narrower than the other charts, so that letters are larger on a phone."""
LEFT, RIGHT = 150.0, 551.0
"""Ends of the axis of time."""
LETTERS, LINE = 8.5, 11.0
"""Size of letters, and distance of lines of text."""
TITLE = 13.0
NAMES = 120.0
"""Width of a name in a legend."""
LANE = 14.0
"""Height of a row of doses."""
CROWD = 1.5
"""Least distance of the marks of doses: of those that would lie on each other one is drawn."""
DENSE = 1.6
"""Most points of a curve for each point of its width."""
_STEPS = (1, 2, 2.5, 5, 10)


def width_of(text: str, size: float = LETTERS) -> float:
    """About how wide a text is, generously: the reader's font is not known."""
    return 0.56 * size * len(text)


def wrapped(text: str, width: float, size: float = LETTERS) -> str:
    """A text broken into lines that fit a width, as far as its words allow."""
    return "\n".join(textwrap.wrap(text, max(8, int(width / width_of("x", size))), break_long_words=False)) or text


def nice(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, at most `most` steps apart."""
    span = max(high - low, 1e-9)
    step = 10.0 ** math.floor(math.log10(span / most))
    step *= next(k for k in _STEPS if span / (step * k) <= most)
    return [k * step for k in range(math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9) + 1)]


@dataclass(frozen=True)
class Line:
    """One curve of a panel; its name says the unit."""

    name: str
    curve: Curve
    colour: str
    dashes: tuple[float, float] | None = None


@dataclass(frozen=True)
class Panel:
    """What one panel shows. ticks: (value, label), from the lower to the upper end of the axis. limits: values worth a dotted line.

    `shades`: (low, high, colour, word) of stretches of the axis that are tinted, each named right of the panel.
    `stack`: the means of the lines are stacked as areas, with `total` around them.
    """

    title: str
    lines: Sequence[Line]
    ticks: Sequence[tuple[float, str]]
    height: float = 64.0
    log: bool = False
    stack: bool = False
    total: Curve | None = None
    limits: Sequence[float] = field(default=())
    shades: Sequence[tuple[float, float, str, str]] = field(default=())

    @property
    def room(self) -> float:
        """Height that curves and legend need."""
        return max(self.height, TITLE + LINE * sum(1 + wrapped(line.name, NAMES).count("\n") for line in self.lines) + 2)


def _dashes(line: Line, scale: float = 1.0) -> dict[str, Any]:
    return {"dashes": [x * scale for x in line.dashes]} if line.dashes else {}


class Sheet:
    """Draws panels into a frame whose units are points from its lower left corner."""

    def __init__(self, ax: Axes, height: float, w: Window, ends: tuple[float, float] = (LEFT, RIGHT)) -> None:
        self.ax, self.w, self.ends = ax, w, ends
        self.scale = (ends[1] - ends[0]) / (w.stop - w.start)
        ax.set_axis_off()
        ax.set_xlim(0, WIDTH)
        ax.set_ylim(0, height)

    def x(self, t: Any) -> Any:
        """Where a time lies; times outside the window at its ends."""
        return self.ends[0] + (np.clip(t, self.w.start, self.w.stop) - self.w.start) * self.scale

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """A text, by default grey, left of a point and above its line."""
        self.ax.text(x, y, text, **{"fontsize": LETTERS, "color": GREY, "ha": "left", "va": "baseline", **style})

    def panel(self, p: Panel, t: Array, top: float, names: bool = True, numbers: bool = True, room: float | None = None) -> None:
        """Draw a panel whose upper end is at `top`; `room`: its height, if not the one that its legend needs."""
        room = p.room if room is None else room
        bottom, (a, b) = top - room, self.ends
        low, high = (math.log10(v) if p.log else v for v in (p.ticks[0][0], p.ticks[-1][0]))

        def y(v: Any) -> Any:
            return bottom + ((np.log10(v) if p.log else np.asarray(v)) - low) / (high - low) * room

        for below, above, tint, word in p.shades:
            self.block(a, float(y(below)), b, float(y(above)), tint)
            self.text(b + 5, float(y((below + above) / 2)), word, va="center")
        at = [float(y(v)) for v, _ in p.ticks]
        self.ax.plot([v for _ in at for v in (a, b, math.nan)], [v for h in at for v in (h, h, math.nan)], color=GRID, linewidth=0.8, zorder=0)
        self.ax.plot([a, b], [bottom, bottom], color=GREY, linewidth=0.9, zorder=3)
        for v in p.limits:
            self.ax.plot([a, b], [float(y(v))] * 2, color=GREY, linewidth=0.9, dashes=(1.0, 2.2), zorder=1)
        if numbers:
            for h, (_, text) in zip(at, p.ticks, strict=True):
                self.text(a - 5, h, text, ha="right", va="center")
        if names:
            self._legend(p, top)
        artists = self._stacked(p, t, y) if p.stack else self._curves(p, t, y, 10.0 ** (low - 1) if p.log else None)
        self._clip(artists, (a, bottom - 1, b, top + 1))

    def _curves(self, p: Panel, t: Array, y: Any, floor: float | None) -> list[Any]:
        out = []
        most = min(MAX_POINTS, int(DENSE * (self.ends[1] - self.ends[0])))
        for line in p.lines:
            c = line.curve
            if c.low is not None and c.high is not None:
                t0, y0 = drawn(t, c.low, self.w, floor, most)
                t1, y1 = drawn(t, c.high, self.w, floor, most)
                out.append(self._area(t0, y(y0), t1, y(y1), facecolor=line.colour, alpha=0.18, linewidth=0))
            tt, yy = drawn(t, c.mid, self.w, floor, most)
            out += self.ax.plot(self.x(tt), y(yy), color=line.colour, linewidth=1.7, solid_joinstyle="round", **_dashes(line))
        return out

    def _stacked(self, p: Panel, t: Array, y: Any) -> list[Any]:
        tt, sums = stacked(t, [line.curve.mean for line in p.lines], self.w)
        pairs = zip(p.lines, sums[:-1], sums[1:], strict=True)
        out = [self._area(tt, y(under), tt, y(over), facecolor=line.colour, edgecolor="white", linewidth=0.5) for line, under, over in pairs]
        if p.total is not None and p.total.low is not None and p.total.high is not None:
            for limit in (p.total.low, p.total.high):
                t1, y1 = drawn(t, limit, self.w)
                out += self.ax.plot(self.x(t1), y(y1), color=INK, linewidth=1.0, dashes=(3.0, 2.0))
        return out

    def block(self, left: float, bottom: float, right: float, top: float, tint: str) -> None:
        """A filled rectangle behind everything."""
        from matplotlib.patches import Rectangle

        self.ax.add_artist(Rectangle((left, bottom), right - left, top - bottom, facecolor=tint, linewidth=0, zorder=-1))

    def given(self, lanes: Sequence[Lane], top: float) -> None:
        """A row for each kind of dose and treatment: its name on the left, triangles and bars at their times."""
        for k, lane in enumerate(lanes):
            y = top - LANE * (k + 0.5)
            tint = colour(lane.drug) if lane.drug else GREY
            size = min(LETTERS, LETTERS * (self.ends[0] - 8) / width_of(lane.label))
            self.text(0, y, lane.label, color=INK, va="center_baseline", fontsize=size)
            marks = [m for m in lane.marks if self.w.start <= m.time <= self.w.stop]
            for m in lane.marks:
                if m.duration > 0 and m.time + m.duration > self.w.start and m.time < self.w.stop:
                    a, b = float(self.x(m.time)), float(self.x(m.time + m.duration))
                    self.ax.plot([a, b], [y, y], color=tint, linewidth=5, alpha=1.0 if lane.drug else 0.55, solid_capstyle="butt")
                if m.high > m.low and m.low < self.w.stop:
                    self.ax.plot([float(self.x(m.low)), float(self.x(m.high))], [y, y], color=tint, linewidth=1.2, solid_capstyle="butt")
            x: list[float] = []
            for m in marks:
                if (m.duration == 0 or lane.triggered) and (not x or self.x(m.time) - x[-1] >= CROWD):
                    x.append(float(self.x(m.time)))
            face = "white" if lane.triggered else tint
            size = 7 if len(x) <= 20 else 4
            self.ax.plot(x, [y] * len(x), linestyle="", marker="v", markersize=size, markerfacecolor=face, markeredgecolor=tint, markeredgewidth=1.2)

    def _area(self, t0: Array, y0: Array, t1: Array, y1: Array, **style: Any) -> Any:
        from matplotlib.patches import Polygon

        edge = np.column_stack([self.x(np.concatenate([t0, t1[::-1]])), np.concatenate([y0, y1[::-1]])])
        return self.ax.add_artist(Polygon(edge, closed=True, **style))

    def _clip(self, artists: Sequence[Any], box: tuple[float, float, float, float]) -> None:
        from matplotlib.transforms import Bbox, TransformedBbox

        clip = TransformedBbox(Bbox.from_extents(*box), self.ax.transData)
        for artist in artists:
            artist.set_clip_box(clip)

    def _legend(self, p: Panel, top: float) -> None:
        self.text(0, top - 8, p.title, color=INK, fontsize=9, fontweight="bold")
        at = top - TITLE - 5
        for line in p.lines:
            if p.stack:
                self.ax.plot([2, 12], [at, at], color=line.colour, linewidth=7, solid_capstyle="butt")
            else:
                self.ax.plot([0, 14], [at, at], color=line.colour, linewidth=2.4, **_dashes(line, 0.8))
            for part in wrapped(line.name, NAMES).split("\n"):
                self.text(18, at, part, va="center_baseline", color=INK)
                at -= LINE

    def times(self, y: float, numbers: bool = True, most: int = 8, words: bool = True) -> None:
        """Ticks and numbers of the axis of time, below `y`."""
        marks = self.w.ticks(most)
        self.ax.plot([float(self.x(t)) for t, _ in marks], [y] * len(marks), linestyle="", marker=3, markersize=4, color=GREY)
        if numbers:
            for t, text in marks:
                self.text(float(self.x(t)), y - 6, text, ha="center", va="top")
        if words:
            self.text((self.ends[0] + self.ends[1]) / 2, y - 17, f"time, {self.w.unit}", ha="center", va="top", color=INK)
