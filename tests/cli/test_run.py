"""`papaver run`: what it writes and prints, and that bad input ends with one line, exit code 2 and nothing written."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from papaver import api
from papaver.cli import main
from papaver.cohort import run as cohort
from papaver.simulate import Prepared

GOOD = """
title: test
person: {weight: 70 kg}
doses:
  - {drug: heroin, amount: 5 mg, route: iv, at: 0 min}
observe: {until: 30 min, every: 1 min}
"""


def scenario(text: str = GOOD, **replace: str) -> str:
    """A scenario file in the current folder, with some text replaced."""
    for old, new in replace.items():
        assert old in text
        text = text.replace(old, new)
    Path("s.yaml").write_text(text)
    return "s.yaml"


def test_a_run_ends_with_the_path_of_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", scenario()]) == 0
    out, err = capsys.readouterr()
    report = Path(out.splitlines()[-1])
    assert report == Path("runs/s-1-1/report.html")
    assert report.read_text().lstrip().lower().startswith("<!doctype html")
    assert "nmol/L" in out
    assert err == ""
    assert sorted(p.name for p in report.parent.iterdir()) == [
        "manifest.json",
        "outcomes.parquet",
        "report.html",
        "scenario.yaml",
        "timecourse.parquet",
    ]


def test_a_second_run_takes_a_fresh_folder() -> None:
    assert main(["run", scenario()]) == 0
    before = Path("runs/s-1-1/manifest.json").read_bytes()
    assert main(["run", "s.yaml"]) == 0
    assert Path("runs/s-1-2/manifest.json").exists()
    assert Path("runs/s-1-1/manifest.json").read_bytes() == before


def test_json_stands_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", scenario(), "--json", "--out", "o", "--people", "3", "--solver", "scalar", "--seed", "9"]) == 0
    answer = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert (answer["run_dir"], answer["people"], answer["seed"]) == ("o", 3, 9)
    peak = answer["summary"]["heroin.venous.Cmax"]
    assert peak["unit"] == "nmol/L"
    assert peak["p05"] <= peak["median"] <= peak["p95"]
    counts = {"ok": 3, "failed": 0, "failures": [], "not_run": 0, "broken_laws": []}
    assert {k: v for k, v in answer["outcomes"].items() if k != "mole_error"} == counts
    assert answer["outcomes"]["mole_error"] < 1e-6


def test_set_reaches_fields_parameters_and_variants() -> None:
    changes = ["person.weight=80 kg", "doses[0].amount=6 mg", "diamorphine.pk.CL=3 L/min", "variants.heroin=prodrug", "observe.show=concentrations"]
    assert main(["run", scenario(), "--out", "o", *(w for c in changes for w in ("--set", c))]) == 0
    s = json.loads(Path("o/manifest.json").read_text())["scenario"]
    assert s["person"]["weight"] == "80 kg"
    assert s["doses"][0]["amount"] == "6 mg"
    assert s["set"] == {"heroin.pk.CL": "3 L/min"}
    assert s["variants"] == {"heroin": "prodrug"}
    assert s["observe"]["show"] == ["concentrations"]


BOMB = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\ndoses: *c\nobserve: {until: 1 h}\n"
BAD_FILES = {
    "unknown drug": ({"drug: heroin": "drug: herion"}, "heroin"),
    "unknown route": ({"route: iv": "route: nose"}, "intranasal"),
    "unknown field": ({"amount:": "amonut:"}, "amount"),
    "unknown field at the top": ({"title:": "titel:"}, "title"),
    "missing unit": ({"5 mg": "5"}, "unit"),
    "wrong unit": ({"5 mg": "5 mmHg"}, "amount"),
    "no such unit": ({"5 mg": "5 mgg"}, "mg"),
    "per weight, without a weight": ({"5 mg": "0.1 mg/kg", "person: {weight: 70 kg}": "person: {}"}, "weight"),
    "negative dose": ({"5 mg": "-5 mg"}, "positive"),
    "dose that is not a number": ({"5 mg": ".nan"}, "finite"),
    "dose after the end": ({"at: 0 min": "at: 31 min"}, "until"),
    "ten gigabytes": ({"every: 1 min": "every: 0.1 ms", "until: 30 min": "until: 30 day"}, "GB"),
    "not a quantity": ({"70 kg": "heavy"}, "person.weight"),
    "a list where a mapping belongs": ({"person: {weight: 70 kg}": "person: [1]"}, "person"),
}


def refused(argv: list[str], capsys: pytest.CaptureFixture[str], hint: str) -> None:
    """Exit code 2, one line on stderr that holds the hint, nothing on stdout, nothing written."""
    before = sorted(Path().rglob("*"))
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("papaver")
    assert hint in err
    assert "Traceback" not in err
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_scenario_is_refused(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    replace, hint = BAD_FILES[case]
    refused(["run", scenario(**replace)], capsys, hint)


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_scenario_is_named(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", scenario(**BAD_FILES[case][0])])
    assert "s.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "empty"),
        ("[1, 2]", "mapping"),
        (BOMB, "alias"),
        ("a: [", "line"),
        ("x" * 9_000_000, "large"),
        ("doses: []\nobserve: {until: 1 h}", "at least one dose"),
    ],
    ids=["empty", "a list", "alias bomb", "broken", "too large", "no doses"],
)
def test_a_file_that_is_no_scenario_is_refused(text: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.yaml").write_text(text)
    refused(["run", "s.yaml"], capsys, hint)


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["nowhere.yaml"], "no such file"),
        (["heroin-vi"], "heroin-iv"),
        (["."], "folder"),
        (["heroin-iv", "--people", "0"], "people"),
        (["heroin-iv", "--people", "many"], "--people"),
        (["heroin-iv", "--seed", "-1"], "seed"),
        (["heroin-iv", "--rtol", "nan"], "rtol"),
        (["heroin-iv", "--solver", "kernal"], "kernel"),
        (["heroin-iv", "--set", "person.weigth=80 kg"], "person.weight"),
        (["heroin-iv", "--set", "heroin.pk.Cl=3 L/min"], "heroin.pk.CL"),
        (["heroin-iv", "--set", "heroin.pk.CL=3"], "unit"),
        (["heroin-iv", "--set", "heroin.pk.CL=3 kg"], "heroin.pk.CL"),
        (["heroin-iv", "--set", "heroin.pk.CL"], "path=value"),
        (["heroin-iv", "--set", "doses.7.amount=3 mg"], "doses.0.amount"),
        (["heroin-iv", "--set", "people=some"], "whole number"),
        (["heroin-iv", "--set", "variants.heroin=inert"], "prodrug"),
        (["heroin-iv", "--data", "nowhere"], "nowhere"),
        ([], "--help"),
        (["heroin-iv", "--keep", "some"], "outcomes"),
    ],
)
def test_bad_arguments_are_refused(argv: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused(["run", *argv], capsys, hint)


def test_an_output_folder_with_something_else_in_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    scenario()
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("dear")
    refused(["run", "s.yaml", "--out", "mine"], capsys, "manifest.json")
    refused(["run", "s.yaml", "--out", "mine/letter.txt"], capsys, "is a file")
    refused(["run", "s.yaml", "--out", "mine/letter.txt/o"], capsys, "letter.txt")


def test_a_full_disk_leaves_nothing_behind(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device", "o/timecourse.parquet")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter", full)
    refused(["run", scenario(), "--out", "deep/o"], capsys, "No space left")


def test_ctrl_c_keeps_the_finished_people_and_resume_goes_on(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    simulate, calls = cohort.simulate, []

    def stopped(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return simulate(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(cohort, "simulate", stopped)
        assert main(["run", scenario(), "--people", "20", "--solver", "scalar", "--out", "o", "--json"]) == 130
    out, err = capsys.readouterr()
    assert json.loads(out)["outcomes"]["not_run"] == 20 - api.CHUNK_UNCOMPILED
    assert "8 of 20 people" in err
    assert "--resume o" in err
    manifest = json.loads(Path("o/manifest.json").read_text())
    assert (manifest["status"], manifest["people"], manifest["finished"]) == ("interrupted", 20, 8)
    assert main(["replay", "o"]) == 0
    capsys.readouterr()
    refused(["run", "--resume", "o", "--seed", "2"], capsys, "--seed")
    refused(["run", "s.yaml", "--people", "20", "--solver", "scalar", "--out", "o", "--seed", "2"], capsys, "seed (1 then, 2 now)")
    assert main(["run", "--resume", "o", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcomes"]["ok"] == 20
    assert main(["run", "s.yaml", "--people", "20", "--solver", "scalar", "--out", "whole"]) == 0
    capsys.readouterr()
    done, whole = (json.loads(Path(f"{d}/manifest.json").read_text()) for d in ("o", "whole"))
    assert {k: done[k] for k in done if k.endswith("hash")} == {k: whole[k] for k in whole if k.endswith("hash")}
    assert sorted(p.name for p in Path("o").iterdir()) == sorted(p.name for p in Path("whole").iterdir())
    refused(["run", "--resume", "o"], capsys, "is complete")
    refused(["run", "--resume", "nowhere"], capsys, "no such folder")


def test_failures_are_counted_by_kind(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    draw = cohort.draw

    def broken(p: Prepared, n: int, seed: int, first: int = 0) -> object:
        (P,) = draw(p, n, seed, first)
        P[:2, p.body.program.param_names.index("heroin.pk.CL")] = np.nan
        return [P]

    monkeypatch.setattr(cohort, "draw", broken)
    assert main(["run", scenario(), "--people", "3", "--solver", "scalar", "--out", "o"]) == 0
    out = capsys.readouterr().out
    assert "failed: 2 of 3 people" in out
    assert "the step became too small, worst in" in out
    assert "(2 people, first person 0" in out
    (found,) = json.loads(Path("o/manifest.json").read_text())["failures"]
    assert (found["what"], found["people"]) == ("the step became too small", 2)


def test_ctrl_c_with_one_person_writes_nothing() -> None:
    code = f"""
import os
from papaver import api
from papaver.cli import main
api.simulate_prepared = lambda *args, **options: os.kill(os.getpid(), {int(signal.SIGINT)})
raise SystemExit(main(["run", "heroin-iv", "--out", "o"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (130, "", 1)
    assert not Path("o").exists()
