"""An arm of a study of effects: the scenario as written - its own times, treatments, rules - in the body that breathes."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import numpy.typing as npt

from papaver.cohort.sample import draw
from papaver.errors import PapaverError, UnitError
from papaver.evidence.load import Library
from papaver.scenario import ResolvedScenario, Scenario, resolve
from papaver.scenario.rules import Condition
from papaver.simulate import Prepared, Result, prepare, simulate
from papaver.units import convert

Array = npt.NDArray[np.float64]
COLUMNS = (
    "breathing.VE", "breathing.VT", "breathing.RR", "depression.metabolism", "monitor.", "brain.P_O2", "heart.HR", "heart.MAP", "heart.CO",
    "heart.arrest", "flow.Q_b", "eye.diameter", "relief.tolerance", "arousal.level", "mop.free", "injury.injury", "injury.dead", "respiratory.debt",
    "mop.stimulus", "scales.", "cows.", "sows.", "sows_h.", "oows.", "signs.S[", "adrenal.", "gonadal.", "gut.", "immunity.", "noradrenaline.",
    "ecg.QTc", "hyperalgesia.left", "life.", "autonomic.T_core", "fluid.", "locus.debt", "withdrawal.", "tone.tone", "euphoria.effect", "pain.effect",
)  # fmt: skip
"""Outputs that studies of effects read (or, with a dot at the end, whole parts)."""


SHORT = 24 * 60.0
"""Minutes up to which an arm may do without what dependence changes."""
RTOL = 1e-5
"""Relative tolerance of an arm: far below what any study could see."""


class NotSimulated(PapaverError):
    """An observation that cannot be computed; the message is the reason."""


class Course:
    """One simulated arm: the typical person (values of shape (times,)), or a cohort (shape (people, times))."""

    def __init__(
        self, scenario: Scenario | ResolvedScenario, library: Library, solver: str | None, people: int = 1, dependence: bool = False
    ) -> None:  # fmt: skip
        self.dependence = dependence
        self.scenario = scenario if isinstance(scenario, ResolvedScenario) else resolve(scenario, library)
        self.library, self._solver, self.people = library, solver, people

    @property
    def first_dose(self) -> float:
        """Time of the first drug, min; 0 if there is none."""
        return min((d.time for d in self.scenario.doses), default=0.0)

    def with_doses(self, drug: str, factor: float) -> Course:
        """The same with all doses of one drug multiplied."""
        doses = tuple(dataclasses.replace(d, amount=d.amount * factor) if d.drug == drug else d for d in self.scenario.doses)
        return Course(dataclasses.replace(self.scenario, doses=doses), self.library, self._solver, self.people, self.dependence)

    @functools.cached_property
    def prepared(self) -> Prepared:
        """The arm ready to solve."""
        p = prepare(self._lighter(), self.library, columns=[])
        known = [*p.body.program.flat.outputs, *p.body.program.state_names]
        watched = {r.condition.output for r in p.scenario.rules}
        names = [n for n in known if n.startswith(COLUMNS) or n.endswith(".brain.C") or n in watched]
        return dataclasses.replace(p, columns=tuple(dict.fromkeys(names)))

    def _lighter(self) -> ResolvedScenario:
        """Without the part of the body that dependence changes, where nothing asks for it: in somebody without a history nothing of it is felt
        within hours (tests hold both together)."""
        s = self.scenario
        if self.dependence or s.history is not None or s.t[-1] > SHORT or "dependence" in s.scenario.variants:
            return s
        return dataclasses.replace(s, variants={**s.variants, "dependence": "off"})

    @functools.cached_property
    def result(self) -> Result:
        """The simulation.

        Raises:
            NotSimulated: the integration failed, or a law is broken; the message says so.
        """
        p = self.prepared
        one = self.people == 1
        r = simulate(p, solver=self._solver, rtol=RTOL) if one else simulate(p, draw(p, self.people, p.scenario.scenario.seed), solver="kernel")
        if r.failed:
            raise NotSimulated(f"the integration failed: {next(x for x in r.reasons if x)}")
        if r.broken_laws or r.mole_error > 1e-6:
            raise NotSimulated(f"a law is broken: {'; '.join(r.broken_laws) or f'mole balance off by {r.mole_error:.2g}'}")
        return r

    @property
    def t(self) -> Array:
        """Output times, min."""
        return self.result.t

    def __getitem__(self, name: str) -> Array:
        if name not in self.result.columns:
            raise NotSimulated(f"there is no {name} in this arm")
        x = self.result[name]
        return x[0] if self.people == 1 else x

    def at(self, name: str, time: float) -> float:
        """An output of the typical person at a time."""
        if not self.t[0] <= time <= self.t[-1]:
            raise NotSimulated(f"{time:g} min lies outside the arm's run")
        return float(np.interp(time, self.t, self[name]))

    def parameter(self, path: str) -> float:
        """A value of the arm's typical person, internal unit."""
        values = self.prepared.values
        program = self.prepared.body.program
        if path in values:
            return values[path]
        names = program.param_names
        if path not in names:
            raise NotSimulated(f"there is no {path} in this arm")
        return float(self.prepared.typical()[0, names.index(path)])


def holds(c: Condition, course: Course) -> tuple[Array, bool, float]:
    """The output of a condition, whether it must be above, and the threshold in the output's unit."""
    x = course[c.output]
    if c.of_baseline:
        k = max(0, int(np.searchsorted(course.t, course.first_dose + 1e-9)) - 1)
        return x / x[..., k : k + 1], c.above, c.value
    owner = c.output.split(".")[0]
    MW = course.library.drugs[owner].MW if owner in course.library.drugs else None
    try:
        limit = convert(c.value, c.unit, course.result.units[c.output], MW=MW)
    except UnitError as e:
        raise NotSimulated(f"when: {c.text!r}: {e}") from None
    return x, c.above, limit
