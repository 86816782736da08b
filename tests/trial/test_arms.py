"""A trial: intervals of shares, arms on one body, draws of the parameters, and what decides an endpoint."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from papaver.bodies.values import spreads
from papaver.cohort.sample import sample
from papaver.errors import ScenarioError
from papaver.evidence.load import Library
from papaver.rng import normal
from papaver.scenario import Scenario
from papaver.simulate import Prepared, prepare, simulate
from papaver.trial.arms import MOST_SETS, ArmResult, Bar, Share, Z, parameter_set, prepare_arms, shares, tornado, wilson, with_uncertainty

PERSON = {"weight": "70 kg", "age": "34 year", "sex": "male", "eGFR": "90 mL/min/1.73m2", "liver": "normal"}
FENTANYL = {"drug": "fentanyl", "amount": "0.1 mg", "route": "iv"}
NALOXONE = {"drug": "naloxone", "amount": "0.4 mg", "route": "im", "at": "5 min"}
TRIAL = {
    "title": "made up", "doses": [FENTANYL], "person": PERSON, "observe": {"until": "10 min"}, "variants": {"dependence": "off"},
    "arms": {
        "nothing": {}, "naloxone": {"doses": [NALOXONE]}, "bag": {"treatments": [{"give": "ventilation", "level": "8 L/min", "at": "4 min"}]},
        "side": {"person": {"position": "side"}},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def arms(library: Library) -> dict[str, Prepared]:
    return prepare_arms(Scenario.from_dict(TRIAL), library)


# intervals


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_intervals_that_newcombe_printed(k: int, n: int, low: float, high: float) -> None:
    """Newcombe RG, Stat Med 1998;17:857, table I, method 3."""
    assert wilson(k, n) == pytest.approx((k / n, low, high), abs=5.1e-5)


@given(n=st.integers(1, 5000), share=st.floats(0, 1))
def test_ends_of_wilsons_interval_are_the_shares_that_lie_Z_standard_errors_off(n: int, share: float) -> None:
    p, low, high = wilson(round(share * n), n)
    assert 0 <= low <= p + 1e-12
    assert p - 1e-12 <= high <= 1
    for end in (low, high):
        assert (p - end) ** 2 == pytest.approx(Z**2 * end * (1 - end) / n, rel=1e-6, abs=1e-12)


def test_nobody_has_no_share() -> None:
    assert np.isnan(wilson(0, 0)).all()


def test_shares_leave_out_whose_integration_failed() -> None:
    found = shares({"rescue.dead": np.array([1.0, 0.0, np.nan, 0.0, 0.0]), "rescue.lowest_SpO2": np.array([0.5])})
    assert set(found) == {"rescue.dead"}
    s = found["rescue.dead"]
    assert (s.value, s.low, s.high) == wilson(1, 4)
    assert s.uncertainty is None
    assert Share(0.2, 0.1, 0.3, tuple(np.linspace(0, 1, 41))).uncertainty == pytest.approx((0.025, 0.975))


def test_survival_falls_at_each_arrest_and_at_the_end_for_an_injury_that_kills() -> None:
    outcomes = {"rescue.dead": np.array([1.0, 1.0, 0.0, 0.0, np.nan]), "rescue.time_of_arrest": np.array([7.0, np.nan, np.nan, np.nan, 3.0])}
    arm = ArmResult("made up", SimpleNamespace(outcomes=outcomes, t=np.array([0.0, 30.0])), {})  # type: ignore[arg-type]
    assert arm.survival(np.array([0.0, 3.0, 6.9, 7.0, 29.9, 30.0])).tolist() == [1.0, 1.0, 1.0, 0.75, 0.75, 0.5]


# arms


def test_every_arm_has_the_common_doses_and_its_own(arms: dict[str, Prepared]) -> None:
    assert list(arms) == ["nothing", "naloxone", "bag", "side"]
    given = {name: [(d.drug, d.time) for d in p.scenario.doses] for name, p in arms.items()}
    assert given.pop("naloxone") == [("fentanyl", 0.0), ("naloxone", 5.0)]
    assert all(x == [("fentanyl", 0.0)] for x in given.values())
    assert {name: [(c.give, c.time, c.amount) for c in p.scenario.levels] for name, p in arms.items()} == {
        "nothing": [], "naloxone": [], "bag": [("ventilation", 4.0, 8.0)], "side": [],
    }  # fmt: skip
    assert {name: p.scenario.covariates["position"] for name, p in arms.items()} == {
        "nothing": "back", "naloxone": "back", "bag": "back", "side": "side",
    }  # fmt: skip
    assert {p.scenario.covariates["weight"] for p in arms.values()} == {70.0}
    assert arms["bag"].scenario.scenario.title == "made up: bag"


def test_all_arms_share_one_body(arms: dict[str, Prepared]) -> None:
    assert len({id(p.body.program) for p in arms.values()}) == 1
    assert ("naloxone", "im") in arms["nothing"].body.ports
    assert np.array_equal(sample(arms["nothing"], 3, seed=4), sample(arms["naloxone"], 3, seed=4))


def test_arms_are_alike_until_they_part(arms: dict[str, Prepared]) -> None:
    a, b = simulate(arms["nothing"]), simulate(arms["bag"])
    before, after = a.t <= 4.0, a.t >= 5.0
    assert a["breathing.VE"][0][before] == pytest.approx(b["breathing.VE"][0][before], rel=1e-4)
    assert (b["monitor.PaCO2"][0][after] < a["monitor.PaCO2"][0][after] - 0.1).all()


def test_without_arms_there_is_one(library: Library) -> None:
    plain = Scenario.from_dict({k: v for k, v in TRIAL.items() if k != "arms"})
    p = prepare_arms(plain, library)
    assert list(p) == ["all"]
    assert p["all"].scenario.scenario == plain


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        ({"treatments": [{"give": "oxigen"}]}, r"^arms\.a: treatments\[0\]\.give: read 'oxigen'; did you mean 'oxygen'\?"),
        ({"person": {"wieght": "3 kg"}}, r"^arms\.a: person: unknown field 'wieght'; did you mean 'weight'\?"),
        ({"doses": [{**NALOXONE, "at": "1 h"}]}, r"^arms\.a: doses\[1\]\.at: read '1 h', after the end of the run"),
    ],
)
def test_a_bad_arm_is_named(library: Library, arm: dict, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        prepare_arms(Scenario.from_dict({**TRIAL, "arms": {"a": arm}}), library)


# parameter sets


def test_a_parameter_set_depends_on_seed_and_number_alone(arms: dict[str, Prepared]) -> None:
    p = arms["nothing"]
    first = parameter_set(p, 1, 0)
    assert len(first) > 20
    assert parameter_set(p, 1, 0) == first
    for other in (parameter_set(p, 1, 1), parameter_set(p, 2, 0)):
        assert other.keys() == first.keys()
        assert all(other[k] != first[k] for k in first)
    assert {k: v for k, v in parameter_set(arms["naloxone"], 1, 0).items() if k in first} == first


def test_a_parameter_that_the_scenario_sets_is_sure(library: Library) -> None:
    """What is set is not drawn; all that is drawn has a stated uncertainty."""
    free = prepare(Scenario.from_dict({**TRIAL, "arms": {}}), library)
    path = next(iter(parameter_set(free, 1, 0)))
    v = library.parameters[path].value
    fixed = prepare(Scenario.from_dict({**TRIAL, "arms": {}, "set": {path: f"{v.value} {v.unit}"}}), library)
    assert set(parameter_set(free, 1, 0)) - set(parameter_set(fixed, 1, 0)) == {path}
    assert all(library.parameters[k].value.uncertainty is not None for k in parameter_set(free, 1, 0))


def test_sets_scatter_as_stated_around_the_value(arms: dict[str, Prepared], library: Library) -> None:
    draws = [parameter_set(arms["nothing"], 5, number) for number in range(60)]
    z = []
    for path in draws[0]:
        v = library.parameters[path].value
        assert v.uncertainty is not None
        x = np.array([d[path] for d in draws])
        if v.uncertainty.kind == "cv":
            z.append(np.log(x / v.value) / math.sqrt(math.log(1 + (v.uncertainty.value / 100) ** 2)))
        else:
            z.append((np.log(x / (1 - x)) - math.log(v.value / (1 - v.value))) / v.uncertainty.value)
    assert stats.kstest(np.concatenate(z), "norm").pvalue > 1e-3


@pytest.mark.parametrize("sets", [0, -1, MOST_SETS + 1])
def test_a_number_of_sets_out_of_range_is_refused(sets: int) -> None:
    with pytest.raises(ScenarioError, match=rf"--uncertainty: read {sets}; allowed are 1 to 1000 parameter sets"):
        with_uncertainty({}, (), 10, sets, chunk=10, solver="scalar", rtol=1e-4)


# what decides


@pytest.mark.parametrize(("sign", "low", "high"), [(1.0, 0.0, 1.0), (-1.0, 1.0, 0.0)])
@pytest.mark.parametrize("path", ["breathing.G_c", "fentanyl.pk.V1"])
def test_the_tornado_finds_the_parameter_that_decides(arms: dict[str, Prepared], path: str, sign: float, low: float, high: float) -> None:
    """People as the cohort draws them die if their own value of one parameter is above (or below) the typical one."""
    p, n = arms["nothing"], 300
    names = p.body.program.param_names
    owner = next(k for k, name in enumerate(names) if p.body.bindings[name].path == path)
    P = sample(p, n, seed=8)
    died = (sign * (P[:, owner] - p.typical()[0, owner]) > 0).astype(float)
    bars = tornado(p, 8, died)
    assert bars[0] == Bar(path, low, high)
    assert bars[0].width == 1.0
    assert bars[1].width < 0.5
    assert [b.width for b in bars] == sorted((b.width for b in bars), reverse=True)
    assert len(bars) == 12
    assert len(tornado(p, 8, died, most=3)) == 3
    assert tornado(p, 9, died)[0].width < 0.5, "the people of another seed are others"


def test_the_tornado_leaves_out_whose_integration_failed(arms: dict[str, Prepared]) -> None:
    p, n = arms["nothing"], 200
    path = "breathing.G_c"
    assert path in spreads(p.body, p.library)
    z = normal(3, f"person/{path}", 0, n)
    died = np.where(np.abs(z) > 1.0, np.nan, (z > 0).astype(float))
    assert tornado(p, 3, died)[0] == Bar(path, 0.0, 1.0)


def test_no_tornado_of_too_few_or_of_failures(arms: dict[str, Prepared]) -> None:
    assert tornado(arms["nothing"], 1, np.ones(49)) == ()
    assert tornado(arms["nothing"], 1, np.full(100, np.nan)) == ()
    assert all(b.width == 0 for b in tornado(arms["nothing"], 1, np.ones(50)))
