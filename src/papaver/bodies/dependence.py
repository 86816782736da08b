"""What long use and its end do, wired to a body that breathes: withdrawal sign by sign, hormones, gut, immunity, scales.

Only wiring stands here. Values: data/physiology/{dependence,withdrawal,hormones,gut}.yaml and `alpha2` among the `effects` of drugs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from papaver.bodies.physiology import PACES, Bind, Fix
from papaver.components.dependence import Hyperalgesia, PeptideTone, ReceptorLife
from papaver.components.gut import Fluid, Gut, Immunity
from papaver.components.hazards import Hazards
from papaver.components.hormones import AdrenalAxis, Clock, GonadalAxis
from papaver.components.scales import Cows, Oows, Scales, SowsGossop, SowsHandelsman
from papaver.components.site import Opponent, SiteEffect
from papaver.components.withdrawal import Autonomic, Counteradaptation, Electrocardiogram, Expression, LocusCoeruleus, Monoamines, Signs, Symptomatic
from papaver.core import System

SITES = ("hypothalamus", "pituitary", "gut_wall")
LOCUS_PACES = ("hours", "days", "weeks")
SIGNS = (
    "sweating", "restlessness", "aches", "secretions", "cramps", "nausea", "diarrhoea", "tremor", "yawning", "anxiety", "gooseflesh", "chills",
    "insomnia", "mood", "irritability", "craving", "emptiness", "guilt", "mood_swings",
)  # fmt: skip
MEDICINES = {"loperamide": "diarrhoea", "ondansetron": "nausea", "ibuprofen": "aches", "hypnotic": "insomnia"}
"""Medicines for one symptom, which are given as treatments."""
TREATMENTS = {name: (f"{name}.give", "1") for name in MEDICINES}
SLOW = {
    **{f"sites.start.{k}": (f"adaptation.X[{k}]", f"sites.tau.{k}") for k in PACES},
    **{f"withdrawal.opponent.start.{k}": (f"locus.Y[{k}]", f"sites.tau.{k}") for k in LOCUS_PACES},
    "dependence.life.U0": ("life.U", "dependence.life.tau_rec"), "dependence.tone.T0": ("tone.T", "dependence.tone.tau"),
    "dependence.pain.H0": ("hyperalgesia.H", "dependence.pain.tau"), "hormones.adrenal.G0": ("adrenal.G", "hormones.adrenal.tau_G"),
}  # fmt: skip
"""States that a history moves for longer than its last days: path of the value at the start -> the state, and the path of its time constant."""


def _add_locus(s: System, bind: Bind) -> None:
    s.add("locus", Counteradaptation, pace=LOCUS_PACES)
    bind("locus.KE", "withdrawal.opponent.KE")
    bind("locus.at_rest", "withdrawal.opponent.at_rest")
    for k in LOCUS_PACES:
        bind(f"locus.tau[{k}]", f"sites.tau.{k}")
        bind(f"locus.weight[{k}]", f"withdrawal.opponent.weight.{k}")
        bind(f"locus.Y0[{k}]", f"withdrawal.opponent.start.{k}")


ADRENAL = ("A", "cos_peak", "sin_peak", "reach", "gain", "by_lack", "K", "C0", "ACTH0", "tau_ACTH", "tau_C", "tau_G", "G0")


def add_dependence(s: System, bind: Bind, fix: Fix, has: Callable[[str], bool], drugs: Collection[str]) -> None:
    """Add everything to a system that `add_physiology` has made breathe; arguments as there, `drugs` being those in the body."""

    def add(name: str, component: type, data: str = "", *names: str, **indices: tuple[str, ...]) -> None:
        s.add(name, component, **indices)
        for n in names:
            bind(f"{name}.{n}", f"{data}.{n}")

    for site in SITES:
        add(site, SiteEffect, f"sites.{site}", "KE", "gamma", "ceiling", pace=PACES)
        for k in PACES:
            bind(f"{site}.weight[{k}]", f"sites.{site}.weight.{k}")
            s.connect(f"adaptation.X[{k}]", f"{site}.X[{k}]")
    _add_locus(s, bind)
    add("tone", PeptideTone, "dependence.tone", "depth", "tau", "T0")
    bind("tone.C_rest", "receptors.mop.endogenous.C_rest")
    add("hyperalgesia", Hyperalgesia, "dependence.pain", "tau", "gain", "H0")
    add("withdrawal", Expression, "withdrawal", "tau_fast", "tau_slow", "tau_late", "tau_used", "surge", "gain", "half", "w_fast", "w_slow", "start")
    add("noradrenaline", LocusCoeruleus, "withdrawal.locus", "reach", "gain", "half", "tau")
    add("monoamines", Monoamines, "withdrawal.monoamines", "rise_DA", "rise_5HT", "fall_DA", "fall_5HT", "half")
    add("signs", Signs, sign=SIGNS)
    for sign in SIGNS:
        for p in ("tau", "by_NA", "by_fast", "by_slow", "by_late", "by_opioid", "by_lack"):
            path = f"withdrawal.signs.{sign}.{p}"
            if has(path):
                bind(f"signs.{p}[{sign}]", path)
            else:
                fix(f"signs.{p}[{sign}]", 0.0)
    for medicine, sign in MEDICINES.items():
        add(medicine, Symptomatic)
        bind(f"{medicine}.reach", f"withdrawal.medicines.{medicine}")
        s.connect(f"{medicine}.left", f"signs.eased[{sign}]")
    autonomic = ("rate_gain", "vessels_gain", "breath_gain", "breath_half", "pupil_gain", "pupil_half", "heat", "heat_half", "T_core0")
    add("autonomic", Autonomic, "withdrawal.autonomic", *autonomic)
    add("ecg", Electrocardiogram, "withdrawal.ecg", "QTc0", "slope_R", "slope_S")
    add("clock", Clock, "hormones.clock", "cos0", "sin0")
    add("adrenal", AdrenalAxis, "hormones.adrenal", *ADRENAL)
    add("gonadal", GonadalAxis, "hormones.gonadal", "reach", "release", "LH0", "T0", "tau_LH", "tau_T", "start")
    gut = ("gastric0", "caecum0", "colon0", "slow_gastric", "slow_caecum", "slow_colon", "quick", "dry", "wet")
    add("gut", Gut, "gut", *gut)
    add("fluid", Fluid, "gut.fluid", "loss", "tau")
    add("immunity", Immunity, "gut.immunity", "reach", "by_signal", "tau_NK", "rebound", "by_gut", "tau_IL", "start")
    add("hazards", Hazards, "hazards", "load", "frailty", "aspiration")
    add("cows", Cows, "withdrawal.cows", "wide")
    add("sows", SowsGossop)
    add("sows_h", SowsHandelsman)
    add("oows", Oows)
    add("scales", Scales)
    for name in ("cows", "sows", "sows_h", "oows"):
        component = s.instances[name][0]
        for sign in SIGNS:
            if sign in component.symbols:
                s.connect(f"signs.S[{sign}]", f"{name}.{sign}")
    for drug, port in (("r_methadone", "C_R"), ("s_methadone", "C_S")):
        if drug in drugs:
            s.connect(f"{drug}.pk.C1", f"ecg.{port}")
    for pair in _WIRES.split():
        source, _, targets = pair.partition(">")
        for target in targets.split(","):
            s.connect(source, target)


_WIRES = """
life.effective>locus.stimulus,hypothalamus.stimulus,pituitary.stimulus,gut_wall.stimulus,tone.stimulus,hyperalgesia.stimulus
mop.rest>locus.rest,hypothalamus.rest,pituitary.rest,gut_wall.rest,tone.rest,hyperalgesia.rest
tone.change>mop.C[endogenous] hyperalgesia.left>relief.left
locus.debt>withdrawal.debt locus.effect>noradrenaline.effect
withdrawal.signal>noradrenaline.signal,autonomic.signal,adrenal.signal,gut.signal,immunity.signal
withdrawal.fast>signs.fast withdrawal.felt>signs.slow withdrawal.felt_late>signs.late tone.lack>signs.lack,monoamines.lack
locus.R>tone.response,monoamines.response respiratory.effect>signs.opioid
direct.alpha2_left>noradrenaline.alpha2_left,adrenal.alpha2_left
tone.tone>adrenal.tone tone.lack>adrenal.lack
noradrenaline.excess>signs.excess,autonomic.excess,monoamines.excess
autonomic.rate_change>heart.rate_change autonomic.vessels_change>heart.vessels_change autonomic.breath>depression.stirred,breathing.stirred
autonomic.widening>eye.widening,cows.widening,oows.widening
kop.stimulus>gonadal.brake kop.rest>gonadal.brake_rest
pituitary.effect>gonadal.effect hypothalamus.effect>adrenal.effect,immunity.effect gut_wall.effect>gut.effect,immunity.gut
clock.c>adrenal.c clock.s>adrenal.s
signs.S[sweating]>fluid.sweating signs.S[nausea]>fluid.nausea signs.S[diarrhoea]>fluid.diarrhoea
heart.HR>cows.HR,sows.HR,hazards.HR heart.HR0>sows.HR_rest,hazards.HR_rest
heart.pressure>hazards.pressure arousal.level>hazards.arousal immunity.hazard>hazards.infection
cows.COWS>scales.cows sows.SOWS>scales.sows_g sows_h.SOWS>scales.sows_h oows.OOWS>scales.oows
"""


def add_slow(s: System, bind: Bind) -> None:
    """The slow states alone, with the stimulus as an input that somebody else fills: no kinetics, no clock."""
    for life in ("life", "locus_life"):
        s.add(life, ReceptorLife)
        for n in ("k_des", "tau_res", "k_int", "tau_rec", "tau_syn", "make_up", "U0"):
            bind(f"{life}.{n}", f"dependence.life.{n}")
    s.add("adaptation", Opponent, pace=PACES)
    s.add("hypothalamus", SiteEffect, pace=PACES)
    for n in ("KE", "gamma", "ceiling"):
        bind(f"hypothalamus.{n}", f"sites.hypothalamus.{n}")
    for k in PACES:
        bind(f"adaptation.tau[{k}]", f"sites.tau.{k}")
        bind(f"adaptation.X0[{k}]", f"sites.start.{k}")
        bind(f"hypothalamus.weight[{k}]", f"sites.hypothalamus.weight.{k}")
        s.connect(f"adaptation.X[{k}]", f"hypothalamus.X[{k}]")
    _add_locus(s, bind)
    s.add("tone", PeptideTone)
    for n in ("depth", "tau", "T0"):
        bind(f"tone.{n}", f"dependence.tone.{n}")
    bind("tone.C_rest", "receptors.mop.endogenous.C_rest")
    s.add("hyperalgesia", Hyperalgesia)
    for n in ("tau", "gain", "H0"):
        bind(f"hyperalgesia.{n}", f"dependence.pain.{n}")
    s.add("adrenal", AdrenalAxis)
    for n in ADRENAL:
        bind(f"adrenal.{n}", f"hormones.adrenal.{n}")
    for part in ("adaptation", "hypothalamus", "tone", "hyperalgesia"):
        s.connect("life.effective", f"{part}.stimulus")
    s.connect("hypothalamus.effect", "adrenal.effect")
    s.connect("locus.R", "tone.response")
    s.connect("tone.lack", "adrenal.lack")
