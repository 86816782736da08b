"""Effects as studies measure them: breathing, blood gases, circulation, pupil, pain, arousal - values, changes, times, shares of people.

One registry maps what was measured to an output of the body and says how it is scored: quantities with a natural zero by their fold,
pressures, saturation and pupils in standard errors of their change, percentages by their odds.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from papaver.bench.courses import Course, NotSimulated, holds
from papaver.scenario.rules import condition
from papaver.units import to_internal

if TYPE_CHECKING:
    from papaver.bench.arms import Arms
    from papaver.bench.study import Observation

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """An output as a measured quantity.

    Attributes:
        output, unit: of the body. scale: "ratio" (scored by fold), "interval" (in standard errors), "share" (by odds).
        sd: spread between people in `unit`, for studies on an interval scale that print none.
    """

    output: str
    unit: str
    scale: str
    sd: float = 0.0


EFFECTS: Mapping[str, Effect] = {
    "minute_ventilation": Effect("breathing.VE", "L/min", "ratio"),
    "tidal_volume": Effect("breathing.VT", "L", "ratio"),
    "respiratory_rate": Effect("breathing.RR", "1/min", "ratio"),
    "oxygen_consumption": Effect("depression.metabolism", "1", "ratio"),
    "PaO2": Effect("monitor.PaO2", "mmHg", "interval", 10.0),
    "PaCO2": Effect("monitor.PaCO2", "mmHg", "interval", 4.0),
    "PetCO2": Effect("monitor.PETCO2", "mmHg", "interval", 4.0),
    "SpO2": Effect("monitor.SpO2", "1", "interval", 2.0),
    "brain_oxygen": Effect("brain.P_O2", "mmHg", "ratio"),
    "heart_rate": Effect("heart.HR", "1/min", "ratio"),
    "MAP": Effect("heart.MAP", "mmHg", "interval", 9.0),
    "cardiac_output": Effect("heart.CO", "L/min", "ratio"),
    "cerebral_blood_flow": Effect("flow.Q_b", "L/min", "ratio"),
    "pupil_diameter": Effect("eye.diameter", "mm", "interval", 0.8),
    "pain_tolerance": Effect("relief.tolerance", "1", "ratio"),
    "arousal": Effect("arousal.level", "1", "share"),
    "receptor_availability": Effect("mop.free", "1", "share"),
    "COWS": Effect("scales.COWS", "1", "interval", 4.0),
    "SOWS": Effect("scales.SOWS", "1", "interval", 5.0),
    "SOWS_H": Effect("scales.SOWS_H", "1", "interval", 9.0),
    "OOWS": Effect("scales.OOWS", "1", "interval", 2.5),
    "noradrenaline": Effect("noradrenaline.NA", "1", "ratio"),
    "cortisol": Effect("adrenal.C", "nmol/L", "ratio"),
    "ACTH": Effect("adrenal.ACTH", "1", "ratio"),
    "LH": Effect("gonadal.LH", "1", "ratio"),
    "testosterone": Effect("gonadal.T", "nmol/L", "ratio"),
    "QTc": Effect("ecg.QTc", "1", "interval", 25.0),
    "gastric_emptying": Effect("gut.gastric", "min", "ratio"),
    "orocaecal_transit": Effect("gut.caecum", "min", "ratio"),
    "colonic_transit": Effect("gut.colon", "min", "ratio"),
    "body_temperature": Effect("autonomic.T_core", "degC", "interval", 0.4),
    "NK_activity": Effect("immunity.NK", "1", "ratio"),
    "cytokine": Effect("immunity.IL", "1", "ratio"),
    "functional_coupling": Effect("life.coupled", "1", "ratio"),
    "binding_sites": Effect("life.N", "1", "ratio"),
    "peptide_tone": Effect("tone.tone", "1", "ratio"),
}
"""What studies measure -> the output that answers to it. SpO2 is in percent, QTc in ms, ACTH in pg/mL, LH in IU/L; scales in points (SOWS is
Gossop's)."""
DEPENDENCE = frozenset(
    name for name, e in EFFECTS.items()
    if e.output.split(".")[0] in ("scales", "noradrenaline", "adrenal", "gonadal", "ecg", "gut", "autonomic", "immunity", "tone")
)  # fmt: skip
"""Those of the part of the body that dependence changes."""
STATISTICS = ("peak", "trough", "mean", "time_of_peak", "time_of_trough")
RELATIVE = ("baseline", "change", "reference", "difference")
SCALES = {
    "EC50": "ratio", "reversal_dose": "ratio", "time_to": "ratio", "duration": "ratio", "ventilatory_slope": "ratio", "reversal_fraction": "share",
    "response_fraction": "share",
}  # fmt: skip
"""Quantities made of several outputs or people, and how they are scored."""


def is_effect(quantity: str) -> bool:
    """True for a quantity of this registry."""
    return quantity in EFFECTS or quantity in SCALES or quantity == "sign"


def needs_dependence(observations: Iterable[Observation]) -> bool:
    """Whether any of these looks at what dependence changes."""
    named = {EFFECTS[name].output.split(".")[0] for name in DEPENDENCE} | {"signs", "cows", "sows", "sows_h", "oows", "withdrawal", "locus", "fluid"}
    return any(
        o.quantity in DEPENDENCE or o.quantity == "sign" or any(x is not None and x.split(".")[0] in named for x in (o.when, o.given, o.of))
        for o in observations
    )  # fmt: skip


def scale_of(o: Observation) -> str:
    """How an observation of an effect is scored: ratio, interval or share."""
    if o.quantity in SCALES:
        return SCALES[o.quantity]
    if o.statistic in ("time_of_peak", "time_of_trough"):
        return "ratio"
    effect = _output(o)
    if effect.scale == "interval" and o.relative in ("baseline", "reference"):
        return "ratio"
    # a difference may be of either sign, and zero has no fold
    difference = o.relative in ("change", "difference") or (o.value is not None and o.value <= 0)
    return "interval" if effect.scale == "ratio" and difference else effect.scale


def default_se(o: Observation, n: int | None) -> float:
    """Standard error in the observation's unit where a study prints no spread: of a pressure and its like from the usual spread between people, of
    a difference of something else from a spread of half its size."""
    sd = EFFECTS[o.quantity].sd if o.quantity in EFFECTS else 0.0
    return (sd or 0.5 * abs(o.value or 1.0)) / math.sqrt(n or 8)


def predict_effect(o: Observation, arms: Arms) -> tuple[float, str]:
    """Prediction and its unit.

    Raises:
        NotSimulated: it cannot be computed; the message says why.
    """
    if o.quantity in EFFECTS or o.quantity == "sign":
        return _value(o, arms)
    f, unit = _SPECIAL[o.quantity]
    return f(o, arms), unit


def baseline(o: Observation, arms: Arms) -> float:
    """The output before the first drug in the arm (or at `baseline_at`), in the effect's unit."""
    c = arms.course(o.arm)
    return c.at(_output(o).output, _minutes(o.baseline_at, "baseline_at") if o.baseline_at else c.first_dose)


def _minutes(text: str, where: str) -> float:
    return to_internal(text, "min", where=where, example="10 min")


def _value(o: Observation, arms: Arms) -> tuple[float, str]:
    effect = _output(o)
    x = _statistic(o, arms.course(o.arm), effect.output)
    if o.statistic in ("time_of_peak", "time_of_trough"):
        return x, "min"
    if o.relative in ("reference", "difference"):
        if o.reference is None:
            raise NotSimulated("a comparison needs a reference arm")
        other = _statistic(o, arms.course(o.reference), effect.output)
        return (_ratio(x, other), "1") if o.relative == "reference" else (x - other, effect.unit)
    if o.relative in ("baseline", "change"):
        rest = baseline(o, arms)
        return (_ratio(x, rest), "1") if o.relative == "baseline" else (x - rest, effect.unit)
    return x, effect.unit


def _ratio(x: float, to: float) -> float:
    if to == 0:
        raise NotSimulated("it is compared with zero")
    return x / to


def _output(o: Observation) -> Effect:
    """The effect of an observation; "sign" takes any output that `of` names, of a ratio scale."""
    if o.quantity != "sign":
        return EFFECTS[o.quantity]
    if o.of is None:
        raise NotSimulated("a sign needs its output (of:), such as signs.S[yawning] or cows.goose")
    return Effect(o.of, "1", "ratio")


def _statistic(o: Observation, c: Course, output: str) -> float:
    """Value at a time, or over a window (default: from the first dose to the end)."""
    if o.at is not None and o.statistic is None:
        return c.at(output, _minutes(o.at, "at"))
    start, stop = (_minutes(w, "window") for w in o.window) if o.window else (c.first_dose, float(c.t[-1]))
    seen = (c.t >= start - 1e-9) & (c.t <= stop + 1e-9)
    t, y = c.t[seen], c[output][seen]
    if len(t) < 2:
        raise NotSimulated("the window holds no output times")
    if o.statistic == "peak":
        return float(np.nanmax(y))
    if o.statistic == "trough":
        return float(np.nanmin(y))
    if o.statistic == "mean":
        return float(np.trapezoid(y, t) / (t[-1] - t[0]))
    if o.statistic in ("time_of_peak", "time_of_trough"):
        k = int(np.nanargmax(y) if o.statistic == "time_of_peak" else np.nanargmin(y))
        return max(float(t[k]) - _since(o, c), _step(c))
    raise NotSimulated(f"{o.quantity} needs its time (at:) or a statistic ({', '.join(STATISTICS)})")


def _when(o: Observation) -> str:
    if o.when is None:
        raise NotSimulated(f"{o.quantity} needs its condition (when:)")
    return o.when


def _since(o: Observation, c: Course) -> float:
    return _minutes(o.since, "since") if o.since is not None else c.first_dose


def _step(c: Course) -> float:
    """Interval of the outputs, min: no study tells a shorter time from none."""
    return float(np.diff(c.t).min())


def _time_to(o: Observation, arms: Arms) -> float:
    """Time from `since` (default: the first dose) until a condition first holds."""
    c = arms.course(o.arm)
    start = _since(o, c)
    x, above, limit = holds(condition(_when(o), "when"), c)
    met = (x > limit) if above else (x < limit)
    later = np.flatnonzero(met & (c.t >= start - 1e-9))
    if not later.size:
        raise NotSimulated(f"{o.when} never holds")
    k = int(later[0])
    if k == 0 or c.t[k - 1] < start:
        return max(float(c.t[k] - start), _step(c))
    return max(float(c.t[k - 1] + (c.t[k] - c.t[k - 1]) * (limit - x[k - 1]) / (x[k] - x[k - 1]) - start), _step(c))


def _duration(o: Observation, arms: Arms) -> float:
    """Time for which a condition holds in all, from `since` on."""
    c = arms.course(o.arm)
    x, above, limit = holds(condition(_when(o), "when"), c)
    met = ((x > limit) if above else (x < limit)) & (c.t >= _since(o, c) - 1e-9)
    return max(float(np.trapezoid(met.astype(float), c.t)), _step(c))


def _response_fraction(o: Observation, arms: Arms) -> float:
    """Share of the people of a cohort for whom a condition holds at the time `at` (with a statistic: ever until then), else ever from `since` on;
    of those for whom `given` held at `baseline_at` (else at `since`)."""
    c = arms.cohort(o.arm)
    x, above, limit = holds(condition(_when(o), "when"), c)
    met = np.asarray((x > limit) if above else (x < limit))
    since = _since(o, c)
    end = float(c.t[-1]) if o.at is None else _minutes(o.at, "at")
    if o.at is not None and o.statistic is None:
        since = end
    yes = met[:, (c.t >= since - 1e-9) & (c.t <= end + 1e-9)].any(axis=1)
    who: npt.NDArray[Any] = np.full(yes.shape, True)
    if o.given is not None:
        y, up, bound = holds(condition(o.given, "given"), c)
        begin = _since(o, c)
        k, k_begin = (int(np.searchsorted(c.t, t - 1e-9)) for t in (_minutes(o.baseline_at, "baseline_at") if o.baseline_at else begin, begin))
        who = np.ravel((y[:, k] > bound) if up else (y[:, k] < bound))
        # nobody is treated whose heart has stopped by then
        with contextlib.suppress(NotSimulated):
            who &= np.ravel(c["heart.arrest"][:, k_begin] < 0.5)
    if not who.any():
        raise NotSimulated(f"nobody of the cohort meets {o.given}")
    return float(np.ravel(yes)[who].mean())


def _ec50(o: Observation, arms: Arms) -> float:
    """Concentration at the effect site, as plasma, at which the output `of` has gone the share `level` (default one half) of its way to zero.

    The arm must raise the concentration slowly enough; site and plasma are then in equilibrium but for the entry into the brain, which is undone.
    """
    c = arms.course(o.arm)
    output = EFFECTS[o.of or "minute_ventilation"].output
    level = o.level if o.level is not None else 0.5
    rest = c.at(output, _minutes(o.baseline_at, "baseline_at") if o.baseline_at else c.first_dose)
    if output == "eye.diameter":
        least = c.parameter("eye.d_min")
        share = (c[output] - least) / (rest - least)
    elif output == "relief.tolerance":
        share = 1.0 - (c[output] - 1.0) / max(c.parameter("relief.gain"), 1e-9)
    else:
        share = c[output] / rest
    found = np.flatnonzero((share <= 1 - level) & (c.t > c.first_dose))
    if not found.size:
        raise NotSimulated("the effect is never reached in this arm")
    k = int(found[0])
    w = (share[k - 1] - (1 - level)) / (share[k - 1] - share[k]) if share[k - 1] > share[k] else 1.0
    site = c[f"{o.analyte}.brain.C"]
    x = site[k - 1] + w * (site[k] - site[k - 1])
    plasma = x / (c.parameter(f"{o.analyte}.pk.fu") * c.parameter(f"{o.analyte}.brain.Kp_uu"))
    return float(plasma * (c.parameter(f"{o.analyte}.pk.R_bp") if o.matrix == "blood" else 1.0))


def _slope(o: Observation, arms: Arms) -> float:
    """Change of ventilation per change of end-tidal carbon dioxide between two arms that differ in it."""
    if o.reference is None or o.at is None:
        raise NotSimulated("a slope needs a reference arm at another carbon dioxide pressure, and a time (at:)")
    a, b, t = arms.course(o.arm), arms.course(o.reference), _minutes(o.at, "at")
    rise = a.at("monitor.PETCO2", t) - b.at("monitor.PETCO2", t)
    if abs(rise) < 1:
        raise NotSimulated("both arms have the same carbon dioxide pressure")
    return (a.at("breathing.VE", t) - b.at("breathing.VE", t)) / rise


def _reversal(o: Observation, arms: Arms) -> float:
    """Share of an agonist's effect that an antagonist takes back: arm with it, reference without, at the time `at`."""
    if o.reference is None or o.at is None:
        raise NotSimulated("a reversal needs the arm without antagonist (reference:) and a time (at:)")
    return _reversed(o, arms, arms.course(o.arm))


def _reversed(o: Observation, arms: Arms, c: Course) -> float:
    output, t = EFFECTS[o.of or "minute_ventilation"].output, _minutes(str(o.at), "at")
    without = arms.course(str(o.reference)).at(output, t)
    rest = c.at(output, _minutes(o.baseline_at, "baseline_at") if o.baseline_at else c.first_dose)
    return float((c.at(output, t) - without) / (rest - without))


def _reversal_dose(o: Observation, arms: Arms) -> float:
    """Dose of the antagonist (`analyte`) that takes back the share `level` of the agonist's effect, mg.

    Where no dose from a twentieth to twenty times the arm's does, the nearer of these, so that the miss counts.
    """
    level = o.level if o.level is not None else 0.5
    given = sum(d.amount for d in arms.course(o.arm).scenario.doses if d.drug == o.analyte)

    def short(log_factor: float) -> float:
        return _reversed(o, arms, arms.course_with(o.arm, o.analyte, math.exp(log_factor))) - level

    # the first dose that is enough: at the highest doses of naloxone buprenorphine is reversed less
    grid = np.linspace(-3.0, 3.0, 9)
    values = [short(float(x)) for x in grid]
    k = next((i for i in range(1, len(grid)) if values[i - 1] < 0 <= values[i]), None)
    if k is None:
        x = grid[0] if values[0] >= 0 else grid[-1]
    else:
        x = grid[k - 1] - values[k - 1] / (values[k] - values[k - 1]) * (grid[k] - grid[k - 1])
    return float(given * math.exp(x) * arms.MW(o.analyte) * 1e-6)


_SPECIAL: Mapping[str, tuple[Callable[[Any, Any], float], str]] = {
    "EC50": (_ec50, "nmol/L"),
    "time_to": (_time_to, "min"),
    "duration": (_duration, "min"),
    "response_fraction": (_response_fraction, "1"),
    "ventilatory_slope": (_slope, "L/min/mmHg"),
    "reversal_fraction": (_reversal, "1"),
    "reversal_dose": (_reversal_dose, "mg"),
}
