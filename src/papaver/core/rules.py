"""Rules: when an output passes a threshold, give a dose or stop. Located by root finding on the dense output, for each person apart."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that fired for a person: number of the rule, when, and when its dose was given (min)."""

    rule: int
    fired: float
    given: float


@dataclass(frozen=True)
class RuleMemory:
    """What rules remember of people at one moment; arrays of shape (people, rules), times in min from that moment.

    Attributes:
        held: how long the condition has held so far (-1: it does not hold). ready: when the rule may fire again; infinite until its condition
            has been false. count: how often it has fired. baseline: the output before any dose.
    """

    held: Array
    ready: Array
    count: Array
    baseline: Array

    @staticmethod
    def fresh(rules: Sequence[Rule], baseline: Array, start: float) -> RuleMemory:
        """Before anything has happened, at the time `start`."""
        ready = np.tile([r.at - start for r in rules], (len(baseline), 1)).astype(np.float64)
        return RuleMemory(np.full(baseline.shape, -1.0), ready, np.zeros(baseline.shape), baseline)

    def __getitem__(self, who: slice) -> RuleMemory:
        return RuleMemory(self.held[who], self.ready[who], self.count[who], self.baseline[who])


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

    def sizes(self) -> list[int]:
        """Rules, doses by state, room for notes by person, room for pending doses by lane."""
        return [len(self.rules), len(self.split_rule), 3 * self.capacity, self.capacity + 1]

    def arrays(self, part: slice, lanes: int) -> list[Any]:
        """Arguments for some people, with fresh work space."""
        k, cap = len(self.rules), self.capacity + 1
        work = [np.zeros((lanes, k)), np.zeros((lanes, k)), np.zeros((lanes, k), np.int64), np.zeros(k), np.zeros(k), np.zeros(5 * k)]
        pending = [np.zeros((lanes, cap)), np.zeros((lanes, cap), np.int64), np.zeros((lanes, cap))]
        return [
            self.R, self.THR[part], self.split_rule, self.split_state, self.SPLIT[part], self.LOG[part], self.n_log[part], *work, *pending,
        ]  # fmt: skip

    def firings(self) -> list[list[Firing]]:
        """What fired, by person, in order of time."""
        return [
            [Firing(int(row[2]), float(row[0]), float(row[1])) for row in self.LOG[p, : self.n_log[p]]] for p in range(len(self.n_log))
        ]  # fmt: skip

    @contextlib.contextmanager
    def followed(self, m: RuleMemory, person: int, functions: dict[str, Any], start: float, end: float) -> Iterator[float]:
        """One person on the plain path, with rules that begin as `m` says; afterwards it says where they stand at the end.

        The driver begins every person anew and keeps what rules remember to itself, but hands it to `fire`, before the first step too: there
        it is set, and looked at afterwards.

        Args:
            functions: of the plain path. start, end: of the run, min.

        Yields:
            Minutes to add to all times of this run: the driver knows no times before 0, and a condition may have held since before the start.
        """
        original = functions["fire"]
        here: dict[str, list[float]] = {}
        place = {name: k for k, name in enumerate(inspect.signature(original).parameters)}
        shift = max(0.0, float(m.held[person].max(initial=0.0)) - start)

        def fire(*args: Any) -> Any:
            hold, ready, count = (args[place[name]] for name in ("hold", "ready", "count"))
            if not here:
                here.update(hold=hold, ready=ready, count=count)
                for r in range(len(self.rules)):
                    held = float(m.held[person, r])
                    hold[r] = start + shift - held if held >= 0 else -1.0
                    ready[r] = start + shift + float(m.ready[person, r])
                    count[r] = int(m.count[person, r])
            return original(*args)

        functions["fire"] = fire
        try:
            yield shift
        finally:
            functions["fire"] = original
        if here:
            hold, now = np.array(here["hold"]), end + shift
            m.held[person] = np.where(hold >= 0, now - hold, -1.0)
            m.ready[person], m.count[person] = np.array(here["ready"]) - now, here["count"]
        raw = self.LOG[person, :, 1].copy()
        self.LOG[person, :, :2] -= shift
        # what the driver gave by the end stays on this side of it, whatever the subtraction rounds to
        given, after = np.minimum(self.LOG[person, :, 1], end), np.maximum(self.LOG[person, :, 1], np.nextafter(end, np.inf))
        self.LOG[person, :, 1] = np.where(raw <= end + shift, given, after)
