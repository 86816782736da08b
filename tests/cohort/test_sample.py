"""Virtual people: draws depend on seed, parameter and person alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from papaver.bodies.values import spreads
from papaver.cohort import sample
from papaver.simulate import prepare, simulate


def test_same_seed_same_people_whatever_the_chunks(heroin_iv) -> None:
    whole = sample(heroin_iv, 60, seed=11)
    for chunk in (1, 7, 32):
        parts = [sample(heroin_iv, min(chunk, 60 - a), seed=11, first=a) for a in range(0, 60, chunk)]
        assert np.array_equal(np.vstack(parts), whole)
    assert not np.array_equal(sample(heroin_iv, 60, seed=12), whole)


def test_adding_a_parameter_moves_no_other(heroin_iv, library, make_scenario) -> None:
    """The same person in a body with more parameters (another route) draws the same values for those both share."""
    more = prepare(make_scenario({"route": "inhaled"}, {"age": "34 year", "sex": "male"}), library)
    same_person = prepare(make_scenario({"route": "iv"}, {"age": "34 year", "sex": "male"}), library)
    A, B = sample(same_person, 20, seed=3), sample(more, 20, seed=3)
    names_a, names_b = same_person.body.program.param_names, more.body.program.param_names
    shared = [n for n in names_a if n in names_b]
    assert len(shared) > 50
    assert set(names_b) - set(names_a)
    for n in shared:
        assert np.array_equal(A[:, names_a.index(n)], B[:, names_b.index(n)]), n


def test_a_new_spread_moves_only_its_own_parameter(data, make_scenario) -> None:
    before = sample(prepare(make_scenario(), data.load()), 10, seed=3)
    data.edit("drugs/heroin.yaml", lambda raw: raw["pk"]["Q"].update(spread={"kind": "cv", "value": 30}))
    p = prepare(make_scenario(), data.load())
    after = sample(p, 10, seed=3)
    moved = [n for k, n in enumerate(p.body.program.param_names) if not np.array_equal(before[:, k], after[:, k])]
    assert moved == ["heroin.pk.Q"]


def test_drawn_values_have_the_stated_median_and_spread(heroin_iv) -> None:
    P = sample(heroin_iv, 4000, seed=5)
    k = heroin_iv.body.program.param_names.index("heroin.pk.CL")
    logs = np.log(P[:, k] / heroin_iv.values["heroin.pk.CL"])
    sd = spreads(heroin_iv.body, heroin_iv.library)["heroin.pk.CL"][1]
    assert stats.kstest(logs / sd, "norm").pvalue > 1e-3


def test_shares_of_drawn_people_never_exceed_one(library, make_scenario) -> None:
    wide = prepare(make_scenario(set={"heroin.pk.fm_hce1": "0.6", "heroin.pk.fm_bche": "0.38"}), library)
    columns = [k for k, n in enumerate(wide.body.program.param_names) if n.startswith("heroin.pk.fm[")]
    many = sample(wide, 200, seed=1)
    assert many[:, columns].sum(axis=1) == pytest.approx(np.ones(200), abs=1e-12)
    assert (many[:, columns] >= 0).all()
    assert np.array_equal(np.vstack([sample(wide, 1, seed=1, first=k) for k in range(200)]), many)


@pytest.mark.slow
def test_cohort_results_do_not_depend_on_chunks(heroin_iv) -> None:
    P = sample(heroin_iv, 12, seed=2)
    whole = simulate(heroin_iv, P, solver="kernel")
    parts = [simulate(heroin_iv, P[a : a + 5], solver="kernel", first_person=a) for a in range(0, 12, 5)]
    assert np.array_equal(whole.data, np.concatenate([r.data for r in parts]))
    assert whole.failed == 0
    assert whole.mole_error < 1e-9
    assert whole.broken_laws == []
