"""Absorption from a depot (nose, muscle, skin, gut): what is never absorbed is kept as an amount, so that moles balance."""

from papaver.core import Component, Dose, Output, Param, State, d


class FirstOrderAbsorption(Component):
    """One first-order process after a lag time."""

    F = Param("1", "fraction absorbed")
    ka = Param("1/min", "absorption rate constant")
    tlag = Param("min", "lag time")

    A = State("nmol", "amount waiting in the depot")
    A_lost = State("nmol", "amount never absorbed")

    R_out = Output(ka * A, "nmol/min", "absorption rate")

    dose = Dose({A: F, A_lost: 1 - F}, "into the depot", lag=tlag)
    equations = [d(A) == -ka * A, d(A_lost) == 0]


class BiphasicAbsorption(Component):
    """A fast and a slow first-order process in parallel (deep lung and airways; nose and swallowed part)."""

    F = Param("1", "fraction absorbed")
    share_fast = Param("1", "share of the absorbed part that takes the fast way")
    ka_fast = Param("1/min", "fast absorption rate constant")
    ka_slow = Param("1/min", "slow absorption rate constant")
    tlag = Param("min", "lag time")

    A_fast = State("nmol", "amount waiting, fast")
    A_slow = State("nmol", "amount waiting, slow")
    A_lost = State("nmol", "amount never absorbed")

    R_out = Output(ka_fast * A_fast + ka_slow * A_slow, "nmol/min", "absorption rate")

    dose = Dose({A_fast: F * share_fast, A_slow: F * (1 - share_fast), A_lost: 1 - F}, "into the depot", lag=tlag)
    equations = [d(A_fast) == -ka_fast * A_fast, d(A_slow) == -ka_slow * A_slow, d(A_lost) == 0]


class OralAbsorption(Component):
    """Release and gastric emptying in series with absorption from the gut."""

    F = Param("1", "fraction absorbed")
    k_rel = Param("1/min", "release from the form and emptying of the stomach, rate constant")
    ka = Param("1/min", "absorption rate constant")
    tlag = Param("min", "lag time")

    A_form = State("nmol", "amount in the form and the stomach")
    A = State("nmol", "amount in the gut")
    A_lost = State("nmol", "amount never absorbed")

    R_out = Output(ka * A, "nmol/min", "absorption rate")

    dose = Dose({A_form: F, A_lost: 1 - F}, "swallowed", lag=tlag)
    equations = [d(A_form) == -k_rel * A_form, d(A) == k_rel * A_form - ka * A, d(A_lost) == 0]
