"""Who took what in an entry of the evidence collection on concentrations: drug, dose, salt, route, schedule and person as an arm of a study."""

from __future__ import annotations

import math
import re
from typing import Any

from papaver.bench import words
from papaver.bench.arms import slowest
from papaver.errors import DataError, PapaverError
from papaver.evidence.load import Library
from papaver.evidence.schema import Drug, Mixture
from papaver.scenario import Scenario, resolve
from papaver.scenario.resolve import ROUTES
from papaver.units import to_internal

INTERVALS = 12
"""Doses after which a steady state counts as reached, unless half-lives ask for more."""
NEEDS_DOSE = {"Cmax", "AUC", "concentration", "detection_time", "Ctrough", "Cavg", "occupancy"}


class Unusable(PapaverError):
    """An entry that cannot be simulated; the message is the reason."""


class EntryArms:
    """An entry, and the arm that its words describe."""

    def __init__(self, e: dict[str, Any], library: Library) -> None:
        self.e, self.library = e, library
        self.p: dict[str, Any] = e.get("protocol") or {}
        self.what = str(e.get("analyte_or_site") or "")
        self.notes = str(self.p.get("notes") or "")
        self.words = " ".join(str(x) for x in (self.what, self.notes, e.get("claim"), e.get("population"), e.get("at")) if x)
        self.assumed: list[str] = []

    def _drug(self, name: str) -> Drug | Mixture:
        try:
            return self.library.dosed(name)
        except DataError:
            raise Unusable(f"drug {name!r} is not in the library") from None

    def _arm(
        self, drug: Drug | Mixture, quantity: str, route: str | None = None, row: dict[str, Any] | None = None, form_words: str | None = None
    ) -> dict[str, Any]:  # fmt: skip
        row = row or {}
        route = route or self._route()
        text = f"{self.e['id']} {self.words} {row.get('label') or ''}" if form_words is None else form_words
        if route == "none":
            # binding in plasma does not depend on the route
            route = next(iter(self.library.routes(drug)), "iv")
        slow = f"{self.e['id']} {self.what}"
        form = words.form(drug, route, text, slow, self.library)
        if form is None:
            raise Unusable(f"{drug.title} has no route {route!r} in the library (it has {', '.join(self.library.routes(drug))})")
        dose: dict[str, Any] = {"drug": drug.name, "amount": self._amount(quantity, row, drug), "route": form}
        salt = self._salt(drug)
        if salt is not None:
            dose["salt"] = salt
        if str(self.p.get("route")) == "iv_infusion" and route == "iv":
            m = re.search(r"(\d+(?:\.\d+)?)[ -]*(min|minute|h|hour)s?\b[ -]*(?:long )?infusion", self.words)
            dose["over"] = f"{m.group(1)} {m.group(2)}" if m else "15 min"
            if not m:
                self.assumed.append("infusion over 15 min")
        if form == "transdermal":
            dose["over"] = "72 h"
        person = words.person(str(self.e.get("population") or ""), self.notes, str(self.e.get("claim") or ""), drug.name, row, self.assumed)
        doses, until = self._schedule(dose, quantity, drug)
        return {"person": person, "doses": doses, "observe": {"until": until}}

    def _schedule(self, dose: dict[str, Any], quantity: str, drug: Drug | Mixture) -> tuple[list[dict[str, Any]], str]:
        """The doses and the length of the run: a regimen as listed, repeats until a steady state, or one dose."""
        regimen = self.p.get("regimen")
        if regimen:
            return self._regimen(regimen, dose), "1 day"
        unit = str((self.p.get("dose") or {}).get("unit", "mg"))
        every = words.interval(quantity, unit, f"{self.e['id']} {self.words}", dose["route"])
        if every is None:
            return [dose], self._until(quantity)
        step = to_internal(every, "min", where="every", example="24 h")
        if "day" in unit:
            amount, given = dose["amount"].split(" ", 1)
            dose["amount"] = f"{float(amount) * step / 1440:.6g} {given}"
        probe = resolve(Scenario.from_dict({"doses": [dose], "observe": {"until": "1 day"}, "person": {"weight": "70 kg"}}), self.library)
        times = max(INTERVALS if step < 10080 else 6, math.ceil(5 * slowest(probe, self.library) / step))
        self.assumed.append(f"a steady state after {times} doses, one every {every}")
        return [{**dose, "every": every, "times": times}], f"{step * times / 1440:g} day"

    def _regimen(self, regimen: Any, dose: dict[str, Any]) -> list[dict[str, Any]]:
        """Doses from a list of {time, dose}."""
        out = []
        for row in regimen if isinstance(regimen, list) else []:
            given = row.get("dose") if isinstance(row, dict) else None
            amount = f"{given['value']} {given['unit']}" if isinstance(given, dict) and "value" in given else given
            if not isinstance(amount, str) or not re.fullmatch(r"[\d.]+ \S+", amount) or row.get("time") is None:
                raise Unusable("a regimen of several doses in free text; write it as a study file")
            out.append({**dose, "amount": amount, "at": str(row["time"])})
        if not out:
            raise Unusable("a regimen of several doses in free text; write it as a study file")
        return out

    def _salt(self, drug: Drug | Mixture) -> str | None:
        for pattern, salt in (("monohydrate", "hcl_monohydrate"), (r"hydrochloride|\bHCl\b", "hcl"), ("sulphate|sulfate", "sulphate_pentahydrate")):
            if salt in drug.salts and re.search(pattern, f"{self.words}", re.I) and "mol" not in str((self.p.get("dose") or {}).get("unit", "mg")):
                return salt
        return None

    def _route(self) -> str:
        route = str(self.p.get("route"))
        place = f"{self.e['id']} {self.notes} {self.what}".lower()
        named = next((r for r in ("rectal", "transdermal") if r in place), None)
        if named:
            return named
        return ROUTES.get(route, route)

    def _until(self, quantity: str) -> str:
        return "4 day" if quantity in ("detection_time", "urinary_recovery") else "24 h"

    def _amount(self, quantity: str, row: dict[str, Any], drug: Drug | Mixture) -> str:
        for key in row:
            m = re.fullmatch(r"dose_(mg|ug|g|ng|nmol|umol)", str(key))
            if m and isinstance(row[key], int | float):
                return f"{row[key]} {m.group(1)}"
        dose = self.p.get("dose")
        if self.p.get("regimen"):
            return "1 mg"
        if not isinstance(dose, dict):
            if quantity in NEEDS_DOSE and isinstance(self.e.get("value"), int | float):
                raise Unusable(f"{quantity} needs the dose, which the entry does not give")
            saturable = isinstance(drug, Drug) and any(way.saturable for way in drug.elimination.values())
            usual = drug.usual_dose if saturable and isinstance(drug, Drug) else None
            self.assumed.append(f"dose {usual}" if usual else "dose 30 umol (kinetics are linear)")
            return usual or "30 umol"
        unit = str(dose.get("unit", "mg"))
        if "hour" in unit or unit.endswith("/h"):
            raise Unusable(f"dose per time ({unit}): write the regimen as a study file")
        unit = re.sub(r"/(day|d)$", "", unit)
        numbers = [dose["value"]] if "value" in dose else list(dose.get("values") or [dose[k] for k in ("low", "high") if dose.get(k) is not None])
        numbers = numbers[0] if numbers and isinstance(numbers[0], list) else numbers
        if not numbers or not all(isinstance(x, int | float) and x > 0 for x in numbers):
            raise Unusable("the dose is not a number")
        if len(numbers) > 1:
            self.assumed.append(f"dose: geometric mean of {', '.join(f'{x:g}' for x in numbers)} {unit}")
        elif "value" not in dose and "values" not in dose:
            self.assumed.append(f"dose: the limit given, {numbers[0]:g} {unit}")
        value = math.exp(sum(math.log(x) for x in numbers) / len(numbers))
        return f"{value:.6g} {unit}"
