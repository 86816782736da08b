"""The page of a trial: survival by arm, endpoints with their intervals, what decides them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from papaver.trial.arms import Trial


def trial_dict(trial: Trial) -> dict[str, Any]:
    """The stable JSON shape of a trial: shares in percent, intervals from people and, apart, from parameter sets."""
    arms = []
    for a in trial.arms:
        endpoints = {}
        for name, s in a.shares.items():
            row: dict[str, Any] = {"percent": 100 * s.value, "low": 100 * s.low, "high": 100 * s.high}
            if s.uncertainty is not None:
                row["uncertainty"] = [100 * x for x in s.uncertainty]
            endpoints[name.removeprefix("rescue.")] = row
        bars = [{"parameter": b.path, "low_percent": 100 * b.low, "high_percent": 100 * b.high} for b in trial.tornado.get(a.name, ())]
        folder = None if a.result.run_dir is None else a.result.run_dir.rsplit("/", 1)[-1]
        arms.append({
            "arm": a.name, "folder": folder, "people": a.result.people, "failed": a.result.failed, "endpoints": endpoints, "decides_death": bars,
        })  # fmt: skip
    return {"people": trial.scenario.people, "parameter_sets": trial.sets, "arms": arms}


def render_trial(trial: Trial, command: Sequence[str]) -> str:
    """The page as HTML text, self-contained."""
    return "<!doctype html><title>trial</title>"
