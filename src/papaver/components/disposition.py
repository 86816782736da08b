"""Disposition of one molecule in blood and tissues, with its elimination split over named pathways.

Source of the structures: Rowland M, Tozer TN, Clinical Pharmacokinetics and Pharmacodynamics, app. I. Arterial blood is the
central compartment. The share `fm` of each pathway and its `activity` (1 = normal) multiply the typical clearance, so that a weak
enzyme lowers its own part only; `scale` is 1 except for liver pathways, whose flow limit the liver component works out. Kinetics are linear
but for pathways that say they are saturable or induced by the drug itself.
"""

from papaver.core import Component, Dose, Input, Output, Param, State, d, total


class OneCompartment(Component):
    """Blood and fast tissues as one space."""

    CL = Param("L/min", "typical elimination clearance, all pathways")
    fm = Param("1", "share of the clearance", over="pathway")
    activity = Param("1", "enzyme or organ activity, 1 = normal", over="pathway")
    V1 = Param("L", "volume of distribution")

    scale = Input("1", "flow limitation of liver pathways", over="pathway", default=1)
    induction = Input("1", "activity by the drug's own induction, 1 = none", over="pathway", default=1)
    saturation = Input("1", "fall of the clearance by saturation, 1 = none", over="pathway", default=1)
    R_in = Input("nmol/min", "drug entering blood", default=0)
    R_loss = Input("nmol/min", "drug leaving blood for the brain", default=0)

    A1 = State("nmol", "amount in blood")

    C1 = Output(A1 / V1, "nmol/L", "arterial plasma concentration")
    activity_now = Output(activity * induction, "1", "enzyme activity with induction")
    R_elim = Output(CL * fm * activity_now * scale * saturation * C1, "nmol/min", "elimination rate by pathway")

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
    induction = Input("1", "activity by the drug's own induction, 1 = none", over="pathway", default=1)
    saturation = Input("1", "fall of the clearance by saturation, 1 = none", over="pathway", default=1)
    R_in = Input("nmol/min", "drug entering central blood", default=0)
    R_loss = Input("nmol/min", "drug leaving blood for the brain", default=0)

    A1 = State("nmol", "amount, central")
    A2 = State("nmol", "amount, peripheral")

    C1 = Output(A1 / V1, "nmol/L", "arterial plasma concentration")
    C2 = Output(A2 / V2, "nmol/L", "peripheral concentration")
    activity_now = Output(activity * induction, "1", "enzyme activity with induction")
    R_elim = Output(CL * fm * activity_now * scale * saturation * C1, "nmol/min", "elimination rate by pathway")

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
    induction = Input("1", "activity by the drug's own induction, 1 = none", over="pathway", default=1)
    saturation = Input("1", "fall of the clearance by saturation, 1 = none", over="pathway", default=1)
    R_in = Input("nmol/min", "drug entering central blood", default=0)
    R_loss = Input("nmol/min", "drug leaving blood for the brain", default=0)

    A1 = State("nmol", "amount, central")
    A2 = State("nmol", "amount, fast tissue")
    A3 = State("nmol", "amount, slow tissue")

    C1 = Output(A1 / V1, "nmol/L", "arterial plasma concentration")
    C2 = Output(A2 / V2, "nmol/L", "fast tissue concentration")
    C3 = Output(A3 / V3, "nmol/L", "slow tissue concentration")
    activity_now = Output(activity * induction, "1", "enzyme activity with induction")
    R_elim = Output(CL * fm * activity_now * scale * saturation * C1, "nmol/min", "elimination rate by pathway")

    dose = Dose({A1: 1}, "straight into arterial blood")
    equations = [
        d(A1) == R_in - R_loss - total(R_elim) - Q2 * (C1 - C2) - Q3 * (C1 - C3),
        d(A2) == Q2 * (C1 - C2),
        d(A3) == Q3 * (C1 - C3),
    ]


class FourCompartment(Component):
    """Central blood, a fast and a slow tissue, and a deep one that fills over days of use and empties over days: fat."""

    CL = Param("L/min", "typical elimination clearance, all pathways")
    fm = Param("1", "share of the clearance", over="pathway")
    activity = Param("1", "enzyme or organ activity, 1 = normal", over="pathway")
    V1 = Param("L", "central volume")
    Q2 = Param("L/min", "inter-compartmental clearance, fast tissue")
    V2 = Param("L", "volume, fast tissue")
    Q3 = Param("L/min", "inter-compartmental clearance, slow tissue")
    V3 = Param("L", "volume, slow tissue")
    Q4 = Param("L/min", "inter-compartmental clearance, deep tissue")
    V4 = Param("L", "volume, deep tissue")

    scale = Input("1", "flow limitation of liver pathways", over="pathway", default=1)
    induction = Input("1", "activity by the drug's own induction, 1 = none", over="pathway", default=1)
    saturation = Input("1", "fall of the clearance by saturation, 1 = none", over="pathway", default=1)
    R_in = Input("nmol/min", "drug entering central blood", default=0)
    R_loss = Input("nmol/min", "drug leaving blood for the brain", default=0)

    A1 = State("nmol", "amount, central")
    A2 = State("nmol", "amount, fast tissue")
    A3 = State("nmol", "amount, slow tissue")
    A4 = State("nmol", "amount, deep tissue")

    C1 = Output(A1 / V1, "nmol/L", "arterial plasma concentration")
    C2 = Output(A2 / V2, "nmol/L", "fast tissue concentration")
    C3 = Output(A3 / V3, "nmol/L", "slow tissue concentration")
    C4 = Output(A4 / V4, "nmol/L", "deep tissue concentration")
    activity_now = Output(activity * induction, "1", "enzyme activity with induction")
    R_elim = Output(CL * fm * activity_now * scale * saturation * C1, "nmol/min", "elimination rate by pathway")

    dose = Dose({A1: 1}, "straight into arterial blood")
    equations = [
        d(A1) == R_in - R_loss - total(R_elim) - Q2 * (C1 - C2) - Q3 * (C1 - C3) - Q4 * (C1 - C4),
        d(A2) == Q2 * (C1 - C2),
        d(A3) == Q3 * (C1 - C3),
        d(A4) == Q4 * (C1 - C4),
    ]


class Saturation(Component):
    """Michaelis-Menten: the clearance of one pathway falls as its concentration nears Km."""

    Km = Param("nmol/L", "concentration of half the greatest rate")
    C = Input("nmol/L", "arterial plasma concentration")
    factor = Output(Km / (Km + C), "1", "clearance relative to that at low concentration")


class AutoInduction(Component):
    """A drug that raises the activity of enzymes which clear it, by enzyme turnover.

    Structure: an indirect response on enzyme synthesis (Dayneka NL et al., J Pharmacokinet Biopharm 1993;21:457, model III).
    """

    induction_max = Param("1", "extra activity at full induction")
    induction_EC50 = Param("nmol/L", "concentration of half the full induction")
    induction_tau = Param("min", "time constant of enzyme turnover")
    C = Input("nmol/L", "arterial plasma concentration")

    activity = State("1", "enzyme activity, 1 = not induced", init=1)
    equations = [d(activity) == (1 + induction_max * C / (induction_EC50 + C) - activity) / induction_tau]
