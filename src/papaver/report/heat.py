"""Heat maps of the items of a scale: a row an item, time from left to right, colour by the share of the item's greatest score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from papaver.report.curves import Array, Window
from papaver.report.figures import INK
from papaver.report.items import Item
from papaver.report.sheet import LETTERS, Sheet, width_of
from papaver.report.writing import number

COLOURS = ("#EEF1F3", "#F9F3B4", "#E3F0B2", "#BFE3B5", "#8BCFBA", "#54B9C2", "#2F9CC1", "#2273B2", "#23479A", "#0F2463")
"""Of tenths of the greatest score: light to dark, apart for every kind of colour blindness and in grey (as ColorBrewer YlGnBu)."""
ROW = 12.5
"""Height of a row, points."""
COLUMNS = 160
"""Columns of a map at most; each holds the mean of what was written down within it."""


def tenths(t: Array, item: Item, w: Window, columns: int = COLUMNS) -> npt.NDArray[np.int64]:
    """Number of the colour of each column of a row."""
    edges = np.linspace(w.start, w.stop, columns + 1)
    inside = (t >= w.start) & (t <= w.stop) & np.isfinite(item.score)
    if not inside.any():
        return np.zeros(columns, dtype=np.int64)
    at = np.clip(np.searchsorted(edges, t[inside], side="right") - 1, 0, columns - 1)
    n = np.bincount(at, minlength=columns)
    total = np.bincount(at, weights=item.score[inside], minlength=columns)
    between = np.interp((edges[:-1] + edges[1:]) / 2, t[inside], item.score[inside])
    x = np.where(n > 0, total / np.maximum(n, 1), between) / item.most
    return np.clip(np.floor(x * len(COLOURS)), 0, len(COLOURS) - 1).astype(np.int64)


def draw_map(sheet: Sheet, items: Sequence[Item], t: Array, top: float, *, names: bool = True, peaks: bool = False) -> float:
    """Draw a map whose upper end is at `top`; returns its lower end.

    Args:
        names: whether the rows are named on the left. peaks: whether the highest score of each stands on the right.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    a, b = sheet.ends
    columns = min(COLUMNS, max(8, int((b - a) / 2)))
    width = (b - a) / columns
    boxes: dict[int, list[tuple[float, float, float]]] = {}
    for k, item in enumerate(items):
        y = top - ROW * (k + 1)
        levels = tenths(t, item, sheet.w, columns)
        # neighbours of one colour are one box: most of a map is
        starts = [0, *(np.flatnonzero(np.diff(levels)) + 1).tolist(), columns]
        for i, j in pairwise(starts):
            boxes.setdefault(int(levels[i]), []).append((a + i * width, a + j * width, y))
        if names:
            sheet.text(0, y + ROW / 2, item.name, color=INK, va="center")
        if peaks:
            sheet.text(b + 5, y + ROW / 2, f"{number(round(float(np.nanmax(item.score)), 1))} of {item.most}", va="center")
    corners = (Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY)
    for level, found in sorted(boxes.items()):
        points = [p for x0, x1, y in found for p in ((x0, y), (x1, y), (x1, y + ROW - 1), (x0, y + ROW - 1), (x0, y))]
        sheet.ax.add_artist(PathPatch(Path(points, corners * len(found)), facecolor=COLOURS[level], edgecolor=COLOURS[level], linewidth=0.25))
    return top - ROW * len(items)


def key(sheet: Sheet, right: float, y: float, box: float = 13.0) -> None:
    """The legend of the colours on one line, its right end at `right`."""
    words = "of the greatest score"
    x = right - width_of(words, LETTERS) - 4 - box * len(COLOURS) - 62
    sheet.text(x + 24, y, "0 %", ha="right", va="center")
    for k, tint in enumerate(COLOURS):
        sheet.block(x + 28 + k * box, y - 4, x + 28 + (k + 1) * box, y + 4, tint)
    sheet.text(x + 28 + box * len(COLOURS) + 4, y, f"100 % {words}", va="center")
