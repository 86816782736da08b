"""Cohorts in chunks: what is kept, bounded memory, and an interruption anywhere that leaves no trace in the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

import papaver
from papaver import PapaverError, api
from papaver.cohort import run as cohort
from papaver.cohort.run import plan
from papaver.simulate import storage, tables
from papaver.simulate.chunks import Chunks

SCENARIO = {"title": "m6g", "doses": [{"drug": "m6g", "amount": "5 mg", "route": "iv"}], "observe": {"until": "2 h", "every": "10 min"}}
PEOPLE = 10


def run(out: object = False, **options: object) -> papaver.Result:
    return papaver.run(SCENARIO, **{"people": PEOPLE, "seed": 3, "solver": "scalar", "out": out, **options})


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "CHUNK_UNCOMPILED", 3)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a cohort whose time courses are not kept, four people are."""
    monkeypatch.setattr(cohort, "SAMPLE_PEOPLE", 4)


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C (or another end) in the n-th chunk from now."""

    def arm(n: int, end: BaseException) -> None:
        simulate, calls = cohort.simulate, []

        def stopped(*args: object, **kwargs: object) -> object:
            calls.append(1)
            if len(calls) == n:
                monkeypatch.setattr(cohort, "simulate", simulate)
                raise end
            return simulate(*args, **kwargs)

        monkeypatch.setattr(cohort, "simulate", stopped)

    return arm


def test_outcomes_of_all_and_time_courses_of_a_few(few: None) -> None:
    whole, part = run(), run("o", keep="outcomes")
    assert (part.people, part.held, whole.held) == (PEOPLE, 4, PEOPLE)
    assert part.hash() == whole.hash()
    assert part.outcomes_hash() == whole.outcomes_hash()
    assert np.array_equal(part.data, whole.data[:4])
    assert len(part.to_frame()) == 4 * len(part.t)
    assert part.arrays.sizes["person"] == 4
    assert set(parquet.read_table("o/timecourse.parquet")["person"].to_pylist()) == {0, 1, 2, 3}
    assert parquet.read_metadata("o/outcomes.parquet").num_rows == PEOPLE
    assert "first 4" in Path("o/report.html").read_text()
    m = storage.read_manifest("o")
    assert m["timecourses_of"] == 4
    assert m["command"].endswith("--keep outcomes")
    assert papaver.replay("o").matches
    np.testing.assert_array_equal(part.bands()["m6g.pk.C1"]["median"], np.median(whole["m6g.pk.C1"][:4], axis=0))


def test_a_large_cohort_is_written_whole_and_held_in_part(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run("whole")
    monkeypatch.setattr(cohort, "KEEP_ALL_BYTES", 1.0)
    asked = run("asked", keep="all")
    assert (asked.held, storage.read_manifest("asked")["timecourses_of"]) == (4, PEOPLE)
    assert tables.stored_hashes("asked")["timecourse_hash"] == whole.hash() == asked.hash()
    assert parquet.read_table("asked/timecourse.parquet").equals(parquet.read_table("whole/timecourse.parquet"))
    assert run("default").held == storage.read_manifest("default")["timecourses_of"] == 4
    # nowhere to put them but in memory
    assert run(keep="all").held == PEOPLE
    assert papaver.replay("asked").matches


def test_what_is_too_much_is_refused_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cohort, "MAX_BYTES", 100.0)
    with pytest.raises(PapaverError, match="--keep outcomes"):
        run("o", keep="all")
    with pytest.raises(PapaverError, match="keep: read 'outcome'; did you mean 'outcomes'"):
        run("o", keep="outcome")
    assert not Path("o").exists()


def test_the_plan_is_bounded(heroin_iv) -> None:
    each = 8 * len(heroin_iv.scenario.t) * len(heroin_iv.columns)
    million = plan(heroin_iv, 1_000_000, 256, None, True)
    assert million.written == million.held == min(2000, int(cohort.SAMPLE_BYTES / each))
    assert million.chunk * each < cohort.CHUNK_BYTES
    hundred = plan(heroin_iv, 100, 256, None, True)
    assert (hundred.written, hundred.held) == (100, 100)


@pytest.mark.parametrize("keep", ["all", "outcomes"])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_an_interrupted_run_ends_as_if_nothing_had_happened(few: None, stop_after, keep: str, n: int) -> None:
    whole = run("whole", keep=keep)
    stop_after(n, KeyboardInterrupt())
    with pytest.raises(api.Interrupted) as stop:
        run("o", keep=keep)
    assert stop.value.result.people == 3 * (n - 1)
    m = storage.read_manifest("o")
    assert (m["status"], m["finished"]) == ("interrupted", 3 * (n - 1))
    if n > 1:
        assert papaver.replay("o").matches
    else:
        with pytest.raises(PapaverError, match="before the first people"):
            papaver.resume("o")
    again = papaver.resume("o") if n == 2 else run("o", keep=keep)
    assert (again.hash(), again.outcomes_hash()) == (whole.hash(), whole.outcomes_hash())
    assert np.array_equal(again.data, whole.data)
    for d in ("o", "whole"):
        m = storage.read_manifest(d)
        assert (m["status"], m["timecourse_hash"], m["outcomes_hash"]) == ("complete", whole.hash(), whole.outcomes_hash())
        assert tables.stored_hashes(d) == {"timecourse_hash": m["written_hash"], "outcomes_hash": whole.outcomes_hash()}
        assert not (Path(d) / "chunks").exists()


def test_finished_chunks_are_not_simulated_again_even_after_a_crash(stop_after, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after(4, MemoryError())
    with pytest.raises(MemoryError):
        run("o")
    assert sorted(p.name for p in Path("o/chunks").iterdir()) == ["000000000+3.npz", "000000003+3.npz", "000000006+3.npz", "run.json"]
    seen: list[int] = []
    simulate = cohort.simulate
    monkeypatch.setattr(cohort, "simulate", lambda *a, **k: seen.append(k["first_person"]) or simulate(*a, **k))
    # a chunk that was being written when the power went
    path = Path("o/chunks/000000006+3.npz")
    path.write_bytes(path.read_bytes()[:-100])
    # other chunks than the first time
    monkeypatch.setattr(api, "CHUNK_UNCOMPILED", 2)
    assert papaver.resume("o").hash() == run().hash()
    assert seen[:2] == [6, 8]


def test_an_unfinished_run_is_not_overwritten_by_another(stop_after) -> None:
    stop_after(2, KeyboardInterrupt())
    with pytest.raises(api.Interrupted):
        run("o")
    for options, differs in (({"seed": 4}, "seed"), ({"people": 11}, "people"), ({"rtol": 1e-7}, "rtol"), ({"people": 1}, "people")):
        with pytest.raises(PapaverError, match=rf"unfinished run that differs in .*{differs} \("):
            run("o", **options)
    assert [c.first for c in Chunks(Path("o"))] == [0]


def test_what_rules_did_is_kept_across_an_interruption(stop_after, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {"drug": "m6g", "amount": "1 mg", "route": "iv", "when": "m6g.pk.C1 < 300 nmol/L", "at": "5 min", "times": 2, "every": "20 min"}
    s = SCENARIO | {"doses": [*SCENARIO["doses"], rule]}
    whole = papaver.run(s, people=PEOPLE, solver="scalar", out=False)
    assert whole.schedule
    stop_after(3, KeyboardInterrupt())
    with pytest.raises(api.Interrupted):
        papaver.run(s, people=PEOPLE, solver="scalar", out="o")
    monkeypatch.setattr(tables, "SCHEDULE_PEOPLE", 3)
    again = papaver.resume("o")
    assert again.schedule == whole.schedule
    written = parquet.read_table("o/schedule.parquet").to_pylist()
    assert [(row["person"], row["fired"], row["given"]) for row in written] == [(r["person"], r["fired"], r["given"]) for r in whole.schedule]
    assert parquet.read_metadata("o/schedule.parquet").num_row_groups == 4
    assert np.array_equal(again.stopped, whole.stopped, equal_nan=True)
    assert again.hash() == whole.hash()
