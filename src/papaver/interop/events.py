"""The course of one person's events: from the rows of a data set to stretches of constant parameters and input rates, and what happens between.

The order of what falls on one time is written in docs/events.md: ends of infusions; lagged and additional doses; then the rows as they stand.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field, replace

import numpy as np

from papaver.errors import PapaverError
from papaver.interop import steady
from papaver.interop.models import Model
from papaver.interop.table import DOSE, RESET, RESET_DOSE, Array, Records

TICK = 1e-10
"""Times that differ by less than this, relative to the larger of the time and 1, are one time (0.1 + 0.2 is 0.3)."""
_END, _DOSE = 0, 1


@dataclass
class Segment:
    """A stretch of time, and what happens at its end.

    Attributes:
        row: which parameters hold. rates: zero-order inputs, (state, rate).
        outs: (time, record) of predictions during the stretch and at its end before anything happens.
        actions: what happens at the end, in order: ("out", record), ("add", {state: amount}), ("set", states).
    """

    start: float
    end: float
    row: int
    rates: tuple[tuple[int, float], ...]
    outs: list[tuple[float, int]] = field(default_factory=list)
    actions: list[tuple[str, object]] = field(default_factory=list)


@dataclass(frozen=True)
class _Given:
    """A dose on its way: into which states, how much (or at which rate), for how long, and its repeats at `every`."""

    into: tuple[tuple[int, float], ...]
    duration: float
    first: float
    every: float
    number: int
    left: int

    @property
    def time(self) -> float:
        return self.first + self.number * self.every


class Planner:
    """Plans people of one data set.

    Args:
        nocb: a record's covariates hold over the time before it (NONMEM); otherwise from it on.
        Q, Y0: hoisted parameters and initial states for each row of the model's P.
    """

    def __init__(self, r: Records, model: Model, nocb: bool, Q: Array, Y0: Array, rtol: float) -> None:
        self.r, self.m, self.nocb, self.Q, self.Y0, self.rtol = r, model, nocb, Q, Y0, rtol
        self.atol = model.atol(rtol)
        times: list[float] = (r.time * model.time).tolist()
        self.time, self.evid, self.row = times, r.evid.tolist(), model.row.tolist()
        self.coefficients = model.solver.plain.dose(model.P)
        self._steady: dict[tuple[object, ...], steady.Steady] = {}

    def plan(self, rows: list[int]) -> tuple[list[list[Segment]], float]:
        """Segments of one person, a list for each stretch between clock restarts, and the unit of the amounts in them."""
        blocks: list[list[int]] = []
        for row in rows:
            if not blocks or self.time[row] < self.time[blocks[-1][-1]]:
                blocks.append([])
            blocks[-1].append(row)
        scale = 1.0
        if self.m.linear:
            largest = max((float(self.r.amt[k]) for k in rows), default=0.0) or max((float(self.r.rate[k]) for k in rows), default=0.0)
            # a power of two changes no digit
            scale = 2.0 ** round(math.log2(largest)) if largest > 0 else 1.0
        return [_Course(self, block, scale).run() for block in blocks], scale

    def given(self, row: int, scale: float) -> _Given | None:
        """The dose of a record; None where nothing of it reaches the body.

        Raises:
            DataError: a modelled rate or duration that is missing or not above 0.
        """
        r, m = self.r, self.m
        port = m.ports[int(m.cmt[row])]
        p = self.row[row]
        shares = [(state, float(self.coefficients[f"{port}:{state}"][p])) for state, _ in m.program.doses[port].split]
        share = sum(x for _, x in shares)
        amount, rate = float(r.amt[row]) * self._amount(row) / scale, float(r.rate[row])
        lag = float(self.coefficients[f"{port}:lag"][p])
        first = self.time[row] + lag
        ii = float(r.ii[row]) * m.time
        duration = 0.0
        if rate == -2:
            duration = self._modelled(row, "D") * m.time
            into = [(s, amount * x / duration) for s, x in shares]
        elif rate != 0:
            speed = (self._modelled(row, "R") if rate == -1 else rate) * self._amount(row) / m.time / scale
            if share == 0.0 and amount > 0.0:
                return None
            # F acts on the amount: the rate stands, the infusion ends sooner
            into = [(s, speed * x / share if share else speed) for s, x in shares]
            duration = share * amount / speed
        else:
            into = [(s, amount * x) for s, x in shares]
        if rate != 0 and amount > 0 and not duration > _tick(first):
            r.table.fail(row, "RATE", "the infusion takes no time; write 0 for a bolus")
        if ii != 0 and not ii > _tick(first):
            r.table.fail(row, "II", f"doses so close together fall on one time (times closer than {TICK:g} of the time are one)")
        return _Given(tuple((s, x) for s, x in into if x), duration, first, ii, 0, int(r.addl[row]))

    def _amount(self, row: int) -> float:
        return float(self.m.amount if isinstance(self.m.amount, float) else self.m.amount[row])

    def _modelled(self, row: int, kind: str) -> float:
        name = f"{kind}{self.m.cmt[row]}"
        what = "rate" if kind == "R" else "duration"
        x = float(self.m.modelled[name][row]) if name in self.m.modelled else math.nan
        if math.isnan(x):
            self.r.table.fail(row, "RATE", f"the {what} is then the parameter {name}, which is missing; give it as --set {name}=VALUE or as a column")
        if not x > 0:
            self.r.table.fail(row, name if name in self.r.table else "RATE", f"{name} is {x:g}; a {what} above 0 is needed")
        return x

    def steady(self, row: int, dose: _Given) -> steady.Steady:
        """The state that a steady-state dose finds.

        Raises:
            DataError: names the record and the reason.
        """
        p, interval = self.row[row], float(self.r.ii[row]) * self.m.time
        constant = bool(self.r.amt[row] == 0)
        key = (p, dose.into, dose.duration, interval, int(self.m.cmt[row]), constant)
        if key in self._steady:
            return self._steady[key]
        lag = float(self.coefficients[f"{self.m.ports[int(self.m.cmt[row])]}:lag"][p])
        if not constant and lag >= interval:
            self.r.table.fail(row, "II", f"the lag ({lag / self.m.time:g}) must be shorter than the interval of a steady-state dose")
        plain, q, y0 = self.m.solver.plain, self.Q[p], self.Y0[p]
        try:
            with np.errstate(all="ignore"):
                if constant:
                    found = steady.of_constant_infusion(plain, q, y0, dose.into)
                else:
                    found = steady.of_doses(plain, q, y0, dose.into, dose.duration, interval, lag, self.rtol, self.atol)
        except (PapaverError, ValueError, ArithmeticError) as e:  # the last two: numbers out of range
            self.r.table.fail(row, "SS", f"a steady state is not possible here: {e}")
        self._steady[key] = found
        return found


class _Course:
    """One person between two restarts of the clock."""

    def __init__(self, planner: Planner, rows: list[int], scale: float) -> None:
        self.p, self.rows, self.scale = planner, rows, scale
        self.now, self.last = planner.time[rows[0]], planner.time[rows[-1]]
        self.out: list[Segment] = [Segment(self.now, self.now, planner.row[rows[0]], ())]
        self.pending: list[tuple[float, int, int, _Given]] = []
        self.running: dict[int, _Given] = {}
        self.rates: tuple[tuple[int, float], ...] = ()
        self.count = 0

    def run(self) -> list[Segment]:
        row = self.p.row[self.rows[0]]
        for k in self.rows:
            t, own = self.p.time[k], self.p.row[k]
            row = own if self.p.nocb else row
            while self.pending and self.pending[0][0] <= t + _tick(t):
                self._meet(row, t)
            self._advance(t, row)
            evid = self.p.evid[k]
            if evid in (RESET, RESET_DOSE):
                self._clear()
                self._act("set", self.p.Y0[own])
            if evid in (DOSE, RESET_DOSE):
                self._order(k)
            self._predict(k)
            row = own
        return self.out

    def _advance(self, t: float, row: int) -> None:
        if t - self.now <= _tick(t):
            return
        here = self.out[-1]
        if here.actions or here.row != row or here.rates != self.rates or here.end == here.start:
            self.out.append(Segment(self.now, t, row, self.rates))
        else:
            here.end = t
        self.now = t

    def _predict(self, k: int) -> None:
        here = self.out[-1]
        if here.actions:
            here.actions.append(("out", k))
        else:
            here.outs.append((self.now, k))

    def _act(self, kind: str, what: object) -> None:
        self.out[-1].actions.append((kind, what))

    def _push(self, time: float, kind: int, dose: _Given) -> None:
        self.count += 1
        heapq.heappush(self.pending, (time, kind, self.count, dose))

    def _meet(self, row: int, t: float) -> None:
        """What lies between two rows: the end of an infusion, or a lagged or additional dose. Ends come first at one time."""
        time, kind, _, dose = heapq.heappop(self.pending)
        self._advance(t if abs(time - t) <= _tick(t) else time, row)
        if kind == _END:
            del self.running[dose.number]
            self._sum_rates()
        else:
            self._enter(dose)

    def _enter(self, dose: _Given) -> None:
        if dose.left > 0 and dose.first + (dose.number + 1) * dose.every <= self.last + _tick(self.last):
            following = replace(dose, number=dose.number + 1, left=dose.left - 1)
            self._push(following.time, _DOSE, following)
        if dose.duration == 0.0:
            self._act("add", dict(dose.into))
        else:
            self._infuse(dose.into, self.now + dose.duration)

    def _infuse(self, into: tuple[tuple[int, float], ...], end: float) -> None:
        self.count += 1
        infusion = _Given(into, 0.0, end, 0.0, self.count, 0)
        self.running[self.count] = infusion
        self._push(end, _END, infusion)
        self._sum_rates()

    def _sum_rates(self) -> None:
        # summed anew from those that run, so that nothing is left over when the last one ends
        total: dict[int, float] = {}
        for dose in self.running.values():
            for state, x in dose.into:
                total[state] = total.get(state, 0.0) + x
        self.rates = tuple(sorted(total.items()))

    def _clear(self) -> None:
        self.pending, self.running, self.rates = [], {}, ()

    def _order(self, k: int) -> None:
        """The dose of a row: steady state first, then the dose itself, now or after its lag."""
        dose = self.p.given(k, self.scale)
        if dose is None:
            return
        ss = int(self.p.r.ss[k])
        if ss:
            found = self.p.steady(k, dose)
            if ss == 1:
                self._clear()
                self._act("set", found.state)
            else:
                self._act("add", {i: float(x) for i, x in enumerate(found.state - self.p.Y0[self.p.row[k]]) if x})
            for left in found.running:
                self._infuse(dose.into, self.now + left)
            if self.p.r.amt[k] == 0:
                return
        if dose.first - self.now <= _tick(self.now):
            self._enter(dose)
        else:
            self._push(dose.first, _DOSE, dose)


def _tick(t: float) -> float:
    return TICK * max(1.0, abs(t))
