"""What a reader gets: figures of a result, and one self-contained HTML page with words, figures, tables and sources."""

from papaver.report.figures import lines, overview
from papaver.report.html import render

__all__ = ["lines", "overview", "render"]
