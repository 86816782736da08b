"""The adult body: blood, liver, kidney, forearm, brain and receptors for the molecules that a scenario needs.

Only wiring stands here. Equations are in `components`, numbers in `data`; `Binding` says which value fills which parameter.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from papaver.bodies.dependence import TREATMENTS as MEDICINES
from papaver.bodies.dependence import add_dependence
from papaver.bodies.physiology import TREATMENTS, add_physiology
from papaver.components.absorption import BiphasicAbsorption, DelayedAbsorption, FirstOrderAbsorption, Mouth, MucosalAbsorption, TwoStepAbsorption
from papaver.components.brain import BrainCompartment
from papaver.components.disposition import AutoInduction, FourCompartment, OneCompartment, Saturation, ThreeCompartment, TwoCompartment
from papaver.components.liver import WellStirredLiver
from papaver.components.oral_fluid import OralFluid
from papaver.components.receptor import CompetitiveBinding, OperationalActivation
from papaver.components.transit import Collected, Transit
from papaver.components.vein import ForearmVein
from papaver.core import System
from papaver.core.lower import Program, lower
from papaver.errors import DataError, ScenarioError, nearest
from papaver.evidence.check import MOUTH_SHARES
from papaver.evidence.load import Library
from papaver.evidence.schema import Drug, Route
from papaver.units import Unit

STRUCTURES = {
    "one_compartment": OneCompartment, "two_compartment": TwoCompartment, "three_compartment": ThreeCompartment,
    "four_compartment": FourCompartment,
}  # fmt: skip
ABSORPTION = {
    "first_order": FirstOrderAbsorption, "biphasic": BiphasicAbsorption, "two_step": TwoStepAbsorption, "mucosal": MucosalAbsorption,
    "delayed": DelayedAbsorption,
}  # fmt: skip
RECEPTORS = ("mop", "dop", "kop")
ENDOGENOUS = "endogenous"
VARIANTS: dict[str, tuple[str, ...]] = {"heroin": ("active", "prodrug"), "dependence": ("on", "off")}
"""Named, mutually exclusive variants; the first is the default."""


@dataclass(frozen=True)
class Binding:
    """Where a parameter of the system gets its value.

    `path`: a data value. `remainder`: one minus the values at these paths. Neither: `constant`.
    """

    path: str | None = None
    remainder: tuple[str, ...] = ()
    constant: float = 0.0


@dataclass(frozen=True)
class Body:
    """A wired system with its lowered program, the binding of every parameter, and the dose port of every drug and route.

    `treatments`: by name, the port of its level and the level's unit; empty in a body that does not breathe.
    """

    system: System
    program: Program
    bindings: Mapping[str, Binding]
    ports: Mapping[tuple[str, str], str]
    drugs: tuple[str, ...]
    variants: Mapping[str, str]
    treatments: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def data_paths(self) -> list[str]:
        """Paths of the data values that this body uses."""
        paths = {p for b in self.bindings.values() for p in ((b.path,) if b.path else b.remainder)}
        return sorted(paths)


def closure(library: Library, dosed: Iterable[str]) -> tuple[str, ...]:
    """The dosed molecules and everything they form, in order of formation."""
    out: list[str] = []
    todo = list(dosed)
    while todo:
        name = todo.pop(0)
        if name in out:
            continue
        out.append(name)
        drug = library.drugs[name]
        todo += [w.forms for w in drug.elimination.values() if w.forms]
        todo += [r.arrives_as for r in drug.routes.values() if r.arrives_as]
        todo += [drug.gut_wall_forms] if drug.gut_wall_forms else []
    return tuple(out)


def adult(library: Library, doses: Iterable[tuple[str, str]], variants: Mapping[str, str] | None = None, physiology: bool = False) -> Body:
    """Wire the adult body for some drugs by some routes.

    Args:
        library: the data.
        doses: (drug, route) pairs that will be dosed.
        variants: e.g. {"heroin": "prodrug"}.
        physiology: whether the body breathes; without it, drugs and receptors alone.

    Raises:
        ScenarioError: a route that the drug lacks, or an unknown variant.
    """
    chosen = check_variants(variants or {})
    return _adult(_Key(library), tuple(sorted(set(doses))), tuple(sorted(chosen.items())), physiology)


def check_variants(variants: Mapping[str, str]) -> dict[str, str]:
    """The full set of variants, defaults filled in.

    Raises:
        ScenarioError: an unknown variant or choice.
    """
    for name, choice in variants.items():
        if name not in VARIANTS:
            raise ScenarioError(f"variants: unknown variant {name!r}; {nearest(name, VARIANTS)}")
        if choice not in VARIANTS[name]:
            raise ScenarioError(f"variants.{name}: read {choice!r}; allowed are {', '.join(VARIANTS[name])}")
    return {k: variants.get(k, v[0]) for k, v in VARIANTS.items()}


class _Key:
    """A library as a cache key: bodies depend on its structure, not on values that a fit moves."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.library.hash == other.library.hash and set(self.library.parameters) == set(other.library.parameters)

    def __hash__(self) -> int:
        return hash(self.library.hash)


@functools.lru_cache(maxsize=64)
def _adult(key: _Key, doses: tuple[tuple[str, str], ...], variants: tuple[tuple[str, str], ...], physiology: bool) -> Body:
    library = key.library
    names = closure(library, [drug for drug, _ in doses])
    wiring = _Wiring(library, names, dict(variants))
    for name in names:
        wiring.disposition(library.drugs[name])
    for name in names:
        wiring.elimination(library.drugs[name])
    ports = {(drug, route): wiring.route(library.drugs[drug], route) for drug, route in doses}
    for receptor in RECEPTORS:
        wiring.receptor(receptor)
    if physiology:
        wiring.physiology()
    program = lower(wiring.system)
    bindings = {p: wiring.binding(p) for p in program.param_names}
    for name, unit in zip(program.param_names, program.flat.param_units, strict=True):
        _check_unit(library, name, unit, bindings[name])
    treatments = {**TREATMENTS, **(MEDICINES if wiring.dependent else {})} if physiology else {}
    return Body(wiring.system, program, bindings, ports, names, dict(variants), treatments)


def _check_unit(library: Library, name: str, unit: str, binding: Binding) -> None:
    for path in (binding.path,) if binding.path else binding.remainder:
        p = library.parameters[path]
        if Unit.parse(p.value.unit).dims != Unit.parse(unit).dims:
            raise DataError(f"{p.file}: {path}.unit: read {p.value.unit!r}; {name} needs {unit!r} or a unit of the same dimension")


class _Wiring:
    def __init__(self, library: Library, names: tuple[str, ...], variants: dict[str, str]) -> None:
        self.library, self.names, self.variants = library, names, variants
        self.system = System("adult")
        self.special: dict[str, Binding] = {}

    def has(self, path: str) -> bool:
        return path in self.library.parameters

    def binding(self, param: str) -> Binding:
        return self.special[param] if param in self.special else Binding(self.library.parameter(param).path)

    def bind(self, param: str, path: str) -> None:
        self.special[param] = Binding(path)

    def disposition(self, drug: Drug) -> None:
        s, n = self.system, drug.name
        pathways = list(drug.elimination)
        s.add(f"{n}.pk", STRUCTURES[drug.structure], pathway=pathways)
        for k, way in drug.elimination.items():
            if way.remainder:
                others = tuple(f"{n}.pk.fm_{j}" for j in pathways if j != k)
                self.special[f"{n}.pk.fm[{k}]"] = Binding(remainder=others) if others else Binding(constant=1.0)
            else:
                self.bind(f"{n}.pk.fm[{k}]", f"{n}.pk.fm_{k}")
            activity = f"enzymes.{way.enzyme}.activity" if way.enzyme else None
            self.special[f"{n}.pk.activity[{k}]"] = Binding(activity) if activity else Binding(constant=1.0)
            if way.saturable:
                at = f"{n}.saturation_{k}"
                s.add(at, Saturation)
                self.bind(f"{at}.Km", f"{n}.pk.Km_{k}")
                s.connect(f"{n}.pk.C1", f"{at}.C")
                s.connect(f"{at}.factor", f"{n}.pk.saturation[{k}]")
        induced = [k for k, w in drug.elimination.items() if w.induced]
        if induced:
            at = f"{n}.induction"
            s.add(at, AutoInduction)
            s.connect(f"{n}.pk.C1", f"{at}.C")
            for p in ("induction_max", "induction_EC50", "induction_tau"):
                self.bind(f"{at}.{p}", f"{n}.pk.{p}")
            for k in induced:
                s.connect(f"{at}.activity", f"{n}.pk.induction[{k}]")
        s.add(f"{n}.vein", ForearmVein)
        if not drug.vein:
            self.bind(f"{n}.vein.MTT", "circulation.MTT_vein")
            self.special[f"{n}.vein.E"] = Binding(constant=0.0)
        s.connect(f"{n}.pk.C1", f"{n}.vein.C_a")
        if drug.oral_fluid:
            s.add(f"{n}.oral_fluid", OralFluid)
            s.connect(f"{n}.vein.C", f"{n}.oral_fluid.C_v")
        s.add(f"{n}.brain", BrainCompartment)
        s.connect(f"{n}.pk.C1", f"{n}.brain.C_a")
        s.connect(f"{n}.brain.R_uptake", f"{n}.pk.R_loss")
        self.bind(f"{n}.vein.R_bp", f"{n}.pk.R_bp")
        self.bind(f"{n}.brain.fu", f"{n}.pk.fu")
        if not self.has(f"{n}.brain.k_hyd"):
            self.special[f"{n}.brain.k_hyd"] = Binding(constant=0.0)
        s.add(f"{n}.urine", Collected)
        s.add(f"{n}.other", Collected)
        if self.has(f"{n}.pk.MTT_formation"):
            s.add(f"{n}.formation", Transit)
            s.connect(f"{n}.formation.R_out", f"{n}.pk.R_in")
            self.bind(f"{n}.formation.MTT", f"{n}.pk.MTT_formation")
        liver = [k for k, w in drug.elimination.items() if w.site == "liver"]
        if liver:
            s.add(f"{n}.liver", WellStirredLiver, pathway=liver)
            s.connect(f"{n}.pk.CL", f"{n}.liver.CL")
            s.connect(f"{n}.liver.R_sys", f"{n}.pk.R_in")
            for k in liver:
                s.connect(f"{n}.pk.fm[{k}]", f"{n}.liver.fm[{k}]")
                s.connect(f"{n}.pk.activity_now[{k}]", f"{n}.liver.activity[{k}]")
                s.connect(f"{n}.liver.scale[{k}]", f"{n}.pk.scale[{k}]")
            self.bind(f"{n}.liver.Q_H", "circulation.Q_H")
            self.bind(f"{n}.liver.R_bp", f"{n}.pk.R_bp")
            self.bind(f"{n}.liver.perfused", "liver.perfused")

    def elimination(self, drug: Drug) -> None:
        s, n = self.system, drug.name
        for k, way in drug.elimination.items():
            if way.site == "kidney":
                target = f"{n}.urine.R_in"
            elif way.forms is None:
                target = f"{n}.other.R_in"
            elif way.into == "portal":
                target = f"{way.forms}.liver.R_po"
            else:
                target = f"{way.forms}.formation.R_in" if self.has(f"{way.forms}.pk.MTT_formation") else f"{way.forms}.pk.R_in"
            if self.has(f"{n}.pk.MTT_{k}"):
                s.add(f"{n}.{k}", Transit)
                self.bind(f"{n}.{k}.MTT", f"{n}.pk.MTT_{k}")
                s.connect(f"{n}.{k}.R_out", target)
                target = f"{n}.{k}.R_in"
            s.connect(f"{n}.pk.R_elim[{k}]", target)
            if way.site == "liver":
                s.connect(f"{n}.liver.R_met[{k}]", target)
        formed = next((w.forms for w in drug.elimination.values() if w.forms and w.site in ("tissue", "blood")), None)
        if formed is not None:
            s.connect(f"{n}.brain.R_hyd", f"{formed}.brain.R_formed")
        else:
            s.connect(f"{n}.brain.R_hyd", f"{n}.other.R_in")

    def route(self, drug: Drug, name: str) -> str:
        """Add what a route needs; returns its dose port."""
        if name not in drug.routes:
            raise ScenarioError(f"{drug.title} has no route {name!r}; it has {', '.join(drug.routes) or 'none'}")
        route = drug.routes[name]
        arriving = route.arrives_as or drug.name
        if route.model == "bolus":
            if route.into == "central":
                return f"{arriving}.pk.dose"
            self.lung(arriving)
            return f"{arriving}.lung.dose"
        at = f"{drug.name}.{name}"
        self.system.add(at, ABSORPTION[route.model])
        if not self.has(f"{at}.tlag"):
            self.special[f"{at}.tlag"] = Binding(constant=0.0)
        self.system.connect(f"{at}.R_out", self._entry(arriving, route))
        if route.model == "mucosal":
            self.system.connect(f"{at}.R_gut", f"{arriving}.liver.R_po")
        return f"{at}.dose"

    def _entry(self, arriving: str, route: Route) -> str:
        if route.into == "portal":
            return f"{arriving}.liver.R_po"
        if route.into == "central":
            return f"{arriving}.pk.R_in"
        if route.into == "mouth":
            self.mouth(arriving)
            return f"{arriving}.mouth.R_in"
        self.lung(arriving)
        return f"{arriving}.lung.R_in"

    def mouth(self, name: str) -> None:
        if f"{name}.mouth" in self.system.instances:
            return
        s, product = self.system, self.library.drugs[name].gut_wall_forms
        s.add(f"{name}.mouth", Mouth)
        self.special[f"{name}.mouth.share_lost"] = Binding(remainder=tuple(f"{name}.mouth.{p}" for p in MOUTH_SHARES))
        s.connect(f"{name}.mouth.R_out", f"{name}.pk.R_in")
        s.connect(f"{name}.mouth.R_gut", f"{name}.liver.R_po")
        past_wall = f"{product}.liver.R_po" if f"{product}.liver" in s.instances else f"{product}.pk.R_in"
        s.connect(f"{name}.mouth.R_product", past_wall if product else f"{name}.other.R_in")

    def lung(self, name: str) -> None:
        if f"{name}.lung" not in self.system.instances:
            self.system.add(f"{name}.lung", Transit)
            self.system.connect(f"{name}.lung.R_out", f"{name}.pk.R_in")
            self.bind(f"{name}.lung.MTT", "circulation.MTT_lung")

    def receptor(self, receptor: str) -> None:
        s = self.system
        ligands = [n for n in self.names if receptor in self.library.drugs[n].receptors and self._binds(n)]
        labels = [*ligands, ENDOGENOUS]
        s.add(receptor, CompetitiveBinding, ligand=labels)
        for n in ligands:
            s.connect(f"{n}.brain.C", f"{receptor}.C[{n}]")
        for n in labels:
            owner = f"receptors.{receptor}.{n}" if n == ENDOGENOUS else f"{n}.{receptor}"
            for p in ("Ki", "koff", "efficacy"):
                self.bind(f"{receptor}.{p}[{n}]", f"{owner}.{p}")
            self.special[f"{receptor}.C_rest[{n}]"] = Binding(f"{owner}.C_rest") if n == ENDOGENOUS else Binding(constant=0.0)
        effect = f"{receptor}.effect"
        s.add(effect, OperationalActivation, ligand=labels)
        s.connect(f"{receptor}.stimulus", f"{effect}.stimulus")
        for n in labels:
            s.connect(f"{receptor}.signal[{n}]", f"{effect}.signal[{n}]")
        self.bind(f"{effect}.KE", f"receptors.{receptor}.KE")
        self.bind(f"{effect}.gamma", f"receptors.{receptor}.gamma")

    def physiology(self) -> None:
        def fix(param: str, value: float) -> None:
            self.special[param] = Binding(constant=value)

        direct = [n for n in self.names if self.library.drugs[n].effects]
        releasing = [n for n in self.names if self.library.drugs[n].mast_cells]
        add_physiology(self.system, self.bind, fix, self.has, direct, releasing)
        if self.dependent:
            add_dependence(self.system, self.bind, fix, self.has, self.names)

    @property
    def dependent(self) -> bool:
        """Whether the body has what long use and withdrawal change."""
        return self.variants["dependence"] == "on"

    def _binds(self, name: str) -> bool:
        return not (name == "heroin" and self.variants["heroin"] == "prodrug")
