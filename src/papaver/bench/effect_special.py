"""Effects that are not one output at one time: potencies, slopes, receptors taken, reversal, times and shares, as entries give them."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from papaver.bench.effect_doses import USUAL_DAY, Given, pace
from papaver.bench.effect_people import Row
from papaver.bench.effect_values import scale
from papaver.bench.effect_words import SIGN_WORDS, minutes, span, stated_time
from papaver.bench.effects import EFFECTS
from papaver.bench.entries import Unusable
from papaver.units import Unit, convert

if TYPE_CHECKING:
    from papaver.bench.effect_entries import Reader
    from papaver.bench.effect_scenes import Found, Scene

PEOPLE = 60
"""People of a cohort, where a share of them is asked."""
OUTPUTS = {q: e.output for q, e in EFFECTS.items()}
_NUM = r"(\d+(?:\.\d+)?)"
CONDITIONS: tuple[tuple[str, str], ...] = (
    (rf"QTc[^;\d]{{0,14}}?(?P<s>>=?|≥|above|over|beyond)[^;\d]{{0,10}}{_NUM}", "ecg.QTc {s} {n}"),
    (rf"testosterone[^;\d]{{0,16}}?(?P<s><=?|below|under)[^;\d]{{0,8}}{_NUM} ?(?:nM|nmol)", "gonadal.T {s} {n} nmol/L"),
    (rf"(?:respiratory|breathing) (?:rate)?[^;\d]{{0,14}}?(?P<s>>=?|≥|<=?|above|below|at least|under)[^;\d]{{0,6}}{_NUM} ?(?:/|per|breaths)", "breathing.RR {s} {n} 1/min"),
    (rf"(?:SpO2|saturation|desaturat\w*)[^;\d]{{0,22}}?(?P<s><=?|≤|below|under|to|less than)[^;\d]{{0,6}}{_NUM}", "monitor.SpO2 < {n}"),
    (rf"(?:PaCO2|PtcCO2|PCO2)[^;\d]{{0,14}}?(?P<s>>=?|above|over)[^;\d]{{0,6}}{_NUM} ?mmHg", "monitor.PaCO2 > {n} mmHg"),
    (rf"COWS[^;\d]{{0,18}}?(?P<s>>=?|≥|above|exceed\w*|over|<=?|below|under)[^;\d]{{0,6}}{_NUM}", "scales.COWS {s} {n}"),
    (r"loss of consciousness|unconscious|loses? consciousness|consciousness (?:was )?lost", "arousal.level < 0.5"),
    (r"cardiac arrest|circulatory (?:arrest|collapse)|asystole|heart (?:stops|stopped|goes on|beat)", "heart.arrest > 0.5"),
    (r"apn(?:o?e)a|apno?eic|end of (?:breathing|respirat)|breathing (?:ended|stopped)|stopped breathing", "breathing.VE < 10 % of baseline"),
)  # fmt: skip
"""Conditions in words -> in outputs."""


def special(r: Reader) -> Found | None:
    """Observations of an entry of one of these kinds; None if it is a plain value or direction."""
    quantity = str(r.e["quantity"]).lower()
    if re.search(r"occupancy|receptor_availability|mu_availability|binding_potential", quantity):
        return occupancy(r)
    if re.fullmatch(r"(?:ec|c|ic)_?\d\d", quantity):
        return potency(r, quantity)
    if re.search(r"reversal_fraction|^reversal$", quantity) or re.fullmatch(r"ed_?\d\d(?:_reversal)?|reversal_dose", quantity):
        return reversal(r, quantity)
    if re.search(r"fraction$|prevalence|share$|proportion", quantity) and r.e.get("direction") is None:
        return shares(r)
    if r.asked.timing or re.search(r"time|onset|duration", quantity) or r.unit_is_time() and r.quantity not in ("gastric_emptying", "orocaecal_transit", "colonic_transit"):
        return None if re.search(r"transit|emptying|course", quantity) or r.unit_is_time() is False else timing(r, quantity)
    if re.search(r"item|^signs?$", quantity):
        return items(r)
    if r.quantity == "ventilatory_slope" and r.e.get("direction") is None:
        return slope(r)
    if r.quantity == "cortisol" and re.search(r"diurnal|evening", quantity):
        return diurnal(r)
    return None


def _numbers(r: Reader) -> list[Row]:
    """Rows with a number or an interval that can be simulated; the others are listed as left out.

    Raises:
        Unusable: none is left.
    """
    rows = r.usable()
    if not rows:
        raise Unusable("no value, interval or direction that can be compared")
    return rows


# -- receptors -------------------------------------------------------------------------------------------------------------


def occupancy(r: Reader) -> Found:
    """MOP taken, as PET sees it: after a dose, or under a daily dose."""
    if re.search(r"raclopride|dopamine|\bD2\b|\bDAT\b|SERT|\bKOP\b(?!\))|serotonin", f"{r.site} {r.claim}") and not re.search(r"MOP|mu", r.site):
        raise Unusable("not the opioid receptor MOP")
    if re.search(r"need|necess|requir|threshold|suffic|for (?:blockade|withdrawal)", f"{r.site} ; {r.claim}", re.I):
        raise Unusable("an occupancy that an effect needs, not one after a dose")
    found = r.found()
    free = re.search(r"availab|\bfree\b|binding", f"{r.e['quantity']} {r.site}", re.I) is not None and "occup" not in str(r.e["quantity"])
    regions = [row for row in r.rows if "region" in row.raw and not re.search(r"whole|all|global", str(row.raw["region"]), re.I)]
    if regions and len(regions) == len(r.rows):
        raise Unusable("regions of the brain: the body has one brain")
    for row in _numbers(r):
        if row in regions:
            continue
        base = r.protocol_dose()
        given = row.given[0] if row.given else base
        if given is None or given.value is None:
            raise Unusable("occupancy needs the dose, which the entry does not give")
        given = dataclasses.replace(given, drug=given.drug, route=given.route or (base.route if base else None))
        text = f"{r.notes} ; {r.population} ; {r.claim}"
        daily = "day" in given.per or re.search(r"daily|/day|mainten|maintained|steady", text, re.I) is not None
        t = row.time or _first(stated_time([r.at, r.site, r.notes])) or _first(_scan(f"{r.claim} ; {r.notes} ; {r.note}"))
        start = 0.0
        if daily:
            given = dataclasses.replace(given, per=given.per.replace("day", "").strip("/"), every=1440.0, times=14)
            start = 13 * 1440.0
            r.assumed.append("taken once a day for 14 days")
            if t is None:
                t = (240.0, 240.0)
                r.assumed.append("scan 4 h after the dose")
        scene = r.bare(row, [given])
        o: dict[str, Any] = {"quantity": "occupancy", "matrix": "brain", "unit": "percent"}
        s = scale("occupancy", row.unit)
        a, b = (100.0, -s.factor) if free else (0.0, s.factor)
        if t is not None:
            o["at"] = f"{start + (t[0] + t[1]) / 2:g} min"
        scene.until = start + max(1440.0, (t[1] if t else 0.0))
        r.add(found, scene, r.numbers(o, row, a, b), given.drug)
    return found


def _scan(text: str) -> tuple[float, float] | None:
    m = re.search(r"(?:about |at )?(\d+(?:\.\d+)?)(?:-(\d+))? ?(h|hours?|min) after (?:the )?(?:last )?dos", text)
    return None if not m else (minutes(float(m.group(1)), m.group(3)),) * 2


def _first(t: tuple[float, ...] | None) -> tuple[float, float] | None:
    return None if t is None else (t[0], t[1])


# -- potencies --------------------------------------------------------------------------------------------------------------


def potency(r: Reader, quantity: str) -> Found:
    """Concentration at the effect site, as plasma, at which ventilation, pupil or pain has gone a share of its way: read off a slow infusion."""
    of = r.quantity
    if of not in ("minute_ventilation", "pupil_diameter", "pain_tolerance", "PaCO2", "ventilatory_slope"):
        raise Unusable("a potency on something other than breathing, pupil or pain")
    if re.search(r"post-?operative|surgery|minimum effective|withdrawal", r.words, re.I):
        raise Unusable("a concentration that patients need, not one at which an effect is half")
    of = "minute_ventilation" if of in ("PaCO2", "ventilatory_slope") else of
    level = float(re.sub(r"\D", "", quantity) or 50) / 100
    found = r.found()
    for row in _numbers(r):
        if re.search(r"hypoxi", row.text, re.I):
            continue
        drug = (row.drugs or ([r.people.drug] if r.people.drug else []))[:1]
        if not drug or row.value is None and row.low is None:
            raise Unusable("a potency of no drug of the library")
        name = drug[0]
        d = r.library.dosed(name)
        centre = row.value if row.value is not None else ((row.low or 0.0) + (row.high or 0.0)) / 2
        try:
            C = convert(centre, str(row.unit or ""), "nmol/L", MW=d.MW)
        except Exception as problem:
            raise Unusable(f"a potency needs a concentration: {problem}") from None
        user = r.user(row)
        first = next(iter(getattr(d, "parts", {name: 1.0})))
        p = {k: v.internal for k, v in r.library.parameters.items() if k.startswith(f"{first}.pk.")}
        slow = pace(name, "iv")[0]
        hours = 4.0 if slow < 30 else 6.0 if slow < 150 else 10.0
        # the level is passed about a tenth of the way, and ten times over in the end: a model that is less potent still reaches it
        amount = 12.0 * C * p[f"{first}.pk.CL"] * hours * 60.0
        zero = 30.0 if r.gas else 10.0
        gas = [dict(t) for t in r.gas]
        if of == "minute_ventilation" and not gas:
            gas = [{"give": "end_tidal_CO2", "level": "42 mmHg"}]
            zero = 30.0
            r.assumed.append("CO2 held at its resting value while the drug rises")
        person = r.people.person(row, user)
        if user and "stopped" not in person["history"]:
            person["history"]["stopped"] = "12 h"
            r.assumed.append("the last dose of what they take 12 h before")
        dose = {"drug": name, "amount": f"{amount:.6g} nmol", "route": "iv", "at": f"{zero:g} min", "over": f"{hours:g} h"}
        scene = r.plain(person, [dose], gas, zero, hours * 60.0)
        scene.until = zero + hours * 60.0
        blood = re.search(r"whole.blood|\bblood\b", r.site, re.I) is not None
        o: dict[str, Any] = {"quantity": "EC50", "unit": str(row.unit), "of": of, "level": level} | ({"matrix": "blood"} if blood else {})
        r.add(found, scene, r.numbers(o, row, 0.0, 1.0), name)
        half = row.raw.get("t_half_ke0_h") or row.raw.get("ke0_half_life_h")
        if isinstance(half, int | float):
            bolus = r.plain({"weight": "70 kg"}, [{"drug": name, "amount": "30 umol", "route": "iv", "over": "2 min"}], [], 0.0, 1440.0)
            bolus.until = 1440.0
            r.add(found, bolus, {"quantity": "ke0_half_life", "unit": "hour", "value": float(half)}, name)
    r.assumed.append("potency read off a slow infusion")
    return found


def slope(r: Reader) -> Found:
    """Change of ventilation per mmHg between two clamped end-tidal pressures."""
    if re.search(r"difference|versus|vs\.? placebo", r.site, re.I):
        raise Unusable("a difference of slopes: only the slope of one arm is computed")
    found = r.found()
    for row in _numbers(r):
        if re.search(r"HVR|hypox", row.text) or re.search(r"percent|SpO2", str(row.unit)):
            continue
        s = scale("ventilatory_slope", row.unit)
        r.gas = [{"give": "end_tidal_CO2", "level": "56 mmHg"}, *[t for t in r.gas if t["give"] == "oxygen"]]
        high = r.scene(row, "ventilatory_slope")
        at = high.zero + (row.time[0] if row.time else _first(stated_time([r.at, r.site, r.notes]) or ()) [0] if stated_time([r.at, r.site, r.notes]) else high.peak)  # fmt: skip
        if row.role == "baseline" or (row.time == (0.0, 0.0)):
            at = high.zero
        at = max(at, 20.0)
        high.until = max(high.until, at + 2)
        low = dataclasses.replace(high, gas=[t | {"level": "46 mmHg"} if t["give"] == "end_tidal_CO2" else t for t in high.gas])
        other = r.name(found, low)
        o: dict[str, Any] = {"quantity": "ventilatory_slope", "unit": s.unit, "at": f"{at:g} min", "reference": other}
        r.add(found, high, r.numbers(o, row, 0.0, s.factor))
    r.assumed.append("slope between steady end-tidal pressures of 46 and 56 mmHg")
    return found


# -- reversal -----------------------------------------------------------------------------------------------------------------


def reversal(r: Reader, quantity: str) -> Found:
    """Share of an agonist's effect that an antagonist takes back, or its dose that takes back a share."""
    of = r.quantity if r.quantity in ("minute_ventilation", "pupil_diameter", "pain_tolerance") else "minute_ventilation"
    dose_asked = quantity.startswith("ed") or quantity == "reversal_dose"
    if dose_asked and not re.search(r"revers|antagon", r.words, re.I):
        raise Unusable("a dose of half effect: only the dose that reverses an agonist by a share is computed")
    if of == "minute_ventilation" and not r.gas:
        r.gas = [{"give": "end_tidal_CO2", "level": "52.5 mmHg"}]
        r.assumed.append("end-tidal CO2 held at 52.5 mmHg (7 kPa)")
    found = r.found()
    for row in _numbers(r):
        if dose_asked and not row.given:
            row.given = [Given(str(r.people.drug), 1.0)]
        scene = r.scene(row, of, guess=True)
        own = [d for d in scene.doses if d["drug"] == r.people.drug]
        if not own or len(own) == len(scene.doses):
            raise Unusable("a reversal needs the agonist and the antagonist, with their doses")
        over = max((float(str(d.get("over", "0 min")).split()[0]) for d in own), default=0.0)
        t = row.time or _first(stated_time([r.at, r.site]))
        at = scene.zero + (t[1] if t else over or 30.0)
        scene.until = at + 5
        without = dataclasses.replace(scene, doses=[d for d in scene.doses if d["drug"] != r.people.drug])
        other = r.name(found, without)
        o: dict[str, Any] = {"reference": other, "at": f"{at:g} min", "of": of}
        if dose_asked:
            level = row.raw.get("effect") or row.raw.get("level") or (float(re.sub(r"\D", "", quantity)) / 100 if re.search(r"\d\d", quantity) else 0.5)
            o |= {"quantity": "reversal_dose", "unit": "mg", "level": float(level) / (100 if float(level) > 1 else 1)}
            factor = convert(1.0, str(row.unit or "mg"), "mg")
            if isinstance(row.raw.get("spread"), int | float):
                row.spread = {"kind": "SE", "value": float(row.raw["spread"])}
            r.add(found, scene, r.numbers(o, row, 0.0, factor), str(r.people.drug))
            continue
        o |= {"quantity": "reversal_fraction", "unit": "1"}
        value = None if row.value is None else row.value * Unit.parse(str(row.unit or "1")).factor
        if value is not None and (value <= 0.02 or value >= 0.98):
            # "did nothing", "full": nobody measured to a hundredth
            o |= {"low": -0.2, "high": 0.25} if value < 0.5 else {"low": 0.75, "high": 1.25}
            r.assumed.append("full reversal: three quarters or more; none: a quarter or less")
            r.add(found, scene, o, str(r.people.drug))
        else:
            r.add(found, scene, r.numbers(o, row, 0.0, Unit.parse(str(row.unit or "1")).factor), str(r.people.drug))
    return found


# -- times and shares ---------------------------------------------------------------------------------------------------------


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
        near = 1 if quantity == "SpO2" else 3
        return f"{OUTPUTS[quantity]} {'>' if m.group(1).lower() == 'above' else '<'} {100 + near if m.group(1).lower() == 'above' else 100 - near} % of baseline"
    return None


def _effect_of(text: str, fallback: str) -> str:
    from papaver.bench.effect_words import effect_in

    return effect_in(text) or fallback


def timing(r: Reader, quantity: str) -> Found | None:
    """When an effect begins, is greatest, or ends, from the drug of the entry or from the last dose."""
    found = r.found()
    for row in _numbers(r):
        text = f"{row.text} ; {r.site} ; {quantity.replace('_', ' ')}"
        q = _effect_of(row.text, r.quantity)
        if q not in OUTPUTS:
            raise Unusable(f"the time course of {q} is not one that the bench computes")
        factor = r.time_factor(row.unit)
        if factor is None:
            return None
        scene, offset = r.time_scene(row)
        own = {"analyte": row.drugs[0]} if row.drugs else {}
        withdrawal = q in ("COWS", "SOWS", "SOWS_H", "OOWS")
        kind = "peak" if r.asked.timing or re.search(r"\bpeaks?\b", row.text) else "end" if re.search(r"\bend\b|resol|recover|fade|declin|normal", text, re.I) else "length" if re.search(r"duration|lasts?", text, re.I) else "start"
        upper = re.search(r"within|upper bound|\bby\b|at most", f"{r.note} ; {r.claim}") is not None and row.value is not None
        o: dict[str, Any] = {}
        if kind == "peak":
            up = withdrawal or q in ("PaCO2", "PetCO2", "pain_tolerance", "QTc") or r.reverses(scene) or re.search(r"increas|rise", text) is not None
            if r.asked.statistic or re.search(r"nadir|trough|lowest|min\b", quantity):
                up = not re.search(r"nadir|trough|lowest|min\b", quantity)
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
                late = 36.0 if scene.reach <= 10 * 1440 else 120.0
                when, since, offset = "scales.COWS < 5", f"{late:g} h", -late * 60.0 if "after the peak" not in row.text else 0.0
                r.assumed.append(f"the peak of withdrawal at {late:g} h; over when COWS is below 5")
            elif kind == "end":
                when = when.replace("<", ">") if r.reverses(scene) is False and "<" in when else when
            o = {"quantity": "duration" if kind == "length" else "time_to", "unit": "min", "when": when, "since": since}
            if kind != "end" or not withdrawal:
                offset = 0.0
            value = row.value if row.value is not None else row.high
            scene.until = scene.zero + max(scene.reach, 2.5 * factor * (value or 0.0))
        if upper and "low" not in o and kind in ("peak", "start"):
            o |= {"low": offset, "high": offset + factor * float(row.value or 0.0)}
            r.assumed.append("an upper bound")
            r.add(found, scene, o | own)
        else:
            r.add(found, scene, r.numbers(o, row, offset, factor) | own)
    return found


def _begun(quantity: str, reverses: bool) -> str | None:
    """When an effect counts as there, if a text does not say."""
    falls = {"minute_ventilation": 90, "respiratory_rate": 90, "pupil_diameter": 85, "SpO2": 98, "heart_rate": 95, "MAP": 95, "cortisol": 80, "LH": 80, "testosterone": 85}
    if quantity in falls:
        return f"{OUTPUTS[quantity]} {'>' if reverses else '<'} {90 if reverses else falls[quantity]} % of baseline"
    return {"pain_tolerance": "relief.tolerance > 110 % of baseline", "COWS": "scales.COWS > 5", "SOWS_H": "scales.SOWS_H > 6.4", "SOWS": "scales.SOWS > 3",
            "arousal": "arousal.level < 0.5", "PaCO2": "monitor.PaCO2 > 46 mmHg", "PetCO2": "monitor.PETCO2 > 46 mmHg"}.get(quantity)  # fmt: skip


def shares(r: Reader) -> Found:
    """Part of the people for whom a condition holds."""
    found = r.found()
    for row in _numbers(r):
        when = condition_in(f"{row.text} ; {r.site}", r.quantity) or condition_in(f"{r.quantity} {row.text}", r.quantity)
        if when is None and re.search(r"^\s*[<>]", row.text):
            when = condition_in(f"{r.site} {row.text}", r.quantity) or condition_in(f"{'QTc' if 'ms' in row.text else r.quantity} {row.text}", r.quantity)
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


def items(r: Reader) -> Found:
    """Items of a withdrawal scale, as shares of their greatest score; what a placebo gave is taken off."""
    text = f"{r.site} ; {r.claim if r.e.get('direction') else ''} ; {r.at}"
    signs = [s for pattern, s in SIGN_WORDS if re.search(pattern, text, re.I)]
    if not signs and not re.search(r"heart rate|tremor", text):
        raise Unusable("a score of a scale that the body does not have")
    if r.e.get("direction") is not None:
        raise Unusable("directions of several signs; write it as a study file")
    m = re.search(r"0 ?(?:-|to) ?(\d)", f"{r.site} {r.note}")
    most = float(m.group(1)) if m else 3.0
    if not m:
        r.assumed.append("items of 0 to 3")
    rows = _numbers(r)
    off = next((row.value for row in rows if row.role in ("reference", "baseline") and row.value is not None), 0.0)
    found = r.found()
    for row in rows:
        if row.role == "value" and row.value is not None:
            scene = r.scene(row, "COWS")
            scene.until = scene.zero + scene.reach
            o = {"quantity": "sign", "of": f"signs.S[{signs[0]}]", "unit": "1", "value": max(row.value - off, 0.0) / most, "statistic": "peak"}
            r.add(found, scene, o)
    return found


def diurnal(r: Reader) -> Found:
    """Fall of cortisol from morning to evening, percent."""
    found = r.found()
    for row in _numbers(r):
        scene = r.scene(row)
        user = "history" in scene.person
        begin = 0.0 if user else 1440.0
        scene.start, scene.until = "08:00", begin + 721.0
        factor = Unit.parse(str(row.unit or "percent")).factor
        if row.raw.get("label") and re.search(r"study day|on board", str(row.raw["label"])) and user:
            h = scene.person["history"]
            n, every, route = 4, 360.0, USUAL_DAY["heroin"][1]
            scene.doses = [{"drug": h["drug"], "amount": f"{float(h['dose'].split()[0]) / n:g} mg", "route": route, "at": "10 min", "every": f"{every:g} min", "times": 2}]
        o = {"quantity": "cortisol", "unit": "1", "relative": "baseline", "baseline_at": f"{begin:g} min", "at": f"{begin + 720:g} min"}
        r.add(found, scene, r.numbers(o, row, 1.0, -factor))
    return found
