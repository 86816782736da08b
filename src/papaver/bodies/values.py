"""From data values and a person to the parameter vector of a body: covariates, between-person draws, remainders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.bodies.adult import Body
from papaver.errors import DataError
from papaver.evidence.covariates import Covariates
from papaver.evidence.load import Library

Array = npt.NDArray[np.float64]


def person_values(body: Body, library: Library, covariates: Covariates) -> dict[str, float]:
    """Each data value of the body in internal units, scaled to a person's covariates."""
    paths = [f"covariate.{m.name}.{k}" for m in library.covariates.values() for k in m.entries]
    numbers = {path: library.parameters[path].internal for path in paths}
    out: dict[str, float] = {}
    for path in body.data_paths:
        p = library.parameters[path]
        x = p.internal
        for name in p.value.covariates:
            x *= library.covariates[name].factor(covariates, numbers)
        out[path] = x
    return out


def spreads(body: Body, library: Library) -> dict[str, tuple[str, float]]:
    """Between-person spread by path: ("log", SD of the logarithm) or ("logit", SD of the logit)."""
    out: dict[str, tuple[str, float]] = {}
    for path in body.data_paths:
        s = library.parameters[path].value.spread
        if s is not None:
            out[path] = ("log", float(np.sqrt(np.log(1.0 + (s.value / 100.0) ** 2)))) if s.kind == "cv" else ("logit", s.value)
    return out


def covariate_scales(body: Body, library: Library, typical: Covariates, people: Mapping[str, npt.NDArray[Any]]) -> dict[str, Array]:
    """How the covariates in which people differ scale each data value, relative to the typical person; paths that do not feel them are left out."""
    paths = [f"covariate.{m.name}.{k}" for m in library.covariates.values() for k in m.entries]
    numbers = {path: library.parameters[path].internal for path in paths}
    scales = {
        m.name: m.factors(people[m.covariate], numbers) / m.factor(typical, numbers)
        for m in library.covariates.values() if m.covariate in people
    }  # fmt: skip
    out: dict[str, Array] = {}
    for path in body.data_paths:
        for name in library.parameters[path].value.covariates:
            if name in scales:
                out[path] = out.get(path, 1.0) * scales[name]
    return out


def parameter_matrix(
    body: Body, library: Library, values: Mapping[str, float], draws: Mapping[str, Array] | None = None, n: int = 1,
    scales: Mapping[str, Array] | None = None,
) -> Array:  # fmt: skip
    """Parameters of n people, shape (n, parameters).

    Args:
        values: typical values of this kind of person, from `person_values`.
        draws: standard normal draws by path, each of shape (n,); absent paths stay typical.
        scales: factors by path, each of shape (n,), from `covariate_scales`.

    Raises:
        DataError: the shares of a molecule's pathways exceed one.
    """
    kinds = spreads(body, library)
    columns: dict[str, Array] = {}
    for path, typical in values.items():
        z = (draws or {}).get(path)
        scale = (scales or {}).get(path)
        x: float | Array = typical if scale is None else typical * scale
        if z is None or path not in kinds:
            columns[path] = np.full(n, 1.0) * x
            continue
        if kinds[path][0] == "logit" and scale is not None:
            x = np.clip(x, 1e-6, 1.0 - 1e-6)
        kind, sd = kinds[path]
        columns[path] = x * np.exp(sd * z) if kind == "log" else 1.0 / (1.0 + np.exp(-(np.log(x / (1.0 - x)) + sd * z)))
    if draws:
        for name, b in body.bindings.items():
            _check_shares(name, b.remainder, np.array([sum(values[q] for q in b.remainder)]))
        _cap_shares(body, columns, n)
    P = np.empty((n, len(body.program.param_names)))
    for k, name in enumerate(body.program.param_names):
        b = body.bindings[name]
        if b.remainder:
            rest = 1.0 - sum((columns[q] for q in b.remainder), np.zeros(n))
            _check_shares(name, b.remainder, 1.0 - rest)
            P[:, k] = np.maximum(rest, 0.0)
        elif b.path is not None:
            P[:, k] = columns[b.path]
        else:
            P[:, k] = b.constant
    return P


def _check_shares(name: str, paths: tuple[str, ...], sums: Array) -> None:
    if np.any(sums > 1 + 1e-12):
        raise DataError(f"{name}: the shares {', '.join(paths)} add up to {float(sums.max()):.4g}; at most 1")


def _cap_shares(body: Body, columns: dict[str, Array], n: int) -> None:
    """Drawn shares of one molecule that add up to more than one are scaled back to one (a rare corner of a wide spread)."""
    for b in body.bindings.values():
        if b.remainder:
            s = sum((columns[q] for q in b.remainder), np.zeros(n))
            for q in b.remainder:
                columns[q] = np.where(s > 0.999, columns[q] * (0.999 / s), columns[q])
