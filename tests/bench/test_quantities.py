"""Quantities of the bench: matrices."""

from __future__ import annotations

import copy

import pytest

from papaver.bench.arms import Arms
from papaver.bench.quantities import NotSimulated, predict
from papaver.bench.study import Observation, check_study
from papaver.errors import PapaverError
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


TITRATED = {
    "id": "some_study", "title": "t", "source": "A paper", "system": "overdose", "population": "volunteers",
    "arms": {
        "main": {
            "person": {"weight": "70 kg"},
            "treatments": [{"give": "carbon_dioxide", "level": "50 mmHg"}, {"give": "oxygen", "level": "50 %"}],
            "doses": [{"drug": "fentanyl", "amount": "50 ug", "route": "iv", "at": "10 min"}],
            "observe": {"until": "40 min", "every": "30 s"},
        }
    },
    "observations": [
        {"quantity": "minute_ventilation", "analyte": "fentanyl", "unit": "1", "relative": "baseline", "at": "30 min", "low": 0.0, "high": 1.0}
    ],
    "titrated": {"drug": "fentanyl", "at": "30 min", "level": 0.7},
}  # fmt: skip


@pytest.mark.parametrize("amount", ["50 ug", "200 ug"])
def test_a_titrated_dose_has_its_effect_whatever_is_written(library: Library, amount: str) -> None:
    raw = copy.deepcopy(TITRATED)
    raw["arms"]["main"]["doses"][0]["amount"] = amount
    study = check_study(raw, "here", library, known_sources=False)
    arms = Arms(study.arms, library, titrated=study.titrated)
    assert predict(study.observations[0], arms) == pytest.approx(0.7, abs=0.01)


def test_a_titration_that_no_dose_fulfils_is_not_simulated(library: Library) -> None:
    raw = TITRATED | {"titrated": {"drug": "fentanyl", "of": "oxygen_consumption", "at": "30 min", "level": 0.05}}
    study = check_study(raw, "here", library, known_sources=False)
    with pytest.raises(NotSimulated, match=r"no dose of fentanyl takes oxygen_consumption to 0\.05 of rest"):
        predict(study.observations[0], Arms(study.arms, library, titrated=study.titrated))


@pytest.mark.parametrize(
    ("titrated", "reason"),
    [({"of": "breath"}, "titrated.of: read 'breath'"), ({"drug": "naloxone"}, "titrated.drug: no arm gives 'naloxone'"),
     ({"level": 2}, "titrated.level: read 2; a share"), ({"at": "soon"}, "titrated.at")],
)  # fmt: skip
def test_a_titration_is_checked(library: Library, titrated: dict[str, object], reason: str) -> None:
    raw = TITRATED | {"titrated": {**TITRATED["titrated"], **titrated}}
    with pytest.raises(PapaverError, match=reason):
        check_study(raw, "here", library, known_sources=False)


def test_concentrations_are_not_read_from_titrated_doses(library: Library) -> None:
    raw = TITRATED | {"observations": [{"quantity": "Cmax", "analyte": "fentanyl", "unit": "ng/mL", "value": 1.0}]}
    with pytest.raises(PapaverError, match="Cmax is computed from the doses as written"):
        check_study(raw, "here", library, known_sources=False)
