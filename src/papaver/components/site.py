"""Where opioids act: a site's effect from the receptor's stimulus, and the opponent that grows against it."""

from papaver.core import Component, Const, Input, Output, Param, State, d, exp, log, maximum, minimum, softplus, total


class Opponent(Component):
    """Adaptation follows the receptor's stimulus on several time scales (Solomon & Corbit, Psychol Rev 1974;81:119; here first order each).

    While the drug is there the opponent is tolerance; when it has left, the opponent stands alone: withdrawal. It answers a stimulus above rest:
    a month of an antagonist leaves no opponent of the other sign, which would count as an effect without a drug.
    """

    tau = Param("min", "time constant", over="pace")
    X0 = Param("1", "opponent at the start", over="pace")
    stimulus = Input("1", "efficacy-weighted occupancy")
    rest = Input("1", "the same at rest", default=0)

    X = State("1", "opponent", over="pace", init=X0)

    equations = [d(X) == (maximum(stimulus - rest, 0.0) - X) / tau]


class SiteEffect(Component):
    """Effect at one site through its receptor reserve (operational model, Black & Leff 1983), less the opponent there.

    `debt` is what the opponent amounts to when no stimulus meets it.

    Where cells feel the fall of their cAMP relative to what is left of it (`depth` above zero), the opponent restores cAMP: weeks
    of morphine raise adenylyl cyclase in many parts of the brain (Terwilliger RZ, Brain Res 1991;548:100). Where little is left, a little more of a
    full agonist counts for much, a partial agonist never comes that far, and a tolerant person stands what would stop the breath of others.
    """

    least = Const(1e-9, "1", "numerical floor, far below any stimulus", "least stimulus")
    empty = Const(0.01, "1", "numerical floor: an efficacy above one must not use up more than all", "least cAMP left")

    KE = Param("1", "stimulus that gives half the effect; its inverse is the reserve")
    gamma = Param("1", "slope")
    weight = Param("1", "how far each opponent acts at this site", over="pace")
    ceiling = Param("1", "most that the opponents reach at this site")
    stimulus = Input("1", "efficacy-weighted occupancy")
    rest = Input("1", "the same at rest", default=0)
    X = Input("1", "opponent", over="pace")
    depth = Input("1", "share of the formation of cAMP that a full stimulus stops", default=0)
    share = Input("1", "part of the opponent that acts here", default=1)

    opposed = Output(share * ceiling * (1 - exp(-total(weight * X) / ceiling)), "1", "opponent at this site")
    above = Output(stimulus - rest - opposed, "1", "stimulus above rest and opponent")
    net = Output(above / maximum(1 - depth * above, empty), "1", "the same as the cells feel it")
    x = Output((maximum(net, least) / KE) ** gamma, "1", "relative stimulus, to the slope")
    effect = Output(x / (1 + x), "1", "effect, fraction of the maximum")
    debt = Output(maximum(0.0 - net, 0.0), "1", "opponent that no stimulus meets")
    laws = [effect >= 0, 1 - effect >= 0]


class Rhythm(Component):
    """What the two sites of breathing, tonic drive and chemoreflexes, have in common.

    Receptors stop the formation of cAMP, which keeps the neurons of the respiratory rhythm firing and which alone can bring breathing back (Manzke T,
    Science 2003;301:226). The chemoreflexes get used to opioids less than the tonic drive does.
    """

    depth = Param("1", "share of the formation of cAMP that a full stimulus stops")
    share = Param("1", "opponent at the chemoreflexes, fraction of that at the tonic drive")

    reach = Output(1 * depth, "1", "share of the formation of cAMP, for the sites")
    reflex = Output(1 * share, "1", "share of the opponent, for the chemoreflexes")


class DirectEffects(Component):
    """What drugs do elsewhere than at opioid receptors: GABA-A, alpha-2, NMDA, transporters, histamine - by drug, independent of each other.

    Reductions multiply (Bliss, Ann Appl Biol 1939;26:585); changes of the circulation add up. On wakefulness and arousal some drugs are more
    potent while an opioid sedates (synergy of hypnosis, Vinik HR, Anesth Analg 1994;78:354); on the chemoreflexes they are not (Bailey PL,
    Anesthesiology 1990;73:826).
    """

    EC50 = Param("nmol/L", "unbound concentration in the brain of half the effect", over="drug")
    slope = Param("1", "steepness of the effect", over="drug")
    wake = Param("1", "greatest loss of the wakefulness drive to breathe", over="drug")
    chemo = Param("1", "greatest loss of the chemoreflexes", over="drug")
    arousal = Param("1", "greatest loss of arousal", over="drug")
    rate = Param("1", "greatest change of the heart's rate, fraction of rest", over="drug")
    vessels = Param("1", "greatest change of the vessels' conductance, fraction of rest", over="drug")
    metabolism = Param("1", "greatest change of oxygen consumption, fraction of rest", over="drug")
    alpha2 = Param("1", "greatest loss of noradrenergic output", over="drug")
    boost = Param("1", "rise of the potency on wakefulness and arousal at full opioid sedation", over="drug")
    sedation = Input("1", "opioid effect on arousal", default=0)
    C = Input("nmol/L", "unbound concentration in the brain", over="drug")

    x = Output((maximum(C, 0.0) / EC50) ** slope, "1", "relative concentration, to the slope")
    e = Output(x / (1 + x), "1", "effect, fraction of the drug's maximum")
    x_b = Output((maximum(C, 0.0) * (1 + boost * sedation) / EC50) ** slope, "1", "the same under an opioid, on wakefulness and arousal")
    e_b = Output(x_b / (1 + x_b), "1", "effect on wakefulness and arousal, fraction of the drug's maximum")
    wake_left = Output(exp(total(log(1 - wake * e_b))), "1", "what is left of the wakefulness drive")
    chemo_left = Output(exp(total(log(1 - chemo * e))), "1", "what is left of the chemoreflexes")
    arousal_left = Output(exp(total(log(1 - arousal * e_b))), "1", "what is left of arousal")
    rate_change = Output(total(rate * e), "1", "change of the heart's rate")
    vessels_change = Output(total(vessels * e), "1", "change of the vessels' conductance")
    metabolism_change = Output(total(metabolism * e), "1", "change of oxygen consumption")
    alpha2_left = Output(exp(total(log(1 - alpha2 * e))), "1", "what is left of noradrenergic output")


class NoDirectEffects(Component):
    """The same for a body without such drugs."""

    none = Const(0.0, "1", "by definition", "no change")
    all = Const(1.0, "1", "by definition", "all of it")
    wake_left = Output(1 * all, "1", "what is left of the wakefulness drive")
    chemo_left = Output(1 * all, "1", "what is left of the chemoreflexes")
    arousal_left = Output(1 * all, "1", "what is left of arousal")
    rate_change = Output(1 * none, "1", "change of the heart's rate")
    vessels_change = Output(1 * none, "1", "change of the vessels' conductance")
    metabolism_change = Output(1 * none, "1", "change of oxygen consumption")
    alpha2_left = Output(1 * all, "1", "what is left of noradrenergic output")


class Depression(Component):
    """What opioids and other depressants leave of the drives to breathe and of metabolism.

    Opioids do two things, as the ventilatory response to carbon dioxide shows: they flatten it (the chemoreflexes run out at an effect below one,
    though not abruptly: `soft` of them is left in shrinking parts), and they shift it to the right (they take away the tonic drive, and beyond it:
    where it falls below zero, breathing needs carbon dioxide to start at all). Other depressants take wakefulness, which is tonic drive too, so
    that both together stop a breath that either leaves (Bailey PL, Anesthesiology 1990;73:826). Metabolism follows the tonic drive (Mann J et al.,
    Clin Pharmacol Ther 2022;112:1020).

    Tolerance is for the tonic drive more than for the chemoreflexes: chronic users need four times the concentration for half of the loss of
    ventilation, yet stop breathing at two to three times the dose (Algera MH, Clin Pharmacol Ther 2021;109:637), and people on methadone keep a
    flat answer to carbon dioxide.
    """

    reach_wake = Param("1", "tonic drive that opioids take away per effect, in resting drives")
    reach_chemo = Param("1", "loss of the chemoreflexes per effect")
    soft = Param("1", "share of a drive over which its end is drawn out")
    thrift = Param("1", "loss of oxygen consumption without a wakefulness drive")
    respiratory = Input("1", "opioid effect on the tonic drive to breathe")
    reflex = Input("1", "opioid effect on the chemoreflexes")
    wake_left = Input("1", "what other drugs leave of the wakefulness drive")
    chemo_left = Input("1", "what other drugs leave of the chemoreflexes")
    metabolism_change = Input("1", "change of oxygen consumption by other drugs")
    stirred = Input("1", "rise of the wakefulness drive in withdrawal, fraction of rest", default=0)

    opioid = Output(soft * softplus((1 - reach_chemo * reflex) / soft), "1", "what opioids leave of the chemoreflexes")
    chemo = Output(opioid * chemo_left, "1", "what is left of the chemoreflexes")
    wake = Output(wake_left * (1 + stirred) - reach_wake * respiratory, "1", "tonic drive relative to rest; below zero a threshold")
    metabolism = Output(1 - thrift * (1 - maximum(wake, 0.0)) + metabolism_change, "1", "oxygen consumption, fraction of rest")


class Arousal(Component):
    """Wakefulness from 1 (awake) to 0: opioids, other depressants, lack of oxygen in the brain, and carbon dioxide narcosis take from it."""

    O2_none = Param("mmHg", "brain oxygen pressure without consciousness")
    O2_all = Param("mmHg", "brain oxygen pressure that suffices")
    CO2_all = Param("mmHg", "arterial carbon dioxide pressure that does not numb yet")
    CO2_none = Param("mmHg", "arterial carbon dioxide pressure of full narcosis")
    reach = Param("1", "loss of arousal at full opioid effect")
    sedation = Input("1", "opioid effect on arousal")
    arousal_left = Input("1", "what other drugs leave of arousal")
    P_b_O2 = Input("mmHg", "oxygen pressure in the brain")
    P_a_CO2 = Input("mmHg", "arterial carbon dioxide pressure")

    by_O2 = Output(1 - maximum(1 - maximum((P_b_O2 - O2_none) / (O2_all - O2_none), 0.0), 0.0), "1", "what oxygen allows")
    by_CO2 = Output(1 - maximum(1 - maximum((CO2_none - P_a_CO2) / (CO2_none - CO2_all), 0.0), 0.0), "1", "what carbon dioxide allows")
    level = Output((1 - reach * sedation) * arousal_left * by_O2 * by_CO2, "1", "arousal, 1 = awake")
    laws = [level >= 0, 1 - level >= 0]


class Pupil(Component):
    """Pupil diameter: opioids narrow it towards a least diameter."""

    most = Const(9.0, "mm", "anatomy: the dilator opens no pupil further", "greatest diameter")

    d0 = Param("mm", "diameter in the dark at rest")
    d_min = Param("mm", "least diameter")
    effect = Input("1", "opioid effect on the pupil")
    widening = Input("mm", "change in withdrawal", default=0)
    diameter = Output(minimum(d_min + (d0 - d_min) * (1 - effect) + widening, most), "mm", "pupil diameter")


class Pain(Component):
    """Pain: opioids raise the strength of a stimulus that is tolerated."""

    gain = Param("1", "greatest rise of the tolerated stimulus, fraction of rest")
    effect = Input("1", "opioid effect on pain")
    left = Input("1", "what heightened pain leaves of the tolerated stimulus", default=1)
    relief = Output(1 * effect, "1", "pain relief, fraction of the maximum")
    tolerance = Output((1 + gain * effect) * left, "1", "tolerated stimulus, fraction of rest")
