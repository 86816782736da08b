"""The report of a run as one HTML page that needs nothing else: no script, no network, readable on a phone and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from papaver.readouts.outcomes import add_outcomes
from papaver.report import overdose, withdrawal
from papaver.report.citations import used_parameters
from papaver.report.events import something_happened, triggered, withdrawal_counts
from papaver.report.figures import DASHES, FLOOR, LEAST_SHARE, Chart, charts, colour
from papaver.report.tables import doses, failures, outcome_tables, person, repeat, settings, treatments
from papaver.report.words import inline, paragraph, title_of
from papaver.report.writing import listed, number, percent
from papaver.simulate import Result

if TYPE_CHECKING:
    from jinja2 import Template


def render(result: Result, manifest: Mapping[str, Any]) -> str:
    """The page.

    Args:
        result: a run; outcomes are worked out if it has none.
        manifest: how to repeat the run: `command`, and whatever else is known (seed, versions, hashes). Any key may be missing.

    Returns:
        HTML text, self-contained. All text of the user's is escaped.
    """
    from markupsafe import Markup

    from papaver.report.svg import chart_svgs

    if not result.outcomes:
        result = add_outcomes(replace(result))
    s = result.scenario.scenario
    shown = charts(result)
    figures = []
    for chart, svg in zip(shown, chart_svgs(result, shown, [_spoken(result, c) for c in shown]), strict=True):
        legend = [(title_of(result.library, m), colour(m), DASHES.get(m)) for m in chart.curves]
        # the drawing is matplotlib's; the one text of ours in it, the label, is escaped there
        figures.append({"title": chart.title, "svg": Markup(svg), "legend": legend, "stack": chart.stack, "caption": _caption(result, chart)})
    picture = overdose.picture(result, shown) if overdose.breathes(result) and result.failed < result.people else None
    overdosed = None if picture is None else {"title": picture.title, "svg": Markup(picture.svg), "caption": picture.caption}
    shown_withdrawal = withdrawal.pictures(result) if withdrawal_counts(result) else []
    withdrawn = [{"title": p.title, "svg": Markup(p.svg), "caption": p.caption} for p in shown_withdrawal]
    groups, references = used_parameters(result)
    return template("page.html").render(
        title=s.title, words=paragraph(result), person=person(result), doses=doses(result), treatments=treatments(result),
        settings=settings(result), figures=figures, overdose=overdosed, withdrawal=withdrawn,
        happened=something_happened(result),
        tables=outcome_tables(result), people=result.people, failed=result.failed, failures=failures(result), broken=result.broken_laws,
        moles=f"{result.mole_error:.1e}", solver=result.solver, rtol=f"{result.rtol:g}", groups=groups, references=references,
        command=manifest.get("command"), manifest=repeat(manifest), scenario=as_yaml(s.to_dict()), seed=s.seed,
    )  # fmt: skip


@lru_cache(maxsize=2)
def template(name: str) -> Template:
    """A page beside this file; what is put into it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).get_template(name)


def as_yaml(x: object) -> str:
    """As a user would write it."""
    import yaml

    return str(yaml.safe_dump(x, sort_keys=False, allow_unicode=True, width=100))


def _caption(result: Result, chart: Chart) -> str:
    several = result.people > 1
    if chart.stack:
        text = "Shares add up to the total" + (" (means over people; dashed: 5th to 95th percentile of the total)." if several else ".")
        limit = percent(LEAST_SHARE)
    else:
        text = "Logarithmic axis." + (" Line: median over people; band: 5th to 95th percentile." if several else "")
        limit = f"{number(FLOOR)} nmol/L"
    if result.held < result.people:
        text += f" Curves are of the first {result.held} of {result.people} people."
    if chart.key == "venous":
        text += " Most studies draw blood here."
    text += " Triangles mark doses." if all(d.duration == 0 for d in result.scenario.doses) else " Triangles and bars mark doses and infusions."
    if any(lane.drug for lane in triggered(result)):
        text += " Hollow triangles: doses that a rule gave" + (" (median time)." if several else ".")
    if chart.left_out:
        text += f" Not drawn, never above {limit}: {listed(inline(title_of(result.library, m)) for m in chart.left_out)}."
    return text


def _spoken(result: Result, chart: Chart) -> str:
    """The figure in words, for readers who hear the page."""
    peaks = []
    for m, c in chart.curves.items():
        top = float(np.nanmax(c.mid, initial=0.0))
        peaks.append(f"{title_of(result.library, m)} up to {percent(top) if chart.stack else f'{number(top)} nmol/L'}")
    return f"{chart.title}, over time: {listed(peaks) or 'nothing above the limit of drawing'}."
