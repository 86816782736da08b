"""Rules within the driver: where a condition begins to hold, and what happens when a rule comes due. Joined with `rodas5p.run`, as text.

Kept apart from the driver because a kernel without rules is compiled without them.
"""

from __future__ import annotations

from typing import Any


def conditions(x: Any, qo: Any, g: Any) -> None:
    """Stub: the outputs that rules look at, from the states of one person."""
    raise NotImplementedError


def watch(
    lane: int, L: int, n: int, t: float, hh: float, y: Any, yn: Any, D: Any, qo: Any, R: Any, thr: Any, hold: Any, ready: Any, count: Any,
    held: Any, g: Any, x: Any,
) -> float:  # fmt: skip
    """The earliest time within a step at which a rule fires; infinite if none does.

    Args:
        R: a row a rule: [sign, for, after, at, times, every, stop, duration]. thr: thresholds of the person.
        hold: since when each condition holds (-1: it does not), by lane. held: the same at the end of the step, written.
        ready: from when each rule may fire (again). count: how often it has. g, x: work space.
    Conditions are looked at on the dense output at the quarters of the step; where one begins to hold is found by bisection.
    """
    fire = float("inf")
    for r in range(len(R)):
        held[r] = hold[lane][r]
        before = 0.0
        if count[lane][r] >= R[r][4]:
            continue
        for part in range(5):
            th = 0.25 * part
            interpolate(lane, L, n, th, y, yn, D, x)
            conditions(x, qo, g)
            true = R[r][0] * (g[r] - thr[r]) > 0.0
            if true and held[r] < 0.0:
                low, high = before, th
                if part > 0:
                    for _ in range(45):
                        middle = 0.5 * (low + high)
                        interpolate(lane, L, n, middle, y, yn, D, x)
                        conditions(x, qo, g)
                        if R[r][0] * (g[r] - thr[r]) > 0.0:
                            high = middle
                        else:
                            low = middle
                held[r] = t + high * hh
            elif not true:
                held[r] = -1.0
            if true:
                due = held[r] + R[r][1]
                due = due if due > ready[lane][r] else ready[lane][r]
                if due <= t + th * hh and due < fire:
                    fire = due
            before = th
    return fire


def interpolate(lane: int, L: int, n: int, th: float, y: Any, yn: Any, D: Any, x: Any) -> None:
    """States of one lane within a step."""
    t1 = 1.0 - th
    for i in range(n):
        j = i * L + lane
        x[i] = (t1 * y[j]) + (th * (yn[j] + (t1 * (D[0][j] + (th * (D[1][j] + (th * D[2][j])))))))


def fire(
    lane: int, L: int, n: int, t: float, y: Any, qo: Any, R: Any, thr: Any, hold: Any, ready: Any, count: Any, gs: Any, xs: Any, log: Any,
    n_log: Any, p: int, pend_t: Any, pend_r: Any, pend_s: Any, n_pend: Any,
) -> int:  # fmt: skip
    """Let the rules that are due at time t fire: note it, and put their doses among the pending ones.

    Args:
        log, n_log, p: notes of this person, how many there are, and its number. pend_t, pend_r, pend_s, n_pend: pending doses by lane.

    Returns:
        0: nothing fired; 1: something did; 2: one that ends the person's run.
    """
    for i in range(n):
        xs[i] = y[i * L + lane]
    conditions(xs, qo, gs)
    code = 0
    for r in range(len(R)):
        if not R[r][0] * (gs[r] - thr[r]) > 0.0:
            hold[lane][r] = -1.0
            if ready[lane][r] == float("inf"):
                ready[lane][r] = t
            continue
        if hold[lane][r] < 0.0:
            hold[lane][r] = t
        due = hold[lane][r] + R[r][1]
        due = due if due > ready[lane][r] else ready[lane][r]
        if count[lane][r] >= R[r][4] or due > t + 1e-9 * (t if t > 1.0 else 1.0):
            continue
        count[lane][r] += 1
        # without `every` the condition must first be false again
        ready[lane][r] = t + R[r][5] if R[r][5] > 0.0 else float("inf")
        e = n_log[p]
        log[e][0] = t
        log[e][1] = t + R[r][2]
        log[e][2] = r
        n_log[p] = e + 1
        if R[r][6] > 0.0:
            code = 2
        else:
            code = code if code > 1 else 1
            e = n_pend[lane]
            pend_t[lane][e] = t + R[r][2]
            pend_r[lane][e] = r
            pend_s[lane][e] = 1.0
            n_pend[lane] = e + 1
    return code
