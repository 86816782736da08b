"""How fast and how exact the engine is, beside others, in one run: `scripts/bench engine [--long] [--quick]`.

Speeds are people per second of CPU time on one core (best of three for compiled code). The kernel's include the outputs on the user's grid and
the copying, the rivals' only their own states there. Errors are the largest difference from CVODE at rtol 1e-10 over people, outputs and times,
relative to the output's peak in that person. Every path runs at one tolerance, and again at the loosest tolerance of a ladder at which its error is
at most 3e-6. The bars are those that the project set itself; a figure that misses one is printed like any other.
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
from functools import partial

import numpy as np

from benchmarks.cvode import CompiledCVODE, why_no_cvode
from benchmarks.models import PEOPLE, Array, Scenario, benchmark, chronic, nodes, people, rescue
from benchmarks.precision import LADDER, RTOL, WANTED, Case, Path, climb, error
from benchmarks.rivals import r_desolve, scipy_lsoda, why_no_desolve
from papaver.core.sensitivity import augment
from papaver.core.solve import Solution, Solver, absolute_tolerance

CVODE, DESOLVE = "CVODE, compiled callbacks and loop", "R deSolve lsoda, right-hand side in C"
Rival = Callable[[Scenario, Array, float, Array, int], tuple[Array, float]]
"""States and CPU seconds from a scenario, parameters, tolerances, and how often to try."""


def row(what: str, *figures: str, bar: str = "") -> None:
    print(f"{what:<66}" + "".join(f"{x:>26}" for x in figures) + (f"   bar: {bar}" if bar else ""), flush=True)


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

    def solve(self, s: Scenario, n: int, solver: str = "kernel", rtol: float = RTOL, threads: int = 1, P: Array | None = None) -> Solution:
        P = self.P[:n] if P is None else P
        r = self.solver.solve(P, s.doses, s.t, solver=solver, rtol=rtol, nodes=self.nodes, threads=threads)
        assert not any(r.reasons), r.reasons
        return r

    def nodes_of(self, Y: Array) -> Array:
        """The six outputs from the states of the first people."""
        return self.solver.plain.evaluate(self.nodes, Y, self.P[: len(Y)])


def paths(b: Bench, compiled: CompiledCVODE | None, quick: bool) -> list[Path]:
    """The kernel first, then the others. The slow ones are judged on fewer people, which is in their favour."""
    plain = b.solver.plain
    few = (6, 2) if quick else (12, 3)
    many = len_judged(compiled, quick)

    def ours(s: Scenario, n: int, rtol: float, times: int, solver: str) -> tuple[Array, float]:
        seconds, r = measure(partial(b.solver.solve, b.P[:n], s.doses, s.t, solver=solver, rtol=rtol, nodes=b.nodes, threads=1), times)
        return (np.full_like(r.Y, np.nan) if any(r.reasons) else r.Y), seconds

    def once(s: Scenario, P: Array, rtol: float, atol: Array, times: int) -> tuple[Array, float]:
        assert times == 1
        return scipy_lsoda(plain, s, P, rtol, atol)

    def rival(s: Scenario, n: int, rtol: float, times: int, solve: Rival) -> tuple[Array, float]:
        Y, seconds = solve(s, b.P[:n], rtol, absolute_tolerance(b.program, rtol), times)
        return plain.evaluate(b.nodes, Y, b.P[:n]), seconds

    found = [
        Path("kernel", many, partial(ours, solver="kernel"), (PEOPLE, 128), 3),
        Path("scalar path, no compile", few, partial(ours, solver="scalar")),
        Path("CVODE, Python callbacks on the generated code", few, partial(ours, solver="cvode")),
        Path("SciPy LSODA (odeint), right-hand side in Python", few, partial(rival, solve=once), bar=100),
    ]
    if compiled is not None:
        found.append(Path(CVODE, many, partial(rival, solve=compiled.solve), (64, 16), 3, bar=10))
    if not why_no_desolve():
        found.append(Path(DESOLVE, many, partial(rival, solve=partial(r_desolve, plain)), (64, 16), 3, bar=20))
    return found


def len_judged(compiled: CompiledCVODE | None, quick: bool) -> tuple[int, int]:
    """For how many people there is time to make a reference."""
    if compiled is None:
        return 12, 3
    return (64, 8) if quick else (256, 32)


def cases(b: Bench, compiled: CompiledCVODE | None, quick: bool) -> list[Case]:
    """The scenarios with references at rtol 1e-10."""
    out = []
    for s, n in zip((rescue(), chronic()), len_judged(compiled, quick), strict=True):
        P = b.P[: 2 if compiled else n]
        reference = b.solve(s, len(P), "cvode", 1e-10).Y
        if compiled:
            checked, P = reference, b.P[:n]
            reference = b.solver.plain.evaluate(b.nodes, compiled.solve(s, P, 1e-10, absolute_tolerance(b.program, 1e-10), 1)[0], P)
            row("reference, CVODE at 1e-10: compiled against Python callbacks", f"{error(checked, reference):.0e}")
        out.append(Case(s, reference))
    return out


def speeds(b: Bench, compiled: CompiledCVODE | None, quick: bool) -> None:
    """Every path at one tolerance, and every path at one error."""
    judged = cases(b, compiled, quick)
    b.solve(judged[0].scenario, 8)
    measured = paths(b, compiled, quick)
    for path in measured:
        climb(path, judged)
    kernel, *others = measured
    for k, title in enumerate((f"all at rtol {RTOL:g}", f"each at its loosest rtol with error <= {WANTED:g}")):
        row(f"-- people/s/core (error), {title}")
        for path in measured:
            points = [found[k] for found in path.found]
            row(
                f"{path.what}; judged on {path.judged[0]}, {path.judged[1]}",
                *(f"{p.speed:.3g} ({p.error:.1e}" + (f" at {p.rtol:.0e})" if k else ")") for p in points),
                bar="1500 and 100 at 3e-6" if path is kernel else "",
            )
            if k and any(p.error > WANTED for p in points):
                row(f"    above {WANTED:g} even at the tightest rtol that was tried, {LADDER[-1]:g}")
            if path in others:
                ratios = [mine[k].speed / p.speed for mine, p in zip(kernel.found, points, strict=True)]
                row("    the kernel is faster by", *(f"{x:.3g}x" for x in ratios), bar=f"{path.bar:g}x" if path.bar else "")
    for what, reason in ((CVODE, why_no_cvode()), (DESOLVE, why_no_desolve())):
        if reason:
            row(what, reason)


def compile_times(cache: str) -> None:
    """Time to the first result in a fresh process (imports not counted), with an empty and with a filled cache."""
    figures = []
    for _ in range(2):
        figures.append(float(_fresh(["--first-result"], cache)))
    row("first kernel result in a new process, cold / warm, s", f"{figures[0]:.1f}", f"{figures[1]:.1f}", bar="15 and 3")


def largest_body(cache: str, limit: float) -> None:
    """The same for the largest system of the product: every molecule by every route, with the outputs that a run writes by default."""
    figures, size = [], ""
    try:
        for _ in range(2):
            seconds, size = _fresh(["--largest-body"], cache, limit).split(" ", 1)
            figures.append(f"{float(seconds):.1f}")
    except subprocess.TimeoutExpired:
        figures.append(f"stopped after {limit:g}")
    except subprocess.CalledProcessError as e:
        # the reason has been printed by the process itself
        figures.append(f"failed ({e.returncode})")
    row(f"largest body ({size.strip() or 'every drug and route'}), cold / warm, s", *figures, bar="60 cold")


def first_of_largest_body() -> None:
    # here, because the engine alone is what the other processes load and `memory` weighs
    from papaver.api import load_scenario
    from papaver.evidence.load import load_library
    from papaver.simulate.run import prepare, simulate

    started = time.perf_counter()
    library = load_library()
    routes = [(name, route) for name, drug in library.drugs.items() for route in drug.routes]
    scenario = load_scenario("heroin-iv")
    p = prepare(scenario, library, routes=routes)
    r = simulate(p, np.repeat(p.typical(), 8, axis=0), solver="kernel")
    assert not any(r.reasons), r.reasons
    print(time.perf_counter() - started, f"{p.body.program.n} states, {len(p.columns)} outputs")


def _fresh(arguments: list[str], cache: str, limit: float | None = None) -> str:
    command = [sys.executable, "-m", "benchmarks.engine", *arguments]
    return subprocess.run(command, env={**os.environ, "PAPAVER_CACHE": cache}, check=True, stdout=subprocess.PIPE, text=True, timeout=limit).stdout


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
    parser.add_argument("--largest-body", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.first_result:
        first_result()
        return
    if a.largest_body:
        first_of_largest_body()
        return
    if a.memory:
        memory(Bench())
        return
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores; load before the run {load:.1f}" + (" (busy: CPU times suffer)" if load > 0.5 else ""))
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PAPAVER_CACHE"] = cache
        b = Bench()
        row(f"{b.program.n} states", "rescue, 24 h", "chronic, 21 d")
        compile_times(cache)
        largest_body(cache, 75.0 if a.quick else 900.0)
        speeds(b, None if why_no_cvode() else CompiledCVODE(b.solver.plain), a.quick)
        threads(b)
        linearity(b, a.long, a.quick)
        sensitivities(b)
        peaks = _fresh(["--memory"], cache).split()
        row("peak memory, chunks of 1000, after 3 000 / 12 000 people, MB", f"{peaks[0]} / {peaks[1]}", bar="a million in 4 GB")


if __name__ == "__main__":
    main()
