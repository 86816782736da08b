"""The scene of a row of an evidence entry: the arm - person, doses, gas, times - that its words speak of.

Times in an entry count from its own drug, or from the last dose of people who stopped; a scene says where that lies in the run.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any

from papaver.bench.effect_doses import Given, pace
from papaver.bench.effect_people import STOP, Row
from papaver.bench.effect_protocol import LATE, MEDICINES, WITHDRAWAL, Protocol
from papaver.bench.effect_words import UNIT, minutes
from papaver.bench.entry_arms import Unusable
from papaver.errors import UnitError
from papaver.units import Unit

NOTHING = {"give": "airway", "level": "0 %"}
"""What an arm without drugs gets: an arm must give something."""
BREATHING = ("minute_ventilation", "respiratory_rate", "tidal_volume", "PetCO2", "PaCO2", "SpO2", "PaO2", "ventilatory_slope")


@dataclass
class Scene:
    """An arm in the making. Times in min of the run; `zero`: what the entry counts from; `reach`: how long after it an effect is looked for, `peak`:
    when it is greatest. `state`: nothing is given but what people take every day. `held`: only a concentration is held. `fine`: seconds
    count."""

    person: dict[str, Any]
    doses: list[dict[str, Any]]
    gas: list[dict[str, Any]]
    zero: float
    reach: float
    peak: float
    state: bool = False
    held: bool = False
    fine: bool = False
    start: str | None = None
    people: int = 1
    until: float = 0.0

    @property
    def first(self) -> float:
        """Time of the first drug."""
        return min((float(d["at"].split()[0]) for d in self.doses), default=0.0)

    def shifted(self, by: float) -> None:
        """Move the doses and what counts from them."""
        self.doses = [d | {"at": f"{float(d['at'].split()[0]) + by:g} min"} for d in self.doses]
        self.zero += by

    def arm(self) -> dict[str, Any]:
        """The scenario."""
        end = max(self.until, 2.0)
        fast = any(t["give"] in ("obstruction", "ventilation") for t in self.gas) and not self.doses and end - self.zero <= 5
        spans = ((75, "15 s"), (300, "1 min"), (900, "2 min"), (3000, "10 min"), (1e9, "1 h"))
        every = "1 s" if fast else next(x for limit, x in spans if end - self.zero <= limit)
        every = "2 s" if self.fine and end <= 120 else every
        every = "5 min" if end > 1500 and every.endswith(("s", "1 min", "2 min")) else every
        doses = [d for d in self.doses if float(d["at"].split()[0]) < end]
        out: dict[str, Any] = {"person": self.person, "doses": doses, "observe": {"until": f"{end:g} min", "every": every}}
        if self.gas or not doses:
            out["treatments"] = [dict(t) for t in self.gas] or [dict(NOTHING)]
        if self.people > 1:
            out["people"] = self.people
        return out | ({"start": self.start} if self.start else {})


@dataclass
class Found:
    """Scenes by the names of their arms, and observations."""

    scenes: dict[str, Scene] = field(default_factory=dict)
    observations: list[dict[str, Any]] = field(default_factory=list)


class Scenes(Protocol):
    """Scenes of one entry. `taper_days`: another length of the taper than the one that words name first; `tapered`: the last one read."""

    taper_days: int | None = None
    tapered: int | None = None

    def unit_is_time(self) -> bool:
        """Whether the entry's unit is one of time."""
        return self.time_factor(self.e.get("unit")) is not None

    @staticmethod
    def time_factor(unit: Any) -> float | None:
        """Minutes of a unit of time; None for another unit."""
        try:
            u = Unit.parse(str(unit or ""))
        except UnitError:
            return None
        return u.factor if dict(u.dims) == {"min": 1} else None

    def scene(self, row: Row, quantity: str | None = None, guess: bool = False) -> Scene:
        """The arm that a row speaks of. `guess`: a usual dose may stand in, where only a direction or a time is asked."""
        quantity = quantity or self.quantity
        if self.p.get("drug") in (None, "none") and not row.given and not row.drugs and not self.user(row):
            return self._nothing(row)
        user = self.user(row)
        person = self.people.person(row, user)
        kept = user and (self.p.get("regimen") is None and self.state(self.protocol_dose()))
        if not row.levels and row.role != "control":
            row = dataclasses.replace(row, levels=self.noted_levels())
        given = self._maintenance([self.usual(g) if guess and not (user and self.own(g.drug)) else g for g in self.acute(row, user)], person)
        earlier = self.background(given, user, guess) if row.role != "control" else []
        under = self.infusions(given, earlier) if row.role != "control" else []
        if under and self.quantity == "minute_ventilation" and not self.gas:
            self.gas = [{"give": "carbon_dioxide", "level": "50 mmHg"}, {"give": "oxygen", "level": "50 %"}]
            self.assumed.append("breathing 7 % CO2 (50 mmHg) in 50 % oxygen, as ventilation under an opioid infusion is studied")
        lead = 0.0 if kept and not given else 30.0 if self.gas else 10.0
        zero = lead + max([-min([0.0, *[g.at for g in earlier]]), 120.0 if row.levels and given else 0.0])
        doses: list[dict[str, Any]] = []
        reach, peak = 60.0, 30.0
        slow = f"{self.e.get('id')} {self.site} {row.text} {self.notes} {self.claim}"
        for g in [*earlier, *given]:
            g = self.divided(g) if g in given else g
            d = self.pharmacy.dose(g, slow, zero)
            doses.append(d)
            p, r = pace(g.drug, d["route"])
            if g not in earlier or not given:
                first = len(doses) - len(earlier) <= 1
                reach = max(0.0 if first else reach, r + (g.over or 0.0) + max(g.at, 0.0))
                peak = max(0.0 if first else peak, p + (g.over or 0.0))
        if quantity in (*LATE, "cortisol", "ACTH"):
            reach = max(reach, 180.0)
        for g in under:
            if zero < lead + 60.0 and not earlier:
                doses = [d | {"at": f"{float(d['at'].split()[0]) + lead + 60.0 - zero:g} min"} for d in doses]
                zero = lead + 60.0
            doses += self.pharmacy.hold(g.drug, float(g.value or 0.0), g.unit, lead, zero + max(reach, 120.0))
        for g in row.levels:
            reach = max(reach, 120.0)
            doses += self.pharmacy.hold(g.drug, float(g.value or 0.0), g.unit, lead, zero + reach + 60.0)
            peak = max(peak, 60.0) if not given else peak
        scene = Scene(person, doses, [dict(t) for t in self.gas], zero, reach, peak)
        scene.state, scene.held = not given and not row.levels, bool(row.levels) and not given
        if user:
            self._history(scene, row, bool(given or row.levels) or (row.role == "reference" and not kept), quantity)
        self._helped(scene)
        return scene

    def _maintenance(self, given: list[Given], person: dict[str, Any]) -> list[Given]:
        """The dose of people who got what they always get: their day's amount by the number of doses, or a share of it that words name."""
        h = person.get("history")
        if h is None:
            return given
        every = self._every(h)
        value, unit = h["dose"].removesuffix("/day").split(" ", 1)
        part = re.search(r"(\d+) ?(?:%|percent) of (?:the |their )?(?:usual|daily|maintenance)", f"{self.notes} ; {self.claim}")
        share = float(part.group(1)) / 100 if part else 1.0
        usual = Given(h["drug"], share * float(value) * every / 1440.0, unit.split("/")[0], "kg" if "/kg" in unit else "", route=h["route"])
        out = [dataclasses.replace(usual, route=g.route or usual.route) if g.value is None and g.drug == h["drug"] else g for g in given]
        top = r"(?:added to|on top of|with|and) (?:the |their )?(?:usual|daily|maintenance) (?:\w+ )?dose|\d % of the usual"
        added = re.search(top, f"{self.notes} ; {self.claim}")
        if added and h["drug"] not in [g.drug for g in out]:
            self.assumed.append(f"along with {f'{part.group(1)} % of ' if part else ''}the dose that they usually take")
            return [usual, *out]
        if out != given:
            self.assumed.append(f"the dose given is {f'{part.group(1)} % of ' if part else ''}what they usually take")
        return out

    @staticmethod
    def _every(h: dict[str, Any]) -> float:
        return float(h["every"].split()[0]) * (60.0 if h["every"].endswith("h") else 1440.0)

    def _nothing(self, row: Row) -> Scene:
        """People without any drug: at rest, in a gas, holding their breath, without oxygen."""
        text = f"{self.e['quantity']} {row.text} ; {self.site} ; {self.claim}".replace("_", " ")
        gas = [dict(t) for t in self.gas]
        pre = any(t["give"] == "oxygen" for t in gas)
        zero = 0.0 if self.asked.timing else 20.0 if pre or any(t["give"] == "end_tidal_CO2" for t in gas) else 10.0
        if re.search(r"anoxi|decompress|nitrogen", text, re.I):
            gas = [{"give": "oxygen", "level": "0.6 %", "at": f"{zero:g} min"}, {"give": "ventilation", "level": "100 L/min", "at": f"{zero:g} min"}]
            self.assumed.append("all oxygen gone at once: a mixture with 0.6 % of it, washed in with 100 L/min")
        elif re.search(r"breath-?hold|apn(?:o?e)a|asphyxia|obstruct|respiratory arrest|breathing stop|suffocat", text, re.I):
            gas.append({"give": "obstruction", "level": "100 %", "at": f"{zero:g} min"})
            self.assumed.append("a closed airway")
        elif re.search(r"hypoxi", text, re.I) and not pre:
            if re.search(r"isocapn", text, re.I):
                gas = [{"give": "end_tidal_CO2", "level": "40 mmHg"}]
            gas.append({"give": "oxygen", "level": "4 %", "at": f"{zero:g} min", "over": "20 s"})
            gas.append({"give": "oxygen", "level": "10 %", "at": f"{zero + 0.3334:g} min"})
            self.assumed.append("hypoxia: end-tidal oxygen brought near 50 mmHg by 20 s of 4 % oxygen, then 10 %")
        return Scene(self.people.person(row, False), [], gas, zero, 40.0, 20.0, state=True)

    def _history(self, scene: Scene, row: Row, acute: bool, quantity: str) -> None:
        """When the people of a scene last took what they take every day, and whether they go on taking it."""
        h = scene.person["history"]
        every = self._every(h)
        stop = re.search(STOP, f"{self.notes} ; {self.claim} ; {self.at} ; {row.text}", re.I) is not None
        taper = self._taper(scene, h)
        if not acute and not taper and quantity in WITHDRAWAL and self.unit_is_time():
            h.pop("stopped", None)
        if taper or "stopped" in h:
            if not acute and not taper:
                scene.zero, scene.reach = 0.0, 60.0
            return
        if not acute and (quantity in WITHDRAWAL or (stop and not re.search(r"maint|stable", self.notes))):
            h["stopped"] = "1 min"
            scene.zero, scene.reach = 0.0, 20 * 1440.0 if every >= 1440 else 10 * 1440.0
            return
        last = r"(?:last|previous|morning|daily|their) (?:\w+ )?(?:dose|injection|use|heroin|morphine|methadone)"
        m = re.search(rf"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?[ -]*{UNIT} (?:after|since) (?:the )?{last}", f"{self.at} ; {self.notes} ; {self.claim}")
        if m and not self.asked.timing and not row.time:
            h["stopped"] = f"{minutes(float(m.group(1)), m.group(3)):g} min"
            if not acute:
                scene.zero, scene.reach = 0.0, 30.0
        elif acute and any(self.antagonist(d["drug"]) for d in scene.doses):
            if every <= 720:
                h["stopped"] = f"{min(every / 2, 150.0):g} min"
            self.assumed.append(f"the last {h['drug']} {h.get('stopped', h['every'])} before")
        elif acute and any(d["drug"] == h["drug"] for d in scene.doses):
            self.assumed.append(f"the last {h['drug']} {h['every']} before")
        elif acute and scene.doses and scene.doses[0]["drug"] in MEDICINES:
            h["stopped"] = "1 min"
            scene.shifted(-scene.zero)
            scene.reach = 7 * 1440.0
        elif acute and quantity in WITHDRAWAL:
            h["stopped"] = f"{max(every, 1440.0):g} min"
            self.assumed.append(f"in withdrawal: the last {h['drug']} a day before")
        elif not acute and (h["drug"] != "heroin" or re.search(r"prescribed|assisted", self.words)):
            self.goes_on(scene, h)
        elif not acute:
            # people who use by themselves are seen before their next dose
            scene.zero, scene.reach = 0.0, 30.0

    def goes_on(self, scene: Scene, h: dict[str, Any]) -> None:
        """The day after the next dose of what people go on taking."""
        every = self._every(h)
        n = 1440.0 / every
        value, unit = h["dose"].removesuffix("/day").split(" ", 1)
        g = Given(h["drug"], float(value) / n, unit.split("/")[0], "kg" if "/kg" in unit else "", route=h["route"], every=every, times=round(n))
        zero = 30.0 if scene.gas else 0.0
        scene.doses.append(self.pharmacy.dose(g, "", zero))
        scene.zero, scene.reach, scene.peak = zero, 1440.0, pace(h["drug"], h["route"])[0]

    def _taper(self, scene: Scene, h: dict[str, Any]) -> bool:
        """A daily dose that falls in even steps to nothing, if words tell of a taper and its length."""
        text = f"{self.at} ; {self.notes} ; {self.claim}"
        before = r"(\d+)(?: or \d+|-? ?,? ?\d+ or \d+)?[- ](day|week)s?[^.;]{0,24}taper"
        m = re.search(rf"{before}|(?:taper|linear reduction|detoxification)[^.;]{{0,16}}?(\d+)[- ](day|week)", text)
        if not m or not scene.state or any(d["drug"] != h["drug"] for d in scene.doses):
            return False
        days = self.taper_days or int(m.group(1) or m.group(3)) * (7 if (m.group(2) or m.group(4)) == "week" else 1)
        self.tapered = days
        value, unit = h["dose"].removesuffix("/day").split(" ", 1)
        h["every"] = "24 h"
        scene.doses = [
            self.pharmacy.dose(Given(h["drug"], float(value) * (1 - k / days), unit.split("/")[0], route=h["route"], at=1440.0 * k), "", 0.0)
            for k in range(min(days, 60))
        ]
        scene.zero, scene.reach = 0.0, (days + 24) * 1440.0
        self.assumed.append(f"a taper in even steps over {days} days from {h['dose']}")
        return True

    def _helped(self, scene: Scene) -> None:
        """People under anaesthesia are ventilated: what an anaesthetic does to breathing is not in the body.

        Raises:
            Unusable: breathing was measured.
        """
        if not re.search(r"anaesthe|anesthe|intubat|mechanically ventilated", f"{self.site} {self.notes}", re.I):
            return
        if self.quantity in BREATHING:
            raise Unusable("breathing under an anaesthetic, which the body does not have")
        if "history" not in scene.person:
            scene.gas += [{"give": "oxygen", "level": "100 %"}, {"give": "ventilation", "level": "7 L/min"}, {"give": "airway", "level": "100 %"}]
            self.assumed.append("ventilated with 7 L/min of oxygen")
        else:
            self.assumed.append("no anaesthetic in the model, which breathes by itself")
