"""Run studies against the model: predictions, scores, and a table that shows the worst as plainly as the best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from papaver.bench.arms import Arms
from papaver.bench.courses import NotSimulated
from papaver.bench.effects import EFFECTS, baseline, needs_dependence
from papaver.bench.entries import is_entry_file, studies_from_entries
from papaver.bench.quantities import predict
from papaver.bench.score import Scored, metric_of, score, summarise
from papaver.bench.study import Observation, Study, load_study
from papaver.errors import DataError, PapaverError
from papaver.evidence.load import Library, list_data
from papaver.evidence.yamlfile import read_yaml
from papaver.units import convert


@dataclass
class BenchReport:
    """Scores of a set of studies; `unusable` maps an entry or study to the reason why it was not simulated."""

    scored: list[Scored]
    unusable: dict[str, str] = field(default_factory=dict)

    def by(self, key: Callable[[Scored], str]) -> dict[str, dict[str, Any]]:
        """Summary per system, or per drug; systems with fewer than 15 observations are also pooled under "pooled"."""
        groups: dict[str, list[Scored]] = {}
        for s in self.scored:
            groups.setdefault(key(s), []).append(s)
        out = {name: summarise(rows) for name, rows in sorted(groups.items())}
        small = [s for rows in groups.values() if len(rows) < 15 for s in rows]
        if small and len(groups) > 1:
            out["pooled"] = summarise(small)
        return out

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON shape of `papaver bench evidence --json`."""
        return {
            "systems": self.by(lambda s: s.system),
            "drugs": self.by(lambda s: s.drug),
            "observations": [s.to_dict() for s in self.scored],
            "unusable": dict(sorted(self.unusable.items())),
        }


def run_study(study: Study, library: Library, solver: str | None = None) -> list[Scored]:
    """Simulate and score every observation of a study."""
    arms = Arms(study.arms, library, solver, dependence=needs_dependence(study.observations), titrated=study.titrated)
    return [_one(study, o, arms, library) for o in study.observations]


def _one(study: Study, o: Observation, arms: Arms, library: Library) -> Scored:
    drug = next((str(d["drug"]) for arm in study.arms.values() for d in arm.get("doses", [])), "none")
    try:
        drug = "none" if drug == "none" else library.dosed(drug).name
        predicted = predict(o, arms)
        reference = None
        limit = 0.0
        if metric_of(o) == "sign":
            if o.relative is not None and o.reference is None:
                raise NotSimulated("a direction compares with the time before the drug by itself: leave relative out, or name a reference arm")
            if o.reference is not None:
                reference = predict(_in_arm(o, o.reference), arms)
            elif o.quantity in EFFECTS or o.quantity == "sign":
                reference = baseline(o, arms)
            else:
                raise NotSimulated("a direction needs a reference arm")
        if metric_of(o) == "detection":
            limit = _absent(o, arms)
        return score(study, o, predicted, reference, "ok", drug, limit)
    except PapaverError as e:
        return score(study, o, None, None, str(e), drug)


def _in_arm(o: Observation, arm: str) -> Observation:
    import msgspec

    return msgspec.structs.replace(o, arm=arm, reference=None)


def _absent(o: Observation, arms: Arms) -> float:
    """What counts as nothing: the assay's limit for a concentration, one percent for a fraction, zero for a detection time."""
    if o.quantity in ("Cmax", "concentration", "Ctrough"):
        value, _, unit = (o.limit or "1 ng/mL").partition(" ")
        return convert(float(value), unit, o.unit, MW=arms.MW(o.analyte.split("+")[0]))
    return 0.01 if o.quantity in ("bioavailability", "relative_exposure", "urinary_recovery") else 0.0


def load_studies(library: Library, *, folder: Path | None = None, data: Path | None = None) -> tuple[list[Study], dict[str, str]]:
    """Studies of the product, or of a folder (study files, and files with entries of the evidence collection).

    Returns:
        studies, and what could not be used with the reason.

    Raises:
        DataError: a study file that is wrong.
    """
    if folder is None:
        unusable_file = list_data("studies", data).get("unusable")
        files = [f for name, f in list_data("studies", data).items() if name != "unusable"]
        unusable = {str(k): str(v) for k, v in read_yaml(unusable_file).items()} if unusable_file else {}
        return [load_study(f, library) for f in files], unusable
    if not folder.exists():
        raise DataError(f"{folder}: no such file or folder")
    files = sorted(folder.glob("*.yaml")) + sorted(folder.glob("*.yml")) if folder.is_dir() else [folder]
    if not files:
        raise DataError(f"{folder}: holds no study files (*.yaml)")
    studies: list[Study] = []
    unusable = {}
    for f in files:
        if is_entry_file(f):
            more, reasons = studies_from_entries(read_yaml(f), library, str(f))
            studies += more
            unusable |= reasons
        else:
            studies.append(load_study(f, library, known_sources=False))
    return studies, unusable


def run_bench(
    studies: Iterable[Study], library: Library, *, unusable: Mapping[str, str] | None = None, solver: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> BenchReport:  # fmt: skip
    """Run and score studies; observations that could not be simulated stay in the list with their reason."""
    scored: list[Scored] = []
    for k, study in enumerate(studies):
        scored += run_study(study, library, solver)
        if progress:
            progress(k + 1)
    return BenchReport(scored, dict(unusable or {}))
