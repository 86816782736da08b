"""Scores: fold error where a fold means something, otherwise detection, interval or sign.

Rules (science.md section 9): fold error is for positive ratio-scale quantities; percentages count as odds. Pressures, saturation and pupils are
scored in observed standard errors. Zeros are detection tests. Directions are right or wrong. A bare interval is met or not.
The floor is the best that one constant per conflict group could do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from papaver.bench.effects import EFFECTS, default_se, is_effect, scale_of
from papaver.bench.study import Band, Observation, Study
from papaver.units import Unit


@dataclass(frozen=True)
class Scored:
    """One observation with its prediction and score.

    `metric`: fold, odds, errors, detection, sign or interval. `score`: the fold error of value or odds (>= 1), the distance in standard errors,
    or 1 for right and 0 for wrong.
    `status`: ok, or why it could not be simulated. `within`: prediction inside the published spread, if there is one.
    """

    study: str
    system: str
    drug: str
    observation: Observation
    predicted: float | None
    metric: str
    score: float | None
    within: bool | None
    status: str

    def to_dict(self) -> dict[str, Any]:
        """The stable JSON shape."""
        o = self.observation
        observed: Any = o.value if o.value is not None else (o.direction if o.direction is not None else [o.low, o.high])
        return {
            "study": self.study, "quantity": o.quantity, "analyte": o.analyte, "site": f"{o.site} {o.matrix}" if o.matrix != "urine" else "urine",
            "unit": o.unit, "observed": observed, "predicted": self.predicted, "metric": self.metric, "score": self.score, "use": o.use,
            "conflict_group": o.conflict_group, "status": self.status, "within_interval": self.within, "evidence": o.evidence,
        }  # fmt: skip


def metric_of(o: Observation) -> str:
    """How an observation is scored."""
    if o.value is None and o.direction is not None:
        return "sign"
    if o.value is None:
        return "interval"
    if is_effect(o.quantity):
        return {"ratio": "fold", "share": "odds", "interval": "errors"}[scale_of(o)]
    if o.quantity == "occupancy":
        return "odds"
    if o.value == 0:
        return "detection"
    return "fold" if o.value > 0 else "sign"


def score(study: Study, o: Observation, predicted: float | None, reference: float | None, status: str, drug: str, limit: float = 0.0) -> Scored:
    """Score one prediction.

    Args:
        predicted: in the observation's unit; None if it could not be simulated (then `status` says why).
        reference: the same quantity in the reference arm, for directions.
        limit: what counts as absent in a detection test, in the observation's unit.
    """
    metric = metric_of(o)
    value: float | None = None
    within: bool | None = None
    if predicted is not None:
        if metric == "fold":
            assert o.value is not None
            ratio = predicted / o.value
            value = max(ratio, 1 / ratio) if ratio > 0 else math.inf
            band = interval(o)
            within = None if band is None else band[0] <= predicted <= band[1]
        elif metric == "odds":
            factor = Unit.parse(o.unit).factor
            ratio = odds(predicted * factor) / odds(float(o.value or 0.0) * factor)
            value = max(ratio, 1 / ratio)
            band = interval(o)
            within = None if band is None else band[0] <= predicted <= band[1]
        elif metric == "errors":
            value = abs(predicted - float(o.value or 0.0)) / standard_error(o, study.n)
            within = value <= 2
        elif metric == "interval":
            within = float(o.low or 0.0) <= predicted <= float(o.high if o.high is not None else math.inf)
            value = float(within)
        elif metric == "detection":
            value = float(predicted <= limit)
        elif reference is not None:
            # a time of a peak, or a share of the baseline, is not in the quantity's own unit
            scale = EFFECTS[o.quantity].sd if o.quantity in EFFECTS and scale_of(o) == "interval" else 0.0
            value = float(_sign_right(predicted, reference, o.direction or ("increase" if (o.value or 0) > 0 else "decrease"), scale))
    return Scored(study.id, study.system, drug, o, predicted, metric, value, within, status)


EDGE = 0.02
"""Shares nearer than this to none or all count as this: a study of some tens of people cannot tell them apart."""


def odds(x: float) -> float:
    """Odds of a share, which is kept `EDGE` away from none and all."""
    x = min(max(x, EDGE), 1 - EDGE)
    return x / (1 - x)


def standard_error(o: Observation, n: int | None) -> float:
    """Standard error of an observation in its unit, from what is printed; else from the usual spread between people."""
    s = o.spread
    if s is not None and s.kind == "SE" and s.value:
        return s.value
    if s is not None and s.kind == "SD" and s.value:
        return s.value / math.sqrt(n or 8)
    if s is not None and s.low is not None and s.high is not None and s.high > s.low:
        width = {"CI95": 3.92, "CI90": 3.29}.get(s.kind)
        if width:
            return (s.high - s.low) / width
        return (s.high - s.low) / {"IQR": 1.35, "range": 3.0}.get(s.kind, 3.0) / math.sqrt(n or 8)
    return default_se(o, n)


def _sign_right(predicted: float, reference: float, direction: str, sd: float = 0.0) -> bool:
    """`sd`: usual spread between people of a quantity whose ratio means nothing; a quarter of it counts as a change, one of it none would miss."""
    if sd:
        z = (predicted - reference) / sd
        return {"increase": z > 0.25, "decrease": z < -0.25, "none": abs(z) < 1.0}[direction]
    if min(predicted, reference) < 0:  # differences, which have no ratio
        rise = (predicted - reference) / max(abs(predicted), abs(reference))
        return {"increase": rise > 0.05, "decrease": rise < -0.05, "none": abs(rise) < 0.2}[direction]
    change = predicted / reference if reference > 0 else math.inf if predicted > 0 else 1.0
    # "none" is a change that a study would hardly have seen
    return {"increase": change > 1.05, "decrease": change < 0.95, "none": 0.8 < change < 1.25}[direction]


def interval(o: Observation) -> tuple[float, float] | None:
    """Published spread around an observation: CI, range or IQR as printed; mean +- 2 SD or SE; log-normal for CV% and GSD."""
    s: Band | None = o.spread
    if s is None or o.value is None:
        return None
    if s.low is not None and s.high is not None:
        return s.low, s.high
    if s.value is None:
        return None
    if s.kind in ("SD", "SE"):
        return o.value - 2 * s.value, o.value + 2 * s.value
    if s.kind == "CV%":
        f = math.exp(2 * math.sqrt(math.log(1 + (s.value / 100) ** 2)))
        return o.value / f, o.value * f
    if s.kind == "GSD":
        return o.value / s.value**2, o.value * s.value**2
    return None


def summarise(scored: Iterable[Scored]) -> dict[str, Any]:
    """n, GMFE, AFE, floor and shares of a set of scored observations; None where nothing is there to judge."""
    rows = [s for s in scored if s.status == "ok"]
    fold = [s for s in rows if s.metric in ("fold", "odds") and s.score is not None]
    logs = np.array([_log_error(s) for s in fold])
    errors = [s.score for s in rows if s.metric == "errors" and s.score is not None]
    binary = [s.score for s in rows if s.metric in ("sign", "detection") and s.score is not None]
    inside = [s.within for s in rows if s.within is not None]

    def share(limit: float) -> float | None:
        return float((np.abs(logs) <= math.log(limit) + 1e-12).mean()) if logs.size else None

    return {
        "n": len(rows),
        "gmfe": float(np.exp(np.abs(logs).mean())) if logs.size else None,
        "afe": float(np.exp(logs.mean())) if logs.size else None,
        "floor_gmfe": floor(fold),
        "within_1_25": share(1.25),
        "within_1_5": share(1.5),
        "within_2": share(2.0),
        "within_interval": float(np.mean(inside)) if inside else None,
        "sign_right": float(np.mean(binary)) if binary else None,
        "within_2_se": float(np.mean([x <= 2 for x in errors])) if errors else None,
    }


def _log_error(s: Scored) -> float:
    """Logarithm of predicted over observed: of the values, or of the odds."""
    o = s.observation
    if s.metric == "odds":
        factor = Unit.parse(o.unit).factor
        return math.log(odds(float(s.predicted or 0.0) * factor) / odds(float(o.value or 0.0) * factor))
    return math.log(_positive(s.predicted) / float(o.value or 1))


def _positive(x: float | None) -> float:
    return max(float(x or 0.0), 1e-12)


def floor(fold: Sequence[Scored]) -> float | None:
    """GMFE of the best constant per conflict group (the median in logarithms); an observation alone in its group costs nothing."""
    if not fold:
        return None
    groups: dict[str, list[float]] = {}
    for k, s in enumerate(fold):
        groups.setdefault(s.observation.conflict_group or f"alone {k}", []).append(_comparable(s))
    cost = [abs(x - float(np.median(g))) for g in groups.values() for x in g]
    return float(np.exp(np.mean(cost)))


def _comparable(s: Scored) -> float:
    """Logarithm of an observation relative to the prediction for it, so that units, doses and persons of a group may differ."""
    return -_log_error(s)
