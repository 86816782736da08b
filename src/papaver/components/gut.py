"""The gut under opioids and in withdrawal: how long things take, how much is secreted; water that is lost."""

from papaver.core import Component, Input, Output, Param, State, d


class Gut(Component):
    """Transit slows with the opioid effect on the gut's wall, which hardly tolerates, and quickens in withdrawal."""

    gastric0 = Param("min", "half emptying of the stomach at rest, liquids")
    caecum0 = Param("min", "mouth to caecum at rest")
    colon0 = Param("min", "colonic transit at rest")
    slow_gastric = Param("1", "lengthening of gastric emptying at full effect, fraction of rest")
    slow_caecum = Param("1", "lengthening of the small bowel's transit at full effect")
    slow_colon = Param("1", "lengthening of colonic transit at full effect")
    quick = Param("1", "quickening per expressed withdrawal")
    dry = Param("1", "loss of secretion at full effect")
    wet = Param("1", "rise of secretion per expressed withdrawal")
    effect = Input("1", "opioid effect on the gut's wall")
    signal = Input("1", "expressed withdrawal")

    haste = Output(1 + quick * signal, "1", "quickening")
    gastric = Output(gastric0 * (1 + slow_gastric * effect) / haste, "min", "half emptying of the stomach")
    caecum = Output(caecum0 * (1 + slow_caecum * effect) / haste, "min", "mouth to caecum")
    colon = Output(colon0 * (1 + slow_colon * effect) / haste, "min", "colonic transit")
    secretion = Output((1 - dry * effect) * (1 + wet * signal), "1", "secretion, relative to rest")


class Fluid(Component):
    """Body water lost by sweat, vomit and diarrhoea, and drunk again."""

    loss = Param("L/min", "loss at full signs")
    tau = Param("min", "time constant of drinking it again")
    sweating = Input("1", "strength of sweating")
    nausea = Input("1", "strength of nausea and vomiting")
    diarrhoea = Input("1", "strength of diarrhoea")
    deficit = State("L", "water missing")
    equations = [d(deficit) == loss * (sweating + nausea + diarrhoea) - deficit / tau]
    laws = [deficit >= 0]


class Immunity(Component):
    """Natural killer cells and cytokines: opioids lower the cells' activity, a slowed gut and the end of use bring cytokines up."""

    reach = Param("1", "loss of killer activity at full opioid effect")
    by_signal = Param("1", "loss of killer activity per expressed withdrawal")
    tau_NK = Param("min", "time constant of killer activity")
    rebound = Param("1", "rise of cytokines per expressed withdrawal, relative to rest")
    by_gut = Param("1", "rise of cytokines at full opioid effect on the gut, whose wall then lets more through, relative to rest")
    tau_IL = Param("min", "time constant of cytokines")
    start = Param("1", "killer activity at the start")
    effect = Input("1", "opioid effect")
    gut = Input("1", "opioid effect on the gut")
    signal = Input("1", "expressed withdrawal")

    NK = State("1", "natural killer activity, relative to rest", init=start)
    IL = State("1", "cytokines (interleukin 6), relative to rest", init=1)
    hazard = Output(1 / (0.1 + 0.9 * NK), "1", "hazard of infection, relative to rest")
    equations = [
        d(NK) == ((1 - reach * effect) / (1 + by_signal * signal) - NK) / tau_NK,
        d(IL) == (1 + rebound * signal + by_gut * gut - IL) / tau_IL,
    ]
    laws = [NK >= 0, IL >= 0]
