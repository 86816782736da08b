"""Quantities of the bench: matrices."""

from __future__ import annotations

import pytest

from papaver.bench.arms import Arms
from papaver.bench.quantities import NotSimulated, predict
from papaver.bench.study import Observation
from papaver.evidence.load import Library

ARM = {"main": {"person": {"weight": "70 kg"}, "doses": [{"drug": "codeine", "amount": "30 mg", "route": "oral"}], "observe": {"until": "24 h"}}}


def test_oral_fluid_is_read_in_its_ratio_to_venous_plasma(library: Library) -> None:
    arms, ratio = Arms(ARM, library), library.parameter("codeine.oral_fluid.ratio").internal
    plasma = predict(Observation(quantity="Cmax", analyte="codeine", unit="ng/mL"), arms)
    fluid = predict(Observation(quantity="Cmax", analyte="codeine", unit="ng/mL", matrix="oral_fluid"), arms)
    assert fluid == pytest.approx(ratio * plasma, rel=1e-12)
    window = predict(Observation(quantity="detection_time", analyte="codeine", unit="hour", matrix="oral_fluid"), arms)
    assert window == pytest.approx(
        predict(Observation(quantity="detection_time", analyte="codeine", unit="hour", limit=f"{1 / ratio} ng/mL"), arms), rel=1e-9
    )


@pytest.mark.parametrize(
    ("analyte", "reason"), [("codeine_6_glucuronide", "no ratio of oral fluid to plasma is known"), ("heroin", "does not arise")]
)
def test_what_cannot_be_read_in_oral_fluid_says_why(library: Library, analyte: str, reason: str) -> None:
    with pytest.raises(NotSimulated, match=reason):
        predict(Observation(quantity="Cmax", analyte=analyte, unit="nmol/L", matrix="oral_fluid"), Arms(ARM, library))
