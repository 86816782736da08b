"""All molecules of the library in one person at once: moles, laws, and each as it is alone."""

from __future__ import annotations

import numpy as np
import pytest

from papaver.evidence.load import load_library
from papaver.scenario import Dose, Observe, Person, Scenario
from papaver.simulate import Result, prepare, simulate

LIBRARY = load_library()
GIVEN = [name for name, drug in LIBRARY.drugs.items() if "iv" in drug.routes]


def run(names: list[str]) -> Result:
    doses = [Dose(drug=n, amount="1 umol", route="iv", at=f"{k % 7} min") for k, n in enumerate(GIVEN) if n in names]
    return simulate(prepare(Scenario(person=Person(weight="70 kg"), doses=doses, observe=Observe(until="6 h", every="2 min")), LIBRARY))


@pytest.fixture(scope="module")
def together() -> Result:
    return run(GIVEN)


@pytest.mark.slow
def test_moles_and_laws_hold_with_every_molecule(together: Result) -> None:
    assert len(GIVEN) >= 40
    assert together.reasons == [""]
    assert together.broken_laws == []
    assert together.mole_error < 1e-12
    assert (together["mop.free"] >= 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["heroin", "fentanyl", "naloxone", "buprenorphine", "r_methadone", "midazolam", "ethanol"])
def test_concentrations_are_those_of_the_drug_alone(together: Result, name: str) -> None:
    alone = run([name])
    a, b = alone[f"{name}.pk.C1"][0], together[f"{name}.pk.C1"][0]
    # a drug that others become (morphine, hydromorphone) has more; these have not
    assert np.abs(a - b).max() < 2e-4 * a.max()


@pytest.mark.slow
def test_the_body_grows_with_what_is_given_not_with_the_library(together: Result) -> None:
    def states(names: list[str]) -> int:
        doses = [Dose(drug=n, amount="1 umol", route="iv") for n in names]
        return prepare(Scenario(doses=doses, observe=Observe(until="1 h")), LIBRARY, physiology=False).body.program.n

    assert states(["naloxone"]) < 20
    assert states(["naloxone", "fentanyl"]) < 40
    assert states(GIVEN) > 200
