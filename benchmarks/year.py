"""A year of one person, and of a thousand: `scripts/bench year [--days N] [--people N]`.

Heroin four times a day, the whole body with everything that dependence moves; CPU seconds of the kernel after its compile, wall-clock seconds of
a few people on all cores, and in the same run a few days of the same by CVODE with the generated code (the reference), with how far the score
of withdrawal differs on the way.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from papaver.cohort import sample
from papaver.evidence.load import load_library
from papaver.scenario import Scenario
from papaver.simulate import Prepared, prepare, simulate

BAR, BAR_PEOPLE = 2.0, 600.0
LOOSE = 1e-3
"""Tolerance of long runs: COWS then is within a hundredth of a point of the solution, which this prints."""
SHOW = ["scales.COWS", "breathing.VE"]


def scenario(days: float) -> Scenario:
    """Ten milligrams every six hours."""
    doses = [{"drug": "heroin", "amount": "10 mg", "route": "iv", "every": "6 h", "times": round(4 * days), "over": "5 min"}]
    person = {"weight": "70 kg", "age": "30 year", "sex": "male", "history": {"drug": "heroin", "dose": "40 mg/day", "route": "iv", "for": "1 month"}}
    return Scenario.from_dict({"doses": doses, "person": person, "observe": {"until": f"{days:g} day", "every": "12 h", "show": SHOW}})


def timed(p: Prepared, solver: str, rtol: float) -> tuple[float, np.ndarray]:
    """CPU seconds, and the score of withdrawal."""
    start = time.process_time()
    r = simulate(p, solver=solver, rtol=rtol)
    return time.process_time() - start, r["scales.COWS"][0]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=365, help="days (default 365)")
    parser.add_argument("--people", type=int, default=32, help="people on all cores (default 32)")
    parser.add_argument("--reference", type=float, default=5, help="days that CVODE solves (default 5)")
    a = parser.parse_args()
    library = load_library()
    few, whole = prepare(scenario(a.reference), library), prepare(scenario(a.days), library)
    cold, _ = timed(few, "kernel", LOOSE)
    print(f"first use, kernel compiled or loaded: {cold:.1f} s CPU")
    for rtol in (LOOSE, 1e-4, 1e-6):
        took, _ = timed(whole, "kernel", rtol)
        print(f"kernel, {a.days:g} days of {4 * a.days:g} doses, rtol {rtol:g}: {took:.2f} s CPU" + (f"   bar: {BAR:g} s" if rtol == LOOSE else ""))
    simulate(few, sample(few, a.people, 1), solver="kernel", rtol=LOOSE)
    start = time.perf_counter()
    simulate(whole, sample(whole, a.people, 1), solver="kernel", rtol=LOOSE)
    took = time.perf_counter() - start
    print(f"{a.people} people, {a.days:g} days: {took:.1f} s; 1000 people at this rate {1000 * took / a.people:.0f} s   bar: {BAR_PEOPLE:g} s")
    single, reference = timed(few, "cvode", 1e-8)
    _, kernel = timed(few, "kernel", LOOSE)
    year = single * 365 / a.reference
    print(f"CVODE, Python callbacks on the generated code, rtol 1e-8: {single:.1f} s CPU for {a.reference:g} days, {year:.0f} s a year")
    print(f"COWS: the kernel at rtol {LOOSE:g} differs from it by at most {np.abs(reference - kernel).max():.2g} points")


if __name__ == "__main__":
    main()
