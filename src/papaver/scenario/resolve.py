"""From a scenario as written to numbers: nanomoles, minutes, covariates, output times. All bad input is refused here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from papaver.bodies.adult import check_variants
from papaver.core.rules import MAX_TIMES
from papaver.errors import PapaverError, ScenarioError, UnitError, nearest
from papaver.evidence.covariates import INTERACTIONS, LEVELS
from papaver.evidence.load import Library
from papaver.evidence.schema import Drug, Mixture
from papaver.scenario.changes import covariate_changes
from papaver.scenario.model import Detect, Dose, History, Person, Scenario, Stop
from papaver.scenario.rules import ResolvedRule, condition
from papaver.scenario.treatments import LevelChange, level_changes, treatment_rule
from papaver.units import Unit, convert, parse_quantity, to_internal

ROUTES = {
    "iv_bolus": "iv", "intravenous": "iv", "iv_infusion": "iv", "nasal": "intranasal", "smoked": "inhaled", "po": "oral", "subcutaneous": "sc",
    "intramuscular": "im", "pr": "rectal",
}  # fmt: skip
"""Other words for routes."""
MAX_DOSES = 200_000
MAX_BYTES = 4e9
MAX_MINUTES = 100 * 366 * 1440.0


@dataclass(frozen=True)
class ResolvedDose:
    """One dose in numbers: time and duration in min, amount in nmol."""

    drug: str
    route: str
    time: float
    amount: float
    duration: float
    text: str


@dataclass(frozen=True)
class ResolvedHistory:
    """Past use in numbers: nmol a dose of each molecule, min between doses, min of use, min since the last dose."""

    route: str
    amounts: Mapping[str, float]
    every: float
    duration: float
    stopped: float


CHRONIC_FROM, CHRONIC_UNTIL = 14 * 1440.0, 30 * 1440.0
"""Use from which on, and abstinence until which, a person is a chronic user to covariate models, min: assumed, as studies of users recruit. States of
tolerance and withdrawal go by the history itself."""

TOTAL_MORPHINE = ("morphine", "m3g", "m6g", "six_mam")
"""Molecules that read as morphine after hydrolysis of a sample."""


@dataclass(frozen=True)
class Window:
    """A detection window to report: cut-off in nmol/L, time between voids in min, and what to call it."""

    name: str
    molecules: tuple[str, ...]
    matrix: str
    cutoff: float
    voids: float

    @property
    def output(self) -> str:
        """The output of a molecule that the window is read from."""
        return {"urine": "urine.A", "oral_fluid": "oral_fluid.C"}.get(self.matrix, "vein.C")


@dataclass(frozen=True)
class ResolvedScenario:
    """A scenario in numbers.

    Attributes:
        covariates: of the person. assumed: those that the scenario left out; stated: those that it gives.
        doses: in order of time. t: output times, min.
        overrides: parameter path -> value in the unit of its data file. changes: (min, covariates from then on), in order.
        levels: changes of what helpers give, in order of time.
    """

    scenario: Scenario
    covariates: Mapping[str, float | str]
    assumed: tuple[str, ...]
    doses: tuple[ResolvedDose, ...]
    t: npt.NDArray[np.float64]
    variants: Mapping[str, str]
    overrides: Mapping[str, float]
    windows: tuple[Window, ...] = ()
    rules: tuple[ResolvedRule, ...] = ()
    changes: tuple[tuple[float, Mapping[str, float | str]], ...] = ()
    levels: tuple[LevelChange, ...] = ()
    history: ResolvedHistory | None = None

    @property
    def stated(self) -> frozenset[str]:
        """Names of the covariates that the scenario gives."""
        p = self.scenario.person
        return frozenset(
            n for n in self.covariates if getattr(p, n, None) is not None or ("_with" in n and n.removesuffix("_with") in p.interactions)
        )


def resolve(scenario: Scenario, library: Library) -> ResolvedScenario:
    """Check a scenario against the library and turn it into numbers.

    Raises:
        ScenarioError: names the field, what was read, what is allowed.
    """
    try:
        return _resolve(scenario, library)
    except ScenarioError:
        raise
    except PapaverError as e:
        raise ScenarioError(str(e)) from None


def _resolve(s: Scenario, library: Library) -> ResolvedScenario:
    if not s.doses and not s.treatments and s.person.history is None:
        raise ScenarioError("doses: the list is empty; give at least one dose, e.g. {drug: heroin, amount: 10 mg, route: iv}")
    if not 1 <= s.people <= 10_000_000:
        raise ScenarioError(f"people: read {s.people}; allowed are 1 to 10 000 000")
    if not 0 <= s.seed < 2**63:
        raise ScenarioError(f"seed: read {s.seed}; allowed are 0 to 2^63-1")
    hour, _, minute = s.start.partition(":")
    if not (hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
        raise ScenarioError(f"start: read {s.start!r}; write a time of day such as 08:00")
    covariates, assumed = _person(s.person, library)
    until = to_internal(s.observe.until, "min", where="observe.until", example="24 h")
    if not 0 < until <= MAX_MINUTES:
        raise ScenarioError(f"observe.until: read {s.observe.until!r}; it must be positive, and at most 100 year")
    weight = None if s.person.weight is None else float(covariates["weight"])
    doses = [r for k, dose in enumerate(s.doses) if dose.when is None for r in _dose(dose, f"doses[{k}]", library, weight, until)]
    rules = [r for k, dose in enumerate(s.doses) if dose.when is not None for r in _rules(dose, f"doses[{k}]", library, weight, until)]
    rules += [_stop(stop, f"observe.stop[{k}]") for k, stop in enumerate(s.observe.stop or [])]
    rules += [treatment_rule(x, f"treatments[{k}]", library, until) for k, x in enumerate(s.treatments) if x.when is not None]
    levels = level_changes([(f"treatments[{k}]", x) for k, x in enumerate(s.treatments) if x.when is None], library, until)
    doses.sort(key=lambda d: d.time)
    t = _grid(s, until, doses)
    overrides = {}
    for path, text in s.set.items():
        p = library.parameter(path)
        overrides[path] = _override(path, text, p.value.unit)
    windows = tuple(_window(w, f"observe.detect[{k}]", library) for k, w in enumerate(s.observe.detect or []))
    changes = covariate_changes(s.person, until, lambda p: _person(p, library)[0])
    history = None if s.person.history is None else _history(s.person.history, library, float(covariates["weight"]))
    if history is not None and (history.duration < CHRONIC_FROM or history.stopped > CHRONIC_UNTIL):
        covariates["history"] = "naive"
    return ResolvedScenario(
        s, covariates, assumed, tuple(doses), t, check_variants(s.variants), overrides, windows, tuple(rules), changes, levels, history
    )


LONG_STAY = 12 * 60.0
"""Half-life, min, from which a drug is usually taken once a day; others four times."""


def _history(h: History, library: Library, weight: float) -> ResolvedHistory:
    drug = _dosed(h.drug, "person.history.drug", library)
    value, unit = parse_quantity(h.dose, where="person.history.dose", example="150 mg/day")
    dims = dict(Unit.parse(unit).dims)
    if value <= 0 or dims.get("min") != -1:
        raise ScenarioError(f"person.history.dose: read {h.dose!r}; write an amount per time such as '150 mg/day'")
    route = ROUTES.get(h.route, h.route)
    if route not in library.routes(drug):
        raise ScenarioError(f"person.history.route: {drug.title} has no route {h.route!r}; it has {', '.join(library.routes(drug)) or 'none'}")
    if dims.get("kg") == -1:
        value, unit = value * weight, f"({unit})*kg"
    try:
        rate = convert(value, unit, "nmol/min", MW=drug.MW)
    except UnitError:
        raise ScenarioError(f"person.history.dose: read {h.dose!r}; write an amount per time such as '150 mg/day'") from None
    parts = drug.parts if isinstance(drug, Mixture) else {drug.name: 1.0}
    if h.every is None:
        first = library.drugs[next(iter(parts))]
        pk = {v: library.parameters.get(f"{first.name}.pk.{v}") for v in ("V1", "V2", "V3")}
        stay = math.log(2) * sum(p.internal for p in pk.values() if p) / library.parameters[f"{first.name}.pk.CL"].internal
        every = 1440.0 if stay >= LONG_STAY else 360.0
    else:
        every = to_internal(h.every, "min", where="person.history.every", example="6 h")
    duration = to_internal(h.duration, "min", where="person.history.for", example="2 year")
    stopped = 0.0 if h.stopped is None else to_internal(h.stopped, "min", where="person.history.stopped", example="2 week")
    for name, text, x, least in (("every", h.every, every, 1e-9), ("for", h.duration, duration, 1e-9), ("stopped", h.stopped, stopped, 0.0)):
        if not least <= x <= MAX_MINUTES:
            raise ScenarioError(f"person.history.{name}: read {text!r}; it must be {'positive' if least else '0 or more'}, and at most 100 year")
    return ResolvedHistory(route, {part: rate * every * share for part, share in parts.items()}, every, duration, stopped)


def _window(w: Detect, at: str, library: Library) -> Window:
    total = w.analyte.lower().replace(" ", "_") == "total_morphine"
    molecules = TOTAL_MORPHINE if total else library.analyte(w.analyte)
    if w.matrix == "oral_fluid":
        molecules = tuple(m for m in molecules if library.drugs[m].oral_fluid)
        if not molecules:
            known = ", ".join(d.title for d in library.drugs.values() if d.oral_fluid)
            raise ScenarioError(f"{at}.matrix: no ratio of oral fluid to plasma is known of {library.dosed(w.analyte).title}; it is of {known}")
    value, unit = parse_quantity(w.cutoff, where=f"{at}.cutoff", example="10 ng/mL")
    if value <= 0:
        raise ScenarioError(f"{at}.cutoff: read {w.cutoff!r}; a cut-off is positive")
    try:
        cutoff = convert(value, unit, "nmol/L", MW=library.drug(molecules[0]).MW)
    except UnitError:
        raise ScenarioError(f"{at}.cutoff: read {w.cutoff!r}; a concentration such as '10 ng/mL' is needed") from None
    voids = to_internal(w.voids, "min", where=f"{at}.voids", example="2 h")
    if voids < 1:
        raise ScenarioError(f"{at}.voids: read {w.voids!r}; at least 1 min")
    name = "total_morphine" if total else library.dosed(w.analyte).name
    return Window(f"{name}.{w.matrix}.detected_until[{w.cutoff}]", molecules, w.matrix, cutoff, voids)


def _override(path: str, text: str, unit: str) -> float:
    try:
        value, given = parse_quantity(text, where=f"set {path}", example=f"1.2 {unit}")
    except UnitError:
        if not Unit.parse(unit).is_dimensionless:
            raise
        try:
            value, given = float(text), "1"
        except ValueError:
            raise ScenarioError(f"set {path}: read {text!r}; a number is needed") from None
    try:
        value = convert(value, given, unit)
    except UnitError as e:
        raise ScenarioError(f"set {path}: {e}") from None
    if not math.isfinite(value) or value < 0:
        raise ScenarioError(f"set {path}: read {text!r}; a finite number that is not negative is needed")
    return value


def _person(p: Person, library: Library) -> tuple[dict[str, float | str], tuple[str, ...]]:
    assumed: list[str] = []

    def default(path: str) -> float:
        return library.parameter(f"person.{path}").value.value

    def number(name: str, unit: str, low: float, high: float, example: str) -> float | None:
        text = getattr(p, name)
        if text is None:
            return None
        value, given = parse_quantity(text, where=f"person.{name}", example=example)
        try:
            x = convert(value, given, unit)
        except UnitError:
            try:
                # "90 mL/min" is how most people write a filtration rate per 1.73 m2
                x = convert(value, given + "/1.73m2", unit) if name == "eGFR" else math.nan
            except UnitError:
                x = math.nan
            if math.isnan(x):
                raise ScenarioError(f"person.{name}: read {text!r}; a quantity such as {example!r} is needed") from None
        if not low <= x <= high:
            raise ScenarioError(f"person.{name}: read {text!r}; allowed are {low:g} to {high:g} {unit} (an adult body)")
        return x

    def level(name: str, value: str | None, first: str) -> str:
        if value is None:
            return first
        if value not in LEVELS[name]:
            raise ScenarioError(f"person.{name}: read {value!r}; allowed are {', '.join(LEVELS[name])}; {nearest(value, LEVELS[name])}")
        return value

    sex = level("sex", p.sex, "male")
    age = number("age", "year", 18, 110, "34 year")
    weight = number("weight", "kg", 30, 300, "70 kg")
    eGFR = number("eGFR", "mL/min/1.73m2", 1, 200, "90 mL/min/1.73m2")
    AAG = number("AAG", "g/L", 0.1, 5, "0.8 g/L")
    altitude = number("altitude", "m", 0, 4500, "1300 m")
    if p.pregnant:
        raise ScenarioError("person.pregnant: pregnancy is not modelled: kinetics change with it and nothing here was judged on it; leave it out")
    if p.urine_pH is not None and not 4 <= p.urine_pH <= 9:
        raise ScenarioError(f"person.urine_pH: read {p.urine_pH:g}; allowed are 4 to 9")
    for name, value in (("sex", p.sex), ("age", age), ("weight", weight), ("eGFR", eGFR), ("liver", p.liver)):
        if value is None:
            assumed.append(name)
    age = default("age") if age is None else age
    if eGFR is None:
        eGFR = max(default("eGFR_least"), default("eGFR") - default("eGFR_loss") * max(0.0, age - default("eGFR_loss_from")))
    covariates: dict[str, float | str] = {
        "sex": sex,
        "age": age,
        "weight": default(f"weight.{sex}") if weight is None else weight,
        "eGFR": eGFR,
        "liver": level("liver", p.liver, "normal"),
        "history": "naive" if p.history is None else "chronic",
        "urine_pH": default("urine_pH") if p.urine_pH is None else p.urine_pH,
        "AAG": default("AAG") if AAG is None else AAG,
        "altitude": 0.0 if altitude is None else altitude,
    }
    for name in ("CYP2D6", "CYP2C19", "CYP2B6", "UGT2B7", "OPRM1", "meal", "alcohol_use", "position", "heart_disease"):
        covariates[name] = level(name, getattr(p, name), LEVELS[name][0])
    for name in p.interactions:
        if name not in INTERACTIONS:
            raise ScenarioError(f"person.interactions: nothing is known of {name!r}; {nearest(name, INTERACTIONS)}")
    for name in INTERACTIONS:
        covariates[f"{name}_with"] = level(f"{name}_with", p.interactions.get(name), "none")
    return covariates, tuple(assumed)


def _dosed(name: str, where: str, library: Library) -> Drug | Mixture:
    try:
        return library.dosed(name)
    except PapaverError as e:
        raise ScenarioError(f"{where}: {e}") from None


def _dose(d: Dose, at: str, library: Library, weight: float | None, until: float) -> list[ResolvedDose]:
    drug = _dosed(d.drug, f"{at}.drug", library)
    what = d
    d = unpacked(d, drug, at)
    route, routes = str(d.route), library.routes(drug)
    if route not in routes:
        raise ScenarioError(f"{at}.route: {drug.title} has no route {d.route!r}; it has {', '.join(routes) or 'none'}")
    start = to_internal(d.at, "min", where=f"{at}.at", example="5 min")
    if start < 0:
        raise ScenarioError(f"{at}.at: read {d.at!r}; the run starts at 0 min")
    if start > until:
        raise ScenarioError(f"{at}.at: read {d.at!r}, after the end of the run (observe.until is {until:g} min); move the dose or watch longer")
    if not 0 < d.purity <= 1:
        raise ScenarioError(f"{at}.purity: read {d.purity:g}; allowed are 0 to 1")
    amount = _amount(d, drug, at, weight)
    duration = 0.0 if d.over is None else to_internal(d.over, "min", where=f"{at}.over", example="15 min")
    if d.over is not None and not start + duration > start:
        raise ScenarioError(f"{at}.over: read {d.over!r}; an infusion lasts a positive time; leave it out for a dose at once")
    if what.route == "iv_infusion" and duration == 0:
        raise ScenarioError(f"{at}.over: an infusion needs its duration, e.g. over: 15 min")
    times = [start]
    if d.every is not None:
        step = to_internal(d.every, "min", where=f"{at}.every", example="6 h")
        if step <= 0:
            raise ScenarioError(f"{at}.every: read {d.every!r}; it must be positive")
        if d.times is not None and d.times < 1:
            raise ScenarioError(f"{at}.times: read {d.times}; at least 1 dose")
        n = d.times if d.times is not None else int(min((until - start) / step, 1e9)) + 1
        if n > MAX_DOSES:
            raise ScenarioError(f"{at}: {n} doses are too many (at most {MAX_DOSES}); lengthen every: or set times:")
        times = [start + k * step for k in range(n) if start + k * step <= until]
    how = what.route if what.product is None else f"{what.product} ({d.route})"
    text = f"{drug.title} {d.amount}" + (f" ({d.salt})" if d.salt else "") + f", {how}"
    parts = drug.parts if isinstance(drug, Mixture) else {drug.name: 1.0}
    return [ResolvedDose(part, route, x, amount * share, duration, text) for x in times for part, share in parts.items()]


def unpacked(d: Dose, drug: Drug | Mixture, at: str) -> Dose:
    """A dose with what its product brings written out, and the route by its name here.

    Raises:
        ScenarioError: no such product, or something given twice.
    """
    if d.product is None:
        return msgspec.structs.replace(d, route=ROUTES.get(str(d.route), str(d.route)))

    def plain(name: str) -> str:
        return "".join(c for c in name.lower() if c.isalnum() or c == ".")

    if not drug.products:
        raise ScenarioError(f"{at}.product: {drug.title} has no products here; give amount and route")
    found = next((p for key, p in drug.products.items() if plain(d.product) in (plain(key), plain(p.title))), None)
    if found is None:
        known = ", ".join(p.title for p in drug.products.values())
        raise ScenarioError(f"{at}.product: {drug.title} has no product {d.product!r}; it has {known}")
    for key in ("route", "salt", "over"):
        if getattr(d, key) is not None and getattr(found, key) is not None:
            raise ScenarioError(f"{at}.{key}: the product {found.title!r} brings its own ({getattr(found, key)}); leave it out")
    if found.amount is None and d.amount is None:
        raise ScenarioError(f"{at}.amount: the product {found.title!r} comes in any dose; give the amount")
    if found.amount is not None and d.amount is not None:
        raise ScenarioError(f"{at}.amount: one {found.title!r} holds {found.amount}; leave the amount out, or give several doses")
    changes = {key: getattr(found, key) for key in ("route", "salt", "over", "amount") if getattr(found, key) is not None}
    return msgspec.structs.replace(d, product=None, **changes)


def _rules(d: Dose, at: str, library: Library, weight: float | None, until: float) -> list[ResolvedRule]:
    """A dose that a condition triggers: one rule a molecule."""
    given = _dose(msgspec.structs.replace(d, every=None, times=None, when=None), at, library, weight, until)
    every = 0.0 if d.every is None else to_internal(d.every, "min", where=f"{at}.every", example="3 min")
    times = 1 if d.times is None else d.times
    if not 1 <= times <= MAX_TIMES:
        raise ScenarioError(f"{at}.times: read {times}; allowed are 1 to {MAX_TIMES}")
    hold, after = _delay(d.hold, f"{at}.for"), _delay(d.after, f"{at}.after")
    if d.every is not None and every <= 0:
        raise ScenarioError(f"{at}.every: read {d.every!r}; it must be positive")
    when = condition(str(d.when), f"{at}.when")
    return [ResolvedRule(when, hold, after, x.time, times, every, x.drug, x.route, x.amount, x.duration, x.text) for x in given]


def _stop(s: Stop, at: str) -> ResolvedRule:
    return ResolvedRule(condition(s.when, f"{at}.when"), _delay(s.hold, f"{at}.for"), 0.0, _delay(s.at, f"{at}.at"), 1, 0.0, text="stop")


def _delay(text: str | None, where: str) -> float:
    value = 0.0 if text is None else to_internal(text, "min", where=where, example="60 s")
    if value < 0:
        raise ScenarioError(f"{where}: read {text!r}; a delay is not negative")
    return value


def _amount(d: Dose, drug: Drug | Mixture, at: str, weight: float | None) -> float:
    """Dose in nmol of the molecule."""
    value, unit = parse_quantity(d.amount or "", where=f"{at}.amount", example="10 mg")
    if value <= 0:
        raise ScenarioError(f"{at}.amount: read {d.amount!r}; a dose is positive")
    MW = drug.MW
    if d.salt is not None:
        if d.salt not in drug.salts:
            raise ScenarioError(f"{at}.salt: {drug.title} has no salt {d.salt!r}; {nearest(d.salt, drug.salts)}, or leave it out for base")
        MW = drug.salts[d.salt].MW
    dims = dict(Unit.parse(unit).dims)
    if dims.get("kg") == -1:
        if weight is None:
            raise ScenarioError(f"{at}.amount: read {d.amount!r}, but the person's weight is missing; add person: {{weight: 70 kg}}")
        value, unit = value * weight, f"({unit})*kg"
    if dims == {"kg": 1}:
        raise ScenarioError(f"{at}.amount: read {d.amount!r}; kg stands for body weight ('0.1 mg/kg'), and no dose is that large: write g, mg or ug")
    try:
        amount = convert(value, unit, "nmol", MW=MW)
    except UnitError:
        raise ScenarioError(f"{at}.amount: read {d.amount!r}; a mass or an amount of substance is needed, e.g. '10 mg', '30 umol'") from None
    if amount * MW * 1e-6 > 100_000:
        raise ScenarioError(f"{at}.amount: read {d.amount!r}; more than 100 g is no dose, check the unit")
    return amount * d.purity


def _grid(s: Scenario, until: float, doses: list[ResolvedDose]) -> npt.NDArray[np.float64]:
    if s.observe.every is not None:
        every = to_internal(s.observe.every, "min", where="observe.every", example="10 s")
        if every <= 0:
            raise ScenarioError(f"observe.every: read {s.observe.every!r}; it must be positive")
        if every > until:
            raise ScenarioError(f"observe.every: read {s.observe.every!r}, longer than the run (until {s.observe.until}); write down more often")
        n = until / every
        # what many people take is for the cohort to judge: it may keep outcomes alone
        if n * 8 * 40 > MAX_BYTES:
            raise ScenarioError(
                f"observe.every: {n:.3g} times are about {n * 320 / 1e9:.3g} GB for one person (at most {MAX_BYTES / 1e9:.0f}); write down less often"
            )
        t = (np.arange(int(np.floor(n + 1e-9)) + 1) * every).astype(np.float64)
        return t if t[-1] >= until - 1e-9 else np.append(t, until)
    # no rate given: even spacing, and closer together in the minutes after each of the first doses
    parts = [np.linspace(0.0, until, 361)]
    after = np.concatenate([np.arange(0, 10, 0.25), np.arange(10, 61, 1.0)])
    parts += [d.time + after for d in doses[:20]]
    t = np.unique(np.round(np.concatenate(parts), 9)).astype(np.float64)
    t = t[t <= until]
    return t
