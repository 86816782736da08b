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
from papaver.evidence.check import check_correlations, check_drug, check_mixture, check_products, mixture_routes
from papaver.evidence.covariates import CovariateModel, read_covariates
from papaver.evidence.schema import Drug, Mixture, Route, Source, Value, check_value, convert
from papaver.evidence.yamlfile import read_yaml
from papaver.units import Unit
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

    def is_dosed(self, name: str) -> bool:
        """True for the name of a molecule or a mixture."""
        try:
            self.dosed(name)
        except DataError:
            return False
        return True

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


class Sources(Mapping[str, Source]):
    """The records of papers by id. There are hundreds and a run prints few: each is read when it is asked for, those of a user's folder at once."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._files: dict[str, Path] = {}
        self._read: dict[str, Source] = {}
        for k, folder in enumerate(folders):
            for file in _files((folder,), "sources"):
                if file.stem in self._files:
                    raise DataError(f"{file}: there is already a source {file.stem!r}")
                self._files[file.stem] = file
                if k > 0 or folder != DATA:
                    _ = self[file.stem]

    def __getitem__(self, name: str) -> Source:
        if name not in self._read:
            file = self._files[name]
            record = convert(read_yaml(file), Source, str(file))
            if record.id != name:
                raise DataError(f"{file}: id: read {record.id!r}; it must be the file's name, {name!r}")
            self._read[name] = record
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, name: object) -> bool:
        return name in self._files


@functools.lru_cache(maxsize=8)
def load_library(extra: Path | None = None, *, without: str | None = None) -> Library:
    """The shipped data, plus a folder of the user's own (`--data DIR`) with the same layout.

    Args:
        extra: folder with drugs/, sources/, physiology/ as in the shipped data.
        without: a calibration to leave out, with what fits that build on it say of its parameters (which are then the priors of `papaver fit`).

    Raises:
        DataError: any file that is wrong; names file and field.
    """
    folders = (DATA,) if extra is None else (DATA, Path(extra))
    if extra is not None and not Path(extra).is_dir():
        raise DataError(f"{extra}: no such data folder")
    sources = Sources(folders)
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
    left_out: set[str] = set()
    # a fit of effects starts where the fits of concentrations ended
    for file in sorted(_files(folders, "calibration"), key=lambda f: f.stem.endswith("_effects")):
        result = convert(read_yaml(file), Calibration, str(file))
        if file.stem == without:
            left_out = {f.path for f in result.parameters}
        else:
            _overlay(result, left_out, str(file), parameters)
    for drug in drugs.values():
        check_drug(drug, drugs, parameters)
        check_products(drug.products, f"drugs/{drug.name}.yaml", drug.title, drug.routes, drug.salts, sources)
    for mixture in mixtures.values():
        check_mixture(mixture, drugs, sources)
    check_correlations(correlations, parameters, sources)
    return Library(drugs, parameters, covariates, sources, _hash(folders), tuple(correlations), folders, mixtures)


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
    for section in ("pk", "vein", "oral_fluid", "brain", "mouth", "effects", "mast_cells"):
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


def _overlay(result: Calibration, left_out: set[str], where: str, parameters: dict[str, Parameter]) -> None:
    for f in result.parameters:
        if f.path in left_out:
            continue
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
            raise error(f"{name}: a folder; name a file in it" if path.is_dir() else f"{name}: no such file")
    known = list_data(kind, extra)
    if name in known:
        return known[name]
    if path.is_dir():
        raise error(f"{name}: is a folder; give a file, or a name: {', '.join(sorted(known))}")
    raise error(f"no {kind.rstrip('s')} {name!r}; {nearest(name, known)}")
