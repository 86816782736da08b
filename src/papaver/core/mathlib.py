"""The functions that generated code calls: for plain floats, for NumPy arrays, and (in `simd`) for lanes of a CPU.

All three forms do the same operations in the same order, so that the same person gets the same bits on every path. That is why the
exponential and the logarithm are polynomials here and not the C library's: those differ between libraries and between scalar and vector
forms. exp: Cody & Waite's reduction, then the minimax polynomial of degree 11 on |r| < ln(2)/2 (error 4e-18); log: FDLIBM's e_log.c; log(1 + e)
for e in [0, 1]: FDLIBM's form with the minimax polynomial of degree 8 in s^2 (error 5e-17). All are within about one unit in the last place.
Sums are written as trees rather than chains (Estrin), because a processor overlaps the branches.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

LOG2E = 1.4426950408889634
LN2_HI, LN2_LO = 6.93147180369123816490e-01, 1.90821492927058770002e-10
MAGIC = 6755399441055744.0  # 1.5 * 2^52: adding and subtracting it rounds to the nearest integer
SQRT_HALF = 0.7071067811865476
EXP_MAX, EXP_MIN = 708.0, -709.0
EXP_COEFFICIENTS = (
    0.5000000000000011, 0.16666666666666413, 0.041666666666530246, 0.008333333333494354, 0.0013888888943603774,
    0.00019841269506743508, 2.4801493129214456e-05, 2.755758628837813e-06, 2.763023661768196e-07, 2.5000068917724978e-08,
)  # fmt: skip
LOG_COEFFICIENTS = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01, 1.818357216161805012e-01,
    1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip
LOG1P_COEFFICIENTS = (
    0.6666666666667788, 0.39999999995997737, 0.28571429063172316, 0.22222192655352765, 0.181828207174316, 0.15364192306157382,
    0.1358724434025428, 0.09898314938871192, 0.17748836596421141,
)  # fmt: skip


def exp_(x: float) -> float:
    """e^x; zero below -708.7 and constant above 708, where a double ends (an infinity would poison a step that is refused anyway)."""
    x = 708.0 if x > 708.0 else x
    x = -709.0 if x < -709.0 else x
    n = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10
    r2 = r * r
    r4 = r2 * r2
    a = (0.5000000000000011 + 0.16666666666666413 * r) + (0.041666666666530246 + 0.008333333333494354 * r) * r2
    b = (0.0013888888943603774 + 0.00019841269506743508 * r) + (2.4801493129214456e-05 + 2.755758628837813e-06 * r) * r2
    c = 2.763023661768196e-07 + 2.5000068917724978e-08 * r
    p = 1.0 + (r + r2 * ((a + b * r4) + c * (r4 * r4)))
    if not n > -1023.0:
        return 0.0 if n <= -1023.0 else x
    return math.ldexp(p, int(n))


def log_(x: float) -> float:
    """Natural logarithm; -inf at zero, NaN below."""
    if not x > 0.0:
        return -math.inf if x == 0.0 else math.nan
    if x == math.inf:
        return x
    m, e = math.frexp(x)
    k = float(e)
    if m < 0.7071067811865476:
        m = m * 2.0
        k = k - 1.0
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
    h = (f * f) * 0.5
    return k * 6.93147180369123816490e-01 - ((h - (s * (h + (even + odd)) + k * 1.90821492927058770002e-10)) - f)


def log1p_(e: float) -> float:
    """log(1 + e) for e in [0, 1]."""
    s = e / (e + 2.0)
    z = s * s
    w = z * z
    a = (0.6666666666667788 + 0.39999999995997737 * z) + (0.28571429063172316 + 0.22222192655352765 * z) * w
    b = (0.181828207174316 + 0.15364192306157382 * z) + (0.1358724434025428 + 0.09898314938871192 * z) * w
    w2 = w * w
    h = (e * e) * 0.5
    return e - (h - s * (h + z * ((a + b * w2) + 0.17748836596421141 * (w2 * w2))))


def sqrt_(x: float) -> float:
    """Square root; NaN below zero."""
    return math.sqrt(x) if x >= 0.0 else math.nan


def pow_(x: float, n: float) -> float:
    """x^n for x >= 0; NaN below zero."""
    if x > 0.0:
        return exp_(n * log_(x))
    return math.nan if x != 0.0 or n < 0.0 else (1.0 if n == 0.0 else 0.0)


def softplus_(x: float) -> float:
    """log(1 + e^x) without overflow."""
    return (x if x > 0.0 else 0.0) + log1p_(exp_(-abs(x)))


def sigmoid_(x: float) -> float:
    """1/(1 + e^-x) without overflow."""
    e = exp_(-abs(x))
    r = 1.0 / (1.0 + e)
    return r if x >= 0.0 else e * r


def maximum_(a: float, b: float) -> float:
    """The larger of two."""
    return a if a > b else b


def minimum_(a: float, b: float) -> float:
    """The smaller of two."""
    return b if a > b else a


def greater_(a: float, b: float) -> float:
    """1 if a > b, else 0."""
    return 1.0 if a > b else 0.0


SCALAR: dict[str, Callable[..., float]] = {
    f.__name__: f for f in (exp_, log_, log1p_, sqrt_, pow_, softplus_, sigmoid_, maximum_, minimum_, greater_)
}


def _exp(x: Any) -> Any:
    x = np.asarray(x, dtype=float)
    x = np.where(x > EXP_MAX, EXP_MAX, x)
    x = np.where(x < EXP_MIN, EXP_MIN, x)
    n = (x * LOG2E + MAGIC) - MAGIC
    r = (x - n * LN2_HI) - n * LN2_LO
    k = EXP_COEFFICIENTS
    r2 = r * r
    r4 = r2 * r2
    a = (k[0] + k[1] * r) + (k[2] + k[3] * r) * r2
    b = (k[4] + k[5] * r) + (k[6] + k[7] * r) * r2
    p = 1.0 + (r + r2 * ((a + b * r4) + (k[8] + k[9] * r) * (r4 * r4)))
    whole = np.nan_to_num(n).astype(np.int64)
    return np.where(np.isnan(x), x, np.where(n > -1023.0, np.ldexp(p, whole), 0.0))


def _log(x: Any) -> Any:
    x = np.asarray(x, dtype=float)
    good = (x > 0.0) & (x < np.inf)
    m, e = np.frexp(np.where(good, x, 1.0))
    low = m < SQRT_HALF
    m = np.where(low, m * 2.0, m)
    k = e.astype(float) - low
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    w = z * z
    c = LOG_COEFFICIENTS
    even = w * (c[1] + w * (c[3] + w * c[5]))
    odd = z * (c[0] + w * (c[2] + w * (c[4] + w * c[6])))
    h = (f * f) * 0.5
    y = k * LN2_HI - ((h - (s * (h + (even + odd)) + k * LN2_LO)) - f)
    return np.where(good, y, np.where(x == 0.0, -np.inf, np.where(x == np.inf, np.inf, np.nan)))


def _log1p(e: Any) -> Any:
    s = e / (e + 2.0)
    z = s * s
    w = z * z
    k = LOG1P_COEFFICIENTS
    a = (k[0] + k[1] * z) + (k[2] + k[3] * z) * w
    b = (k[4] + k[5] * z) + (k[6] + k[7] * z) * w
    w2 = w * w
    h = (e * e) * 0.5
    return e - (h - s * (h + z * ((a + b * w2) + k[8] * (w2 * w2))))


def _pow(x: Any, n: Any) -> Any:
    x, n = np.asarray(x, dtype=float), np.asarray(n, dtype=float)
    at_zero = np.where(n < 0.0, np.nan, np.where(n == 0.0, 1.0, 0.0))
    return np.where(x > 0.0, _exp(n * _log(np.where(x > 0.0, x, 1.0))), np.where(x == 0.0, at_zero, np.nan))


def _softplus(x: Any) -> Any:
    return np.where(np.asarray(x) > 0.0, x, 0.0) + _log1p(_exp(-np.abs(x)))


def _sigmoid(x: Any) -> Any:
    e = _exp(-np.abs(x))
    r = 1.0 / (1.0 + e)
    return np.where(np.asarray(x) >= 0.0, r, e * r)


VECTOR: dict[str, Callable[..., Any]] = {
    "exp_": _exp,
    "log_": _log,
    "log1p_": _log1p,
    "sqrt_": np.sqrt,
    "pow_": _pow,
    "softplus_": _softplus,
    "sigmoid_": _sigmoid,
    "maximum_": lambda a, b: np.where(np.asarray(a) > b, a, b),
    "minimum_": lambda a, b: np.where(np.asarray(a) > b, b, a),
    "greater_": lambda a, b: np.where(np.asarray(a) > b, 1.0, 0.0),
}
