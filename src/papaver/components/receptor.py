"""Ligands at one receptor: competition for binding, and what their occupancy amounts to as a signal."""

from papaver.core import Component, Const, Input, Output, Param, State, d, maximum, total


class CompetitiveBinding(Component):
    """Ligands compete for one receptor pool (law of mass action; Gaddum 1937 at equilibrium).

    Endogenous ligands have a constant local concentration C_rest; the pool starts at equilibrium with them.
    """

    none = Const(1e-9, "nmol/L", "numerical floor, far below any concentration", "no resting concentration")

    Ki = Param("nmol/L", "equilibrium dissociation constant", over="ligand")
    koff = Param("1/min", "dissociation rate constant", over="ligand")
    efficacy = Param("1", "intrinsic efficacy, full agonist = 1", over="ligand")
    C_rest = Param("nmol/L", "resting concentration (endogenous ligands)", over="ligand")
    C = Input("nmol/L", "unbound drug at the receptor", over="ligand", default=0)

    rho = State("1", "fractional occupancy", over="ligand", init=C_rest / Ki / (1 + total(C_rest / Ki)))

    free = Output(1 - total(rho), "1", "unoccupied fraction")
    occupied = Output(total(rho), "1", "occupied fraction")
    signal = Output(efficacy * rho, "1", "efficacy-weighted occupancy, by ligand")
    stimulus = Output(total(efficacy * rho), "1", "efficacy-weighted occupancy")
    by_drugs = Output(stimulus - total(efficacy * rho * C_rest / (C_rest + none)), "1", "the same by what is not the body's own")

    equations = [d(rho) == koff * ((C + C_rest) / Ki * free - rho)]
    rest = Output(total(efficacy * C_rest / Ki) / (1 + total(C_rest / Ki)), "1", "efficacy-weighted occupancy at rest")
    laws = [free >= 0, rho >= 0]


class OperationalActivation(Component):
    """Effect of a stimulus through a receptor reserve (Black & Leff, Proc R Soc Lond B 1983;220:141).

    Each ligand's share of the effect is its share of the stimulus.
    """

    S_min = Const(1e-12, "1", "numerical floor, far below any stimulus")

    KE = Param("1", "stimulus that gives half the effect; its inverse is the reserve tau")
    gamma = Param("1", "slope")
    stimulus = Input("1", "efficacy-weighted occupancy")
    signal = Input("1", "efficacy-weighted occupancy, by ligand", over="ligand")

    S = Output(maximum(stimulus, S_min), "1", "stimulus, kept above zero so that shares exist")
    activation = Output((S / KE) ** gamma / (1 + (S / KE) ** gamma), "1", "effect, fraction of the maximum")
    share = Output(activation * signal / S, "1", "part of the effect, by ligand")
