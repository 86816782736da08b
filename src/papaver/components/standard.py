"""The standard models of population pharmacokinetics: one, two or three compartments, with and without first-order absorption.

For data sets in their own units. The symbols carry internal units, as every component does, but the equations hold in any units that fit
together: with time in h, amounts in mg and volumes in L, clearances are in L/h and concentrations in mg/L, and "min" and "nmol" below read
"h" and "mg". Nothing is converted and no constant with a unit occurs.

Compartments are numbered as in NONMEM's ADVAN1-4, 11 and 12 (a depot is number 1); a dose into compartment n has bioavailability Fn and lag ALAGn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from papaver.core import Component, Dose, Output, Param, State, d


class OneCompartmentIV(Component):
    """ADVAN1: a central compartment."""

    CL = Param("L/min", "clearance")
    V = Param("L", "volume")
    F1 = Param("1", "bioavailability, central")
    ALAG1 = Param("min", "lag, central")

    A1 = State("nmol", "amount, central")
    C1 = Output(A1 / V, "nmol/L", "concentration, central")

    dose1 = Dose({A1: F1}, "central", lag=ALAG1)
    equations = [d(A1) == -CL * C1]


class OneCompartmentOral(Component):
    """ADVAN2: a depot and a central compartment."""

    CL = Param("L/min", "clearance")
    V = Param("L", "volume")
    KA = Param("1/min", "absorption rate constant")
    F1 = Param("1", "bioavailability, depot")
    ALAG1 = Param("min", "lag, depot")
    F2 = Param("1", "bioavailability, central")
    ALAG2 = Param("min", "lag, central")

    A1 = State("nmol", "amount, depot")
    A2 = State("nmol", "amount, central")
    C2 = Output(A2 / V, "nmol/L", "concentration, central")

    dose1 = Dose({A1: F1}, "depot", lag=ALAG1)
    dose2 = Dose({A2: F2}, "central", lag=ALAG2)
    equations = [d(A1) == -KA * A1, d(A2) == KA * A1 - CL * C2]


class TwoCompartmentIV(Component):
    """ADVAN3: central and peripheral."""

    CL = Param("L/min", "clearance")
    V1 = Param("L", "central volume")
    Q = Param("L/min", "inter-compartmental clearance")
    V2 = Param("L", "peripheral volume")
    F1 = Param("1", "bioavailability, central")
    ALAG1 = Param("min", "lag, central")
    F2 = Param("1", "bioavailability, peripheral")
    ALAG2 = Param("min", "lag, peripheral")

    A1 = State("nmol", "amount, central")
    A2 = State("nmol", "amount, peripheral")
    C1 = Output(A1 / V1, "nmol/L", "concentration, central")
    C2 = Output(A2 / V2, "nmol/L", "concentration, peripheral")

    dose1 = Dose({A1: F1}, "central", lag=ALAG1)
    dose2 = Dose({A2: F2}, "peripheral", lag=ALAG2)
    equations = [d(A1) == -CL * C1 - Q * (C1 - C2), d(A2) == Q * (C1 - C2)]


class TwoCompartmentOral(Component):
    """ADVAN4: depot, central and peripheral."""

    CL = Param("L/min", "clearance")
    V1 = Param("L", "central volume")
    Q = Param("L/min", "inter-compartmental clearance")
    V2 = Param("L", "peripheral volume")
    KA = Param("1/min", "absorption rate constant")
    F1 = Param("1", "bioavailability, depot")
    ALAG1 = Param("min", "lag, depot")
    F2 = Param("1", "bioavailability, central")
    ALAG2 = Param("min", "lag, central")
    F3 = Param("1", "bioavailability, peripheral")
    ALAG3 = Param("min", "lag, peripheral")

    A1 = State("nmol", "amount, depot")
    A2 = State("nmol", "amount, central")
    A3 = State("nmol", "amount, peripheral")
    C2 = Output(A2 / V1, "nmol/L", "concentration, central")
    C3 = Output(A3 / V2, "nmol/L", "concentration, peripheral")

    dose1 = Dose({A1: F1}, "depot", lag=ALAG1)
    dose2 = Dose({A2: F2}, "central", lag=ALAG2)
    dose3 = Dose({A3: F3}, "peripheral", lag=ALAG3)
    equations = [d(A1) == -KA * A1, d(A2) == KA * A1 - CL * C2 - Q * (C2 - C3), d(A3) == Q * (C2 - C3)]


class ThreeCompartmentIV(Component):
    """ADVAN11: central and two peripherals."""

    CL = Param("L/min", "clearance")
    V1 = Param("L", "central volume")
    Q2 = Param("L/min", "inter-compartmental clearance, first peripheral")
    V2 = Param("L", "volume, first peripheral")
    Q3 = Param("L/min", "inter-compartmental clearance, second peripheral")
    V3 = Param("L", "volume, second peripheral")
    F1 = Param("1", "bioavailability, central")
    ALAG1 = Param("min", "lag, central")
    F2 = Param("1", "bioavailability, first peripheral")
    ALAG2 = Param("min", "lag, first peripheral")
    F3 = Param("1", "bioavailability, second peripheral")
    ALAG3 = Param("min", "lag, second peripheral")

    A1 = State("nmol", "amount, central")
    A2 = State("nmol", "amount, first peripheral")
    A3 = State("nmol", "amount, second peripheral")
    C1 = Output(A1 / V1, "nmol/L", "concentration, central")
    C2 = Output(A2 / V2, "nmol/L", "concentration, first peripheral")
    C3 = Output(A3 / V3, "nmol/L", "concentration, second peripheral")

    dose1 = Dose({A1: F1}, "central", lag=ALAG1)
    dose2 = Dose({A2: F2}, "first peripheral", lag=ALAG2)
    dose3 = Dose({A3: F3}, "second peripheral", lag=ALAG3)
    equations = [
        d(A1) == -CL * C1 - Q2 * (C1 - C2) - Q3 * (C1 - C3),
        d(A2) == Q2 * (C1 - C2),
        d(A3) == Q3 * (C1 - C3),
    ]


class ThreeCompartmentOral(Component):
    """ADVAN12: depot, central and two peripherals."""

    CL = Param("L/min", "clearance")
    V1 = Param("L", "central volume")
    Q2 = Param("L/min", "inter-compartmental clearance, first peripheral")
    V2 = Param("L", "volume, first peripheral")
    Q3 = Param("L/min", "inter-compartmental clearance, second peripheral")
    V3 = Param("L", "volume, second peripheral")
    KA = Param("1/min", "absorption rate constant")
    F1 = Param("1", "bioavailability, depot")
    ALAG1 = Param("min", "lag, depot")
    F2 = Param("1", "bioavailability, central")
    ALAG2 = Param("min", "lag, central")
    F3 = Param("1", "bioavailability, first peripheral")
    ALAG3 = Param("min", "lag, first peripheral")
    F4 = Param("1", "bioavailability, second peripheral")
    ALAG4 = Param("min", "lag, second peripheral")

    A1 = State("nmol", "amount, depot")
    A2 = State("nmol", "amount, central")
    A3 = State("nmol", "amount, first peripheral")
    A4 = State("nmol", "amount, second peripheral")
    C2 = Output(A2 / V1, "nmol/L", "concentration, central")
    C3 = Output(A3 / V2, "nmol/L", "concentration, first peripheral")
    C4 = Output(A4 / V3, "nmol/L", "concentration, second peripheral")

    dose1 = Dose({A1: F1}, "depot", lag=ALAG1)
    dose2 = Dose({A2: F2}, "central", lag=ALAG2)
    dose3 = Dose({A3: F3}, "first peripheral", lag=ALAG3)
    dose4 = Dose({A4: F4}, "second peripheral", lag=ALAG4)
    equations = [
        d(A1) == -KA * A1,
        d(A2) == KA * A1 - CL * C2 - Q2 * (C2 - C3) - Q3 * (C2 - C4),
        d(A3) == Q2 * (C2 - C3),
        d(A4) == Q3 * (C2 - C4),
    ]


@dataclass(frozen=True)
class Standard:
    """A standard model as its users name it.

    Attributes:
        parameters: the user's name -> the component's symbol, without Fn and ALAGn. synonyms: further names of the user -> name.
        compartments: their names, by number from 1. central: number of the central one; doses go to compartment 1 unless told otherwise.
    """

    name: str
    component: type[Component]
    parameters: Mapping[str, str]
    compartments: tuple[str, ...]
    central: int
    synonyms: Mapping[str, str] = field(default_factory=dict)


def _standard(name: str, component: type[Component], parameters: str, synonyms: Mapping[str, str] | None = None) -> Standard:
    """`parameters` is "CL V2=V1 ...": the user's name, and after "=" the component's if that differs."""
    pairs = [word.partition("=") for word in parameters.split()]
    names = tuple(dose.meaning for dose in component.doses.values())
    return Standard(name, component, {a: b or a for a, _, b in pairs}, names, names.index("central") + 1, dict(synonyms or {}))


STANDARD = {
    m.name: m
    for m in (
        _standard("pk1", OneCompartmentIV, "CL V", {"V1": "V"}),
        _standard("pk1_oral", OneCompartmentOral, "CL V KA", {"V1": "V"}),
        _standard("pk2", TwoCompartmentIV, "CL V1 Q V2", {"V": "V1", "Q2": "Q"}),
        _standard("pk2_oral", TwoCompartmentOral, "CL V1 Q V2 KA", {"V": "V1", "Q2": "Q"}),
        _standard("pk3", ThreeCompartmentIV, "CL V1 Q2 V2 Q3 V3", {"V": "V1", "Q": "Q2"}),
        _standard("pk3_oral", ThreeCompartmentOral, "CL V1 Q2 V2 Q3 V3 KA", {"V": "V1", "Q": "Q2"}),
        # NONMEM numbers volumes by compartment, so that with a depot the central volume is V2 (TRANS2 and TRANS4)
        _standard("advan1", OneCompartmentIV, "CL V", {"V1": "V"}),
        _standard("advan2", OneCompartmentOral, "CL V KA", {"V2": "V"}),
        _standard("advan3", TwoCompartmentIV, "CL V1 Q V2"),
        _standard("advan4", TwoCompartmentOral, "CL V2=V1 Q V3=V2 KA"),
        _standard("advan11", ThreeCompartmentIV, "CL V1 Q2 V2 Q3 V3"),
        _standard("advan12", ThreeCompartmentOral, "CL V2=V1 Q3=Q2 V3=V2 Q4=Q3 V4=V3 KA"),
    )
}
"""The standard models by name."""
