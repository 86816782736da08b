"""One to four compartments against the matrix exponential; elimination split over pathways."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from papaver.components.disposition import FourCompartment, OneCompartment, ThreeCompartment, TwoCompartment
from papaver.core import System
from papaver.core.lower import lower
from papaver.core.solve import DoseEvent, Solver

T = np.array([0.0, 0.5, 2.0, 10.0, 45.0, 180.0, 600.0])
VALUES = {
    "CL": 1.1, "V1": 9.0, "Q": 0.9, "V2": 31.0, "Q2": 1.7, "Q3": 0.12, "V3": 140.0, "Q4": 0.05, "V4": 420.0,
    "fm[liver]": 0.7, "fm[kidney]": 0.3, "activity[liver]": 0.5, "activity[kidney]": 2.0,
}  # fmt: skip
STRUCTURES = [OneCompartment, TwoCompartment, ThreeCompartment, FourCompartment]
CL_TOTAL = 1.1 * (0.7 * 0.5 + 0.3 * 2.0)


def rates(structure: type) -> np.ndarray:
    """dA/dt = M A, written down independently of the component."""
    v = VALUES
    if structure is OneCompartment:
        return np.array([[-CL_TOTAL / v["V1"]]])
    if structure is TwoCompartment:
        return np.array([[-(CL_TOTAL + v["Q"]) / v["V1"], v["Q"] / v["V2"]], [v["Q"] / v["V1"], -v["Q"] / v["V2"]]])
    tissues = (2, 3) if structure is ThreeCompartment else (2, 3, 4)
    M = np.zeros((1 + len(tissues), 1 + len(tissues)))
    M[0, 0] = -CL_TOTAL / v["V1"]
    for k, j in enumerate(tissues, 1):
        M[0, 0] -= v[f"Q{j}"] / v["V1"]
        M[0, k] = v[f"Q{j}"] / v[f"V{j}"]
        M[k, 0] = v[f"Q{j}"] / v["V1"]
        M[k, k] = -v[f"Q{j}"] / v[f"V{j}"]
    return M


def solve(structure: type, doses: list[DoseEvent], outputs: list[str], t: np.ndarray = T) -> np.ndarray:
    s = System("demo")
    s.add("x", structure, pathway=["liver", "kidney"])
    solver = Solver(lower(s))
    P = np.array([[VALUES[n.removeprefix("x.")] for n in solver.program.param_names]])
    r = solver.solve(P, doses, t, rtol=1e-9)
    assert r.reasons == [""]
    return solver.plain.outputs([f"x.{n}" for n in outputs], r.Y, P)[0]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_bolus(structure: type) -> None:
    M = rates(structure)
    names = [f"A{i + 1}" for i in range(len(M))]
    found = solve(structure, [DoseEvent(0, "x.dose", 1000.0)], names)
    exact = np.array([expm(M * t)[:, 0] * 1000.0 for t in T])
    assert found == pytest.approx(exact, rel=1e-7, abs=1e-5)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_infusion(structure: type) -> None:
    M, over, rate = rates(structure), 30.0, 1000.0 / 30.0
    n = len(M)
    found = solve(structure, [DoseEvent(0, "x.dose", 1000.0, over)], [f"A{i + 1}" for i in range(n)])
    e = np.eye(n)[0]

    def exact(t: float) -> np.ndarray:
        during = min(t, over)
        at_end = np.linalg.solve(M, (expm(M * during) - np.eye(n)) @ e) * rate
        return expm(M * (t - during)) @ at_end

    assert found == pytest.approx(np.array([exact(t) for t in T]), rel=1e-7, abs=1e-5)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_elimination_is_split_by_share_times_activity(structure: type) -> None:
    found = solve(structure, [DoseEvent(0, "x.dose", 1000.0)], ["C1", "R_elim[liver]", "R_elim[kidney]"])
    C1, liver, kidney = found.T
    assert liver == pytest.approx(1.1 * 0.7 * 0.5 * C1, rel=1e-12)
    assert kidney == pytest.approx(1.1 * 0.3 * 2.0 * C1, rel=1e-12)


def test_concentrations_meet_at_equilibrium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VALUES, "CL", 0.0)
    C = solve(ThreeCompartment, [DoseEvent(0, "x.dose", 1000.0)], ["C1", "C2", "C3"], np.array([0.0, 1e5]))[-1]
    assert C == pytest.approx(np.full(3, 1000.0 / (9.0 + 31.0 + 140.0)), rel=1e-9)
