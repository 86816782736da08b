"""Saved states: two runs joined are one run, branches of one state are alike, and a state of other equations is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from papaver.cohort import sample
from papaver.errors import DataError, PapaverError
from papaver.scenario import Dose, Observe, Person, Scenario
from papaver.simulate import Prepared, Result, prepare, simulate
from papaver.simulate.state import State, advance, load_state, save_state

ROUTES = [("heroin", "iv"), ("morphine", "iv"), ("morphine", "im")]


HEROIN = {"drug": "heroin", "amount": "10 mg", "route": "iv"}
INFUSION = {"drug": "morphine", "amount": "20 mg", "route": "iv", "at": "40 min", "over": "50 min"}
LAST = {"drug": "morphine", "amount": "10 mg", "route": "im"}


@pytest.fixture(scope="module")
def halves(library) -> tuple[Prepared, Prepared, Prepared]:
    """Two hours, and the same as two runs of one hour; an infusion runs across the join."""

    def build(until: str, *doses: dict[str, str]) -> Prepared:
        s = Scenario(doses=[Dose(**d) for d in doses], person=Person(weight="70 kg"), observe=Observe(until=until, every="5 min"))
        return prepare(s, library, routes=ROUTES)

    whole = build("2 h", HEROIN, INFUSION, LAST | {"at": "90 min"})
    return whole, build("1 h", HEROIN, INFUSION), build("1 h", LAST | {"at": "30 min"})


@pytest.fixture(scope="module")
def joint(halves) -> tuple[State, Result, Result, Result]:
    whole, first, second = halves
    P = sample(whole, 2, seed=3)
    one = simulate(whole, P, solver="scalar", rtol=1e-8)
    a, state = advance(first, P=P, solver="scalar", rtol=1e-8)
    b, _ = advance(second, state, solver="scalar", rtol=1e-8)
    return state, one, a, b


def test_two_runs_joined_are_one_run(joint) -> None:
    state, one, a, b = joint
    joined = np.concatenate([a.data[:, :-1], b.data], axis=1)
    peak = np.abs(one.data).max(axis=(0, 1)).clip(1e-9)
    assert np.max(np.abs(joined - one.data) / peak) < 1e-6
    assert state.elapsed == 60
    assert np.array_equal(a.data[:, -1], b.data[:, 0])


def test_a_run_from_rest_is_what_simulate_gives(halves, joint) -> None:
    _, first, _ = halves
    P = sample(first, 2, seed=3)
    assert simulate(first, P, solver="scalar", rtol=1e-8).hash() == joint[2].hash()


def test_moles_balance_across_the_join(joint) -> None:
    _, _, a, b = joint
    assert a.mole_error < 1e-9
    assert b.mole_error < 1e-9
    assert b.broken_laws == []


def test_branches_of_a_saved_state_are_identical(halves, joint) -> None:
    state = joint[0]
    save_state(state, "s.npz")
    loaded = load_state("s.npz")
    assert loaded.events == state.events
    assert (loaded.state_names, loaded.param_names, loaded.seed, loaded.elapsed) == (state.state_names, state.param_names, 1, 60.0)
    (x, x_end), (y, y_end) = (advance(halves[2], s, solver="scalar", rtol=1e-8) for s in (loaded, loaded))
    assert x.hash() == y.hash() == joint[3].hash()
    assert np.array_equal(x_end.Y, y_end.Y)
    other, _ = advance(halves[1], loaded, solver="scalar")
    assert other.hash() != x.hash()
    assert [p.name for p in Path().iterdir()] == ["s.npz"]


def test_one_of_the_people_goes_on_alone(halves, joint) -> None:
    r, _ = advance(halves[2], joint[0][1:], solver="scalar", rtol=1e-8)
    assert r.first_person == 1
    assert np.array_equal(r.data[0], joint[3].data[1])


@pytest.mark.slow
def test_the_kernel_goes_on_as_the_scalar_solver_does(heroin_iv) -> None:
    P = sample(heroin_iv, 3, seed=3)
    ends = {}
    for solver in ("scalar", "kernel"):
        _, state = advance(heroin_iv, P=P, solver=solver, rtol=1e-8)
        ends[solver] = advance(heroin_iv, state, solver=solver, rtol=1e-8)
    (a, a_end), (b, b_end) = ends.values()
    peak = np.abs(a.data).max(axis=(0, 1)).clip(1e-9)
    assert np.max(np.abs(a.data - b.data) / peak) < 1e-9
    assert b.mole_error < 1e-9
    assert b_end.elapsed == a_end.elapsed == 2 * heroin_iv.scenario.t[-1]


def test_who_failed_stays_failed(halves) -> None:
    _, first, second = halves
    P = sample(first, 2, seed=3)
    P[0, first.body.program.param_names.index("heroin.pk.CL")] = np.nan
    _, state = advance(first, P=P, solver="scalar")
    r, end = advance(second, state, solver="scalar")
    assert r.reasons[0] == state.reasons[0] == end.reasons[0] != ""
    assert r.reasons[1] == ""
    assert np.isnan(r.data[0, 1:]).all()
    assert np.isfinite(r.data[1]).all()


def test_a_state_of_other_equations_is_refused(halves, joint, heroin_iv) -> None:
    with pytest.raises(DataError, match=r"states of the saved model only: morphine\.im.*routes"):
        advance(heroin_iv, joint[0])
    with pytest.raises(PapaverError, match="cvode"):
        advance(halves[2], joint[0], solver="cvode")


def test_a_file_that_is_no_state_is_refused() -> None:
    with pytest.raises(DataError, match="no such file"):
        load_state("nowhere.npz")
    Path("x.npz").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(DataError, match=r"x\.npz: is no saved state"):
        load_state("x.npz")
    np.savez("y.npz", a=np.zeros(3))
    with pytest.raises(DataError, match=r"y\.npz: is no saved state"):
        load_state("y.npz")


def test_a_dose_that_a_rule_has_ordered_is_given_after_the_join(library) -> None:
    def build(until: str, **rule: str) -> Prepared:
        doses = [Dose(**HEROIN), Dose(**HEROIN | {"amount": "2 mg"} | rule)] if rule else [Dose(**HEROIN | {"at": "29 min"})]
        s = Scenario(doses=doses, observe=Observe(until=until, every="5 min"))
        return prepare(s, library)

    delayed = {"when": "heroin.pk.C1 > 100 nmol/L", "after": "20 min"}
    one = simulate(build("30 min", **delayed), solver="scalar", rtol=1e-8)
    a, state = advance(build("10 min", **delayed), solver="scalar", rtol=1e-8)
    assert len(a.schedule) == 1
    assert 10 < state.elapsed + state.events[0][0][0] < 30
    b, _ = advance(build("30 min"), state, solver="scalar", rtol=1e-8)
    peak = np.abs(one.data).max(axis=(0, 1)).clip(1e-9)
    assert np.max(np.abs(b.data[:, :5] - one.data[:, 2:]) / peak) < 1e-6
    assert a.mole_error < 1e-9
    assert b.mole_error < 1e-9
