"""What the engine is measured against: SciPy's LSODA on plain Python, and R's deSolve on C written from the same graph."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.models import Array, Scenario
from papaver.core import emit
from papaver.core.lower import Program
from papaver.core.targets import PlainTarget


def scipy_lsoda(plain: PlainTarget, scenario: Scenario, P: Array, rtol: float, atol: Array) -> tuple[Array, float]:
    """States of shape (people, times, n) and CPU seconds: `odeint`, restarted at every dose, with a right-hand side in Python."""
    from scipy.integrate import odeint

    p, t = plain.program, scenario.t
    f, out = plain.functions["rhs"], [0.0] * plain.program.n
    Y = np.empty((len(P), len(t), p.n))
    started = time.process_time()
    for k in range(len(P)):
        q = plain.prep(P[k : k + 1])[0].tolist()

        def rhs(_: float, y: Array, q: list[float] = q) -> list[float]:
            f(y.tolist(), q, out)
            return out

        y = plain.init(P[k : k + 1])[0]
        times = sorted({d.time for d in scenario.doses} | {float(t[0]), float(t[-1])})
        for a, b in itertools.pairwise(times):
            for d in scenario.doses:
                if d.time == a:
                    y[p.doses[d.port].split[0][0]] += d.amount
            inside = (t >= a) & (t <= b)
            part = odeint(rhs, y, t[inside], rtol=rtol, atol=atol, mxstep=100_000, tfirst=True)
            Y[k, inside], y = part, part[-1].copy()
            Y[k, t == a] = part[0]
    return Y, time.process_time() - started


_C = """#include <math.h>
static double p[{n_p}], q[{n_q}];
static double exp_(double x) {{ return exp(x); }}
static double log_(double x) {{ return log(x); }}
static double sqrt_(double x) {{ return sqrt(x); }}
static double pow_(double x, double n) {{ return pow(x, n); }}
static double maximum_(double a, double b) {{ return a > b ? a : b; }}
static double minimum_(double a, double b) {{ return b > a ? a : b; }}
static double softplus_(double x) {{ return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }}
static double sigmoid_(double x) {{ return 1 / (1 + exp(-x)); }}
void initmod(void (*odeparms)(int *, double *)) {{
  int n = {n_p};
  odeparms(&n, p);
{prep}
}}
void derivs(int *n, double *t, double *y, double *dy, double *out, int *ip) {{
{rhs}
}}
"""

_R = """library(deSolve)
dyn.load("model.so")
people <- {people}
P <- matrix(readBin("P.bin", "double", people * {n_p}), nrow = people, byrow = TRUE)
y0 <- readBin("y0.bin", "double", {n})
atol <- readBin("atol.bin", "double", {n})
times <- readBin("t.bin", "double", {n_t})
names(y0) <- paste0("y", seq_along(y0))
events <- {events}
solve <- function(k) lsoda(y0, times, "derivs", parms = P[k, ], dllname = "model", initfunc = "initmod",
                           rtol = {rtol}, atol = atol, hmax = 0, maxsteps = 1e5, events = events)
invisible(solve(1))
results <- vector("list", people)
best <- Inf
for (again in 1:{repeats}) {{
  started <- proc.time()
  for (k in seq_len(people)) results[[k]] <- solve(k)
  used <- proc.time() - started
  best <- min(best, used[["user.self"]] + used[["sys.self"]])
}}
out <- file("Y.bin", "wb")
for (r in results) writeBin(as.vector(t(r[, -1])), out)
close(out)
cat(best)
"""


def state_inputs(p: Program) -> dict[int, str]:
    """Where generated code reads states and hoisted values."""
    return {i: f"y[{key[1]}]" for i, key in enumerate(p.graph.nodes) if key[0] == "state"} | {node: f"q[{k}]" for k, node in enumerate(p.hoisted)}


def c_source(p: Program) -> str:
    """The model as deSolve wants it: parameters once a person, derivatives of the states."""
    params = {i: f"p[{key[1]}]" for i, key in enumerate(p.graph.nodes) if key[0] == "param"}
    states = state_inputs(p)
    prep = emit.straight_line(p, [(f"q[{k}]", node) for k, node in enumerate(p.hoisted)], params)
    rhs = emit.straight_line(p, [(f"dy[{k}]", node) for k, node in enumerate(p.flat.rhs)], states)

    def c(lines: Sequence[str]) -> str:
        return "\n".join("  " + re.sub(r"^(\w+) =", r"double \1 =", line) + ";" for line in lines)

    return _C.format(n_p=len(p.param_names), n_q=max(len(p.hoisted), 1), prep=c(prep), rhs=c(rhs))


def why_no_desolve() -> str:
    """Why R cannot be measured here; empty if it can."""
    if shutil.which("Rscript") is None:
        return "skipped: no Rscript (Debian: apt-get install r-base-core r-cran-desolve gcc)"
    if shutil.which("gcc") is None:
        return "skipped: no gcc"
    found = subprocess.run(["Rscript", "-e", "library(deSolve)"], capture_output=True, check=False)
    return "" if found.returncode == 0 else "skipped: R has no deSolve (Debian: r-cran-desolve)"


def r_desolve(plain: PlainTarget, scenario: Scenario, P: Array, rtol: float, atol: Array, repeats: int) -> tuple[Array, float]:
    """States of shape (people, times, n) and the least CPU seconds of a few runs of deSolve's lsoda; compiling, starting and reading not counted."""
    p = plain.program
    y0 = plain.init(P[:1])[0]
    later = []
    for d in scenario.doses:
        state = p.doses[d.port].split[0][0]
        if d.time == scenario.t[0]:
            y0[state] += d.amount
        else:
            later.append((state + 1, d.time, d.amount))
    columns = [", ".join(repr(float(row[j])) for row in later) for j in (1, 2)]
    names = ", ".join(f'"y{row[0]}"' for row in later)
    events = f'list(data = data.frame(var = c({names}), time = c({columns[0]}), value = c({columns[1]}), method = "add"))'
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.c").write_text(c_source(p))
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", "model.so", "model.c", "-lm"], cwd=folder, check=True)
        for file, values in (("P", P), ("y0", y0), ("atol", atol), ("t", scenario.t)):
            np.ascontiguousarray(values, dtype=float).tofile(folder / f"{file}.bin")
        script = _R.format(people=len(P), n_p=P.shape[1], n=p.n, n_t=len(scenario.t), events=events, rtol=rtol, repeats=repeats)
        (folder / "run.R").write_text(script)
        done = subprocess.run(["Rscript", "run.R"], cwd=folder, check=True, capture_output=True, text=True)
        Y = np.fromfile(folder / "Y.bin").reshape(len(P), len(scenario.t), p.n)
    return Y, float(done.stdout)
