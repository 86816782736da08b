"""NONMEM data sets: read, check, simulate, and hand back with predictions in the same order of rows.

Every person is cut into stretches without a discontinuity; the n-th stretches of all people are integrated together, on plain Python for a
few people and by the compiled kernel for many, with the same bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from papaver.core import rodas5p
from papaver.errors import DataError, PapaverError, nearest
from papaver.evidence.load import Library
from papaver.interop.events import Planner, Segment
from papaver.interop.models import BODY, Model, build
from papaver.interop.table import Array, Records, Table, records

FEW = 20
"""Up to this many people the plain path runs: nobody waits for a compile."""
CHUNK = 4096
MAX_STEPS = 1_000_000
UNITS = ("time", "amount", "volume", "concentration")
RULES = ("nocb", "locf")


def simulate(
    data: str | Path | pd.DataFrame, model: str, parameters: Mapping[str, float | str] | None = None, *,
    units: Mapping[str, str] | str | None = None, cmt: Mapping[str, str] | Mapping[int, str] | str | None = None, covariates: str = "nocb",
    rtol: float | None = None, solver: str | None = None, threads: int | None = None, library: Library | None = None,
    progress: Callable[[int], object] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Simulate a NONMEM data set.

    Args:
        data: path of a CSV file with a header row, or a data frame, with ID and TIME, and EVID, AMT, CMT, RATE, ADDL, II, SS, MDV where needed.
        model: a standard model ("pk1", "pk2_oral", "advan4", ...) in the data set's own units, or "adult", the body.
        parameters: by name. Standard models: numbers in the data set's units ("CL", "V", "KA", "F1", "ALAG1", "D1", "R1"); a column of that name
            does the same and may change over time. The body: paths with units ("heroin.pk.CL": "3 L/min"), WT, AGE, SEX, EGFR.
        units: of the data set: time, amount, volume, concentration. The body needs time, amount and concentration.
        cmt: the body's compartments: number -> "drug:route", or "drug" for one that is only observed. Both may be text: "1=heroin:iv,2=morphine".
        covariates: "nocb": the values of a row hold over the time before it, back to the row before, as in NONMEM; "locf": from the row on.
        rtol: relative tolerance; default 1e-8 for standard models, 1e-6 for the body.
        solver: "scalar" or "kernel"; default by the number of people. Results do not depend on it, nor on `threads`.
        progress: called with the number of people done.

    Returns:
        The data set's columns and rows, in order, and: IPRED (concentration in the compartment of an observation's CMT, else in the central
        one), then CP (central concentration) and A1, A2, ... (amounts), or for the body CP_<molecule> (venous plasma). `attrs` holds "units"
        by column and "failed", a reason by ID; a person that failed has NaN from then on.

    Raises:
        DataError: bad input: names the row and the column, what was read, what is allowed. Nothing has been computed by then.
    """
    if covariates not in RULES:
        raise DataError(f"covariates: read {covariates!r}; allowed are nocb (NONMEM's rule) and locf")
    if solver not in (None, "scalar", "kernel"):
        raise DataError(f"solver: read {solver!r}; allowed are scalar and kernel")
    declared = _pairs(units, "units", "time=h,amount=mg,concentration=ng/mL")
    for name in declared:
        if name not in UNITS:
            raise DataError(f"units: unknown {name!r}; {nearest(name, UNITS)}")
    table = Table(data)
    r = records(table)
    m = build(r, model, parameters or {}, declared, _pairs(cmt, "cmt", "1=heroin:iv,2=morphine:oral"), library)
    taken = [name for name in m.units if name in table]
    if taken:
        raise DataError(f"{table.name}: the column {taken[0]} is there already; rename it, the prediction gets that name")
    tolerance = rtol if rtol is not None else (1e-6 if m.name == BODY else 1e-8)
    if not 1e-12 <= tolerance <= 1e-2:
        raise PapaverError(f"rtol: read {tolerance:g}; allowed are 1e-12 to 1e-2")
    Y, failed = _run(r, m, covariates == "nocb", tolerance, solver or ("scalar" if len(r.people) <= FEW else "kernel"), threads, progress)
    out = table.frame()
    for name, x in m.predict(Y).items():
        out[name] = x
    out.attrs["units"] = m.units
    out.attrs["failed"] = failed
    return out


def write(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV (missing as ".") or Parquet, whole or not at all.

    Raises:
        DataError: another ending, or a folder that is not there.
    """
    target = writable(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if target.suffix == ".csv":
            frame.to_csv(beside, index=False, na_rep=".")
        else:
            frame.to_parquet(beside, index=False)
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def writable(path: str | Path) -> Path:
    """The path, if a table can be written there.

    Raises:
        DataError: not a CSV or Parquet file, or its folder does not exist.
    """
    target = Path(path)
    if target.suffix not in (".csv", ".parquet"):
        raise DataError(f"out: read {str(path)!r}; the name must end with .csv or .parquet")
    if not target.parent.is_dir() or target.is_dir():
        raise DataError(f"out: read {str(path)!r}; " + ("that is a folder" if target.is_dir() else f"there is no folder {target.parent}"))
    return target


def _pairs(given: Mapping[str, str] | Mapping[int, str] | str | None, what: str, example: str) -> dict[str, str]:
    if not isinstance(given, str):
        return {str(k): str(v) for k, v in (given or {}).items()}
    out: dict[str, str] = {}
    for item in given.split(","):
        key, sign, value = (x.strip() for x in item.partition("="))
        if not (key and sign and value) or key in out:
            raise DataError(f"{what}: read {item.strip()!r}; write name=value, each name once, for example {example}")
        out[key] = value
    return out


def _run(
    r: Records, m: Model, nocb: bool, rtol: float, solver: str, threads: int | None, progress: Callable[[int], object] | None
) -> tuple[Array, dict[str, str]]:
    plain = m.solver.plain
    Q, Y0 = plain.prep(m.P), plain.init(m.P)
    planner = Planner(r, m, nocb, Q, Y0, rtol)
    plans = [planner.plan(rows) for rows in r.people]
    Y = np.full((len(r.time), m.program.n), np.nan)
    failed: dict[str, str] = {}
    integrate = _scalar(m, Q, planner.atol, rtol) if solver == "scalar" else _kernel(m, Q, planner.atol, rtol, threads or os.cpu_count() or 1)
    for first in range(0, len(plans), CHUNK):
        part = range(first, min(first + CHUNK, len(plans)))
        # stretches between restarts of the clock know nothing of each other
        courses = [(k, block) for k in part for block in plans[k][0]]
        starts = [Y0[block[0].row] for _, block in courses]
        for (k, _), reason in zip(courses, _courses([b for _, b in courses], starts, Y, m, integrate), strict=True):
            if reason:
                failed.setdefault(r.ids[k], reason)
        for k in part:
            Y[r.people[k]] *= plans[k][1]
        if progress:
            progress(len(part))
    return Y, failed


Integrate = Callable[[list[Segment], Array], tuple[list[Array], Array]]


def _courses(courses: list[list[Segment]], starts: list[Array], Y: Array, m: Model, integrate: Integrate) -> list[str]:
    """Go through the segments of many courses side by side; fills in Y by record and returns a reason for each course that failed."""
    y = np.array(starts)
    reasons = [""] * len(courses)
    level, active = 0, list(range(len(courses)))
    while active:
        segments = [courses[k][level] for k in active]
        moving = [j for j, s in enumerate(segments) if s.end > s.start]
        if moving:
            values, info = integrate([segments[j] for j in moving], y[[active[j] for j in moving]])
            for j, rows, row_info in zip(moving, values, info, strict=True):
                k, s = active[j], segments[j]
                # the grid holds the start, then the times of the predictions; the last row is the end
                where = {t: i for i, t in enumerate(_grid(s))}
                for t, record in s.outs:
                    Y[record] = rows[where[t]]
                y[k] = rows[-1]
                if row_info[0]:
                    reasons[k] = _reason(row_info, m)
        for j, s in enumerate(segments):
            k = active[j]
            if s.end == s.start:
                for _, record in s.outs:
                    Y[record] = y[k]
            for kind, what in s.actions:
                _apply(kind, what, k, y, Y)
        level += 1
        active = [k for k in active if level < len(courses[k]) and not reasons[k]]
    return reasons


def _apply(kind: str, what: Any, k: int, y: Array, Y: Array) -> None:
    if kind == "out":
        Y[what] = y[k]
    elif kind == "set":
        y[k] = what
    else:
        for state, amount in what.items():
            y[k, state] += amount


def _grid(s: Segment) -> list[float]:
    times = [s.start]
    for t, _ in s.outs:
        if t > times[-1]:
            times.append(t)
    if s.end > times[-1]:
        times.append(s.end)
    return times


def _reason(info: Array, m: Model) -> str:
    known = {rodas5p.STEP_TOO_SMALL: "the step became too small", rodas5p.TOO_MANY_STEPS: "too many steps"}
    what = known.get(int(info[0]), "the integration stopped")
    return f"{what} at TIME {info[1] / m.time:.6g}, worst in {m.program.state_names[int(info[2])]}; try a larger rtol or check the parameters"


def _scalar(m: Model, Q: Array, atol: Array, rtol: float) -> Integrate:
    def integrate(segments: list[Segment], y: Array) -> tuple[list[Array], Array]:
        values, info = [], []
        for s, start in zip(segments, y, strict=True):
            events: list[list[Any]] = [[s.start] * len(s.rates), [rodas5p.RATE] * len(s.rates), [i for i, _ in s.rates], [x for _, x in s.rates]]
            rows, row = m.solver.plain.integrate(Q[s.row], start, events, np.array(_grid(s)), atol, rtol, MAX_STEPS)
            values.append(rows)
            info.append(row)
        return values, np.array(info)

    return integrate


def _kernel(m: Model, Q: Array, atol: Array, rtol: float, threads: int) -> Integrate:
    kernel = m.solver.kernel(None)

    def integrate(segments: list[Segment], y: Array) -> tuple[list[Array], Array]:
        grids = [_grid(s) for s in segments]
        n_times = np.array([len(g) for g in grids], dtype=np.int64)
        T = np.full((len(grids), int(n_times.max())), np.inf)
        n_events = np.array([len(s.rates) for s in segments], dtype=np.int64)
        most = max(int(n_events.max()), 1)
        shape = (len(segments), most)
        events: list[npt.NDArray[Any]] = [np.zeros(shape), np.full(shape, rodas5p.RATE), np.zeros(shape, dtype=np.int64), np.zeros(shape)]
        for k, (s, g) in enumerate(zip(segments, grids, strict=True)):
            T[k, : len(g)] = g
            events[0][k] = s.start
            for j, (state, rate) in enumerate(s.rates):
                events[2][k, j], events[3][k, j] = state, rate
        rows = np.array([s.row for s in segments])
        who = np.arange(len(segments), dtype=np.int64)
        out, _, info = kernel.run(m.P[rows], Q[rows], y, events, n_events, T, atol, rtol, MAX_STEPS, threads, n_times, who)
        return [out[k, :, : n_times[k]].T for k in who], info

    return integrate
