"""Generated code: linear algebra against NumPy, scalar against vector functions, the parameter part, outputs, the kernel file."""

from __future__ import annotations

import ast
import functools
import math
import operator
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.core import emit
from papaver.core.graph import Graph
from papaver.core.kernels import KernelTarget, cache_dir, kernel_source
from papaver.core.mathlib import SCALAR, VECTOR
from papaver.core.targets import PlainTarget


@pytest.mark.parametrize("which", ["small", "heroin_iv"])
def test_factor_and_solve_agree_with_numpy_on_random_matrices(which: str, request: pytest.FixtureRequest) -> None:
    case = request.getfixturevalue(which)
    program = case.program if which == "small" else case.body.program
    functions = PlainTarget(program).functions
    rng = np.random.default_rng(5)
    for _ in range(5):
        # equal entries are one node, and their factors are shared
        of_node = dict(zip(program.jacobian.values(), rng.normal(size=len(program.jacobian)), strict=True))
        values = np.array([of_node[node] for node in program.jacobian.values()])
        J = np.zeros((program.n, program.n))
        for (i, j), v in zip(program.jacobian, values, strict=True):
            J[i, j] = v
        c = 2.0 * np.abs(J).sum(axis=1).max()  # diagonally dominant, as c = 1/(gamma*h) makes it for small steps
        b = rng.normal(size=program.n)
        W, x = [0.0] * len(program.lu.entries), b.tolist()
        functions["factor"](values.tolist(), [c], W)
        functions["solve"](W, x)
        assert np.array(x) == pytest.approx(np.linalg.solve(c * np.eye(program.n) - J, b), rel=1e-11, abs=1e-13)


def test_rhs_and_rhs_jac_agree_on_the_derivatives(small) -> None:
    q = small.solver.plain.prep(small.P())[0].tolist()
    y = np.random.default_rng(1).uniform(0.1, 0.9, small.program.n).tolist()
    a, b, J = [0.0] * small.program.n, [0.0] * small.program.n, [0.0] * len(small.program.jacobian)
    small.solver.plain.functions["rhs"](y, q, a)
    small.solver.plain.functions["rhs_jac"](y, q, b, J)
    assert a == b
    assert np.isfinite(J).all()


def test_emitted_code_is_deterministic_and_parses(small) -> None:
    assert emit.emit_state_part(small.program) == emit.emit_state_part(small.program)
    names = [f.name for f in ast.parse(emit.emit_state_part(small.program)).body]
    assert names == ["rhs", "rhs_jac", "factor", "solve"]
    assert [f.name for f in ast.parse(emit.emit_parameter_part(small.program)).body] == ["prep", "init", "dose"]
    ast.parse(kernel_source(small.program, small.program.flat.rhs))


ordinary = st.floats(-700, 700)


@pytest.mark.parametrize("name", ["exp_", "log_", "sqrt_", "softplus_", "sigmoid_"])
@given(x=ordinary)
def test_scalar_and_vector_functions_give_the_same_bits(name: str, x: float) -> None:
    with np.errstate(all="ignore"):
        vector = float(VECTOR[name](np.array([x]))[0])
    assert SCALAR[name](x) == vector or (math.isnan(SCALAR[name](x)) and math.isnan(vector))


@given(x=st.floats(-700, 700), y=st.floats(1e-300, 1e300))
def test_exponential_and_logarithm_are_those_of_the_c_library_to_rounding(x: float, y: float) -> None:
    assert SCALAR["exp_"](x) == pytest.approx(math.exp(x), rel=4e-16)
    assert SCALAR["log_"](y) == pytest.approx(math.log(y), rel=4e-16, abs=1e-300)


@given(e=st.floats(0.0, 1.0))
def test_log1p_is_that_of_the_c_library_to_rounding(e: float) -> None:
    assert SCALAR["log1p_"](e) == pytest.approx(math.log1p(e), rel=5e-16)
    assert SCALAR["log1p_"](e) == float(VECTOR["log1p_"](np.array(e)))


@given(x=st.one_of(st.just(0.0), st.floats(1e-12, 1e6), st.floats(-10, -1e-3)), n=st.sampled_from([0.0, 0.5, 1.0, 1.7, 3.0]))
def test_scalar_and_vector_powers_agree(x: float, n: float) -> None:
    with np.errstate(all="ignore"):
        vector = float(VECTOR["pow_"](np.array([x]), n).ravel()[0])
    assert SCALAR["pow_"](x, n) == pytest.approx(vector, rel=1e-12, nan_ok=True)


@given(a=ordinary, b=ordinary)
def test_scalar_and_vector_comparisons_agree(a: float, b: float) -> None:
    for name in ("maximum_", "minimum_", "greater_"):
        assert SCALAR[name](a, b) == float(VECTOR[name](np.array(a), np.array(b)))


@pytest.mark.parametrize("name", ["exp_", "log_", "sqrt_", "softplus_", "sigmoid_"])
def test_nan_stays_nan(name: str) -> None:
    assert math.isnan(SCALAR[name](math.nan))


def test_extreme_arguments_do_not_raise() -> None:
    assert SCALAR["exp_"](1e6) == SCALAR["exp_"](708.0) > 1e307
    assert SCALAR["exp_"](-1e6) == 0.0
    assert SCALAR["softplus_"](1e6) == 1e6
    assert SCALAR["sigmoid_"](-1e6) == 0.0
    assert math.isnan(SCALAR["sqrt_"](-1.0))
    assert SCALAR["log_"](0.0) == -math.inf


def test_initial_states_are_the_receptor_at_rest(small) -> None:
    P = small.P(2)
    P[1, small.program.param_names.index("mop.C_rest[own]")] = 0.5
    rho = small.solver.plain.init(P)[:, small.program.state_names.index("mop.rho[own]")]
    assert rho == pytest.approx([0.05 / 1.05, 0.5 / 1.5], rel=1e-14)


def test_dose_coefficients_and_lag_by_person(small) -> None:
    P = small.P(3)
    P[:, small.program.param_names.index("drug.depot.F")] = [0.2, 0.5, 0.9]
    dose = small.solver.plain.dose(P)
    state = small.program.state_names.index
    assert dose[f"drug.depot.dose:{state('drug.depot.A')}"] == pytest.approx([0.2, 0.5, 0.9])
    assert dose[f"drug.depot.dose:{state('drug.depot.A_lost')}"] == pytest.approx([0.8, 0.5, 0.1])
    assert dose["drug.depot.dose:lag"] == pytest.approx([3.0] * 3)


def test_outputs_have_the_shape_people_times_outputs(small) -> None:
    Y = np.arange(2 * 4 * small.program.n, dtype=float).reshape(2, 4, small.program.n) / 1000
    P = small.P(2)
    P[1, small.program.param_names.index("drug.pk.V1")] = 22.0
    out = small.solver.plain.outputs(["drug.pk.C1", "mop.rho[own]"], Y, P)
    assert out.shape == (2, 4, 2)
    k = small.program.state_names.index("drug.pk.A1")
    assert out[:, :, 0] == pytest.approx(Y[:, :, k] / np.array([[11.0], [22.0]]))
    assert np.array_equal(out[:, :, 1], Y[:, :, small.program.state_names.index("mop.rho[own]")])


def test_plain_python_errors_become_nan(small) -> None:
    functions, n = small.solver.plain.functions, small.program.n
    q = [0.0] * len(small.program.hoisted)
    out = [1.0] * n
    functions["rhs"]([1e308] * n, [1e308] * len(q), out)
    assert not np.isfinite(out).all()


@pytest.mark.slow
def test_the_kernel_file_lands_in_the_cache_folder(small, monkeypatch: pytest.MonkeyPatch) -> None:
    target = KernelTarget(small.program)
    assert target.module.__file__ is not None
    assert target.module.__file__.startswith(str(cache_dir()))


def test_a_sum_of_any_length_is_written_and_keeps_its_order() -> None:
    # Python refuses more than 200 nested parentheses; a body with every drug sums over more states than that
    g = Graph()
    leaves = [g.leaf("param", k) for k in range(1000)]
    node = leaves[0]
    for leaf in leaves[1:]:
        node = g.add(node, leaf)
    lines = emit.straight_line(SimpleNamespace(graph=g), [("o[0]", node)], {leaf: f"p[{k}]" for k, leaf in enumerate(leaves)})
    p, o = np.random.default_rng(1).lognormal(0.0, 5.0, 1000).tolist(), [0.0]
    exec("\n".join(lines), {"p": p, "o": o})
    assert o[0] == functools.reduce(operator.add, p)
