"""The public face: scenarios in every form, cohorts, run folders, replay."""

import importlib
import threading
from pathlib import Path

import numpy as np
import pytest

import papaver
from papaver import Dose, Observe, PapaverError, Person, Scenario, api

SMALL = {"title": "Morphine glucuronide", "doses": [{"drug": "m6g", "amount": "5 mg", "route": "iv"}], "observe": {"until": "2 h", "every": "10 min"}}


def test_every_public_name_is_there() -> None:
    for name in papaver.__all__:
        assert getattr(papaver, name) is not None
        assert name in dir(papaver)
    with pytest.raises(AttributeError, match="nonsense"):
        papaver.nonsense  # noqa: B018
    assert importlib.import_module("papaver.api").run is papaver.run


def test_a_name_a_path_a_mapping_and_an_object_are_the_same_run() -> None:
    Path("small.yaml").write_text(repr(SMALL))
    as_object = Scenario(
        title="Morphine glucuronide", doses=[Dose(drug="m6g", amount="5 mg", route="iv")], observe=Observe(until="2 h", every="10 min")
    )
    hashes = {papaver.run(s, out=False).hash() for s in (SMALL, "small.yaml", Path("small.yaml"), as_object)}
    assert len(hashes) == 1


def test_changes_do_not_touch_what_was_given() -> None:
    s = papaver.load_scenario(SMALL)
    changed = papaver.load_scenario(s, people=7, seed=8, set={"person.weight": "90 kg", "doses.0.times": "2", "doses.0.every": "1 h"})
    assert s.person == Person()
    assert (changed.people, changed.seed, changed.person.weight, changed.doses[0].times) == (7, 8, "90 kg", 2)
    assert papaver.load_scenario(changed.to_dict()) == changed


def test_a_run_folder_is_written_and_replays() -> None:
    result = papaver.run(SMALL)
    assert result.run_dir == "runs/morphine-glucuronide-1-1"
    report = papaver.replay(result.run_dir)
    assert report.matches
    assert report.differences == ()
    again = papaver.run(Path(result.run_dir) / "scenario.yaml", out=False)
    assert again.hash() == result.hash()


def test_out_false_writes_nothing() -> None:
    result = papaver.run(SMALL, out=False)
    assert result.run_dir is None
    assert list(Path().iterdir()) == []


def test_a_cohort_does_not_depend_on_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = papaver.run(SMALL, people=10, seed=3, solver="scalar", out=False)
    monkeypatch.setattr(api, "CHUNK_UNCOMPILED", 3)
    parts = papaver.run(SMALL, people=10, seed=3, solver="scalar", out=False)
    assert (whole.people, parts.people) == (10, 10)
    assert whole.hash() == parts.hash()
    assert whole.outcomes_hash() == parts.outcomes_hash()
    fewer = papaver.run(SMALL, people=4, seed=3, solver="scalar", out=False)
    np.testing.assert_array_equal(fewer.data, whole.data[:4])
    assert papaver.run(SMALL, people=10, seed=4, solver="scalar", out=False).hash() != whole.hash()


@pytest.mark.slow
def test_a_cohort_through_the_kernel_agrees_with_the_scalar_solver(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PAPAVER_CACHE", str(tmp_path / "cache"))
    # outputs that no other test asks for, so that the kernel is not in memory yet
    alone = SMALL | {"observe": {"until": "2 h", "every": "10 min", "show": ["m6g"]}}
    kernel = papaver.run(alone, people=5, out=False, progress=True)
    scalar = papaver.run(alone, people=5, solver="scalar", out=False)
    assert kernel.solver == "kernel"
    assert "compiling" in capsys.readouterr().err
    np.testing.assert_allclose(kernel["m6g.pk.C1"], scalar["m6g.pk.C1"], rtol=1e-9, atol=1e-9)


def test_the_cohort_is_spread_around_the_typical_person() -> None:
    cohort = papaver.run(SMALL, people=40, solver="scalar", out=False)
    typical = papaver.run(SMALL, out=False)
    peak = cohort.outcomes["m6g.arterial.Cmax"]
    assert peak.std() > 0
    assert peak.min() < typical.outcomes["m6g.arterial.Cmax"][0] < peak.max()


def test_a_run_in_a_thread_of_a_server_writes_its_folder() -> None:
    done: list[papaver.Result] = []
    thread = threading.Thread(target=lambda: done.append(papaver.run(SMALL, out="o")))
    thread.start()
    thread.join()
    assert done[0].run_dir == "o"
    assert papaver.replay("o").matches


def test_own_data_is_used_named_and_replayed() -> None:
    folder = Path("own/sources")
    folder.mkdir(parents=True)
    (folder / "me_2026.yaml").write_text("{id: me_2026, citation: my notebook, seen: full_text}")
    result = papaver.run(SMALL, data="own", out="o")
    assert result.library.hash != papaver.run(SMALL, out=False).library.hash
    assert papaver.replay("o").matches
    (folder / "me_2026.yaml").write_text("{id: me_2026, citation: my other notebook, seen: full_text}")
    # in a new process: the library is read once
    api.load_library.cache_clear()
    report = papaver.replay("o")
    assert [c.name for c in report.checks if not c.matches] == ["data"]


@pytest.mark.parametrize("rtol", [0.0, 1.0, float("nan"), -1e-6])
def test_an_impossible_tolerance_is_refused(rtol: float) -> None:
    with pytest.raises(PapaverError, match="rtol"):
        papaver.run(SMALL, rtol=rtol)


def test_drugs_and_explain() -> None:
    assert {"heroin", "morphine"} <= {d.name for d in papaver.drugs()}
    assert papaver.explain("heroin.pk.CL").startswith("heroin.pk.CL")
    with pytest.raises(PapaverError, match=r"heroin\.pk\.CL"):
        papaver.explain("heroin.pk.CLX")
