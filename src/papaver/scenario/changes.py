"""Covariates that change during a run: each value holds from its time on, until the next (last value carried forward)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from papaver.errors import PapaverError, ScenarioError
from papaver.scenario.model import Change, Person
from papaver.units import to_internal

Covariates = Mapping[str, float | str]


def covariate_changes(p: Person, until: float, covariates: Callable[[Person], Covariates]) -> tuple[tuple[float, Covariates], ...]:
    """When covariates change, min, and all of them from then on, in order of time.

    Args:
        covariates: of a person whose values do not change.

    Raises:
        ScenarioError: times that do not follow each other within the run, an entry without a covariate, or a value that is not allowed.
    """
    out: list[tuple[float, Covariates]] = []
    names = [f for f in Change.__struct_fields__ if f != "at"]
    before = 0.0
    for k, change in enumerate(p.changes or []):
        at = f"person.changes[{k}]"
        time = to_internal(change.at, "min", where=f"{at}.at", example="24 h")
        if not before < time < until:
            what = "the change before it" if out else "0 min (what holds from the start is written under person)"
            raise ScenarioError(f"{at}.at: read {change.at!r}; it must be after {what} and before the end of the run ({until:g} min)")
        new = {f: x for f in names if (x := getattr(change, f)) is not None}
        if not new:
            raise ScenarioError(f"{at}: nothing changes; name a covariate: {', '.join(names)}")
        p, before = msgspec.structs.replace(p, **new), time
        try:
            out.append((time, covariates(p)))
        except PapaverError as e:
            raise ScenarioError(str(e).replace("person.", f"{at}.", 1)) from None
    return tuple(out)
