"""Solving: three solvers, doses as events, failures as NaN with a reason, and an output grid that steers nothing."""

from __future__ import annotations

import numpy as np
import pytest

from papaver.core import rodas5p
from papaver.core.solve import DoseEvent, Solver, absolute_tolerance
from papaver.errors import PapaverError

GRID = np.linspace(0.0, 240.0, 481)


@pytest.mark.slow
def test_three_solvers_agree(small, small_doses) -> None:
    P = small.P()
    found = {s: small.solver.solve(P, small_doses, GRID, solver=s, rtol=1e-9) for s in ("scalar", "kernel", "cvode")}
    assert all(r.reasons == [""] for r in found.values())
    peak = np.abs(found["cvode"].Y).max(axis=(0, 1)).clip(1e-9)
    assert np.max(np.abs(found["scalar"].Y - found["cvode"].Y) / peak) < 1e-6
    assert np.max(np.abs(found["scalar"].Y - found["kernel"].Y) / peak) < 1e-12


@pytest.mark.slow
def test_kernel_results_do_not_depend_on_chunk_or_order(small, small_doses) -> None:
    P = small.P(7)
    P[:, small.program.param_names.index("drug.pk.CL")] = np.linspace(0.5, 3, 7)
    whole = small.solver.solve(P, small_doses, GRID, solver="kernel").Y
    for chunk in (1, 2, 3, 7):
        assert np.array_equal(whole, small.solver.solve(P, small_doses, GRID, solver="kernel", chunk=chunk).Y)
    assert np.array_equal(whole[::-1], small.solver.solve(P[::-1].copy(), small_doses, GRID, solver="kernel").Y)


@pytest.mark.slow
def test_kernel_results_do_not_depend_on_threads(small, small_doses) -> None:
    """Enough people that each thread has its own share, refills its lanes, and ends with lanes half empty."""
    P = small.P(43)
    P[:, small.program.param_names.index("drug.pk.CL")] = np.geomspace(0.2, 5, 43)
    one, *others = (small.solver.solve(P, small_doses, GRID, solver="kernel", threads=n, chunk=c) for n, c in ((1, 1024), (2, 1024), (3, 20)))
    for other in others:
        assert np.array_equal(one.Y, other.Y)
        assert np.array_equal(one.end, other.end)
        assert np.array_equal(one.steps, other.steps)


@pytest.mark.parametrize("solver", ["scalar", pytest.param("kernel", marks=pytest.mark.slow)])
def test_the_output_grid_never_changes_results(small, small_doses, solver: str) -> None:
    """Bit for bit at common times, whatever lies between them."""
    rng = np.random.default_rng(0)
    coarse = np.array([0.0, 7.3, 20.0, 35.0, 100.0, 240.0])
    fine = np.unique(np.concatenate([coarse, rng.uniform(0, 240, 500)]))
    a = small.solver.solve(small.P(), small_doses, coarse, solver=solver)
    b = small.solver.solve(small.P(), small_doses, fine, solver=solver)
    assert np.array_equal(a.Y[0], b.Y[0][np.searchsorted(fine, coarse)])
    assert np.array_equal(a.end, b.end)
    assert a.steps == b.steps


@pytest.mark.parametrize("solver", ["scalar", "cvode"])
def test_doses_at_equal_times_add_up(small, solver: str) -> None:
    one = small.solver.solve(small.P(), [DoseEvent(5.0, "drug.pk.dose", 300.0)], GRID, solver=solver).Y
    three = small.solver.solve(small.P(), [DoseEvent(5.0, "drug.pk.dose", 100.0)] * 3, GRID, solver=solver).Y
    assert three == pytest.approx(one, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("solver", ["scalar", "cvode"])
def test_a_value_at_the_time_of_a_dose_is_that_after_it(small, solver: str) -> None:
    k = small.program.state_names.index("drug.pk.A1")
    t = np.array([0.0, 10.0, 20.0])
    Y = small.solver.solve(small.P(), [DoseEvent(0.0, "drug.pk.dose", 100.0), DoseEvent(20.0, "drug.pk.dose", 50.0)], t, solver=solver).Y[0, :, k]
    before = small.solver.solve(small.P(), [DoseEvent(0.0, "drug.pk.dose", 100.0)], t, solver=solver).Y[0, :, k]
    assert Y[0] == 100.0
    assert Y[2] - before[2] == pytest.approx(50.0, rel=1e-5)


def test_a_dose_after_the_last_time_does_nothing(small) -> None:
    t = np.array([0.0, 10.0])
    none = small.solver.solve(small.P(), [], t).Y
    late = small.solver.solve(small.P(), [DoseEvent(10.5, "drug.pk.dose", 100.0)], t).Y
    assert np.array_equal(none, late)


def test_an_infusion_gives_its_amount_and_no_more(small) -> None:
    P = small.P(drug__pk__CL=0.0, drug__pk__Q=0.0)
    k = small.program.state_names.index("drug.pk.A1")
    t = np.array([0.0, 5.0, 10.0, 12.5, 30.0, 60.0])
    Y = small.solver.solve(P, [DoseEvent(5.0, "drug.pk.dose", 90.0, 15.0)], t).Y[0, :, k]
    assert Y == pytest.approx([0, 0, 30, 45, 90, 90], rel=1e-12, abs=1e-12)


def test_overlapping_infusions(small) -> None:
    P = small.P(drug__pk__CL=0.0, drug__pk__Q=0.0)
    k = small.program.state_names.index("drug.pk.A1")
    doses = [DoseEvent(0.0, "drug.pk.dose", 60.0, 60.0), DoseEvent(30.0, "drug.pk.dose", 60.0, 30.0), DoseEvent(60.0, "drug.pk.dose", 10.0, 10.0)]
    Y = small.solver.solve(P, doses, np.array([0.0, 30.0, 45.0, 60.0, 65.0, 100.0])).Y[0, :, k]
    assert Y == pytest.approx([0, 30, 75, 120, 125, 130], rel=1e-12)


def test_lag_and_split_of_a_dose(small) -> None:
    P = small.P(drug__depot__ka=0.0)
    A, lost = (small.program.state_names.index(f"drug.depot.{n}") for n in ("A", "A_lost"))
    Y = small.solver.solve(P, [DoseEvent(2.0, "drug.depot.dose", 100.0)], np.array([0.0, 2.0, 4.99, 5.0, 9.0])).Y[0]
    assert Y[:, A] == pytest.approx([0, 0, 0, 60, 60])
    assert Y[:, lost] == pytest.approx([0, 0, 0, 40, 40])


def test_lag_differs_by_person(small) -> None:
    P = small.P(2, drug__depot__ka=0.0)
    P[:, small.program.param_names.index("drug.depot.tlag")] = [1.0, 8.0]
    A = small.program.state_names.index("drug.depot.A")
    Y = small.solver.solve(P, [DoseEvent(0.0, "drug.depot.dose", 100.0)], np.array([0.0, 2.0, 9.0])).Y[:, :, A]
    assert Y == pytest.approx(np.array([[0, 60, 60], [0, 0, 60]]))


SOLVERS = ["scalar", pytest.param("kernel", marks=pytest.mark.slow), "cvode"]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_blow_up_is_nan_with_time_and_state(small, solver: str) -> None:
    """dx/dt = k x^2 with x(0) = 1 and k = 0.1 is infinite at 10 min."""
    t = np.array([0.0, 5.0, 9.0, 11.0, 20.0])
    r = small.solver.solve(small.P(runaway__k=0.1), [DoseEvent(0.0, "drug.pk.dose", 100.0)], t, solver=solver, max_steps=5000)
    reason = r.reasons[0]
    assert "worst in runaway.x" in reason
    failed_at = float(reason.split(" at ")[1].split(" min")[0])
    assert failed_at == pytest.approx(10.0, rel=1e-3)
    assert np.isnan(r.Y[0, 3:]).all()
    if solver != "cvode":
        x = r.Y[0, :3, small.program.state_names.index("runaway.x")]
        assert x == pytest.approx([1, 2, 10], rel=1e-4)


@pytest.mark.parametrize("solver", SOLVERS)
def test_too_many_steps_is_a_reason_not_a_number(small, small_doses, solver: str) -> None:
    r = small.solver.solve(small.P(), small_doses, GRID, solver=solver, max_steps=4)
    assert r.reasons[0].startswith("too many steps at ")
    assert "worst in " in r.reasons[0]
    assert np.isnan(r.Y[0, -1]).all()


@pytest.mark.slow
def test_one_failing_person_leaves_the_others_alone(small, small_doses) -> None:
    P = small.P(3)
    P[1, small.program.param_names.index("runaway.k")] = 0.1
    r = small.solver.solve(P, small_doses, GRID, solver="kernel")
    alone = small.solver.solve(small.P(), small_doses, GRID, solver="kernel")
    assert [bool(x) for x in r.reasons] == [False, True, False]
    assert np.array_equal(r.Y[0], alone.Y[0])
    assert np.array_equal(r.Y[2], alone.Y[0])


@pytest.mark.parametrize("solver", ["scalar", "cvode"])
def test_a_nan_parameter_fails_and_says_so(small, small_doses, solver: str) -> None:
    r = small.solver.solve(small.P(drug__pk__CL=np.nan), small_doses, GRID, solver=solver, max_steps=2000)
    assert r.reasons[0] != ""
    assert np.isnan(r.Y[0, -1]).all()


def test_a_stiff_receptor_needs_few_steps(small, small_doses) -> None:
    """L-stability: a millionfold faster receptor does not cost a millionfold more steps."""
    slow = small.solver.solve(small.P(), small_doses, GRID).steps[0]
    P = small.P()
    for ligand in ("drug", "own"):
        P[0, small.program.param_names.index(f"mop.koff[{ligand}]")] = 1e6
    stiff = small.solver.solve(P, small_doses, GRID)
    assert stiff.reasons == [""]
    assert stiff.steps[0] < 5 * slow


def test_tolerance_is_met(small, small_doses) -> None:
    fine = small.solver.solve(small.P(), small_doses, GRID, rtol=1e-11).Y
    peak = np.abs(fine).max(axis=(0, 1)).clip(1e-9)
    for rtol in (1e-4, 1e-6, 1e-8):
        error = np.max(np.abs(small.solver.solve(small.P(), small_doses, GRID, rtol=rtol).Y - fine) / peak)
        assert error < 30 * rtol


def test_unknown_solver_and_port(small) -> None:
    with pytest.raises(PapaverError, match=r"unknown solver 'scaler'; did you mean 'scalar'\?"):
        small.solver.solve(small.P(), [], GRID, solver="scaler")
    with pytest.raises(PapaverError, match=r"small: no dose port 'drug\.pk\.dos'; did you mean 'drug\.pk\.dose'\?"):
        small.solver.solve(small.P(), [DoseEvent(0, "drug.pk.dos", 1)], GRID)


def test_progress_counts_people(small) -> None:
    seen: list[int] = []
    Solver(small.program).solve(small.P(3), [], np.array([0.0, 1.0]), progress=seen.append)
    assert seen == [1, 2, 3]


def test_absolute_tolerances_by_the_unit_of_the_state(small) -> None:
    units = small.program.flat.state_units
    default, tight = (absolute_tolerance(small.program, rtol) for rtol in (1e-6, 1e-8))
    assert default.tolist() == [{"nmol": 1e-5, "nmol/L": 1e-6, "1": 1e-9}.get(u, 1e-8) for u in units]
    np.testing.assert_allclose(tight, default * 1e-2, rtol=1e-12)
    loose = absolute_tolerance(small.program, 1e-3)
    assert loose == pytest.approx([{"nmol": 1e-2, "nmol/L": 1e-3, "1": 1e-4}.get(u, 1e-5) for u in units], rel=1e-9)
    mine = absolute_tolerance(small.program, 1e-8, {"nmol": 3e-4})
    assert mine.tolist() == [3e-4 if u == "nmol" else t for u, t in zip(units, tight.tolist(), strict=True)]
    assert absolute_tolerance(small.program, 1e-6, 1e-3).tolist() == [1e-3] * len(units)
    with pytest.raises(PapaverError, match=r"atol: no state of small is in 'mol'; the units are 1, .*nmol"):
        absolute_tolerance(small.program, 1e-6, {"mol": 1.0})
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(PapaverError, match=r"atol: read .* \(for states in 'nmol'\); a number above 0 is needed"):
            absolute_tolerance(small.program, 1e-6, {"nmol": bad})


@pytest.mark.parametrize("solver", ["scalar", "cvode", pytest.param("kernel", marks=pytest.mark.slow)])
def test_an_absolute_tolerance_is_what_the_error_follows(small, solver: str) -> None:
    """A dose far below the tolerance is not worth a step; a tight tolerance takes more of them and comes closer."""
    tiny = [DoseEvent(0.0, "drug.depot.dose", 1e-4)]
    exact = small.solver.solve(small.P(), tiny, GRID, solver=solver, rtol=1e-9, atol=1e-18).Y
    k = small.program.state_names.index("drug.pk.A1")
    loose, close = (small.solver.solve(small.P(), tiny, GRID, solver=solver, rtol=1e-6, atol={"nmol": a}).Y for a in (1e-2, 1e-14))
    errors = [float(np.abs(Y - exact)[0, :, k].max()) for Y in (loose, close)]
    assert errors[1] < 1e-9
    assert errors[0] > 3 * errors[1]


@pytest.mark.parametrize("solver", ["scalar", "cvode", pytest.param("kernel", marks=pytest.mark.slow)])
def test_going_on_from_given_states_with_events_under_way(small, small_doses, solver: str) -> None:
    """Two halves are the whole: the infusion of 20 to 35 min runs across the cut as a rate and its end."""
    P, cut = small.P(2), 30.0
    whole = small.solver.solve(P, small_doses, GRID, solver=solver, rtol=1e-9)
    first = small.solver.solve(P, small_doses, GRID[GRID <= cut], solver=solver, rtol=1e-9)
    rate, state = 400.0 / 15.0, small.program.state_names.index("drug.pk.A1")
    under_way = [[(cut, rodas5p.RATE, state, rate), (35.0, rodas5p.RATE, state, -rate)]] * 2
    rest = small.solver.solve(P, (), GRID[GRID >= cut], solver=solver, rtol=1e-9, Y0=first.end, under_way=under_way)
    peak = np.abs(whole.Y).max(axis=(0, 1)).clip(1e-9)
    assert np.max(np.abs(rest.Y - whole.Y[:, GRID >= cut]) / peak) < 1e-6
    assert np.array_equal(rest.Y[:, 0], first.end)
    gone = first.end.copy()
    gone[0] = np.nan
    one = small.solver.solve(P, (), GRID[GRID >= cut], solver=solver, rtol=1e-9, Y0=gone, under_way=under_way)
    assert np.isnan(one.Y[0]).all()
    assert one.reasons[0]
    assert np.array_equal(one.Y[1], rest.Y[1])
