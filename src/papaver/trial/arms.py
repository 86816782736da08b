"""A trial: the arms of a scenario on the same people, their endpoints with intervals, what decides them, and how sure the parameters leave one.

Variability (who the people are) and uncertainty (what the parameters are) are kept apart: the people of each parameter set are drawn anew
around it from the same streams, and an interval of uncertainty is one over sets, not over people.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from papaver.bodies.values import spreads
from papaver.cohort.run import Plan, run_cohort
from papaver.cohort.sample import correlated, drawn_covariates
from papaver.errors import ScenarioError
from papaver.evidence.load import Library
from papaver.rng import normal
from papaver.scenario import Scenario, resolve
from papaver.simulate import Prepared, Result, prepare
from papaver.simulate.past import history_routes

Array = npt.NDArray[np.float64]

ENDPOINTS = ("rescue.dead", "rescue.injured", "rescue.intact", "rescue.second_fall")
"""Outcomes of yes or no (0, 1) that a trial reports as shares of people."""
MEASURES = (
    "withdrawal.peak_COWS", "withdrawal.peak_SOWS", "withdrawal.time_of_peak_COWS", "withdrawal.precipitated", "withdrawal.onset",
    "withdrawal.end", "withdrawal.SOWS_days", "rescue.lowest_SpO2",
)  # fmt: skip
"""Outcomes that a trial reports as medians over people."""
Z = 1.959964
MOST_SETS = 1000
FIFTH = 0.2


@dataclass(frozen=True)
class Share:
    """A share of people: its 95 % interval from the number of people (Wilson), and from parameter sets where there are any."""

    value: float
    low: float
    high: float
    sets: tuple[float, ...] = ()

    @property
    def uncertainty(self) -> tuple[float, float] | None:
        """2.5th to 97.5th percentile over parameter sets."""
        return None if not self.sets else (float(np.percentile(self.sets, 2.5)), float(np.percentile(self.sets, 97.5)))


@dataclass(frozen=True)
class ArmResult:
    """One arm: the run of its people, and each endpoint as a share."""

    name: str
    result: Result
    shares: Mapping[str, Share]

    def survival(self, t: Array) -> Array:
        """Share of the people alive at times, by cardiac arrest or, at its end, by an injury that kills."""
        dead, arrest = self.result.outcomes["rescue.dead"], self.result.outcomes["rescue.time_of_arrest"]
        when = np.where(np.isfinite(arrest), arrest, np.where(dead > 0, float(self.result.t[-1]), np.inf))
        when = np.sort(when[np.isfinite(dead)])
        return np.asarray(1.0 - np.searchsorted(when, t, side="right") / max(len(when), 1))


@dataclass(frozen=True)
class Bar:
    """One bar of a tornado: the share with the endpoint among the fifth of people with the lowest and the highest value of a parameter."""

    path: str
    low: float
    high: float

    @property
    def width(self) -> float:
        """Size of the difference."""
        return abs(self.high - self.low)


@dataclass(frozen=True)
class Trial:
    """All arms, and for each what decides death: by parameter, widest first."""

    scenario: Scenario
    arms: tuple[ArmResult, ...]
    tornado: Mapping[str, tuple[Bar, ...]] = field(default_factory=dict)
    sets: int = 0


def wilson(k: float, n: int) -> tuple[float, float, float]:
    """A share with its 95 % interval (Wilson, J Am Stat Assoc 1927;22:209)."""
    if n == 0:
        return math.nan, math.nan, math.nan
    p = k / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return p, max(0.0, centre - half), min(1.0, centre + half)


def prepare_arms(scenario: Scenario, library: Library) -> dict[str, Prepared]:
    """Each arm ready to solve, all with one body, so that one kernel serves them and a person is the same in each."""
    arms = {name: scenario.arm(name) for name in scenario.arms} if scenario.arms else {"all": scenario}
    resolved = {}
    for name, s in arms.items():
        try:
            resolved[name] = resolve(s, library)
        except ScenarioError as e:
            raise ScenarioError(f"arms.{name}: {e}" if scenario.arms else str(e)) from None
    routes = sorted({(d.drug, d.route) for r in resolved.values() for d in r.doses} | {
        (x.drug, x.route) for r in resolved.values() for x in r.rules if x.drug is not None
    } | {pair for r in resolved.values() for pair in history_routes(r.history)})  # fmt: skip
    return {name: prepare(r, library, routes=routes) for name, r in resolved.items()}


def parameter_set(p: Prepared, seed: int, number: int) -> dict[str, float]:
    """Values of one draw from what is not known of the parameters: by path, in the unit of the data file.

    Each parameter with a stated uncertainty has a stream of its own: a factor (CV) or a shift of the logit.
    """
    out: dict[str, float] = {}
    for path in p.body.data_paths:
        v = p.library.parameters[path].value
        if v.uncertainty is None or path in p.scenario.overrides:
            continue
        z = float(normal(seed, f"uncertainty/{path}", number, 1)[0])
        if v.uncertainty.kind == "cv":
            sd = math.sqrt(math.log(1.0 + (v.uncertainty.value / 100.0) ** 2))
            out[path] = v.value * math.exp(sd * z)
        else:
            out[path] = 1.0 / (1.0 + math.exp(-(math.log(v.value / (1.0 - v.value)) + v.uncertainty.value * z)))
    return out


def shares(outcomes: Mapping[str, Array]) -> dict[str, Share]:
    """Endpoints of an arm; people whose integration failed are left out."""
    out = {}
    for name in ENDPOINTS:
        if name in outcomes:
            x = outcomes[name][np.isfinite(outcomes[name])]
            out[name] = Share(*wilson(float(x.sum()), len(x)))
    return out


def tornado(p: Prepared, seed: int, happened: Array, most: int = 12) -> tuple[Bar, ...]:
    """What decides an endpoint: its share among the lowest and the highest fifth of people by each parameter that differs between them.

    Args:
        happened: 0 or 1 by person, NaN where the integration failed.
    """
    n, good = len(happened), np.isfinite(happened)
    if n < 50 or not good.any():
        return ()
    draws = correlated(p.library, {path: normal(seed, f"person/{path}", 0, n) for path in spreads(p.body, p.library)})
    people = drawn_covariates(p.library, p.scenario.covariates, p.scenario.assumed, n, seed)
    draws |= {f"person.{name}": np.asarray(x, dtype=np.float64) for name, x in people.items() if name in ("age", "weight")}
    bars = []
    for path, z in draws.items():
        order = np.argsort(z[good])
        k = max(1, int(FIFTH * len(order)))
        x = happened[good][order]
        bars.append(Bar(path, float(x[:k].mean()), float(x[-k:].mean())))
    return tuple(sorted(bars, key=lambda b: -b.width)[:most])


def with_uncertainty(
    prepared: Mapping[str, Prepared], found: Sequence[ArmResult], people: int, sets: int, *, chunk: int, solver: str, rtol: float,
    advance: Callable[[int], object] = lambda n: None,
) -> tuple[ArmResult, ...]:  # fmt: skip
    """The arms with their shares under each of `sets` parameter sets; a set is the same in all arms."""
    if not 1 <= sets <= MOST_SETS:
        raise ScenarioError(f"--uncertainty: read {sets}; allowed are 1 to {MOST_SETS} parameter sets")
    drawn: dict[str, dict[str, list[float]]] = {name: {} for name in prepared}
    routes = sorted({pair for p in prepared.values() for pair in p.body.ports})
    for number in range(sets):
        for name, p in prepared.items():
            values = parameter_set(p, p.scenario.scenario.seed, number)
            moved = prepare(dataclasses.replace(p.scenario, overrides={**p.scenario.overrides, **values}), p.library, p.columns, routes)
            result, interrupted = run_cohort(moved, Plan(people, min(chunk, people), 1, 1, 0.0), solver=solver, rtol=rtol, advance=advance)
            if interrupted or result is None:
                raise KeyboardInterrupt
            for endpoint, share in shares(result.outcomes).items():
                drawn[name].setdefault(endpoint, []).append(share.value)
    return tuple(
        dataclasses.replace(a, shares={k: dataclasses.replace(s, sets=tuple(drawn[a.name].get(k, ()))) for k, s in a.shares.items()}) for a in found
    )
