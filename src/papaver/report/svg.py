"""Matplotlib figures as inline SVG for a page: quick, small, with text as text and without anything that clashes with the page."""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from papaver.report.figures import Chart, draw
from papaver.simulate import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 8.6, 2.9
"""Inches; the page scales the drawing to its column."""
_RC: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "papaver", "path.simplify": True}
# rcParams are matplotlib's one piece of global state that the SVG writer reads
_LOCK = threading.Lock()


def chart_svgs(result: Result, charts: Sequence[Chart], labels: Sequence[str]) -> list[str]:
    """Charts as <svg> elements.

    Args:
        labels: what a reader who cannot see a chart is told, one for each.
    """
    load_matplotlib()
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="none")
    canvas = FigureCanvasSVG(figure)
    # one frame for all: making another costs as much as drawing into it
    ax = figure.add_axes((0.085, 0.19, 0.895, 0.68))
    done = []
    for chart, label in zip(charts, labels, strict=True):
        draw(ax, result, chart)
        out = io.StringIO()
        with _LOCK, matplotlib.rc_context(_RC):
            canvas.print_svg(  # type: ignore[no-untyped-call]
                out, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
            )
        done.append(_clean(out.getvalue(), chart.key, label))
        for artist in [*ax.lines, *ax.patches, *ax.texts]:
            artist.remove()
    return done


def svg_of(
    paint: Callable[[Axes], None], key: str, label: str, size: tuple[float, float] = (WIDTH, 1.5 * HEIGHT),
    frame: tuple[float, float, float, float] = (0.085, 0.13, 0.895, 0.83),
) -> str:  # fmt: skip
    """One drawing as an <svg> element.

    Args:
        paint: draws into the axes. label: what a reader who cannot see it is told. size: inches. frame: of the axes, shares of the drawing.
    """
    load_matplotlib()
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, facecolor="none")
    canvas = FigureCanvasSVG(figure)
    paint(figure.add_axes(frame))
    out = io.StringIO()
    with _LOCK, matplotlib.rc_context(_RC):
        canvas.print_svg(  # type: ignore[no-untyped-call]
            out, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return _clean(out.getvalue(), key, label)


def load_matplotlib() -> None:
    """Import matplotlib without the generated help texts of its `set` methods.

    Writing them takes half of the import (0.3 s of 0.65 s), and a page of a report has no use for them. Where matplotlib is loaded already,
    or no longer works this way, nothing is changed.
    """
    if "matplotlib.figure" in sys.modules:
        return
    from matplotlib.artist import Artist

    name = "_update_set_signature_and_docstring"
    original = vars(Artist).get(name)
    if original is not None:
        setattr(Artist, name, classmethod(lambda cls: None))
    try:
        import matplotlib.backends.backend_svg
        import matplotlib.figure  # noqa: F401
    finally:
        if original is not None:
            setattr(Artist, name, original)


# coordinates only: a number that ends an attribute or stands between two, not one in a text element
_FINE = re.compile(r"(?<=\.\d\d)\d+(?=[ \"\n,)])")
_FONT = re.compile(r"font: ((?:\w+ )?)([\d.]+px) [^;\"]*")


def _clean(svg: str, key: str, label: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"<style type=\"text/css\">.*?</style>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = _FINE.sub("", svg)
    svg = _FONT.sub(r"font-size: \2", svg)
    # ids of several drawings meet in one page: keep those that are referred to, each under its drawing's name
    used = set(re.findall(r"#([\w-]+)", " ".join(re.findall(r"(?:url\(#[^)]+\)|href=\"#[^\"]+\")", svg))))
    svg = re.sub(r" id=\"([^\"]+)\"", lambda m: f' id="{key}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r"url\(#", f"url(#{key}-", svg)
    svg = re.sub(r"xlink:href=\"#", f'href="#{key}-', svg)
    size = re.search(r"viewBox=\"[^\"]+\"", svg)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" {size.group(0) if size else ""}>'
    return re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1)
