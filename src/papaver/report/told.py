"""In plain words: an overdose - how far breathing and oxygen fell, what happened when, who lived, what rules gave - and withdrawal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from papaver.readouts.withdrawal import BANDS, MILD, band
from papaver.report.curves import Array
from papaver.report.events import triggered, withdrawal_counts
from papaver.report.items import cows_items, strongest
from papaver.report.writing import capital, duration, listed, number, percent, percent_range
from papaver.simulate import Result
from papaver.trial.arms import wilson

HAPPENED = (
    ("time_of_unconsciousness", "consciousness was lost"),
    ("time_of_SpO2_below_90", "SpO₂ fell below 90 %"),
    ("time_of_apnoea", "breathing stopped"),
    ("time_of_SpO2_below_70", "SpO₂ fell below 70 %"),
    ("time_of_arrest", "the heart stopped"),
)
"""Outcomes that are times of an event, without their "rescue.", as the middle of a sentence."""


def told_overdose(result: Result, at: Callable[[float | None], str]) -> list[str]:
    """The sentences; none for a run that holds nothing of breathing.

    Args:
        result: with its outcomes. at: a time as the reader counts it, "after 3 min".
    """
    ok = np.array([not r for r in result.reasons], dtype=bool)
    x = {k.removeprefix("rescue."): v[ok] for k, v in result.outcomes.items() if k.startswith("rescue.")}
    if not x or not ok.any():
        return []
    tell = _one if result.people == 1 else _many
    return [*_lowest(x, "at rest" if result.scenario.history is None else "when the run began"), *tell(x, at), *_given(result, at)]


def _lowest(x: dict[str, Array], start: str) -> list[str]:
    parts = []
    for key, what, slight in (("lowest_ventilation", "breathing {} {} of its volume " + start, 0.9), ("lowest_SpO2", "SpO₂ {} {}", 0.94)):
        if key in x and np.isfinite(x[key]).any():
            low, mid, high = (float(v) for v in np.nanpercentile(x[key], [5, 50, 95]))
            spread = f" ({percent_range(low, high)})" if len(x[key]) > 1 else ""
            parts.append(what.format("stayed at or above" if mid > slight else "fell to", percent(mid) + spread))
    text = listed(parts)
    return [capital(text) + "."] if text else []


def _one(x: dict[str, Array], at: Callable[[float | None], str]) -> list[str]:
    times = {k: float(x[k][0]) for k, _ in HAPPENED if k in x and np.isfinite(x[k][0])}
    arrest = times.pop("time_of_arrest", None)
    words = dict(HAPPENED)
    out = []
    if times:
        text = listed(f"{words[k]} {at(t)}" for k, t in sorted(times.items(), key=lambda row: row[1]))
        out.append(f"{capital(text)}.")
    if not {"dead", "injured"} <= x.keys():
        return out
    if x["dead"][0] > 0:
        out.append(
            f"The heart stopped {at(arrest)}: the person died. What is said of drugs after that has no meaning; the model goes on moving them."
            if arrest is not None
            else "The injury of the brain was one that kills: the person died."
        )
        return out
    below = float(x["time_with_SpO2_below_90"][0]) if "time_with_SpO2_below_90" in x else 0.0
    if below > 0:
        out.append(f"SpO₂ was below 90 % for {duration(below)} in all.")
    if times or x["injured"][0] > 0:
        out.append("The person lived, with lasting injury of the brain." if x["injured"][0] > 0 else "The person lived without lasting injury.")
    else:
        out.append("The person stayed conscious and the heart went on beating.")
    if "second_fall" in x and x["second_fall"][0] > 0:
        out.append("After it had recovered, breathing failed a second time.")
    return out


def _many(x: dict[str, Array], at: Callable[[float | None], str]) -> list[str]:
    out = []
    if {"dead", "injured", "intact"} <= x.keys():
        good = np.isfinite(x["dead"])
        n = int(good.sum())
        died, hurt, well = (int(x[k][good].sum()) for k in ("dead", "injured", "intact"))
        _, low, high = wilson(died, n)
        text = f"Of {n} people {died} died ({percent(died / n)}, 95 % interval {percent_range(low, high)})" if n else ""
        if n:
            text += f", {hurt} lived with injury of the brain ({percent(hurt / n)}) and {well} without ({percent(well / n)})"
            again = int(np.nansum(x["second_fall"])) if "second_fall" in x else 0
            out.append(text + (f"; in {again} breathing failed a second time ({percent(again / n)})." if again else "."))
    happened = []
    for key, words in HAPPENED:
        if key in x and (share := float(np.isfinite(x[key]).mean())) > 0:
            happened.append((float(np.nanmedian(x[key])), f"{words} in {percent(share)} (median {at(float(np.nanmedian(x[key])))})"))
    if happened:
        text = listed(words for _, words in sorted(happened))
        out.append(f"{capital(text)}.")
    elif out:
        out.append("Everybody stayed conscious.")
    return out


def _given(result: Result, at: Callable[[float | None], str]) -> list[str]:
    """What rules gave: the first doses one by one."""
    out = []
    for lane in triggered(result):
        many = result.people > 1
        times = [f"{at(m.time)}" + (f" to {percent(m.share)} of people" if many else "") for m in lane.marks[:3]]
        more = f" and {len(lane.marks) - 3} times more" if len(lane.marks) > 3 else ""
        out.append(f"{lane.label}{' was given' if lane.drug else ''} by a rule {listed(times)}{more}.")
    return out


def told_withdrawal(result: Result, at: Callable[[float | None], str], when: Callable[[str], str]) -> list[str]:
    """The sentences; none where withdrawal does not count.

    Args:
        at: a time as the reader counts it. when: the same of an outcome by name, for several people with its percentiles.
    """
    if not withdrawal_counts(result):
        return []
    ok = np.array([not r for r in result.reasons], dtype=bool)
    x = {k.removeprefix("withdrawal."): v[ok] for k, v in result.outcomes.items() if k.startswith("withdrawal.")}
    peak, felt, onset, end = (x.get(k, np.full(int(ok.sum()), np.nan)) for k in ("peak_COWS", "peak_SOWS", "onset", "end"))
    highest = f"COWS {_points(peak)} of 48 ({band(float(np.nanmedian(peak)))})"
    highest += f" and SOWS {_points(felt)} of 30" if np.isfinite(felt).any() else ""
    begun, n = np.isfinite(onset), len(onset)
    if not begun.any():
        return [f"Withdrawal stayed below what counts as mild: {highest} at the most."]
    out = []
    over = int(np.isfinite(end[begun]).sum())
    start = float(np.nanmedian(onset)) <= result.t[0]
    if n == 1:
        last = f"was over (COWS below {MILD:g} for good) {at(float(end[0]))}" if over else "was not over when the run ended"
        began = "was there when the run began" if start else f"began {at(float(onset[0]))} (COWS {MILD:g})"
        out.append(f"Withdrawal {began}, was worst {when('withdrawal.time_of_peak_COWS')} with {highest}, and {last}.")
    else:
        all_of = f"All {n}" if begun.all() else f"{int(begun.sum())} of {n}"
        out.append(f"{all_of} people went into withdrawal (COWS {MILD:g} or more), {when('withdrawal.onset')}.")
        out.append(f"It was worst {when('withdrawal.time_of_peak_COWS')} with {highest}.")
        edges = [least for least, _ in BANDS] + [np.inf]
        shares = [(word, float(((peak >= a) & (peak < b)).mean())) for (a, word), b in zip(BANDS, edges[1:], strict=True)]
        out.append("At its worst it was " + listed(f"{word} in {percent(s) if s < 1 else 'all'}" for word, s in shares if s > 0) + ".")
        last = f"It was over (COWS below {MILD:g} for good) in {over if over < begun.sum() else 'all'} of these people"
        out.append(last + (f", {when('withdrawal.end')}." if over else " when the run ended."))
        died = int((result.outcomes.get("rescue.dead", np.zeros(result.people))[ok] > 0).sum())
        if died:
            out.append(f"The {died} who died are counted too: the model goes on moving what it holds." if died > 1 else
                       "The one who died is counted too: the model goes on moving what it holds.")  # fmt: skip
    strong = strongest(cows_items(result))
    return [*out, f"The strongest signs were {listed(strong)}."] if strong else out


def _points(x: Array) -> str:
    """Points of a scale: the median, and for several people the 5th and 95th percentile."""
    low, mid, high = (number(round(float(v), 1) if v < 10 else round(float(v))) for v in np.nanpercentile(x, [5, 50, 95]))
    return f"{mid} ({low}–{high})" if len(x) > 1 and low != high else mid
