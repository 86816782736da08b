"""A NONMEM data set as read: columns of numbers, and for every refusal the row and the column that are wrong."""

from __future__ import annotations

import contextlib
import csv
import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from papaver.errors import DataError, nearest

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
ITEMS = ("ID", "TIME", "EVID", "AMT", "CMT", "RATE", "ADDL", "II", "SS", "MDV", "DV")
"""Data items with a meaning of their own; every other column is a covariate or is left alone."""
MISSING = frozenset({"", ".", "NA", "NaN", "nan", "<NA>", "None"})
MAX_REPEATS = 100_000
OBSERVATION, DOSE, OTHER, RESET, RESET_DOSE = 0, 1, 2, 3, 4
"""Values of EVID."""


class Table:
    """The rows of a data set.

    Args:
        data: path of a CSV file with a header row, or a data frame.

    Raises:
        DataError: unreadable, no header, ragged rows, or a column twice.
    """

    def __init__(self, data: str | Path | pd.DataFrame) -> None:
        self.lines: list[int] | None = None
        if isinstance(data, pd.DataFrame):
            self.name, self.raw = "data", data
            header = [str(c) for c in data.columns]
        elif isinstance(data, str | Path):
            self.name = str(data)
            header, cells, self.lines = _read_csv(Path(data))
            self.raw = pd.DataFrame(cells, columns=pd.Index(header, dtype=object), dtype=object)
        else:
            raise DataError(f"data: read {type(data).__name__}; give the path of a CSV file or a pandas DataFrame")
        self.columns: dict[str, int] = {}
        for k, name in enumerate(header):
            if name.upper() in self.columns:
                raise DataError(f"{self.name}: the columns {header[self.columns[name.upper()]]!r} and {name!r} have one name; rename one of them")
            self.columns[name.upper()] = k
        if not len(self.raw):
            raise DataError(f"{self.name}: no data rows; a data set has a header row and at least one row below it")

    def __len__(self) -> int:
        return len(self.raw)

    def __contains__(self, name: str) -> bool:
        return name.upper() in self.columns

    def frame(self) -> pd.DataFrame:
        """A copy of the data set; columns of a file become numbers where all their entries are numbers or missing."""
        if self.lines is None:
            return self.raw.copy()
        out = {}
        for k, name in enumerate(self.raw.columns):
            text = self.raw.iloc[:, k]
            number = pd.to_numeric(text.where(~text.isin(MISSING)), errors="coerce")
            out[name] = number if not (number.isna() & ~text.isin(MISSING)).any() else text
        return pd.DataFrame(out)

    def where(self, row: int, name: str) -> str:
        """Names a cell: "pk.csv: row 3 (line 4), TIME"; rows count from 1 and leave out the header."""
        line = f" (line {self.lines[row]})" if self.lines is not None else ""
        own = self.raw.columns[self.columns[name.upper()]] if name in self else name
        return f"{self.name}: row {row + 1}{line}, {own}"

    def text(self, row: int, name: str) -> str:
        """What stands in a cell."""
        return str(self.raw.iloc[row, self.columns[name.upper()]]).strip()

    def fail(self, row: int, name: str, message: str) -> NoReturn:
        """Refuse a cell: what was read is put before the message."""
        read = f"read {self.text(row, name)!r}; " if name in self else ""
        raise DataError(f"{self.where(row, name)}: {read}{message}")

    def check(self, name: str, wrong: Flags, message: str) -> None:
        """Refuse the first row where `wrong` is true."""
        if wrong.any():
            self.fail(int(np.argmax(wrong)), name, message)

    def texts(self, name: str) -> list[str]:
        """A column as text."""
        return [str(x).strip() for x in self.raw.iloc[:, self.columns[name.upper()]]]

    def numbers(self, name: str, default: float | None = None, *, whole: bool = False) -> Array:
        """A column as finite numbers; "." and empty are missing.

        Args:
            default: for a missing entry, and for every row where there is no such column; None refuses them.
            whole: refuse fractions.
        """
        if name not in self:
            if default is None:
                raise DataError(f"{self.name}: the column {name} is missing; {nearest(name, (str(c) for c in self.raw.columns))}")
            return np.full(len(self), default)
        column = self.raw.iloc[:, self.columns[name.upper()]]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            x = column.to_numpy(dtype=np.float64, na_value=np.nan)
            missing = np.isnan(x)
        else:
            text = column.map(lambda v: str(v).strip())
            missing = text.isin(MISSING).to_numpy()
            x = pd.to_numeric(text.where(~text.isin(MISSING)), errors="coerce").to_numpy(dtype=np.float64)
            self.check(name, np.isnan(x) & ~missing, "a number is needed" + (" (hours, not a clock time)" if name == "TIME" else ""))
        if default is None:
            self.check(name, missing, "the value is missing; every row needs a number here")
        x = np.where(missing, 0.0 if default is None else default, x)
        self.check(name, ~np.isfinite(x), "a finite number is needed")
        if whole:
            self.check(name, x != np.floor(x), "a whole number is needed")
        return x


def _read_csv(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as f:
            reader = csv.reader(f)
            header = [h.strip().lstrip("#").strip() for h in next(reader, [])]
            if len(header) < 2:
                read = ",".join(header)[:60]
                raise DataError(f"{path}: line 1: read {read!r}; the first line must name the columns, separated by commas: ID,TIME,AMT,...")
            cells: list[list[str]] = []
            lines: list[int] = []
            for row in reader:
                if not any(x.strip() for x in row):
                    continue
                if len(row) != len(header):
                    raise DataError(f"{path}: line {reader.line_num}: {len(row)} fields, but the header has {len(header)}")
                cells.append([x.strip() for x in row])
                lines.append(reader.line_num)
    except (UnicodeDecodeError, csv.Error) as e:
        raise DataError(f"{path}: not a CSV file in UTF-8 ({e})") from None
    except OSError as e:
        raise DataError(f"{path}: {e.strerror}") from None
    return header, cells, lines


@dataclass(frozen=True)
class Records:
    """The event items of every row, checked, and the rows of each person in order of the file.

    `cmt` is as written, 0 if absent; the model says what it means. `people` holds row numbers (from 0), by person in order of appearance.
    """

    table: Table
    ids: list[str]
    people: list[list[int]]
    time: Array
    evid: npt.NDArray[np.int64]
    amt: Array
    rate: Array
    addl: npt.NDArray[np.int64]
    ii: Array
    ss: npt.NDArray[np.int64]

    @functools.cached_property
    def doses(self) -> Flags:
        """Rows that give a dose."""
        flags: Flags = (self.evid == DOSE) | (self.evid == RESET_DOSE)
        return flags


def records(table: Table) -> Records:
    """Check the event items.

    Raises:
        DataError: names the row and the column, what was read, what is allowed.
    """
    t = table
    time = t.numbers("TIME")
    amt, rate, ii = t.numbers("AMT", 0.0), t.numbers("RATE", 0.0), t.numbers("II", 0.0)
    ss, addl, mdv = (t.numbers(name, 0.0, whole=True) for name in ("SS", "ADDL", "MDV"))
    t.check("MDV", ~np.isin(mdv, (0, 1)), "allowed are 0 (an observation) and 1 (none)")
    t.check("SS", ~np.isin(ss, (0, 1, 2)), "allowed are 0, 1 (steady state) and 2 (steady state, added to what is there)")
    t.check("RATE", (rate < 0) & ~np.isin(rate, (-1, -2)), "allowed are 0 (bolus), a rate above 0, -1 (the rate is Rn), -2 (the duration is Dn)")
    t.check("AMT", amt < 0, "an amount is not negative")
    t.check("II", ii < 0, "an interval is not negative")
    t.check("ADDL", (addl < 0) | (addl > MAX_REPEATS), f"allowed are 0 to {MAX_REPEATS} additional doses")
    if "EVID" in t:
        kind = t.numbers("EVID", whole=True)
        t.check("EVID", ~np.isin(kind, range(5)), "allowed are 0 (observation), 1 (dose), 2 (other), 3 (reset), 4 (reset and dose)")
        evid = kind.astype(np.int64)
    else:
        evid = np.where((amt > 0) | ((rate != 0) & (ss > 0)), DOSE, np.where(mdv == 1, OTHER, OBSERVATION)).astype(np.int64)
    dose = (evid == DOSE) | (evid == RESET_DOSE)
    for name, x in (("AMT", amt), ("RATE", rate), ("ADDL", addl), ("II", ii), ("SS", ss)):
        t.check(name, ~dose & (x != 0), "this row gives no dose (EVID 0, 2 or 3), so 0 is needed; a dose has EVID 1 or 4")
    constant = (ss > 0) & (amt == 0) & (rate != 0)
    t.check("AMT", dose & (amt == 0) & ~constant, "a dose needs an amount above 0 (0 only with SS and a RATE: a constant infusion at steady state)")
    t.check("RATE", constant & (rate == -2), "a constant infusion at steady state (AMT 0) has a rate, not a duration; write the rate or -1")
    t.check("II", constant & (ii != 0), "a constant infusion at steady state (AMT 0) has no interval; write 0")
    t.check("ADDL", constant & (addl != 0), "a constant infusion at steady state (AMT 0) has no additional doses; write 0")
    t.check("II", dose & (ss > 0) & ~constant & (ii <= 0), "a steady-state dose (SS) needs the interval between doses, above 0")
    t.check("II", dose & (addl > 0) & (ii <= 0), "additional doses (ADDL) need the interval between doses, above 0")
    t.check("II", dose & (ii > 0) & (addl == 0) & (ss == 0), "an interval needs ADDL (how many more doses) or SS; write 0 for a single dose")
    ids, people = _people(t)
    r = Records(t, ids, people, time, evid, amt, rate, addl.astype(np.int64), ii, ss.astype(np.int64))
    _check_order(r)
    return r


def _people(t: Table) -> tuple[list[str], list[list[int]]]:
    if "ID" not in t:
        t.numbers("ID")
    groups: dict[str, list[int]] = {}
    for row, text in enumerate(t.texts("ID")):
        if text in MISSING:
            t.fail(row, "ID", "every row needs the number or name of its person")
        with contextlib.suppress(ValueError):
            text = f"{float(text):.17g}"
        groups.setdefault(text, []).append(row)
    return list(groups), list(groups.values())


def _check_order(r: Records) -> None:
    """Times must not run backwards except at a reset, and nothing may erase a dose at the instant it is given."""
    time, evid, ss, dose = r.time.tolist(), r.evid.tolist(), r.ss.tolist(), r.doses.tolist()
    for rows in r.people:
        before, given = -math.inf, -1
        for row in rows:
            now, resets = time[row], evid[row] in (RESET, RESET_DOSE)
            if now < before and not resets:
                person = r.table.text(row, "ID")
                r.table.fail(row, "TIME", f"the row before it of ID {person} is at {before:g}; times may go back only at a reset (EVID 3 or 4)")
            if now != before:
                given = -1
            if given >= 0 and (resets or ss[row] == 1):
                what, column = ("a reset", "EVID") if resets else ("a steady-state dose with SS 1", "SS")
                r.table.fail(row, column, f"{what} would erase the dose of row {given + 1} at the time it is given ({now:g}); put it before that row")
            if dose[row]:
                given = row
            before = now
