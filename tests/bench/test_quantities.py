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


def test_a_potency_is_rated_within_its_window(library: Library) -> None:
    """Fentanyl into a vein is gone when the effect is first rated, so it counts for less against morphine than by its early peak."""
    def arm(drug: str, amount: str) -> dict[str, object]:
        return {"person": {"weight": "70 kg"}, "doses": [{"drug": drug, "amount": amount, "route": "iv"}], "observe": {"until": "6 h"}}

    arms = Arms({"main": arm("fentanyl", "0.1 mg"), "morphine": arm("morphine", "10 mg")}, library)
    o = {"quantity": "relative_potency", "analyte": "fentanyl", "unit": "1", "reference": "morphine"}
    early, rated = (predict(Observation(**o, **w), arms) for w in ({}, {"window": ["1 h", "6 h"]}))
    assert early > 2 * rated > 0
