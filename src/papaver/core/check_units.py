"""Dimensional analysis of expressions, with messages that say what to change."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from papaver.core.printing import text
from papaver.core.symbols import Expr, Num, Op, Symbol
from papaver.errors import ModelError
from papaver.units import Dims, Unit, format_dims


class Mismatch(ModelError):
    """Two dimensions that should agree and do not; carries the part of the expression that is off."""

    def __init__(self, message: str, part: Expr | None = None) -> None:
        super().__init__(message)
        self.part = part


def dims(x: Expr) -> Dims:
    """Dimension of an expression.

    Raises:
        Mismatch: unlike dimensions are added, or a function or exponent gets a quantity that is no pure number.
    """
    if isinstance(x, Num):
        return ()
    if isinstance(x, Symbol):
        return Unit.parse(x.unit).dims
    assert isinstance(x, Op)
    if x.op in ("neg", "total"):
        return dims(x.args[0])
    if x.op in ("mul", "div"):
        a, b = (Unit(1.0, dims(arg)) for arg in x.args)
        return (a * b if x.op == "mul" else a / b).dims
    if x.op == "pow":
        return _power(x)
    if x.op in ("add", "sub", "maximum", "minimum"):
        a_dims, b_dims = dims(x.args[0]), dims(x.args[1])
        # a bare 0 stands for zero of any unit
        if a_dims != b_dims and not any(isinstance(a, Num) and a.value == 0 for a in x.args):
            raise Mismatch(
                f'"{text(x)}" puts {format_dims(a_dims)} ("{text(x.args[0])}") and {format_dims(b_dims)} ("{text(x.args[1])}") together.', x
            )
        return b_dims if isinstance(x.args[0], Num) and x.args[0].value == 0 else a_dims
    if x.op == "sqrt":
        return Unit(1.0, dims(x.args[0])).power(Fraction(1, 2)).dims
    inner = dims(x.args[0])
    if inner:
        raise Mismatch(f'{x.op}() needs a pure number; "{text(x.args[0])}" is {format_dims(inner)}. Divide it by a quantity of that unit', x)
    return ()


def _power(x: Op) -> Dims:
    base, exponent = x.args
    base_dims, exp_dims = dims(base), dims(exponent)
    if exp_dims:
        raise Mismatch(f'the exponent "{text(exponent)}" is {format_dims(exp_dims)}; it must be a pure number', x)
    if not base_dims:
        return ()
    if isinstance(exponent, Num):
        return Unit(1.0, base_dims).power(Fraction(exponent.value).limit_denominator(1000)).dims
    raise Mismatch(f'"{text(base)}" is {format_dims(base_dims)}; a base with a symbolic exponent must be a pure number, e.g. (C/K)**n', x)


def require(name: str, x: Expr, unit: str, symbols: Sequence[Symbol]) -> None:
    """Check that an expression has a unit.

    Raises:
        Mismatch: it has not; the message names the term that is off and, if swapping one symbol mends it, that swap.
    """
    want = Unit.parse(unit).dims
    try:
        got = dims(x)
    except Mismatch as e:
        part = e.part
        raise Mismatch(f"{name} needs {format_dims(want)}; {e}{_suggest(part, want, symbols) if part is not None else ''}") from None
    if got == want or (isinstance(x, Num) and x.value == 0):
        return
    bad = next((t for t in _terms(x) if dims(t) != want), x)
    raise Mismatch(f'{name} needs {format_dims(want)}; "{text(bad)}" is {format_dims(dims(bad))}.{_suggest(bad, want, symbols)}', bad)


def _terms(x: Expr) -> list[Expr]:
    if isinstance(x, Op) and x.op in ("add", "sub"):
        return _terms(x.args[0]) + _terms(x.args[1])
    if isinstance(x, Op) and x.op == "neg":
        return _terms(x.args[0])
    if isinstance(x, Op) and x.op in ("mul", "div") and isinstance(x.args[0], Op) and x.args[0].op == "neg":
        return [Op(x.op, x.args[0].args[0], x.args[1])]
    return [x]


def _suggest(part: Expr, want: Dims, symbols: Sequence[Symbol]) -> str:
    for term in _terms(part):
        try:
            if dims(term) == want:
                continue
        except Mismatch:
            continue
        for swapped in _swaps(term, symbols):
            try:
                if dims(swapped) == want:
                    return f" Did you mean {text(swapped)}?"
            except Mismatch:
                continue
    return ""


def _swaps(x: Expr, symbols: Sequence[Symbol]) -> list[Expr]:
    """The expression with one symbol replaced by another of the component: last factor first, as slips are usually there."""
    if isinstance(x, Symbol):
        kinds = ("output", "state", "input", "parameter")
        others = [s for s in symbols if s is not x and s.kind in kinds]
        return [*sorted(others, key=lambda s: (s.name[:1] not in "CA", kinds.index(s.kind)))]
    if not isinstance(x, Op) or x.op == "total":
        return []
    out: list[Expr] = []
    for i in reversed(range(len(x.args))):
        for swapped in _swaps(x.args[i], symbols):
            args = list(x.args)
            args[i] = swapped
            out.append(Op(x.op, *args, over=x.over))
    return out
