"""How fast and how exact the engine is, beside others, in one run: `scripts/bench engine [--long] [--quick]`.

Speeds are people per second of CPU time on one core (best of three for the kernel), outputs on the user's grid included. Errors are the
largest difference from CVODE at rtol 1e-10 over people, outputs and times, relative to the output's peak in that person. The bars are those that
the project set itself; a figure that misses one is printed like any other.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.models import PEOPLE, Array, Scenario, benchmark, chronic, nodes, people, rescue
from benchmarks.rivals import r_desolve, scipy_lsoda, why_no_desolve
from papaver.core.sensitivity import augment
from papaver.core.solve import _ATOL, Solution, Solver

RTOL = 1e-6


@dataclass
class Case:
    """A scenario with its reference and how many people each path solves."""

    name: str
    scenario: Scenario
    kernel: int
    slow: int
    reference: Array
    bar: float


def row(what: str, *figures: str, bar: str = "") -> None:
    print(f"{what:<58}" + "".join(f"{x:>20}" for x in figures) + (f"   bar: {bar}" if bar else ""), flush=True)


def measure(f: Callable[[], Solution], times: int = 1, clock: Callable[[], float] = time.process_time) -> tuple[float, Solution]:
    """Least time of a few calls, s, and what the last one returned."""
    best = float("inf")
    for _ in range(times):
        started = clock()
        result = f()
        best = min(best, clock() - started)
    return best, result


class Bench:
    """The model, its people, and a solver."""

    def __init__(self, extra: int = 0) -> None:
        self.program = benchmark(extra)
        self.solver = Solver(self.program)
        self.nodes = nodes(self.program)
        self.P = people(self.program, PEOPLE)
        self.atol = np.array([_ATOL.get(u, 1e-8) for u in self.program.flat.state_units])

    def solve(self, s: Scenario, n: int, solver: str = "kernel", rtol: float = RTOL, threads: int = 1, P: Array | None = None) -> Solution:
        P = self.P[:n] if P is None else P
        r = self.solver.solve(P, s.doses, s.t, solver=solver, rtol=rtol, nodes=self.nodes, threads=threads)
        assert not any(r.reasons), r.reasons
        return r

    def error(self, Y: Array, reference: Array) -> float:
        n = min(len(Y), len(reference))
        return float((np.abs(Y[:n] - reference[:n]) / np.abs(reference[:n]).max(axis=1, keepdims=True)).max())


def speeds(b: Bench, cases: list[Case]) -> None:
    """The kernel, the scalar path and the others."""

    def line(what: str, results: list[tuple[float, float]], ours: list[float], bar: str = "") -> None:
        row(what, *(f"{speed:.3g} ({error:.0e})" for speed, error in results), bar=bar)
        if ours:
            row("    the kernel is faster by", *(f"{mine / speed:.0f}x" for mine, (speed, _) in zip(ours, results, strict=True)))

    ours = []
    results = []
    for c in cases:
        b.solve(c.scenario, 8)
        seconds, _ = measure(partial(b.solve, c.scenario, c.kernel), 3)
        ours.append(c.kernel / seconds)
        results.append((ours[-1], b.error(b.solve(c.scenario, c.slow).Y, c.reference)))
    line("kernel, people/s/core (error)", results, [], f"{cases[0].bar:g} and {cases[1].bar:g} at 3e-6")

    for solver, what in (("scalar", "scalar path, no compile"), ("cvode", "CVODE, Python callbacks on the generated code")):
        results = []
        for c in cases:
            seconds, r = measure(partial(b.solve, c.scenario, c.slow, solver))
            results.append((c.slow / seconds, b.error(r.Y, c.reference)))
        line(what, results, ours)

    results = []
    for c in cases:
        Y, seconds = scipy_lsoda(b.solver.plain, c.scenario, b.P[: c.slow], RTOL, b.atol)
        results.append((c.slow / seconds, b.error(b.solver.plain.evaluate(b.nodes, Y, b.P[: c.slow]), c.reference)))
    line("SciPy LSODA (odeint), right-hand side in Python", results, ours, "100x")

    if reason := why_no_desolve():
        row("R deSolve lsoda, right-hand side in C", reason)
        return
    results = []
    for c in cases:
        n = max(4 * c.slow, 4)
        Y, seconds = r_desolve(b.solver.plain, c.scenario, b.P[:n], RTOL, b.atol)
        results.append((n / seconds, b.error(b.solver.plain.evaluate(b.nodes, Y[: c.slow], b.P[: c.slow]), c.reference)))
    line("R deSolve lsoda, right-hand side in C", results, ours, "20x")


def compile_times(cache: str) -> None:
    """Time to the first result in a fresh process (imports not counted), with an empty and with a filled cache."""
    figures = []
    for _ in range(2):
        figures.append(float(_fresh(["--first-result"], cache)))
    row("first kernel result in a new process, cold / warm, s", f"{figures[0]:.1f}", f"{figures[1]:.1f}", bar="15 and 3")


def _fresh(arguments: list[str], cache: str) -> str:
    command = [sys.executable, "-m", "benchmarks.engine", *arguments]
    return subprocess.run(command, env={**os.environ, "PAPAVER_CACHE": cache}, check=True, capture_output=True, text=True).stdout


def first_result() -> None:
    started = time.perf_counter()
    b = Bench()
    b.solve(rescue(), 8)
    print(time.perf_counter() - started)


def threads(b: Bench) -> None:
    if (os.cpu_count() or 1) < 2:
        row("two threads against one", "skipped: one core")
        return
    s = rescue()
    wall = [measure(partial(b.solve, s, PEOPLE, threads=n), 3, time.perf_counter)[0] for n in (1, 2)]
    row("two threads against one, wall time", f"{wall[0] / wall[1]:.2f}x", bar="1.8x")


def linearity(b: Bench, long: bool, quick: bool) -> None:
    """CPU time per person as people, doses and states grow."""
    hourly = rescue(every=60.0)
    sizes = [100, 1000, *([] if quick else [10_000]), *([100_000] if long else [])]
    P = people(b.program, sizes[-1])
    per = [1e3 * measure(partial(b.solve, hourly, n, P=P[:n]), 3 if n < 20_000 else 1)[0] / n for n in sizes]
    row("ms per person, " + " / ".join(f"{n:g}" for n in sizes) + " people", " / ".join(f"{x:.2f}" for x in per), bar="within 15 %")

    counts = [14, 28, 56]
    per = [1e3 * measure(partial(b.solve, chronic(n, 360.0 * n), 64), 2)[0] / 64 / n for n in counts]
    row("ms per person and dose, 14 / 28 / 56 doses", " / ".join(f"{x:.3f}" for x in per), bar="constant")

    for extra in (0, *([] if quick else [4, 8])):
        other = Bench(extra) if extra else b
        s = rescue(extra, every=60.0)
        other.solve(s, 8)
        n, p = 400, other.program
        seconds, r = measure(partial(other.solve, s, n), 3)
        steps = float(r.steps.mean())
        row(
            f"{p.n} states: ns per step and state; Jacobian / LU entries", f"{1e9 * seconds / n / steps / p.n:.1f}",
            f"{len(p.jacobian)} / {len(p.lu.entries)}", bar="near constant",
        )  # fmt: skip


def sensitivities(b: Bench) -> None:
    """Five parameters, one person, the scalar path."""
    names = ["morphine.pk.k", "morphine.pk.V", "breathing.S50_0", "site.ke[fentanyl]", "breathing.Gc"]
    scales = {n: float(b.P[0, b.program.param_names.index(n)]) for n in names}
    s, scenario = augment(b.program, names, scales), rescue()
    full = Solver(s.program)
    wanted = [s.node(o, n) for n in names for o in ("morphine.pk.C", "gas.Pa")]

    def augmented() -> Solution:
        return full.solve(b.P[:1], scenario.doses, scenario.t, nodes=wanted)

    augmented()
    ratio = measure(augmented, 3)[0] / measure(partial(b.solve, scenario, 1, "scalar"), 3)[0]
    row("sensitivities to 5 parameters, scalar path: cost of", f"{ratio:.1f} plain runs")


def memory(b: Bench) -> None:
    """Peak memory of a process that reduces chunks of 1000 people on the fly."""
    s, peaks, total = rescue(), [], np.zeros((len(rescue().t), len(b.nodes)))
    P = people(b.program, 1000)
    for k in range(12):
        total += b.solve(s, 1000, P=P, threads=os.cpu_count() or 1).Y.sum(axis=0)
        if k in (2, 11):
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"{peaks[0]:.0f} {peaks[1]:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench engine", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--long", action="store_true", help="also 100 000 people")
    parser.add_argument("--quick", action="store_true", help="leave out the larger models and cohorts")
    parser.add_argument("--first-result", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.first_result:
        first_result()
        return
    if a.memory:
        memory(Bench())
        return
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores; load before the run {load:.1f}" + (" (busy: CPU times suffer)" if load > 0.5 else ""))
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PAPAVER_CACHE"] = cache
        b = Bench()
        row(f"{b.program.n} states, rtol {RTOL:g}", "rescue, 24 h", "chronic, 21 d")
        compile_times(cache)
        cases = [
            Case(name, s, n, slow, b.solve(s, slow, "cvode", 1e-10).Y, bar)
            for name, s, n, slow, bar in (("rescue", rescue(), PEOPLE, 12, 1500.0), ("chronic", chronic(), 128, 3, 100.0))
        ]
        speeds(b, cases)
        threads(b)
        linearity(b, a.long, a.quick)
        sensitivities(b)
        peaks = _fresh(["--memory"], cache).split()
        row("peak memory, chunks of 1000, after 3 000 / 12 000 people, MB", f"{peaks[0]} / {peaks[1]}", bar="a million in 4 GB")


if __name__ == "__main__":
    main()
