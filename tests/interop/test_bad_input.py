"""Bad data sets: refused before anything is computed, with the row, the column, what was read and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from papaver.errors import DataError
from papaver.interop import simulate

GOOD = "ID,TIME,EVID,AMT,RATE,ADDL,II,SS,CMT,MDV,CL\n1,0,1,100,0,0,0,0,1,1,5\n1,2,0,.,0,0,0,0,1,0,5\n1,4,0,.,0,0,0,0,1,0,5\n"


def refused(tmp_path: Path, text: str, parameters: dict[str, object] | None = None, model: str = "pk1", **options: object) -> str:
    path = tmp_path / "pk.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as e:
        simulate(path, model, {"V": 50} if parameters is None else parameters, **options)
    return str(e.value).replace(str(path), "pk.csv")


def test_the_good_one_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "pk.csv").write_text(GOOD, encoding="utf-8")
    assert simulate(tmp_path / "pk.csv", "pk1", {"V": 50})["CP"][0] == 2.0


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("EVID", 2, "5", "pk.csv: row 2 (line 3), EVID: read '5'; allowed are 0 (observation), 1 (dose), 2 (other), 3 (reset), 4 (reset and dose)"),
        ("EVID", 2, "1.5", "EVID: read '1.5'; a whole number is needed"),
        ("EVID", 2, ".", "EVID: read '.'; the value is missing"),
        ("TIME", 3, "1", "pk.csv: row 3 (line 4), TIME: read '1'; the row before it of ID 1 is at 2; times may go back only at a reset"),
        ("TIME", 2, "", "TIME: read ''; the value is missing"),
        ("TIME", 2, "8:30", "TIME: read '8:30'; a number is needed (hours, not a clock time)"),
        ("TIME", 2, "inf", "TIME: read 'inf'; a finite number is needed"),
        ("ID", 2, ".", "row 2 (line 3), ID: read '.'; every row needs"),
        ("AMT", 2, "5", "row 2 (line 3), AMT: read '5'; this row gives no dose (EVID 0, 2 or 3), so 0 is needed; a dose has EVID 1 or 4"),
        ("AMT", 1, "-5", "AMT: read '-5'; an amount is not negative"),
        ("AMT", 1, "0", "AMT: read '0'; a dose needs an amount above 0"),
        ("AMT", 1, "ten", "AMT: read 'ten'; a number is needed"),
        ("RATE", 1, "-3", "row 1 (line 2), RATE: read '-3'; allowed are 0 (bolus), a rate above 0, -1 (the rate is Rn), -2 (the duration is Dn)"),
        ("RATE", 1, "-2", "RATE: read '-2'; the duration is then the parameter D1, which is missing; give it as --set D1=VALUE or as a column"),
        ("RATE", 1, "-1", "RATE: read '-1'; the rate is then the parameter R1, which is missing"),
        ("RATE", 2, "5", "RATE: read '5'; this row gives no dose"),
        ("SS", 1, "1", "row 1 (line 2), II: read '0'; a steady-state dose (SS) needs the interval between doses, above 0"),
        ("SS", 1, "3", "SS: read '3'; allowed are 0, 1 (steady state) and 2"),
        ("II", 1, "-1", "II: read '-1'; an interval is not negative"),
        ("II", 1, "12", "II: read '12'; an interval needs ADDL (how many more doses) or SS; write 0 for a single dose"),
        ("ADDL", 1, "1000000000", "ADDL: read '1000000000'; allowed are 0 to 100000 additional doses"),
        ("ADDL", 1, "3", "row 1 (line 2), II: read '0'; additional doses (ADDL) need the interval between doses, above 0"),
        ("ADDL", 1, "-1", "ADDL: read '-1'; allowed are 0 to 100000"),
        ("CMT", 1, "2", "row 1 (line 2), CMT: read '2'; pk1 has 1 central"),
        ("CMT", 2, "-1", "CMT: read '-1'; turning a compartment off is not supported"),
        ("MDV", 1, "2", "MDV: read '2'; allowed are 0"),
        ("CL", 3, ".", "pk.csv: row 3 (line 4), CL: read '.'; the value is missing; every row needs a number here"),
        ("CL", 3, "nan", "CL: read 'nan'; the value is missing"),
        ("CL", 3, "-1", "CL: read '-1'; it must not be negative"),
    ],
)
def test_one_cell(tmp_path: Path, column: str, row: int, value: str, message: str) -> None:
    lines = [line.split(",") for line in GOOD.splitlines()]
    lines[row][lines[0].index(column)] = value
    assert message in refused(tmp_path, "\n".join(",".join(line) for line in lines))


def test_nan_in_a_data_frame() -> None:
    data = pd.DataFrame({"ID": 1, "TIME": [0, 1], "AMT": [100, 0], "CL": [5.0, float("nan")]})
    with pytest.raises(DataError, match=r"^data: row 2, CL: read 'nan'; the value is missing; every row needs a number here$"):
        simulate(data, "pk1", {"V": 50})


HEAD = "ID,TIME,EVID,AMT,RATE,SS,II\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,0,1,100,0,1,12\n1,0,3,0,0,0,0\n", "row 2 (line 3), EVID: read '3'; a reset would erase the dose of row 1 at the time it is given (0)"),
        ("1,0,1,100,0,0,0\n1,0,4,50,0,0,0\n", "row 2 (line 3), EVID: read '4'; a reset would erase the dose of row 1"),
        ("1,0,1,100,0,1,12\n1,0,1,50,0,1,12\n", "row 2 (line 3), SS: read '1'; a steady-state dose with SS 1 would erase the dose of row 1"),
        ("1,0,1,0,5,1,12\n", "II: read '12'; a constant infusion at steady state (AMT 0) has no interval"),
        ("1,0,1,0,-2,1,0\n", "RATE: read '-2'; a constant infusion at steady state (AMT 0) has a rate, not a duration"),
    ],
)
def test_contradictions(tmp_path: Path, rows: str, message: str) -> None:
    assert message in refused(tmp_path, HEAD + rows, {"CL": 5, "V": 50})


def test_an_infusion_of_no_duration(tmp_path: Path) -> None:
    rows = HEAD + "1,0,1,100,-2,0,0\n"
    assert "row 1 (line 2), RATE: read '-2'; D1 is 0; a duration above 0 is needed" in refused(tmp_path, rows, {"CL": 5, "V": 50, "D1": 0})
    rows = HEAD + "1,1000,1,1e-9,1e30,0,0\n"
    assert "RATE: read '1e30'; the infusion takes no time; write 0 for a bolus" in refused(tmp_path, rows, {"CL": 5, "V": 50})


def test_an_infusion_or_an_interval_too_short_to_be_one() -> None:
    """Below the resolution of time (docs/events.md) it would be something else than what is written."""
    short = pd.DataFrame({"ID": 1, "TIME": [0.0, 2], "AMT": [100.0, 0], "RATE": [1e300, 0]})
    with pytest.raises(DataError, match=r"^data: row 1, RATE: read '1e\+300'; the infusion takes no time; write 0 for a bolus$"):
        simulate(short, "pk1", {"CL": 5, "V": 50})
    with pytest.raises(DataError, match=r"row 1, RATE: read '-2'; the infusion takes no time"):
        simulate(short.assign(RATE=[-2, 0]), "pk1", {"CL": 5, "V": 50, "D1": 1e-30})
    close = pd.DataFrame({"ID": 1, "TIME": [50.0, 52], "AMT": [100.0, 0], "ADDL": [10, 0], "II": [1e-9, 0]})
    with pytest.raises(DataError, match=r"row 1, II: read '1e-09'; doses so close together fall on one time"):
        simulate(close, "pk1", {"CL": 5, "V": 50})
    with pytest.raises(DataError, match=r"row 1, II: read '1e-09'; doses so close together fall on one time"):
        simulate(close.assign(ADDL=0, SS=[1, 0]), "pk1", {"CL": 5, "V": 50})


BODY = {"units": "time=h,amount=mg,concentration=ng/mL", "cmt": "1=morphine:iv"}


def test_a_body_that_contradicts_itself() -> None:
    data = pd.DataFrame({"ID": 1, "TIME": [0, 1, 1, 2], "AMT": [10, 0, 0, 0], "WT": [70, 70, 80, 80], "SEX": "male"})
    with pytest.raises(
        DataError, match=r"^data: row 3, WT: read '80'; row 2 of the same person says '70' at the same time \(1\); one of them is wrong$"
    ):
        simulate(data, "adult", **BODY)
    with pytest.raises(DataError, match=r"^data: row 4, SEX: read 'female'; row 3 of the same person says 'male'; one of them is wrong$"):
        simulate(data.assign(WT=70, SEX=["male"] * 3 + ["female"]), "adult", **BODY)
    # at a reset another life begins on the same clock
    assert len(simulate(data.assign(EVID=[1, 0, 3, 0]), "adult", **BODY)) == 4


@pytest.mark.parametrize(("name", "value"), [("WT", float("nan")), ("WT", float("inf")), ("AGE", float("nan")), ("EGFR", float("nan"))])
def test_a_covariate_of_the_body_that_is_no_number(name: str, value: float) -> None:
    data = pd.DataFrame({"ID": 1, "TIME": [0, 1], "AMT": [10, 0], name: [70.0, value]})
    with pytest.raises(DataError, match=rf"^data: row 2, {name}: read '{value}'; "):
        simulate(data, "adult", **BODY)


def test_no_steady_state(tmp_path: Path) -> None:
    rows = HEAD + "1,0,1,100,0,1,12\n1,4,0,0,0,0,0\n"
    assert (
        "row 1 (line 2), SS: read '1'; a steady state is not possible here: there is no steady state: what is given is never eliminated"
        in refused(tmp_path, rows, {"CL": 0, "V": 50})
    )
    long = HEAD + "1,0,1,100,1e-6,1,12\n"
    assert "the infusion lasts 8.33e+06 intervals; at most 10000" in refused(tmp_path, long, {"CL": 5, "V": 50})
    assert "row 1 (line 2), II: read '12'; the lag (12) must be shorter than the interval" in refused(tmp_path, rows, {"CL": 1, "V": 50, "ALAG1": 12})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "pk1: the parameter V (volume) is missing; give it as --set V=VALUE or as a column; pk1 needs CL, V, and takes F1, ALAG1, D1, R1"),
        ({"V": 50, "KA": 1}, "pk1: no parameter 'KA'; "),
        ({"V": 0}, "--set V: read 0; a volume is above 0"),
        ({"V": "50 L"}, "--set V: read '50 L'; a finite number in the data set's own units is needed"),
        ({"V": float("nan")}, "--set V: read nan; a finite number"),
        ({"V": 50, "V1": 50}, "pk1: V is given twice, as --set V and as --set V1; leave one out"),
        ({"V": 50, "CL": 5}, "pk1: CL is given twice, as --set CL and as the column CL; leave one out"),
    ],
)
def test_parameters(tmp_path: Path, parameters: dict[str, object], message: str) -> None:
    assert message in refused(tmp_path, GOOD, parameters)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: read ''; the first line must name the columns"),
        ("ID TIME AMT\n1 0 100\n", "the first line must name the columns, separated by commas"),
        ("ID,TIME\n", "no data rows"),
        ("ID,AMT\n1,5\n", "the column TIME is missing"),
        ("TIME,AMT\n1,5\n", "the column ID is missing"),
        ("ID,TIME,time\n1,5,5\n", "the columns 'TIME' and 'time' have one name"),
        ("ID,TIME,AMT\n1,0,100\n1,2\n", "line 3: 2 fields, but the header has 3"),
    ],
)
def test_not_a_table(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


def test_other_refusals(tmp_path: Path) -> None:
    assert refused(tmp_path, GOOD, model="pk2_orl") == "model: read 'pk2_orl'; did you mean 'pk2_oral'?"
    assert "covariates: read 'bocf'; allowed are nocb" in refused(tmp_path, GOOD, covariates="bocf")
    assert "units: unknown 'tiem'; did you mean 'time'?" in refused(tmp_path, GOOD, units="tiem=h")
    assert "units: read 'h'; write name=value" in refused(tmp_path, GOOD, units="h")
    assert "cmt: pk1 has its own compartments (1 central); leave it out" in refused(tmp_path, GOOD, cmt="1=heroin:iv")
    assert "solver: read 'cvode'; allowed are scalar and kernel" in refused(tmp_path, GOOD, solver="cvode")
    assert "the column CP is there already; rename it" in refused(tmp_path, GOOD.replace("MDV", "CP"))
    with pytest.raises(DataError, match="No such file"):
        simulate(tmp_path / "none.csv", "pk1")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01,\n")
    with pytest.raises(DataError, match="not a CSV file in UTF-8"):
        simulate(tmp_path / "x.csv", "pk1")
