"""What must hold for every dose, route, person and draw: moles, bounds, shift in time, linearity, determinism."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papaver.bodies.adult import adult
from papaver.cohort import sample
from papaver.core.solve import DoseEvent
from papaver.evidence.load import Library, load_library
from papaver.scenario import Dose, Observe, Person, Scenario
from papaver.simulate import Prepared, prepare, simulate
from papaver.units import Unit

LIBRARY = load_library()
# one route of each way in; a body is built once and kept
ROUTES = [
    ("heroin", "iv"),
    ("heroin", "inhaled"),
    ("heroin", "intranasal"),
    ("heroin", "oral"),
    ("morphine", "inhaled"),
    ("morphine", "oral"),
    ("m6g", "iv"),
]
few = functools.partial(settings, max_examples=12)


def prepared(route: tuple[str, str], dose: dict[str, object] | None = None, person: dict[str, str] | None = None, until: str = "6 h") -> Prepared:
    s = Scenario(
        doses=[Dose(**{"drug": route[0], "route": route[1], "amount": "10 mg", **(dose or {})})],
        person=Person(**{"weight": "70 kg", **(person or {})}),
        observe=Observe(until=until, every="3 min"),
    )
    # kinetics and receptors; the body that breathes is held to its own laws in test_overdose
    return prepare(s, LIBRARY, physiology=False)


people = st.fixed_dictionaries(
    {
        "weight": st.integers(35, 200).map("{} kg".format),
        "age": st.integers(18, 95).map("{} year".format),
        "sex": st.sampled_from(["female", "male"]),
        "eGFR": st.integers(5, 150).map("{} mL/min".format),
        "liver": st.sampled_from(["normal", "child_pugh_A", "child_pugh_B", "child_pugh_C"]),
    }
)
doses = st.fixed_dictionaries(
    {"amount": st.floats(0.01, 500).map("{:.4g} mg".format), "at": st.sampled_from(["0 min", "13 min"])},
    optional={"over": st.sampled_from(["0.5 min", "45 min"]), "every": st.sampled_from(["10 min", "1 h"])},
)


@few()
@given(route=st.sampled_from(ROUTES), dose=doses, person=people, who=st.integers(0, 10_000))
def test_moles_balance_and_laws_hold_for_anyone(route: tuple[str, str], dose: dict, person: dict, who: int) -> None:
    """Every nanomole given is in a depot, a tissue, the brain or collected; fractions stay fractions; nothing is negative."""
    p = prepared(route, dose, person)
    r = simulate(p, sample(p, 1, seed=4, first=who), solver="scalar")
    assert r.reasons == [""]
    assert r.mole_error < 1e-9
    assert r.broken_laws == []
    for name in r.columns:
        if ".rho[" in name or name.endswith(("occupied", "free", "activation")):
            assert r[name].min() > -1e-7, name
            assert r[name].max() < 1 + 1e-7, name
        if r.units[name] in ("nmol", "nmol/L"):
            assert r[name].min() > -1e-4 * max(r[name].max(), 1e-3), name


@few(max_examples=8)
@given(route=st.sampled_from(ROUTES[:4]), shift=st.floats(0.1, 100), who=st.integers(0, 100))
def test_later_is_the_same_only_later(route: tuple[str, str], shift: float, who: int) -> None:
    p = prepared(route)
    P = sample(p, 1, seed=9, first=who)
    t = np.linspace(0, 120, 61)
    port = p.body.ports[route]
    from papaver.core.solve import Solver

    solver = Solver(p.body.program)
    now = solver.solve(P, [DoseEvent(0.0, port, 20_000.0)], t, rtol=1e-9).Y[0]
    later = solver.solve(P, [DoseEvent(shift, port, 20_000.0)], np.concatenate([[0.0], t + shift]), rtol=1e-9).Y[0, 1:]
    scale = np.abs(now).max(axis=0).clip(1e-6)
    assert np.max(np.abs(now - later) / scale) < 1e-6


@few(max_examples=8)
@given(route=st.sampled_from(ROUTES[:4]), factor=st.floats(0.05, 20), who=st.integers(0, 100))
def test_concentrations_are_proportional_to_the_dose(route: tuple[str, str], factor: float, who: int) -> None:
    p = prepared(route)
    P = sample(p, 1, seed=9, first=who)
    t = np.linspace(0, 240, 41)
    port = p.body.ports[route]
    from papaver.core.solve import Solver

    solver = Solver(p.body.program)
    linear = [i for i, u in enumerate(p.body.program.flat.state_units) if u in ("nmol", "nmol/L")]
    one, many = (solver.solve(P, [DoseEvent(0.0, port, 20_000.0 * f)], t, rtol=1e-9).Y[0][:, linear] for f in (1.0, factor))
    scale = np.abs(one).max(axis=0).clip(1e-6)
    assert np.max(np.abs(many / factor - one) / scale) < 1e-6


def test_doses_superpose() -> None:
    p = prepared(("heroin", "iv"))
    from papaver.core.solve import Solver

    solver, t, port = Solver(p.body.program), np.linspace(0, 240, 81), p.body.ports["heroin", "iv"]
    linear = [i for i, u in enumerate(p.body.program.flat.state_units) if u in ("nmol", "nmol/L")]
    doses = [DoseEvent(0.0, port, 20_000.0), DoseEvent(31.0, port, 5_000.0), DoseEvent(60.0, port, 9_000.0, 30.0)]
    each = sum(solver.solve(p.typical(), [d], t, rtol=1e-9).Y[0][:, linear] for d in doses)
    together = solver.solve(p.typical(), doses, t, rtol=1e-9).Y[0][:, linear]
    assert np.max(np.abs(together - each) / np.abs(together).max(axis=0).clip(1e-6)) < 1e-6


def test_more_drug_never_means_less_activation() -> None:
    p = prepared(("morphine", "iv"), until="3 h")
    from papaver.core.solve import Solver

    solver, t, port = Solver(p.body.program), np.linspace(0, 180, 61), p.body.ports["morphine", "iv"]
    curves = []
    for amount in (0.0, 1e3, 1e4, 1e5, 1e6):
        Y = solver.solve(p.typical(), [DoseEvent(0.0, port, amount)], t).Y
        curves.append(solver.plain.outputs(["mop.effect.activation"], Y, p.typical())[0, :, 0])
    assert (np.diff(np.array(curves), axis=0) > -1e-6).all()


def test_without_a_dose_nothing_moves(heroin_iv: Prepared) -> None:
    """The body at rest is a steady state: endogenous ligands hold the receptors where they are."""
    from papaver.core.solve import Solver

    r = Solver(heroin_iv.body.program).solve(heroin_iv.typical(), [], np.array([0.0, 60.0, 10_000.0]))
    assert np.max(np.abs(r.Y[0] - r.Y[0, 0])) < 1e-9


@pytest.mark.parametrize("solver", ["scalar", pytest.param("kernel", marks=pytest.mark.slow)])
def test_the_same_run_twice_is_the_same_bit_for_bit(heroin_iv: Prepared, solver: str) -> None:
    assert simulate(heroin_iv, solver=solver).hash() == simulate(heroin_iv, solver=solver).hash()


@pytest.mark.slow
def test_scalar_and_kernel_are_the_same_method(heroin_iv: Prepared) -> None:
    a, b = (simulate(heroin_iv, solver=s) for s in ("scalar", "kernel"))
    scale = np.abs(a.data).max(axis=(0, 1)).clip(1e-9)
    assert np.max(np.abs(a.data - b.data) / scale) < 1e-12
    assert a.steps == b.steps


@pytest.mark.parametrize("route", ROUTES)
def test_units_of_every_output_and_state_parse_and_are_internal(library: Library, route: tuple[str, str]) -> None:
    program = adult(library, [route]).program
    for name in [*program.flat.outputs, *program.state_names]:
        assert Unit.parse(program.unit(name)).is_internal, name
    for unit in program.flat.param_units:
        assert Unit.parse(unit).is_internal
