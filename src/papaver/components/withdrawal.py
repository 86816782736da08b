"""Withdrawal: how the unmet opponent is expressed, the locus coeruleus and noradrenaline, and the signs of body and mood one by one."""

from papaver.components.gas import clip
from papaver.core import Component, Const, Dose, Input, Output, Param, State, d, exp, maximum, total


class Counteradaptation(Component):
    """The opponent at the locus coeruleus (superactivation of the cAMP pathway): it follows the response there, not the stimulus.

    The response has a large reserve, so that a partial agonist at half of the receptors can meet an opponent that a full agonist has built; the
    debt is what of the opponent no response meets. Structure as the other opponents (Solomon & Corbit, Psychol Rev 1974;81:119).
    """

    KE = Param("1", "stimulus of half the response; its inverse is the reserve")
    tau = Param("min", "time constant", over="pace")
    weight = Param("1", "how far each opponent acts", over="pace")
    Y0 = Param("1", "opponent at the start", over="pace")
    at_rest = Param("1", "how far the loss of the tone at rest counts as an opponent")
    stimulus = Input("1", "efficacy-weighted occupancy")
    rest = Input("1", "the same at rest", default=0)

    Y = State("1", "opponent", over="pace", init=Y0)
    above = Output(maximum(stimulus - rest, 0.0), "1", "stimulus above rest")
    R = Output(above / (above + KE), "1", "response, fraction of the maximum")
    opposed = Output(total(weight * Y) + at_rest * maximum(rest - stimulus, 0.0), "1", "opponent, and what an antagonist takes from the tone at rest")
    effect = Output(maximum(R - opposed, 0.0), "1", "response above the opponent")
    debt = Output(maximum(opposed - R, 0.0), "1", "opponent that no response meets")
    equations = [d(Y) == (R - Y) / tau]
    laws = [debt >= 0, effect >= 0]


class Expression(Component):
    """Three stages, shared by all drugs, from the debt (an opponent that no response meets) to what is felt: one within minutes; one within a
    day, which carries the second day of an abrupt stop; and one of two days, which carries what comes late. The slower ones are felt only while
    the first is there.

    The first answers a change of the debt more than its level: what is owed suddenly, under an antagonist, is felt in full; what creeps up as a
    drug leaves, in part; what is paid suddenly is felt as relief. A lead of the first order, without a size of its own.
    """

    tau_fast = Param("min", "time constant of the fast stage")
    tau_slow = Param("min", "time constant of the slow stage")
    tau_late = Param("min", "time constant of the late stage")
    tau_used = Param("min", "time constant of getting used to a debt")
    surge = Param("1", "answer to a sudden debt over that to a lasting one, less one")
    gain = Param("1", "expression per debt")
    half = Param("1", "fast stage at which half of the slow stage is felt")
    w_fast = Param("1", "weight of the fast stage")
    w_slow = Param("1", "weight of the slow stage")
    start = Param("1", "all stages at the start")
    debt = Input("1", "opponent that no response meets")

    used = State("1", "debt that has been got used to", init=start)
    fast = State("1", "fast stage", init=start)
    slow = State("1", "slow stage", init=start)
    late = State("1", "late stage", init=start)
    sudden = Output(maximum(debt + surge * (debt - used), 0.0), "1", "debt, with what is sudden of it")
    owed = Output(fast / (fast + half), "1", "share of the slower stages that is felt")
    felt = Output(slow * owed, "1", "what of the slow stage is felt")
    felt_late = Output(late * owed, "1", "what of the late stage is felt")
    signal = Output(w_fast * fast + w_slow * felt, "1", "what is expressed")
    equations = [
        d(used) == (debt - used) / tau_used,
        d(fast) == (gain * sudden - fast) / tau_fast,
        d(slow) == (gain * debt - slow) / tau_slow,
        d(late) == (gain * debt - late) / tau_late,
    ]
    laws = [fast >= 0, slow >= 0, late >= 0]


class LocusCoeruleus(Component):
    """Firing of the locus coeruleus and the noradrenaline that follows (MHPG): opioids and alpha-2 agonists slow it, withdrawal drives it.

    Structure: Aghajanian GK, Nature 1978;276:186 (both receptors inhibit the same cells).
    """

    reach = Param("1", "loss of firing at full opioid effect")
    gain = Param("1", "largest rise of firing by the expressed signal")
    half = Param("1", "signal at half of it")
    tau = Param("min", "time constant of noradrenaline turnover")
    effect = Input("1", "opioid effect on the locus coeruleus")
    signal = Input("1", "expressed withdrawal")
    alpha2_left = Input("1", "what alpha-2 agonists leave of its output", default=1)

    NA = State("1", "noradrenaline turnover, relative to rest", init=1)
    firing = Output(maximum(1 - reach * effect, 0.0) * (1 + gain * signal / (signal + half)) * alpha2_left, "1", "firing, relative to rest")
    excess = Output(maximum(NA - 1, 0.0), "1", "noradrenaline above rest")
    equations = [d(NA) == (firing - NA) / tau]
    laws = [NA >= 0]


class Monoamines(Component):
    """Dopamine and serotonin in the accumbens: opioids raise them, unadapted over a week; in withdrawal they fall in step with the signs.

    Rats: Pothos E, Brain Res 1991;566:348 (clonidine takes the fall with the signs, so it goes through noradrenaline); Rossetti ZL, Eur J Pharmacol
    1992;221:227. What the body's own opioids lack keeps both low for weeks. No fall of dopamine was seen in people with raclopride (Wang GJ,
    Neuropsychopharmacology 1997;16:174), whose signal hardly tells a fall; nothing else in the model depends on these two yet.
    """

    rise_DA = Param("1", "rise of dopamine at the full response, fraction of rest")
    rise_5HT = Param("1", "rise of serotonin at the full response, fraction of rest")
    fall_DA = Param("1", "greatest fall of dopamine, fraction of rest")
    fall_5HT = Param("1", "greatest fall of serotonin, fraction of rest")
    half = Param("1", "noradrenaline above rest, or lack of the body's own opioids, at half of it")
    response = Input("1", "opioid response, fraction of the maximum")
    excess = Input("1", "noradrenaline above rest")
    lack = Input("1", "lack of the body's own opioids that no drug makes good")

    pull = Output((excess + lack) / (excess + lack + half), "1", "what pulls both down, fraction of the greatest")
    DA = Output((1 + rise_DA * response) * (1 - fall_DA * pull), "1", "dopamine in the accumbens, relative to rest")
    HT = Output((1 + rise_5HT * response) * (1 - fall_5HT * pull), "1", "serotonin in the accumbens, relative to rest")
    laws = [DA >= 0, HT >= 0]


class Signs(Component):
    """Signs and symptoms of withdrawal, each from 0 (absent) to 1 (as strong as it gets), with a time course of its own."""

    tau = Param("min", "time constant", over="sign")
    by_NA = Param("1", "drive per noradrenaline above rest", over="sign")
    by_fast = Param("1", "drive per fast stage", over="sign")
    by_slow = Param("1", "drive per slow stage", over="sign")
    by_late = Param("1", "drive per late stage", over="sign")
    by_opioid = Param("1", "drive per opioid effect (nausea)", over="sign")
    by_lack = Param("1", "drive per lack of the body's own opioids", over="sign")
    excess = Input("1", "noradrenaline above rest")
    fast = Input("1", "fast stage of withdrawal")
    slow = Input("1", "what is felt of the slow stage of withdrawal")
    late = Input("1", "what is felt of the late stage of withdrawal", default=0)
    opioid = Input("1", "opioid effect")
    lack = Input("1", "lack of the body's own opioids that no drug makes good")
    eased = Input("1", "what symptomatic medicines leave", over="sign", default=1)

    S = State("1", "strength", over="sign")
    driven = Output(by_NA * excess + by_fast * fast + by_slow * slow + by_late * late + by_opioid * opioid + by_lack * lack, "1", "all drives")
    drive = Output((1 - exp(-driven)) * eased, "1", "strength that it goes to")
    equations = [d(S) == (drive - S) / tau]
    laws = [S >= 0, 1 - S >= 0]


class Autonomic(Component):
    """What withdrawal changes in heart, vessels, breathing, pupil and temperature."""

    rate_gain = Param("1", "rise of the heart rate per noradrenaline above rest, fraction of rest")
    vessels_gain = Param("1", "fall of the vessels' conductance per noradrenaline above rest, fraction of rest")
    breath_gain = Param("1", "largest rise of the wakefulness drive to breathe, fraction of rest")
    breath_half = Param("1", "expressed signal at half of it")
    pupil_gain = Param("mm", "widest change of the pupil")
    pupil_half = Param("1", "expressed signal at half of it")
    heat = Param("degC", "largest change of body temperature")
    heat_half = Param("1", "expressed signal at half of it")
    T_core0 = Param("degC", "body temperature at rest")
    excess = Input("1", "noradrenaline above rest")
    signal = Input("1", "expressed withdrawal")

    rate_change = Output(rate_gain * excess, "1", "change of the heart's rate")
    vessels_change = Output(-vessels_gain * excess / (1 + excess), "1", "change of the vessels' conductance")
    breath = Output(breath_gain * signal / (signal + breath_half), "1", "change of the wakefulness drive")
    widening = Output(pupil_gain * signal / (signal + pupil_half), "mm", "change of the pupil")
    T_core = Output(T_core0 + heat * signal / (signal + heat_half), "degC", "body temperature")


class Electrocardiogram(Component):
    """The corrected QT interval: methadone lengthens it in proportion to its concentration."""

    QTc0 = Param("min", "QTc at rest")
    slope_R = Param("min*L/nmol", "lengthening per R-methadone in plasma")
    slope_S = Param("min*L/nmol", "lengthening per S-methadone in plasma")
    ms = Const(60000.0, "1/min", "by definition", "milliseconds in a minute")
    C_R = Input("nmol/L", "R-methadone in plasma", default=0)
    C_S = Input("nmol/L", "S-methadone in plasma", default=0)
    QTc = Output((QTc0 + slope_R * C_R + slope_S * C_S) * ms, "1", "corrected QT interval, ms")


class Symptomatic(Component):
    """What a medicine for one symptom leaves of it (loperamide, ondansetron, ibuprofen, a hypnotic): a level that is given."""

    rate = Const(1.0, "1/min", "by definition: a level stays as it is", "unit")
    reach = Param("1", "loss of the symptom at the usual dose")
    level = State("1", "how much is given, 1 = the usual dose")
    left = Output(1 - reach * clip(level, 0.0, 1.0), "1", "what is left of the symptom")
    give = Dose({level: 1}, "how much is given, change")
    equations = [d(level) == 0 * rate * level]
