"""FDA's model of 2022: typical patients against runs of FDA's own code, its arrest rule, the twelve percentages, bad tables.

The event times below are of runs of FDA's public code. The curves and the 2000 patients are checked where their files are at hand
(PAPAVER_FDA2022, or ../shared/reference/fda2022 beside the repository).
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from papaver.bodies.fda2022 import NALOXONE_MW, OPIOIDS, fda2022
from papaver.bodies.values import parameter_matrix
from papaver.cli import main
from papaver.core.solve import DoseEvent, Solver
from papaver.errors import DataError
from papaver.evidence.load import load_library
from papaver.trial import fda2022 as trial

FOLDER = Path(os.environ.get("PAPAVER_FDA2022", Path(__file__).parents[3] / "shared" / "reference" / "fda2022"))
needs_files = pytest.mark.skipif(not (FOLDER / "patients.csv").is_file(), reason="FDA's tables are not at hand (set PAPAVER_FDA2022 to their folder)")
TYPICAL = [
    # patient, naloxone, ventilation below 40 % (s), PaO2 at most 15 (s), PaO2 220 s later
    ("naive", "none", 14.0238, 152.4, 10.2196),
    ("naive", "generic", 14.0238, 152.5, 13.7664),
    ("naive", "evzio", 14.0238, 152.8, 31.5628),
    ("chronic", "none", 16.5635, 197.2, 13.1040),
    ("chronic", "generic", 16.5635, 199.5, 34.2617),
    ("chronic", "evzio", 16.5635, 209.4, 74.9582),
]
CURVES = {
    "minute_ventilation_l_min": "breathing.VE", "PaO2_mmHg": "gas.P_a_O2", "PaCO2_mmHg": "gas.P_a_CO2", "PbO2_mmHg": "brain.P_O2",
    "PbCO2_mmHg": "brain.P_CO2", "total_blood_flow_l_min": "flow.Q", "brain_flow_l_min": "flow.Q_b", "CAR_opioid_bound": "receptor.opioid",
    "CBR_naloxone_bound": "receptor.naloxone", "SaO2_pct": "saturation.S",
}  # fmt: skip


def run(patient: str, naloxone: str, names: list[str], arrest: float | None = None) -> tuple[np.ndarray, dict[str, np.ndarray], float]:
    """The typical patient after 1.625 mg of fentanyl: seconds, curves, and when ventilation fell below 40 % (s)."""
    body = fda2022("fentanyl", naloxone if naloxone != "none" else "generic", patient)
    library = load_library()
    P = parameter_matrix(body, library, {p: library.parameters[p].internal for p in body.data_paths})
    t = np.arange(0.0, 20.0, 1 / 60)
    VE = body.program.output("breathing.VE")
    doses = [DoseEvent(0.0, "opioid.dose", 1.625e6 / OPIOIDS["fentanyl"])]
    if arrest is not None:
        doses.append(DoseEvent(arrest / 60, "collapse.event", 1.0))
    rules = [trial._rescue(VE)] if naloxone != "none" else []
    solution = Solver(body.program).solve(P, doses, t, nodes=[VE, *(body.program.output(n) for n in names)], rules=rules)
    assert solution.reasons == [""]
    y = solution.Y[0]
    k = int(np.argmax(y[:, 0] < 0.4 * y[0, 0]))
    low = t[k - 1] + (t[k] - t[k - 1]) * (y[k - 1, 0] - 0.4 * y[0, 0]) / (y[k - 1, 0] - y[k, 0])
    return 60 * t, {n: y[:, i + 1] for i, n in enumerate(names)}, 60 * low


@pytest.mark.parametrize(("patient", "naloxone", "t40", "t15", "pressure"), TYPICAL)
def test_event_times_of_the_typical_patient(patient: str, naloxone: str, t40: float, t15: float, pressure: float) -> None:
    t, y, low = run(patient, naloxone, ["gas.P_a_O2"])
    P = y["gas.P_a_O2"]
    assert low == pytest.approx(t40, abs=0.2)
    k = int(np.argmax(P <= 15))
    assert t[k - 1] + (P[k - 1] - 15) / (P[k - 1] - P[k]) == pytest.approx(t15, abs=0.5)
    assert float(trial.fda_clock(t / 60, P[None])[0]) == pytest.approx(pressure, abs=0.05)


@needs_files
@pytest.mark.parametrize(("patient", "naloxone", "t40", "t15", "pressure"), TYPICAL)
def test_curves_of_the_typical_patient(patient: str, naloxone: str, t40: float, t15: float, pressure: float) -> None:
    t, y, _ = run(patient, naloxone, list(CURVES.values()), t15 + 220 if pressure <= 15 else None)
    with (FOLDER / f"typical_{patient}_fentanyl_1.625mg_{naloxone}.csv").open() as f:
        rows = list(csv.DictReader(f))
    seconds, flow = (np.array([float(r[c]) for r in rows]) for c in ("time_s", "total_blood_flow_l_min"))
    alive = (seconds > 0) & (np.cumsum(flow < 0.5) == 0) & (seconds <= t[-1])
    assert alive.sum() > 40
    for column, name in CURVES.items():
        theirs = np.array([float(r[column]) for r in rows])
        ours = np.interp(seconds, t, y[name]) * (100 if column == "SaO2_pct" else 1)
        scale = np.abs(theirs).max()
        if scale > 0:
            assert np.abs(ours - theirs)[alive].max() <= 0.005 * scale, column


def test_the_clock_is_fdas() -> None:
    t = np.linspace(0, 10, 601)
    falling = 20 - t
    recovers = np.where((t > 6) & (t < 9), 40.0, falling)
    late = np.where(t < 8, 20.0, 10.0)
    never = np.full_like(t, 16.0)
    out = trial.fda_clock(t, np.array([falling, recovers, late, never]))
    assert out[0] == pytest.approx(20 - (5 + 220 / 60), abs=1e-6)
    assert out[1] == 40.0
    assert np.isnan(out[2:]).all()


def test_drawn_people_have_fdas_moments_and_do_not_depend_on_how_many_are_drawn() -> None:
    a, b = trial.draw_patients(4000, 1), trial.draw_patients(10, 1)
    assert set(a) == set(trial._columns())
    assert all((a[n][:10] == b[n]).all() for n in a)
    assert np.median(a["fentanyl_V1_L"]) == pytest.approx(10.5, rel=0.05)
    assert a["fentanyl_n"].mean() == pytest.approx(0.8424, abs=0.01)
    assert np.corrcoef(np.log(a["fentanyl_kon_per_pM_n_s"]), a["fentanyl_n"])[0, 1] < -0.97
    assert a["generic_F"].max() <= 0.9


@pytest.mark.slow
@needs_files
def test_the_twelve_percentages_on_fdas_patients() -> None:
    published = [52.10, 29.45, 15.55, 77.85, 54.20, 35.35, 59.15, 36.60, 20.85, 90.15, 73.65, 57.25]
    outcomes = trial.figure7(load_library(), trial.read_patients(FOLDER / "patients.csv"))
    assert [o.percent for o in outcomes] == pytest.approx(published, abs=0.5)


@pytest.mark.slow
def test_the_command_runs_the_trial_on_drawn_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "fda2022-figure7", "--people", "400", "--json", "--set", "patient=naive", "--out", str(tmp_path / "t")]
    assert main(words) == 0
    arms = json.loads(capsys.readouterr().out)["arms"]
    assert len(arms) == 12
    assert {a["patient"] for a in arms} == {"naive"}
    for k in range(0, 12, 3):
        none, generic, evzio = (a["cardiac_arrest_percent"] for a in arms[k : k + 3])
        assert none >= generic >= evzio
    assert (tmp_path / "t" / "people.csv").read_text().count("\n") == 12 * 400 + 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "patient=old"], "--set patient: read 'old'; allowed are chronic, naive"),
        (["--set", "patients=naive"], "--set patients: a trial can be changed in patient"),
        (["--people", "0"], "--people: read 0; allowed are 1 to"),
        (["--patients", "nowhere.csv"], "--patients nowhere.csv: cannot be read"),
        (["--keep", "all"], "--keep: is not for a trial"),
    ],
)
def test_bad_options_are_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "fda2022-figure7", *words]) == 2
    assert message in capsys.readouterr().err


def test_the_folder_of_another_run_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert main(["run", "fda2022-figure7", "--people", "1", "--out", str(tmp_path)]) == 2
    assert "holds another run; give a new folder" in capsys.readouterr().err
    assert (tmp_path / "manifest.json").read_text() == "{}"


def test_a_bad_table_of_patients_names_row_and_column(tmp_path: Path) -> None:
    header = trial._columns()
    good = ["1"] * len(header)
    path = tmp_path / "patients.csv"
    path.write_text(",".join(header[1:]) + "\n" + ",".join(good[1:]) + "\n")
    with pytest.raises(DataError, match="the column 'fentanyl_V1_L' is missing"):
        trial.read_patients(path)
    path.write_text(",".join(header) + "\n" + ",".join(good) + "\n" + ",".join(["1", "x", *good[2:]]) + "\n")
    with pytest.raises(DataError, match=r"line 3, column fentanyl_kout_per_s: read 'x'; a positive number is needed"):
        trial.read_patients(path)


def test_naloxone_amounts_are_moles() -> None:
    assert trial._rescue(0).amount == pytest.approx(2e6 / NALOXONE_MW)
