"""Component: a mechanism as its paper prints it - symbols with units, equations, outputs, laws - checked when it is defined."""

from __future__ import annotations

from typing import Any, ClassVar

from papaver.core.check_units import Mismatch, dims, require
from papaver.core.printing import latex, latex_name, text
from papaver.core.symbols import Const, Dose, Equation, Expr, Input, Law, Num, Op, Output, Param, State, Symbol, walk
from papaver.errors import ModelError
from papaver.units import Unit, format_dims


def free_indices(x: Expr) -> tuple[str, ...]:
    """The indices that an expression still runs over, in order of appearance."""
    if isinstance(x, Symbol):
        return x.over
    if isinstance(x, Num):
        return ()
    assert isinstance(x, Op)
    found: list[str] = []
    for a in x.args:
        found += [i for i in free_indices(a) if i not in found]
    if x.op == "total":
        over = summed_index(x)
        return tuple(i for i in found if i != over)
    return tuple(found)


def summed_index(x: Op) -> str:
    """The index that a total() sums over."""
    inner = free_indices(x.args[0])
    if x.over is not None:
        if x.over not in inner:
            raise ModelError(f'total({text(x.args[0])}, over="{x.over}"): it runs over {inner or "no index"}')
        return x.over
    if len(inner) != 1:
        raise ModelError(f"total({text(x.args[0])}): it runs over {inner or 'no index'}; name one with over=")
    return inner[0]


class Component:
    """Base of all mechanisms. A subclass declares symbols, `equations`, and optionally `laws`; it is never instantiated.

    Raises:
        ModelError: when the subclass is defined and a unit, an index or an equation is wrong.
    """

    equations: ClassVar[list[Equation]] = []
    laws: ClassVar[list[Law]] = []
    symbols: ClassVar[dict[str, Symbol]] = {}
    doses: ClassVar[dict[str, Dose]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.symbols = {n: s for n, s in vars(cls).items() if isinstance(s, Symbol)}
        cls.doses = {n: s for n, s in vars(cls).items() if isinstance(s, Dose)}
        _check(cls)

    @classmethod
    def of_kind(cls, kind: type[Symbol]) -> list[Symbol]:
        """The component's symbols of one kind, in the order of their declaration."""
        return [s for s in cls.symbols.values() if isinstance(s, kind)]

    @classmethod
    def to_text(cls) -> str:
        """The component's symbols with units and its equations, as plain text."""
        lines = [cls.__name__, "  " + (cls.__doc__ or "").strip().split("\n")[0]]
        for s in cls.symbols.values():
            over = f"[{', '.join(s.over)}]" if s.over else ""
            definition = f" = {text(s.expr)}" if isinstance(s, Output) else ""
            lines.append(f"  {s.kind:9} {s.name + over + definition}  [{s.unit}]  {s.meaning}".rstrip())
        lines += [f"  d({e.state.name})/dt = {text(e.rhs)}  [{e.state.unit}/min]" for e in cls.equations]
        lines += [f"  law       {text(law.left)} >= {text(law.right)}" for law in cls.laws]
        return "\n".join(lines)

    @classmethod
    def to_latex(cls) -> str:
        """Outputs and equations as a LaTeX align environment, with units."""
        rows = [rf"{latex_name(s.name)} &= {latex(s.expr)}" for s in cls.of_kind(Output) if isinstance(s, Output)]
        rows += [rf"\frac{{d{latex_name(e.state.name)}}}{{dt}} &= {latex(e.rhs)}" for e in cls.equations]
        units = [s.unit for s in cls.of_kind(Output)] + [f"{e.state.unit}/min" for e in cls.equations]
        body = " \\\\\n".join(rf"  {r} && [\mathrm{{{u.replace('%', chr(92) + '%')}}}]" for r, u in zip(rows, units, strict=True))
        return "\\begin{align}\n" + body + "\n\\end{align}"


def _check(cls: type[Component]) -> None:
    name, symbols = cls.__name__, list(cls.symbols.values())
    known = {id(s) for s in symbols}

    def own(x: Expr, where: str) -> None:
        for node in walk(x):
            if isinstance(node, Symbol) and id(node) not in known:
                raise ModelError(f"{name}: {where} uses {node.name or 'a symbol'!r}, which is not declared in this component")

    for s in symbols:
        unit = Unit.parse(s.unit)
        if not unit.is_internal:
            raise ModelError(
                f"{name}.{s.name}: {s.unit!r} is not one of papaver's internal units (min, nmol, L, mmHg, degC, mg, mm, kg): one {s.unit} is "
                f"{unit.factor:g} {format_dims(unit.dims)}. Write {format_dims(unit.dims)!r}; values in other units are converted when loaded"
            )
    for s in symbols:
        if isinstance(s, Output):
            own(s.expr, f"output {s.name}")
            require(f"{name}: output {s.name}", s.expr, s.unit, symbols)
            s.over = free_indices(s.expr)
        elif isinstance(s, State):
            own(s.init, f"the initial value of {s.name}")
            if any(not isinstance(n, Param | Const | Input | Num | Op) for n in walk(s.init)):
                raise ModelError(f"{name}: the initial value of {s.name} may use parameters, constants and inputs only")
            require(f"{name}: initial value of {s.name}", s.init, s.unit, symbols)
            _within(name, f"the initial value of {s.name}", free_indices(s.init), s.over)
    driven = [e.state for e in cls.equations]
    for s in cls.of_kind(State):
        n = sum(1 for x in driven if x is s)
        if n != 1:
            raise ModelError(f"{name}: state {s.name} has {n} equations; it needs exactly one d({s.name}) == ...")
    for e in cls.equations:
        own(e.rhs, f"d({e.state.name})")
        require(f"{name}: d({e.state.name})/dt", e.rhs, f"{e.state.unit}/min", symbols)
        _within(name, f"d({e.state.name})", free_indices(e.rhs), e.state.over)
    for law in cls.laws:
        for side in (law.left, law.right):
            own(side, "a law")
        try:
            dims(law.left - law.right)
        except Mismatch as e:
            raise ModelError(f"{name}: the law {text(law.left)} >= {text(law.right)}: {e}") from None
    for dose in cls.doses.values():
        for state, coefficient in dose.split:
            require(f"{name}: dose {dose.name} into {state.name}", coefficient, "1", symbols)
            _within(name, f"dose {dose.name} into {state.name}", free_indices(coefficient), state.over)
        require(f"{name}: lag of dose {dose.name}", dose.lag, "min", symbols)


def _within(name: str, what: str, found: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    extra = [i for i in found if i not in allowed]
    if extra:
        raise ModelError(f"{name}: {what} runs over {extra[0]!r}, which the state does not; sum it with total()")
