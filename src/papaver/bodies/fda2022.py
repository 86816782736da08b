"""FDA's overdose model of 2022: an opioid bolus, naloxone into muscle, one receptor, breathing and blood gases, the failing heart.

Only wiring stands here; the numbers are in data/physiology/fda2022.yaml. Which of the body's parameters differ between FDA's virtual
patients says `PATIENT`.
"""

from __future__ import annotations

import functools

from papaver.bodies.adult import Binding, Body
from papaver.components.breathing import BreathingControl, FlowControl
from papaver.components.fda2022 import FdaBinding, FdaCollapse, FdaEffect, FdaLag, FdaNaloxoneIM, FdaOpioid, FdaSaturation, FdaStart, FdaVolume
from papaver.components.gas import BloodGases, CirculatoryDelay, Lung, Organ
from papaver.core import System
from papaver.core.lower import lower

OPIOIDS = {"fentanyl": 336.4, "carfentanil": 394.5}
"""The opioids and their molar mass as FDA's code has it, g/mol."""
NALOXONE_MW = 327.27
PRODUCTS = ("generic", "evzio")
TOLERANCE = ("naive", "chronic")
PATIENT = {
    **{f"opioid.{k}": k for k in ("V1", "k_out", "k12", "k21", "k13", "k31")}, "receptor.kon": "kon", "receptor.koff": "koff", "receptor.n": "n",
    "receptor.kon_n": "naloxone_kon", "receptor.koff_n": "naloxone_koff", "receptor.n_n": "naloxone_n",
    **{f"naloxone.{k}": k for k in ("F", "ktr", "kin", "CL", "CLd", "V1", "V2")},
}  # fmt: skip
"""Parameters that differ between FDA's virtual patients, and what they are called in a table of patients."""

START = {
    "P_I_O2": "lung.P_I_O2", "A_O2": "lung.init_O2", "A_CO2": "lung.init_CO2", "b_O2": "brain.init_O2", "b_CO2": "brain.init_CO2",
    "t_O2": "tissue.init_O2",
    "t_CO2": "tissue.init_CO2", "y_CO2": "flow.init_CO2", "y_O2": "flow.init_O2", "D_p": "breathing.init_p", "D_c": "breathing.init_c",
    "a_h": "breathing.init_h", "W": "breathing.W", "late_a_O2": "delay.init_a_O2", "late_a_CO2": "delay.init_a_CO2", "late_b_CO2": "delay.init_b_CO2",
}  # fmt: skip
"""Parameters of the start, and where their values stand."""


@functools.lru_cache(maxsize=8)
def fda2022(opioid: str = "fentanyl", product: str = "generic", patient: str = "chronic") -> Body:
    """FDA's body for one opioid, one naloxone product and naive or chronic users.

    The structure is the same for all; the choice decides which values the parameters are bound to.
    """
    s = System("fda2022")
    b: dict[str, Binding] = {}

    def bind(instance: str, path: str, *names: str) -> None:
        for n in names:
            b[f"{instance}.{n}"] = Binding(f"fda2022.{path}.{n}")

    s.add("volume", FdaVolume)
    s.add("opioid", FdaOpioid)
    bind("opioid", opioid, "V1", "k_out", "k12", "k21", "k13", "k31", "ke0")
    s.add("naloxone", FdaNaloxoneIM)
    bind("naloxone", product, "F", "ktr", "kin", "CL", "CLd", "V1", "V2")
    bind("naloxone", "naloxone", "ke0")
    s.add("receptor", FdaBinding)
    bind("receptor", opioid, "kon", "koff", "n")
    for k in ("kon", "koff", "n"):
        b[f"receptor.{k}_n"] = Binding(f"fda2022.naloxone.{k}")
    s.add("effect", FdaEffect)
    bind("effect", f"tolerance.{patient}", "P1", "P2", "P3")
    s.add("flow", FlowControl)
    bind("flow", "flow", "Q_b0", "Q_t0", "tau_CO2", "tau_O2")
    s.add("collapse", FdaCollapse)
    s.add("gas", BloodGases)
    bind("gas", "lung", "shunt")
    s.add("lung", Lung)
    bind("lung", "lung", "V_A", "shunt")
    for organ in ("brain", "tissue"):
        s.add(organ, Organ)
        names = ("V", "M_O2", "M_CO2", "floor_O2", "floor_CO2", "P_low", "sol_O2", "sol_CO2", "bound_CO2")
        bind(organ, organ, *names)
    s.add("breathing", BreathingControl)
    bind("breathing", "breathing", "G_p", "G_c", "tau_p", "tau_c", "tau_h", "dead")
    s.add("start", FdaStart)
    for name, path in START.items():
        b[f"start.{name}"] = Binding(f"fda2022.{path}")
    for name, volume in (("a_O2", "peripheral"), ("a_CO2", "peripheral"), ("b_CO2", "central")):
        s.add(f"delay_{name}", CirculatoryDelay)
        b[f"delay_{name}.V"] = Binding(f"fda2022.delay.{volume}")
        s.connect(f"start.late_{name}", f"delay_{name}.init")
        s.add(f"lag_{name}", FdaLag)
        b[f"lag_{name}.V"] = Binding(f"fda2022.delay.{volume}")
        s.connect(f"delay_{name}.P", f"lag_{name}.P_late")
    s.add("saturation", FdaSaturation)
    for pair in _WIRES.split():
        source, _, targets = pair.partition(">")
        for target in targets.split(","):
            s.connect(source, target)
    program = lower(s)
    ports = {(opioid, "iv"): "opioid.dose", ("naloxone", "im"): "naloxone.dose", ("arrest", "event"): "collapse.event"}
    return Body(s, program, b, ports, (opioid, "naloxone"), {})


_WIRES = """
flow.Q>volume.Q,lung.Q,collapse.Q,delay_a_O2.Q,delay_a_CO2.Q,delay_b_CO2.Q,lag_a_O2.Q,lag_a_CO2.Q,lag_b_CO2.Q
volume.S>opioid.S,naloxone.S
opioid.C_e>receptor.C naloxone.C_e>receptor.C_n receptor.opioid>effect.opioid
effect.chemo>breathing.chemo effect.wake>breathing.wake effect.metabolism>brain.depression,tissue.depression
flow.Q_b>gas.Q_b,brain.Q flow.Q_t>gas.Q_t,tissue.Q
lung.P_O2>gas.P_A_O2 lung.P_CO2>gas.P_A_CO2
brain.P_O2>gas.P_b_O2,breathing.P_b_O2 brain.P_CO2>gas.P_b_CO2,delay_b_CO2.P_in,lag_b_CO2.P_now
tissue.P_O2>gas.P_t_O2 tissue.P_CO2>gas.P_t_CO2
gas.C_e_O2>lung.C_e_O2 gas.C_e_CO2>lung.C_e_CO2 gas.C_mix_O2>gas.C_v_O2,lung.C_v_O2 gas.C_mix_CO2>gas.C_v_CO2,lung.C_v_CO2
gas.C_a_O2>brain.C_a_O2,tissue.C_a_O2 gas.C_a_CO2>brain.C_a_CO2,tissue.C_a_CO2
gas.C_vb_O2>brain.C_v_O2 gas.C_vb_CO2>brain.C_v_CO2 gas.C_vt_O2>tissue.C_v_O2 gas.C_vt_CO2>tissue.C_v_CO2
gas.P_a_O2>flow.P_a_O2,delay_a_O2.P_in,lag_a_O2.P_now,saturation.P_a_O2 gas.P_a_CO2>flow.P_a_CO2,delay_a_CO2.P_in,lag_a_CO2.P_now,collapse.P_a_CO2
lag_a_O2.P>breathing.P_a_O2 lag_a_CO2.P>breathing.P_a_CO2 lag_b_CO2.P>breathing.P_c_CO2
start.P_I_O2>lung.P_I_O2 start.A_O2>lung.init_O2 start.A_CO2>lung.init_CO2
start.b_O2>brain.init_O2 start.b_CO2>brain.init_CO2 start.t_O2>tissue.init_O2 start.t_CO2>tissue.init_CO2
start.y_CO2>flow.init_CO2 start.y_O2>flow.init_O2 start.half_CO2>flow.half_CO2 start.rest_O2>flow.rest_O2
start.D_p>breathing.init_p start.D_c>breathing.init_c start.a_h>breathing.init_h start.W>breathing.W
start.f_rest>breathing.f_rest start.P_rest>breathing.P_rest start.hyp_rest>breathing.hyp_rest
breathing.VA>lung.VA collapse.m>flow.heart,flow.heart_b collapse.breathing>breathing.working
"""
