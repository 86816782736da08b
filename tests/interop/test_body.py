"""A data set through the body: units declared, compartments mapped, covariates by column."""

from __future__ import annotations

import pandas as pd
import pytest

import papaver
from papaver.errors import DataError, PapaverError
from papaver.interop import simulate

UNITS = "time=h,amount=mg,concentration=ng/mL"
DATA = pd.DataFrame({"ID": 1, "TIME": [0, 0.1, 0.5, 2.0], "AMT": [10, 0, 0, 0], "CMT": [1, 1, 2, 2], "WT": 80.0})


def test_the_same_as_a_scenario() -> None:
    out = simulate(DATA, "adult", units=UNITS, cmt="1=heroin:iv,2=morphine")
    scenario = {
        "person": {"weight": "80 kg"},
        "doses": [{"drug": "heroin", "amount": "10 mg", "route": "iv"}],
        "observe": {"until": "2 h", "every": "6 min", "show": ["heroin.vein.C", "morphine.vein.C"]},
    }
    result = papaver.run(scenario, out=False)
    from papaver.units import convert

    for name, MW in (("heroin", 369.41), ("morphine", 285.34)):
        expected = convert(1.0, "nmol/L", "ng/mL", MW=MW) * result[f"{name}.vein.C"][0, [0, 1, 5, 20]]
        assert out[f"CP_{name}"].to_numpy() == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert out["IPRED"].tolist() == [*out["CP_heroin"][:2], *out["CP_morphine"][2:]]
    assert out.attrs["units"]["CP_m3g"] == "ng/mL"


def test_units_are_converted() -> None:
    a = simulate(DATA, "adult", units=UNITS, cmt="1=heroin:iv,2=morphine")
    other = DATA.assign(TIME=DATA["TIME"] * 60, AMT=DATA["AMT"] * 1000)
    b = simulate(other, "adult", units="time=min,amount=ug,concentration=ug/L", cmt="1=heroin:iv,2=morphine")
    assert b["CP_morphine"].to_numpy() == pytest.approx(a["CP_morphine"].to_numpy(), rel=1e-9)


def test_names_in_the_cmt_column_and_parameters_by_path() -> None:
    named = DATA.assign(CMT=["heroin:iv", "heroin", "morphine", "morphine"])
    a = simulate(named, "adult", units=UNITS)
    assert a["CP_morphine"].equals(simulate(DATA, "adult", units=UNITS, cmt="1=heroin:iv,2=morphine")["CP_morphine"])
    slow = simulate(named, "adult", {"heroin.pk.CL": "1 L/min"}, units=UNITS)
    assert slow["CP_heroin"][1] > a["CP_heroin"][1]
    assert simulate(named.drop(columns="WT"), "adult", {"WT": 80}, units=UNITS)["IPRED"].equals(a["IPRED"])


def test_steady_state_is_that_of_a_long_run() -> None:
    items = {"ID": 1, "CMT": "morphine:iv", "EVID": 0, "AMT": 0.0, "SS": 0, "II": 0.0, "ADDL": 0, "RATE": 0.0}
    n = 30
    observe = [{**items, "TIME": t + 6.0 * n} for t in (0.0, 1.0, 5.9)]
    short = pd.DataFrame([{**items, "TIME": 6.0 * n, "EVID": 1, "AMT": 10.0, "RATE": 20.0, "SS": 1, "II": 6.0}, *observe])
    long = pd.DataFrame([{**items, "TIME": 0.0, "EVID": 1, "AMT": 10.0, "RATE": 20.0, "II": 6.0, "ADDL": n}, *observe])
    a, b = simulate(short, "adult", units=UNITS), simulate(long, "adult", units=UNITS)
    for name in ("CP_morphine", "CP_m3g", "CP_m6g"):
        assert a[name].to_numpy()[1:] == pytest.approx(b[name].to_numpy()[1:], rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"units": None}, "units: time is missing; the body needs all three: --units time=h,amount=mg,concentration=ng/mL"),
        ({}, {"units": "time=h,amount=L,concentration=ng/mL"}, "units: amount: cannot convert 'L'"),
        ({}, {"cmt": "1=heroin:iv"}, "data: row 3, CMT: read '2'; the body has 1=heroin:iv; add it with --cmt 2=drug:route"),
        ({}, {"cmt": "1=heroin:ivv,2=morphine"}, "cmt 1: read 'heroin:ivv'; Heroin has the routes iv"),
        ({}, {"cmt": "1=heroinn:iv,2=morphine"}, "cmt 1: read 'heroinn:iv'; "),
        ({}, {"cmt": "1=heroin,2=morphine:iv"}, "data: row 1, CMT: read '1'; a dose needs a route here"),
        ({"WT": 800.0}, {}, "data: row 1: person.weight: read '800.0 kg'; allowed are 30 to 300 kg"),
        ({"SEX": 1}, {}, "data: row 1, SEX: read '1'; allowed are male and female"),
    ],
)
def test_refusals(changes: dict[str, object], options: dict[str, object], message: str) -> None:
    with pytest.raises((DataError, PapaverError)) as e:
        simulate(DATA.assign(**changes), "adult", **{"units": UNITS, "cmt": "1=heroin:iv,2=morphine", **options})
    assert message in str(e.value)
