"""Units: parse, convert, dimension algebra.

Internal units are fixed and coherent: minute, nanomole, litre, mmHg, degree Celsius, milligram, millimetre, kilogram of body weight,
square metre of body surface. "mg/kg" is a dose per body weight, not a pure number, so the kilogram of body weight is a
dimension of its own. Outside (files, command line, results) a unit always stands beside its number.

Example:
    >>> from papaver import units
    >>> units.convert(73.6, "L/hour", "L/min")
    1.2266666666666666
    >>> units.Unit.parse("mg/kg").dims == units.Unit.parse("mg").dims
    False
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from papaver.errors import UnitError, nearest

Dims = tuple[tuple[str, Fraction], ...]
"""Sorted (base, exponent) pairs; the empty tuple is dimensionless."""

# name -> (factor to the internal unit, {base: exponent}). Bases are named by their internal unit.
_TABLE: dict[str, tuple[float, dict[str, int]]] = {
    "min": (1.0, {"min": 1}),
    "minute": (1.0, {"min": 1}),
    "s": (1 / 60, {"min": 1}),
    "sec": (1 / 60, {"min": 1}),
    "second": (1 / 60, {"min": 1}),
    "ms": (1 / 60000, {"min": 1}),
    "h": (60.0, {"min": 1}),
    "hr": (60.0, {"min": 1}),
    "hour": (60.0, {"min": 1}),
    "day": (1440.0, {"min": 1}),
    "d": (1440.0, {"min": 1}),
    "week": (10080.0, {"min": 1}),
    "month": (43830.0, {"min": 1}),
    "year": (525960.0, {"min": 1}),
    "mol": (1e9, {"nmol": 1}),
    "mmol": (1e6, {"nmol": 1}),
    "umol": (1e3, {"nmol": 1}),
    "nmol": (1.0, {"nmol": 1}),
    "pmol": (1e-3, {"nmol": 1}),
    "fmol": (1e-6, {"nmol": 1}),
    "L": (1.0, {"L": 1}),
    "l": (1.0, {"L": 1}),
    "dL": (0.1, {"L": 1}),
    "dl": (0.1, {"L": 1}),
    "mL": (1e-3, {"L": 1}),
    "ml": (1e-3, {"L": 1}),
    "uL": (1e-6, {"L": 1}),
    "M": (1e9, {"nmol": 1, "L": -1}),
    "mM": (1e6, {"nmol": 1, "L": -1}),
    "uM": (1e3, {"nmol": 1, "L": -1}),
    "nM": (1.0, {"nmol": 1, "L": -1}),
    "pM": (1e-3, {"nmol": 1, "L": -1}),
    "g": (1e3, {"mg": 1}),
    "mg": (1.0, {"mg": 1}),
    "ug": (1e-3, {"mg": 1}),
    "mcg": (1e-3, {"mg": 1}),
    "ng": (1e-6, {"mg": 1}),
    "pg": (1e-9, {"mg": 1}),
    "Da": (1e-6, {"mg": 1, "nmol": -1}),
    "kg": (1.0, {"kg": 1}),
    "m2": (1.0, {"m2": 1}),
    "mm": (1.0, {"mm": 1}),
    "cm": (10.0, {"mm": 1}),
    "m": (1000.0, {"mm": 1}),
    "mmHg": (1.0, {"mmHg": 1}),
    "torr": (1.0, {"mmHg": 1}),
    "kPa": (7.500616827, {"mmHg": 1}),
    "cmH2O": (0.735559, {"mmHg": 1}),
    "degC": (1.0, {"degC": 1}),
    "kcal": (4184.0, {"J": 1}),
    "J": (1.0, {"J": 1}),
    "percent": (0.01, {}),
    "%": (0.01, {}),
    "permille": (1e-3, {}),
    "millipercent": (1e-5, {}),
    "dimensionless": (1.0, {}),
    "fraction": (1.0, {}),
    "count": (1.0, {}),
    "1": (1.0, {}),
}
_ALIASES = {"µ": "u", "μ": "u", "·": "*", "×": "*"}
_PLURAL = {"minutes", "seconds", "hours", "days", "weeks", "months", "years", "mins", "secs", "hrs", "litre", "liter", "litres", "liters"}
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z%]+\d*)|(\*\*|[*/^().]|-))")


def _combine(a: Dims, b: Dims, sign: int = 1) -> Dims:
    out = dict(a)
    for base, n in b:
        out[base] = out.get(base, Fraction(0)) + sign * n
    return tuple(sorted((k, v) for k, v in out.items() if v != 0))


@dataclass(frozen=True)
class Unit:
    """A unit as a factor to the internal unit of its dimension, and that dimension."""

    factor: float
    dims: Dims
    text: str = ""

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(text: str) -> Unit:
        """Read a unit such as "L/min", "nmol", "mL/min/kg", "1/(pM**0.5*s)", "percent".

        Raises:
            UnitError: the text is no unit; the message names the part that is unknown and the nearest known one.
        """
        if not isinstance(text, str) or not text.strip():
            raise UnitError(f"a unit is missing (read {text!r}); write for example 'mg', 'L/min' or '1' for a pure number")
        if len(text) > 200:
            raise UnitError(f"cannot read the unit {text[:40]!r}...: longer than 200 characters")
        try:
            unit = _Parser(text).parse()
        except (ZeroDivisionError, OverflowError):
            raise UnitError(f"cannot read the unit {text!r}: a number in it is zero or out of range") from None
        if not 0 < unit.factor < math.inf:
            raise UnitError(f"cannot read the unit {text!r}: a number in it is zero or out of range")
        return unit

    def __mul__(self, other: Unit) -> Unit:
        return Unit(self.factor * other.factor, _combine(self.dims, other.dims))

    def __truediv__(self, other: Unit) -> Unit:
        return Unit(self.factor / other.factor, _combine(self.dims, other.dims, -1))

    def power(self, n: Fraction) -> Unit:
        """This unit to the power n."""
        return Unit(self.factor ** float(n), tuple((b, e * n) for b, e in self.dims if e * n != 0))

    @property
    def is_dimensionless(self) -> bool:
        """True for pure numbers, percent among them."""
        return not self.dims

    @property
    def is_internal(self) -> bool:
        """True when one of this unit is one of the internal unit, so that no factor hides in an equation."""
        return math.isclose(self.factor, 1.0, rel_tol=1e-12)


class _Parser:
    """Recursive descent over: expr = factor (('*'|'/'|' ') factor)*, factor = atom ('**' number)?"""

    def __init__(self, text: str) -> None:
        self.text = text
        clean = text.strip()
        for a, b in _ALIASES.items():
            clean = clean.replace(a, b)
        self.tokens: list[str] = []
        pos = 0
        while pos < len(clean):
            m = _TOKEN.match(clean, pos)
            if not m or m.end() == pos:
                raise UnitError(f"cannot read the unit {text!r}: {clean[pos:]!r} is no unit, operator or number")
            self.tokens.append(m.group(1) or m.group(2) or m.group(3))
            pos = m.end()
        self.i = 0

    def parse(self) -> Unit:
        unit = self._expr()
        if self.i != len(self.tokens):
            raise UnitError(f"cannot read the unit {self.text!r}: unexpected {self.tokens[self.i]!r}")
        return Unit(unit.factor, unit.dims, self.text)

    def _peek(self) -> str:
        return self.tokens[self.i] if self.i < len(self.tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self.i += 1
        return token

    def _expr(self) -> Unit:
        unit = self._factor()
        while self._peek() and self._peek() != ")":
            op = self._peek()
            if op in ("*", "/", "."):
                self._take()
            nxt = self._factor()
            unit = unit / nxt if op == "/" else unit * nxt
        return unit

    def _factor(self) -> Unit:
        unit = self._atom()
        if self._peek() in ("**", "^"):
            self._take()
            unit = unit.power(self._number())
        return unit

    def _number(self) -> Fraction:
        sign = 1
        if self._peek() == "-":
            self._take()
            sign = -1
        if self._peek() == "(":
            self._take()
            value = self._number()
            if self._take() != ")":
                raise UnitError(f"cannot read the unit {self.text!r}: a bracket is not closed")
            return sign * value
        token = self._take()
        if not token[:1].isdigit():
            raise UnitError(f"cannot read the unit {self.text!r}: an exponent must be a number")
        if float(token) > 20:  # before Fraction, which would write out 1e999999999 in full
            raise UnitError(f"cannot read the unit {self.text!r}: the exponent {token} is out of range")
        return sign * Fraction(token)

    def _atom(self) -> Unit:
        token = self._take()
        if token == "(":
            unit = self._expr()
            if self._take() != ")":
                raise UnitError(f"cannot read the unit {self.text!r}: a bracket is not closed")
            return unit
        if not token:
            raise UnitError(f"cannot read the unit {self.text!r}: it ends too early")
        if token[0].isdigit():
            number = Unit(float(token), ())
            nxt = self._peek()
            # "mL/min/1.73m2": a number binds to the unit that follows it, or the m2 would land above the line
            return number * self._factor() if nxt and (nxt[0].isalpha() or nxt == "%") else number
        name = token
        if name not in _TABLE and name in _PLURAL:
            name = "L" if name.startswith("lit") else name.rstrip("s")
        if name not in _TABLE and name.endswith("s") and name[:-1] in _TABLE:
            name = name[:-1]
        if name not in _TABLE:
            raise UnitError(f"unknown unit {token!r} in {self.text!r}; {nearest(token, _TABLE)}")
        factor, dims = _TABLE[name]
        return Unit(factor, tuple(sorted((b, Fraction(e)) for b, e in dims.items())))


def format_dims(dims: Dims) -> str:
    """Dimensions as a unit in internal units, e.g. "L.nmol/min"."""

    def one(base: str, n: Fraction) -> str:
        return base if n == 1 else f"{base}^{n}"

    num = [one(b, e) for b, e in dims if e > 0]
    den = [one(b, -e) for b, e in dims if e < 0]
    if not num and not den:
        return "1"
    return (".".join(num) or "1") + "".join("/" + x for x in den)


def convert(value: float, source: str, target: str, *, MW: float | None = None) -> float:
    """Convert a number between units; with a molar mass MW (g/mol) also between mass and amount of substance.

    Args:
        value: the number in `source` units.
        source: unit of the number.
        target: unit wanted.
        MW: molar mass in g/mol; needed when one unit has mass and the other amount of substance.

    Raises:
        UnitError: the dimensions differ.
    """
    a, b = Unit.parse(source), Unit.parse(target)
    if a.dims == b.dims:
        return value * (a.factor / b.factor)
    if MW is not None:
        per_nmol = MW * 1e-6  # mg of one nmol
        mass, mole = dict(a.dims).get("mg", Fraction(0)), dict(a.dims).get("nmol", Fraction(0))
        if mass and not mole:
            swapped = _combine(_combine(a.dims, (("mg", mass),), -1), (("nmol", mass),))
            if swapped == b.dims:
                return float(value * (a.factor / b.factor) / per_nmol ** float(mass))
        if mole and not mass:
            swapped = _combine(_combine(a.dims, (("nmol", mole),), -1), (("mg", mole),))
            if swapped == b.dims:
                return float(value * (a.factor / b.factor) * per_nmol ** float(mole))
    raise UnitError(
        f"cannot convert {source!r} ({format_dims(a.dims)}) to {target!r} ({format_dims(b.dims)})"
        + ("" if MW is not None else "; mass and amount of substance convert only where the molecule is known")
    )


_QUANTITY = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)$")


def parse_quantity(text: object, *, where: str, example: str) -> tuple[float, str]:
    """Split "0.5 mg/kg" into (0.5, "mg/kg").

    Args:
        text: what the user wrote.
        where: the field, for the message.
        example: a correct value, for the message.

    Raises:
        UnitError: no number, no unit, or not finite.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise UnitError(f"{where}: read {text!r}; write a number and its unit, for example {example!r}")
    if not isinstance(text, str):
        raise UnitError(f"{where}: the unit is missing (read {text!r}); write for example {example!r}")
    m = _QUANTITY.match(text)
    if not m:
        raise UnitError(f"{where}: read {text!r}, which does not start with a finite number; write for example {example!r}")
    value, unit = float(m.group(1)), m.group(2).strip()
    if not math.isfinite(value):
        raise UnitError(f"{where}: read {text!r}, which is not finite; write for example {example!r}")
    if not unit:
        raise UnitError(f"{where}: the unit is missing (read {text!r}); write for example {example!r}")
    try:
        Unit.parse(unit)
    except UnitError as e:
        raise UnitError(f"{where}: read {text!r}: {e}; write for example {example!r}") from None
    return value, unit


def to_internal(text: object, dimension: str, *, where: str, example: str) -> float:
    """Read "3 h" as a number in the internal unit `dimension` ("min" gives 180.0).

    Raises:
        UnitError: unreadable, or of another dimension.
    """
    value, unit = parse_quantity(text, where=where, example=example)
    try:
        x = convert(value, unit, dimension)
    except UnitError:
        raise UnitError(f"{where}: read {text!r}, but a {dimension!r} quantity is needed; write for example {example!r}") from None
    if not math.isfinite(x):
        raise UnitError(f"{where}: read {text!r}, which is not finite; write for example {example!r}")
    return x
