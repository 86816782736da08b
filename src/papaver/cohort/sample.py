"""Draw people: every parameter with a published or assumed spread has a random stream of its own name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from papaver.bodies.values import parameter_matrix, spreads
from papaver.evidence.load import Library
from papaver.rng import normal
from papaver.simulate import Prepared

Array = npt.NDArray[np.float64]


def draw(p: Prepared, n: int, seed: int, first: int = 0) -> list[Array]:
    """Parameters of the same people in each stretch of constant covariates (`sample` for each); one stretch if nothing changes on the way."""
    return [sample(replace(p, values=dict(values)), n, seed, first) for values in p.stretches]


def sample(p: Prepared, n: int, seed: int, first: int = 0) -> Array:
    """Parameters of persons first..first+n-1 of the cohort at the start of the run, shape (n, parameters).

    A cohort of one is the typical person. A draw depends on the seed, the parameter's path and the person's number alone, so that chunks
    may be drawn apart and adding a parameter moves no other draw. Published correlations hold pair by pair.
    """
    draws = correlated(p.library, {path: normal(seed, f"person/{path}", first, n) for path in spreads(p.body, p.library)})
    return parameter_matrix(p.body, p.library, p.values, draws, n)


def correlated(library: Library, draws: dict[str, Array]) -> dict[str, Array]:
    """Independent draws by path with the published correlations put in."""
    out = dict(draws)
    for c in library.correlations:
        a, b = c.of
        if a in out and b in out:
            r = c.value.value
            out[b] = r * out[a] + np.sqrt(1.0 - r * r) * out[b]
    return out
