"""Entries of the evidence collection that tell of an effect - breathing, pupil, pain, withdrawal, hormones, gut - read as studies, unchanged.

The words say who was studied, what was given when, in which gas (effect_words, effect_doses, effect_people, effect_scenes) and what the number
means (effect_values); kinds of their own stand in effect_special. What cannot be simulated is refused with the reason, what had to be assumed is
listed.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from papaver.bench.effect_people import Row
from papaver.bench.effect_scenes import LATE, WITHDRAWAL, Found, Scene, Scenes, asked_of
from papaver.bench.effect_special import special
from papaver.bench.effect_values import ONLY_RELATIVE, TARGET, Meaning, meaning, scale
from papaver.bench.effect_words import stated_time, statistic_in
from papaver.bench.entries import Unusable
from papaver.errors import UnitError
from papaver.evidence.load import Library
from papaver.units import Unit

NOT_EFFECTS = {"count", "index", "correlation", "odds", "hazard", "cv", "exponent", "incidence", "frequency", "histamine", "constants", "auc"}
HORMONES = {"cortisol", "ACTH"}
"""Those that go up and down with the day: they are compared at the same hour."""
COMPARED = {"SpO2", "PaO2", "PaCO2", "PetCO2", "MAP", "SBP", "pupil_diameter", "body_temperature", "brain_oxygen"}
"""Values that differ more between people than within one: a value before the drug makes a change of them."""
RATIOS = ONLY_RELATIVE | {"heart_rate", "cardiac_output", "gastric_emptying", "orocaecal_transit", "colonic_transit"}
UP = {"PaCO2", "PetCO2", "pain_tolerance", "QTc", "COWS", "SOWS", "SOWS_H", "OOWS", "cortisol", "ACTH", "noradrenaline"}
"""Quantities whose greatest value is meant where an entry does not say which."""


def is_effect_entry(e: dict[str, Any]) -> bool:
    """True for an entry of an effect, or of receptors taken in people."""
    quantity = str(e.get("quantity") or "")
    if re.search(r"occupancy$|receptor_availability|mu_availability", quantity, re.I):
        return True
    return quantity not in ("ke0", "ke0_half_life") and "model" not in e and asked_of(e) is not None


def study_from_effect_entry(e: dict[str, Any], library: Library) -> dict[str, Any]:
    """One entry as a study in raw form.

    Raises:
        Unusable: it cannot be simulated; the message is the reason.
    """
    r = Reader(e, library)
    r.refuse()
    found = special(r) or r.values()
    if not found.observations:
        raise Unusable("no value, interval or direction that can be compared")
    return {
        "id": str(e["id"]), "title": str(e.get("claim") or e["id"]), "source": str(e["source"]["citation"]), "system": str(e.get("system") or "other"),
        "population": str(e.get("population") or "not stated"), "n": e.get("n") if isinstance(e.get("n"), int) and e["n"] > 0 else None,
        "arms": {k: s.arm() for k, s in found.scenes.items()}, "observations": found.observations, "assumed": list(dict.fromkeys(r.assumed)),
    }  # fmt: skip


class Reader(Scenes):
    """Reads values and directions of one entry; its scenes come from its words."""

    # -- whether ---------------------------------------------------------------------------------------------------------------

    def refuse(self) -> None:
        """Whether it can be simulated at all.

        Raises:
            Unusable: with the reason.
        """
        e, text, quantity = self.e, self.words, str(self.e["quantity"])
        species = str(e.get("species") or "human")
        if species.lower() != "human":
            raise Unusable(f"species {species}: only the human body is simulated")
        if "count once" in self.note:
            raise Unusable("the same measurement as another entry; counted once")
        if re.search(r"simulation by others|\bmodel (?:input|output|result|curve|rule)|^model\b|not an observation", self.note, re.I):
            raise Unusable("a simulation by others, an input or a rule of a model: no observation")
        if re.search(r"virtual (?:patient|subject|population)|\bsimulated\b", text, re.I):
            raise Unusable("a simulation by others: no observation")
        if "series" in e and not self.rows:
            raise Unusable("a series without rows")
        if re.search(r"\b(child|children|neonat|newborn|infant|preterm|adolescent|pregnan)", text, re.I) and not re.search(r"\badults?\b", text, re.I):
            raise Unusable("children, newborns and pregnancy are outside the adult body")
        if re.search(r"in vitro|recombinant|homogenate|\bcells\b|membranes|cloned", text, re.I) and self.quantity != "NK_activity":
            raise Unusable("in vitro: an input, not an observation in people")
        if re.search(r"post-?mortem", text, re.I):
            raise Unusable("post-mortem: dose and time are unknown")
        place = f"{quantity.replace('_', ' ')} {self.site} {self.at} {self.notes}"
        if re.search(r"hanging|strangul|asphyxia.*ischa?emia|\bsleep|polysomnogra", f"{place} {e.get('id')}", re.I):
            raise Unusable("hanging or sleep: the body does not have it")
        if set(re.split(r"[_\W]+", quantity.lower())) & NOT_EFFECTS or re.search(r"odds|hazard", self.site, re.I):
            raise Unusable(f"quantity {quantity!r} is not one that the bench computes")
        if self.quantity == "HVR":
            raise Unusable("a slope of ventilation on saturation is not computed")
        if re.search(r"\bhair\b", self.site, re.I):
            raise Unusable("hair: not simulated")
        if self.quantity in HORMONES and re.search(r"saliva", self.site, re.I) and "serum" not in self.site and e.get("direction") is None:
            raise Unusable("cortisol of saliva (free): the body gives that of plasma")
        if e.get("system") == "epidemiology":
            raise Unusable("shares of a population, no given doses: epidemiology")
        self._refuse_unknown(text)

    def _refuse_unknown(self, text: str) -> None:
        unknown = re.search(
            r"suspected (?:heroin |opioid )?overdose|(?:heroin|opioid|fentanyl) overdose|ambulance|emergency service|paramedic|police|bystander|"
            r"supervised (?:site|consumption|injection site|opioid)|street (?:drug|heroin|fentanyl)|illicit (?:fentanyl|heroin)|heroin suspected",
            text, re.I,
        )  # fmt: skip
        drug = self.people.drug
        if unknown and (not self.people.dose or (drug and self.antagonist(drug) and "sows" not in self.quantity.lower())):
            raise Unusable("an overdose or a street drug of unknown dose: nothing to simulate")

    # -- rows, arms, observations -------------------------------------------------------------------------------------------------

    def usable(self) -> list[Row]:
        """Rows with a number that can be simulated; the others are listed as left out."""
        if not self.series and self.rows:
            row, spread = self.rows[0], self.e.get("spread")
            if row.value is None and row.high is None and isinstance(spread, dict):
                row.low, row.high = (spread[k] if isinstance(spread.get(k), int | float) else None for k in ("low", "high"))
            elif row.spread is None and isinstance(spread, dict):
                row.spread = spread
        out, reasons = [], []
        for row in self.rows:
            if row.value is None and row.high is None:
                continue
            if row.strange:
                reasons.append(f"row {row.text!r} left out: {row.strange!r} is not known here")
            else:
                out.append(row)
        self.assumed += reasons
        if reasons and not [row for row in out if row.role == "value"]:
            raise Unusable(reasons[0])
        return out

    def found(self) -> Found:
        """An empty collection."""
        return Found()

    def name(self, found: Found, scene: Scene) -> str:
        """The name of a scene's arm; scenes that are alike share one."""
        def key(s: Scene) -> tuple[Any, ...]:
            return s.person, s.doses, s.gas, s.people, s.start

        for name, s in found.scenes.items():
            if key(s) == key(scene):
                s.until = max(s.until, scene.until)
                return name
        name = "main" if not found.scenes else f"arm{len(found.scenes) + 1}"
        found.scenes[name] = scene
        return name

    def add(self, found: Found, scene: Scene, o: dict[str, Any], analyte: str | None = None) -> None:
        """Put an observation of a scene into the collection."""
        own = self.people.drug if any(d["drug"] == self.people.drug for d in scene.doses) else next((d["drug"] for d in scene.doses), None)
        h = scene.person.get("history") or {}
        common = {
            "analyte": analyte or own or h.get("drug") or "none", "arm": self.name(found, scene), "use": "validation",
            "verified": str(self.e.get("verified") or "memory"), "evidence": str(self.e["id"]),
        }  # fmt: skip
        found.observations.append({k: v for k, v in (common | o).items() if v is not None})

    def numbers(self, o: dict[str, Any], row: Row, a: float, b: float) -> dict[str, Any]:
        """An observation with the row's value, interval and spread, each x as a + b x."""
        m = Meaning(None, a, b, "")
        if row.value is not None:
            return o | {"value": m(row.value)} | ({"spread": s} if (s := m.spread(row.spread)) else {})
        low, high = sorted((m(row.low if row.low is not None else 0.0), m(float(row.high or 0.0))))
        return o | {"low": low, "high": high}

    def place(self, row: Row, scene: Scene, default: str) -> dict[str, Any]:
        """When an observation is read in its arm, and how long the arm must run for it."""
        if row.role == "baseline":
            scene.until = max(scene.until, scene.zero + 1)
            return {"at": f"{scene.zero:g} min"}
        stated = stated_time([self.at, self.site, self.notes, self.claim]) if not self.series or row.time is None else None
        t = row.time or ((stated[0], stated[1]) if stated else None)
        statistic = row.statistic or self.asked.statistic or statistic_in(self.site) or (statistic_in(self.claim) if not self.series else None)
        if t is not None and t[0] == t[1] and not (stated and stated[2] == "within"):
            at = scene.zero + t[0]
            scene.until = max(scene.until, at + 1)
            return {"at": f"{at:g} min"}
        start, stop = scene.zero, scene.zero + scene.reach
        if t is not None:
            start, stop = scene.zero + t[0], scene.zero + t[1]
            default = default if stated and stated[2] == "within" else "mean"
        elif self.quantity in LATE and not scene.state:
            start = scene.zero + 0.5 * scene.peak
            default = "mean"
        scene.until = max(scene.until, stop)
        return {"statistic": statistic or default, "window": [f"{start:g} min", f"{stop:g} min"]}

    def _daytime(self, scene: Scene) -> None:
        """Hormones of the day: the run begins at 08:00; people without a history need a day until their clock runs, a drug comes at 09:00."""
        if self.quantity not in HORMONES or scene.start:
            return
        scene.start = "08:00"
        if "history" not in scene.person:
            shift = 1500.0 - scene.zero if scene.doses else 1440.0 - scene.zero
            scene.doses = [d | {"at": f"{float(d['at'].split()[0]) + shift:g} min"} for d in scene.doses]
            scene.zero += shift
        elif scene.state and "stopped" not in scene.person["history"]:
            scene.reach = min(scene.reach, 60.0)
        if re.search(r"morning|basal|08", self.site + self.at) and not scene.doses:
            scene.reach = 30.0
        elif re.search(r"night|nocturnal", self.site + self.at) and scene.state:
            scene.zero, scene.reach = (1440.0 if "history" not in scene.person else 0.0) + 840.0, 300.0
        elif re.search(r"evening", self.site + self.at) and scene.state:
            scene.zero, scene.reach = (1440.0 if "history" not in scene.person else 0.0) + 720.0, 60.0

    def _default(self, m: Meaning | None, value: float | None, scene: Scene) -> str:
        """Peak, trough or mean, where words do not say."""
        if scene.state:
            return "mean"
        if m is not None and value is not None and m.relative:
            x, zero = m(value), 1.0 if m.relative in ("baseline", "reference") else 0.0
            return "mean" if x == zero else "peak" if x > zero else "trough"
        up = self.quantity in UP or self.reverses(scene)
        return "peak" if up else "trough"

    def values(self) -> Found:
        """Numbers of one output; or a direction."""
        rows = self.usable()
        numbers = [r for r in rows if r.value is not None or r.high is not None]
        if self.e.get("direction") is not None and (not numbers or all(r.value == 0 for r in numbers) or self.quantity == "ventilatory_slope"):
            return self.directions()
        found = self.found()
        before = next((r for r in numbers if r.role == "baseline"), None)
        without = next((r for r in numbers if r.role in ("reference", "control")), None)
        last: Row | None = None
        for row in numbers:
            self._value(found, row, before, without, last)
            last = row
        return found

    def _value(self, found: Found, row: Row, before: Row | None, without: Row | None, last: Row | None) -> None:
        q = self.quantity
        s = scale(q, row.unit)
        further = re.search(r"\b(?:extra|further|additional)\b", row.text) is not None and last is not None
        versus = re.search(r"(?:versus|vs\.?|than|compared (?:with|to)|against|of) (?:the )?(?:placebo|saline|controls?)\b", f"{self.site} ; {self.claim}", re.I)
        m = meaning(self.asked.how, s, row.value if row.value is not None else row.high, self.site, self.claim, bool(versus) or further)
        partner = before or without
        scene = self.scene(row)
        self._daytime(scene)
        reference: Scene | None = None
        if m.relative in ("reference", "difference"):
            other = last if further and last is not None else Row({}, role="control" if re.search(r"control", versus.group(0) if versus else "") else "reference")
            reference = self.scene(other)
        elif m.relative is None and (q in RATIOS or q in COMPARED) and partner is not None and partner.value:
            if row.role != "value" and row is not last and (row.role == "baseline" or row is partner or row.role in ("reference", "control")):
                return
            own = partner.role == "baseline"
            if q in RATIOS:
                m = Meaning("baseline" if own else "reference", 0.0, 1.0 / partner.value, "1")
            else:
                m = Meaning("change" if own else "difference", -s.factor * partner.value, s.factor, s.unit)
            reference = None if own else self.scene(partner)
        elif m.relative is None and (q in ONLY_RELATIVE or s.unit == "assay"):
            raise Unusable(f"{q} has no unit of its own here: only a ratio to a value before the drug, on placebo or of controls counts")
        o: dict[str, Any] = {"quantity": q, "unit": m.unit, "relative": m.relative}
        if q == "SBP":
            m = self._systolic(m)
            o |= {"quantity": "MAP", "unit": "mmHg"}
        o |= self.place(row, scene, self._default(m, row.value, scene))
        if reference is not None:
            self._daytime(reference)
            self.place(row, reference, "mean")
            if reference.zero != scene.zero and "at" in o and not scene.state:
                reference.until = max(reference.until, scene.until)
            reference.until = max(reference.until, scene.until)
            o["reference"] = self.name(found, reference)
        if m.relative in ("baseline", "change") and min((float(d["at"].split()[0]) for d in scene.doses), default=0.0) < scene.zero:
            # against the time just before the entry's own drug, not before what was there already
            o["baseline_at"] = f"{scene.zero:g} min"
        self.add(found, scene, self.numbers(o, row, m.a, m.b))

    def _systolic(self, m: Meaning) -> Meaning:
        """Systolic pressure is no output: its change makes one of the mean pressure."""
        if m.relative not in ("change", "difference"):
            raise Unusable("systolic pressure is no output; only its change is read, as one of the mean pressure")
        still = re.search(r"diastolic[^.;]{0,24}(?:not change|unchanged|no change|did not)|diastolic,? does not", self.claim, re.I)
        share = 1 / 3 if still else 2 / 3
        self.assumed.append(f"the mean pressure follows systolic by {'a third (diastolic unchanged)' if still else 'two thirds'}")
        return Meaning(m.relative, m.a * share, m.b * share, "mmHg")

    # -- directions ---------------------------------------------------------------------------------------------------------------

    def directions(self) -> Found:
        """A finding without a number: up, down or unchanged, against before the drug or against another arm."""
        d = str(self.e["direction"])
        if d not in ("increase", "decrease", "none"):
            raise Unusable(f"direction {d!r}: it is increase, decrease or none")
        q = self.quantity
        if q == "ventilatory_slope":
            q = self.quantity = "minute_ventilation"
            self.gas = [t for t in self.gas if t["give"] == "oxygen"] + [{"give": "end_tidal_CO2", "level": "55 mmHg"}]
            self.assumed.append("the response to CO2 read as ventilation at an end-tidal pressure of 55 mmHg")
        if q == "SBP":
            q = self.quantity = "MAP"
        scene = self.scene(row := Row({}, unit=self.e.get("unit")), guess=d != "none")
        self._daytime(scene)
        reference = self.comparator(scene, d != "none")
        found = self.found()
        default = {"increase": "peak", "decrease": "trough", "none": "mean"}[d] if not scene.state else "mean"
        o: dict[str, Any] = {"quantity": q, "unit": "percent" if q == "SpO2" else TARGET.get(q, "1"), "direction": d} | self.place(row, scene, default)
        if reference is not None:
            self._daytime(reference)
            reference.until = max(reference.until, scene.until)
            o["reference"] = self.name(found, reference)
        elif scene.state and not scene.doses:
            raise Unusable("a direction whose comparison is not clear; write it as a study file")
        elif min((float(x["at"].split()[0]) for x in scene.doses), default=0.0) < scene.zero:
            o["baseline_at"] = f"{scene.zero:g} min"
        self.add(found, scene, o)
        return found

    def comparator(self, scene: Scene, guess: bool) -> Scene | None:
        """What a direction is against: the arm that words name, else healthy people (of a state) or the same hour without the drug (of hormones);
        None for the time before the drug."""
        text = f"{self.at} ; {self.claim} ; {self.site} ; {self.notes}"
        for m in re.finditer(r"(\b\w+ )?\b(?:than|versus|vs\.?|against|compared (?:with|to)|relative to|like|equals?)\s+([^.;]*)", text, re.I):
            phrase = m.group(2)
            if re.match(r"(?:[\w-]+ ){0,4}?(?:controls?|healthy|non-?users|naive|normal)\b", phrase, re.I):
                return self.scene(Row({}, role="control"))
            if re.match(r"(?:[\w-]+ ){0,3}?(?:placebo|saline|vehicle)\b", phrase, re.I):
                return self.scene(Row({}, role="reference"), guess=guess)
            if re.match(r"(?:[\w-]+ ){0,3}?(?:baseline|before|pre-?\w*|rest)\b", phrase, re.I):
                return None
            drugs = self.names.drugs(phrase[:40])
            size = re.match(r"less|more|weaker|stronger|greater|earlier", str(m.group(1) or ""), re.I)
            if drugs and not size and not scene.state and drugs[0] != self.people.drug:
                said = [g for g in self.names.said(phrase) if g.drug == drugs[0]]
                return self.scene(Row({}, given=said or [self.usual(drugs[0])], text=drugs[0]), guess=guess)
        first = self.names.drugs(self.claim)[:1]
        added = [d for d in scene.doses if d["drug"] in first and d["drug"] != self.people.drug]
        if added and len(added) < len(scene.doses):
            return dataclasses.replace(scene, doses=[d for d in scene.doses if d not in added])
        if scene.state and "history" in scene.person:
            return self.scene(Row({}, role="control"))
        if scene.doses and (self.quantity in HORMONES or self.quantity in LATE):
            return dataclasses.replace(scene, doses=[])
        return None

    # -- helpers of special kinds -----------------------------------------------------------------------------------------------------

    def unit_is_time(self) -> bool:
        """Whether the entry's unit is one of time."""
        return self.time_factor(self.e.get("unit")) is not None

    def time_factor(self, unit: Any) -> float | None:
        """Minutes of a unit of time; None for another unit."""
        try:
            u = Unit.parse(str(unit or ""))
        except UnitError:
            return None
        return u.factor if dict(u.dims) == {"min": 1} else None

    def time_scene(self, row: Row) -> tuple[Scene, float]:
        """The scene of a time, and how much later than the run's first drug the entry's zero lies (times of peaks count from the first drug)."""
        scene = self.scene(dataclasses.replace(row, time=None), guess=True)
        first = min((float(d["at"].split()[0]) for d in scene.doses), default=0.0)
        return scene, scene.zero - first

    def bare(self, row: Row, given: list[Any]) -> Scene:
        """Only doses, in a person without a history: for receptors, which a tracer compares with the time before the first dose."""
        person = self.people.person(row, False)
        doses = [self.pharmacy.dose(g, f"{self.e.get('id')} {self.site} {row.text}", 0.0) for g in given]
        return Scene(person, doses, [], 0.0, 1440.0, 60.0)

    def plain(self, person: dict[str, Any], doses: list[dict[str, Any]], gas: list[dict[str, Any]], zero: float, reach: float) -> Scene:
        """A scene from its parts."""
        return Scene(person, doses, gas, zero, reach, 60.0)

    def reverses(self, scene: Scene) -> bool:
        """Whether the entry's own drug is an antagonist."""
        return self.people.drug is not None and self.antagonist(self.people.drug) and self.quantity not in WITHDRAWAL


__all__ = ["is_effect_entry", "study_from_effect_entry"]
