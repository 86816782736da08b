"""Clinical scales of withdrawal, item by item, as readouts of signs: no scale has a time course of its own.

Items run smoothly from zero to their greatest score; `readouts.withdrawal` rounds them as an observer does.
"""

from papaver.components.gas import clip
from papaver.core import Component, Const, Input, Output, Param

_COWS = "Wesson DR, Ling W, J Psychoactive Drugs 2003;35:253"
_GOSSOP = "Gossop M, Addict Behav 1990;15:487"
_HANDELSMAN = "Handelsman L et al., Am J Drug Alcohol Abuse 1987;13:293"


class Cows(Component):
    """Clinical Opiate Withdrawal Scale: 11 items, 0 to 48; 5 mild, 13 moderate, 25 moderately severe, above 36 severe (Wesson & Ling 2003)."""

    calm = Const(80.0, "1/min", _COWS, "pulse beyond which it scores 1")
    fast = Const(100.0, "1/min", _COWS, "pulse beyond which it scores 2")
    racing = Const(120.0, "1/min", _COWS, "pulse beyond which it scores 4")
    ten = Const(10.0, "1/min", "half a band: each step is drawn out around the pulse where an observer's score jumps", "width of a step")
    four = Const(4.0, "1", _COWS, "greatest score of most items")
    five = Const(5.0, "1", _COWS, "greatest score of restlessness, pupil, gut and gooseflesh")
    cramps_at = Const(1.0, "1", _COWS, "score of cramps")
    nausea_at = Const(2.0, "1", _COWS, "score of nausea")

    wide = Param("mm", "widening of the pupil that leaves only a rim")
    HR = Input("1/min", "heart rate")
    sweating = Input("1", "sweating")
    restlessness = Input("1", "restlessness")
    widening = Input("mm", "change of the pupil")
    aches = Input("1", "aches of bones and joints")
    secretions = Input("1", "running nose, tears")
    cramps = Input("1", "cramps of the stomach")
    nausea = Input("1", "nausea and vomiting")
    diarrhoea = Input("1", "diarrhoea")
    tremor = Input("1", "tremor")
    yawning = Input("1", "yawning")
    anxiety = Input("1", "anxiety")
    gooseflesh = Input("1", "gooseflesh")

    pulse = Output(
        clip((HR - calm) / ten + 0.5, 0.0, 1.0) + clip((HR - fast) / ten + 0.5, 0.0, 1.0) + 2 * clip((HR - racing) / ten + 0.5, 0.0, 1.0),
        "1", "pulse, 0 to 4",
    )  # fmt: skip
    sweat = Output(four * sweating, "1", "sweating, 0 to 4")
    restless = Output(five * restlessness, "1", "restlessness, 0 to 5")
    pupil = Output(five * clip(widening / wide, 0.0, 1.0), "1", "pupil, 0 to 5")
    ache = Output(four * aches, "1", "aches, 0 to 4")
    runny = Output(four * secretions, "1", "running nose or tears, 0 to 4")
    gut = Output(clip(cramps_at * cramps + nausea_at * nausea + nausea_at * diarrhoea, 0.0, 5.0), "1", "stomach and bowel, 0 to 5")
    shaking = Output(four * tremor, "1", "tremor, 0 to 4")
    yawn = Output(four * yawning, "1", "yawning, 0 to 4")
    anxious = Output(four * anxiety, "1", "anxiety or irritability, 0 to 4")
    goose = Output(five * gooseflesh, "1", "gooseflesh, 0 to 5")
    COWS = Output(pulse + sweat + restless + pupil + ache + runny + gut + shaking + yawn + anxious + goose, "1", "COWS, 0 to 48")
    laws = [COWS >= 0, 48 - COWS >= 0]


class SowsGossop(Component):
    """Short Opiate Withdrawal Scale: 10 items of 0 to 3, 0 to 30 (Gossop 1990)."""

    three = Const(3.0, "1", _GOSSOP, "greatest score of an item")
    thirty = Const(30.0, "1/min", "a heart that beats 30 a minute faster is felt pounding hard", "rise of the pulse of the greatest score")
    HR = Input("1/min", "heart rate")
    HR_rest = Input("1/min", "heart rate at rest")
    nausea = Input("1", "nausea and vomiting")
    cramps = Input("1", "cramps of the stomach")
    tremor = Input("1", "tremor and twitching")
    chills = Input("1", "feeling cold")
    restlessness = Input("1", "restlessness")
    aches = Input("1", "aches")
    yawning = Input("1", "yawning")
    secretions = Input("1", "running nose, tears")
    insomnia = Input("1", "broken sleep")

    sick = Output(three * nausea, "1", "feeling sick")
    cramp = Output(three * cramps, "1", "stomach cramps")
    twitching = Output(three * tremor, "1", "muscle spasms or twitching")
    cold = Output(three * chills, "1", "feelings of coldness")
    pounding = Output(three * clip((HR - HR_rest) / thirty, 0.0, 1.0), "1", "heart pounding")
    tension = Output(three * restlessness, "1", "muscular tension")
    ache = Output(three * aches, "1", "aches and pains")
    yawn = Output(three * yawning, "1", "yawning")
    eyes = Output(three * secretions, "1", "runny eyes")
    sleep = Output(three * insomnia, "1", "insomnia, problems sleeping")
    SOWS = Output(sick + cramp + twitching + cold + pounding + tension + ache + yawn + eyes + sleep, "1", "SOWS-Gossop, 0 to 30")
    laws = [SOWS >= 0, 30 - SOWS >= 0]


class SowsHandelsman(Component):
    """Subjective Opiate Withdrawal Scale: 16 items of 0 to 4, 0 to 64 (Handelsman 1987)."""

    four = Const(4.0, "1", _HANDELSMAN, "greatest score of an item")
    anxiety = Input("1", "anxiety")
    yawning = Input("1", "yawning")
    sweating = Input("1", "sweating")
    secretions = Input("1", "tears, running nose")
    gooseflesh = Input("1", "gooseflesh")
    tremor = Input("1", "shaking, twitching")
    chills = Input("1", "hot and cold flushes")
    aches = Input("1", "aches")
    restlessness = Input("1", "restlessness")
    nausea = Input("1", "nausea")
    cramps = Input("1", "cramps")
    craving = Input("1", "craving that withdrawal drives")

    anxious = Output(four * anxiety, "1", "I feel anxious")
    yawn = Output(four * yawning, "1", "I feel like yawning")
    perspiring = Output(four * sweating, "1", "I am perspiring")
    tearing = Output(four * secretions, "1", "my eyes are tearing")
    running = Output(four * secretions, "1", "my nose is running")
    goose = Output(four * gooseflesh, "1", "I have goosebumps")
    shaking = Output(four * tremor, "1", "I am shaking")
    hot = Output(four * chills, "1", "I have hot flushes")
    cold = Output(four * chills, "1", "I have cold flushes")
    ache = Output(four * aches, "1", "my bones and muscles ache")
    restless = Output(four * restlessness, "1", "I feel restless")
    nauseous = Output(four * nausea, "1", "I feel nauseous")
    vomiting = Output(four * nausea * nausea, "1", "I feel like vomiting: comes with strong nausea")
    twitch = Output(four * tremor, "1", "my muscles twitch")
    cramp = Output(four * cramps, "1", "I have stomach cramps")
    using = Output(four * craving, "1", "I feel like using now")
    SOWS = Output(
        anxious + yawn + perspiring + tearing + running + goose + shaking + hot + cold + ache + restless + nauseous + vomiting + twitch + cramp
        + using,
        "1", "SOWS-Handelsman, 0 to 64",
    )  # fmt: skip
    laws = [SOWS >= 0, 64 - SOWS >= 0]


class Oows(Component):
    """Objective Opiate Withdrawal Scale: 13 signs present or absent, 0 to 13 (Handelsman 1987). A sign counts as it passes what an observer sees."""

    seen = Const(0.25, "1", "assumed: an observer notes a sign at a quarter of its strength", "strength of half the score")
    sharp = Const(4.0, "1", "assumed: present or absent within a twofold range", "sharpness")
    mm = Const(1.5, "mm", "assumed: a pupil that is seen to be wide", "widening of half the score")
    yawning = Input("1", "yawning")
    secretions = Input("1", "running nose, tears")
    gooseflesh = Input("1", "gooseflesh")
    sweating = Input("1", "sweating")
    tremor = Input("1", "tremor, twitching")
    widening = Input("mm", "change of the pupil")
    chills = Input("1", "hot and cold flushes")
    restlessness = Input("1", "restlessness")
    nausea = Input("1", "vomiting")
    cramps = Input("1", "cramps")
    anxiety = Input("1", "anxiety")

    yawn = Output(1 / (1 + (seen / (yawning + 0.001)) ** sharp), "1", "yawning")
    nose = Output(1 / (1 + (seen / (secretions + 0.001)) ** sharp), "1", "rhinorrhoea")
    tears = Output(1 / (1 + (seen / (secretions + 0.001)) ** sharp), "1", "lacrimation")
    goose = Output(1 / (1 + (seen / (gooseflesh + 0.001)) ** sharp), "1", "piloerection")
    sweat = Output(1 / (1 + (seen / (sweating + 0.001)) ** sharp), "1", "perspiration")
    shaking = Output(1 / (1 + (seen / (tremor + 0.001)) ** sharp), "1", "tremor")
    twitch = Output(1 / (1 + (seen / (tremor + 0.001)) ** sharp), "1", "muscle twitches")
    wide = Output(1 / (1 + (mm / (widening + 0.001 * mm)) ** sharp), "1", "mydriasis")
    flush = Output(1 / (1 + (seen / (chills + 0.001)) ** sharp), "1", "hot and cold flushes")
    restless = Output(1 / (1 + (seen / (restlessness + 0.001)) ** sharp), "1", "restlessness")
    vomit = Output(1 / (1 + (seen / (nausea + 0.001)) ** sharp), "1", "vomiting")
    cramp = Output(1 / (1 + (seen / (cramps + 0.001)) ** sharp), "1", "abdominal cramps")
    anxious = Output(1 / (1 + (seen / (anxiety + 0.001)) ** sharp), "1", "anxiety")
    OOWS = Output(
        yawn + nose + tears + goose + sweat + shaking + twitch + wide + flush + restless + vomit + cramp + anxious, "1", "OOWS, 0 to 13"
    )  # fmt: skip
    laws = [OOWS >= 0, 13 - OOWS >= 0]


class Scales(Component):
    """The totals side by side, as rules call them."""

    cows = Input("1", "COWS")
    sows_g = Input("1", "SOWS-Gossop")
    sows_h = Input("1", "SOWS-Handelsman")
    oows = Input("1", "OOWS")
    COWS = Output(1 * cows, "1", "Clinical Opiate Withdrawal Scale, 0 to 48")
    SOWS = Output(1 * sows_g, "1", "Short Opiate Withdrawal Scale (Gossop), 0 to 30")
    SOWS_H = Output(1 * sows_h, "1", "Subjective Opiate Withdrawal Scale (Handelsman), 0 to 64")
    OOWS = Output(1 * oows, "1", "Objective Opiate Withdrawal Scale, 0 to 13")
