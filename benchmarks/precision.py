"""Work against precision: every path at one tolerance, and at the loosest tolerance of a ladder that keeps its error small enough.

One tolerance means different errors for different methods, so speeds at one tolerance alone say little; both are printed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.models import Array, Scenario

LADDER = (1e-5, 5e-6, 2e-6, 1e-6, 5e-7, 2e-7, 1e-7, 5e-8, 2e-8)
WANTED = 3e-6
RTOL = 1e-6


@dataclass
class Case:
    """A scenario with its reference: outputs of the first people, shape (people, times, outputs)."""

    scenario: Scenario
    reference: Array


@dataclass
class Path:
    """A way to solve the benchmark.

    `solve(scenario, people, rtol, times)` returns outputs of these people and the least CPU seconds of a few times. `judged`: how many people stand
    for the error, by case; `people`: how many are timed, `times` times (the same people once: not solved again). `bar`: how many times faster the
    kernel shall be. `found`: for each case the point at `RTOL` and the loosest that is precise enough (else the tightest).
    """

    what: str
    judged: tuple[int, ...]
    solve: Callable[[Scenario, int, float, int], tuple[Array, float]]
    people: tuple[int, ...] = ()
    times: int = 1
    bar: float = 0.0
    found: list[tuple[Point, Point]] = field(default_factory=list)


@dataclass(frozen=True)
class Point:
    """People per second of one core, and the largest error of those that were judged."""

    rtol: float
    speed: float
    error: float


def error(Y: Array, reference: Array) -> float:
    """Largest difference relative to each output's peak in that person, over people, outputs and times; infinite if anything is NaN."""
    n = min(len(Y), len(reference))
    worst = float((np.abs(Y[:n] - reference[:n]) / np.abs(reference[:n]).max(axis=1, keepdims=True)).max())
    return worst if np.isfinite(worst) else float("inf")


def climb(path: Path, cases: list[Case]) -> None:
    """Measure a path, from the loosest tolerance until the error is small enough, and at `RTOL`."""
    timed = path.people or path.judged
    for case, judged, people in zip(cases, path.judged, timed, strict=True):

        def judge(rtol: float, case: Case = case, judged: int = judged) -> Point:
            Y, seconds = path.solve(case.scenario, judged, rtol, 1)
            return Point(rtol, judged / seconds, error(Y, case.reference))

        def clock(p: Point, case: Case = case, people: int = people) -> Point:
            return Point(p.rtol, people / path.solve(case.scenario, people, p.rtol, path.times)[1], p.error)

        points: list[Point] = []
        for rtol in LADDER:
            points.append(judge(rtol))
            if points[-1].error <= WANTED:
                break
        precise = points[-1]
        fixed = next((p for p in points if p.rtol == RTOL), None) or judge(RTOL)
        if path.people:
            same = fixed == precise
            fixed = clock(fixed)
            precise = fixed if same else clock(precise)
        path.found.append((fixed, precise))
