"""The functions that generated code calls: for plain floats, for NumPy arrays, and (in `simd`) for lanes of a CPU.

All three forms do the same operations in the same order, so that the same person gets the same bits on every path. That is why the
exponential and the logarithm are polynomials here and not the C library's: those differ between libraries and between scalar and vector
forms. Polynomials: exp after Cody & Waite with a Taylor polynomial of degree 12 on |r| < 0.35; log after FDLIBM's e_log.c. Both are within
about one unit in the last place.
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
EXP_MAX = 708.0
LOG_COEFFICIENTS = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01, 1.818357216161805012e-01,
    1.531383769920937332e-01, 1.479819860511658591e-01,
)  # fmt: skip
EXP_COEFFICIENTS = tuple(1.0 / math.factorial(k) for k in range(12, -1, -1))


def exp_(x: float) -> float:
    """e^x; zero below -708 and constant above 708, where a double ends (an infinity would poison a step that is refused anyway)."""
    x = 708.0 if x > 708.0 else x
    if not x >= -708.0:
        return 0.0 if x < -708.0 else x
    n = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10
    p = 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
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
    r = 1.479819860511658591e-01
    r = r * z + 1.531383769920937332e-01
    r = r * z + 1.818357216161805012e-01
    r = r * z + 2.222219843214978396e-01
    r = r * z + 2.857142874366239149e-01
    r = r * z + 3.999999999940941908e-01
    r = r * z + 6.666666666666735130e-01
    r = r * z
    h = (f * f) * 0.5
    return k * 6.93147180369123816490e-01 - ((h - (s * (h + r) + k * 1.90821492927058770002e-10)) - f)


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
    e = exp_(-abs(x))
    u = 1.0 + e
    return (x if x > 0.0 else 0.0) + (log_(u) + (e - (u - 1.0)) / u)


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


SCALAR: dict[str, Callable[..., float]] = {f.__name__: f for f in (exp_, log_, sqrt_, pow_, softplus_, sigmoid_, maximum_, minimum_, greater_)}


def _exp(x: Any) -> Any:
    x = np.asarray(x, dtype=float)
    x = np.where(x > 708.0, 708.0, x)
    small = x < -708.0
    x = np.where(small, 0.0, x)
    n = (x * LOG2E + MAGIC) - MAGIC
    r = (x - n * LN2_HI) - n * LN2_LO
    p = np.full_like(x, EXP_COEFFICIENTS[0])
    for c in EXP_COEFFICIENTS[1:]:
        p = p * r + c
    y = np.where(np.isnan(x), x, np.ldexp(p, np.nan_to_num(n).astype(np.int64)))
    return np.where(small, 0.0, y)


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
    r = np.full_like(m, LOG_COEFFICIENTS[-1])
    for c in LOG_COEFFICIENTS[-2::-1]:
        r = r * z + c
    r = r * z
    h = (f * f) * 0.5
    y = k * LN2_HI - ((h - (s * (h + r) + k * LN2_LO)) - f)
    return np.where(good, y, np.where(x == 0.0, -np.inf, np.where(x == np.inf, np.inf, np.nan)))


def _pow(x: Any, n: Any) -> Any:
    x, n = np.asarray(x, dtype=float), np.asarray(n, dtype=float)
    at_zero = np.where(n < 0.0, np.nan, np.where(n == 0.0, 1.0, 0.0))
    return np.where(x > 0.0, _exp(n * _log(np.where(x > 0.0, x, 1.0))), np.where(x == 0.0, at_zero, np.nan))


def _softplus(x: Any) -> Any:
    e = _exp(-np.abs(x))
    u = 1.0 + e
    return np.where(np.asarray(x) > 0.0, x, 0.0) + (_log(u) + (e - (u - 1.0)) / u)


def _sigmoid(x: Any) -> Any:
    e = _exp(-np.abs(x))
    r = 1.0 / (1.0 + e)
    return np.where(np.asarray(x) >= 0.0, r, e * r)


VECTOR: dict[str, Callable[..., Any]] = {
    "exp_": _exp,
    "log_": _log,
    "sqrt_": np.sqrt,
    "pow_": _pow,
    "softplus_": _softplus,
    "sigmoid_": _sigmoid,
    "maximum_": lambda a, b: np.where(np.asarray(a) > b, a, b),
    "minimum_": lambda a, b: np.where(np.asarray(a) > b, b, a),
    "greater_": lambda a, b: np.where(np.asarray(a) > b, 1.0, 0.0),
}
