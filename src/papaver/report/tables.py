"""Tables of the report as plain rows of text: scenario, outcomes by molecule and by receptor, how to repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from papaver.readouts.withdrawal import band
from papaver.report.events import something_happened, treatment_label, withdrawal_counts
from papaver.report.words import dose_count, history_words, title_of
from papaver.report.writing import duration, duration_range, number, percent, percent_range, unit_words
from papaver.scenario.resolve import unpacked
from papaver.simulate import Result
from papaver.simulate.failures import failures as kinds_of_failure
from papaver.units import convert, to_internal


@dataclass(frozen=True)
class Cell:
    """A value and, for a cohort, its 5th to 95th percentile."""

    text: str
    band: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of (heading, name in outcomes, cells) under column headings."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Cell, ...]], ...]


_COVARIATES = {
    "age": ("age", "years"), "sex": ("sex", ""), "weight": ("weight", "kg"),
    "eGFR": ("kidney, estimated glomerular filtration rate", "mL/min/1.73 m²"), "liver": ("liver", ""), "history": ("opioid history", ""),
}  # fmt: skip


def person(result: Result) -> list[tuple[str, str, bool]]:
    """(what, value, whether the scenario left it out) of the person."""
    out = []
    for name, value in result.scenario.covariates.items():
        if name not in _COVARIATES and name not in result.scenario.stated:
            continue
        what, unit = _COVARIATES.get(name, (name.replace("_with", " inhibitors and inducers, alcohol taken along").replace("_", " "), ""))
        text = history_words(result.scenario.scenario.person.history, result.library) if name == "history" else ""
        text = text or (value.replace("_", " ") if isinstance(value, str) else f"{number(value)} {unit}")
        out.append((what, text, name in result.scenario.assumed))
    return out


def treatments(result: Result) -> list[tuple[str, str]]:
    """(what, when) of each treatment of the scenario."""
    out = []
    for x in result.scenario.scenario.treatments:
        if x.when is None:
            when = f"at {x.at}" + (f", for {x.over}" if x.over else ", to the end or until the next level")
        else:
            fired = sum(1 for row in result.schedule if row["when"] == x.when.strip() and row["drug"] == x.give)
            when = f"when {x.when}" + (f", held for {x.hold}" if x.hold else "") + (f", {x.after} later" if x.after else "")
            when += f"; given {fired} times in all"
        out.append((treatment_label(x.give, x.level), when))
    return out


def doses(result: Result) -> list[dict[str, str]]:
    """One mapping per dose entry of the scenario: drug, amount, each (in umol), route, when."""
    out = []
    until = float(result.t[-1])
    for d in result.scenario.scenario.doses:
        drug = result.library.dosed(d.drug)
        parts, routes = result.library.analyte(d.drug), result.library.routes(drug)
        product = f" ({d.product})" if d.product else ""
        d = unpacked(d, drug, "doses")
        route = str(d.route)
        n = dose_count(d, until)
        form = f" as {drug.salts[d.salt].title}" if d.salt else " (base)"
        start = to_internal(d.at, "min", where="doses.at", example="0 min")
        amounts = [x.amount for x in result.scenario.doses if x.drug in parts and x.route == route and abs(x.time - start) < 1e-6]
        if d.when is not None:
            amounts = [x.amount for x in result.scenario.rules if x.condition.text == d.when.strip() and x.drug in parts]
        given = sum(amounts[: len(parts)]) if amounts else None
        when = f"at {d.at}" + (f", then every {d.every}, {n} doses" if n > 1 else "") + (f", each over {d.over}" if d.over else "")
        if d.when is not None:
            fired = sum(1 for row in result.schedule if row["when"] == d.when.strip() and row["drug"] == parts[0])
            delays = (f", held for {d.hold}" if d.hold else "") + (f", {d.after} later" if d.after else "")
            limits = f"; at most {d.times or 1} times" + (f", not within {d.every}" if d.every else "") + f"; given {fired} times in all"
            when = f"when {d.when}{delays}{limits}"
        out.append({
            "drug": drug.title, "amount": f"{d.amount}{product}{form}" + (f", purity {percent(d.purity)}" if d.purity != 1 else ""),
            "moles": f"{number(given / 1000)} µmol" if given is not None else "–", "route": routes[route].title, "when": when,
        })  # fmt: skip
    return out


def settings(result: Result) -> list[tuple[str, str]]:
    """What else the scenario fixes: length, people, seed, variants, values set by hand."""
    s, r = result.scenario.scenario, result
    out = [("watched for", s.observe.until + (f", written down every {s.observe.every}" if s.observe.every else ""))]
    out += [("clock at the start", s.start), ("people", str(r.people))]
    if r.people > 1:
        out.append(("seed", str(s.seed)))
    if r.held < r.people:
        out.append(("curves drawn from", f"the first {r.held} people"))
    out += [(f"variant {k}", v) for k, v in r.variants.items()]
    out += [(f"set {k}", text) for k, text in s.set.items()]
    return out


def outcome_tables(result: Result) -> list[Table]:
    """Outcomes by molecule, by receptor, and whatever else there is. `result` has its outcomes."""
    summary = result.summary()
    molecules = tuple(dict.fromkeys(n.split(".")[0] for n in summary if n.split(".")[0] in result.library.drugs))
    left = dict(summary)
    first = [_overdose(result, left), _withdrawal(result, left)]
    tables = [*(first if something_happened(result) else reversed(first)), _by_molecule(result, molecules, left), *_by_receptor(result, left)]
    rest = tuple((n, "", (cell_of(row), Cell(unit_words(row["unit"])))) for n, row in left.items())
    if rest:
        tables.append(Table("Other outcomes", ("value", "unit"), rest))
    return [t for t in tables if t.rows]


_HAPPENED = {
    "dead": "Died", "injured": "Lived, with brain injury", "intact": "Lived unharmed", "second_fall": "Breathing failed a second time",
    "lowest_ventilation": "Lowest ventilation, share of rest", "lowest_SpO2": "Lowest SpO₂", "time_of_unconsciousness": "Lost consciousness",
    "time_of_SpO2_below_90": "SpO₂ below 90 %", "time_with_SpO2_below_90": "SpO₂ below 90 %, for how long (time after death included)",
    "time_of_SpO2_below_70": "SpO₂ below 70 %", "time_with_SpO2_below_70": "SpO₂ below 70 %, for how long (time after death included)",
    "time_of_apnoea": "Breathing stopped", "time_of_arrest": "Heart stopped", "heart_debt": "Greatest oxygen debt of the heart",
    "brain_injury": "Greatest brain injury, 1 = what leaves lasting harm",
    "precipitated_debt": "Withdrawal brought on by the rescue: opponent of breathing that nothing meets",
}  # fmt: skip
"""Rows of an overdose in order, by outcome without its "rescue."."""
_FLAGS = frozenset({"second_fall", "dead", "injured", "intact"})
_NUMBERS = frozenset({"brain_injury", "precipitated_debt"})


def _overdose(result: Result, left: dict[str, Any]) -> Table:
    """Everything of an overdose: yes or no and when for one person; to whom it happened and when for several."""
    order = list(_HAPPENED)
    names = [n for n in left if n.startswith("rescue.")]
    names.sort(key=lambda n: order.index(k) if (k := n.removeprefix("rescue.")) in order else len(order))
    ok = np.array([not r for r in result.reasons], dtype=bool)
    rows = []
    for n in names:
        row, x, key = left.pop(n), result.outcomes[n][ok], n.removeprefix("rescue.")
        flag, when = key in _FLAGS, key.startswith("time_of_")
        happened = (x > 0 if flag else np.isfinite(x)).sum() if x.size else 0
        value = Cell("") if flag else cell_of(row, "" if key in _NUMBERS else row["unit"])
        if result.people > 1:
            share = Cell(percent(happened / x.size), f"{happened} of {x.size}") if (flag or when) and x.size else Cell("")
            cells: tuple[Cell, ...] = (share, Cell("") if when and not happened else value)
        elif flag:
            cells = (Cell(("yes" if happened else "no") if x.size else "–"),)
        else:
            cells = (Cell("did not happen") if when and x.size and not happened else value,)
        rows.append((_HAPPENED.get(key, key.replace("_", " ").capitalize()), n, cells))
    return Table("Overdose", ("people", "value") if result.people > 1 else ("value",), tuple(rows))


_WITHDRAWN = {
    "peak_COWS": "Highest COWS, of 48", "peak_COWS_observed": "The same in whole points, as an observer marks it",
    "onset": "Began: COWS reached 5", "time_of_peak_COWS": "Highest COWS at",
    "precipitated": "Greatest rise of COWS within 6 h of the first antagonist or partial agonist",
    "end": "Over: COWS below 5 for good", "peak_SOWS": "Highest SOWS (Gossop), of 30", "SOWS_days": "SOWS summed over time, points times days",
}  # fmt: skip
"""Rows of withdrawal in order, by outcome without its "withdrawal."."""


def _withdrawal(result: Result, left: dict[str, Any]) -> Table:
    """How bad it was and how long it took; no rows where there is none to tell of."""
    names = sorted((n for n in left if n.startswith("withdrawal.")), key=lambda n: list(_WITHDRAWN).index(n.removeprefix("withdrawal.")))
    found = {n: left.pop(n) for n in names}
    if not withdrawal_counts(result):
        return Table("Withdrawal", (), ())
    ok = np.array([not r for r in result.reasons], dtype=bool)
    begun = result.outcomes["withdrawal.onset"][ok]
    rows = []
    for n, row in found.items():
        key, x = n.removeprefix("withdrawal."), result.outcomes[n][ok]
        happened = int(np.isfinite(x).sum())
        value = cell_of(row, "" if row["unit"] == "1" else row["unit"])
        if key == "peak_COWS" and row["median"] is not None:
            value = Cell(f"{value.text}, {band(row['median'])}", value.band)
        if key in ("onset", "end") and not happened:
            value = Cell("" if result.people > 1 else "not by the end" if key == "end" and np.isfinite(begun).any() else "did not happen")
        if result.people > 1:
            share = Cell(percent(happened / x.size), f"{happened} of {x.size}") if key in ("onset", "end") and x.size else Cell("")
            cells: tuple[Cell, ...] = (share, value)
        else:
            cells = (value,)
        rows.append((_WITHDRAWN[key], n, cells))
    return Table("Withdrawal", ("people", "value") if result.people > 1 else ("value",), tuple(rows))


_BLOOD = (
    ("arterial.Cmax", "Peak in arterial plasma"), ("arterial.Tmax", "Time of that peak"),
    ("venous.Cmax", "Peak in forearm venous plasma"), ("venous.Tmax", "Time of that peak"),
    ("venous.AUC", "Area under the venous curve"), ("venous.detected_until", "Last detected in venous plasma, 1 ng/mL"),
    ("urine.recovered", "In urine by the end, share of moles dosed"), ("urine.detected_until", "Last detected in urine, 10 ng/mL"),
)  # fmt: skip


def _by_molecule(result: Result, molecules: tuple[str, ...], left: dict[str, Any]) -> Table:
    rows: list[tuple[str, str, tuple[Cell, ...]]] = []
    for what, heading in _BLOOD:
        found = {m: left.pop(f"{m}.{what}") for m in molecules if f"{m}.{what}" in left}
        if not found or (what == "urine.recovered" and result.scenario.history is not None):
            # of a history's drug the dose is not known
            continue
        units = {row["unit"] for row in found.values()}
        unit = units.pop() if len(units) == 1 else ""
        shown = f"{heading}, {unit_words(unit)}" if unit not in ("1", "min", "") else heading
        end = float(result.t[-1]) if what.endswith("detected_until") else None
        cells = tuple(cell_of(found[m], unit, end) if m in found else Cell("–") for m in molecules)
        rows.append((shown, what, cells))
        if what.endswith("Cmax"):
            masses = tuple(cell_of(_mass(found[m], result, m), "ng/mL") if m in found else Cell("–") for m in molecules)
            rows.append((f"{heading}, ng/mL", "", masses))
    titles = tuple(title_of(result.library, m) for m in molecules)
    return Table("Blood and urine", titles, tuple(rows))


def _mass(row: Mapping[str, Any], result: Result, molecule: str) -> dict[str, Any]:
    MW = result.library.drugs[molecule].MW
    return {k: convert(x, "nmol/L", "ng/mL", MW=MW) if isinstance(x, float) else x for k, x in row.items()}


def _by_receptor(result: Result, left: dict[str, Any]) -> list[Table]:
    names = [n for n in left if ".rho[" in n or n.endswith((".effect.peak", ".effect.time_of_peak"))]
    receptors = tuple(dict.fromkeys(n.split(".")[0] for n in names))
    ligands = tuple(dict.fromkeys(n[n.index("[") + 1 : n.index("]")] for n in names if "[" in n))
    rows = []
    for ligand in ligands:
        cells = _receptor_cells(left, receptors, f"rho[{ligand}]")
        rows.append((f"{title_of(result.library, ligand)}, share of receptors held", f"rho[{ligand}].peak", cells))
    cells = _receptor_cells(left, receptors, "effect")
    if any(c.text != "–" for c in cells):
        rows.append(("All ligands, activation as a share of its maximum", "effect.peak", cells))
    for n in names:
        left.pop(n, None)
    columns = tuple(f"{r.upper()}{what}" for r in receptors for what in (" peak", ", at"))
    return [Table("Receptors", columns, tuple(rows))]


def _receptor_cells(left: Mapping[str, Any], receptors: tuple[str, ...], what: str) -> tuple[Cell, ...]:
    out = []
    for r in receptors:
        out += [cell_of(left[n], u) if (n := f"{r}.{what}.{k}") in left else Cell("–") for k, u in (("peak", "1"), ("time_of_peak", "min"))]
    return tuple(out)


def cell_of(row: Mapping[str, Any], unit: str = "", end: float | None = None) -> Cell:
    """A row of a result's summary as text. `end`: of the run, for times that may lie beyond it."""
    mid, low, high = row["median"], row.get("p05"), row.get("p95")
    if unit == "min":
        late = f"> {duration(end)}"
        beyond = end is not None and mid is not None and mid >= end * (1 - 1e-9)
        text = late if beyond else "never" if end is not None and mid == 0 else duration(mid)
        if low is None or high is None or (end is not None and low >= end * (1 - 1e-9)):
            return Cell(text)
        return Cell(text, f"{duration(low)} to {late}" if end is not None and high >= end * (1 - 1e-9) else duration_range(low, high, mid))
    write = percent if unit == "1" else number
    if low is None or high is None:
        return Cell(write(mid))
    same = number(low) == number(high)
    return Cell(write(mid), percent_range(low, high) if unit == "1" else number(low) if same else f"{number(low)}–{number(high)}")


def failures(result: Result, most: int = 5) -> list[tuple[str, int]]:
    """The commonest kinds of failed integrations and how many people each befell."""
    return [(f"{f.what}, worst in {f.state}" if f.state else f.what, f.people) for f in kinds_of_failure(result.reasons)[:most]]


def repeat(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The manifest as flat (key, value) pairs, its command and scenario left out (they are printed apart)."""
    out: list[tuple[str, str]] = []

    def walk(x: object, key: str) -> None:
        if isinstance(x, Mapping):
            for k, v in x.items():
                walk(v, f"{key}.{k}" if key else str(k))
        elif isinstance(x, list | tuple):
            out.append((key, ", ".join(str(v) for v in x)))
        elif x is not None:
            out.append((key, str(x)))

    walk({k: v for k, v in manifest.items() if k not in ("command", "scenario")}, "")
    return out
