"""One published experiment: the protocol as scenarios (arms) and what was observed, each observation with how it may be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from papaver.bench.effects import EFFECTS, SCALES
from papaver.bench.quantities import QUANTITIES
from papaver.errors import DataError, PapaverError, nearest
from papaver.evidence.load import Library
from papaver.evidence.schema import convert
from papaver.evidence.yamlfile import read_yaml
from papaver.scenario import Scenario
from papaver.units import Unit, to_internal

MATRICES = ("plasma", "blood", "urine", "brain", "oral_fluid")
SITES = ("venous", "arterial")


class Band(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Spread of an observation as published; `value` for SD, SE, CV% and GSD, `low` and `high` for ranges and intervals."""

    kind: Literal["SD", "SE", "CI95", "CI90", "range", "IQR", "CV%", "GSD"]
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Observation(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One observed number (or direction, or interval).

    Attributes:
        quantity: the field's term, one of bench.quantities. analyte: molecule, or total_morphine. analytes joined by "+" are averaged.
        arm, reference: names of the study's arms; ratios compare arm with reference.
        value: in `unit`; absent for a direction or a bare interval. low, high: an interval without a centre.
        direction: increase, decrease or none of the quantity in `arm` against `reference`.
        limit: assay limit or cut-off, with unit. window: times of a half-life fit, or of the samples of a volume. at: time of a single sample.
        sampled_from: first sample of the study.
        statistic, relative, baseline_at: of effects: what is taken over `window` where there is no `at`; against what it is compared (ratio to the
            baseline, change from it; ratio to the reference arm, difference from it); when the baseline was taken (default: before the first drug).
        when, given, since: a condition on an output, for time_to, duration and response_fraction; of whom the share is taken; from when on.
        of, level: the effect behind an EC50 or a reversal, and which share of it (default one half).
        use: calibration or validation. conflict_group: observations that speak of the same true value.
        evidence: id of the entry in the evidence collection. verified: how the number was seen.
    """

    quantity: str
    analyte: str
    unit: str
    matrix: Literal["plasma", "blood", "urine", "brain", "oral_fluid"] = "plasma"
    site: Literal["venous", "arterial"] = "venous"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    spread: Band | None = None
    direction: Literal["increase", "decrease", "none"] | None = None
    arm: str = "main"
    reference: str | None = None
    versus: str | None = None
    limit: str | None = None
    window: list[str] | None = None
    at: str | None = None
    sampled_from: str | None = None
    statistic: Literal["peak", "trough", "mean", "time_of_peak", "time_of_trough"] | None = None
    relative: Literal["baseline", "change", "reference", "difference"] | None = None
    baseline_at: str | None = None
    when: str | None = None
    given: str | None = None
    since: str | None = None
    of: str | None = None
    level: float | None = None
    use: Literal["calibration", "validation"] = "validation"
    conflict_group: str | None = None
    evidence: str | None = None
    verified: Literal["full_text", "abstract", "label", "review", "memory"] = "abstract"
    note: str | None = None


class Titrated(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Doses that the experimenters set by their effect: all of `drug` in an arm are multiplied alike until, at the time `at`, the quantity `of` is
    the share `level` of what it was before the first drug."""

    drug: str
    at: str
    of: str = "minute_ventilation"
    level: float = 0.5


class Study(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A published experiment. `assumed` lists what the source does not say and was filled in; `titrated` says which doses follow their effect."""

    id: str
    title: str
    source: str
    system: str
    population: str
    arms: dict[str, dict[str, Any]]
    observations: list[Observation]
    n: int | None = None
    titrated: Titrated | None = None
    assumed: list[str] = []


def load_study(path: Path, library: Library, *, known_sources: bool = True) -> Study:
    """Read and check one study file.

    Args:
        known_sources: the source must be a record in data/sources (shipped studies); otherwise any citation text will do.

    Raises:
        DataError: names the file, the field, what was read and what is allowed.
    """
    return check_study(read_yaml(path), str(path), library, known_sources=known_sources)


def check_study(raw: Any, where: str, library: Library, *, known_sources: bool = True) -> Study:
    """Check raw data as a study; see `load_study`."""
    if isinstance(raw, dict) and not str(raw.get("source") or "").strip():
        raise DataError(f"{where}: source: a study needs a source (the id of a record in data/sources, or a citation)")
    study = convert(raw, Study, where)
    if known_sources and study.source not in library.sources:
        raise DataError(f"{where}: source: no record {study.source!r} in data/sources; {nearest(study.source, library.sources)}")
    if not study.arms:
        raise DataError(f"{where}: arms: at least one arm (a scenario) is needed")
    for name, arm in study.arms.items():
        try:
            Scenario.from_dict(arm, f"arms.{name}")
        except PapaverError as e:
            raise DataError(f"{where}: {e}") from None
    if study.titrated is not None:
        _check_titration(study, study.titrated, where)
    for k, o in enumerate(study.observations):
        at = f"{where}: observations[{k}]"
        known = {**QUANTITIES, **EFFECTS, **SCALES, "sign": None}
        if o.quantity not in known:
            raise DataError(f"{at}.quantity: read {o.quantity!r}; {nearest(o.quantity, known)}")
        Unit.parse(o.unit)
        for arm_name in (o.arm, o.reference):
            if arm_name is not None and arm_name not in study.arms:
                raise DataError(f"{at}: there is no arm {arm_name!r}; {nearest(arm_name, study.arms)}")
        if o.value is None and o.direction is None and (o.low is None or o.high is None):
            raise DataError(f"{at}: give value, or low and high, or direction")
        if o.verified == "memory" and o.use == "calibration":
            raise DataError(f"{at}: a recalled number (verified: memory) may not be used for calibration")
    return study


def _check_titration(study: Study, t: Titrated, where: str) -> None:
    if t.of not in EFFECTS:
        raise DataError(f"{where}: titrated.of: read {t.of!r}; {nearest(t.of, EFFECTS)}")
    given = {str(d["drug"]) for arm in study.arms.values() for d in arm.get("doses", [])}
    if t.drug not in given:
        raise DataError(f"{where}: titrated.drug: no arm gives {t.drug!r}; {nearest(t.drug, given)}")
    if not 0 < t.level < 1:
        raise DataError(f"{where}: titrated.level: read {t.level:g}; a share between 0 and 1 is needed")
    to_internal(t.at, "min", where=f"{where}: titrated.at", example="80 min")
    of_doses = [o.quantity for o in study.observations if o.quantity in QUANTITIES]
    if of_doses:
        raise DataError(f"{where}: titrated: {of_doses[0]} is computed from the doses as written; put it into a study of its own")
