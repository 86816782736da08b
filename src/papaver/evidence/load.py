"""From data files to one checked library: drugs, physiology, covariate models, sources; parameters by path with provenance."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from papaver.errors import DataError, PapaverError, UnitError, nearest
from papaver.evidence.covariates import CovariateModel, read_covariates
from papaver.evidence.schema import Drug, Mixture, Product, Route, Source, Value, check_value, convert
from papaver.evidence.yamlfile import read_yaml
from papaver.units import Unit, parse_quantity
from papaver.units import convert as convert_unit

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True)
class Parameter:
    """A value under its path, with the file it stands in; `prior` is what it was before a calibration moved it."""

    path: str
    value: Value
    file: str
    prior: Value | None = None

    @property
    def internal(self) -> float:
        """The number in papaver's internal unit of its dimension."""
        return self.value.value * Unit.parse(self.value.unit).factor


class Correlation(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A published correlation of two between-person effects; each parameter may stand in one pair."""

    of: tuple[str, str]
    value: Value


@dataclass(frozen=True)
class Library:
    """Everything in a data folder, checked.

    Attributes:
        drugs: molecules by name. parameters: all values by path ("heroin.pk.CL", "circulation.Q_H").
        covariates: covariate models by name. sources: paper records by id. hash: of all files read.
        mixtures: what is given and measured together, by name.
    """

    drugs: Mapping[str, Drug]
    parameters: Mapping[str, Parameter]
    covariates: Mapping[str, CovariateModel]
    sources: Mapping[str, Source]
    hash: str
    correlations: tuple[Correlation, ...] = ()
    folders: tuple[Path, ...] = field(default=())
    mixtures: Mapping[str, Mixture] = field(default_factory=dict)

    def mixture(self, name: str) -> Mixture | None:
        """A mixture by name or synonym; None if there is none of that name."""
        wanted = _plain(name)
        return next((m for m in self.mixtures.values() if wanted in {_plain(n) for n in (m.name, m.title, *m.synonyms)}), None)

    def analyte(self, name: str) -> tuple[str, ...]:
        """The molecules that an assay of this name reads: a molecule itself, or the parts of a mixture."""
        found = self.mixture(name)
        return tuple(found.parts) if found else (self.drug(name).name,)

    def dosed(self, name: str) -> Drug | Mixture:
        """What a dose of this name is: a molecule or a mixture.

        Raises:
            DataError: neither; the nearest name is suggested.
        """
        return self.mixture(name) or self.drug(name)

    def routes(self, what: Drug | Mixture) -> Mapping[str, Route]:
        """The routes of a molecule, or those that all parts of a mixture have (as its first part has them)."""
        if isinstance(what, Drug):
            return what.routes
        names = mixture_routes(what, self.drugs)
        first = self.drugs[next(iter(what.parts))]
        return {r: first.routes[r] for r in names}

    def drug(self, name: str) -> Drug:
        """A drug by name or synonym.

        Raises:
            DataError: there is none; the nearest name is suggested.
        """
        if name in self.drugs:
            return self.drugs[name]
        wanted = _plain(name)
        names = {_plain(n): d for d in self.drugs.values() for n in (d.name, d.title, *d.synonyms)}
        if wanted in names:
            return names[wanted]
        known: list[Drug | Mixture] = [*self.drugs.values(), *self.mixtures.values()]
        raise DataError(f"unknown drug {name!r}; {nearest(name, [n for d in known for n in (d.name, *d.synonyms)])}")

    def parameter(self, path: str) -> Parameter:
        """A parameter by path.

        Raises:
            DataError: there is none; the nearest path is suggested.
        """
        if path not in self.parameters:
            raise DataError(f"unknown parameter {path!r}; {nearest(path, self.parameters)}")
        return self.parameters[path]

    def with_values(self, values: Mapping[str, float]) -> Library:
        """The same library with some parameters replaced (numbers in the unit of the data file); for fits and what-ifs."""
        changed = dict(self.parameters)
        for path, x in values.items():
            p = self.parameter(path)
            changed[path] = replace(p, value=msgspec.structs.replace(p.value, value=float(x)))
        return replace(self, parameters=changed)


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


@functools.lru_cache(maxsize=8)
def load_library(extra: Path | None = None, *, without: str | None = None) -> Library:
    """The shipped data, plus a folder of the user's own (`--data DIR`) with the same layout.

    Args:
        extra: folder with drugs/, sources/, physiology/ as in the shipped data.
        without: a calibration to leave out (its parameters are then the priors of `papaver fit`).

    Raises:
        DataError: any file that is wrong; names file and field.
    """
    folders = (DATA,) if extra is None else (DATA, Path(extra))
    if extra is not None and not Path(extra).is_dir():
        raise DataError(f"{extra}: no such data folder")
    sources: dict[str, Source] = {}
    for file in _files(folders, "sources"):
        record = convert(read_yaml(file), Source, str(file))
        if record.id != file.stem:
            raise DataError(f"{file}: id: read {record.id!r}; it must be the file's name, {file.stem!r}")
        if record.id in sources:
            raise DataError(f"{file}: there is already a source {record.id!r}")
        sources[record.id] = record
    parameters: dict[str, Parameter] = {}
    drugs: dict[str, Drug] = {}
    names: dict[str, str] = {}
    for file in _files(folders, "drugs"):
        drug = convert(read_yaml(file), Drug, str(file))
        if drug.name != file.stem:
            raise DataError(f"{file}: name: read {drug.name!r}; it must be the file's name, {file.stem!r}")
        if drug.name in drugs:
            raise DataError(f"{file}: there is already a drug {drug.name!r}: two files for one molecule")
        for word in (drug.name, drug.title, *drug.synonyms):
            owner = names.setdefault(_plain(word), drug.name)
            if owner != drug.name:
                raise DataError(f"{file}: {word!r} already names {owner}: two files for one molecule")
        drugs[drug.name] = drug
        for path, value in drug_values(drug):
            parameters[path] = Parameter(path, value, str(file))
    mixtures: dict[str, Mixture] = {}
    for file in _files(folders, "mixtures"):
        mixture = convert(read_yaml(file), Mixture, str(file))
        if mixture.name != file.stem:
            raise DataError(f"{file}: name: read {mixture.name!r}; it must be the file's name, {file.stem!r}")
        for word in (mixture.name, mixture.title, *mixture.synonyms):
            owner = names.setdefault(_plain(word), mixture.name)
            if owner != mixture.name:
                raise DataError(f"{file}: {word!r} already names {owner}")
        mixtures[mixture.name] = mixture
    for file in _files(folders, "physiology"):
        for path, value in _walk(read_yaml(file), file.stem, str(file)):
            parameters[path] = Parameter(path, value, str(file))
    covariates: dict[str, CovariateModel] = {}
    correlations: list[Correlation] = []
    for file in _files(folders, "populations"):
        if file.stem == "correlations":
            correlations += convert(read_yaml(file), list[Correlation], str(file))
            continue
        for model in read_covariates(read_yaml(file), str(file)):
            covariates[model.name] = model
            for path, value in model.values():
                parameters[path] = Parameter(path, value, str(file))
    for p in parameters.values():
        check_value(p.path, p.value, p.file, sources)
        for name in p.value.covariates:
            if name not in covariates:
                raise DataError(f"{p.file}: {p.path}.covariates: no covariate model {name!r}; {nearest(name, covariates)}")
    for file in _files(folders, "calibration"):
        if file.stem != without:
            _overlay(read_yaml(file), str(file), parameters)
    for drug in drugs.values():
        _check_drug(drug, drugs, parameters)
        _check_products(drug.products, f"drugs/{drug.name}.yaml", drug.title, drug.routes, drug.salts, sources)
    for mixture in mixtures.values():
        _check_mixture(mixture, drugs, sources)
    _check_correlations(correlations, parameters, sources)
    return Library(drugs, parameters, covariates, sources, _hash(folders), tuple(correlations), folders, mixtures)


def _check_correlations(correlations: list[Correlation], parameters: Mapping[str, Parameter], sources: Mapping[str, Source]) -> None:
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


def _files(folders: tuple[Path, ...], kind: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((folder / kind).glob("*.yaml"))


def _hash(folders: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for kind in ("sources", "drugs", "mixtures", "physiology", "populations", "calibration"):
        for file in _files(folders, kind):
            digest.update(f"{kind}/{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def drug_values(drug: Drug) -> Iterator[tuple[str, Value]]:
    """Every value of a drug file under its path."""
    for section in ("pk", "vein", "brain"):
        for name, value in getattr(drug, section).items():
            yield f"{drug.name}.{section}.{name}", value
    for route, r in drug.routes.items():
        for name, value in r.parameters.items():
            yield f"{drug.name}.{route}.{name}", value
    for receptor, card in drug.receptors.items():
        for name in ("Ki", "koff", "efficacy"):
            yield f"{drug.name}.{receptor}.{name}", getattr(card, name)


def _walk(raw: Any, path: str, where: str) -> Iterator[tuple[str, Value]]:
    if not isinstance(raw, dict):
        raise DataError(f"{where}: {path}: read {raw!r}; a mapping of values is needed")
    if "value" in raw or "unit" in raw:
        yield path, convert(raw, Value, f"{where}: {path}")
        return
    for key, child in raw.items():
        yield from _walk(child, f"{path}.{key}", where)


class _Fitted(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    path: str
    value: float
    unit: str
    uncertainty_cv: float
    prior: float
    shift_in_prior_sd: float


class Calibration(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Result of `papaver fit`, committed with the product."""

    fit: str
    command: str
    observations: int
    objective: float
    objective_at_prior: float
    parameters: list[_Fitted]


def _overlay(raw: Any, where: str, parameters: dict[str, Parameter]) -> None:
    result = convert(raw, Calibration, where)
    for f in result.parameters:
        if f.path not in parameters:
            raise DataError(f"{where}: {f.path}: there is no such parameter; run `papaver fit {result.fit}` again")
        p = parameters[f.path]
        try:
            value = convert_unit(f.value, f.unit, p.value.unit)
        except UnitError as e:
            raise DataError(f"{where}: {f.path}: {e}") from None
        moved = msgspec.structs.replace(
            p.value, value=value, basis="estimated",
            where=f"{p.value.where or p.value.reason or ''} (prior); moved by papaver fit {result.fit} on {result.observations} observations",
        )  # fmt: skip
        parameters[f.path] = Parameter(f.path, moved, p.file, prior=p.value)


_NEEDED = {
    "one_compartment": ("CL", "V1"),
    "two_compartment": ("CL", "V1", "Q", "V2"),
    "three_compartment": ("CL", "V1", "Q2", "V2", "Q3", "V3"),
}
_ROUTE_NEEDS = {
    "bolus": (), "first_order": ("F", "ka"), "biphasic": ("F", "ka_fast", "ka_slow", "share_fast"), "oral": ("F", "k_rel", "ka"),
    "mucosal": ("F", "ka", "swallowed", "ka_gut"), "depot": ("F", "share_fast", "ka_fast", "MTT_slow", "ka_slow"),
}  # fmt: skip


def _check_products(products: Mapping[str, Product], at: str, title: str, routes: Any, salts: Any, sources: Mapping[str, Source]) -> None:
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


def _check_mixture(m: Mixture, drugs: Mapping[str, Drug], sources: Mapping[str, Source]) -> None:
    at = f"mixtures/{m.name}.yaml"
    for part, share in m.parts.items():
        if part not in drugs:
            raise DataError(f"{at}: parts.{part}: unknown drug {part!r}; {nearest(part, drugs)}")
        if not 0 < share < 1:
            raise DataError(f"{at}: parts.{part}: read {share}; a molar share between 0 and 1 is needed")
    if not m.parts or abs(sum(m.parts.values()) - 1) > 1e-9:
        raise DataError(f"{at}: parts: the molar shares add up to {sum(m.parts.values()):g}; they must add up to 1")
    _check_products(m.products, at, m.title, mixture_routes(m, drugs), m.salts, sources)


def mixture_routes(m: Mixture, drugs: Mapping[str, Drug]) -> tuple[str, ...]:
    """The routes that all parts of a mixture have."""
    first, *others = (drugs[part].routes for part in m.parts)
    return tuple(r for r in first if all(r in o for o in others))


def _check_drug(drug: Drug, drugs: Mapping[str, Drug], parameters: Mapping[str, Parameter]) -> None:
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
    for name, route in drug.routes.items():
        for p in _ROUTE_NEEDS[route.model]:
            need(f"{drug.name}.{name}.{p}", f"route {name} is {route.model}")
        if route.arrives_as is not None and route.arrives_as not in drugs:
            raise DataError(f"{at}: routes.{name}.arrives_as: unknown drug {route.arrives_as!r}; {nearest(route.arrives_as, drugs)}")
        arriving = drugs[route.arrives_as or drug.name]
        if (route.into == "portal" or route.model == "mucosal") and not any(w.site == "liver" for w in arriving.elimination.values()):
            what = "into: portal" if route.into == "portal" else "model: what is swallowed"
            raise DataError(f"{at}: routes.{name}.{what} needs a liver pathway of {arriving.name}, which has none")


def list_data(kind: str, extra: Path | None = None) -> dict[str, Path]:
    """Shipped (and the user's) files of one kind by name, e.g. list_data("scenarios")."""
    folders = (DATA,) if extra is None else (DATA, Path(extra))
    return {f.stem: f for f in _files(folders, kind)}


def find_file(name: str, kind: str, extra: Path | None = None, error: type[PapaverError] = DataError) -> Path:
    """A file by path or by the name of a shipped one.

    Raises:
        PapaverError: neither; the nearest shipped name is suggested.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml", ".json") or path.exists():
        if path.is_file():
            return path
        if path.suffix:
            raise error(f"{name}: no such file")
    known = list_data(kind, extra)
    if name in known:
        return known[name]
    if path.is_dir():
        raise error(f"{name}: is a folder; give a file, or a name: {', '.join(sorted(known))}")
    raise error(f"no {kind.rstrip('s')} {name!r}; {nearest(name, known)}")
