"""Straight-line Python source from a Program: one text for every target.

The functions read and write flat sequences (`y`, `q`, `J`, ...), so the same text runs as plain Python on lists (no compile), on
NumPy arrays of people or times (the parameter part and the outputs), and through Numba on arrays of floats. Further targets
(SIMD lanes, CUDA) take the same Program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from papaver.core.lower import Program

# deeper expressions are cut into assignments: Python refuses more than 200 nested parentheses, and a sum over all states is as deep as it is long
_DEEPEST = 50
_SIGN = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


class _Writer:
    """Writes nodes as assignments; a node used once is written inside the expression that uses it."""

    def __init__(self, program: Program, inputs: dict[int, str], uses: dict[int, int]) -> None:
        self.g, self.inputs, self.uses = program.graph, inputs, uses
        self.lines: list[str] = []
        self.names: dict[int, str] = {}
        self.loaded: dict[int, str] = {}
        self.depth: dict[int, int] = {}

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
        if i in self.inputs or self.g.value(i) is not None or i in self.names:
            return
        depth = 1 + max((self.depth.get(a, 0) for a in self.g.args(i)), default=0)
        if self.uses.get(i, 0) < 2 and depth < _DEEPEST:
            self.depth[i] = depth
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


def emit_dense_outputs(p: Program, nodes: Sequence[int], hoisted: Sequence[int], name: str = "outputs") -> str:
    """`outputs(T, L_y, L_yn, L_D0, L_D1, L_D2, S_q, O, lane, at)`: outputs of one person at a vector of times within one step.

    T: positions in the step. L_y, L_yn: states before and after. L_D0..2: see `step.dense`. S_q: hoisted values. See `simd` for lane and at.
    """
    states = _states_of(p, nodes)
    lines = ["th = T[0]", "t1 = 1.0 - th"]
    inputs = {node: f"S_q[{k}]" for k, node in enumerate(hoisted)}
    for i in states:
        lines.append(f"y{i} = (t1 * L_y[{i}]) + (th * (L_yn[{i}] + (t1 * (L_D0[{i}] + (th * (L_D1[{i}] + (th * L_D2[{i}])))))))")
        inputs[p.graph.leaf("state", i)] = f"y{i}"
    lines += straight_line(p, [(f"O[{k}]", node) for k, node in enumerate(nodes)], inputs)
    return _function(name, "T, L_y, L_yn, L_D0, L_D1, L_D2, S_q, O, lane, at", lines)


def emit_conditions(p: Program, nodes: Sequence[int], hoisted: Sequence[int]) -> str:
    """What rules look at, from the states of one lane and the hoisted values of the outputs (from `at` on): `within(...)` at a position of the
    step, `now(...)` at a time. Only the states that matter are read."""
    states = _states_of(p, nodes)
    constants = {node: f"qo[at + {k}]" for k, node in enumerate(hoisted)}
    inputs = constants | {p.graph.leaf("state", i): f"y{i}" for i in states}
    targets = [(f"g[{k}]", node) for k, node in enumerate(nodes)]
    inside = ["t1 = 1.0 - th", "D0, D1, D2 = D[0], D[1], D[2]"]
    present = []
    for i in states:
        j = f"{i} * L + lane"
        inside.append(f"y{i} = (t1 * y[{j}]) + (th * (yn[{j}] + (t1 * (D0[{j}] + (th * (D1[{j}] + (th * D2[{j}])))))))")
        present.append(f"y{i} = y[{j}]")
    lines = straight_line(p, targets, inputs)
    return "\n".join([
        _function("within", "lane, L, th, y, yn, D, qo, at, g", inside + lines), _function("now", "lane, L, y, qo, at, g", present + lines)
    ])  # fmt: skip


def _states_of(p: Program, nodes: Sequence[int]) -> list[int]:
    """Numbers of the states that nodes depend on."""
    return sorted({int(p.graph.nodes[i][1]) for i in _ancestors(p, nodes) if p.graph.nodes[i][0] == "state"})


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
    """`rhs`, `rhs_jac`, `factor` and `solve` of one person.

    rhs(y, q, dy): derivatives. rhs_jac(y, q, dy, J): and the non-zeros of the Jacobian, in the order of `Program.jacobian`.
    factor(J, c, W): LU of c[0]*I - J, in place, reciprocals on the diagonal. solve(W, b): overwrites b with the solution.
    """
    inputs = _state_inputs(p) | {node: f"q[{k}]" for k, node in enumerate(p.hoisted)}
    rhs = [(f"dy[{k}]", node) for k, node in enumerate(p.flat.rhs)]
    jac = [(f"J[{k}]", node) for k, node in enumerate(p.jacobian.values())]
    return "\n".join(
        [
            _function("rhs", "y, q, dy", straight_line(p, rhs, inputs)),
            _function("rhs_jac", "y, q, dy, J", straight_line(p, rhs + jac, inputs)),
            _function("factor", "J, c, W", _factor_lines(p)),
            _function("solve", "W, b", _solve_lines(p)),
        ]
    )


def _factor_lines(p: Program) -> list[str]:
    """LU in place. The same operation on the same values is written once: equal blocks, as sensitivities have them, share their factors."""
    lu, names, lines = p.lu, dict[str, str](), list[str]()

    def value(text: str) -> str:
        if text not in names:
            names[text] = f"w{len(names)}"
            lines.append(f"{names[text]} = {text}")
        return names[text]

    # equal entries of the Jacobian are one node: read where it stands first
    first: dict[int, int] = {}
    for k, node in enumerate(p.jacobian.values()):
        first.setdefault(node, k)
    w: dict[tuple[int, int], str] = {}
    for ij in lu.entries:
        entry = f"J[{first[p.jacobian[ij]]}]" if ij in p.jacobian else ""
        if ij[0] == ij[1]:
            w[ij] = value(f"c[0] - {entry}" if entry else "c[0]")
        else:
            w[ij] = value(f"-{entry}" if entry else "0.0")
    done: set[int] = set()
    for k in lu.order:
        done.add(k)
        w[k, k] = value(f"1.0 / {w[k, k]}")
        for i in lu.order:
            if i in done or (i, k) not in w:
                continue
            w[i, k] = value(f"{w[i, k]} * {w[k, k]}")
            for j in lu.order:
                if j not in done and (k, j) in w:
                    w[i, j] = value(f"{w[i, j]} - {w[i, k]} * {w[k, j]}")
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
