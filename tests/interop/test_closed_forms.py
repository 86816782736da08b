"""Every kind of dose into every standard model against closed forms, to 1e-6 of the peak."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm

from papaver.interop import simulate

MODELS = ("pk1", "pk1_oral", "pk2", "pk2_oral", "pk3", "pk3_oral")
PAST = 400
"""Doses before time zero that stand for a steady state in the reference."""

# name -> the dose row, parameters beside the model's own, and the same dose for the reference: (F, lag, duration)
KINDS = {
    "bolus": ({"AMT": 100.0}, {}, (1.0, 0.0, 0.0)),
    "bolus, lag and F": ({"AMT": 100.0}, {"ALAG1": 0.7, "F1": 0.4}, (0.4, 0.7, 0.0)),
    "infusion": ({"AMT": 100.0, "RATE": 40.0}, {}, (1.0, 0.0, 2.5)),
    "infusion, F shortens it": ({"AMT": 100.0, "RATE": 40.0}, {"F1": 0.4}, (0.4, 0.0, 1.0)),
    "modelled duration, lag and F": ({"AMT": 100.0, "RATE": -2}, {"D1": 3.0, "ALAG1": 0.5, "F1": 0.6}, (0.6, 0.5, 3.0)),
    "modelled rate": ({"AMT": 100.0, "RATE": -1}, {"R1": 25.0, "F1": 0.5}, (0.5, 0.0, 2.0)),
}


def check(frame: pd.DataFrame, ref, amounts: np.ndarray) -> None:
    found = frame[[f"A{k + 1}" for k in range(ref.n)]].to_numpy()[frame["EVID"] == 0]
    assert np.max(np.abs(found - amounts)) < 1e-6 * np.max(np.abs(amounts))
    assert frame["CP"].to_numpy()[frame["EVID"] == 0] == pytest.approx(amounts[:, ref.central] / ref.V1, rel=1e-6, abs=1e-6 * amounts.max() / ref.V1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("regimen", ["single", "ADDL", "SS", "SS and ADDL"])
def test_every_dose_into_every_model(model: str, kind: str, regimen: str, values, reference, dataset) -> None:
    row, more, (F, lag, duration) = KINDS[kind]
    items = {"ADDL": 3, "II": 12.0} if "ADDL" in regimen else {}
    items |= {"SS": 1, "II": 12.0} if "SS" in regimen else {}
    frame = simulate(dataset({"TIME": 0.0, **row, **items}), model, {**values[model], **more})
    ref = reference(model)
    past = range(-PAST if "SS" in regimen else 0, 4 if "ADDL" in regimen else 1)
    times = frame.loc[frame["EVID"] == 0, "TIME"]
    check(frame, ref, ref.amounts(times, [(k * 12.0 + lag, 1, F * 100.0, duration) for k in past]))
    assert frame.attrs["failed"] == {}


def test_bateman(dataset) -> None:
    """One compartment with absorption, as every textbook has it."""
    frame = simulate(dataset({"TIME": 0.0, "AMT": 100.0}), "pk1_oral", {"CL": 5, "V": 50, "KA": 1, "F1": 0.8})
    t = frame["TIME"].to_numpy()[1:]
    k = 5 / 50
    expected = 0.8 * 100 / 50 * 1 / (1 - k) * (np.exp(-k * t) - np.exp(-t))
    assert frame["CP"].to_numpy()[1:] == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(("model", "cmt"), [("pk2", 2), ("pk2_oral", 2), ("pk2_oral", 3), ("pk3_oral", 4), ("pk3", 3)])
@pytest.mark.parametrize("rate", [0.0, 20.0])
def test_any_compartment_takes_doses(model: str, cmt: int, rate: float, values, reference, dataset) -> None:
    more = {f"F{cmt}": 0.5, f"ALAG{cmt}": 1.25}
    frame = simulate(dataset({"TIME": 0.5, "AMT": 100.0, "RATE": rate, "CMT": cmt}), model, {**values[model], **more})
    ref = reference(model)
    times = frame.loc[frame["EVID"] == 0, "TIME"]
    check(frame, ref, ref.amounts(times, [(1.75, cmt, 50.0, 50.0 / rate if rate else 0.0)]))


@pytest.mark.parametrize("model", ["pk1", "pk2_oral", "pk3"])
@pytest.mark.parametrize(("rate", "F", "lag"), [(5.0, 1.0, 0.0), (5.0, 0.65, 0.0), (100 / 12, 1.0, 0.0), (3.0, 1.0, 4.0), (100 / 24, 1.0, 2.0)])
def test_steady_state_of_infusions_longer_than_their_interval(model: str, rate: float, F: float, lag: float, values, reference, dataset) -> None:
    row = {"TIME": 0.0, "AMT": 100.0, "RATE": rate, "SS": 1, "II": 12.0, "ADDL": 2}
    frame = simulate(dataset(row), model, {**values[model], "F1": F, "ALAG1": lag})
    ref = reference(model)
    times = frame.loc[frame["EVID"] == 0, "TIME"]
    check(frame, ref, ref.amounts(times, [(k * 12.0 + lag, 1, F * 100.0, F * 100.0 / rate) for k in range(-PAST, 3)]))


@pytest.mark.parametrize("model", MODELS)
def test_constant_infusion_at_steady_state_ends_at_its_row(model: str, values, reference, dataset) -> None:
    """AMT 0 with a rate: the state after an endless infusion, which stops there (checked against NONMEM)."""
    frame = simulate(dataset({"TIME": 5.0, "AMT": 0.0, "RATE": 7.0, "SS": 1}, times=[5.0, 6.0, 20.0]), model, values[model])
    ref = reference(model)
    start = np.linalg.solve(-ref.M, 7.0 * np.eye(ref.n)[0])
    check(frame, ref, np.array([expm(ref.M * t) @ start for t in (0.0, 1.0, 15.0)]))
    assert frame["CP"][1] == pytest.approx(7.0 / values[model]["CL"], rel=1e-9)


def test_steady_state_added_to_what_is_there(values, reference, dataset) -> None:
    """SS 1, then SS 2 half an interval later: the sum of both (superposition)."""
    rows = [{"TIME": 0.0, "AMT": 100.0, "SS": 1, "II": 24.0, "ADDL": 3}, {"TIME": 12.0, "AMT": 50.0, "RATE": 10.0, "SS": 2, "II": 24.0, "ADDL": 3}]
    frame = simulate(dataset(*rows), "pk2_oral", values["pk2_oral"])
    ref = reference("pk2_oral")
    times = frame.loc[(frame["EVID"] == 0) & (frame["TIME"] > 12), "TIME"]
    doses = [(24.0 * k, 1, 100.0, 0.0) for k in range(-PAST, 4)] + [(12.0 + 24.0 * k, 1, 50.0, 5.0) for k in range(-PAST, 4)]
    check(frame[frame["TIME"] > 12], ref, ref.amounts(times, doses))


def test_additional_doses_are_the_same_as_written_out(values, dataset) -> None:
    short = simulate(dataset({"TIME": 1.0, "AMT": 30.0, "RATE": 8.0, "ADDL": 4, "II": 7.0}), "pk3", {**values["pk3"], "ALAG1": 0.4})
    long = simulate(dataset(*({"TIME": 1.0 + 7.0 * k, "AMT": 30.0, "RATE": 8.0} for k in range(5))), "pk3", {**values["pk3"], "ALAG1": 0.4})
    a, b = short[short["EVID"] == 0], long[long["EVID"] == 0]
    assert a["CP"].to_numpy() == pytest.approx(b["CP"].to_numpy(), rel=1e-7)


def test_advan_names_number_volumes_by_compartment(values, dataset) -> None:
    data = dataset({"TIME": 0.0, "AMT": 100.0})
    for own, nonmem, names in (
        ("pk1", "advan1", {}), ("pk1_oral", "advan2", {"V": "V2"}), ("pk2", "advan3", {}),
        ("pk2_oral", "advan4", {"V1": "V2", "V2": "V3"}), ("pk3", "advan11", {}),
        ("pk3_oral", "advan12", {"V1": "V2", "Q2": "Q3", "V2": "V3", "Q3": "Q4", "V3": "V4"}),
    ):  # fmt: skip
        p = values[own]
        a, b = simulate(data, own, p), simulate(data, nonmem, {names.get(k, k): v for k, v in p.items()})
        assert a["CP"].equals(b["CP"])


def test_units_scale_the_concentration(values, dataset) -> None:
    data = dataset({"TIME": 0.0, "AMT": 100.0})
    plain = simulate(data, "pk1", values["pk1"])
    ng = simulate(data, "pk1", values["pk1"], units={"time": "h", "amount": "mg", "volume": "L", "concentration": "ng/mL"})
    assert ng["CP"].to_numpy() == pytest.approx(plain["CP"].to_numpy() * 1000, rel=1e-12)
    assert ng.attrs["units"] == {"IPRED": "ng/mL", "CP": "ng/mL", "A1": "mg"}


@pytest.mark.parametrize("factor", [1e-9, 1e6])
def test_tolerances_follow_the_size_of_the_doses(factor: float, values, dataset) -> None:
    """Grams or picograms: the same course."""
    one = simulate(dataset({"TIME": 0.0, "AMT": 100.0}), "pk2", values["pk2"])
    other = simulate(dataset({"TIME": 0.0, "AMT": 100.0 * factor}), "pk2", values["pk2"])
    assert other["CP"].to_numpy() == pytest.approx(one["CP"].to_numpy() * factor, rel=1e-7)
