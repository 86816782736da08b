"""Rules on a made-up system whose answers are known: exponential decay, so that every crossing has a closed form."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from papaver.core import Component, Dose, Output, Param, State, System, d
from papaver.core.lower import lower
from papaver.core.rules import Rule
from papaver.core.solve import DoseEvent, Solver
from papaver.errors import PapaverError


class Decay(Component):
    """One compartment with unit volume."""

    k = Param("1/min", "rate constant")
    A = State("nmol", "amount")
    twice = Output(2 * A, "nmol", "twice the amount")
    dose = Dose({A: 1})
    equations = [d(A) == -k * A]


K = 0.1


@pytest.fixture(scope="module")
def solver() -> Solver:
    s = System("decay")
    s.add("x", Decay)
    return Solver(lower(s))


@pytest.fixture
def low(solver: Solver) -> Rule:
    """Below 20 nmol: give 80 nmol."""
    return Rule(node=solver.program.output("x.A"), above=False, threshold=20.0, at=1.0, port="x.dose", amount=80.0)


def run(solver: Solver, *rules: Rule, until: float = 60.0, P: np.ndarray | None = None, by: str = "scalar"):
    t = np.linspace(0.0, until, 241)
    return solver.solve(np.array([[K]]) if P is None else P, [DoseEvent(0.0, "x.dose", 100.0)], t, rules=rules, rtol=1e-9, solver=by)


FIRST = math.log(100 / 20) / K


def test_a_crossing_is_found_to_the_solver_s_accuracy(solver: Solver, low: Rule) -> None:
    firings = run(solver, low).firings[0]
    assert len(firings) == 1
    assert firings[0].fired == pytest.approx(FIRST, rel=1e-7)
    assert firings[0].given == firings[0].fired


def test_the_dose_is_given_and_the_curve_goes_on_from_there(solver: Solver, low: Rule) -> None:
    r = run(solver, low)
    late = r.t > FIRST + 1
    assert r.Y[0, late, 0] == pytest.approx(100.0 * np.exp(-K * (r.t[late] - FIRST)), rel=1e-6)


def test_for_and_after_delay_the_dose(solver: Solver, low: Rule) -> None:
    f = run(solver, replace(low, hold=2.0, after=1.5)).firings[0][0]
    assert f.fired == pytest.approx(FIRST + 2.0, rel=1e-7)
    assert f.given == pytest.approx(FIRST + 3.5, rel=1e-7)


def test_a_condition_that_does_not_hold_long_enough_does_not_fire(solver: Solver, low: Rule) -> None:
    # a second, scheduled dose lifts the amount again before the condition has held for 5 min
    t = np.linspace(0.0, 24.0, 97)
    doses = [DoseEvent(0.0, "x.dose", 100.0), DoseEvent(FIRST + 3.0, "x.dose", 500.0)]
    assert solver.solve(np.array([[K]]), doses, t, rules=[replace(low, hold=5.0)], rtol=1e-9).firings[0] == []


def test_times_and_every_limit_the_firings(solver: Solver, low: Rule) -> None:
    tiny = replace(low, amount=0.001, times=3, every=4.0)
    fired = [f.fired for f in run(solver, tiny).firings[0]]
    assert fired == pytest.approx([FIRST, FIRST + 4.0, FIRST + 8.0], rel=1e-6)


def test_without_every_the_condition_must_first_be_false_again(solver: Solver, low: Rule) -> None:
    again = [f.fired for f in run(solver, replace(low, times=5)).firings[0]]
    period = math.log(100 / 20) / K
    assert again == pytest.approx([period * (k + 1) for k in range(len(again))], rel=1e-6)
    assert len(again) == 3
    held = replace(low, times=5, amount=0.001, after=3.0)
    assert len(run(solver, held).firings[0]) == 1


def test_a_rule_waits_until_it_is_armed(solver: Solver, low: Rule) -> None:
    assert run(solver, replace(low, at=30.0)).firings[0][0].fired == pytest.approx(30.0, abs=1e-6)


def test_a_triggered_infusion_adds_its_amount_over_its_duration(solver: Solver, low: Rule) -> None:
    slow = System("slow")
    slow.add("x", Decay)
    s = Solver(lower(slow))
    r = s.solve(
        np.array([[1e-9]]), [DoseEvent(0.0, "x.dose", 10.0)], np.linspace(0, 40, 81), rules=[replace(low, at=5.0, amount=60.0, duration=20.0)]
    )
    assert np.interp([5.0, 15.0, 25.0, 40.0], r.t, r.Y[0, :, 0]) == pytest.approx([10.0, 40.0, 70.0, 70.0], rel=1e-6)


def test_a_stop_ends_the_run_with_nan_after_it(solver: Solver, low: Rule) -> None:
    r = run(solver, replace(low, stop=True, port=None, amount=0.0))
    assert r.stopped[0] == pytest.approx(FIRST, rel=1e-7)
    assert np.isfinite(r.Y[0, r.t < FIRST]).all()
    assert np.isnan(r.Y[0, r.t > FIRST]).all()
    assert r.reasons == [""]


def test_a_threshold_of_the_baseline_is_each_person_s_own(solver: Solver) -> None:
    class Rest(Component):
        """Starts at its own level."""

        level = Param("nmol", "level at rest")
        k = Param("1/min", "rate constant")
        A = State("nmol", "amount", init=level)
        equations = [d(A) == -k * A]

    s = System("rest")
    s.add("x", Rest)
    program = lower(s)
    P = np.array([[50.0, K], [80.0, K]]) if program.param_names[0] == "x.level" else np.array([[K, 50.0], [K, 80.0]])
    rule = Rule(node=program.output("x.A"), above=False, threshold=0.4, of_baseline=True, stop=True)
    stopped = Solver(program).solve(P, [], np.linspace(0, 40, 81), rules=[rule], rtol=1e-9).stopped
    assert stopped == pytest.approx([math.log(1 / 0.4) / K] * 2, rel=1e-7)


def test_the_output_grid_does_not_move_a_firing(solver: Solver, low: Rule) -> None:
    P, doses = np.array([[K]]), [DoseEvent(0.0, "x.dose", 100.0)]
    a = solver.solve(P, doses, np.array([0.0, 60.0]), rules=[low]).firings
    b = solver.solve(P, doses, np.linspace(0.0, 60.0, 999), rules=[low]).firings
    assert a == b


@pytest.mark.slow
def test_plain_and_compiled_rules_are_the_same_to_the_bit(solver: Solver, low: Rule) -> None:
    P = np.array([[K], [0.2], [0.07], [0.31], [0.05], [0.11], [0.4], [0.09], [0.13]])
    rules = [replace(low, times=3, hold=0.5, after=0.25), replace(low, node=solver.program.output("x.twice"), above=True, threshold=300.0, stop=True)]
    a, b = (run(solver, *rules, P=P, by=s) for s in ("scalar", "kernel"))
    assert np.array_equal(a.Y, b.Y, equal_nan=True)
    assert a.firings == b.firings


def test_the_reference_solver_refuses_rules(solver: Solver, low: Rule) -> None:
    with pytest.raises(PapaverError, match="does not follow rules"):
        run(solver, low, by="cvode")
