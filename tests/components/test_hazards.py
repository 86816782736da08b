"""Hazards that the state of the body raises."""

from __future__ import annotations

import pytest

from papaver.components.hazards import Hazards

VALUES = {"load": 2.0, "frailty": 1.0, "aspiration": 8.0}
REST = {"HR": 70.0, "HR_rest": 70.0, "pressure": 1.0, "arousal": 1.0, "infection": 1.0}


def at(run, values: dict[str, float] | None = None, **inputs: float) -> list[float]:
    return list(run(Hazards, VALUES | (values or {}), ["cardiac", "pneumonia"], inputs=REST | inputs)[0])


def test_a_healthy_adult_at_rest_has_hazard_one(run) -> None:
    assert at(run) == [1.0, 1.0]


def test_the_hearts_hazard_follows_its_work_and_scales_with_disease(run) -> None:
    quick = at(run, HR=84.0, pressure=1.1)[0]
    assert quick == pytest.approx((84 / 70 * 1.1) ** 2)
    assert at(run, {"frailty": 5.0}, HR=84.0, pressure=1.1)[0] == pytest.approx(5 * quick)


@pytest.mark.parametrize(("arousal", "infection", "hazard"), [(0.0, 1.0, 9.0), (0.5, 1.0, 5.0), (1.0, 1.4, 1.4), (0.0, 1.4, 12.6)])
def test_pneumonia_follows_sedation_and_weak_immunity(run, arousal: float, infection: float, hazard: float) -> None:
    assert at(run, arousal=arousal, infection=infection)[1] == pytest.approx(hazard)


def test_a_heart_that_has_stopped_has_no_hazard_left(run) -> None:
    assert at(run, HR=-1e-9)[0] == 0.0
