"""Small multiples: little panels side by side on one axis of time, each with its name above it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from papaver.report.curves import Array, Window
from papaver.report.figures import INK
from papaver.report.sheet import LETTERS, RIGHT, Line, Panel, Sheet, width_of

ACROSS = 3
LEFT, SPACE = 26.0, 36.0
"""Room for the numbers of the first column, and between columns."""
TALL, HEAD, FOOT = 54.0, 22.0, 9.0
AXIS = 34.0


@dataclass(frozen=True)
class Cell:
    """One little panel; fields as of `sheet.Panel`."""

    title: str
    lines: Sequence[Line]
    ticks: Sequence[tuple[float, str]]
    limits: Sequence[float] = field(default=())


def grid_height(cells: int, across: int = ACROSS) -> float:
    """Points that a grid needs."""
    return math.ceil(cells / across) * (HEAD + TALL + FOOT) + AXIS


def grid(ax: object, height: float, w: Window, cells: Sequence[Cell], t: Array, across: int = ACROSS) -> None:
    """Draw a grid that fills its frame; the times stand below the lowest panel of each column."""
    width = (RIGHT - LEFT - SPACE * (across - 1)) / across
    for k, cell in enumerate(cells):
        row, column = divmod(k, across)
        ends = (LEFT + column * (width + SPACE), LEFT + column * (width + SPACE) + width)
        sheet = Sheet(ax, height, w, ends)  # type: ignore[arg-type]
        top = height - row * (HEAD + TALL + FOOT)
        size = min(LETTERS, LETTERS * (width + LEFT) / width_of(cell.title))
        sheet.text(ends[0] - 22, top - 9, cell.title, color=INK, fontsize=size)
        panel = Panel(cell.title, cell.lines, cell.ticks, TALL, limits=cell.limits)
        sheet.panel(panel, t, top - HEAD, names=False, room=TALL)
        lowest = k + across >= len(cells)
        sheet.times(top - HEAD - TALL - 1, numbers=lowest, most=5, words=lowest)
