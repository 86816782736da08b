"""What a history of use has left behind: the opponents that it has built, from the stimulus of the regimen.

The opponents follow the stimulus linearly and do not act back on it, so their level after any time follows from the mean stimulus of a day at
steady state; the regimen itself is simulated, kinetics and receptors alone, until its days are alike.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from papaver.bodies.adult import Body, adult
from papaver.bodies.physiology import PACES
from papaver.bodies.values import parameter_matrix, person_values
from papaver.core.solve import DoseEvent, Solver
from papaver.errors import PapaverError
from papaver.evidence.load import Library
from papaver.scenario.resolve import ResolvedScenario

DAYS = 14
"""Days after which a regimen's days count as alike (five half-lives of methadone and buprenorphine)."""
SHORT = 60.0
"""An opponent that is faster than this, min, holds nothing of the past."""
STEP = 10.0
"""Minutes between the points at which the stimulus is taken."""


def past(r: ResolvedScenario, library: Library) -> dict[str, float]:
    """Opponents at the start of the run, by the path of the parameter.

    Raises:
        PapaverError: the history could not be simulated.
    """
    h = r.history
    if h is None:
        return {}
    who, variants = tuple(sorted(r.covariates.items())), tuple(sorted(r.variants.items()))
    mean = _mean_stimulus(_Key(library), h.route, tuple(h.amounts.items()), h.every, min(h.duration, DAYS * 1440.0), who, variants)
    out = {}
    for k in PACES:
        tau = library.parameters[f"sites.tau.{k}"].internal
        out[f"sites.start.{k}"] = mean * -math.expm1(-h.duration / tau) * math.exp(-h.stopped / tau) if tau > SHORT else 0.0
    return out


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
    variants: tuple[tuple[str, str], ...],
) -> float:  # fmt: skip
    """Mean stimulus of MOP above rest over the last dosing interval (at least a day) of the regimen."""
    library = key.library
    body = adult(library, [(name, route) for name, _ in amounts], dict(variants))
    P = parameter_matrix(body, library, person_values(body, library, dict(who)))
    n = max(1, math.ceil(length / every))
    doses = [DoseEvent(k * every, body.ports[name, route], amount, 0.0) for k in range(n) for name, amount in amounts]
    end = n * every
    last = max(0.0, end - max(every, 1440.0))
    t = np.union1d([0.0, end], np.arange(last, end + 1e-9, STEP))
    nodes = [body.program.output("mop.stimulus"), body.program.output("mop.rest")]
    solution = _solver(body).solve(P, doses, t, solver="scalar", nodes=nodes, rtol=1e-5)
    if solution.reasons[0]:
        raise PapaverError(f"person.history: could not be simulated: {solution.reasons[0]}")
    seen = t >= last
    above = solution.Y[0, seen, 0] - solution.Y[0, seen, 1]
    return float(np.trapezoid(above, t[seen]) / (t[seen][-1] - t[seen][0]))


@functools.lru_cache(maxsize=32)
def _solver_of(program: object) -> Solver:
    return Solver(program)  # type: ignore[arg-type]


def _solver(body: Body) -> Solver:
    return _solver_of(body.program)
