"""Covariate models: how weight, age, kidney, liver and history scale a parameter. Each is data; this file knows only the forms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.errors import DataError, nearest
from papaver.evidence.schema import Value, convert

Covariates = Mapping[str, float | str]
NUMERIC = {"weight": "kg", "age": "year", "eGFR": "mL/min/1.73m2", "urine_pH": "1", "AAG": "g/L", "altitude": "m"}
"""Numeric covariates and the unit in which covariate models read them."""
_WITH = ("none", *(f"{strength}_{kind}" for kind in ("inhibitor", "inducer") for strength in ("weak", "moderate", "strong")))
INTERACTIONS = {
    "CYP3A4": _WITH, "CYP2D6": _WITH, "CYP2B6": _WITH, "CYP2C19": _WITH, "UGT": _WITH, "alcohol": ("none", "4_percent", "20_percent", "40_percent"),
}  # fmt: skip
"""What may be taken along: inhibitors and inducers by strength class (FDA's), and the strength of a drink taken with an extended-release dose."""
LEVELS = {
    "sex": ("female", "male"),
    "liver": ("normal", "child_pugh_A", "child_pugh_B", "child_pugh_C"),
    "history": ("naive", "chronic"),
    "CYP2D6": ("normal", "poor", "intermediate", "ultrarapid"),
    "CYP2C19": ("normal", "poor", "intermediate", "ultrarapid"),
    "CYP2B6": ("*1/*1", "*1/*6", "*6/*6"),
    "UGT2B7": ("*1/*1", "*1/*2", "*2/*2"),
    "OPRM1": ("AA", "AG", "GG"),
    "meal": ("fasted", "fed"),
    "alcohol_use": ("none", "moderate", "heavy"),
    "position": ("back", "side"),
    "heart_disease": ("none", "known"),
    **{f"{name}_with": levels for name, levels in INTERACTIONS.items()},
}
"""Covariates with levels; the first level of a genotype, a habit or an interaction is what a person has who does not say."""


@dataclass(frozen=True)
class CovariateModel:
    """How a covariate x scales a parameter.

    `power`: (x/reference)^exponent. `table`: a factor for each level. `decline`: 1 - slope*(x - reference) above the reference.
    `exponential`: exp(slope*(x - reference)).
    """

    name: str
    form: str
    covariate: str
    reference: float
    entries: Mapping[str, Value]

    def values(self) -> Iterator[tuple[str, Value]]:
        """The model's own numbers under their paths."""
        for key, v in self.entries.items():
            yield f"covariate.{self.name}.{key}", v

    def factor(self, covariates: Covariates, number: Mapping[str, float]) -> float:
        """The factor for a person; `number` gives the model's own numbers by path (they may have been calibrated)."""
        x = covariates[self.covariate] if self.covariate not in LEVELS else covariates.get(self.covariate, LEVELS[self.covariate][0])
        if self.form == "table":
            return number.get(f"covariate.{self.name}.{x}", 1.0)
        if self.form == "power":
            return float((float(x) / self.reference) ** number[f"covariate.{self.name}.exponent"])
        if self.form == "exponential":
            return math.exp(number[f"covariate.{self.name}.slope"] * (float(x) - self.reference))
        return float(max(0.2, 1.0 - number[f"covariate.{self.name}.slope"] * max(0.0, float(x) - self.reference)))

    def factors(self, values: npt.NDArray[Any], number: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """The factors of many people, by their values of the covariate: numbers, or levels as text."""
        if self.form == "table":
            return np.array([number.get(f"covariate.{self.name}.{x}", 1.0) for x in values])
        if self.form == "power":
            return np.asarray((values / self.reference) ** number[f"covariate.{self.name}.exponent"])
        slope = number[f"covariate.{self.name}.slope"]
        if self.form == "exponential":
            return np.asarray(np.exp(slope * (values - self.reference)))
        return np.asarray(np.maximum(0.2, 1.0 - slope * np.maximum(0.0, values - self.reference)))


def read_covariates(raw: Any, where: str) -> list[CovariateModel]:
    """Covariate models of a file in data/populations.

    Raises:
        DataError: an unknown form, covariate or level.
    """
    out = []
    if not isinstance(raw, dict):
        raise DataError(f"{where}: read {raw!r}; a mapping of covariate models is needed")
    for name, body in raw.items():
        at = f"{where}: {name}"
        if not isinstance(body, dict):
            raise DataError(f"{at}: read {body!r}; a mapping with form:, covariate: and its values is needed")
        form, covariate = body.get("form"), body.get("covariate")
        if form not in ("power", "table", "decline", "exponential"):
            raise DataError(f"{at}.form: read {form!r}; allowed are power, table, decline, exponential")
        known = (*NUMERIC, *LEVELS)
        if covariate not in known:
            raise DataError(f"{at}.covariate: read {covariate!r}; {nearest(str(covariate), known)}")
        for k, v in body.items():
            if k not in ("form", "covariate", "reference") and not isinstance(v, dict):
                raise DataError(f"{at}: unknown field {k!r}; {nearest(str(k), ('form', 'covariate', 'reference'))}")
        if form != "table" and covariate not in NUMERIC:
            raise DataError(f"{at}.covariate: form {form} needs a number, read {covariate!r}; allowed are {', '.join(NUMERIC)}")
        reference = body.get("reference", 1.0)
        if isinstance(reference, bool) or not isinstance(reference, int | float) or reference < 0 or (form == "power" and reference == 0):
            least = "a positive number" if form == "power" else "a number of 0 or more"
            raise DataError(f"{at}.reference: read {reference!r}; {least} in {NUMERIC.get(covariate, '1')} is needed")
        entries = {str(k): convert(v, Value, f"{at}.{k}") for k, v in body.items() if isinstance(v, dict)}
        if form == "table":
            for level in entries:
                if level not in LEVELS.get(covariate, ()):
                    raise DataError(f"{at}.{level}: no level of {covariate}; {nearest(level, LEVELS.get(covariate, ()))}")
        else:
            want = "exponent" if form == "power" else "slope"
            if set(entries) != {want}:
                raise DataError(f"{at}: form {form} needs exactly {want!r}")
        out.append(CovariateModel(name, form, covariate, float(reference), entries))
    return out
