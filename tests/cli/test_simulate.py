"""`papaver simulate`: a table out, one line and exit code 2 for bad input, nothing half written."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import papaver
from papaver.cli import main

TEXT = "ID,TIME,AMT,DV\n1,0,100,.\n1,2,.,1.6\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "pk.csv"
    path.write_text(TEXT, encoding="utf-8")
    return path


def words(data: Path, *more: str) -> list[str]:
    return ["simulate", "--data", str(data), "--model", "pk1", "--set", "CL=5", "--set", "V=50", *more]


def test_csv_on_standard_output(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(data)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ID,TIME,AMT,DV,IPRED,CP,A1"
    assert lines[1] == "1,0,100.0,.,2.0,2.0,100.0"
    assert lines[2].startswith("1,2,.,1.6,1.6374615")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_file(data: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = data.parent / name
    assert main(words(data, "--out", str(out), "--units", "amount=mg", "--json")) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"out": str(out), "rows": 2, "units": {"IPRED": "mg/L", "CP": "mg/L", "A1": "mg"}, "failed": {}}
    back = pd.read_csv(out) if out.suffix == ".csv" else pd.read_parquet(out)
    expected = papaver.simulate(data, "pk1", {"CL": 5, "V": 50})
    assert back["CP"].tolist() == expected["CP"].tolist()
    assert sorted(p.name for p in data.parent.iterdir()) == sorted(["pk.csv", name])


def test_json_without_a_file_holds_the_table(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(data, "--json")) == 0
    table = json.loads(capsys.readouterr().out)["table"]
    assert table["DV"] == [None, 1.6]
    assert table["A1"][0] == 100.0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--set", "KA=1"), "pk1: no parameter 'KA'"),
        (("--covariates", "both"), "covariates: read 'both'; allowed are nocb"),
        (("--out", "x.xlsx"), "out: read 'x.xlsx'; the name must end with .csv or .parquet"),
        (("--out", "nowhere/x.csv"), "out: read 'nowhere/x.csv'; there is no folder nowhere"),
        (("--rtol", "0"), "rtol: read 0; allowed are 1e-12 to 1e-2"),
    ],
)
def test_bad_input(data: Path, more: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(data, *more)) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_bad_row_leaves_an_older_file_alone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = data.parent / "out.csv"
    out.write_text("older", encoding="utf-8")
    data.write_text(TEXT + "1,1,.,1.6\n", encoding="utf-8")
    assert main(words(data, "--out", str(out))) == 2
    assert "row 3 (line 4), TIME: read '1'" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "older"


def test_papaver_simulate_is_callable_and_still_a_room() -> None:
    frame = pd.DataFrame({"ID": 1, "TIME": [0, 1], "AMT": [100, 0]})
    assert papaver.simulate(frame, "pk1", {"CL": 0, "V": 50})["CP"].tolist() == [2.0, 2.0]
    from papaver.simulate import Result

    assert papaver.Result is Result
