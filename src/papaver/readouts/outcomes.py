"""The outcomes of a run, a row a person: peaks, times, areas by molecule, receptor occupancy, urine recovery, detection windows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from papaver.evidence.schema import Mixture
from papaver.readouts import rows
from papaver.readouts.rescue import add_rescue
from papaver.readouts.withdrawal import add_withdrawal
from papaver.scenario.resolve import Window
from papaver.simulate import Result
from papaver.units import convert

Array = npt.NDArray[np.float64]

CUTOFFS = {"plasma": 1.0, "urine": 10.0}
"""Limits in ng/mL at which a run's detection windows are given: a sensitive plasma assay, a confirmatory urine cut-off for 6-MAM."""
VOID_INTERVAL = 120.0
PARTIAL = 0.5
"""Efficacy at MOP below which a drug can precipitate withdrawal."""


def sum_of_parts(result: Result, m: Mixture) -> Array | None:
    """What an assay of a mixture reads in venous plasma, nmol/L; None if not all its parts are in the result."""
    columns = [f"{part}.vein.C" for part in m.parts]
    return sum((result[c] for c in columns[1:]), result[columns[0]]) if all(c in result.columns for c in columns) else None


def add_outcomes(result: Result) -> Result:
    """Fill `result.outcomes` from its time courses; a failed person gets NaN."""
    out: dict[str, Array] = {}
    units: dict[str, str] = {}

    ok = np.array([not r for r in result.reasons], dtype=bool)

    def put(name: str, values: Array, unit: str) -> None:
        out[name], units[name] = np.where(ok, values, np.nan), unit

    t, flow = result.t, result.library.parameters["kidney.flow"].internal
    for column in result.columns:
        owner, _, what = column.rpartition(".")
        curves = result[column]
        if (what == "C" and owner.endswith(".vein")) or (what == "C1" and owner.endswith(".pk")):
            drug, site = owner.split(".")[0], "venous" if owner.endswith(".vein") else "arterial"
            put(f"{drug}.{site}.Cmax", rows.peak(curves), "nmol/L")
            put(f"{drug}.{site}.Tmax", rows.time_of_peak(t, curves), "min")
            if site == "venous":
                put(f"{drug}.{site}.AUC", rows.area(t, curves), "nmol*min/L")
            if site == "venous" and not result.scenario.windows:
                limit = convert(CUTOFFS["plasma"], "ng/mL", "nmol/L", MW=result.library.drugs[drug].MW)
                put(f"{drug}.{site}.detected_until", rows.last_time_above(t, curves, limit), "min")
        elif what == "A" and owner.endswith(".urine"):
            drug = owner.split(".")[0]
            given = result.dosed
            put(f"{drug}.urine.recovered", (curves[:, -1] - curves[:, 0]) / np.where(given > 0, given, np.nan), "1")
            if result.scenario.windows:
                continue
            limit = convert(CUTOFFS["urine"], "ng/mL", "nmol/L", MW=result.library.drugs[drug].MW)
            put(f"{drug}.urine.detected_until", rows.last_void_above(t, curves, flow, VOID_INTERVAL, limit), "min")
        elif what == "activation":
            put(f"{owner}.peak", rows.peak(curves), "1")
            put(f"{owner}.time_of_peak", rows.time_of_peak(t, curves), "min")
        elif what.startswith("rho["):
            put(f"{owner}.{what}.peak", rows.peak(curves), "1")
            put(f"{owner}.{what}.time_of_peak", rows.time_of_peak(t, curves), "min")
    for m in result.library.mixtures.values():
        curve = sum_of_parts(result, m)
        if curve is not None:
            put(f"{m.name}.venous.Cmax", rows.peak(curve), "nmol/L")
            put(f"{m.name}.venous.Tmax", rows.time_of_peak(t, curve), "min")
            put(f"{m.name}.venous.AUC", rows.area(t, curve), "nmol*min/L")
    add_rescue(lambda name: result[name] if name in result.columns else None, t, put)
    add_withdrawal(lambda name: result[name] if name in result.columns else None, t, put, _first_displacing(result))
    for w in result.scenario.windows:
        put(w.name, _windows(result, w, flow), "min")
    result.outcomes, result.outcome_units = out, units
    return result


def _first_displacing(result: Result) -> Array | None:
    """When each person first got a drug that takes more from MOP than it gives (an antagonist, a partial agonist), min; None if nobody can."""
    takes = {n for n, d in result.library.drugs.items() if "mop" in d.receptors and d.receptors["mop"].efficacy.value < PARTIAL}
    scenario = result.scenario
    first = min((d.time for d in scenario.doses if d.drug in takes), default=np.inf)
    ruled = {k for k, rule in enumerate(scenario.rules) if rule.drug in takes}
    if not np.isfinite(first) and not ruled:
        return None
    when = np.full(result.people, first)
    for k, firings in enumerate(result.firings if ruled else ()):
        when[k] = min([first, *(f.given for f in firings if f.rule in ruled)])
    return np.where(np.isfinite(when), when, np.nan)


def _windows(result: Result, w: Window, flow: float) -> Array:
    """How long each person is above a cut-off, min."""
    kind = w.output
    total = np.zeros((result.people, len(result.t)))
    for m in w.molecules:
        if f"{m}.{kind}" in result.columns:
            ratio = result.library.parameters[f"{m}.pk.R_bp"].internal if w.matrix == "blood" else 1.0
            total = total + ratio * result[f"{m}.{kind}"]
    if w.matrix == "urine":
        return rows.last_void_above(result.t, total, flow, w.voids, w.cutoff)
    return rows.last_time_above(result.t, total, w.cutoff)
