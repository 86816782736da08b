"""Rules within the driver: where a condition begins to hold, and what happens when a rule comes due. Joined with `rodas5p.run`, as text.

Kept apart from the driver because a kernel without rules is compiled without them.
"""

from __future__ import annotations

from typing import Any


def within(lane: int, L: int, th: float, y: Any, yn: Any, D: Any, qo: Any, at: int, g: Any) -> None:
    """Stub: the outputs that rules look at, at a position (0 to 1) of a lane's step, with its hoisted values, which begin at `at`."""
    raise NotImplementedError


def now(lane: int, L: int, y: Any, qo: Any, at: int, g: Any) -> None:
    """Stub: the same at the lane's states."""
    raise NotImplementedError


def quarters(lane: int, L: int, rules: int, y: Any, yn: Any, D: Any, qo: Any, at: int, T: Any, X: Any, g: Any, G: Any) -> None:
    """The outputs that rules look at, at the five quarters of a lane's step: G, a row a quarter. T, X: work space of the compiled path."""
    for part in range(5):
        within(lane, L, 0.25 * part, y, yn, D, qo, at, g)
        for r in range(rules):
            G[part * rules + r] = g[r]


def watch(
    lane: int, L: int, t: float, hh: float, y: Any, yn: Any, D: Any, at: int, qo: Any, rules: int, R: Any, at_thr: int, thr: Any,
    hold: Any, ready: Any, count: Any, held: Any, g: Any, G: Any, T: Any, X: Any,
) -> float:  # fmt: skip
    """The earliest time within a step at which a rule fires; infinite if none does.

    Args:
        R: a row a rule: [sign, for, after, at, times, every, stop, duration]. thr: thresholds, this person's from `at_thr` on.
        hold: since when each condition holds (-1: it does not), by lane. held: the same at the end of the step, written.
        ready: from when each rule may fire (again). count: how often it has. g, G, T, X: work space, see `quarters`.
    Conditions are looked at on the dense output at the quarters of the step; where one begins to hold is found by bisection.
    """
    fire = float("inf")
    left = 0
    for r in range(rules):
        k = lane * rules + r
        held[r] = hold[k]
        if count[k] < R[r * 8 + 4]:
            left += 1
    if left == 0:
        return fire
    quarters(lane, L, rules, y, yn, D, qo, at, T, X, g, G)
    for r in range(rules):
        k = lane * rules + r
        if count[k] >= R[r * 8 + 4]:
            continue
        for part in range(5):
            if not R[r * 8] * (G[part * rules + r] - thr[at_thr + r]) > 0.0:
                held[r] = -1.0
                continue
            if held[r] < 0.0:
                low, high = 0.25 * (part - 1), 0.25 * part
                if part > 0:
                    for _ in range(45):
                        middle = 0.5 * (low + high)
                        within(lane, L, middle, y, yn, D, qo, at, g)
                        if R[r * 8] * (g[r] - thr[at_thr + r]) > 0.0:
                            high = middle
                        else:
                            low = middle
                held[r] = t + high * hh
            due = held[r] + R[r * 8 + 1]
            due = due if due > ready[k] else ready[k]
            if due <= t + 0.25 * part * hh and due < fire:
                fire = due
    return fire


def fire(
    lane: int, L: int, t: float, y: Any, at: int, qo: Any, rules: int, R: Any, at_thr: int, thr: Any, hold: Any, ready: Any, count: Any,
    gs: Any, at_log: int, log: Any, n_log: Any, p: int, room: int, pend_t: Any, pend_r: Any, pend_s: Any, n_pend: Any,
) -> int:  # fmt: skip
    """Let the rules that are due at time t fire: note it, and put their doses among the pending ones.

    Args:
        log, n_log, p: notes (this person's begin at `at_log`), how many there are, and its number.
        pend_t, pend_r, pend_s, n_pend: pending doses, with room for so many by lane.

    Returns:
        0: nothing fired; 1: something did; 2: one that ends the person's run.
    """
    now(lane, L, y, qo, at, gs)
    code = 0
    for r in range(rules):
        k = lane * rules + r
        if not R[r * 8] * (gs[r] - thr[at_thr + r]) > 0.0:
            hold[k] = -1.0
            if ready[k] == float("inf"):
                ready[k] = t
            continue
        if hold[k] < 0.0:
            hold[k] = t
        due = hold[k] + R[r * 8 + 1]
        due = due if due > ready[k] else ready[k]
        if count[k] >= R[r * 8 + 4] or due > t + 1e-9 * (t if t > 1.0 else 1.0):
            continue
        count[k] += 1
        # without `every` the condition must first be false again
        ready[k] = t + R[r * 8 + 5] if R[r * 8 + 5] > 0.0 else float("inf")
        e = at_log + 3 * n_log[p]
        log[e] = t
        log[e + 1] = t + R[r * 8 + 2]
        log[e + 2] = r
        n_log[p] += 1
        if R[r * 8 + 6] > 0.0:
            code = 2
        else:
            code = code if code > 1 else 1
            e = lane * room + n_pend[lane]
            pend_t[e] = t + R[r * 8 + 2]
            pend_r[e] = r
            pend_s[e] = 1.0
            n_pend[lane] += 1
    return code


def give(
    lane: int, L: int, t: float, room: int, n_pend: Any, pend_t: Any, pend_r: Any, pend_s: Any, R: Any, n_split: int, split_rule: Any,
    split_state: Any, SPLIT: Any, at_split: int, y: Any, w: Any,
) -> bool:  # fmt: skip
    """Give the pending doses that are due; true if there were any."""
    moved = False
    e = lane * room
    while e < lane * room + n_pend[lane]:
        if pend_t[e] > t:
            e += 1
            continue
        r = pend_r[e]
        sign = pend_s[e]
        duration = R[r * 8 + 7]
        for k in range(n_split):
            if split_rule[k] == r:
                j = split_state[k] * L + lane
                if duration > 0.0:
                    w[j] += sign * SPLIT[at_split + k] / duration
                else:
                    y[j] += SPLIT[at_split + k]
        if duration > 0.0 and sign > 0.0:
            # the end of the infusion takes the place of its beginning
            pend_t[e] += duration
            pend_s[e] = -1.0
        else:
            n_pend[lane] -= 1
            last = lane * room + n_pend[lane]
            pend_t[e] = pend_t[last]
            pend_r[e] = pend_r[last]
            pend_s[e] = pend_s[last]
        moved = True
    return moved
