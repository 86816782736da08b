"""Our solver against other people's: CVODE on the product, SciPy's Radau on a nonlinear problem, numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from papaver.core import Component, Param, State, System, d
from papaver.core.lower import lower
from papaver.core.targets import PlainTarget
from papaver.evidence.load import find_file, load_library
from papaver.scenario import Scenario
from papaver.simulate import prepare, simulate

SCENARIOS = [
    ({"route": "iv", "amount": "10 mg"}, {}),
    ({"route": "inhaled", "amount": "25 mg", "every": "30 min", "times": 4}, {"weight": "55 kg", "sex": "female"}),
    ({"route": "intranasal", "amount": "12 mg", "salt": "hcl", "at": "7 min"}, {"eGFR": "25 mL/min"}),
    ({"route": "oral", "amount": "50 mg"}, {"liver": "child_pugh_B", "age": "60 year"}),
    ({"route": "iv_infusion", "amount": "20 mg", "over": "35 min"}, {}),
    ({"drug": "morphine", "route": "sc", "amount": "0.1 mg/kg"}, {}),
]


@pytest.mark.parametrize(("dose", "person"), SCENARIOS)
def test_scalar_agrees_with_cvode(library, make_scenario, dose: dict, person: dict) -> None:
    """Every shown output, at every time, to 1e-6 of its own peak; of a hundredth of a point, where it is an item of a scale of withdrawal.

    Without withdrawal such an item is the difference of two numbers that agree in most of their digits (a heart that pounds, by its rate above rest).
    """
    p = prepare(make_scenario(dose, person, {"until": "8 h", "every": "2 min"}), library)
    # the second of these people dies: an arrest, once it begins, multiplies what the solvers differ by
    ours, theirs = (simulate(p, solver=s, rtol=1e-10) for s in ("scalar", "cvode"))
    assert ours.reasons == theirs.reasons == [""]
    least = [0.01 if name.startswith(("cows.", "sows.", "sows_h.", "oows.")) else 1e-9 for name in p.columns]
    peak = np.maximum(np.abs(theirs.data).max(axis=(0, 1)), least)
    worst = np.abs(ours.data - theirs.data).max(axis=(0, 1)) / peak
    assert worst.max() < 1e-6, p.columns[int(worst.argmax())]


class Predation(Component):
    """Lotka and Volterra's, sped up so that steps of at most 0.01 min are large."""

    r = Param("1/min", "")
    x = State("1", "", init=2)
    y = State("1", "", init=1)
    equations = [d(x) == r * (x - x * y), d(y) == r * (x * y - y)]


R, END = 60.0, 0.16


def fixed_steps(n: int, t_out: np.ndarray) -> np.ndarray:
    """Rodas5P with n equal steps: empty events fix the steps, and tolerances that nothing exceeds."""
    s = System("demo")
    s.add("p", Predation)
    plain = PlainTarget(lower(s))
    P = np.array([[R]])
    times = [END * k / n for k in range(n)]
    events = [times, [0] * n, [0] * n, [0.0] * n]
    Y, info = plain.integrate(plain.prep(P)[0], plain.init(P)[0], events, t_out, np.full(2, 1e30), 1e30, 10**6)
    assert info[0] == 0
    assert info[3] == n
    return Y


def exact(t: np.ndarray) -> np.ndarray:
    r = solve_ivp(
        lambda _, v: [R * (v[0] - v[0] * v[1]), R * (v[0] * v[1] - v[1])], (0, END), [2.0, 1.0], method="Radau", t_eval=t, rtol=1e-12, atol=1e-14,
        jac=lambda _, v: [[R * (1 - v[1]), -R * v[0]], [R * v[1], R * (v[0] - 1)]],
    )  # fmt: skip
    assert r.success
    return r.y.T


def test_rodas5p_converges_with_order_five() -> None:
    t = np.array([0.0, END])
    reference = exact(t)[-1]
    steps = np.array([16, 32, 64])
    errors = np.array([np.abs(fixed_steps(n, t)[-1] - reference).max() for n in steps])
    orders = np.log2(errors[:-1] / errors[1:])
    assert errors[-1] > 1e-11  # still far from rounding and from the reference's own error
    assert (orders >= 4.5).all(), orders


def test_dense_output_converges_with_order_four() -> None:
    inside = np.concatenate([[0.0], (np.arange(11) + 0.37) / 11 * END, [END]])
    reference = exact(inside)
    errors = np.array([np.abs(fixed_steps(n, inside) - reference).max() for n in (16, 32, 64)])
    orders = np.log2(errors[:-1] / errors[1:])
    assert (orders >= 3.7).all(), orders


@pytest.mark.parametrize("which", ["small", "heroin_iv", "breathing"])
def test_emitted_derivatives_agree_with_numerical_differentiation(which: str, request: pytest.FixtureRequest) -> None:
    breathing = prepare(Scenario.from_file(find_file("heroin-iv", "scenarios")), load_library()) if which == "breathing" else None
    case = breathing or request.getfixturevalue(which)
    if which == "small":
        program, P = case.program, case.P(runaway__k=0.01)
    else:
        program, P = case.body.program, case.typical()
    plain = PlainTarget(program)
    q, n = plain.prep(P)[0].tolist(), program.n
    rng = np.random.default_rng(8)
    scale = np.array([1000.0 if u == "nmol" else 50.0 if u == "nmol/L" else 0.2 for u in program.flat.state_units])

    def rhs(y: np.ndarray) -> np.ndarray:
        out = [0.0] * n
        plain.functions["rhs"](y.tolist(), q, out)
        return np.array(out)

    for _ in range(3):
        y = rng.uniform(0.2, 1.0, n) * scale
        if which == "breathing":
            # gas pressures and contents only mean something together: near rest, and away from the kinks of clipped functions
            rest = plain.init(P)[0]
            scale = np.where(np.array([u in ("nmol", "nmol/L") for u in program.flat.state_units]), scale, np.maximum(np.abs(rest), 0.01))
            y = np.where(rest != 0, rest * rng.uniform(0.97, 1.03, n), y)
        values, dy = [0.0] * len(program.jacobian), [0.0] * n
        plain.functions["rhs_jac"](y.tolist(), q, dy, values)
        assert np.array_equal(dy, rhs(y))
        J = np.zeros((n, n))
        for (i, j), v in zip(program.jacobian, values, strict=True):
            J[i, j] = v
        for j in range(n):
            # the oxygen curve bends sharply: its differences need smaller steps
            h = (2e-5 if which == "breathing" else 1e-4) * scale[j]
            up, down = y.copy(), y.copy()
            up[j] += h
            down[j] -= h
            column = (rhs(up) - rhs(down)) / (up[j] - down[j])
            assert J[:, j] == pytest.approx(column, rel=1e-6, abs=1e-8 * (1 + np.abs(dy).max() / scale[j]))
