"""Result of a run: arrays of shape (people, times) by name, each with its unit; xarray, pandas and figures on demand."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from papaver.core.rules import Firing
from papaver.errors import PapaverError, nearest
from papaver.evidence.load import Library
from papaver.scenario import ResolvedScenario

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]

DIGEST = 32
"""Bytes of a person's digest."""


@dataclass(repr=False)
class Result:
    """What a run gave.

    Attributes:
        t: output times, min. columns: names of the outputs. data: shape (held, times, columns), of the first `held` people: all of them,
            or the first of a large cohort. units: by column.
        reasons: per person, empty or why the integration failed. mole_error: largest error of the mole balance, fraction of the dose.
        outcomes: per person, name -> values of shape (people,), with `outcome_units`. run_dir: where it was written, if it was.
        firings: what rules did, by person (see `schedule`). stopped: when a rule ended a person's run, min (NaN: none did).
        digests: 32 bytes a person, from `person_digests`, where time courses of some people are no longer held; else empty.
    """

    scenario: ResolvedScenario
    t: Array
    columns: tuple[str, ...]
    data: Array
    units: Mapping[str, str]
    reasons: list[str]
    steps: list[int]
    solver: str
    rtol: float
    first_person: int
    broken_laws: list[str]
    mole_error: float
    library: Library
    data_paths: tuple[str, ...]
    variants: Mapping[str, str]
    outcomes: dict[str, Array] = field(default_factory=dict)
    outcome_units: dict[str, str] = field(default_factory=dict)
    run_dir: str | None = None
    digests: bytes = b""
    firings: list[list[Firing]] = field(default_factory=list)
    stopped: Array = field(default_factory=lambda: np.zeros(0))

    def __repr__(self) -> str:
        title = self.scenario.scenario.title
        return f"<Result {title!r}: {self.people} people, {len(self.t)} times, {len(self.columns)} columns, {self.failed} failed>"

    @property
    def schedule(self) -> list[dict[str, Any]]:
        """What rules did, a row a firing: person, when it fired and when its dose was given (min), the condition, and the dose."""
        return self.schedule_of(slice(None))

    def schedule_of(self, people: slice) -> list[dict[str, Any]]:
        """The same of some people: a large cohort's schedule is larger than its firings."""
        out: list[dict[str, Any]] = []
        for k in range(*people.indices(len(self.firings))):
            for f in self.firings[k]:
                rule = self.scenario.rules[f.rule]
                what = {"drug": rule.drug or rule.give, "route": rule.route, "amount": rule.amount, "text": rule.text}
                row = {"person": self.first_person + k, "fired": f.fired, "given": f.given, "when": rule.condition.text}
                out.append({**row, **what})
        return out

    @property
    def dosed(self) -> Array:
        """What each person was given in all, by schedule and by rules, nmol."""
        total = np.full(self.people, float(sum(d.amount for d in self.scenario.doses)))
        for k, firings in enumerate(self.firings):
            total[k] += sum(self.scenario.rules[f.rule].amount for f in firings if f.given <= self.t[-1] and self.scenario.rules[f.rule].drug)
        return total

    @property
    def people(self) -> int:
        """Number of people."""
        return len(self.reasons)

    @property
    def held(self) -> int:
        """Number of people (the first ones) whose time courses are in `data`."""
        return int(self.data.shape[0])

    @property
    def failed(self) -> int:
        """Number of people whose integration failed (their values are NaN from then on)."""
        return sum(1 for r in self.reasons if r)

    def __getitem__(self, name: str) -> Array:
        """Time course of one output, shape (held, times).

        Raises:
            PapaverError: no such column; the nearest is suggested.
        """
        if name not in self.columns:
            raise PapaverError(f"the result has no {name!r}; {nearest(name, self.columns)}")
        return self.data[:, :, self.columns.index(name)]

    @property
    def arrays(self) -> xr.Dataset:
        """Labelled arrays (xarray): dimensions person and time, each variable with `units` in its attributes."""
        import xarray as xr

        person = np.arange(self.first_person, self.first_person + self.held)
        variables = {n: (("person", "time"), self[n], {"units": self.units[n]}) for n in self.columns}
        coords = {"person": person, "time": ("time", self.t, {"units": "min"})}
        return xr.Dataset(variables, coords=coords, attrs={"title": self.scenario.scenario.title})

    def to_frame(self) -> pd.DataFrame:
        """Tidy table: one row per person and time, one column per output; units in `frame.attrs["units"]`."""
        import pandas as pd

        n, m = self.held, len(self.t)
        frame = pd.DataFrame({"person": np.repeat(np.arange(self.first_person, self.first_person + n), m), "time": np.tile(self.t, n)})
        for name in self.columns:
            frame[name] = self[name].reshape(-1)
        frame.attrs["units"] = {"time": "min", **self.units}
        return frame

    def summary(self) -> dict[str, dict[str, Any]]:
        """Median and 5th to 95th percentile over people of every outcome, with its unit."""
        out: dict[str, dict[str, Any]] = {}
        for name, x in self.outcomes.items():
            good = x[np.isfinite(x)]
            row: dict[str, Any] = {"unit": self.outcome_units[name], "median": float(np.median(good)) if good.size else None}
            if self.people > 1 and good.size:
                row["p05"], row["p95"] = (float(v) for v in np.percentile(good, [5, 95]))
            out[name] = row
        return out

    def plot(self, *names: str) -> Figure:
        """A figure of the named outputs (default: the report's panels) over time."""
        from papaver.report.figures import lines, overview

        return lines(self, names) if names else overview(self)

    def bands(self) -> dict[str, dict[str, Array]]:
        """Over the held people whose integration finished: mean, p05, p25, median, p75 and p95 at each time, by column.

        Who was stopped by a rule counts until then.

        Returns:
            column -> name of the statistic -> values of shape (times,); NaN if nobody is left.
        """
        ok = [k for k, r in enumerate(self.reasons[: self.held]) if not r]
        out: dict[str, dict[str, Array]] = {}
        for name in self.columns:
            x = self[name][ok] if ok else np.full((1, len(self.t)), np.nan)
            gaps = bool(np.isnan(x).any())
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                levels = (np.nanpercentile if gaps else np.percentile)(x, [5, 25, 50, 75, 95], axis=0)
                mean = (np.nanmean if gaps else np.mean)(x, axis=0)
            out[name] = {"mean": mean, **dict(zip(("p05", "p25", "median", "p75", "p95"), levels, strict=True))}
        return out

    def hash(self, people: int | None = None) -> str:
        """SHA-256 of the decoded time courses of everybody (or the first `people`), whatever the file format, chunks and number of people held."""
        digests = self.digests or person_digests(self.data)
        return timecourse_hash(self.t, self.columns, digests if people is None else digests[: DIGEST * people])

    def outcomes_hash(self) -> str:
        """SHA-256 of the decoded outcomes."""
        digest = hashlib.sha256("\0".join(self.reasons).encode())
        for name, x in self.outcomes.items():
            digest.update(name.encode() + b"\0" + np.ascontiguousarray(x).tobytes())
        return digest.hexdigest()


def person_digests(data: Array) -> bytes:
    """SHA-256 of each person's values (column by column), 32 bytes a person one after the other; `data` of shape (people, times, columns)."""
    return b"".join(hashlib.sha256(np.ascontiguousarray(x.T).data).digest() for x in data)


def timecourse_hash(t: Array, columns: Sequence[str], digests: bytes) -> str:
    """SHA-256 over times, names and the people's digests in order: chunks can be digested apart, and in another process."""
    head = np.ascontiguousarray(t).tobytes() + "\0".join(columns).encode() + b"\0"
    return hashlib.sha256(head + digests).hexdigest()
