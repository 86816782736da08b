"""Maximum a posteriori fit of uncertain parameters to all calibration observations at once.

Each parameter of the named molecules that states an `uncertainty` is free; its data value is the prior's centre and the uncertainty its
width (logarithm, or logit for fractions). One parameter set answers all studies: nothing is fitted to a single figure. The result is
written to data/calibration/<fit>.yaml, which the loader lays over the data files.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import yaml

from papaver.bench.arms import Arms
from papaver.bench.courses import NotSimulated
from papaver.bench.effects import EFFECTS, is_effect, needs_dependence, scale_of
from papaver.bench.quantities import predict
from papaver.bench.score import metric_of, odds, standard_error
from papaver.bench.study import Observation, Study
from papaver.bodies.adult import closure
from papaver.errors import PapaverError, nearest
from papaver.evidence.load import DATA, Calibration, Library
from papaver.evidence.yamlfile import read_yaml
from papaver.scenario import Scenario, resolve
from papaver.units import Unit

Array = npt.NDArray[np.float64]

EXCLUDED = (".mop.", ".dop.", ".kop.", ".oral_fluid.")
"""Inputs: no concentration in blood says anything about receptor constants, or about the ratio of oral fluid to plasma."""
MODEL_SD = 0.25
"""What a study that is right about its own people may still differ from the typical person (SD of the logarithm)."""
INTERVAL_SD = 0.01
"""How softly the ends of a published interval bind (SD of the logarithm)."""
INSIDE = 1.03
ODDS_SD = 0.4
"""The same for a share, in its log odds."""
OF_RECEPTORS = ("occupancy", "relative_potency")
"""Quantities of receptors, which belong to the fits of effects."""
FAILED = 3.0
LEAST_SD = 0.05
"""No parameter is known better than this: where a readout jumps, a difference quotient says otherwise."""
SMALL, COARSE, FINE = 0.02, 0.4, 0.1
"""Steps in prior widths: of difference quotients, and the longest and the shortest of a pattern search."""
ENOUGH = 0.1
"""A round of the fit that gains less than this in the objective is the last."""


@dataclass(frozen=True)
class Free:
    """One free parameter: prior centre and width on the fitting scale."""

    path: str
    unit: str
    kind: str
    centre: float
    sd: float

    def value(self, x: float) -> float:
        """Data value for a position on the fitting scale."""
        return math.exp(x) if self.kind == "log" else 1.0 / (1.0 + math.exp(-x))


def patterns(fit: str) -> tuple[str, ...]:
    """What a named fit frees (data/fits.yaml): beginnings of paths, or patterns with a `*`.

    Raises:
        PapaverError: no such fit.
    """
    fits = read_yaml(DATA / "fits.yaml")
    if fit not in fits:
        raise PapaverError(f"unknown fit {fit!r}; {nearest(fit, fits)}")
    return tuple(str(x) for x in fits[fit])


def judged_by(fit: str) -> str:
    """What a fit is judged on: "acute" effects, "withdrawal" (what long use and its end do), or "concentrations"."""
    return fit.removesuffix("_effects") if fit in ("acute_effects", "withdrawal_effects") else "concentrations"


def free_parameters(library: Library, fit: str) -> list[Free]:
    """The free parameters of a named fit, from a library without calibration.

    Raises:
        PapaverError: no such fit.
    """
    wanted = patterns(fit)
    begin, named = tuple(x for x in wanted if "*" not in x), tuple(x for x in wanted if "*" in x)
    out = []
    for path, p in sorted(library.parameters.items()):
        u = p.value.uncertainty
        plain = path.startswith(begin) and not any(x in path for x in EXCLUDED)
        if u is None or not (plain or any(fnmatchcase(path, x) for x in named)):
            continue
        v = p.value.value
        if u.kind == "cv":
            out.append(Free(path, p.value.unit, "log", math.log(v), math.sqrt(math.log(1 + (u.value / 100) ** 2))))
        else:
            out.append(Free(path, p.value.unit, "logit", math.log(v / (1 - v)), u.value))
    return out


class Problem:
    """Residuals of all calibration observations and of the priors."""

    def __init__(self, library: Library, studies: Sequence[Study], free: Sequence[Free], judged: str = "concentrations") -> None:
        self.library, self.free, self.judged = library, list(free), judged
        self.shares = False
        self.effects = judged != "concentrations"
        self.studies = [(s, [o for o in s.observations if self._judges(o)]) for s in studies]
        owners = {f.path.partition(".")[0] for f in free}
        self.studies = [(s, obs) for s, obs in self.studies if obs and (_given(s, library) & owners or self.effects)]
        self.molecules = {s.id: _arising(s, library) for s, _ in self.studies}
        self.routes = _supersets([s for s, _ in self.studies], library)
        groups: dict[str, int] = {}
        for _, obs in self.studies:
            for o in obs:
                groups[o.conflict_group or ""] = groups.get(o.conflict_group or "", 0) + 1
        self.groups = groups

    def _judges(self, o: Observation) -> bool:
        """Effects, or concentrations."""
        if o.use != "calibration":
            return False
        kind = "concentrations"
        if is_effect(o.quantity) or o.quantity in OF_RECEPTORS:
            kind = "withdrawal" if needs_dependence([o]) else "acute"
        return kind == self.judged and metric_of(o) in ("fold", "interval", "odds", "errors")

    @property
    def n_observations(self) -> int:
        """Number of calibration observations."""
        return sum(len(obs) for _, obs in self.studies)

    def library_at(self, x: Array) -> Library:
        """The library with the free parameters at a position."""
        return self.library.with_values({f.path: f.value(float(xi)) for f, xi in zip(self.free, x, strict=True)})

    def residuals(self, x: Array) -> Array:
        """Observation residuals (log ratio over its SD), then prior residuals."""
        library = self.library_at(x)
        out = [r for study, observations in self.studies for r in self._of_study(study, observations, library)]
        out += [(float(xi) - f.centre) / f.sd for f, xi in zip(self.free, x, strict=True)]
        return np.array(out)

    def _of_study(self, study: Study, observations: Sequence[Observation], library: Library) -> list[float]:
        plain = () if self.effects else self.routes[study.id]
        arms = Arms(study.arms, library, "kernel", plain, needs_dependence(study.observations), many=True, titrated=study.titrated)
        out = []
        for o in observations:
            if o.quantity == "response_fraction" and not self.shares:
                # a cohort's share jumps with every person: it has no slope for a descent, only a search can judge it
                out.append(0.0)
                continue
            try:
                predicted = predict(o, arms)
            except (NotSimulated, PapaverError):
                out.append(FAILED)
                continue
            group = self.groups.get(o.conflict_group or "", 1) if o.conflict_group else 1
            out.append(_residual(o, predicted, group, study.n, MODEL_SD if self.effects else INTERVAL_SD))
        return out

    def jacobian(self, x: Array) -> Array:
        """Forward differences, each step `SMALL` of the prior's width: far above the solver's error.

        Only studies that contain a molecule can feel its parameters.
        """
        base = self.residuals(x)
        steps = [(k, SMALL * f.sd) for k, f in enumerate(self.free)]
        return np.array([(r - base) / dx for r, (_, dx) in zip(self.around(x, base, steps), steps, strict=True)]).T

    def around(self, x: Array, base: Array, steps: Sequence[tuple[int, float]]) -> list[Array]:
        """Residuals after steps (parameter, size) of one parameter each, from a position with the residuals `base`."""
        if self.effects:
            # minutes of work in steps that do not need each other
            global _AT
            _AT = (self, x, base)
            with multiprocessing.get_context("fork").Pool(min(os.cpu_count() or 1, len(x))) as pool:
                return pool.map(_step, steps, chunksize=1)
        return [self.moved(x, base, *s) for s in steps]

    def moved(self, x: Array, base: Array, k: int, dx: float) -> Array:
        """Residuals after a step of the k-th parameter: only studies that can feel it run anew."""
        f, out = self.free[k], base.copy()
        there = x.copy()
        there[k] += dx
        library, owner, row = self.library_at(there), f.path.partition(".")[0], 0
        for study, observations in self.studies:
            rows = slice(row, row + len(observations))
            row = rows.stop
            if owner not in self.library.drugs or owner in self.molecules[study.id]:
                out[rows] = self._of_study(study, observations, library)
        out[row + k] += dx / f.sd
        return out

    def search(self, x: Array, better: Callable[[Array, float, float], object]) -> Array:
        """Pattern search (Hooke & Jeeves, J ACM 1961;8:212) from a position: single parameters by steps of `COARSE` prior widths, then shorter.

        Where readouts jump, or the robust loss flattens, slopes end a descent early; steps of this length see past it. Shares of cohorts count too.

        Args:
            better: is told every better position, the step that led there in prior widths, and its objective.
        """
        self.shares, step = True, COARSE
        base = self.residuals(x)
        while step >= FINE:
            steps = [(k, s * step * f.sd) for k, f in enumerate(self.free) for s in (1, -1)]
            costs = np.array([_cost(r) for r in self.around(x, base, steps)])
            gains = _cost(base) - costs
            take = [j for j in range(len(steps)) if gains[j] > 0.1 * ENOUGH and gains[j] >= gains[j ^ 1]]
            trials = []
            for chosen, part in ((take, 1.0), (take, 0.5), (sorted(take, key=lambda j: -gains[j])[:1], 1.0)):
                to = x.copy()
                for j in chosen:
                    to[steps[j][0]] += part * steps[j][1]
                trials.append((to, self.residuals(to)))
            to, r = min(trials, key=lambda t: _cost(t[1]))
            if take and _cost(r) < _cost(base) - 0.1 * ENOUGH:
                x, base = to, r
                better(x, step, _cost(base))
            else:
                step /= 2
        self.shares = False
        return x


_AT: tuple[Problem, Array, Array] | None = None
"""What the processes that share the steps around a position work on; they inherit it."""


def _step(step: tuple[int, float]) -> Array:
    assert _AT is not None
    problem, x, base = _AT
    return problem.moved(x, base, *step)


def _given(study: Study, library: Library) -> set[str]:
    """The molecules that a study gives."""
    return {part for arm in study.arms.values() for d in arm["doses"] for part in library.analyte(str(d["drug"]))}


def _arising(study: Study, library: Library) -> set[str]:
    """The molecules that a study gives, and what they form."""
    return set(closure(library, sorted(_given(study, library))))


def _supersets(studies: Sequence[Study], library: Library) -> dict[str, tuple[tuple[str, str], ...]]:
    """The routes of each study's body, by study id: those of all studies with the same molecules, so that few kernels are compiled."""
    families: dict[tuple[str, ...], set[tuple[str, str]]] = {}
    for s in studies:
        routes = families.setdefault(tuple(sorted(_arising(s, library))), set())
        for name, arm in s.arms.items():
            routes |= {(d.drug, d.route) for d in resolve(Scenario.from_dict(arm, f"{s.id}: arms.{name}"), library).doses}
    for molecules, routes in families.items():
        routes |= {(m, "iv") for m in molecules if "iv" in library.drugs[m].routes}
    return {s.id: tuple(sorted(families[tuple(sorted(_arising(s, library)))])) for s in studies}


def _residual(o: Observation, predicted: float, group: int, n: int | None = None, interval_sd: float = INTERVAL_SD) -> float:
    if o.value is None and is_effect(o.quantity) and scale_of(o) == "interval":
        # quantities without a natural zero: in half the spread between people
        over = max(float(o.low if o.low is not None else -math.inf) - predicted, predicted - float(o.high if o.high is not None else math.inf), 0.0)
        return 2 * over / EFFECTS[o.quantity].sd
    if o.value is None:
        # the ends bind softly, so the fit aims a little inside them
        low, high = float(o.low or 0.0) * INSIDE, float(o.high or 1e9) / INSIDE
        if low > 0 and predicted < low:
            return math.log(max(predicted, 0.02 * low) / low) / interval_sd
        return math.log(predicted / high) / interval_sd if predicted > high else 0.0
    if metric_of(o) == "errors":
        # what the model may be off by, beside the study's own error: half the spread between people
        usual = EFFECTS[o.quantity].sd if o.quantity in EFFECTS else 0.0
        return float((predicted - o.value) / math.hypot(standard_error(o, n), 0.5 * usual) / group**0.25)
    if metric_of(o) == "odds":
        factor = Unit.parse(o.unit).factor
        share = min(max(o.value * factor, 0.5 / n), 1 - 0.5 / n) if n else 0.5
        error = 1 / math.sqrt(n * share * (1 - share)) if n and o.quantity == "response_fraction" else 0.0
        return float(math.log(odds(predicted * factor) / odds(o.value * factor)) / math.hypot(ODDS_SD, error) / group**0.25)
    sd = math.hypot(MODEL_SD, _standard_error(o))
    # sources that measured the same thing share one vote between their number and its root
    return float(math.log(max(predicted, 1e-9) / o.value) / sd / group**0.25)


def _standard_error(o: Observation) -> float:
    """Standard error of the observation on the logarithmic scale, as far as the source tells; never the spread between people."""
    s = o.spread
    if s is None or o.value is None:
        return 0.0
    if s.kind in ("CI95", "CI90") and s.low is not None and s.high is not None and s.low > 0:
        return math.log(s.high / s.low) / (2 * (1.96 if s.kind == "CI95" else 1.645))
    if s.kind == "SE" and s.value is not None:
        return abs(s.value / o.value)
    return 0.1


def run_fit(
    library: Library, studies: Sequence[Study], fit: str, *, start: Mapping[str, float] | None = None, max_evaluations: int = 12, rounds: int = 4,
    progress: Callable[[str], None] = lambda _: None, save: Callable[[Calibration], object] = lambda _: None,
) -> Calibration:  # fmt: skip
    """Fit and return the result.

    Args:
        library: without calibration, so that data values are the priors.
        start: data values to start from (default: the priors).
        max_evaluations: most iterations of a round. rounds: most rounds. save: takes the result of each round.
    """
    from scipy.optimize import least_squares

    free = free_parameters(library, fit)
    problem = Problem(library, studies, free, judged_by(fit))
    x0 = np.array([f.centre for f in free])
    cost0 = _cost(problem.residuals(x0))
    progress(f"{len(free)} parameters, {problem.n_observations} observations; objective at the priors {cost0:.2f}")
    begin = x0.copy()
    for k, f in enumerate(free):
        if start and f.path in start:
            v = start[f.path]
            begin[k] = math.log(v) if f.kind == "log" else math.log(v / (1 - v))
    scale = np.array([f.sd for f in free])
    best = _cost(problem.residuals(begin))
    command = f"papaver fit {fit} --evaluations {max_evaluations}" + (" --start used" if start else "")
    for round_ in range(rounds):
        # the robust loss and readouts that jump (a detection time, a window) make the trust region shrink early: begin anew from the best
        result = least_squares(
            problem.residuals, begin, jac=problem.jacobian, loss="soft_l1", x_scale=scale, max_nfev=max_evaluations, xtol=1e-4, ftol=1e-4,
            callback=lambda intermediate_result: progress(f"objective {intermediate_result.cost:.3f}"),
        )  # fmt: skip
        gain, best, begin = best - float(result.cost), float(result.cost), result.x
        progress(f"round {round_ + 1}: objective {best:.3f}, gained {gain:.3f}")
        found = _calibration(fit, command, free, problem, result.x, result.jac, best, cost0)
        save(found)
        if gain < ENOUGH:
            break
    if problem.effects:
        jac, problem.shares = result.jac, True
        cost0 = _cost(problem.residuals(x0))

        def better(x: Array, step: float, cost: float) -> None:
            progress(f"steps of {step:g} prior widths: objective {cost:.3f}")
            save(_calibration(fit, command, free, problem, x, jac, cost, cost0))

        at = problem.search(begin, better)
        jac = problem.jacobian(at)
        problem.shares = True
        found = _calibration(fit, command, free, problem, at, jac, _cost(problem.residuals(at)), cost0)
        save(found)
    return found


def _calibration(
    fit: str, command: str, free: Sequence[Free], problem: Problem, at: Array, jac: Array, cost: float, cost0: float
) -> Calibration:  # fmt: skip
    covariance = np.linalg.pinv(jac.T @ jac)
    rows = []
    for k, f in enumerate(free):
        x = float(at[k])
        sd = math.sqrt(max(float(covariance[k, k]), 1e-12))
        rows.append({
            "path": f.path, "value": _round(f.value(x)), "unit": f.unit, "uncertainty_cv": round(100 * min(max(sd, LEAST_SD), f.sd), 1),
            "prior": _round(f.value(f.centre)), "shift_in_prior_sd": round((x - f.centre) / f.sd, 2),
        })  # fmt: skip
    raw: dict[str, Any] = {
        "fit": fit, "command": command, "observations": problem.n_observations, "objective": round(cost, 4),
        "objective_at_prior": round(cost0, 4), "parameters": rows,
    }  # fmt: skip
    return msgspec.convert(raw, Calibration)


def _cost(r: Array) -> float:
    """The robust objective of scipy's soft_l1 loss."""
    return float(np.sum(np.sqrt(1 + r**2) - 1))


def _round(x: float) -> float:
    return float(f"{x:.5g}")


def write_calibration(result: Calibration, path: Path) -> None:
    """Write a fit's result as YAML."""
    head = f"# Result of `{result.command}`: do not edit by hand, run the command again.\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + yaml.safe_dump(msgspec.to_builtins(result), sort_keys=False, width=140), encoding="utf-8")
