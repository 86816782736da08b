"""What opioids act on, wired to a body's receptors and brains: sites, breathing, blood gases, heart, arousal, pupil, pain, injury.

Only wiring stands here. Values: data/physiology/{breathing,gas,heart,sites}.yaml and the `effects` of drugs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from papaver.components.breath import Breath, Monitor, Therapy
from papaver.components.breathing import BreathingControl, FlowControl
from papaver.components.dependence import ReceptorLife
from papaver.components.gas import BloodGases, BloodPool, CarotidDelay, Lung, Organ
from papaver.components.heart import Heart, Histamine, Injury
from papaver.components.rest import Rest
from papaver.components.site import Arousal, Depression, DirectEffects, NoDirectEffects, Opponent, Pain, Pupil, Rhythm, SiteEffect
from papaver.core import System
from papaver.evidence.check import EFFECTS

SITES = ("respiratory", "sedation", "pain", "pupil", "euphoria")
PACES = ("minutes", "hours", "days", "weeks")
INSTANCES = (
    "life", "adaptation", "rhythm", *SITES, "reflex", "direct", "depression", "rest", "control", "breathing", "therapy", "monitor", "blood", "lung",
    "brain", "tissue", "arterial", "venous", "flow", "carotid", "heart", "histamine", "injury", "arousal", "eye", "relief",
)  # fmt: skip
"""Names of the parts, as outputs and rules call them."""
TREATMENTS = {
    "oxygen": ("therapy.give_oxygen", "1"), "ventilation": ("therapy.give_bag", "L/min"), "airway": ("therapy.give_open", "1"),
    "obstruction": ("therapy.give_closed", "1"), "carbon_dioxide": ("therapy.give_CO2", "mmHg"), "end_tidal_CO2": ("therapy.give_target", "mmHg"),
}  # fmt: skip
"""Treatments: the port of their level, and its unit."""

Bind = Callable[[str, str], None]
Fix = Callable[[str, float], None]


def add_physiology(s: System, bind: Bind, fix: Fix, has: Callable[[str], bool], direct: Sequence[str], releasing: Sequence[str]) -> None:
    """Add everything to a system that has the receptor `mop`.

    Args:
        bind: says which data value fills a parameter. fix: gives a parameter a constant. has: whether there is such a data value.
        direct: drugs in the body with effects of their own elsewhere. releasing: those that set histamine free.
    """

    def add(name: str, component: type, data: str = "", *names: str, **indices: Sequence[str]) -> None:
        s.add(name, component, **indices)
        for n in names:
            bind(f"{name}.{n}", f"{data}.{n}")

    add("life", ReceptorLife, "dependence.life", "k_des", "tau_res", "k_int", "tau_rec", "tau_syn", "make_up", "U0")
    add("adaptation", Opponent, pace=PACES)
    for k in PACES:
        bind(f"adaptation.tau[{k}]", f"sites.tau.{k}")
        bind(f"adaptation.X0[{k}]", f"sites.start.{k}")
    add("rhythm", Rhythm, "sites.rhythm", "depth", "share")
    for site in SITES:
        add(site, SiteEffect, f"sites.{site}", "KE", "gamma", "ceiling", pace=PACES)
        for k in PACES:
            bind(f"{site}.weight[{k}]", f"sites.{site}.weight.{k}")
            s.connect(f"adaptation.X[{k}]", f"{site}.X[{k}]")
    # the chemoreflexes answer the same receptors and get used to them less
    s.add("reflex", SiteEffect, pace=PACES)
    for n in ("KE", "gamma", "ceiling"):
        bind(f"reflex.{n}", f"sites.respiratory.{n}")
    for k in PACES:
        bind(f"reflex.weight[{k}]", f"sites.respiratory.weight.{k}")
        s.connect(f"adaptation.X[{k}]", f"reflex.X[{k}]")
    if direct:
        s.add("direct", DirectEffects, drug=direct)
        s.connect("sedation.effect", "direct.sedation")
        for n in direct:
            s.connect(f"{n}.brain.C", f"direct.C[{n}]")
            for p in EFFECTS:
                if has(f"{n}.effects.{p}"):
                    bind(f"direct.{p}[{n}]", f"{n}.effects.{p}")
                else:
                    fix(f"direct.{p}[{n}]", 1.0 if p == "slope" else 0.0)
    else:
        s.add("direct", NoDirectEffects)
    add("depression", Depression, "breathing", "reach_wake", "reach_chemo", "soft", "thrift")
    add("rest", Rest, "breathing", "P_A_CO2", "dead")
    bind("rest.P_I_O2", "breathing.P_I_air")
    for n in ("shunt", "Q_b0", "Q_t0"):
        bind(f"rest.{n}", f"gas.{n}")
    add("control", BreathingControl, "breathing", "G_p", "G_c", "tau_p", "tau_c", "tau_h", "dead")
    add("breathing", Breath, "breathing", "RR0", "share", "slowing", "slack", "dead")
    add("therapy", Therapy, "breathing", "P_dry", "P_I_air")
    add("monitor", Monitor)
    add("blood", BloodGases, "gas", "shunt")
    add("lung", Lung, "gas", "V_A", "shunt")
    for organ in ("brain", "tissue"):
        add(organ, Organ, "gas", "floor_O2", "floor_CO2", "P_low", "sol_O2", "sol_CO2", "bound_CO2")
        for n in ("V", "M_O2", "M_CO2"):
            bind(f"{organ}.{n}", f"gas.{organ}.{n}")
    add("flow", FlowControl, "gas", "Q_b0", "Q_t0", "tau_CO2", "tau_O2")
    for pool in ("arterial", "venous"):
        add(pool, BloodPool)
        bind(f"{pool}.V", f"gas.V_{pool}")
    add("carotid", CarotidDelay)
    bind("carotid.V", "breathing.V_carotid")
    heart = ("HR0", "MAP0", "baro_rate", "baro_vessels", "tau_baro", "by_O2", "vagal", "filling", "regulated",
           "weak", "need", "tau_pay", "limit", "steep")
    add("heart", Heart, "heart", *heart)
    add("injury", Injury, "heart.injury", "P_need", "tolerated", "lethal", "tau_repair")
    add("arousal", Arousal, "sites.arousal", "O2_none", "O2_all", "CO2_all", "CO2_none", "reach")
    add("eye", Pupil, "sites.eye", "d0", "d_min")
    add("relief", Pain, "sites.relief", "gain")
    if releasing:
        add("histamine", Histamine, "heart.histamine", "k", "tau_fill", "most", "tau", "vessels", drug=releasing)
        for n in releasing:
            bind(f"histamine.EC50[{n}]", f"{n}.mast_cells.EC50")
            s.connect(f"{n}.pk.C1", f"histamine.C[{n}]")
        s.connect("direct.vessels_change", "histamine.others")
    s.connect("histamine.change" if releasing else "direct.vessels_change", "heart.vessels_change")
    for pair in _WIRES.split():
        source, _, targets = pair.partition(">")
        for target in targets.split(","):
            s.connect(source, target)


_WIRES = """
mop.stimulus>life.stimulus mop.by_drugs>life.by_drugs life.effective>adaptation.stimulus
life.effective_drugs>respiratory.stimulus,reflex.stimulus rhythm.reach>respiratory.depth,reflex.depth rhythm.reflex>reflex.share
life.effective>sedation.stimulus,pain.stimulus,pupil.stimulus,euphoria.stimulus
mop.rest>life.rest,adaptation.rest
mop.rest>sedation.rest,pain.rest,pupil.rest,euphoria.rest
respiratory.effect>depression.respiratory,heart.opioid reflex.effect>depression.reflex sedation.effect>arousal.sedation
pupil.effect>eye.effect pain.effect>relief.effect
direct.wake_left>depression.wake_left direct.chemo_left>depression.chemo_left direct.arousal_left>arousal.arousal_left
direct.rate_change>heart.rate_change direct.metabolism_change>depression.metabolism_change
brain.M_O2>rest.M_b_O2 brain.M_CO2>rest.M_b_CO2 tissue.M_O2>rest.M_t_O2 tissue.M_CO2>rest.M_t_CO2
brain.sol_O2>rest.sol_O2 brain.sol_CO2>rest.sol_CO2 brain.bound_CO2>rest.bound_CO2
rest.P_A_O2>lung.init_O2 rest.P_A_CO2>lung.init_CO2 rest.S_b_O2>brain.init_O2 rest.S_b_CO2>brain.init_CO2
rest.S_t_O2>tissue.init_O2 rest.S_t_CO2>tissue.init_CO2 rest.P_a_O2>carotid.init_O2,flow.rest_O2 rest.P_a_CO2>carotid.init_CO2,flow.half_CO2
rest.VE>control.W,breathing.VE_rest rest.f>control.f_rest rest.P_b_CO2>control.P_rest rest.P_b_O2>control.hyp_rest
rest.Q>heart.Q_rest rest.C_a_O2>heart.C_rest depression.chemo>heart.chemo
therapy.P_I_O2>lung.P_I_O2 therapy.P_I_CO2>lung.P_I_CO2 therapy.open>breathing.open therapy.closed>breathing.closed therapy.bag>breathing.bag
depression.chemo>control.chemo depression.wake>control.wake depression.opioid>breathing.opioid
depression.metabolism>brain.depression,tissue.depression
control.VE>breathing.neural arousal.level>breathing.arousal breathing.VA>lung.VA
lung.P_O2>blood.P_A_O2 lung.P_CO2>blood.P_A_CO2,therapy.P_A_CO2,monitor.P_A_CO2
brain.P_O2>blood.P_b_O2,control.P_b_O2,arousal.P_b_O2,injury.P_b_O2 brain.P_CO2>blood.P_b_CO2,control.P_c_CO2
tissue.P_O2>blood.P_t_O2 tissue.P_CO2>blood.P_t_CO2
flow.Q>lung.Q,carotid.Q flow.Q_b>blood.Q_b,brain.Q flow.Q_t>blood.Q_t,tissue.Q flow.demand>heart.demand
heart.pressure>flow.heart heart.brain>flow.heart_b therapy.guard>heart.guard,injury.guard heart.tone>flow.tone
blood.C_e_O2>lung.C_e_O2 blood.C_e_CO2>lung.C_e_CO2
blood.C_mix_O2>venous.C_in_O2 blood.C_mix_CO2>venous.C_in_CO2 venous.C_O2>blood.C_v_O2,lung.C_v_O2 venous.C_CO2>blood.C_v_CO2,lung.C_v_CO2
rest.C_v_O2>venous.init_O2 rest.C_v_CO2>venous.init_CO2 flow.Q>venous.Q heart.working>control.working
blood.C_a_O2>arterial.C_in_O2 blood.C_a_CO2>arterial.C_in_CO2 rest.C_a_O2>arterial.init_O2 rest.C_a_CO2>arterial.init_CO2
flow.Q>arterial.Q
arterial.C_O2>brain.C_a_O2,tissue.C_a_O2,heart.C_O2 arterial.C_CO2>brain.C_a_CO2,tissue.C_a_CO2
blood.C_vb_O2>brain.C_v_O2 blood.C_vb_CO2>brain.C_v_CO2 blood.C_vt_O2>tissue.C_v_O2 blood.C_vt_CO2>tissue.C_v_CO2
blood.P_a_O2>flow.P_a_O2,carotid.P_a_O2,monitor.P_a_O2
blood.P_a_CO2>flow.P_a_CO2,carotid.P_a_CO2,monitor.P_a_CO2,arousal.P_a_CO2
blood.S_a>monitor.S_a carotid.O2>control.P_a_O2 carotid.CO2>control.P_a_CO2
"""
