"""Histamine from mast cells against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papaver.components.heart import Histamine

VALUES = {"EC50[a]": 16000.0, "EC50[b]": 8000.0, "k": 1.2, "tau_fill": 1440.0, "most": 60.0, "tau": 1.0, "vessels": 0.14}
OUTPUTS = ["store", "H", "change"]


def held(run, a: float, b: float = 0.0, t=(0.0, 1.0, 10.0, 60.0, 1e5), **values: float) -> np.ndarray:
    return run(Histamine, {**VALUES, **values}, OUTPUTS, t=t, inputs={"C[a]": a, "C[b]": b}, drug=["a", "b"])


def test_held_concentration_empties_the_store_to_its_balance(run) -> None:
    y = held(run, 8000.0)
    rate = 1.2 * 0.25 / 1.25
    balance = 1 / (1 + rate * 1440)
    assert y[-1] == pytest.approx([balance, 60 * rate * balance, 0.14 * 60 * rate * balance], rel=1e-6)
    gone = 1 / 1440 + rate
    assert y[1, 0] == pytest.approx(balance + (1 - balance) * math.exp(-gone), rel=1e-6)


def test_flush_passes_while_the_drug_stays(run) -> None:
    y = held(run, 16000.0, t=np.linspace(0, 60, 61))
    peak = int(np.argmax(y[:, 1]))
    assert 0 < peak <= 5
    assert y[-1, 1] < 0.1 * y[peak, 1]


def test_drugs_add_by_their_own_strength(run) -> None:
    assert held(run, 8000.0, 0.0) == pytest.approx(held(run, 0.0, 4000.0), rel=1e-6)
    assert held(run, 4000.0, 2000.0) == pytest.approx(held(run, 8000.0, 0.0), rel=1e-6)


def test_nothing_without_a_drug_but_what_others_do(run) -> None:
    y = run(Histamine, VALUES, OUTPUTS, t=(0.0, 600.0), inputs={"C[a]": 0.0, "C[b]": 0.0, "others": -0.2}, drug=["a", "b"])
    assert y[-1] == pytest.approx([1.0, 0.0, -0.2], abs=1e-12)


@settings(max_examples=20)
@given(a=st.floats(0, 1e6), b=st.floats(0, 1e6), k=st.floats(0.05, 10))
def test_store_stays_between_empty_and_full(run, a: float, b: float, k: float) -> None:
    y = held(run, a, b, k=k)
    assert y[:, 0].min() >= -1e-9
    assert y[:, 0].max() <= 1 + 1e-9
    assert y[:, 1].min() >= -1e-9
