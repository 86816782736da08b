"""Straight-line Python source from a Program: one text for every target.

The functions read and write flat sequences (`y`, `q`, `J`, ...), so the same text runs as plain Python on lists (no compile), on
NumPy arrays of people or times (the parameter part and the outputs), and through Numba on arrays of floats. Further targets
(SIMD lanes, CUDA) take the same Program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from papaver.core.lower import Program

_SIGN = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


class _Writer:
    """Writes nodes as assignments; a node used once is written inside the expression that uses it."""

    def __init__(self, program: Program, inputs: dict[int, str], uses: dict[int, int]) -> None:
        self.g, self.inputs, self.uses = program.graph, inputs, uses
        self.lines: list[str] = []
        self.names: dict[int, str] = {}
        self.loaded: dict[int, str] = {}

    def expr(self, i: int) -> str:
        value = self.g.value(i)
        if value is not None:
            return repr(value) if value >= 0 else f"({value!r})"
        if i in self.inputs:
            if i not in self.loaded:
                name = self.loaded[i] = f"i{i}"
                self.lines.append(f"{name} = {self.inputs[i]}")
            return self.loaded[i]
        return self.names.get(i) or self._inline(i)

    def _inline(self, i: int) -> str:
        op, *_ = self.g.nodes[i]
        args = [self.expr(a) for a in self.g.args(i)]
        if op in _SIGN:
            return f"({args[0]} {_SIGN[str(op)]} {args[1]})"
        if op == "neg":
            return f"(-{args[0]})"
        return f"{op}_({', '.join(args)})"

    def assign(self, i: int) -> None:
        if i in self.inputs or self.g.value(i) is not None or i in self.names or self.uses.get(i, 0) < 2:
            return
        text = self._inline(i)
        self.names[i] = f"v{i}"
        self.lines.append(f"v{i} = {text}")


def straight_line(program: Program, roots: Sequence[tuple[str, int]], inputs: dict[int, str]) -> list[str]:
    """Lines that compute `roots` ((target text, node) pairs) from `inputs` (node -> text to read it)."""
    g = program.graph
    uses: dict[int, int] = {}
    seen: set[int] = set()
    todo: list[int] = []
    for _, node in roots:
        uses[node] = uses.get(node, 0) + 1
        todo.append(node)
    while todo:
        node = todo.pop()
        if node in seen or node in inputs:
            continue
        seen.add(node)
        for a in g.args(node):
            uses[a] = uses.get(a, 0) + 1
            todo.append(a)
    w = _Writer(program, inputs, uses)
    for node in sorted(seen):
        w.assign(node)
    stores = [f"{target} = {w.expr(node)}" for target, node in roots]
    return w.lines + stores


def _function(name: str, args: str, lines: Iterable[str]) -> str:
    body = "\n".join("    " + line for line in lines)
    return f"def {name}({args}):\n{body or '    pass'}\n    return\n"


def _param_inputs(p: Program) -> dict[int, str]:
    return {i: f"p[{key[1]}]" for i, key in enumerate(p.graph.nodes) if key[0] == "param"}


def _state_inputs(p: Program) -> dict[int, str]:
    return {i: f"y[{key[1]}]" for i, key in enumerate(p.graph.nodes) if key[0] == "state"}


def emit_parameter_part(p: Program) -> str:
    """`prep(p, q)`, `init(p, y)` and `dose(p, c)` (dose coefficients and lags in the order of `dose_layout`)."""
    inputs = _param_inputs(p)
    coefficients = [node for _, node in dose_layout(p)]
    return "\n".join(
        [
            _function("prep", "p, q", straight_line(p, [(f"q[{k}]", node) for k, node in enumerate(p.hoisted)], inputs)),
            _function("init", "p, y", straight_line(p, [(f"y[{k}]", node) for k, node in enumerate(p.flat.init)], inputs)),
            _function("dose", "p, c", straight_line(p, [(f"c[{k}]", node) for k, node in enumerate(coefficients)], inputs)),
        ]
    )


def dose_layout(p: Program) -> list[tuple[str, int]]:
    """Names and nodes of what `dose` writes: for each port its coefficients, then its lag."""
    out: list[tuple[str, int]] = []
    for name, port in p.doses.items():
        out += [(f"{name}:{state}", node) for state, node in port.split] + [(f"{name}:lag", port.lag)]
    return out


def emit_outputs(p: Program, nodes: Sequence[int]) -> str:
    """`outputs(y, p, o)`: nodes from states and parameters."""
    inputs = _param_inputs(p) | _state_inputs(p)
    return _function("outputs", "y, p, o", straight_line(p, [(f"o[{k}]", node) for k, node in enumerate(nodes)], inputs))


def output_nodes(p: Program, names: Sequence[str], laws: bool = False) -> list[int]:
    """Nodes of named outputs, then of the laws (left - right)."""
    return [p.output(n) for n in names] + ([p.graph.sub(left, right) for _, left, right in p.flat.laws] if laws else [])


def emit_output_part(p: Program, hoisted: Sequence[int]) -> str:
    """`prep_out(p, q)`: what the outputs need of the parameters, by NumPy over people."""
    return _function("prep_out", "p, q", straight_line(p, [(f"q[{k}]", node) for k, node in enumerate(hoisted)], _param_inputs(p)))


def dense_output_lines(p: Program, nodes: Sequence[int], hoisted: Sequence[int]) -> tuple[list[str], list[int]]:
    """Outputs over a vector of times within one step of one person.

    Returns:
        lines from `T` (position in the step), `S_C` (five coefficients for each state that is needed) and `S_q` to `O`; and those states.
    """
    states = sorted({int(p.graph.nodes[i][1]) for i in _ancestors(p, nodes) if p.graph.nodes[i][0] == "state"})
    lines = ["th = T[0]", "t1 = 1.0 - th"]
    inputs = {node: f"S_q[{k}]" for k, node in enumerate(hoisted)}
    for k, i in enumerate(states):
        a, b, d0, d1, d2 = (f"S_C[{5 * k + j}]" for j in range(5))
        lines.append(f"y{i} = (t1 * {a}) + (th * ({b} + (t1 * ({d0} + (th * ({d1} + (th * {d2})))))))")
        inputs[p.graph.leaf("state", i)] = f"y{i}"
    return lines + straight_line(p, [(f"O[{k}]", node) for k, node in enumerate(nodes)], inputs), states


def emit_conditions(p: Program, nodes: Sequence[int], hoisted: Sequence[int]) -> str:
    """`conditions(x, qo, g)`: what rules look at, from the states of one person and the hoisted values of the outputs."""
    inputs = {i: f"x[{key[1]}]" for i, key in enumerate(p.graph.nodes) if key[0] == "state"} | {node: f"qo[{k}]" for k, node in enumerate(hoisted)}
    return _function("conditions", "x, qo, g", straight_line(p, [(f"g[{k}]", node) for k, node in enumerate(nodes)], inputs))


def step_lines(n: int) -> list[tuple[str, str, list[str]]]:
    """`rodas5p.norms` and `rodas5p.accept` for n states as straight lines (name, arguments, lines), for targets that need them so."""
    norms, accept = ["err = 0.0"], ["take = S[0]"]
    for i in range(n):
        norms += [
            f"v{i} = u[{i}] + K7[{i}]", f"yn[{i}] = v{i}", f"a{i} = maximum_(v{i}, -v{i})", f"y{i} = y[{i}]", f"b{i} = maximum_(y{i}, -y{i})",
            f"e{i} = K7[{i}] / (S_atol[{i}] + (S_rtol[0] * maximum_(a{i}, b{i})))", f"err = err + (e{i} * e{i})",
        ]  # fmt: skip
        accept.append(f"y[{i}] = accept_(take, yn[{i}], y[{i}])")
    return [("norms", "u, K7, y, yn, S_atol, S_rtol, E", [*norms, "E[0] = err"]), ("accept", "S, yn, y", accept)]


def _ancestors(p: Program, nodes: Sequence[int]) -> set[int]:
    seen: set[int] = set()
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(p.graph.args(node))
    return seen


def emit_state_part(p: Program) -> str:
    """`rhs`, `rhs_jac`, `factor` and `solve` over scalars.

    rhs(y, q, dy): derivatives. rhs_jac(y, q, dy, J): and the non-zeros of the Jacobian, in the order of `Program.jacobian`.
    factor(J, c, W): LU of c[0]*I - J, in place, reciprocals on the diagonal. solve(W, b): overwrites b with the solution.
    """
    return "\n".join(_function(name, args, lines) for name, args, lines in state_part(p))


def state_part(p: Program) -> list[tuple[str, str, list[str]]]:
    """The functions of `emit_state_part` as (name, arguments, lines), for targets that write them in another language."""
    inputs = _state_inputs(p) | {node: f"q[{k}]" for k, node in enumerate(p.hoisted)}
    rhs = [(f"dy[{k}]", node) for k, node in enumerate(p.flat.rhs)]
    jac = [(f"J[{k}]", node) for k, node in enumerate(p.jacobian.values())]
    return [
        ("rhs", "y, q, dy", straight_line(p, rhs, inputs)),
        ("rhs_jac", "y, q, dy, J", straight_line(p, rhs + jac, inputs)),
        ("factor", "J, c, W", _factor_lines(p)),
        ("solve", "W, b", _solve_lines(p)),
    ]


def _factor_lines(p: Program) -> list[str]:
    lu, place = p.lu, {ij: k for k, ij in enumerate(p.jacobian)}
    w = {ij: f"w{k}" for ij, k in lu.entries.items()}
    lines = []
    for ij in lu.entries:
        minus = f" - J[{place[ij]}]" if ij in place else ""
        lines.append(f"{w[ij]} = " + (f"c[0]{minus}" if ij[0] == ij[1] else (f"-J[{place[ij]}]" if minus else "0.0")))
    done: set[int] = set()
    for k in lu.order:
        done.add(k)
        lines.append(f"{w[k, k]} = 1.0 / {w[k, k]}")
        for i in lu.order:
            if i in done or (i, k) not in w:
                continue
            lines.append(f"{w[i, k]} = {w[i, k]} * {w[k, k]}")
            lines += [f"{w[i, j]} = {w[i, j]} - {w[i, k]} * {w[k, j]}" for j in lu.order if j not in done and (k, j) in w]
    return lines + [f"W[{k}] = {w[ij]}" for ij, k in lu.entries.items()]


def _solve_lines(p: Program) -> list[str]:
    lu = p.lu
    position = {k: i for i, k in enumerate(lu.order)}
    by_row: dict[int, list[int]] = {i: [] for i in range(p.n)}
    for i, j in lu.entries:
        by_row[i].append(j)
    lines = []
    for i in lu.order:
        terms = [f"W[{lu.entries[i, j]}] * b{j}" for j in by_row[i] if position[j] < position[i]]
        lines.append(f"b{i} = b[{i}]" + "".join(f" - {t}" for t in terms))
    for i in reversed(lu.order):
        terms = [f"W[{lu.entries[i, j]}] * b{j}" for j in by_row[i] if position[j] > position[i]]
        inner = f"b{i}" + "".join(f" - {t}" for t in terms)
        lines.append(f"b{i} = ({inner}) * W[{lu.entries[i, i]}]")
    return lines + [f"b[{i}] = b{i}" for i in range(p.n)]
