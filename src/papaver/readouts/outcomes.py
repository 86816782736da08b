"""The outcomes of a run, a row a person: peaks, times, areas by molecule, receptor occupancy, urine recovery, detection windows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from papaver.readouts.curves import auc, cmax, time_above, tmax
from papaver.readouts.urine import detection_time
from papaver.scenario.resolve import Window
from papaver.simulate import Result
from papaver.units import convert

Array = npt.NDArray[np.float64]

CUTOFFS = {"plasma": 1.0, "urine": 10.0}
"""Limits in ng/mL at which a run's detection windows are given: a sensitive plasma assay, a confirmatory urine cut-off for 6-MAM."""
VOID_INTERVAL = 120.0


def add_outcomes(result: Result) -> Result:
    """Fill `result.outcomes` from its time courses; a failed person gets NaN."""
    out: dict[str, Array] = {}
    units: dict[str, str] = {}

    def put(name: str, values: list[float], unit: str) -> None:
        ok = np.array([not r for r in result.reasons])
        out[name] = np.where(ok, np.array(values, dtype=float), np.nan)
        units[name] = unit

    t, flow = result.t, result.library.parameters["kidney.flow"].internal
    for column in result.columns:
        owner, _, what = column.rpartition(".")
        curves = result[column]
        if (what == "C" and owner.endswith(".vein")) or (what == "C1" and owner.endswith(".pk")):
            drug, site = owner.split(".")[0], "venous" if owner.endswith(".vein") else "arterial"
            put(f"{drug}.{site}.Cmax", [cmax(t, c) for c in curves], "nmol/L")
            put(f"{drug}.{site}.Tmax", [tmax(t, c) for c in curves], "min")
            if site == "venous":
                put(f"{drug}.{site}.AUC", [auc(t, c) for c in curves], "nmol*min/L")
            if site == "venous" and not result.scenario.windows:
                limit = convert(CUTOFFS["plasma"], "ng/mL", "nmol/L", MW=result.library.drugs[drug].MW)
                put(f"{drug}.{site}.detected_until", [time_above(t, c, limit) for c in curves], "min")
        elif what == "A" and owner.endswith(".urine"):
            drug = owner.split(".")[0]
            given = sum(d.amount for d in result.scenario.doses)
            put(f"{drug}.urine.recovered", [float(c[-1]) / given for c in curves], "1")
            if result.scenario.windows:
                continue
            limit = convert(CUTOFFS["urine"], "ng/mL", "nmol/L", MW=result.library.drugs[drug].MW)
            put(f"{drug}.urine.detected_until", [detection_time(t, c, flow, VOID_INTERVAL, limit) for c in curves], "min")
        elif what == "activation":
            put(f"{owner}.peak", [cmax(t, c) for c in curves], "1")
            put(f"{owner}.time_of_peak", [tmax(t, c) for c in curves], "min")
        elif what.startswith("rho["):
            put(f"{owner}.{what}.peak", [cmax(t, c) for c in curves], "1")
            put(f"{owner}.{what}.time_of_peak", [tmax(t, c) for c in curves], "min")
    for w in result.scenario.windows:
        put(w.name, _windows(result, w, flow), "min")
    result.outcomes, result.outcome_units = out, units
    return result


def _windows(result: Result, w: Window, flow: float) -> list[float]:
    """How long each person is above a cut-off, min."""
    kind = "urine.A" if w.matrix == "urine" else "vein.C"
    total = np.zeros((result.people, len(result.t)))
    for m in w.molecules:
        if f"{m}.{kind}" in result.columns:
            ratio = result.library.parameters[f"{m}.pk.R_bp"].internal if w.matrix == "blood" else 1.0
            total = total + ratio * result[f"{m}.{kind}"]
    if w.matrix == "urine":
        return [detection_time(result.t, c, flow, w.voids, w.cutoff) for c in total]
    return [time_above(result.t, c, w.cutoff) for c in total]
