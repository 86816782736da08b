"""The arms of a study, simulated when asked for, on the bench's own dense grid."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from papaver.bench.quantities import NotSimulated
from papaver.evidence.load import Library
from papaver.scenario import Dose, Observe, Person, ResolvedScenario, Scenario, resolve
from papaver.scenario.resolve import TOTAL_MORPHINE
from papaver.simulate import Prepared, Result, prepare, simulate

Array = npt.NDArray[np.float64]
END = 4320.0
"""Length of a bench run after its last dose, min: areas to here count as areas to infinity."""
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
        t = np.unique(np.concatenate(parts))
        end = max(float(base.t[-1]), last + END)
        self.scenario = ResolvedScenario(
            base.scenario, base.covariates, base.assumed, base.doses, t[t <= end], base.variants, base.overrides
        )  # fmt: skip
        self.library = library
        self._solver, self._routes = solver, routes

    @functools.cached_property
    def prepared(self) -> Prepared:
        """The arm ready to solve, keeping the outputs that quantities read."""
        p = prepare(self.scenario, self.library, columns=[], routes=self._routes)
        marks = (".pk.C1", ".vein.C", ".brain.C", ".urine.A")
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
        """The molecule dosed first."""
        return self.scenario.doses[0].drug

    @property
    def dosed(self) -> float:
        """All doses together, nmol."""
        return sum(d.amount for d in self.scenario.doses)

    @property
    def dose_times(self) -> list[float]:
        """Times of the doses, min."""
        return [d.time for d in self.scenario.doses]

    @property
    def mean_input_time(self) -> float:
        """Mean time at which drug was given, min."""
        return sum(d.amount * (d.time + 0.5 * d.duration) for d in self.scenario.doses) / self.dosed

    @property
    def flow(self) -> float:
        """Urine flow, L/min."""
        return self.prepared.library.parameters["kidney.flow"].internal

    def blood_ratio(self, analyte: str) -> float:
        """Whole-blood over plasma concentration."""
        return self.prepared.library.parameters[f"{analyte}.pk.R_bp"].internal

    def urine(self, analyte: str) -> Array:
        """Amount collected in urine, nmol, over the result's times."""
        names = TOTAL_MORPHINE if analyte == "total_morphine" else (analyte,)
        found = [n for n in names if f"{n}.urine.A" in self.result.columns]
        if not found:
            raise NotSimulated(f"{analyte} does not arise in this arm")
        return np.asarray(sum(self.result[f"{n}.urine.A"][0] for n in found))

    def integral(self, rate: str) -> float:
        """Integral of a rate output over the run, nmol."""
        if rate not in self.result.columns:
            raise NotSimulated(f"there is no {rate} in this arm")
        return float(np.trapezoid(self.result[rate][0], self.result.t))


class Arms:
    """All arms of one study, plus the reference arms that quantities ask for."""

    def __init__(
        self, arms: Mapping[str, dict[str, Any]], library: Library, solver: str | None = None, routes: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self._routes = routes
        self._scenarios = {k: Scenario.from_dict(v, f"arms.{k}") for k, v in arms.items()}
        self._library, self._solver = library, solver
        self._arms: dict[str, Arm] = {}

    def __getitem__(self, name: str) -> Arm:
        if name not in self._arms:
            self._arms[name] = Arm(self._scenarios[name], self._library, self._solver, self._routes)
        return self._arms[name]

    def MW(self, analyte: str) -> float:
        """Molar mass, g/mol; total morphine reads as morphine."""
        return self._library.drug("morphine" if analyte == "total_morphine" else analyte).MW

    def weight(self, name: str) -> float:
        """Body weight of the arm's person, kg."""
        return float(self[name].scenario.covariates["weight"])

    def iv_of(self, analyte: str, name: str, eGFR: float | None = None) -> Arm:
        """An iv bolus of a molecule to the person of an arm (the arm itself if it is one)."""
        base = self._scenarios[name]
        if eGFR is None and len(base.doses) == 1 and self[name].drug == analyte and self[name].scenario.doses[0].route == "iv":
            return self[name]
        key = f"{name}/iv {analyte}/{eGFR}"
        if key not in self._scenarios:
            person = base.person if eGFR is None else msgspec.structs.replace(base.person, eGFR=f"{eGFR} mL/min/1.73m2")
            dose = Dose(drug=analyte, amount="10 umol", route="iv")
            self._scenarios[key] = Scenario(doses=[dose], observe=Observe(until="12 h"), person=person, variants=base.variants, set=base.set)
        return self[key]

    def add_iv_reference(self, name: str) -> str:
        """Name of an arm that gives the arm's drug as an iv bolus to the same person."""
        key = f"{name}/iv"
        if key not in self._scenarios:
            base = self._scenarios[name]
            dose = Dose(drug=base.doses[0].drug, amount="10 umol", route="iv")
            person: Person = base.person
            self._scenarios[key] = Scenario(doses=[dose], observe=Observe(until="12 h"), person=person, variants=base.variants, set=base.set)
        return key
