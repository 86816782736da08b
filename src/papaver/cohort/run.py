"""A cohort in chunks: draw, simulate, read off the outcomes, keep what is asked for, forget the rest. Memory does not grow with people
but for the outcomes, and what comes out depends neither on the chunks nor on an interruption in between.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from papaver.cohort.sample import draw
from papaver.core.rules import Firing
from papaver.errors import PapaverError, nearest
from papaver.readouts.outcomes import add_outcomes
from papaver.simulate import Prepared, Result, simulate
from papaver.simulate.chunks import Chunk, Chunks
from papaver.simulate.result import DIGEST, person_digests

Array = npt.NDArray[np.float64]
Keep = Literal["all", "outcomes"]

KEEP = ("all", "outcomes")
KEEP_ALL_BYTES = 1e9
"""Time courses up to this size are all kept unless asked otherwise, in memory too."""
MAX_BYTES = 4e9
"""Time courses above this size are not written down, even if asked for."""
SAMPLE_PEOPLE = 2000
"""With keep="outcomes": the first so many people keep their time courses, from which medians and bands are taken ..."""
SAMPLE_BYTES = 512e6
"""... or as many of them as fit."""
CHUNK_BYTES = 256e6
"""Largest chunk in memory, if more than one person."""


@dataclass(frozen=True)
class Plan:
    """What is kept of a cohort.

    Attributes:
        people: how many are simulated. chunk: how many at a time. written: how many (the first) have their time courses in the run folder.
        held: how many (the first) have them in the result. total_bytes: size of everybody's time courses.
    """

    people: int
    chunk: int
    written: int
    held: int
    total_bytes: float


def plan(p: Prepared, people: int, chunk: int, keep: str | None, folder: bool) -> Plan:
    """Decide what is kept.

    Args:
        keep: "all" time courses, or the "outcomes" of everybody and the time courses of the first people; by their size if None.
        folder: whether there is a folder to write to; without one, all that is kept is held in memory.

    Raises:
        PapaverError: an unknown `keep`, or "all" where that is too much to write down.
    """
    if keep is not None and keep not in KEEP:
        raise PapaverError(f"keep: read {keep!r}; {nearest(keep, KEEP)}")
    each = 8.0 * len(p.scenario.t) * max(len(p.columns), 1)
    total = people * each
    if keep == "all" and total > MAX_BYTES:
        raise PapaverError(
            f"--keep all: time courses of {people} people at {len(p.scenario.t)} times are {total / 1e9:.1f} GB (at most {MAX_BYTES / 1e9:.0f}); "
            "use --keep outcomes, give observe.every, or leave outputs out with observe.show"
        )
    some = min(people, max(1, min(SAMPLE_PEOPLE, int(SAMPLE_BYTES / each))))
    everything = keep == "all" or (keep is None and total <= KEEP_ALL_BYTES)
    written = people if everything else some
    held = written if total <= KEEP_ALL_BYTES or not folder else some
    # law margins and the mole balance are computed beside the columns
    width = len(p.columns) + len(p.body.program.flat.laws) + 1
    return Plan(people, max(1, min(chunk, int(CHUNK_BYTES / (8.0 * len(p.scenario.t) * width)))), written, held, total)


def run_cohort(
    p: Prepared, plan: Plan, *, solver: str, rtol: float, chunks: Chunks | None = None, advance: Callable[[int], object] = lambda n: None
) -> tuple[Result | None, bool]:
    """All people, or after Ctrl-C those of the finished chunks, and whether there was a Ctrl-C.

    Args:
        chunks: where finished chunks are kept; those that are there already are not simulated again.
        advance: called with the number of people that have been finished since the last call.

    Returns:
        A result (None if nobody was finished) that holds the time courses of the first `plan.held` people.
    """
    seed = p.scenario.scenario.seed
    whole = _Whole(p, plan)
    try:
        for chunk in chunks or ():
            whole.add(chunk, advance)
        first = whole.done
        with ThreadPoolExecutor(1) as beside:
            read: Future[Chunk] | None = None
            try:
                while first < plan.people:
                    part = simulate(p, draw(p, min(plan.chunk, plan.people - first), seed, first), solver=solver, rtol=rtol, first_person=first)
                    whole.template = whole.template or dataclasses.replace(part, data=np.empty((0, *part.data.shape[1:])), first_person=0)
                    first += part.people
                    before, read = read, beside.submit(_chunk, part, plan, chunks)
                    if before is not None:
                        whole.add(before.result(), advance)
            finally:
                # what has been simulated by a Ctrl-C counts
                if read is not None:
                    whole.add(read.result(), advance)
    except KeyboardInterrupt:
        return whole.result(solver, rtol), True
    return whole.result(solver, rtol), False


def _chunk(part: Result, plan: Plan, chunks: Chunks | None) -> Chunk:
    """Read off the outcomes and write down what is kept, beside the simulation of the people that follow."""
    keep = max(0, min(part.people, max(plan.written, plan.held) - part.first_person))
    add_outcomes(part)
    chunk = Chunk(
        part.first_person, part.data[:keep], part.reasons, part.steps, part.outcomes, part.outcome_units, person_digests(part.data), part.mole_error,
        part.broken_laws, part.firings, part.stopped,
    )  # fmt: skip
    if chunks is not None and plan.people > plan.chunk:
        chunks.add(chunk)
    return chunk


@dataclass
class _Whole:
    """What has come together so far; arrays of everybody are made once, so that joining needs no second copy."""

    p: Prepared
    plan: Plan
    template: Result | None = None
    done: int = 0
    data: Array | None = None
    outcomes: dict[str, Array] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    firings: list[list[Firing]] = field(default_factory=list)
    stopped: Array = field(default_factory=lambda: np.empty(0))
    digests: bytearray = field(default_factory=bytearray)
    mole_error: float = 0.0
    laws: dict[str, float] = field(default_factory=dict)

    def add(self, c: Chunk, advance: Callable[[int], object]) -> None:
        n = c.people
        if self.data is None:
            self.data = np.moveaxis(np.empty((self.plan.held, c.data.shape[2], c.data.shape[1])), 1, 2)
            self.outcomes = {k: np.empty(self.plan.people) for k in c.outcomes}
            self.units, self.stopped = dict(c.outcome_units), np.empty(self.plan.people)
        held = max(0, min(n, self.plan.held - c.first))
        self.data[c.first : c.first + held] = c.data[:held]
        for k, x in c.outcomes.items():
            self.outcomes[k][c.first : c.first + n] = x
        self.stopped[c.first : c.first + n] = c.stopped
        # what an interrupted call left behind is overwritten
        self.reasons[c.first :], self.steps[c.first :], self.digests[DIGEST * c.first :] = c.reasons, c.steps, c.digests
        self.firings[c.first :] = c.firings
        self.mole_error = max(self.mole_error, c.mole_error)
        for text in c.broken_laws:
            # "law (by 1e-05)": the worst over the chunks
            law, _, by = text.removesuffix(")").rpartition(" (by ")
            self.laws[law] = max(self.laws.get(law, 0.0), float(by))
        self.done = c.first + n
        advance(n)

    def result(self, solver: str, rtol: float) -> Result | None:
        if self.data is None or not self.done:
            return None
        template = self.template or self._template(solver, rtol)
        held, done = min(self.plan.held, self.done), self.done
        laws = [f"{law} (by {by:.2g})" for law, by in self.laws.items()]
        return dataclasses.replace(
            template, data=self.data[:held], reasons=self.reasons[:done], steps=self.steps[:done], broken_laws=laws,
            mole_error=self.mole_error, outcomes={k: x[:done] for k, x in self.outcomes.items()}, outcome_units=self.units,
            firings=self.firings[:done], stopped=self.stopped[:done], digests=b"" if held == done else bytes(self.digests[: DIGEST * done]),
        )  # fmt: skip

    def _template(self, solver: str, rtol: float) -> Result:
        """What a result says beside its numbers, where every chunk came from the disk."""
        return dataclasses.replace(simulate(self.p, solver="scalar", rtol=rtol), solver=solver)
