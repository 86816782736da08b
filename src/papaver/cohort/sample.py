"""Draw people: every parameter with a published or assumed spread has a random stream of its own name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from papaver.bodies.values import parameter_matrix, spreads
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
    draws = {path: normal(seed, f"person/{path}", first, n) for path in spreads(p.body, p.library)}
    for c in p.library.correlations:
        a, b = c.of
        if a in draws and b in draws:
            r = c.value.value
            draws[b] = r * draws[a] + np.sqrt(1.0 - r * r) * draws[b]
    return parameter_matrix(p.body, p.library, p.values, draws, n)
