"""Disposition of one molecule in blood and tissues, with its elimination split over named pathways. Linear kinetics.

Source of the structures: Rowland M, Tozer TN, Clinical Pharmacokinetics and Pharmacodynamics, app. I. Arterial blood is the
central compartment. The share `fm` of each pathway and its `activity` (1 = normal) multiply the typical clearance, so that a weak
enzyme lowers its own part only; `scale` is 1 except for liver pathways, whose flow limit the liver component works out.
"""

from papaver.core import Component, Dose, Input, Output, Param, State, d, total


class OneCompartment(Component):
    """Blood and fast tissues as one space."""

    CL = Param("L/min", "typical elimination clearance, all pathways")
    fm = Param("1", "share of the clearance", over="pathway")
    activity = Param("1", "enzyme or organ activity, 1 = normal", over="pathway")
    V1 = Param("L", "volume of distribution")

    scale = Input("1", "flow limitation of liver pathways", over="pathway", default=1)
    R_in = Input("nmol/min", "drug entering blood", default=0)
    R_loss = Input("nmol/min", "drug leaving blood for the brain", default=0)

    A1 = State("nmol", "amount in blood")

    C1 = Output(A1 / V1, "nmol/L", "arterial plasma concentration")
    R_elim = Output(CL * fm * activity * scale * C1, "nmol/min", "elimination rate by pathway")

    dose = Dose({A1: 1}, "straight into arterial blood")
    equations = [d(A1) == R_in - R_loss - total(R_elim)]


class TwoCompartment(Component):
    """Central blood and one tissue."""

    CL = Param("L/min", "typical elimination clearance, all pathways")
    fm = Param("1", "share of the clearance", over="pathway")
    activity = Param("1", "enzyme or organ activity, 1 = normal", over="pathway")
    V1 = Param("L", "central volume")
    Q = Param("L/min", "inter-compartmental clearance")
    V2 = Param("L", "peripheral volume")

    scale = Input("1", "flow limitation of liver pathways", over="pathway", default=1)
    R_in = Input("nmol/min", "drug entering central blood", default=0)
    R_loss = Input("nmol/min", "drug leaving blood for the brain", default=0)

    A1 = State("nmol", "amount, central")
    A2 = State("nmol", "amount, peripheral")

    C1 = Output(A1 / V1, "nmol/L", "arterial plasma concentration")
    C2 = Output(A2 / V2, "nmol/L", "peripheral concentration")
    R_elim = Output(CL * fm * activity * scale * C1, "nmol/min", "elimination rate by pathway")

    dose = Dose({A1: 1}, "straight into arterial blood")
    equations = [
        d(A1) == R_in - R_loss - total(R_elim) - Q * (C1 - C2),
        d(A2) == Q * (C1 - C2),
    ]


class ThreeCompartment(Component):
    """Central blood, a fast and a slow tissue."""

    CL = Param("L/min", "typical elimination clearance, all pathways")
    fm = Param("1", "share of the clearance", over="pathway")
    activity = Param("1", "enzyme or organ activity, 1 = normal", over="pathway")
    V1 = Param("L", "central volume")
    Q2 = Param("L/min", "inter-compartmental clearance, fast tissue")
    V2 = Param("L", "volume, fast tissue")
    Q3 = Param("L/min", "inter-compartmental clearance, slow tissue")
    V3 = Param("L", "volume, slow tissue")

    scale = Input("1", "flow limitation of liver pathways", over="pathway", default=1)
    R_in = Input("nmol/min", "drug entering central blood", default=0)
    R_loss = Input("nmol/min", "drug leaving blood for the brain", default=0)

    A1 = State("nmol", "amount, central")
    A2 = State("nmol", "amount, fast tissue")
    A3 = State("nmol", "amount, slow tissue")

    C1 = Output(A1 / V1, "nmol/L", "arterial plasma concentration")
    C2 = Output(A2 / V2, "nmol/L", "fast tissue concentration")
    C3 = Output(A3 / V3, "nmol/L", "slow tissue concentration")
    R_elim = Output(CL * fm * activity * scale * C1, "nmol/min", "elimination rate by pathway")

    dose = Dose({A1: 1}, "straight into arterial blood")
    equations = [
        d(A1) == R_in - R_loss - total(R_elim) - Q2 * (C1 - C2) - Q3 * (C1 - C3),
        d(A2) == Q2 * (C1 - C2),
        d(A3) == Q3 * (C1 - C3),
    ]
