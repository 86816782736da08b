"""What a data file may say: a value with its provenance, a drug, a route, a source - checked field by field."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from papaver.errors import DataError, UnitError, nearest
from papaver.units import Unit

T = TypeVar("T")

MolarMass = Annotated[float, msgspec.Meta(gt=0)]
"""g/mol"""

Basis = Literal["estimated", "fixed", "derived", "assumed"]


class Spread(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Between-person spread or uncertainty: `cv` in percent (log-normal) or `logit_sd` (fractions)."""

    kind: Literal["cv", "logit_sd"]
    value: float


class Value(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A number with everything that lets a reader judge it.

    Attributes:
        value: in `unit`. spread: between people. uncertainty: of the typical value. basis: how it was come by.
        source: id of a record in data/sources. where: place in the source. population: in whom.
        reason: why, for an assumption. covariates: names of covariate models that scale it.
    """

    value: float
    unit: str
    basis: Basis
    source: str | None = None
    where: str | None = None
    population: str | None = None
    reason: str | None = None
    spread: Spread | None = None
    uncertainty: Spread | None = None
    covariates: list[str] = []


class Source(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One paper, label or database record."""

    id: str
    citation: str
    doi: str | None = None
    pmid: int | None = None
    url: str | None = None
    seen: Literal["full_text", "abstract", "label", "review", "memory"]
    note: str | None = None


class Pathway(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One way out of the blood: its share `pk.fm_<name>` of the clearance, where it happens and what it forms.

    What is formed enters blood, or the portal vein (`into: portal`: bile, then gut), after the transit time `pk.MTT_<name>` if there is one.
    `enzyme` names a value in physiology/enzymes.yaml whose activity scales the pathway. `saturable`: by Michaelis-Menten with
    `pk.Km_<name>`. `induced`: by the molecule's own induction (`pk.induction_max`, `induction_EC50`, `induction_tau`).
    """

    site: Literal["liver", "tissue", "blood", "kidney", "bile"]
    enzyme: str | None = None
    forms: str | None = None
    into: Literal["blood", "portal"] = "blood"
    remainder: bool = False
    saturable: bool = False
    induced: bool = False


class Route(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How a dose by this route enters: the component that models it, where the drug arrives, and its parameters."""

    title: str
    model: Literal["bolus", "first_order", "biphasic", "two_step", "mucosal", "delayed"]
    into: Literal["lung", "central", "portal", "mouth"]
    arrives_as: str | None = None
    parameters: dict[str, Value] = {}


class Salt(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A salt form by its molar mass, g/mol per mole of base."""

    title: str
    MW: MolarMass


class Product(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A dosage form as it is sold: its route and, where one unit holds a fixed dose, the amount, salt and (patches) duration."""

    title: str
    route: str
    amount: str | None = None
    salt: str | None = None
    over: str | None = None
    source: str | None = None
    note: str | None = None


class Receptor(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Affinity, dissociation and intrinsic efficacy at one receptor."""

    Ki: Value
    koff: Value
    efficacy: Value


class Drug(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One molecule: identity, disposition, elimination, routes, products, brain entry, receptor card.

    `oral_fluid`: the `ratio` of its concentration there to that in venous plasma, where one is known.
    `mouth`: what becomes of it in saliva, for routes `into: mouth`; `gut_wall_forms`: what the wall of the gut makes of the swallowed part.
    `effects`: what it does elsewhere than at opioid receptors: greatest loss of `wake` and `chemo` drive to breathe and of `arousal`, greatest change
    of the heart's `rate`, the `vessels`' conductance and `metabolism`,
    greatest loss of noradrenergic output `alpha2`, half of them at `EC50` (unbound in the brain), with a `slope` (default 1).
    `mast_cells`: the arterial concentration `EC50` at which it sets half of their histamine free, where it does.
    `usual_dose` is the dose of its figures. `half_life_window` and `assay_limit` say how studies of it usually look for its half-life (from and
    to after a dose) and down to which concentration; they are used where a study does not say.
    """

    name: str
    title: str
    summary: str
    kind: Literal["opioid", "metabolite", "antagonist", "endogenous", "other"]
    MW: MolarMass
    MW_source: str
    synonyms: list[str] = []
    salts: dict[str, Salt] = {}
    structure: Literal["one_compartment", "two_compartment", "three_compartment", "four_compartment"]
    pk: dict[str, Value]
    elimination: dict[str, Pathway]
    routes: dict[str, Route] = {}
    vein: dict[str, Value] = {}
    oral_fluid: dict[str, Value] = {}
    brain: dict[str, Value] = {}
    mouth: dict[str, Value] = {}
    gut_wall_forms: str | None = None
    receptors: dict[str, Receptor] = {}
    effects: dict[str, Value] = {}
    mast_cells: dict[str, Value] = {}
    products: dict[str, Product] = {}
    usual_dose: str | None = None
    half_life_window: tuple[str, str] | None = None
    assay_limit: str | None = None


class Mixture(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Molecules that are given and measured together (a racemate): a dose is given as its `parts` (molar shares), an assay reads their sum."""

    name: str
    title: str
    summary: str
    MW: MolarMass
    MW_source: str
    parts: dict[str, float]
    synonyms: list[str] = []
    salts: dict[str, Salt] = {}
    products: dict[str, Product] = {}


_PATH = re.compile(r"^(.*?) - at `(\$.*)`$", re.DOTALL)


def convert(raw: Any, kind: type[T], where: str, error: type[Exception] = DataError) -> T:
    """Check raw data against a schema class.

    Raises:
        DataError: names the file, the field, what was read and what is allowed.
    """
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as e:
        raise error(f"{where}: {explain_error(str(e), raw, kind)}") from None


_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def explain_error(message: str, raw: Any, kind: Any, place: str = "") -> str:
    """msgspec's message with the field as a dotted path, what was read there, and for an unknown field the nearest known one."""
    m = _PATH.match(message)
    what, path = (m.group(1), m.group(2)) if m else (message, "$")
    here = raw
    for key, index in _STEP.findall(path):
        if index == "...":
            # msgspec does not say which entry of a mapping is wrong: try each
            kind = _inside(kind, dict)
            for name, child in here.items():
                try:
                    msgspec.convert(child, kind, strict=True)
                except msgspec.ValidationError as e:
                    return explain_error(str(e), child, kind, f"{place}.{name}")
            break
        here, kind = (here[key], _inside(kind, key)) if key else (here[int(index)], _inside(kind, list))
        place += f".{key}" if key else f"[{index}]"
    at = place.lstrip(".") + ": " if place else ""
    unknown = re.search(r"unknown field `(.+?)`", what)
    if unknown:
        fields = _fields(kind)
        return f"{at}unknown field {unknown.group(1)!r}; {nearest(unknown.group(1), fields) if fields else 'remove it'}"
    missing = re.search(r"missing required field `(.+?)`", what)
    if missing:
        return f"{at}the field {missing.group(1)!r} is missing"
    shown = repr(here)
    return f"{at}read {shown if len(shown) < 80 else shown[:77] + '...'}; {what[0].lower() + what[1:]}"


def _struct(kind: Any) -> Any:
    """The schema class within a type such as `Spread | None`."""
    return next((a for a in (kind, *typing.get_args(kind)) if isinstance(a, type) and issubclass(a, msgspec.Struct)), None)


def _inside(kind: Any, step: Any) -> Any:
    """The type of what a field name leads to, or of the entries of a list or dict."""
    if step in (list, dict):
        found = next((k for k in (kind, *typing.get_args(kind)) if typing.get_origin(k) is step), None)
        return typing.get_args(found)[-1] if found else Any
    struct = _struct(kind)
    return (
        next((typing.get_type_hints(struct)[f.name] for f in msgspec.structs.fields(struct) if step in (f.encode_name, f.name)), Any)
        if struct
        else Any
    )


def _fields(kind: Any) -> list[str]:
    """Names of the fields of a schema class, as they are written in files."""
    struct = _struct(kind)
    return [f.encode_name for f in msgspec.structs.fields(struct)] if struct else []


def check_value(path: str, v: Value, where: str, sources: Mapping[str, Source]) -> None:
    """Provenance and plausibility of one value.

    Raises:
        DataError: a basis without what it needs, an unknown source or unit, or an absurd number.
    """
    at = f"{where}: {path}"
    try:
        unit = Unit.parse(v.unit)
    except UnitError as e:
        raise DataError(f"{at}.unit: {e}") from None
    if v.basis == "assumed":
        if not (v.reason or "").strip():
            raise DataError(f"{at}: the basis is 'assumed', so a reason is needed (reason: why this number)")
    else:
        for name in ("source", "where", "population"):
            if not (getattr(v, name) or "").strip():
                raise DataError(f"{at}: the basis is {v.basis!r}, so {name!r} is needed; without one write basis: assumed and a reason")
    if v.source is not None and v.source not in sources:
        raise DataError(f"{at}.source: no record {v.source!r} in data/sources; {nearest(v.source, sources)}")
    for name, s in (("spread", v.spread), ("uncertainty", v.uncertainty)):
        if s is not None and s.kind == "cv" and not 3 <= s.value <= 400:
            hint = "a CV is given in percent; a variance or a fraction was probably pasted" if s.value < 3 else "more than 400 % is no spread"
            raise DataError(f"{at}.{name}: read a CV of {s.value:g} %; allowed are 3 to 400. {hint}")
        if s is not None and s.kind == "logit_sd" and not 0.02 <= s.value <= 4:
            raise DataError(f"{at}.{name}: read a logit SD of {s.value:g}; allowed are 0.02 to 4")
        if s is not None and s.kind == "logit_sd" and (unit.dims or not 0 < v.value * unit.factor < 1):
            raise DataError(f"{at}.{name}: logit_sd is for fractions between 0 and 1; the value is {v.value:g} {v.unit}")
    _plausible(at, path.rpartition(".")[2], v.value * unit.factor, unit)


# (name pattern, unit, low, high, what) in internal units: bounds that no human value passes
_BOUNDS = [
    (r"CL(_.*)?$", "L/min", 1e-5, 40.0, "a clearance"),
    (r"V\d?$", "L", 0.1, 20000.0, "a volume"),
    (r"Q\d?$", "L/min", 1e-5, 60.0, "an inter-compartmental clearance"),
    (r"ka(_.*)?$", "1/min", 1e-7, 10.0, "an absorption rate"),
    (r"(F|fm|fu|share)(_.*)?$", "1", 0.0, 1.0, "a fraction"),
    (r"Ki$", "nmol/L", 1e-4, 1e8, "an inhibition constant"),
]


def _plausible(at: str, name: str, x: float, unit: Unit) -> None:
    for pattern, want, low, high, what in _BOUNDS:
        if re.match(pattern, name) and unit.dims == Unit.parse(want).dims and not low <= x <= high:
            raise DataError(f"{at}: read {x:g} {want}, implausible for {what} (allowed {low:g} to {high:g} {want}); check the unit")
