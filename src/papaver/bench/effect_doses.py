"""What the words of an evidence entry say about drugs: doses in text, routes, concentrations that are held, maintenance before the study."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from dataclasses import dataclass
from typing import Any

from papaver.bench import words
from papaver.bench.entry_arms import Unusable
from papaver.evidence.load import Library
from papaver.evidence.schema import Drug, Mixture
from papaver.scenario.resolve import ROUTES
from papaver.units import convert

SHORT = {"bup": "buprenorphine", "alcohol": "ethanol", "diamorphine": "heroin", "levomethadone": "r_methadone", "mtd": "methadone"}
ROUTE_WORDS = (
    (r"(?-i:\bIN\b)|intra-?nasal|\bnasal", "intranasal"), (r"intramuscular|\bi\.?m\.?\b", "im"), (r"intravenous|\bi\.?v\.?\b|\bbolus\b", "iv"),
    (r"subcutan|\bs\.?c\.?\b", "sc"), (r"sublingual|\bsl\b", "sublingual"), (r"\boral|by mouth|\bp\.?o\.?\b|tablet", "oral"), (r"buccal", "buccal"),
    (r"transderm|patch", "transdermal"), (r"inhal|smok|chas", "inhaled"), (r"rectal", "rectal"), (r"\bdepot|\bXR\b", "depot"),
    (r"epidural|intrathecal|spinal|intracerebro|\bicv\b|eye drops|topical", "none"),
)  # fmt: skip
USUAL_ROUTE = {
    "methadone": "oral", "r_methadone": "oral", "buprenorphine": "sublingual", "oxycodone": "oral", "hydrocodone": "oral", "codeine": "oral",
    "oxymorphone": "oral", "diazepam": "oral", "alprazolam": "oral", "ethanol": "oral", "clonidine": "oral", "lofexidine": "oral",
    "naltrexone": "oral", "lamotrigine": "oral",
}  # fmt: skip
"""Route where an entry names a drug without one; others into a vein."""
USUAL_DAY: dict[str, tuple[str, str, str]] = {
    "methadone": ("80 mg/day", "oral", "24 h"), "r_methadone": ("40 mg/day", "oral", "24 h"), "buprenorphine": ("16 mg/day", "sublingual", "24 h"),
    "heroin": ("200 mg/day", "iv", "6 h"), "morphine": ("200 mg/day", "oral", "6 h"), "oxycodone": ("120 mg/day", "oral", "6 h"),
    "hydromorphone": ("30 mg/day", "oral", "6 h"), "fentanyl": ("4 mg/day", "iv", "4 h"),
}  # fmt: skip
"""What people take who take it every day, where an entry does not say: dose, route, time between doses."""
PRESCRIBED_HEROIN = ("450 mg/day", "iv", "8 h")
USUAL_DOSE = {
    "naloxone": "0.4 mg", "morphine": "10 mg", "heroin": "10 mg", "fentanyl": "100 ug", "buprenorphine": "0.3 mg", "methadone": "15 mg",
    "oxycodone": "15 mg", "hydromorphone": "2 mg", "remifentanil": "0.5 ug/kg", "alfentanil": "1 mg", "clonidine": "0.2 mg", "lofexidine": "0.6 mg",
    "naltrexone": "50 mg", "nalmefene": "1 mg", "midazolam": "3 mg", "diazepam": "10 mg", "buprenorphine sublingual": "8 mg",
    "morphine oral": "30 mg", "heroin intranasal": "25 mg", "naloxone intranasal": "4 mg", "fentanyl transmucosal": "400 ug",
}  # fmt: skip
"""A usual single dose, for findings of a direction only, which hangs on it little."""
HALVING = {"fentanyl": "0.45 ng/mL", "remifentanil": "1.2 ng/mL", "alfentanil": "45 ng/mL", "morphine": "40 ng/mL"}
"""Concentration that about halves ventilation: an infusion titrated to an effect that an antagonist then meets."""
PACE = {
    ("remifentanil", "iv"): (2, 20), ("alfentanil", "iv"): (3, 40), ("fentanyl", "iv"): (6, 60), ("carfentanil", "iv"): (10, 120),
    ("heroin", "iv"): (10, 60), ("six_mam", "iv"): (10, 60), ("morphine", "iv"): (45, 180), ("m6g", "iv"): (180, 720),
    ("methadone", "iv"): (20, 240), ("buprenorphine", "iv"): (120, 450), ("naloxone", "iv"): (10, 60), ("nalmefene", "iv"): (15, 240),
    ("midazolam", "iv"): (10, 60), ("diazepam", "iv"): (5, 120), ("ketamine", "iv"): (5, 60), ("ethanol", "iv"): (30, 120),
    ("naloxone", "im"): (20, 120), ("naloxone", "intranasal"): (25, 120), ("methadone", "im"): (60, 360), ("buprenorphine", "im"): (120, 480),
    ("methadone", "oral"): (180, 600), ("r_methadone", "oral"): (180, 600), ("s_methadone", "oral"): (180, 600), ("naltrexone", "oral"): (60, 720),
    ("nalmefene", "oral"): (120, 720), ("buprenorphine", "sublingual"): (150, 480), ("alfentanil", "oral"): (45, 240),
}  # fmt: skip
"""(drug, route) -> min to the greatest effect, and until it may be looked for."""
PACE_ROUTE = {
    "iv": (20, 120), "im": (45, 240), "sc": (45, 240), "intranasal": (25, 120), "inhaled": (5, 60), "oral": (90, 300), "oral_er": (240, 720),
    "sublingual": (90, 360), "buccal": (60, 360), "rectal": (60, 300), "transdermal": (2160, 4320), "depot": (2880, 10080),
}  # fmt: skip
USERS = (
    r"(?<!non-)(?<!non)(?<!not )(?<!acute )(?<!acute_)dependen(?:t|ce)\b|addict|assisted|mainten|maintained|stabili[sz]ed|kept on|held on|chronic|"
    r"tolerant\b|substitution|(?:heroin|opioid|opiate|active|current|methadone|morphine|drug|habitual|regular|daily|illicit) (?:abusers?|users?)\b|"
    r"\bpatients? (?:receiving|taking|on|with opioid)|(?:methadone|buprenorphine|heroin|diamorphine|opioid|subutex) patients|"
    r"in (?:opioid )?treatment|detoxif|abstinen|injecting|injectors|(?:heroin|opioid|opiate|drug)[- ]using|injectable|long-term|(?-i:\bOUD\b)|"
    r"use disorder|in withdrawal|(?-i:\bOME\b)|^users?\b|\busers\b"
)
"""People who take opioids every day."""
HEALTHY = (
    r"naive|healthy|non-?dependent|not dependent|controls?\b|never|former|experienced|normal|volunteers? without|non-?users?|non-?tolerant|"
    r"opioid-free"
)
FOREIGN = (
    r"tramadol|tapentadol|sufentanil|levorphanol|(?:dextro)?propoxyphene|meperidine|pethidine|LAAM|pentazocine|nalbuphine|butorphanol|"
    r"methylnaltrexone|MNTX|naloxegol|alvimopan|paroxetine|quetiapine|memantine|pregabalin|gabapentin|propofol|sevoflurane|isoflurane|desflurane|"
    r"doxapram|physostigmine|flumazenil|nalorphine|opium|dihydrocodeine|etorphine|lorazepam|zolpidem|escitalopram|cannabi|oliceridine|dezocine|"
    r"cebranopadol|samidorphan|diprenorphine|nicotine|caffeine|amitriptyline|mirtazapine|acetazolamide|ampakine|CX717|GAL021|BIMU8|lobeline"
)
"""Drugs that studies of opioids use and the library does not have."""
_LIST = r"\d+(?:\.\d+)?(?:\s*(?:,|or|and|-|–|to|/)\s*\d+(?:\.\d+)?)*"
_AMOUNT = re.compile(
    rf"(?P<bound>>=|<=|>|<|≥)?\s*(?P<list>{_LIST})\s*(?P<unit>mg|mcg|ug|µg|μg|ng|g|nmol|umol)\b"
    r"(?P<per>(?:\s*/\s*(?:70\s*kg|kg|days?|d|hours?|hr|h|min|mL|ml|L)\b)*)"
    r"(?P<day>\s*(?:OME|MME)?(?:[^,;.]|\.\d){0,24}?(?:\b(?:a|per|each) day\b|\bdaily\b))?"
)
_OFTEN = {"two": 2, "twice": 2, "three": 3, "four": 4, "six": 6}


@dataclass(frozen=True)
class Given:
    """A dose as words give it. `per`: "" (all at once), "kg", "day", "h", "min", "kg/h", "kg/min", or "level" for a concentration that is held.

    `at`: min after the time that counts as zero; `over`: min of an infusion.
    """

    drug: str
    value: float | None
    unit: str = "mg"
    per: str = ""
    route: str | None = None
    at: float = 0.0
    over: float | None = None
    every: float | None = None
    times: int | None = None
    text: str = ""

    @property
    def amount(self) -> str:
        """As a scenario writes it."""
        if self.value is None:
            raise Unusable(f"the dose of {self.drug} is not given, and the answer hangs on it")
        return f"{self.value:.6g} {self.unit}" + ("/kg" if self.per.startswith("kg") else "")


class Names:
    """Finds the library's drugs in text."""

    def __init__(self, library: Library) -> None:
        self.library = library
        known: list[Drug | Mixture] = [*library.drugs.values(), *library.mixtures.values()]
        self.lookup = {n.lower(): d.name for d in known for n in (d.title, d.name, *d.synonyms)} | SHORT
        spelled = "|".join(re.escape(n) for n in sorted(self.lookup, key=len, reverse=True))
        self.pattern = re.compile(rf"(?<![\w-])({spelled})(?![A-Za-z0-9])", re.I)

    def mentions(self, text: str) -> list[tuple[str, int, int]]:
        """(drug, start, end) in order."""
        return [(self.lookup[m.group(1).lower()], m.start(), m.end()) for m in self.pattern.finditer(text)]

    def drugs(self, text: str) -> list[str]:
        """Drugs named, each once, in order."""
        return list(dict.fromkeys(d for d, _, _ in self.mentions(text)))

    def said(self, text: str) -> list[Given]:
        """Every dose of a text with the drug that it belongs to: the one named just before it, else just after it."""
        places = self.mentions(text)
        amounts = list(_AMOUNT.finditer(text))
        out: list[Given] = []
        for k, m in enumerate(amounts):
            begin = amounts[k - 1].end("unit") if k else 0
            stop = m.end("per") if m.group("per") else m.end("unit")
            before = [p for p in places if p[2] <= m.start() and p[1] >= begin and not re.search(r"[.;] ", text[p[2] : m.start()])]
            after = [p for p in places if p[1] >= stop and p[1] - stop <= 24 and not re.search(r"[.;,\d]", text[stop : p[1]])]
            near = before[-1] if before and m.start() - before[-1][2] <= 40 else (after[0] if after else None)
            if near is None and k and out and not re.search(r"[.;] ", text[amounts[k - 1].end("unit") : m.start()]):
                # "morphine 10 mg iv or 18 mg im"
                drug = out[-1].drug
            elif near is None:
                continue
            else:
                drug = near[0]
            left = min(m.start(), near[1] if near else m.start())
            around = text[max(0, left - 14, begin) : max(stop, near[2] if near else 0) + 16]
            out.append(dataclasses.replace(_given(drug, m), route=route_in(around)))
        return out


def _given(drug: str, m: re.Match[str]) -> Given:
    numbers = [float(x) for x in re.findall(r"\d+(?:\.\d+)?", m.group("list"))]
    listed = re.search(r",|or|and", m.group("list"))
    positive = [x for x in numbers if x > 0] or numbers
    value = max(positive) if listed else math.sqrt(positive[0] * positive[-1])
    if m.group("bound") in (">=", ">", "≥"):
        value *= 1.5
    elif m.group("bound"):
        value *= 2 / 3
    unit = {"mcg": "ug", "µg": "ug", "μg": "ug"}.get(m.group("unit"), m.group("unit"))
    per = re.sub(r"\s", "", m.group("per")).lower().strip("/")
    if re.search(r"m?l$", per):
        return Given(drug, value, f"{unit}/{'mL' if per.endswith('ml') else 'L'}", "level", text=m.group(0).strip())
    parts = [p for p in per.split("/") if p and p != "70kg"]
    times = {"d": "day", "days": "day", "hr": "h", "hour": "h", "hours": "h"}
    per = "/".join(times.get(p, p) for p in parts)
    if m.group("day") and "day" not in per:
        per = f"{per}/day".strip("/")
        often = re.search(r"\b(two|three|four|six|[2-6]) times|\b(twice)\b", m.group("day"))
        if often:
            word = often.group(1) or often.group(2)
            value *= _OFTEN.get(word) or int(word)
    return Given(drug, value, unit, per, text=m.group(0).strip())


def route_in(text: str) -> str | None:
    """The route that a text names, by the library's word for its kind ("none": a place the body does not have)."""
    return next((r for pattern, r in ROUTE_WORDS if re.search(pattern, text, re.I)), None)


def pace(drug: str, route: str) -> tuple[float, float]:
    """Minutes to the greatest effect, and how long it may be looked for."""
    kind = "oral_er" if route.startswith("oral_er") else route.split("_")[0]
    return PACE.get((drug, kind), PACE_ROUTE.get(kind, (30, 240)))


class Pharmacy:
    """Turns doses in words into doses of a scenario, with the library's routes, salts and kinetics."""

    def __init__(self, library: Library, names: Names, text: str, assumed: list[str]) -> None:
        self.library, self.names, self.text, self.assumed = library, names, text, assumed

    def drug(self, name: str) -> Drug | Mixture:
        """A molecule or mixture of the library.

        Raises:
            Unusable: it is not there.
        """
        found = self.names.drugs(name)
        if not found:
            raise Unusable(f"drug {name!r} is not in the library")
        return self.library.dosed(found[0])

    def dose(self, g: Given, slow: str, shift: float) -> dict[str, Any]:
        """One dose; `shift`: when the entry's zero lies in the run, min."""
        drug = self.library.dosed(g.drug)
        kind = ROUTES.get(str(g.route), str(g.route)) if g.route else USUAL_ROUTE.get(drug.name, "iv")
        if kind == "none":
            raise Unusable(f"{drug.title} given where the body has no route to (eye, spine, brain) or by an unknown one")
        form = self._form(drug, kind, g, slow)
        d: dict[str, Any] = {"drug": drug.name, "amount": g.amount, "route": form, "at": f"{shift + g.at:g} min"}
        salt = self._salt(drug)
        if salt:
            d["salt"] = salt
        if g.per.endswith(("h", "min")):
            # a rate: the amount is what runs in
            over = g.over or 60.0
            if g.over is None:
                self.assumed.append(f"{drug.title} runs for an hour")
            value = float(g.value or 0.0) * over / (60.0 if g.per.endswith("h") else 1.0)
            d |= {"amount": f"{value:.6g} {g.unit}{'/kg' if g.per.startswith('kg') else ''}", "over": f"{over:g} min"}
        elif g.over:
            d["over"] = f"{g.over:g} min"
        elif form == "transdermal":
            d["over"] = "72 h"
        if g.every:
            d |= {"every": f"{g.every:g} min"} | ({"times": g.times} if g.times else {})
        return d

    def _form(self, drug: Drug | Mixture, kind: str, g: Given, slow: str) -> str:
        """The library's route: of a product of just this dose, else by its words."""
        routes = self.library.routes(drug)
        for p in drug.products.values():
            same = p.amount == f"{g.value:g} {g.unit}" if g.value is not None else False
            device = p.route.endswith("autoinjector") and not re.search(r"auto-?injector|pre-?filled", self.text, re.I)
            kin = p.route == kind or (kind in ("intranasal", "im") and p.route.startswith(f"{kind}_"))
            if same and not device and kin:
                return p.route if not re.search(r"dilut|atomi", self.text, re.I) or f"{kind}_dilute" not in routes else f"{kind}_dilute"
        if kind == "intranasal" and "intranasal" in routes and not re.search(r"dilut|atomi|concentrat|pectin", self.text, re.I):
            return "intranasal"
        form = words.form(drug, kind, self.text, slow, self.library)
        if form is None:
            raise Unusable(f"{drug.title} has no route {kind!r} in the library (it has {', '.join(routes)})")
        return form

    def _salt(self, drug: Drug | Mixture) -> str | None:
        """The salt of all its products, if they agree; a mass is then read as that salt."""
        salts = {p.salt for p in drug.products.values() if p.salt}
        if len(salts) == 1:
            salt = salts.pop()
            self.assumed.append(f"{drug.title} as {drug.salts[salt].title}" if salt in drug.salts else f"{drug.title} as {salt}")
            return salt
        return None

    def hold(self, drug_name: str, value: float, unit: str, start: float, stop: float) -> list[dict[str, Any]]:
        """Doses into a vein that hold a concentration in plasma (or blood) by the library's own kinetics: a load and a falling rate."""
        drug = self.library.dosed(drug_name)
        C = convert(value, unit, "nmol/L", MW=drug.MW)
        self.assumed.append(f"{drug.title} held at {value:g} {unit} by an infusion of this model's kinetics")
        if drug_name != "ethanol":
            return self.climb(drug_name, [(start, C)], stop)
        # its elimination is saturated: 0.15 g/L an hour
        V = sum(self.library.parameters[f"ethanol.pk.{v}"].internal for v in ("V1", "V2"))
        lost = convert(0.15, "g/L", "nmol/L", MW=drug.MW) / 60.0 * V * (stop - start - 30.0)
        load = {"drug": "ethanol", "amount": f"{C * V:.6g} nmol", "route": "iv", "at": f"{start:g} min", "over": "30 min"}
        return [load, load | {"amount": f"{lost:.6g} nmol", "at": f"{start + 30:g} min", "over": f"{stop - start - 30:g} min"}]

    def climb(self, drug_name: str, steps: list[tuple[float, float]], stop: float) -> list[dict[str, Any]]:
        """Doses that bring plasma to each of `steps` (min, nmol/L) in turn and hold it there: what fills the first volume within a minute, what is
        eliminated, and what the deep compartments take up."""
        drug = self.library.dosed(drug_name)
        first = drug.name if isinstance(drug, Drug) else next(iter(drug.parts))
        p = {k.rsplit(".", 1)[1]: v.internal for k, v in self.library.parameters.items() if k.startswith(f"{first}.pk.")}
        deep = [(p[q], p[q] / p[v]) for q, v in (("Q", "V2"), ("Q2", "V2"), ("Q3", "V3"), ("Q4", "V4")) if q in p and v in p]
        rises = [(t, level - (steps[k - 1][1] if k else 0.0)) for k, (t, level) in enumerate(steps)]
        marks = (5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0) if len(steps) == 1 else (10.0,)
        edges = sorted({stop, *(e for t, _ in steps for x in (0.0, *marks) if (e := t + x) < stop)})
        out = [(t, 1.0, rise * p["V1"]) for t, rise in rises]
        for a, b in itertools.pairwise(edges):
            amount = 0.0
            for t, rise in (x for x in rises if x[0] <= a):
                taken = sum(q / k * (math.exp(-k * (a - t)) - math.exp(-k * (b - t))) for q, k in deep)
                amount += rise * (p["CL"] * (b - a) + taken)
            out.append((a, b - a, amount))
        return [{"drug": drug.name, "amount": f"{x:.6g} nmol", "route": "iv", "at": f"{t:g} min", "over": f"{d:g} min"} for t, d, x in out if x > 0]
