"""The shared graph: simplifications that are exact, and derivatives that agree with the complex step."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papaver.core.graph import Graph
from papaver.errors import ModelError


def evaluate(g: Graph, node: int, states: Sequence[complex], params: Sequence[complex] = ()) -> complex:
    """Independent of the emitters: recursive, and on complex numbers."""
    op, *raw = g.nodes[node]
    if op == "const":
        return complex(raw[0])
    if op == "state":
        return states[int(raw[0])]
    if op == "param":
        return params[int(raw[0])]
    x = [evaluate(g, int(i), states, params) for i in raw]
    match op:
        case "add":
            return x[0] + x[1]
        case "sub":
            return x[0] - x[1]
        case "mul":
            return x[0] * x[1]
        case "div":
            return x[0] / x[1]
        case "neg":
            return -x[0]
        case "pow":
            return cmath.exp(x[1] * cmath.log(x[0]))
        case "exp":
            return cmath.exp(x[0])
        case "log":
            return cmath.log(x[0])
        case "sqrt":
            return cmath.sqrt(x[0])
        case "softplus":
            return cmath.log(1 + cmath.exp(x[0]))
        case "sigmoid":
            return 1 / (1 + cmath.exp(-x[0]))
        case "maximum":
            return x[0] if x[0].real > x[1].real else x[1]
        case "minimum":
            return x[1] if x[0].real > x[1].real else x[0]
        case "greater":
            return complex(x[0].real > x[1].real)
    raise AssertionError(op)


@pytest.fixture
def g() -> Graph:
    return Graph()


def test_equal_expressions_are_one_node(g: Graph) -> None:
    x, y = g.leaf("state", 0), g.leaf("param", 0)
    assert g.mul(g.add(x, y), y) == g.mul(g.add(x, y), y)
    assert g.const(2) == g.const(2.0)


def test_exact_simplifications(g: Graph) -> None:
    x, zero, one = g.leaf("state", 0), g.const(0.0), g.const(1.0)
    assert g.add(x, zero) == g.add(zero, x) == g.sub(x, zero) == g.mul(one, x) == g.mul(x, one) == g.div(x, one) == g.pow(x, one) == x
    assert g.mul(x, zero) == g.div(zero, x) == zero
    assert g.pow(x, zero) == one
    assert g.neg(g.neg(x)) == x
    assert g.mul(x, g.const(-1)) == g.sub(zero, x) == g.neg(x)
    assert g.value(g.add(g.const(2), g.const(3))) == 5
    assert g.value(g.call("exp", g.const(1.0))) == math.e
    assert g.pow(x, g.const(2)) == g.mul(x, x)


def test_sums_are_not_reassociated(g: Graph) -> None:
    a, b, c = (g.leaf("state", i) for i in range(3))
    assert g.add(g.add(a, b), c) != g.add(a, g.add(b, c))


def test_dividing_by_the_number_zero_is_a_model_error(g: Graph) -> None:
    with pytest.raises(ModelError, match="divides by the number 0"):
        g.div(g.leaf("state", 0), g.const(0))


def test_parameters_have_no_gradient(g: Graph) -> None:
    p = g.leaf("param", 0)
    assert g.gradient(g.call("exp", g.mul(p, p))) == {}


def test_gradient_leaves_out_zeros(g: Graph) -> None:
    x, y = g.leaf("state", 0), g.leaf("state", 1)
    assert set(g.gradient(g.sub(g.add(x, y), y))) <= {0, 1}
    assert set(g.gradient(g.mul(x, g.leaf("param", 0)))) == {0}


def test_gradient_of_a_long_chain_does_not_recurse(g: Graph) -> None:
    node = g.leaf("state", 0)
    for k in range(5000):
        node = g.add(g.mul(node, g.leaf("param", 0)), g.const(k))
    assert set(g.gradient(node)) == {0}


N = 3
LEAF = st.one_of(
    st.integers(0, N - 1).map(lambda i: ("state", i)),
    st.integers(0, 1).map(lambda i: ("param", i)),
    st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5]).map(lambda v: ("const", v)),
)
TREE = st.recursive(
    LEAF,
    lambda t: st.one_of(
        st.tuples(st.sampled_from(["add", "sub", "mul", "ratio", "maximum", "minimum"]), t, t),
        st.tuples(st.sampled_from(["neg", "sigmoid", "softplus", "gauss", "logp", "root", "square", "cube", "fourth", "hill"]), t),
    ),
    max_leaves=12,
)


def build(g: Graph, t: tuple) -> int:
    """A graph from a tree; arguments are kept where the functions are smooth."""
    if t[0] in ("state", "param"):
        return g.leaf(t[0], t[1])
    if t[0] == "const":
        return g.const(t[1])
    x = [build(g, arg) for arg in t[1:]]
    positive = g.add(g.const(1.0), g.mul(x[-1], x[-1]))
    match t[0]:
        case "ratio":
            return g.div(x[0], positive)
        case "gauss":
            return g.call("exp", g.neg(g.mul(x[0], x[0])))
        case "logp":
            return g.call("log", positive)
        case "root":
            return g.call("sqrt", positive)
        case "square":
            return g.pow(x[0], g.const(2))
        case "cube":
            return g.pow(x[0], g.const(3))
        case "fourth":
            return g.pow(x[0], g.const(4))
        case "hill":
            return g.pow(positive, g.leaf("param", 0))
    return g.call(t[0], *x)


@pytest.mark.parametrize("at", [[0.4, 0.9], [0.9, 0.4], [-0.3, 0.2]])
@pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "maximum", "minimum", "neg", "exp", "sigmoid", "softplus", "log", "sqrt", "pow"])
def test_gradient_of_each_operation(g: Graph, op: str, at: list[float]) -> None:
    x = [g.leaf("state", 0), g.leaf("state", 1)]
    if op in ("log", "sqrt", "pow"):
        x[0] = g.add(x[0], g.const(1.0))
    node = g.call(op, *(x[:1] if op in ("neg", "exp", "sigmoid", "softplus", "log", "sqrt") else x))
    gradient = g.gradient(node)
    for k in range(2):
        states = [complex(v, 1e-30 * (k == j)) for j, v in enumerate(at)]
        found = evaluate(g, gradient[k], at).real if k in gradient else 0.0
        assert found == pytest.approx(evaluate(g, node, states).imag / 1e-30, rel=1e-12, abs=1e-15)


@settings(max_examples=300)
@given(TREE, st.lists(st.floats(-1.5, 1.5), min_size=N, max_size=N))
def test_gradient_is_that_of_the_complex_step(tree: tuple, at: list[float]) -> None:
    g = Graph()
    node = build(g, tree)
    params = [0.7, 1.9]
    at = [x + 0.0137 * (k + 1) for k, x in enumerate(at)]  # off the kinks of maximum and minimum at round numbers
    gradient = g.gradient(node)
    step = 1e-30
    for k in range(N):
        states = [complex(x, step * (k == j)) for j, x in enumerate(at)]
        expected = evaluate(g, node, states, params).imag / step
        found = evaluate(g, gradient[k], at, params).real if k in gradient else 0.0
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(TREE, st.lists(st.floats(-1.5, 1.5), min_size=N, max_size=N))
def test_simplification_keeps_the_value(tree: tuple, at: list[float]) -> None:
    """The graph against the same tree computed without a graph."""

    def plain(t: tuple) -> float:
        if t[0] == "state":
            return at[t[1]]
        if t[0] == "param":
            return [0.7, 1.9][t[1]]
        if t[0] == "const":
            return t[1]
        x = [plain(arg) for arg in t[1:]]
        positive = 1 + x[-1] * x[-1]
        table = {
            "add": lambda: x[0] + x[1],
            "sub": lambda: x[0] - x[1],
            "mul": lambda: x[0] * x[1],
            "ratio": lambda: x[0] / positive,
            "maximum": lambda: max(x),
            "minimum": lambda: min(x),
            "neg": lambda: -x[0],
            "sigmoid": lambda: 1 / (1 + math.exp(-x[0])),
            "softplus": lambda: math.log1p(math.exp(x[0])) if x[0] < 30 else x[0],
            "gauss": lambda: math.exp(-x[0] * x[0]),
            "logp": lambda: math.log(positive),
            "root": lambda: math.sqrt(positive),
            "square": lambda: x[0] ** 2,
            "cube": lambda: x[0] ** 3,
            "fourth": lambda: x[0] ** 4,
            "hill": lambda: positive**0.7,
        }
        return table[t[0]]()

    try:
        expected = plain(tree)
    except OverflowError:
        return
    g = Graph()
    try:
        found = evaluate(g, build(g, tree), at, [0.7, 1.9]).real
    except OverflowError:
        return
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)
