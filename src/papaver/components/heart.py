"""The heart and its reflex: rate, pressure and output; its hypoxia, its arrest; and what lack of oxygen does to the brain."""

from papaver.components.gas import clip
from papaver.core import Component, Const, Input, Output, Param, State, d, maximum, total


class Heart(Component):
    """Rate and pressure under the arterial baroreflex, hypoxia and drugs, and a pump that fails when its own oxygen debt grows.

    Structure: arterial pressure = output / conductance; the reflex (Ursino M, Am J Physiol 1998;275:H1733, here one first-order arm each for
    rate and vessels) answers a fall of pressure. The debt grows with the missing share of the oxygen delivery that the heart needs and is
    paid back in its presence. At the debt `limit` the heart stops, for good unless somebody resuscitates, which is not modelled.
    """

    latch = Const(10.0, "1/min", "numerical: an arrest is complete within half a minute", "speed of the arrest")
    sharp = Const(50.0, "1", "numerical: the arrest starts within 2 % of the limit", "sharpness of the limit")
    trickle = Const(0.002, "1", "FDA 2022: 0.01 L/min; keeps the equations regular", "blood flow without a heartbeat, fraction of rest")
    low = Const(0.3, "1", "an escape rhythm of about 20 per minute", "least rate, fraction of rest")
    high = Const(2.6, "1", "about the greatest rate of a young adult", "greatest rate, fraction of rest")

    HR0 = Param("1/min", "heart rate at rest")
    MAP0 = Param("mmHg", "mean arterial pressure at rest")
    baro_rate = Param("1", "rise of the rate per relative fall of pressure")
    baro_vessels = Param("1", "fall of conductance per relative fall of pressure")
    tau_baro = Param("min", "time constant of the reflex")
    by_O2 = Param("1", "rise of the rate per missing arterial saturation")
    vagal = Param("1", "fall of the rate at full opioid effect, fraction of rest")
    filling = Param("1", "exponent with which output follows the rate; the rest is better filling")
    regulated = Param("1", "perfusion pressure, fraction of rest, down to which the brain keeps its flow")
    weak = Param("1", "perfusion pressure, fraction of rest, below which the brain stem stops breathing")
    need = Param("1", "share of the resting oxygen delivery that the heart needs")
    tau_pay = Param("min", "time constant in which the debt is paid back")
    limit = Param("min", "debt at which the heart stops")
    steep = Param("1", "how abruptly the pump fails towards that limit")
    Q_rest = Input("L/min", "cardiac output at rest")
    C_rest = Input("1", "arterial oxygen content at rest, L/L")
    demand = Input("L/min", "total blood flow at normal pressure")
    C_O2 = Input("1", "arterial oxygen content, L/L")
    chemo = Input("1", "what drugs leave of the chemoreflexes, which carry the answer to hypoxia")
    opioid = Input("1", "opioid effect on the vagus")
    rate_change = Input("1", "change of the rate by other drugs")
    vessels_change = Input("1", "change of the vessels' conductance by other drugs")

    z = State("1", "answer of the reflex: relative fall of pressure")
    debt = State("min", "oxygen debt of the heart, in minutes without oxygen")
    arrest = State("1", "0: the heart beats, 1: it has stopped")

    missing = Output(maximum(1 - C_O2 / C_rest, 0.0), "1", "missing share of the oxygen content")
    pump = Output((1 - arrest) / (1 + (maximum(debt, 0.0) / limit) ** steep), "1", "what is left of the pump")
    relative = Output(clip(1 + baro_rate * z + by_O2 * missing * chemo - vagal * opioid + rate_change, low, high), "1", "rate relative to rest")
    tone = Output(clip(1 - baro_vessels * z + vessels_change, 0.4, 2.5), "1", "conductance of the other tissues, relative to rest")
    HR = Output(HR0 * relative * pump, "1/min", "heart rate")
    CO = Output(Q_rest * (relative**filling * pump * (1 - trickle) + trickle), "L/min", "cardiac output")
    pressure = Output(CO / demand, "1", "perfusion pressure, fraction of rest")
    brain = Output(clip(pressure / regulated, 0.0, 1.0), "1", "what reaches the brain, fraction of its flow at normal pressure")
    working = Output(clip(2 * pressure / weak - 1, 0.0, 1.0), "1", "what the circulation leaves of breathing")
    MAP = Output(MAP0 * pressure, "mmHg", "mean arterial pressure")
    delivery = Output((1 - missing) * pressure, "1", "oxygen delivery to the heart, fraction of rest")
    guard = Input("1", "1 while a history is lived through, which its owner has survived", default=0)
    lack = Output(maximum(1 - delivery / need, 0.0) * (1 - guard), "1", "missing share of what the heart needs")
    over = Output(clip(sharp * (debt / limit - 1), 0.0, 1.0), "1", "1 where the debt is beyond the limit")

    equations = [
        d(z) == (1 - pressure - z) / tau_baro,
        d(debt) == lack - (1 - lack) * debt / tau_pay,
        d(arrest) == latch * (arrest + over) * (1 - arrest),
    ]
    laws = [arrest >= 0, 1 - arrest >= 0]


class Histamine(Component):
    """Histamine that some opioids set free from mast cells, at concentrations in blood and not through opioid receptors: it widens vessels.

    Morphine does, fentanyl does not, and resistance falls with it (Rosow CE, Anesthesiology 1982;56:93). The cells' store runs out within minutes and
    fills again over hours, so that the flush is short, and less in those who inject every day.
    """

    slope = Const(2.0, "1", "assumed: 0.15 mg/kg of morphine does not move pressure, seven times that takes 27 mmHg", "steepness of the release")

    EC50 = Param("nmol/L", "arterial plasma concentration of half the greatest release", over="drug")
    k = Param("1/min", "greatest rate of release from the store")
    tau_fill = Param("min", "time constant in which the store fills")
    most = Param("1", "rise of histamine in plasma, relative to rest, by all of the store at once")
    tau = Param("min", "time constant of histamine in plasma")
    vessels = Param("1", "rise of the vessels' conductance per rise of histamine, fraction of rest")
    C = Input("nmol/L", "arterial plasma concentration", over="drug")
    others = Input("1", "change of the vessels' conductance by drugs without histamine", default=0)

    store = State("1", "histamine in the mast cells, fraction of the full store", init=1)
    H = State("1", "rise of histamine in plasma, relative to rest", init=0)

    x = Output(total(maximum(C, 0.0) / EC50) ** slope, "1", "concentrations relative to those of half the release, to the slope")
    release = Output(k * store * x / (1 + x), "1/min", "release from the store")
    change = Output(others + vessels * H, "1", "change of the vessels' conductance by drugs")

    equations = [d(store) == (1 - store) / tau_fill - release, d(H) == most * release - H / tau]
    laws = [H >= 0, store >= 0, 1 - store >= 0]


class Injury(Component):
    """Minutes that the brain was without oxygen, weighted by how much was missing.

    Beyond `tolerated` the person is injured, beyond `lethal` times that, dead even with a beating heart.
    """

    P_need = Param("mmHg", "brain oxygen pressure below which injury grows")
    tolerated = Param("min", "minutes without oxygen that leave no lasting harm")
    lethal = Param("1", "multiple of these that kills")
    tau_repair = Param("min", "time constant in which the burden is forgotten, so that episodes of one day add up and those of two do not")
    P_b_O2 = Input("mmHg", "oxygen pressure in the brain")
    guard = Input("1", "1 while a history is lived through, which its owner has survived", default=0)

    burden = State("min", "minutes without oxygen")
    lack = Output(maximum(1 - P_b_O2 / P_need, 0.0) * (1 - guard), "1", "missing share of oxygen")
    injury = Output(burden / tolerated, "1", "burden relative to what is tolerated")
    dead = Output(burden / (tolerated * lethal), "1", "burden relative to what kills")

    equations = [d(burden) == lack - burden / tau_repair]
