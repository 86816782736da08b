"""Rules: when an output passes a threshold, give a dose or stop. Located by root finding on the dense output, for each person apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.core.lower import Program

Array = npt.NDArray[np.float64]
MAX_TIMES = 1000
"""Most firings of one rule for one person."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        node: graph node of the output. above: fires above the threshold (else below). threshold: in the output's unit, or, with
            `of_baseline`, the fraction of the output's value before any dose.
        hold: how long the condition must hold. after: delay from firing to the dose. at: when the rule arms. times: how often at most.
        every: least time between firings; without it the condition must become false before the rule fires again. All in min.
        port, amount, duration: the dose, nmol, over `duration` min. stop: ends the person's run instead.
    """

    node: int
    above: bool
    threshold: float
    of_baseline: bool = False
    hold: float = 0.0
    after: float = 0.0
    at: float = 0.0
    times: int = 1
    every: float = 0.0
    port: str | None = None
    amount: float = 0.0
    duration: float = 0.0
    stop: bool = False


@dataclass(frozen=True)
class Firing:
    """A rule that fired for a person: number of the rule, when, and when its dose was given (min)."""

    rule: int
    fired: float
    given: float


class RuleTable:
    """Rules as the arrays that the driver takes (see `rodas5p.run`).

    Args:
        baseline: value of each rule's output before any dose, shape (people, rules). coefficient: dose coefficients by name.
    """

    def __init__(self, program: Program, rules: Sequence[Rule], people: int, baseline: Array, coefficient: Mapping[str, Array]) -> None:
        self.rules = list(rules)
        self.R = np.zeros((len(rules), 8))
        self.THR = np.zeros((people, len(rules)))
        split_rule: list[int] = []
        split_state: list[int] = []
        columns: list[Array] = []
        for r, rule in enumerate(rules):
            times = min(rule.times, MAX_TIMES)
            self.R[r] = [1.0 if rule.above else -1.0, rule.hold, rule.after, rule.at, times, rule.every, float(rule.stop), rule.duration]
            self.THR[:, r] = rule.threshold * (baseline[:, r] if rule.of_baseline else 1.0)
            if rule.port is not None:
                for state, _ in program.doses[rule.port].split:
                    split_rule.append(r)
                    split_state.append(state)
                    columns.append(rule.amount * coefficient[f"{rule.port}:{state}"])
        self.split_rule, self.split_state = np.array(split_rule, dtype=np.int64), np.array(split_state, dtype=np.int64)
        self.SPLIT = np.array(columns).T.reshape(people, len(columns)) if columns else np.zeros((people, 0))
        self.capacity = int(self.R[:, 4].sum()) + 1 if len(rules) else 1
        self.LOG = np.full((people, self.capacity, 3), np.nan)
        self.n_log = np.zeros(people, dtype=np.int64)

    def arrays(self, part: slice, lanes: int, n: int) -> list[Any]:
        """Arguments for some people, with fresh work space."""
        k, cap = len(self.rules), self.capacity + 1
        work = [np.zeros((lanes, k)), np.zeros((lanes, k)), np.zeros((lanes, k), np.int64), np.zeros(k), np.zeros(k), np.zeros(n)]
        pending = [np.zeros((lanes, cap)), np.zeros((lanes, cap), np.int64), np.zeros((lanes, cap))]
        return [
            self.R, self.THR[part], self.split_rule, self.split_state, self.SPLIT[part], self.LOG[part], self.n_log[part], *work, *pending,
        ]  # fmt: skip

    def firings(self) -> list[list[Firing]]:
        """What fired, by person, in order of time."""
        return [
            [Firing(int(row[2]), float(row[0]), float(row[1])) for row in self.LOG[p, : self.n_log[p]]] for p in range(len(self.n_log))
        ]  # fmt: skip
