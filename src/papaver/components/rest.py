"""The body at rest in closed form: every gas store and flow starts where nothing moves, so that a baseline needs no run-in."""

from papaver.components.breathing import BreathingControl
from papaver.components.gas import BloodGases, Lung, carotid, content, pressures
from papaver.core import Component, Input, Output, Param


class Rest(Component):
    """Resting pressures and contents from metabolism, blood flows and the person's own alveolar carbon dioxide pressure.

    Mass balance of both gases over lung, blood, brain and the other tissues, with the dissociation curves of `BloodGases` inverted.
    """

    B = Lung.B
    Z, CAP_O2, CAP_CO2, K1, K2, a1, a2 = (getattr(BloodGases, k) for k in ("Z", "CAP_O2", "CAP_CO2", "K1", "K2", "a1", "a2"))
    alpha1, alpha2, beta1, beta2 = (getattr(BloodGases, k) for k in ("alpha1", "alpha2", "beta1", "beta2"))
    K_CO2, f_gain, f_max, f_min, f_mid, f_width = (getattr(BreathingControl, k) for k in ("K_CO2", "f_gain", "f_max", "f_min", "f_mid", "f_width"))

    P_A_CO2 = Param("mmHg", "alveolar carbon dioxide pressure at rest: the person's set point")
    dead = Param("1", "dead space, share of the ventilation")
    shunt = Param("1", "share of the blood flow that by-passes the lung")
    P_I_O2 = Param("mmHg", "inspired oxygen pressure")
    Q_b0 = Param("L/min", "resting flow of the brain")
    Q_t0 = Param("L/min", "resting flow of the other tissues")
    M_b_O2 = Input("L/min", "oxygen consumption of the brain")
    M_b_CO2 = Input("L/min", "carbon dioxide production of the brain")
    M_t_O2 = Input("L/min", "oxygen consumption of the other tissues")
    M_t_CO2 = Input("L/min", "carbon dioxide production of the other tissues")
    sol_O2 = Input("1/mmHg", "oxygen content of tissue per pressure")
    sol_CO2 = Input("1/mmHg", "carbon dioxide content of tissue per pressure")
    bound_CO2 = Input("1", "carbon dioxide content of tissue at zero pressure, L/L")

    Q = Output(Q_b0 + Q_t0, "L/min", "cardiac output")
    M_O2 = Output(M_b_O2 + M_t_O2, "L/min", "oxygen consumption")
    M_CO2 = Output(M_b_CO2 + M_t_CO2, "L/min", "carbon dioxide production")
    VA = Output(B * M_CO2 / P_A_CO2, "L/min", "alveolar ventilation")
    VE = Output(VA / (1 - dead), "L/min", "minute ventilation")
    P_A_O2 = Output(P_I_O2 - B * M_O2 / VA, "mmHg", "alveolar oxygen pressure")
    _e = content(P_A_O2, P_A_CO2, K1, K2, a1, a2, alpha1, alpha2, beta1, beta2)
    C_e_O2 = Output(Z * CAP_O2 * _e[0], "1", "oxygen content, end-capillary, L/L")
    C_e_CO2 = Output(Z * CAP_CO2 * _e[1], "1", "carbon dioxide content, end-capillary, L/L")
    C_a_O2 = Output(C_e_O2 - shunt * M_O2 / (Q * (1 - shunt)), "1", "oxygen content, arterial, L/L")
    C_a_CO2 = Output(C_e_CO2 + shunt * M_CO2 / (Q * (1 - shunt)), "1", "carbon dioxide content, arterial, L/L")
    C_v_O2 = Output(C_a_O2 - M_O2 / Q, "1", "oxygen content, mixed venous, L/L")
    C_v_CO2 = Output(C_a_CO2 + M_CO2 / Q, "1", "carbon dioxide content, mixed venous, L/L")
    C_b_O2 = Output(C_a_O2 - M_b_O2 / Q_b0, "1", "oxygen content, brain vein, L/L")
    C_b_CO2 = Output(C_a_CO2 + M_b_CO2 / Q_b0, "1", "carbon dioxide content, brain vein, L/L")
    C_t_O2 = Output(C_a_O2 - M_t_O2 / Q_t0, "1", "oxygen content, tissue vein, L/L")
    C_t_CO2 = Output(C_a_CO2 + M_t_CO2 / Q_t0, "1", "carbon dioxide content, tissue vein, L/L")
    _a = pressures(C_a_O2 / (Z * CAP_O2), C_a_CO2 / (Z * CAP_CO2), K1, K2, a1, a2, alpha1, alpha2, beta1, beta2)
    _b = pressures(C_b_O2 / (Z * CAP_O2), C_b_CO2 / (Z * CAP_CO2), K1, K2, a1, a2, alpha1, alpha2, beta1, beta2)
    _t = pressures(C_t_O2 / (Z * CAP_O2), C_t_CO2 / (Z * CAP_CO2), K1, K2, a1, a2, alpha1, alpha2, beta1, beta2)
    P_a_O2 = Output(_a[0], "mmHg", "arterial oxygen pressure")
    P_a_CO2 = Output(_a[1], "mmHg", "arterial carbon dioxide pressure")
    P_b_O2 = Output(_b[0], "mmHg", "oxygen pressure in brain tissue")
    P_b_CO2 = Output(_b[1], "mmHg", "carbon dioxide pressure in brain tissue")
    P_t_O2 = Output(_t[0], "mmHg", "oxygen pressure in the other tissues")
    P_t_CO2 = Output(_t[1], "mmHg", "carbon dioxide pressure in the other tissues")
    S_b_O2 = Output(P_b_O2 * sol_O2, "1", "oxygen dissolved in brain tissue, L/L")
    S_b_CO2 = Output(P_b_CO2 * sol_CO2 + bound_CO2, "1", "carbon dioxide in brain tissue, L/L")
    S_t_O2 = Output(P_t_O2 * sol_O2, "1", "oxygen dissolved in the other tissues, L/L")
    S_t_CO2 = Output(P_t_CO2 * sol_CO2 + bound_CO2, "1", "carbon dioxide in the other tissues, L/L")
    f = Output(carotid(P_a_O2, P_a_CO2, K_CO2, f_gain, f_max, f_min, f_mid, f_width), "1", "activity of the carotid body")
