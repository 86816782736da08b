"""Competitive binding at equilibrium (Gaddum) and in time, and the operational model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.components.receptor import CompetitiveBinding, OperationalActivation
from papaver.core import System
from papaver.core.lower import lower
from papaver.core.targets import PlainTarget

BINDING = {
    "Ki[a]": 2.0, "Ki[b]": 0.3, "Ki[own]": 1.0, "koff[a]": 0.4, "koff[b]": 3.0, "koff[own]": 1.0,
    "efficacy[a]": 1.0, "efficacy[b]": 0.0, "efficacy[own]": 1.0, "C_rest[a]": 0.0, "C_rest[b]": 0.0, "C_rest[own]": 0.0526,
}  # fmt: skip
LIGANDS = ["a", "b", "own"]


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (3.0, 0.0), (3.0, 0.5), (1000.0, 40.0)])
def test_binding_settles_at_gaddums_equilibrium(run, a: float, b: float) -> None:
    names = [f"rho[{x}]" for x in LIGANDS] + ["free", "occupied", "stimulus"]
    *rho, free, occupied, stimulus = run(CompetitiveBinding, BINDING, names, t=[0, 300], inputs={"C[a]": a, "C[b]": b}, ligand=LIGANDS)[-1]
    x = np.array([a / 2.0, b / 0.3, 0.0526])
    assert rho == pytest.approx(x / (1 + x.sum()), rel=1e-7, abs=1e-10)
    assert free == pytest.approx(1 / (1 + x.sum()), rel=1e-7)
    assert occupied == pytest.approx(1 - free, rel=1e-12)
    assert stimulus == pytest.approx((x[0] + x[2]) / (1 + x.sum()), rel=1e-7)


def test_what_drugs_do_leaves_out_the_bodys_own_ligands(run) -> None:
    names = ["stimulus", "by_drugs", "signal[own]"]
    stimulus, by_drugs, own = run(CompetitiveBinding, BINDING, names, t=[0, 300], inputs={"C[a]": 3.0, "C[b]": 0.1}, ligand=LIGANDS)[-1]
    assert by_drugs == pytest.approx(stimulus - own, rel=1e-6)
    assert run(CompetitiveBinding, BINDING, names, t=[0, 10], inputs={"C[b]": 5.0}, ligand=LIGANDS)[-1, 1] == pytest.approx(0.0, abs=1e-8)


def test_without_drug_the_receptor_stays_at_rest(run) -> None:
    rho = run(CompetitiveBinding, BINDING, ["rho[own]"], t=np.linspace(0, 1000, 11), ligand=LIGANDS)[:, 0]
    assert rho == pytest.approx(np.full(11, 0.0526 / 1.0526), rel=1e-12)


def test_dissociation_is_exponential_with_koff(run) -> None:
    """One ligand at constant concentration: rho approaches its equilibrium with rate koff*(1 + C/Ki)."""
    values = {"Ki[a]": 2.0, "koff[a]": 0.05, "efficacy[a]": 1.0, "C_rest[a]": 0.0}
    t = np.linspace(0, 40, 9)
    rho = run(CompetitiveBinding, values, ["rho[a]"], t=t, inputs={"C[a]": 6.0}, ligand=["a"])[:, 0]
    assert rho == pytest.approx(0.75 * (1 - np.exp(-0.05 * 4 * t)), rel=1e-7, abs=1e-10)


@pytest.fixture(scope="module")
def operational() -> PlainTarget:
    s = System("demo")
    s.add("mop", CompetitiveBinding, ligand=["a", "b"])
    s.add("effect", OperationalActivation, ligand=["a", "b"])
    s.connect("mop.stimulus", "effect.stimulus")
    for x in "ab":
        s.connect(f"mop.signal[{x}]", f"effect.signal[{x}]")
    return PlainTarget(lower(s))


def activation(target: PlainTarget, rho: tuple[float, float], efficacy: tuple[float, float], KE: float, gamma: float) -> np.ndarray:
    values = {"effect.KE": KE, "effect.gamma": gamma, "mop.efficacy[a]": efficacy[0], "mop.efficacy[b]": efficacy[1]}
    P = np.array([[values.get(n, 1.0) for n in target.program.param_names]])
    Y = np.array(rho).reshape(1, 1, 2)
    return target.outputs(["effect.activation", "effect.share[a]", "effect.share[b]"], Y, P)[0, 0]


@given(
    rho=st.tuples(st.floats(1e-6, 0.5), st.floats(1e-6, 0.5)), efficacy=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), KE=st.floats(0.01, 5),
    gamma=st.floats(0.5, 4),
)  # fmt: skip
def test_operational_model_is_black_and_leffs(operational: PlainTarget, rho, efficacy, KE: float, gamma: float) -> None:
    S = rho[0] * efficacy[0] + rho[1] * efficacy[1]
    E, share_a, share_b = activation(operational, rho, efficacy, KE, gamma)
    assert E == pytest.approx(S**gamma / (KE**gamma + S**gamma), rel=1e-10)
    assert 0 <= E < 1
    assert share_a + share_b == pytest.approx(E, rel=1e-10)
    assert share_a == pytest.approx(E * rho[0] * efficacy[0] / S, rel=1e-10)


def test_half_effect_at_KE(operational: PlainTarget) -> None:
    assert activation(operational, (0.3, 0.0), (1.0, 0.0), 0.3, 2.7)[0] == pytest.approx(0.5, rel=1e-14)


def test_no_stimulus_gives_no_effect_and_no_nan(operational: PlainTarget) -> None:
    assert activation(operational, (0.0, 0.0), (1.0, 1.0), 0.3, 1.5) == pytest.approx([0, 0, 0], abs=1e-15)
