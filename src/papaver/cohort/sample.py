"""Draw people: every parameter with a published or assumed spread has a random stream of its own name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.bodies.values import covariate_scales, parameter_matrix, spreads
from papaver.evidence.covariates import Covariates
from papaver.evidence.load import Library
from papaver.rng import normal, uniform
from papaver.simulate import Prepared

Array = npt.NDArray[np.float64]


def draw(p: Prepared, n: int, seed: int, first: int = 0) -> list[Array]:
    """Parameters of the same people in each stretch of constant covariates (`sample` for each); one stretch if nothing changes on the way."""
    return [sample(replace(p, values=dict(values)), n, seed, first) for values in p.stretches]


def sample(p: Prepared, n: int, seed: int, first: int = 0) -> Array:
    """Parameters of persons first..first+n-1 of the cohort at the start of the run, shape (n, parameters).

    A cohort of one is the typical person. Age, sex and weight that the scenario leaves out are drawn too. A draw depends on the seed, the
    parameter's path and the person's number alone, so that chunks
    may be drawn apart and adding a parameter moves no other draw. Published correlations hold pair by pair.
    """
    draws = correlated(p.library, {path: normal(seed, f"person/{path}", first, n) for path in spreads(p.body, p.library)})
    typical = p.scenario.covariates
    people = drawn_covariates(p.library, typical, p.scenario.assumed, n, seed, first)
    scales = covariate_scales(p.body, p.library, typical, people) if people else {}
    return parameter_matrix(p.body, p.library, p.values, draws, n, scales)


def drawn_covariates(
    library: Library, typical: Covariates, left_out: Collection[str], n: int, seed: int, first: int = 0
) -> dict[str, npt.NDArray[Any]]:  # fmt: skip
    """Covariates of persons first..first+n-1: age, sex and weight where the scenario leaves them out, and the filtration rate of that age.

    Ages and weights are log-normal, kept within the ends of data/physiology/person.yaml; empty if the scenario says all of them.
    """
    def value(path: str) -> float:
        return library.parameters[f"person.{path}"].value.value

    def drawn(path: str, stream: str) -> Array:
        s = library.parameters[f"person.{path}"].value.spread
        sd = 0.0 if s is None else np.sqrt(np.log(1.0 + (s.value / 100.0) ** 2))
        return np.asarray(value(path) * np.exp(sd * normal(seed, f"person/{stream}", first, n)))

    out: dict[str, npt.NDArray[Any]] = {}
    sex = np.full(n, str(typical["sex"]))
    if "sex" in left_out:
        out["sex"] = sex = np.where(uniform(seed, "person/sex", first, n) < value("share_male"), "male", "female")
    if "age" in left_out:
        out["age"] = np.clip(drawn("age", "age"), value("age_least"), value("age_most"))
        if "eGFR" in left_out:
            lost = value("eGFR_loss") * np.maximum(0.0, out["age"] - value("eGFR_loss_from"))
            out["eGFR"] = np.maximum(value("eGFR_least"), value("eGFR") - lost)
    if "weight" in left_out:
        by_sex = np.where(sex == "male", drawn("weight.male", "weight"), drawn("weight.female", "weight"))
        out["weight"] = np.clip(by_sex, value("weight_least"), value("weight_most"))
    return out


def correlated(library: Library, draws: dict[str, Array]) -> dict[str, Array]:
    """Independent draws by path with the published correlations put in."""
    out = dict(draws)
    for c in library.correlations:
        a, b = c.of
        if a in out and b in out:
            r = c.value.value
            out[b] = r * out[a] + np.sqrt(1.0 - r * r) * out[b]
    return out
