"""Blood flow to brain and body, and the drives to breathe, after Ursino and Magosso; drugs act on them through factors."""

from papaver.components.gas import carotid, clip
from papaver.core import Component, Const, Input, Output, Param, State, d, exp, maximum, minimum, softplus

_URSINO = "Ursino M, Magosso E, Avanzolini G, Clin Physiol 2001;21:447 and 465"
_MAGOSSO = "Magosso E, Ursino M, van Oostrom JH, IEEE Trans Biomed Eng 2004;51:1926"


class FlowControl(Component):
    """Brain and tissue blood flow: carbon dioxide widens brain vessels, lack of oxygen both."""

    slope_CO2 = Const(4.5, "mmHg", _URSINO, "width of that response")
    depth_CO2 = Const(0.6, "1", _MAGOSSO, "largest change of brain flow by CO2")
    gain_O2 = Const(17.0, "1", _URSINO, "strength of the response to lack of oxygen")
    scale_O2 = Const(11.0, "mmHg", _URSINO, "scale of that response")
    most_O2 = Const(2.0, "1", _MAGOSSO, "largest response to lack of oxygen")
    share_t = Const(0.32, "1", _URSINO, "response of the other tissues to lack of oxygen, relative to the brain's")

    Q_b0 = Param("L/min", "resting flow of the brain")
    Q_t0 = Param("L/min", "resting flow of the other tissues")
    tau_CO2 = Param("min", "time constant, carbon dioxide")
    tau_O2 = Param("min", "time constant, oxygen")
    half_CO2 = Input("mmHg", "arterial CO2 pressure of the middle of the brain's response")
    rest_O2 = Input("mmHg", "arterial oxygen pressure without a response")
    init_CO2 = Input("1", "response to carbon dioxide at the start", default=0)
    init_O2 = Input("1", "response to lack of oxygen at the start", default=0)
    P_a_CO2 = Input("mmHg", "arterial carbon dioxide pressure")
    P_a_O2 = Input("mmHg", "arterial oxygen pressure")
    heart = Input("1", "perfusion pressure, fraction of rest", default=1)
    heart_b = Input("1", "what of it the brain's own regulation lets through, fraction of its flow at normal pressure", default=1)
    tone = Input("1", "conductance of the other tissues under nerves and drugs, fraction of rest", default=1)

    y_CO2 = State("1", "response to carbon dioxide", init=init_CO2)
    y_O2 = State("1", "response to lack of oxygen", init=init_O2)

    demand_b = Output(Q_b0 * (1 + y_CO2 + y_O2), "L/min", "blood flow of the brain at normal pressure")
    demand_t = Output(Q_t0 * (1 + share_t * y_O2) * tone, "L/min", "blood flow of the other tissues at normal pressure")
    demand = Output(demand_b + demand_t, "L/min", "total blood flow at normal pressure")
    Q_b = Output(demand_b * heart_b, "L/min", "blood flow of the brain")
    Q_t = Output(demand_t * heart + demand_b * (heart - heart_b), "L/min", "blood flow of the other tissues")
    Q = Output(Q_b + Q_t, "L/min", "total blood flow")
    target_CO2 = Output(depth_CO2 * (2 / (1 + exp((half_CO2 - P_a_CO2) / slope_CO2)) - 1), "1", "response that carbon dioxide asks for")
    target_O2 = Output(minimum(gain_O2 * (exp(-P_a_O2 / scale_O2) - exp(-rest_O2 / scale_O2)), most_O2), "1", "response that oxygen asks for")

    equations = [
        d(y_CO2) == (target_CO2 - y_CO2) / tau_CO2,
        d(y_O2) == (target_O2 - y_O2) / tau_O2,
    ]


class BreathingControl(Component):
    """Minute ventilation from wakefulness and the peripheral and central chemoreflexes.

    `chemo` and `wake` are what drugs leave of the reflexes and of the tonic drive (1 = all). Brain hypoxia changes the gain of the peripheral drive.
    """

    K_CO2 = Const(18.0, "mmHg", _MAGOSSO, "scale of the carotid response to CO2")
    f_gain = Const(1.738, "1", _MAGOSSO, "strength of the carotid response")
    f_max = Const(12.3, "1", _MAGOSSO, "carotid activity without oxygen")
    f_min = Const(0.8352, "1", _MAGOSSO, "carotid activity at high oxygen")
    f_mid = Const(45.0, "mmHg", _MAGOSSO, "oxygen pressure of the middle of the carotid response")
    f_width = Const(29.27, "mmHg", _MAGOSSO, "width of the carotid response")
    hyp_low = Const(-2.2, "mmHg", _MAGOSSO, "brain oxygen pressure of the least gain, less that at rest")
    hyp_high = Const(5.0, "mmHg", _MAGOSSO, "brain oxygen pressure of the greatest gain, less that at rest")
    hyp_ref = Const(32.0, "mmHg", _MAGOSSO, "scale of that pressure")
    gasp = Const(0.2, "L/min", "numerical: at the threshold two percent of resting ventilation are left", "ventilation at which breath runs out")
    hyp_gain = Const(10.0, "1", _MAGOSSO, "change of the gain with brain oxygen, relative to rest")

    G_p = Param("L/min", "gain of the peripheral chemoreflex")
    G_c = Param("L/min/mmHg", "gain of the central chemoreflex")
    tau_p = Param("min", "time constant, peripheral")
    tau_c = Param("min", "time constant, central")
    tau_h = Param("min", "time constant, gain by brain hypoxia")
    dead = Param("1", "dead space, share of the ventilation")
    W = Input("L/min", "wakefulness drive")
    f_rest = Input("1", "carotid activity at rest")
    P_rest = Input("mmHg", "brain CO2 pressure at rest")
    hyp_rest = Input("mmHg", "brain oxygen pressure of gain 1")
    init_p = Input("L/min", "peripheral drive at the start", default=0)
    init_c = Input("L/min", "central drive at the start", default=0)
    init_h = Input("1", "gain by brain hypoxia at the start", default=1)
    P_a_CO2 = Input("mmHg", "arterial carbon dioxide pressure at the carotid body")
    P_a_O2 = Input("mmHg", "arterial oxygen pressure at the carotid body")
    P_c_CO2 = Input("mmHg", "brain carbon dioxide pressure at the central receptor")
    P_b_O2 = Input("mmHg", "oxygen pressure in the brain")
    chemo = Input("1", "what drugs leave of the chemoreflexes", default=1)
    wake = Input("1", "tonic drive that drugs leave, relative to rest", default=1)
    working = Input("1", "what a failing circulation leaves of breathing", default=1)

    D_p = State("L/min", "peripheral drive", init=init_p)
    D_c = State("L/min", "central drive", init=init_c)
    a_h = State("1", "gain by brain hypoxia", init=init_h)

    f = Output(carotid(P_a_O2, P_a_CO2, K_CO2, f_gain, f_max, f_min, f_mid, f_width), "1", "activity of the carotid body")
    drive = Output(maximum(a_h * maximum(D_p, 0.0) + minimum(D_p, 0.0) + D_c, 0.0), "L/min", "chemoreflex drive")
    wakefulness = Output(W * wake, "L/min", "tonic drive; below zero a threshold that the chemoreflexes have to overcome")
    VE = Output(gasp * softplus((wakefulness + drive) / gasp) * working, "L/min", "minute ventilation")
    VA = Output(VE * (1 - dead), "L/min", "alveolar ventilation")

    equations = [
        d(D_p) == (chemo * G_p * (f - f_rest) - D_p) / tau_p,
        d(D_c) == (chemo * G_c * (P_c_CO2 - P_rest) - D_c) / tau_c,
        d(a_h) == (1 + hyp_gain * clip(P_b_O2 - hyp_rest, hyp_low, hyp_high) / hyp_ref - a_h) / tau_h,
    ]
