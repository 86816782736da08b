"""FDA's figure 7, all twelve arms: `scripts/bench fda2022 [--patients FILE] [--single N]`.

CPU seconds on one core for the kernel, after its compile, and beside it in the same run the same patients one at a time by CVODE with the
generated code (the reference). The bar: 12 arms of 2000 patients in 60 s.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from papaver.bodies.fda2022 import OPIOIDS, fda2022
from papaver.core.solve import DoseEvent, Solver
from papaver.evidence.load import load_library
from papaver.trial import fda2022 as trial

BAR = 60.0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", help="FDA's table of virtual patients (default: people drawn like them)")
    parser.add_argument("--single", type=int, default=20, help="patients that CVODE solves one at a time (default 20)")
    a = parser.parse_args()
    library = load_library()
    patients = trial.read_patients(a.patients) if a.patients else trial.draw_patients(trial.PEOPLE, 1)
    few = {k: v[: a.single] for k, v in patients.items()}
    start = time.process_time()
    trial.figure7(library, {k: v[:8] for k, v in patients.items()}, threads=1)
    cold = time.process_time() - start
    start = time.process_time()
    outcomes = trial.figure7(library, patients, threads=1)
    warm = time.process_time() - start
    runs = sum(len(o.arrest) for o in outcomes)
    print(f"first use, two kernels compiled or loaded: {cold:.1f} s CPU")
    print(f"kernel, {len(outcomes)} arms, {runs} runs: {warm:.1f} s CPU on one core, {1000 * warm / runs:.2f} ms a run   bar: {BAR:g} s")
    body = fda2022("fentanyl", "generic", "chronic")
    P = trial._parameters(library, body, few, "fentanyl", "generic")
    dose = [DoseEvent(0.0, body.ports["fentanyl", "iv"], 1.625e6 / OPIOIDS["fentanyl"])]
    t = np.arange(0.0, trial.HORIZON + trial.GRID / 2, trial.GRID)
    nodes = [body.program.output("gas.P_a_O2")]
    start = time.process_time()
    reference = Solver(body.program).solve(P, dose, t, nodes=nodes, solver="cvode", rtol=1e-8)
    single = time.process_time() - start
    kernel = trial.figure7(library, few, doses=trial.DOSES[:1], arms=("none",), threads=1)[0]
    pressure = trial.fda_clock(t, reference.Y[:, :, 0])
    both = np.isfinite(pressure)
    print(f"CVODE, Python callbacks on the generated code, rtol 1e-8, fentanyl alone: {1000 * single / a.single:.0f} ms a run")
    print(f"arterial oxygen at the end of FDA's clock: the kernel differs from it by at most {np.abs(pressure - kernel.P_O2)[both].max():.2g} mmHg")
    for o in outcomes:
        print(f"  {o.opioid:12} {o.dose_mg:8g} mg  {o.naloxone:8} {o.percent:6.2f} % cardiac arrest")


if __name__ == "__main__":
    main()
