"""Rodas5P for one person: linearly implicit, L-stable, order 5, with dense output of order 4 and doses as discontinuities.

Method and coefficients: Steinebach G, "Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia
Differential Equations package", BIT Numer Math 2023;63:27.

`integrate` is written for lists and for arrays alike. Its text is joined with a system's generated `rhs`, `rhs_jac`, `factor` and
`solve` (the stubs below show their shapes), and either run as it is (no compile) or compiled by Numba: one source, two speeds.
The output grid never steers the steps.
"""

from __future__ import annotations

from typing import Any

GAMMA = 0.21193756319429014

OK, STEP_TOO_SMALL, TOO_MANY_STEPS = 0, 1, 2
"""Status codes of `integrate`."""
ADD, RATE = 0, 1
"""Event kinds: add an amount to a state; add to the zero-order input rate of a state."""


def rhs(y: Any, q: Any, dy: Any) -> None:
    """Stub: derivatives."""
    raise NotImplementedError


def rhs_jac(y: Any, q: Any, dy: Any, J: Any) -> None:
    """Stub: derivatives and the non-zeros of the Jacobian."""
    raise NotImplementedError


def factor(J: Any, c: float, W: Any) -> None:
    """Stub: LU of c*I - J."""
    raise NotImplementedError


def solve(W: Any, b: Any) -> None:
    """Stub: overwrite b with the solution."""
    raise NotImplementedError


def integrate(
    q: Any, y: Any, ev_t: Any, ev_kind: Any, ev_i: Any, ev_x: Any, n_ev: int, t_out: Any, Y: Any,
    atol: Any, rtol: float, max_steps: int, yn: Any, u: Any, w: Any, J: Any, W: Any, K: Any, D: Any, info: Any,
) -> None:
    """Integrate one person over the output grid.

    Args:
        q: hoisted parameter part. y: initial state, overwritten.
        ev_t, ev_kind, ev_i, ev_x: events in order of time: minute, ADD or RATE, state number, amount (nmol) or rate (nmol/min).
        t_out, Y: output times (ascending; the first is the start) and the states there; a value at the time of an event is that after it.
        atol: absolute tolerance by state. rtol: relative tolerance.
        yn, u, w, J, W, K (8 stages), D (3 dense coefficients): work space.
        info: written with [status, time of failure, state of failure, steps, rejected].
    """  # fmt: skip
    n = len(y)
    n_out = len(t_out)
    t = t_out[0]
    t_end = t_out[n_out - 1]
    k_ev = 0
    k_out = 0
    steps = 0
    rejected = 0
    status = 0
    worst = -1
    infusing = False
    fresh = True
    after_reject = False
    h = 0.01
    for i in range(n):
        w[i] = 0.0
    K0, K1, K2, K3, K4, K5, K6, K7 = K[0], K[1], K[2], K[3], K[4], K[5], K[6], K[7]
    D0, D1, D2 = D[0], D[1], D[2]
    while True:
        while k_ev < n_ev and ev_t[k_ev] <= t:
            if ev_kind[k_ev] == 0:
                y[ev_i[k_ev]] += ev_x[k_ev]
            else:
                w[ev_i[k_ev]] += ev_x[k_ev]
                infusing = True
            fresh = True
            k_ev += 1
        while k_out < n_out and t_out[k_out] <= t:
            for i in range(n):
                Y[k_out][i] = y[i]
            k_out += 1
        if k_out >= n_out or t >= t_end:
            break
        stop = t_end
        if k_ev < n_ev and ev_t[k_ev] < t_end:
            stop = ev_t[k_ev]
        if fresh:
            h = 0.01 if h > 0.01 else h
            fresh = False
            after_reject = False
        hh = h
        left = stop - t
        hits = False
        if hh >= left * (1.0 - 1e-12):
            hh = left
            hits = True
        elif 2.0 * hh > left:
            hh = 0.5 * left
        if steps >= max_steps:
            status = 2
            break
        if hh < 1e-11 * (t if t > 1.0 else 1.0) and not hits:
            status = 1
            break
        steps += 1
        hi = 1.0 / hh
        rhs_jac(y, q, K0, J)
        factor(J, hi / 0.21193756319429014, W)
        if infusing:
            for i in range(n):
                K0[i] += w[i]
        solve(W, K0)
        for i in range(n):
            u[i] = y[i] + 3.0 * K0[i]
        rhs(u, q, K1)
        for i in range(n):
            K1[i] = K1[i] + w[i] + hi * (-14.155112264123755 * K0[i])
        solve(W, K1)
        for i in range(n):
            u[i] = y[i] + (2.849394379747939 * K0[i] + 0.45842242204463923 * K1[i])
        rhs(u, q, K2)
        for i in range(n):
            K2[i] = K2[i] + w[i] + hi * (-17.97296035885952 * K0[i] - 2.859693295451294 * K1[i])
        solve(W, K2)
        for i in range(n):
            u[i] = y[i] + (-6.954028509809101 * K0[i] + 2.489845061869568 * K1[i] - 10.358996098473584 * K2[i])
        rhs(u, q, K3)
        for i in range(n):
            K3[i] = K3[i] + w[i] + hi * (147.12150275711716 * K0[i] - 1.41221402718213 * K1[i] + 71.68940251302358 * K2[i])
        solve(W, K3)
        for i in range(n):
            u[i] = y[i] + (
                2.8029986275628964 * K0[i] + 0.5072464736228206 * K1[i] - 0.3988312541770524 * K2[i] - 0.04721187230404641 * K3[i]
            )
        rhs(u, q, K4)
        for i in range(n):
            K4[i] = K4[i] + w[i] + hi * (
                165.43517024871676 * K0[i] - 0.4592823456491126 * K1[i] + 42.90938336958603 * K2[i] - 5.961986721573306 * K3[i]
            )
        solve(W, K4)
        for i in range(n):
            u[i] = y[i] + (
                -7.502846399306121 * K0[i] + 2.561846144803919 * K1[i] - 11.627539656261098 * K2[i]
                - 0.18268767659942256 * K3[i] + 0.030198172008377946 * K4[i]
            )  # fmt: skip
        rhs(u, q, K5)
        for i in range(n):
            K5[i] = K5[i] + w[i] + hi * (
                24.854864614690072 * K0[i] - 3.0009227002832186 * K1[i] + 47.4931110020768 * K2[i]
                + 5.5814197821558125 * K3[i] - 0.6610691825249471 * K4[i]
            )  # fmt: skip
        solve(W, K5)
        for i in range(n):
            u[i] = u[i] + K5[i]
        rhs(u, q, K6)
        for i in range(n):
            K6[i] = K6[i] + w[i] + hi * (
                30.91273214028599 * K0[i] - 3.1208243349937974 * K1[i] + 77.79954646070892 * K2[i]
                + 34.28646028294783 * K3[i] - 19.097331116725623 * K4[i] - 28.087943162872662 * K5[i]
            )  # fmt: skip
        solve(W, K6)
        for i in range(n):
            u[i] = u[i] + K6[i]
        rhs(u, q, K7)
        for i in range(n):
            K7[i] = K7[i] + w[i] + hi * (
                37.80277123390563 * K0[i] - 3.2571969029072276 * K1[i] + 112.26918849496327 * K2[i]
                + 66.9347231244047 * K3[i] - 40.06618937091002 * K4[i] - 54.66780262877968 * K5[i] - 9.48861652309627 * K6[i]
            )  # fmt: skip
        solve(W, K7)
        # the last stage is the error estimate
        err = 0.0
        largest = -1.0
        candidate = 0
        for i in range(n):
            v = u[i] + K7[i]
            yn[i] = v
            a = abs(v)
            b = abs(y[i])
            e = K7[i] / (atol[i] + rtol * (a if a > b else b))
            e = e * e
            err += e
            if e > largest:
                largest = e
                candidate = i
        err = (err / n) ** 0.5
        # a NaN spreads to all states: the state to name is the worst of the last step that could be judged
        if worst < 0 or err < 1e10:
            worst = candidate
        if not err < 1e10:
            err = 1e10
        factor_h = 0.9 * (err if err > 1e-8 else 1e-8) ** -0.2
        if err > 1.0:
            rejected += 1
            after_reject = True
            h = hh * (factor_h if factor_h > 0.1 else 0.1)
            continue
        t_new = stop if hits else t + hh
        if k_out < n_out and (t_out[k_out] < t_new or (t_out[k_out] <= t_new and not hits)):
            for i in range(n):
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
            while k_out < n_out and t_out[k_out] < t_new:
                th = (t_out[k_out] - t) * hi
                t1 = 1.0 - th
                row = Y[k_out]
                for i in range(n):
                    row[i] = t1 * y[i] + th * (yn[i] + t1 * (D0[i] + th * (D1[i] + th * D2[i])))
                k_out += 1
        for i in range(n):
            y[i] = yn[i]
        t = t_new
        if factor_h > 6.0:
            factor_h = 6.0
        if after_reject and factor_h > 1.0:
            factor_h = 1.0
        after_reject = False
        grown = hh * factor_h
        # a step cut short to land on an event says nothing against the step before it
        h = grown if not hits or grown > h else h
    info[0] = status
    info[1] = t
    info[2] = worst if worst > 0 else 0
    info[3] = steps
    info[4] = rejected
