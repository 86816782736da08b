"""Runs: shapes, units, doses, groups of outputs, mole balance, failures, hashes."""

from __future__ import annotations

import numpy as np
import pytest

from papaver.errors import PapaverError
from papaver.simulate import prepare, simulate


@pytest.fixture(scope="module")
def result(heroin_iv):
    return simulate(heroin_iv)


def test_shapes_and_units(result, heroin_iv) -> None:
    assert result.data.shape == (1, len(result.t), len(result.columns))
    assert np.isfinite(result.data).all()
    assert result["heroin.pk.C1"].shape == (1, len(result.t))
    assert result.units["heroin.pk.C1"] == "nmol/L"
    assert (result.people, result.failed, result.reasons) == (1, 0, [""])
    assert result.solver == "scalar"


def test_moles_balance_and_laws_hold(result) -> None:
    assert result.mole_error < 1e-9
    assert result.broken_laws == []


def test_unknown_column_suggests_the_nearest(result) -> None:
    with pytest.raises(PapaverError, match=r"the result has no 'heroin\.pk\.C'; did you mean 'heroin\.pk\.C1'\?"):
        result["heroin.pk.C"]


def test_labelled_arrays_and_table_carry_units(result) -> None:
    arrays = result.arrays
    assert arrays["morphine.vein.C"].attrs["units"] == "nmol/L"
    assert arrays["time"].attrs["units"] == "min"
    assert dict(arrays.sizes) == {"person": 1, "time": len(result.t)}
    frame = result.to_frame()
    assert frame.attrs["units"]["six_mam.vein.C"] == "nmol/L"
    assert np.array_equal(frame["six_mam.vein.C"], result["six_mam.vein.C"][0])


def test_show_picks_groups_prefixes_and_single_outputs(library, make_scenario) -> None:
    def columns(*show: str) -> tuple[str, ...]:
        return prepare(make_scenario(observe={"show": list(show)}), library).columns

    assert all(c.endswith((".pk.C1", ".vein.C")) for c in columns("concentrations"))
    assert columns("heroin.pk.C1") == ("heroin.pk.C1",)
    assert set(columns("mop.rho")) == {c for c in columns("receptor") if c.startswith("mop.rho[")}
    assert len(columns("receptor", "receptor")) == len(columns("receptor"))


@pytest.mark.parametrize(
    ("dose", "person"),
    [
        ({"route": "intranasal"}, {}),
        ({"route": "inhaled", "every": "30 min", "times": 3}, {}),
        ({"route": "oral"}, {"liver": "child_pugh_B"}),
        ({"route": "iv_infusion", "over": "20 min"}, {"eGFR": "20 mL/min"}),
        ({"drug": "morphine", "route": "sc"}, {"weight": "120 kg"}),
    ],
)
def test_moles_balance_on_other_routes(library, make_scenario, dose: dict, person: dict) -> None:
    r = simulate(prepare(make_scenario(dose, person), library))
    assert r.reasons == [""]
    assert r.mole_error < 1e-9
    assert r.broken_laws == []


def test_the_mole_balance_knows_about_lag_times(data, make_scenario) -> None:
    """Before its lag has passed a dose is in no depot, so it must not be missed."""
    lag = {"value": 12, "unit": "min", "basis": "assumed", "reason": "test"}
    data.edit("drugs/heroin.yaml", lambda raw: raw["routes"]["im"]["parameters"].update(tlag=lag))
    p = prepare(make_scenario({"route": "im", "at": "10 min"}), data.load(), columns=["heroin.pk.C1"])
    r = simulate(p)
    assert r["heroin.pk.C1"][0, r.t < 22].max() == 0
    assert r["heroin.pk.C1"][0, r.t > 23].max() > 0
    assert r.mole_error < 1e-9


def test_a_failed_person_is_nan_with_a_reason(heroin_iv) -> None:
    P = heroin_iv.typical()
    P[0, heroin_iv.body.program.param_names.index("heroin.pk.CL")] = np.nan
    r = simulate(heroin_iv, P)
    assert r.failed == 1
    assert " min, worst in " in r.reasons[0]
    assert np.isnan(r.data[0, -1]).all()


def test_hash_is_of_the_values(result, heroin_iv) -> None:
    assert simulate(heroin_iv).hash() == result.hash()
    P = heroin_iv.typical()
    P[0, heroin_iv.body.program.param_names.index("heroin.pk.CL")] *= 1 + 1e-12
    assert simulate(heroin_iv, P).hash() != result.hash()


def test_overrides_reach_the_run(library, make_scenario) -> None:
    base, less = (simulate(prepare(make_scenario(**top), library)) for top in ({}, {"set": {"heroin.pk.V1": "24 L"}}))
    assert less["heroin.pk.C1"].max() < 0.8 * base["heroin.pk.C1"].max()


def test_renal_failure_keeps_glucuronides(library, make_scenario) -> None:
    healthy, failing = (simulate(prepare(make_scenario(person={"eGFR": f"{e} mL/min"}, observe={"until": "24 h"}), library)) for e in (96, 10))
    assert failing["m6g.vein.C"][0, -1] > 5 * healthy["m6g.vein.C"][0, -1]
