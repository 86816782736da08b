"""The run folder on disk: tables with units, the scenario, the manifest; written whole or not at all, and read back."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import math
import os
import platform
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from papaver.errors import DataError, PapaverError
from papaver.scenario import Scenario
from papaver.simulate.chunks import Chunks
from papaver.simulate.failures import failures
from papaver.simulate.result import Result
from papaver.simulate.tables import (
    BANDS,
    FORMAT,
    OUTCOMES,
    SCHEDULE,
    TIMECOURSE,
    bands_table,
    outcomes_tables,
    schedule_tables,
    timecourse_tables,
    write_tables,
)

MANIFEST, SCENARIO, REPORT = "manifest.json", "scenario.yaml", "report.html"
_WORDS: dict[type | tuple[type, ...], str] = {dict: "a mapping", str: "text", int: "a whole number", (int, float): "a number"}
_MANIFEST_FIELDS: dict[str, type | tuple[type, ...]] = {
    "scenario": dict, "solver": str, "rtol": (int, float), "people": int, "finished": int, "timecourse_hash": str, "written_hash": str,
    "outcomes_hash": str, "model_hash": str, "data_hash": str, "scenario_hash": str,
}  # fmt: skip
"""What a replay needs of a manifest."""


def to_json(x: Any, indent: int | None = 2) -> str:
    """JSON text in which a number that is not finite is null."""
    return json.dumps(_finite(x), indent=indent, allow_nan=False, ensure_ascii=False)


def _finite(x: Any) -> Any:
    if isinstance(x, Mapping):
        return {str(k): _finite(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [_finite(v) for v in x]
    if isinstance(x, np.generic):
        x = x.item()
    return None if isinstance(x, float) and not math.isfinite(x) else x


def scenario_hash(scenario: Scenario) -> str:
    """SHA-256 of a scenario as written, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(scenario.to_dict(), sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, str]:
    """What computes: versions of papaver, Python and NumPy, and the platform."""
    import papaver

    return {
        "papaver": papaver.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
    }


def manifest(
    result: Result, *, model_hash: str, people: int, command: Sequence[str], data_dir: str | None = None, interrupted: bool = False,
    written: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All that is needed to judge a run and to repeat it.

    Args:
        model_hash: structural hash of the equations. people: how many were asked for (after an interruption more than `result.people`).
        command: words of the command that repeats the run. data_dir: the user's own data folder, if one was used.
        written: people (the first ones) whose time courses are in the folder; default everybody's.
    """
    s = result.scenario.scenario
    written = result.people if written is None else min(written, result.people)
    whole = result.hash()
    return {
        "format": FORMAT,
        **versions(),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "status": "interrupted" if interrupted else "complete",
        "title": s.title,
        "command": shlex.join(command),
        "scenario": s.to_dict(),
        "assumed": list(result.scenario.assumed),
        "variants": dict(result.variants),
        "scenario_hash": scenario_hash(s),
        "model_hash": model_hash,
        "data_hash": result.library.hash,
        "data_dir": data_dir,
        "solver": result.solver,
        "rtol": result.rtol,
        "seed": s.seed,
        "people": people,
        "finished": result.people,
        "failed": result.failed,
        "failures": [f.to_dict() for f in failures(result.reasons, result.first_person)],
        "timecourses_of": written,
        "mole_error": result.mole_error,
        "broken_laws": result.broken_laws,
        "timecourse_hash": whole,
        "written_hash": whole if written == result.people else result.hash(written),
        "outcomes_hash": result.outcomes_hash(),
    }


@contextlib.contextmanager
def reserve(out: Path | str | None, name: str) -> Iterator[Path]:
    """The folder to write to, made before the work starts, so that an impossible one is known at once; an unused one is removed again.

    Args:
        out: the folder asked for; without one a fresh `runs/<name>-<number>`.
        name: what to call a fresh folder.

    Raises:
        PapaverError: `out` is a file, or a folder that holds something else than a run.
        OSError: the folder cannot be made.
    """
    folder = Path("runs") / f"{name}-1" if out is None else Path(out)
    if folder.exists() and not folder.is_dir():
        raise PapaverError(f"{folder}: is a file; give --out a new folder")
    ours = (folder / MANIFEST).is_file() or Chunks(folder).header is not None
    if out is not None and folder.is_dir() and any(folder.iterdir()) and not ours:
        raise PapaverError(f"{folder}: is not empty and is no run folder (it has no {MANIFEST}); give --out a new folder, or empty this one")
    made = [p for p in folder.parents if not p.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        # making the folder is what claims its number, so that two runs at once cannot take the same one
        try:
            folder.mkdir()
            made.insert(0, folder)
            break
        except FileExistsError:
            if out is not None:
                break
            number += 1
            folder = folder.with_name(f"{name}-{number}")
    try:
        yield folder
    except BaseException:
        for p in made:
            with contextlib.suppress(OSError):
                p.rmdir()
        raise


def write(folder: Path, result: Result, manifest: Mapping[str, Any], report: str | None = None, chunks: Chunks | None = None) -> None:
    """Write a run folder. Each file is written under another name and then renamed, the manifest last: no file is ever half there.

    Args:
        manifest: from `manifest`. report: the HTML report. A report or bands of an older run are removed where this one has none.
        chunks: where the time courses are that the result no longer holds.
    """
    import yaml

    def table(make: Callable[[], Iterable[Any]]) -> Callable[[Path], None]:
        return lambda path: write_tables(path, make())

    def text(value: str) -> Callable[[Path], None]:
        return lambda path: _write_text(path, value)

    people, written = int(manifest["people"]), int(manifest["timecourses_of"])
    stored = chunks if chunks is not None and written > result.held else None
    writers: dict[str, Callable[[Path], None]] = {
        TIMECOURSE: table(lambda: timecourse_tables(result) if stored is None else stored.timecourse_tables(result, written)),
        OUTCOMES: table(lambda: outcomes_tables(result, people)),
        SCENARIO: text(yaml.safe_dump(manifest["scenario"], sort_keys=False, allow_unicode=True)),
    }
    if written < result.people:
        writers[BANDS] = table(lambda: [bands_table(result)])
    if result.scenario.rules:
        writers[SCHEDULE] = table(lambda: schedule_tables(result))
    if report is not None:
        writers[REPORT] = text(report)
    writers[MANIFEST] = text(to_json(manifest) + "\n")
    temporary = {name: folder / f".{name}.{os.getpid()}.tmp" for name in writers}
    try:
        for name, path in temporary.items():
            writers[name](path)
        for name in {REPORT, BANDS, SCHEDULE} - writers.keys():
            (folder / name).unlink(missing_ok=True)
        for name, path in temporary.items():
            os.replace(path, folder / name)
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def begin_trial(folder: Path, scenario: Scenario, command: Sequence[str]) -> None:
    """Say that the folder is a trial's, before its first arm is written."""
    if not (folder / MANIFEST).is_file():
        note = {"format": FORMAT, "trial": scenario.title, "status": "running", "command": shlex.join(command)}
        _write_text(folder / MANIFEST, to_json(note) + "\n")


def finish_trial(folder: Path, scenario: Scenario, command: Sequence[str], summary: Mapping[str, Any], report: str) -> None:
    """Write a trial's comparison: the report, the scenario, and the manifest last."""
    import yaml

    _write_text(folder / REPORT, report)
    _write_text(folder / SCENARIO, yaml.safe_dump(scenario.to_dict(), sort_keys=False, allow_unicode=True))
    head = {
        "format": FORMAT, **versions(), "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), "status": "complete",
        "trial": scenario.title, "command": shlex.join(command), "scenario_hash": scenario_hash(scenario), "seed": scenario.seed,
    }  # fmt: skip
    _write_text(folder / MANIFEST, to_json({**head, **summary}) + "\n")


def trial_arms(folder: Path | str) -> tuple[str, ...]:
    """Names of the arms' folders if the folder is a finished trial's; else nothing."""
    path = Path(folder) / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    arms = raw.get("arms") if isinstance(raw, dict) and raw.get("trial") else None
    return tuple(str(a["folder"]) for a in arms if isinstance(a, dict) and "folder" in a) if isinstance(arms, list) else ()


def read_manifest(folder: Path | str) -> dict[str, Any]:
    """The manifest of a run folder.

    Raises:
        DataError: no folder, no manifest in it, or one that cannot be read.
    """
    path = Path(folder) / MANIFEST
    if not path.parent.is_dir():
        raise DataError(f"{folder}: no such folder; give the folder that `papaver run` wrote")
    if not path.is_file():
        raise DataError(f"{folder}: is no run folder (it has no {MANIFEST}); give the folder that `papaver run` wrote")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as e:
        raise DataError(f"{path}: cannot be read ({e}); run the scenario again") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else type(raw).__name__
        raise DataError(f"{path}: format: read {found!r}; this version of papaver reads {FORMAT}")
    for name, kind in _MANIFEST_FIELDS.items():
        if not isinstance(raw.get(name), kind):
            raise DataError(f"{path}: {name}: read {raw.get(name)!r}; it must be {_WORDS[kind]}; run the scenario again")
    return raw
