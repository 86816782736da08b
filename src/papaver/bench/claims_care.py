"""Demonstrations of the claims about care in dependence: maintenance, precipitated withdrawal, naltrexone, symptomatic medicines."""

from __future__ import annotations

from typing import Any

import numpy as np

from papaver.bench.claims import Checks, claim
from papaver.bench.claims_acute import course, iv
from papaver.bench.claims_withdrawal import HOUR, INERT, USER, at, held, stop
from papaver.bench.study import Observation, Study
from papaver.simulate import Result


@claim("care.methadone_buprenorphine")
def _maintained(c: Checks) -> None:
    plain = stop(c, USER, until="48 h", every="30 min")
    for drug, dose in (("methadone", {"amount": "30 mg", "route": "oral"}), ("buprenorphine", {"amount": "8 mg", "route": "sublingual"})):
        r = stop(c, USER, until="48 h", every="30 min", doses=[{"drug": drug, "at": "24 h", **dose}])
        a, b = at(plain, "scales.COWS", 27 * HOUR), at(r, "scales.COWS", 27 * HOUR)
        u, v = at(plain, "signs.S[craving]", 30 * HOUR), at(r, "signs.S[craving]", 30 * HOUR)
        c.check(
            b < 0.6 * a and v < u,
            f"{drug} {dose['amount']} a day after the last heroin: COWS {b:.0f} instead of {a:.0f}, craving {v:.2f} instead of {u:.2f}",
        )
    heroin = [iv("heroin", "10 mg", at="1 h")]
    free = float(course(c, heroin, until="2 h")["euphoria.effect"][0].max())
    for drug, doses, route in (("methadone", (20, 60, 120), "oral"), ("buprenorphine", (2, 8, 24), "sublingual")):
        highs = []
        for mg in doses:
            history = {"drug": drug, "dose": f"{mg} mg/day", "route": route, "for": "60 day", "every": "24 h", "stopped": "24 h"}
            x = course(c, heroin, until="2 h", person={"history": history})["euphoria.effect"][0]
            highs.append(float(x.max()) / free)
        c.check(
            highs == sorted(highs, reverse=True) and highs[-1] < 0.4,
            f"heroin 10 mg on {drug} {doses} mg: " + ", ".join(f"{x:.2f}" for x in highs) + " of the high",
        )
    ceiling = [
        float(course(c, [{"drug": "buprenorphine", "amount": f"{mg} mg", "route": "iv"}], until="8 h", every="2 min")["breathing.VE"][0].min())
        for mg in (0.3, 1, 4, 16)
    ]
    c.check(
        abs(ceiling[3] - ceiling[2]) < 0.15 * ceiling[2] and ceiling[3] > 1.5,
        "lowest ventilation after buprenorphine 0.3, 1, 4, 16 mg iv: " + ", ".join(f"{x:.1f}" for x in ceiling) + " L/min",
    )
    kept = [s for s in c.scored_where(_held) if s.metric == "odds"]
    gmfe = float(np.exp(np.mean([np.log(s.score or 9) for s in kept]))) if kept else 9.0
    c.check(gmfe <= 2, f"published occupancy: odds {gmfe:.2f}-fold apart over {len(kept)}")


def _held(study: Study, o: Observation) -> bool:
    """A receptor occupancy of a study that gives buprenorphine."""
    given = any(d["drug"] == "buprenorphine" for arm in study.arms.values() for d in arm.get("doses", []))
    return given and o.quantity in ("occupancy", "receptor_availability")


@claim("care.precipitated_withdrawal")
def _precipitated(c: Checks) -> None:
    histories = {
        "heroin": USER, "fentanyl": {"drug": "fentanyl", "dose": "3 mg/day", "route": "iv", "for": "2 year"}, "methadone": held("methadone"),
    }  # fmt: skip
    rises: dict[str, list[float]] = {}
    for drug, history in histories.items():
        rises[drug] = []
        for hours in (4, 12, 24, 48):
            r = course(c, [{"drug": "buprenorphine", "amount": "8 mg", "route": "sublingual"}], until="6 h", every="5 min", treatments=INERT,
                       person={"history": {**history, "stopped": f"{hours} h"}})  # fmt: skip
            x = r["scales.COWS"][0]
            rises[drug].append(float(x.max() - x[0]))
        fell = rises[drug][-1] <= rises[drug][0] + 0.5
        c.check(fell, f"buprenorphine 8 mg 4, 12, 24, 48 h after the last {drug} raises COWS by " + ", ".join(f"{v:.1f}" for v in rises[drug]))
    c.check(rises["heroin"][0] > 5 and max(rises["heroin"][2:]) < 3, "after heroin too early precipitates, a day later does not")
    c.check(rises["fentanyl"][1] >= rises["heroin"][1] - 0.5, "after fentanyl the wait is no shorter")
    steps = [
        {"drug": "buprenorphine", "amount": f"{mg} mg", "route": "sublingual", "at": f"{h} h"}
        for mg, h in ((0.5, 1), (0.5, 13), (1, 25), (1, 37), (2, 49), (2, 61), (3, 73), (3, 85), (4, 97), (4, 109), (6, 121), (6, 133))
    ]
    own: list[dict[str, Any]] = [{**iv("heroin", "40 mg", every="6 h"), "times": 25}]
    beside = [course(c, [*x, *own], until="6 day", every="15 min", person={"history": USER}, treatments=INERT)["scales.COWS"][0] for x in (steps, [])]
    added = float((beside[0] - beside[1]).max())
    c.check(added < 0.6 * rises["heroin"][0], f"small doses beside the heroin add at most {added:.1f} to COWS, at most {beside[0].max():.1f}")
    high = course(c, [{"drug": "buprenorphine", "amount": "24 mg", "route": "sublingual"}], until="6 h", every="5 min", treatments=INERT,
                  person={"history": {**USER, "stopped": "24 h"}})["scales.COWS"][0]  # fmt: skip
    c.check(high[-1] < 0.5 * high[0], f"24 mg at once a day after the last heroin: COWS from {high[0]:.0f} to {high[-1]:.0f}")
    naltrexone = {"drug": "naltrexone", "amount": "50 mg", "route": "oral"}
    days = [{**USER, "stopped": at} for at in ("24 h", "14 day")]
    runs = [course(c, [naltrexone], until="8 h", every="5 min", treatments=INERT, person={"history": h})["scales.COWS"][0] for h in days]
    rise = [float(x.max() - x[0]) for x in runs]
    c.check(rise[0] > 3 > rise[1], f"naltrexone 50 mg raises COWS by {rise[0]:.1f} on day 1, {rise[1]:.1f} on day 14")


@claim("care.naltrexone")
def _naltrexone(c: Checks) -> None:
    stopped = {**USER, "stopped": "14 day"}

    def challenge(day: float, *more: dict[str, Any]) -> Result:
        doses = [*more, iv("heroin", "15 mg", at=f"{day:g} day")]
        return course(c, doses, until=f"{day + 0.1:g} day", every="2 min" if day < 2 else "3 min", person={"history": stopped})

    depot = {"drug": "naltrexone", "product": "depot 380 mg", "at": "0 min"}
    open_ = challenge(1)["euphoria.effect"][0].max()
    left = {day: float(challenge(day, depot)["euphoria.effect"][0].max() / open_) for day in (7, 21, 28, 60)}
    c.check(
        max(left[7], left[21], left[28]) < 0.4,
        "the high of heroin 15 mg under depot naltrexone: " + ", ".join(f"day {k} {v:.2f}" for k, v in left.items()),
    )
    c.check(left[60] > left[28], "and less is blocked when it has worn off")
    oral = challenge(1, {"drug": "naltrexone", "amount": "50 mg", "route": "oral", "at": "0 min"})
    c.check(float(oral["euphoria.effect"][0].max() / open_) < 0.75, f"a day after 50 mg by mouth {oral['euphoria.effect'][0].max() / open_:.2f}")
    last = float(challenge(1, depot)["breathing.VE"][0].min())
    gone = float(challenge(90, depot)["breathing.VE"][0].min())
    c.check(gone < last, f"lowest ventilation after 15 mg: {last:.1f} L/min under it, {gone:.1f} when it has gone and so has tolerance")
    early = course(c, [depot], until="3 day", every="1 h", person={"history": {**USER, "stopped": "24 h"}}, treatments=INERT)["scales.COWS"][0]
    c.check(early.max() > early[0] + 2, f"given a day after the last heroin it takes COWS from {early[0]:.0f} to {early.max():.0f}: induction fails")


@claim("care.symptomatic")
def _symptomatic(c: Checks) -> None:
    plain = stop(c, USER, until="5 day")
    for drug, amount in (("lofexidine", "0.72 mg"), ("clonidine", "0.2 mg")):
        r = stop(c, USER, until="5 day", doses=[{"drug": drug, "amount": amount, "route": "oral", "every": "6 h", "times": 20}])
        days = [float((plain["scales.SOWS"][0] - r["scales.SOWS"][0])[24 * d : 24 * d + 24].mean()) for d in range(5)]
        c.check(all(x > 0 for x in days[1:]), f"{drug} takes from SOWS-Gossop by day: " + ", ".join(f"{x:.1f}" for x in days))
    for medicine, sign in (("loperamide", "diarrhoea"), ("ondansetron", "nausea"), ("ibuprofen", "aches"), ("hypnotic", "insomnia")):
        r = stop(c, USER, until="4 day", treatments=[{"give": medicine, "level": "100 %"}])
        a, b = float(plain[f"signs.S[{sign}]"][0][:96].max()), float(r[f"signs.S[{sign}]"][0].max())
        c.check(b < 0.9 * a, f"{medicine}: {sign} {a:.2f} -> {b:.2f}")
    kept = c.scored_where(lambda study, o: study.id == "gorodetzky_2017" and o.relative == "difference")
    c.check(bool(kept) and all(s.within for s in kept), "the published difference of lofexidine from placebo, within two standard errors")
