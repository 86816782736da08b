"""Effects that are not one output at one time: potencies, slopes, receptors taken, reversal, times and shares, as entries give them."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from papaver.bench.effect_doses import Given, pace
from papaver.bench.effect_people import Row
from papaver.bench.effect_protocol import WITHDRAWAL
from papaver.bench.effect_times import shares, timing
from papaver.bench.effect_values import scale
from papaver.bench.effect_words import POTENCY, SIGN_WORDS, minutes, stated_time
from papaver.bench.entry_arms import Unusable
from papaver.units import Unit, convert

if TYPE_CHECKING:
    from papaver.bench.effect_entries import Reader
    from papaver.bench.effect_scenes import Found, Scene


def special(r: Reader) -> Found | None:
    """Observations of an entry of one of these kinds; None if it is a plain value or direction."""
    quantity = str(r.e["quantity"]).lower()
    if re.search(r"occupancy|receptor_availability|mu_availability|binding_potential", quantity):
        return occupancy(r)
    if "ke0" in quantity:
        return delay(r)
    if re.fullmatch(POTENCY, quantity):
        return potency(r, quantity)
    if re.search(r"reversal_fraction|^reversal$", quantity) or re.fullmatch(r"ed_?\d\d(?:_reversal)?|reversal_dose", quantity):
        return reversal(r, quantity)
    if re.search(r"fraction$|prevalence|share$|proportion", quantity) and r.e.get("direction") is None:
        return shares(r)
    told = f"{r.site} ; {r.claim}"
    if "depression" in quantity and re.search(r"of (?:the )?(?:patients|people|subjects|volunteers)|occurred in|incidence", told):
        return shares(r)
    timed = r.asked.timing or re.search(r"(?:^|_)(?:time|onset|duration)(?:_|$)", quantity) or (r.unit_is_time() and r.quantity in WITHDRAWAL)
    if timed and not re.search(r"transit|emptying|gastric|caecal|cecal|colon|course|pain|cold|tolerance", quantity):
        if r.e.get("direction") is not None and not r.usable():
            raise Unusable("a direction of a time; write it as a study file")
        return timing(r, quantity)
    if re.search(r"item|^signs?$", quantity):
        return items(r)
    if r.quantity == "ventilatory_slope" and r.e.get("direction") is None:
        return slope(r)
    if r.quantity == "cortisol" and re.search(r"diurnal|evening", quantity):
        return diurnal(r)
    return None


# -- receptors -------------------------------------------------------------------------------------------------------------


def occupancy(r: Reader) -> Found:
    """MOP taken, as PET sees it: after a dose, or under a daily dose."""
    if re.search(r"raclopride|dopamine|\bD2\b|\bDAT\b|SERT|\bKOP\b(?!\))|serotonin", f"{r.site} {r.claim}") and not re.search(r"MOP|mu", r.site):
        raise Unusable("not the opioid receptor MOP")
    if re.search(r"need|necess|requir|threshold|suffic|for (?:blockade|withdrawal)", f"{r.site} ; {r.claim}", re.I):
        raise Unusable("an occupancy that an effect needs, not one after a dose")
    if r.e.get("direction") is not None and not r.usable():
        return sites(r)
    found = r.found()
    free = re.search(r"availab|\bfree\b|binding", f"{r.e['quantity']} {r.site}", re.I) is not None and "occup" not in str(r.e["quantity"])
    regions = [row for row in r.rows if "region" in row.raw and not re.search(r"whole|all|global", str(row.raw["region"]), re.I)]
    if regions and len(regions) == len(r.rows):
        raise Unusable("regions of the brain: the body has one brain")
    for row in r.needed():
        if row in regions:
            continue
        base = r.protocol_dose()
        if row.levels and not row.given:
            # a concentration that is held, until the brain has followed
            level = row.levels[0]
            held = r.plain({"weight": "70 kg"}, r.pharmacy.hold(level.drug, float(level.value or 0.0), level.unit, 0.0, 360.0), [], 0.0, 360.0)
            held.until, s = 1440.0, scale("occupancy", row.unit)
            o = {"quantity": "occupancy", "matrix": "brain", "unit": "percent", "at": "350 min"}
            r.add(found, held, r.numbers(o, row, 100.0 if free else 0.0, -s.factor if free else s.factor), level.drug)
            continue
        given = row.given[0] if row.given else base
        if given is None or given.value is None:
            given = r.people.daily(row)
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
        o, s = {"quantity": "occupancy", "matrix": "brain", "unit": "percent"}, scale("occupancy", row.unit)
        a, b = (100.0, -s.factor) if free else (0.0, s.factor)
        if t is not None:
            o["at"] = f"{start + (t[0] + t[1]) / 2:g} min"
        scene.until = start + max(1440.0, (t[1] if t else 0.0))
        if row.value == 0 and not free:
            r.assumed.append("none seen: less than a fifth")
            r.add(found, scene, o | {"low": 0.0, "high": 20.0}, given.drug)
            continue
        r.add(found, scene, r.numbers(o, row, a, b), given.drug)
    return found


def sites(r: Reader) -> Found:
    """Receptors that a tracer finds in people who stopped, against people who never took opioids.

    Raises:
        Unusable: anything else of receptors without a number.
    """
    person = r.people.person(Row({}), r.user(Row({})))
    if "stopped" not in person.get("history", {}):
        if not (re.search(r"early abstinence|detoxified", r.words) and "history" in person):
            raise Unusable("a direction of receptors taken whose dose is not given")
        person["history"]["stopped"] = "10 day"
        r.assumed.append("ten days after the last dose")
    found, both = r.found(), [r.plain(x, [], [], 0.0, 60.0) for x in (person, {"weight": "70 kg"})]
    for scene in both:
        scene.until = 60.0
    o = {"quantity": "binding_sites", "unit": "1", "direction": str(r.e["direction"]), "at": "30 min"}
    r.add(found, both[0], o | {"reference": r.name(found, both[1], "reference")})
    return found


def _scan(text: str) -> tuple[float, float] | None:
    m = re.search(r"(?:about |at )?(\d+(?:\.\d+)?)(?:-(\d+))? ?(h|hours?|min) after (?:the )?(?:last )?dos", text)
    return None if not m else (minutes(float(m.group(1)), m.group(3)),) * 2


def _first(t: tuple[Any, ...] | None) -> tuple[float, float] | None:
    return None if t is None else (t[0], t[1])


# -- potencies --------------------------------------------------------------------------------------------------------------


def potency(r: Reader, quantity: str) -> Found:
    """Concentration at the effect site, as plasma, at which ventilation, pupil or pain has gone a share of its way: read off a slow infusion."""
    of = r.quantity
    if of not in ("minute_ventilation", "pupil_diameter", "pain_tolerance", "PaCO2", "PetCO2", "ventilatory_slope"):
        raise Unusable("a potency on something other than breathing, pupil or pain")
    if re.search(r"post-?operative|surgery|minimum effective|withdrawal", r.words, re.I):
        raise Unusable("a concentration that patients need, not one at which an effect is half")
    of = "minute_ventilation" if of in ("PaCO2", "PetCO2", "ventilatory_slope") else of
    level = float(re.sub(r"\D", "", quantity) or 50) / 100
    found = r.found()
    for row in r.needed():
        if re.search(r"hypoxi", row.text, re.I):
            continue
        drug = (row.drugs or ([r.people.drug] if r.people.drug else []))[:1]
        if not drug or (row.value is None and row.low is None):
            raise Unusable("a potency of no drug of the library")
        name = drug[0]
        d = r.library.dosed(name)
        centre = row.value if row.value is not None else ((row.low or 0.0) + (row.high or 0.0)) / 2
        try:
            C = convert(centre, str(row.unit or ""), "nmol/L", MW=d.MW)
        except Exception as problem:
            raise Unusable(f"a potency needs a concentration: {problem}") from None
        user = r.user(row)
        slow = pace(name, "iv")[0]
        hours = 4.0 if slow < 30 else 6.0 if slow < 150 else 10.0
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
        # up by steps from a quarter of the level to sixteen times: a model that is more or less potent is met too
        steps = [(zero + k * hours * 7.5, C * 0.25 * 1.81**k) for k in range(8)]
        scene = r.plain(person, r.pharmacy.climb(name, steps, zero + hours * 60.0), gas, zero, hours * 60.0)
        scene.until = zero + hours * 60.0
        blood = re.search(r"whole.blood|\bblood\b", r.site, re.I) is not None
        o: dict[str, Any] = {"quantity": "EC50", "unit": str(row.unit), "of": of, "level": level} | ({"matrix": "blood"} if blood else {})
        r.add(found, scene, r.numbers(o, row, 0.0, 1.0), name)
        half = row.raw.get("t_half_ke0_h") or row.raw.get("ke0_half_life_h")
        if isinstance(half, int | float):
            r.add(found, _bolus(r, name), {"quantity": "ke0_half_life", "unit": "hour", "value": float(half)}, name)
    r.assumed.append("potency read while plasma rises by steps to sixteen times the level, by this model's kinetics")
    return found


def _bolus(r: Reader, drug: str) -> Scene:
    scene = r.plain({"weight": "70 kg"}, [{"drug": drug, "amount": "30 umol", "route": "iv", "at": "0 min", "over": "2 min"}], [], 0.0, 1440.0)
    scene.until = 1440.0
    return scene


def delay(r: Reader) -> Found:
    """Delay of the effect site behind plasma: the rate ke0, or its half-life."""
    found = r.found()
    for row in r.needed():
        name = next(iter(row.drugs), r.people.drug)
        factor = r.time_factor(row.unit)
        rate = re.fullmatch(r"1 ?/ ?(min|h|hour|s)", str(row.unit or ""))
        if name is None or (factor is None and rate is None):
            raise Unusable("a delay of the effect site needs its drug and a unit of time")
        o = {"quantity": "ke0_half_life" if factor is not None else "ke0", "unit": str(row.unit)}
        r.add(found, _bolus(r, name), r.numbers(o, row, 0.0, 1.0), name)
    return found


def slope(r: Reader) -> Found:
    """Change of ventilation per mmHg between two clamped end-tidal pressures."""
    if re.search(r"difference|versus|vs\.? placebo", r.site, re.I):
        raise Unusable("a difference of slopes: only the slope of one arm is computed")
    found = r.found()
    for row in r.needed():
        if re.search(r"HVR|hypox", row.text) or re.search(r"percent|SpO2", str(row.unit)):
            continue
        s = scale("ventilatory_slope", row.unit)
        r.gas = [{"give": "end_tidal_CO2", "level": "56 mmHg"}, *[t for t in r.gas if t["give"] == "oxygen"]]
        high = r.scene(row, "ventilatory_slope")
        stated = stated_time([r.at, r.site, r.notes])
        at = high.zero + (row.time[0] if row.time else stated[0] if stated else high.peak)
        if row.role == "baseline" or (row.time == (0.0, 0.0)):
            at = high.zero
        at = max(at, 20.0)
        high.until = max(high.until, at + 2)
        low = dataclasses.replace(high, gas=[t | {"level": "46 mmHg"} if t["give"] == "end_tidal_CO2" else t for t in high.gas])
        other = r.name(found, low, "low")
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
    for row in r.needed():
        if dose_asked and not row.given:
            row.given = [Given(str(r.people.drug), 1.0)]
        scene = r.scene(row, of, guess=True)
        own = [d for d in scene.doses if d["drug"] == r.people.drug]
        if not own or len(own) == len(scene.doses):
            raise Unusable("a reversal needs the agonist and the antagonist, with their doses")
        over = max((float(str(d.get("over", "0 min")).split()[0]) for d in own), default=0.0)
        t = row.time or _first(stated_time([r.at, r.site]))
        at = scene.zero + (t[1] if t else over or pace(str(r.people.drug), own[0]["route"])[0])
        scene.until = at + 5
        without = dataclasses.replace(scene, doses=[d for d in scene.doses if d["drug"] != r.people.drug])
        other = r.name(found, without, "without")
        o: dict[str, Any] = {"reference": other, "at": f"{at:g} min", "of": of}
        if dose_asked:
            named = re.search(r"\d\d", quantity)
            level = float(row.raw.get("effect") or row.raw.get("level") or (named.group(0) if named else 0.5))
            o |= {"quantity": "reversal_dose", "unit": "mg", "level": level / (100 if level > 1 else 1)}
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


# -- scales ------------------------------------------------------------------------------------------------------------------


def items(r: Reader) -> Found:
    """Items of a withdrawal scale, as shares of their greatest score, less what a placebo gave; or the direction of several signs."""
    direction = r.e.get("direction")
    text = f"{r.site} ; {r.at if direction else ''}"
    signs = list(dict.fromkeys(s for pattern, s in SIGN_WORDS if re.search(pattern, text, re.I)))
    found = r.found()
    if direction is not None:
        row = Row({})
        scene = r.scene(row, "COWS", guess=True)
        if not signs or scene.state or direction not in ("increase", "decrease"):
            raise Unusable("directions of several signs whose comparison is not clear; write it as a study file")
        scene.until = scene.zero + scene.reach
        window = {"statistic": "peak" if direction == "increase" else "trough", "window": [f"{scene.zero:g} min", f"{scene.until:g} min"]}
        for sign in signs:
            r.add(found, scene, {"quantity": "sign", "of": f"signs.S[{sign}]", "unit": "1", "direction": str(direction)} | window)
        if re.search(r"heart rate|pulse", text):
            r.add(found, scene, {"quantity": "heart_rate", "unit": "1/min", "direction": str(direction)} | window)
        return found
    if not signs:
        raise Unusable("a score of a scale that the body does not have")
    m = re.search(r"0 ?(?:-|to) ?(\d)\b", f"{r.site} {r.note}")
    most = float(m.group(1)) if m else 3.0
    if not m:
        r.assumed.append("items of 0 to 3")
    rows = r.needed()
    off = next((row.value for row in rows if row.role in ("reference", "baseline") and row.value is not None), 0.0)
    for row in rows:
        if row.role == "value" and row.value is not None:
            scene = r.scene(row, "COWS")
            scene.until = scene.zero + scene.reach
            o = {"quantity": "sign", "of": f"signs.S[{signs[0]}]", "unit": "1", "value": max(row.value - off, 0.0) / most, "statistic": "peak"}
            r.add(found, scene, o | {"window": [f"{scene.zero:g} min", f"{scene.until:g} min"]})
    return found


def diurnal(r: Reader) -> Found:
    """Fall of cortisol from morning to evening, percent."""
    found = r.found()
    for row in r.needed():
        scene = r.scene(row)
        user = "history" in scene.person
        begin = 0.0 if user else 1440.0
        scene.start, scene.until = "08:00", begin + 721.0
        factor = Unit.parse(str(row.unit or "percent")).factor
        if row.raw.get("label") and re.search(r"study day|on board", str(row.raw["label"])) and user:
            h = scene.person["history"]
            once = f"{float(h['dose'].split()[0]) / 4:g} {h['dose'].split()[1].removesuffix('/day')}"
            scene.doses = [{"drug": h["drug"], "amount": once, "route": h["route"], "at": "10 min", "every": "6 h", "times": 2}]
        o = {"quantity": "cortisol", "unit": "1", "relative": "baseline", "baseline_at": f"{begin:g} min", "at": f"{begin + 720:g} min"}
        r.add(found, scene, r.numbers(o, row, 1.0, -factor))
    return found
