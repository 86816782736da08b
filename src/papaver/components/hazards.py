"""Hazards that the state of the body raises: an infarction or an arrhythmia, and pneumonia."""

from papaver.core import Component, Input, Output, Param, maximum


class Hazards(Component):
    """Hazards relative to those of a healthy adult at rest.

    The heart's grows with its work (rate times pressure) and with disease that was there before; that of pneumonia with lost arousal, in which the
    mouth's contents reach the lung, and with weak immunity.
    """

    load = Param("1", "exponent with which the heart's work raises its hazard")
    frailty = Param("1", "hazard of the person's heart at rest, relative to a healthy one")
    aspiration = Param("1", "rise of the hazard of pneumonia when arousal is gone")
    HR = Input("1/min", "heart rate")
    HR_rest = Input("1/min", "heart rate at rest")
    pressure = Input("1", "mean arterial pressure, relative to rest")
    arousal = Input("1", "arousal, 1 = awake")
    infection = Input("1", "hazard of infection, relative to rest")

    cardiac = Output(frailty * maximum(HR / HR_rest * pressure, 0.0) ** load, "1", "hazard of a cardiac event, relative to a healthy adult at rest")
    pneumonia = Output(infection * (1 + aspiration * (1 - arousal)), "1", "hazard of pneumonia, relative to rest")
    laws = [cardiac >= 0, pneumonia >= 0]
