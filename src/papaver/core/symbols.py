"""The words of the component language: symbols with units, and the expressions they form.

Writing `CL*C1` inside a component builds a tree; nothing is computed. Trees keep the form in which they were written, so that a
system prints as the paper does; `lower` turns them into one shared graph. Compare symbols with `is`: `==` makes an equation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from papaver.errors import ModelError

Number = int | float
FUNCTIONS = {"exp": 1, "log": 1, "sqrt": 1, "softplus": 1, "sigmoid": 1, "maximum": 2, "minimum": 2}
"""Functions of the language and their number of arguments."""


class Expr:
    """A node of an expression tree; arithmetic on it builds larger trees."""

    def __add__(self, other: Expr | Number) -> Expr:
        return Op("add", self, as_expr(other))

    def __radd__(self, other: Number) -> Expr:
        return Op("add", as_expr(other), self)

    def __sub__(self, other: Expr | Number) -> Expr:
        return Op("sub", self, as_expr(other))

    def __rsub__(self, other: Number) -> Expr:
        return Op("sub", as_expr(other), self)

    def __mul__(self, other: Expr | Number) -> Expr:
        return Op("mul", self, as_expr(other))

    def __rmul__(self, other: Number) -> Expr:
        return Op("mul", as_expr(other), self)

    def __truediv__(self, other: Expr | Number) -> Expr:
        return Op("div", self, as_expr(other))

    def __rtruediv__(self, other: Number) -> Expr:
        return Op("div", as_expr(other), self)

    def __pow__(self, other: Expr | Number) -> Expr:
        return Op("pow", self, as_expr(other))

    def __neg__(self) -> Expr:
        return Op("neg", self)

    def __ge__(self, other: Expr | Number) -> Law:
        return Law(self, as_expr(other))

    def __le__(self, other: Expr | Number) -> Law:
        return Law(as_expr(other), self)

    def __bool__(self) -> bool:
        raise ModelError("an expression of symbols has no truth value; use maximum/minimum/sigmoid instead of 'if', 'and', 'or'")


class Num(Expr):
    """A pure number written in an equation."""

    def __init__(self, value: Number) -> None:
        self.value = float(value)


class Op(Expr):
    """An operation on expressions: add, sub, mul, div, pow, neg, total, or one of `FUNCTIONS`."""

    def __init__(self, op: str, *args: Expr, over: str | None = None) -> None:
        self.op, self.args, self.over = op, args, over


class Symbol(Expr):
    """A named quantity with a unit.

    Args:
        unit: a unit whose factor to papaver's internal unit is one ("L/min", not "mL/min").
        meaning: a few words for people.
        over: the index, or indices, that the symbol runs over ("ligand").
    """

    kind = "symbol"

    def __init__(self, unit: str, meaning: str = "", *, over: str | tuple[str, ...] = ()) -> None:
        self.unit, self.meaning = unit, meaning
        self.over: tuple[str, ...] = (over,) if isinstance(over, str) else tuple(over)
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        if not self.name:
            self.name = name


class Param(Symbol):
    """A value that a body injects for each person; constant during a run."""

    kind = "parameter"


class Const(Symbol):
    """An empirical constant of the subject, with its source; the same for everybody.

    Args:
        value: in `unit`.
        unit: internal unit.
        source: where the number comes from.
    """

    kind = "constant"

    def __init__(self, value: Number, unit: str, source: str, meaning: str = "") -> None:
        super().__init__(unit, meaning)
        if not source.strip():
            raise ModelError("a Const needs a source")
        self.value, self.source = float(value), source


class State(Symbol):
    """A quantity with a time derivative. `init` is a number or an expression of parameters, or of inputs that do not
    depend on a state."""

    kind = "state"

    def __init__(self, unit: str, meaning: str = "", *, over: str | tuple[str, ...] = (), init: Expr | Number = 0) -> None:
        super().__init__(unit, meaning, over=over)
        self.init = as_expr(init)


class Input(Symbol):
    """A port: filled by connecting outputs of other components (several are summed), or by its default."""

    kind = "input"

    def __init__(self, unit: str, meaning: str = "", *, over: str | tuple[str, ...] = (), default: Number | None = None) -> None:
        super().__init__(unit, meaning, over=over)
        self.default = default


class Output(Symbol):
    """A named expression that other components, rules and results may refer to."""

    kind = "output"

    def __init__(self, expr: Expr | Number, unit: str, meaning: str = "") -> None:
        super().__init__(unit, meaning)
        self.expr = as_expr(expr)


class Dose:
    """A port for doses: an amount given here is split over states by coefficients made of parameters.

    Args:
        split: state -> coefficient; the coefficients of one dose should add up to one, or moles are lost.
        meaning: a few words for people.
        lag: absorption lag time, an expression of parameters in min.
    """

    def __init__(self, split: Mapping[State, Expr | Number], meaning: str = "", *, lag: Expr | Number = 0) -> None:
        self.split = [(state, as_expr(c)) for state, c in split.items()]
        self.meaning, self.lag, self.name = meaning, as_expr(lag), ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


class Law:
    """An inequality that must hold at every instant: left >= right."""

    def __init__(self, left: Expr, right: Expr) -> None:
        self.left, self.right = left, right


class Equation:
    """d(state)/dt == right-hand side."""

    def __init__(self, state: State, rhs: Expr) -> None:
        self.state, self.rhs = state, rhs


class d:
    """Time derivative of a state; `d(A1) == expr` is an equation."""

    def __init__(self, state: State) -> None:
        if not isinstance(state, State):
            raise ModelError(f"d() takes a State, read {type(state).__name__}")
        self.state = state

    def __eq__(self, rhs: object) -> Any:
        if not isinstance(rhs, Expr | int | float):
            raise ModelError(f"d({self.state.name}) == needs an expression, read {rhs!r}")
        return Equation(self.state, as_expr(rhs))

    __hash__ = None  # type: ignore[assignment]


def as_expr(x: Expr | Number) -> Expr:
    """A number becomes a `Num`; an expression stays what it is."""
    if isinstance(x, Expr):
        return x
    if isinstance(x, bool) or not isinstance(x, int | float):
        raise ModelError(f"cannot use {x!r} in an equation: only symbols, expressions and numbers")
    return Num(x)


def total(x: Expr, over: str | None = None) -> Expr:
    """Sum of an indexed expression over its index (named when it has several)."""
    return Op("total", x, over=over)


def exp(x: Expr) -> Expr:
    """Exponential of a pure number."""
    return Op("exp", x)


def log(x: Expr) -> Expr:
    """Natural logarithm of a pure number."""
    return Op("log", x)


def sqrt(x: Expr) -> Expr:
    """Square root."""
    return Op("sqrt", x)


def softplus(x: Expr) -> Expr:
    """log(1 + e^x): a smooth max(x, 0) of a pure number."""
    return Op("softplus", x)


def sigmoid(x: Expr) -> Expr:
    """1/(1 + e^-x) of a pure number."""
    return Op("sigmoid", x)


def maximum(a: Expr | Number, b: Expr | Number) -> Expr:
    """The larger of two; its derivative is that of the larger."""
    return Op("maximum", as_expr(a), as_expr(b))


def minimum(a: Expr | Number, b: Expr | Number) -> Expr:
    """The smaller of two; its derivative is that of the smaller."""
    return Op("minimum", as_expr(a), as_expr(b))


def walk(x: Expr) -> Iterator[Expr]:
    """Every node of a tree, the root first; the expressions behind outputs are not entered."""
    yield x
    if isinstance(x, Op):
        for a in x.args:
            yield from walk(a)
