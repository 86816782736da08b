"""Treatments beside drugs - oxygen, a bag and mask, an open or a closed airway, gas mixtures - as changes of a level at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from papaver.bodies import dependence, physiology
from papaver.errors import ScenarioError, UnitError, nearest
from papaver.evidence.load import Library
from papaver.scenario.model import Treatment
from papaver.scenario.rules import ResolvedRule, condition
from papaver.units import convert, parse_quantity, to_internal

LIMITS = {
    "oxygen": (0.0, 1.0, "0 to 100 %"), "ventilation": (0.0, 100.0, "0 to 100 L/min"), "airway": (0.0, 1.0, "0 to 100 %"),
    "obstruction": (0.0, 1.0, "0 to 100 %"), "carbon_dioxide": (0.0, 110.0, "0 to 110 mmHg"), "end_tidal_CO2": (20.0, 110.0, "20 to 110 mmHg"),
}  # fmt: skip
"""Least and greatest level of each treatment in its internal unit; of a medicine for one symptom, its usual dose is 100 %."""
TREATMENTS = {**physiology.TREATMENTS, **dependence.TREATMENTS}


@dataclass(frozen=True)
class LevelChange:
    """From `time` (min) on a treatment's level differs by `amount`, in the treatment's unit."""

    give: str
    time: float
    amount: float


def level_changes(given: Sequence[tuple[str, Treatment]], library: Library, until: float) -> tuple[LevelChange, ...]:
    """All changes of level, in order of time. Where treatments of one kind overlap, the one that began last counts.

    Args:
        given: (where it stands, treatment without a condition).

    Raises:
        ScenarioError: an unknown treatment, a level out of range, a time outside the run.
    """
    spans: dict[str, list[tuple[float, float, float]]] = {}
    for at, x in given:
        level = _level(x, at, library)
        start = to_internal(x.at, "min", where=f"{at}.at", example="5 min")
        if not 0 <= start <= until:
            raise ScenarioError(f"{at}.at: read {x.at!r}; it must lie within the run (0 to {until:g} min)")
        length = until if x.over is None else to_internal(x.over, "min", where=f"{at}.over", example="20 min")
        if length <= 0:
            raise ScenarioError(f"{at}.over: read {x.over!r}; it must be positive")
        for key, value in (("for", x.hold), ("after", x.after)):
            if value is not None:
                raise ScenarioError(f"{at}.{key}: belongs to a rule; give the condition too (when:), or say how long with over:")
        spans.setdefault(x.give, []).append((start, start + length, level))
    out = []
    for give, rows in spans.items():
        rows.sort()
        level = 0.0
        for time in sorted({x for a, b, _ in rows for x in (a, b)}):
            now = next((value for a, b, value in reversed(rows) if a <= time < b), 0.0)
            if now != level and time < until:
                out.append(LevelChange(give, time, now - level))
            level = now
    return tuple(sorted(out, key=lambda c: (c.time, c.give)))


def treatment_rule(x: Treatment, at: str, library: Library, until: float) -> ResolvedRule:
    """A treatment that a condition starts; it stands to the end of the run."""
    if x.over is not None:
        raise ScenarioError(f"{at}.over: a treatment that a condition starts stands to the end; leave over: out")
    texts = {"for": x.hold, "after": x.after}
    delays = [0.0 if text is None else to_internal(text, "min", where=f"{at}.{key}", example="60 s") for key, text in texts.items()]
    for (key, text), delay in zip(texts.items(), delays, strict=True):
        if delay < 0:
            raise ScenarioError(f"{at}.{key}: read {text!r}; a delay is not negative")
    armed = to_internal(x.at, "min", where=f"{at}.at", example="5 min")
    if not 0 <= armed <= until:
        raise ScenarioError(f"{at}.at: read {x.at!r}; it must lie within the run (0 to {until:g} min)")
    when = condition(str(x.when), f"{at}.when")
    return ResolvedRule(when, delays[0], delays[1], armed, 1, 0.0, amount=_level(x, at, library), text=f"{x.give} {x.level}", give=x.give)


def _level(x: Treatment, at: str, library: Library) -> float:
    """The level in its internal unit; of oxygen, the fraction above air."""
    if x.give not in TREATMENTS:
        raise ScenarioError(f"{at}.give: read {x.give!r}; {nearest(x.give, TREATMENTS)}; allowed are {', '.join(TREATMENTS)}")
    unit = TREATMENTS[x.give][1]
    low, high, words = LIMITS.get(x.give, (0.0, 1.0, "0 to 100 %"))
    value, given = parse_quantity(x.level, where=f"{at}.level", example=words.split(" to ")[1])
    try:
        level = convert(value, given, unit)
    except UnitError:
        raise ScenarioError(f"{at}.level: read {x.level!r}; {x.give} needs {words}") from None
    if not low <= level <= high:
        raise ScenarioError(f"{at}.level: read {x.level!r}; allowed are {words}")
    if x.give == "oxygen":
        level -= library.parameters["breathing.P_I_air"].internal / library.parameters["breathing.P_dry"].internal
    return level
