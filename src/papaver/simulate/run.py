"""Prepare a scenario (body, parameters, doses, grid) and simulate it."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from papaver.bodies.adult import Body, adult, closure
from papaver.bodies.values import parameter_matrix, person_values
from papaver.core.emit import output_nodes
from papaver.core.lower import Program
from papaver.core.rules import Rule
from papaver.core.solve import DoseEvent, Solver
from papaver.errors import ModelError, PapaverError, ScenarioError, UnitError, nearest
from papaver.evidence.load import Library
from papaver.scenario import ResolvedScenario, Scenario, resolve
from papaver.scenario.rules import ResolvedRule
from papaver.simulate.course import Course, follow
from papaver.simulate.past import Past, history_routes, past
from papaver.simulate.result import Result
from papaver.units import convert

Array = npt.NDArray[np.float64]

GROUPS = {
    "concentrations": (".pk.C1", ".vein.C"),
    "brain": (".brain.C",),
    "urine": (".urine.A", ".urine.rate"),
    "receptor": ("mop.", "dop.", "kop."),
    "breathing": ("breathing.VE", "breathing.RR", "breathing.VT"),
    "oxygen": ("monitor.SpO2", "monitor.SaO2", "monitor.PaO2", "monitor.PaCO2", "monitor.PETCO2", "brain.P_O2"),
    "circulation": ("heart.HR", "heart.MAP", "heart.CO", "flow.Q_b", "heart.debt", "heart.arrest"),
    "brain_state": ("arousal.level", "injury.injury", "injury.dead"),
    "sites": ("respiratory.effect", "sedation.effect", "pain.effect", "pupil.effect", "euphoria.effect"),
    "signs": ("eye.diameter", "relief.tolerance"),
    "tolerance": ("respiratory.opposed", "respiratory.debt", "adaptation.X[", "life.coupled", "life.N", "tone.tone"),
    "withdrawal": ("scales.", "withdrawal.signal", "locus.debt"),
    "scales": ("cows.", "sows.", "sows_h.", "oows."),
    "signs_of_withdrawal": ("signs.S[",),
    "body_in_withdrawal": ("noradrenaline.NA", "noradrenaline.firing", "monoamines.DA", "monoamines.HT", "adrenal.ACTH", "adrenal.C", "adrenal.G",
                           "gonadal.LH", "gonadal.T", "gut.", "fluid.deficit", "immunity.", "hazards.", "autonomic.T_core", "ecg.QTc",
                           "hyperalgesia.left"),
}
"""Names for `observe.show`: each stands for outputs - those that end with ".xy", start with "xy." or "xy[", or are called so."""
LAW_TOLERANCE = 1e-7
"""Least margin of a law, which is one of fractions and amounts near one: the solver itself leaves an error of about rtol in them."""
GUARD = "therapy.give_guard"
GUARDED_UNTIL = 1e-3
"""Minutes before 0 at which what happens to the heart begins to count."""


@dataclass(frozen=True)
class Prepared:
    """A scenario ready to solve: the body, a typical person's values, dose events, and the outputs to keep.

    `changes`: when the person's covariates change (min), and the typical values from then on. `lead`: how long before 0 the run begins, min.
    """

    scenario: ResolvedScenario
    library: Library
    body: Body
    values: dict[str, float]
    events: tuple[DoseEvent, ...]
    columns: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    changes: tuple[tuple[float, Mapping[str, float]], ...] = ()
    lead: float = 0.0

    @property
    def times(self) -> Array:
        """When the run begins, which is before 0 where it lives through the last days of a history, and the output times."""
        return np.concatenate([[-self.lead], self.scenario.t]) if self.lead > 0 else self.scenario.t

    @property
    def cuts(self) -> tuple[float, ...]:
        """When covariates change, min."""
        return tuple(at for at, _ in self.changes)

    @property
    def stretches(self) -> tuple[Mapping[str, float], ...]:
        """Typical values of each stretch of constant covariates; one if nothing changes."""
        return (self.values, *(values for _, values in self.changes))

    def typical(self) -> Array:
        """Parameters of the typical person at the start, shape (1, parameters)."""
        return parameter_matrix(self.body, self.library, self.values)

    def parameters(self, P: Array | Sequence[Array] | None = None) -> list[Array]:
        """Parameters for each stretch: those given, or the typical person's.

        Raises:
            PapaverError: not one array for each stretch.
        """
        if P is None:
            return [parameter_matrix(self.body, self.library, values) for values in self.stretches]
        out = [P] if isinstance(P, np.ndarray) else list(P)
        if len(out) != len(self.stretches):
            raise PapaverError(
                f"P: read {len(out)} arrays; covariates change {len(self.changes)} times, so {len(self.stretches)} are needed (cohort.draw)"
            )
        return out


@functools.lru_cache(maxsize=64)
def _solver(program: Program) -> Solver:
    return Solver(program)


def prepare(
    scenario: Scenario | ResolvedScenario, library: Library, columns: Sequence[str] | None = None, routes: Sequence[tuple[str, str]] = (),
    physiology: bool = True,
) -> Prepared:  # fmt: skip
    """Resolve a scenario and build its body.

    Args:
        columns: outputs to keep; default: what `observe.show` names, else all concentrations, brain, urine and receptors.
        routes: further (drug, route) pairs that the body shall have, so that many scenarios share one compiled structure.
        physiology: whether the body breathes; without it drugs and receptors alone, for kinetics.

    Raises:
        ScenarioError: bad input; nothing has been written by then.
    """
    r = scenario if isinstance(scenario, ResolvedScenario) else resolve(scenario, library)
    library = library.with_values(r.overrides) if r.overrides else library
    triggered = [(rule.drug, rule.route) for rule in r.rules if rule.drug is not None]
    wanted = [*((d.drug, d.route) for d in r.doses), *triggered, *routes, *(history_routes(r.history) if physiology else [])]
    body = adult(library, wanted, r.variants, physiology)
    before = past(r, library, _residence(r, library)) if physiology else Past({}, 0.0, ())
    start = {path: x for path, x in {**before.values, **_clock(r, before.lead)}.items() if path in set(body.data_paths)}
    values = person_values(body, library, r.covariates) | start
    events = tuple(DoseEvent(t, body.ports[name, route], amount, 0.0) for t, name, route, amount in before.doses)
    if before.lead > 0:
        # somebody with a history has survived it
        events += tuple(DoseEvent(t, GUARD, x, 0.0) for t, x in ((-before.lead, 1.0), (-GUARDED_UNTIL, -1.0)))
    events += tuple(DoseEvent(d.time, body.ports[d.drug, d.route], d.amount, d.duration) for d in r.doses)
    events += tuple(DoseEvent(x.time, body.treatments[x.give][0], x.amount, 0.0) for x in r.levels if physiology)
    names = list(columns) if columns is not None else _columns(body, r.scenario.observe.show)
    for w in r.windows:
        # a window needs its curves even where observe.show leaves them out
        kind = w.output
        names += [f"{m}.{kind}" for m in w.molecules if m in body.drugs and f"{m}.{kind}" not in names]
        if not any(m in body.drugs for m in w.molecules):
            raise ScenarioError(f"observe.detect: {w.name.partition('.')[0]} does not arise from these doses; {nearest(w.molecules[0], body.drugs)}")
    for n in names:
        body.program.output(n)
    changes = tuple((at, person_values(body, library, covariates) | start) for at, covariates in r.changes)
    rules = tuple(_rule(rule, body, library) for rule in r.rules)
    return Prepared(r, library, body, values, events, tuple(names), rules, changes, before.lead)


def _residence(r: ResolvedScenario, library: Library) -> float:
    """Residence time, min, of the slowest molecule that the history's drug brings into the body."""
    if r.history is None:
        return 0.0
    times = []
    for name in closure(library, r.history.amounts):
        volume = sum(p.internal for v in ("V1", "V2", "V3", "V4") if (p := library.parameters.get(f"{name}.pk.{v}")) is not None)
        times.append(volume / library.parameters[f"{name}.pk.CL"].internal)
    return max(times)


def _clock(r: ResolvedScenario, lead: float) -> dict[str, float]:
    """Where the hand of the body's clock stands when the run begins."""
    hour, _, minute = r.scenario.start.partition(":")
    angle = 2 * math.pi * (60 * int(hour) + int(minute) - lead) / 1440
    return {"hormones.clock.cos0": math.cos(angle), "hormones.clock.sin0": math.sin(angle)}


def _rule(rule: ResolvedRule, body: Body, library: Library) -> Rule:
    """A scenario's rule against the body: its output found, its threshold in the output's unit."""
    c = rule.condition
    try:
        node = body.program.output(c.output)
    except ModelError as e:
        raise ScenarioError(f"when: {c.text!r}: {e}") from None
    threshold = c.value
    if not c.of_baseline:
        owner = c.output.split(".")[0]
        MW = library.drugs[owner].MW if owner in library.drugs else None
        try:
            threshold = convert(c.value, c.unit, body.program.unit(c.output), MW=MW)
        except UnitError as e:
            raise ScenarioError(f"when: {c.text!r}: {c.output} is in {body.program.unit(c.output)!r}; {e}") from None
    port = None if rule.stops else body.treatments[rule.give][0] if rule.give else body.ports[str(rule.drug), rule.route]
    return Rule(
        node=node, above=c.above, threshold=threshold, of_baseline=c.of_baseline, hold=rule.hold, after=rule.after, at=rule.at, times=rule.times,
        every=rule.every, port=port, amount=rule.amount, duration=rule.duration, stop=rule.stops,
    )  # fmt: skip


def _columns(body: Body, show: list[str] | None) -> list[str]:
    known = [*body.program.flat.outputs, *body.program.state_names]
    keep = list(GROUPS) if show is None else show
    out: list[str] = []
    for item in keep:
        if item in GROUPS:
            found = [n for n in known if _in_group(n, GROUPS[item])]
        else:
            found = [n for n in known if n == item or n.startswith((item + ".", item + "["))]
        if not found and show is not None:
            raise ScenarioError(f"observe.show: no output or group {item!r}; {nearest(item, [*GROUPS, *known])}")
        out += [n for n in found if n not in out]
    return out


def _in_group(name: str, marks: tuple[str, ...]) -> bool:
    return any(
        name.endswith(m) if m.startswith(".") else name.startswith(m) if m.endswith((".", "[")) else name == m for m in marks
    )  # fmt: skip


MANY_DOSES = 120
"""Doses of one person from which a compile pays."""


def default_solver(people: int, rules_over_joins: bool = False, doses: int = 0) -> str:
    """One person: the scalar path, no compile, unless there are many doses. Cohorts: the compiled kernel, but where rules are followed over a
    join (see `course.follow`)."""
    return "scalar" if rules_over_joins or (people == 1 and doses <= MANY_DOSES) else "kernel"


def simulate(
    p: Prepared, P: Array | Sequence[Array] | None = None, *, solver: str | None = None, rtol: float = 1e-6,
    atol: Mapping[str, float] | float | None = None, first_person: int = 0, progress: Callable[[int], None] | None = None,
) -> Result:  # fmt: skip
    """Solve a prepared scenario.

    Args:
        P: parameters of the people, shape (people, parameters); default: the typical person. If covariates change on the way, one such array
            for each stretch.
        solver: one of core.solve.SOLVERS; default by the number of people.
        rtol, atol: relative tolerance, and absolute tolerance by the unit of the state (see `core.solve.absolute_tolerance`).
        first_person: number of the first of these people in the cohort.

    Returns:
        Arrays of shape (people, times). A person whose integration failed is NaN with a reason.
    """
    parts = p.parameters(P)
    engine = _solver(p.body.program)
    chosen = solver or default_solver(len(parts[0]), bool(p.rules and p.changes), len(p.events))
    t, nodes, skip = p.times, written(p), int(p.lead > 0)
    if len(parts) > 1:
        course, _ = follow(
            engine, parts, p.cuts, p.events, p.rules, t, nodes, solver=chosen, rtol=rtol, atol=atol, progress=progress
        )  # fmt: skip
        return as_result(p, dataclasses.replace(course, Y=course.Y[:, skip:]), chosen, rtol, first_person)
    solution = engine.solve(parts[0], p.events, t, solver=chosen, nodes=nodes, rtol=rtol, atol=atol, progress=progress, rules=p.rules)
    given = dosed_by(p, t, engine.plain.dose(parts[0]))
    for person, firings in enumerate(solution.firings):
        for f in firings:
            rule = p.rules[f.rule]
            if p.scenario.rules[f.rule].drug is not None:
                given[person] += rule.amount * (np.clip((t - f.given) / rule.duration, 0, 1) if rule.duration > 0 else t >= f.given)
    balance = solution.Y[:, :, -1] - given
    error = float(np.nanmax(np.abs(balance), initial=0.0)) / max(float(given.max()), 1e-300)
    course = Course(solution.Y[:, skip:], solution.steps, solution.firings, solution.reasons, solution.stopped, error)
    return as_result(p, course, chosen, rtol, first_person)


def written(p: Prepared) -> list[int]:
    """What a run writes down: the columns, the laws' margins, the amount of drug in the body."""
    program = p.body.program
    return [*output_nodes(program, p.columns, laws=True), program.moles]


def as_result(p: Prepared, c: Course, solver: str, rtol: float, first_person: int) -> Result:
    """The result of a run that has written down `written(p)`."""
    program, kept = p.body.program, len(p.columns)
    return Result(
        scenario=p.scenario, t=p.scenario.t, columns=p.columns, data=c.Y[:, :, :kept], units={n: program.unit(n) for n in p.columns},
        reasons=c.reasons, steps=c.steps.tolist(), solver=solver, rtol=rtol, first_person=first_person,
        broken_laws=_broken_laws(program, c.Y[:, :, kept:-1], rtol), mole_error=c.mole_error, firings=c.firings, stopped=c.stopped, library=p.library,
        data_paths=tuple(p.body.data_paths), variants=dict(p.body.variants),
    )  # fmt: skip


def dosed_by(p: Prepared, t: Array, doses: Mapping[str, Array]) -> Array:
    """Amount of drug that has reached its depot so far, nmol, shape (people, times); `doses` holds each port's lag by person."""
    people = len(next(iter(doses.values())))
    total = np.zeros((people, len(t)))
    drugs = set(p.body.ports.values())
    for e in p.events:
        if e.port not in drugs:
            continue
        since = t[None, :] - (e.time + doses[f"{e.port}:lag"][:, None])
        if e.duration > 0:
            total += e.amount * np.clip(since / e.duration, 0.0, 1.0)
        else:
            total += e.amount * (since >= 0)
    return total


def _broken_laws(program: Program, margin: Array, rtol: float) -> list[str]:
    """Laws whose margin (left - right, shape (people, times, laws)) falls below zero by more than the run's own error allows."""
    if not margin.size:
        return []
    # over times first, which lie side by side; NaN where a person failed or was stopped
    worst = np.fmin.reduce(np.fmin.reduce(margin, axis=1), axis=0)
    return [f"{text} (by {-w:.2g})" for (text, _, _), w in zip(program.flat.laws, worst, strict=True) if w < -max(LAW_TOLERANCE, rtol)]
