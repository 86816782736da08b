"""Entries of the evidence collection that tell of an effect - breathing, pupil, pain, withdrawal, hormones, gut - read as studies, unchanged.

The words say who was studied, what was given when, in which gas (effect_words, effect_doses, effect_people, effect_scenes) and what the number
means (effect_values); kinds of their own stand in effect_special. What cannot be simulated is refused with the reason, what had to be assumed is
listed.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from papaver.bench.effect_directions import directions
from papaver.bench.effect_doses import FOREIGN
from papaver.bench.effect_people import Row
from papaver.bench.effect_protocol import LATE, WITHDRAWAL, asked_of
from papaver.bench.effect_scenes import Found, Scene, Scenes
from papaver.bench.effect_special import special
from papaver.bench.effect_values import ONLY_RELATIVE, TARGET, Meaning, meaning, scale
from papaver.bench.effect_words import HORMONES, UP, stated_time, statistic_in
from papaver.bench.entry_arms import Unusable
from papaver.errors import PapaverError
from papaver.evidence.load import Library

NOT_EFFECTS = {
    "count", "index", "correlation", "odds", "hazard", "cv", "exponent", "incidence", "frequency",
    "histamine", "constants", "auc", "window", "dose",
}  # fmt: skip
COMPARED = {"SpO2", "PaO2", "PaCO2", "PetCO2", "MAP", "SBP", "pupil_diameter", "body_temperature", "brain_oxygen"}
"""Values that differ more between people than within one: a value before the drug makes a change of them."""
RATIOS = ONLY_RELATIVE | {"heart_rate", "cardiac_output", "gastric_emptying", "orocaecal_transit", "colonic_transit"}


def is_effect_entry(e: dict[str, Any]) -> bool:
    """True for an entry of an effect, or of receptors taken in people."""
    quantity = str(e.get("quantity") or "")
    if re.search(r"occupancy$|receptor_availability|mu_availability", quantity, re.I):
        return True
    protocol, site = e.get("protocol"), str(e.get("analyte_or_site") or "").lower()
    if re.fullmatch(r"(?:t_?half_?)?ke0(?:_half_life)?", quantity):
        # a delay behind a molecule that the place names is one of kinetics
        return isinstance(protocol, dict) and str(protocol.get("drug") or "none").lower() not in site
    return "model" not in e and asked_of(e) is not None


def study_from_effect_entry(e: dict[str, Any], library: Library) -> dict[str, Any]:
    """One entry as a study in raw form.

    Raises:
        Unusable: it cannot be simulated; the message is the reason.
    """
    try:
        r = Reader(e, library)
        r.refuse()
        found = special(r) or r.values()
    except (LookupError, ArithmeticError, TypeError, ValueError, AttributeError) as problem:
        if isinstance(problem, PapaverError):
            raise
        raise Unusable(f"the entry is not in the form that is documented ({type(problem).__name__}: {problem})") from None
    if not found.observations:
        raise Unusable("no value, interval or direction that can be compared")
    return {
        "id": str(e["id"]), "title": str(e.get("claim") or e["id"]), "source": str(e["source"]["citation"]),
        "system": str(e.get("system") or "other"),
        "population": str(e.get("population") or "not stated"), "n": e.get("n") if isinstance(e.get("n"), int) and e["n"] > 0 else None,
        "arms": {k: s.arm() for k, s in found.scenes.items()}, "observations": found.observations, "assumed": list(dict.fromkeys(r.assumed)),
        "titrated": r.titrated and {"drug": r.titrated, "at": f"{max(s.zero for s in found.scenes.values()):g} min"},
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
        if "drug" not in self.p:
            raise Unusable("no protocol: what was given to whom is not said")
        if "series" in e and not self.rows:
            raise Unusable("a series without rows")
        young = re.search(r"\b(child|children|neonat|newborn|infant|preterm|adolescent|pregnan)", text, re.I)
        if young and not re.search(r"\badults?\b", text, re.I):
            raise Unusable("children, newborns and pregnancy are outside the adult body")
        if re.search(r"in vitro|recombinant|homogenate|\bcells\b|membranes|cloned", text, re.I) and self.quantity != "NK_activity":
            raise Unusable("in vitro: an input, not an observation in people")
        if re.search(r"post-?mortem", text, re.I):
            raise Unusable("post-mortem: dose and time are unknown")
        place = f"{quantity.replace('_', ' ')} {self.site} {self.at} {self.notes}"
        if re.search(r"hanging|strangul|asphyxia.*ischa?emia|\bsleep|polysomnogra", f"{place} {e.get('id')}", re.I):
            raise Unusable("hanging or sleep: the body does not have it")
        tokens = set(re.split(r"[_\W]+", quantity.lower()))
        if (tokens & NOT_EFFECTS and "cardiac" not in tokens and quantity != "reversal_dose") or re.search(r"odds|hazard", self.site, re.I):
            raise Unusable(f"quantity {quantity!r} is not one that the bench computes")
        if re.search(r"suppress|blockade|blocks?\b", f"{quantity} {self.site}", re.I) and not tokens & {"ventilation", "cortisol", "lh"}:
            raise Unusable("how long or how far something is blocked or kept away: not computed")
        if self.quantity == "HVR" and not self.asked.timing:
            raise Unusable("a slope of ventilation on saturation is not computed")
        if re.search(r"\bhair\b", self.site, re.I):
            raise Unusable("hair: not simulated")
        if self.quantity in HORMONES and re.search(r"saliva", self.site, re.I) and "serum" not in self.site and e.get("direction") is None:
            raise Unusable("cortisol of saliva (free): the body gives that of plasma")
        if e.get("system") == "epidemiology":
            raise Unusable("shares of a population, no given doses: epidemiology")
        beside = rf"(?:versus|vs\.?|than|with|plus|after|under|on|against) (?:[\w,]+ ){{0,3}}({FOREIGN})"
        alone = re.search(beside, f"{self.site} ; {self.notes}", re.I)
        if alone and not [row for row in self.rows if row.strange or row.drugs]:
            raise Unusable(f"given with or against {alone.group(1)}, which is not in the library")
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

    def needed(self) -> list[Row]:
        """The usable rows.

        Raises:
            Unusable: there is none.
        """
        rows = self.usable()
        if not rows:
            raise Unusable("no value, interval or direction that can be compared")
        return rows

    def found(self) -> Found:
        """An empty collection."""
        return Found()

    def name(self, found: Found, scene: Scene, hint: str = "main") -> str:
        """The name of a scene's arm; scenes that are alike share one."""

        def key(s: Scene) -> tuple[Any, ...]:
            return s.person, s.doses, s.gas, s.people, s.start

        for name, s in found.scenes.items():
            if key(s) == key(scene):
                s.until = max(s.until, scene.until)
                return name
        name = hint if hint not in found.scenes else f"{'arm' if hint == 'main' else hint}{len(found.scenes) + 1}"
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

    def place(self, row: Row, scene: Scene, default: str, relative: bool = False) -> dict[str, Any]:
        """When an observation is read in its arm, and how long the arm must run for it. `relative`: the greatest change is meant, whichever way."""
        if row.role == "baseline":
            scene.until = max(scene.until, scene.zero + 1)
            return {"at": f"{scene.zero:g} min"}
        told = [self.at, self.site] if scene.state and "history" in scene.person else [self.at, self.site, self.notes, self.claim]
        stated = stated_time(told) if row.time is None and row.statistic is None else None
        t = row.time or ((stated[0], stated[1]) if stated else None)
        within = stated is not None and stated[2] == "within"
        gone = scene.person.get("history", {}).get("stopped") not in (None, "1 min") and scene.state
        if t is not None and (t[1] > 45 * 1440 or gone):
            # how long people had been treated or had stopped, not a time after the dose
            t = None
        if t is not None and t[1] - t[0] >= 1440 and not scene.state and not any("every" in d for d in scene.doses):
            t = None
        statistic = row.statistic or self.asked.statistic or statistic_in(self.site) or (statistic_in(self.claim) if not self.series else None)
        statistic = None if relative and statistic in ("peak", "trough") else statistic
        if t is None and scene.held and statistic is None:
            t = (scene.peak, scene.peak)
        if self.quantity in WITHDRAWAL and scene.state and t is not None and self.e.get("direction") is not None and not row.time:
            t, within = (0.0, t[1]), True
        if t is not None and t[0] == t[1] and not within:
            at = scene.zero + t[0]
            scene.until = max(scene.until, at + 1)
            return {"at": f"{at:g} min"}
        start, stop = scene.zero, scene.zero + scene.reach
        if t is not None:
            start, stop = scene.zero + t[0], scene.zero + t[1]
            default = default if within else "mean"
        elif self.quantity in LATE and not scene.state:
            start, default = scene.zero + 0.5 * scene.peak, "mean"
        scene.until = max(scene.until, stop)
        return {"statistic": statistic or default, "window": [f"{start:g} min", f"{stop:g} min"]}

    @staticmethod
    def beside(reference: Scene, scene: Scene) -> None:
        """Bring a reference to the same times of the run as its scene."""
        if reference.doses and not reference.state and reference.zero != scene.zero:
            reference.shifted(scene.zero - reference.zero)
        reference.until = max(reference.until, scene.until)

    def daytime(self, scene: Scene) -> None:
        """Hormones of the day: the run begins at 08:00 and is read on the second day, when the clock of people without a history runs too; a drug
        comes at 09:00 of it. People go on taking what they take in the day before."""
        if self.quantity not in HORMONES or scene.start:
            return
        scene.start, h = "08:00", scene.person.get("history")
        given = [d | {"at": f"{float(d['at'].split()[0]) + 1500.0 - scene.zero:g} min"} for d in scene.doses if "every" not in d]
        scene.doses = []
        if h and h.get("stopped") is None:
            self.goes_on(scene, h)
        scene.doses += given
        scene.zero = 1500.0 if given or (h and not scene.state) else 1440.0
        hours = f"{self.site} {self.at}"
        if scene.state:
            after, reach = (840.0, 300.0) if re.search(r"night|nocturnal", hours) else (720.0, 60.0) if re.search(r"evening", hours) else (0.0, 30.0)
            scene.zero, scene.reach = scene.zero + after, reach

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
            return directions(self, str(self.e["direction"]))
        found = self.found()
        before = next((r for r in numbers if r.role == "baseline"), None)
        without = next((r for r in numbers if r.role in ("reference", "control")), None)
        last: Row | None = None
        quantity = self.quantity
        for row in numbers:
            self.quantity = self.row_quantity(row)
            self._value(found, row, before, without, last)
            last, self.quantity = row, quantity
        return found

    def _value(self, found: Found, row: Row, before: Row | None, without: Row | None, last: Row | None) -> None:
        q = self.quantity
        s = scale(q, row.unit)
        further = re.search(r"\b(?:extra|further|additional)\b", row.text) is not None and last is not None
        told = f"{self.site} ; {self.claim}"
        versus = re.search(r"(?:versus|vs\.?|than|compared (?:with|to)|against|of) (?:the )?(?:placebo|saline|controls?)\b", told, re.I)
        if s.share and re.search(r"of (?:the )?control\b", told) and without is None:
            versus = None
        m = meaning(self.asked.how, s, row.value if row.value is not None else row.high, self.site, self.claim, bool(versus) or further)
        partner = before or without
        scene = self.scene(row)
        self.daytime(scene)
        reference: Scene | None = None
        if m.relative in ("reference", "difference"):
            people = versus is not None and "control" in versus.group(0)
            reference = self.scene(last if further and last is not None else Row({}, role="control" if people else "reference"))
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
            band = row.spread or {}
            apart = row.value and re.search(r"\bminus\b|difference|versus|\bvs\b", f"{self.site} {self.e['quantity']}")
            if apart and float(band.get("low") or row.value or 0) * float(band.get("high") or row.value or 0) > 0:
                self.assumed.append("a difference in the unit of an assay read as its direction")
                other_way = directions(self, "increase" if float(row.value or 0) > 0 else "decrease")
                found.scenes |= other_way.scenes
                found.observations += other_way.observations
                return
            raise Unusable(f"{q} has no unit of its own here: only a ratio to a value before the drug, on placebo or of controls counts")
        o: dict[str, Any] = {"quantity": q, "unit": m.unit, "relative": m.relative}
        if q == "DBP" or q not in TARGET:
            raise Unusable(f"{q} is no output of the body")
        if q == "SBP":
            m = self._systolic(m)
            o |= {"quantity": "MAP", "unit": "mmHg"}
        o |= self.place(row, scene, self._default(m, row.value, scene), m.relative is not None)
        if reference is not None:
            self.daytime(reference)
            self.beside(reference, scene)
            o["reference"] = self.name(found, reference, "reference")
        if row.time and "interval" in row.raw:
            # what it rose from the beginning of the interval to its end; "after 20 s": in the minute that follows
            end = row.time[1] if row.time[1] > row.time[0] else row.time[0] + 1.0
            scene.until = max(scene.until, scene.zero + end + 1)
            o = {k: v for k, v in o.items() if k not in ("window", "statistic")} | {
                "at": f"{scene.zero + end:g} min", "baseline_at": f"{scene.zero + row.time[0]:g} min",
            }  # fmt: skip
        elif m.relative in ("baseline", "change") and (scene.first if scene.doses else 0.0) < scene.zero:
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

    # -- helpers of special kinds -----------------------------------------------------------------------------------------------------

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
