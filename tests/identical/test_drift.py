"""Results that may not drift: made-up systems with made-up values, so that only a change of code can move them.

To accept a change on purpose: PAPAVER_REWRITE=1 pytest tests/identical, and say why in the commit.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from papaver.components.absorption import BiphasicAbsorption
from papaver.components.brain import BrainCompartment
from papaver.components.disposition import OneCompartment, ThreeCompartment
from papaver.components.liver import WellStirredLiver
from papaver.components.transit import Collected, Transit
from papaver.core import System
from papaver.core.lower import lower
from papaver.core.solve import DoseEvent, Solver

FILE = Path(__file__).with_name("results.json")
T = [0.0, 1.0, 5.0, 19.0, 20.0, 33.0, 60.0, 240.0, 1000.0]


def prodrug_chain() -> dict[str, list[float]]:
    """A prodrug that forms a drug in tissue and brain; the drug meets the liver; lung, bile and urine."""
    s = System("chain")
    s.add("pro.lung", Transit)
    s.add("pro.inhaled", BiphasicAbsorption)
    s.add("pro.pk", OneCompartment, pathway=["esterase"])
    s.add("pro.brain", BrainCompartment)
    s.add("act.pk", ThreeCompartment, pathway=["ugt", "renal"])
    s.add("act.brain", BrainCompartment)
    s.add("act.liver", WellStirredLiver, pathway=["ugt"])
    s.add("act.urine", Collected)
    s.add("act.bile", Transit)
    for source, target in [
        ("pro.inhaled.R_out", "pro.lung.R_in"),
        ("pro.lung.R_out", "pro.pk.R_in"),
        ("pro.pk.C1", "pro.brain.C_a"),
        ("pro.brain.R_uptake", "pro.pk.R_loss"),
        ("pro.pk.R_elim[esterase]", "act.pk.R_in"),
        ("pro.brain.R_hyd", "act.brain.R_formed"),
        ("act.pk.C1", "act.brain.C_a"),
        ("act.brain.R_uptake", "act.pk.R_loss"),
        ("act.pk.CL", "act.liver.CL"),
        ("act.pk.fm[ugt]", "act.liver.fm[ugt]"),
        ("act.pk.activity[ugt]", "act.liver.activity[ugt]"),
        ("act.liver.scale[ugt]", "act.pk.scale[ugt]"),
        ("act.liver.R_sys", "act.pk.R_in"),
        ("act.pk.R_elim[renal]", "act.urine.R_in"),
        ("act.pk.R_elim[ugt]", "act.bile.R_in"),
        ("act.bile.R_out", "act.liver.R_po"),
    ]:
        s.connect(source, target)
    values = {
        "pro.lung.MTT": 0.3,
        "pro.inhaled.F": 0.7,
        "pro.inhaled.share_fast": 0.4,
        "pro.inhaled.ka_fast": 2.0,
        "pro.inhaled.ka_slow": 0.04,
        "pro.inhaled.tlag": 0.5,
        "pro.pk.CL": 5.0,
        "pro.pk.fm[esterase]": 1.0,
        "pro.pk.activity[esterase]": 0.9,
        "pro.pk.V1": 15.0,
        "pro.brain.PS": 0.6,
        "pro.brain.Kp_uu": 1.1,
        "pro.brain.V_u": 2.0,
        "pro.brain.k_hyd": 0.1,
        "pro.brain.fu": 0.8,
        "act.pk.CL": 1.6,
        "act.pk.fm[ugt]": 0.85,
        "act.pk.fm[renal]": 0.15,
        "act.pk.activity[ugt]": 1.3,
        "act.pk.activity[renal]": 0.5,
        "act.pk.V1": 18.0,
        "act.pk.Q2": 2.2,
        "act.pk.V2": 80.0,
        "act.pk.Q3": 0.5,
        "act.pk.V3": 160.0,
        "act.brain.PS": 0.01,
        "act.brain.Kp_uu": 0.4,
        "act.brain.V_u": 2.4,
        "act.brain.k_hyd": 0.0,
        "act.brain.fu": 0.65,
        "act.liver.Q_H": 1.45,
        "act.liver.R_bp": 1.05,
        "act.liver.perfused": 0.9,
        "act.bile.MTT": 90.0,
    }
    solver = Solver(lower(s))
    P = np.array([[values[n] for n in solver.program.param_names]])
    doses = [DoseEvent(0.0, "pro.lung.dose", 25_000.0), DoseEvent(20.0, "pro.inhaled.dose", 40_000.0), DoseEvent(30.0, "pro.pk.dose", 9_000.0, 12.0)]
    return collect(solver, P, doses, ["pro.pk.C1", "pro.brain.C", "act.pk.C1", "act.pk.C3", "act.brain.C", "act.liver.F_H", "act.urine.A"])


def small_results(small, small_doses) -> dict[str, list[float]]:
    return collect(
        small.solver, small.P(), small_doses, ["drug.pk.C1", "drug.vein.C", "mop.rho[drug]", "mop.rho[own]", "effect.activation", "effect.share[own]"]
    )


def collect(solver: Solver, P: np.ndarray, doses: list[DoseEvent], names: list[str]) -> dict[str, list[float]]:
    r = solver.solve(P, doses, np.array(T))
    assert r.reasons == [""]
    out = solver.plain.outputs(names, r.Y, P)[0]
    return {name: out[:, k].tolist() for k, name in enumerate(names)}


def test_results_have_not_drifted(small, small_doses) -> None:
    now = {"small": small_results(small, small_doses), "prodrug chain": prodrug_chain()}
    if os.environ.get("PAPAVER_REWRITE"):
        FILE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    then = json.loads(FILE.read_text(encoding="utf-8"))
    assert {k: set(v) for k, v in now.items()} == {k: set(v) for k, v in then.items()}
    for system, outputs in then.items():
        for name, values in outputs.items():
            peak = np.abs(values).max()
            assert now[system][name] == pytest.approx(values, rel=1e-9, abs=1e-9 * peak), f"{system}: {name}"
