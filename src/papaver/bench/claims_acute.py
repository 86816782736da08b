"""Demonstrations of the claims about what opioids do within hours: receptor tone, pain, overdose, injury, rescue, mixtures."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from papaver.bench.claims import Checks, claim
from papaver.bench.score import Scored, summarise
from papaver.cohort import sample
from papaver.readouts.outcomes import add_outcomes
from papaver.scenario import Scenario
from papaver.simulate import Result, prepare, simulate
from papaver.simulate.run import GROUPS

TOLERANT = {"drug": "heroin", "dose": "300 mg/day", "route": "iv", "for": "2 year"}


LONG = 1440.0
"""Minutes from which a compile pays."""


def course(c: Checks, doses: list[dict[str, Any]], until: str = "1 h", every: str = "15 s", people: int = 1, **more: Any) -> Result:
    """A run of a 70 kg adult with its outcomes; a cohort if `people` is more than one."""
    person = {"weight": "70 kg", **more.pop("person", {})}
    observe = {"until": until, "every": every} | ({"show": more.pop("show")} if "show" in more else {})
    p = prepare(Scenario.from_dict({"doses": doses, "observe": observe, "person": person, **more}), c.library)
    # one compiled kernel serves the many long runs after the same drug
    long = people > 1 or p.scenario.t[-1] + p.lead > LONG
    return add_outcomes(simulate(p, sample(p, people, 11) if people > 1 else None, solver="kernel" if long else "scalar"))


def iv(drug: str, amount: str, at: str = "0 min", **more: str) -> dict[str, str]:
    """An intravenous dose."""
    return {"drug": drug, "amount": amount, "route": "iv", "at": at, **more}


def low(r: Result, name: str) -> float:
    """Smallest value of the first person."""
    return float(r[name][0].min())


def fold_check(c: Checks, kept: list[Scored], what: str) -> None:
    """The bench's own bar over some of its observations."""
    score = summarise(kept)
    if score["gmfe"] is None:
        c.check(False, f"{what}: nothing in the bench")
        return
    bar = max(1.5, score["floor_gmfe"] + 0.1)
    c.check(score["gmfe"] <= bar, f"{what}: GMFE {score['gmfe']:.2f} over {score['n']} (bar {bar:.2f})")


@claim("brain.endorphin_mimicry")
def _endorphins(c: Checks) -> None:
    naloxone = [iv("naloxone", "0.8 mg", at="10 min")]
    show = ["mop.rho", "pain.debt", "breathing.VE"]
    naive = course(c, naloxone, show=show)
    rest, least = float(naive["mop.rho[endogenous]"][0, 0]), low(naive, "mop.rho[endogenous]")
    c.check(0.005 < rest < 0.2, f"the body's own ligands hold {rest:.1%} of MOP at rest")
    c.check(least < 0.5 * rest, f"naloxone 0.8 mg lowers that to {least:.1%}")
    # breathing has no tone of the body's own opioids, pain has
    small = float(naive["pain.debt"][0].max())
    dependent = course(c, naloxone, person={"history": TOLERANT}, show=show)
    large = float(dependent["pain.debt"][0].max())
    c.check(0 < small < 0.1, f"in a naive person that leaves a debt of {small:.3f} where pain is felt")
    c.check(large > 3 * small, f"in a dependent one {large:.2f}")
    breath = abs(float(naive["breathing.VE"][0].max() / naive["breathing.VE"][0, 0]) - 1)
    c.check(breath < 0.1, f"and moves a naive person's ventilation by at most {breath:.1%}")
    heroin = course(c, [iv("heroin", "5 mg")])
    rise = float(heroin["mop.stimulus"][0].max() / heroin["mop.stimulus"][0, 0])
    c.check(rise > 3, f"heroin 5 mg raises MOP activation {rise:.0f}-fold")


@claim("brain.analgesia")
def _analgesia(c: Checks) -> None:
    effects = []
    for mg in (1, 3, 10, 30):
        r = course(c, [iv("morphine", f"{mg} mg")], until="6 h", every="2 min")
        effects.append(float(r["pain.effect"][0].max()))
    c.check(effects == sorted(effects), "relief grows with morphine 1, 3, 10, 30 mg: " + ", ".join(f"{x:.2f}" for x in effects))
    kept = c.scored_where(lambda _, o: "pain_tolerance" in (o.quantity, o.of))
    fold_check(c, [s for s in kept if s.metric == "fold"], "published pain tolerance and its EC50s")
    r = course(c, [iv("heroin", "4 mg")], until="6 h", every="30 s")
    half: dict[str, float] = {}
    for site in ("euphoria", "pain"):
        x = r[f"{site}.effect"][0]
        after = r.t > r.t[int(np.argmax(x))]
        half[site] = float(r.t[after][np.argmax(x[after] < 0.5 * x.max())])
    text = f"after heroin 4 mg euphoria has halved at {half['euphoria']:.0f} min, relief at {half['pain']:.0f} min"
    c.check(half["pain"] > 1.3 * half["euphoria"], text)


@claim("care.overdose")
def _overdose(c: Checks) -> None:
    doses = (0.1, 0.3, 1.0, 3.0)
    runs = [course(c, [iv("fentanyl", f"{mg} mg")], until="1 h") for mg in doses]
    # the dead differ only in what was left when their blood stopped flowing
    whole = [0 if r.outcomes["rescue.dead"][0] else round(low(r, "monitor.SpO2")) for r in runs]
    c.check(whole == sorted(whole, reverse=True), "lowest SpO2 after fentanyl 0.1 to 3 mg: " + ", ".join(f"{x} %" for x in whole))
    big = runs[-1].outcomes
    order = [float(big[f"rescue.time_of_{k}"][0]) for k in ("unconsciousness", "arrest")]
    text = f"3 mg: unconscious after {order[0]:.1f} min, heart stops after {order[1]:.1f} min"
    c.check(all(math.isfinite(x) for x in order) and order[0] < order[1], text)
    apnoea = float(big["rescue.time_of_apnoea"][0])
    c.check(apnoea < order[1], f"breathing stops at {apnoea:.1f} min, before the heart")
    c.check(2 <= order[1] - apnoea <= 12, f"the heart beats on for {order[1] - apnoea:.1f} min after the last breath (published: 2 to 10 min)")
    tolerant = course(c, [iv("fentanyl", "1 mg")], person={"history": TOLERANT})
    c.check(low(tolerant, "breathing.VE") > low(runs[2], "breathing.VE"), "the same milligram takes less breath from a tolerant person")
    both = [course(c, [iv("fentanyl", "1 mg")], until="40 min", every="30 s", people=40, person=p) for p in ({}, {"history": TOLERANT})]
    died = [float(np.nanmean(r.outcomes["rescue.dead"])) for r in both]
    c.check(died[0] > died[1], f"of 40 people 1 mg kills {died[0]:.0%} naive and {died[1]:.0%} tolerant")


LATE = 9.0
"""Minutes from the last breath to help at which some are intact, some injured and some dead; the blood's store of oxygen lasts half of them."""


@claim("care.hypoxic_injury")
def _injury(c: Checks) -> None:
    def helped(after: float) -> Result:
        helpers = [{"give": "ventilation", "level": "8 L/min", "at": f"{after:g} min"}, {"give": "oxygen", "level": "100 %", "at": f"{after:g} min"}]
        return course(c, [iv("fentanyl", "5 mg")], until="40 min", treatments=helpers)

    first = course(c, [iv("fentanyl", "5 mg")], until="40 min")
    apnoea = float(first.outcomes["rescue.time_of_apnoea"][0])
    delays = [apnoea + x for x in (0.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0)]
    runs = [helped(x) for x in delays]
    burden = [float(r.outcomes["rescue.brain_injury"][0]) for r in runs]
    c.check(all(b >= a - 1e-9 for a, b in itertools.pairwise(burden)), "injury grows with the minutes until somebody breathes for the person")
    kinds = ["dead" if r.outcomes["rescue.dead"][0] else "injured" if r.outcomes["rescue.injured"][0] else "intact" for r in runs]
    text = ", ".join(f"{x - apnoea:.1f} min {k}" for x, k in zip(delays, kinds, strict=True))
    c.check(kinds[0] == "intact" and kinds[-1] == "dead", f"help so long after the last breath: {text}")
    people = functools.partial(course, c, [iv("fentanyl", "5 mg")], until="40 min", every="30 s", people=60)
    late = people(treatments=[{"give": "ventilation", "level": "8 L/min", "at": f"{apnoea + LATE:g} min"}])
    shares = {k: float(np.nanmean(late.outcomes[f"rescue.{k}"])) for k in ("dead", "injured", "intact")}
    text = ", ".join(f"{v:.0%} {k}" for k, v in shares.items())
    c.check(min(shares.values()) > 0, f"of 60 people helped {LATE:g} min after the last breath: {text}")


def _half_dose(back: Callable[[float], float]) -> float:
    """Dose (mg) that takes back half of an effect, between doublings of it on the log scale; infinite if 50 mg does not."""
    mg, was = 0.025, back(0.025)
    while was < 0.5 and mg < 50:
        now = back(2 * mg)
        if now >= 0.5:
            return float(mg * 2 ** ((0.5 - was) / (now - was)))
        mg, was = 2 * mg, now
    return mg if was >= 0.5 else math.inf


@claim("care.naloxone")
def _naloxone(c: Checks) -> None:
    agonists = {"heroin": "15 mg", "fentanyl": "0.6 mg", "carfentanil": "20 ug", "buprenorphine": "0.4 mg"}

    def left(drug: str, *antagonist: dict[str, str]) -> float:
        r = course(c, [iv(drug, agonists[drug], over="3 min"), *antagonist], until="25 min", treatments=AWAKE)
        return float(r["respiratory.effect"][0, -1])

    without = {drug: left(drug) for drug in agonists}

    def back(drug: str, mg: float) -> float:
        return 1 - left(drug, iv("naloxone", f"{mg} mg", at="10 min")) / without[drug]

    need = {drug: _half_dose(functools.partial(back, drug)) for drug in agonists}
    text = ", ".join(f"{k} {v:.2g} mg" for k, v in need.items())
    c.check(need["heroin"] <= need["fentanyl"] < need["carfentanil"] < math.inf, f"naloxone iv that halves the effect within 15 min: {text}")
    c.check(need["heroin"] < need["buprenorphine"] < math.inf, "and buprenorphine takes more of it than heroin")
    nasal = course(c, [iv("heroin", "8 mg", over="5 min"), {"drug": "naloxone", "product": "nasal 4 mg", "at": "10 min"}], until="1 h")
    effect = nasal["respiratory.effect"][0]
    start = effect[np.searchsorted(nasal.t, 10.0)]
    onset = float(nasal.t[np.argmax((nasal.t > 10) & (effect < 0.7 * start))]) - 10
    c.check(1 <= onset <= 10, f"nasal 4 mg takes back 30 % of heroin's effect after {onset:.1f} min")
    products = ("nasal 2 mg", "nasal 4 mg", "nasal 8 mg", "injection 0.4 mg", "injection 2 mg", "auto-injector 5 mg")
    free = {}
    for product in products:
        r = course(c, [{"drug": "naloxone", "product": product}], until="2 h", every="1 min")
        free[product] = float(r["mop.rho[naloxone]"][0].max())
    text = ", ".join(f"{k} {v:.0%}" for k, v in free.items())
    c.check(free["nasal 2 mg"] < free["nasal 4 mg"] < free["nasal 8 mg"], f"MOP held at most: {text}")
    c.check(free["injection 0.4 mg"] < free["injection 2 mg"], "more from the larger injection")
    methadone = [{"drug": "methadone", "amount": "150 mg", "route": "oral"}, iv("naloxone", "1 mg", at="4 h")]
    r, alone = (course(c, doses, until="12 h", every="1 min") for doses in (methadone, methadone[:1]))
    x, k = r["respiratory.effect"][0], int(np.searchsorted(r.t, 240.0))
    least, then = float(x[k : k + 60].min()), float(alone["respiratory.effect"][0, -1])
    text = f"methadone outlasts one dose: effect {x[k - 1]:.2f} before, {least:.2f} after it, {x[-1]:.2f} eight hours later ({then:.2f} without it)"
    c.check(least < 0.6 * x[k - 1] and x[-1] > 0.95 * then > 0.5 * x[k - 1], text)
    dependent = course(c, [iv("heroin", "30 mg"), iv("naloxone", "2 mg", at="10 min")], person={"history": TOLERANT})
    debt = float(dependent.outcomes["rescue.precipitated_debt"][0])
    naive = course(c, [iv("heroin", "5 mg"), iv("naloxone", "2 mg", at="10 min")])
    other = float(naive.outcomes["rescue.precipitated_debt"][0])
    c.check(debt > 3 * other, f"in a dependent person it leaves {debt:.2f} of the opponent unmet, in a naive one {other:.2f}")
    kept = c.scored_where(lambda _, o: o.quantity in ("reversal_dose", "reversal_fraction"))
    fold_check(c, [s for s in kept if s.metric in ("fold", "odds")], "published reversals of buprenorphine and others")


AWAKE = [{"give": "ventilation", "level": "7 L/min"}]
"""Somebody breathes for the person, so that only the receptor is looked at."""


@claim("drug.mixtures")
def _mixtures(c: Checks) -> None:
    kept = c.scored_where(lambda study, _: study.system == "interaction")
    fold_check(c, [s for s in kept if s.metric in ("fold", "odds")], "published combinations with ethanol and benzodiazepines")
    alone = course(c, [iv("heroin", "4 mg")])
    for drug, amount in (("ethanol", "60 g"), ("diazepam", "20 mg")):
        both = course(c, [iv(drug, amount, over="30 min"), iv("heroin", "4 mg", at="40 min")], until="2 h")
        a, b = low(alone, "monitor.SpO2"), low(both, "monitor.SpO2")
        c.check(b < a, f"with {drug} {amount} heroin 4 mg takes SpO2 to {b:.0f} % instead of {a:.0f} %")
    mixed = [iv("fentanyl", "0.2 mg"), iv("xylazine", "60 mg")]
    r = course(c, [*mixed, iv("naloxone", "2 mg", at="15 min")], until="45 min")
    only = course(c, [iv("fentanyl", "0.2 mg"), iv("naloxone", "2 mg", at="15 min")], until="45 min")
    k = int(np.searchsorted(r.t, 30.0))
    awake, asleep = float(only["arousal.level"][0, k]), float(r["arousal.level"][0, k])
    c.check(asleep < 0.75 * awake, f"15 min after naloxone arousal is {asleep:.2f} with xylazine, {awake:.2f} without")
    c.check(r["mop.rho[fentanyl]"][0, k] < 0.2 * r["mop.rho[fentanyl]"][0].max(), "although naloxone has taken fentanyl from the receptor")
    closed = [{"give": "obstruction", "level": "100 %", "at": "10 min"}]
    rest = course(c, [iv("morphine", "1 nmol")], until="40 min", treatments=closed)
    for drug, amount in (("cocaine", "40 mg"), ("methamphetamine", "40 mg"), ("mephedrone", "150 mg")):
        r = course(c, [iv(drug, amount)], until="40 min", treatments=closed, show=[*GROUPS, "depression.metabolism"])
        k = int(np.searchsorted(r.t, 9.9))
        rate = float(r["heart.HR"][0, k] / r["heart.HR"][0, 0])
        oxygen = float(r["depression.metabolism"][0, k])
        sooner = float(rest.outcomes["rescue.time_of_arrest"][0] - r.outcomes["rescue.time_of_arrest"][0])
        c.check(rate > 1.05 and oxygen > 1.01, f"{drug} {amount}: heart rate {rate:.2f} and oxygen use {oxygen:.2f} of rest")
        c.check(sooner > 0, f"without air the heart stops {60 * sooner:.0f} s sooner")
