"""Forward sensitivities against complex steps and differences of tight solutions, and what is refused."""

from __future__ import annotations

import cmath

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from papaver.core.graph import Graph
from papaver.core.sensitivity import Sensitivities, augment
from papaver.core.solve import DoseEvent, Solver
from papaver.errors import ModelError

GRID = np.array([0.0, 2.0, 8.0, 20.0, 26.0, 40.0, 90.0, 240.0])
NAMES = ("drug.pk.CL", "drug.depot.F", "mop.C_rest[own]", "effect.gamma")
"""One in the equations, one in a dose coefficient, one in initial values, one in an output alone."""
OUTPUTS = ("drug.pk.C1", "drug.vein.C", "mop.rho[drug]", "effect.activation")


def complex_values(g: Graph, y: np.ndarray, p: np.ndarray) -> list[complex]:
    """All nodes of a graph at complex states and parameters; comparisons look at the real part."""
    out: list[complex] = []
    for key in g.nodes:
        op, *raw = key
        if op == "const":
            out.append(complex(raw[0]))
            continue
        if op in ("state", "param"):
            i = int(raw[0])
            # nodes that mention further states (sensitivities) are not asked for
            out.append(complex(y[i]) if op == "state" and i < len(y) else complex(p[i]) if op == "param" else 0j)
            continue
        a = out[int(raw[0])]
        b = out[int(raw[-1])]
        match op:
            case "add":
                value = a + b
            case "sub":
                value = a - b
            case "mul":
                value = a * b
            case "div":
                value = a / b if b else 0j
            case "neg":
                value = -a
            case "pow":
                value = cmath.exp(b * cmath.log(a)) if a else 0j
            case "exp":
                value = cmath.exp(a)
            case "log":
                value = cmath.log(a) if a else 0j
            case "sqrt":
                value = cmath.sqrt(a)
            case "softplus":
                value = cmath.log(1 + cmath.exp(a))
            case "sigmoid":
                value = 1 / (1 + cmath.exp(-a))
            case "maximum":
                value = a if a.real > b.real else b
            case "minimum":
                value = b if a.real > b.real else a
            case _:
                assert op == "greater"
                value = complex(a.real > b.real)
        out.append(value)
    return out


@pytest.fixture(scope="module")
def augmented(small) -> Sensitivities:
    P = small.P()
    return augment(small.flat, NAMES, {n: P[0, small.program.param_names.index(n)] for n in NAMES})


def differences(solver: Solver, P: np.ndarray, doses: list, nodes: list[int], name: str, step: float = 1e-4) -> np.ndarray:
    """Central differences of tight solutions, shape (times, nodes)."""
    i = solver.program.param_names.index(name)
    up, down = P.copy(), P.copy()
    up[0, i] *= 1 + step
    down[0, i] *= 1 - step
    high, low = (solver.solve(x, doses, GRID, rtol=1e-11, nodes=nodes).Y[0] for x in (up, down))
    return (high - low) / (up[0, i] - down[0, i])


def test_every_equation_agrees_with_a_complex_step(small, augmented) -> None:
    """Right-hand sides, initial values and dose coefficients of the sensitivities, at made-up states, to rounding."""
    flat, n = augmented.program.flat, small.program.n
    rng = np.random.default_rng(3)
    p = small.P(runaway__k=0.01)[0]
    for k, (name, scale) in enumerate(zip(augmented.parameters, augmented.scales, strict=True)):
        y, s = rng.uniform(0.05, 0.2, n), rng.normal(size=n)
        h = 1e-30
        shifted = p.astype(complex)
        shifted[flat.param_names.index(name)] += 1j * h * scale
        there = complex_values(flat.graph, y + 1j * h * s, shifted)
        blocks = np.zeros(n * (len(NAMES) + 1))
        blocks[:n], blocks[(k + 1) * n : (k + 2) * n] = y, s
        here = complex_values(flat.graph, blocks, p)
        first = (k + 1) * n
        for i in range(n):
            for equations in (flat.rhs, flat.init):
                expected = there[equations[i]].imag / h
                assert here[equations[first + i]].real == pytest.approx(expected, rel=1e-12, abs=1e-13), flat.state_names[first + i]
        for port, dose in flat.doses.items():
            coefficients = dict(dose.split)
            for state, node in small.flat.doses[port].split:
                expected = there[node].imag / h
                got = here[coefficients[first + state]].real if first + state in coefficients else 0.0
                assert got == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_trajectories_agree_with_a_complex_step(small, augmented) -> None:
    """The whole solution, differentiated by solving it at complex parameters with SciPy's explicit method."""
    flat, n = small.flat, small.program.n
    t = np.array([0.0, 5.0, 30.0])
    nodes = [augmented.node(o, name) for name in NAMES for o in OUTPUTS]
    doses = [DoseEvent(0.0, "drug.pk.dose", 500.0)]
    ours = Solver(augmented.program).solve(small.P(), doses, t, rtol=1e-10, nodes=nodes).Y[0]
    h = 1e-30
    for k, name in enumerate(NAMES):
        p = small.P()[0].astype(complex)
        p[flat.param_names.index(name)] += 1j * h
        start = complex_values(flat.graph, np.zeros(n), p)
        y0 = np.array([start[i] for i in flat.init])
        for state, node in flat.doses["drug.pk.dose"].split:
            y0[state] += 500.0 * start[node]

        def rhs(_: float, y: np.ndarray, p: np.ndarray = p) -> np.ndarray:
            values = complex_values(flat.graph, y, p)
            return np.array([values[i] for i in flat.rhs])

        r = solve_ivp(rhs, (0.0, t[-1]), y0, method="DOP853", t_eval=t, rtol=1e-9, atol=1e-12)
        for j, output in enumerate(OUTPUTS):
            expected = np.array([complex_values(flat.graph, y, p)[small.program.output(output)].imag / h for y in r.y.T])
            scale = max(np.abs(expected).max(), 1e-12)
            assert ours[:, k * len(OUTPUTS) + j] == pytest.approx(expected, rel=1e-6, abs=1e-7 * scale), (output, name)


@pytest.mark.parametrize("solver", ["scalar", "cvode", pytest.param("kernel", marks=pytest.mark.slow)])
def test_all_solvers_agree_with_differences(small, small_doses, augmented, solver: str) -> None:
    """Bolus, depot dose and infusion; the depot's fraction absorbed acts through the dose alone."""
    P = small.P()
    plain = [small.program.output(o) for o in OUTPUTS]
    nodes = [augmented.node(o, name) for name in NAMES for o in OUTPUTS]
    r = Solver(augmented.program).solve(P, small_doses, GRID, solver=solver, rtol=1e-8, nodes=nodes)
    assert r.reasons == [""]
    for k, name in enumerate(NAMES):
        expected = differences(small.solver, P, small_doses, plain, name)
        ours = r.Y[0][:, k * len(OUTPUTS) : (k + 1) * len(OUTPUTS)]
        peak = np.abs(expected).max(axis=0)
        assert (np.abs(ours - expected).max(axis=0) < 3e-6 * peak + 1e-7).all(), name


def test_the_body_of_the_product(heroin_iv) -> None:
    """Three parameters of the heroin-iv body, against differences, on the scalar path."""
    names = ["heroin.pk.CL", "mop.Ki[morphine]", "mop.effect.gamma"]
    outputs = ["heroin.pk.C1", "morphine.vein.C", "mop.effect.activation"]
    program, P = heroin_iv.body.program, heroin_iv.typical()
    s = augment(program, names, {n: P[0, program.param_names.index(n)] for n in names})
    r = Solver(s.program).solve(P, heroin_iv.events, GRID, rtol=1e-7, nodes=[s.node(o, n) for n in names for o in outputs])
    assert r.reasons == [""]
    plain = Solver(program)
    for k, name in enumerate(names):
        expected = differences(plain, P, list(heroin_iv.events), [program.output(o) for o in outputs], name)
        ours = r.Y[0][:, 3 * k : 3 * k + 3]
        assert (np.abs(ours - expected).max(axis=0) <= 1e-5 * np.abs(expected).max(axis=0) + 1e-9).all(), name
        assert np.abs(expected).max() > 0


def test_the_states_come_out_as_without_sensitivities(small, small_doses, augmented) -> None:
    """Up to the steps that were taken."""
    n = small.program.n
    a = small.solver.solve(small.P(), small_doses, GRID, rtol=1e-9).Y[0]
    b = Solver(augmented.program).solve(small.P(), small_doses, GRID, rtol=1e-9).Y[0, :, :n]
    assert np.abs(a - b).max() < 1e-6 * np.abs(a).max()


def test_the_system_is_left_alone(small) -> None:
    before = (small.program.hash, len(small.flat.graph.nodes), len(small.flat.state_names), dict(small.flat.doses))
    s = augment(small.program, ["drug.pk.CL"])
    s.node("drug.pk.C1", "drug.pk.CL")
    assert before == (small.program.hash, len(small.flat.graph.nodes), len(small.flat.state_names), dict(small.flat.doses))
    assert s.program.hash != small.program.hash


def test_sensitivities_are_no_amounts(small, augmented) -> None:
    """The mole balance of the augmented program sums the system's own states only."""
    y = np.zeros((1, 1, augmented.program.n))
    y[0, 0, small.program.n :] = 1.0
    assert Solver(augmented.program).plain.evaluate([augmented.program.moles], y, small.P())[0, 0, 0] == 0.0


def test_names_say_what_they_are(augmented) -> None:
    assert "d(drug.pk.A1)/d(drug.pk.CL)" in augmented.program.state_names


def test_what_cannot_be_is_refused(small, augmented) -> None:
    with pytest.raises(ModelError, match=r"small: no parameter 'drug\.pk\.Cl'; did you mean 'drug\.pk\.CL'\?"):
        augment(small.flat, ["drug.pk.Cl"])
    with pytest.raises(ModelError, match=r"sensitivity to drug\.pk\.CL is asked for twice"):
        augment(small.flat, ["drug.pk.CL", "drug.pk.CL"])
    with pytest.raises(ModelError, match="no parameter is named"):
        augment(small.flat, [])
    with pytest.raises(ModelError, match=r"drug\.depot\.tlag moves the doses at drug\.depot\.dose in time"):
        augment(small.flat, ["drug.depot.tlag"])
    with pytest.raises(ModelError, match=r"the scale of drug\.pk\.CL is 0; it must be a positive number"):
        augment(small.flat, ["drug.pk.CL"], {"drug.pk.CL": 0.0})
    with pytest.raises(ModelError, match=r"no sensitivity to 'drug\.pk\.V1' was asked for"):
        augmented.node("drug.pk.C1", "drug.pk.V1")
