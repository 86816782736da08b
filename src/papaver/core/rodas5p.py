"""The driver of Rodas5P for lanes of people: linearly implicit, L-stable, order 5, dense output of order 4, doses as discontinuities.

Method: Steinebach G, "Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia Differential Equations package",
BIT Numer Math 2023;63:27; `step` holds its arithmetic.

Everything here is written for lists and for arrays alike. Its text is joined with the functions of which the stubs below show the shapes, and
either run as it is on one lane (no compile) or compiled by Numba over several lanes: one source, two speeds, the same bits. Each lane steps for
itself and is refilled with the next person when it is done; lanes never mix, so a person's result depends on nobody else. The output grid never
steers the steps.

What belongs to lanes stands at [i*L + lane], what belongs to people at [p*width + i], all in flat lists or arrays: Numba types and lowers those
quickly. What is rarely called is a function of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from papaver.core.step import accept, dense, judge, stages
from papaver.core.triggers import fire, give, watch

OK, STEP_TOO_SMALL, TOO_MANY_STEPS, STOPPED = 0, 1, 2, 3
"""Status codes of `run`."""
ADD, RATE, SET, SET_RATE, PARAMETERS = 0, 1, 2, 3, 4
"""Event kinds: add to a state; add to the zero-order input rate of a state; set a state; set a rate; take another row of Q (covariates)."""
SAFETY = 0.95
"""By how much less a step grows than its error allows."""
FIRST = 0.01
"""The first step after a discontinuity, min."""
RULES = True
"""Whether rules are followed; the kernel leaves out the code that follows them if there are none."""


def record(
    lane: int, t: float, hi: float, k0: int, k1: int, at_t: int, T_out: Any, y: Any, yn: Any, D: Any, at: int, QO: Any, p: int,
    width: int, OUT: Any, T: Any, X: Any,
) -> None:  # fmt: skip
    """Stub: write what is asked for at output times k0..k1-1 of person p in a lane, from the step that began at t (hi = 1/h; 0 for the very start).

    The grid begins at `at_t` of T_out, what the outputs need of the parameters at `at` of QO. OUT has a row of `width` times for each output.
    T, X: work space.
    """
    raise NotImplementedError


def tolerance(rtol: float, n: int) -> Any:
    """What `step.judge` takes, for n states."""
    return np.array([rtol, 1.0 / n, SAFETY])


def enter(
    lane: int, L: int, n: int, n_q: int, p: int, Q: Any, Y0: Any, y: Any, yn: Any, w: Any, q: Any, D: Any
) -> None:  # fmt: skip
    """Put a person into a lane."""
    for i in range(n_q):
        q[i * L + lane] = Q[p * n_q + i]
    for i in range(n):
        j = i * L + lane
        y[j] = Y0[p * n + i]
        yn[j] = Y0[p * n + i]
        w[j] = 0.0
        for d in range(3):
            D[d][j] = 0.0


def happen(
    lane: int, L: int, n_q: int, t: float, e: int, last: int, ev_t: Any, ev_kind: Any, ev_i: Any, ev_x: Any, Q: Any, y: Any, w: Any, q: Any, row: Any
) -> int:
    """Apply the events that are due; returns the first that is not."""
    while e < last and ev_t[e] <= t:
        kind = ev_kind[e]
        if kind == 4:
            row[lane] = ev_i[e]
            for i in range(n_q):
                q[i * L + lane] = Q[row[lane] * n_q + i]
        else:
            j = ev_i[e] * L + lane
            if kind == 0:
                y[j] += ev_x[e]
            elif kind == 1:
                w[j] += ev_x[e]
            elif kind == 2:
                y[j] = ev_x[e]
            else:
                w[j] = ev_x[e]
        e += 1
    return e


def blame(lane: int, L: int, n: int, K7: Any, y: Any, yn: Any, atol: Any, rtol: float) -> int:
    """The state with the largest error."""
    worst = -1
    largest = -1.0
    for i in range(n):
        j = i * L + lane
        a = abs(yn[j])
        b = abs(y[j])
        e = abs(K7[j]) / (atol[i] + rtol * (a if a > b else b))
        if e > largest:
            largest = e
            worst = i
    return worst


def run(
    L: int, size: Any, Q: Any, Y0: Any, ev_t: Any, ev_kind: Any, ev_i: Any, ev_x: Any, n_ev: Any, QO: Any, T_out: Any, n_times: Any, grid: Any,
    OUT: Any, Y_end: Any, atol: Any, tolerance: Any, info: Any, y: Any, yn: Any, u: Any, w: Any, q: Any, J: Any, W: Any, K: Any, D: Any, F: Any,
    N: Any, X: Any, R: Any, THR: Any, split_rule: Any, split_state: Any, SPLIT: Any, LOG: Any, n_log: Any, hold: Any, ready: Any, count: Any,
    held: Any, gs: Any, G: Any, pend_t: Any, pend_r: Any, pend_s: Any,
) -> None:  # fmt: skip
    """Integrate people over the output grid, L at a time.

    Args:
        L: lanes. size: [states, people, width of Q, width of QO, most events, most output times, most steps per person, rules, doses of rules by
            state, room for notes by person, room for pending doses by lane, outputs].
        Q: hoisted parameter part, a row a person (and further rows for events that change parameters). Y0: initial states by person.
        ev_t, ev_kind, ev_i, ev_x, n_ev: events by person in order of time: minute, kind, number of the state (or row of Q), value.
        QO: what `record` needs of the parameters, rows as in Q.
        T_out, n_times, grid: output grids (ascending; the first time is the start), their lengths, and which one a person has.
        OUT: by person and output, written. Y_end: states at the end by person, written. atol: by state. tolerance: see `step.judge`.
        info: by person, written with [status, time, state, steps, rejected]; time and state are those of a failure.
        y .. D: work space (entries of all lanes). F (12 rows) and N (11 rows of whole numbers): work space by lane. X: for `record`.
        R, THR: rules and their thresholds by person, see `watch`. split_rule, split_state, SPLIT: what a rule's dose adds to which state,
        by person. LOG, n_log: by person, written with [time fired, time of the dose, rule]. hold .. pend_s: work space of the rules.
    A value at the time of an event is that after it. What lies after a failure or a stop is NaN.
    """
    n, people, n_q, n_qo, most, width, max_steps = size[0], size[1], size[2], size[3], size[4], size[5], size[6]
    rules, n_split, notes, room, n_o = size[7], size[8], size[9], size[10], size[11]
    m = n * L
    t, h, hh, stop, err, grow, take, forced, hi, c, T = F[0], F[1], F[2], F[3], F[4], F[5], F[6], F[7], F[8], F[9], F[10]
    until = F[11]
    person, k_ev, k_out, steps, rejected, worst, mode, after, n_pend, row, look = N[0], N[1], N[2], N[3], N[4], N[5], N[6], N[7], N[8], N[9], N[10]
    following = 0
    active = 0
    for lane in range(L):
        # a lane without a person computes on the first one's values and is not looked at
        person[lane] = -1
        enter(lane, L, n, n_q, 0, Q, Y0, y, yn, w, q, D)
    while True:
        for lane in range(L):
            while True:
                if person[lane] < 0:
                    if following >= people:
                        break
                    p = following
                    following += 1
                    active += 1
                    person[lane] = p
                    row[lane] = p
                    enter(lane, L, n, n_q, p, Q, Y0, y, yn, w, q, D)
                    t[lane] = T_out[grid[p] * width]
                    h[lane] = FIRST
                    k_ev[lane] = p * most
                    k_out[lane] = 0
                    steps[lane] = 0
                    rejected[lane] = 0
                    worst[lane] = -1
                    after[lane] = 0
                    forced[lane] = float("inf")
                    n_pend[lane] = 0
                    if RULES:
                        look[lane] = 1
                        n_log[p] = 0
                        for r in range(rules):
                            hold[lane * rules + r] = -1.0
                            ready[lane * rules + r] = R[r * 8 + 3]
                            count[lane * rules + r] = 0
                    info[p * 5] = 0.0
                    until[lane] = t[lane]
                p = person[lane]
                at_t = grid[p] * width
                n_out = n_times[grid[p]]
                t_end = T_out[at_t + n_out - 1]
                if t[lane] >= until[lane]:
                    k = happen(lane, L, n_q, t[lane], k_ev[lane], p * most + n_ev[p], ev_t, ev_kind, ev_i, ev_x, Q, y, w, q, row)
                    moved = k > k_ev[lane]
                    k_ev[lane] = k
                    if RULES:
                        given = give(
                            lane, L, t[lane], room, n_pend, pend_t, pend_r, pend_s, R, n_split, split_rule, split_state, SPLIT, p * n_split, y, w
                        )  # fmt: skip
                        moved = moved or given
                    if moved:
                        look[lane] = 1
                        h[lane] = FIRST if h[lane] > FIRST else h[lane]
                        after[lane] = 0
                    until[lane] = t_end
                    if k_ev[lane] < p * most + n_ev[p] and ev_t[k_ev[lane]] < t_end:
                        until[lane] = ev_t[k_ev[lane]]
                    if RULES:
                        for e in range(n_pend[lane]):
                            if pend_t[lane * room + e] < until[lane]:
                                until[lane] = pend_t[lane * room + e]
                # a constant alone in a condition: Numba then leaves out what it guards
                if RULES:  # noqa: SIM102
                    if rules > 0 and look[lane] > 0 and info[p * 5] == 0.0 and t[lane] < t_end:
                        look[lane] = 0
                        code = fire(
                            lane, L, t[lane], y, row[lane] * n_qo, QO, rules, R, p * rules, THR, hold, ready, count, gs, p * notes, LOG,
                            n_log, p, room, pend_t, pend_r, pend_s, n_pend,
                        )  # fmt: skip
                        if code == 2:
                            info[p * 5] = 3.0
                        if code > 0:
                            # what is given at once comes before anything is written down
                            until[lane] = t[lane]
                            continue
                k = k_out[lane]
                while k < n_out and T_out[at_t + k] <= t[lane]:
                    k += 1
                if k > k_out[lane]:
                    record(lane, t[lane], 0.0, k_out[lane], k, at_t, T_out, y, yn, D, row[lane] * n_qo, QO, p, width, OUT, T, X)
                    k_out[lane] = k
                if info[p * 5] == 0.0 and t[lane] < t_end:
                    break
                for o in range(p * n_o, (p + 1) * n_o):
                    for k in range(k_out[lane], n_out):
                        OUT[o * width + k] = float("nan")
                for i in range(n):
                    Y_end[p * n + i] = y[i * L + lane]
                info[p * 5 + 1] = t[lane]
                info[p * 5 + 2] = worst[lane] if worst[lane] > 0 else 0
                info[p * 5 + 3] = steps[lane]
                info[p * 5 + 4] = rejected[lane]
                person[lane] = -1
                active -= 1
        if active == 0:
            break
        for lane in range(L):
            p = person[lane]
            hh[lane] = FIRST
            mode[lane] = -1
            if p >= 0:
                stop[lane] = forced[lane] if forced[lane] < until[lane] else until[lane]
                left = stop[lane] - t[lane]
                hh[lane] = h[lane]
                mode[lane] = 0
                if hh[lane] >= left * (1.0 - 1e-12):
                    hh[lane] = left
                    mode[lane] = 1
                elif 2.0 * hh[lane] > left:
                    hh[lane] = 0.5 * left
                if steps[lane] >= max_steps:
                    info[p * 5] = 2.0
                elif hh[lane] < 1e-11 * (t[lane] if t[lane] > 1.0 else 1.0) and mode[lane] == 0:
                    info[p * 5] = 1.0
                if info[p * 5] != 0.0:
                    # the failed step is not taken; the lane is cleared before the next one
                    hh[lane] = FIRST
                    mode[lane] = -1
                else:
                    steps[lane] += 1
            take[lane] = 0.0
            hi[lane] = 1.0 / hh[lane]
            c[lane] = hi[lane] / 0.21193756319429014
        stages(m, y, q, w, hi, c, u, J, W, K)
        judge(m, u, K, y, yn, atol, tolerance, err, grow)
        wanted = False
        for lane in range(L):
            if mode[lane] >= 0:
                if err[lane] > 1.0:
                    # name the state that is worst; a NaN spreads to all states, so the last step that could be judged counts
                    if worst[lane] < 0 or err[lane] < 1e10:
                        worst[lane] = blame(lane, L, n, K[7], y, yn, atol, tolerance[0])
                elif k_out[lane] < n_times[grid[person[lane]]]:
                    t_new = stop[lane] if mode[lane] == 1 else t[lane] + hh[lane]
                    if T_out[grid[person[lane]] * width + k_out[lane]] < t_new:
                        wanted = True
        if wanted or rules > 0:
            dense(m, K, D)
        for lane in range(L):
            if mode[lane] < 0:
                continue
            factor_h = grow[lane]
            if err[lane] > 1.0:
                rejected[lane] += 1
                after[lane] = 1
                h[lane] = hh[lane] * (factor_h if factor_h > 0.1 else 0.1)
                continue
            t_new = stop[lane] if mode[lane] == 1 else t[lane] + hh[lane]
            p = person[lane]
            if RULES:  # noqa: SIM102
                if rules > 0:
                    tiny = 1e-9 * (t_new if t_new > 1.0 else 1.0)
                    due = watch(
                        lane, L, t[lane], hh[lane], y, yn, D, row[lane] * n_qo, QO, rules, R, p * rules, THR, hold, ready, count, held, gs, G,
                        T, X,
                    )
                    if due < t_new - 2.0 * tiny:
                        # a rule comes due within the step: take the step again, to end there
                        forced[lane] = due if due > t[lane] + 2.0 * tiny else t[lane] + 2.0 * tiny
                        h[lane] = hh[lane]
                        continue
                    # nothing can have come due otherwise, or be ready anew
                    if due <= t_new or forced[lane] < float("inf"):
                        look[lane] = 1
                    forced[lane] = float("inf")
                    for r in range(rules):
                        hold[lane * rules + r] = held[r]
                        if ready[lane * rules + r] == float("inf"):
                            look[lane] = 1
            at_t = grid[p] * width
            n_out = n_times[grid[p]]
            k = k_out[lane]
            while k < n_out and T_out[at_t + k] < t_new:
                k += 1
            if k > k_out[lane]:
                record(lane, t[lane], hi[lane], k_out[lane], k, at_t, T_out, y, yn, D, row[lane] * n_qo, QO, p, width, OUT, T, X)
                k_out[lane] = k
            t[lane] = t_new
            if factor_h > 6.0:
                factor_h = 6.0
            if after[lane] == 1 and factor_h > 1.0:
                factor_h = 1.0
            after[lane] = 0
            grown = hh[lane] * factor_h
            # a step cut short to land on an event says nothing against the step before it
            h[lane] = grown if mode[lane] == 0 or grown > h[lane] else h[lane]
            take[lane] = 1.0
        accept(m, take, yn, y)
