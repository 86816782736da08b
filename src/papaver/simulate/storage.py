"""The run folder on disk: two tables with units, the scenario, the manifest; written whole or not at all, and read back."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import math
import os
import platform
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from papaver.errors import DataError, PapaverError
from papaver.scenario import Scenario
from papaver.simulate.result import Result

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST, TIMECOURSE, OUTCOMES, SCENARIO, REPORT = "manifest.json", "timecourse.parquet", "outcomes.parquet", "scenario.yaml", "report.html"
FORMAT = 1
"""Number of the folder's layout; a reader refuses one that it does not know."""
NOT_RUN = "the run was interrupted before this person"
ROW_GROUP = 2**20
_WORDS: dict[type | tuple[type, ...], str] = {dict: "a mapping", str: "text", int: "a whole number", (int, float): "a number"}
_MANIFEST_FIELDS: dict[str, type | tuple[type, ...]] = {
    "scenario": dict, "solver": str, "rtol": (int, float), "people": int, "finished": int, "timecourse_hash": str, "outcomes_hash": str,
    "model_hash": str, "data_hash": str, "scenario_hash": str,
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
    result: Result, *, model_hash: str, people: int, command: Sequence[str], data_dir: str | None = None, interrupted: bool = False
) -> dict[str, Any]:
    """All that is needed to judge a run and to repeat it.

    Args:
        model_hash: structural hash of the equations. people: how many were asked for (after an interruption more than `result.people`).
        command: words of the command that repeats the run. data_dir: the user's own data folder, if one was used.
    """
    s = result.scenario.scenario
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
        "mole_error": result.mole_error,
        "broken_laws": result.broken_laws,
        "timecourse_hash": result.hash(),
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
    if out is not None and folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
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


def write(folder: Path, result: Result, manifest: Mapping[str, Any], report: str | None = None) -> None:
    """Write a run folder. Each file is written under another name and then renamed, the manifest last: no file is ever half there.

    Args:
        manifest: from `manifest`. report: the HTML report; without one an older report is removed.
    """
    import yaml
    from pyarrow import parquet

    def table(make: Callable[[], pa.Table]) -> Callable[[Path], None]:
        return lambda path: parquet.write_table(make(), path, compression="zstd", row_group_size=ROW_GROUP)

    def text(value: str) -> Callable[[Path], None]:
        return lambda path: _write_text(path, value)

    writers: dict[str, Callable[[Path], None]] = {
        TIMECOURSE: table(lambda: timecourse_table(result)),
        OUTCOMES: table(lambda: outcomes_table(result, int(manifest["people"]))),
        SCENARIO: text(yaml.safe_dump(manifest["scenario"], sort_keys=False, allow_unicode=True)),
    }
    if report is not None:
        writers[REPORT] = text(report)
    writers[MANIFEST] = text(to_json(manifest) + "\n")
    temporary = {name: folder / f".{name}.{os.getpid()}.tmp" for name in writers}
    try:
        for name, path in temporary.items():
            writers[name](path)
        if report is None:
            (folder / REPORT).unlink(missing_ok=True)
        for name, path in temporary.items():
            os.replace(path, folder / name)
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _field(name: str, kind: pa.DataType, unit: str) -> pa.Field:
    import pyarrow as pa

    return pa.field(name, kind, metadata={b"unit": unit.encode()})


def _units(title: str, units: Mapping[str, str]) -> dict[bytes, bytes]:
    return {b"papaver": str(FORMAT).encode(), b"title": title.encode(), b"units": json.dumps(units, ensure_ascii=False).encode()}


def _column(values: npt.NDArray[Any]) -> pa.Array:
    """A NumPy array as a column, by its buffer: pa.array() would import pandas to look at it, which takes half a second."""
    import pyarrow as pa

    whole = values.dtype.kind == "i"
    plain = np.ascontiguousarray(values, dtype=np.int64 if whole else np.float64)
    return pa.Array.from_buffers(pa.int64() if whole else pa.float64(), len(plain), [None, pa.py_buffer(plain)])


def _text_column(values: Sequence[str]) -> pa.Array:
    """Texts as a column, by their buffers (see `_column`)."""
    import pyarrow as pa

    data = [v.encode() for v in values]
    offsets = np.concatenate([[0], np.cumsum([len(b) for b in data])]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(data), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(data))])


def timecourse_table(result: Result) -> pa.Table:
    """Tidy: one row per person and time; each field's metadata has its unit, the schema's has all of them."""
    import pyarrow as pa

    n, m = result.people, len(result.t)
    person = np.arange(result.first_person, result.first_person + n, dtype=np.int64)
    units = {"person": "1", "time": "min", **result.units}
    columns: list[npt.NDArray[Any]] = [np.repeat(person, m), np.tile(result.t, n)]
    columns += [result[name].reshape(-1) for name in result.columns]
    names = ["person", "time", *result.columns]
    fields = [_field(k, pa.int64() if k == "person" else pa.float64(), units[k]) for k in names]
    return pa.Table.from_arrays([_column(c) for c in columns], schema=pa.schema(fields, metadata=_units(result.scenario.scenario.title, units)))


def outcomes_table(result: Result, people: int) -> pa.Table:
    """A row a person: status "ok", "failed" or "not run", the reason, and the outcomes (NaN where there is none)."""
    import pyarrow as pa

    missing = people - result.people
    status = ["failed" if r else "ok" for r in result.reasons] + ["not run"] * missing
    reasons = [*result.reasons, *[NOT_RUN] * missing]
    person = np.arange(result.first_person, result.first_person + people, dtype=np.int64)
    units = {"person": "1", **result.outcome_units}
    fields = [_field("person", pa.int64(), "1"), pa.field("status", pa.string()), pa.field("reason", pa.string())]
    arrays = [_column(person), _text_column(status), _text_column(reasons)]
    for name, x in result.outcomes.items():
        fields.append(_field(name, pa.float64(), units[name]))
        arrays.append(_column(np.concatenate([x, np.full(missing, np.nan)])))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=_units(result.scenario.scenario.title, units)))


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


def stored_hashes(folder: Path | str) -> dict[str, str]:
    """SHA-256 of the decoded values in the two tables, comparable with `Result.hash` and `Result.outcomes_hash`.

    Raises:
        DataError: a table is missing or cannot be read.
    """
    import pyarrow as pa
    from pyarrow import parquet

    tables = []
    for name in (TIMECOURSE, OUTCOMES):
        try:
            tables.append(parquet.read_table(Path(folder) / name))
        except (OSError, pa.ArrowException) as e:
            raise DataError(f"{Path(folder) / name}: cannot be read ({str(e).splitlines()[0]}); run the scenario again") from None
    timecourse, outcomes = tables
    person = timecourse["person"].to_numpy()
    m = int(np.count_nonzero(person == person[0])) if len(person) else 0
    digest = hashlib.sha256(timecourse["time"].to_numpy()[:m].tobytes())
    for name in timecourse.column_names[2:]:
        digest.update(name.encode() + b"\0" + timecourse[name].to_numpy().tobytes())
    run = [s != "not run" for s in outcomes["status"].to_pylist()]
    done = sum(run)
    second = hashlib.sha256("\0".join(outcomes["reason"].to_pylist()[:done]).encode())
    for name in outcomes.column_names[3:]:
        second.update(name.encode() + b"\0" + outcomes[name].to_numpy()[:done].tobytes())
    return {"timecourse_hash": digest.hexdigest(), "outcomes_hash": second.hexdigest()}
