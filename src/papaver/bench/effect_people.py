"""Who was studied, by the words of an evidence entry: healthy people or people who take opioids, with what they take, and the rows of a series."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from papaver.bench import words
from papaver.bench.effect_doses import FOREIGN, HEALTHY, PRESCRIBED_HEROIN, USERS, USUAL_DAY, Given, Names, route_in
from papaver.bench.effect_words import UNIT, minutes, row_time, span, statistic_in
from papaver.bench.entry_arms import Unusable
from papaver.evidence.schema import Mixture

ABSTINENT = (
    r"(?<!continuous )abstinen|abstain|detoxif|drug-?free(?! (?:control|volunt|health))|days? clean|"
    r"after (?:the )?(?:last|stop|cessation|discontinu)|former (?:heroin|opioid|opiate) (?:users|addicts)"
)
STOP = (
    r"abrupt|cessation|discontinu|spontaneous|cold turkey|unassisted|after (?:the )?last (?:dose|use|heroin|injection)|last dose|missed dose|"
    r"left out"
)
_BASELINE = (
    r"^(?:pre|before|baseline|at rest|resting|rest|initial)\b|\bbaseline$|before (?:the )?(?:drug|dose|injection|naloxone)|pre-?(?:drug|dose|inject)"
)
_REFERENCE = r"placebo|saline|sham|vehicle|solvent|untreated|\bno (?:drug|antagonist|naloxone|opioid|treatment)\b|\bwater\b"
_CONTROL = r"\bcontrols?\b|healthy|naive|non-?users?|never"
_LABELS = ("label", "arm", "group", "drug", "dose", "treatment", "condition", "antagonist", "agonist", "route", "drugs", "population")
_PLAIN = (
    r"the|and|with|plus|after|before|for|per|than|over|under|above|below|only|mean|median|peak|nadir|lowest|highest|trough|maximum|"
    r"minimum|level|dose|doses|iv|im|sc|intranasal|nasal|oral|sublingual|tablet|injection|bolus|infusion|placebo|saline|control|"
    r"controls|healthy|naive|users|user|patients|patient|people|group|adults|men|women|male|female|young|older|elderly|chronic|"
    r"tolerant|dependent|maintained|maintenance|active|abstinent|addicts|opioid|heroin|baseline|rest|resting|study|kg|day|days|"
    r"week|weeks|month|months|year|years|hour|hours|min|minutes|during|reversal|early|late|phase|end|start|single|daily|total|all|"
    r"whole|brain|value|alone|volunteers|subjects|n|x|rows|score|scale|first|second|short|acting|long|slow|release|usual|extra|"
    r"further|additional|combination|both|breathing|ventilation|tolerance|latency|held|own|former|recent|stable|low|high|drug|"
    r"drugs|onset|resolution|duration|decline|fade|settle|complete|short-acting|long-acting|slow-release|sows|cows|oows|hcvr|"
    r"morning|evening|night|basal|on|off|at|in|of|to|by|mm|mg|ug|ng|ml|pre|post|no|non|free|open|smoked|inhaled|ml/h|mmhg|kpa|co2"
)
"""Words of labels that say nothing strange."""


def number(x: Any) -> float | None:
    """A finite number, or None."""
    return float(x) if isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) else None


@dataclass
class Row:
    """One row of a series (or the entry itself) as read.

    `role`: "value", "baseline" (before the drug), "reference" (the same people without it), "control" (people who do not take opioids).
    `strange`: words of a label that say nothing known: the row cannot be simulated.
    """

    raw: dict[str, Any]
    text: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    spread: dict[str, Any] | None = None
    unit: str | None = None
    time: tuple[float, float] | None = None
    role: str = "value"
    group: str | None = None
    given: list[Given] = field(default_factory=list)
    drugs: list[str] = field(default_factory=list)
    levels: list[Given] = field(default_factory=list)
    route: str | None = None
    statistic: str | None = None
    strange: str | None = None


def read_row(raw: dict[str, Any], names: Names, unit: str | None, drug: str | None) -> Row:
    """Read one row; `drug`: the protocol's, whose dose a bare number is."""
    keyed = {k: v for k, v in raw.items() if isinstance(v, str) and k not in ("unit", "text", "time", "note", "kind")}
    label = " ; ".join(v for k, v in keyed.items() if k in _LABELS)
    text = " ; ".join(keyed.values())
    own_unit = str(raw["unit"]) if raw.get("unit") else unit
    row = Row(raw, text, number(raw.get("value")), number(raw.get("low")), number(raw.get("high")), unit=own_unit)
    for key, kind in (("sd", "SD"), ("se", "SE"), ("sem", "SE")):
        if number(raw.get(key)) is not None:
            row.spread = {"kind": kind, "value": float(raw[key])}
    if row.spread is None and row.value is not None and row.low is not None and row.high is not None and row.high > row.low:
        row.spread = {"kind": "CI95", "low": row.low, "high": row.high}
    timed = re.search(rf"\b(?:days?|week) \d|\d ?{UNIT}", text) and not re.search(rf"mg|ug|/day|{ABSTINENT}", text)
    row.time = row_time(raw) or (span(text) if timed else None)
    row.statistic = statistic_in(text)
    said = names.said(text)
    row.levels = [g for g in said if g.per == "level"]
    row.given = [g for g in said if g.per != "level"]
    row.drugs = names.drugs(label)
    row.route = route_in(str(raw.get("route") or label))
    _doses(row, raw, drug)
    bound = re.match(r"\s*([<>])=? ?(\d+(?:\.\d+)?)", str(raw.get("text") or "")) if row.value is None and row.high is None else None
    if bound:
        # "beyond 480 min": at least that, and not for ever
        x = float(bound.group(2))
        row.low, row.high = (x, 2.5 * x) if bound.group(1) == ">" else (0.0, x)
    if re.search(_BASELINE, text.strip(), re.I) or (row.time == (0.0, 0.0) and len(text) < 3):
        row.role = "baseline"
    elif re.search(_REFERENCE, label, re.I) and not row.given and (not row.drugs or re.match(r"\s*(?:placebo|saline|no )", label, re.I)):
        row.role = "reference"
    elif re.search(_CONTROL, label, re.I) and not re.search(USERS, label, re.I):
        row.role, row.group = "control", "healthy"
    if row.group is None and label:
        patients = re.search(USERS + r"|addicts?|\bactive\b|\bpatients?\b", label, re.I)
        row.group = "user" if patients else "healthy" if re.search(HEALTHY, label, re.I) else None
    foreign = re.search(FOREIGN, label, re.I)
    row.strange = foreign.group(0) if foreign else _strange(label, names)
    return row


def _doses(row: Row, raw: dict[str, Any], drug: str | None) -> None:
    """Doses in keys such as dose_mg, dose_ug_70kg, dose_mg_kg, or a bare "16 mg" in a label."""
    for key, value in raw.items():
        m = re.fullmatch(r"(?:([a-z0-9-]+?)_)?dose_(mg|ug|mcg|ng|g)(?:_(?:per_)?(70_?kg|kg|day|d))?(?:_(?:per_)?(day|min|h))?", str(key), re.I)
        x = number(value)
        if m and x is not None:
            own = m.group(1) or next(iter(row.drugs), drug)
            if own is None:
                continue
            per = "/".join(p for p in (m.group(3), m.group(4)) if p and not p.startswith("70"))
            row.given = [Given(own, x, "ug" if m.group(2) == "mcg" else m.group(2), per.replace("d", "day") if per == "d" else per)]
            if x == 0 and row.role == "value":
                row.role, row.given = "reference", []
        c = re.fullmatch(r"(?:([a-z]+)_)?(?:plasma|target|ce|cp|concentration|conc|blood)_(ng|ug|nmol|pg)_(?:per_)?(m?l)", str(key), re.I)
        if c and x is not None and (c.group(1) or drug):
            volume = "mL" if c.group(3).lower() == "ml" else "L"
            row.levels.append(Given(str(c.group(1) or next(iter(row.drugs), drug)), x, f"{c.group(2)}/{volume}", "level"))
    level = re.search(r"(\d+(?:\.\d+)?) ?(ng|ug|nmol)/(m?L)", str(raw.get("label") or raw.get("arm") or ""))
    if level and not row.levels and (named := next(iter(row.drugs), drug)) is not None:
        row.levels.append(Given(named, float(level.group(1)), f"{level.group(2)}/{level.group(3)}", "level"))
    if not row.given and not row.levels:
        m2 = re.search(r"(>=|<=|>|<|≥)?\s*(\d+(?:\.\d+)?) ?(mg|ug|mcg)\b(?!/mL)", str(raw.get("label") or raw.get("arm") or raw.get("dose") or ""))
        named = next(iter(row.drugs), drug)
        if m2 and named is not None:
            x = float(m2.group(2)) * (1.5 if m2.group(1) in (">=", ">", "≥") else 2 / 3 if m2.group(1) else 1.0)
            row.given = [Given(named, x, m2.group(3).replace("mcg", "ug"))] if x > 0 else []
            row.role = row.role if x > 0 else "reference"


def _strange(label: str, names: Names) -> str | None:
    """A word of a label that nothing here understands."""
    rest = names.pattern.sub(" ", label)
    for found in re.finditer(r"[A-Za-zµ][A-Za-z'-]+", rest):
        w = found.group(0)
        plain = w.lower().strip("'-")
        if len(plain) > 2 and not re.fullmatch(f"(?:{_PLAIN})s?", plain) and not re.fullmatch(USERS, plain):
            return w
    return None


class People:
    """Persons of an entry: covariates from its words, and the history of those who take opioids."""

    def __init__(
        self, names: Names, assumed: list[str], protocol: dict[str, Any], site: str, claim: str, notes: str, at: str, population: str
    ) -> None:  # fmt: skip
        self.names, self.assumed, self.p = names, assumed, protocol
        self.site, self.claim, self.notes, self.at, self.population = site, claim, notes, at, population
        self.precipitated = re.search(r"precipit", f"{site} {claim} {notes}") is not None
        drug = names.drugs(str(protocol.get("drug") or ""))
        self.drug = drug[0] if drug else None
        self.route = str(protocol.get("route") or "")
        self.dose = protocol.get("dose") if isinstance(protocol.get("dose"), dict) else None

    def group(self) -> str:
        """Whether an entry as a whole speaks of people who take opioids: user, healthy or mixed."""
        free = re.search(r"non-?dependent|not dependent|non-?tolerant", self.population, re.I)
        if free and not re.search(r"(?<!non-)(?<!not )\bdependent", self.population):
            return "healthy"
        others = r"cocaine|alcohol|amphetamine|benzodiazepine|cannabis|tobacco|smok|nicotine|ketamine"
        if re.search(others, self.population, re.I) and not re.search(r"opi|heroin|methadone|morphine|buprenorphine|fentanyl", self.population, re.I):
            return "healthy"
        opioids = "methadone|heroin|buprenorphine|diamorphine|morphine|opioids?|opiates?"
        parts = re.split(r"[,;]| and | versus | vs\.? ", self.population)
        bare = rf"^\s*\d+ (?:(?:on|men on|in) )?(?:{opioids})\b(?![- ]naive)|(?:median|mean) \d+ ?mg|morphine equivalents"
        other = r"non-?dep|not dep|experienced|naive|former|non-?tol"
        user = [s for s in parts if re.search(f"{USERS}|{bare}", s, re.I) and not re.search(other, s, re.I)]
        healthy = [s for s in parts if re.search(HEALTHY, s, re.I) and s not in user]
        if not user and not healthy:
            told = f"{self.notes} ; {self.site} ; {self.at}"
            user = re.findall(r"maintenance|maintained|kept on|chronic|patients? on|on maintenance|assisted|usual (?:opioid )?dose", told, re.I)
        if not user and re.search(r"former", self.population, re.I) and re.search(r"chronic|for \d+ (?:weeks|months)", self.notes):
            user, healthy = ["notes"], []
        if not user and not healthy and not re.search(r"acute dependence|non-?dependent|naive|healthy|volunteers", self.claim, re.I):
            user = re.findall(USERS, self.claim, re.I)
        return "mixed" if user and healthy else "user" if user else "healthy"

    def person(self, row: Row, user: bool) -> dict[str, Any]:
        """Covariates and, for a user, the history."""
        said: list[str] = []
        population = self.population if not row.text else f"{self.population} {row.text}"
        out = words.person(population, self.notes, self.claim, str(self.drug), row.raw, said)
        out.pop("history", None)
        if re.search(r"young", population, re.I) and re.search(r"\bold|elder", population, re.I) and not re.search(r"old|elder", row.text, re.I):
            out.pop("age", None)
            said = [s for s in said if not s.startswith("age")]
        self.assumed += [s for s in said if not s.startswith("history")]
        if re.search(r"\bmen\b|\bmales?\b", self.population) and not re.search(r"women|female", self.population, re.I):
            out["sex"] = "male"
        if user:
            out["history"] = self.history(row)
        return out

    def history(self, row: Row) -> dict[str, Any]:
        """What users took: the dose that a text gives, else the usual one of the drug that is named.

        Raises:
            Unusable: a drug that the library does not have.
        """
        own = [row.text, self.population, self.notes, self.claim]
        daily = self.daily(row)
        drug = daily.drug if daily else self._named(row)
        told = " ; ".join(own)
        if drug is None:
            foreign = re.search(rf"(?:\bon|maintained on|kept on) ({FOREIGN})\b", told, re.I)
            if foreign:
                raise Unusable(f"people who take {foreign.group(1)}, which is not in the library")
            tolerant = r"opioid-?tolerant|chronic(?: high-dose)? opioid|(?-i:OME|MME)|prescription|cancer|pain patients|slow-release"
            drug = "methadone" if re.search(r"long-?acting", told) else "morphine" if re.search(tolerant, told, re.I) else "heroin"
        clinic = r"(?<!un)assisted|maintained|maintenance|prescribed|injectable|individual|diamorphine pat"
        prescribed = drug == "heroin" and re.search(clinic, told, re.I)
        dose, route, every = PRESCRIBED_HEROIN if prescribed else USUAL_DAY.get(drug, ("", "oral", "6 h"))
        mine = next((g for g in row.given if g.drug == drug and g.per == "" and g.value), None)
        session = number((self.dose or {}).get("value"))
        if mine is None and self.drug == drug and session:
            mine = Given(drug, session, str((self.dose or {}).get("unit") or "mg"))
        if daily and daily.value:
            dose = f"{daily.value:.6g} {daily.unit}{'/kg' if daily.per.startswith('kg') else ''}/day"
            route = daily.route or route
        elif prescribed and mine and mine.value:
            dose, every = f"{2 * mine.value:g} {mine.unit}/day", "12 h"
            self.assumed.append(f"{drug} {dose}: the dose of the session, twice a day")
        elif dose:
            self.assumed.append(f"{drug} {dose}, the usual amount (not stated)")
        else:
            raise Unusable(f"the daily dose of {drug} is not given")
        if route not in self.names.library.routes(self.names.library.dosed(drug)):
            route = USUAL_DAY.get(drug, ("", "oral", ""))[1]
        length = self._length(own)
        if length is None:
            held = re.search(r"kept on|held on|residential|inpatient|(?:stabili[sz]ed|maintained) volunteers|volunteers on", told, re.I)
            length = "30 day" if held and drug not in ("methadone", "buprenorphine") else "2 year"
            self.assumed.append(f"for {length}s")
        out = {"drug": drug, "dose": dose, "route": route, "for": length, "every": every}
        gone = self.abstinent(row)
        if gone:
            out["stopped"] = f"{gone:g} min"
        return out

    def daily(self, row: Row) -> Given | None:
        """A dose per day of an agonist: in the row, the protocol's own where people take that drug every day, or in the texts."""
        for g in row.given:
            if self._agonist(g.drug) and ("day" in g.per or (g.drug == self.drug and self.daily_protocol())):
                return g
        value, unit = number((self.dose or {}).get("value")), str((self.dose or {}).get("unit", "mg"))
        if value and self.drug and self._agonist(self.drug) and self.daily_protocol() and not [d for d in row.drugs if d != self.drug]:
            return Given(self.drug, value, unit.split("/")[0], "kg/day" if "/kg" in unit else "day", route=route_in(self.route))
        for text in (row.text, self.notes, self.population, self.site, self.claim):
            told = text if self.names.drugs(text) or not (self.drug and self._agonist(self.drug)) else f"{self.drug} {text}"
            found = [g for g in self.names.said(told) if "day" in g.per and self._agonist(g.drug)]
            taken = [d for d in row.drugs if self._agonist(d)]
            best = [g for g in found if (g.drug in taken if taken else g.drug == self.drug)] or [g for g in found if not taken]
            if best:
                # "30 mg four times a day (120 mg/day)": the total
                return max(best, key=lambda g: g.value or 0.0)
            m = re.search(r"(>=|≥)? ?(\d+(?:\.\d+)?) ?mg (?:OME|MME|(?:oral )?morphine equivalents)", text)
            if m:
                self.assumed.append("oral morphine equivalents read as morphine")
                return Given("morphine", float(m.group(2)) * (2.0 if m.group(1) else 1.0), per="day", route="oral")
        return None

    def daily_protocol(self) -> bool:
        """Whether the protocol's dose is what people take every day."""
        unit = str((self.dose or {}).get("unit", ""))
        kept = self.drug in ("methadone", "buprenorphine", "r_methadone") and self.route in ("oral", "sublingual")
        if kept and re.search(r"\d ?mg ?/ ?d(?:ay)?\b", self.notes):
            return True
        if "day" in unit or re.search(r"/d\b", unit) or re.match(r"\s*(?:mg ?/ ?day|mg/d|per day|daily|a day)", self.notes, re.I):
            return True
        value = number((self.dose or {}).get("value"))
        if value is not None and re.search(rf"\b{value:g} ?mg ?(?:/ ?d\b|/ ?day|a day|per day|daily)", f"{self.notes} ; {self.claim}"):
            return True
        told = f"{self.population} ; {self.notes}"
        if re.search(r"entering|starting|before treatment|in withdrawal|emergency|\bED\b", told):
            return False
        if self.route in ("oral", "sublingual", "depot", "transdermal") and re.search(r"(?:median|mean|average) |stable|equivalents", told, re.I):
            return re.search(f"{USERS}|equivalents|patients", told, re.I) is not None
        patients = re.search(rf"{self.drug}[- ](?:maintained|treated|patients?|assisted|mainten)|patients? on|maint", told, re.I)
        return self.drug in ("methadone", "buprenorphine", "r_methadone") and patients is not None

    def _agonist(self, name: str) -> bool:
        d = self.names.library.dosed(name)
        return isinstance(d, Mixture) or d.kind == "opioid"

    def _named(self, row: Row) -> str | None:
        """The opioid that people are said to take."""
        if re.search(r"short-?acting", row.text):
            return "heroin"
        if re.search(r"long-?acting|slow-?release", row.text):
            return None
        taken = [d for d in row.drugs if self._agonist(d) and d in USUAL_DAY]
        if taken and not (self.precipitated and re.search(rf"onset {taken[0]}|{taken[0]} (?:SL|sub)", row.text, re.I)):
            return taken[0]
        if self.precipitated and row.drugs and self._agonist(row.drugs[0]):
            return None
        entering = re.search(r"entering|starting|before treatment|in withdrawal|\bED\b", f"{self.population} ; {self.notes}")
        maintained = self.drug in ("methadone", "buprenorphine", "r_methadone") and self.route in ("oral", "sublingual", "depot", "none", "")
        if self.drug and maintained and not self.precipitated and ((not entering and self.dose is None) or self.daily_protocol()):
            return self.drug
        for text in (self.population, self.notes, self.claim):
            found = []
            for d, a, b in self.names.mentions(text):
                near = re.search(USERS + r"|patients?|\bon\b|using|took|taking|addict", text[max(0, a - 34) : b + 34], re.I)
                if near and self._agonist(d) and d in USUAL_DAY:
                    found.append(d)
            if found:
                mine = (
                    not self.precipitated
                    and self.drug in self.names.drugs(text)
                    and self.drug in ("heroin", "morphine", "methadone", "buprenorphine")
                    and not entering
                )
                return self.drug if mine else found[0]
        if self.drug and self._agonist(self.drug) and self.drug in ("heroin", "morphine") and not entering:
            return self.drug
        return None

    def _length(self, own: list[str]) -> str | None:
        for text in own:
            m = re.search(r"for (?:over |about |at least )?(\d+(?:\.\d+)?) (day|week|month|year)s?\b|(?:over|past) (\d+) (week|month|year)s", text)
            if m and not re.search(rf"off opioid|without|{ABSTINENT}", text[max(0, m.start() - 30) : m.end()], re.I):
                n, unit = float(m.group(1) or m.group(3)), m.group(2) or m.group(4)
                return f"{max(n, 30.0) if unit == 'day' else n:g} {unit}"
            m = re.search(r"(\d+(?:\.\d+)?)[- ](week|month|year)s? (?:of|in) (?:treatment|use|maintenance)", text)
            if m:
                return f"{m.group(1)} {m.group(2)}"
        return None

    def abstinent(self, row: Row) -> float | None:
        """Minutes since people stopped, if a text says that they had."""
        texts = [row.text, self.at, self.notes, self.population, self.claim, self.site]
        own = row.text if re.search(ABSTINENT, row.text, re.I) else None
        if own is None and ((row.group == "user" and row.text) or not re.search(ABSTINENT, " ; ".join(texts[1:5]), re.I)):
            return None
        near = rf"{UNIT}[^,;.]{{0,18}}(?:{ABSTINENT})|(?:{ABSTINENT})[^,;.]{{0,14}}?\d"
        for text in [own] if own is not None else texts:
            m = re.search(r"\bdays? (\d+)(?:\s*(?:-|to)\s*(\d+))?", text)
            if m and (text in (own, self.at) or re.search(near, text, re.I)):
                return 1440.0 * (float(m.group(1)) + float(m.group(2) or m.group(1))) / 2
            if not re.search(near, text, re.I) and text is not own:
                continue
            m = re.search(rf"(\d+(?:\.\d+)?)(?:\s*(?:-|to)\s*(\d+(?:\.\d+)?))?[ -]*{UNIT}", text, re.I)
            if m:
                a = minutes(float(m.group(1)), m.group(3))
                b = minutes(float(m.group(2)), m.group(3)) if m.group(2) else a
                more = 1.5 if re.search(r">=|≥|more than|at least|or more", text) and a == b else 1.0
                return more * (a + b) / 2
        return None
