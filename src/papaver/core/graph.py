"""One shared graph of scalar operations: every subexpression exists once, so sharing is free and results never depend on form.

Nodes are numbered in the order of their creation, which is a topological order. Nothing is reassociated: `a + b + c` stays
`(a + b) + c` in every target, so that all targets round alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from papaver.errors import ModelError

Key = tuple[str | float | int, ...]
_Weight = Callable[[], int]

LEAVES = ("param", "state")
BINARY = ("add", "sub", "mul", "div", "maximum", "minimum", "pow")
UNARY = ("neg", "exp", "log", "sqrt", "softplus", "sigmoid")


class Graph:
    """A hash-consed expression graph with exact simplifications (0*x, 1*x, x+0) and symbolic derivatives.

    Attributes:
        nodes: operation and arguments by number. depends: whether a node depends on a state.
    """

    def __init__(self) -> None:
        self.nodes: list[Key] = []
        self.depends: list[bool] = []
        self._index: dict[Key, int] = {}
        self._grad: dict[int, dict[int, int]] = {}

    def _node(self, *key: str | float | int) -> int:
        found = self._index.get(key)
        if found is None:
            found = self._index[key] = len(self.nodes)
            self.nodes.append(key)
            self.depends.append(key[0] == "state" or any(self.depends[a] for a in self.args(found)))
        return found

    def const(self, value: float) -> int:
        """A literal number."""
        return self._node("const", float(value))

    def leaf(self, kind: str, index: int) -> int:
        """Parameter or state number `index`."""
        return self._node(kind, index)

    def value(self, i: int) -> float | None:
        """The number of a literal node, else None."""
        key = self.nodes[i]
        return float(key[1]) if key[0] == "const" else None

    def add(self, a: int, b: int) -> int:
        """a + b"""
        x, y = self.value(a), self.value(b)
        if x == 0:
            return b
        if y == 0:
            return a
        if x is not None and y is not None:
            return self.const(x + y)
        if self.nodes[b][0] == "neg":
            return self.sub(a, int(self.nodes[b][1]))
        return self._node("add", a, b)

    def sub(self, a: int, b: int) -> int:
        """a - b"""
        x, y = self.value(a), self.value(b)
        if y == 0:
            return a
        if x is not None and y is not None:
            return self.const(x - y)
        if x == 0:
            return self.neg(b)
        if self.nodes[b][0] == "neg":
            return self.add(a, int(self.nodes[b][1]))
        return self._node("sub", a, b)

    def neg(self, a: int) -> int:
        """-a"""
        x = self.value(a)
        if x is not None:
            return self.const(-x)
        if self.nodes[a][0] == "neg":
            return int(self.nodes[a][1])
        return self._node("neg", a)

    def mul(self, a: int, b: int) -> int:
        """a * b"""
        x, y = self.value(a), self.value(b)
        if x == 0 or y == 0:
            return self.const(0.0)
        if x == 1:
            return b
        if y == 1:
            return a
        if x is not None and y is not None:
            return self.const(x * y)
        if x == -1:
            return self.neg(b)
        if y == -1:
            return self.neg(a)
        if self.nodes[a][0] == "neg":
            return self.neg(self.mul(int(self.nodes[a][1]), b))
        if self.nodes[b][0] == "neg":
            return self.neg(self.mul(a, int(self.nodes[b][1])))
        return self._node("mul", a, b)

    def div(self, a: int, b: int) -> int:
        """a / b; by a parameter, a times its reciprocal."""
        x, y = self.value(a), self.value(b)
        if y == 0:
            raise ModelError("an equation divides by the number 0")
        if x == 0:
            return self.const(0.0)
        if y == 1:
            return a
        if x is not None and y is not None:
            return self.const(x / y)
        if self.nodes[a][0] == "neg":
            return self.neg(self.div(int(self.nodes[a][1]), b))
        if self.depends[a] and not self.depends[b]:
            # one division a person instead of one a step: the reciprocal is hoisted
            return self.mul(a, self.div(self.const(1.0), b))
        return self._node("div", a, b)

    def pow(self, a: int, b: int) -> int:
        """a ** b; small integer powers become products."""
        x, y = self.value(a), self.value(b)
        if y == 0:
            return self.const(1.0)
        if y == 1:
            return a
        if x is not None and y is not None:
            return self.const(x**y)
        if y in (2.0, 3.0, 4.0):
            square = self.mul(a, a)
            return {2.0: square, 3.0: self.mul(square, a), 4.0: self.mul(square, square)}[y]
        if y == -1:
            return self.div(self.const(1.0), a)
        return self._node("pow", a, b)

    def call(self, op: str, *args: int) -> int:
        """One of the functions of the language, or an arithmetic operation by name."""
        if op in ("add", "sub", "neg", "mul", "div", "pow"):
            return int(getattr(self, op)(*args))
        values = [self.value(a) for a in args]
        known = [v for v in values if v is not None]
        if len(known) == len(args):
            return self.const(_EVAL[op](*known))
        return self._node(op, *args)

    def args(self, i: int) -> tuple[int, ...]:
        """The nodes that a node is computed from."""
        key = self.nodes[i]
        return () if key[0] in ("const", *LEAVES) else tuple(int(k) for k in key[1:])

    def gradient(self, i: int) -> dict[int, int]:
        """Non-zero partial derivatives of a node by state: {state number: node}."""
        for j in self._order(i):
            if j not in self._grad:
                self._grad[j] = self._local(j)
        return self._grad[i]

    def _order(self, root: int) -> list[int]:
        todo, seen = [root], {root}
        while todo:
            for a in self.args(todo.pop()):
                if a not in seen and a not in self._grad:
                    seen.add(a)
                    todo.append(a)
        return sorted(seen)

    def _local(self, i: int) -> dict[int, int]:
        key = self.nodes[i]
        op = key[0]
        if op == "state":
            return {int(key[1]): self.const(1.0)}
        if op in ("const", "param"):
            return {}
        out: dict[int, int] = {}
        for arg, weight in self.partials(i):
            for state, g in self._grad[arg].items():
                term = self.mul(weight(), g)
                out[state] = self.add(out[state], term) if state in out else term
        return {s: g for s, g in out.items() if self.value(g) != 0}

    def partials(self, i: int) -> list[tuple[int, _Weight]]:
        """What a node is computed from, each with a function that makes the node of the partial derivative by it."""
        op, *raw = self.nodes[i]
        if op in ("const", *LEAVES):
            return []
        a = int(raw[0])
        b = int(raw[1]) if len(raw) > 1 else a
        one, c = self.const(1.0), self.const
        rules: dict[str, list[tuple[int, _Weight]]] = {
            "add": [(a, lambda: one), (b, lambda: one)],
            "sub": [(a, lambda: one), (b, lambda: c(-1.0))],
            "neg": [(a, lambda: c(-1.0))],
            "mul": [(a, lambda: b), (b, lambda: a)],
            "div": [(a, lambda: self.div(one, b)), (b, lambda: self.neg(self.div(i, b)))],
            "exp": [(a, lambda: i)],
            "log": [(a, lambda: self.div(one, a))],
            "sqrt": [(a, lambda: self.div(c(0.5), i))],
            "softplus": [(a, lambda: self.call("sigmoid", a))],
            "sigmoid": [(a, lambda: self.mul(i, self.sub(one, i)))],
            # the indicator a > b, as an operation of its own
            "maximum": [(a, lambda: self._node("greater", a, b)), (b, lambda: self.sub(one, self._node("greater", a, b)))],
            "minimum": [(a, lambda: self._node("greater", b, a)), (b, lambda: self.sub(one, self._node("greater", b, a)))],
            "pow": [
                (a, lambda: self.mul(b, self.pow(a, self.sub(b, one)))),
                (b, lambda: self.mul(i, self.call("log", a))),
            ],
            "greater": [],
        }
        return rules[str(op)]


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


_EVAL: dict[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "maximum": max,
    "minimum": min,
    "softplus": _softplus,
    "sigmoid": _sigmoid,
}
