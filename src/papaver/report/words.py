"""A result in plain words: one paragraph, every number read off the result. Also how the report names things."""

from __future__ import annotations

import math

import numpy as np

from papaver.bodies.adult import ENDOGENOUS
from papaver.evidence.load import Library
from papaver.readouts.outcomes import CUTOFFS
from papaver.report.events import coarse, something_happened, treatment_label
from papaver.report.told import told_overdose, told_withdrawal
from papaver.report.writing import duration, duration_range, listed, number, percent, percent_range, plural, small
from papaver.scenario.model import Dose, History, Treatment
from papaver.scenario.resolve import ROUTES, unpacked
from papaver.simulate import Result
from papaver.units import convert, to_internal

NEGLIGIBLE = 0.1
"""Plasma concentration, nmol/L, of what is left of a history's drug that is not mentioned."""
WORTH_TELLING = 0.005
"""Receptor occupancy below which a molecule is not mentioned."""


def title_of(library: Library, name: str) -> str:
    """Title of a molecule, or of what has no file: the body's own ligands."""
    return library.drugs[name].title if name in library.drugs else "Body's own ligands" if name == ENDOGENOUS else name


def inline(title: str) -> str:
    """A title inside a sentence: "Heroin" becomes "heroin"; "M6G" and "R-methadone" stay."""
    word = title[1:2] != "-" and title[1:].replace("'", "").replace(" ", "").islower()
    return title[0].lower() + title[1:] if word else title


def dose_count(d: Dose, until: float) -> int:
    """How many doses a dose entry stands for in a run of `until` min."""
    if d.every is None:
        return 1
    start, step = (to_internal(x, "min", where="doses", example="6 h") for x in (d.at, d.every))
    fitting = math.floor((until - start) / step + 1e-9) + 1
    return fitting if d.times is None else min(fitting, d.times)


def dose_words(d: Dose, library: Library, until: float) -> str:
    """One dose entry as words: "28 doses of 25 mg heroin, intravenous, every 6 h"."""
    drug = library.dosed(d.drug)
    d = unpacked(d, drug, "doses")
    n = 1 if d.when is not None else dose_count(d, until)
    salt = f" {drug.salts[d.salt].title}" if d.salt else ""
    route = library.routes(drug)[str(d.route)].title.split(" (")[0]
    text = (f"{n} doses of " if n > 1 else "") + f"{d.amount} {inline(drug.title)}{salt}, {route}"
    text += (f", over {d.over}" if d.over else "") + (f", every {d.every}" if n > 1 else "")
    return text + (f" whenever {d.when} (at most {d.times or 1} times)" if d.when is not None else "")


def treatment_words(x: Treatment) -> str:
    """A treatment as words: "oxygen 50 % at 8 min for 20 min"."""
    text = small(treatment_label(x.give, x.level))
    if x.when is not None:
        return f"{text} when {x.when}" + (f" ({x.after} later)" if x.after else "")
    return f"{text} at {x.at}" + (f" for {x.over}" if x.over else "")


def person_words(result: Result) -> str:
    """ "a man of 34 years, 70 kg"."""
    c = result.scenario.covariates
    text = f"a {'woman' if c['sex'] == 'female' else 'man'} of {number(float(c['age']))} years and {number(float(c['weight']))} kg"
    extra = []
    if float(c["eGFR"]) < 60:
        extra.append(f"a glomerular filtration rate of {number(float(c['eGFR']))} mL/min/1.73 m²")
    if c["liver"] != "normal":
        extra.append(f"liver disease ({str(c['liver']).replace('_', ' ').replace('child pugh', 'Child-Pugh')})")
    if c["history"] == "chronic" and result.scenario.history is None:
        extra.append("long opioid use")
    return text + (" with " + listed(extra) if extra else "")


def history_words(h: History | None, library: Library) -> str:
    """Past use: "160 mg/day heroin, intravenous, for 5 years"; nothing for a person without."""
    if h is None:
        return ""
    drug = library.dosed(h.drug)
    route = ROUTES.get(h.route, h.route)
    routes = library.routes(drug)
    title = routes[route].title.split(" (")[0] if route in routes else h.route
    stopped = f", stopped {plural(h.stopped)} before" if h.stopped else ""
    return f"{h.dose} {inline(drug.title)}, {title}, for {plural(h.duration)}{stopped}"


def paragraph(result: Result) -> list[str]:
    """The sentences of the summary. `result` has its outcomes."""
    r, library, until = result, result.library, float(result.t[-1])
    s = r.scenario.scenario
    doses = listed(dose_words(d, library, until) for d in s.doses)
    who = person_words(r) if r.people == 1 else f"{r.people} people around {person_words(r)}"
    given = [x.give for x in s.treatments]
    # a level of nothing is worth a word only where it ends something
    helped = listed(treatment_words(x) for x in s.treatments if x.level.split(" ")[0] != "0" or given.count(x.give) > 1)
    out = [f"This run follows {who} for {duration(until)}: {doses or 'no drug'}{f', with {helped}' if helped else ''}."]
    if past := history_words(s.person.history, library):
        out.append(f"Use before the run: {past}.")
    if r.failed == r.people:
        return [*out, "The integration failed for everybody, so there is nothing to tell."]
    if r.people > 1:
        out.append("Numbers are medians over people, with the 5th to 95th percentile in brackets.")
    tell = _Teller(result)
    out.append("Times count from the dose." if tell.only is not None else "Times count from the start of the run.")
    withdrawn = told_withdrawal(result, tell.at, tell.when)
    # in a run about withdrawal that comes first, unless somebody was in danger
    danger = told_overdose(result, tell.at)
    out += danger + withdrawn if something_happened(result) else withdrawn + danger
    out += [text for name in tell.molecules() if (text := tell.blood(name))]
    out += tell.receptor() + tell.urine()
    if step := coarse(r):
        out.append(f"Values were written down every {duration(step)}; a sharper peak in between is not seen, and times are no finer than that.")
    return out


class _Teller:
    def __init__(self, result: Result) -> None:
        self.r, self.library = result, result.library
        self.summary = result.summary()
        times = sorted({d.time for d in result.scenario.doses})
        self.only = times[0] if len(times) == 1 else None
        self.end = float(result.t[-1])

    def molecules(self) -> list[str]:
        return list(dict.fromkeys(n.split(".")[0] for n in self.summary if n.split(".")[0] in self.library.drugs))

    def median(self, name: str) -> float | None:
        x = self.summary.get(name, {}).get("median")
        return None if x is None else float(x)

    def value(self, name: str, scale: float = 1.0) -> str:
        """Median and, for a cohort, the percentiles in brackets: "1830 (981–3030)", "29 % (21–42 %)"."""
        row = {k: scale * x if isinstance(x, float) else x for k, x in self.summary[name].items()}
        share = row["unit"] == "1"
        text = percent(row["median"]) if share else number(row["median"])
        if "p05" not in row:
            return text
        return f"{text} ({percent_range(row['p05'], row['p95']) if share else number(row['p05']) + '–' + number(row['p95'])})"

    def at(self, x: float | None) -> str:
        """A time of the run as the reader counts it: from the dose if there is one, else from the start."""
        if x is None:
            return ""
        if x == float(self.r.t[0]) and self.r.scenario.history is not None:
            return "when the run began"
        return f"after {duration(x - self.only)}" if self.only is not None else f"at {duration(x)}"

    def when(self, name: str) -> str:
        row = self.summary[name]
        start = self.only or 0.0
        alike = "p05" in row and row["p05"] == row["p95"] == float(self.r.t[0])
        band = f" ({duration_range(row['p05'] - start, row['p95'] - start, row['median'] - start)})" if "p05" in row and not alike else ""
        return self.at(row["median"]) + band

    def blood(self, name: str) -> str:
        title = title_of(self.library, name)
        site = next((s for s in ("arterial", "venous") if f"{name}.{s}.Cmax" in self.summary), None)
        peak = self.median(f"{name}.{site}.Cmax")
        if site is None or peak is None:
            return ""
        if peak <= 0:
            return self.absent(name, title)
        if peak < NEGLIGIBLE and self.r.scenario.history is not None:
            # left over from the time before the run
            return ""
        where = "arterial plasma" if site == "arterial" else "forearm venous plasma"
        # alcohol is counted in thousandths of a mole, not in billionths
        scale, molar, by_mass = (1e-6, "mmol/L", "g/L") if peak >= 1e6 else (1.0, "nmol/L", "ng/mL")
        mass = number(scale * convert(peak, "nmol/L", "ng/mL", MW=self.library.drugs[name].MW))
        value = self.value(f"{name}.{site}.Cmax", scale)
        return f"{title} peaked in {where} at {value} {molar} ({mass} {by_mass}) {self.when(f'{name}.{site}.Tmax')}{self.gone(name)}."

    def gone(self, name: str) -> str:
        key, limit = f"{name}.venous.detected_until", f"{number(CUTOFFS['plasma'])} ng/mL"
        until = self.median(key)
        if until is None:
            return ""
        if until <= 0:
            return f" and never reached {limit} in forearm venous plasma"
        if until >= self.end * (1 - 1e-9):
            return f" and was still above {limit} in forearm venous plasma when the run ended"
        return f" and left forearm venous plasma (below {limit}) {self.when(key)}"

    def absent(self, name: str, title: str) -> str:
        routes = [self.library.drugs[d.drug].routes[d.route].arrives_as for d in self.r.scenario.doses if d.drug == name]
        if routes and all(routes):
            others = listed(dict.fromkeys(inline(title_of(self.library, x)) for x in routes if x))
            return f"No {inline(title)} appeared in blood: by this route it arrives as {others}."
        return "" if not routes else f"No {inline(title)} appeared in blood."

    def receptor(self) -> list[str]:
        held: list[str] = []
        for name in self.molecules():
            key = f"mop.rho[{name}]"
            peak = self.median(f"{key}.peak")
            if peak is not None and peak >= WORTH_TELLING:
                when = self.at(self.median(f"{key}.time_of_peak"))
                title, share = title_of(self.library, name), self.value(f"{key}.peak")
                held.append(f"{inline(title)} {share} {when}" if held else f"{title} held at most {share} of MOP receptors {when}")
        out = [listed(held) + "."] if held else []
        if self.median("mop.effect.peak") is not None:
            rest = float(np.nanmedian(self.r["mop.effect.activation"][:, 0])) if "mop.effect.activation" in self.r.columns else math.nan
            past = self.r.scenario.history is not None
            start = f", from {percent(rest)} at rest" if math.isfinite(rest) and not past else ""
            height = self.value("mop.effect.peak")
            out.append(f"MOP activation by all ligands together peaked at {height} of its maximum {self.when('mop.effect.time_of_peak')}{start}.")
        return out

    def urine(self) -> list[str]:
        parts = {n: self.r.outcomes[f"{n}.urine.recovered"] for n in self.molecules() if f"{n}.urine.recovered" in self.r.outcomes}
        if not parts or self.r.scenario.history is not None:
            # what was used before the run is in that urine too
            return []
        total = np.sum(list(parts.values()), axis=0)
        total = total[np.isfinite(total)]
        if not total.size:
            return []
        most = max(parts, key=lambda n: float(np.nanmedian(parts[n])))
        share = float(np.nanmedian(parts[most]))
        as_what = f", most of it as {inline(title_of(self.library, most))} ({percent(share)} of the dose)" if share > 0 else ""
        return [f"When the run ended {percent(float(np.median(total)))} of the dose, counted in moles, was in urine{as_what}."]
