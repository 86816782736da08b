"""The brain as a small physical compartment of one molecule, in the mole balance, with local hydrolysis."""

from papaver.core import Component, Input, Output, Param, State, d


class BrainCompartment(Component):
    """Permeability-limited exchange of unbound drug across the blood-brain barrier.

    Structure: Hammarlund-Udenaes M et al., Pharm Res 2008;25:1737 (Kp,uu; net flux CLin*Cu,blood - CLout*Cu,brain, CLout = PS/Kp,uu).
    Heroin is hydrolysed on site and so carries 6-MAM in.
    """

    PS = Param("L/min", "permeability-surface product into brain")
    Kp_uu = Param("1", "unbound brain-to-plasma ratio at equilibrium")
    V_u = Param("L", "unbound volume of distribution in brain")
    k_hyd = Param("1/min", "local hydrolysis rate constant")
    fu = Param("1", "unbound fraction in plasma")
    C_a = Input("nmol/L", "arterial plasma concentration")
    R_formed = Input("nmol/min", "formed in the brain from another molecule", default=0)

    A = State("nmol", "amount in brain")
    C = Output(A / V_u, "nmol/L", "unbound concentration in brain")
    R_uptake = Output(PS * (fu * C_a - C / Kp_uu), "nmol/min", "net flux from blood")
    R_hyd = Output(k_hyd * A, "nmol/min", "hydrolysed in brain")

    equations = [d(A) == R_uptake + R_formed - R_hyd]
