"""Oral fluid: what a swab reads. An observer without mass, as the forearm vein: what saliva carries off is swallowed and absorbed again."""

from papaver.core import Component, Input, Output, Param


class OralFluid(Component):
    """Drug in oral fluid in a fixed ratio to plasma, as paired samples give it.

    Bases are trapped in saliva, which is more acid than plasma; what is bound in plasma stays there. What a smoked, sniffed or swallowed dose leaves
    in the mouth is not in it.
    """

    ratio = Param("1", "concentration in oral fluid over that in venous plasma, bound and unbound")
    C_v = Input("nmol/L", "venous plasma concentration")

    C = Output(ratio * C_v, "nmol/L", "concentration in oral fluid")
