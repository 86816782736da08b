"""Expressions as text and as LaTeX, in the form in which they were written."""

from __future__ import annotations

import re
from collections.abc import Callable

from papaver.core.symbols import Expr, Num, Op, Symbol, walk

_LEVEL = {"add": 1, "sub": 1, "neg": 3, "mul": 3, "div": 3, "pow": 5}
_GREEK = {"rho", "gamma", "tau", "theta", "eta", "alpha", "beta", "sigma", "omega", "kappa", "epsilon"}


def text(x: Expr, name: Callable[[Symbol], str] = lambda s: s.name) -> str:
    """Plain text, e.g. "CL*C1"."""
    return _text(x, name)[0]


def _text(x: Expr, name: Callable[[Symbol], str]) -> tuple[str, int]:
    if isinstance(x, Num):
        return f"{x.value:g}", 9 if x.value >= 0 else 2
    if isinstance(x, Symbol):
        return name(x), 9
    assert isinstance(x, Op)
    if x.op not in _LEVEL:
        label = "sum" if x.op == "total" else x.op
        return f"{label}({', '.join(_text(a, name)[0] for a in x.args)})", 9
    level = _LEVEL[x.op]
    if x.op == "neg":
        return "-" + _wrap(_text(x.args[0], name), 3), level
    a, b = (_text(arg, name) for arg in x.args)
    if x.op == "pow":
        return f"{_wrap(a, 6)}^{_wrap(b, 6)}", level
    sign = {"add": " + ", "sub": " - ", "mul": "*", "div": "/"}[x.op]
    strict = x.op in ("sub", "div") or (isinstance(x.args[1], Op) and x.args[1].op == "neg")
    return _wrap(a, level) + sign + _wrap(b, level + strict), level


def _wrap(part: tuple[str, int], level: int) -> str:
    return part[0] if part[1] >= level else f"({part[0]})"


def latex_name(s: str) -> str:
    """A symbol's name in LaTeX: Greek letters, and what follows the first letter group as a subscript."""
    head, _, tail = s.partition("_")
    m = re.fullmatch(r"([A-Za-z]+?)(\d+)", head)
    if m and not tail:
        head, tail = m.group(1), m.group(2)
    if head in _GREEK:
        head = "\\" + head
    elif len(head) > 1:
        head = rf"\mathrm{{{head}}}"
    tail = tail.replace("_", r"\,")
    return f"{head}_{{\\mathrm{{{tail}}}}}" if tail else head


def latex(x: Expr, name: Callable[[Symbol], str] = lambda s: latex_name(s.name)) -> str:
    """LaTeX without delimiters."""
    return _latex(x, name)[0]


def _latex(x: Expr, name: Callable[[Symbol], str]) -> tuple[str, int]:
    if isinstance(x, Num):
        return f"{x.value:g}", 9 if x.value >= 0 else 2
    if isinstance(x, Symbol):
        return name(x), 9
    assert isinstance(x, Op)
    if x.op == "div":
        a, b = (_latex(arg, name)[0] for arg in x.args)
        return rf"\frac{{{a}}}{{{b}}}", 4
    if x.op == "total":
        index = x.over or next((i for node in walk(x.args[0]) if isinstance(node, Symbol) for i in node.over), "")
        return rf"\sum_{{\mathrm{{{index}}}}} {_wrap(_latex(x.args[0], name), 3)}", 3
    if x.op == "sqrt":
        return rf"\sqrt{{{_latex(x.args[0], name)[0]}}}", 9
    if x.op not in _LEVEL:
        known = {"exp": r"\exp", "log": r"\ln", "maximum": r"\max", "minimum": r"\min"}
        label = known.get(x.op, rf"\mathrm{{{x.op}}}")
        return rf"{label}\left({', '.join(_latex(a, name)[0] for a in x.args)}\right)", 9
    if x.op == "neg":
        return "-" + _wrap(_latex(x.args[0], name), 3), 3
    a2, b2 = (_latex(arg, name) for arg in x.args)
    if x.op == "pow":
        return f"{_wrap(a2, 6)}^{{{b2[0]}}}", 5
    level = _LEVEL[x.op]
    sign = {"add": " + ", "sub": " - ", "mul": r" \, "}[x.op]
    strict = x.op == "sub" or (isinstance(x.args[1], Op) and x.args[1].op == "neg")
    return _wrap(a2, level) + sign + _wrap(b2, level + strict), level
