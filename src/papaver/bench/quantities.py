"""What studies measure, as the field names it: each quantity computed from simulated arms the way the study would have.

`Arms` simulates an arm when it is first asked for. A quantity takes the observation and the arms, and returns the prediction in
internal units (min, nmol/L, L/min, ...); `predict` turns that into the observation's unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from papaver.errors import PapaverError
from papaver.readouts.curves import auc, cmax, crossing_time, half_life, time_above, tmax
from papaver.readouts.urine import detection_time, voids
from papaver.scenario.resolve import TOTAL_MORPHINE
from papaver.units import Unit, convert, to_internal

if TYPE_CHECKING:
    from papaver.bench.arms import Arm, Arms
    from papaver.bench.study import Observation

Array = npt.NDArray[np.float64]

VOID_INTERVAL = 120.0
"""Assumed time between voids where a study does not say, min."""
RATE_INTERVAL = 30.0
"""Assumed time between urine samples of an excretion-rate half-life, min."""
LIMITS = {"plasma": "1 ng/mL", "blood": "1 ng/mL", "urine": "10 ng/mL"}
"""Assumed assay limits where a study gives none."""
HALF_LIFE_WINDOW = {"heroin": (1.0, 12.0), "six_mam": (10.0, 90.0), "morphine": (60.0, 480.0), "m3g": (180.0, 1440.0), "m6g": (180.0, 1440.0)}
"""Assumed window of a half-life fit where a study does not say, min after the dose; other molecules: the last half up to a day."""


class NotSimulated(PapaverError):
    """A quantity that cannot be computed for this observation; the message is the reason."""


def _curve(arm: Arm, o: Observation, analyte: str) -> tuple[Array, Array]:
    """Times and concentration (nmol/L) of an analyte in the matrix and at the site of the observation."""
    r = arm.result
    if o.matrix == "oral_fluid":
        raise NotSimulated("oral fluid is not an output of this body")
    if o.matrix == "urine":
        # a half-life in urine is that of the excretion rate: frequent samples
        times, c = voids(r.t, arm.urine(analyte), arm.flow, VOID_INTERVAL if o.quantity != "half_life" else RATE_INTERVAL)
        return np.concatenate([[0.0], times]), np.concatenate([[0.0], c])
    suffix = {"brain": "brain.C"}.get(o.matrix, "vein.C" if o.site == "venous" else "pk.C1")
    names = [analyte] if analyte != "total_morphine" else [n for n in TOTAL_MORPHINE if f"{n}.pk.C1" in r.columns]
    total = np.zeros_like(r.t)
    for n in names:
        if f"{n}.{suffix}" not in r.columns:
            raise NotSimulated(f"{n} does not arise in this arm")
        total = total + r[f"{n}.{suffix}"][0] * (arm.blood_ratio(n) if o.matrix == "blood" else 1.0)
    if o.sampled_from is not None:
        seen = r.t >= to_internal(o.sampled_from, "min", where="sampled_from", example="2 min")
        return r.t[seen], total[seen]
    return r.t, total


def _analytes(o: Observation) -> list[str]:
    return o.analyte.split("+")


def _limit(o: Observation, analyte: str, arms: Arms) -> float:
    text = o.limit or LIMITS.get(o.matrix, "1 ng/mL")
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
        start, stop = (last + x for x in HALF_LIFE_WINDOW[analyte]) if analyte in HALF_LIFE_WINDOW else (None, last + 1440.0)
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
    """Clearance times mean residence time of an iv dose."""
    arm = arms.iv_of(analyte, o.arm)
    t, c = _curve(arm, o, analyte)
    area = auc(t, c)
    moment = float(np.trapezoid(t * c, t))
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
    f, unit = QUANTITIES[o.quantity]
    value = f(o, arms)
    if not math.isfinite(value):
        raise NotSimulated(f"{o.quantity} of {o.analyte} cannot be read off the simulated curve")
    dims = dict(Unit.parse(o.unit).dims)
    if dims.get("kg") == -1:
        value, unit = value / arms.weight(o.arm), f"({unit})/kg"
    return convert(value, unit, o.unit, MW=arms.MW(_analytes(o)[0]))
