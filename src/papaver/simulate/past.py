"""What a history of use has left behind, in two steps: slow states from the mean stimulus of the regimen, the rest by living through its last days.

Opponents, uncoupled receptors, peptide tone, heightened pain and gland mass follow the stimulus over days to months. They are integrated alone, with
the same components, under the regimen's mean stimulus (`SLOW_BODY`); the days before the run are then simulated in full, so that drug on board,
hormones and signs are what they would be.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from papaver.bodies.adult import Body, adult
from papaver.bodies.dependence import SLOW
from papaver.bodies.slow import slow_body
from papaver.bodies.values import parameter_matrix, person_values
from papaver.core.solve import DoseEvent, Solver
from papaver.errors import PapaverError
from papaver.evidence.load import Library
from papaver.scenario.resolve import ResolvedHistory, ResolvedScenario

MOST_DAYS = 14
"""Most days of a regimen that are simulated; five residence times of methadone and buprenorphine are within them."""
RESIDENCES = 7.0
"""Residence times of the slowest molecule after which a regimen's days count as alike."""
LEAST_DAYS = 4.0
"""Fewest, if the regimen has lasted as long: low mood answers over days."""
STEP = 10.0
"""Minutes between the points at which the stimulus is taken."""


@dataclass(frozen=True)
class Past:
    """Values at the start of the run by path of the parameter; how long before 0 the run begins, min; and the doses until then."""

    values: Mapping[str, float]
    lead: float
    doses: tuple[tuple[float, str, str, float], ...]


def past(r: ResolvedScenario, library: Library, residence: float) -> Past:
    """What the history of a scenario leaves.

    Args:
        residence: of the slowest molecule that the regimen brings into the body, min.

    Raises:
        PapaverError: the history could not be simulated.
    """
    h = r.history
    if h is None:
        return Past({}, 0.0, ())
    window = min(h.duration, MOST_DAYS * 1440.0, max(LEAST_DAYS * 1440.0, h.every, RESIDENCES * residence))
    window = math.ceil(window / h.every) * h.every
    since = h.stopped if h.stopped > 0 else h.every
    who, variants = tuple(sorted(r.covariates.items())), tuple(sorted(r.variants.items()))
    regimen, before = (_Key(library), h.route, tuple(h.amounts.items()), h.every, window, who, variants), max(h.duration - window, 0.0)
    mean, answered, rest = _mean_stimulus(*regimen)
    values = _slow_states(_Key(library), mean, answered, before)
    # the body's own opioids lessen meanwhile, and with them the stimulus
    mean, answered, _ = _mean_stimulus(*regimen, 1.0 + values.get("dependence.tone.T0", 0.0), rest)
    values = _slow_states(_Key(library), mean, answered, before)
    times = [-since - k * h.every for k in range(int(window / h.every))]
    doses = tuple((t, name, h.route, amount) for t in reversed(times) for name, amount in h.amounts.items())
    return Past(values, window + since - h.every, doses)


class _Key:
    """A library as a cache key: equal if its data are."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def __hash__(self) -> int:
        return hash(self.library.hash)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Key):
            return NotImplemented
        return self.library.hash == other.library.hash and self.library.parameters == other.library.parameters


@functools.lru_cache(maxsize=256)
def _mean_stimulus(
    key: _Key, route: str, amounts: tuple[tuple[str, float], ...], every: float, length: float, who: tuple[tuple[str, float | str], ...],
    variants: tuple[tuple[str, str], ...], tone: float = 1.0, rest: float | None = None,
) -> tuple[float, float, float]:  # fmt: skip
    """Mean stimulus of MOP above rest over the last dosing interval (at least a day) of the regimen, the steady stimulus that the locus coeruleus
    would answer as it answers this one on average, and the stimulus at rest; kinetics and receptors alone, the body's own opioids at `tone`."""
    library = key.library
    body = adult(library, [(name, route) for name, _ in amounts], dict(variants))
    P = parameter_matrix(body, library, person_values(body, library, dict(who)))
    own = [k for k, name in enumerate(body.program.param_names) if name.endswith(".C_rest[endogenous]")]
    P[:, own] *= tone
    n = max(1, math.ceil(length / every))
    doses = [DoseEvent(k * every, body.ports[name, route], amount, 0.0) for k in range(n) for name, amount in amounts]
    end = n * every
    last = max(0.0, end - max(every, 1440.0))
    t = np.union1d([0.0, end], np.arange(last, end + 1e-9, STEP))
    nodes = [body.program.output("mop.stimulus"), body.program.output("mop.rest")]
    solution = _solver(body).solve(P, doses, t, solver="scalar", nodes=nodes, rtol=1e-4)
    if solution.reasons[0]:
        raise PapaverError(f"person.history: could not be simulated: {solution.reasons[0]}")
    seen = t >= last
    if rest is None:
        rest = float(solution.Y[0, -1, 1])
    above = np.maximum(solution.Y[0, seen, 0] - rest, 0.0)
    span = t[seen][-1] - t[seen][0]
    # the response saturates, so that peaks count less than they weigh in the mean
    KE = library.parameters["withdrawal.opponent.KE"].internal
    response = float(np.trapezoid(above / (above + KE), t[seen]) / span)
    return float(np.trapezoid(above, t[seen]) / span), KE * response / (1.0 - response), rest


@functools.lru_cache(maxsize=256)
def _slow_states(key: _Key, mean: float, answered: float, length: float) -> dict[str, float]:
    """The slow states after a time under a constant stimulus, by the path of their value at the start of a run."""
    if length <= 0:
        return {}
    library = key.library
    body = slow_body(mean, answered)
    P = parameter_matrix(body, library, {path: library.parameters[path].internal for path in body.data_paths})
    states = {path: state for path, (state, _) in SLOW.items()}
    nodes = [body.program.output(state) for state in states.values()]
    solution = _solver(body).solve(P, (), np.array([0.0, length]), solver="scalar", nodes=nodes, rtol=1e-5)
    if solution.reasons[0]:
        raise PapaverError(f"person.history: could not be integrated: {solution.reasons[0]}")
    return dict(zip(states, solution.Y[0, -1].tolist(), strict=True))


def history_routes(h: ResolvedHistory | None) -> list[tuple[str, str]]:
    """The (drug, route) pairs that a history needs of the body."""
    return [] if h is None else [(name, h.route) for name in h.amounts]


@functools.lru_cache(maxsize=32)
def _solver_of(program: object) -> Solver:
    return Solver(program)  # type: ignore[arg-type]


def _solver(body: Body) -> Solver:
    return _solver_of(body.program)
