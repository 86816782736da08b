"""System: named instances of components, wired port to port, flattened into one graph.

>>> from papaver.components.disposition import TwoCompartment
>>> s = System("demo")
>>> s.add("heroin.pk", TwoCompartment, pathway=["hydrolysis"])
>>> s.seal().state_names
['heroin.pk.A1', 'heroin.pk.A2']
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from papaver.core.component import Component, free_indices, summed_index
from papaver.core.graph import Graph
from papaver.core.printing import latex, latex_name, text
from papaver.core.symbols import Const, Expr, Input, Num, Op, Output, Param, State, Symbol
from papaver.errors import ModelError, nearest
from papaver.units import Unit

Env = dict[str, str]


@dataclass(frozen=True)
class FlatDose:
    """A dose port of the system: state numbers with coefficient nodes, and the node of the lag time (min)."""

    split: tuple[tuple[int, int], ...]
    lag: int
    meaning: str


@dataclass
class FlatSystem:
    """All equations of a system over one graph. Numbers are node numbers of `graph`."""

    name: str
    graph: Graph
    state_names: list[str] = field(default_factory=list)
    state_units: list[str] = field(default_factory=list)
    param_names: list[str] = field(default_factory=list)
    param_units: list[str] = field(default_factory=list)
    init: list[int] = field(default_factory=list)
    rhs: list[int] = field(default_factory=list)
    outputs: dict[str, tuple[int, str, str]] = field(default_factory=dict)  # name -> node, unit, meaning
    doses: dict[str, FlatDose] = field(default_factory=dict)
    laws: list[tuple[str, int, int]] = field(default_factory=list)  # text, left node, right node


class System:
    """Components under names, and the wires between them.

    Args:
        name: shown in messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.instances: dict[str, tuple[type[Component], dict[str, tuple[str, ...]]]] = {}
        self._wires: dict[str, list[str]] = {}

    def add(self, path: str, component: type[Component], **indices: Sequence[str]) -> None:
        """Put an instance of a component under a path such as "heroin.pk".

        Args:
            path: dotted name, unique in the system.
            component: the component class.
            **indices: labels of each index that the component's symbols run over, e.g. ligand=["heroin", "morphine"].

        Raises:
            ModelError: the path is taken, or an index has no labels.
        """
        if path in self.instances:
            raise ModelError(f"{self.name}: there is already a component at {path!r}")
        needed = {i for s in component.symbols.values() for i in s.over}
        for index in needed - set(indices):
            raise ModelError(f"{self.name}: {path} ({component.__name__}) runs over {index!r}; give its labels: add(..., {index}=[...])")
        self.instances[path] = (component, {k: tuple(v) for k, v in indices.items()})

    def connect(self, source: str, target: str) -> None:
        """Wire an output, state, parameter or constant to an input: connect("heroin.brain.C", "mop.C[heroin]"). Several sources at one input add up.

        Raises:
            ModelError: one of the ends does not exist, or their units differ; the nearest name is suggested.
        """
        src, _, _ = self._find(source, (Output, State, Param, Const))
        dst, _, _ = self._find(target, (Input,))
        if Unit.parse(src.unit).dims != Unit.parse(dst.unit).dims:
            raise ModelError(f"{self.name}: cannot connect {source} [{src.unit}] to {target} [{dst.unit}]: the units differ")
        self._wires.setdefault(target, []).append(source)

    def _find(self, ref: str, kinds: tuple[type[Symbol], ...]) -> tuple[Symbol, str, Env]:
        m = re.fullmatch(r"(.+)\.([A-Za-z_]\w*)(?:\[(.+)\])?", ref)
        if not m or m.group(1) not in self.instances:
            raise ModelError(f"{self.name}: no component at {ref.rpartition('.')[0]!r}; {nearest(ref.rpartition('.')[0], self.instances)}")
        path, name, labels = m.group(1), m.group(2), m.group(3)
        component, indices = self.instances[path]
        symbol = component.symbols.get(name)
        if symbol is None or not isinstance(symbol, kinds):
            known = [n for n, s in component.symbols.items() if isinstance(s, kinds)]
            raise ModelError(f"{self.name}: {path} has no {kinds[0].kind} {name!r}; {nearest(name, known)}")
        given = [x.strip() for x in labels.split(",")] if labels else []
        if len(given) != len(symbol.over):
            raise ModelError(f"{self.name}: {ref} needs {len(symbol.over)} label(s) in brackets ({', '.join(symbol.over) or 'none'})")
        env = dict(zip(symbol.over, given, strict=True))
        for index, label in env.items():
            if label not in indices[index]:
                raise ModelError(f"{self.name}: {ref}: {index} {label!r} is unknown; {nearest(label, indices[index])}")
        return symbol, path, env

    def seal(self) -> FlatSystem:
        """Flatten into one graph.

        Raises:
            ModelError: an input is neither connected nor has a default, or outputs depend on each other in a circle.
        """
        return _Flatten(self).run()

    def to_text(self) -> str:
        """The whole system as equations in plain text, with units and wires."""
        parts = [f"system {self.name}"]
        for path, (component, indices) in self.instances.items():
            over = "; ".join(f"{k} = {', '.join(v)}" for k, v in indices.items())
            parts.append(f"\n{path} : {component.to_text()}" + (f"\n  over      {over}" if over else ""))
        parts += ["\nwires"] + [f"  {t} = {' + '.join(s)}" for t, s in self._wires.items()]
        return "\n".join(parts)

    def to_latex(self) -> str:
        """The whole system as LaTeX: one align environment per component."""
        parts = []
        for path, (component, _) in self.instances.items():
            rows = [rf"{latex_name(s.name)} &= {latex(s.expr)} && [\mathrm{{{s.unit}}}]" for s in component.of_kind(Output) if isinstance(s, Output)]
            rows += [rf"\frac{{d{latex_name(e.state.name)}}}{{dt}} &= {latex(e.rhs)} && [\mathrm{{{e.state.unit}/min}}]" for e in component.equations]
            title = path.replace("_", r"\_")
            body = " \\\\\n".join("  " + r for r in rows)
            parts.append(f"\\paragraph{{{title}}} {component.__name__}\n\\begin{{align}}\n{body}\n\\end{{align}}")
        return "\n\n".join(parts)


class _Flatten:
    def __init__(self, system: System) -> None:
        self.s = system
        self.flat = FlatSystem(system.name, Graph())
        self.params: dict[str, int] = {}
        self.states: dict[str, int] = {}
        self.memo: dict[str, int] = {}
        self.active: list[str] = []

    def run(self) -> FlatSystem:
        flat, g = self.flat, self.flat.graph
        for path, symbol, env in self._each(State):
            name = _full(path, symbol, env)
            self.states[name] = len(flat.state_names)
            flat.state_names.append(name)
            flat.state_units.append(symbol.unit)
        by_state: dict[str, int] = {}
        for path, (component, _) in self.s.instances.items():
            for eq in component.equations:
                for env in self._envs(path, eq.state.over):
                    by_state[_full(path, eq.state, env)] = self._expr(eq.rhs, path, env)
        flat.rhs = [by_state[n] for n in flat.state_names]
        for path, symbol, env in self._each(State):
            assert isinstance(symbol, State)
            flat.init.append(self._expr(symbol.init, path, env))
        for path, symbol, env in self._each(Output):
            flat.outputs[_full(path, symbol, env)] = (self._symbol(symbol, path, env), symbol.unit, symbol.meaning)
        for path, (component, _) in self.s.instances.items():
            for dose in component.doses.values():
                split = [
                    (self.states[_full(path, state, env)], self._expr(coefficient, path, env))
                    for state, coefficient in dose.split
                    for env in self._envs(path, state.over)
                ]
                flat.doses[f"{path}.{dose.name}"] = FlatDose(tuple(split), self._expr(dose.lag, path, {}), dose.meaning)
            for law in component.laws:
                over = tuple(dict.fromkeys(free_indices(law.left) + free_indices(law.right)))
                for env in self._envs(path, over):
                    left, right = self._expr(law.left, path, env), self._expr(law.right, path, env)
                    where = f"[{','.join(env.values())}]" if env else ""
                    flat.laws.append((f"{path}{where}: {text(law.left)} >= {text(law.right)}", left, right))
        for node in flat.init + [c for dose in flat.doses.values() for _, c in dose.split] + [dose.lag for dose in flat.doses.values()]:
            if g.gradient(node):
                raise ModelError(f"{self.s.name}: an initial value or dose coefficient depends on a state; use parameters only")
        return flat

    def _envs(self, path: str, over: Sequence[str]) -> list[Env]:
        labels = self.s.instances[path][1]
        return [dict(zip(over, combo, strict=True)) for combo in itertools.product(*(labels[i] for i in over))]

    def _each(self, kind: type[Symbol]) -> list[tuple[str, Symbol, Env]]:
        return [
            (path, s, env) for path, (component, _) in self.s.instances.items() for s in component.of_kind(kind) for env in self._envs(path, s.over)
        ]

    def _expr(self, x: Expr, path: str, env: Mapping[str, str]) -> int:
        g = self.flat.graph
        if isinstance(x, Num):
            return g.const(x.value)
        if isinstance(x, Symbol):
            return self._symbol(x, path, {i: env[i] for i in x.over})
        assert isinstance(x, Op)
        if x.op == "total":
            index = summed_index(x)
            labels = self.s.instances[path][1][index]
            out = g.const(0.0)
            for label in labels:
                out = g.add(out, self._expr(x.args[0], path, {**env, index: label}))
            return out
        return g.call(x.op, *(self._expr(a, path, env) for a in x.args))

    def _symbol(self, s: Symbol, path: str, env: Mapping[str, str]) -> int:
        flat, g = self.flat, self.flat.graph
        name = _full(path, s, env)
        if isinstance(s, State):
            return g.leaf("state", self.states[name])
        if isinstance(s, Const):
            return g.const(s.value)
        if isinstance(s, Param):
            if name not in self.params:
                self.params[name] = len(flat.param_names)
                flat.param_names.append(name)
                flat.param_units.append(s.unit)
            return g.leaf("param", self.params[name])
        if name in self.memo:
            return self.memo[name]
        if name in self.active:
            raise ModelError(f"{self.s.name}: outputs depend on each other in a circle: {' -> '.join([*self.active, name])}; put a state between")
        self.active.append(name)
        if isinstance(s, Output):
            node = self._expr(s.expr, path, env)
        else:
            assert isinstance(s, Input)
            node = self._input(s, name)
        self.active.pop()
        self.memo[name] = node
        return node

    def _input(self, s: Input, name: str) -> int:
        g = self.flat.graph
        sources = self.s._wires.get(name)
        if not sources:
            if s.default is None:
                raise ModelError(f"{self.s.name}: input {name} [{s.unit}] ({s.meaning}) is not connected and has no default")
            return g.const(float(s.default))
        node = g.const(0.0)
        for ref in sources:
            symbol, path, env = self.s._find(ref, (Output, State, Param, Const))
            node = g.add(node, self._symbol(symbol, path, env))
        return node


def _full(path: str, s: Symbol, env: Mapping[str, str]) -> str:
    labels = ",".join(env[i] for i in s.over)
    return f"{path}.{s.name}[{labels}]" if labels else f"{path}.{s.name}"
