"""What an evidence entry says was given: its own drug, drugs that came before or along with it, infusions under which it was given."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

from papaver.bench.effect_doses import HALVING, USUAL_DOSE, Given, Names, Pharmacy
from papaver.bench.effect_people import People, Row, number, read_row
from papaver.bench.effect_words import UNIT, Asked, asked, effect_in, gases, in_digits, minutes, span
from papaver.bench.effects import DEPENDENCE
from papaver.bench.entry_arms import Unusable
from papaver.evidence.load import Library
from papaver.scenario.resolve import ROUTES

WITHDRAWAL = {"COWS", "SOWS", "SOWS_H", "OOWS", "sign"}
LATE = {"gastric_emptying", "orocaecal_transit", "colonic_transit", "LH", "testosterone", "QTc"}
"""Outputs that are read as a mean over the hours after a dose."""
NAIVE = r"non-?dependent|naive|healthy|acute.dependence|normal"
"""People in whom withdrawal is that from one dose."""
MEDICINES = ("lofexidine", "clonidine", "dexmedetomidine")
"""Drugs that treat withdrawal without being opioids."""
_PHRASE = r"((?:[^.;,]|\.\d|, ?\d)*)"
_TOGETHER = r"\+|\bwith\b|\bplus\b|\band\b|[a-z]{4}/[a-z]{4}|extra|added"


def asked_of(e: dict[str, Any]) -> Asked | None:
    """The effect that an entry asks for."""
    return asked(str(e.get("quantity") or ""), str(e.get("analyte_or_site") or ""), str(e.get("claim") or ""))


class Protocol:
    """The words of one entry, its rows, and the drugs that they say were given."""

    def __init__(self, e: dict[str, Any], library: Library) -> None:
        self.e, self.library = e, library
        self.p: dict[str, Any] = e["protocol"] if isinstance(e.get("protocol"), dict) else {}
        texts = (e.get("analyte_or_site"), e.get("claim"), self.p.get("notes"), e.get("at"), e.get("note"), e.get("population"))
        self.site, self.claim, self.notes, self.at, self.note, self.population = (in_digits(str(x or "")) for x in texts)
        self.words = " ; ".join(x for x in (self.site, self.notes, self.claim, self.population, self.at) if x)
        self.assumed: list[str] = []
        self.titrated: str | None = None
        """The opioid whose infusion was set by its effect."""
        self.names = Names(library)
        self.asked = asked_of(e) or Asked("occupancy", "absolute", None, False, False)
        self.quantity = self._named_quantity(self.asked.quantity)
        self.people = People(self.names, self.assumed, self.p, self.site, self.claim, self.notes, self.at, self.population)
        self.pharmacy = Pharmacy(library, self.names, f"{e.get('id')} {self.site} {self.notes} {self.claim}", self.assumed)
        self.gas = gases(f"{self.site} ; {self.notes} ; {self.claim}", self.assumed, self.quantity)
        series = e.get("series")
        self.series = isinstance(series, list)
        raw = [r for r in series if isinstance(r, dict)] if isinstance(series, list) else [{k: e.get(k) for k in ("value", "low", "high")}]
        self.rows = [read_row(r, self.names, e.get("unit"), self.people.drug) for r in raw]
        self._in_order()
        self._relabel()

    def _in_order(self) -> None:
        """Doses listed in the protocol belong to the rows in their order, where there are as many and the rows name none."""
        dose = self.people.dose or {}
        values = dose.get("values")
        if isinstance(values, list) and len(values) == len(self.rows) > 1 and not any(r.given or r.drugs or r.time for r in self.rows):
            for row, x in zip(self.rows, values, strict=True):
                said = self.names.said(f"{self.people.drug} {x} {dose.get('unit') or ''}") if number(x) and self.people.drug else []
                row.given = [dataclasses.replace(said[0], route=ROUTES.get(self.people.route, self.people.route) or None)] if said else []

    def _relabel(self) -> None:
        """Roles that hang on the other rows: "control" of healthy people is the same people without the drug; "placebo" of a drug that is not in the
        library leaves the entry's own drug."""
        if self.people.group() == "healthy" and not [r for r in self.rows if r.group == "user"]:
            for r in self.rows:
                if r.role == "control" and re.match(r"\s*controls?\b(?! group| subj| people)", r.text, re.I):
                    r.role, r.group = "reference", None
        foreign = [r for r in self.rows if r.strange and not (self.people.drug in r.drugs and re.search(_TOGETHER, r.text))]
        if foreign and not [r for r in self.rows if self.people.drug in r.drugs] and self.people.drug:
            for r in self.rows:
                if r.role == "reference":
                    r.role = "value"

    def _named_quantity(self, quantity: str) -> str:
        """SOWS is Gossop's scale of ten items or Handelsman's of sixteen; oximetry of the cortex is of the brain."""
        if quantity == "SpO2" and re.search(r"NIRS|cortical|cerebral", self.site):
            return "brain_oxygen"
        if quantity != "SOWS":
            return quantity
        text = f"{self.words} ; {self.note}"
        values = [number(r.get("value")) or 0.0 for r in (self.e.get("series") or [self.e]) if isinstance(r, dict)]
        if re.search(r"gossop|short opiate|0-30|10 items|lofexidine", text, re.I) and max([0.0, *values]) <= 30:
            return "SOWS"
        if not re.search(r"handelsman|0-64|16 items", text, re.I):
            self.assumed.append("SOWS read as Handelsman's scale (0 to 64)")
        return "SOWS_H"

    def row_quantity(self, row: Row) -> str:
        """What a row measures, where its own words name another effect than the entry's."""
        said = next((str(row.raw[k]) for k in ("quantity", "scale", "endpoint", "outcome", "hormone", "variable", "measure") if k in row.raw), "")
        named = effect_in(said.replace("_", " ")) if said else None
        return self._named_quantity(named) if named and named != self.asked.quantity else self.quantity

    def antagonist(self, drug: str) -> bool:
        """Whether a drug of the library is an opioid antagonist."""
        return getattr(self.library.dosed(drug), "kind", "") == "antagonist"

    def opioid(self, drug: str) -> bool:
        """Whether it is an agonist."""
        return getattr(self.library.dosed(drug), "kind", "opioid") == "opioid"

    def user(self, row: Row) -> bool:
        """Whether the people of a row take opioids."""
        group = self.people.group()
        if group == "healthy" and self.quantity in WITHDRAWAL and not re.search(NAIVE, f"{self.words} {self.e.get('id')}", re.I):
            group = "user"
        if row.role == "control":
            return False
        return row.group == "user" if row.group is not None and group == "mixed" else group != "healthy" or row.group == "user"

    def own(self, drug: str) -> bool:
        """Whether users take this drug every day: the entry's own, if it is an agonist."""
        return drug == self.people.drug and self.opioid(drug)

    def state(self, base: Given | None) -> bool:
        """Whether an entry speaks of how people are who take a drug every day, not of a dose: the drug comes into their history."""
        if base is None or base.route in (None, "none"):
            return True
        if base.value is not None and not self.people.daily_protocol() and "day" not in base.per:
            return False
        text = f"{self.notes} ; {self.at} ; {self.site} ; {self.claim}"
        if base.route in ("iv", "intranasal", "im", "inhaled", "sc") and self.quantity not in ("QTc", "testosterone", "LH"):
            # an injection whose effect was watched, unless it was stopped
            stopped = re.search(r"abrupt|cessation|taper|withdrawal (?:peak|course)|active (?:use|heroin|opioid|inject)|basal", text, re.I)
            return stopped is not None or (self.quantity in WITHDRAWAL and (base.value is None or self.people.daily_protocol()))
        slow = self.quantity in LATE | DEPENDENCE | {"pain_tolerance", "ventilatory_slope", "NK_activity", "cytokine"}
        return slow or re.search(r"maint|stable|stabili|daily dose|usual dose|patients", f"{text} ; {self.population}", re.I) is not None

    # -- the entry's own drug ------------------------------------------------------------------------------------------------------

    def protocol_dose(self) -> Given | None:
        """The protocol's drug with its dose; the dose is None where none is given."""
        name = str(self.p.get("drug") or "none")
        if name.lower() in ("none", "placebo"):
            return None
        drug = self.pharmacy.drug(name)
        route = str(self.p.get("route") or "")
        if route == "none" and re.search(r"intracerebro|eye|topical", self.notes, re.I):
            raise Unusable("given where the body has no route to (eye, brain)")
        kind = ROUTES.get(route, route) or None
        g = Given(drug.name, None, route=kind, over=self._over() if route == "iv_infusion" else None)
        dose = self.p.get("dose")
        if isinstance(dose, str):
            said = self.names.said(f"{drug.title} {dose}")
            return dataclasses.replace(said[0], drug=drug.name, route=kind, over=g.over) if said else g
        if not isinstance(dose, dict):
            said = [x for x in self.names.said(f"{self.claim} ; {self.notes}") if x.drug == drug.name and x.per != "level" and "day" not in x.per]
            if len({(x.value, x.unit, x.per) for x in said}) == 1 and not [r for r in self.rows if r.given]:
                self.assumed.append(f"dose {said[0].text} as the words give it")
                return dataclasses.replace(said[0], route=kind or said[0].route, over=g.over)
            return g
        listed = dose.get("values")
        numbers = [dose["value"]] if dose.get("value") is not None else listed if isinstance(listed, list) else [dose.get("low"), dose.get("high")]
        given = [x for v in numbers if (x := number(v)) is not None and x > 0]
        if not given:
            return g
        unit = str(dose.get("unit") or "")
        middle = given[-1] if listed else math.sqrt(given[0] * given[-1])
        said = self.names.said(f"{drug.title} {middle:g} {unit}")
        if not said:
            raise Unusable(f"the dose has no unit of amount: {unit!r}")
        if len(given) > 1:
            self.assumed.append(f"dose {middle:g} {unit} of {', '.join(f'{x:g}' for x in given)}")
        return dataclasses.replace(said[0], drug=drug.name, route=kind, over=g.over)

    def _over(self) -> float:
        """Length of an infusion, min."""
        text = f"{self.notes} ; {self.claim} ; {self.site}"
        m = re.search(rf"(?:over|for) (\d+(?:\.\d+)?)[ -]*{UNIT}|(\d+(?:\.\d+)?)[ -]*{UNIT}[ -]*(?:long )?infusion", text)
        if m:
            return minutes(float(m.group(1) or m.group(3)), m.group(2) or m.group(4))
        unit = str((self.people.dose or {}).get("unit", ""))
        value, speed = number((self.people.dose or {}).get("value")), re.search(r"at (\d+(?:\.\d+)?) ?(mg|ug)/kg/min", text)
        if value and speed and unit == f"{speed.group(2)}/kg":
            return value / float(speed.group(1))
        if re.search(r"/(?:min|h|hour)\b", unit):
            found = span(self.site)
            if found and found[1] > found[0]:
                return found[1]
            self.assumed.append("infusion for 3 h")
            return 180.0
        if not any(r.levels for r in self.rows):
            self.assumed.append("infusion over 15 min")
        return 15.0

    def _regimen(self) -> list[Given]:
        """Doses of a regimen in rows of {time, dose, drug, route}.

        Raises:
            Unusable: one that does not say what was given when.
        """
        out, name = [], str(self.p.get("drug"))
        for row in self.p.get("regimen") or []:
            row = row if isinstance(row, dict) else {}
            given, when = row.get("dose"), str(row.get("time")).strip()
            text = f"{given.get('value')} {given.get('unit')}" if isinstance(given, dict) else str(given or "")
            said = self.names.said(text if self.names.drugs(text) else f"{row.get('drug') or name} {text}")
            time = span(when) or ((0.0, 0.0) if when in ("0", "0.0") else None)
            if not said or time is None or re.search(r"\bor\b|,", when) or re.search(r"\bor\b|\bif\b", text):
                raise Unusable("a regimen of several doses in free text; write it as a study file")
            fallback = ROUTES.get(str(self.p.get("route")), str(self.p.get("route")))
            for g in said:
                rate = g.per.endswith(("h", "min"))
                if rate and time[1] == time[0]:
                    self.assumed.append("the infusion runs for an hour")
                over = (time[1] - time[0] or 60.0) if rate else (time[1] - time[0] or None) if len(said) == 1 else None
                out.append(dataclasses.replace(g, at=time[0], over=over, route=g.route or fallback))
        return out

    def _steps(self, base: Given) -> list[Given]:
        """Doses that notes list at intervals: "0.4 then 0.8,1.6,3.2 mg at 15-min steps"."""
        numbers = r"((?:\d+(?:\.\d+)?(?:,? (?:then|and) |, ?))+\d+(?:\.\d+)?)"
        m = re.search(rf"{numbers} ?(mg|ug)(?:/kg)? at (\d+)[ -]?min(?:ute)? (?:steps|intervals)", self.notes)
        if not m:
            return [base]
        values = [float(x) for x in re.findall(r"\d+(?:\.\d+)?", m.group(1))]
        return [dataclasses.replace(base, value=x, unit=m.group(2), at=k * float(m.group(3))) for k, x in enumerate(values)]

    # -- in a row ------------------------------------------------------------------------------------------------------------------

    def acute(self, row: Row, user: bool) -> list[Given]:
        """What is given in a row, but for what people take every day; without the drug in a reference row.

        Raises:
            Unusable: a regimen in free text, or no known route.
        """
        if self.p.get("regimen"):
            regimen = self._regimen()
            return [g for g in regimen if g.drug != self.people.drug] if row.role == "reference" else regimen
        base = self.protocol_dose()
        waiting = user and self.quantity in WITHDRAWAL and re.search(r"last dose|abrupt|stop|wait|cessation", self.words, re.I) is not None
        kept = base is not None and user and self.own(base.drug) and self.state(base)
        if base and (base.route == "none" or kept or (waiting and self.opioid(base.drug) and not row.given)):
            if base.route == "none" and not user and row.role != "control":
                raise Unusable("no drug given by a known route: nothing to simulate")
            base = base if base.drug in MEDICINES else None
        people = row.role == "control" and (base is None or self.state(base))
        if row.role == "reference" or (people and self.people.group() != "healthy"):
            return [g for g in row.given if base is None or g.drug != base.drug]
        if base and base.drug in [g.drug for g in row.levels]:
            base = None
        out = self._steps(base) if base else []
        for g in row.given:
            if user and self.own(g.drug) and base is None:
                continue
            together = base is None or g.drug == base.drug or re.search(_TOGETHER, row.text)
            out = [x for x in out if together and x.drug != g.drug]
            over = g.over or (base.over if base and base.drug == g.drug else None)
            out.append(dataclasses.replace(g, route=g.route or row.route or self.route_of(g.drug), over=over))
        for d in row.drugs:
            if d in [g.drug for g in (*out, *row.given, *row.levels)] or (user and self.opioid(d) and (base is None or waiting)):
                continue
            if base is not None and not re.search(_TOGETHER, row.text):
                out = [x for x in out if x.drug != base.drug]
            known = next((g for g in self.names.said(f"{self.notes} ; {self.claim}") if g.drug == d and g.per != "level"), None)
            swallowed = base.route if base and base.route in ("oral", "sublingual") and re.search(_TOGETHER, row.text) else None
            known = known or Given(d, None, route=self.route_of(d))
            out.append(dataclasses.replace(known, route=known.route or swallowed))
        if row.raw.get("route") and row.route:
            out = [dataclasses.replace(g, route=row.route) if g.drug == self.people.drug else g for g in out]
        return out + self._along(out, user)

    def _along(self, given: list[Given], user: bool) -> list[Given]:
        """Sedatives that the notes give with a dose, to everybody."""
        if re.search(r"placebo|comparator|versus|\bvs\b|\b0(?:,| or)", self.notes, re.I) or any(r.drugs for r in self.rows):
            return []
        mine = {g.drug for g in given}
        said = [g for g in self.names.said(self.notes) if g.drug not in mine and g.per in ("", "kg") and not self.antagonist(g.drug)]
        before = re.search(r"after|before|pre-?treat", self.notes, re.I)
        return [g for g in said if not self.opioid(g.drug) and not before]

    def route_of(self, drug: str) -> str | None:
        """The protocol's route, for a drug that takes the place of its own; None: the usual one."""
        route = str(self.p.get("route") or "")
        same = drug == self.people.drug or (bool(self.people.drug) and self.antagonist(drug) == self.antagonist(str(self.people.drug)))
        return ROUTES.get(route, route) if same and route not in ("", "none") else None

    def usual(self, g: Given) -> Given:
        """A usual dose, where only a direction or a time is asked."""
        usual = USUAL_DOSE.get(f"{g.drug} {g.route}") or USUAL_DOSE.get(g.drug)
        if usual is None or g.value is not None:
            return g
        value, unit = usual.split(" ", 1)
        self.assumed.append(f"{g.drug} {usual}, a usual dose (not stated)")
        return dataclasses.replace(g, value=float(value), unit=unit.split("/")[0], per="kg" if "/" in unit else "")

    def divided(self, g: Given) -> Given:
        """Doses that words repeat: "0.72 mg four times a day", "3.2 mg a day in four divided doses", "every 6 h"."""
        text = f"{self.notes} ; {self.claim}"
        m = re.search(r"\b(two|three|four) (?:times|divided|doses)|\btwice\b|(?:q|every )(\d+) ?h\b", text)
        n = 1.0 if not m else 24 / float(m.group(2)) if m.group(2) else {"two": 2.0, "three": 3.0, "four": 4.0}.get(str(m.group(1)), 2.0)
        if g.value is None:
            return g
        daily = "day" in g.per or re.search(rf"\b{g.value:g} ?{g.unit} ?(?:/ ?d\b|/ ?day|a day|per day|daily)", text) is not None
        daily = daily or (g.drug in MEDICINES and "divided" in text)
        if not daily and not (m and g.drug in MEDICINES):
            return g
        n = 4.0 if n == 1 and g.drug in MEDICINES else n
        days = next((float(x) for x in re.findall(r"(?:days 1-|for )(\d+)(?: days)?", text)), 7.0)
        once = g.value / n if daily else g.value
        return dataclasses.replace(g, value=once, per=g.per.replace("day", "").strip("/"), every=1440.0 / n, times=round(n * days))

    # -- before and under it ----------------------------------------------------------------------------------------------------------

    def background(self, given: list[Given], user: bool, guess: bool) -> list[Given]:
        """Doses that came before: "6 h after morphine 10 mg im", "after diazepam", and the agonist that an antagonist met.

        Raises:
            Unusable: the agonist's dose is not given, or it was given again and again.
        """
        mine = {g.drug for g in given} | {str(self.people.drug)}
        against = any(self.antagonist(g.drug) for g in given)
        out: dict[str, Given] = {}
        time = rf"(?:(\d+(?:\.\d+)?)(?:\s*(?:-|to|or|,|and)\s*\d+(?:\.\d+)?)*[ -]?{UNIT} )?"
        for text in (self.notes, self.site, self.claim):
            for m in re.finditer(rf"{time}\b(after|before|reversal of|reversed|of|against|on top of|antagoni[sz]ed)\b {_PHRASE}", text, re.I):
                link = m.group(3).lower()
                said = [g for g in self.names.said(m.group(4)) if g.drug not in mine and g.per in ("", "kg") and not self.antagonist(g.drug)]
                if not said or (not against and link not in ("after", "on top of")) or (link == "before" and against):
                    continue
                g = said[0]
                if against and re.search(r"repeated|challenges", m.group(4), re.I):
                    raise Unusable("an agonist that was given again and again at times that are not stated")
                if against and g.route is None and str(self.p.get("route")).startswith("iv"):
                    g = dataclasses.replace(g, route="iv")
                if not self.opioid(g.drug) and link not in ("after", "on top of"):
                    continue
                later = re.search(rf"given (\d+(?:\.\d+)?) ?{UNIT} later", text)
                stated = m if m.group(1) and link == "after" else later
                delay = minutes(float(stated.group(1)), stated.group(2)) if stated else self._delay(g.drug)
                out.setdefault(g.drug, dataclasses.replace(g, at=-delay))
            m2 = re.search(rf"(\w+(?: \d[\d.,-]* ?mg)?) before {_PHRASE}", text)
            pre = self.names.said(m2.group(0)) if m2 else []
            for g in [g for g in pre if not self.opioid(g.drug) and not self.antagonist(g.drug) and g.drug not in mine][:1]:
                out.setdefault(g.drug, dataclasses.replace(g, at=-self._delay(g.drug)))
        agonist = [g for g in (*given, *out.values()) if self.opioid(g.drug)]
        if against and not agonist and not user and not self.infusions(given, []):
            if re.search(r"repeated|challenges", self.claim, re.I):
                raise Unusable("an agonist that was given again and again at times that are not stated")
            said = [g for g in self.names.said(f"{self.claim} ; {self.site}") if self.opioid(g.drug) and g.per in ("", "kg")]
            named = [d for d in self.names.drugs(self.words) if self.opioid(d)]
            if not said and (not named or not guess or self.quantity in WITHDRAWAL):
                raise Unusable("an antagonist against an agonist whose dose is not given")
            g = said[0] if said else self.usual(Given(named[0], None, route="iv"))
            out[g.drug] = dataclasses.replace(g, at=-self._delay(g.drug), route=g.route or "iv")
        return list(out.values())

    def _delay(self, drug: str) -> float:
        delay = 120.0 if drug in ("buprenorphine", "clonidine", "methadone") else 60.0
        self.assumed.append(f"{drug} given {delay:g} min before")
        return delay

    def noted_levels(self) -> list[Given]:
        """Concentrations that the notes hold in everybody."""
        if re.search(r"\bor\b|placebo|versus", self.notes) or not re.search(r"held|steady|target|clamp|constant", self.notes):
            return []
        return [g for g in self.names.said(self.notes) if g.per == "level" and g.drug != self.people.drug and g.drug not in HALVING]

    def infusions(self, given: list[Given], earlier: list[Given]) -> list[Given]:
        """An agonist infusion under which an antagonist was given; titrated to an effect if no concentration is said."""
        if not any(self.antagonist(g.drug) for g in given):
            return []
        text, known = f"{self.notes} ; {self.claim} ; {self.site}", "|".join(HALVING)
        if any(g.drug in HALVING for g in earlier):
            return []
        m = re.search(rf"({known})(?:[ -]\w+){{0,3}}? infusion|infusion of ({known})|({known})-(?:depressed|induced)", text, re.I)
        if not m:
            return []
        drug = next(x for x in m.groups() if x).lower()
        level = next((g for g in self.names.said(text) if g.drug == drug and g.per == "level"), None)
        if level is not None:
            return [level]
        value, unit = HALVING[drug].split()
        self.assumed.append(f"{drug} infused until ventilation was half")
        self.titrated = drug
        return [Given(drug, float(value), unit, "level")]
