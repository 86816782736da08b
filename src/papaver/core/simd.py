"""Plain source (from `emit`, and `step`) as explicit SIMD code: LLVM IR over vectors of L lanes, callable from Numba.

LLVM does not vectorise long straight-line code over people by itself; written as vector instructions it is several times faster, and it does
not pass through Numba's type inference. No arithmetic is reassociated or fused, so each lane computes the very bits that the plain path computes.

A function is written for one person: assignments, `for i in range(m)` over entries, calls of the other functions, names for the rows of an
array (`K7 = K[7]`). An array argument `y` then holds entry i of lane l at y[i*L + l], and m counts the entries of all lanes. Of `S_x` each lane
reads the same single numbers (from the argument `at` on, if there is one), of `L_x` the entries of lane `lane`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from papaver.core import mathlib as m

_DOUBLE, _INT = ir.DoubleType(), ir.IntType(64)
INTEGERS = ("m", "lane", "at")
"""Names of arguments that are whole numbers; all others are arrays."""
ROWS = ("K", "D")
"""First letters of names for rows of an array."""


class _Emitter:
    """Vector arithmetic over one LLVM builder."""

    def __init__(self, builder: Any, lanes: int) -> None:
        self.b, self.lanes = builder, lanes
        self.T = ir.VectorType(_DOUBLE, lanes)
        self.I = ir.VectorType(_INT, lanes)
        self.calls: dict[tuple[str, tuple[int, ...]], Any] = {}
        self.keep: list[Any] = []
        self.constants: dict[str, Any] = {}

    def const(self, x: float) -> Any:
        # one object for each number: its text is long and is made once; by its digits, for 0.0 equals -0.0
        key = repr(float(x))
        if key not in self.constants:
            self.constants[key] = ir.Constant(self.T, [float(x)] * self.lanes)
        return self.constants[key]

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

    def sum2(self, a: Any, x: Any, b: Any) -> Any:
        """a + x * b, each a value or a number."""
        a, x, b = (self.const(v) if isinstance(v, float) else v for v in (a, x, b))
        return self.add(a, self.mul(x, b))

    def exp_(self, x: Any) -> Any:
        c, k, sum2 = self.const, m.EXP_COEFFICIENTS, self.sum2
        x = self.select(self.greater(x, c(m.EXP_MAX)), c(m.EXP_MAX), x)
        x = self.select(self.b.fcmp_ordered("<", x, c(m.EXP_MIN)), c(m.EXP_MIN), x)
        t = sum2(m.MAGIC, x, m.LOG2E)
        n = self.sub(t, c(m.MAGIC))
        r = self.sub(self.sub(x, self.mul(n, c(m.LN2_HI))), self.mul(n, c(m.LN2_LO)))
        r2 = self.mul(r, r)
        r4 = self.mul(r2, r2)
        a = sum2(sum2(k[0], r, k[1]), sum2(k[2], r, k[3]), r2)
        b = sum2(sum2(k[4], r, k[5]), sum2(k[6], r, k[7]), r2)
        q = sum2(sum2(a, b, r4), sum2(k[8], r, k[9]), self.mul(r4, r4))
        p = self.add(c(1.0), sum2(r, r2, q))
        # the low bits of t hold n; 2^n is n put into the exponent field, and n = -1023 leaves that at zero
        scale = self.b.bitcast(self.b.shl(self.b.add(self.b.bitcast(t, self.I), self.iconst(1023)), self.iconst(52)), self.T)
        return self.mul(p, scale)

    def log_(self, x: Any) -> Any:
        c, b, k, sum2 = self.const, self.b, m.LOG_COEFFICIENTS, self.sum2
        positive = self.greater(x, c(0.0))
        good = b.and_(positive, b.fcmp_ordered("<", x, c(float("inf"))))
        bits = b.bitcast(self.select(good, x, c(1.0)), self.I)
        exponent = b.ashr(b.sub(bits, self.iconst(0x3FE6A09E667F3BCD)), self.iconst(52))
        mantissa = b.bitcast(b.sub(bits, b.shl(exponent, self.iconst(52))), self.T)
        e = self.sub(b.bitcast(b.add(exponent, self.iconst(0x4338000000000000)), self.T), c(m.MAGIC))
        f = self.sub(mantissa, c(1.0))
        s = self.div(f, self.add(f, c(2.0)))
        z = self.mul(s, s)
        w = self.mul(z, z)
        even = self.mul(w, sum2(k[1], w, sum2(k[3], w, k[5])))
        odd = self.mul(z, sum2(k[0], w, sum2(k[2], w, sum2(k[4], w, k[6]))))
        h = self.mul(self.mul(f, f), c(0.5))
        inner = self.add(self.mul(s, self.add(h, self.add(even, odd))), self.mul(e, c(m.LN2_LO)))
        y = self.sub(self.mul(e, c(m.LN2_HI)), self.sub(self.sub(h, inner), f))
        zero = b.fcmp_ordered("==", x, c(0.0))
        return self.select(good, y, self.select(positive, x, self.select(zero, c(float("-inf")), c(float("nan")))))

    def log1p_(self, e: Any) -> Any:
        c, k, sum2 = self.const, m.LOG1P_COEFFICIENTS, self.sum2
        s = self.div(e, self.add(e, c(2.0)))
        z = self.mul(s, s)
        w = self.mul(z, z)
        a = sum2(sum2(k[0], k[1], z), sum2(k[2], k[3], z), w)
        b = sum2(sum2(k[4], k[5], z), sum2(k[6], k[7], z), w)
        w2 = self.mul(w, w)
        h = self.mul(self.mul(e, e), c(0.5))
        r = self.mul(z, sum2(sum2(a, b, w2), self.mul(w2, w2), k[8]))
        return self.sub(e, self.sub(h, self.mul(s, self.add(h, r))))

    def sqrt_(self, x: Any) -> Any:
        # llvmlite's declare_intrinsic takes no vectors
        module, name = self.b.module, f"llvm.sqrt.v{self.lanes}f64"
        return self.b.call(module.globals.get(name) or ir.Function(module, ir.FunctionType(self.T, [self.T]), name), [x])

    def pow_(self, x: Any, n: Any) -> Any:
        c, b = self.const, self.b
        positive = self.greater(x, c(0.0))
        y = self.call("exp_", [self.mul(n, self.call("log_", [self.select(positive, x, c(1.0))]))])
        below, none = b.fcmp_ordered("<", n, c(0.0)), b.fcmp_ordered("==", n, c(0.0))
        at_zero = self.select(below, c(float("nan")), self.select(none, c(1.0), c(0.0)))
        return self.select(positive, y, self.select(b.fcmp_ordered("==", x, c(0.0)), at_zero, c(float("nan"))))

    def softplus_(self, x: Any) -> Any:
        tail = self.call("log1p_", [self.call("exp_", [self.neg(self.absolute(x))])])
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

    def pointer(self, base: Any, i: Any) -> Any:
        """Where entry i (times the lanes) of an array begins."""
        return self.b.bitcast(self.b.gep(base, [i]), self.T.as_pointer())

    def spread(self, address: Any) -> Any:
        undefined = ir.Constant(self.T, ir.Undefined)
        first = self.b.insert_element(undefined, self.b.load(address), ir.Constant(ir.IntType(32), 0))
        return self.b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes))


class _Function:
    """Writes one function into an LLVM module, and first those that it calls."""

    def __init__(self, library: Library, module: Any, tree: ast.FunctionDef) -> None:
        self.library = library
        order = [a.arg for a in tree.args.args]
        kind = [_INT if name in INTEGERS else _DOUBLE.as_pointer() for name in order]
        self.function = ir.Function(module, ir.FunctionType(ir.VoidType(), kind), f"papaver_{tree.name}")
        self.function.linkage = "internal"
        self.function.attributes.add("noinline")
        self.e = _Emitter(ir.IRBuilder(self.function.append_basic_block()), library.lanes)
        self.b = self.e.b
        self.arrays: dict[str, Any] = {}
        self.whole: dict[str, Any] = {}
        for name, value in zip(order, self.function.args, strict=True):
            (self.whole if name in INTEGERS else self.arrays)[name] = value
            if name not in INTEGERS:
                value.add_attribute("noalias")
        for name in self.arrays:
            shift = self.whole.get({"S": "at", "L": "lane"}.get(name[:1], "") if name[1:2] == "_" else "")
            if shift is not None:
                self.arrays[name] = self.b.gep(self.arrays[name], [shift])
        # a name that a loop assigns lives in memory until LLVM puts it into a register
        self.loops = any(isinstance(s, ast.For) for s in tree.body)
        self.names: dict[str, Any] = {}
        self.index: dict[str, tuple[Any, Any]] = {}
        for statement in tree.body:
            self.statement(statement)
        self.b.ret_void()

    def statement(self, s: ast.stmt) -> None:
        if isinstance(s, ast.Assign):
            self.assign(s.targets[0], s.value)
        elif isinstance(s, ast.For) and isinstance(s.target, ast.Name) and isinstance(s.iter, ast.Call):
            bound = s.iter.args[0]
            assert isinstance(bound, ast.Name)
            self.loop(s.target.id, self.whole[bound.id], s.body)
        elif isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) and isinstance(s.value.func, ast.Name):
            names = [a.id for a in s.value.args if isinstance(a, ast.Name)]
            called = self.library.emit(self.b.module, s.value.func.id)
            self.b.call(called, [self.arrays[n] if n in self.arrays else self.whole[n] for n in names])
        elif not isinstance(s, ast.Return | ast.Pass) and not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)):
            raise TypeError(ast.dump(s))

    def assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, other in zip(target.elts, value.elts, strict=True):
                self.assign(one, other)
        elif isinstance(target, ast.Subscript):
            assert isinstance(target.value, ast.Name)
            at = self.e.pointer(self.arrays[target.value.id], self.place(target.slice))
            self.b.store(self.expr(value), at, align=8)
        elif isinstance(target, ast.Name) and isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name) and target.id[:1] in ROWS:
            assert isinstance(value.slice, ast.Constant)
            row = self.b.mul(self.whole["m"], ir.Constant(_INT, value.slice.value))
            self.arrays[target.id] = self.b.gep(self.arrays[value.value.id], [row])
        else:
            assert isinstance(target, ast.Name)
            result = self.expr(value)
            if self.loops:
                if target.id not in self.names:
                    with self.b.goto_entry_block():
                        self.names[target.id] = self.b.alloca(self.e.T)
                self.b.store(result, self.names[target.id])
            else:
                self.names[target.id] = result

    def loop(self, name: str, bound: Any, body: Sequence[ast.stmt]) -> None:
        """Over entries: the index goes up by the lanes, its count by one."""
        before, inside, after = self.b.block, self.b.append_basic_block(), self.b.append_basic_block()
        zero = ir.Constant(_INT, 0)
        self.b.cbranch(self.b.icmp_signed("<", zero, bound), inside, after)
        self.b.position_at_end(inside)
        i, k = self.b.phi(_INT), self.b.phi(_INT)
        self.index[name] = (i, k)
        for statement in body:
            self.statement(statement)
        following = self.b.add(i, ir.Constant(_INT, self.e.lanes))
        for phi, start, step in ((i, zero, following), (k, zero, self.b.add(k, ir.Constant(_INT, 1)))):
            phi.add_incoming(start, before)
            phi.add_incoming(step, self.b.block)
        self.b.cbranch(self.b.icmp_signed("<", following, bound), inside, after)
        self.b.position_at_end(after)

    def place(self, index: ast.expr, single: bool = False) -> Any:
        if isinstance(index, ast.Name):
            return self.index[index.id][1 if single else 0]
        assert isinstance(index, ast.Constant)
        return ir.Constant(_INT, int(index.value) * (1 if single else self.e.lanes))  # type: ignore[arg-type]

    def expr(self, node: ast.expr) -> Any:
        e = self.e
        if isinstance(node, ast.Constant):
            return e.const(float(node.value))  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return self.b.load(self.names[node.id]) if self.loops else self.names[node.id]
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.operand, ast.Constant):
                return e.const(-float(node.operand.value))  # type: ignore[arg-type]
            return e.neg(self.expr(node.operand))
        if isinstance(node, ast.BinOp):
            a, b = self.expr(node.left), self.expr(node.right)
            return {ast.Add: e.add, ast.Sub: e.sub, ast.Mult: e.mul, ast.Div: e.div}[type(node.op)](a, b)
        if isinstance(node, ast.IfExp) and isinstance(node.test, ast.Compare):
            sign = {ast.Gt: ">", ast.Lt: "<"}[type(node.test.ops[0])]
            mask = self.b.fcmp_ordered(sign, self.expr(node.test.left), self.expr(node.test.comparators[0]))
            return e.select(mask, self.expr(node.body), self.expr(node.orelse))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return e.call("absolute" if node.func.id == "abs" else node.func.id, [self.expr(a) for a in node.args])
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            name = node.value.id
            if name.startswith("S_"):
                return e.spread(self.b.gep(self.arrays[name], [self.place(node.slice, single=True)]))
            if name.startswith("L_"):
                return e.spread(self.b.gep(self.arrays[name], [self.place(node.slice)]))
            return self.b.load(e.pointer(self.arrays[name], self.place(node.slice)), align=8)
        raise TypeError(ast.dump(node))


class Library:
    """Functions that may call each other, as vector code.

    Args:
        source: their text. lanes: vector width L.
    """

    def __init__(self, source: str, lanes: int) -> None:
        self.source, self.lanes = source, lanes

    @cached_property
    def trees(self) -> dict[str, ast.FunctionDef]:
        return {f.name: f for f in ast.parse(self.source).body if isinstance(f, ast.FunctionDef)}

    def emit(self, module: Any, name: str) -> Any:
        """The function in this LLVM module, written there once."""
        found = module.globals.get(f"papaver_{name}")
        return found if found is not None else _Function(self, module, self.trees[name]).function

    def intrinsic(self, name: str, args: str) -> Any:
        """A Numba intrinsic that calls a function; `args` are its arguments' names, separated by commas."""

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            given = [
                context.make_array(t)(context, builder, v).data if isinstance(t, types.Array) else v
                for t, v in zip(signature.args, values, strict=True)
            ]
            builder.call(self.emit(builder.module, name), given)
            return context.get_dummy_value()

        namespace: dict[str, Any] = {"types": types, "codegen": codegen}
        exec(f"def it(typingctx, {args}):\n    return types.void({args}), codegen", namespace)
        make: Callable[[Any], Any] = intrinsic
        return make(namespace["it"])
