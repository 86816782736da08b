"""The arms of a study, simulated when asked for, on the bench's own dense grid."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from papaver.bench.courses import Course, NotSimulated
from papaver.bench.effects import EFFECTS
from papaver.bench.study import Titrated
from papaver.bodies.adult import closure
from papaver.evidence.load import Library
from papaver.scenario import Dose, Observe, Person, ResolvedScenario, Scenario, resolve
from papaver.scenario.resolve import TOTAL_MORPHINE
from papaver.simulate import Prepared, Result, prepare, simulate
from papaver.units import to_internal

Array = npt.NDArray[np.float64]
END = 4320.0
"""Least length of a bench run after its last dose, min: areas to the end of the run count as areas to infinity."""
MOST = math.log(20.0)
"""A titrated dose lies within twenty times the one that is written."""
SETTLED = 9.0
"""Time constants of the slowest process that a bench run outlasts."""
# Output times after each dose (the default sampling schedule, assumed where a study does not give its own): first sample at one minute.
_SPANS = ((1, 20, 0.5), (20, 60, 1), (60, 360, 5), (360, 1440, 15), (1440, END + 1, 60))
SCHEDULE = np.concatenate([np.arange(*span) for span in _SPANS])
EARLY = np.array([0.25, 0.5, 0.75])


class Arm:
    """One simulated arm: the typical person, all outputs that quantities need."""

    def __init__(self, scenario: Scenario, library: Library, solver: str | None, routes: tuple[tuple[str, str], ...] = ()) -> None:
        base = resolve(scenario, library)
        last = max(d.time + d.duration for d in base.doses)
        starts = sorted({d.time for d in base.doses})
        # arterial studies sample from the first seconds; the vein is first drawn at a minute
        parts = [np.array([0.0, base.t[-1]]), *(s + np.concatenate([EARLY, SCHEDULE]) for s in starts[-3:]), np.array(starts)]
        # a trough is drawn just before the next dose
        parts.append(np.array([s - 1.0 for s in starts if s > 1.0]))
        end = max(float(base.t[-1]), last + max(END, SETTLED * slowest(base, library)))
        # a patch or a drip that outlasts the schedule: the hours under it, and the schedule again from its end
        parts += [np.arange(d.time + END, d.time + d.duration, 60.0) for d in base.doses if d.duration > END]
        parts += [last + SCHEDULE] if last > starts[-1] + 60.0 else []
        if end > last + END:
            parts.append(last + np.geomspace(END, end - last, 120))
        t = np.unique(np.concatenate(parts))
        self.scenario = dataclasses.replace(base, t=t[t <= end], windows=(), rules=())
        self.library = library
        self._solver, self._routes = solver, routes

    def copy(self, scenario: ResolvedScenario) -> Arm:
        """The same arm with another scenario in numbers."""
        other = object.__new__(Arm)
        other.scenario, other.library, other._solver, other._routes = scenario, self.library, self._solver, self._routes
        return other

    @functools.cached_property
    def prepared(self) -> Prepared:
        """The arm ready to solve, keeping the outputs that quantities read."""
        p = prepare(self.scenario, self.library, columns=[], routes=self._routes, physiology=False)
        marks = (".pk.C1", ".vein.C", ".oral_fluid.C", ".brain.C", ".urine.A", "mop.free", "mop.effect.activation")
        names = [n for n in [*p.body.program.flat.outputs, *p.body.program.state_names] if n.endswith(marks) or ".R_elim[" in n or ".R_met[" in n]
        return Prepared(p.scenario, p.library, p.body, p.values, p.events, tuple(names))

    @functools.cached_property
    def result(self) -> Result:
        """The simulation.

        Raises:
            NotSimulated: the integration failed; the message is the reason.
        """
        r = simulate(self.prepared, solver=self._solver)
        if r.reasons[0]:
            raise NotSimulated(f"the integration failed: {r.reasons[0]}")
        if r.broken_laws or r.mole_error > 1e-6:
            raise NotSimulated(f"a law is broken: {'; '.join(r.broken_laws) or f'mole balance off by {r.mole_error:.2g}'}")
        return r

    @property
    def drug(self) -> str:
        """What is dosed first: a molecule or a mixture."""
        return self.library.dosed(self.scenario.scenario.doses[0].drug).name

    @property
    def dosed(self) -> float:
        """All doses together, nmol."""
        return sum(d.amount for d in self.scenario.doses)

    @property
    def dose_times(self) -> list[float]:
        """Times of the doses, min, ascending; doses given together count once."""
        return sorted({d.time for d in self.scenario.doses})

    @property
    def mean_input_time(self) -> float:
        """Mean time at which drug was given, min."""
        return sum(d.amount * (d.time + 0.5 * d.duration) for d in self.scenario.doses) / self.dosed

    @property
    def flow(self) -> float:
        """Urine flow, L/min."""
        return self.prepared.library.parameters["kidney.flow"].internal

    def blood_ratio(self, analyte: str) -> float:
        """Whole-blood over plasma concentration of a molecule."""
        return self.prepared.library.parameters[f"{analyte}.pk.R_bp"].internal

    def molecules(self, analyte: str) -> tuple[str, ...]:
        """What an assay of this name reads."""
        return molecules(analyte, self.library)

    def urine(self, analyte: str) -> Array:
        """Amount collected in urine, nmol, over the result's times."""
        names = self.molecules(analyte)
        found = [n for n in names if f"{n}.urine.A" in self.result.columns]
        if not found:
            raise NotSimulated(f"{analyte} does not arise in this arm")
        return np.asarray(sum(self.result[f"{n}.urine.A"][0] for n in found))

    def integral(self, rate: str) -> float:
        """Integral of a rate output over the run, nmol."""
        if rate not in self.result.columns:
            raise NotSimulated(f"there is no {rate} in this arm")
        return float(np.trapezoid(self.result[rate][0], self.result.t))


def molecules(analyte: str, library: Library) -> tuple[str, ...]:
    """What an assay of this name reads: total morphine, the parts of a mixture, or one molecule."""
    return TOTAL_MORPHINE if analyte == "total_morphine" else library.analyte(analyte)


def slowest(s: ResolvedScenario, library: Library) -> float:
    """The slowest time constant among what is given and what it forms, min: residence in the body, or absorption."""
    value = {path: p.internal for path, p in library.parameters.items()}
    times = [0.0]
    for name in closure(library, dict.fromkeys(d.drug for d in s.doses)):
        volume = sum(value.get(f"{name}.pk.{v}", 0.0) for v in ("V1", "V2", "V3", "V4"))
        times.append(volume / value[f"{name}.pk.CL"])
    for d in s.doses:
        at = f"{d.drug}.{d.route}"
        rates = [value[f"{at}.{k}"] for k in ("ka", "ka_slow", "ka_gut", "k_rel") if f"{at}.{k}" in value]
        times.append(max([1 / k for k in rates if k > 0], default=0.0) + value.get(f"{at}.MTT_slow", 0.0) / 3)
    return max(times)


class Arms:
    """All arms of one study, plus the reference arms that quantities ask for."""

    def __init__(
        self, arms: Mapping[str, dict[str, Any]], library: Library, solver: str | None = None, routes: tuple[tuple[str, str], ...] = (),
        dependence: bool = False, many: bool = False, titrated: Titrated | None = None,
    ) -> None:  # fmt: skip
        self._titrated = titrated
        self._routes, self._dependence = routes, dependence
        self._scenarios = {k: Scenario.from_dict(v, f"arms.{k}") for k, v in arms.items()}
        self._library, self._solver = library, solver
        # one compiled structure would serve few arms of effects, as their bodies differ with the drugs, unless they are run many times (a fit)
        self._effect_solver = None if solver == "kernel" and not many else solver
        self._arms: dict[str, Arm] = {}
        self._courses: dict[tuple[str, int], Course] = {}

    def course(self, name: str) -> Course:
        """An arm as written, in the body that breathes: the typical person."""
        return self._course(name, 1)

    def cohort(self, name: str) -> Course:
        """The same with the arm's people."""
        people = self._scenarios[name].people
        if people < 2:
            raise NotSimulated(f"a share of people needs a cohort: people: in the arm {name!r}")
        return self._course(name, people)

    def course_with(self, name: str, drug: str, factor: float) -> Course:
        """An arm with all doses of one drug multiplied by a factor."""
        return self.course(name).with_doses(drug, factor)

    def _course(self, name: str, people: int) -> Course:
        if (name, people) not in self._courses:
            course = Course(self._scenarios[name], self._library, self._effect_solver, people, self._dependence)
            if self._titrated is not None and any(d.drug == self._titrated.drug for d in course.scenario.doses):
                course = course.with_doses(self._titrated.drug, self._titration(name, course, self._titrated))
            self._courses[name, people] = course
        return self._courses[name, people]

    def _titration(self, name: str, course: Course, t: Titrated) -> float:
        """By how much the doses of an arm as written are multiplied, for the typical person."""
        from scipy.optimize import brentq

        typical = course if course.people == 1 else Course(self._scenarios[name], self._library, self._effect_solver, 1, self._dependence)
        output, at = EFFECTS[t.of].output, to_internal(t.at, "min", where="titrated.at", example="80 min")

        def off(log_factor: float) -> float:
            c = typical.with_doses(t.drug, math.exp(log_factor))
            return c.at(output, at) / c.at(output, c.first_dose) - t.level

        if off(-MOST) * off(MOST) > 0:
            raise NotSimulated(f"no dose of {t.drug} takes {t.of} to {t.level:g} of rest")
        return math.exp(brentq(off, -MOST, MOST, xtol=0.01))

    def __getitem__(self, name: str) -> Arm:
        if name not in self._arms:
            self._arms[name] = Arm(self._scenarios[name], self._library, self._solver, self._routes)
        return self._arms[name]

    def MW(self, analyte: str) -> float:
        """Molar mass, g/mol; total morphine reads as morphine."""
        return self._library.dosed("morphine" if analyte == "total_morphine" else analyte).MW

    def half_life_window(self, analyte: str) -> tuple[float, float] | None:
        """When studies of an analyte usually fit its half-life, min after the dose; None if its data do not say."""
        w = self._library.drugs[molecules(analyte, self._library)[0]].half_life_window
        return (
            None
            if w is None
            else (
                to_internal(w[0], "min", where="half_life_window", example="4 h"),
                to_internal(w[1], "min", where="half_life_window", example="4 h"),
            )
        )

    def assay_limit(self, analyte: str) -> str | None:
        """The usual limit of an assay of an analyte in plasma; None if its data do not say."""
        return self._library.drugs[molecules(analyte, self._library)[0]].assay_limit

    def mass(self, name: str) -> float:
        """Mass of all doses of an arm, as base."""
        return sum(d.amount * self._library.drugs[d.drug].MW for d in self[name].scenario.doses)

    def weight(self, name: str) -> float:
        """Body weight of the arm's person, kg."""
        return float(self[name].scenario.covariates["weight"])

    def iv_of(self, analyte: str, name: str, eGFR: float | None = None) -> Arm:
        """An iv bolus of a molecule to the person of an arm (the arm itself if it is one)."""
        base = self._scenarios[name]
        if eGFR is None and len(self[name].dose_times) == 1 and self[name].drug == analyte and self[name].scenario.doses[0].route == "iv":
            return self[name]
        key = f"{name}/iv {analyte}/{eGFR}"
        if key not in self._scenarios:
            person = base.person if eGFR is None else msgspec.structs.replace(base.person, eGFR=f"{eGFR} mL/min/1.73m2")
            self._scenarios[key] = self._bolus(analyte, base, person)
        return self[key]

    def _bolus(self, drug: str, base: Scenario, person: Person) -> Scenario:
        dose = Dose(drug=drug, amount="10 umol", route="iv")
        return Scenario(doses=[dose], observe=Observe(until="12 h"), person=person, variants=base.variants, set=base.set)

    def with_dose(self, name: str, factor: float) -> Arm:
        """An arm with all its doses multiplied by a factor."""
        base = self[name]
        doses = tuple(dataclasses.replace(d, amount=d.amount * factor) for d in base.scenario.doses)
        return base.copy(dataclasses.replace(base.scenario, doses=doses))

    def add_iv_reference(self, name: str) -> str:
        """Name of an arm that gives the arm's drug as an iv bolus to the same person."""
        key = f"{name}/iv"
        if key not in self._scenarios:
            base = self._scenarios[name]
            self._scenarios[key] = self._bolus(base.doses[0].drug, base, base.person)
        return key
