"""Expressions as text and LaTeX, in the form in which they were written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.components.disposition import TwoCompartment
from papaver.components.receptor import CompetitiveBinding
from papaver.core import Param, State, exp, maximum, sqrt, total
from papaver.core.printing import latex, latex_name, text
from papaver.core.symbols import Expr


def named(name: str, **kwargs: str) -> Param:
    p = Param("1", **kwargs)
    p.name = name
    return p


a, b, c = named("a"), named("b"), named("c")


@pytest.mark.parametrize(
    ("x", "plain", "tex"),
    [
        (a + b * c, "a + b*c", r"a + b \, c"),
        ((a + b) * c, "(a + b)*c", r"(a + b) \, c"),
        (a - (b - c), "a - (b - c)", "a - (b - c)"),
        (a - b - c, "a - b - c", "a - b - c"),
        (a / (b * c), "a/(b*c)", r"\frac{a}{b \, c}"),
        (a / b / c, "a/b/c", r"\frac{\frac{a}{b}}{c}"),
        (-a * b, "-a*b", None),
        (-(a + b), "-(a + b)", "-(a + b)"),
        (a * -b, "a*(-b)", None),
        ((a / b) ** c, "(a/b)^c", r"(\frac{a}{b})^{c}"),
        ((a**b) ** c, "(a^b)^c", "(a^{b})^{c}"),
        (1 - exp(-a), "1 - exp(-a)", r"1 - \exp\left(-a\right)"),
        (sqrt(a + 1), "sqrt(a + 1)", r"\sqrt{a + 1}"),
        (maximum(a, 0.5), "maximum(a, 0.5)", r"\max\left(a, 0.5\right)"),
    ],
)
def test_text_and_latex(x: Expr, plain: str, tex: str | None) -> None:
    assert text(x) == plain
    if tex is not None:
        assert latex(x) == tex


def test_sums_name_their_index() -> None:
    rho = State("1", over="ligand")
    rho.name = "rho"
    assert text(1 - total(rho)) == "1 - sum(rho)"
    assert latex(total(rho)) == latex(total(rho, over="ligand")) == r"\sum_{\mathrm{ligand}} \rho"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CL", r"\mathrm{CL}"), ("V1", r"V_{\mathrm{1}}"), ("rho", r"\rho"), ("ka_fast", r"\mathrm{ka}_{\mathrm{fast}}"),
        ("C", "C"), ("E_max", r"E_{\mathrm{max}}"), ("fm_hce1", r"\mathrm{fm}_{\mathrm{hce1}}"), ("R_a_b", r"R_{\mathrm{a\,b}}"),
    ],
)  # fmt: skip
def test_latex_names(name: str, expected: str) -> None:
    assert latex_name(name) == expected


expressions = st.recursive(
    st.sampled_from([a, b, c]) | st.integers(0, 9).map(lambda n: a * 0 + n),
    lambda x: st.one_of(
        st.tuples(st.sampled_from("+-*/"), x, x).map(lambda t: {"+": t[1] + t[2], "-": t[1] - t[2], "*": t[1] * t[2], "/": t[1] / t[2]}[t[0]]),
        x.map(lambda e: -e),
        st.tuples(x, st.integers(2, 3)).map(lambda t: t[0] ** t[1]),
    ),
    max_leaves=8,
)


@given(expressions)
def test_printed_text_means_what_was_written(x: Expr) -> None:
    values = {"a": 1.37, "b": -0.73, "c": 2.11}

    def evaluate(e: Expr) -> float:
        if hasattr(e, "value"):
            return float(e.value)
        if hasattr(e, "op"):
            args = [evaluate(arg) for arg in e.args]
            return {
                "add": lambda p, q: p + q, "sub": lambda p, q: p - q, "mul": lambda p, q: p * q, "div": lambda p, q: p / q,
                "neg": lambda p: -p, "pow": lambda p, q: p**q,
            }[e.op](*args)  # fmt: skip
        return values[e.name]

    try:
        expected = evaluate(x)
    except (ZeroDivisionError, OverflowError):
        return
    assert eval(text(x).replace("^", "**"), {}, dict(values)) == pytest.approx(expected, rel=1e-12)


def test_a_component_prints_as_the_paper_does() -> None:
    shown = TwoCompartment.to_text()
    assert "d(A2)/dt = Q*(C1 - C2)  [nmol/min]" in shown
    assert "output    C1 = A1/V1  [nmol/L]  arterial plasma concentration" in shown
    assert "law       1 - sum(rho) >= 0" in CompetitiveBinding.to_text() or "law       free >= 0" in CompetitiveBinding.to_text()


def test_a_component_prints_as_balanced_latex() -> None:
    tex = CompetitiveBinding.to_latex()
    assert tex.startswith("\\begin{align}")
    assert tex.endswith("\\end{align}")
    assert tex.count("{") == tex.count("}")
    assert r"\frac{d\rho}{dt} &=" in tex
    assert len(re.findall(r"\\left", tex)) == len(re.findall(r"\\right", tex))
