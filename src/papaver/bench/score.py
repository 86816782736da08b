"""Scores: fold error where a fold means something, otherwise detection, interval or sign.

Rules (science.md section 9): fold error is for positive ratio-scale quantities. Zeros are detection tests. Directions are right or wrong.
A bare interval is met or not. Scores in standard errors and odds come with the systems that need them.
The floor is the best that one constant per conflict group could do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from papaver.bench.study import Band, Observation, Study


@dataclass(frozen=True)
class Scored:
    """One observation with its prediction and score.

    `metric`: fold, detection, sign or interval. `score`: the fold error (>= 1), or 1 for right and 0 for wrong.
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
        elif metric == "interval":
            within = float(o.low or 0.0) <= predicted <= float(o.high if o.high is not None else math.inf)
            value = float(within)
        elif metric == "detection":
            value = float(predicted <= limit)
        elif reference is not None:
            value = float(_sign_right(predicted, reference, o.direction or ("increase" if (o.value or 0) > 0 else "decrease")))
    return Scored(study.id, study.system, drug, o, predicted, metric, value, within, status)


def _sign_right(predicted: float, reference: float, direction: str) -> bool:
    change = predicted / reference if reference > 0 else math.inf
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
    fold = [s for s in rows if s.metric == "fold" and s.score is not None]
    logs = np.array([math.log(_positive(s.predicted) / float(s.observation.value or 1)) for s in fold])
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
    }


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
    assert s.observation.value is not None
    return math.log(s.observation.value / _positive(s.predicted))
