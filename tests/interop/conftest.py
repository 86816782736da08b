"""Data sets in a few words, and a reference that knows nothing of the package: sums over doses and eigenvalues."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest

VALUES = {
    "pk1": {"CL": 3.0, "V": 30.0},
    "pk1_oral": {"CL": 3.0, "V": 30.0, "KA": 0.9},
    "pk2": {"CL": 3.0, "V1": 12.0, "Q": 5.0, "V2": 40.0},
    "pk2_oral": {"CL": 3.0, "V1": 12.0, "Q": 5.0, "V2": 40.0, "KA": 0.9},
    "pk3": {"CL": 3.0, "V1": 12.0, "Q2": 5.0, "V2": 40.0, "Q3": 1.5, "V3": 90.0},
    "pk3_oral": {"CL": 3.0, "V1": 12.0, "Q2": 5.0, "V2": 40.0, "Q3": 1.5, "V3": 90.0, "KA": 0.9},
}
"""A set of parameters for each standard model."""


class Reference:
    """A standard model as a sum over its eigenvalues."""

    def __init__(self, model: str, **changes: float) -> None:
        p = {**VALUES[model], **changes}
        oral = "KA" in p
        V1 = p.get("V1", p.get("V"))
        sides = [(p.get("Q2", p.get("Q")), p["V2"])] if "V2" in p else []
        sides += [(p["Q3"], p["V3"])] if "V3" in p else []
        n = 1 + len(sides) + oral
        M, c = np.zeros((n, n)), int(oral)
        M[c, c] = -p["CL"] / V1
        for k, (Q, V) in enumerate(sides, c + 1):
            M[c, c] -= Q / V1
            M[k, c], M[c, k], M[k, k] = Q / V1, Q / V, -Q / V
        if oral:
            M[0, 0], M[1, 0] = -p["KA"], p["KA"]
        self.M, self.n, self.central, self.V1 = M, n, c, V1

    def amounts(self, times: Iterable[float], doses: Iterable[tuple[float, int, float, float]]) -> np.ndarray:
        """Amounts (times, compartments) after doses (time, compartment, amount, duration): a sum over doses and eigenvalues."""
        given = np.array(list(doses), dtype=float)
        rates, modes = np.linalg.eig(self.M)
        weights = np.linalg.inv(modes)[:, given[:, 1].astype(int) - 1] * given[:, 2]
        since = np.asarray(list(times), dtype=float)[None, :, None] - given[None, None, :, 0]
        k, duration = rates[:, None, None], given[None, None, :, 3]
        after = np.exp(k * np.clip(since, 0, None)) * (since >= 0)
        run = np.clip(since, 0, duration)
        with np.errstate(all="ignore"):
            infused = np.expm1(k * run) / (k * duration) * np.exp(k * (np.clip(since, 0, None) - run))
        part = np.where(duration > 0, infused, after)
        return np.einsum("im,md,mtd->ti", modes, weights, part)


@pytest.fixture
def reference() -> type[Reference]:
    return Reference


@pytest.fixture
def values() -> dict[str, dict[str, float]]:
    return VALUES


GRID = np.array([0.0, 0.3, 1.0, 2.5, 6.0, 11.9, 12.1, 23.0, 24.5, 40.0, 60.0])


@pytest.fixture
def dataset():
    """Rows of events (dictionaries of items) and observations at some times, as one person's data set in order of time, doses first."""

    def make(*events: dict[str, float], times: Iterable[float] = GRID, ID: int = 1) -> pd.DataFrame:
        rows = [{"EVID": 1, **e} for e in events] + [{"TIME": t, "EVID": 0} for t in times]
        frame = pd.DataFrame([{"ID": ID, "TIME": 0.0, "AMT": 0.0, "CMT": 0, "RATE": 0.0, "ADDL": 0, "II": 0.0, "SS": 0, **r} for r in rows])
        frame["first"] = frame["EVID"] == 0
        return frame.sort_values(["TIME", "first"], kind="stable").drop(columns="first").reset_index(drop=True)

    return make
