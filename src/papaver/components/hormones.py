"""Stress and sex hormones: the adrenal axis with its daily rhythm, feedback and slow gland, and the gonadal axis."""

from papaver.core import Component, Const, Input, Output, Param, State, d, maximum


class Clock(Component):
    """Time of day as a rotating hand: cosine and sine of the hour angle."""

    omega = Const(0.004363323129985824, "1/min", "2 pi in 1440 min, by definition", "speed of the hand")
    cos0 = Param("1", "cosine at the start")
    sin0 = Param("1", "sine at the start")
    c = State("1", "cosine of the hour angle", init=cos0)
    s = State("1", "sine of the hour angle", init=sin0)
    equations = [d(c) == -omega * s, d(s) == omega * c]


class AdrenalAxis(Component):
    """ACTH and cortisol: a daily rhythm from the hypothalamus, opioids push it down, withdrawal drives it, cortisol holds it back, the gland grows
    with what ACTH asks of it over weeks (Karin O et al., Mol Syst Biol 2020;16:e9510).

    The tone of the body's own opioids holds the hypothalamus back, most of all at night: where the tone is low, the rhythm is flatter
    (Facchinetti F, Drug Alcohol Depend 1985;15:361), and once no drug stands in for it, the level is higher.
    """

    A = Param("1", "amplitude of the daily rhythm")
    cos_peak = Param("1", "cosine of the hour angle of the peak")
    sin_peak = Param("1", "sine of the hour angle of the peak")
    reach = Param("1", "loss of the drive at full opioid effect")
    gain = Param("1", "rise of the drive per expressed withdrawal")
    by_lack = Param("1", "rise of the drive per lack of the body's own opioids")
    K = Param("nmol/L", "cortisol of half the feedback")
    C0 = Param("nmol/L", "cortisol at rest, mean of the day")
    ACTH0 = Param("1", "ACTH at rest, mean of the day, pg/mL")
    tau_ACTH = Param("min", "time constant of ACTH")
    tau_C = Param("min", "time constant of cortisol")
    tau_G = Param("min", "time constant of the gland")
    G0 = Param("1", "gland mass at the start")
    c = Input("1", "cosine of the hour angle; without a clock the rhythm is flat", default=0)
    s = Input("1", "sine of the hour angle", default=0)
    effect = Input("1", "opioid effect on the hypothalamus")
    signal = Input("1", "expressed withdrawal", default=0)
    tone = Input("1", "tone of the body's own opioids, relative to rest", default=1)
    lack = Input("1", "what of it is lacking and no drug makes good", default=0)
    alpha2_left = Input("1", "what alpha-2 agonists leave of the nerves to the gland", default=1)

    a = State("1", "ACTH, relative to rest", init=1)
    C = State("nmol/L", "cortisol", init=C0)
    G = State("1", "gland mass, relative to rest", init=G0)

    rhythm = Output(1 + A * tone * (c * cos_peak + s * sin_peak), "1", "daily rhythm")
    drive = Output(rhythm * maximum(1 - reach * effect, 0.0) * (1 + gain * signal + by_lack * lack), "1", "drive of the hypothalamus")
    ACTH = Output(ACTH0 * a, "1", "ACTH, pg/mL")
    equations = [
        d(a) == (drive * (1 + C0 / K) / (1 + maximum(C, 0.0) / K) - a) / tau_ACTH,
        d(C) == (C0 * a * G * alpha2_left - C) / tau_C,
        d(G) == (a - G) / tau_G,
    ]
    laws = [a >= 0, C >= 0, G >= 0]


class GonadalAxis(Component):
    """LH and testosterone: opioids push LH down, testosterone follows over a day.

    Dynorphin at KOP receptors holds the neurons back that set the pulses of LH; who blocks them, as buprenorphine and naltrexone do, lets LH rise
    (naltrexone in healthy men: Narayanaswamy S et al., J Clin Endocrinol Metab 2016, PMC5010567).
    """

    reach = Param("1", "loss of LH at full opioid effect")
    release = Param("1", "rise of LH without dynorphin's brake")
    LH0 = Param("1", "LH at rest, IU/L")
    T0 = Param("nmol/L", "testosterone at rest")
    tau_LH = Param("min", "time constant of LH")
    tau_T = Param("min", "time constant of testosterone")
    start = Param("1", "both at the start, relative to rest")
    effect = Input("1", "opioid effect on the pulses of the hypothalamus that LH follows")
    brake = Input("1", "efficacy-weighted occupancy of KOP receptors")
    brake_rest = Input("1", "the same at rest")

    h = State("1", "LH, relative to rest", init=start)
    x = State("1", "testosterone, relative to rest", init=start)
    LH = Output(LH0 * h, "1", "LH, IU/L")
    T = Output(T0 * x, "nmol/L", "testosterone")
    drive = Output(maximum(1 - reach * effect, 0.0) * (1 + release) / (1 + release * brake / brake_rest), "1", "drive of LH, relative to rest")
    equations = [d(h) == (drive - h) / tau_LH, d(x) == (h - x) / tau_T]
    laws = [h >= 0, x >= 0]
