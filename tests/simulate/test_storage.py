"""The run folder: units beside every number, the same values read back, and never a file half written."""

import contextlib
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

import papaver
from papaver.errors import PapaverError
from papaver.simulate import Result, storage, tables
from papaver.simulate.result import person_digests

SCENARIO = {"title": "two people", "doses": [{"drug": "m6g", "amount": "5 mg", "route": "iv"}], "observe": {"until": "1 h", "every": "10 min"}}


@pytest.fixture(scope="module")
def pair() -> Result:
    """Two people, the second of whom failed after half an hour."""
    r = papaver.run(SCENARIO, people=2, solver="scalar", out=False)
    data = r.data.copy()
    data[1, 3:] = np.nan
    outcomes = {k: np.array([x[0], np.nan]) for k, x in r.outcomes.items()}
    return dataclasses.replace(r, data=data, reasons=["", "the step became too small at 30 min"], outcomes=outcomes)


def manifest(r: Result, people: int = 2) -> dict[str, object]:
    return storage.manifest(r, model_hash="m", people=people, command=["papaver", "run", "two people.yaml"], interrupted=people > r.people)


def test_tables_carry_units(pair: Result) -> None:
    storage.write(Path(), pair, manifest(pair))
    schema = parquet.read_schema(tables.TIMECOURSE)
    assert schema.names == ["person", "time", *pair.columns]
    assert schema.field("time").metadata == {b"unit": b"min"}
    assert schema.field("m6g.pk.C1").metadata == {b"unit": b"nmol/L"}
    assert json.loads(schema.metadata[b"units"])["m6g.pk.C1"] == "nmol/L"
    assert parquet.read_schema(tables.OUTCOMES).field("m6g.arterial.Tmax").metadata == {b"unit": b"min"}


def test_a_failed_person_has_a_reason_and_no_numbers(pair: Result) -> None:
    storage.write(Path(), pair, manifest(pair, 3))
    rows = parquet.read_table(tables.OUTCOMES).to_pylist()
    assert [r["status"] for r in rows] == ["ok", "failed", "not run"]
    assert rows[1]["reason"].startswith("the step became too small")
    assert np.isnan(rows[1]["m6g.arterial.Cmax"])
    assert np.isnan(rows[2]["m6g.arterial.Cmax"])
    c = parquet.read_table(tables.TIMECOURSE)["m6g.pk.C1"].to_numpy().reshape(2, -1)
    np.testing.assert_array_equal(c, pair["m6g.pk.C1"])


def test_hashes_are_those_of_the_values_read_back(pair: Result) -> None:
    for people in (2, 5):
        storage.write(Path(), pair, manifest(pair, people))
        assert tables.stored_hashes(Path()) == {"timecourse_hash": pair.hash(), "outcomes_hash": pair.outcomes_hash()}
    altered = dataclasses.replace(pair, data=np.nextafter(pair.data, np.inf))
    storage.write(Path(), altered, manifest(altered))
    assert tables.stored_hashes(Path())["timecourse_hash"] != pair.hash()


def test_hashes_do_not_depend_on_row_groups(pair: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ROW_GROUP_BYTES", 1)
    storage.write(Path(), pair, manifest(pair, 3))
    assert parquet.ParquetFile(tables.TIMECOURSE).num_row_groups == 2
    assert parquet.ParquetFile(tables.OUTCOMES).num_row_groups == 3
    assert tables.stored_hashes(Path()) == {"timecourse_hash": pair.hash(), "outcomes_hash": pair.outcomes_hash()}
    # as another program would cut it: in the middle of a person
    parquet.write_table(parquet.read_table(tables.TIMECOURSE), tables.TIMECOURSE, row_group_size=5)
    assert tables.stored_hashes(Path())["timecourse_hash"] == pair.hash()


def test_bands_are_written_where_time_courses_are_not(pair: Result) -> None:
    first = dataclasses.replace(pair, data=pair.data[:1], digests=person_digests(pair.data))
    m = storage.manifest(first, model_hash="m", people=2, command=["papaver"], written=1)
    assert first.hash() == pair.hash() == m["timecourse_hash"] != m["written_hash"]
    storage.write(Path(), first, m)
    assert tables.stored_hashes(Path())["timecourse_hash"] == m["written_hash"]
    bands = parquet.read_table(tables.BANDS).to_pylist()
    assert {r["people"] for r in bands} == {1}
    last = next(r for r in bands if r["column"] == "m6g.pk.C1" and r["time"] == 60)
    assert last["median"] == last["mean"] == last["p05"] == pair["m6g.pk.C1"][0, -1]
    storage.write(Path(), pair, manifest(pair))
    assert not Path(tables.BANDS).exists()


def test_the_manifest_counts_failures_by_kind(pair: Result) -> None:
    assert manifest(pair)["failures"] == [{"what": "the step became too small", "state": None, "people": 1, "first_person": 1, "earliest": 30.0}]


def test_the_manifest_says_how_to_repeat(pair: Result) -> None:
    storage.write(Path(), pair, manifest(pair))
    m = storage.read_manifest(Path())
    assert m["command"] == "papaver run 'two people.yaml'"
    assert (m["status"], m["people"], m["failed"], m["solver"], m["seed"]) == ("complete", 2, 1, "scalar", 1)
    assert m["timecourse_hash"] == pair.hash()
    assert m["data_hash"] == pair.library.hash
    assert papaver.load_scenario("scenario.yaml") == papaver.load_scenario(m["scenario"]) == pair.scenario.scenario


def test_json_has_no_nan() -> None:
    text = storage.to_json({"a": [float("nan"), np.float64("inf"), 1.5], "b": np.int64(3)}, indent=None)
    assert json.loads(text) == {"a": [None, None, 1.5], "b": 3}


def test_writing_again_replaces_the_run_and_an_older_report(pair: Result) -> None:
    storage.write(Path(), pair, manifest(pair), "<html>")
    assert Path("report.html").read_text() == "<html>"
    storage.write(Path(), pair, manifest(pair))
    assert sorted(p.name for p in Path().iterdir()) == ["manifest.json", "outcomes.parquet", "scenario.yaml", "timecourse.parquet"]


def test_a_failure_while_writing_leaves_the_older_run_whole(pair: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.write(Path(), pair, manifest(pair), "<html>")
    before = {p.name: p.read_bytes() for p in Path().iterdir()}
    monkeypatch.setattr(tables, "outcomes_table", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        storage.write(Path(), pair, manifest(pair), "<html>new")
    assert {p.name: p.read_bytes() for p in Path().iterdir()} == before


def test_reserve_makes_fresh_folders_and_removes_unused_ones() -> None:
    with storage.reserve(None, "a-1") as first, storage.reserve(None, "a-1") as second:
        assert (str(first), str(second)) == ("runs/a-1-1", "runs/a-1-2")
    with contextlib.suppress(ZeroDivisionError), storage.reserve("deep/er/o", "a") as folder:
        assert folder.is_dir()
        raise ZeroDivisionError
    assert not Path("deep").exists()


def test_reserve_refuses_what_is_not_ours() -> None:
    Path("f").touch()
    with pytest.raises(PapaverError, match="is a file"), storage.reserve("f", "a"):
        pass
    with pytest.raises(PapaverError, match="is not empty"), storage.reserve(".", "a"):
        pass
    Path("manifest.json").touch()
    with storage.reserve(".", "a") as folder:
        assert folder == Path()
