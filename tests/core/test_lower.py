"""Lowering: what is hoisted, the pattern of the Jacobian and its LU, the structural hash."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from papaver.core import Component, Param, State, System, d
from papaver.core.lower import Program, lower
from papaver.errors import ModelError


def leaves(program: Program, node: int) -> set[str]:
    todo, seen, kinds = [node], set(), set()
    while todo:
        i = todo.pop()
        if i in seen:
            continue
        seen.add(i)
        if program.graph.nodes[i][0] in ("param", "state"):
            kinds.add(str(program.graph.nodes[i][0]))
        todo += program.graph.args(i)
    return kinds


def test_hoisted_values_depend_on_parameters_only(small) -> None:
    assert small.program.hoisted
    for node in small.program.hoisted:
        assert leaves(small.program, node) == {"param"}


def test_what_the_state_part_needs_is_hoisted_or_depends_on_a_state(small) -> None:
    """Walking from the right-hand sides, every walk ends at a state, a number or a hoisted node - never at a bare parameter."""
    p = small.program
    hoisted, todo, seen = set(p.hoisted), [*p.flat.rhs, *p.jacobian.values()], set()
    while todo:
        i = todo.pop()
        if i in seen or i in hoisted:
            continue
        seen.add(i)
        assert p.graph.nodes[i][0] != "param"
        todo += p.graph.args(i)


def test_hoisted_values_are_what_they_should_be() -> None:
    class Decay(Component):
        CL = Param("L/min", "")
        V = Param("L", "")
        A = State("nmol", "")
        equations = [d(A) == -(CL / V) * A]

    s = System("demo")
    s.add("x", Decay)
    p = lower(s)
    from papaver.core.targets import PlainTarget

    q = PlainTarget(p).prep(np.array([[3.0, 12.0], [5.0, 2.0]]))
    assert sorted(np.abs(q).ravel().tolist()) == pytest.approx(sorted([0.25, 2.5] * (q.shape[1])))


def test_jacobian_has_entries_only_where_there_is_a_dependence(small) -> None:
    names = small.program.state_names
    places = {(names[i], names[j]) for i, j in small.program.jacobian}
    assert ("drug.pk.A1", "drug.pk.A2") in places
    assert ("mop.rho[drug]", "mop.rho[own]") in places
    assert ("drug.pk.A1", "mop.rho[drug]") not in places
    assert not any(row == "drug.depot.A_lost" for row, _ in places)


def test_lu_covers_jacobian_and_diagonal(heroin_iv) -> None:
    p = heroin_iv.body.program
    assert set(p.jacobian) | {(i, i) for i in range(p.n)} <= set(p.lu.entries)
    assert sorted(p.lu.order) == list(range(p.n))
    fill = len(p.lu.entries) - len(set(p.jacobian) | {(i, i) for i in range(p.n)})
    assert fill <= 0.2 * len(p.jacobian)


def test_unknown_output_suggests_the_nearest(small) -> None:
    with pytest.raises(ModelError, match=r"small: no output 'drug\.pk\.C'; did you mean"):
        small.program.output("drug.pk.C")
    assert small.program.unit("drug.pk.C1") == "nmol/L"
    assert small.program.unit("drug.pk.A1") == "nmol"


BUILD = """
from papaver.components.receptor import CompetitiveBinding
from papaver.components.disposition import ThreeCompartment
from papaver.core import System
from papaver.core.lower import lower
s = System("demo")
s.add("a.pk", ThreeCompartment, pathway=["x", "y"])
s.add("mop", CompetitiveBinding, ligand=["a", "b", "c"])
s.connect("a.pk.C1", "mop.C[a]")
p = lower(s)
from papaver.core.kernels import kernel_source
import hashlib
print(p.hash, hashlib.sha256(kernel_source(p, p.flat.rhs).encode()).hexdigest())
"""


def test_hash_and_generated_code_are_the_same_in_every_process() -> None:
    seen = set()
    for seed in ("0", "1", "4711"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        seen.add(subprocess.run([sys.executable, "-c", BUILD], env=env, capture_output=True, text=True, check=True).stdout)
    assert len(seen) == 1


def test_hash_tells_structures_apart_and_is_not_moved_by_use(small) -> None:
    fresh = Program(small.flat)
    before = fresh.hash
    small.solver.plain.outputs(["drug.pk.C1"], np.zeros((1, 1, small.program.n)), small.P(), laws=True)
    assert Program(small.flat).hash == before

    class Decay(Component):
        k = Param("1/min", "")
        A = State("nmol", "")
        equations = [d(A) == -k * A]

    class Growth(Component):
        k = Param("1/min", "")
        A = State("nmol", "")
        equations = [d(A) == k * A]

    hashes = []
    for component in (Decay, Growth):
        s = System("demo")
        s.add("x", component)
        hashes.append(lower(s).hash)
    assert hashes[0] != hashes[1]
