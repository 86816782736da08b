"""What `papaver explain` prints: a molecule's card, and a parameter with everything that lets a reader judge it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from papaver.errors import DataError, nearest
from papaver.evidence.covariates import CovariateModel
from papaver.evidence.load import Library, Parameter
from papaver.evidence.schema import Drug, Mixture, Product, Source, Spread, Value

WIDTH = 110
SITES = {"liver": "in the liver", "tissue": "in tissue", "blood": "in blood", "kidney": "into urine", "bile": "into bile"}
SEEN = {
    "full_text": "the full text was read", "abstract": "the abstract was read", "label": "the product label was read",
    "review": "as cited by a review", "memory": "from memory, not looked up again",
}  # fmt: skip


def explain(library: Library, name: str) -> str:
    """The card of a molecule (name or synonym), of a parameter ("heroin.pk.CL"), or a list of the parameters below a path ("heroin.pk").

    Raises:
        DataError: none of these; the nearest is suggested.
    """
    head, _, tail = name.partition(".")
    try:
        head = library.dosed(head).name
    except DataError:
        if not tail and not any(path.startswith(f"{head}.") for path in library.parameters):
            raise
    path = f"{head}.{tail}" if tail else head
    if path in library.parameters:
        return parameter_card(library, library.parameters[path])
    if path in library.drugs:
        return drug_card(library, library.drugs[path])
    if path in library.mixtures:
        return mixture_card(library, library.mixtures[path])
    below = [p for p in library.parameters.values() if p.path.startswith(f"{path}.")]
    if not below:
        raise DataError(f"there is no parameter or drug {name!r}; {nearest(path, [*library.parameters, *library.drugs])}")
    return "\n".join(aligned((p.path, number(p.value), p.value.basis) for p in below))


def number(v: Value) -> str:
    """A value with its unit, "4 L/min"; a pure number without."""
    return f"{v.value:g}" if v.unit == "1" else f"{v.value:g} {v.unit}"


def _spread(s: Spread | None) -> str:
    if s is None:
        return "not given"
    return f"CV {s.value:g} % (log-normal)" if s.kind == "cv" else f"SD {s.value:g} on the logit scale"


def _block(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"  {label:14}", subsequent_indent=" " * 16, break_long_words=False, break_on_hyphens=False)


def aligned(rows: Iterable[tuple[str, ...]], indent: str = "") -> list[str]:
    """Rows as lines with their columns one under the other."""
    table = list(rows)
    if not table:
        return []
    widths = [max(len(r[k]) for r in table) for k in range(len(table[0]))]
    return [(indent + "  ".join(x.ljust(w) for x, w in zip(r, widths, strict=True))).rstrip() for r in table]


def citation(s: Source) -> str:
    """Citation with DOI and PMID, and what was seen of it."""
    links = [f"doi:{s.doi}" if s.doi else "", f"PMID {s.pmid}" if s.pmid else "", s.url or ""]
    return " ".join([s.citation.strip(), *(x for x in links if x), f"[{s.id}; {SEEN[s.seen]}]"])


def covariate_text(model: CovariateModel) -> str:
    """A covariate model as a formula, "(weight / 70)^0.75"."""
    x = model.covariate
    if model.form == "power":
        return f"({x} / {model.reference:g})^{model.entries['exponent'].value:g}"
    if model.form == "exponential":
        return f"exp({model.entries['slope'].value:g} * ({x} - {model.reference:g}))"
    if model.form == "decline":
        return f"1 - {model.entries['slope'].value:g} per unit of {x} above {model.reference:g}"
    return ", ".join(f"{level}: x {v.value:g}" for level, v in model.entries.items()) + f" (by {x})"


def parameter_card(library: Library, p: Parameter) -> str:
    """Everything about one value."""
    v = p.value
    lines = [p.path, *_block("value", number(v))]
    lines += _block("spread", f"{_spread(v.spread)} between people")
    lines += _block("uncertainty", f"{_spread(v.uncertainty)} of the typical value")
    lines += _block("basis", v.basis)
    if v.reason:
        lines += _block("reason", v.reason)
    if v.source:
        lines += _block("source", citation(library.sources[v.source]))
    if v.where:
        lines += _block("where", v.where)
    if v.population:
        lines += _block("population", v.population)
    for name in v.covariates:
        lines += _block("scaled by", f"{name}: {covariate_text(library.covariates[name])}")
    if p.prior is not None:
        lines += _block("prior", f"{number(p.prior)} ({p.prior.basis}) before `papaver fit` moved it")
    lines += _block("file", p.file)
    return "\n".join(lines)


def mixture_card(library: Library, m: Mixture) -> str:
    """A mixture: its parts and their routes, and its products."""
    lines = [f"{m.title} ({m.name})", *textwrap.wrap(m.summary, WIDTH, initial_indent="  ", subsequent_indent="  "), ""]
    if m.synonyms:
        lines += _block("also called", ", ".join(m.synonyms))
    lines += _block("molar mass", f"{m.MW:g} g/mol ({m.MW_source})")
    lines += _block("parts", "; ".join(f"{100 * share:g} % {library.drugs[part].title} ({part})" for part, share in m.parts.items()))
    lines += _block("routes", ", ".join(library.routes(m)))
    lines += _products(m.products)
    return "\n".join([*lines, "", f"`papaver explain {next(iter(m.parts))}` prints a part with its numbers and sources"])


def _products(products: Mapping[str, Product]) -> list[str]:
    if not products:
        return []
    rows = ((p.title, p.amount or "any dose", p.route + (f" over {p.over}" if p.over else ""), p.note or "") for p in products.values())
    return ["", "products", *aligned(rows, "  ")]


def drug_card(library: Library, drug: Drug) -> str:
    """A molecule: identity, structure, pathways with their shares, routes, receptors, sources."""
    n = drug.name
    own = {p.path.removeprefix(f"{n}."): p.value for p in library.parameters.values() if p.path.startswith(f"{n}.")}
    lines = [f"{drug.title} ({n})", *textwrap.wrap(drug.summary, WIDTH, initial_indent="  ", subsequent_indent="  "), ""]
    if drug.synonyms:
        lines += _block("also called", ", ".join(drug.synonyms))
    lines += _block("kind", drug.kind)
    lines += _block("molar mass", f"{drug.MW:g} g/mol ({drug.MW_source})")
    if drug.salts:
        lines += _block("salts", "; ".join(f"{k} ({s.title}, {s.MW:g} g/mol)" for k, s in drug.salts.items()))
    for section, title in (
        ("pk", f"disposition: {drug.structure.replace('_', ' ')}"),
        ("vein", "forearm vein"),
        ("oral_fluid", "oral fluid"),
        ("brain", "brain"),
        ("mouth", "mouth"),
        ("mast_cells", "release of histamine"),
    ):
        # shares of the pathways are listed with the pathways
        values = {k: v for k, v in own.items() if k.startswith(f"{section}.") and not k.startswith("pk.fm_")}
        if values:
            lines += ["", title, *aligned(((k, number(v), v.basis) for k, v in values.items()), "  ")]
    lines += ["", "elimination, share of the clearance", *aligned(_pathways(drug, own), "  ")]
    lines += ["", "routes" if drug.routes else "routes: none (it is only formed in the body)"]
    lines += aligned(
        (
            (name, r.title, r.model.replace("_", " "), ", ".join(f"{k} {number(v)}" for k, v in r.parameters.items()))
            for name, r in drug.routes.items()
        ),
        "  ",
    )
    lines += _products(drug.products)
    lines += ["", "receptors" if drug.receptors else "receptors: none"]
    lines += aligned(
        ((name, f"Ki {number(r.Ki)}", f"koff {number(r.koff)}", f"efficacy {number(r.efficacy)}") for name, r in drug.receptors.items()), "  "
    )
    lines += ["", "sources"]
    for source in sorted({v.source for v in own.values() if v.source}):
        text = citation(library.sources[source])
        lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    assumed = sum(v.basis == "assumed" for v in own.values())
    lines += ["", f"{len(own)} values, {assumed} of them assumed; `papaver explain {n}.pk.CL` prints one with its reason or source"]
    return "\n".join(lines)


def _pathways(drug: Drug, own: Mapping[str, Value]) -> Iterator[tuple[str, ...]]:
    shares = {k: own[f"pk.fm_{k}"].value for k, way in drug.elimination.items() if not way.remainder}
    rest = 1.0 - sum(shares.values())
    for k, way in drug.elimination.items():
        share = f"{100 * shares.get(k, rest):.3g} %" + (" (the remainder)" if way.remainder else "")
        place = SITES[way.site] + (f" by {way.enzyme}" if way.enzyme else "")
        forms = f"forms {way.forms}" + (" (into the portal vein)" if way.into == "portal" else "") if way.forms else ""
        yield k, share, place, forms
