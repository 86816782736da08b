"""The forearm vein: where most studies draw blood. An observer without mass, so that distribution is not counted twice."""

from papaver.core import Component, Input, Output, Param, State, d


class ForearmVein(Component):
    """Venous concentration follows the arterial one with the lag of forearm tissue, less what that tissue extracts."""

    MTT = Param("min", "mean transit time through forearm tissue")
    E = Param("1", "net extraction by forearm tissue")
    R_bp = Param("1", "blood-to-plasma concentration ratio")
    C_a = Input("nmol/L", "arterial plasma concentration")

    C = State("nmol/L", "venous plasma concentration")
    C_blood = Output(C * R_bp, "nmol/L", "venous whole-blood concentration")

    equations = [d(C) == ((1 - E) * C_a - C) / MTT]
