"""How the report writes numbers, shares, times and units."""

from __future__ import annotations

import math
from collections.abc import Iterable


def number(x: float | None) -> str:
    """Three significant digits without an exponent where that reads well; a dash for no value."""
    if x is None or not math.isfinite(x):
        return "–"
    if x == 0:
        return "0"
    if not 1e-3 <= abs(x) < 1e6:
        return f"{x:.3g}"
    decimals = max(0, 2 - math.floor(math.log10(abs(x))))
    text = f"{round(x, 2 - math.floor(math.log10(abs(x)))):.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def power_of_ten(k: int) -> str:
    """A label of a logarithmic axis: "0.1", "1000", "10⁷"."""
    return f"{10.0**k:g}" if -3 <= k <= 4 else "10" + str(k).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def percent(x: float | None) -> str:
    """A fraction as a percentage, two digits."""
    if x is None or not math.isfinite(x):
        return "–"
    p = 100 * x
    return f"{p:.0f} %" if p >= 9.95 or abs(p) < 1e-9 else f"{p:.1f} %" if p >= 0.095 else "< 0.1 %"


MOST_UNITS = 600.0
"""Units of time beyond which a larger one reads better."""


def _time_unit(minutes: float) -> tuple[str, float]:
    m = abs(minutes)
    return ("s", 1 / 60) if 0 < m < 1 else ("min", 1.0) if m < 119.5 else ("h", 60.0) if m <= 72 * 60 else ("days", 1440.0)


def duration(minutes: float | None) -> str:
    """A time in the unit a reader would choose, two digits or whole units."""
    if minutes is None or not math.isfinite(minutes):
        return "–"
    unit, scale = _time_unit(minutes)
    x = minutes / scale
    return f"{x:.0f} {unit}" if abs(x) >= 9.95 else f"{number(round(x, 1))} {unit}"


def duration_range(low: float, high: float, middle: float) -> str:
    """ "33–76 min": both ends in the unit that suits the middle, or the upper end where that is far off."""
    unit, scale = _time_unit(middle)
    if high / scale > MOST_UNITS:
        unit, scale = _time_unit(high)
    a, b = (f"{x / scale:.0f}" if x / scale >= 9.95 else number(round(x / scale, 1)) for x in (low, high))
    return f"{a}–{b} {unit}" if a != b else f"{a} {unit}"


def percent_range(low: float, high: float) -> str:
    """ "21–42 %"."""
    return f"{percent(low).removesuffix(' %')}–{percent(high)}" if percent(low) != percent(high) else percent(high)


def unit_words(unit: str) -> str:
    """A unit as it is set in print: "nmol·min/L", "mL/min/1.73 m²"; nothing for a pure number."""
    return "" if unit == "1" else unit.replace("*", "·").replace("umol", "µmol").replace("1.73m2", "1.73 m²")


def plural(span: str) -> str:
    """A stretch of time as the user wrote it, its unit in the plural where it is one: "5 years", "1 year"."""
    value, _, unit = span.strip().partition(" ")
    many = unit in ("day", "week", "month", "year", "hour", "minute") and value not in ("1", "1.0")
    return f"{value} {unit}{'s' if many else ''}"


def capital(text: str) -> str:
    """A sentence's first letter made large."""
    return text[:1].upper() + text[1:]


def small(text: str) -> str:
    """A heading inside a sentence: its first letter made small, unless the first word is written in capitals."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def listed(items: Iterable[str]) -> str:
    """ "a, b and c"."""
    x = list(items)
    return x[0] if len(x) == 1 else ", ".join(x[:-1]) + " and " + x[-1] if x else ""
