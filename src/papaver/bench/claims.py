"""The claims ledger as executable demonstrations: each registered claim runs scenarios of the shipped model and checks numbers.

A claim holds when all its checks pass, falls short when one fails or a part of it cannot be shown yet, and is "not yet" when nothing is
registered for it. Claims may not switch the model to special parameters, other than those the claim itself is about.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from papaver.bench.effects import is_effect
from papaver.bench.run import load_studies, run_bench, run_study
from papaver.bench.score import Scored, summarise
from papaver.bench.study import Observation, Study
from papaver.cohort import sample
from papaver.errors import DataError, PapaverError, nearest
from papaver.evidence.load import DATA, Library
from papaver.evidence.yamlfile import read_yaml
from papaver.readouts import auc, cmax, crossing_time, half_life, time_above, tmax
from papaver.scenario import Scenario
from papaver.simulate import Result, prepare, simulate
from papaver.units import convert

Array = npt.NDArray[np.float64]


Match = Callable[[Study, Observation], bool]
"""Which observations a claim looks at."""


class _Judged:
    """The bench's studies; each is run when a claim first asks for one of its observations, and once."""

    def __init__(self, library: Library) -> None:
        self.studies = load_studies(library)[0]
        self._run = functools.cache(lambda k: run_study(self.studies[k], library))

    def where(self, match: Match) -> list[Scored]:
        """The scores of the observations that match."""
        asked = [(k, s) for k, s in enumerate(self.studies) if any(match(s, o) for o in s.observations)]
        return [x for k, s in asked for x in self._run(k) if match(s, x.observation)]


@dataclass
class Checks:
    """Checks of one claim while it runs."""

    library: Library
    scored: Callable[[], list[Scored]]
    scored_where: Callable[[Match], list[Scored]]
    rows: list[tuple[bool, str]] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def check(self, ok: bool, text: str) -> None:
        """Note one check with its numbers."""
        self.rows.append((bool(ok), text))

    def note(self, text: str) -> None:
        """Say what the numbers leave open; it decides nothing."""
        self.notes.append(text)

    def run(self, dose: str = "10 mg", route: str = "iv", drug: str = "heroin", until: str = "24 h", **person: str) -> Result:
        """One person, one dose; `set_` keyword arguments go to person."""
        return simulate(prepare(scenario(dose, route, drug, until, None, **person), self.library, physiology=False))

    def ng(self, x: float, drug: str) -> float:
        """nmol/L of a limit in ng/mL."""
        return convert(x, "ng/mL", "nmol/L", MW=self.library.drug(drug).MW)


def scenario(dose: str, route: str, drug: str = "heroin", until: str = "24 h", changes: dict[str, str] | None = None, **person: str) -> Scenario:
    """A one-dose scenario for a 70 kg adult."""
    raw: dict[str, Any] = {
        "person": {"weight": "70 kg", **person}, "doses": [{"drug": drug, "amount": dose, "route": route}],
        "observe": {"until": until}, "set": changes or {},
    }  # fmt: skip
    return Scenario.from_dict(raw)


REGISTRY: dict[str, Callable[[Checks], None]] = {}


def claim(name: str) -> Callable[[Callable[[Checks], None]], Callable[[Checks], None]]:
    """Register the demonstration of a claim of the ledger."""

    def register(f: Callable[[Checks], None]) -> Callable[[Checks], None]:
        REGISTRY[name] = f
        return f

    return register


def ledger() -> list[dict[str, str]]:
    """All claims: id, claim, check."""
    return [dict(c) for c in read_yaml(DATA / "claims.yaml")]


HEROIN = {"heroin", "six_mam", "morphine", "m3g", "m6g"}


def _gives_heroin(study: Study, library: Library) -> bool:
    """True for a study of heroin and what it becomes: the claims registered so far are about these."""
    return all(part in HEROIN for arm in study.arms.values() for d in arm["doses"] for part in library.analyte(str(d["drug"])))


def run_claims(library: Library, only: list[str] | None = None, progress: Callable[[str], None] = lambda _: None) -> list[dict[str, Any]]:
    """Run the registered claims.

    Args:
        only: ids to run; default all.

    Returns:
        one mapping per claim of the ledger: id, status (holds | falls short | not yet), detail, claim, checks.

    Raises:
        DataError: an id that is not in the ledger.
    """
    known = {c["id"]: c for c in ledger()}
    for name in only or []:
        if name not in known:
            raise DataError(f"no claim {name!r}; {nearest(name, known)}")
    # several claims look at the same published numbers: a study runs once, when the first of them asks
    import papaver.bench.claims_acute
    import papaver.bench.claims_care
    import papaver.bench.claims_withdrawal  # noqa: F401  (all register their claims)

    judged = _Judged(library)
    kinetic = [s for s in judged.studies if not any(is_effect(o.quantity) for o in s.observations)]
    scored = functools.cache(lambda: run_bench([s for s in kinetic if _gives_heroin(s, library)], library).scored)
    out = []
    for name, entry in known.items():
        if only and name not in only:
            continue
        row: dict[str, Any] = {"id": name, "claim": entry["claim"]}
        f = REGISTRY.get(name)
        if f is None:
            out.append({**row, "status": "not yet", "detail": "no demonstration is registered yet", "checks": []})
            continue
        progress(name)
        checks = Checks(library, scored, judged.where)
        try:
            f(checks)
        except PapaverError as e:
            checks.check(False, f"could not be run: {e}")
        good = all(ok for ok, _ in checks.rows) and not checks.pending
        detail = "; ".join(("" if ok else "FAILS: ") + text for ok, text in checks.rows)
        if checks.pending:
            detail += "; not yet shown: " + "; ".join(checks.pending)
        if checks.notes:
            detail += "; left open: " + "; ".join(checks.notes)
        rows = [{"ok": ok, "text": text} for ok, text in checks.rows]
        out.append({**row, "status": "holds" if good else "falls short", "detail": detail, "checks": rows})
    return out


@claim("drug.deacetylation")
def _deacetylation(c: Checks) -> None:
    normal = c.run()
    c.check(normal.mole_error < 1e-9, f"moles are kept to {normal.mole_error:.1e} of the dose")
    chain = ("heroin", "six_mam", "morphine", "m3g", "m6g", "m3g+m6g")
    wanted = ("half_life", "clearance", "metabolite_ratio", "fraction_metabolised")
    kept = [s for s in c.scored() if s.observation.quantity in wanted and s.observation.analyte in chain]
    score = summarise(kept)
    bar = max(1.5, score["floor_gmfe"] + 0.1)
    c.check(score["gmfe"] <= bar, f"published half-lives, clearances and ratios: GMFE {score['gmfe']:.2f} over {score['n']} (bar {bar:.2f})")
    for enzyme, factor, who in (("hce2", "0.3", ("heroin", "six_mam")), ("bche", "0.1", ("heroin",))):
        weak = simulate(prepare(scenario("10 mg", "iv", changes={f"enzymes.{enzyme}.activity": factor}), c.library))
        for drug in who:
            ratio = auc(weak.t, weak[f"{drug}.vein.C"][0]) / auc(normal.t, normal[f"{drug}.vein.C"][0])
            c.check(ratio > 1.05, f"{enzyme} at {factor} raises the area of {drug} {ratio:.2f}-fold")
        peak = cmax(weak.t, weak["morphine.vein.C"][0]) / cmax(normal.t, normal["morphine.vein.C"][0])
        c.check(peak < 1.0, f"{enzyme} at {factor} lowers morphine's peak to {peak:.2f}")


@claim("drug.minutes_in_blood")
def _minutes(c: Checks) -> None:
    r = c.run(until="48 h")
    coarse = time_above(r.t, r["heroin.vein.C"][0], c.ng(20, "heroin"))
    fine = time_above(r.t, r["heroin.vein.C"][0], c.ng(1, "heroin"))
    c.check(2 <= coarse <= 15, f"10 mg iv: heroin above 20 ng/mL of venous plasma for {coarse:.1f} min")
    c.check(fine <= 60, f"above 1 ng/mL for {fine:.0f} min")
    mam = time_above(r.t, r["six_mam.vein.C"][0], c.ng(1, "six_mam"))
    c.check(fine < mam <= 360, f"6-MAM above 1 ng/mL for {mam / 60:.1f} h")
    morphine = time_above(r.t, r["morphine.vein.C"][0], c.ng(0.5, "morphine"))
    c.check(360 <= morphine <= 2160 and morphine > mam, f"morphine above 0.5 ng/mL for {morphine / 60:.0f} h")
    small, large = c.run("3 mg"), c.run("30 mg")
    times = [time_above(x.t, x["six_mam.vein.C"][0], c.ng(1, "six_mam")) for x in (small, large)]
    c.check(times[0] < mam < times[1], f"6-MAM's window grows with dose: {times[0] / 60:.1f} h after 3 mg, {times[1] / 60:.1f} h after 30 mg")
    windows = [s for s in c.scored() if s.observation.quantity == "detection_time" and s.metric == "fold"]
    score = summarise(windows)
    bar = max(1.5, score["floor_gmfe"] + 0.1)
    c.check(score["gmfe"] <= bar, f"published detection windows: GMFE {score['gmfe']:.2f} over {score['n']} (bar {bar:.2f})")


@claim("drug.arterial_venous")
def _arterial_venous(c: Checks) -> None:
    r = c.run(until="6 h")
    arterial, venous = ({d: r[f"{d}.{site}"][0] for d in ("heroin", "six_mam")} for site in ("pk.C1", "vein.C"))
    ratio = cmax(r.t, arterial["six_mam"]) / cmax(r.t, arterial["heroin"])
    c.check(0.4 <= ratio <= 1.5, f"arterial peak of 6-MAM is {ratio:.2f} of heroin's")
    lower = cmax(r.t, venous["six_mam"]) / cmax(r.t, arterial["six_mam"])
    c.check(lower <= 0.75, f"venous peak of 6-MAM is {lower:.2f} of the arterial one")
    heroin = cmax(r.t, venous["heroin"]) / cmax(r.t, arterial["heroin"])
    c.check(heroin <= 0.75, f"venous peak of heroin is {heroin:.2f} of the arterial one")
    crossing = crossing_time(r.t, arterial["six_mam"], arterial["heroin"])
    c.check(5 <= crossing <= 12, f"6-MAM passes heroin in arterial plasma after {crossing:.1f} min")


@claim("drug.six_mam_half_life")
def _six_mam_half_life(c: Checks) -> None:
    p = prepare(scenario("10 mg", "iv", until="4 h"), c.library, columns=["six_mam.vein.C"], physiology=False)
    people = 60
    r = simulate(p, sample(p, people, seed=11), solver="scalar")
    values = np.array([half_life(r.t, x, 10.0, 90.0) for x in r["six_mam.vein.C"]])
    good = values[np.isfinite(values)]
    inside = float(((good >= 3) & (good <= 52)).mean())
    c.check(inside >= 0.95 and len(good) >= 0.95 * people, f"{inside:.0%} of {len(good)} people lie in 3 to 52 min")
    centre = float(np.median(good))
    c.check(21.8 / 1.5 <= centre <= 21.8 * 1.5, f"the centre is {centre:.0f} min (21.8 published)")


@claim("drug.routes")
def _routes(c: Checks) -> None:
    runs = {route: c.run(route=route, until="12 h") for route in ("iv", "inhaled", "intranasal", "im", "sc", "oral")}
    peak = {k: tmax(r.t, r["six_mam.vein.C"][0]) for k, r in runs.items() if k != "oral"}
    later = [k for k in ("intranasal", "im", "sc") if peak[k] > peak["iv"]]
    c.check(len(later) == 3, "6-MAM peaks " + ", ".join(f"{v:.0f} min {k}" for k, v in peak.items()))
    early = {k: tmax(runs[k].t, runs[k]["heroin.pk.C1"][0]) for k in ("iv", "inhaled")}
    c.check(max(early.values()) <= 3, f"arterial heroin peaks after {early['iv']:.1f} min iv and {early['inhaled']:.1f} min inhaled")
    order = [cmax(runs[k].t, runs[k]["heroin.vein.C"][0]) for k in ("iv", "inhaled", "im", "intranasal")]
    c.check(order == sorted(order, reverse=True), "heroin's venous peak falls in the order iv, inhaled, im, intranasal")
    oral = runs["oral"]
    parents = max(cmax(oral.t, oral["morphine.vein.C"][0]), 1e-9)
    seen = [n for n in ("heroin.vein.C", "six_mam.vein.C") if n in oral.columns and cmax(oral.t, oral[n][0]) > 0.01 * parents]
    c.check(not seen, "by mouth neither heroin nor 6-MAM reaches blood, only morphine")
    wanted = ("Tmax", "Cmax", "bioavailability", "relative_bioavailability", "relative_Cmax")
    kept = [s for s in c.scored() if s.observation.quantity in wanted and s.drug == "heroin" and s.observation.matrix != "urine"]
    score = summarise(kept)
    bar = max(1.5, score["floor_gmfe"] + 0.1)
    c.check(score["gmfe"] <= bar, f"published Tmax, Cmax and bioavailability by route: GMFE {score['gmfe']:.2f} over {score['n']} (bar {bar:.2f})")


@claim("drug.six_mam_potency")
def _six_mam_potency(c: Checks) -> None:
    p = c.library.parameters
    Ki = {d: p[f"{d}.mop.Ki"].internal for d in ("heroin", "six_mam", "morphine")}
    efficacy = {d: p[f"{d}.mop.efficacy"].internal for d in ("heroin", "six_mam", "morphine")}
    c.check(Ki["six_mam"] < Ki["heroin"], f"6-MAM binds MOP more tightly than heroin (Ki {Ki['six_mam']:g} and {Ki['heroin']:g} nmol/L on one scale)")
    c.check(abs(efficacy["six_mam"] - efficacy["heroin"]) < 1e-9, f"same efficacy ({efficacy['six_mam']:g})")
    c.check(efficacy["six_mam"] > efficacy["morphine"], f"above morphine's ({efficacy['morphine']:g})")
    c.check("six_mam.dop.Ki" in p, "6-MAM binds DOP")
    r = c.run()
    share = {d: r[f"mop.effect.share[{d}]"][0] for d in ("heroin", "six_mam", "morphine", "m6g")}
    peaks = {d: tmax(r.t, x) for d, x in share.items()}
    order = [peaks[d] for d in ("heroin", "six_mam", "morphine", "m6g")]
    c.check(order == sorted(order), "shares of MOP activation peak in the order " + ", ".join(f"{d} {v:.0f} min" for d, v in peaks.items()))
    at = {m: int(np.argmin(np.abs(r.t - m))) for m in (2.0, 240.0)}
    early = share["heroin"][at[2.0]] + share["six_mam"][at[2.0]]
    then = share["morphine"][at[2.0]]
    c.check(early > 10 * then, f"at 2 min heroin and 6-MAM carry {early:.2f}, morphine {then:.3f} of full activation")
    late = share["morphine"][at[240.0]]
    c.check(late > share["heroin"][at[240.0]] + share["six_mam"][at[240.0]], f"at 4 h morphine carries {late:.2f}")
    note = c.library.drugs["six_mam"].summary
    c.check("exon" in note, "its card says on what the preference for a splice variant of MOP rests (knock-out mice)")


@claim("drug.m6g")
def _m6g(c: Checks) -> None:
    p = c.library.parameters
    affinity = p["m6g.mop.Ki"].internal / p["morphine.mop.Ki"].internal
    c.check(0.5 <= affinity <= 4.8, f"M6G's Ki is {affinity:.2f} of morphine's, within what is published (0.5 to 4.8)")
    c.check(p["m6g.mop.efficacy"].internal >= p["morphine.mop.efficacy"].internal, "efficacy at least morphine's")
    well, failed = c.run("10 mg", "iv", "morphine", "48 h"), c.run("10 mg", "iv", "morphine", "48 h", eGFR="7 mL/min/1.73m2")
    rise = auc(failed.t, failed["m6g.vein.C"][0]) / auc(well.t, well["m6g.vein.C"][0])
    c.check(rise >= 3, f"kidney failure raises M6G's area {rise:.1f}-fold")
    m6g, morphine = c.run("10 umol", "iv", "m6g", "24 h"), c.run("10 umol", "iv", "morphine", "24 h")
    entry = (auc(m6g.t, m6g["m6g.brain.C"][0]) / auc(m6g.t, m6g["m6g.pk.C1"][0])) / (
        auc(morphine.t, morphine["morphine.brain.C"][0]) / auc(morphine.t, morphine["morphine.pk.C1"][0])
    )
    c.check(entry < 0.5, f"from equal blood exposure M6G reaches {entry:.2f} of morphine's brain exposure, without a special factor")
    late = tmax(m6g.t, m6g["m6g.brain.C"][0]) / tmax(morphine.t, morphine["morphine.brain.C"][0])
    c.check(late > 1, f"its brain peak comes {late:.1f} times later than morphine's")
    # at the receptor, as if given into the brain: occupancy at equal concentration, weighted by efficacy
    central = p["morphine.mop.Ki"].internal / p["m6g.mop.Ki"].internal * p["m6g.mop.efficacy"].internal / p["morphine.mop.efficacy"].internal
    systemic = central * entry
    c.check(systemic < 0.3, f"from blood it is {systemic:.2f} times as potent as morphine in this model (published C25: 1/19 to 1/50)")
    c.note(
        f"at the receptor itself it is {central:.2f} times as potent here; rats given it into the brain say 13 to 808 times: a factor of "
        f"{13 / central:.0f} or more is not explained by affinity and entry"
    )
