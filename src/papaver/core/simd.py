"""Straight-line source (from `emit`) as explicit SIMD code: LLVM IR over vectors of L lanes, callable from Numba.

LLVM does not vectorise long straight-line code over people by itself; written as vector instructions it is several times faster. No
arithmetic is reassociated or fused, so each lane computes the very bits that the plain path computes.

An array argument `y` holds entry i of lane l at y[i*L + l]. Names that start with `S_` are arrays of single numbers, spread over all lanes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from papaver.core import mathlib as m

_DOUBLE, _INT = ir.DoubleType(), ir.IntType(64)


class _Emitter:
    """Vector arithmetic over one LLVM builder."""

    def __init__(self, builder: Any, lanes: int) -> None:
        self.b, self.lanes = builder, lanes
        self.T = ir.VectorType(_DOUBLE, lanes)
        self.I = ir.VectorType(_INT, lanes)
        self.calls: dict[tuple[str, tuple[int, ...]], Any] = {}
        self.keep: list[Any] = []

    def const(self, x: float) -> Any:
        return ir.Constant(self.T, [float(x)] * self.lanes)

    def iconst(self, x: int) -> Any:
        return ir.Constant(self.I, [x] * self.lanes)

    def add(self, a: Any, b: Any) -> Any:
        return self.b.fadd(a, b)

    def sub(self, a: Any, b: Any) -> Any:
        return self.b.fsub(a, b)

    def mul(self, a: Any, b: Any) -> Any:
        return self.b.fmul(a, b)

    def div(self, a: Any, b: Any) -> Any:
        return self.b.fdiv(a, b)

    def neg(self, a: Any) -> Any:
        return self.b.fneg(a)

    def greater(self, a: Any, b: Any) -> Any:
        return self.b.fcmp_ordered(">", a, b)

    def select(self, mask: Any, a: Any, b: Any) -> Any:
        return self.b.select(mask, a, b)

    def absolute(self, a: Any) -> Any:
        return self.b.bitcast(self.b.and_(self.b.bitcast(a, self.I), self.iconst(0x7FFFFFFFFFFFFFFF)), self.T)

    def call(self, name: str, args: Sequence[Any]) -> Any:
        """One of the functions of `mathlib`; the same call on the same values is emitted once."""
        key = (name, tuple(id(a) for a in args))
        if key not in self.calls:
            self.keep += args
            self.calls[key] = getattr(self, name)(*args)
        return self.calls[key]

    def exp_(self, x: Any) -> Any:
        c = self.const
        x = self.select(self.greater(x, c(m.EXP_MAX)), c(m.EXP_MAX), x)
        small = self.b.fcmp_ordered("<", x, c(-m.EXP_MAX))
        x = self.select(small, c(0.0), x)
        t = self.add(self.mul(x, c(m.LOG2E)), c(m.MAGIC))
        n = self.sub(t, c(m.MAGIC))
        r = self.sub(self.sub(x, self.mul(n, c(m.LN2_HI))), self.mul(n, c(m.LN2_LO)))
        p = c(m.EXP_COEFFICIENTS[0])
        for k in m.EXP_COEFFICIENTS[1:]:
            p = self.add(self.mul(p, r), c(k))
        # the low bits of t hold n; 2^n is n put into the exponent field
        scale = self.b.bitcast(self.b.shl(self.b.add(self.b.bitcast(t, self.I), self.iconst(1023)), self.iconst(52)), self.T)
        y = self.select(self.b.fcmp_unordered("uno", x, x), x, self.mul(p, scale))
        return self.select(small, c(0.0), y)

    def log_(self, x: Any) -> Any:
        c, b = self.const, self.b
        good = b.and_(self.greater(x, c(0.0)), b.fcmp_ordered("<", x, c(float("inf"))))
        bits = b.bitcast(self.select(good, x, c(1.0)), self.I)
        k = b.ashr(b.sub(bits, self.iconst(0x3FE6A09E667F3BCD)), self.iconst(52))
        mantissa = b.bitcast(b.sub(bits, b.shl(k, self.iconst(52))), self.T)
        e = self.sub(b.bitcast(b.add(k, self.iconst(0x4338000000000000)), self.T), c(m.MAGIC))
        f = self.sub(mantissa, c(1.0))
        s = self.div(f, self.add(f, c(2.0)))
        z = self.mul(s, s)
        r = c(m.LOG_COEFFICIENTS[-1])
        for a in m.LOG_COEFFICIENTS[-2::-1]:
            r = self.add(self.mul(r, z), c(a))
        r = self.mul(r, z)
        h = self.mul(self.mul(f, f), c(0.5))
        inner = self.add(self.mul(s, self.add(h, r)), self.mul(e, c(m.LN2_LO)))
        y = self.sub(self.mul(e, c(m.LN2_HI)), self.sub(self.sub(h, inner), f))
        zero = b.fcmp_ordered("==", x, c(0.0))
        infinite = b.fcmp_ordered("==", x, c(float("inf")))
        return self.select(good, y, self.select(zero, c(float("-inf")), self.select(infinite, x, c(float("nan")))))

    def sqrt_(self, x: Any) -> Any:
        f = self.b.module.declare_intrinsic("llvm.sqrt", [self.T])
        return self.b.call(f, [x])

    def pow_(self, x: Any, n: Any) -> Any:
        c, b = self.const, self.b
        positive = self.greater(x, c(0.0))
        y = self.call("exp_", [self.mul(n, self.call("log_", [self.select(positive, x, c(1.0))]))])
        below, none = b.fcmp_ordered("<", n, c(0.0)), b.fcmp_ordered("==", n, c(0.0))
        at_zero = self.select(below, c(float("nan")), self.select(none, c(1.0), c(0.0)))
        return self.select(positive, y, self.select(b.fcmp_ordered("==", x, c(0.0)), at_zero, c(float("nan"))))

    def softplus_(self, x: Any) -> Any:
        e = self.call("exp_", [self.neg(self.absolute(x))])
        u = self.add(self.const(1.0), e)
        tail = self.add(self.call("log_", [u]), self.div(self.sub(e, self.sub(u, self.const(1.0))), u))
        return self.add(self.select(self.greater(x, self.const(0.0)), x, self.const(0.0)), tail)

    def sigmoid_(self, x: Any) -> Any:
        e = self.call("exp_", [self.neg(self.absolute(x))])
        r = self.div(self.const(1.0), self.add(self.const(1.0), e))
        return self.select(self.b.fcmp_ordered(">=", x, self.const(0.0)), r, self.mul(e, r))

    def maximum_(self, a: Any, b: Any) -> Any:
        return self.select(self.greater(a, b), a, b)

    def minimum_(self, a: Any, b: Any) -> Any:
        return self.select(self.greater(a, b), b, a)

    def greater_(self, a: Any, b: Any) -> Any:
        return self.select(self.greater(a, b), self.const(1.0), self.const(0.0))

    def accept_(self, take: Any, new: Any, old: Any) -> Any:
        """The new value where `take` is positive (nothing below 1e-100), else the old one: see `rodas5p.accept`."""
        kept = self.select(self.greater(self.absolute(new), self.const(1e-100)), new, self.const(0.0))
        return self.select(self.greater(take, self.const(0.0)), kept, old)

    def pointer(self, base: Any, i: int) -> Any:
        at = self.b.gep(base, [ir.Constant(_INT, i * self.lanes)])
        return self.b.bitcast(at, self.T.as_pointer())

    def load(self, name: str, base: Any, i: int) -> Any:
        if not name.startswith("S_"):
            return self.b.load(self.pointer(base, i), align=8)
        one = self.b.load(self.b.gep(base, [ir.Constant(_INT, i)]))
        undefined = ir.Constant(self.T, ir.Undefined)
        first = self.b.insert_element(undefined, one, ir.Constant(ir.IntType(32), 0))
        return self.b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes))

    def expr(self, node: ast.expr, names: dict[str, Any], arrays: dict[str, Any]) -> Any:
        if isinstance(node, ast.Constant):
            return self.const(float(node.value))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return names[node.id]
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.operand, ast.Constant):
                return self.const(-float(node.operand.value))  # type: ignore[arg-type]
            return self.neg(self.expr(node.operand, names, arrays))
        if isinstance(node, ast.BinOp):
            a, b = self.expr(node.left, names, arrays), self.expr(node.right, names, arrays)
            return {ast.Add: self.add, ast.Sub: self.sub, ast.Mult: self.mul, ast.Div: self.div}[type(node.op)](a, b)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.call(node.func.id, [self.expr(a, names, arrays) for a in node.args])
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
            return self.load(node.value.id, arrays[node.value.id], int(node.slice.value))  # type: ignore[arg-type]
        raise TypeError(ast.dump(node))


def vector_function(lines: Sequence[str], args: str, lanes: int) -> Any:
    """A Numba intrinsic that runs straight-line lines over lanes.

    Args:
        lines: "name = expr" or "array[i] = expr" with literal i.
        args: names of the array arguments, separated by commas.
        lanes: vector width L.
    """
    body = ast.parse("\n".join(lines)).body
    order = [a.strip() for a in args.split(",")]

    def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        arrays = {n: context.make_array(t)(context, builder, v).data for n, t, v in zip(order, signature.args, values, strict=True)}
        e = _Emitter(builder, lanes)
        names: dict[str, Any] = {}
        for statement in body:
            assert isinstance(statement, ast.Assign)
            value, target = e.expr(statement.value, names, arrays), statement.targets[0]
            if isinstance(target, ast.Name):
                names[target.id] = value
            else:
                assert isinstance(target, ast.Subscript)
                assert isinstance(target.value, ast.Name)
                assert isinstance(target.slice, ast.Constant)
                builder.store(value, e.pointer(arrays[target.value.id], int(target.slice.value)), align=8)  # type: ignore[arg-type]
        return context.get_dummy_value()

    namespace: dict[str, Any] = {"types": types, "codegen": codegen}
    exec(f"def it(typingctx, {args}):\n    return types.void({args}), codegen", namespace)
    make: Callable[[Any], Any] = intrinsic
    return make(namespace["it"])
