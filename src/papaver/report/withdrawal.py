"""Pictures of withdrawal: the scales and their items over time with what was given, the body system by system, tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from papaver.components.gas import Lung
from papaver.components.withdrawal import Electrocardiogram
from papaver.evidence.load import Library
from papaver.readouts.withdrawal import BANDS, band
from papaver.report.curves import Array, Curve, Window, curve, drawn, span_words, unit_of
from papaver.report.events import Lane, coarse, lanes
from papaver.report.figures import GREY, INK
from papaver.report.heat import ROW, draw_map, key
from papaver.report.items import Item, cows_items, sows_items, strongest
from papaver.report.multiples import Cell, grid, grid_height
from papaver.report.overdose import DASHED, FIRST, SECOND, Picture
from papaver.report.sheet import LANE, LEFT, RIGHT, WIDTH, Line, Panel, Sheet, nice
from papaver.report.svg import svg_of
from papaver.report.writing import duration, listed, number
from papaver.simulate import Result

SHADES = ("#FFFFFF", "#FDF6E3", "#FAE6C3", "#F6D0A8", "#F0B591")
"""Of the bands of COWS, from none to severe."""
COWS_ENDS = (13.0, 25.0, 37.0, 48.0)
SIDE = 466.0
"""Right end of the axis of time: beside it stand words."""
FRAME = (0.0, 0.0, 1.0, 1.0)
FEW_POINTS = 220
"""Times of a curve of a cohort, where many would cost."""
_LENGTHS = (60.0, 120, 180, 240, 360, 720, 1440, *(1440.0 * d for d in (2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 56, 84, 112, 182, 365, 730)))


def pictures(result: Result) -> list[Picture]:
    """The figures of a result in which withdrawal counts."""
    return [scales(result), *body(result), *tolerance(result)]


def stretch(result: Result) -> Window:
    """The stretch of time that the scales are drawn for: withdrawal with some time around it where it is a small part of the run, else all."""
    start, stop = float(result.t[0]), float(result.t[-1])
    whole = Window(start, stop, unit_of(stop - start), "")
    onset, end = result.outcomes["withdrawal.onset"], result.outcomes["withdrawal.end"]
    there = np.isfinite(onset)
    if not there.any() or not np.isfinite(end[there]).all():
        return whole
    first, last = float(np.percentile(onset[there], 5)), float(np.percentile(end[there], 95))
    begin = start if first - start < last - first else first - 0.15 * (last - first)
    length = next((x for x in _LENGTHS if x >= 1.25 * (last - begin)), stop - begin)
    if length > 0.5 * (stop - start):
        return whole
    return Window(begin, begin + length, unit_of(length), f"{span_words(length)} around withdrawal")


def cows_ends(top: float) -> list[float]:
    """Edges of the bands of COWS from 0 to the first that is above what shall be drawn."""
    end = next((e for e in COWS_ENDS if e >= 1.04 * top), COWS_ENDS[-1])
    return [0.0, *(least for least, _ in BANDS if least < end), end]


def cows_panel(lines: Sequence[Line], height: float, title: str = "COWS") -> Panel:
    """A panel of COWS with its bands shaded and named."""
    edges = cows_ends(max(line.curve.top for line in lines))
    words = ["none", *(word for _, word in BANDS)]
    shades = [(a, b, SHADES[k], words[k]) for k, (a, b) in enumerate(pairwise(edges))]
    return Panel(title, lines, [(v, f"{v:g}") for v in edges], height, shades=shades)


def scales(result: Result) -> Picture:
    """COWS with its bands, SOWS, and the items of both, on one axis of time."""
    w, t = stretch(result), result.t
    panels = [cows_panel([Line("as an observer scores it", curve(result, "scales.COWS"), FIRST)], 118)]
    if "scales.SOWS" in result.columns:
        felt = curve(result, "scales.SOWS")
        marks = nice(0.0, max(10.0, felt.top), 3)
        panels.append(Panel("SOWS (Gossop)", [Line("as the person feels it", felt, SECOND, DASHED)], [(v, f"{v:g}") for v in marks], 54))
    maps = [(name, items) for name, items in (("COWS, item by item", cows_items(result)), ("SOWS, item by item", sows_items(result))) if items]
    given = [lane for lane in lanes(result) if any(m.time <= w.stop and m.time + m.duration >= w.start for m in lane.marks)]
    gap, axis, head = 14.0, 36.0, 16.0
    height = 6 + LANE * len(given) + sum(p.room + gap for p in panels) + axis + sum(head + ROW * len(x) + 8 for _, x in maps) + axis * bool(maps)

    def paint(ax: object) -> None:
        sheet = Sheet(ax, height, w, (LEFT, SIDE))  # type: ignore[arg-type]
        at = height - 6
        sheet.given(given, at)
        at -= LANE * len(given)
        for p in panels:
            at -= gap
            sheet.panel(p, t, at)
            at -= p.room
        sheet.times(at - 3)
        at -= axis
        for k, (name, items) in enumerate(maps):
            sheet.text(0, at - 9, name, color=INK, fontsize=9, fontweight="bold")
            if k == 0:
                key(sheet, SIDE, at - 6)
            sheet.text(SIDE + 5, at - 9, "highest")
            at = draw_map(sheet, items, t, at - head, peaks=True) - 8
        if maps:
            sheet.times(at + 5)

    svg = svg_of(paint, "withdrawal", _spoken(result, maps[0][1] if maps else []), (WIDTH / 72, height / 72), FRAME)
    return Picture("COWS and SOWS over time, and their items", svg, _caption(result, w, bool(maps), given))


def _spoken(result: Result, items: Sequence[Item]) -> str:
    """The figure in words, for readers who hear the page."""
    peak, when = (float(np.nanmedian(result.outcomes[f"withdrawal.{k}"])) for k in ("peak_COWS", "time_of_peak_COWS"))
    strong = listed(strongest(items))
    text = f"COWS over time, highest {number(round(peak, 1))} ({band(peak)}) at {duration(when)}"
    return text + (f"; strongest items: {strong}." if strong else ".")


def _caption(result: Result, w: Window, mapped: bool, given: Sequence[Lane]) -> str:
    text = f"Of the run, the {w.title}. " if w.title else ""
    text += "COWS (Clinical Opiate Withdrawal Scale), 0 to 48, with its bands: " + ", ".join(f"{word} from {least:g}" for least, word in BANDS) + "."
    text += " SOWS (Short Opiate Withdrawal Scale), 0 to 30." if "scales.SOWS" in result.columns else ""
    if result.people > 1:
        text += " Lines: median over people; bands around them: 5th to 95th percentile." + (" Items: means over people." if mapped else "")
    if mapped:
        text += " Colour: an item's score as a share of the greatest it can have; on the right the highest reached."
    if given:
        several = " (median time)" if result.people > 1 else ""
        text += " Triangles mark doses" + (f", hollow ones what a rule gave{several}." if any(lane.triggered for lane in given) else ".")
    if result.held < result.people:
        text += f" Curves are of the first {result.held} of {result.people} people."
    if step := coarse(result):
        text += f" Written down every {duration(step)}."
    return text


@dataclass(frozen=True)
class System:
    """One part of the body. `rest`: path of its value at rest, or that value, in the unit of the column. `axis`: what the axis holds at least."""

    column: str
    title: str
    axis: tuple[float, float]
    rest: str | float
    factor: float = 1.0


BODY = (
    System("heart.HR", "Heart rate, per min", (60, 90), "heart.HR0"),
    System("heart.MAP", "Mean blood pressure, mmHg", (80, 110), "heart.MAP0"),
    System("breathing.VE", "Breathing, L/min", (4, 10), "ventilation"),
    System("autonomic.T_core", "Body temperature, °C", (36.5, 37.5), "withdrawal.autonomic.T_core0"),
    System("eye.diameter", "Pupil, mm", (2, 8), "sites.eye.d0"),
    System("noradrenaline.NA", "Noradrenaline, times rest", (0, 2), 1.0),
    System("adrenal.C", "Cortisol, nmol/L", (0, 600), "hormones.adrenal.C0"),
    System("gonadal.T", "Testosterone, nmol/L", (0, 20), "hormones.gonadal.T0"),
    System("gut.colon", "Passage through the colon, h", (20, 60), "gut.colon0", 1 / 60),
    System("signs.S[insomnia]", "Broken sleep, % of worst", (0, 100), 0.0, 100),
    System("signs.S[mood]", "Low mood, % of worst", (0, 100), 0.0, 100),
    System("relief.tolerance", "Pain that is borne, % of rest", (0, 150), 1.0, 100),
    System("immunity.NK", "Natural killer cells, % of rest", (0, 100), 1.0, 100),
    System("immunity.IL", "Interleukin-6, times rest", (0, 2), 1.0),
    System("ecg.QTc", "QTc, ms", (380, 460), "QTc"),
)


def resting(library: Library, covariates: object, path: str) -> float:
    """A value at rest as this kind of person has it, from the data, in internal units."""
    if path == "ventilation":
        # what `Rest` says of a body at rest: the carbon dioxide that is made leaves at the person's own pressure
        made, pressure, dead = (
            sum(resting(library, covariates, p) for p in paths)
            for paths in (("gas.brain.M_CO2", "gas.tissue.M_CO2"), ("breathing.P_A_CO2",), ("breathing.dead",))
        )
        return Lung.B.value * made / pressure / (1 - dead)
    if path == "QTc":
        return Electrocardiogram.ms.value * resting(library, covariates, "withdrawal.ecg.QTc0")
    p = library.parameters[path]
    x = p.internal
    for name in p.value.covariates:
        model = library.covariates[name]
        numbers = {f"covariate.{name}.{k}": library.parameters[f"covariate.{name}.{k}"].internal for k in model.entries}
        x *= model.factor(covariates, numbers)  # type: ignore[arg-type]
    return x


def wanted(result: Result, s: System) -> bool:
    if s.column not in result.columns or not np.isfinite(result[s.column]).any():
        return False
    if s.column == "gonadal.T":
        # the model knows a man's
        return result.scenario.covariates["sex"] != "female"
    if s.column == "ecg.QTc":
        # without methadone it is flat
        return any(c in result.columns and bool(np.nanmax(result[c]) > 0) for c in ("r_methadone.pk.C1", "s_methadone.pk.C1"))
    return True


def body(result: Result) -> list[Picture]:
    """Small multiples of the body's systems with their values at rest; nothing if none was written down."""
    kept = _kept(result)
    t = result.t[kept]
    w = Window(float(t[0]), float(t[-1]), unit_of(float(t[-1] - t[0])), "")
    cells = []
    for s in BODY:
        if not wanted(result, s):
            continue
        rest = s.factor * (resting(result.library, result.scenario.covariates, s.rest) if isinstance(s.rest, str) else s.rest)
        c = curve(result, data=s.factor * result[s.column][:, kept])
        low, high = ends(c)
        marks = nice(min(s.axis[0], low, rest), max(s.axis[1], high, rest), 3)
        cells.append(Cell(s.title, [Line(s.title, c, FIRST)], [(v, f"{v:g}") for v in marks], limits=(rest,)))
    if not cells:
        return []
    height = grid_height(len(cells))

    def paint(ax: object) -> None:
        grid(ax, height, w, cells, t)

    said = listed(f"{c.title.split(',')[0]} {number(float(c.lines[0].curve.mid[0]))} to {number(float(c.lines[0].curve.mid[-1]))}" for c in cells)
    svg = svg_of(paint, "body", f"Body systems over time, from start to end: {said}.", (WIDTH / 72, height / 72), FRAME)
    text = "Dotted: at rest without opioids" + (", of the typical person" if result.people > 1 else "")
    text += " (cortisol: mean of the day)." if any(c.title.startswith("Cortisol") for c in cells) else "."
    text += " Lines: median over people; bands: 5th to 95th percentile." if result.people > 1 else ""
    return [Picture("The body, system by system", svg, text)]


def ends(c: Curve) -> tuple[float, float]:
    values = [x for x in (c.mid, c.low, c.high) if x is not None]
    return min(float(np.nanmin(x)) for x in values), max(float(np.nanmax(x)) for x in values)


def _kept(result: Result) -> Array | slice:
    """Times to draw: all of one person's; of several the turning points of COWS and some between."""
    if result.held == 1 or len(result.t) <= 2 * FEW_POINTS:
        return slice(None)
    whole = Window(float(result.t[0]), float(result.t[-1]), "min", "")
    turns = np.searchsorted(result.t, drawn(result.t, curve(result, "scales.COWS").mean, whole)[0])
    even = np.linspace(0, len(result.t) - 1, FEW_POINTS).astype(np.int64)
    return np.unique(np.concatenate([np.clip(turns, 0, len(result.t) - 1), even]))


_PACES = (("minutes", "#54B9C2", (1.6, 1.2)), ("hours", "#2273B2", (4.0, 1.6)), ("days", "#D98200", (7.0, 1.6)), ("weeks", "#0F2463", None))


def tolerance(result: Result) -> list[Picture]:
    """What use has built: the opponents by their pace, the receptors, the body's own opioids; nothing if nothing of it was written down."""
    kept = _kept(result)
    t = result.t[kept]
    w = Window(float(t[0]), float(t[-1]), unit_of(float(t[-1] - t[0])), "")

    def line(column: str, name: str, tint: str, dashes: tuple[float, float] | None = None) -> list[Line]:
        if column not in result.columns or not np.isfinite(result[column]).any():
            return []
        return [Line(name, curve(result, data=100 * result[column][:, kept]), tint, dashes)]

    opponents = [x for pace, tint, dashes in _PACES for x in line(f"adaptation.X[{pace}]", f"within {pace}", tint, dashes)]
    opponents += line("respiratory.opposed", "of breathing, in all", GREY, (1.0, 1.0))
    receptors = line("life.coupled", "receptors that respond", FIRST) + line("life.N", "number of receptors", GREY, (1.6, 1.2))
    receptors += line("tone.tone", "body's own opioids", SECOND, DASHED)
    panels = []
    for title, lines in (("Adaptation, %", opponents), ("Receptors and tone, %", receptors)):
        if lines:
            reach = [ends(x.curve) for x in lines]
            least, most = (60.0, 100.0) if lines is receptors else (0.0, 10.0)
            marks = nice(min(least, *(a for a, _ in reach)), max(most, *(b for _, b in reach)))
            panels.append(Panel(title, lines, [(v, f"{v:g}") for v in marks], 92, limits=(100.0,) if lines is receptors else ()))
    if not panels:
        return []
    gap = 16.0
    height = sum(p.room + gap for p in panels) + 30

    def paint(ax: object) -> None:
        sheet = Sheet(ax, height, w, (LEFT, RIGHT))  # type: ignore[arg-type]
        at = height - 6
        for p in panels:
            sheet.panel(p, t, at)
            at -= p.room + gap
        sheet.times(at + gap - 2)

    said = listed(f"{x.name} {number(float(x.curve.mid[0]))} to {number(float(x.curve.mid[-1]))} %" for p in panels for x in p.lines)
    svg = svg_of(paint, "tolerance", f"Tolerance over time, from start to end: {said}.", (WIDTH / 72, height / 72), FRAME)
    text = "Adaptation opposes the drug: while drug is there it is tolerance, without drug it is withdrawal. It builds up and fades at several paces,"
    text += " here as a share of the receptors' full stimulation; how strongly each acts differs between breathing, gut, pain and mood."
    text += " Receptors that respond: coupled to their cell. Dotted: normal." if receptors else ""
    return [Picture("Tolerance", svg, text + (" Lines: median over people; bands: 5th to 95th percentile." if result.people > 1 else ""))]
