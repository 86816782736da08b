"""Shared by all tests: hypothesis profile, kernel cache, one small made-up system and the heroin-iv body.

Numba compiles each body structure for about 20 s, so the whole suite uses two: `small` and `heroin_iv`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, settings

from papaver.components.absorption import FirstOrderAbsorption
from papaver.components.disposition import TwoCompartment
from papaver.components.receptor import CompetitiveBinding, OperationalActivation
from papaver.components.vein import ForearmVein
from papaver.core import Component, Param, State, System, d
from papaver.core.lower import Program, lower
from papaver.core.solve import DoseEvent, Solution, Solver
from papaver.core.system import FlatSystem
from papaver.evidence.load import DATA, Library, find_file, load_library
from papaver.scenario import Dose, Observe, Person, Scenario
from papaver.simulate import Prepared, prepare

Array = npt.NDArray[np.float64]

settings.register_profile("papaver", deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("papaver")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than about 10 s (a kernel compile, a cohort)")
    if "PAPAVER_CACHE" not in os.environ and getattr(config, "cache", None) is not None:
        os.environ["PAPAVER_CACHE"] = str(config.cache.mkdir("papaver"))


class Runaway(Component):
    """Blows up at t = 1/(k*x0) when k > 0; at rest when k = 0. Lets the small system fail on demand."""

    k = Param("1/min", "rate")
    x = State("1", "runs away", init=1)
    equations = [d(x) == k * x**2]


SMALL_VALUES = {
    "drug.pk.CL": 1.3, "drug.pk.fm[liver]": 0.6, "drug.pk.fm[kidney]": 0.4, "drug.pk.activity[liver]": 1.0,
    "drug.pk.activity[kidney]": 0.7, "drug.pk.V1": 11.0, "drug.pk.Q": 0.8, "drug.pk.V2": 27.0,
    "drug.depot.F": 0.6, "drug.depot.ka": 0.07, "drug.depot.tlag": 3.0,
    "drug.vein.MTT": 1.5, "drug.vein.E": 0.1, "drug.vein.R_bp": 1.1,
    "mop.Ki[drug]": 8.0, "mop.Ki[own]": 1.0, "mop.koff[drug]": 0.5, "mop.koff[own]": 1.0, "mop.efficacy[drug]": 0.4,
    "mop.efficacy[own]": 1.0, "mop.C_rest[drug]": 0.0, "mop.C_rest[own]": 0.05,
    "effect.KE": 0.3, "effect.gamma": 1.5, "runaway.k": 0.0,
}  # fmt: skip
"""Made-up values: no test that uses them moves when the product's data move."""


@dataclass(frozen=True)
class Small:
    """A made-up drug: depot, two compartments, forearm vein, one receptor, and a state that can be made to blow up."""

    flat: FlatSystem
    program: Program
    solver: Solver

    def P(self, n: int = 1, **changes: float | Array) -> Array:
        """Parameters of n people; `changes` by path with dots written as two underscores."""
        values = {**SMALL_VALUES, **{k.replace("__", "."): v for k, v in changes.items()}}
        out = np.empty((n, len(self.program.param_names)))
        for k, name in enumerate(self.program.param_names):
            out[:, k] = values[name]
        return out

    def outputs(self, names: list[str], solution: Solution, P: Array) -> Array:
        return self.solver.plain.outputs(names, solution.Y, P)


@pytest.fixture(scope="session")
def small() -> Small:
    s = System("small")
    s.add("drug.pk", TwoCompartment, pathway=["liver", "kidney"])
    s.add("drug.depot", FirstOrderAbsorption)
    s.add("drug.vein", ForearmVein)
    s.add("mop", CompetitiveBinding, ligand=["drug", "own"])
    s.add("effect", OperationalActivation, ligand=["drug", "own"])
    s.add("runaway", Runaway)
    s.connect("drug.depot.R_out", "drug.pk.R_in")
    s.connect("drug.pk.C1", "drug.vein.C_a")
    s.connect("drug.pk.C1", "mop.C[drug]")
    s.connect("mop.stimulus", "effect.stimulus")
    for ligand in ("drug", "own"):
        s.connect(f"mop.signal[{ligand}]", f"effect.signal[{ligand}]")
    flat = s.seal()
    program = lower(flat)
    return Small(flat, program, Solver(program))


@pytest.fixture(scope="session")
def small_doses() -> list[DoseEvent]:
    """A bolus, a depot dose and an infusion, two of them at the same minute."""
    return [DoseEvent(0.0, "drug.pk.dose", 900.0), DoseEvent(20.0, "drug.depot.dose", 700.0), DoseEvent(20.0, "drug.pk.dose", 400.0, 15.0)]


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def heroin_iv(library: Library) -> Prepared:
    """The shipped heroin-iv scenario, prepared: kinetics and receptors."""
    return prepare(Scenario.from_file(find_file("heroin-iv", "scenarios")), library, physiology=False)


@pytest.fixture
def make_scenario() -> Callable[..., Scenario]:
    """A valid scenario with some fields of its dose, person, observation or top level replaced."""

    def make(
        dose: dict[str, object] | None = None, person: dict[str, object] | None = None, observe: dict[str, object] | None = None, **top: object
    ) -> Scenario:
        return Scenario(
            doses=[Dose(**{"drug": "heroin", "amount": "10 mg", "route": "iv", **(dose or {})})],
            person=Person(**{"weight": "70 kg", **(person or {})}),
            observe=Observe(**{"until": "2 h", **(observe or {})}),
            **top,
        )

    return make


@dataclass(frozen=True)
class DataFolder:
    """A copy of the shipped data in which a test breaks one thing."""

    path: Path

    def replace(self, file: str, old: str, new: str) -> Path:
        """Replace one text in one file; fails if it does not stand there exactly once, so that a test cannot break nothing."""
        target = self.path / file
        text = target.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
        target.write_text(text.replace(old, new), encoding="utf-8")
        return target

    def edit(self, file: str, change: Callable[[dict], None]) -> Path:
        """Change a file as plain data."""
        import yaml

        from papaver.evidence.yamlfile import read_yaml

        target = self.path / file
        data = read_yaml(target)
        change(data)
        target.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return target

    def load(self) -> Library:
        return load_library.__wrapped__()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A private copy of the data that `load()` reads in place of the shipped one."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder, ignore=shutil.ignore_patterns("calibration"))  # a fit that names a value may not hide what a test breaks
    monkeypatch.setattr("papaver.evidence.load.DATA", folder)
    return DataFolder(folder)
