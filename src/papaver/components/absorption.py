"""Absorption from a depot (nose, muscle, skin, gut): what is never absorbed is kept as an amount, so that moles balance."""

from papaver.core import Component, Const, Dose, Input, Output, Param, State, d


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


class MucosalAbsorption(Component):
    """Through the mucosa of mouth or nose, and what is swallowed of the rest: two ways in from one dose."""

    F = Param("1", "fraction absorbed through the mucosa")
    ka = Param("1/min", "absorption rate constant, mucosa")
    swallowed = Param("1", "share of the rest that is swallowed")
    ka_gut = Param("1/min", "absorption rate constant, gut")
    tlag = Param("min", "lag time")

    A = State("nmol", "amount waiting at the mucosa")
    A_gut = State("nmol", "amount swallowed")
    A_lost = State("nmol", "amount never absorbed")

    R_out = Output(ka * A, "nmol/min", "absorption rate through the mucosa")
    R_gut = Output(ka_gut * A_gut, "nmol/min", "absorption rate from the gut")

    dose = Dose({A: F, A_gut: (1 - F) * swallowed, A_lost: (1 - F) * (1 - swallowed)}, "on the mucosa", lag=tlag)
    equations = [d(A) == -ka * A, d(A_gut) == -ka_gut * A_gut, d(A_lost) == 0]


class Mouth(Component):
    """Drug dissolved in saliva: it passes the mucosa at a rate that saturates, and is swallowed meanwhile.

    The mucosa holds what it takes up for a while. Of what is swallowed a part gets through the wall of the gut unchanged, a part as a product,
    and the rest is lost there. So a small dose is absorbed better than a large one, and what dissolves slowly better than what dissolves fast.
    """

    k = Param("1/min", "rate at which saliva loses a small amount, all ways")
    share_mucosa = Param("1", "share of that through the mucosa")
    share_swallowed = Param("1", "share swallowed and unchanged past the wall of the gut")
    share_product = Param("1", "share swallowed and past the wall of the gut as a product")
    share_lost = Param("1", "share that is lost")
    A_half = Param("nmol", "amount in saliva at which the mucosa takes up half of what it would")
    MTT_mucosa = Param("min", "mean transit time, mucosa")
    MTT_swallowed = Param("min", "mean transit time, stomach and gut")
    MTT_product = Param("min", "mean transit time, stomach and gut, for the product")
    R_in = Input("nmol/min", "drug dissolving", default=0)

    A = State("nmol", "amount in saliva")
    A_mucosa = State("nmol", "amount in the mucosa")
    A_swallowed = State("nmol", "amount in the gut, unchanged past its wall")
    A_product = State("nmol", "amount in the gut, past its wall as a product")
    A_lost = State("nmol", "amount never absorbed")

    uptake = Output(k * share_mucosa * A * A_half / (A_half + A), "nmol/min", "rate into the mucosa")
    R_out = Output(A_mucosa / MTT_mucosa, "nmol/min", "absorption rate through the mucosa")
    R_gut = Output(A_swallowed / MTT_swallowed, "nmol/min", "absorption rate from the gut")
    R_product = Output(A_product / MTT_product, "nmol/min", "rate at which the product leaves the wall of the gut")

    equations = [
        d(A) == R_in - uptake - k * (share_swallowed + share_product + share_lost) * A,
        d(A_mucosa) == uptake - A_mucosa / MTT_mucosa,
        d(A_swallowed) == k * share_swallowed * A - A_swallowed / MTT_swallowed,
        d(A_product) == k * share_product * A - A_product / MTT_product,
        d(A_lost) == k * share_lost * A,
    ]


class DelayedAbsorption(Component):
    """An early part by first order, and a late one released after a delay (three transit stages), then by first order: depots, some sprays."""

    stages = Const(3.0, "1", "stages of the delay")

    F = Param("1", "fraction absorbed")
    share_fast = Param("1", "share of the absorbed part that comes early")
    ka_fast = Param("1/min", "early absorption rate constant")
    MTT_slow = Param("min", "mean delay of the late part")
    ka_slow = Param("1/min", "late absorption rate constant")
    tlag = Param("min", "lag time")

    A_fast = State("nmol", "amount waiting, early")
    A_1 = State("nmol", "amount in the depot, first stage")
    A_2 = State("nmol", "amount in the depot, second stage")
    A_3 = State("nmol", "amount in the depot, third stage")
    A_slow = State("nmol", "amount released, late")
    A_lost = State("nmol", "amount never absorbed")

    R_out = Output(ka_fast * A_fast + ka_slow * A_slow, "nmol/min", "absorption rate")

    dose = Dose({A_fast: F * share_fast, A_1: F * (1 - share_fast), A_lost: 1 - F}, "into the depot", lag=tlag)
    equations = [
        d(A_fast) == -ka_fast * A_fast,
        d(A_1) == -A_1 * stages / MTT_slow,
        d(A_2) == (A_1 - A_2) * stages / MTT_slow,
        d(A_3) == (A_2 - A_3) * stages / MTT_slow,
        d(A_slow) == A_3 * stages / MTT_slow - ka_slow * A_slow,
        d(A_lost) == 0,
    ]


class TwoStepAbsorption(Component):
    """Release (and gastric emptying) in series with absorption: tablets, and muscle where the peak is late."""

    F = Param("1", "fraction absorbed")
    k_rel = Param("1/min", "release from the form or the site, with emptying of the stomach, rate constant")
    ka = Param("1/min", "absorption rate constant")
    tlag = Param("min", "lag time")

    A_form = State("nmol", "amount not yet released, or in the stomach")
    A = State("nmol", "amount released")
    A_lost = State("nmol", "amount never absorbed")

    R_out = Output(ka * A, "nmol/min", "absorption rate")

    dose = Dose({A_form: F, A_lost: 1 - F}, "swallowed, or into the site", lag=tlag)
    equations = [d(A_form) == -k_rel * A_form, d(A) == k_rel * A_form - ka * A, d(A_lost) == 0]
