"""The functions that generated code calls, for floats (plain Python, and Numba through the same source) and for NumPy arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

# Scalar forms. Numba compiles these very functions, so the plain and the compiled path agree.


def exp_(x: float) -> float:
    """e^x; infinite above the range of a double."""
    return math.inf if x >= 709.0 else math.exp(x)


def log_(x: float) -> float:
    """Natural logarithm; NaN below zero."""
    return math.log(x) if x > 0.0 else (-math.inf if x == 0.0 else math.nan)


def sqrt_(x: float) -> float:
    """Square root; NaN below zero."""
    return math.sqrt(x) if x >= 0.0 else math.nan


def pow_(x: float, n: float) -> float:
    """x^n for x >= 0; NaN below zero."""
    return math.exp(n * math.log(x)) if x > 0.0 else (math.nan if x != 0.0 or n < 0.0 else (1.0 if n == 0.0 else 0.0))


def softplus_(x: float) -> float:
    """log(1 + e^x) without overflow."""
    return (x if x > 0.0 else 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid_(x: float) -> float:
    """1/(1 + e^-x) without overflow."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)


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
    f.__name__: f for f in (exp_, log_, sqrt_, pow_, softplus_, sigmoid_, maximum_, minimum_, greater_)
}


def _vector_pow(x: Any, n: Any) -> Any:
    x = np.asarray(x, dtype=float)
    return np.where(x >= 0, np.power(np.maximum(x, 0.0), n), np.nan)


VECTOR: dict[str, Callable[..., Any]] = {
    "exp_": np.exp,
    "log_": np.log,
    "sqrt_": np.sqrt,
    "pow_": _vector_pow,
    "softplus_": lambda x: np.logaddexp(0.0, x),
    "sigmoid_": lambda x: 1.0 / (1.0 + np.exp(-np.asarray(x, dtype=float))),
    "maximum_": np.maximum,
    "minimum_": np.minimum,
    "greater_": lambda a, b: np.where(np.asarray(a) > b, 1.0, 0.0),
}
