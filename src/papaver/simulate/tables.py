"""Results as Parquet tables with units: written in row groups of whole people, hashed and read back with bounded memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from papaver.errors import DataError
from papaver.simulate.result import Result, person_digests, timecourse_hash

if TYPE_CHECKING:
    import pyarrow as pa

Array = npt.NDArray[np.float64]

TIMECOURSE, OUTCOMES, BANDS, SCHEDULE = "timecourse.parquet", "outcomes.parquet", "bands.parquet", "schedule.parquet"
FORMAT = 2
"""Number of the folder's layout; a reader refuses one that it does not know."""
NOT_RUN = "the run was interrupted before this person"
SCHEDULE_PEOPLE = 20_000
"""People whose schedule is written at a time."""
ROW_GROUP_BYTES = 64e6
"""Row groups hold whole people and are about this large, so that they are written and read back a few at a time."""


def _field(name: str, kind: pa.DataType, unit: str) -> pa.Field:
    import pyarrow as pa

    return pa.field(name, kind, metadata={b"unit": unit.encode()})


def _schema(fields: list[pa.Field], title: str, units: Mapping[str, str]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        fields, metadata={b"papaver": str(FORMAT).encode(), b"title": title.encode(), b"units": json.dumps(units, ensure_ascii=False).encode()}
    )


def column(values: npt.NDArray[Any]) -> pa.Array:
    """A NumPy array as a column, by its buffer: pa.array() would import pandas to look at it, which takes half a second."""
    import pyarrow as pa

    whole = values.dtype.kind == "i"
    plain = np.ascontiguousarray(values, dtype=np.int64 if whole else np.float64)
    return pa.Array.from_buffers(pa.int64() if whole else pa.float64(), len(plain), [None, pa.py_buffer(plain)])


def text_column(values: Sequence[str]) -> pa.Array:
    """Texts as a column, by their buffers (see `column`)."""
    import pyarrow as pa

    data = [v.encode() for v in values]
    offsets = np.concatenate([[0], np.cumsum([len(b) for b in data])]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(data), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(data))])


def timecourse_table(result: Result, people: slice = slice(None)) -> pa.Table:
    """Tidy: one row per held person and time; each field's metadata has its unit, the schema's has all of them."""
    import pyarrow as pa

    person = np.arange(result.first_person, result.first_person + result.held, dtype=np.int64)[people]
    units = {"person": "1", "time": "min", **result.units}
    columns: list[npt.NDArray[Any]] = [np.repeat(person, len(result.t)), np.tile(result.t, len(person))]
    columns += [result[name][people].reshape(-1) for name in result.columns]
    names = ["person", "time", *result.columns]
    fields = [_field(k, pa.int64() if k == "person" else pa.float64(), units[k]) for k in names]
    return pa.Table.from_arrays([column(c) for c in columns], schema=_schema(fields, result.scenario.scenario.title, units))


def timecourse_tables(result: Result) -> Iterator[pa.Table]:
    """The same in pieces of one row group."""
    step = people_per_group(len(result.t), len(result.columns))
    for a in range(0, max(result.held, 1), step):
        yield timecourse_table(result, slice(a, a + step))


def people_per_group(times: int, columns: int) -> int:
    """Whole people in a row group of the time courses."""
    return max(1, int(ROW_GROUP_BYTES / (8 * (columns + 2) * max(times, 1))))


def outcomes_table(result: Result, people: int, part: slice = slice(None)) -> pa.Table:
    """A row a person: status "ok", "failed", "stopped" (by a rule) or "not run", the reason, and the outcomes (NaN where there is none).

    Args:
        people: how many were asked for (after an interruption more than `result.people`). part: which of them.
    """
    import pyarrow as pa

    person = np.arange(people, dtype=np.int64)[part]
    done = person[person < result.people]
    missing = len(person) - len(done)
    reasons = [result.reasons[k] for k in done]
    stopped = np.isfinite(result.stopped)[done] if result.stopped.size else np.zeros(len(done), dtype=bool)
    status = ["failed" if r else "stopped" if x else "ok" for r, x in zip(reasons, stopped, strict=True)] + ["not run"] * missing
    units = {"person": "1", **result.outcome_units}
    fields = [_field("person", pa.int64(), "1"), pa.field("status", pa.string()), pa.field("reason", pa.string())]
    arrays = [column(result.first_person + person), text_column(status), text_column(reasons + [NOT_RUN] * missing)]
    for name, x in result.outcomes.items():
        fields.append(_field(name, pa.float64(), units[name]))
        arrays.append(column(np.concatenate([x[done], np.full(missing, np.nan)])))
    return pa.Table.from_arrays(arrays, schema=_schema(fields, result.scenario.scenario.title, units))


def outcomes_tables(result: Result, people: int) -> Iterator[pa.Table]:
    """The same in pieces of one row group."""
    step = max(1, int(ROW_GROUP_BYTES / (8 * (len(result.outcomes) + 8))))
    for a in range(0, people, step):
        yield outcomes_table(result, people, slice(a, a + step))


def bands_table(result: Result) -> pa.Table:
    """Time courses reduced over people: one row per column and time with mean, p05, p25, median, p75 and p95; `people` says of how many."""
    import pyarrow as pa

    bands = result.bands()
    m = len(result.t)
    ok = sum(1 for r in result.reasons[: result.held] if not r)
    names = [name for name in bands for _ in range(m)]
    arrays = [text_column(names), text_column([result.units[name] for name in names]), column(np.tile(result.t, len(bands)))]
    fields = [pa.field("column", pa.string()), pa.field("unit", pa.string()), _field("time", pa.float64(), "min")]
    for statistic in next(iter(bands.values()), {}):
        arrays.append(column(np.concatenate([b[statistic] for b in bands.values()])))
        fields.append(pa.field(statistic, pa.float64()))
    arrays.append(column(np.full(len(names), ok, dtype=np.int64)))
    fields.append(pa.field("people", pa.int64()))
    return pa.Table.from_arrays(arrays, schema=_schema(fields, result.scenario.scenario.title, {"time": "min", **result.units}))


def schedule_tables(result: Result) -> Iterator[pa.Table]:
    """What rules did, in pieces: one row a firing, with the condition, when it fired and when its dose was given."""
    for a in range(0, max(len(result.firings), 1), SCHEDULE_PEOPLE):
        yield _schedule_table(result, slice(a, a + SCHEDULE_PEOPLE))


def _schedule_table(result: Result, people: slice) -> pa.Table:
    import pyarrow as pa

    rows = result.schedule_of(people)
    units = {"person": "1", "fired": "min", "given": "min", "amount": "nmol"}
    fields = [_field("person", pa.int64(), "1"), *(_field(k, pa.float64(), units[k]) for k in ("fired", "given", "amount"))]
    fields += [pa.field(k, pa.string()) for k in ("when", "drug", "route", "text")]
    arrays = [column(np.array([r["person"] for r in rows], dtype=np.int64))]
    arrays += [column(np.array([r[k] for r in rows], dtype=np.float64)) for k in ("fired", "given", "amount")]
    arrays += [text_column([str(r[k] or "") for r in rows]) for k in ("when", "drug", "route", "text")]
    return pa.Table.from_arrays(arrays, schema=_schema(fields, result.scenario.scenario.title, units))


def write_tables(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write tables of one schema as the row groups of one file, one in memory at a time."""
    from pyarrow import parquet

    writer = None
    try:
        for table in tables:
            if writer is None:
                # numbers that hardly repeat: no dictionaries, like bytes side by side (six times faster, a third smaller)
                numbers = [f.name for f in table.schema if f.type == "double" and f.name != "time"]
                words = [n for n in table.schema.names if n not in numbers]
                writer = parquet.ParquetWriter(path, table.schema, compression="zstd", use_dictionary=words, use_byte_stream_split=numbers)
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
    finally:
        if writer is not None:
            writer.close()


def stored_hashes(folder: Path | str) -> dict[str, str]:
    """SHA-256 of the decoded values in the two tables, comparable with `Result.hash` and `Result.outcomes_hash` of the same people.

    Raises:
        DataError: a table is missing or cannot be read.
    """
    import pyarrow as pa

    out = {}
    for key, name, read in (("timecourse_hash", TIMECOURSE, _timecourse_hash), ("outcomes_hash", OUTCOMES, _outcomes_hash)):
        path = Path(folder) / name
        try:
            out[key] = read(path)
        except (OSError, pa.ArrowException) as e:
            raise DataError(f"{path}: cannot be read ({str(e).splitlines()[0]}); run the scenario again") from None
    return out


def _timecourse_hash(path: Path) -> str:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names[2:]
        t, digests = _times(file), b""
        left = np.empty((len(names), 0))
        for k in range(file.num_row_groups):
            table = file.read_row_group(k, columns=names)
            # another program may have cut the groups elsewhere: what is left of a person waits for the next group
            rows = np.concatenate([left, np.array([table[n].to_numpy() for n in names]).reshape(len(names), -1)], axis=1)
            whole = rows.shape[1] // len(t) if len(t) else 0
            people = rows[:, : whole * len(t)].reshape(len(names), whole, len(t))
            digests += person_digests(np.moveaxis(people, 0, 2))
            left = rows[:, whole * len(t) :]
    return timecourse_hash(t, names, digests)


def _times(file: Any) -> Array:
    """Output times: those of the first person."""
    times: list[Array] = []
    first = None
    for k in range(file.num_row_groups):
        table = file.read_row_group(k, columns=["person", "time"])
        person = table["person"].to_numpy()
        first = person[0] if first is None and len(person) else first
        times.append(table["time"].to_numpy()[person == first])
        if not (person == first).all():
            break
    return np.concatenate(times) if times else np.empty(0)


def _outcomes_hash(path: Path) -> str:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        head = file.read(columns=["status", "reason"])
        # "not run" stands at the end
        done = sum(s != "not run" for s in head["status"].to_pylist())
        digest = hashlib.sha256("\0".join(head["reason"].to_pylist()[:done]).encode())
        for name in file.schema_arrow.names[3:]:
            digest.update(name.encode() + b"\0" + file.read(columns=[name])[name].to_numpy()[:done].tobytes())
    return digest.hexdigest()
