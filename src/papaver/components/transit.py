"""One transit compartment: a short delay that keeps the moles (lung passage, formation of a metabolite)."""

from papaver.core import Component, Dose, Input, Output, Param, State, d


class Transit(Component):
    """Well-stirred delay of mean transit time MTT."""

    MTT = Param("min", "mean transit time")
    R_in = Input("nmol/min", "drug entering", default=0)
    A = State("nmol", "amount under way")
    R_out = Output(A / MTT, "nmol/min", "drug leaving")

    dose = Dose({A: 1}, "into the vein or the alveoli, before arterial blood")
    equations = [d(A) == R_in - A / MTT]


class Collected(Component):
    """What has left the body for good by one way: urine, or products that are not followed."""

    R_in = Input("nmol/min", "drug arriving", default=0)
    A = State("nmol", "amount collected")
    rate = Output(R_in, "nmol/min", "rate of arrival")
    equations = [d(A) == R_in]
