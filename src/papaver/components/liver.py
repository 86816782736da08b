"""The liver as a well-stirred organ: flow limits its clearance, and what arrives by the portal vein passes it first."""

from papaver.core import Component, Const, Input, Output, Param, minimum, total


class WellStirredLiver(Component):
    """Hepatic extraction from blood flow and intrinsic clearance, for systemic clearance and first pass alike.

    Source: Rowland M, Benet LZ, Graham GG, J Pharmacokinet Biopharm 1973;1:123 (well-stirred model). The typical clearance of the liver
    pathways gives the intrinsic clearance; the activity of each pathway scales that, and flow limits the result. A
    shunt lets portal blood by-pass the liver cells (cirrhosis).
    Fails when: extraction saturates.
    """

    E_max = Const(0.97, "1", "a well-stirred organ cannot extract all; keeps drawn clearances below liver blood flow")

    Q_H = Param("L/min", "liver blood flow")
    R_bp = Param("1", "blood-to-plasma concentration ratio")
    perfused = Param("1", "fraction of portal blood that meets liver cells")
    CL = Input("L/min", "typical plasma clearance, all pathways")
    fm = Input("1", "share of the clearance", over="pathway")
    activity = Input("1", "enzyme activity, 1 = normal", over="pathway")
    R_po = Input("nmol/min", "drug arriving by the portal vein", default=0)

    Q_p = Output(Q_H * R_bp, "L/min", "liver flow in terms of plasma concentration")
    E0 = Output(minimum(CL * total(fm) / Q_p, E_max), "1", "typical extraction")
    CLint0 = Output(Q_p * E0 / (1 - E0), "L/min", "typical intrinsic clearance")
    CLint = Output(CLint0 * fm * activity / total(fm), "L/min", "intrinsic clearance by pathway")
    E = Output(total(CLint) / (Q_p + total(CLint)), "1", "extraction")
    scale = Output(Q_p * CLint / (Q_p + total(CLint)) / (CL * fm * activity), "1", "flow limitation of each pathway")
    F_H = Output(1 - perfused * E, "1", "fraction that escapes the first pass")
    R_sys = Output(R_po * F_H, "nmol/min", "drug reaching the circulation")
    R_met = Output(R_po * (1 - F_H) * CLint / total(CLint), "nmol/min", "metabolised at the first pass, by pathway")
