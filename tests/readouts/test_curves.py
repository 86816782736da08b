"""Readouts against curves whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.readouts import auc, cmax, crossing_time, half_life, time_above, tmax
from papaver.readouts.outcomes import add_outcomes
from papaver.readouts.urine import detection_time, voids
from papaver.scenario import Detect
from papaver.simulate import prepare, simulate

T = np.linspace(0, 600, 1201)
K = np.log(2) / 40
FALL = 100 * np.exp(-K * T)
BATEMAN = 100 * 0.1 / (0.1 - K) * (np.exp(-K * T) - np.exp(-0.1 * T))


def test_peak_and_its_time() -> None:
    assert cmax(T, FALL) == 100
    assert tmax(T, FALL) == 0
    assert tmax(T, BATEMAN) == pytest.approx(np.log(0.1 / K) / (0.1 - K), abs=0.26)
    assert np.isnan(tmax(T, 0 * T))
    assert np.isnan(cmax(T, np.nan * T))


def test_area_of_an_exponential_is_exact_however_sparse() -> None:
    exact = 100 / K * (1 - np.exp(-K * 600))
    for step in (1, 40, 400):
        assert auc(T[::step], FALL[::step]) == pytest.approx(exact, rel=1e-12)


def test_area_of_a_rise_is_linear() -> None:
    assert auc(np.array([0.0, 10.0]), np.array([0.0, 6.0])) == 30
    assert auc(np.array([0.0, 10.0]), np.array([5.0, 5.0])) == 50
    assert auc(np.array([0.0, 10.0]), np.array([4.0, 0.0])) == 20
    assert np.isnan(auc(T, np.where(T > 300, np.nan, FALL)))


@given(half=st.floats(5, 200))
def test_half_life_of_an_exponential(half: float) -> None:
    assert half_life(T, 7 * 0.5 ** (T / half)) == pytest.approx(half, rel=1e-9)


def test_half_life_by_window_and_by_assay_limit() -> None:
    two = 90 * 0.5 ** (T / 5) + 10 * 0.5 ** (T / 100)
    assert half_life(T, two, start=200) == pytest.approx(100, rel=1e-3)
    assert half_life(T, two, start=0, stop=5) < 7
    assert half_life(T, two, lloq=20.0) < 10
    assert np.isnan(half_life(T, 0 * T))
    assert np.isnan(half_life(T, 1 + T))


def test_time_above_a_limit_is_interpolated_on_the_log_scale() -> None:
    sparse = slice(None, None, 100)
    assert time_above(T[sparse], FALL[sparse], 10.0) == pytest.approx(np.log(10) / K, rel=1e-12)
    assert time_above(T, FALL, 1000.0) == 0
    assert time_above(T, FALL, 1e-9) == 600


def test_crossing_time() -> None:
    assert crossing_time(T, T, 100 - T) == pytest.approx(50)
    assert np.isnan(crossing_time(T, T * 0, 100 + T))


def test_voids_are_means_between_voids() -> None:
    times, c = voids(T, 3.0 * T, flow=0.001, interval=120)
    assert times.tolist() == [120, 240, 360, 480, 600]
    assert c == pytest.approx(np.full(5, 3000.0))


def test_detection_in_urine() -> None:
    amount = 1000 * (1 - np.exp(-K * T))
    times, c = voids(T, amount, 0.001, 120)
    found = detection_time(T, amount, 0.001, 120, cutoff=float(c[2]) * 0.9)
    assert times[2] < found < times[3]
    assert detection_time(T, amount, 0.001, 120, cutoff=1e12) == 0
    assert detection_time(T, amount, 0.001, 120, cutoff=1e-12) == 600


def test_outcomes_of_a_run(heroin_iv) -> None:
    r = add_outcomes(simulate(heroin_iv))
    assert r.outcomes["heroin.arterial.Cmax"][0] == r["heroin.pk.C1"].max()
    assert set(r.outcomes) == set(r.outcome_units)
    recovered = [r.outcomes[f"{d}.urine.recovered"][0] for d in ("heroin", "six_mam", "morphine", "m3g", "m6g")]
    assert all(0 <= x <= 1 for x in recovered)
    assert sum(recovered) <= 1
    assert r.summary()["heroin.arterial.Cmax"] == {"unit": "nmol/L", "median": r.outcomes["heroin.arterial.Cmax"][0]}


def test_outcomes_of_a_failed_person_are_nan(heroin_iv) -> None:
    P = heroin_iv.typical()
    P[0, heroin_iv.body.program.param_names.index("heroin.pk.CL")] = np.nan
    r = add_outcomes(simulate(heroin_iv, P))
    assert r.reasons[0]
    assert all(np.isnan(x).all() for x in r.outcomes.values())
    assert r.summary()["heroin.arterial.Cmax"]["median"] is None


def test_outcomes_of_a_dose_that_has_not_come_yet(library, make_scenario) -> None:
    r = add_outcomes(simulate(prepare(make_scenario({"at": "120 min"}), library)))
    assert r.reasons == [""]
    assert r.outcomes["m3g.venous.Cmax"][0] == 0
    assert np.isnan(r.outcomes["m3g.venous.Tmax"][0])


def test_a_window_in_oral_fluid_closes_where_plasma_times_the_ratio_passes_the_cut_off(library, make_scenario) -> None:
    ratio = library.parameter("codeine.oral_fluid.ratio").internal
    in_plasma = Detect(analyte="codeine", cutoff=f"{10 / ratio} ng/mL")
    swab = Detect(analyte="codeine", cutoff="10 ng/mL", matrix="oral_fluid")
    scenario = make_scenario(
        {"drug": "codeine", "route": "oral", "amount": "30 mg"}, observe={"until": "24 h", "detect": [in_plasma, swab], "show": ["mop"]}
    )
    r = add_outcomes(simulate(prepare(scenario, library)))
    fluid = r.outcomes["codeine.oral_fluid.detected_until[10 ng/mL]"][0]
    assert 60 < fluid < 1440
    assert fluid == pytest.approx(r.outcomes[f"codeine.plasma.detected_until[{10 / ratio} ng/mL]"][0], rel=1e-9)


def test_total_morphine_in_oral_fluid_is_what_is_known_of_its_parts(library, make_scenario) -> None:
    swab = Detect(analyte="total_morphine", cutoff="1 ng/mL", matrix="oral_fluid")
    r = add_outcomes(simulate(prepare(make_scenario(observe={"until": "24 h", "detect": [swab]}), library)))
    assert r.scenario.windows[0].molecules == ("morphine", "six_mam")
    assert 60 < r.outcomes["total_morphine.oral_fluid.detected_until[1 ng/mL]"][0] < 1440
