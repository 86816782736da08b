"""Saved states: two runs joined are one run, branches of one state are alike, and a state of other equations is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from papaver.cohort import sample
from papaver.errors import DataError, PapaverError
from papaver.scenario import Dose, Observe, Person, Scenario, Stop
from papaver.simulate import Prepared, Result, prepare, simulate
from papaver.simulate import state as state_module
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


def test_the_reference_solver_goes_on_too(halves, joint) -> None:
    b, _ = advance(halves[2], joint[0], solver="cvode", rtol=1e-8)
    peak = np.abs(joint[3].data).max(axis=(0, 1)).clip(1e-9)
    assert np.max(np.abs(b.data - joint[3].data) / peak) < 1e-5


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


def test_a_file_that_is_no_state_is_refused() -> None:
    with pytest.raises(DataError, match="no such file"):
        load_state("nowhere.npz")
    Path("x.npz").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(DataError, match=r"x\.npz: is no saved state"):
        load_state("x.npz")
    np.savez("y.npz", a=np.zeros(3))
    with pytest.raises(DataError, match=r"y\.npz: is no saved state"):
        load_state("y.npz")


def test_a_file_of_an_earlier_version_is_named(joint, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as then:
        then.setattr(state_module, "FORMAT", 1)
        save_state(joint[0], "old.npz")
    with pytest.raises(DataError, match=r"old\.npz: format: read 1; this version of papaver reads 2; it was written by an earlier version"):
        load_state("old.npz")


RESCUE = {"drug": "morphine", "amount": "3 mg", "route": "iv", "when": "morphine.pk.C1 < 60 nmol/L"}


def ruled(library, until: str, *rules: dict[str, object], first: bool = True, stop: Stop | None = None) -> Prepared:
    """Morphine, and more of it whenever the plasma is low; the second half has the rules alone."""
    doses = [Dose(drug="morphine", amount="10 mg", route="iv")] if first else []
    observe = Observe(until=until, every="5 min", stop=[stop] if stop else None)
    s = Scenario(
        doses=[*doses, *(Dose(**{("hold" if k == "for" else k): v for k, v in r.items()}) for r in rules)],
        person=Person(weight="70 kg"),
        observe=observe,
    )
    return prepare(s, library, routes=[("morphine", "iv")])


def in_two(library, cut: int, whole: int, *rules: dict[str, object], **more: object) -> tuple[Result, Result, State, Result]:
    """The run in one, and in two with the state saved to a file in between."""
    one = simulate(ruled(library, f"{whole} min", *rules, **more), sample_of(library, *rules), solver="scalar", rtol=1e-9)
    a, state = advance(ruled(library, f"{cut} min", *rules, **more), P=sample_of(library, *rules), rtol=1e-9)
    save_state(state, "half.npz")
    b, _ = advance(ruled(library, f"{whole - cut} min", *rules, first=False, **more), load_state("half.npz"), rtol=1e-9)
    return one, a, state, b


def sample_of(library, *rules: dict[str, object]) -> np.ndarray:
    return sample(ruled(library, "4 h", *rules), 3, seed=4)


def assert_joined(one: Result, a: Result, b: Result) -> None:
    cut = float(a.t[-1])
    joined = np.concatenate([a.data[:, :-1], b.data], axis=1)
    assert np.array_equal(np.isnan(joined), np.isnan(one.data))
    peak = np.nanmax(np.abs(one.data), axis=(0, 1)).clip(1e-9)
    assert np.nanmax(np.abs(joined - one.data) / peak) < 1e-6
    rows = [[(r["person"], r["when"], r["fired"] + shift, r["given"] + shift) for r in x.schedule] for x, shift in ((one, 0.0), (a, 0.0), (b, cut))]
    parts = sorted(rows[1] + rows[2], key=lambda r: (r[0], r[2]))
    assert [r[:2] for r in parts] == [r[:2] for r in sorted(rows[0], key=lambda r: (r[0], r[2]))]
    np.testing.assert_allclose([r[2:] for r in parts], [r[2:] for r in sorted(rows[0], key=lambda r: (r[0], r[2]))], rtol=0, atol=1e-4)
    assert max(a.mole_error, b.mole_error) < 1e-9


def test_how_long_a_condition_has_held_goes_over_the_join(library) -> None:
    rule = RESCUE | {"for": "25 min", "times": 4}
    one, a, state, b = in_two(library, 130, 360, rule)
    assert state.memory is not None
    assert 0 < state.memory.held.max() < 25
    assert_joined(one, a, b)
    # without its memory the rule would wait the whole time anew
    anew, _ = advance(ruled(library, "4 h", rule, first=False), replace(state, rules=(), memory=None), rtol=1e-8)
    who = int(state.memory.held[:, 0].argmax())
    fired = [next(x["fired"] for x in r.schedule if x["person"] == who) for r in (anew, b)]
    assert fired[0] > fired[1] + 1


def test_a_delayed_dose_and_the_count_go_over_the_join(library) -> None:
    rule = RESCUE | {"after": "40 min", "over": "20 min", "every": "50 min", "times": 4}
    one, a, state, b = in_two(library, 160, 480, rule)
    assert any(r["fired"] < 160 < r["given"] for r in a.schedule)
    assert state.memory is not None
    assert state.memory.count.max() > 0
    assert len(one.schedule) == 12
    assert_joined(one, a, b)


def test_a_rule_waits_for_its_condition_to_end_over_the_join(library) -> None:
    """Fired before the join and not to fire again until the condition has been false: a small dose leaves it true."""
    small = RESCUE | {"amount": "0.01 mg", "over": "30 min", "times": 5}
    one, a, state, b = in_two(library, 240, 400, small)
    assert state.memory is not None
    assert np.isinf(state.memory.ready).all()
    assert b.schedule == []
    assert_joined(one, a, b)


def test_a_baseline_and_the_time_of_arming_go_over_the_join(library) -> None:
    rule = RESCUE | {"when": "mop.free > 70 % of baseline", "at": "115 min", "times": 2, "every": "60 min"}
    one, a, _, b = in_two(library, 120, 400, rule)
    assert_joined(one, a, b)
    assert all(r["fired"] >= 115 for r in one.schedule)


def test_a_stop_counts_over_the_join(library) -> None:
    stop = Stop(when="morphine.pk.C1 < 60 nmol/L", hold="100 min")
    rule = RESCUE | {"when": "morphine.pk.C1 < 20 nmol/L"}
    one, a, _, b = in_two(library, 120, 360, rule, stop=stop)
    assert np.isfinite(one.stopped).any()
    np.testing.assert_allclose(b.stopped + 120, one.stopped, rtol=0, atol=1e-4)
    assert_joined(one, a, b)


def test_a_rule_that_the_branch_changes_begins_anew(library) -> None:
    rule = RESCUE | {"times": 1}
    _, state = advance(ruled(library, "3 h", rule), rtol=1e-8)
    assert state.memory is not None
    assert state.memory.count.tolist() == [[1.0]]
    same, _ = advance(ruled(library, "3 h", rule, first=False), state)
    other, _ = advance(ruled(library, "3 h", rule | {"amount": "4 mg"}, first=False), state)
    assert (len(same.schedule), len(other.schedule)) == (0, 1)


def test_rules_are_saved_by_the_plain_path_alone(library) -> None:
    with pytest.raises(PapaverError, match=r"solver: read 'kernel'; states of people with rules"):
        advance(ruled(library, "1 h", RESCUE), solver="kernel")


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
