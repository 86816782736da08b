"""Breath by airway, and what helpers do for it: oxygen, a bag and mask, an open airway; and the gas mixtures of experiments."""

from papaver.components.gas import clip
from papaver.core import Component, Const, Dose, Input, Output, Param, State, d, maximum


class Therapy(Component):
    """Treatments that stand from a time on: each is a level that is switched up and down again."""

    rate = Const(1.0, "1/min", "by definition: a level stays as it is", "unit")
    gain = Const(20.0, "1", "numerical: end-tidal carbon dioxide is held within half a mmHg", "of the end-tidal clamp")
    most = Const(110.0, "mmHg", "about 15 % carbon dioxide, more is not given", "most carbon dioxide inspired")
    one = Const(1.0, "mmHg", "unit", "one mmHg")

    P_dry = Param("mmHg", "barometric pressure less water vapour")
    P_I_air = Param("mmHg", "inspired oxygen pressure in air")
    P_A_CO2 = Input("mmHg", "alveolar carbon dioxide pressure")

    oxygen = State("1", "inspired fraction of oxygen above air")
    bag = State("L/min", "ventilation given by bag and mask or machine")
    open = State("1", "airway held open, 1 = fully")
    closed = State("1", "airway obstructed, 1 = fully")
    CO2 = State("mmHg", "inspired carbon dioxide pressure")
    target = State("mmHg", "end-tidal carbon dioxide held; 0 = not held")
    guard = State("1", "1 while a history is lived through, which its owner has survived")

    P_I_O2 = Output(P_I_air + oxygen * P_dry, "mmHg", "inspired oxygen pressure")
    held = Output(clip(P_A_CO2 + gain * (target - P_A_CO2), 0.0, most), "mmHg", "inspired carbon dioxide that holds the end-tidal pressure")
    P_I_CO2 = Output(CO2 + clip(target / one, 0.0, 1.0) * held, "mmHg", "inspired carbon dioxide pressure")

    give_oxygen = Dose({oxygen: 1}, "inspired fraction of oxygen, change")
    give_bag = Dose({bag: 1}, "ventilation given, change, L/min")
    give_open = Dose({open: 1}, "airway held open, change")
    give_closed = Dose({closed: 1}, "airway obstructed, change")
    give_CO2 = Dose({CO2: 1}, "inspired carbon dioxide, change, mmHg")
    give_guard = Dose({guard: 1}, "a history begins or ends")
    give_target = Dose({target: 1}, "end-tidal carbon dioxide held, change, mmHg")
    equations = [
        d(oxygen) == 0 * rate * oxygen,
        d(bag) == 0 * rate * bag,
        d(open) == 0 * rate * open,
        d(closed) == 0 * rate * closed,
        d(CO2) == 0 * rate * CO2,
        d(target) == 0 * rate * target,
        d(guard) == 0 * rate * guard,
    ]


class Breath(Component):
    """What reaches the lung of the drive to breathe, and its pattern.

    Opioids slow the rate more than they shrink the breath, and withdrawal quickens it (dependent monkeys from 25 to 52 breaths a minute, Paronis CA,
    J Pharmacol Exp Ther 1997;282:348); a slack upper airway in lost arousal takes a share unless it is held open.
    """

    least = Const(1e-4, "1", "numerical floor: a power below one has no slope at zero", "least relative drive")

    RR0 = Param("1/min", "respiratory rate at rest")
    share = Param("1", "share of a change of ventilation that the rate carries, exponent")
    slowing = Param("1", "exponent with which what opioids leave acts on the rate")
    slack = Param("1", "share of the breath lost by the slack airway when arousal is gone")
    dead = Param("1", "dead space, share of the ventilation")
    neural = Input("L/min", "ventilation that the drives ask for")
    VE_rest = Input("L/min", "ventilation at rest")
    opioid = Input("1", "what opioids leave of the drives")
    arousal = Input("1", "arousal, 1 = awake")
    open = Input("1", "airway held open, 1 = fully")
    closed = Input("1", "airway obstructed, 1 = fully")
    bag = Input("L/min", "ventilation given")
    stirred = Input("1", "rise of the tonic drive in withdrawal, fraction of rest", default=0)

    unblocked = Output(1 - clip(closed, 0.0, 1.0), "1", "what an obstruction lets through")
    patency = Output((1 - slack * (1 - arousal) * (1 - clip(open, 0.0, 1.0))) * unblocked, "1", "open share of the airway")
    VE = Output(neural * patency, "L/min", "minute ventilation of one's own")
    relative = Output(maximum(neural / VE_rest, least), "1", "drive relative to rest")
    RR = Output(RR0 * relative**share * maximum(opioid, least) ** slowing * (1 + stirred), "1/min", "respiratory rate")
    VT = Output(VE / RR, "L", "tidal volume")
    V_total = Output(VE + maximum(bag, 0.0) * unblocked, "L/min", "minute ventilation with what is given")
    VA = Output(V_total * (1 - dead), "L/min", "alveolar ventilation")
    laws = [VE >= 0, patency >= 0]


class Monitor(Component):
    """What hangs at the bedside: saturation and end-tidal carbon dioxide in percent and mmHg."""

    percent = Const(100.0, "1", "by definition", "percent in one")

    P_a_O2 = Input("mmHg", "arterial oxygen pressure")
    P_a_CO2 = Input("mmHg", "arterial carbon dioxide pressure")
    P_A_CO2 = Input("mmHg", "alveolar carbon dioxide pressure")
    S_a = Input("1", "arterial oxygen content as a share of the capacity")

    PaO2 = Output(1 * P_a_O2, "mmHg", "arterial oxygen pressure")
    PaCO2 = Output(1 * P_a_CO2, "mmHg", "arterial carbon dioxide pressure")
    PETCO2 = Output(1 * P_A_CO2, "mmHg", "end-tidal carbon dioxide pressure")
    SaO2 = Output(1 * S_a, "1", "arterial oxygen saturation")
    SpO2 = Output(percent * S_a, "1", "pulse oximetry, percent")
    laws = [SaO2 >= 0, 1 - SaO2 >= 0]
