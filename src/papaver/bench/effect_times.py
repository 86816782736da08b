"""When an effect begins, is greatest or ends, and in how many people a condition holds, as evidence entries give it."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from papaver.bench.effect_values import TARGET
from papaver.bench.effect_words import UP, effect_in, span
from papaver.bench.effects import EFFECTS
from papaver.bench.entry_arms import Unusable
from papaver.units import Unit

if TYPE_CHECKING:
    from papaver.bench.effect_entries import Reader
    from papaver.bench.effect_scenes import Found

PEOPLE = 60
"""People of a cohort, where a share of them is asked."""
OUTPUTS = {q: e.output for q, e in EFFECTS.items()}
_NUM = r"(\d+(?:\.\d+)?)"
CONDITIONS: tuple[tuple[str, str], ...] = (
    (rf"QTc[^;\d]{{0,14}}?(?P<s>>=?|≥|above|over|beyond)[^;\d]{{0,10}}{_NUM}", "ecg.QTc {s} {n}"),
    (rf"testosterone[^;\d]{{0,16}}?(?P<s><=?|below|under)[^;\d]{{0,8}}{_NUM} ?(?:nM|nmol)", "gonadal.T {s} {n} nmol/L"),
    (
        rf"(?:respiratory|breathing) (?:rate)?[^;\d]{{0,14}}?(?P<s>>=?|≥|<=?|above|below|at least|under)[^;\d]{{0,6}}{_NUM} ?(?:/|per|breaths)",
        "breathing.RR {s} {n} 1/min",
    ),
    (rf"(?:SpO2|saturation|desaturat\w*)[^;\d]{{0,22}}?(?P<s><=?|≤|below|under|to|less than)[^;\d]{{0,6}}{_NUM}", "monitor.SpO2 < {n}"),
    (rf"(?:SpO2|saturation) {_NUM} ?(?:%|percent)", "monitor.SpO2 < {n}"),
    (rf"(?:PaCO2|PtcCO2|PCO2)[^;\d]{{0,14}}?(?P<s>>=?|above|over)[^;\d]{{0,6}}{_NUM} ?mmHg", "monitor.PaCO2 > {n} mmHg"),
    (rf"COWS[^;\d]{{0,18}}?(?P<s>>=?|≥|above|exceed\w*|over|<=?|below|under)[^;\d]{{0,6}}{_NUM}", "scales.COWS {s} {n}"),
    (r"loss of consciousness|unconscious|loses? consciousness|consciousness (?:was )?lost", "arousal.level < 0.5"),
    (r"cardiac arrest|circulatory (?:arrest|collapse)|asystole|heart (?:stops|stopped|goes on|beat)", "heart.arrest > 0.5"),
    (r"apn(?:o?e)a|apno?eic|end of (?:breathing|respirat)|breathing (?:ended|stopped)|stopped breathing", "breathing.VE < 10 % of baseline"),
)  # fmt: skip
"""Conditions in words -> in outputs."""


def condition_in(text: str, quantity: str) -> str | None:
    """A condition on an output that a text states."""
    for pattern, form in CONDITIONS:
        m = re.search(pattern, text, re.I)
        if m:
            sign = (m.groupdict().get("s") or "<").lower()
            n = next((g for g in m.groups()[::-1] if g and re.fullmatch(_NUM, g)), "")
            return form.format(s=">" if re.match(r">|≥|above|over|at least|beyond|exceed", sign) else "<", n=n)
    m = re.search(r"\b(above|below)\b[^;]{0,12}baseline", text, re.I)
    if m and quantity in OUTPUTS:
        near, above = 1 if quantity == "SpO2" else 3, m.group(1).lower() == "above"
        return f"{OUTPUTS[quantity]} {'>' if above else '<'} {100 + near if above else 100 - near} % of baseline"
    return None


def timing(r: Reader, quantity: str) -> Found | None:
    """When an effect begins, is greatest, or ends, from the drug of the entry or from the last dose."""
    if re.search(r"after (?:the )?(?:end of the )?infusion|infusion end", r.site):
        raise Unusable("counted from the end of an infusion of unknown length")
    if re.search(r"half[- ]?max", f"{r.site} ; {r.claim}"):
        raise Unusable("a time to half of the greatest effect: not computed")
    if re.search(r"revers", quantity) and r.quantity == "minute_ventilation" and not r.gas:
        r.gas = [{"give": "end_tidal_CO2", "level": "52.5 mmHg"}]
        r.assumed.append("end-tidal CO2 held at 52.5 mmHg (7 kPa)")
    found = r.found()
    for row in r.needed():
        text = f"{row.text} ; {r.site} ; {quantity.replace('_', ' ')}"
        q = effect_in(row.text) or r.quantity
        q = {"HVR": "minute_ventilation"}.get(q, q)
        if q not in OUTPUTS:
            raise Unusable(f"the time course of {q} is not one that the bench computes")
        factor = r.time_factor(row.unit)
        if factor is None:
            return None
        scene, offset = r.time_scene(row)
        scene.fine = factor * max(row.value or 0.0, row.high or 0.0) < 3
        own = {"analyte": row.drugs[0]} if row.drugs else {}
        withdrawal = q in ("COWS", "SOWS", "SOWS_H", "OOWS")
        kind = "peak" if r.asked.timing else _kind(row.text) or _kind(f"{quantity.replace('_', ' ')} ; {r.site}") or "start"
        bounded = re.search(r"within|upper bound|\bby\b|at most", f"{r.note} ; {r.claim}") is not None
        upper = bounded and row.value is not None and row.spread is None and not r.series
        o: dict[str, Any] = {}
        if kind == "peak":
            up = withdrawal or q in UP or r.reverses(scene) or not scene.doses or re.search(r"increas|rise", text) is not None
            up = up and not re.search(r"nadir|trough|lowest|min\b", quantity)
            o = {"quantity": q, "unit": "min", "statistic": "time_of_peak" if up else "time_of_trough"}
            if scene.doses or scene.zero:
                o["window"] = [f"{scene.zero:g} min", f"{scene.zero + scene.reach:g} min"]
            ordinal = row.value is not None and re.search(rf"\bday {row.value:g}\b", r.claim) is not None and factor == 1440.0
            if ordinal and row.value is not None:
                row.value -= 0.5
                r.assumed.append("the middle of the day that is named")
            scene.until = scene.zero + scene.reach
        else:
            when = condition_in(text, q) or condition_in(r.claim, q) or _begun(q, r.reverses(scene))
            if when is None:
                raise Unusable(f"when {q} counts as begun is not clear")
            since = f"{scene.zero:g} min"
            if kind == "end" and withdrawal:
                late = 24.0 * r.tapered if r.tapered else 36.0 if scene.reach <= 10 * 1440 else 120.0
                scale_of, mild = ("SOWS_H", 6.4) if q == "SOWS_H" else ("SOWS", 3) if q == "SOWS" else ("COWS", 5)
                when, since, offset = f"scales.{scale_of} < {mild}", f"{late:g} h", -late * 60.0 if "after the peak" not in row.text else 0.0
                r.assumed.append(f"the peak of withdrawal at {late:g} h; over when {scale_of} is below {mild}")
            o = {
                "quantity": "duration" if kind == "length" or (kind == "end" and not withdrawal) else "time_to",
                "unit": "min",
                "when": when,
                "since": since,
            }
            if kind != "end" or not withdrawal:
                offset = 0.0
            value = row.value if row.value is not None else row.high
            scene.until = scene.zero + min(max(scene.reach, 2.5 * factor * (value or 0.0)), 60 * 1440.0)
        beyond = re.search(r"\b(above|below)\b[^;]{0,12}baseline", row.text, re.I)
        if beyond and q != "SpO2" and kind == "start" and row.value is not None:
            # just past the time from which it is seen
            at = scene.zero + 1.5 * factor * row.value
            scene.until = max(scene.until, at + 1)
            way = "increase" if beyond.group(1).lower() == "above" else "decrease"
            r.add(found, scene, {"quantity": q, "unit": TARGET.get(q, "1"), "direction": way, "at": f"{at:g} min"} | own)
            continue
        if upper and "low" not in o and kind in ("peak", "start"):
            o |= {"low": offset, "high": offset + factor * float(row.value or 0.0)}
            r.assumed.append("an upper bound")
            r.add(found, scene, o | own)
        else:
            r.add(found, scene, r.numbers(o, row, offset, factor) | own)
    return found


def _kind(text: str) -> str | None:
    """Which time is meant: of the peak, the end, how long, or the start."""
    if "after the peak" in text:
        return "end"
    end = r"\bend\b|resol|recover|fade|declin|normal|settle"
    forms = (("start", r"onset|begins?|starts?"), ("peak", r"\bpeaks?\b"), ("end", end), ("length", r"duration|lasts?"))
    return next((kind for kind, pattern in forms if re.search(pattern, text, re.I)), None)


_FALLEN = {
    "minute_ventilation": 90, "respiratory_rate": 90, "pupil_diameter": 85, "SpO2": 98, "heart_rate": 95, "MAP": 95, "cortisol": 80, "LH": 80,
    "testosterone": 85,
}  # fmt: skip
"""Percent of the baseline below which an effect counts as there."""
_RISEN = {
    "pain_tolerance": "relief.tolerance > 110 % of baseline", "COWS": "scales.COWS > 5", "SOWS_H": "scales.SOWS_H > 6.4", "SOWS": "scales.SOWS > 3",
    "arousal": "arousal.level < 0.5", "PaCO2": "monitor.PaCO2 > 46 mmHg", "PetCO2": "monitor.PETCO2 > 46 mmHg",
}  # fmt: skip


def _begun(quantity: str, reverses: bool) -> str | None:
    """When an effect counts as there, if a text does not say; of an antagonist, when it has taken the agonist's back."""
    if quantity in _FALLEN:
        return f"{OUTPUTS[quantity]} {'>' if reverses else '<'} {90 if reverses else _FALLEN[quantity]} % of baseline"
    return _RISEN.get(quantity)


def shares(r: Reader) -> Found:
    """Part of the people for whom a condition holds."""
    found = r.found()
    for row in r.needed():
        when = condition_in(f"{row.text} ; {r.site}", r.quantity) or condition_in(f"{r.quantity} {row.text}", r.quantity)
        if when is None and re.search(r"^\s*[<>]", row.text):
            named = "QTc" if "ms" in row.text else r.quantity
            when = condition_in(f"{r.site} {row.text}", r.quantity) or condition_in(f"{named} {row.text}", r.quantity)
        when = when or condition_in(f"{str(r.e['quantity']).replace('_', ' ')} ; {r.claim}", r.quantity)
        if when is None:
            raise Unusable("a share of people whose condition is not stated in an output of the body")
        scene = r.scene(dataclasses.replace(row, time=None))
        scene.people = PEOPLE
        t = span(r.site) if re.search(r"\b(?:by|within|at) \d", r.site) else None
        o: dict[str, Any] = {"quantity": "response_fraction", "unit": "percent", "when": when}
        if scene.state:
            at = min(scene.peak, scene.reach)
            o["at"] = f"{at:g} min"
            scene.until = at + 10
        else:
            end = scene.zero + (t[1] if t else scene.reach)
            o |= {"at": f"{end:g} min", "statistic": "peak"}
            scene.until = end + 1
        percent = Unit.parse(str(row.unit or "percent")).factor * 100
        r.add(found, scene, r.numbers(o, row, 0.0, percent))
    r.assumed.append(f"a cohort of {PEOPLE}")
    return found
