"""The page of a trial: survival by arm, endpoints with their intervals, what decides them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from papaver.readouts.withdrawal import band
from papaver.report import arm_withdrawal
from papaver.report.arm_figures import Drawing, side_by_side, survival
from papaver.report.citations import named
from papaver.report.events import treatment_label
from papaver.report.tables import Cell, failures
from papaver.report.words import dose_words, history_words, person_words
from papaver.report.writing import capital, listed, number, percent, percent_range, plural, small
from papaver.trial.arms import FIFTH, MEASURES, ArmResult, Bar, Share, Trial

TITLES = {
    "rescue.dead": "Died", "rescue.injured": "Lived, with brain injury", "rescue.intact": "Lived unharmed",
    "rescue.second_fall": "Breathing failed a second time",
}  # fmt: skip
MOST_BARS, DOUBTFUL = 8, 3
"""Bars of a tornado at most, and of these such as may be chance."""
LEAST = 5
"""People who died, and who lived, without whom nothing is said of what decides it."""
MOST_TOLD = 5
"""Arms of which each has its place in the summary."""
HYPOXIA = 0.9
"""SpO2 below which somebody was in danger."""
CHANCE = 3.5
"""Standard errors within which a difference between fifths is what chance brings about among so many parameters."""


def trial_dict(trial: Trial) -> dict[str, Any]:
    """The stable JSON shape of a trial: shares in percent, intervals from people and, apart, from parameter sets; measures as medians over people."""
    arms = []
    for a in trial.arms:
        endpoints = {}
        for name, s in a.shares.items():
            row: dict[str, Any] = {"percent": 100 * s.value, "low": 100 * s.low, "high": 100 * s.high}
            if s.uncertainty is not None:
                row["uncertainty"] = [100 * x for x in s.uncertainty]
            endpoints[name.removeprefix("rescue.")] = row
        bars = [{"parameter": b.path, "low_percent": 100 * b.low, "high_percent": 100 * b.high} for b in trial.tornado.get(a.name, ())]
        arms.append({
            "arm": a.name, "folder": folder(a), "people": a.result.people, "failed": a.result.failed, "endpoints": endpoints,
            "measures": measures(a), "decides_death": bars,
        })  # fmt: skip
    return {"people": trial.scenario.people, "parameter_sets": trial.sets, "arms": arms}


def measures(a: ArmResult) -> dict[str, dict[str, Any]]:
    """Median, 5th and 95th percentile over people (none for one person) of what a trial reports as a number, with its unit."""
    summary = a.result.summary()
    return {n: {"median": x["median"], "p05": x.get("p05"), "p95": x.get("p95"), "unit": x["unit"]} for n in MEASURES if (x := summary.get(n))}


def folder(a: ArmResult) -> str | None:
    """Name of an arm's run folder beside the page; None if it was not written."""
    return None if a.result.run_dir is None else a.result.run_dir.rstrip("/").rsplit("/", 1)[-1]


def render_trial(trial: Trial, command: Sequence[str]) -> str:
    """The page as HTML text, self-contained. All text of the user's is escaped."""
    from markupsafe import Markup

    from papaver.report.html import as_yaml, template

    danger, arms = endangered(trial), arm_withdrawal.withdrawn(trial.arms)
    drawn: dict[str, Drawing | None] = {"survival": survival(trial.arms) if danger else None}
    drawn["courses"] = side_by_side(trial.arms) if danger or not arms else None
    if arms:
        drawn |= {"cows": arm_withdrawal.courses(arms), "dots": arm_withdrawal.dots(arms), "maps": arm_withdrawal.maps(arms)}
        drawn["bodies"] = arm_withdrawal.bodies(arms)
    figures = {name: None if d is None else {"svg": Markup(d.svg), "caption": d.caption} for name, d in drawn.items()}
    s = trial.scenario
    return template("trial.html").render(
        title=s.title, words=_words(trial), figures=figures, endpoints=endpoints(trial), people=s.people, danger=danger,
        withdrawal=arm_withdrawal.measure_table(arms) if arms else None, sets=trial.sets, seed=s.seed,
        until=s.observe.until, arms=[_arm(trial, a) for a in trial.arms], tornados=[t for a in trial.arms if (t := tornado(trial, a)) is not None],
        broken=[(a.name, law) for a in trial.arms for law in a.result.broken_laws], command=shlex.join(command), scenario=as_yaml(s.to_dict()),
    )  # fmt: skip


def endangered(trial: Trial) -> bool:
    """Whether survival is worth telling of: somebody died or was injured, or had an SpO2 below 90 %, or nothing of it was written down."""
    known = False
    for a in trial.arms:
        x = a.result.outcomes
        for name, least in (("rescue.dead", 0.5), ("rescue.injured", 0.5), ("rescue.lowest_SpO2", None)):
            if name in x and np.isfinite(x[name]).any():
                known = True
                if np.nanmin(x[name]) < HYPOXIA if least is None else np.nanmax(x[name]) > least:
                    return True
    return not known and not arm_withdrawal.withdrawn(trial.arms)


def _words(trial: Trial) -> list[str]:
    first, s = trial.arms[0].result, trial.scenario
    until = float(first.t[-1])
    doses = listed(dose_words(d, first.library, until) for d in s.doses)
    who = capital(person_words(first)) if s.people == 1 else f"{s.people} people around {person_words(first)}"
    out = [f"{who}, the same in every arm, followed for {plural(s.observe.until)}: {doses or 'no drug'}."]
    if past := history_words(s.person.history, first.library):
        others = ", unless an arm says otherwise" if any("history" in arm.person for arm in s.arms.values()) else ""
        out.append(f"Use before the trial{others}: {past}.")
    out += _withdrawal_words(trial)
    if not endangered(trial):
        return [*out, "Nobody died in any arm, and no SpO₂ fell below 90 %."]
    died = [(a.name, a.shares["rescue.dead"]) for a in trial.arms if "rescue.dead" in a.shares and math.isfinite(a.shares["rescue.dead"].value)]
    if not died:
        return [*out, "Nothing can be said of who died: the outcomes were not written down, or nobody could be integrated."]
    if s.people == 1:
        groups = [("died", [n for n, x in died if x.value > 0]), ("lived", [n for n, x in died if x.value == 0])]
        out.append(capital("; ".join(f"{what} with: {listed(names)}" for what, names in groups if names)) + ".")
        return out
    out.append("Died: " + "; ".join(f"{name}, {percent(x.value)} ({percent_range(x.low, x.high)})" for name, x in died) + ".")
    out.append("In brackets stands the 95 % interval that the number of people leaves.")
    return out


def _withdrawal_words(trial: Trial) -> list[str]:
    arms = arm_withdrawal.withdrawn(trial.arms)
    if not arms:
        return []
    peaks = [(a, x[np.isfinite(x)]) for a in arms for x in (a.result.outcomes["withdrawal.peak_COWS"],)]
    if len(peaks) > MOST_TOLD:
        peaks.sort(key=lambda p: float(np.median(p[1])))
        peaks = [peaks[0], peaks[-1]]
    parts = []
    for a, x in peaks:
        low, mid, high = np.percentile(x, [5, 50, 95])
        parts.append(f"{a.name}, {mid:.0f}" + (f" ({low:.0f}–{high:.0f})" if a.result.people > 1 else "") + f", {band(float(mid))}")
    several = " (median; in brackets the 5th to 95th percentile over people)" if trial.scenario.people > 1 else ""
    which = ", in the arms with the least and the most" if len(arms) > MOST_TOLD else ""
    return [f"Highest COWS, of 48{which}{several}: " + "; ".join(parts) + "."]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint in all arms: rows of (arm, cells)."""

    title: str
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def endpoints(trial: Trial) -> list[Endpoint]:
    """Shares of people by endpoint and arm, with intervals by people and, where there are any, over parameter sets."""
    names = list(dict.fromkeys(n for a in trial.arms for n in a.shares))
    return [
        Endpoint(TITLES.get(n, capital(n.removeprefix("rescue.").replace("_", " "))),
                 tuple((a.name, _cells(a.shares.get(n), a, n, trial)) for a in trial.arms))
        for n in names
    ]  # fmt: skip


def _cells(s: Share | None, a: ArmResult, name: str, trial: Trial) -> tuple[Cell, ...]:
    width = 2 if trial.sets else 1
    if s is None or not math.isfinite(s.value):
        return (Cell("–"),) * (width + 1)
    if a.result.people == 1:
        out = (Cell("yes" if s.value > 0 else "no"), Cell(""))
    else:
        x = a.result.outcomes[name]
        out = (Cell(percent(s.value), f"{int(np.nansum(x))} of {int(np.isfinite(x).sum())}"), Cell(percent_range(s.low, s.high)))
    if trial.sets:
        out = (*out, Cell(percent_range(*s.uncertainty)) if s.uncertainty is not None else Cell("–"))  # type: ignore[assignment]
    return out


def _arm(trial: Trial, a: ArmResult) -> dict[str, Any]:
    """What an arm adds, how many people it has, how many doses rules gave, and its own report."""
    written, r = trial.scenario.arms.get(a.name), a.result
    adds = []
    if written is not None:
        adds += [dose_words(d, r.library, float(r.t[-1])) for d in written.doses]
        adds += [small(treatment_label(x.give, x.level)) + (f" when {x.when}" if x.when else f" at {x.at}") for x in written.treatments]
        adds += [f"{k} {v}" for k, v in written.person.items() if k != "history"]
        if "history" in written.person:
            past = history_words(r.scenario.scenario.person.history, r.library)
            adds.append(f"use before: {past}" if past else "no use before")
    fired = sum(1 for firings in r.firings for f in firings if not r.scenario.rules[f.rule].stops and f.given <= r.t[-1])
    reasons = [f"{what} ({n})" for what, n in failures(r, 2)]
    return {
        "name": a.name, "adds": capital(listed(adds)) or "Nothing more", "people": r.people, "failed": r.failed, "failures": reasons,
        "given": number(fired / max(r.people, 1)), "page": f"{folder(a)}/report.html" if folder(a) else None,
    }  # fmt: skip


def _matters(path: str, a: ArmResult) -> bool:
    """Whether a parameter can decide anything in an arm: all arms have one body, with molecules and routes that only others give."""
    head, section = path.split(".")[:2]
    library, s = a.result.library, a.result.scenario
    if head not in library.drugs:
        return True
    ways = {(d.drug, d.route) for d in s.doses} | {(r.drug, r.route) for r in s.rules if r.drug}
    reached, new = set[str](), {drug for drug, _ in ways}
    while new:
        reached |= new
        drugs = [library.drugs[m] for m in new]
        made = [e.forms for d in drugs for e in d.elimination.values()] + [r.arrives_as for d in drugs for r in d.routes.values()]
        new = {m for m in made if m is not None and m in library.drugs} - reached
    if head not in reached or section in ("vein", "oral_fluid"):
        return False
    return section not in library.drugs[head].routes or (head, section) in ways


@dataclass(frozen=True)
class TornadoBar:
    """One parameter of a tornado; positions are shares of the axis, 0 to 1. `sure`: beyond what chance brings about."""

    name: str
    path: str
    low: str
    high: str
    x_low: float
    x_high: float
    sure: bool


@dataclass(frozen=True)
class Tornado:
    """What decides death in one arm: bars on an axis from nothing to `top`, with the share of all people in between."""

    arm: str
    overall: str
    x_overall: float
    top: str
    bars: tuple[TornadoBar, ...]
    any_sure: bool


def tornado(trial: Trial, a: ArmResult) -> Tornado | None:
    """The widest bars of an arm; None if hardly anybody died or lived, or nothing was worked out."""
    bars, dead = tuple(b for b in trial.tornado.get(a.name, ()) if _matters(b.path, a)), a.shares.get("rescue.dead")
    if not bars or dead is None or not math.isfinite(dead.value):
        return None
    n = int(np.isfinite(a.result.outcomes["rescue.dead"]).sum())
    if not LEAST <= dead.value * n <= n - LEAST:
        return None
    error = math.sqrt(2 * dead.value * (1 - dead.value) / max(FIFTH * n, 1.0))
    sure = [b for b in bars if b.width > CHANCE * error]
    bars = tuple((sure + [b for b in bars if b.width <= CHANCE * error][:DOUBTFUL])[:MOST_BARS])
    top = min(1.0, math.ceil(10 * max(max(b.low, b.high) for b in bars)) / 10)
    library = a.result.library

    def bar(b: Bar) -> TornadoBar:
        return TornadoBar(named(b.path, library), b.path, percent(b.low), percent(b.high), b.low / top, b.high / top, b in sure)

    shown = tuple(bar(b) for b in bars)
    return Tornado(a.name, percent(dead.value), min(dead.value / top, 1.0), percent(top), shown, bool(sure))
