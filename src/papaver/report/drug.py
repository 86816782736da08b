"""A molecule's card beyond its data: the studies it was judged on and how it did, and its concentration after each route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from papaver.bench.arms import Arm
from papaver.bench.run import load_studies, run_study
from papaver.bench.score import Scored, summarise
from papaver.errors import PapaverError
from papaver.evidence.cards import aligned, explain
from papaver.evidence.load import Library
from papaver.evidence.schema import Drug, Mixture
from papaver.report.curves import Array
from papaver.report.figures import GREY, GRID, INK
from papaver.report.svg import svg_of
from papaver.report.writing import number
from papaver.scenario import Dose, Observe, Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes

USUAL_DOSE = "1 mg"
"""Dose of the figure where a molecule's data name none."""
STYLES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5D3A9B", "#994F00", "#1A1A1A")
LONG = 240.0
"""Hours above which the axis of time is logarithmic."""
TICKS = {1 / 12: "5 min", 0.5: "30 min", 3.0: "3 h", 12.0: "12 h", 48.0: "2 days", 168.0: "1 week", 720.0: "1 month", 4320.0: "6 months"}
SPAN = 1e-4
"""The figure ends when every route has fallen below this share of the highest peak."""


def judged(library: Library, name: str) -> list[Scored]:
    """Every scored observation of a molecule or mixture: its own concentrations, and what was seen after giving it.

    Studies are run anew, so the numbers are those of the data as they stand.
    """
    wanted = {library.dosed(name).name, *library.analyte(name)}
    out = []
    for study in load_studies(library)[0]:
        dosed = {library.dosed(str(d["drug"])).name for arm in study.arms.values() for d in arm["doses"]}
        if wanted & (dosed | {a for o in study.observations for a in o.analyte.split("+")}):
            rows = run_study(study, library)
            out += [s for s in rows if s.drug in wanted or wanted & set(s.observation.analyte.split("+"))]
    return out


def judged_lines(rows: Sequence[Scored]) -> list[str]:
    """The observations as lines of text, worst first, under a summary."""
    if not rows:
        return ["judged on nothing: no study in the library measures it"]
    s = summarise(rows)
    text = f"judged on {s['n']} observations of {len({r.study for r in rows})} sources"
    if s["gmfe"] is not None:
        text += f": mean fold error {s['gmfe']:.2f}, {100 * s['within_1_5']:.0f} % within 1.5-fold, {100 * s['within_2']:.0f} % within 2-fold"
    order = sorted(rows, key=lambda r: (r.status == "ok", r.metric != "fold", -(r.score or 0.0)))
    return [text, *aligned((_row(r) for r in order), "  ")]


def _row(r: Scored) -> tuple[str, ...]:
    o = r.observation
    seen = number(o.value) if o.value is not None else o.direction or f"{number(o.low or 0)} to {number(o.high or 0)}"
    verdict = f"{r.score:.2f}-fold" if r.metric == "fold" and r.score is not None else ("right" if r.score else "wrong")
    predicted = number(r.predicted) if r.predicted is not None else "-"
    return (
        r.study,
        f"{o.quantity} of {o.analyte}",
        f"observed {seen}",
        f"model {predicted} {o.unit}",
        verdict if r.status == "ok" else r.status,
        o.use,
    )


def card(library: Library, name: str) -> str:
    """`explain` of a molecule with what it was judged on."""
    what = library.dosed(name)
    return "\n".join([explain(library, what.name), "", *judged_lines(judged(library, what.name))])


def routes_svg(library: Library, name: str) -> str:
    """Concentration in venous plasma after the same dose by each route, as an <svg> element; empty for what has no routes."""
    what = library.dosed(name)
    routes = library.routes(what)
    if not routes:
        return ""
    dose = (what.usual_dose if isinstance(what, Drug) else None) or USUAL_DOSE

    def draw(ax: Axes) -> None:
        top, curves = 0.0, []
        for k, (route, r) in enumerate(routes.items()):
            curve = _curve(library, what, dose, route)
            if curve is None:
                continue
            t, c = curve
            ax.plot(t / 60, c, color=STYLES[k % len(STYLES)], lw=1.4, ls="-" if k < len(STYLES) else "--", label=r.title)
            top = max(top, float(c.max()))
            curves.append((t, c))
        end = max((float(t[c > SPAN * top][-1]) / 60 for t, c in curves if c.max() > SPAN * top), default=24.0)
        if end > LONG:
            # depots beside a vein: hours and months in one frame
            ax.set_xscale("log")
            ax.set_xlim(1 / 12, end)
            ax.set_xticks([h for h in TICKS if h <= end], [label for h, label in TICKS.items() if h <= end])
            ax.minorticks_off()
        else:
            ax.set_xlim(0, end)
        ax.set_yscale("log")
        ax.set_ylim(top * SPAN, top * 2)
        ax.set_xlabel("time after the dose, logarithmic" if end > LONG else "hours", color=GREY)
        ax.set_ylabel("venous plasma, ng/mL", color=GREY)
        ax.grid(color=GRID, lw=0.5)
        # below the axes: a dozen routes would cover the curves
        ax.set_position((0.085, 0.42, 0.895, 0.55))
        ax.legend(frameon=False, fontsize=7, labelcolor=INK, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.17))

    return svg_of(draw, f"routes-{what.name}", f"{what.title}: venous plasma concentration after {dose} by each route, logarithmic axis")


def _curve(library: Library, what: Drug | Mixture, dose: str, route: str) -> tuple[Array, Array] | None:
    over = "72 h" if route.startswith("transdermal") else None
    scenario = Scenario(doses=[Dose(drug=what.name, amount=dose, route=route, over=over)], observe=Observe(until="1 day"))
    try:
        r = Arm(scenario, library, None).result
    except PapaverError:
        return None
    total = np.zeros_like(r.t)
    for m in library.analyte(what.name):
        # by some routes a molecule arrives as another one only
        total = total + r[f"{m}.vein.C"][0] * library.drugs[m].MW * 1e-3
    return (r.t, total) if total.max() > 0 else None


def page(library: Library, name: str) -> str:
    """The card as an HTML page with the figure of all routes."""
    from markupsafe import escape

    what = library.dosed(name)
    dose = (what.usual_dose if isinstance(what, Drug) else None) or USUAL_DOSE
    figure = routes_svg(library, name)
    words = f"Concentration in venous plasma after {dose} by each route (a patch over 72 h), typical adult of 73 kg. Logarithmic axis."
    caption = f"<p>{escape(words)}</p>" if figure else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(what.title)} - papaver</title>"
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}"
        "pre{font-size:13px;overflow-x:auto}svg{max-width:100%;height:auto}</style>"
        f"<h1>{escape(what.title)}</h1>{figure}{caption}<pre>{escape(card(library, name))}</pre>"
        "<p>papaver is research and teaching software: no medical device, no dosing advice.</p></html>\n"
    )
