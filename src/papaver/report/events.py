"""What happened in an overdose and what was given, as a figure marks them: events, doses (of the scenario and of rules), treatments, a window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from papaver.readouts.rescue import DEPRESSED, RECOVERED
from papaver.readouts.rows import first_above
from papaver.report.curves import Array, Window, span_words, unit_of, whole_people, windows
from papaver.scenario.resolve import ResolvedDose
from papaver.simulate import Result

EVENTS = (
    ("time_of_unconsciousness", "unconscious"),
    ("time_of_SpO2_below_90", "SpO₂ < 90 %"),
    ("time_of_apnoea", "breathing stops"),
    ("time_of_SpO2_below_70", "SpO₂ < 70 %"),
    ("time_of_arrest", "heart stops"),
)
"""Outcomes that are times of an event, without their "rescue.", and what to call it beside a line."""
AGAIN = "breathing fails again"
FEW = 0.05
"""Share of a cohort below which an event or a triggered dose gets no mark."""
ROOM = 1.35
"""The window is this much longer than what happened: the labels of late events need the space."""
SLIGHT = 0.97
"""Ventilation, fraction of rest, above which nothing was depressed."""
COUNTS = 3.0
"""COWS above which withdrawal has a place in a report."""
FINE = 2.0
"""Minutes between values that still show an overdose."""
ENDS = (20.0, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2880, 4320)
"""Lengths of the window, min."""
_ROUTES = {"intranasal": "nasal", "oral": "by mouth", "inhaled": "inhaled"}
_GIVEN = {
    "oxygen": "Oxygen {}", "ventilation": "Ventilation {}", "airway": "Airway held open", "obstruction": "Airway blocked {}",
    "carbon_dioxide": "Inhaled CO₂ {}", "end_tidal_CO2": "End-tidal CO₂ held at {}",
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """Something that happened to some people at times of their own (min; NaN where it did not)."""

    words: str
    times: Array

    @property
    def share(self) -> float:
        """Share of the people to whom it happened."""
        return float(np.isfinite(self.times).mean()) if self.times.size else 0.0

    @property
    def middle(self) -> float:
        """Median time among these."""
        return float(np.nanmedian(self.times))

    @property
    def late(self) -> float:
        """Time by which it had happened to 9 in 10 of these."""
        return float(np.nanpercentile(self.times, 90))


def events(result: Result) -> list[Event]:
    """Events that befell at least a few people, in order of their median time. `result` has its outcomes."""
    ok = np.array([not r for r in result.reasons], dtype=bool)
    found = [Event(words, result.outcomes[f"rescue.{k}"][ok]) for k, words in EVENTS if f"rescue.{k}" in result.outcomes]
    if "breathing.VE" in result.columns:
        x = result["breathing.VE"][whole_people(result)]
        found.append(Event(AGAIN, _second_falls(result.t, x / np.maximum(x[:, :1], 1e-12))))
    return sorted((e for e in found if e.share > 0 and e.share >= FEW), key=lambda e: e.middle)


def _second_falls(t: Array, relative: Array) -> Array:
    """When ventilation fell for the second time, as `readouts.rescue.second_fall` understands it."""
    low = relative < DEPRESSED
    back = (relative > RECOVERED) & np.logical_or.accumulate(low, axis=1)
    again = low & np.logical_or.accumulate(back, axis=1)
    return first_above(t, again.astype(np.float64), 0.5)


@dataclass(frozen=True)
class Mark:
    """A dose or the start of a treatment: when (median over people, with 5th and 95th percentile), how long, and to which share of them."""

    time: float
    low: float
    high: float
    duration: float = 0.0
    share: float = 1.0


@dataclass(frozen=True)
class Lane:
    """All doses of one kind, or one treatment. `drug`: the molecule; None for a treatment. `triggered`: a rule gave it."""

    label: str
    drug: str | None
    marks: tuple[Mark, ...]
    triggered: bool = False


def lanes(result: Result) -> list[Lane]:
    """What was given, in the order of its first mark; nothing that was written down but never given."""
    out = [*_scheduled(result), *triggered(result), *_treatments(result)]
    return sorted(out, key=lambda lane: lane.marks[0].time)


def _scheduled(result: Result) -> Iterator[Lane]:
    by_text: dict[str, dict[tuple[float, float], None]] = {}
    first: dict[str, ResolvedDose] = {}
    for d in result.scenario.doses:
        by_text.setdefault(d.text, {})[d.time, d.duration] = None
        first.setdefault(d.text, d)
    for text, times in by_text.items():
        d = first[text]
        yield Lane(_dose_label(text, d.route), d.drug, tuple(Mark(a, a, a, length) for a, length in sorted(times)))


def triggered(result: Result) -> list[Lane]:
    """Doses and treatments that rules gave, to the people whose time courses are held."""
    rules, end = result.scenario.rules, float(result.t[-1])
    ok = [k for k, r in enumerate(result.reasons[: result.held]) if not r and k < len(result.firings)]
    times: dict[int, dict[int, list[float]]] = {}
    for k in ok:
        count: dict[int, int] = {}
        for f in result.firings[k]:
            n = count[f.rule] = count.get(f.rule, 0) + 1
            if f.given <= end:
                times.setdefault(f.rule, {}).setdefault(n, []).append(f.given)
    out, seen = [], set()
    for number in sorted(times):
        rule = rules[number]
        # a mixture has one rule for each of its molecules, which fire together
        same = (rule.text, rule.condition.text, rule.at)
        if rule.stops or same in seen:
            continue
        seen.add(same)
        marks = []
        for given in times[number].values():
            low, mid, high = (float(x) for x in np.percentile(given, [5, 50, 95]))
            marks.append(Mark(mid, low, high, rule.duration if rule.drug else end - mid, len(given) / len(ok)))
        shown = tuple(m for m in marks if m.share >= FEW)
        if shown:
            label = _dose_label(rule.text, rule.route) if rule.drug else treatment_label(str(rule.give), rule.text.partition(" ")[2])
            out.append(Lane(label, rule.drug, shown, triggered=True))
    return out


def _treatments(result: Result) -> Iterator[Lane]:
    end = float(result.t[-1])
    written = [x for x in result.scenario.scenario.treatments if x.when is None]
    for give in dict.fromkeys(x.give for x in result.scenario.levels):
        level, start, marks = 0.0, 0.0, []
        for change in (x for x in result.scenario.levels if x.give == give and x.amount):
            if abs(level) < 1e-9:
                start = change.time
            level += change.amount
            if abs(level) < 1e-9:
                marks.append(Mark(start, start, start, change.time - start))
        if abs(level) >= 1e-9:
            marks.append(Mark(start, start, start, end - start))
        if not marks:
            continue
        texts = dict.fromkeys(x.level for x in written if x.give == give)
        yield Lane(treatment_label(give, ", ".join(texts)), None, tuple(marks))


def treatment_label(give: str, level: str) -> str:
    """ "Oxygen 50 %", "Airway held open"."""
    if give == "airway" and level.split(" ")[0] == "0":
        return "Airway not held open"
    return _GIVEN.get(give, give.replace("_", " ").capitalize() + " {}").format(level).strip()


def _dose_label(text: str, route: str) -> str:
    """ "Naloxone 4 mg nasal" of "Naloxone 4 mg (hcl), nasal 4 mg (intranasal)"."""
    return f"{text.split(',')[0].split(' (')[0]} {_ROUTES.get(route, route.replace('_', ' '))}"


def something_happened(result: Result) -> bool:
    """Whether anybody's breathing, heart or arousal failed so far that an event is told."""
    return bool(events(result))


def withdrawal_counts(result: Result) -> bool:
    """Whether a report tells of withdrawal: COWS was written down, and rises in somebody who lives, or there is a history of use.

    `result` has its outcomes.
    """
    if "withdrawal.peak_COWS" not in result.outcomes or "scales.COWS" not in result.columns:
        return False
    peak = result.outcomes["withdrawal.peak_COWS"]
    alive = np.isfinite(peak) & ~(result.outcomes.get("rescue.dead", np.zeros(result.people)) > 0)
    return bool(alive.any()) and (result.scenario.history is not None or bool(peak[alive].max() > COUNTS))


def window(result: Result, found: list[Event], given: list[Lane]) -> Window:
    """The stretch of time that shows what happened: from the first dose until everything has happened and the typical person breathes again."""
    start, stop = float(result.t[0]), float(result.t[-1])
    first = min((m.time for lane in given for m in lane.marks), default=start)
    late = [e.late for e in found] + [m.high for lane in given if lane.triggered for m in lane.marks]
    late += [m.time for lane in given if lane.drug is None for m in lane.marks]
    late += _recovery(result)
    if not late:
        return windows(result)[0]
    begin = start if first - start < 0.25 * (max(late) - start) else first
    need = max(ROOM * (max(late) - begin), 8 * coarse(result))
    length = next((x for x in ENDS if x >= need), stop - begin)
    if begin + length > 0.8 * (stop - start) + start:
        return Window(begin, stop, unit_of(stop - begin), "whole course" if begin == start else "from the first dose on")
    return Window(begin, begin + length, unit_of(length), f"first {span_words(length)}" + ("" if begin == start else " from the first dose on"))


def _recovery(result: Result) -> list[float]:
    """When the median ventilation was last depressed (the end of the run if it still is), or lowest if it never was; nothing if hearts stopped."""
    if "breathing.VE" not in result.columns:
        return []
    x = result["breathing.VE"][whole_people(result)]
    middle = np.nanmedian(x, axis=0) if np.isfinite(x).any(axis=0).all() else x[0]
    low = np.flatnonzero(middle < RECOVERED * middle[0])
    if not low.size:
        return [float(result.t[np.argmin(middle)])] if middle.min() < SLIGHT * middle[0] else []
    if low[-1] == len(result.t) - 1 and "heart.arrest" in result.columns and np.nanmedian(result["heart.arrest"][:, -1]) > 0.5:
        return []
    return [float(result.t[low[-1]])]


def coarse(result: Result) -> float:
    """Least time between values, min, if it is too long for what happens within minutes; else 0."""
    step = float(np.min(np.diff(result.t))) if len(result.t) > 1 else 0.0
    return step if step > FINE else 0.0
