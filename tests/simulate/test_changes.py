"""Covariates that change during a run: two stretches agree with matrix exponentials of each, whoever solves them and however people are chunked."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

import papaver
from papaver import api
from papaver.cohort import draw, sample
from papaver.errors import PapaverError, ScenarioError
from papaver.scenario import Change, Dose, Observe, Person, Scenario
from papaver.simulate import Prepared, prepare, simulate
from papaver.simulate.run import _solver
from papaver.simulate.state import advance

CUT, END = 185.0, 600.0
KIDNEY = {"at": "185 min", "eGFR": "20 mL/min"}


def build(library, *changes: dict[str, Any], doses: tuple[dict[str, Any], ...] = (), every: str = "10 min", **person: Any) -> Prepared:
    first = {"drug": "m6g", "amount": "5 mg", "route": "iv"}
    s = Scenario(
        doses=[Dose(**d) for d in (first, *doses)], observe=Observe(until="600 min", every=every),
        person=Person(**{"weight": "70 kg", "eGFR": "110 mL/min"} | person, changes=[Change(**c) for c in changes]),
    )  # fmt: skip
    return prepare(s, library)


def matrix(p: Prepared, P: np.ndarray) -> np.ndarray:
    """The Jacobian of the body at rest: all that M6G does but bind to receptors is linear."""
    program, plain = p.body.program, _solver(p.body.program).plain
    dy, J = [0.0] * program.n, [0.0] * len(program.jacobian)
    plain.functions["rhs_jac"](plain.init(P[None])[0].tolist(), plain.prep(P[None])[0].tolist(), dy, J)
    full = np.zeros((program.n, program.n))
    for (i, j), value in zip(program.jacobian, J, strict=True):
        full[i, j] = value
    return full


@pytest.mark.parametrize("solver", ["scalar", "cvode", pytest.param("kernel", marks=pytest.mark.slow)])
def test_two_stretches_are_two_matrix_exponentials(library, solver: str) -> None:
    p = build(library, KIDNEY | {"weight": "90 kg"})
    parts = draw(p, 3, seed=2)
    r = simulate(p, parts, solver=solver, rtol=1e-9)
    program = p.body.program
    states = [k for k, name in enumerate(program.state_names) if name.startswith("m6g.")]
    central, names = states.index(program.state_names.index("m6g.pk.A1")), program.param_names
    doses = _solver(program).events(parts[0], p.events)
    for person in range(3):
        before, after = (matrix(p, P[person])[np.ix_(states, states)] for P in parts)
        x0 = np.zeros(len(states))
        for _, _, state, amount in doses[person]:
            x0[states.index(state)] = amount
        V = [P[person, names.index("m6g.pk.V1")] for P in parts]
        assert V[1] != V[0]
        for k, t in enumerate(r.t):
            x = expm(before * t) @ x0 if t < CUT else expm(after * (t - CUT)) @ expm(before * CUT) @ x0
            assert r["m6g.pk.C1"][person, k] == pytest.approx(x[central] / V[int(t >= CUT)], rel=1e-6)
    assert r.mole_error < 1e-6
    assert r.broken_laws == []


def test_a_value_holds_from_its_time_on(library) -> None:
    """At the moment of the change the new volume counts; before it nothing is different."""
    plain, changed = build(library, every="5 min"), build(library, {"at": "185 min", "weight": "140 kg"}, every="5 min")
    a, b = (simulate(p, rtol=1e-9)["m6g.pk.C1"][0] for p in (plain, changed))
    cut = 37
    np.testing.assert_allclose(b[:cut], a[:cut], rtol=1e-6)
    V = [P[0, changed.body.program.param_names.index("m6g.pk.V1")] for P in changed.parameters()]
    assert b[cut] / a[cut] == pytest.approx(V[0] / V[1], rel=1e-6)


def test_a_dose_after_the_change_is_a_dose_in_the_changed_person(library) -> None:
    """Only the second dose is seen, given when everything else is as in a person who was always like that."""
    late = {"drug": "m6g", "amount": "5 mg", "route": "iv", "at": "300 min", "over": "30 min"}
    r, none = (simulate(build(library, KIDNEY, doses=doses), rtol=1e-9)["m6g.pk.C1"][0] for doses in ((late,), ()))
    always = build(library, doses=(late,), eGFR="20 mL/min")
    alone = simulate(always, rtol=1e-9)["m6g.pk.C1"][0] - simulate(build(library, eGFR="20 mL/min"), rtol=1e-9)["m6g.pk.C1"][0]
    np.testing.assert_allclose((r - none)[30:], alone[30:], rtol=1e-5, atol=1e-6)


def test_an_infusion_runs_across_a_change(library) -> None:
    long = {"drug": "m6g", "amount": "50 mg", "route": "iv", "at": "100 min", "over": "200 min"}
    r = simulate(build(library, KIDNEY, {"at": "250 min", "liver": "child_pugh_C"}, doses=(long,)), rtol=1e-8)
    assert r.mole_error < 1e-9
    assert np.diff(r["m6g.pk.C1"][0])[12:30].min() > 0


def test_the_first_stretch_draws_who_was_drawn_before(library) -> None:
    p = build(library, KIDNEY)
    first, second = draw(p, 5, seed=9)
    assert np.array_equal(first, sample(build(library), 5, seed=9))
    assert not np.array_equal(first, second)
    with pytest.raises(PapaverError, match="P: read 1 arrays; covariates change 1 times, so 2 are needed"):
        simulate(p, first)


def test_rules_go_on_over_a_change(library) -> None:
    """The rule's hold begins before the change; a change that changes nothing changes nothing."""
    rule = {"drug": "m6g", "amount": "2 mg", "route": "iv", "when": "m6g.pk.C1 < 250 nmol/L", "hold": "40 min", "times": 3}
    same = {"at": "185 min", "eGFR": "110 mL/min"}
    one, two = (simulate(build(library, *c, doses=(rule,)), solver="scalar", rtol=1e-8) for c in ((), (same,)))
    assert any(row["fired"] - 40 < CUT < row["fired"] for row in one.schedule)
    np.testing.assert_allclose([r["fired"] for r in two.schedule], [r["fired"] for r in one.schedule], rtol=0, atol=1e-3)
    np.testing.assert_allclose(two["m6g.pk.C1"], one["m6g.pk.C1"], rtol=1e-5, atol=1e-6)
    with pytest.raises(PapaverError, match=r"solver: read 'kernel'; rules \(when: \.\.\.\) of people whose covariates change .* 'scalar' alone"):
        simulate(build(library, same, doses=(rule,)), solver="kernel")


def test_a_saved_person_does_not_change(library) -> None:
    _, state = advance(build(library, KIDNEY))
    assert np.array_equal(state.P, build(library, KIDNEY).parameters()[1])
    with pytest.raises(PapaverError, match=r"person\.changes: a saved person is not looked at again"):
        advance(build(library, KIDNEY), state)


FILE = {
    "doses": [{"drug": "m6g", "amount": "5 mg", "route": "iv"}], "observe": {"until": "10 h", "every": "1 h"},
    "person": {"eGFR": "110 mL/min", "changes": [{"at": "185 min", "eGFR": "20 mL/min"}, {"at": "6 h", "weight": "60 kg"}]},
}  # fmt: skip


def test_a_cohort_does_not_depend_on_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = set()
    for chunk in (2, 3, 5):
        monkeypatch.setattr(api, "CHUNK_UNCOMPILED", chunk)
        r = papaver.run(FILE, people=5, solver="scalar", out="o")
        hashes.add((r.hash(), r.outcomes_hash()))
    assert len(hashes) == 1
    assert papaver.replay("o").matches
    without = papaver.run(FILE | {"person": {"eGFR": "110 mL/min"}}, people=5, solver="scalar", out=False)
    assert (r["m6g.pk.C1"][:, -1] > 1.2 * without["m6g.pk.C1"][:, -1]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([{"at": "0 min", "eGFR": "20 mL/min"}], "person.changes[0].at: read '0 min'; it must be after 0 min (what holds from the start"),
        ([{"at": "1 h", "eGFR": "20 mL/min"}, {"at": "1 h", "eGFR": "30 mL/min"}], "person.changes[1].at: read '1 h'; it must be after the change"),
        ([{"at": "10 h", "eGFR": "20 mL/min"}], "before the end of the run (600 min)"),
        ([{"at": "1 h"}], "person.changes[0]: nothing changes; name a covariate: weight, eGFR, liver"),
        ([{"at": "1 h", "eGFR": "nan mL/min"}], "person.changes[0].eGFR: read 'nan mL/min'"),
        ([{"at": "1 h", "eGFR": "900 mL/min"}], "person.changes[0].eGFR: read '900 mL/min'; allowed are 1 to 200"),
        ([{"at": "1 h", "liver": "bad"}], "person.changes[0].liver: read 'bad'; allowed are normal"),
        ([{"at": "1 h", "eGFR": 20}], "person.changes[0].eGFR: the unit is missing (read 20)"),
        ([{"at": "1 h", "sex": "female"}], "'sex'"),
    ],
)
def test_changes_that_are_refused(changes: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(message)):
        papaver.run(FILE | {"person": {"changes": changes}}, out=False)
