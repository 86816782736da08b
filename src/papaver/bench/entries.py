"""Entries of the evidence collection (shared form: one claim, one protocol, one quantity) read as studies, unchanged.

An entry is written for people, so matrix, site, cut-off and person stand in its words. What cannot be simulated is refused with the
reason; what had to be assumed is listed in the study.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from papaver.bench import words
from papaver.bench.entry_arms import EntryArms, Unusable
from papaver.bench.quantities import QUANTITIES
from papaver.bench.study import Study
from papaver.errors import DataError, PapaverError, UnitError
from papaver.evidence.load import Library
from papaver.evidence.schema import Drug, Mixture, convert
from papaver.evidence.yamlfile import read_yaml
from papaver.units import Unit

INPUTS = {"Ki", "Kd", "kon", "koff", "Km", "kcat", "kcat_over_Km", "poppk_model", "IC50", "EC50", "Emax", "pA2", "absorption_half_life"}
BLOOD_DENSITY = 1.055
"""kg/L"""
RENAMED = {
    "AUC_ratio": "metabolite_ratio", "concentration_ratio": "metabolite_ratio", "volume": "volume_ss", "Vss": "volume_ss", "CL": "clearance",
    "t_half": "half_life", "terminal_half_life": "half_life", "F": "bioavailability", "detection_window": "detection_time", "tmax": "Tmax",
    "cmax": "Cmax", "auc": "AUC", "fraction_renal": "fraction_metabolised", "peak_concentration": "Cmax", "clearance_renal": "renal_clearance",
    "fraction_excreted": "urinary_recovery", "excreted_fraction": "urinary_recovery", "relative_AUC": "relative_exposure",
    "AUC_change": "exposure_ratio", "Cmax_change": "Cmax_arms", "peak_ratio": "Cmax_ratio", "exposure_change": "exposure_ratio",
    "AUC_fold": "exposure_ratio", "Css": "Cavg", "steady_state_concentration": "Cavg", "trough": "Ctrough", "trough_concentration": "Ctrough",
    "fraction_bound": "protein_binding", "receptor_occupancy": "occupancy", "time_to_peak": "Tmax", "total_clearance": "clearance",
}  # fmt: skip
TERMINAL = {
    "heroin": ("10 min", "45 min"), "six_mam": ("20 min", "150 min"), "morphine": ("4 h", "24 h"), "m3g": ("12 h", "72 h"), "m6g": ("6 h", "24 h"),
}  # fmt: skip
"""Window taken for a half-life that the source calls terminal and gives no window for."""
FORMS = "film|tablet|solution|liquid|wafer|spray|lozenge"
TWO_ARMS = {"exposure_ratio", "Cmax_arms"}
"""Quantities that compare an arm with another one, doses as they are."""


def is_entry_file(path: Path) -> bool:
    """True for a file in the form of the evidence collection: a list of entries, or one entry."""
    raw = read_yaml(path)
    return isinstance(raw, list) or (isinstance(raw, dict) and "analyte_or_site" in raw and "protocol" in raw)


def studies_from_entries(raw: Any, library: Library, where: str) -> tuple[list[Study], dict[str, str]]:
    """All entries of a file.

    Returns:
        studies (one per usable entry), and id -> reason for the others.

    Raises:
        DataError: an entry without an id or a source.
    """
    studies, unusable = [], {}
    for k, e in enumerate(raw if isinstance(raw, list) else [raw]):
        if not isinstance(e, dict) or not e.get("id"):
            raise DataError(f"{where}: [{k}]: an entry needs an id")
        if not isinstance(e.get("source"), dict) or not e["source"].get("citation"):
            raise DataError(f"{where}: {e['id']}: source: an entry needs source: {{citation: ...}}")
        try:
            studies.append(study_from_entry(e, library))
        except (Unusable, PapaverError) as reason:
            unusable[str(e["id"])] = str(reason)
        except (TypeError, ValueError, KeyError, AttributeError) as problem:
            unusable[str(e["id"])] = f"the entry is not in the form that is documented ({type(problem).__name__}: {problem})"
    return studies, unusable


def study_from_entry(e: dict[str, Any], library: Library) -> Study:
    """One entry as a study.

    Raises:
        Unusable: it cannot be simulated; the message is the reason.
    """
    from papaver.bench.effect_entries import is_effect_entry, study_from_effect_entry

    if is_effect_entry(e):
        return convert(study_from_effect_entry(e, library), Study, str(e["id"]))
    reader = _Reader(e, library)
    return convert(reader.study(), Study, str(e["id"]))


class _Reader(EntryArms):
    """Reads what an entry observed; who took what is read below."""

    def study(self) -> dict[str, Any]:
        e = self.e
        self._refuse()
        quantity = self._quantity()
        if quantity not in QUANTITIES and quantity != "linearity":
            raise Unusable(f"quantity {quantity!r} is not one that the bench computes")
        drug = self._drug(str(self.p.get("drug")))
        arms: dict[str, dict[str, Any]] = {}
        observations = []
        for k, row in enumerate(self._rows()):
            own = {"main": self._arm(drug, quantity, row=row)}
            found = self._observations(quantity, drug, row, own)
            same = next((name for name, arm in arms.items() if own == {"main": arm}), None)
            rename = {"main": same or ("main" if k == 0 else f"row{k + 1}")} | {n: n if k == 0 else f"{n}{k + 1}" for n in own if n != "main"}
            arms |= {rename[n]: arm for n, arm in own.items()}
            observations += [o | {key: rename[o[key]] for key in ("arm", "reference") if key in o} for o in found]
        if not observations:
            raise Unusable("no value, interval or direction that can be compared")
        return {
            "id": str(e["id"]), "title": str(e.get("claim") or e["id"]), "source": str(e["source"]["citation"]),
            "system": str(e.get("system") or "other"), "population": str(e.get("population") or "not stated"),
            "n": e.get("n") if isinstance(e.get("n"), int) else None, "arms": arms, "observations": observations, "assumed": self.assumed,
        }  # fmt: skip

    # -- whether ---------------------------------------------------------------------------------------------------------

    def _refuse(self) -> None:
        e = self.e
        species = str(e.get("species") or "human")
        if species != "human":
            raise Unusable(f"species {species}: only the human body is simulated")
        if str(e["quantity"]) in INPUTS or "model" in e:
            raise Unusable(f"{e['quantity']}: a parameter or a whole model is an input and never counts")
        note = str(e.get("note") or "")
        if "count once" in note:
            raise Unusable("the same measurement as another entry; counted once")
        mixed_ages = re.search(r"\badults?\b|to [2-9]\d y", self.words, re.I)
        if re.search(r"\b(child|children|neonat|newborn|infant|preterm|adolescent|pregnan)", self.words, re.I) and not mixed_ages:
            raise Unusable("children, newborns and pregnancy are outside the adult body")
        if re.search(r"in vitro|purified|recombinant|homogenate|microsom|liver S9", self.words, re.I):
            raise Unusable("in vitro: an input, not an observation in people")
        if re.search(r"cigarette|heating device|\bNASH\b", self.words):
            raise Unusable("a technique or a disease that the adult body does not have")
        if re.search(r"\bdrivers?\b|dose and route unknown|exposed patients", self.words, re.I) and str(e["quantity"]) != "elimination_rate":
            raise Unusable("dose, route or time are unknown")
        if "recover" in str(e["quantity"]) and re.search(r"metabolites|conjugates|radioactiv|\btotal\b(?! morphine)", self.what, re.I):
            raise Unusable("all products together in urine, of which the model follows some only")
        if re.search(r"normalised|normalized", f"{self.what} {e.get('claim')}") and str(e["quantity"]) == "AUC":
            raise Unusable("a dose-normalised area without its normal dose")
        if re.search(r"post-?mortem|deaths?\b.*(blood|toxicolog)", self.words, re.I):
            raise Unusable("post-mortem: dose and time are unknown")
        if str(e["quantity"]) == "protein_binding" and self._route() == "none":
            return
        if self._route() == "none" or str(self.p.get("drug")) == "none":
            raise Unusable("no drug given by a known route: nothing to simulate")

    def _quantity(self) -> str:
        """The bench's name for what was measured; a ratio of areas is of two molecules only if two are named."""
        raw = str(self.e["quantity"])
        if raw in ("AUC_ratio", "peak_ratio", "Cmax_ratio") and len(set(self._molecules(self.what))) < 2:
            return "Cmax_arms" if "max" in raw or "peak" in raw else "exposure_ratio"
        return RENAMED.get(raw, raw)

    # -- what was observed --------------------------------------------------------------------------------------------------

    def _rows(self) -> list[dict[str, Any]]:
        e = self.e
        if isinstance(e.get("series"), list):
            return [{**r, "_series": True} for r in e["series"] if isinstance(r, dict)]
        return [{"value": e.get("value")}]

    def _observations(self, quantity: str, drug: Drug | Mixture, row: dict[str, Any], arms: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        e = self.e
        label = str(row.get("analyte") or row.get("drug") or row.get("label") or "").replace("_", " ")
        text = f"{label} {self.what}" if row.get("_series") else self.what
        analyte, versus = self._analytes(quantity, text, drug, row)
        matrix, site = self._place(text)
        unit = str(row.get("unit") or e.get("unit") or "dimensionless")
        try:
            Unit.parse(unit)
        except UnitError as problem:
            raise Unusable(str(problem)) from None
        raw_quantity = str(e["quantity"])
        if unit == "g/kg/hour":
            # of blood, of which a litre weighs 1.055 kg
            row = {k: v * BLOOD_DENSITY if isinstance(v, int | float) and not isinstance(v, bool) else v for k, v in row.items()}
            unit = "g/L/hour"
        value, low, high = row.get("value"), row.get("low"), row.get("high")
        if quantity == "linearity":
            value, unit = None, "L/min"
        if raw_quantity.endswith("_change") and isinstance(value, int | float):
            factor = Unit.parse(unit).factor
            value, unit = 1 + value * factor, "dimensionless"
        spread = e.get("spread") if not row.get("_series") else None
        if value is None and isinstance(spread, dict) and spread.get("low") is not None and spread.get("high") is not None:
            low, high, spread = spread["low"], spread["high"], None
        o: dict[str, Any] = {
            "quantity": quantity, "analyte": analyte, "unit": unit, "matrix": matrix, "site": site, "evidence": str(e["id"]),
            "verified": str(e.get("verified") or "memory"), "use": "validation", "arm": "main",
            "value": float(value) if isinstance(value, int | float) else None, "low": low, "high": high,
            "spread": {k: v for k, v in spread.items() if k in ("kind", "value", "low", "high")} if isinstance(spread, dict) else None,
        }  # fmt: skip
        if row.get("sd") is not None:
            o["spread"] = {"kind": "SD", "value": row["sd"]}
        if row.get("bac_g_per_kg") is not None:
            o["limit"] = f"{row['bac_g_per_kg']:g} g/L"
        if row.get("time") is not None and quantity in ("concentration", "Cmax") and row.get("_series"):
            o["quantity"] = "concentration"
            o["at"] = str(row["time"])
        if versus is not None:
            o["versus"] = versus
        first = re.search(r"first sample at (\d+(?:\.\d+)?) min|sampled (?:from )?(\d+(?:\.\d+)?) (?:min )?(?:to|-)", self.words)
        if first and quantity in ("Cmax", "Tmax", "AUC"):
            o["sampled_from"] = f"{first.group(1) or first.group(2)} min"
        self._compare(quantity, raw_quantity, drug, o, arms)
        sampled = re.search(r"(\d+)[- ]?h(?:our)?s? sampling|sampled[^.;]* to (\d+) h", self.words)
        if quantity == "half_life" and sampled and matrix != "urine":
            end = float(sampled.group(1) or sampled.group(2))
            o["window"] = [f"{end / 3:g} h", f"{end:g} h"]
            if end >= 48:
                o["limit"] = "0.1 ng/mL"
            self.assumed.append(f"half-life from the last two thirds of {end:g} h of sampling")
        elif quantity == "half_life" and "terminal" in f"{e['id']} {e.get('claim')}".lower() and analyte in TERMINAL:
            o["window"] = list(TERMINAL[analyte])
            self.assumed.append(f"window of the terminal half-life {' to '.join(TERMINAL[analyte])}")
        limit = self._cutoff()
        if limit is not None and "limit" not in o and quantity in ("detection_time", "half_life", "Cmax"):
            o["limit"] = limit
        if quantity == "urinary_recovery":
            o["matrix"] = "urine"
            m = re.search(r"(\d+)[- ]?h(?:our)?s?\b[^.]*urine|urine[^.]*?(\d+)[- ]?h\b", self.words)
            if m:
                o["at"] = f"{m.group(1) or m.group(2)} h"
        if o["value"] is None and o["low"] is None and e.get("direction") is None:
            return []
        if o["value"] is None and o["low"] is None:
            o["direction"] = str(e["direction"])
            self._direction(quantity, drug, o, arms)
        o["conflict_group"] = self._group(o, drug, arms)
        return [{k: v for k, v in o.items() if v is not None}]

    def _analytes(self, quantity: str, text: str, drug: Drug | Mixture, row: dict[str, Any]) -> tuple[str, str | None]:
        lower = text.lower()
        if (quantity == "urinary_recovery" and "total morphine" in lower) or "total morphine" in lower:
            return "total_morphine", None
        if "conjugated morphine" in lower or "morphine glucuronides" in lower:
            return "m3g+m6g", None
        named = str(row.get("analyte") or row.get("label") or "").replace("_", " ")
        found = self._molecules(named) or self._molecules(text)
        if quantity == "fraction_metabolised":
            return drug.name, self._pathway(drug, found, lower)
        if quantity == "fraction_formed_first_pass":
            return (found[0] if found else drug.name), drug.name
        if not found:
            if re.search(r"plasma|serum|blood|urine|receptor|excret|^$", lower) or quantity in (
                "occupancy",
                "relative_potency",
                "occupancy_half_life",
            ):
                found = [drug.name]
            else:
                raise Unusable(f"no molecule of the library is named in {self.what!r}")
        if quantity in ("metabolite_ratio", "Cmax_ratio", "crossover_time"):
            if len(found) < 2:
                if self.e.get("value") is None and self.e.get("direction"):
                    return found[0], "morphine" if found[0] != "morphine" else drug.name
                raise Unusable(f"a ratio of two molecules is needed; {self.what!r} names {len(found)}")
            return found[0], found[1]
        if quantity in ("relative_exposure", "relative_Cmax", "relative_bioavailability", "bioavailability"):
            return found[0], None
        return "+".join(dict.fromkeys(found)), None

    def _molecules(self, text: str) -> list[str]:
        known: list[Drug | Mixture] = [*self.library.drugs.values(), *self.library.mixtures.values()]
        names = {n: d.name for d in known for n in (d.title, d.name, *d.synonyms)}
        pattern = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
        lookup = {n.lower(): d for n, d in names.items()}
        return [lookup[m.lower()] for m in re.findall(rf"(?<![\w-])({pattern})(?![\w-])", text, re.I)]

    def _pathway(self, drug: Drug | Mixture, found: list[str], text: str) -> str:
        for k, way in drug.elimination.items() if isinstance(drug, Drug) else ():
            if (way.forms in found and way.forms is not None) or (way.site == "kidney" and (text.strip() == drug.title.lower() or "renal" in text)):
                return k
        raise Unusable(f"no pathway of {drug.title} answers to {self.what!r}")

    def _place(self, text: str) -> tuple[str, str]:
        lower = text.lower()
        if "urine" in lower and re.search(r"saliva|oral fluid", lower):
            return "urine", "venous"
        if re.search(r"saliva|oral fluid|oral_fluid", lower):
            return "oral_fluid", "venous"
        if re.search(r"hair|sweat|vapour|breath", lower):
            raise Unusable(f"matrix not simulated: {self.what!r}")
        if re.search(r"effect site|effect-site", lower):
            return "brain", "venous"
        if re.search(r"csf|cerebrospinal", lower):
            raise Unusable("cerebrospinal fluid is not an output of this body")
        if re.search(r"brain|extracellular", lower):
            return "brain", "venous"
        if re.search(r"subjective|pupil|miosis|vas|flash|effects?\b|input rate", lower):
            raise Unusable(f"an effect, not a concentration: {self.what!r}")
        site = "arterial" if re.search(r"arterial", f"{text} {self.notes}".lower()) else "venous"
        if ("urine" in lower or "urinary" in lower) and "plasma" not in lower:
            return "urine", site
        return ("blood" if re.search(r"\bblood\b", lower) else "plasma"), site

    def _compare(self, quantity: str, raw: str, drug: Drug | Mixture, o: dict[str, Any], arms: dict[str, dict[str, Any]]) -> None:
        """Reference arm of a ratio: another route ("IN/IM"), another drug ("ratio heroin/morphine"), else the same drug iv."""
        if quantity in TWO_ARMS:
            self._two_arms(o, arms)
            return
        if quantity == "relative_potency":
            m = re.search(r"(?:than|versus|vs\.?|over|to) (?:oral |iv |im )?([A-Za-z-]+)", f"{self.what} ; {self.e.get('claim')}")
            other = next((x for x in (self._molecules(m.group(1)) if m else []) if x != drug.name), None)
            if other is None:
                raise Unusable("a relative potency whose comparison is not clear; write it as a study file")
            arms["comparator"] = self._arm(self.library.dosed(other), quantity)
            o["reference"] = "comparator"
            return
        if quantity not in ("relative_exposure", "relative_Cmax", "relative_bioavailability", "bioavailability"):
            return
        m = re.search(r"ratio\s+(?:of\s+)?([\w-]+)/([\w-]+)", self.what)
        other = m.group(2) if m else None
        if other is None and quantity != "bioavailability":
            m = re.search(r"versus (?:an? )?(?:equal |equimolar |same )*(?:dose of )?(?:oral )?(\w+)", self.notes)
            other = m.group(1) if m else None
        if other is not None:
            try:
                second = self.library.drug(other)
            except DataError:
                second = None
            if second is not None and second.name != drug.name:
                arms["comparator"] = self._arm(second, quantity)
                o["reference"] = "comparator"
        forms = re.search(rf"({FORMS})s?_(?:vs|versus)_({FORMS})", str(self.e["id"]))
        if forms:
            arms["comparator"] = self._arm(drug, quantity, form_words=forms.group(2))
            arms["main"] = {**arms["main"], "doses": self._arm(drug, quantity, form_words=forms.group(1))["doses"]}
            o["reference"] = "comparator"
        m = re.search(r"ratio_(?:vs|versus)_(im|sc|iv|oral|intranasal)\b", str(self.e["id"]))
        if m:
            arms["comparator"] = self._arm(drug, quantity, m.group(1), form_words=self.notes)
            o["reference"] = "comparator"
        m = re.search(r"\b(IN|IM|SC|PO|IV|oral|nasal)/(IN|IM|SC|PO|IV)\b", self.what)
        if m:
            words = {"in": "intranasal", "im": "im", "sc": "sc", "po": "oral", "iv": "iv"}
            arms["comparator"] = self._arm(drug, quantity, words[m.group(2).lower()])
            o["reference"] = "comparator"

    def _two_arms(self, o: dict[str, Any], arms: dict[str, dict[str, Any]]) -> None:
        """The arm with the disease, the genotype or the medicine that the entry names, against the same person without."""
        person = arms["main"]["person"]
        taken = words.interactions(f"{self.e['id']} {self.words}")
        if taken:
            arms["reference"] = arms["main"]
            arms["main"] = {**arms["main"], "person": {**person, "interactions": taken}}
            self.assumed.append(f"taken along: {', '.join(f'{k} {v}' for k, v in taken.items())}")
        else:
            changed = [k for k in ("liver", "eGFR", "CYP2D6", "CYP2C19", "CYP2B6", "meal", "urine_pH", "age", "sex") if k in person]
            if not changed:
                raise Unusable("a change against a comparison that the adult body does not have (device, co-use)")
            arms["reference"] = {**arms["main"], "person": {k: v for k, v in person.items() if k not in changed}}
        o["reference"] = "reference"

    def _direction(self, quantity: str, drug: Drug | Mixture, o: dict[str, Any], arms: dict[str, dict[str, Any]]) -> None:
        """Arms for a direction: the condition named in `at` or in the claim, against the healthy person."""
        w = f"{self.e.get('at') or ''} {self.e.get('claim') or ''}".lower()
        if quantity in TWO_ARMS:
            o["unit"] = "1"
            o["quantity"] = {"exposure_ratio": "AUC", "Cmax_arms": "Cmax"}[quantity]
            o["unit"] = QUANTITIES[o["quantity"]][1]
            return
        healthy = {"weight": "70 kg"}
        if re.search(r"kidney failure|renal failure|renal impair", w):
            arms["reference"] = {**arms["main"], "person": healthy}
            arms["main"] = {**arms["main"], "person": {**healthy, "eGFR": "7 mL/min/1.73m2"}}
        elif re.search(r"cirrho|liver failure", w):
            arms["reference"] = {**arms["main"], "person": healthy}
            arms["main"] = {**arms["main"], "person": {**healthy, "liver": "child_pugh_C"}}
        elif quantity == "linearity" or "linear" in w:
            o["quantity"] = "clearance"
            dose = arms["main"]["doses"][0]
            arms["reference"] = {**arms["main"], "doses": [{**dose, "amount": "1 mg"}]}
            o["direction"] = "none"
        elif quantity in ("metabolite_ratio", "Cmax_ratio"):
            # "M3G above all others": the ratio against one
            o["direction"] = None
            o["low"], o["high"] = (1.0, 1e6) if self.e.get("direction") == "increase" else (1e-6, 1.0)
            o["unit"] = "dimensionless"
            return
        else:
            raise Unusable("a direction whose comparison is not clear; write it as a study file")
        o["reference"] = "reference"
        o["unit"] = QUANTITIES[o["quantity"]][1]

    def _cutoff(self) -> str | None:
        text = f"{self.what} ; {self.notes} ; {self.e.get('claim') or ''}"
        pattern = r"(?:cut-?off|limit|LOQ|LLOQ|LOD|at|detection limit)\D{0,30}?(\d+(?:\.\d+)?)\s*(ng/mL|ug/L|nmol/L|ug/mL|mg/L)"
        m = re.search(pattern, text, re.I)
        return f"{m.group(1)} {m.group(2)}" if m else None

    def _group(self, o: dict[str, Any], drug: Drug | Mixture, arms: dict[str, dict[str, Any]]) -> str:
        main = arms["main"]
        route = main["doses"][0]["route"]
        kinetic = o["quantity"] in ("clearance", "volume_ss") or (o["quantity"] == "half_life" and o["matrix"] != "urine")
        person = main["person"]
        state = "/".join(str(person[k]) for k in ("eGFR", "liver") if k in person) + ("/chronic" if "history" in person and not kinetic else "")
        where = o["matrix"] if o["matrix"] in ("urine", "brain", "oral_fluid") else "blood"
        parts = [o["quantity"], o["analyte"], o.get("versus", ""), where, o.get("limit", "") if where in ("urine", "oral_fluid") else ""]
        if not kinetic:
            parts += [drug.name, route, *([str(main["doses"][0]["every"])] if "every" in main["doses"][0] else [])]
        if o.get("site") == "arterial" and where != "urine":
            parts.append("arterial")
        return "|".join(p for p in (*parts, state) if p)
