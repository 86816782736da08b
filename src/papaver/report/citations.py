"""The parameters that a run used, with where each number comes from, and the bibliography that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from papaver.bodies.adult import ABSORPTION, RECEPTORS, STRUCTURES
from papaver.components.absorption import Mouth
from papaver.components.brain import BrainCompartment
from papaver.components.breath import Breath, Therapy
from papaver.components.breathing import BreathingControl, FlowControl
from papaver.components.dependence import Hyperalgesia, PeptideTone, ReceptorLife
from papaver.components.disposition import AutoInduction
from papaver.components.gas import BloodGases, BloodPool, CarotidDelay, Lung, Organ
from papaver.components.gut import Fluid, Gut, Immunity
from papaver.components.hazards import Hazards
from papaver.components.heart import Heart, Histamine, Injury
from papaver.components.hormones import AdrenalAxis, Clock, GonadalAxis
from papaver.components.liver import WellStirredLiver
from papaver.components.oral_fluid import OralFluid
from papaver.components.receptor import CompetitiveBinding, OperationalActivation
from papaver.components.rest import Rest
from papaver.components.scales import Cows
from papaver.components.site import Arousal, Depression, DirectEffects, Opponent, Pain, Pupil, Rhythm, SiteEffect
from papaver.components.vein import ForearmVein
from papaver.components.withdrawal import Autonomic, Electrocardiogram, Expression, LocusCoeruleus, Monoamines, Signs, Symptomatic
from papaver.core import Component, Param
from papaver.evidence.load import Library, Parameter
from papaver.evidence.schema import Source, Spread
from papaver.report.writing import number, unit_words
from papaver.simulate import Result


@dataclass(frozen=True)
class Row:
    """One parameter as the report prints it."""

    path: str
    meaning: str
    value: str
    spread: str
    basis: str
    origin: str
    reference: int | None


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography; links are (text, address) pairs."""

    number: int
    id: str
    citation: str
    seen: str
    links: tuple[tuple[str, str], ...]


def used_paths(result: Result) -> list[str]:
    """Paths of all values that the run used: the body's, those of covariate models that scale them, and defaults for the person."""
    library, person = result.library, result.scenario.covariates
    # what a swab reads costs nothing unless somebody asks: its ratio is then no part of the run
    paths = [p for p in result.data_paths if not p.endswith(".oral_fluid.ratio") or p.replace(".ratio", ".C") in result.columns]
    models = dict.fromkeys(m for p in paths for m in library.parameters[p].value.covariates)
    for m in models:
        model = library.covariates[m]
        wanted = [str(person[model.covariate])] if model.form == "table" else list(model.entries)
        paths += [f"covariate.{m}.{k}" for k in wanted if k in model.entries]
    for name in result.scenario.assumed:
        ends = ("", f".{person['sex']}", "_loss", "_loss_from", "_least")
        paths += [p for end in ends if (p := f"person.{name}{end}") in library.parameters]
    return list(dict.fromkeys(paths))


def used_parameters(result: Result) -> tuple[list[tuple[str, list[Row]]], list[Reference]]:
    """Rows by group (molecules first, in order of formation), and the numbered bibliography."""
    library = result.library
    order: dict[str, list[Parameter]] = {c.split(".")[0]: [] for c in result.columns if c.split(".")[0] in library.drugs}
    for path in used_paths(result):
        order.setdefault(path.split(".")[0], []).append(library.parameters[path])
    references: dict[str, Reference] = {}
    groups = []
    for group, found in order.items():
        rows = [_row(p, result, references) for p in found]
        if rows:
            title = library.drugs[group].title if group in library.drugs else _GROUPS.get(group, group.capitalize())
            groups.append((title, rows))
    groups.sort(key=lambda g: g[0] in _GROUPS.values())
    return groups, list(references.values())


_GROUPS = {"covariate": "How a person scales these", "person": "The person where the scenario says nothing", "receptors": "Receptors"}


def _row(p: Parameter, result: Result, references: dict[str, Reference]) -> Row:
    v = p.value
    value = f"{number(v.value)} {unit_words(v.unit)}".rstrip()
    between = f"between people {_spread(v.spread)}" if v.spread and result.people > 1 else ""
    spread = "; ".join(x for x in (between, f"uncertainty {_spread(v.uncertainty)}" if v.uncertainty else "") if x)
    if p.path in result.scenario.overrides:
        return Row(p.path, meaning(p.path, result.library), value, "", "set", "set in this scenario", None)
    origin = "; ".join(x for x in (v.reason if v.basis == "assumed" else None, v.where) if x) + (f" ({v.population})" if v.population else "")
    if p.prior is not None:
        origin = f"{number(p.prior.value)} {unit_words(p.prior.unit)} before calibration; {origin}"
    cited = None
    if v.source is not None and v.source in result.library.sources:
        if v.source not in references:
            references[v.source] = _reference(result.library.sources[v.source], len(references) + 1)
        cited = references[v.source].number
    return Row(p.path, meaning(p.path, result.library), value, spread, v.basis, origin, cited)


def _spread(s: Spread) -> str:
    return f"CV {s.value:g} %" if s.kind == "cv" else f"logit SD {s.value:g}"


_SEEN = {
    "full_text": "read in full", "abstract": "abstract read", "label": "product label", "review": "as cited in a review",
    "memory": "from memory, unchecked",
}  # fmt: skip


def _reference(s: Source, n: int) -> Reference:
    links = []
    if s.doi:
        links.append((f"doi:{s.doi}", f"https://doi.org/{s.doi}"))
    if s.pmid:
        links.append((f"PMID {s.pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{s.pmid}/"))
    # a user's own data folder may hold any text here: only web addresses become links
    if s.url and s.url.startswith(("https://", "http://")):
        links.append((s.url, s.url))
    return Reference(n, s.id, s.citation, _SEEN.get(s.seen, s.seen), tuple(links))


def _params(*classes: type[Component]) -> dict[str, str]:
    return {s.name: s.meaning for c in reversed(classes) for s in c.of_kind(Param)}


_ANY = {
    **_params(*STRUCTURES.values(), BrainCompartment, ForearmVein, WellStirredLiver, AutoInduction),
    "MTT_formation": "mean transit time of its formation",
}
_SECTIONS = {
    "vein": _params(ForearmVein),
    "oral_fluid": _params(OralFluid),
    "brain": _params(BrainCompartment),
    "mouth": _params(Mouth),
    "route": _params(*ABSORPTION.values()),
    "receptor": _params(CompetitiveBinding, OperationalActivation),
    "effects": _params(DirectEffects),
    "mast_cells": _params(Histamine),
}
_BODY = {
    "sites": _params(SiteEffect, Rhythm, Opponent, Arousal, Pupil, Pain),
    "breathing": _params(Breath, BreathingControl, Depression, Therapy, Rest),
    "gas": _params(Lung, BloodGases, Organ, FlowControl, BloodPool, CarotidDelay),
    "heart": _params(Heart, Histamine, Injury),
    "dependence.life": _params(ReceptorLife), "dependence.tone": _params(PeptideTone), "dependence.pain": _params(Hyperalgesia),
    "withdrawal": _params(Expression), "withdrawal.locus": _params(LocusCoeruleus), "withdrawal.monoamines": _params(Monoamines),
    "withdrawal.signs": _params(Signs),
    "withdrawal.autonomic": _params(Autonomic), "withdrawal.ecg": _params(Electrocardiogram), "withdrawal.cows": _params(Cows),
    "hormones.clock": _params(Clock), "hormones.adrenal": _params(AdrenalAxis), "hormones.gonadal": _params(GonadalAxis),
    "gut": _params(Gut), "gut.fluid": _params(Fluid), "gut.immunity": _params(Immunity),
    "hazards": _params(Hazards),
}  # fmt: skip
"""Words for parameters of the body, by what their paths begin with; the longest beginning counts."""
_OWNERS = {
    "sites": "Opioid effect", "sites.respiratory": "Opioid effect on breathing", "sites.sedation": "Opioid effect on arousal",
    "sites.pain": "Opioid effect on pain", "sites.pupil": "Opioid effect on the pupil", "sites.euphoria": "Opioid effect on mood",
    "sites.arousal": "Arousal", "sites.eye": "Pupil", "sites.relief": "Pain relief", "heart.injury": "Brain injury", "heart.histamine": "Histamine",
    "gas": "Gas exchange",
    "gas.brain": "Brain", "gas.tissue": "Tissues", "receptors.mop": "MOP receptors", "receptors.dop": "DOP receptors",
    "receptors.kop": "KOP receptors", "person": "Person", "sites.locus": "Opioid effect on the locus coeruleus",
    "sites.rhythm": "Opioid effect on breathing",
    "sites.hypothalamus": "Opioid effect on the hypothalamus",
    "sites.pituitary": "Opioid effect on LH", "sites.gut_wall": "Opioid effect on the gut", "sites.tau": "Tolerance",
    "sites.start": "Tolerance", "dependence.life": "MOP receptors in use", "dependence.tone": "Body's own opioids",
    "dependence.pain": "Heightened pain", "withdrawal.locus": "Locus coeruleus", "withdrawal.monoamines": "Monoamines",
    "withdrawal.signs": "Signs of withdrawal",
    "withdrawal.autonomic": "Body in withdrawal",
    "withdrawal.ecg": "Electrocardiogram", "withdrawal.cows": "COWS", "withdrawal.medicines": "Medicines for one symptom",
    "hormones.clock": "Time of day", "hormones.adrenal": "Cortisol", "hormones.gonadal": "Sex hormones", "gut.fluid": "Body water",
    "gut.immunity": "Immunity", "hazards": "Hazards",
}  # fmt: skip
_PLACES = {
    "kidney.flow": "urine flow",
    "gas.V_arterial": "volume of arterial blood",
    "gas.V_venous": "volume of venous blood",
    "breathing.V_carotid": "volume of blood from the lung to the carotid body",
    "circulation.MTT_vein": "mean transit time through forearm tissue, of molecules without one of their own",
    "circulation.MTT_lung": "mean transit time through the lung",
    "person.age": "age",
    "person.weight.male": "weight of a man",
    "person.weight.female": "weight of a woman",
    "person.eGFR": "glomerular filtration rate",
    "person.eGFR_loss": "its fall with age",
    "person.eGFR_loss_from": "age at which it begins to fall",
    "person.eGFR_least": "below which age does not bring it",
}


def meaning(path: str, library: Library) -> str:
    """What a parameter is, in the words of the component that declares it; empty if none does."""
    if path in _PLACES:
        return _PLACES[path]
    head, *rest = path.split(".")
    symbol, section = path.rpartition(".")[2], rest[0] if rest else ""
    if head in library.drugs:
        drug = library.drugs[head]
        table = _params(STRUCTURES[drug.structure]) if symbol in _params(STRUCTURES[drug.structure]) else _ANY
        if section in ("vein", "oral_fluid", "brain", "mouth", "effects", "mast_cells"):
            table = _SECTIONS[section]
        elif section in drug.routes:
            table = _SECTIONS["route"]
        elif section in RECEPTORS:
            table = _SECTIONS["receptor"]
        if symbol in table:
            return table[symbol]
        kind, _, pathway = symbol.partition("_")
        forms = drug.elimination[pathway].forms if pathway in drug.elimination else None
        made = f" (forms {library.drugs[forms].title})" if forms is not None and forms in library.drugs else ""
        return {"fm": f"share of the clearance by {pathway}{made}", "MTT": f"mean transit time of {pathway}{made}"}.get(kind, "")
    if path.startswith("withdrawal.medicines."):
        return f"{_params(Symptomatic)['reach']} of {symbol}"
    of_body = _BODY.get(f"{head}.{section}") or _BODY.get(head)
    if of_body is not None:
        if symbol in of_body:
            return f"{of_body[symbol].removesuffix(' (nausea)')} ({rest[1]})" if path.startswith("withdrawal.signs.") else of_body[symbol]
        # "weight.hours" is one of several by pace
        before = path.split(".")[-2]
        many = of_body.get("X0" if before == "start" else before)
        return f"{many} ({symbol})" if many else ""
    if head == "receptors":
        return _SECTIONS["receptor"].get(symbol, "")
    if head == "covariate" and section in library.covariates:
        model = library.covariates[section]
        return f"{symbol.replace('_', ' ')}, by {model.covariate}"
    if head == "enzymes":
        return "activity, 1 = normal"
    return _ANY.get(symbol, "")


def named(path: str, library: Library) -> str:
    """A parameter with what it belongs to: "Fentanyl: unbound fraction in plasma"; the path if nothing says what it is."""
    what = meaning(path, library)
    head, *rest = path.split(".")
    section = rest[0] if rest else ""
    if not what:
        return path
    if head == "enzymes":
        return f"{section.upper()}: {what}"
    if head in library.drugs:
        title = library.drugs[head].title
        if section in RECEPTORS:
            return f"{title} at {section.upper()}: {what}"
        if section in library.drugs[head].routes:
            return f"{title}, {library.drugs[head].routes[section].title.split(' (')[0]}: {what}"
        return f"{title}: {what}"
    return f"{_OWNERS.get(f'{head}.{section}') or _OWNERS.get(head) or head.capitalize()}: {what}"
