"""What the number of an evidence entry means: unit of the output, absolute or against something, and its spread after the conversion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from papaver.bench.effect_words import DRY
from papaver.bench.entry_arms import Unusable
from papaver.errors import UnitError
from papaver.units import Unit, convert

TARGET = {
    "minute_ventilation": "L/min", "tidal_volume": "L", "respiratory_rate": "1/min", "oxygen_consumption": "L/min", "PaO2": "mmHg", "PaCO2": "mmHg",
    "PetCO2": "mmHg", "SpO2": "percent", "brain_oxygen": "mmHg", "heart_rate": "1/min", "MAP": "mmHg", "SBP": "mmHg", "DBP": "mmHg",
    "cardiac_output": "L/min", "cerebral_blood_flow": "L/min", "pupil_diameter": "mm", "arousal": "1", "COWS": "1", "SOWS": "1", "SOWS_H": "1",
    "OOWS": "1", "cortisol": "nmol/L", "ACTH": "1", "LH": "1", "testosterone": "nmol/L", "QTc": "1", "gastric_emptying": "min",
    "orocaecal_transit": "min", "colonic_transit": "min", "body_temperature": "degC", "ventilatory_slope": "L/min/mmHg", "occupancy": "percent",
    "NK_activity": "1", "cytokine": "1", "pain_tolerance": "1", "noradrenaline": "1", "sign": "1",
}  # fmt: skip
"""Unit in which the bench takes a quantity."""
ONLY_RELATIVE = {"pain_tolerance", "oxygen_consumption", "noradrenaline", "NK_activity", "cytokine"}
"""Outputs without a unit of their own: only ratios count."""
MASS = {
    ("cortisol", "ng/mL"): 2.759, ("cortisol", "ug/L"): 2.759, ("cortisol", "ug/dL"): 27.59, ("cortisol", "mcg/dL"): 27.59,
    ("testosterone", "ng/mL"): 3.467, ("testosterone", "ng/dL"): 0.03467, ("testosterone", "ug/L"): 3.467, ("ACTH", "pg/mL"): 1.0,
    ("ACTH", "ng/L"): 1.0, ("ACTH", "pmol/L"): 4.541, ("LH", "IU/L"): 1.0, ("LH", "U/L"): 1.0, ("LH", "mIU/mL"): 1.0, ("LH", "mU/mL"): 1.0,
    ("QTc", "ms"): 1.0, ("QTc", "s"): 1000.0, ("QTc", "sec"): 1000.0, ("PetCO2", "percent"): DRY / 100, ("PaCO2", "percent"): DRY / 100,
}  # fmt: skip
"""Factors that a unit alone does not give (molar masses, points of an assay, percent of the dry gas)."""
SAME = {
    "bpm": "1/min", "beats/min": "1/min", "breaths/min": "1/min", "/min": "1/min", "per min": "1/min", "min-1": "1/min",
    "breaths per minute": "1/min", "beats per minute": "1/min", "points": "1", "point": "1", "score": "1", "%": "percent", "pct": "percent",
    "l/min": "L/min", "mm hg": "mmHg",
}  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """`value * factor` is in `unit`. `share`: a plain number of a quantity that has a unit: it can only be relative to something."""

    factor: float
    unit: str
    share: bool


def scale(quantity: str, unit: str | None) -> Scale:
    """From the unit of an entry to that of the output.

    Raises:
        Unusable: no unit, an unknown one, or one of another kind.
    """
    text = str(unit or "").strip()
    text = SAME.get(text.lower(), text)
    target = TARGET.get(quantity, "1")
    if (quantity, text) in MASS:
        return Scale(MASS[quantity, text], target, False)
    if not text:
        if target == "1":
            text = "1"
        else:
            raise Unusable(f"{quantity} without a unit")
    assays = ("ACTH", "LH", "QTc", "cytokine", "NK_activity", "noradrenaline", "pain_tolerance")
    if quantity in assays and text not in ("percent", "1", "dimensionless"):
        # the unit of an assay or a stimulus: only ratios of two such numbers mean something
        return Scale(1.0, "assay", False)
    if quantity == "cardiac_output" and "m**2" in text.replace("m2", "m**2"):
        return Scale(1.0, "assay", False)
    try:
        parsed = Unit.parse(text)
        plain = parsed.is_dimensionless
        if plain and target not in ("1", "percent"):
            return Scale(parsed.factor, "1", True)
        if plain and quantity in ONLY_RELATIVE:
            return Scale(parsed.factor, "1", True)
        if target == "percent":
            return Scale(parsed.factor * 100 if parsed.is_dimensionless else 1.0, "percent", False)
        if target == "1" and quantity in ("COWS", "SOWS", "SOWS_H", "OOWS", "sign"):
            return Scale(parsed.factor, "1", text == "percent")
        if dict(parsed.dims).get("kg") == -1:
            return Scale(convert(1.0, f"({text})*kg", target) * 70.0, target, False)
        return Scale(convert(1.0, text, target), target, False)
    except UnitError as problem:
        raise Unusable(f"unit {unit!r} of {quantity}: {problem}") from None


@dataclass(frozen=True)
class Meaning:
    """What a number says: `relative` as in a study (baseline, change, reference, difference, or None), and value -> a + b * value."""

    relative: str | None
    a: float
    b: float
    unit: str

    def __call__(self, x: float) -> float:
        return self.a + self.b * x

    def spread(self, s: dict[str, Any] | None) -> dict[str, Any] | None:
        """A spread after the same conversion."""
        if not isinstance(s, dict) or s.get("kind") not in ("SD", "SE", "CI95", "CI90", "range", "IQR"):
            return None
        out: dict[str, Any] = {"kind": s["kind"]}
        if s["kind"] in ("SD", "SE"):
            return out | {"value": abs(self.b) * float(s["value"])} if isinstance(s.get("value"), int | float) else None
        if not isinstance(s.get("low"), int | float) or not isinstance(s.get("high"), int | float):
            return None
        low, high = sorted((self(float(s["low"])), self(float(s["high"]))))
        return out | {"low": low, "high": high}


def meaning(how: str, s: Scale, value: float | None, site: str, claim: str, other: bool) -> Meaning:
    """How a number is to be read.

    Args:
        how: what the name of the quantity says. other: it is against another arm, not against the time before the drug.
    """
    words = f"{site} ; {claim}"
    ratio, difference = ("reference", "difference") if other else ("baseline", "change")
    if s.unit == "assay":
        return Meaning(None, 0.0, 1.0, "assay")
    if how == "absolute" and s.share:
        falls = re.search(r"reduc|decreas|\bfall|\bfell|lower|\bcut|depress|drop|inhibit|suppress|diminish", words, re.I)
        rises = re.search(r"increas|rais|\brise|\brose|higher|elevat|prolong", words, re.I)
        of = r"(?:%|percent) (?:of (?:the )?(?:baseline|control|pre|placebo|initial)|baseline|control)"
        to = re.search(rf"{of}|\bto (?:about )?\d+(?:\.\d+)? ?(?:%|percent)", words)
        how = "ratio" if to else "signed" if value is not None and value < 0 else "loss" if falls and not rises else "gain" if rises else "ratio"
    elif how == "absolute" and s.unit != "1":
        m = re.search(r"\b(change|difference|increase|rise|fall|reduction|decrease|drop)\b", site, re.I)
        if m:
            w = m.group(1).lower()
            how = "signed" if w in ("change", "difference") else "gain" if w in ("increase", "rise") else "loss"
    if s.share:
        sign = {"loss": -1.0, "gain": 1.0, "signed": 1.0}.get(how)
        if sign is None:
            return Meaning(ratio, 0.0, s.factor, "1")
        sign = 1.0 if how == "loss" and value is not None and value < 0 else sign
        return Meaning(ratio, 1.0, sign * s.factor, "1")
    if how in ("loss", "gain", "signed"):
        sign = -1.0 if how == "loss" else 1.0
        if how == "loss" and value is not None and value < 0:
            sign = 1.0
        if how == "signed" and value is not None and value > 0:
            falls = re.search(r"\bfell\b|\bfall|lower|reduc|decreas|\bcut\b|drop", words, re.I)
            rises = re.search(r"increas|rais|\brise|\brose|higher|elevat", words, re.I)
            sign = -1.0 if falls and not rises else 1.0
        return Meaning(difference, 0.0, sign * s.factor, s.unit)
    if how == "ratio":
        return Meaning(ratio, 0.0, 1.0 if s.unit != "percent" else 0.01, "1")
    return Meaning(None, 0.0, s.factor, s.unit)
