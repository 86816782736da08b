"""What falls on one time, covariates that change, resets; and that people do not touch each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from papaver.interop import simulate

STILL = {"CL": 0.0, "V": 1.0}
"""No elimination: amounts can be counted."""


def frame(*rows: dict[str, float], ID: int = 1) -> pd.DataFrame:
    """Rows in the order given; a row without AMT or EVID is an observation."""
    filled = {"ID": ID, "TIME": 0.0, "AMT": 0.0, "RATE": 0.0, "ADDL": 0, "II": 0.0, "SS": 0}
    return pd.DataFrame([{**filled, "EVID": int("AMT" in r), **r} for r in rows])


def test_rows_at_one_time_are_worked_through_in_order() -> None:
    """An observation before the dose row shows what was there; after it, what is there now; the dose row shows the amount with the dose."""
    data = frame({"TIME": 0}, {"AMT": 10}, {"TIME": 0}, {"TIME": 5}, {"TIME": 5, "AMT": 1}, {"TIME": 5}, {"TIME": 5, "AMT": 2}, {"TIME": 5})
    assert simulate(data, "pk1", STILL)["A1"].tolist() == [0, 10, 10, 10, 11, 11, 13, 13]


def test_lagged_and_additional_doses_come_before_the_rows_of_their_time() -> None:
    data = frame({"AMT": 10, "ADDL": 2, "II": 2}, {"TIME": 2}, {"TIME": 4, "AMT": 1}, {"TIME": 6})
    assert simulate(data, "pk1", STILL)["A1"].tolist() == [10, 20, 31, 31]
    data = frame({"AMT": 10}, {"TIME": 2.5}, {"TIME": 2.5, "AMT": 1}, {"TIME": 9})
    assert simulate(data, "pk1", {**STILL, "ALAG1": 2.5})["A1"].tolist() == [0, 10, 10, 11]


def test_times_that_differ_by_rounding_are_one_time() -> None:
    """0.1 + 2*0.1 is 0.30000000000000004."""
    data = frame({"TIME": 0.1, "AMT": 10, "ADDL": 2, "II": 0.1}, {"TIME": 0.2}, {"TIME": 0.3})
    assert simulate(data, "pk1", STILL)["A1"].tolist() == [10, 20, 30]


def test_an_infusion_that_ends_when_the_next_begins_leaves_no_rate_behind() -> None:
    data = frame({"AMT": 3, "RATE": 0.3, "ADDL": 9, "II": 10.0}, *({"TIME": t} for t in (10, 35, 100, 1000)))
    assert simulate(data, "pk1", STILL)["A1"].to_numpy()[1:] == pytest.approx([3, 10.5, 30, 30], rel=1e-12)


def test_two_doses_at_one_time_with_their_own_lag_and_bioavailability() -> None:
    """F and ALAG are those of the row that orders the dose, for its repeats too."""
    data = frame({"AMT": 100, "ADDL": 1, "II": 5}, {"AMT": 100, "ADDL": 1, "II": 5}, *({"TIME": t} for t in (0.5, 1.5, 4.5, 5.5, 6.5, 9)))
    data["F1"], data["ALAG1"] = [0.5, 0.2] + [1.0] * 6, [0.0, 1.0] + [9.0] * 6
    assert simulate(data, "pk1", STILL)["A1"].tolist() == [50, 50, 50, 70, 70, 120, 140, 140]


@pytest.mark.parametrize("evid", [3, 4])
def test_a_reset_ends_infusions_and_drops_doses_on_their_way(evid: int) -> None:
    data = frame(
        {"AMT": 100, "RATE": 10}, {"AMT": 7, "ADDL": 9, "II": 3}, {"TIME": 4}, {"TIME": 5, "EVID": evid, "AMT": 1.0 if evid == 4 else 0.0},
        {"TIME": 5}, {"TIME": 9}, {"TIME": 40},
    )  # fmt: skip
    left = 1.0 if evid == 4 else 0.0
    assert simulate(data, "pk1", STILL)["A1"].tolist() == pytest.approx([0, 7, 54, left, left, left, left])
    lagged = frame({"AMT": 100}, {"TIME": 2, "EVID": evid, "AMT": left}, {"TIME": 9})
    assert simulate(lagged, "pk1", {**STILL, "ALAG1": 3})["A1"].tolist() == [0, 0, left]


def test_the_clock_may_start_again_at_a_reset() -> None:
    first = frame({"AMT": 100}, {"TIME": 3}, {"TIME": 8})
    second = frame({"EVID": 4, "AMT": 50}, {"TIME": 3}, {"TIME": 8})
    both = simulate(pd.concat([first, second]), "pk1", {"CL": 1, "V": 10})
    assert both["A1"].tolist()[3:] == pytest.approx(simulate(second, "pk1", {"CL": 1, "V": 10})["A1"].tolist(), rel=1e-9)


def test_steady_state_1_replaces_and_drops_what_is_under_way() -> None:
    dose = {"TIME": 20, "AMT": 10, "SS": 1, "II": 6}
    data = frame({"AMT": 500, "RATE": 5, "ADDL": 5, "II": 3}, {"TIME": 19}, dose, *({"TIME": t} for t in (20, 22, 60)))
    alone = frame(dose, *({"TIME": t} for t in (20, 22, 60)))
    p = {"CL": 2, "V": 10}
    assert simulate(data, "pk1", p)["A1"].tolist()[2:] == pytest.approx(simulate(alone, "pk1", p)["A1"].tolist(), rel=1e-9)


def test_infusion_order_of_bioavailability() -> None:
    """F < 1 with RATE: the rate stands and the infusion is shorter; with a modelled duration the rate is lower."""
    data = frame({"AMT": 100, "RATE": 10}, {"TIME": 2}, {"TIME": 4}, {"TIME": 9})
    assert simulate(data, "pk1", {**STILL, "F1": 0.4})["A1"].tolist() == pytest.approx([0, 20, 40, 40], rel=1e-12)
    data["RATE"] = [-2, 0, 0, 0]
    assert simulate(data, "pk1", {**STILL, "F1": 0.4, "D1": 8})["A1"].tolist() == pytest.approx([0, 10, 20, 40], rel=1e-12)


def test_covariate_rules() -> None:
    """CL 0 or 1 with V 1: over which hour is drug lost? NOCB: over the one before the row; LOCF: over the one after."""
    data = frame({"AMT": 100}, {"TIME": 1}, {"TIME": 2}, {"TIME": 3})
    data["CL"] = [0.0, 0.0, 1.0, 0.0]
    e = 100 * np.exp(-1)
    assert simulate(data, "pk1", {"V": 1})["A1"].tolist() == pytest.approx([100, 100, e, e])
    assert simulate(data, "pk1", {"V": 1}, covariates="locf")["A1"].tolist() == pytest.approx([100, 100, 100, e])


def test_the_concentration_is_that_of_the_rows_own_volume() -> None:
    data = frame({"AMT": 100}, {"TIME": 1}, {"TIME": 2})
    data["V"] = [1.0, 2.0, 4.0]
    assert simulate(data, "pk1", {"CL": 0})["CP"].tolist() == [100, 50, 25]


def test_what_an_observation_shows_follows_its_compartment(values) -> None:
    data = frame({"AMT": 100}, *({"TIME": 2} for _ in range(4)))
    data["CMT"] = [1, 0, 1, 2, 3]
    out = simulate(data, "pk2_oral", values["pk2_oral"])
    assert out["IPRED"].tolist()[1:] == pytest.approx([out["CP"][1], out["A1"][1], out["CP"][1], out["A3"][1] / 40.0], rel=1e-14)


def crowd(people: int) -> pd.DataFrame:
    """People who differ in doses, times and parameters."""
    rng = np.random.default_rng(5)
    parts = []
    for k in range(people):
        events = [
            {"TIME": 0.0, "AMT": float(rng.uniform(10, 200)), "RATE": float(rng.choice([0, 20, -2])), "ADDL": int(rng.integers(0, 4)), "II": 8.0},
            {"TIME": 20.0, "AMT": 30.0, "SS": int(rng.integers(1, 3)), "II": 6.0, "ADDL": 1},
        ]
        events[0]["II"] *= events[0]["ADDL"] > 0
        part = frame(*events, *({"TIME": float(t)} for t in rng.uniform(0, 48, int(rng.integers(2, 9)))), ID=k + 1)
        part["CL"], part["ALAG1"] = rng.uniform(1, 5) * np.exp(rng.normal(0, 0.1, len(part))), rng.uniform(0, 3)
        parts.append(part.sort_values("TIME", kind="stable"))
    return pd.concat(parts, ignore_index=True)


PARAMETERS = {"V1": 12, "Q": 5, "V2": 40, "KA": 1.1, "D1": 2.5, "F1": 0.7}


def test_people_do_not_touch_each_other() -> None:
    """In any order of people, mixed row by row, or alone: the same bits."""
    data = crowd(6)
    whole = simulate(data, "pk2_oral", PARAMETERS)
    rng = np.random.default_rng(1)
    for person in (1, 4):
        one = simulate(data[data["ID"] == person], "pk2_oral", PARAMETERS)
        assert one["CP"].equals(whole.loc[whole["ID"] == person, "CP"])
    # a shuffle that keeps the order within each person
    order = rng.permutation(data["ID"].to_numpy())
    mixed = pd.concat([data[data["ID"] == k].iloc[[i]] for k, i in zip(order, pd.Series(order).groupby(order).cumcount(), strict=True)])
    out = simulate(mixed, "pk2_oral", PARAMETERS)
    assert out.index.tolist() == mixed.index.tolist()
    assert out.sort_index()["CP"].equals(whole["CP"])


@pytest.mark.slow
def test_the_kernel_gives_the_same_bits() -> None:
    data = crowd(25)
    scalar = simulate(data, "pk2_oral", PARAMETERS, solver="scalar")
    for threads in (1, 3):
        kernel = simulate(data, "pk2_oral", PARAMETERS, threads=threads)
        assert all(scalar[c].equals(kernel[c]) for c in ("IPRED", "CP", "A1", "A2", "A3"))


def test_a_data_frame_comes_back_as_it_was_with_predictions(values) -> None:
    data = frame({"AMT": 100}, {"TIME": 2})
    data["STUDY"], data.index = "x", pd.Index([7, 3])
    out = simulate(data, "pk1", values["pk1"])
    assert out[list(data.columns)].equals(data)
    assert list(out.columns)[-3:] == ["IPRED", "CP", "A1"]
