"""Units: what can be read, what it is worth, what is refused and how the refusal reads."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.errors import UnitError
from papaver.units import _TABLE, Unit, convert, format_dims, parse_quantity, to_internal


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (73.6, "L/hour", "L/min", 73.6 / 60),
        (1, "h", "min", 60),
        (2, "day", "h", 48),
        (1, "week", "day", 7),
        (1, "year", "day", 365.25),
        (12, "month", "year", 1),
        (500, "ms", "s", 0.5),
        (1, "mM", "nmol/L", 1e6),
        (250, "mL/min", "L/min", 0.25),
        (40, "%", "1", 0.4),
        (3, "permille", "percent", 0.3),
        (1, "kPa", "mmHg", 7.500616827),
        (180, "cm", "m", 1.8),
        (0.6, "cm", "mm", 6.0),
        (1, "1/(pM**0.5*s)", "1/(nM**0.5*min)", 60 * 1000**0.5),
        (120, "mL/min/1.73m2", "L/min/m2", 0.12 / 1.73),
        (1, "mL·min^-1", "mL/min", 1),
        (7, "µg", "mg", 0.007),
        (7, "μg", "ug", 7),
        (3, "liters", "L", 3),
        (3, "minutes", "min", 3),
    ],
)
def test_convert(value: float, source: str, target: str, expected: float) -> None:
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-12)


def test_mass_and_amount_convert_with_a_molar_mass_only() -> None:
    assert convert(10, "mg", "nmol", MW=369.41) == pytest.approx(10 / 369.41 * 1e6, rel=1e-14)
    assert convert(1, "nmol/L", "ng/mL", MW=285.34) == pytest.approx(0.28534, rel=1e-14)
    assert convert(1, "L/nmol/min", "L/mg/min", MW=500.0) == pytest.approx(1 / 500e-6, rel=1e-14)
    with pytest.raises(UnitError, match="only where the molecule is known"):
        convert(10, "mg", "nmol")


def test_a_dose_per_body_weight_is_no_plain_mass() -> None:
    with pytest.raises(UnitError, match=r"cannot convert 'mg/kg' \(mg/kg\) to 'mg' \(mg\)"):
        convert(1, "mg/kg", "mg")


def test_powers_and_brackets() -> None:
    assert Unit.parse("(mg/kg)**2").dims == (("kg", Fraction(-2)), ("mg", Fraction(2)))
    assert Unit.parse("min**(-1)").dims == (("min", Fraction(-1)),)
    assert Unit.parse("nmol^0.5").dims == (("nmol", Fraction(1, 2)),)


def test_percent_is_a_pure_number_and_not_internal() -> None:
    assert Unit.parse("%").is_dimensionless
    assert not Unit.parse("%").is_internal
    assert Unit.parse("L/min").is_internal
    assert not Unit.parse("mL/min").is_internal


def test_format_dims() -> None:
    assert format_dims(Unit.parse("L*nmol/min").dims) == "L.nmol/min"
    assert format_dims(Unit.parse("1/min/nmol**2").dims) == "1/min/nmol^2"
    assert format_dims(()) == "1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a unit is missing"),
        ("   ", "a unit is missing"),
        ("mgg", r"unknown unit 'mgg' in 'mgg'; did you mean 'mg'\?"),
        ("L/mim", r"unknown unit 'mim'"),
        ("mg/", "ends too early"),
        ("(mg", "a bracket is not closed"),
        ("min**(2", "a bracket is not closed"),
        ("mg)", r"unexpected '\)'"),
        ("mg & kg", "is no unit, operator or number"),
        ("min**x", "an exponent must be a number"),
        ("1/0min", "zero or out of range"),
        ("1e400 mg", "zero or out of range"),
        ("m^9999", "the exponent 9999 is out of range"),
        ("min**1e999999999", "is out of range"),
        ("(" * 5000 + "min" + ")" * 5000, "longer than 200 characters"),
    ],
)
def test_refused_units_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        Unit.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10", r"dose: the unit is missing \(read '10'\); write for example '10 mg'"),
        (10, r"dose: the unit is missing \(read 10\)"),
        (None, r"dose: read None; write a number and its unit"),
        (True, r"dose: read True"),
        ("ten mg", "does not start with a finite number"),
        ("nan mg", "does not start with a finite number"),
        ("inf mg", "does not start with a finite number"),
        ("1e999 mg", "which is not finite"),
        ("10 mgg", "unknown unit 'mgg'"),
    ],
)
def test_refused_quantities_name_the_field(text: object, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        parse_quantity(text, where="dose", example="10 mg")


@pytest.mark.parametrize(
    ("text", "expected"), [("0.5 mg/kg", (0.5, "mg/kg")), ("-3h", (-3.0, "h")), (" .5e1  L ", (5.0, "L")), ("+1. %", (1.0, "%"))]
)
def test_parse_quantity(text: str, expected: tuple[float, str]) -> None:
    assert parse_quantity(text, where="x", example="1 mg") == expected


def test_to_internal() -> None:
    assert to_internal("3 h", "min", where="x", example="1 h") == 180.0
    with pytest.raises(UnitError, match=r"x: read '3 mg', but a 'min' quantity is needed; write for example '1 h'"):
        to_internal("3 mg", "min", where="x", example="1 h")
    with pytest.raises(UnitError, match="not finite"):
        to_internal("1e308 year", "min", where="x", example="1 h")


units = st.sampled_from([u for u in _TABLE if u[0].isalpha()])


@given(st.lists(st.tuples(units, st.sampled_from(["*", "/"])), min_size=1, max_size=4), st.floats(1e-6, 1e6))
def test_converting_there_and_back_returns_the_number(parts: list[tuple[str, str]], x: float) -> None:
    text = "1" + "".join(op + name for name, op in parts)
    unit = Unit.parse(text)
    assert math.isclose(convert(convert(x, text, text), text, text), x)
    internal = format_dims(unit.dims).replace(".", "*")
    assert convert(convert(x, text, internal), internal, text) == pytest.approx(x, rel=1e-12)


@given(units, units)
def test_unit_algebra_agrees_with_the_parser(a: str, b: str) -> None:
    product, quotient = Unit.parse(a) * Unit.parse(b), Unit.parse(a) / Unit.parse(b)
    assert (Unit.parse(f"{a}*{b}").dims, Unit.parse(f"{a}/{b}").dims) == (product.dims, quotient.dims)
    assert Unit.parse(f"{a}*{b}").factor == pytest.approx(product.factor, rel=1e-15)
    assert Unit.parse(f"{a}/{b}").factor == pytest.approx(quotient.factor, rel=1e-15)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_unit_error(text: str) -> None:
    try:
        unit = Unit.parse(text)
    except UnitError:
        return
    assert 0 < unit.factor < math.inf
