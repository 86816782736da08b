"""The component language: what a component may say, and how it is told off when it says something else."""

import pytest

from papaver.core import Component, Const, Dose, Input, Output, Param, State, d, exp, maximum, sqrt, total
from papaver.core.symbols import as_expr
from papaver.errors import ModelError


def test_a_clearance_times_an_amount_is_refused_with_the_swap_that_mends_it() -> None:
    with pytest.raises(ModelError, match=r'Slip: d\(A1\)/dt needs nmol/min; "CL\*A1" is L\.nmol/min\. Did you mean CL\*C1\?'):

        class Slip(Component):
            CL = Param("L/min", "")
            V1 = Param("L", "")
            A1 = State("nmol", "")
            C1 = Output(A1 / V1, "nmol/L", "")
            equations = [d(A1) == -CL * A1]


def test_the_offending_term_of_a_sum_is_named() -> None:
    with pytest.raises(ModelError, match=r'd\(A\)/dt needs nmol/min; .* puts nmol/min \("-k\*A"\) and nmol \("A"\) together'):

        class Slip(Component):
            k = Param("1/min", "")
            A = State("nmol", "")
            equations = [d(A) == -k * A + A]


def test_an_output_with_the_wrong_unit() -> None:
    with pytest.raises(ModelError, match=r'Slip: output C needs nmol/L; "A" is nmol'):

        class Slip(Component):
            A = State("nmol", "")
            C = Output(A, "nmol/L", "")
            equations = [d(A) == 0]


def test_a_function_of_a_quantity_with_a_unit() -> None:
    with pytest.raises(ModelError, match=r'exp\(\) needs a pure number; "t" is min'):

        class Slip(Component):
            t = Param("min", "")
            E = Output(exp(t), "1", "")


def test_a_symbolic_exponent_needs_a_pure_base() -> None:
    with pytest.raises(ModelError, match=r'"C" is nmol/L; a base with a symbolic exponent must be a pure number, e\.g\. \(C/K\)\*\*n'):

        class Slip(Component):
            n = Param("1", "")
            C = Input("nmol/L", "")
            E = Output(C**n, "1", "")


def test_an_exponent_with_a_unit() -> None:
    with pytest.raises(ModelError, match=r'the exponent "K" is nmol/L; it must be a pure number'):

        class Slip(Component):
            K = Param("nmol/L", "")
            n = Param("1", "")
            E = Output(n**K, "1", "")


def test_numeric_powers_and_roots_carry_units() -> None:
    class Fine(Component):
        V = Param("L", "")
        area = Output(V**2, "L^2", "")
        back = Output(sqrt(area), "L", "")
        root = Output(V**0.5, "L^0.5", "")

    assert [s.name for s in Fine.of_kind(Output)] == ["area", "back", "root"]


def test_a_bare_zero_fits_any_unit() -> None:
    class Fine(Component):
        A = State("nmol", "")
        floor = Output(maximum(A, 0), "nmol", "")
        equations = [d(A) == 0]

    assert Fine.symbols["floor"].unit == "nmol"


def test_units_with_a_hidden_factor_are_refused() -> None:
    with pytest.raises(ModelError, match=r"Slip\.CL: 'mL/min' is not one of papaver's internal units .* one mL/min is 0\.001 L/min\. Write 'L/min'"):

        class Slip(Component):
            CL = Param("mL/min", "")


def test_a_state_needs_exactly_one_equation() -> None:
    with pytest.raises(ModelError, match=r"state A has 0 equations; it needs exactly one d\(A\) == "):

        class None_(Component):
            A = State("nmol", "")

    with pytest.raises(ModelError, match="state A has 2 equations"):

        class Two(Component):
            A = State("nmol", "")
            equations = [d(A) == 0, d(A) == 0]


def test_a_symbol_of_another_component_is_refused() -> None:
    class One(Component):
        k = Param("1/min", "")

    with pytest.raises(ModelError, match=r"Two: d\(A\) uses 'k', which is not declared in this component"):

        class Two(Component):
            A = State("nmol", "")
            equations = [d(A) == -One.k * A]


def test_an_index_that_the_state_lacks() -> None:
    with pytest.raises(ModelError, match=r"d\(A\) runs over 'ligand', which the state does not; sum it with total\(\)"):

        class Slip(Component):
            k = Param("nmol/min", "", over="ligand")
            A = State("nmol", "")
            equations = [d(A) == k]


def test_total_needs_an_index_and_a_name_where_there_are_two() -> None:
    with pytest.raises(ModelError, match="it runs over no index"):

        class Nothing(Component):
            A = Param("nmol", "")
            S = Output(total(A), "nmol", "")

    with pytest.raises(ModelError, match=r"it runs over \('a', 'b'\); name one with over="):

        class Both(Component):
            A = Param("nmol", "", over=("a", "b"))
            S = Output(total(A), "nmol", "")

    with pytest.raises(ModelError, match='over="c"'):

        class Wrong(Component):
            A = Param("nmol", "", over=("a", "b"))
            S = Output(total(A, over="c"), "nmol", "")


def test_output_inherits_the_free_indices() -> None:
    class Fine(Component):
        A = Param("nmol", "", over=("a", "b"))
        S = Output(total(A, over="a"), "nmol", "")
        T = Output(total(S), "nmol", "")

    assert Fine.symbols["S"].over == ("b",)
    assert Fine.symbols["T"].over == ()


def test_initial_values_are_made_of_parameters() -> None:
    with pytest.raises(ModelError, match="the initial value of B may use parameters, constants and inputs only"):

        class Slip(Component):
            A = State("nmol", "")
            B = State("nmol", "", init=A)
            equations = [d(A) == 0, d(B) == 0]

    with pytest.raises(ModelError, match="initial value of A needs nmol"):

        class Unit(Component):
            V = Param("L", "")
            A = State("nmol", "", init=V)
            equations = [d(A) == 0]


def test_laws_compare_like_with_like() -> None:
    with pytest.raises(ModelError, match=r"the law A >= V: .* puts nmol"):

        class Slip(Component):
            V = Param("L", "")
            A = State("nmol", "")
            equations = [d(A) == 0]
            laws = [A >= V]


def test_doses_are_split_by_pure_numbers_after_a_lag_in_minutes() -> None:
    with pytest.raises(ModelError, match="dose dose into A needs 1"):

        class Split(Component):
            V = Param("L", "")
            A = State("nmol", "")
            dose = Dose({A: V})
            equations = [d(A) == 0]

    with pytest.raises(ModelError, match="lag of dose dose needs min"):

        class Lag(Component):
            V = Param("L", "")
            A = State("nmol", "")
            dose = Dose({A: 1}, lag=V)
            equations = [d(A) == 0]


def test_a_constant_names_its_source() -> None:
    with pytest.raises(ModelError, match="needs a source"):
        Const(863, "mmHg*L/L", " ")


def test_python_conditions_on_symbols_are_refused() -> None:
    A = State("nmol", "")
    with pytest.raises(ModelError, match="no truth value; use maximum/minimum/sigmoid"):
        bool(A + 0)


@pytest.mark.parametrize("x", ["1", None, True, [1]])
def test_only_numbers_and_symbols_enter_an_equation(x: object) -> None:
    with pytest.raises(ModelError, match="only symbols, expressions and numbers"):
        as_expr(x)


def test_d_takes_a_state_and_an_expression() -> None:
    with pytest.raises(ModelError, match=r"d\(\) takes a State, read Param"):
        d(Param("L"))
    with pytest.raises(ModelError, match="needs an expression, read 'x'"):
        d(State("nmol")) == "x"  # noqa: B015
