"""Forward sensitivities: a system with the derivatives of its states by chosen parameters as further states.

The states s = scale * dy/dp obey ds/dt = J s + scale * df/dp, both written from the expression graph, so nothing is approximated. The
result is one more `Program` and runs on every target. A Rosenbrock step with the exact Jacobian commutes with differentiation: what comes
out is the derivative of the numerical solution itself at the steps that were taken, and those steps control the error of both. Each block
of sensitivities has the system's own Jacobian on its diagonal (the same nodes), so the factors of a step are the same for all blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from papaver.core.graph import Graph
from papaver.core.lower import Program
from papaver.core.system import FlatDose, FlatSystem
from papaver.errors import ModelError, nearest

_TINY = 1e-200


def derivative(g: Graph, node: int, seeds: Mapping[int, int], memo: dict[int, int]) -> int:
    """Node of the derivative of `node` along a direction.

    Args:
        g: the graph; nodes are added to it.
        seeds: direction, {leaf node: node of its component}; leaves that are not named stand still.
        memo: derivatives by node, filled; belongs to one graph and one direction.
    """
    zero = g.const(0.0)
    for i in _pending(g, node, memo):
        out = seeds.get(i, zero)
        for arg, weight in g.partials(i):
            if g.value(memo[arg]) != 0:
                w = _log_floored(g, i) if g.nodes[i][0] == "pow" and arg == g.nodes[i][2] and arg != g.nodes[i][1] else weight()
                out = g.add(out, g.mul(w, memo[arg]))
        memo[i] = out
    return memo[node]


def _pending(g: Graph, root: int, memo: Mapping[int, int]) -> list[int]:
    todo, seen = [root], {root}
    while todo:
        for a in g.args(todo.pop()):
            if a not in seen and a not in memo:
                seen.add(a)
                todo.append(a)
    return sorted(i for i in seen if i not in memo)


def _log_floored(g: Graph, i: int) -> int:
    """d(a^b)/db = a^b log(a), which is 0 at a = 0 and must not come out as 0 * -infinity."""
    return g.mul(i, g.call("log", g.call("maximum", int(g.nodes[i][1]), g.const(_TINY))))


class AugmentedProgram(Program):
    """A program whose first `base` states are those of a system and whose further ones are their sensitivities, block by block."""

    def __init__(self, flat: FlatSystem, base: int) -> None:
        super().__init__(flat)
        self.base = base

    @cached_property
    def moles(self) -> int:
        """Node of the sum of all states that are amounts of substance; sensitivities are not."""
        g = self.graph
        total = g.const(0.0)
        for i, unit in enumerate(self.flat.state_units[: self.base]):
            if unit == "nmol":
                total = g.add(total, g.leaf("state", i))
        return total


@dataclass(frozen=True)
class Sensitivities:
    """A program with sensitivities, and how to ask for them.

    Attributes:
        program: the augmented program; its first states, outputs, parameters and dose ports are those of the system.
        parameters: names, in the order of the blocks. scales: of each; states of a block are scale * dy/dp.
    """

    program: AugmentedProgram
    parameters: tuple[str, ...]
    scales: tuple[float, ...]

    def node(self, output: str, parameter: str) -> int:
        """Node of d output / d parameter, in the output's unit per the parameter's; for `Solver.solve(nodes=...)` or `PlainTarget.evaluate`.

        Raises:
            ModelError: no such output, or the parameter is not among those asked for.
        """
        if parameter not in self.parameters:
            raise ModelError(f"{self.program.flat.name}: no sensitivity to {parameter!r} was asked for; {nearest(parameter, self.parameters)}")
        p, g, k = self.program, self.program.graph, self.parameters.index(parameter)
        root = p.output(output)
        out = derivative(g, root, {g.leaf("param", p.param_names.index(parameter)): g.const(self.scales[k])}, {})
        for j, weight in sorted(g.gradient(root).items()):
            out = g.add(out, g.mul(weight, g.leaf("state", (k + 1) * p.base + j)))
        return g.div(out, g.const(self.scales[k]))


def augment(system: FlatSystem | Program, parameters: Sequence[str], scales: Mapping[str, float] | None = None) -> Sensitivities:
    """A system with the sensitivities of its states to some parameters as further states. The system itself is left as it is.

    Args:
        parameters: names as in `FlatSystem.param_names`, unlike one another.
        scales: a typical value of each parameter, in its unit. A sensitivity state is scale * dy/dp, so that the absolute tolerance of the state
            itself suits it. It changes the steps a little and the answer within the tolerance. Default 1.

    Raises:
        ModelError: an unknown parameter, one named twice, a scale that is not positive, or a parameter that moves a dose in time: the solution
            jumps there, and so does its derivative, which this method does not follow.
    """
    flat = system.flat if isinstance(system, Program) else system
    names, given = list(parameters), dict(scales or {})
    for name in [*names, *given]:
        if name not in flat.param_names:
            raise ModelError(f"{flat.name}: no parameter {name!r}; {nearest(name, flat.param_names)}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelError(f"{flat.name}: sensitivity to {twice} is asked for twice; name it once")
    if not names:
        raise ModelError(f"{flat.name}: no parameter is named; name at least one")
    size = tuple(float(given.get(name, 1.0)) for name in names)
    for name, x in zip(names, size, strict=True):
        if not 0.0 < x < float("inf"):
            raise ModelError(f"{flat.name}: the scale of {name} is {x:g}; it must be a positive number, the size of a typical value")

    # a copy: nodes keep their numbers, and the system's own graph (and hash) stay as they were
    g = Graph()
    for key in flat.graph.nodes:
        g._node(*key)
    n = len(flat.state_names)
    out = replace(
        flat, graph=g, state_names=list(flat.state_names), state_units=flat.state_units * (len(names) + 1), init=list(flat.init), rhs=list(flat.rhs)
    )
    jacobian = [sorted(g.gradient(node).items()) for node in flat.rhs]
    split: dict[str, list[tuple[int, int]]] = {name: list(dose.split) for name, dose in flat.doses.items()}
    for k, (name, scale) in enumerate(zip(names, size, strict=True)):
        seeds = {g.leaf("param", flat.param_names.index(name)): g.const(scale)}
        memo: dict[int, int] = {}
        first = (k + 1) * n
        for i, node in enumerate(flat.rhs):
            total = derivative(g, node, seeds, memo)
            for j, weight in jacobian[i]:
                total = g.add(total, g.mul(weight, g.leaf("state", first + j)))
            out.rhs.append(total)
        out.init += [derivative(g, node, seeds, memo) for node in flat.init]
        out.state_names += [f"d({state})/d({name})" for state in flat.state_names]
        for port, dose in flat.doses.items():
            if g.value(derivative(g, dose.lag, seeds, memo)) != 0:
                raise ModelError(
                    f"{flat.name}: {name} moves the doses at {port} in time (it is in their lag); the sensitivity to a moment of dosing is not "
                    "available. Leave it out, or compare two runs with the lag changed a little"
                )
            moved = [(state, derivative(g, coefficient, seeds, memo)) for state, coefficient in dose.split]
            split[port] += [(first + state, node) for state, node in moved if g.value(node) != 0]
    out.doses = {port: FlatDose(tuple(split[port]), dose.lag, dose.meaning) for port, dose in flat.doses.items()}
    return Sensitivities(AugmentedProgram(out, n), tuple(names), size)
