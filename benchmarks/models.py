"""The benchmark model in the component language: an acute opioid exposure with naloxone rescue, 33 states, numbers made up for timing.

Heroin turns into 6-MAM, morphine and its glucuronides; fentanyl and intranasal naloxone join them at one receptor, which drives tolerance,
breathing, blood gases and a hypoxic burden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from papaver.core import Component, Const, Dose, Input, Output, Param, State, System, d, exp, log, maximum, softplus, total
from papaver.core.lower import Program, lower
from papaver.core.solve import DoseEvent

Array = npt.NDArray[np.float64]
MADE_UP = "made up for timing"
SEED, CV, PEOPLE = 20240501, 0.3, 2000
OUTPUTS = ("morphine.pk.C", "six_mam.pk.C", "mop.S", "breathing.D", "gas.sat", "gas.Pa")
LIGANDS = ("heroin", "six_mam", "morphine", "m6g", "fentanyl", "naloxone")


class OneCompartment(Component):
    """A metabolite that takes a share of what is eliminated of its parent."""

    V, k, f = Param("L"), Param("1/min"), Param("1", "share of the parent's elimination")
    R_in = Input("nmol/min")
    A = State("nmol")
    C = Output(A / V, "nmol/L")
    equations = [d(A) == f * R_in - k * A]


class TwoCompartment(Component):
    V, k, k12, k21 = Param("L"), Param("1/min"), Param("1/min"), Param("1/min")
    R_in = Input("nmol/min", default=0)
    A1, A2 = State("nmol"), State("nmol")
    C, R_elim = Output(A1 / V, "nmol/L"), Output(k * A1, "nmol/min")
    dose = Dose({A1: 1})
    equations = [d(A1) == R_in - (k12 + k) * A1 + k21 * A2, d(A2) == k12 * A1 - k21 * A2]


class ThreeCompartment(Component):
    V, k, k12, k21, k13, k31 = Param("L"), Param("1/min"), Param("1/min"), Param("1/min"), Param("1/min"), Param("1/min")
    A1, A2, A3 = State("nmol"), State("nmol"), State("nmol")
    C = Output(A1 / V, "nmol/L")
    dose = Dose({A1: 1})
    equations = [d(A1) == -(k12 + k13 + k) * A1 + k21 * A2 + k31 * A3, d(A2) == k12 * A1 - k21 * A2, d(A3) == k13 * A1 - k31 * A3]


class Depot(Component):
    ka, F = Param("1/min"), Param("1")
    A = State("nmol")
    R_out = Output(F * ka * A, "nmol/min")
    dose = Dose({A: 1})
    equations = [d(A) == -ka * A]


class EffectSite(Component):
    ke = Param("1/min", over="ligand")
    C = Input("nmol/L", over="ligand")
    E = State("nmol/L", over="ligand")
    equations = [d(E) == ke * (C - E)]


class Binding(Component):
    """Competition for one receptor pool."""

    kon, koff, e = Param("L/nmol/min", over="ligand"), Param("1/min", over="ligand"), Param("1", "efficacy", over="ligand")
    E = Input("nmol/L", over="ligand")
    B = State("1", over="ligand")
    free, S = Output(1 - total(B), "1"), Output(total(e * B), "1", "activation")
    equations = [d(B) == kon * E * free - koff * B]


class Tolerance(Component):
    """Over hours and over days."""

    tau1, tau2, a1, a2 = Param("min"), Param("min"), Param("1"), Param("1")
    S = Input("1")
    T1, T2 = State("1"), State("1")
    shift = Output(1 + a1 * T1 + a2 * T2, "1")
    equations = [d(T1) == (S - T1) / tau1, d(T2) == (S - T2) / tau2]


class Breathing(Component):
    """Chemoreflex drive, depressed by the opioid signal, raised by hypoxia."""

    S_min = Const(1e-12, "1", MADE_UP)
    S50_0, g, tau = Param("1"), Param("1"), Param("min")
    Gc, Gp, Pb_0, Pa_0 = Param("1/mmHg"), Param("1/mmHg"), Param("mmHg"), Param("mmHg")
    hyp_max, hyp_mid, hyp_w, VA_1 = Param("1"), Param("mmHg"), Param("mmHg"), Param("L/min")
    S, shift, Pa, Pb, Po = Input("1"), Input("1"), Input("mmHg"), Input("mmHg"), Input("mmHg")
    D = State("1", "drive", init=1)
    inhibition = Output(1 / (1 + exp(g * log(S50_0 * shift / maximum(S, S_min)))), "1")
    hyp = Output(hyp_max / (1 + exp((Po - hyp_mid) / hyp_w)), "1")
    reflex = Output(Gc * (Pb - Pb_0) + Gp * (Pa - Pa_0) * (1 + hyp) + 1, "1")
    VA = Output(VA_1 * D, "L/min")
    equations = [d(D) == (softplus(4 * reflex) * 0.25 * (1 - inhibition) - D) / tau]


class Gas(Component):
    """Carbon dioxide of arterial blood and brain, oxygen of arterial blood."""

    P_min = Const(1e-3, "mmHg", MADE_UP)
    Pa_0, Pb_0, Po_0 = (Const(x, "mmHg", MADE_UP) for x in (41, 47, 98))
    c, VCO2, VO2, Q_b, V_CO2, dP_b = Param("mmHg"), Param("L/min"), Param("L/min"), Param("L/min"), Param("L"), Param("mmHg")
    tau_b, P_I, r, n, P50, sat_0, V_O2 = Param("min"), Param("mmHg"), Param("1"), Param("1"), Param("mmHg"), Param("1"), Param("L")
    VA = Input("L/min")
    Pa, Pb, Po = State("mmHg", init=Pa_0), State("mmHg", init=Pb_0), State("mmHg", init=Po_0)
    sat = Output(1 / (1 + exp(n * log(P50 / maximum(Po, P_min)))), "1")
    equations = [
        d(Pa) == (c * VCO2 - VA * Pa + Q_b * (Pb - Pa)) / V_CO2,
        d(Pb) == (Pa + dP_b - Pb) / tau_b,
        d(Po) == (VA * (P_I - Po - Pa * r) - c * VO2 * sat / sat_0) / V_O2,
    ]


class Injury(Component):
    sat_0, s = Param("1"), Param("1")
    sat = Input("1")
    X = State("min", "hypoxic burden")
    equations = [d(X) == softplus((sat_0 - sat) * s) / s]


def benchmark(extra: int = 0) -> Program:
    """The model; `extra` further opioids like fentanyl add five states each."""
    more = [f"opioid{k}" for k in range(extra)]
    ligands = [*LIGANDS, *more]
    s = System("benchmark")
    for name in ("heroin", "six_mam", "morphine"):
        s.add(f"{name}.pk", TwoCompartment)
    for name in ("m6g", "m3g"):
        s.add(f"{name}.pk", OneCompartment)
    for name in ("fentanyl", *more):
        s.add(f"{name}.pk", ThreeCompartment)
    s.add("naloxone.nose", Depot)
    s.add("naloxone.pk", TwoCompartment)
    s.add("site", EffectSite, ligand=ligands)
    s.add("mop", Binding, ligand=ligands)
    for name, component in (("tolerance", Tolerance), ("breathing", Breathing), ("gas", Gas), ("injury", Injury)):
        s.add(name, component)
    wires = [("heroin", "six_mam"), ("six_mam", "morphine"), ("morphine", "m6g"), ("morphine", "m3g")]
    for parent, child in wires:
        s.connect(f"{parent}.pk.R_elim", f"{child}.pk.R_in")
    s.connect("naloxone.nose.R_out", "naloxone.pk.R_in")
    for name in ligands:
        s.connect(f"{name}.pk.C", f"site.C[{name}]")
        s.connect(f"site.E[{name}]", f"mop.E[{name}]")
    s.connect("mop.S", "tolerance.S")
    s.connect("mop.S", "breathing.S")
    s.connect("tolerance.shift", "breathing.shift")
    for name in ("Pa", "Pb", "Po"):
        s.connect(f"gas.{name}", f"breathing.{name}")
    s.connect("breathing.VA", "gas.VA")
    s.connect("gas.sat", "injury.sat")
    return lower(s)


def people(program: Program, n: int) -> Array:
    """Parameters of n people, shape (n, parameters): log-normal between people, the first of them typical; the same whatever n."""
    data = yaml.safe_load(Path(__file__).with_name("parameters.yaml").read_text(encoding="utf-8"))
    values = {name: str(text) for group in data.values() for name, text in group.items()}
    z = np.random.default_rng(SEED).normal(size=(n, len(data["vary"])))
    z[0] = 0.0
    draws = np.exp(np.sqrt(np.log(1 + CV**2)) * z)
    P = np.empty((n, len(program.param_names)))
    for k, (name, unit) in enumerate(zip(program.param_names, program.flat.param_units, strict=True)):
        kept = name if name in values else _like_fentanyl(name)
        number, _, written = values[kept].partition(" ")
        assert written == unit, f"parameters.yaml: {name} is in {written}, the model takes {unit}"
        P[:, k] = float(number)
        if kept in data["vary"]:
            P[:, k] *= draws[:, list(data["vary"]).index(kept)]
    return P


def _like_fentanyl(name: str) -> str:
    head, _, rest = name.partition(".")
    return f"fentanyl.{rest}" if head.startswith("opioid") else name.partition("[")[0] + "[fentanyl]"


@dataclass(frozen=True)
class Scenario:
    """Doses (min, nmol) and the output grid (min)."""

    doses: tuple[DoseEvent, ...]
    t: Array


HEROIN, FENTANYL, NALOXONE = (1e6 / mass for mass in (369.4, 336.5, 327.4))
"""nmol in a milligram."""


def rescue(extra: int = 0, every: float = 1.0) -> Scenario:
    """40 mg heroin and 0.3 mg fentanyl into a vein, 4 mg naloxone into the nose after 12 and 15 minutes; a day."""
    doses = [DoseEvent(0.0, "heroin.pk.dose", 40 * HEROIN), DoseEvent(0.0, "fentanyl.pk.dose", 0.3 * FENTANYL)]
    doses += [DoseEvent(0.0, f"opioid{k}.pk.dose", 0.03 * FENTANYL) for k in range(extra)]
    doses += [DoseEvent(t, "naloxone.nose.dose", 4 * NALOXONE) for t in (12.0, 15.0)]
    return Scenario(tuple(doses), np.arange(0.0, 1440.0 + every / 2, every))


def chronic(doses: int = 56, until: float = 30240.0) -> Scenario:
    """15 mg heroin into a vein every six hours; 56 doses are two weeks, then a week without."""
    return Scenario(tuple(DoseEvent(360.0 * k, "heroin.pk.dose", 15 * HEROIN) for k in range(doses)), np.arange(0.0, until + 30.0, 60.0))


def nodes(program: Program) -> Sequence[int]:
    """Graph nodes of the six outputs."""
    return [program.output(name) for name in OUTPUTS]
