"""The other commands, and the command line as a process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from papaver.cli import COMMANDS, main

SHORT = ["run", "heroin-iv", "--set", "observe.until=20 min", "--set", "observe.every=1 min", "--out", "o"]


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    top = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n    {name}" in top
        assert main([name, "--help"]) == 0
        assert f"papaver {name}" in capsys.readouterr().out


def test_help_does_not_wait_for_heavy_imports() -> None:
    code = "import sys; from papaver.cli import main; main(['--help']); sys.exit(any(m in sys.modules for m in ('numpy', 'yaml', 'msgspec')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_one_person_needs_no_compiler() -> None:
    code = f"import sys; from papaver.cli import main; main({SHORT!r}); sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize("argv", [[], ["frobnicate"], ["run", "heroin-iv", "--nonsense"], ["explain"]])
def test_bad_usage_is_one_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_a_closed_pipe_is_quiet() -> None:
    done = subprocess.run(f"{sys.executable} -m papaver equations | head -1", shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("system")
    assert done.stderr == ""


def test_replay_says_that_a_run_repeats(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SHORT) == 0
    capsys.readouterr()
    assert main(["replay", "o"]) == 0
    out = capsys.readouterr().out
    assert out.count("matches ") == 7
    assert "DIFFERS" not in out
    assert main(["replay", "o", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["matches"] is True
    assert {c["name"] for c in report["checks"]} >= {"data", "model (equations)"}


def test_replay_finds_what_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SHORT) == 0
    path = Path("o/manifest.json")
    manifest = json.loads(path.read_text())
    manifest["timecourse_hash"] = manifest["written_hash"] = "0" * 64
    manifest["numpy"] = "0.0"
    path.write_text(json.dumps(manifest))
    Path("o/scenario.yaml").write_text(Path("o/scenario.yaml").read_text().replace("10 mg", "11 mg"))
    capsys.readouterr()
    assert main(["replay", "o"]) == 1
    out = capsys.readouterr().out
    # the time course simulated again, the one in the file, and the copy of the scenario
    assert out.count("DIFFERS") == 3
    assert "numpy: 0.0 then" in out


@pytest.mark.parametrize("broken", ["not a folder", "no manifest", "not JSON", "other format", "wrong type", "no table", "half a table"])
def test_replay_refuses_what_is_no_run(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    if broken != "not a folder":
        assert main(SHORT) == 0
    manifest = Path("o/manifest.json")
    if broken == "no manifest":
        manifest.unlink()
    elif broken == "not JSON":
        manifest.write_text("{")
    elif broken == "other format":
        manifest.write_text('{"format": 99}')
    elif broken == "wrong type":
        manifest.write_text(manifest.read_text().replace('"people": 1', '"people": "one"'))
    elif broken == "no table":
        Path("o/outcomes.parquet").unlink()
    elif broken == "half a table":
        Path("o/timecourse.parquet").write_bytes(Path("o/timecourse.parquet").read_bytes()[:1000])
    capsys.readouterr()
    assert main(["replay", "o"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_explain_prints_a_value_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "diamorphine.routes"]) == 2
    capsys.readouterr()
    assert main(["explain", "diamorphine.inhaled.F"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "heroin.inhaled.F"
    for text in (
        "value",
        "spread",
        "uncertainty",
        "basis",
        "doi:10.2165/00003088-200645040-00005",
        "[rook_2006;",
        "where",
        "population",
        "heroin.yaml",
    ):
        assert text in out


def test_explain_prints_a_molecule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "6-MAM"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("6-MAM (six_mam)") or "(six_mam)" in out.splitlines()[0]
    for text in ("molar mass", "elimination", "forms morphine", "receptors", "mop", "sources"):
        assert text in out


def test_explain_lists_what_is_below_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "circulation"]) == 0
    assert "circulation.Q_H" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "hint"), [("herion", "heroin"), ("heroin.pk.Cl", "heroin.pk.CL"), ("circulation.Qh", "circulation.Q_H")])
def test_explain_suggests_the_nearest(name: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 2
    assert hint in capsys.readouterr().err


def test_drugs_and_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drugs"]) == 0
    assert "diamorphine" in capsys.readouterr().out
    assert main(["scenarios"]) == 0
    assert "heroin-iv" in capsys.readouterr().out


def test_equations_as_text_and_latex(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["equations", "morphine-iv"]) == 0
    assert "d(A1)/dt" in capsys.readouterr().out
    assert main(["equations", "--latex"]) == 0
    assert r"\begin{align}" in capsys.readouterr().out
