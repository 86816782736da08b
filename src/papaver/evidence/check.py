"""Whether data files fit together: what a structure and a route need, shares, products, mixtures, correlations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from papaver.errors import DataError, UnitError, nearest
from papaver.evidence.schema import Drug, Mixture, Product, Source, check_value
from papaver.units import Unit, parse_quantity

if TYPE_CHECKING:
    from papaver.evidence.load import Correlation, Parameter


def check_correlations(correlations: list[Correlation], parameters: Mapping[str, Parameter], sources: Mapping[str, Source]) -> None:
    """Published correlations: known parameters with a spread, each in one pair."""
    seen: set[str] = set()
    for k, c in enumerate(correlations):
        at = "populations/correlations.yaml"
        check_value(f"[{k}].value", c.value, at, sources)
        if not -1 < c.value.value < 1:
            raise DataError(f"{at}: [{k}].value: read {c.value.value}; a correlation lies between -1 and 1")
        for path in c.of:
            if path not in parameters or parameters[path].value.spread is None:
                raise DataError(f"{at}: [{k}].of: {path!r} is no parameter with a spread; {nearest(path, parameters)}")
            if path in seen:
                raise DataError(f"{at}: [{k}].of: {path!r} stands in two pairs; one is allowed")
            seen.add(path)


_NEEDED = {
    "one_compartment": ("CL", "V1"),
    "two_compartment": ("CL", "V1", "Q", "V2"),
    "three_compartment": ("CL", "V1", "Q2", "V2", "Q3", "V3"),
    "four_compartment": ("CL", "V1", "Q2", "V2", "Q3", "V3", "Q4", "V4"),
}
MOUTH_SHARES = ("share_mucosa", "share_swallowed", "share_product")
MOUTH = ("k", "A_half", "MTT_mucosa", "MTT_swallowed", "MTT_product", *MOUTH_SHARES)
"""What a molecule's section `mouth` needs."""
EFFECTS = ("EC50", "slope", "wake", "chemo", "arousal", "rate", "vessels", "metabolism", "alpha2", "boost")
"""What a molecule's section `effects` may say."""
_ROUTE_NEEDS = {
    "bolus": (), "first_order": ("F", "ka"), "biphasic": ("F", "ka_fast", "ka_slow", "share_fast"), "two_step": ("F", "k_rel", "ka"),
    "mucosal": ("F", "ka", "swallowed", "ka_gut"), "delayed": ("F", "share_fast", "ka_fast", "MTT_slow", "ka_slow"),
}  # fmt: skip


def check_products(products: Mapping[str, Product], at: str, title: str, routes: Any, salts: Any, sources: Mapping[str, Source]) -> None:
    """The products of a molecule or mixture: routes and salts that it has, readable amounts."""
    for name, p in products.items():
        if p.route not in routes:
            raise DataError(f"{at}: products.{name}.route: {title} has no route {p.route!r}; it has {', '.join(routes) or 'none'}")
        if p.salt is not None and p.salt not in salts:
            raise DataError(f"{at}: products.{name}.salt: {title} has no salt {p.salt!r}; it has {', '.join(salts) or 'none'}")
        if p.source is not None and p.source not in sources:
            raise DataError(f"{at}: products.{name}.source: no record {p.source!r} in data/sources; {nearest(p.source, sources)}")
        for key, unit, text in (("amount", "mg", p.amount), ("over", "min", p.over)):
            try:
                value, given = parse_quantity(text, where=key, example="4 mg") if text is not None else (1.0, unit)
                if not value > 0 or Unit.parse(given).dims != Unit.parse(unit).dims:
                    raise UnitError(f"read {text!r}; a positive number with a unit such as {unit} is needed")
            except UnitError as e:
                raise DataError(f"{at}: products.{name}.{key}: {e}") from None


def check_mixture(m: Mixture, drugs: Mapping[str, Drug], sources: Mapping[str, Source]) -> None:
    """A mixture: known parts whose shares add up to one."""
    at = f"mixtures/{m.name}.yaml"
    for part, share in m.parts.items():
        if part not in drugs:
            raise DataError(f"{at}: parts.{part}: unknown drug {part!r}; {nearest(part, drugs)}")
        if not 0 < share < 1:
            raise DataError(f"{at}: parts.{part}: read {share}; a molar share between 0 and 1 is needed")
    if not m.parts or abs(sum(m.parts.values()) - 1) > 1e-9:
        raise DataError(f"{at}: parts: the molar shares add up to {sum(m.parts.values()):g}; they must add up to 1")
    check_products(m.products, at, m.title, mixture_routes(m, drugs), m.salts, sources)


def mixture_routes(m: Mixture, drugs: Mapping[str, Drug]) -> tuple[str, ...]:
    """The routes that all parts of a mixture have."""
    first, *others = (drugs[part].routes for part in m.parts)
    return tuple(r for r in first if all(r in o for o in others))


def check_drug(drug: Drug, drugs: Mapping[str, Drug], parameters: Mapping[str, Parameter]) -> None:
    """A molecule: everything that its structure, pathways and routes need, and nothing absurd."""
    at = parameters[f"{drug.name}.pk.CL"].file if f"{drug.name}.pk.CL" in parameters else f"drugs/{drug.name}.yaml"

    def need(path: str, why: str) -> float:
        if path not in parameters:
            raise DataError(f"{at}: {path.partition('.')[2]} is missing ({why})")
        return parameters[path].internal

    for name in (*_NEEDED[drug.structure], "fu", "R_bp"):
        need(f"{drug.name}.pk.{name}", f"structure {drug.structure}")
    for name in ("brain.PS", "brain.Kp_uu", "brain.V_u"):
        need(f"{drug.name}.{name}", "every molecule reaches the brain")
    if drug.vein:
        for name in ("vein.MTT", "vein.E"):
            need(f"{drug.name}.{name}", "the forearm vein has both")
    if drug.oral_fluid:
        need(f"{drug.name}.oral_fluid.ratio", "oral fluid has one number, the ratio to venous plasma")
    for name in drug.effects:
        if name not in EFFECTS:
            raise DataError(f"{at}: effects.{name}: there is no such effect; {nearest(name, EFFECTS)}; allowed are {', '.join(EFFECTS)}")
    if drug.effects:
        need(f"{drug.name}.effects.EC50", "effects need the concentration of half of them")
    for name in drug.mast_cells:
        if name != "EC50":
            raise DataError(f"{at}: mast_cells.{name}: read {name!r}; a molecule says EC50 there and nothing else")
    ratio = need(f"{drug.name}.pk.V1", "") / need(f"{drug.name}.pk.CL", "")
    if not 0.1 <= ratio <= 1e6:
        raise DataError(f"{at}: pk.V1 / pk.CL is {ratio:.3g} min, implausible (allowed 0.1 min to 1e6 min); check the units of both")
    rest = [k for k, w in drug.elimination.items() if w.remainder]
    if len(rest) != 1:
        raise DataError(f"{at}: elimination: exactly one pathway takes the remainder (remainder: true); read {rest or 'none'}")
    shares = sum(need(f"{drug.name}.pk.fm_{k}", f"share of pathway {k}") for k in drug.elimination if k not in rest)
    if shares > 1 + 1e-9:
        raise DataError(f"{at}: pk.fm_*: the shares of the pathways add up to {shares:.3f}; at most 1")
    for k, way in drug.elimination.items():
        if way.saturable:
            need(f"{drug.name}.pk.Km_{k}", f"pathway {k} is saturable")
        if way.induced:
            for name in ("induction_max", "induction_EC50", "induction_tau"):
                need(f"{drug.name}.pk.{name}", f"pathway {k} is induced")
        if way.forms == drug.name:
            raise DataError(f"{at}: elimination.{k}.forms: {drug.name} cannot form itself")
        if way.enzyme is not None and f"enzymes.{way.enzyme}.activity" not in parameters:
            known = [p.split(".")[1] for p in parameters if p.startswith("enzymes.")]
            raise DataError(f"{at}: elimination.{k}.enzyme: no {way.enzyme!r} in physiology/enzymes.yaml; {nearest(way.enzyme, known)}")
        if way.forms is not None and way.forms not in drugs:
            raise DataError(f"{at}: elimination.{k}.forms: unknown drug {way.forms!r}; {nearest(way.forms, drugs)}")
    if drug.gut_wall_forms is not None and (drug.gut_wall_forms == drug.name or drug.gut_wall_forms not in drugs):
        raise DataError(f"{at}: gut_wall_forms: read {drug.gut_wall_forms!r}; another molecule is needed; {nearest(drug.gut_wall_forms, drugs)}")
    if any(r.into == "mouth" for r in drug.routes.values()):
        for name in MOUTH:
            need(f"{drug.name}.mouth.{name}", "a route goes into the mouth")
        swallowed = sum(parameters[f"{drug.name}.mouth.{name}"].internal for name in MOUTH_SHARES)
        if swallowed > 1 + 1e-9:
            raise DataError(f"{at}: mouth.share_*: the shares add up to {swallowed:.3f}; at most 1")
    for name, route in drug.routes.items():
        for p in _ROUTE_NEEDS[route.model]:
            need(f"{drug.name}.{name}.{p}", f"route {name} is {route.model}")
        if route.arrives_as is not None and route.arrives_as not in drugs:
            raise DataError(f"{at}: routes.{name}.arrives_as: unknown drug {route.arrives_as!r}; {nearest(route.arrives_as, drugs)}")
        arriving = drugs[route.arrives_as or drug.name]
        if (route.into in ("portal", "mouth") or route.model == "mucosal") and not any(w.site == "liver" for w in arriving.elimination.values()):
            what = "into: portal" if route.into == "portal" else "model: what is swallowed"
            raise DataError(f"{at}: routes.{name}.{what} needs a liver pathway of {arriving.name}, which has none")
