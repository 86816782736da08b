"""What the words of an evidence entry say about person, route, product and schedule: entries are written for people."""

from __future__ import annotations

import re
from typing import Any

from papaver.evidence.load import Library
from papaver.evidence.schema import Drug, Mixture

CHRONIC = (
    "(?<!dialysis-)dependent|addict|assisted|maintenance|maintained|programme|chronic opioid|chronic morphine|in treatment|patients? in .*treatment"
)
"""Words for people who take opioids every day."""
ELDERLY = "elderly|over 70|older|hospice|geriatr"
SLOW_RELEASE = r"slow.release|extended|controlled.release|prolonged.release|\bSR\b|\.sr|_sr|\ber\b|_er\b|\bPR\b|_pr\d"
_STRENGTH = {
    "CYP3A4": (
        (r"ketoconazole|itraconazole|voriconazole|posaconazole|ritonavir|cobicistat|clarithromycin|telithromycin", "strong_inhibitor"),
        (r"fluconazole|erythromycin|diltiazem|verapamil|aprepitant|grapefruit|isavuconazole", "moderate_inhibitor"),
        (r"cimetidine|ranitidine|fluvoxamine", "weak_inhibitor"),
        (r"rifamp|carbamazepine|phenytoin|st\.? john|apalutamide|enzalutamide", "strong_inducer"),
        (r"efavirenz|bosentan|modafinil|nevirapine|phenobarb", "moderate_inducer"),
    ),
    "CYP2D6": ((r"paroxetine|fluoxetine|quinidine|bupropion", "strong_inhibitor"), (r"duloxetine|terbinafine", "moderate_inhibitor")),
    "CYP2B6": ((r"ticlopidine|clopidogrel", "moderate_inhibitor"), (r"rifamp|efavirenz|carbamazepine|nevirapine", "moderate_inducer")),
}  # fmt: skip
"""Medicines by the strength class that FDA's tables give them."""


def interactions(words: str) -> dict[str, str]:
    """Inhibitors and inducers that are named, by enzyme."""
    out = {}
    for enzyme, classes in _STRENGTH.items():
        found = next((level for pattern, level in classes if re.search(pattern, words, re.I)), None)
        if found:
            out[enzyme] = found
    alcohol = re.search(r"(4|20|40) ?% (?:ethanol|alcohol)", words, re.I)
    return out | ({"alcohol": f"{alcohol.group(1)}_percent"} if alcohol else {})


def person(population: str, notes: str, claim: str, drug: str, row: dict[str, Any], assumed: list[str]) -> dict[str, Any]:
    """A person from the words for a population; what had to be assumed is added to `assumed`."""
    w = f"{population} {notes}".lower()
    all_words = f"{w} {claim.lower()} {str(row.get('label') or row.get('group') or '').lower()}"
    out: dict[str, Any] = {"weight": "70 kg"}
    assumed.append("weight 70 kg")

    def say(key: str, value: Any, text: str = "") -> None:
        out[key] = value
        assumed.append(text or f"{key} {value}")

    if re.search(r"renal failure|kidney failure|dialysis|end-stage|uraemi|anuri", w) and not re.search(r"transplant", w):
        say("eGFR", "7 mL/min/1.73m2", "eGFR 7 mL/min/1.73m2 in kidney failure")
    elif re.search(r"transplant", w):
        say("eGFR", "60 mL/min/1.73m2", "eGFR 60 mL/min/1.73m2 with a kidney graft")
    elif re.search(r"renal impairment|reduced renal", w):
        say("eGFR", "30 mL/min/1.73m2", "eGFR 30 mL/min/1.73m2 in renal impairment")
    if re.search(r"cirrho|child-pugh|hepatic impair", w):
        severe = re.search(r"severe|encephalopath|child-pugh c", w)
        mild = re.search(r"mild|child-pugh a", w)
        say("liver", "child_pugh_C" if severe else "child_pugh_A" if mild else "child_pugh_B")
    age = row.get("age_years") or next(iter(re.findall(r"aged? (\d{2})(?: ?years| ?y\b)", w)), None)
    if age is not None:
        say("age", f"{age} year")
    elif re.search(ELDERLY, population, re.I) or (re.search(ELDERLY, w) and not re.search(r"young|\d{2} ?- ?\d{2} ?y", population, re.I)):
        say("age", "76 year", "age 76 year")
    if re.search(r"\bwomen\b|\bfemale", w) and not re.search(r"\bmen\b|\bmale", w.replace("women", "").replace("female", "")):
        say("sex", "female")
    for name, key in (("cyp2d6", "CYP2D6"), ("cyp2c19", "CYP2C19")):
        found = re.search(
            rf"{name}[^.;]{{0,20}}?(poor|intermediate|ultrarapid|ultra-rapid)|(poor|intermediate|ultrarapid|ultra-rapid) metaboli", all_words
        )
        if found and name in all_words:
            say(key, (found.group(1) or found.group(2)).replace("-", ""))
    genotype = re.search(r"cyp2b6 ?(\*\d/\*\d|\*6)", all_words)
    if genotype:
        say("CYP2B6", "*6/*6" if genotype.group(1) in ("*6/*6", "*6") else "*1/*6")
    if re.search(r"alkalin|bicarbonate", all_words):
        say("urine_pH", 7.8)
    elif re.search(r"acid urine|acidif|ammonium chloride", all_words):
        say("urine_pH", 5.2)
    if re.search(r"\bfed\b|non-fasted|after a meal|with food|high-fat", w):
        say("meal", "fed")
    if drug == "ethanol":
        if re.search(r"non-?drinker|abstain", w):
            say("alcohol_use", "none")
        elif re.search(r"alcoholic|alcohol-dependent|heavy", w):
            say("alcohol_use", "heavy")
        else:
            say("alcohol_use", "moderate")
    naive = re.search(r"naive|healthy|volunteer|opioid-free|history of|former|with cancer", w)
    if re.search(CHRONIC, w) and not naive and drug != "ethanol":
        out["history"] = {"drug": "heroin", "dose": "300 mg/day", "route": "iv", "for": "5 year"}
        assumed.append("history of 300 mg heroin a day for 5 years (only that there is one matters)")
    return out


def form(drug: Drug | Mixture, route: str, words: str, slow: str, library: Library) -> str | None:
    """Which of a drug's routes an entry means: the one named, or one of its kind ("depot_weekly") whose title or products the words name.

    `slow`: where a slow-release form would be named.
    """
    routes = library.routes(drug)
    wanted = "oral_er" if route == "oral" and any(r.startswith("oral_er") for r in routes) and re.search(SLOW_RELEASE, slow, re.I) else route
    kin = [r for r in routes if r == wanted or (r.startswith(f"{wanted}_") and (wanted != "oral" or not r.startswith("oral_er")))]
    if not kin:
        return None

    def tokens(r: str) -> set[str]:
        texts = [r, routes[r].title, *(f"{k} {p.title} {p.note or ''}" for k, p in drug.products.items() if p.route == r)]
        return {x for text in texts for x in re.findall(r"[a-z]+\d*|\d+(?:\.\d+)?", text.lower().replace("_", " ")) if len(x) > 2}

    seen = set(re.findall(r"[a-z]+\d*|\d+(?:\.\d+)?", words.lower().replace("_", " ").replace("-", "")))
    common = set.intersection(*(tokens(r) for r in kin))
    scores = {r: len((tokens(r) - common) & seen) for r in kin}
    best = max(scores.values())
    return wanted if wanted in kin and scores[wanted] == best else next(r for r in kin if scores[r] == best)


def interval(quantity: str, unit: str, words: str, route: str) -> str | None:
    """Time between doses if the entry speaks of repeated ones, e.g. "24 h"; None for a single dose."""
    every = re.search(r"every (\d+) ?(h|hours?|days?|weeks?)\b|\bq(\d+)h\b", words, re.I)
    if every:
        n, what = (every.group(1), every.group(2)) if every.group(1) else (every.group(3), "h")
        return f"{n} {'h' if what.startswith('h') else 'day' if what.startswith('d') else 'week'}"
    if re.search(r"twice (?:a day|daily)|b\.?i\.?d\b", words, re.I):
        return "12 h"
    if re.search(r"three times (?:a day|daily)|t\.?i\.?d\b", words, re.I):
        return "8 h"
    if re.search(r"four times (?:a day|daily)|q\.?i\.?d\b", words, re.I):
        return "6 h"
    repeated = quantity in ("Ctrough", "Cavg", "peak_trough_ratio") or "day" in unit or re.search(r"steady.?state|maintenance dose", words, re.I)
    if not repeated or quantity == "volume_ss":
        return None
    if route.startswith("depot"):
        return "7 day" if "weekly" in f"{route} {words}".lower() else "28 day"
    return "72 h" if route == "transdermal" else "24 h"
