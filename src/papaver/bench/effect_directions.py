"""Findings without a number in evidence entries: up, down or unchanged, against the time before the drug or against another arm."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from papaver.bench.effect_doses import Given
from papaver.bench.effect_people import Row
from papaver.bench.effect_protocol import LATE, WITHDRAWAL
from papaver.bench.effect_values import TARGET
from papaver.bench.effect_words import HORMONES, UP
from papaver.bench.entry_arms import Unusable

if TYPE_CHECKING:
    from papaver.bench.effect_entries import Reader
    from papaver.bench.effect_scenes import Found, Scene

OPPOSITE = {"increase": "decrease", "decrease": "increase", "none": "none"}


def directions(r: Reader, direction: str) -> Found:
    """Observation of a direction.

    Raises:
        Unusable: it is none of the three, or what it is against is not clear.
    """
    if direction not in OPPOSITE:
        raise Unusable(f"direction {direction!r}: it is increase, decrease or none")
    _read_as(r)
    q = r.quantity
    if direction == "none" and q in WITHDRAWAL and re.search(r"equal|same for|difference between|alike", f"{r.claim} ; {r.at}"):
        raise Unusable("a comparison of several arms; write it as a study file")
    if q in WITHDRAWAL and "course" in str(r.e["quantity"]):
        raise Unusable("the course of withdrawal in words")
    row = Row({}, unit=r.e.get("unit"))
    scene = r.scene(row, guess=direction != "none")
    r.daytime(scene)
    reference = comparator(r, scene, direction)
    found = r.found()
    default = "peak" if q in WITHDRAWAL else "mean" if scene.state else {"increase": "peak", "decrease": "trough", "none": "mean"}[direction]
    o: dict[str, Any] = {"quantity": q, "unit": "percent" if q == "SpO2" else TARGET.get(q, "1"), "direction": direction}
    days = re.search(r"days? (\d+) to (?:day )?(\d+)", f"{r.at} ; {r.claim}")
    if r.e["quantity"] == "tolerance":
        # less effect late than early in one infusion
        late = scene.zero + max((float(str(x.get("over", "0 min")).split()[0]) for x in scene.doses), default=0.0)
        scene.until, reference = late + 1, None
        o |= {"at": f"{late:g} min", "baseline_at": f"{scene.zero + 30:g} min", "direction": OPPOSITE[direction] if q in UP else direction}
    elif days and scene.state and "history" in scene.person:
        # between two days of abstinence; hormones at 08:00, when the run began
        a, b = (1440.0 * (float(x) - (1.0 if q in HORMONES else 0.5)) for x in days.groups())
        scene.person["history"]["stopped"], scene.doses, scene.until, reference = "1 min", [], b + 60, None
        o |= {"at": f"{b:g} min", "baseline_at": f"{a:g} min"}
    elif reference is None and scene.state and scene.doses:
        # after what they take every day, against just before it
        scene.until = scene.zero + scene.peak + 5
        o["at"] = f"{scene.zero + scene.peak:g} min"
    else:
        o |= r.place(row, scene, default)
    if reference is not None:
        r.daytime(reference)
        r.beside(reference, scene)
        o["reference"] = r.name(found, reference, "reference")
    elif scene.state and not scene.doses and "baseline_at" not in o:
        raise Unusable("a direction whose comparison is not clear; write it as a study file")
    elif scene.first < scene.zero and "baseline_at" not in o:
        o["baseline_at"] = f"{scene.zero:g} min"
    r.add(found, scene, o)
    return found


def _read_as(r: Reader) -> None:
    """Quantities whose direction is read off another one."""
    if r.quantity == "ventilatory_slope":
        r.quantity = "minute_ventilation"
        r.gas = [t for t in r.gas if t["give"] == "oxygen"] + [{"give": "end_tidal_CO2", "level": "55 mmHg"}]
        r.assumed.append("the response to CO2 read as ventilation at an end-tidal pressure of 55 mmHg")
    elif r.quantity == "SBP":
        r.quantity = "MAP"
    elif r.quantity == "DBP" or r.quantity not in TARGET:
        raise Unusable(f"{r.quantity} is no output of the body")


def comparator(r: Reader, scene: Scene, direction: str) -> Scene | None:
    """What a direction is against: the arm that words name, else healthy people (of a state) or the same hour without the drug (of hormones); None
    for the time before the drug."""
    text, guess = f"{r.at} ; {r.claim} ; {r.site} ; {r.notes}", direction != "none"
    own = [d for d in scene.doses if d["drug"] == r.people.drug]
    if re.search(r"ceiling|no further|level+ed off|plateau", text) and own and not scene.state:
        r.assumed.append("no more at the highest dose than at a quarter of it")
        lower = [d | {"amount": f"{float(d['amount'].split()[0]) / 4:g} {d['amount'].split(' ', 1)[1]}"} if d in own else d for d in scene.doses]
        return dataclasses.replace(scene, doses=lower)
    if re.search(r"(?:after|hours? after) (?:the |their |each )?(?:daily |morning )?dose", text) and scene.state and scene.doses:
        return None
    for m in re.finditer(r"(\b\w+ )?\b(?:than|versus|vs\.?|against|compared (?:with|to)|relative to|like|equals?|minus)\s+([^.;]*)", text, re.I):
        named, other = _other(r, scene, m.group(2), str(m.group(1) or ""), guess)
        if named:
            return other
    # a sedative or a blocker that the claim is about, given along with the entry's own drug
    added = [d for d in scene.doses if d["drug"] != r.people.drug and not r.opioid(d["drug"]) and not r.antagonist(d["drug"])]
    if added and (len(added) < len(scene.doses) or "history" in scene.person):
        return dataclasses.replace(scene, doses=[d for d in scene.doses if d not in added])
    if scene.state and "history" in scene.person:
        return r.scene(Row({}, role="control"))
    if scene.doses and (r.quantity in HORMONES or r.quantity in LATE):
        return dataclasses.replace(scene, doses=[])
    return None


def _other(r: Reader, scene: Scene, phrase: str, before: str, guess: bool) -> tuple[bool, Scene | None]:
    """Whether a phrase after "than" or "versus" names a comparison, and its scene (None: the time before the drug)."""
    if re.match(r"(?:[\w-]+ ){0,4}?(?:controls?|healthy|non-?users|naive|normal)\b", phrase, re.I):
        return True, r.scene(Row({}, role="control"))
    length = re.match(r"(?:an? |the )?(\d+)[- ](day|week)", phrase)
    if length and r.tapered:
        r.taper_days = int(length.group(1)) * (7 if length.group(2) == "week" else 1)
        other = r.scene(Row({}))
        r.taper_days = None
        return True, other
    if re.match(r"(?:[\w-]+ ){0,3}?(?:placebo|saline|vehicle)\b", phrase, re.I):
        return True, r.scene(Row({}, role="reference"), guess=guess)
    if re.match(r"(?:[\w-]+ ){0,3}?(?:baseline|before|pre-?\w*|rest)\b", phrase, re.I):
        return True, None
    drugs = r.names.drugs(phrase[:40])
    # "less than after morphine" says how far, not which way
    size = re.match(r"less|more|weaker|stronger|greater|earlier", before, re.I)
    if drugs and not size and not scene.state and drugs[0] != r.people.drug:
        said = [g for g in r.names.said(phrase) if g.drug == drugs[0]] or [g for g in r.names.said(r.claim) if g.drug == drugs[0]]
        g = said[0] if said else r.usual(Given(drugs[0], None, route=r.route_of(drugs[0])))
        g = dataclasses.replace(g, route=g.route or r.route_of(g.drug))
        return True, r.scene(Row({}, given=[g], text=drugs[0]), guess=guess)
    return False, None
