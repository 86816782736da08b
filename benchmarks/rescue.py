"""A bystander's rescue of many people: `scripts/bench rescue [--people N]`.

Four arms of fentanyl-rescue (nobody, naloxone into the nose and into the muscle, nalmefene into the nose), three hours, a rule that watches
breathing. The bar is set for 100 000 people in each arm: five minutes on two cores. Beside the kernel, in the same run, the first people by CVODE
with the generated code (the reference), and how far lowest oxygen saturations differ.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from papaver.api import TRIAL_RTOL, load_scenario
from papaver.cohort import sample
from papaver.evidence.load import load_library
from papaver.simulate import simulate
from papaver.trial.arms import prepare_arms

BAR, PEOPLE, CHUNK = 300.0, 100_000, 2000
ARMS = ("nobody helps", "naloxone 4 mg nasal", "naloxone 2 mg im", "nalmefene 2.7 mg nasal")
SHOW = {"observe.show": "monitor.SpO2", "variants.dependence": "off"}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000, help="people in each arm (default 10000)")
    parser.add_argument("--single", type=int, default=10, help="people that CVODE solves one at a time (default 10)")
    a = parser.parse_args()
    library = load_library()
    prepared = prepare_arms(load_scenario("fentanyl-rescue", set=SHOW), library)
    arms = {name: prepared[name] for name in ARMS}
    start = time.perf_counter()
    for p in arms.values():
        simulate(p, sample(p, 8, 1), solver="kernel")
    print(f"first use, kernels compiled or loaded: {time.perf_counter() - start:.1f} s")
    total = 0.0
    for name, p in arms.items():
        start, dead, done = time.perf_counter(), 0, 0
        while done < a.people:
            n = min(CHUNK, a.people - done)
            r = simulate(p, sample(p, n, 1 + done), solver="kernel", rtol=TRIAL_RTOL)
            dead += int((r["monitor.SpO2"].min(axis=1) < 20).sum())
            done += n
        took = time.perf_counter() - start
        total += took
        print(f"  {name:28} {done} people in {took:6.1f} s, {1000 * took / done:.2f} ms each; SpO2 below 20 % at some time {dead / done:.1%}")
    print(f"{len(arms)} arms of {a.people}: {total:.1f} s; of {PEOPLE} at this rate {total * PEOPLE / a.people:.0f} s   bar: {BAR:g} s")
    p = next(iter(arms.values()))
    P = sample(p, a.single, 1)
    start = time.perf_counter()
    reference = simulate(p, P, solver="cvode", rtol=1e-8)
    single = time.perf_counter() - start
    kernel = simulate(p, P, solver="kernel", rtol=TRIAL_RTOL)
    lowest = [r["monitor.SpO2"].min(axis=1) for r in (reference, kernel)]
    print(f"CVODE, Python callbacks on the generated code, rtol 1e-8: {1000 * single / a.single:.0f} ms a run")
    print(f"lowest SpO2: the kernel at rtol {TRIAL_RTOL:g} differs from it by at most {np.abs(lowest[0] - lowest[1]).max():.2g} percent points")


if __name__ == "__main__":
    main()
