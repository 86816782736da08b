"""Covariate models: how weight, age, kidney, liver and history scale a parameter. Each is data; this file knows only the forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from papaver.errors import DataError, nearest
from papaver.evidence.schema import Value, convert

Covariates = Mapping[str, float | str]
NUMERIC = {"weight": "kg", "age": "year", "eGFR": "mL/min/1.73m2"}
"""Numeric covariates and the unit in which covariate models read them."""
LEVELS = {
    "sex": ("female", "male"),
    "liver": ("normal", "child_pugh_A", "child_pugh_B", "child_pugh_C"),
    "history": ("naive", "chronic"),
}
"""Covariates with levels."""


@dataclass(frozen=True)
class CovariateModel:
    """`power`: (x/reference)^exponent. `table`: a factor for each level. `decline`: 1 - slope*(x - reference) above the reference."""

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
        x = covariates[self.covariate]
        if self.form == "table":
            return number.get(f"covariate.{self.name}.{x}", 1.0)
        ratio = float(x) / self.reference
        if self.form == "power":
            return float(ratio ** number[f"covariate.{self.name}.exponent"])
        return float(max(0.2, 1.0 - number[f"covariate.{self.name}.slope"] * max(0.0, float(x) - self.reference)))


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
        if form not in ("power", "table", "decline"):
            raise DataError(f"{at}.form: read {form!r}; allowed are power, table, decline")
        known = (*NUMERIC, *LEVELS)
        if covariate not in known:
            raise DataError(f"{at}.covariate: read {covariate!r}; {nearest(str(covariate), known)}")
        for k, v in body.items():
            if k not in ("form", "covariate", "reference") and not isinstance(v, dict):
                raise DataError(f"{at}: unknown field {k!r}; {nearest(str(k), ('form', 'covariate', 'reference'))}")
        if form != "table" and covariate not in NUMERIC:
            raise DataError(f"{at}.covariate: form {form} needs a number, read {covariate!r}; allowed are {', '.join(NUMERIC)}")
        reference = body.get("reference", 1.0)
        if isinstance(reference, bool) or not isinstance(reference, int | float) or reference <= 0:
            raise DataError(f"{at}.reference: read {reference!r}; a positive number in {NUMERIC.get(covariate, '1')} is needed")
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
