"""Lowering: a flat system -> Program: parameter-only part, state part, sparse Jacobian, LU in a fixed order.

A Program is data (node numbers over one graph); `emit` writes it out for each target. Nodes that depend on parameters alone are
hoisted: they are computed once per person and handed to the state part as the vector q.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from papaver.core.system import FlatDose, FlatSystem, System
from papaver.errors import ModelError, nearest


@dataclass(frozen=True)
class LU:
    """Symbolic sparse LU without pivoting: `order` of elimination, `entries` (row, column) of the filled matrix."""

    order: tuple[int, ...]
    entries: dict[tuple[int, int], int]


class Program:
    """The lowered form of a system, shared by every target.

    Attributes:
        n: number of states.
        hoisted: nodes of q, in order.
        jacobian: {(row, column): node} of the non-zero partial derivatives.
    """

    def __init__(self, flat: FlatSystem) -> None:
        self.flat, self.graph = flat, flat.graph
        self.n = len(flat.state_names)
        self.jacobian = {(i, j): g for i, node in enumerate(flat.rhs) for j, g in sorted(self.graph.gradient(node).items())}
        self._size = len(self.graph.nodes)
        self.hoisted = self.hoist([*flat.rhs, *self.jacobian.values()])

    @property
    def state_names(self) -> list[str]:
        """Names of the states, "heroin.pk.A1"."""
        return self.flat.state_names

    @property
    def param_names(self) -> list[str]:
        """Names of the parameters in the order of the parameter vector."""
        return self.flat.param_names

    @property
    def doses(self) -> dict[str, FlatDose]:
        """Dose ports by name."""
        return self.flat.doses

    def output(self, name: str) -> int:
        """Node of an output or a state.

        Raises:
            ModelError: there is none of that name; the nearest is suggested.
        """
        if name in self.flat.outputs:
            return self.flat.outputs[name][0]
        if name in self.flat.state_names:
            return self.graph.leaf("state", self.flat.state_names.index(name))
        raise ModelError(f"{self.flat.name}: no output {name!r}; {nearest(name, [*self.flat.outputs, *self.flat.state_names])}")

    def unit(self, name: str) -> str:
        """Unit of an output or a state."""
        self.output(name)
        return self.flat.outputs[name][1] if name in self.flat.outputs else self.flat.state_units[self.flat.state_names.index(name)]

    def hoist(self, roots: Sequence[int]) -> list[int]:
        """Parameter-only nodes that the state part uses directly (numbers excepted)."""
        found: dict[int, None] = {}
        seen: set[int] = set()
        todo = list(roots)
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            if not self.graph.depends[node]:
                if self.graph.value(node) is None:
                    found[node] = None
                continue
            todo.extend(self.graph.args(node))
        return sorted(found)

    @cached_property
    def moles(self) -> int:
        """Node of the sum of all states that are amounts of substance."""
        g = self.graph
        total = g.const(0.0)
        for i, unit in enumerate(self.flat.state_units):
            if unit == "nmol":
                total = g.add(total, g.leaf("state", i))
        return total

    @cached_property
    def lu(self) -> LU:
        """Elimination order by Markowitz counts on the diagonal, and the pattern with its fill-in."""
        n = self.n
        rows = [{i} for i in range(n)]
        cols = [{i} for i in range(n)]
        for i, j in self.jacobian:
            rows[i].add(j)
            cols[j].add(i)
        left, order = set(range(n)), []
        while left:
            k = min(left, key=lambda m: ((len(rows[m] & left) - 1) * (len(cols[m] & left) - 1), m))
            left.discard(k)
            order.append(k)
            for i in cols[k] & left:
                fill = (rows[k] & left) - rows[i]
                rows[i] |= fill
                for j in fill:
                    cols[j].add(i)
        position = {k: p for p, k in enumerate(order)}
        pattern = sorted(((i, j) for i in range(n) for j in rows[i]), key=lambda ij: (position[ij[0]], position[ij[1]]))
        return LU(tuple(order), {ij: k for k, ij in enumerate(pattern)})

    @cached_property
    def hash(self) -> str:
        """Structural hash: equal for systems with the same equations in the same order, whatever their values."""
        f = self.flat
        text = repr((f.graph.nodes[: self._size], f.rhs, f.init, f.state_names, f.param_names, sorted(f.doses.items())))
        return hashlib.sha256(text.encode()).hexdigest()


def lower(system: System | FlatSystem) -> Program:
    """Flatten (if needed) and lower a system."""
    return Program(system.seal() if isinstance(system, System) else system)
