"""Demonstrations of the claims about dependence: tolerance, and withdrawal of the body."""

from __future__ import annotations

from typing import Any

import numpy as np

from papaver.bench.claims import Checks, claim
from papaver.bench.claims_acute import course, iv
from papaver.cohort import sample
from papaver.readouts.outcomes import add_outcomes
from papaver.readouts.withdrawal import ITEMS
from papaver.scenario import Scenario
from papaver.simulate import Result, prepare, simulate

INERT = [{"give": "airway", "level": "0 %"}]
"""A run without a dose needs something that happens."""
USER = {"drug": "heroin", "dose": "160 mg/day", "route": "iv", "for": "2 year", "stopped": "1 min"}
"""A daily user at the last dose."""
HELD = {"methadone": ("60 mg/day", "oral"), "buprenorphine": ("16 mg/day", "sublingual"), "morphine": ("120 mg/day", "sc")}
"""Usual daily doses of those held on other opioids."""


def stop(
    c: Checks, history: dict[str, Any], until: str = "20 day", doses: list[dict[str, Any]] | None = None, every: str = "1 h", **more: Any
) -> Result:
    """What follows the last dose of a history; no overdose is looked for, so breath is not."""
    person = {"history": history, **more.pop("person", {})}
    return course(c, doses or [], until=until, every=every, person=person, treatments=[*INERT, *more.pop("treatments", [])], **more)


def held(drug: str, duration: str = "1 year", **more: str) -> dict[str, str]:
    """A year on a usual daily dose."""
    dose, route = HELD[drug]
    return {"drug": drug, "dose": dose, "route": route, "for": duration, "stopped": "1 min", **more}


def out(r: Result, name: str) -> float:
    """An outcome of the first person."""
    return float(r.outcomes[name][0])


def at(r: Result, name: str, minutes: float) -> float:
    """An output of the first person at a time."""
    return float(np.interp(minutes, r.t, r[name][0]))


DAY, HOUR = 1440.0, 60.0


@claim("withdrawal.onset")
def _onset(c: Checks) -> None:
    runs = {"heroin": stop(c, USER), **{drug: stop(c, held(drug)) for drug in HELD}}
    begun = {k: out(r, "withdrawal.onset") / HOUR for k, r in runs.items()}
    peak = {k: out(r, "withdrawal.time_of_peak_COWS") / DAY for k, r in runs.items()}
    over = {k: out(r, "withdrawal.end") / DAY for k, r in runs.items()}
    most = {k: out(r, "withdrawal.peak_COWS") for k, r in runs.items()}
    for k in runs:
        text = f"{k}: COWS reaches 5 after {begun[k]:.0f} h, peaks at {most[k]:.0f} on day {peak[k]:.1f}, mild again on day {over[k]:.1f}"
        c.check(bool(np.isfinite([begun[k], peak[k], over[k]]).all()), text)
    c.check(
        4 <= begun["heroin"] <= 14 and 1 <= peak["heroin"] <= 3 and 5 <= over["heroin"] <= 11,
        "heroin: hours, one to three days, about a week to ten days",
    )
    c.check(24 <= begun["methadone"] <= 72 and begun["methadone"] > begun["heroin"], "methadone begins later")
    c.check(over["methadone"] - begun["methadone"] / 24 >= 6 and over["methadone"] > over["heroin"], "and is over later")
    c.check(most["buprenorphine"] < 0.6 * most["heroin"], "buprenorphine's is mild")


@claim("withdrawal.clock")
def _clock(c: Checks) -> None:
    times = []
    for duration in ("1 month", "6 month", "3 year"):
        r = stop(c, {**USER, "for": duration}, until="3 day", every="15 min")
        late = r["scales.COWS"][0] >= 8
        times.append(float(r.t[int(np.argmax(late))]) / HOUR if late.any() else float("inf"))
    c.check(
        all(3 <= x <= 24 for x in times),
        "hours from the last usual dose to a COWS of 8 after 1, 6 and 36 months: " + ", ".join(f"{x:.1f}" for x in times),
    )
    c.check(times[0] > times[1] >= times[2] - 0.25, "shorter as dependence deepens")


@claim("withdrawal.dose_dependence")
def _dose(c: Checks) -> None:
    by_dose = [stop(c, {**USER, "dose": f"{mg} mg/day"}) for mg in (20, 80, 320)]
    by_time = [stop(c, {**USER, "for": duration}) for duration in ("1 week", "2 month", "1 year", "5 year")]
    for what, runs in (("20, 80, 320 mg a day", by_dose), ("1 week, 2 months, 1 and 5 years", by_time)):
        peaks = [out(r, "withdrawal.peak_COWS") for r in runs]
        spans = [float((r["scales.COWS"][0] > 5).sum()) / 24 for r in runs]
        text = ", ".join(f"{p:.1f} for {s:.1f} d" for p, s in zip(peaks, spans, strict=True))
        c.check(peaks == sorted(peaks) and spans == sorted(spans), f"COWS at most, and days above 5, after {what}: {text}")
        steps = np.diff(peaks)
        c.check(steps[-1] < steps[0], "and it saturates")


@claim("withdrawal.monoamines")
def _monoamines(c: Checks) -> None:
    r = stop(c, USER, until="30 day", every="2 h")
    for name, what in (("DA", "dopamine"), ("HT", "serotonin")):
        x = r[f"monoamines.{name}"][0]
        c.check(x.min() < min(0.85, x[0] - 0.2), f"{what}: {x[0]:.2f} of rest at the last dose, {x.min():.2f} on day {r.t[x.argmin()] / DAY:.1f}")
        c.check(x[-1] > x.min() + 0.1, f"and {x[-1]:.2f} on day 30")
    low = float(r.t[r["monoamines.DA"][0].argmin()])
    for sign in ("anxiety", "restlessness", "irritability", "craving", "mood"):
        x = r[f"signs.S[{sign}]"][0]
        c.check(x.max() > x[0] + 0.2, f"{sign} rises from {x[0]:.2f} to {x.max():.2f} on day {r.t[x.argmax()] / DAY:.1f}")
    c.check(float(r.t[r["signs.S[mood]"][0].argmax()]) > low, "low mood is deepest after the trough of dopamine")
    eased = stop(c, USER, until="4 day", doses=[{"drug": "clonidine", "amount": "0.2 mg", "route": "oral", "every": "6 h", "times": 16}])
    plain = stop(c, USER, until="4 day")
    a, b = (float(x["monoamines.DA"][0, 24:96].mean()) for x in (plain, eased))
    c.check(b > a + 0.03, f"clonidine brings dopamine of days 2 to 4 from {a:.2f} to {b:.2f}, as in rats")
    sudden = course(c, [iv("naloxone", "0.8 mg", at="30 min")], until="2 h", every="1 min", person={"history": USER})
    c.check(float(sudden["monoamines.DA"][0].min()) < 0.85, f"naloxone takes it to {sudden['monoamines.DA'][0].min():.2f}")


@claim("withdrawal.receptors")
def _receptors(c: Checks) -> None:
    r = stop(c, {**USER, "dose": "300 mg/day"}, until="60 day", every="6 h")
    coupled, sites = r["life.coupled"][0], r["life.N"][0]
    c.check(coupled[0] < 0.95, f"at the last dose {coupled[0]:.0%} of the receptors are coupled")
    half = float(r.t[int(np.argmax(1 - coupled < 0.5 * (1 - coupled[0])))]) / DAY
    c.check(1 <= half <= 28, f"half of the loss is back on day {half:.0f}")
    c.check(sites[:40].min() >= 0.98, f"binding sites in the first ten days: {sites[:40].min():.2f} to {sites[:40].max():.2f} of normal")


@claim("withdrawal.overactive_cns")
def _overactive(c: Checks) -> None:
    r = stop(c, USER, until="7 day")
    for name, what in (("noradrenaline.NA", "noradrenaline turnover"), ("signs.S[insomnia]", "insomnia"), ("signs.S[anxiety]", "anxiety")):
        x = r[name][0]
        c.check(x.max() > (1.3 if name.endswith("NA") else 0.3), f"{what} rises to {x.max():.2f} on day {r.t[x.argmax()] / DAY:.1f}")
    kept = [s for s in c.scored_where(lambda _, o: o.quantity == "noradrenaline") if s.score is not None]
    c.check(
        bool(kept) and all((s.score or 0) <= 1.5 for s in kept if s.metric == "fold"),
        "published noradrenaline after a full reversal, within 1.5-fold",
    )


@claim("withdrawal.flu")
def _flu(c: Checks) -> None:
    r = stop(c, USER, until="14 day")
    items = {name: r[f"cows.{name}"][0] for name in ITEMS}
    c.check(len(items) == 11 and all(x.max() > 0.25 for x in items.values()), f"all {len(items)} items of COWS are simulated, and each moves")
    c.check(len([n for n in r.columns if n.startswith("sows.") and n != "sows.SOWS"]) == 10, "and the ten of SOWS")
    peaks = {k: float(r.t[x.argmax()]) / HOUR for k, x in items.items()}
    c.check(
        len({round(x) for x in peaks.values()}) >= 4,
        "with courses of their own; greatest after " + ", ".join(f"{k} {v:.0f} h" for k, v in peaks.items()),
    )


@claim("withdrawal.gut")
def _gut(c: Checks) -> None:
    r = stop(c, USER, until="10 day", every="30 min")
    rest = course(c, [], until="1 day", every="1 h", treatments=INERT)
    for name, what in (
        ("gut.gastric", "half-emptying of the stomach, min"),
        ("gut.caecum", "time to the caecum, min"),
        ("gut.secretion", "secretion"),
    ):
        normal, used = float(rest[name][0, -1]), float(r[name][0, 0])
        least, most = float(r[name][0].min()), float(r[name][0].max())
        low_high = least < normal < used if name != "gut.secretion" else used < normal < most
        c.check(low_high, f"{what}: {normal:.2f} without drug, {used:.2f} in use, {least if name != 'gut.secretion' else most:.2f} in withdrawal")
    for sign in ("cramps", "nausea", "diarrhoea"):
        c.check(r[f"signs.S[{sign}]"][0].max() > 0.15, f"{sign} come ({r[f'signs.S[{sign}]'][0].max():.2f} of 1)")
    user = course(c, [iv("naloxone", "0.4 mg", at="30 min")], until="2 h", every="5 min", person={"history": held("methadone", stopped="24 h")})
    before, after = at(user, "gut.caecum", 29), float(user["gut.caecum"][0].min())
    c.check(after < 0.9 * before, f"naloxone in somebody on methadone takes the time to the caecum from {before:.0f} to {after:.0f} min")
    kept = [s for s in c.scored_where(lambda study, _: study.system == "gut") if s.metric == "fold" and s.score is not None]
    c.check(all((s.score or 0) <= 2 for s in kept), f"published transit times: {len(kept)} within 2-fold")


@claim("withdrawal.endocrine")
def _endocrine(c: Checks) -> None:
    rest = course(c, [], until="3 day", every="1 h", treatments=INERT)
    day = rest["adrenal.C"][0, 24:48]
    c.check(day.max() > 1.5 * day.min(), f"cortisol has its daily rhythm: {day.min():.0f} to {day.max():.0f} nmol/L")
    acute = course(c, [iv("morphine", "10 mg", at="24 h")], until="28 h", every="15 min", treatments=INERT)
    k = int(np.searchsorted(acute.t, 24 * HOUR + 120))
    fall = float(acute["adrenal.C"][0, k]) / at(rest, "adrenal.C", float(acute.t[k]))
    c.check(fall < 0.9, f"two hours after morphine 10 mg it is {fall:.2f} of what it would be")
    r = stop(c, USER, until="7 day")
    rise = float(r["adrenal.C"][0, 24:72].mean()) / float(day.mean())
    c.check(rise > 1.2, f"on days 2 and 3 of withdrawal it is {rise:.2f} of normal")
    stable = stop(c, held("methadone", every="24 h"), until="1 day")
    kept = float(stable["adrenal.C"][0].mean()) / float(day.mean())
    c.check(0.8 < kept < 1.2, f"on methadone {kept:.2f}")
    for name, what in (("gonadal.LH", "LH"), ("gonadal.T", "testosterone")):
        low = float(stable[name][0, 0]) / float(rest[name][0, -1])
        c.check(low < 0.9, f"{what} in use: {low:.2f} of normal")
    rows = [s for s in c.scored_where(lambda study, _: study.system == "endocrine") if s.metric == "sign" and s.score is not None]
    right = float(np.mean([s.score or 0.0 for s in rows])) if rows else 0.0
    c.check(right >= 0.8, f"published directions: {right:.0%} of {len(rows)}")


@claim("withdrawal.immune")
def _immune(c: Checks) -> None:
    r = stop(c, USER, until="30 day", every="2 h")
    NK, IL, hazard = (r[f"immunity.{x}"][0] for x in ("NK", "IL", "hazard"))
    c.check(NK[0] < 0.95, f"natural killer activity in use: {NK[0]:.2f} of normal")
    c.check(IL.max() > 1.2, f"cytokines rebound to {IL.max():.2f} on day {r.t[IL.argmax()] / DAY:.1f}")
    c.check(hazard[0] > 1.02 and hazard[24] > 1.02, f"the hazard of infection is {hazard[0]:.2f} in use, {hazard[24]:.2f} on day 2")


@claim("withdrawal.cardiovascular")
def _heart(c: Checks) -> None:
    plain = stop(c, USER, until="4 day")
    for drug, amount in (("clonidine", "0.2 mg"), ("lofexidine", "0.72 mg")):
        eased = stop(c, USER, until="4 day", doses=[{"drug": drug, "amount": amount, "route": "oral", "every": "6 h", "times": 16}])
        for name, what in (("heart.HR", "heart rate"), ("heart.MAP", "mean pressure")):
            a, b = float(plain[name][0, 24:96].mean()), float(eased[name][0, 24:96].mean())
            c.check(b < a - 2, f"{drug} takes the {what} of days 2 to 4 from {a:.0f} to {b:.0f}")
    naive = course(c, [], until="4 day", every="1 h", treatments=INERT)
    for name, what in (("heart.HR", "heart rate"), ("heart.MAP", "mean pressure")):
        rise = float(plain[name][0, 24:72].mean() - naive[name][0, 24:72].mean())
        c.check(rise > 3, f"{what} is {rise:.0f} above rest on days 2 and 3")
    ill = stop(c, USER, until="4 day", person={"heart_disease": "known"})
    well, sick, rest = (float(r["hazards.cardiac"][0, 24:72].mean()) for r in (plain, ill, naive))
    c.check(well > 1.1 * rest, f"the hazard of a cardiac event is {well / rest:.2f} of rest on days 2 and 3")
    c.check(sick > 2 * well, f"and {sick / rest:.1f} with heart disease: it scales with what was there before")


@claim("withdrawal.respiratory")
def _breathing(c: Checks) -> None:
    dose = [iv("heroin", "6 mg", over="2 min")]
    naive, user = course(c, dose, until="2 h"), course(c, dose, until="2 h", person={"history": {**USER, "dose": "300 mg/day"}})
    falls = [1 - float(r["breathing.VE"][0].min() / r["breathing.VE"][0, 0]) for r in (naive, user)]
    c.check(falls[0] > 0.2, f"heroin 6 mg takes {falls[0]:.0%} of a naive person's ventilation")
    c.check(0 <= falls[1] < falls[0], f"and {falls[1]:.0%} of a daily user's: partly tolerated")
    usual = course(c, [iv("heroin", "75 mg")], until="2 h", person={"history": {**USER, "dose": "300 mg/day"}})
    fall = 1 - float(usual["breathing.VE"][0].min() / usual["breathing.VE"][0, 0])
    c.check(fall > 0.1, f"the user's own 75 mg still takes {fall:.0%}")
    r, rest = stop(c, USER, until="4 day"), course(c, [], until="1 day", every="1 h", treatments=INERT)
    ratio = float(r["breathing.VE"][0, 24:60].mean() / rest["breathing.VE"][0, -1])
    c.check(ratio > 1.05, f"in withdrawal ventilation is {ratio:.2f} of rest")
    sedated = course(c, [iv("heroin", "8 mg", over="2 min")], until="2 h")
    asleep, used = float(sedated["hazards.pneumonia"][0].max()), float(usual["hazards.pneumonia"][0, 0])
    c.check(asleep > 1.5, f"the hazard of pneumonia is {asleep:.1f} of rest under heroin 8 mg in a naive person: sedation")
    c.check(used > 1.02, f"and {used:.2f} in the daily user before the dose: weak immunity")


@claim("withdrawal.psychological")
def _mood(c: Checks) -> None:
    r = stop(c, USER, until="60 day", every="3 h")
    ends = {}
    states = ("mood", "emptiness", "guilt", "irritability", "mood_swings")
    for sign in ("gooseflesh", "secretions", "tremor", *states, "craving", "insomnia"):
        x = r[f"signs.S[{sign}]"][0]
        late = np.flatnonzero(x > 0.1)
        ends[sign] = float(r.t[late[-1]]) / DAY if late.size else 0.0
    body, mind = max(ends[k] for k in ("gooseflesh", "secretions", "tremor")), min(ends[k] for k in states)
    c.check(mind > body, "last day above a tenth: " + ", ".join(f"{k} {v:.0f}" for k, v in ends.items()))


@claim("withdrawal.protracted")
def _protracted(c: Checks) -> None:
    person = {"weight": "70 kg", "history": {**USER, "stopped": "1 min"}}
    scenario = {"doses": [], "treatments": INERT, "observe": {"until": "300 day", "every": "1 day"}, "person": person}
    p = prepare(Scenario.from_dict(scenario), c.library)
    r = simulate(p, sample(p, 60, 7), solver="kernel")
    acute = _days_until(r, r["scales.COWS"] > 5)
    for what, off in (
        ("sleep", r["signs.S[insomnia]"] > 0.1),
        ("dull reward", r["signs.S[emptiness]"] > 0.1),
        ("craving", r["signs.S[craving]"] > 0.1),
        ("stress (tone of the own opioids, which holds cortisol)", r["tone.tone"] < 0.95),
    ):
        days = _days_until(r, off)
        low, mid, high = np.quantile(days, (0.1, 0.5, 0.9))
        c.check(mid > np.median(acute), f"{what}: near normal on day {low:.0f}, {mid:.0f}, {high:.0f} in a tenth, half, nine tenths of 60 people")
        c.check(high > 1.15 * low, "a spread, not a number")
    c.check(bool(np.median(acute) < 14), f"the acute phase is over on day {np.median(acute):.0f} in half of them")


def _days_until(r: Result, off: Any) -> Any:
    """Day from which on a condition holds no more, per person."""
    return np.array([float(r.t[np.flatnonzero(x)[-1]]) / DAY if x.any() else 0.0 for x in np.asarray(off)])


@claim("withdrawal.not_lethal")
def _not_lethal(c: Checks) -> None:
    person = {"weight": "70 kg", "history": {**USER, "stopped": "6 h"}}
    scenario = {"doses": [], "treatments": INERT, "observe": {"until": "10 day", "every": "2 h"}, "person": person}
    p = prepare(Scenario.from_dict(scenario), c.library)
    r = add_outcomes(simulate(p, sample(p, 60, 5), solver="kernel"))
    died = float(np.nanmean(r.outcomes["rescue.dead"]))
    c.check(died == 0, f"of 60 daily users who stop, {died:.0%} die within ten days")
    deficit = r["fluid.deficit"].max()
    c.check(0 < deficit < 5, f"the greatest loss of water among them is {deficit:.1f} L")


@claim("withdrawal.first_use_hangover")
def _hangover(c: Checks) -> None:
    runs = [course(c, [iv("morphine", f"{mg} mg", over="5 min")], until="36 h", every="15 min", treatments=[{"give": "oxygen", "level": "40 %"}])
            for mg in (10, 30)]  # fmt: skip
    after = [float(r["signs.S[mood]"][0].max()) for r in runs]
    when = [float(r.t[r["signs.S[mood]"][0].argmax()]) / HOUR for r in runs]
    text = ", ".join(f"{x:.4f} after {t:.0f} h" for x, t in zip(after, when, strict=True))
    c.check(after[0] > 1e-4 and after[1] > 1.1 * after[0], f"low mood after one dose of morphine 10 and 30 mg: {text}")
    c.check(after[1] < 0.2, "and it is small")


@claim("withdrawal.hyperalgesia")
def _hyperalgesia(c: Checks) -> None:
    r = stop(c, USER, until="160 day", every="1 day")
    left = r["hyperalgesia.left"][0]
    c.check(left[0] < 0.75 and left[28] < 0.85, f"cold is borne for {left[0]:.2f} of normal in use, {left[28]:.2f} after 28 days")
    c.check(left[150] > 0.9, f"and for {left[150]:.2f} after five months")
    of_cold = c.scored_where(lambda study, o: study.id in ("pud_2006", "treister_2012") and o.quantity == "pain_tolerance")
    kept = [s for s in of_cold if s.metric == "fold"]
    c.check(bool(kept) and all((s.score or 9) <= 1.5 for s in kept), f"published cold pain: {len(kept)} within 1.5-fold")


@claim("brain.tolerance")
def _tolerance(c: Checks) -> None:
    def peaks(history: dict[str, str] | None, mg: float) -> dict[str, float]:
        person = {"history": {**history, "stopped": "12 h"}} if history else {}
        r = course(
            c,
            [iv("morphine", f"{mg} mg", over="2 min")],
            until="4 h",
            every="2 min",
            person=person,
            treatments=[{"give": "ventilation", "level": "6 L/min"}],
        )
        effects = {k: float(r[f"{k}.effect"][0].max()) for k in ("euphoria", "pain", "respiratory")}
        return {**effects, "gut": float(r["gut.caecum"][0].max()) / c.library.parameters["gut.caecum0"].internal - 1}

    naive = peaks(None, 10)
    weeks = {n: peaks({"drug": "morphine", "dose": "120 mg/day", "route": "sc", "for": n}, 10) for n in ("3 day", "3 week", "6 month")}
    for n, x in weeks.items():
        fell = all(x[k] < naive[k] for k in ("euphoria", "pain", "respiratory"))
        c.check(fell, f"effects of morphine 10 mg after {n}: " + ", ".join(f"{k} {x[k] / naive[k]:.2f}" for k in x))
    left = {k: weeks["3 week"][k] / naive[k] for k in naive}
    c.check(left["euphoria"] < left["pain"] < left["gut"], "euphoria is lost soonest, then relief; the gut keeps most")
    c.check(len({round(v, 2) for v in left.values()}) >= 3, "so they fall at different rates")
    c.check(all(weeks["3 day"][k] >= weeks["6 month"][k] - 1e-3 for k in naive), "and go on falling over weeks")
    history = {"drug": "morphine", "dose": "120 mg/day", "route": "sc", "for": "6 month"}
    need = next((f for f in (1.5, 2, 3, 4, 6, 8, 12, 16) if peaks(history, 10 * f)["pain"] >= naive["pain"]), float("inf"))
    c.check(1.5 < need <= 16, f"the same relief then needs {need:g} times the dose")


@claim("brain.locus_coeruleus")
def _locus(c: Checks) -> None:
    acute = course(c, [iv("morphine", "10 mg", at="10 min")], until="3 h", every="1 min")
    lowest = float(acute["noradrenaline.firing"][0].min())
    c.check(lowest < 0.85, f"morphine 10 mg slows firing to {lowest:.2f} of rest")
    used = stop(c, USER, until="7 day")
    c.check(
        float(used["noradrenaline.firing"][0, 0]) > lowest, f"in a daily user just after a usual dose it is {used['noradrenaline.firing'][0, 0]:.2f}"
    )
    over = float(used["noradrenaline.firing"][0].max())
    c.check(over > 1.3, f"on stopping it overshoots to {over:.2f}")
    debt, firing = used["locus.debt"][0], used["noradrenaline.firing"][0]
    c.check(float(np.corrcoef(debt[6:], firing[6:])[0, 1]) > 0.8, f"in step with the opponent (r = {np.corrcoef(debt[6:], firing[6:])[0, 1]:.2f})")
    sudden = course(c, [iv("naloxone", "0.8 mg", at="30 min")], until="2 h", every="1 min", person={"history": USER})
    c.check(float(sudden["noradrenaline.firing"][0].max()) > 1.3, f"under naloxone to {sudden['noradrenaline.firing'][0].max():.2f}")
    eased = stop(c, USER, until="7 day", doses=[{"drug": "clonidine", "amount": "0.2 mg", "route": "oral", "every": "6 h", "times": 24}])
    a, b = float(firing[24:72].mean()), float(eased["noradrenaline.firing"][0, 24:72].mean())
    c.check(b < 0.85 * a, f"clonidine brings days 2 and 3 from {a:.2f} to {b:.2f}")


@claim("brain.endorphins_dysregulated")
def _tone(c: Checks) -> None:
    r = stop(c, USER, until="120 day", every="1 day")
    tone = r["tone.tone"][0]
    c.check(tone[0] < 0.85, f"the tone of the body's own opioids in daily use: {tone[0]:.2f} of normal")
    half = float(r.t[int(np.argmax(1 - tone < 0.5 * (1 - tone[0])))]) / DAY
    c.check(
        7 <= half <= 60, f"half of the loss is back on day {half:.0f}, 90 % on day {r.t[int(np.argmax(1 - tone < 0.1 * (1 - tone[0])))] / DAY:.0f}"
    )
    acute = r["scales.COWS"][0] > 5
    c.check(tone[int(np.flatnonzero(acute)[-1])] < 0.95, "it is still low when the acute phase is over")
