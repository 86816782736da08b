"""Finished chunks of a cohort on disk, one file each, so that an interrupted run goes on where it stopped, even after a power cut."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from papaver.core.rules import Firing
from papaver.errors import DataError
from papaver.simulate.result import DIGEST, Result
from papaver.simulate.tables import FORMAT, people_per_group, timecourse_table

if TYPE_CHECKING:
    import pyarrow as pa

Array = npt.NDArray[np.float64]

FOLDER, HEADER = "chunks", "run.json"


@dataclass(frozen=True)
class Chunk:
    """A finished chunk: persons first..first+people-1, everything of theirs but what nobody wants to keep.

    Attributes:
        data: time courses of its first people that are to be written, shape (those, times, columns).
        digests: see `result.person_digests`; of all its people. firings, stopped: as in `Result`.
    """

    first: int
    data: Array
    reasons: list[str]
    steps: list[int]
    outcomes: Mapping[str, Array]
    outcome_units: Mapping[str, str]
    digests: bytes
    mole_error: float
    broken_laws: list[str]
    firings: list[list[Firing]]
    stopped: Array

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.reasons)


class Chunks:
    """The folder `chunks` of a run folder. Nothing is written before the first chunk is finished."""

    def __init__(self, run_dir: Path) -> None:
        self.folder = run_dir / FOLDER

    @property
    def header(self) -> dict[str, Any] | None:
        """What was noted of the unfinished run; None if there is none."""
        path = self.folder / HEADER
        if not path.is_file():
            return None
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as e:
            raise DataError(f"{path}: cannot be read ({e}); delete the folder {self.folder} to begin anew") from None
        if not isinstance(raw, dict) or raw.get("format") != FORMAT or not isinstance(raw.get("identity"), dict):
            raise DataError(f"{path}: is not of this version of papaver; delete the folder {self.folder} to begin anew")
        return raw

    def begin(self, header: Mapping[str, Any]) -> None:
        """Note what the run is, or go on with it.

        Args:
            header: `identity` (name -> value: all that the numbers depend on), and whatever a later process needs to go on.

        Raises:
            DataError: the folder holds chunks of another run; says what differs.
        """
        self._new = {"format": FORMAT, **header}
        old = self.header
        if old is None:
            return
        then, now = old["identity"], json.loads(json.dumps(header["identity"]))
        differ = [f"{k} ({then.get(k)} then, {now.get(k)} now)" for k in [*now, *(k for k in then if k not in now)] if then.get(k) != now.get(k)]
        if differ:
            raise DataError(
                f"{self.folder.parent}: holds an unfinished run that differs in {', '.join(differ)}; finish that one with "
                f"papaver run --resume {self.folder.parent}, give --out another folder, or delete {self.folder}"
            )

    def _finished(self) -> list[tuple[Path, int]]:
        """Files and sizes of the chunks from person 0 on without a gap."""
        out: list[tuple[Path, int]] = []
        following = 0
        for path in sorted(self.folder.glob("[0-9]*+[0-9]*.npz")):
            first, _, n = path.stem.partition("+")
            if int(first) == following and zipfile.is_zipfile(path):
                out.append((path, int(n)))
                following += int(n)
        return out

    def add(self, chunk: Chunk) -> None:
        """Write a chunk: it is there whole, or not at all."""
        self.folder.mkdir(exist_ok=True)
        path = self.folder / HEADER
        if not path.exists():
            self._replace(path, lambda temporary: temporary.write_text(json.dumps(self._new, indent=2), encoding="utf-8"))
        note = json.dumps({
            "outcome_units": chunk.outcome_units, "mole_error": chunk.mole_error, "broken_laws": chunk.broken_laws, "rules": bool(chunk.firings),
        })  # fmt: skip
        firings = [(k, f.rule, f.fired, f.given) for k, who in enumerate(chunk.firings) for f in who]
        arrays = {
            # as the kernel leaves them in memory: times side by side
            "data": np.moveaxis(chunk.data, 2, 1), "reasons": np.array(chunk.reasons, dtype=np.str_), "steps": np.array(chunk.steps, dtype=np.int64),
            "outcomes": np.array(list(chunk.outcomes.values())), "digests": np.frombuffer(chunk.digests, dtype=np.uint8), "note": np.array(note),
            "firings": np.array(firings, dtype=np.float64).reshape(-1, 4), "stopped": chunk.stopped,
        }  # fmt: skip
        self._replace(self.folder / f"{chunk.first:09d}+{chunk.people}.npz", lambda temporary: _savez(temporary, arrays))

    def _replace(self, path: Path, write: Any) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            write(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Chunk]:
        """Finished chunks in order; a damaged file ends them, as what follows it can be computed again."""
        for path, n in self._finished():
            try:
                with np.load(path) as x:
                    note = json.loads(str(x["note"]))
                    values = x["outcomes"]
                    names = list(note["outcome_units"])
                    firings: list[list[Firing]] = [[] for _ in range(n)] if note["rules"] else []
                    for k, rule, fired, given in x["firings"].tolist():
                        firings[int(k)].append(Firing(int(rule), fired, given))
                    chunk: Chunk | None = Chunk(
                        int(path.stem.partition("+")[0]), np.moveaxis(x["data"], 1, 2), x["reasons"].tolist(), x["steps"].tolist(),
                        dict(zip(names, values, strict=True)), note["outcome_units"], x["digests"].tobytes(), note["mole_error"], note["broken_laws"],
                        firings, x["stopped"],
                    )  # fmt: skip
            except (ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
                chunk = None
            if chunk is None or not chunk.people == n == len(chunk.digests) // DIGEST:
                path.unlink()
                return
            yield chunk

    def timecourse_tables(self, result: Result, people: int) -> Iterator[pa.Table]:
        """Time courses of the first `people` as tables of about one row group each, for `tables.write_tables`."""
        group = people_per_group(len(result.t), len(result.columns))
        for chunk in self:
            wanted = min(people - chunk.first, len(chunk.data))
            part = dataclasses.replace(result, data=chunk.data, first_person=result.first_person + chunk.first)
            for a in range(0, wanted, group):
                yield timecourse_table(part, slice(a, min(a + group, wanted)))
            if wanted < chunk.people:
                return

    def remove(self) -> None:
        """Delete the chunks: the run is finished."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.folder)


def _savez(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    # given a file, NumPy leaves the name alone
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
