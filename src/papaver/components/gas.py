"""Oxygen and carbon dioxide in blood, lung and organs."""

from papaver.core import Component, Const, Input, Output, Param, State, d, exp, log, maximum, minimum, sqrt
from papaver.core.symbols import Expr

_SPENCER = "Spencer JL, Firouztale E, Mellins RB, Ann Biomed Eng 1979;7:59; numbers as in Ursino M, Magosso E, Avanzolini G, Clin Physiol 2001;21:447"


def content(
    P_O2: Expr, P_CO2: Expr, K1: Expr, K2: Expr, a1: Expr, a2: Expr, alpha1: Expr, alpha2: Expr, beta1: Expr, beta2: Expr
) -> tuple[Expr, Expr]:
    """Contents of oxygen and carbon dioxide as shares of the capacity, from both pressures (Spencer)."""
    x_O2 = P_O2 * (1 + beta1 * P_CO2) / (K1 * (1 + alpha1 * P_CO2))
    x_CO2 = P_CO2 * (1 + beta2 * P_O2) / (K2 * (1 + alpha2 * P_O2))
    return 1 - 1 / (1 + x_O2 ** (1 / a1)), 1 - 1 / (1 + x_CO2 ** (1 / a2))


def pressures(
    s_O2: Expr, s_CO2: Expr, K1: Expr, K2: Expr, a1: Expr, a2: Expr, alpha1: Expr, alpha2: Expr, beta1: Expr, beta2: Expr
) -> tuple[Expr, Expr]:
    """The inverse of `content`: P_O2 (1 + beta1 P_CO2) = d1 (1 + alpha1 P_CO2) and its like for CO2 make a quadratic in P_CO2."""
    d1, d2 = K1 * (s_O2 / (1 - s_O2)) ** a1, K2 * (s_CO2 / (1 - s_CO2)) ** a2
    q2, q1, q0 = beta1 + beta2 * d1 * alpha1, 1 + beta2 * d1 - d2 * beta1 - d2 * alpha2 * d1 * alpha1, d2 * (1 + alpha2 * d1)
    P_CO2 = (sqrt(q1 * q1 + 4 * q2 * q0) - q1) / (2 * q2)
    return d1 * (1 + alpha1 * P_CO2) / (1 + beta1 * P_CO2), P_CO2


def carotid(P_O2: Expr, P_CO2: Expr, K_CO2: Expr, gain: Expr, top: Expr, floor: Expr, mid: Expr, width: Expr) -> Expr:
    """Activity of the carotid body (Ursino, Magosso)."""
    x = exp((P_O2 - mid) / width)
    return gain * log(P_CO2 / K_CO2) * (top + floor * x) / (1 + x)


class BloodGases(Component):
    """Contents of both gases in end-capillary, venous and arterial blood, and the arterial pressures that belong to them.

    The dissociation curves shift each other (Bohr and Haldane). Venous blood of an organ has the pressures of its tissue. A share of the
    flow by-passes the lung.
    """

    Z = Const(0.02272, "1", _SPENCER, "L of gas in a mmol")
    CAP_O2 = Const(9.0, "1", _SPENCER, "capacity of blood for oxygen, mmol/L")
    CAP_CO2 = Const(86.11, "1", _SPENCER, "capacity of blood for carbon dioxide, mmol/L")
    K1 = Const(14.99, "mmHg", _SPENCER, "scale of the oxygen curve")
    K2 = Const(194.4, "mmHg", _SPENCER, "scale of the carbon dioxide curve")
    a1 = Const(0.3836, "1", _SPENCER, "shape of the oxygen curve")
    a2 = Const(1.819, "1", _SPENCER, "shape of the carbon dioxide curve")
    alpha1 = Const(0.03198, "1/mmHg", _SPENCER, "Bohr shift")
    alpha2 = Const(0.05591, "1/mmHg", _SPENCER, "Haldane shift")
    beta1 = Const(0.008275, "1/mmHg", _SPENCER, "Bohr shift")
    beta2 = Const(0.03255, "1/mmHg", _SPENCER, "Haldane shift")
    P_least = Const(1e-3, "mmHg", "numerical floor, far below any pressure that matters", "least pressure on the curves")

    shunt = Param("1", "share of the blood flow that by-passes the lung")
    P_A_O2 = Input("mmHg", "alveolar oxygen pressure")
    P_A_CO2 = Input("mmHg", "alveolar carbon dioxide pressure")
    P_b_O2 = Input("mmHg", "oxygen pressure in brain tissue")
    P_b_CO2 = Input("mmHg", "carbon dioxide pressure in brain tissue")
    P_t_O2 = Input("mmHg", "oxygen pressure in the other tissues")
    P_t_CO2 = Input("mmHg", "carbon dioxide pressure in the other tissues")
    Q_b = Input("L/min", "blood flow of the brain")
    Q_t = Input("L/min", "blood flow of the other tissues")
    C_v_O2 = Input("1", "oxygen content of the blood that returns to the lung, L/L")
    C_v_CO2 = Input("1", "carbon dioxide content of the blood that returns to the lung, L/L")

    _e = content(P_A_O2, P_A_CO2, K1, K2, a1, a2, alpha1, alpha2, beta1, beta2)
    _b = content(maximum(P_b_O2, P_least), P_b_CO2, K1, K2, a1, a2, alpha1, alpha2, beta1, beta2)
    _t = content(maximum(P_t_O2, P_least), P_t_CO2, K1, K2, a1, a2, alpha1, alpha2, beta1, beta2)
    C_e_O2 = Output(Z * CAP_O2 * _e[0], "1", "oxygen content, end-capillary, L/L")
    C_e_CO2 = Output(Z * CAP_CO2 * _e[1], "1", "carbon dioxide content, end-capillary, L/L")
    C_vb_O2 = Output(Z * CAP_O2 * _b[0], "1", "oxygen content, brain vein, L/L")
    C_vb_CO2 = Output(Z * CAP_CO2 * _b[1], "1", "carbon dioxide content, brain vein, L/L")
    C_vt_O2 = Output(Z * CAP_O2 * _t[0], "1", "oxygen content, tissue vein, L/L")
    C_vt_CO2 = Output(Z * CAP_CO2 * _t[1], "1", "carbon dioxide content, tissue vein, L/L")
    Q = Output(Q_b + Q_t, "L/min", "total blood flow")
    C_mix_O2 = Output((Q_b * C_vb_O2 + Q_t * C_vt_O2) / Q, "1", "oxygen content, mixed from the organs, L/L")
    C_mix_CO2 = Output((Q_b * C_vb_CO2 + Q_t * C_vt_CO2) / Q, "1", "carbon dioxide content, mixed from the organs, L/L")
    C_a_O2 = Output((1 - shunt) * C_e_O2 + shunt * C_v_O2, "1", "oxygen content, arterial, L/L")
    C_a_CO2 = Output((1 - shunt) * C_e_CO2 + shunt * C_v_CO2, "1", "carbon dioxide content, arterial, L/L")
    _a = pressures(C_a_O2 / (Z * CAP_O2), C_a_CO2 / (Z * CAP_CO2), K1, K2, a1, a2, alpha1, alpha2, beta1, beta2)
    P_a_O2 = Output(_a[0], "mmHg", "arterial oxygen pressure")
    P_a_CO2 = Output(_a[1], "mmHg", "arterial carbon dioxide pressure")
    S_a = Output(C_a_O2 / (Z * CAP_O2), "1", "arterial oxygen content as a share of the capacity")


class BloodPool(Component):
    """Blood on its way, in one mixed pool: from lung to organs, or from organs to lung; together the body's store of bound oxygen."""

    V = Param("L", "blood volume")
    init_O2 = Input("1", "oxygen content at the start, L/L")
    init_CO2 = Input("1", "carbon dioxide content at the start, L/L")
    Q = Input("L/min", "total blood flow")
    C_in_O2 = Input("1", "oxygen content of the blood that flows in, L/L")
    C_in_CO2 = Input("1", "carbon dioxide content of the blood that flows in, L/L")

    C_O2 = State("1", "oxygen content, L/L", init=init_O2)
    C_CO2 = State("1", "carbon dioxide content, L/L", init=init_CO2)

    equations = [
        d(C_O2) == Q * (C_in_O2 - C_O2) / V,
        d(C_CO2) == Q * (C_in_CO2 - C_CO2) / V,
    ]


class Lung(Component):
    """Alveolar gas: ventilation against what blood brings and takes."""

    B = Const(863.0, "mmHg", "gas at body temperature and ambient pressure against dry gas at 0 degC; West JB, Respiratory Physiology", "conversion")

    V_A = Param("L", "alveolar volume")
    P_I_O2 = Input("mmHg", "inspired oxygen pressure")
    P_I_CO2 = Input("mmHg", "inspired carbon dioxide pressure", default=0)
    shunt = Param("1", "share of the blood flow that by-passes the lung")
    init_O2 = Input("mmHg", "alveolar oxygen pressure at the start")
    init_CO2 = Input("mmHg", "alveolar carbon dioxide pressure at the start")
    VA = Input("L/min", "alveolar ventilation")
    Q = Input("L/min", "total blood flow")
    C_e_O2 = Input("1", "oxygen content, end-capillary, L/L")
    C_e_CO2 = Input("1", "carbon dioxide content, end-capillary, L/L")
    C_v_O2 = Input("1", "oxygen content, mixed venous, L/L")
    C_v_CO2 = Input("1", "carbon dioxide content, mixed venous, L/L")

    P_O2 = State("mmHg", "alveolar oxygen pressure", init=init_O2)
    P_CO2 = State("mmHg", "alveolar carbon dioxide pressure", init=init_CO2)

    uptake_O2 = Output(Q * (1 - shunt) * (C_e_O2 - C_v_O2), "L/min", "oxygen taken up by blood")
    output_CO2 = Output(Q * (1 - shunt) * (C_v_CO2 - C_e_CO2), "L/min", "carbon dioxide given off by blood")

    equations = [
        d(P_O2) == (VA * (P_I_O2 - P_O2) - B * uptake_O2) / V_A,
        d(P_CO2) == (VA * (P_I_CO2 - P_CO2) + B * output_CO2) / V_A,
    ]


class Organ(Component):
    """A tissue that takes oxygen from its blood and gives carbon dioxide to it.

    Its metabolism falls with `depression` (drug), down to a floor, and in proportion to the oxygen pressure where that is low.
    """

    V = Param("L", "volume")
    M_O2 = Param("L/min", "resting oxygen consumption")
    M_CO2 = Param("L/min", "resting carbon dioxide production")
    floor_O2 = Param("1", "least oxygen consumption under drugs, fraction of rest")
    floor_CO2 = Param("1", "least carbon dioxide production under drugs, fraction of rest")
    P_low = Param("mmHg", "oxygen pressure below which metabolism falls")
    sol_O2 = Param("1/mmHg", "oxygen content per pressure")
    sol_CO2 = Param("1/mmHg", "carbon dioxide content per pressure")
    bound_CO2 = Param("1", "carbon dioxide content at zero pressure, L/L")
    init_O2 = Input("1", "oxygen content at the start, L/L")
    init_CO2 = Input("1", "carbon dioxide content at the start, L/L")
    Q = Input("L/min", "blood flow")
    C_a_O2 = Input("1", "oxygen content, arterial, L/L")
    C_a_CO2 = Input("1", "carbon dioxide content, arterial, L/L")
    C_v_O2 = Input("1", "oxygen content, own vein, L/L")
    C_v_CO2 = Input("1", "carbon dioxide content, own vein, L/L")
    depression = Input("1", "metabolism under drugs, fraction of rest", default=1)

    C_O2 = State("1", "oxygen content, L/L", init=init_O2)
    C_CO2 = State("1", "carbon dioxide content, L/L", init=init_CO2)

    P_O2 = Output(maximum(C_O2, 0.0) / sol_O2, "mmHg", "oxygen pressure")
    P_CO2 = Output((C_CO2 - bound_CO2) / sol_CO2, "mmHg", "carbon dioxide pressure")
    supply = Output(minimum(P_O2 / P_low, 1.0), "1", "metabolism that the oxygen pressure allows, fraction")
    use_O2 = Output(M_O2 * maximum(depression, floor_O2) * supply, "L/min", "oxygen consumption")
    make_CO2 = Output(M_CO2 * maximum(depression, floor_CO2) * supply, "L/min", "carbon dioxide production")

    equations = [
        d(C_O2) == (Q * (C_a_O2 - C_v_O2) - use_O2) / V,
        d(C_CO2) == (Q * (C_a_CO2 - C_v_CO2) + make_CO2) / V,
    ]


class CirculatoryDelay(Component):
    """What reaches a receptor with the blood after a delay of V/Q: well-stirred stages in place of a pure delay."""

    stages = Const(10.0, "1", "numerical: FDA's typical curves are met within 0.4 % of their maximum (5 stages: 0.6 %)", "stages")

    V = Param("L", "volume of blood between the two places")
    init = Input("mmHg", "pressure at the start")
    Q = Input("L/min", "total blood flow")
    P_in = Input("mmHg", "pressure where the blood leaves")

    P_1 = State("mmHg", "stage 1", init=init)
    P_2 = State("mmHg", "stage 2", init=init)
    P_3 = State("mmHg", "stage 3", init=init)
    P_4 = State("mmHg", "stage 4", init=init)
    P_5 = State("mmHg", "stage 5", init=init)
    P_6 = State("mmHg", "stage 6", init=init)
    P_7 = State("mmHg", "stage 7", init=init)
    P_8 = State("mmHg", "stage 8", init=init)
    P_9 = State("mmHg", "stage 9", init=init)
    P = State("mmHg", "pressure where the blood arrives", init=init)
    k = Output(stages * Q / V, "1/min", "rate of each stage")

    equations = [
        d(P_1) == k * (P_in - P_1),
        d(P_2) == k * (P_1 - P_2),
        d(P_3) == k * (P_2 - P_3),
        d(P_4) == k * (P_3 - P_4),
        d(P_5) == k * (P_4 - P_5),
        d(P_6) == k * (P_5 - P_6),
        d(P_7) == k * (P_6 - P_7),
        d(P_8) == k * (P_7 - P_8),
        d(P_9) == k * (P_8 - P_9),
        d(P) == k * (P_9 - P),
    ]


class CarotidDelay(Component):
    """Arterial pressures at the carotid body: two mixed stages, as a bolus of dye disperses on its way from the lung."""

    stages = Const(2.0, "1", "the dispersion of an indicator between lung and artery, about half its transit time", "stages")

    V = Param("L", "volume of blood between the two places")
    init_O2 = Input("mmHg", "oxygen pressure at the start")
    init_CO2 = Input("mmHg", "carbon dioxide pressure at the start")
    Q = Input("L/min", "total blood flow")
    P_a_O2 = Input("mmHg", "arterial oxygen pressure")
    P_a_CO2 = Input("mmHg", "arterial carbon dioxide pressure")

    O2_1 = State("mmHg", "oxygen, stage 1", init=init_O2)
    O2 = State("mmHg", "oxygen pressure at the carotid body", init=init_O2)
    CO2_1 = State("mmHg", "carbon dioxide, stage 1", init=init_CO2)
    CO2 = State("mmHg", "carbon dioxide pressure at the carotid body", init=init_CO2)
    k = Output(stages * Q / V, "1/min", "rate of each stage")

    equations = [
        d(O2_1) == k * (P_a_O2 - O2_1),
        d(O2) == k * (O2_1 - O2),
        d(CO2_1) == k * (P_a_CO2 - CO2_1),
        d(CO2) == k * (CO2_1 - CO2),
    ]


def clip(x: Expr, low: Expr | float, high: Expr | float) -> Expr:
    """x kept between two bounds."""
    return minimum(maximum(x, low), high)
