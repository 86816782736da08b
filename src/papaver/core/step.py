"""The arithmetic of one step of Rodas5P, written for one person: straight sums over the states and calls of a system's generated functions.

Coefficients: Steinebach G, "Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia Differential Equations
package", BIT Numer Math 2023;63:27.

The text is run as it is on lists (no compile), and translated by `simd` into vector code over lanes of people: entry i of an array then is a
vector, and `m` counts entries of all lanes. Names that start with `S_` are arrays of single numbers, the same in each lane.
"""

from __future__ import annotations

from typing import Any

from papaver.core.mathlib import exp_, log_, sqrt_


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


def stages(m: int, y: Any, q: Any, w: Any, hi: Any, c: Any, u: Any, J: Any, W: Any, K: Any) -> None:
    """The eight stages of one step.

    Args:
        m: number of entries (states times lanes). y: states. q: hoisted parameters. w: zero-order input rates.
        hi: 1/h. c: 1/(h*gamma). u: work space, left at the argument of the last stage. J, W: Jacobian and its factors. K: the stages, written.
    """
    x = hi[0]
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
        K1[i] = K1[i] + w[i] + x * (-14.155112264123755 * K0[i])
    solve(W, K1)
    for i in range(m):
        u[i] = y[i] + (2.849394379747939 * K0[i] + 0.45842242204463923 * K1[i])
    rhs(u, q, K2)
    for i in range(m):
        K2[i] = K2[i] + w[i] + x * (-17.97296035885952 * K0[i] - 2.859693295451294 * K1[i])
    solve(W, K2)
    for i in range(m):
        u[i] = y[i] + (-6.954028509809101 * K0[i] + 2.489845061869568 * K1[i] - 10.358996098473584 * K2[i])
    rhs(u, q, K3)
    for i in range(m):
        K3[i] = K3[i] + w[i] + x * (147.12150275711716 * K0[i] - 1.41221402718213 * K1[i] + 71.68940251302358 * K2[i])
    solve(W, K3)
    for i in range(m):
        u[i] = y[i] + (2.8029986275628964 * K0[i] + 0.5072464736228206 * K1[i] - 0.3988312541770524 * K2[i] - 0.04721187230404641 * K3[i])
    rhs(u, q, K4)
    for i in range(m):
        K4[i] = K4[i] + w[i] + x * (165.43517024871676 * K0[i] - 0.4592823456491126 * K1[i] + 42.90938336958603 * K2[i] - 5.961986721573306 * K3[i])
    solve(W, K4)
    for i in range(m):
        u[i] = y[i] + (
            -7.502846399306121 * K0[i] + 2.561846144803919 * K1[i] - 11.627539656261098 * K2[i]
            - 0.18268767659942256 * K3[i] + 0.030198172008377946 * K4[i]
        )  # fmt: skip
    rhs(u, q, K5)
    for i in range(m):
        K5[i] = K5[i] + w[i] + x * (
            24.854864614690072 * K0[i] - 3.0009227002832186 * K1[i] + 47.4931110020768 * K2[i]
            + 5.5814197821558125 * K3[i] - 0.6610691825249471 * K4[i]
        )  # fmt: skip
    solve(W, K5)
    for i in range(m):
        u[i] = u[i] + K5[i]
    rhs(u, q, K6)
    for i in range(m):
        K6[i] = K6[i] + w[i] + x * (
            30.91273214028599 * K0[i] - 3.1208243349937974 * K1[i] + 77.79954646070892 * K2[i]
            + 34.28646028294783 * K3[i] - 19.097331116725623 * K4[i] - 28.087943162872662 * K5[i]
        )  # fmt: skip
    solve(W, K6)
    for i in range(m):
        u[i] = u[i] + K6[i]
    rhs(u, q, K7)
    for i in range(m):
        K7[i] = K7[i] + w[i] + x * (
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


def judge(m: int, u: Any, K: Any, y: Any, yn: Any, S_atol: Any, S_tolerance: Any, err: Any, grow: Any) -> None:
    """New states, the error of the step relative to its tolerance (the last stage is the error), and by how much the step may grow.

    Args:
        S_atol: by state. S_tolerance: [rtol, 1/states, safety]. yn, err, grow: written. An error that is no number counts as 1e10.
    """
    K7 = K[7]
    total = 0.0
    for i in range(m):
        v = u[i] + K7[i]
        yn[i] = v
        a = abs(v)
        b = abs(y[i])
        e = K7[i] / (S_atol[i] + S_tolerance[0] * (a if a > b else b))
        total = total + e * e
    x = sqrt_(total * S_tolerance[1])
    x = x if x < 1e10 else 1e10
    err[0] = x
    grow[0] = S_tolerance[2] * exp_(-0.2 * log_(x if x > 1e-8 else 1e-8))


def accept(m: int, take: Any, yn: Any, y: Any) -> None:
    """Take the new states where `take` is positive. Far below any amount of meaning numbers become slow to compute with: they become zero."""
    taken = take[0]
    for i in range(m):
        v = yn[i]
        y[i] = (v if abs(v) > 1e-100 else 0.0) if taken > 0.0 else y[i]
