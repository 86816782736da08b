"""What a data set is simulated with: a standard model in the data set's own units, or the body with the units declared."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from papaver.bodies.values import parameter_matrix
from papaver.components.standard import STANDARD, Standard
from papaver.core import System
from papaver.core.lower import Program, lower
from papaver.core.solve import Solver, absolute_tolerance
from papaver.errors import DataError, PapaverError, ScenarioError, nearest
from papaver.evidence.load import Library, load_library
from papaver.interop.table import MISSING, RESET, RESET_DOSE, Array, Records
from papaver.scenario import Dose, Observe, Person, Scenario
from papaver.simulate import prepare
from papaver.units import Unit, convert

BODY = "adult"
COVARIATES = {"WT": ("weight", "kg"), "AGE": ("age", "year"), "EGFR": ("eGFR", "mL/min/1.73m2"), "SEX": ("sex", "")}
"""Columns that describe a person of the body: the field of a scenario's person, and the unit in which the column is read."""

Columns = dict[str, Array]


@dataclass
class Model:
    """A program with everything that a data set says about it.

    Attributes:
        P: distinct parameter vectors. row: which of them each record has.
        ports: compartment -> dose port. cmt: compartment of each record, a dose's default filled in.
        modelled: "R1", "D1", ... -> value by record, in the data set's units, NaN where there is none.
        time: internal time per unit of the data set's. amount: internal amount per unit, by record.
        linear: amounts may be scaled (no state enters nonlinearly), so that tolerances follow each person's doses.
        predict: states of every record (records, n) -> columns.
    """

    name: str
    solver: Solver
    P: Array
    row: npt.NDArray[np.int64]
    ports: Mapping[int, str]
    cmt: npt.NDArray[np.int64]
    predict: Callable[[Array], Columns]
    units: dict[str, str]
    modelled: dict[str, Array] = field(default_factory=dict)
    time: float = 1.0
    amount: Array | float = 1.0
    linear: bool = True

    @property
    def program(self) -> Program:
        """The lowered equations."""
        return self.solver.program

    def atol(self, rtol: float) -> Array:
        """Absolute tolerance by state; amounts of a linear model are in units of the person's largest dose."""
        if self.linear:
            return np.full(self.program.n, 1e-4 * rtol)
        return absolute_tolerance(self.program, rtol)


def build(
    r: Records, model: str, parameters: Mapping[str, float | str], units: Mapping[str, str], cmt: Mapping[str, str], library: Library | None = None
) -> Model:
    """The model of a data set.

    Args:
        parameters: values by name; `units` and `cmt`: see `papaver.interop.simulate`.

    Raises:
        DataError: an unknown model, a parameter that is missing, unknown or impossible, a compartment that the model lacks.
    """
    if model == BODY:
        return _body(r, parameters, units, cmt, library or load_library())
    if model.lower() not in STANDARD:
        raise DataError(f"model: read {model!r}; {nearest(model, [*STANDARD, BODY])}")
    if cmt:
        raise DataError(f"cmt: {model} has its own compartments ({_compartments(STANDARD[model.lower()])}); leave it out")
    return _standard(r, STANDARD[model.lower()], parameters, units)


@functools.cache
def _standard_solver(name: str) -> Solver:
    """One solver, and so one compiled kernel, for each standard model."""
    system = System(name)
    system.add("pk", next(m.component for m in STANDARD.values() if m.component.__name__ == name))
    return Solver(lower(system))


@functools.lru_cache(maxsize=16)
def _solver(program: Program) -> Solver:
    return Solver(program)


def _compartments(m: Standard) -> str:
    return ", ".join(f"{k} {name}" for k, name in enumerate(m.compartments, 1))


# --- standard models -------------------------------------------------------------------------------------------------------------------


def _standard(r: Records, m: Standard, parameters: Mapping[str, float | str], units: Mapping[str, str]) -> Model:
    t, n = r.table, len(m.compartments)
    extra = [f"{x}{k}" for k in range(1, n + 1) for x in ("F", "ALAG", "D", "R")]
    source = _sources(r, m.name, [*m.parameters, *extra], m.synonyms, parameters)
    solver = _standard_solver(m.component.__name__)
    columns = []
    for path in solver.program.param_names:
        symbol = path.removeprefix("pk.")
        name = next((user for user, own in m.parameters.items() if own == symbol), symbol)
        share, lag = symbol.startswith("F"), symbol.startswith("ALAG")
        if name in source:
            x = source[name](None)
        elif share or lag:
            x = np.full(len(t), 1.0 if share else 0.0)
        else:
            raise DataError(
                f"{m.name}: the parameter {name} ({m.component.symbols[symbol].meaning}) is missing; give it as --set {name}=VALUE or as a column; "
                f"{m.name} needs {', '.join(m.parameters)}, and takes F1, ALAG1, D1, R1, ... by compartment"
            )
        volume = name.startswith("V")
        _possible(r, name, x <= 0 if volume else x < 0, x, "a volume is above 0" if volume else "it must not be negative", parameters)
        columns.append(x)
    P, row = _distinct(np.stack(columns, axis=1))
    written = _cmt_numbers(r, n, f"{m.name} has {_compartments(m)}")
    dosed = np.where(written == 0, 1, written)
    factor, unit = _concentration(units)
    observed = np.where((r.evid == 0) & (written > 0), written, m.central)
    program = solver.program

    def predict(Y: Array) -> Columns:
        out = {f"A{k + 1}": Y[:, k] for k in range(n)}
        scaled = np.empty((len(Y), n))
        for k in range(n):
            name = f"pk.C{k + 1}"
            known = name in program.flat.outputs
            scaled[:, k] = solver.plain.evaluate([program.output(name)], Y[:, None, :], P[row])[:, 0, 0] * factor if known else Y[:, k]
        return {"IPRED": scaled[np.arange(len(Y)), observed - 1], "CP": scaled[:, m.central - 1]} | out

    names = dict.fromkeys(("IPRED", "CP"), unit) | {f"A{k}": units.get("amount", "") for k in range(1, n + 1)}
    ports = {k: f"pk.dose{k}" for k in range(1, n + 1)}
    return Model(m.name, solver, P, row, ports, np.where(r.doses, dosed, observed), predict, names, _modelled(source, ports))


def _sources(
    r: Records, model: str, names: list[str], synonyms: Mapping[str, str], parameters: Mapping[str, float | str]
) -> dict[str, Callable[[float | None], Array]]:
    """Where each parameter that is given comes from: called with the value for a missing entry of a column (None refuses one)."""
    t = r.table
    out: dict[str, Callable[[float | None], Array]] = {}
    found: dict[str, str] = {}

    def add(name: str, said: str, read: Callable[[float | None], Array]) -> None:
        if name in found:
            raise DataError(f"{model}: {name} is given twice, as {found[name]} and as {said}; leave one out")
        found[name], out[name] = said, read

    upper = {k.upper(): k for k in [*names, *synonyms]}
    for given, value in parameters.items():
        if given.upper() not in upper:
            raise DataError(f"{model}: no parameter {given!r}; {nearest(given, names)}")
        own = upper[given.upper()]
        x = _number(given, value)
        add(synonyms.get(own, own), f"--set {given}", lambda _, x=x: np.full(len(t), x))  # type: ignore[misc]
    for own in [*names, *synonyms]:
        if own in t:
            add(synonyms.get(own, own), f"the column {own}", lambda missing, own=own: t.numbers(own, missing))  # type: ignore[misc]
            if synonyms.get(own, own) != own:
                # messages name the column as it is in the data set
                t.columns.setdefault(synonyms[own], t.columns[own])
    return out


def _number(name: str, value: float | str) -> float:
    try:
        x = float(value)
    except (TypeError, ValueError):
        x = math.nan
    if not math.isfinite(x):
        raise DataError(f"--set {name}: read {value!r}; a finite number in the data set's own units is needed")
    return x


def _possible(r: Records, name: str, wrong: npt.NDArray[np.bool_], x: Array, message: str, parameters: Mapping[str, float | str]) -> None:
    if wrong.any():
        if name in r.table:
            r.table.check(name, wrong, message)
        raise DataError(f"--set {name}: read {x[int(np.argmax(wrong))]:g}; {message}")


def _modelled(source: Mapping[str, Callable[[float | None], Array]], compartments: Iterable[int]) -> dict[str, Array]:
    return {name: source[name](math.nan) for k in compartments for name in (f"R{k}", f"D{k}") if name in source}


def _distinct(P: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    if (P == P[0]).all():
        return P[:1].copy(), np.zeros(len(P), dtype=np.int64)
    # compared as bytes: far quicker than row by row as numbers
    whole = np.ascontiguousarray(P).view(np.dtype((np.void, P.itemsize * P.shape[1]))).reshape(-1)
    _, first, index = np.unique(whole, return_index=True, return_inverse=True)
    return P[first], index.reshape(-1).astype(np.int64)


def _cmt_numbers(r: Records, n: int, known: str) -> npt.NDArray[np.int64]:
    t = r.table
    x = t.numbers("CMT", 0.0, whole=True)
    t.check("CMT", x < 0, "turning a compartment off is not supported; write its number")
    t.check("CMT", x > n, known)
    return x.astype(np.int64)


def _concentration(units: Mapping[str, str]) -> tuple[float, str]:
    """Factor and unit of concentrations of a standard model: amount per volume, unless units say otherwise."""
    if "concentration" not in units:
        return 1.0, f"{units['amount']}/{units.get('volume', 'L')}" if "amount" in units else ""
    if "amount" not in units:
        raise DataError("units: a concentration needs the amount beside it; write for example amount=mg,volume=L,concentration=ng/mL")
    source = f"({units['amount']})/({units.get('volume', 'L')})"
    try:
        return convert(1.0, source, units["concentration"]), units["concentration"]
    except PapaverError as e:
        raise DataError(f"units: {e}") from None


# --- the body --------------------------------------------------------------------------------------------------------------------------


def _body(r: Records, parameters: Mapping[str, float | str], units: Mapping[str, str], cmt: Mapping[str, str], library: Library) -> Model:
    missing = [k for k in ("time", "amount", "concentration") if k not in units]
    if missing:
        raise DataError(f"units: {missing[0]} is missing; the body needs all three: --units time=h,amount=mg,concentration=ng/mL")
    t = r.table
    ways, code = _ways(r, cmt, library)
    source = _sources(r, BODY, [f"{x}{k}" for k in ways for x in ("R", "D")], {}, {k: v for k, v in parameters.items() if _is_modelled(k, ways)})
    routes = [(drug, route) for drug, route in ways.values() if route]
    if not routes:
        raise DataError("cmt: no compartment has a route; write for example --cmt 1=heroin:iv")
    fixed = {k: str(v) for k, v in parameters.items() if not _is_modelled(k, ways)}
    keys = _people(r, fixed)
    _check_people(r, keys)
    rows: dict[tuple[str, ...], int] = {}
    index = np.array([rows.setdefault(k, len(rows)) for k in keys], dtype=np.int64)
    P: list[Array] = []
    for key, k in rows.items():
        first = int(np.argmax(index == k))
        person = {field: value for (field, _), value in zip(COVARIATES.values(), key, strict=True) if value}
        try:
            p = prepare(_scenario(person, fixed, routes[0]), library, columns=[], routes=routes, physiology=False)
        except ScenarioError as e:
            raise DataError(f"{t.name}: row {first + 1}: {e}") from None
        P.append(parameter_matrix(p.body, p.library, p.values)[0])
    solver = _solver(p.body.program)
    time = _factor(units, "time", "min")
    amount = np.array([_factor(units, "amount", "nmol", library.drugs[ways[c][0]].MW) if c in ways else 1.0 for c in code.tolist()])
    observed = [ways[c][0] for c in code.tolist()]
    factors = {name: _factor(units, "concentration", "nmol/L", library.drugs[name].MW, back=True) for name in p.body.drugs}
    nodes = [p.body.program.output(f"{name}.vein.C") for name in p.body.drugs]
    Pm = np.stack(P)

    def predict(Y: Array) -> Columns:
        C = solver.plain.evaluate(nodes, Y[:, None, :], Pm[index])[:, 0, :]
        columns = {name: C[:, k] * factors[name] for k, name in enumerate(p.body.drugs)}
        own = np.array([columns[name][k] for k, name in enumerate(observed)])
        return {"IPRED": own} | {f"CP_{name}": x for name, x in columns.items()}

    names = dict.fromkeys(("IPRED", *(f"CP_{name}" for name in p.body.drugs)), units["concentration"])
    ports = {k: p.body.ports[drug, route] for k, (drug, route) in ways.items() if route}
    t.check("CMT", r.doses & ~np.isin(code, list(ports)), "a dose needs a route here; write for example --cmt 1=heroin:iv")
    return Model(BODY, solver, Pm, index, ports, code, predict, names, _modelled(source, ways), time, amount, linear=False)


def _is_modelled(name: str, ways: Mapping[int, object]) -> bool:
    return name[:1].upper() in ("R", "D") and name[1:].isdigit() and int(name[1:]) in ways


def _factor(units: Mapping[str, str], what: str, target: str, MW: float | None = None, back: bool = False) -> float:
    try:
        Unit.parse(units[what])
        return convert(1.0, target, units[what], MW=MW) if back else convert(1.0, units[what], target, MW=MW)
    except PapaverError as e:
        raise DataError(f"units: {what}: {e}") from None


def _ways(r: Records, cmt: Mapping[str, str], library: Library) -> tuple[dict[int, tuple[str, str]], npt.NDArray[np.int64]]:
    """Compartment number -> (drug, route), and the compartment of every record. Names in the CMT column get numbers of their own."""
    t = r.table
    ways: dict[int, tuple[str, str]] = {}
    for key, way in cmt.items():
        if not str(key).strip().isdigit() or int(key) < 1:
            raise DataError(f"cmt: read {key!r}; a compartment number from 1 is needed, for example 1=heroin:iv")
        ways[int(key)] = _way(way, f"cmt {key}", library)
    if "CMT" not in t:
        if len(ways) != 1:
            raise DataError(f"{t.name}: the column CMT is missing; without it, name one compartment, for example --cmt 1=heroin:iv")
        return ways, np.full(len(t), next(iter(ways)), dtype=np.int64)
    named: dict[str, int] = {}
    code = np.zeros(len(t), dtype=np.int64)
    for k, text in enumerate(t.texts("CMT")):
        if text in MISSING or text in ("0", "0.0"):
            if not ways:
                t.fail(k, "CMT", "write drug:route, such as heroin:iv, or a number that --cmt explains")
            code[k] = next(iter(ways))
            continue
        number = text[:-2] if text.endswith(".0") else text
        if number.isdigit():
            if int(number) not in ways:
                known = ", ".join(f"{n}={drug}:{route}" for n, (drug, route) in ways.items()) or "no numbered compartment"
                t.fail(k, "CMT", f"the body has {known}; add it with --cmt {number}=drug:route")
            code[k] = int(number)
            continue
        if text not in named:
            named[text] = 1_000_000 + len(named)
            ways[named[text]] = _way(text, t.where(k, "CMT"), library)
        code[k] = named[text]
    return ways, code


def _way(text: str, where: str, library: Library) -> tuple[str, str]:
    name, _, route = str(text).partition(":")
    try:
        drug = library.drug(name.strip())
    except PapaverError as e:
        raise DataError(f"{where}: read {text!r}; {e}") from None
    if route.strip() and route.strip() not in drug.routes:
        raise DataError(f"{where}: read {text!r}; {drug.title} has the routes {', '.join(drug.routes)}")
    return drug.name, route.strip()


def _people(r: Records, fixed: dict[str, str]) -> list[tuple[str, ...]]:
    """Covariates of every record as a scenario writes them; constant ones are taken out of `fixed`."""
    t = r.table
    parts: list[list[str]] = []
    for name, (field_name, unit) in COVARIATES.items():
        constant = next((fixed.pop(k) for k in list(fixed) if k.upper() == name or k == f"person.{field_name}"), None)
        if constant is not None and name in t:
            raise DataError(f"{BODY}: {name} is given twice, as --set and as a column; leave one out")
        if name in t and not unit:
            texts = [x.lower() for x in t.texts(name)]
            code = {"male": "male", "m": "male", "female": "female", "f": "female"}
            for k, x in enumerate(texts):
                if x not in code:
                    t.fail(k, name, "allowed are male and female; numbers mean one thing in one data set and another in the next")
            parts.append([code[x] for x in texts])
        elif name in t:
            parts.append([f"{x!r} {unit}" for x in t.numbers(name).tolist()])
        else:
            text = "" if constant is None else constant
            parts.append([f"{text} {unit}" if text and unit and not any(c.isalpha() for c in text) else text] * len(t))
    return list(zip(*parts, strict=True))


def _check_people(r: Records, keys: Sequence[tuple[str, ...]]) -> None:
    """A person has one sex, and at one time one weight: rows that say otherwise contradict each other."""
    t = r.table
    varying = [(k, name) for k, name in enumerate(COVARIATES) if name in t]
    for a, b in (pair for rows in r.people for pair in itertools.pairwise(rows) if varying):
        for k, name in varying:
            if keys[a][k] != keys[b][k] and (name == "SEX" or (r.time[a] == r.time[b] and r.evid[b] not in (RESET, RESET_DOSE))):
                when = "" if name == "SEX" else f" at the same time ({r.time[b]:g})"
                t.fail(b, name, f"row {a + 1} of the same person says {t.text(a, name)!r}{when}; one of them is wrong")


def _scenario(person: Mapping[str, str], fixed: Mapping[str, str], way: tuple[str, str]) -> Scenario:
    """A scenario that stands for the person; its one dose only carries the route."""
    who = Person(age=person.get("age"), sex=person.get("sex"), weight=person.get("weight"), eGFR=person.get("eGFR"))
    return Scenario(
        person=who, doses=[Dose(drug=way[0], amount="1 mg", route=way[1], over="1 min")], observe=Observe(until="1 h", detect=[]), set=dict(fixed)
    )
