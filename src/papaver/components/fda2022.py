"""What only FDA's overdose model has, oddities included: volumes that follow the blood flow, binding with exponents, its effect, its collapse.

Source: Mann J et al., Clin Pharmacol Ther 2022;112:1020, and the code published with it. Parts that other bodies share stand in `gas`
and `breathing`. The volumes halve when the blood flow rises and amounts in them do not change with it, so moles are not conserved.
"""

from papaver.components.gas import clip
from papaver.core import Component, Const, Dose, Input, Output, Param, State, d, exp, maximum, minimum

_FDA = "Mann J et al., Clin Pharmacol Ther 2022;112:1020, as coded"


class FdaStart(Component):
    """Where FDA's patients start (an hour without drug, from a run of its code), and the set points of their controls."""

    P_I_O2 = Param("mmHg", "inspired oxygen pressure")
    A_O2 = Param("mmHg", "alveolar oxygen pressure")
    A_CO2 = Param("mmHg", "alveolar carbon dioxide pressure")
    b_O2 = Param("1", "oxygen content of the brain, L/L")
    b_CO2 = Param("1", "carbon dioxide content of the brain, L/L")
    t_O2 = Param("1", "oxygen content of the other tissues, L/L")
    t_CO2 = Param("1", "carbon dioxide content of the other tissues, L/L")
    y_CO2 = Param("1", "response of blood flow to carbon dioxide")
    y_O2 = Param("1", "response of blood flow to lack of oxygen")
    D_p = Param("L/min", "peripheral drive")
    D_c = Param("L/min", "central drive")
    a_h = Param("1", "gain by brain hypoxia")
    late_a_O2 = Param("mmHg", "arterial oxygen pressure at the carotid body")
    late_a_CO2 = Param("mmHg", "arterial carbon dioxide pressure at the carotid body")
    late_b_CO2 = Param("mmHg", "brain carbon dioxide pressure at the central receptor")
    W = Param("L/min", "wakefulness drive")
    half_CO2 = Const(40.0, "mmHg", "Ursino M, Magosso E, Avanzolini G, Clin Physiol 2001;21:447", "arterial CO2 of the middle of the response")
    rest_O2 = Const(95.0, "mmHg", "Ursino M, Magosso E, Avanzolini G, Clin Physiol 2001;21:447", "arterial oxygen without a response of blood flow")
    f_rest = Const(3.67, "1", "Magosso E, Ursino M, van Oostrom JH, IEEE Trans Biomed Eng 2004;51:1926", "carotid activity at rest")
    P_rest = Const(45.27, "mmHg", "Magosso E, Ursino M, van Oostrom JH, IEEE Trans Biomed Eng 2004;51:1926", "brain CO2 pressure at rest")
    hyp_rest = Const(32.0, "mmHg", "Magosso E, Ursino M, van Oostrom JH, IEEE Trans Biomed Eng 2004;51:1926", "brain oxygen pressure of gain 1")


class FdaVolume(Component):
    """Factor on concentrations: one at rest, two when the total flow exceeds about 1.6 times its rest."""

    Q0 = Const(4.87, "L/min", _FDA, "flow taken as rest")
    mid = Const(1.6, "1", _FDA, "relative flow of the middle of the step")
    width = Const(0.05, "1", _FDA, "width of the step")
    Q = Input("L/min", "total blood flow")
    S = Output(clip(1 + 1 / (1 + exp((mid - Q / Q0) / width)), 1.0, 2.0), "1", "factor on concentrations")


class FdaOpioid(Component):
    """Three compartments with an effect site, after an iv bolus."""

    V1 = Param("L", "central volume")
    k_out = Param("1/min", "elimination")
    k12 = Param("1/min", "to the first peripheral compartment")
    k21 = Param("1/min", "and back")
    k13 = Param("1/min", "to the second peripheral compartment")
    k31 = Param("1/min", "and back")
    ke0 = Param("1/min", "equilibration with the effect site")
    S = Input("1", "factor on concentrations")

    A1 = State("nmol", "amount, central")
    A2 = State("nmol", "amount, first peripheral")
    A3 = State("nmol", "amount, second peripheral")
    A_out = State("nmol", "amount eliminated")
    C_e = State("nmol/L", "concentration at the effect site")
    C1 = Output(A1 * S / V1, "nmol/L", "plasma concentration")

    dose = Dose({A1: 1}, "bolus into plasma")
    equations = [
        d(A1) == k21 * A2 + k31 * A3 - (k_out + k12 + k13) * A1,
        d(A2) == k12 * A1 - k21 * A2,
        d(A3) == k13 * A1 - k31 * A3,
        d(A_out) == k_out * A1,
        d(C_e) == ke0 * (C1 - C_e),
    ]


class FdaNaloxoneIM(Component):
    """Intramuscular naloxone: depot and two transit stages into two compartments written as concentrations, and an effect site."""

    F = Param("1", "bioavailability")
    ktr = Param("1/min", "transit rate constant")
    kin = Param("1/min", "entry into plasma")
    CL = Param("L/min", "clearance")
    CLd = Param("L/min", "exchange with the peripheral compartment")
    V1 = Param("L", "central volume")
    V2 = Param("L", "peripheral volume")
    ke0 = Param("1/min", "equilibration with the effect site")
    S = Input("1", "factor on concentrations")

    A = State("nmol", "amount in the depot")
    T1 = State("nmol", "amount in transit, first stage")
    T2 = State("nmol", "amount in transit, second stage")
    C1 = State("nmol/L", "plasma concentration")
    C2 = State("nmol/L", "peripheral concentration")
    C_e = State("nmol/L", "concentration at the effect site")

    dose = Dose({A: 1}, "into the muscle")
    equations = [
        d(A) == -ktr * A,
        d(T1) == ktr * F * A - ktr * T1,
        d(T2) == ktr * T1 - kin * T2,
        d(C1) == (kin * T2 - CL * C1 - CLd * (C1 - C2)) * S / V1,
        d(C2) == CLd * (C1 - C2) / V2,
        d(C_e) == ke0 * (C1 - C_e),
    ]


class FdaBinding(Component):
    """Opioid and naloxone compete for one receptor; association follows a power of the concentration."""

    one = Const(1e-3, "nmol/L", "unit: kon is given per (pmol/L)^n", "one pmol/L")

    least = Const(1e-9, "nmol/L", "numerical floor: a power below one has no slope at zero", "least concentration")

    kon = Param("1/min", "association at 1 pmol/L, opioid")
    koff = Param("1/min", "dissociation, opioid")
    n = Param("1", "exponent, opioid")
    kon_n = Param("1/min", "association at 1 pmol/L, naloxone")
    koff_n = Param("1/min", "dissociation, naloxone")
    n_n = Param("1", "exponent, naloxone")
    C = Input("nmol/L", "opioid at the effect site")
    C_n = Input("nmol/L", "naloxone at the effect site")

    opioid = State("1", "receptors held by the opioid, fraction")
    naloxone = State("1", "receptors held by naloxone, fraction")
    free = Output(1 - opioid - naloxone, "1", "free receptors, fraction")

    equations = [
        d(opioid) == kon * free * (maximum(C, least) / one) ** n - koff * opioid,
        d(naloxone) == kon_n * free * (maximum(C_n, least) / one) ** n_n - koff_n * naloxone,
    ]


class FdaEffect(Component):
    """What bound opioid leaves of the chemoreflexes, of wakefulness and of metabolism. Tolerance is in the exponents alone."""

    least = Const(1e-9, "1", "numerical floor: a power below one has no slope at zero", "least occupancy")

    P1 = Param("1", "exponent, chemoreflexes")
    P2 = Param("1", "exponent, metabolism")
    P3 = Param("1", "exponent, wakefulness")
    opioid = Input("1", "receptors held by the opioid, fraction")
    held = Output(clip(opioid, least, 1.0), "1", "the same, kept between 0 and 1")
    chemo = Output(1 - held**P1, "1", "what is left of the chemoreflexes")
    wake = Output(1 - held**P3, "1", "what is left of wakefulness")
    metabolism = Output(maximum(wake, least) ** P2, "1", "metabolism, fraction of rest")


class FdaCollapse(Component):
    """The failing heart: from the moment of arrest on, all blood flow falls for good; breathing stops with it."""

    rate = Const(1.44, "1/min", _FDA, "fall of the flow (0.024/s)")
    base = Const(0.15, "1", _FDA, "part of the fall that does not depend on carbon dioxide")
    slope = Const(0.85, "1", _FDA, "part that does")
    P_ref = Const(52.0, "mmHg", _FDA, "arterial carbon dioxide pressure of the full fall")
    Q_weak = Const(0.98, "L/min", _FDA, "flow below which breathing weakens")
    Q_none = Const(0.49, "L/min", _FDA, "flow below which it stops")
    P_a_CO2 = Input("mmHg", "arterial carbon dioxide pressure")
    Q = Input("L/min", "total blood flow")

    arrest = State("1", "0 before the arrest, 1 after it")
    m = State("1", "flow, fraction of what the controls ask for", init=1.0)
    breathing = Output(minimum(Q / Q_weak, 1.0) * clip((Q - Q_none) / (Q_weak * 1e-3), 0.0, 1.0), "1", "what is left of breathing")

    event = Dose({arrest: 1}, "the arrest (amount 1)")
    equations = [
        d(arrest) == 0 * rate * arrest,
        d(m) == -arrest * rate * (base + slope * P_a_CO2 / P_ref) * m,
    ]


class FdaLag(Component):
    """When FDA's code looks back in time and when it does not: never before the first blood has arrived, and not at a failing flow."""

    Q_weak = Const(0.98, "L/min", _FDA, "flow below which there is no delay")
    sharp = Const(1e4, "1/min", "numerical: the switch takes 6 ms", "sharpness of the switch in time")
    steep = Const(1e3, "min/L", "numerical: the switch takes 1 mL/min", "sharpness of the switch in flow")

    V = Param("L", "volume of blood between the two places")
    Q = Input("L/min", "total blood flow")
    P_now = Input("mmHg", "pressure where the blood leaves")
    P_late = Input("mmHg", "pressure where it arrives, by the transit stages")

    clock = State("min", "time since the start")
    late = Output(clip((clock - V / Q) * sharp, 0.0, 1.0) * clip((Q - Q_weak) * steep, 0.0, 1.0), "1", "1 where the delay counts, else 0")
    P = Output(P_now + late * (P_late - P_now), "mmHg", "pressure that the receptor is given")

    equations = [d(clock) == 1]


class FdaSaturation(Component):
    """Arterial saturation as FDA's code prints it: the pressure is scaled by itself where carbon dioxide was meant."""

    P50 = Const(26.6, "mmHg", _FDA, "pressure of half saturation")
    n = Const(2.6, "1", _FDA, "Hill exponent")
    P_ref = Const(40.0, "mmHg", _FDA, "reference pressure")
    e = Const(0.3, "1", _FDA, "exponent of the scaling")
    P_a_O2 = Input("mmHg", "arterial oxygen pressure")
    x = Output((P_a_O2 * (P_ref / P_a_O2) ** e / P50) ** n, "1", "place on the curve")
    S = Output(x / (1 + x), "1", "arterial saturation")
