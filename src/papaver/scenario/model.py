"""Scenario, person, doses and observation as written: quantities stay text with their unit until they are resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from papaver.errors import ScenarioError
from papaver.evidence.schema import convert
from papaver.evidence.yamlfile import read_yaml

Quantity = str
"""A number with its unit, e.g. "10 mg"."""


class History(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Past use: {drug: heroin, dose: 150 mg/day, route: iv, for: 2 year}.

    Attributes:
        every: time between doses; default by how long the drug stays. stopped: time since the last dose, for a person who has stopped.
    """

    drug: str
    dose: Quantity
    route: str = "iv"
    duration: Quantity = msgspec.field(default="1 year", name="for")
    every: Quantity | None = None
    stopped: Quantity | None = None


class Change(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """Covariates that are others from a time on: {at: 24 h, eGFR: 30 mL/min}; what is left out stays as it was."""

    at: Quantity
    weight: Quantity | None = None
    eGFR: Quantity | None = None
    liver: str | None = None
    urine_pH: float | None = None
    AAG: Quantity | None = None
    meal: str | None = None
    alcohol_use: str | None = None
    interactions: dict[str, str] | None = None


class Person(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One person. What is left out is taken from data/physiology/person.yaml and marked so in the report.

    Attributes:
        CYP2D6, CYP2C19: phenotypes (poor, intermediate, normal, ultrarapid). CYP2B6, UGT2B7: star alleles ("*1/*6"). OPRM1: A118G (AA, AG, GG).
        AAG: alpha-1 acid glycoprotein, "0.8 g/L". meal: fasted or fed at the doses. alcohol_use: habit (none, moderate, heavy).
        interactions: inhibitors or inducers taken along by strength class, {CYP3A4: strong_inhibitor}; or {alcohol: 40_percent}, drunk with the dose.
        position: back or side, of a person who is not awake: on the side the airway stays open. heart_disease: none or known.
        altitude: where the person lives and breathes, "1300 m".
        pregnant: refused; the body is that of an adult who is not.
        changes: covariates that are others from a time on.
    """

    age: Quantity | None = None
    sex: str | None = None
    weight: Quantity | None = None
    eGFR: Quantity | None = None
    liver: str | None = None
    history: History | None = None
    CYP2D6: str | None = None
    CYP2C19: str | None = None
    CYP2B6: str | None = None
    UGT2B7: str | None = None
    OPRM1: str | None = None
    urine_pH: float | None = None
    AAG: Quantity | None = None
    meal: str | None = None
    alcohol_use: str | None = None
    position: str | None = None
    heart_disease: str | None = None
    altitude: Quantity | None = None
    pregnant: bool = False
    interactions: dict[str, str] = {}
    changes: list[Change] | None = None


class Dose(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A dose, or a series of them.

    Attributes:
        product: a dosage form of the drug by name ("nasal 4 mg"); it brings route, salt and, where one unit holds a fixed dose, the amount.
        amount: mass or amount of substance, "10 mg", "48.5 umol", or per body weight, "0.1 mg/kg".
        salt: name of the salt that the mass refers to; without it the mass is base. purity: fraction of the mass that is drug.
        over: duration of an infusion. every, times: repeats (times counts all doses).
        when: a condition on an output ("heroin.vein.C < 20 nmol/L", "breathing.VE < 40 % of baseline"); the dose is given when it has held
            for `for`, `after` a delay, from `at` on, at most `times` times and not more often than `every`.
    """

    drug: str
    amount: Quantity | None = None
    route: str | None = None
    product: str | None = None
    at: Quantity = "0 min"
    salt: str | None = None
    purity: float = 1.0
    over: Quantity | None = None
    every: Quantity | None = None
    times: int | None = None
    when: str | None = None
    hold: Quantity | None = msgspec.field(default=None, name="for")
    after: Quantity | None = None


class Treatment(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """What helpers do beside drugs: {give: oxygen, level: 60 %, at: 5 min, over: 20 min}.

    Attributes:
        give: oxygen (inspired fraction), ventilation (by bag and mask or machine, L/min), airway (how far it is held open), obstruction (how far it
            is closed), carbon_dioxide (inspired, mmHg), end_tidal_CO2 (held by the experimenter, mmHg).
        over: how long; without it to the end, or until the next level of the same treatment.
        when: a condition; then it stands from `after` the condition has held for `for` to the end.
    """

    give: str
    level: Quantity = "100 %"
    at: Quantity = "0 min"
    over: Quantity | None = None
    when: str | None = None
    hold: Quantity | None = msgspec.field(default=None, name="for")
    after: Quantity | None = None


class Stop(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Ends a person's run when a condition holds: {when: heart.arrest > 0.5, for: 1 min}."""

    when: str
    hold: Quantity | None = msgspec.field(default=None, name="for")
    at: Quantity = "0 min"


class Detect(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A detection window to report: {analyte: 6-MAM, matrix: urine, cutoff: 10 ng/mL}.

    `analyte` is a molecule, or total_morphine (what reads as morphine after hydrolysis). Urine is taken as voids every `voids`. In oral fluid a
    window opens and closes as in blood: what a dose leaves in the mouth is not counted.
    """

    analyte: str
    cutoff: Quantity
    matrix: Literal["plasma", "blood", "urine", "oral_fluid"] = "plasma"
    voids: Quantity = "2 h"


class Observe(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How long to watch, how often to write down, and which outputs (names or groups; default: all concentrations and receptors).

    `stop` lists conditions that end a person's run; what lies after is empty. `detect` lists detection windows to report; default: every
    molecule at 1 ng/mL in plasma and 10 ng/mL in urine.
    """

    until: Quantity
    every: Quantity | None = None
    show: list[str] | None = None
    detect: list[Detect] | None = None
    stop: list[Stop] | None = None


class TrialArm(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """What one arm of a trial adds to the common doses and treatments, and where its people differ (fields of `person`)."""

    doses: list[Dose] = []
    treatments: list[Treatment] = []
    person: dict[str, Any] = {}


class Scenario(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A whole run. With `arms` a trial: each arm on the same people.

    Example:
        >>> from papaver import Dose, Observe, Scenario
        >>> s = Scenario(title="ten milligrams", doses=[Dose(drug="heroin", amount="10 mg", route="iv")], observe=Observe(until="3 h"))
    """

    doses: list[Dose]
    observe: Observe
    treatments: list[Treatment] = []
    arms: dict[str, TrialArm] = {}
    title: str = "untitled"
    start: str = "08:00"
    person: Person = Person()
    people: int = 1
    seed: int = 1
    variants: dict[str, str] = {}
    set: dict[str, Quantity] = {}

    @staticmethod
    def from_dict(raw: Any, where: str = "scenario") -> Scenario:
        """Check a plain mapping against the schema.

        Raises:
            ScenarioError: names the field, what was read and what is allowed.
        """
        if not isinstance(raw, dict):
            raise ScenarioError(f"{where}: read {type(raw).__name__}; a scenario is a mapping with doses: and observe:")
        doses = raw.get("doses")
        for k, dose in enumerate(doses if isinstance(doses, list) else []):
            if isinstance(dose, dict):
                for key in ("amount", "route"):
                    if "product" not in dose and dose.get(key) is None:
                        raise ScenarioError(f"{where}: doses[{k}]: the field {key!r} is missing (or name a product:)")
                for key in ("for", "after"):
                    if key in dose and "when" not in dose:
                        raise ScenarioError(f"{where}: doses[{k}].{key}: belongs to a rule; give the condition too (when:)")
                if "times" in dose and "every" not in dose and "when" not in dose:
                    raise ScenarioError(f"{where}: doses[{k}].times: needs every: (the time between doses)")
        return convert(_unit_texts(raw, where), Scenario, where, ScenarioError)

    @staticmethod
    def from_file(path: Path | str) -> Scenario:
        """Read a scenario file (YAML).

        Raises:
            ScenarioError: unreadable or not a scenario.
        """
        return Scenario.from_dict(read_yaml(path, ScenarioError), str(path))

    def arm(self, name: str) -> Scenario:
        """One arm of a trial as a scenario of its own: the common doses and treatments, and the arm's.

        Raises:
            ScenarioError: there is no such arm, or it changes a field that a person does not have.
        """
        if name not in self.arms:
            raise ScenarioError(f"arms: there is no arm {name!r}; there are {', '.join(self.arms) or 'none'}")
        a = self.arms[name]
        raw = _strip(msgspec.to_builtins(msgspec.structs.replace(self, arms={})), msgspec.to_builtins(_EMPTY))
        raw["title"] = f"{self.title}: {name}"
        raw["doses"] = [*raw.get("doses", []), *msgspec.to_builtins(a)["doses"]] if a.doses else raw.get("doses", [])
        if a.treatments:
            raw["treatments"] = [*raw.get("treatments", []), *msgspec.to_builtins(a)["treatments"]]
        if a.person:
            raw["person"] = {**raw.get("person", {}), **a.person}
        return Scenario.from_dict(raw, f"arms.{name}")

    def to_dict(self) -> dict[str, Any]:
        """As plain data, defaults left out; `from_dict` reads it back."""
        return _strip(msgspec.to_builtins(self), msgspec.to_builtins(_EMPTY))


_EMPTY = Scenario(doses=[], observe=Observe(until=""))


def _strip(x: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for k, v in x.items():
        if k in ("doses",):
            out[k] = [{a: b for a, b in d.items() if b is not None and not (a == "purity" and b == 1.0)} for d in v]
        elif v == default.get(k):
            continue
        elif k == "arms":
            out[k] = {name: _without_none(arm) for name, arm in v.items()}
        elif isinstance(v, dict):
            inner = {a: b for a, b in v.items() if b is not None and b is not False and b != {}}
            if inner:
                out[k] = inner
        elif v is not None:
            out[k] = v
    return out


def _without_none(x: Any) -> Any:
    if isinstance(x, dict):
        return {k: _without_none(v) for k, v in x.items() if v is not None and not (k == "purity" and v == 1.0)}
    return [_without_none(v) for v in x] if isinstance(x, list) else x


_TEXT_FIELDS = {
    "AAG", "level", "stopped", "after", "cutoff", "voids", "amount", "at", "over", "every", "until", "age", "weight", "eGFR", "dose", "for"
}  # fmt: skip


def _unit_texts(x: Any, where: str, key: str = "", place: str = "") -> Any:
    """A bare number where a quantity belongs is a missing unit: say so, rather than 'expected str'."""
    if isinstance(x, dict):
        return {k: _unit_texts(v, where, k, f"{place}.{k}".lstrip(".")) for k, v in x.items()}
    if isinstance(x, list):
        return [_unit_texts(v, where, key, f"{place}[{i}]") for i, v in enumerate(x)]
    if key in _TEXT_FIELDS and isinstance(x, int | float) and not isinstance(x, bool):
        raise ScenarioError(f"{where}: {place}: the unit is missing (read {x!r}); write for example {_EXAMPLE.get(key, '10 min')!r}")
    return x


_EXAMPLE = {
    "cutoff": "10 ng/mL",
    "level": "60 %",
    "amount": "10 mg",
    "dose": "150 mg/day",
    "age": "34 year",
    "weight": "70 kg",
    "eGFR": "90 mL/min/1.73m2",
    "for": "2 year",
    "AAG": "0.8 g/L",
}
