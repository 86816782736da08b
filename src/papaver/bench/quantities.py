"""What studies measure, as the field names it: each quantity computed from simulated arms the way the study would have.

`Arms` simulates an arm when it is first asked for. A quantity takes the observation and the arms, and returns the prediction in
internal units (min, nmol/L, L/min, ...); `predict` turns that into the observation's unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from papaver.bench.courses import NotSimulated
from papaver.bench.effects import is_effect, predict_effect
from papaver.readouts.curves import auc, cmax, crossing_time, half_life, time_above, tmax
from papaver.readouts.urine import detection_time, voids
from papaver.units import Unit, convert, to_internal

if TYPE_CHECKING:
    from papaver.bench.arms import Arm, Arms
    from papaver.bench.study import Observation

Array = npt.NDArray[np.float64]

VOID_INTERVAL = 120.0
"""Assumed time between voids where a study does not say, min."""
RATE_INTERVAL = 30.0
"""Assumed time between urine samples of an excretion-rate half-life, min."""
LIMITS = {"plasma": "1 ng/mL", "blood": "1 ng/mL", "urine": "10 ng/mL", "oral_fluid": "1 ng/mL"}
"""Assumed assay limits where a study gives none."""
ALPHA_WINDOW = (2.0, 30.0)
"""Assumed window of a distribution half-life after an iv dose, min."""
BLOCKADE_WINDOW = (1440.0, 10080.0)
"""Assumed window of the half-life of receptor blockade after a dose, min."""


def _curve(arm: Arm, o: Observation, analyte: str) -> tuple[Array, Array]:
    """Times and concentration (nmol/L) of an analyte in the matrix and at the site of the observation."""
    r = arm.result
    if o.matrix == "urine":
        # a half-life in urine is that of the excretion rate: frequent samples
        times, c = voids(r.t, arm.urine(analyte), arm.flow, VOID_INTERVAL if o.quantity != "half_life" else RATE_INTERVAL)
        return np.concatenate([[0.0], times]), np.concatenate([[0.0], c])
    suffix = {"brain": "brain.C", "oral_fluid": "oral_fluid.C"}.get(o.matrix, "vein.C" if o.site == "venous" else "pk.C1")
    names = arm.molecules(analyte)
    if analyte == "total_morphine":
        names = tuple(n for n in names if f"{n}.pk.C1" in r.columns)
    total = np.zeros_like(r.t)
    for n in names:
        if f"{n}.{suffix}" not in r.columns:
            known = o.matrix != "oral_fluid" or f"{n}.pk.C1" not in r.columns
            raise NotSimulated(f"{n} does not arise in this arm" if known else f"no ratio of oral fluid to plasma is known of {n}")
        total = total + r[f"{n}.{suffix}"][0] * (arm.blood_ratio(n) if o.matrix == "blood" else 1.0)
    if o.sampled_from is not None:
        seen = r.t >= to_internal(o.sampled_from, "min", where="sampled_from", example="2 min")
        return r.t[seen], total[seen]
    return r.t, total


def _analytes(o: Observation) -> list[str]:
    return o.analyte.split("+")


def _limit(o: Observation, analyte: str, arms: Arms) -> float:
    text = o.limit or (arms.assay_limit(analyte) if o.matrix not in ("urine", "oral_fluid") else None) or LIMITS.get(o.matrix, "1 ng/mL")
    value, _, unit = text.partition(" ")
    return convert(float(value), unit, "nmol/L", MW=arms.MW(analyte))


def _each(f: Callable[[Observation, Arms, str], float]) -> Callable[[Observation, Arms], float]:
    """A quantity of several analytes joined by "+" is the geometric mean over them."""

    def over(o: Observation, arms: Arms) -> float:
        values = [f(o, arms, a) for a in _analytes(o)]
        return values[0] if len(values) == 1 else math.exp(float(np.mean(np.log(values))))

    return over


@_each
def _cmax(o: Observation, arms: Arms, analyte: str) -> float:
    return cmax(*_curve(arms[o.arm], o, analyte))


@_each
def _tmax(o: Observation, arms: Arms, analyte: str) -> float:
    t, c = _curve(arms[o.arm], o, analyte)
    top = int(np.argmax(c))
    if o.matrix == "urine" or top in (0, len(t) - 1):
        return tmax(t, c)
    # the parabola through the three highest points, so that the grid does not round the peak
    a, b, _ = np.polyfit(t[top - 1 : top + 2] - t[top], c[top - 1 : top + 2], 2)
    return float(t[top] - b / (2 * a)) if a < 0 else float(t[top])


@_each
def _auc(o: Observation, arms: Arms, analyte: str) -> float:
    return auc(*_curve(arms[o.arm], o, analyte))


@_each
def _concentration(o: Observation, arms: Arms, analyte: str) -> float:
    t, c = _curve(arms[o.arm], o, analyte)
    if o.at is None:
        raise NotSimulated("a concentration needs its time (at:)")
    return float(np.interp(to_internal(o.at, "min", where="at", example="30 min"), t, c))


@_each
def _trough(o: Observation, arms: Arms, analyte: str) -> float:
    t, c = _curve(arms[o.arm], o, analyte)
    last = arms[o.arm].dose_times[-1]
    before = t < last - 1e-6
    if len(arms[o.arm].dose_times) < 2 or not before.any():
        raise NotSimulated("a trough needs repeated doses")
    return float(c[before][-1])


@_each
def _half_life(o: Observation, arms: Arms, analyte: str) -> float:
    t, c = _curve(arms[o.arm], o, analyte)
    last = arms[o.arm].dose_times[-1]
    start: float | None
    if o.window:
        start, stop = (to_internal(w, "min", where="window", example="2 h") for w in o.window)
    elif o.matrix == "urine":
        start, stop = tmax(t, c) + RATE_INTERVAL, last + 1440.0
    else:
        # of a depot the studies see the release, however long it takes
        released = arms[o.arm].scenario.doses[-1].route.startswith(("depot", "transdermal"))
        usual = None if released else arms.half_life_window(analyte)
        start, stop = (last + x for x in usual) if usual else (None, math.inf if released else last + 1440.0)
    if start is not None:
        # a slow route peaks late: the fit begins after the peak all the same
        start = max(start, tmax(t, c))
    found = half_life(t, c, start, stop, _limit(o, analyte, arms))
    # an assay that loses the curve before the window opens: the study can only have fitted what it saw
    return found if math.isfinite(found) else half_life(t, c, None, stop, _limit(o, analyte, arms))


@_each
def _clearance(o: Observation, arms: Arms, analyte: str) -> float:
    """Dose over area. Of a molecule that was not given itself: of an iv dose of it to the same person."""
    arm = arms[o.arm] if arms[o.arm].drug == analyte else arms.iv_of(analyte, o.arm)
    t, c = _curve(arm, o, analyte)
    return arm.dosed / auc(t, c)


@_each
def _volume_ss(o: Observation, arms: Arms, analyte: str) -> float:
    """Clearance times mean residence time of an iv dose; with a window, as a study finds it whose samples end there: what comes later is
    extrapolated with the half-life over the window, so that a deep tissue stays unseen."""
    arm = arms.iv_of(analyte, o.arm)
    t, c = _curve(arm, o, analyte)
    area, moment = auc(t, c), float(np.trapezoid(t * c, t))
    if o.window:
        start, stop = (to_internal(w, "min", where="window", example="24 h") for w in o.window)
        seen = t <= stop
        t, c = t[seen], c[seen]
        rest = half_life(t, c, start, stop) / math.log(2)
        area = auc(t, c) + c[-1] * rest
        moment = float(np.trapezoid(t * c, t)) + c[-1] * rest * (t[-1] + rest)
    return arm.dosed / area * (moment / area - arm.mean_input_time)


def _exposure(o: Observation, arms: Arms, analyte: str, name: str) -> float:
    return auc(*_curve(arms[name], o, analyte)) / arms[name].dosed


@_each
def _relative_exposure(o: Observation, arms: Arms, analyte: str) -> float:
    """Dose-normalised area in the arm over that in the reference arm (default: the same drug iv)."""
    reference = o.reference or arms.add_iv_reference(o.arm)
    return _exposure(o, arms, analyte, o.arm) / _exposure(o, arms, analyte, reference)


@_each
def _relative_cmax(o: Observation, arms: Arms, analyte: str) -> float:
    reference = o.reference or arms.add_iv_reference(o.arm)
    value = cmax(*_curve(arms[o.arm], o, analyte)) / arms[o.arm].dosed
    return value / (cmax(*_curve(arms[reference], o, analyte)) / arms[reference].dosed)


@_each
def _exposure_ratio(o: Observation, arms: Arms, analyte: str) -> float:
    """Area in the arm over that in the reference arm, doses as they are."""
    if o.reference is None:
        raise NotSimulated("a ratio of exposures needs a reference arm")
    return auc(*_curve(arms[o.arm], o, analyte)) / auc(*_curve(arms[o.reference], o, analyte))


@_each
def _cmax_arms(o: Observation, arms: Arms, analyte: str) -> float:
    """Peak in the arm over that in the reference arm, doses as they are."""
    if o.reference is None:
        raise NotSimulated("a ratio of peaks needs a reference arm")
    return cmax(*_curve(arms[o.arm], o, analyte)) / cmax(*_curve(arms[o.reference], o, analyte))


def _last_interval(o: Observation, arms: Arms, analyte: str) -> tuple[Array, Array, float]:
    """The curve over the last dosing interval, and its length."""
    times = arms[o.arm].dose_times
    if len(times) < 2:
        raise NotSimulated("a steady state needs repeated doses")
    t, c = _curve(arms[o.arm], o, analyte)
    interval = times[-1] - times[-2]
    seen = (t >= times[-1] - 1e-6) & (t <= times[-1] + interval)
    return t[seen], c[seen], interval


@_each
def _cavg(o: Observation, arms: Arms, analyte: str) -> float:
    t, c, interval = _last_interval(o, arms, analyte)
    return auc(t, c) / interval


@_each
def _peak_trough(o: Observation, arms: Arms, analyte: str) -> float:
    _, c, _ = _last_interval(o, arms, analyte)
    return float(c.max()) / _trough(o, arms)


@_each
def _half_life_alpha(o: Observation, arms: Arms, analyte: str) -> float:
    t, c = _curve(arms[o.arm], o, analyte)
    start, stop = ALPHA_WINDOW if not o.window else (to_internal(w, "min", where="window", example="2 min") for w in o.window)
    return half_life(t, c, start, stop)


@_each
def _renal_clearance(o: Observation, arms: Arms, analyte: str) -> float:
    """Amount in urine over area in plasma."""
    arm = arms[o.arm]
    t, c = _curve(arm, msgspec.structs.replace(o, matrix="plasma"), analyte)
    return float(arm.urine(analyte)[-1]) / auc(t, c)


@_each
def _elimination_rate(o: Observation, arms: Arms, analyte: str) -> float:
    """Fall of the concentration with time after the peak: at the level `limit`, else from four fifths to two fifths of the peak."""
    t, c = _curve(arms[o.arm], o, analyte)
    top = int(np.argmax(c))
    if o.limit is not None:
        level = _limit(o, analyte, arms)
        if level >= c[top]:
            raise NotSimulated("the level is not reached")
        high, low = min(1.2 * level, c[top]), 0.8 * level
    else:
        high, low = 0.8 * c[top], 0.4 * c[top]
    at = np.interp([-high, -low], -c[top:], t[top:])
    return float((high - low) / (at[1] - at[0]))


def _protein_binding(o: Observation, arms: Arms) -> float:
    """Bound fraction in plasma of this person."""
    arm = arms[o.arm]
    return 1.0 - arm.prepared.values[f"{arm.molecules(o.analyte)[0]}.pk.fu"]


def _occupied(o: Observation, arms: Arms) -> tuple[Array, Array]:
    """Share of the receptors that a tracer finds before the dose and no longer after it, as PET measures."""
    r = arms[o.arm].result
    if "mop.free" not in r.columns:
        raise NotSimulated("there is no MOP receptor in this arm")
    free = r["mop.free"][0]
    return r.t, 1.0 - free / free[0]


def _occupancy(o: Observation, arms: Arms) -> float:
    """Occupancy of MOP at the time `at`, else at its greatest."""
    t, taken = _occupied(o, arms)
    return float(taken.max()) if o.at is None else float(np.interp(to_internal(o.at, "min", where="at", example="30 min"), t, taken))


def _occupancy_half_life(o: Observation, arms: Arms) -> float:
    t, taken = _occupied(o, arms)
    last = arms[o.arm].dose_times[-1]
    start, stop = (last + x for x in BLOCKADE_WINDOW) if not o.window else (to_internal(w, "min", where="window", example="1 day") for w in o.window)
    return half_life(t, taken, start, stop, 1e-6)


def _relative_potency(o: Observation, arms: Arms) -> float:
    """Mass of the reference arm's dose over that of the arm's dose, for the same peak of the MOP effect (rated within `window`)."""
    from scipy.optimize import brentq

    reference = o.reference or arms.add_iv_reference(o.arm)

    low, high = (to_internal(w, "min", where="window", example="2 h") for w in o.window) if o.window else (0.0, math.inf)

    def peak(arm: Arm) -> float:
        t = arm.result.t
        return float(arm.result["mop.effect.activation"][0][(t >= low) & (t <= high)].max())

    want = peak(arms[reference])

    def off(x: float) -> float:
        return peak(arms.with_dose(o.arm, math.exp(x))) - want

    if off(-9.0) > 0 or off(9.0) < 0:
        raise NotSimulated("no dose of the arm gives the effect of the reference arm")
    factor = math.exp(brentq(off, -9.0, 9.0, xtol=0.01))
    return arms.mass(reference) / (arms.mass(o.arm) * factor)


def _ratio(o: Observation, arms: Arms) -> float:
    """Area of the analyte over that of `versus` in the same arm."""
    if o.versus is None:
        raise NotSimulated("a ratio needs the molecule below the line (versus:)")
    return auc(*_curve(arms[o.arm], o, o.analyte)) / auc(*_curve(arms[o.arm], o, o.versus))


def _cmax_ratio(o: Observation, arms: Arms) -> float:
    """Peak of the analyte over peak of `versus` in the same arm."""
    if o.versus is None:
        raise NotSimulated("a ratio needs the molecule below the line (versus:)")
    return cmax(*_curve(arms[o.arm], o, o.analyte)) / cmax(*_curve(arms[o.arm], o, o.versus))


def _crossover(o: Observation, arms: Arms) -> float:
    if o.versus is None:
        raise NotSimulated("a crossing needs the other molecule (versus:)")
    t, a = _curve(arms[o.arm], o, o.analyte)
    return crossing_time(t, a, _curve(arms[o.arm], o, o.versus)[1])


@_each
def _detection(o: Observation, arms: Arms, analyte: str) -> float:
    arm, limit = arms[o.arm], _limit(o, analyte, arms)
    if o.matrix == "urine":
        return detection_time(arm.result.t, arm.urine(analyte), arm.flow, VOID_INTERVAL, limit)
    return time_above(*_curve(arm, o, analyte), limit)


def _recovery(o: Observation, arms: Arms) -> float:
    """Fraction of the dose in urine, by the time `at` (default: in the end)."""
    arm = arms[o.arm]
    total = sum((arm.urine(a) for a in _analytes(o)), np.zeros_like(arm.result.t))
    end = arm.result.t[-1] if o.at is None else to_internal(o.at, "min", where="at", example="24 h")
    return float(np.interp(end, arm.result.t, total)) / arm.dosed


def _fraction_metabolised(o: Observation, arms: Arms) -> float:
    """Share of an iv dose that goes the way named by `versus` (a pathway of the analyte)."""
    if o.versus is None:
        raise NotSimulated("a fraction needs the pathway (versus:)")
    arm = arms.iv_of(o.analyte, o.arm)
    return arm.integral(f"{o.analyte}.pk.R_elim[{o.versus}]") / arm.dosed


def _first_pass_share(o: Observation, arms: Arms) -> float:
    """Share of a product (`analyte`) of `versus` that is formed before its parent reaches blood."""
    arm = arms[o.arm]
    parent = o.versus or arm.drug
    first = arm.integral(f"{parent}.liver.R_met[{o.analyte}]")
    return first / (first + arm.integral(f"{parent}.pk.R_elim[{o.analyte}]"))


def _ke0(o: Observation, arms: Arms) -> float:
    """The ke0 of an effect compartment that best follows the brain: least squares of its shape against the simulated brain's."""
    from scipy.optimize import minimize_scalar

    arm = arms[o.arm]
    r = arm.result
    t, c, brain = r.t, r[f"{o.analyte}.pk.C1"][0], r[f"{o.analyte}.brain.C"][0]
    keep = t <= 600
    t, c, brain = t[keep], c[keep], brain[keep] / brain[keep].max()

    def misfit(log_k: float) -> float:
        e = _effect_site(t, c, math.exp(log_k))
        return float(np.trapezoid((e / e.max() - brain) ** 2, t))

    found = minimize_scalar(misfit, bounds=(math.log(1e-4), math.log(3.0)), method="bounded")
    return float(math.exp(found.x))


def _effect_site(t: Array, c: Array, k: float) -> Array:
    e = np.zeros_like(c)
    for i in range(1, len(t)):
        decay = math.exp(-k * (t[i] - t[i - 1]))
        e[i] = e[i - 1] * decay + 0.5 * (c[i] + c[i - 1]) * (1 - decay)
    return e


def _ke0_half_life(o: Observation, arms: Arms) -> float:
    return math.log(2) / _ke0(o, arms)


def _covariate_exponent(o: Observation, arms: Arms) -> float:
    """Slope of log clearance on log eGFR between 30 and 90 mL/min/1.73m2, of an iv dose of the analyte."""
    values = []
    for eGFR in (30.0, 90.0):
        clearances = []
        for a in _analytes(o):
            arm = arms.iv_of(a, o.arm, eGFR=eGFR)
            clearances.append(arm.dosed / auc(*_curve(arm, o, a)))
        values.append(float(np.mean(np.log(clearances))))
    return (values[1] - values[0]) / math.log(3.0)


QUANTITIES: Mapping[str, tuple[Callable[[Any, Any], float], str]] = {
    "Cmax": (_cmax, "nmol/L"),
    "Tmax": (_tmax, "min"),
    "AUC": (_auc, "nmol*min/L"),
    "concentration": (_concentration, "nmol/L"),
    "Ctrough": (_trough, "nmol/L"),
    "half_life": (_half_life, "min"),
    "clearance": (_clearance, "L/min"),
    "volume_ss": (_volume_ss, "L"),
    "bioavailability": (_relative_exposure, "1"),
    "relative_bioavailability": (_relative_exposure, "1"),
    "relative_exposure": (_relative_exposure, "1"),
    "relative_Cmax": (_relative_cmax, "1"),
    "exposure_ratio": (_exposure_ratio, "1"),
    "Cmax_arms": (_cmax_arms, "1"),
    "Cavg": (_cavg, "nmol/L"),
    "peak_trough_ratio": (_peak_trough, "1"),
    "half_life_alpha": (_half_life_alpha, "min"),
    "renal_clearance": (_renal_clearance, "L/min"),
    "elimination_rate": (_elimination_rate, "nmol/L/min"),
    "protein_binding": (_protein_binding, "1"),
    "occupancy": (_occupancy, "1"),
    "occupancy_half_life": (_occupancy_half_life, "min"),
    "relative_potency": (_relative_potency, "1"),
    "metabolite_ratio": (_ratio, "1"),
    "Cmax_ratio": (_cmax_ratio, "1"),
    "crossover_time": (_crossover, "min"),
    "detection_time": (_detection, "min"),
    "urinary_recovery": (_recovery, "1"),
    "fraction_metabolised": (_fraction_metabolised, "1"),
    "fraction_formed_first_pass": (_first_pass_share, "1"),
    "ke0": (_ke0, "1/min"),
    "ke0_half_life": (_ke0_half_life, "min"),
    "covariate_exponent": (_covariate_exponent, "1"),
}
"""Quantity -> (how it is computed, internal unit of the result)."""


def predict(o: Observation, arms: Arms) -> float:
    """Prediction in the observation's unit.

    Raises:
        NotSimulated: it cannot be computed; the message says why.
    """
    if is_effect(o.quantity):
        value, unit = predict_effect(o, arms)
    else:
        f, unit = QUANTITIES[o.quantity]
        value = f(o, arms)
    if not math.isfinite(value):
        raise NotSimulated(f"{o.quantity} of {o.analyte} cannot be read off the simulated curve")
    dims = dict(Unit.parse(o.unit).dims)
    if dims.get("kg") == -1:
        value, unit = value / arms.weight(o.arm), f"({unit})/kg"
    if o.quantity == "SpO2" and o.relative not in ("baseline", "reference"):
        # the monitor shows percent
        value, unit = value / 100, "1"
    MW = None if is_effect(o.quantity) and o.quantity != "EC50" else arms.MW(_analytes(o)[0])
    return convert(value, unit, o.unit, MW=MW)
