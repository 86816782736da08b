"""Rodas5P for lanes of people: linearly implicit, L-stable, order 5, dense output of order 4, doses as discontinuities.

Method and coefficients: Steinebach G, "Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia
Differential Equations package", BIT Numer Math 2023;63:27.

Everything here is written for lists and for arrays alike. Its text is joined with a system's generated `rhs`, `rhs_jac`, `factor`, `solve`
and `record` (the stubs below show their shapes), and either run as it is on one lane (no compile) or compiled by Numba over several lanes:
one source, two speeds, the same bits. Each lane steps for itself and is refilled with the next person when it is done; lanes never mix, so
a person's result depends on nobody else. The output grid never steers the steps.

Entry i of lane l stands at [i*L + l].
"""

from __future__ import annotations

from typing import Any

OK, STEP_TOO_SMALL, TOO_MANY_STEPS, STOPPED = 0, 1, 2, 3
"""Status codes of `run`."""
ADD, RATE, SET, SET_RATE, PARAMETERS = 0, 1, 2, 3, 4
"""Event kinds: add to a state; add to the zero-order input rate of a state; set a state; set a rate; take another row of Q (covariates)."""


def rhs(y: Any, q: Any, dy: Any) -> None:
    """Stub: derivatives."""
    raise NotImplementedError


def rhs_jac(y: Any, q: Any, dy: Any, J: Any) -> None:
    """Stub: derivatives and the non-zeros of the Jacobian."""
    raise NotImplementedError


def factor(J: Any, c: Any, W: Any) -> None:
    """Stub: LU of c*I - J."""
    raise NotImplementedError


def solve(W: Any, b: Any) -> None:
    """Stub: overwrite b with the solution."""
    raise NotImplementedError


def record(lane: int, t: float, hi: float, k0: int, k1: int, t_out: Any, y: Any, yn: Any, D: Any, qo: Any, out: Any) -> None:
    """Stub: write what is asked for at output times k0..k1-1 of lane l, from the step that began at t (hi = 1/h; 0 for the very start)."""
    raise NotImplementedError


def blank(k0: int, k1: int, out: Any) -> None:
    """Stub: write NaN at output times k0..k1-1."""
    raise NotImplementedError


def watch(
    lane: int, L: int, n: int, t: float, hh: float, y: Any, yn: Any, D: Any, qo: Any, R: Any, thr: Any, hold: Any, ready: Any, count: Any,
    held: Any, gs: Any, xs: Any,
) -> float:  # fmt: skip
    """Stub: see `triggers.watch`."""
    raise NotImplementedError


def fire(
    lane: int, L: int, n: int, t: float, y: Any, qo: Any, R: Any, thr: Any, hold: Any, ready: Any, count: Any, gs: Any, xs: Any, log: Any,
    n_log: Any, p: int, pend_t: Any, pend_r: Any, pend_s: Any, n_pend: Any,
) -> int:  # fmt: skip
    """Stub: see `triggers.fire`."""
    raise NotImplementedError


def stages(m: int, y: Any, q: Any, w: Any, hx: Any, c: Any, u: Any, J: Any, W: Any, K: Any) -> None:
    """The eight stages of one step, for one person or for lanes of people (entries side by side).

    Args:
        m: number of entries (states times lanes). y: states. q: hoisted parameters. w: zero-order input rates.
        hx: 1/h of each entry. c: 1/(h*gamma) of each lane. u: work space, left at the argument of the last stage.
        J, W: Jacobian and its factors. K: the stages, written.
    """
    K0, K1, K2, K3, K4, K5, K6, K7 = K[0], K[1], K[2], K[3], K[4], K[5], K[6], K[7]
    rhs_jac(y, q, K0, J)
    factor(J, c, W)
    for i in range(m):
        K0[i] = K0[i] + w[i]
    solve(W, K0)
    for i in range(m):
        u[i] = y[i] + 3.0 * K0[i]
    rhs(u, q, K1)
    for i in range(m):
        K1[i] = K1[i] + w[i] + hx[i] * (-14.155112264123755 * K0[i])
    solve(W, K1)
    for i in range(m):
        u[i] = y[i] + (2.849394379747939 * K0[i] + 0.45842242204463923 * K1[i])
    rhs(u, q, K2)
    for i in range(m):
        K2[i] = K2[i] + w[i] + hx[i] * (-17.97296035885952 * K0[i] - 2.859693295451294 * K1[i])
    solve(W, K2)
    for i in range(m):
        u[i] = y[i] + (-6.954028509809101 * K0[i] + 2.489845061869568 * K1[i] - 10.358996098473584 * K2[i])
    rhs(u, q, K3)
    for i in range(m):
        K3[i] = K3[i] + w[i] + hx[i] * (147.12150275711716 * K0[i] - 1.41221402718213 * K1[i] + 71.68940251302358 * K2[i])
    solve(W, K3)
    for i in range(m):
        u[i] = y[i] + (2.8029986275628964 * K0[i] + 0.5072464736228206 * K1[i] - 0.3988312541770524 * K2[i] - 0.04721187230404641 * K3[i])
    rhs(u, q, K4)
    for i in range(m):
        K4[i] = (
            K4[i] + w[i] + hx[i] * (165.43517024871676 * K0[i] - 0.4592823456491126 * K1[i] + 42.90938336958603 * K2[i] - 5.961986721573306 * K3[i])
        )
    solve(W, K4)
    for i in range(m):
        u[i] = y[i] + (
            -7.502846399306121 * K0[i] + 2.561846144803919 * K1[i] - 11.627539656261098 * K2[i]
            - 0.18268767659942256 * K3[i] + 0.030198172008377946 * K4[i]
        )  # fmt: skip
    rhs(u, q, K5)
    for i in range(m):
        K5[i] = K5[i] + w[i] + hx[i] * (
            24.854864614690072 * K0[i] - 3.0009227002832186 * K1[i] + 47.4931110020768 * K2[i]
            + 5.5814197821558125 * K3[i] - 0.6610691825249471 * K4[i]
        )  # fmt: skip
    solve(W, K5)
    for i in range(m):
        u[i] = u[i] + K5[i]
    rhs(u, q, K6)
    for i in range(m):
        K6[i] = K6[i] + w[i] + hx[i] * (
            30.91273214028599 * K0[i] - 3.1208243349937974 * K1[i] + 77.79954646070892 * K2[i]
            + 34.28646028294783 * K3[i] - 19.097331116725623 * K4[i] - 28.087943162872662 * K5[i]
        )  # fmt: skip
    solve(W, K6)
    for i in range(m):
        u[i] = u[i] + K6[i]
    rhs(u, q, K7)
    for i in range(m):
        K7[i] = K7[i] + w[i] + hx[i] * (
            37.80277123390563 * K0[i] - 3.2571969029072276 * K1[i] + 112.26918849496327 * K2[i]
            + 66.9347231244047 * K3[i] - 40.06618937091002 * K4[i] - 54.66780262877968 * K5[i] - 9.48861652309627 * K6[i]
        )  # fmt: skip
    solve(W, K7)


def dense(m: int, K: Any, D: Any) -> None:
    """Coefficients of the dense output, from the stages of a step."""
    K0, K1, K2, K3, K4, K5, K6, K7 = K[0], K[1], K[2], K[3], K[4], K[5], K[6], K[7]
    D0, D1, D2 = D[0], D[1], D[2]
    for i in range(m):
        D0[i] = (
            25.948786856663858 * K0[i] - 2.5579724845846235 * K1[i] + 10.433815404888879 * K2[i] - 2.3679251022685204 * K3[i]
            + 0.524948541321073 * K4[i] + 1.1241088310450404 * K5[i] + 0.4272876194431874 * K6[i] - 0.17202221070155493 * K7[i]
        )  # fmt: skip
        D1[i] = (
            -9.91568850695171 * K0[i] - 0.9689944594115154 * K1[i] + 3.0438037242978453 * K2[i] - 24.495224566215796 * K3[i]
            + 20.176138334709044 * K4[i] + 15.98066361424651 * K5[i] - 6.789040303419874 * K6[i] - 6.710236069923372 * K7[i]
        )  # fmt: skip
        D2[i] = (
            11.419903575922262 * K0[i] + 2.8879645146136994 * K1[i] + 72.92137995996029 * K2[i] + 80.12511834622643 * K3[i]
            - 52.072871366152654 * K4[i] - 59.78993625266729 * K5[i] - 0.15582684282751913 * K6[i] + 4.883087185713722 * K7[i]
        )  # fmt: skip


def norms(n: int, L: int, u: Any, K7: Any, y: Any, yn: Any, atol: Any, tolerance: Any, err: Any) -> None:
    """New states (yn = u + K7) and, by lane, the sum over states of the squared error relative to its tolerance; the last stage is the error."""
    rtol = tolerance[0]
    for lane in range(L):
        err[lane] = 0.0
        for i in range(n):
            j = i * L + lane
            v = u[j] + K7[j]
            yn[j] = v
            a = v if v > -v else -v
            b = y[j] if y[j] > -y[j] else -y[j]
            e = K7[j] / (atol[i] + rtol * (a if a > b else b))
            err[lane] = err[lane] + e * e


def accept(n: int, L: int, take: Any, yn: Any, y: Any) -> None:
    """Take the new states in the lanes that say so. Far below any amount of meaning numbers become slow to compute with: they become zero."""
    for lane in range(L):
        if take[lane] > 0.0:
            for i in range(n):
                v = yn[i * L + lane]
                y[i * L + lane] = v if abs(v) > 1e-100 else 0.0


def run(
    L: int, n: int, Q: Any, Y0: Any, ev_t: Any, ev_kind: Any, ev_i: Any, ev_x: Any, n_ev: Any, QO: Any, T_out: Any, n_times: Any, grid: Any,
    OUT: Any, Y_end: Any, atol: Any, tolerance: Any, max_steps: int, info: Any, y: Any, yn: Any, u: Any, w: Any, hx: Any, c: Any, q: Any, J:
    Any, W: Any, K: Any, D: Any, F: Any, N: Any, R: Any, THR: Any, split_rule: Any, split_state: Any, SPLIT: Any, LOG: Any, n_log: Any, hold:
    Any, ready: Any, count: Any, held: Any, gs: Any, xs: Any, pend_t: Any, pend_r: Any, pend_s: Any,
) -> None:  # fmt: skip
    """Integrate people over the output grid, L at a time.

    Args:
        L, n: lanes and states. Y0: initial states by person.
        Q: hoisted parameter part, a row a person (and further rows for events that change parameters).
        ev_t, ev_kind, ev_i, ev_x, n_ev: events by person in order of time: minute, kind, number of the state (or row of Q), value.
        QO: what `record` needs of the parameters, by person.
        T_out, n_times, grid: output grids (ascending; the first time is the start), their lengths, and which one a person has.
        OUT: by person, for `record`.
        Y_end: states at the end by person, written. atol: by state. tolerance: [rtol]. max_steps: per person.
        info: by person, written with [status, time, state, steps, rejected]; time and state are those of a failure.
        y .. D: work space (entries of all lanes). F (8 rows) and N (9 rows of whole numbers): work space by lane.
        R, THR: rules and their thresholds by person, see `watch`. split_rule, split_state, SPLIT: what a rule's dose adds to which state,
        by person. LOG, n_log: by person, written with [time fired, time of the dose, rule]. hold .. pend_s: work space of the rules.
    A value at the time of an event is that after it. What lies after a failure or a stop is NaN.
    """  # fmt: skip
    m = n * L
    people = len(Y0)
    n_q = len(Q[0])
    rules = len(R)
    t, h, hh, stop, err, hi, take, forced = F[0], F[1], F[2], F[3], F[4], F[5], F[6], F[7]
    rtol = tolerance[0]
    person, k_ev, k_out, steps, rejected, worst, mode, after, n_pend = N[0], N[1], N[2], N[3], N[4], N[5], N[6], N[7], N[8]
    K7 = K[7]
    following = 0
    active = 0
    for lane in range(L):
        # a lane without a person computes on the first one's values and is not looked at
        person[lane] = -1
        for i in range(n_q):
            q[i * L + lane] = Q[0][i]
        for i in range(n):
            y[i * L + lane] = Y0[0][i]
            w[i * L + lane] = 0.0
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
                    for i in range(n_q):
                        q[i * L + lane] = Q[p][i]
                    for i in range(n):
                        y[i * L + lane] = Y0[p][i]
                        yn[i * L + lane] = Y0[p][i]
                        w[i * L + lane] = 0.0
                        D[0][i * L + lane] = 0.0
                        D[1][i * L + lane] = 0.0
                        D[2][i * L + lane] = 0.0
                    t[lane] = T_out[grid[p]][0]
                    h[lane] = 0.01
                    k_ev[lane] = 0
                    k_out[lane] = 0
                    steps[lane] = 0
                    rejected[lane] = 0
                    worst[lane] = -1
                    after[lane] = 0
                    forced[lane] = float("inf")
                    n_pend[lane] = 0
                    n_log[p] = 0
                    for r in range(rules):
                        hold[lane][r] = -1.0
                        ready[lane][r] = R[r][3]
                        count[lane][r] = 0
                    info[p][0] = 0
                p = person[lane]
                t_out = T_out[grid[p]]
                n_out = n_times[grid[p]]
                t_end = t_out[n_out - 1]
                moved = False
                while k_ev[lane] < n_ev[p] and ev_t[p][k_ev[lane]] <= t[lane]:
                    e = k_ev[lane]
                    kind = ev_kind[p][e]
                    if kind == 4:
                        row = ev_i[p][e]
                        for i in range(n_q):
                            q[i * L + lane] = Q[row][i]
                    else:
                        j = ev_i[p][e] * L + lane
                        if kind == 0:
                            y[j] += ev_x[p][e]
                        elif kind == 1:
                            w[j] += ev_x[p][e]
                        elif kind == 2:
                            y[j] = ev_x[p][e]
                        else:
                            w[j] = ev_x[p][e]
                    k_ev[lane] = e + 1
                    moved = True
                e = 0
                while e < n_pend[lane]:
                    if pend_t[lane][e] > t[lane]:
                        e += 1
                        continue
                    r = pend_r[lane][e]
                    sign = pend_s[lane][e]
                    for k in range(len(split_rule)):
                        if split_rule[k] == r:
                            j = split_state[k] * L + lane
                            if R[r][7] > 0.0:
                                w[j] += sign * SPLIT[p][k] / R[r][7]
                            else:
                                y[j] += SPLIT[p][k]
                    n_pend[lane] -= 1
                    last = n_pend[lane]
                    if R[r][7] > 0.0 and sign > 0.0:
                        # the end of the infusion takes the place of its beginning
                        n_pend[lane] += 1
                        pend_t[lane][e] += R[r][7]
                        pend_s[lane][e] = -1.0
                    else:
                        pend_t[lane][e] = pend_t[lane][last]
                        pend_r[lane][e] = pend_r[lane][last]
                        pend_s[lane][e] = pend_s[lane][last]
                    moved = True
                if moved:
                    h[lane] = 0.01 if h[lane] > 0.01 else h[lane]
                    after[lane] = 0
                if rules > 0 and info[p][0] == 0 and t[lane] < t_end:
                    code = fire(
                        lane, L, n, t[lane], y, QO[p], R, THR[p], hold, ready, count, gs, xs, LOG[p], n_log, p, pend_t, pend_r, pend_s, n_pend
                    )
                    if code == 2:
                        info[p][0] = 3
                    if code > 0:
                        # what is given at once comes before anything is written down
                        continue
                k = k_out[lane]
                while k < n_out and t_out[k] <= t[lane]:
                    k += 1
                if k > k_out[lane]:
                    record(lane, t[lane], 0.0, k_out[lane], k, t_out, y, yn, D, QO[p], OUT[p])
                    k_out[lane] = k
                if info[p][0] == 0 and k < n_out and t[lane] < t_end:
                    break
                if k_out[lane] < n_out:
                    blank(k_out[lane], n_out, OUT[p])
                for i in range(n):
                    Y_end[p][i] = y[i * L + lane]
                info[p][1] = t[lane]
                info[p][2] = worst[lane] if worst[lane] > 0 else 0
                info[p][3] = steps[lane]
                info[p][4] = rejected[lane]
                person[lane] = -1
                active -= 1
        if active == 0:
            break
        for lane in range(L):
            p = person[lane]
            hh[lane] = 0.01
            mode[lane] = -1
            if p >= 0:
                n_out = n_times[grid[p]]
                t_end = T_out[grid[p]][n_out - 1]
                stop[lane] = t_end
                if k_ev[lane] < n_ev[p] and ev_t[p][k_ev[lane]] < t_end:
                    stop[lane] = ev_t[p][k_ev[lane]]
                for e in range(n_pend[lane]):
                    if pend_t[lane][e] < stop[lane]:
                        stop[lane] = pend_t[lane][e]
                if forced[lane] < stop[lane]:
                    stop[lane] = forced[lane]
                left = stop[lane] - t[lane]
                hh[lane] = h[lane]
                mode[lane] = 0
                if hh[lane] >= left * (1.0 - 1e-12):
                    hh[lane] = left
                    mode[lane] = 1
                elif 2.0 * hh[lane] > left:
                    hh[lane] = 0.5 * left
                if steps[lane] >= max_steps:
                    info[p][0] = 2
                elif hh[lane] < 1e-11 * (t[lane] if t[lane] > 1.0 else 1.0) and mode[lane] == 0:
                    info[p][0] = 1
                if info[p][0] != 0:
                    # the failed step is not taken; the lane is cleared before the next one
                    blank(k_out[lane], n_out, OUT[p])
                    k_out[lane] = n_out
                    hh[lane] = 0.01
                    mode[lane] = -1
                else:
                    steps[lane] += 1
            take[lane] = 0.0
            hi[lane] = 1.0 / hh[lane]
            c[lane] = hi[lane] / 0.21193756319429014
        for i in range(n):
            for lane in range(L):
                hx[i * L + lane] = hi[lane]
        stages(m, y, q, w, hx, c, u, J, W, K)
        norms(n, L, u, K7, y, yn, atol, tolerance, err)
        wanted = False
        for lane in range(L):
            if mode[lane] < 0:
                continue
            x = (err[lane] / n) ** 0.5
            if not x < 1e10 or x > 1.0:
                # name the state that is worst; a NaN spreads to all states, so the last step that could be judged counts
                if worst[lane] < 0 or x < 1e10:
                    largest = -1.0
                    for i in range(n):
                        j = i * L + lane
                        a = abs(yn[j])
                        b = abs(y[j])
                        e = abs(K7[j]) / (atol[i] + rtol * (a if a > b else b))
                        if e > largest:
                            largest = e
                            worst[lane] = i
                if not x < 1e10:
                    x = 1e10
            err[lane] = x
            t_out = T_out[grid[person[lane]]]
            n_out = n_times[grid[person[lane]]]
            if rules > 0 or (x <= 1.0 and k_out[lane] < n_out and t_out[k_out[lane]] < (stop[lane] if mode[lane] == 1 else t[lane] + hh[lane])):
                wanted = True
        if wanted:
            dense(m, K, D)
        for lane in range(L):
            if mode[lane] < 0:
                continue
            factor_h = 0.9 * (err[lane] if err[lane] > 1e-8 else 1e-8) ** -0.2
            if err[lane] > 1.0:
                rejected[lane] += 1
                after[lane] = 1
                h[lane] = hh[lane] * (factor_h if factor_h > 0.1 else 0.1)
                mode[lane] = -1
                continue
            t_new = stop[lane] if mode[lane] == 1 else t[lane] + hh[lane]
            p = person[lane]
            t_out = T_out[grid[p]]
            n_out = n_times[grid[p]]
            if rules > 0:
                tiny = 1e-9 * (t_new if t_new > 1.0 else 1.0)
                due = watch(lane, L, n, t[lane], hh[lane], y, yn, D, QO[p], R, THR[p], hold, ready, count, held, gs, xs)
                if due < t_new - 2.0 * tiny:
                    # a rule comes due within the step: take the step again, to end there
                    forced[lane] = due if due > t[lane] + 2.0 * tiny else t[lane] + 2.0 * tiny
                    h[lane] = hh[lane]
                    mode[lane] = -1
                    continue
                forced[lane] = float("inf")
                for r in range(rules):
                    hold[lane][r] = held[r]
            k = k_out[lane]
            while k < n_out and t_out[k] < t_new:
                k += 1
            if k > k_out[lane]:
                record(lane, t[lane], hi[lane], k_out[lane], k, t_out, y, yn, D, QO[p], OUT[p])
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
        accept(n, L, take, yn, y)
