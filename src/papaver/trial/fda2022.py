"""FDA's figure 7: who of 2000 virtual patients has a cardiac arrest, by opioid, dose and naloxone product.

FDA's arrest rule: at the first moment at which arterial oxygen is 15 mmHg or less a clock of 220 s starts; if oxygen is 15 mmHg or less
when it ends, the heart stops. Whatever lies between or comes later does not count.
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from papaver.bodies.adult import Body
from papaver.bodies.fda2022 import NALOXONE_MW, OPIOIDS, PATIENT, PRODUCTS, TOLERANCE, fda2022
from papaver.bodies.values import parameter_matrix
from papaver.core.lower import Program
from papaver.core.rules import Rule
from papaver.core.solve import DoseEvent, Solver
from papaver.errors import DataError, ScenarioError, nearest
from papaver.evidence.load import DATA, Library
from papaver.evidence.yamlfile import read_yaml
from papaver.rng import normal
from papaver.units import Unit

Array = npt.NDArray[np.float64]

NAME = "fda2022-figure7"
PEOPLE = 2000
DOSES = (("fentanyl", 1.625), ("fentanyl", 2.965), ("carfentanil", 0.012), ("carfentanil", 0.02187))
"""Opioid and iv dose in mg."""
ARMS = ("none", *PRODUCTS)
NALOXONE_MG = 2.0
TRIGGER, DELAY = 0.4, 1.0
"""Naloxone is given a minute after the ventilation has fallen to this share of its rest."""
P_LOW = 15.0
CLOCK = 220.0 / 60
HORIZON = 20.0
"""Minutes; FDA's latest clock starts at 877 s."""
GRID = 1.0 / 60
MOST_F = 0.9
"""FDA cuts the drawn bioavailability of naloxone here."""
LEAST_N = 0.1
"""No exponent of binding below this is drawn."""
UNITS = {
    "V1_L": "L", "kout_per_s": "1/s", "k12_per_s": "1/s", "k21_per_s": "1/s", "k13_per_s": "1/s", "k31_per_s": "1/s", "kon_per_pM_n_s": "1/s",
    "koff_per_s": "1/s", "n": "1", "F": "1", "ktr_per_s": "1/s", "kin_per_s": "1/s", "CL_mL_per_s": "mL/s", "CLd_mL_per_s": "mL/s",
    "V1_mL": "mL", "V2_mL": "mL",
}  # fmt: skip
"""Endings of the columns of a table of patients, with their units."""
CARFENTANIL = {"k_out": 0.1, "k13": 0.1, "k21": 10.0, "k31": 10.0}
"""FDA's carfentanil patients: fentanyl's rates times these."""


@dataclass(frozen=True)
class Outcome:
    """One arm: who had an arrest (by person), and the arterial oxygen at the end of the clock (NaN: it never started)."""

    opioid: str
    dose_mg: float
    patient: str
    naloxone: str
    arrest: npt.NDArray[np.bool_]
    P_O2: Array

    @property
    def percent(self) -> float:
        """Percentage with a cardiac arrest."""
        return 100.0 * float(self.arrest.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the percentage for this number of people (Wilson)."""
        n, p, z = len(self.arrest), float(self.arrest.mean()), 1.959964
        middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return 100 * (middle - half) / (1 + z * z / n), 100 * (middle + half) / (1 + z * z / n)

    def to_dict(self) -> dict[str, object]:
        """The stable JSON shape of an arm."""
        return {
            "opioid": self.opioid, "dose_mg": self.dose_mg, "patient": self.patient, "naloxone": self.naloxone,
            "cardiac_arrest_percent": round(self.percent, 4), "interval_95": [round(x, 4) for x in self.interval], "people": len(self.arrest),
        }  # fmt: skip


def read_patients(path: Path | str) -> dict[str, Array]:
    """A table of virtual patients, by column, in papaver's units.

    Raises:
        DataError: no such file, a column that is missing, or a value that is no positive number; names row and column.
    """
    try:
        with open(path, newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
    except (OSError, UnicodeDecodeError) as e:
        raise DataError(f"--patients {path}: cannot be read ({e.__class__.__name__}); a CSV file with FDA's virtual patients is needed") from None
    if not rows:
        raise DataError(f"--patients {path}: holds no patients")
    out: dict[str, Array] = {}
    for column in _columns():
        if column not in rows[0]:
            raise DataError(f"--patients {path}: the column {column!r} is missing; {nearest(column, list(rows[0]))}")
        values = np.empty(len(rows))
        for k, row in enumerate(rows):
            try:
                values[k] = float(row[column])
            except (TypeError, ValueError):
                values[k] = np.nan
            if not (np.isfinite(values[k]) and values[k] > 0):
                raise DataError(f"--patients {path}: line {k + 2}, column {column}: read {row[column]!r}; a positive number is needed")
        out[column] = values
    return out


def draw_patients(people: int, seed: int) -> dict[str, Array]:
    """People drawn with the means and covariances of FDA's 2000 (data/trials/fda2022-figure7.yaml): logarithms normal, exponents as they are."""
    raw = read_yaml(DATA / "trials" / f"{NAME}.yaml")
    names = [str(n) for n in raw["columns"]]
    root = np.linalg.cholesky(np.array(raw["covariance"], dtype=float))
    z = np.stack([normal(seed, f"fda2022/{n}", 0, people) for n in names], axis=1)
    x = np.array(raw["mean"], dtype=float) + z @ root.T
    out = {n: np.maximum(x[:, k], LEAST_N) if n.endswith("_n") else np.exp(x[:, k]) for k, n in enumerate(names)}
    for n in names:
        if n.endswith("_F"):
            out[n] = np.minimum(out[n], MOST_F)
    return out


def figure7(
    library: Library, patients: Mapping[str, Array], patient: str = "chronic", doses: Sequence[tuple[str, float]] = DOSES,
    arms: Sequence[str] = ARMS, solver: str = "kernel", threads: int | None = None, progress: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:  # fmt: skip
    """All arms on the same people.

    Raises:
        ScenarioError: an unknown kind of patient.
    """
    if patient not in TOLERANCE:
        raise ScenarioError(f"patient: read {patient!r}; allowed are {', '.join(TOLERANCE)}")
    out = []
    for opioid, mg in doses:
        for arm in arms:
            progress(f"{opioid} {mg:g} mg, naloxone {arm}")
            body = fda2022(opioid, arm if arm in PRODUCTS else PRODUCTS[0], patient)
            P = _parameters(library, body, patients, opioid, arm if arm in PRODUCTS else PRODUCTS[0])
            rules = [_rescue(body.program.output("breathing.VE"))] if arm in PRODUCTS else []
            nodes = [body.program.output("gas.P_a_O2")]
            t = np.arange(0.0, HORIZON + GRID / 2, GRID)
            dose = DoseEvent(0.0, body.ports[opioid, "iv"], mg * 1e6 / OPIOIDS[opioid])
            r = _solver(body.program).solve(P, [dose], t, nodes=nodes, solver=solver, rules=rules, threads=threads)
            pressure = fda_clock(t, r.Y[:, :, 0])
            out.append(Outcome(opioid, mg, patient, arm, pressure <= P_LOW, pressure))
    return out


def fda_clock(t: Array, P_O2: Array) -> Array:
    """FDA's arrest rule: arterial oxygen 220 s after it first was 15 mmHg or less, by person (rows); NaN if it never was, or the run ends before."""
    low = P_O2 <= P_LOW
    out = np.full(len(P_O2), np.nan)
    for k in np.flatnonzero(low.any(axis=1)):
        i = int(np.argmax(low[k]))
        y = P_O2[k]
        start = t[i] if i == 0 else t[i - 1] + (t[i] - t[i - 1]) * (y[i - 1] - P_LOW) / (y[i - 1] - y[i])
        if start + CLOCK <= t[-1]:
            out[k] = np.interp(start + CLOCK, t, y)
    return out


def _rescue(node: int) -> Rule:
    return Rule(
        node=node, above=False, threshold=TRIGGER, of_baseline=True, after=DELAY, port="naloxone.dose", amount=NALOXONE_MG * 1e6 / NALOXONE_MW
    )


def _parameters(library: Library, body: Body, patients: Mapping[str, Array], opioid: str, product: str) -> Array:
    values = {path: library.parameters[path].internal for path in body.data_paths}
    n = len(next(iter(patients.values())))
    P = np.repeat(parameter_matrix(body, library, values), n, axis=0)
    for k, name in enumerate(body.program.param_names):
        if name in PATIENT:
            P[:, k] = _column(patients, name, opioid, product)
    return P


def _column(patients: Mapping[str, Array], parameter: str, opioid: str, product: str) -> Array:
    instance, _, short = parameter.partition(".")
    if instance == "opioid":
        # the pharmacokinetics of both opioids stand on fentanyl's columns
        prefix, key, factor = "fentanyl", short, CARFENTANIL.get(short, 1.0) if opioid == "carfentanil" else 1.0
    elif instance == "receptor":
        prefix, key, factor = ("naloxone" if short.endswith("_n") and short != "n" else opioid), short.removesuffix("_n"), 1.0
    else:
        prefix, key, factor = product, short, 1.0
    plain = key.replace("_", "").lower()
    for ending, unit in UNITS.items():
        if ending.partition("_")[0].lower() == plain and f"{prefix}_{ending}" in patients:
            return patients[f"{prefix}_{ending}"] * Unit.parse(unit).factor * factor
    raise DataError(f"patients: no column for {parameter}")


def _columns() -> list[str]:
    pk = [f"fentanyl_{k}" for k in ("V1_L", "kout_per_s", "k12_per_s", "k21_per_s", "k13_per_s", "k31_per_s")]
    binding = [f"{d}_{k}" for d in ("fentanyl", "carfentanil", "naloxone") for k in ("kon_per_pM_n_s", "koff_per_s", "n")]
    products = [f"{p}_{k}" for p in PRODUCTS for k in ("F", "ktr_per_s", "kin_per_s", "CL_mL_per_s", "CLd_mL_per_s", "V1_mL", "V2_mL")]
    return [*pk, *binding, *products]


@functools.lru_cache(maxsize=16)
def _solver(program: Program) -> Solver:
    return Solver(program)
