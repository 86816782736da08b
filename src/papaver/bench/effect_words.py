"""What the words of an evidence entry say about an effect: which one was measured, how the number is meant, when, and in which gas.

Entries are written for people; nothing here knows a drug or a dose (see effect_doses).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

EFFECT_WORDS: tuple[tuple[str, str], ...] = (
    (r"tidal volume|(?-i:\bVT\b)", "tidal_volume"),
    (r"respiratory rate|breathing (?:rate|frequency)|respiratory frequency|breaths?(?: ?/ ?| per )min|(?-i:\bRR\b)", "respiratory_rate"),
    (r"oxygen consumption|(?-i:\bVO2\b)", "oxygen_consumption"),
    (r"p ?et ?CO2|(?-i:[Ee][Tt]) ?CO2|end.tidal (?:P?CO2|carbon dioxide)", "PetCO2"),
    (r"PaCO2|P?t[cp]?c?CO2|transcutaneous (?:P?CO2|carbon)|arterial (?:P?CO2|carbon)|\bpCO2\b", "PaCO2"),
    (r"PaO2|\bpO2\b|arterial (?:P?O2|oxygen (?:tension|pressure))", "PaO2"),
    (r"NIRS|brain oxygen|cerebral oxygen|cortical \w*oxygen", "brain_oxygen"),
    (r"(?-i:S[pa]O2)|\bspo2|saturation|oximet|desaturat", "SpO2"),
    (r"cerebral blood flow", "cerebral_blood_flow"),
    (r"(?-i:HVR)|hypoxic (?:ventilatory )?(?:response|slope|sensitivity)", "HVR"),
    (r"(?-i:HCVR)|ventilatory slope|slope|CO2 sensitivity|hypercapnic (?:ventilatory )?response|CO2 response$", "ventilatory_slope"),
    (
        r"minute (?:ventilation|volume)|ventilat|(?-i:\bV['’.]?[EIei]\b)|(?-i:\bV[EIei] ?\d\d\b)|(?-i:\bMV\b)|respiratory (?:depression|effect)|"
        r"\bbreathing\b|CO2 response|\brespiration\b|\bapn(?:o?e)a",
        "minute_ventilation",
    ),
    (r"pupil|miosis|miotic|mydria", "pupil_diameter"),
    (r"heart rate|pulse rate|(?-i:\bHR\b)|\bpulse\b(?! oxi)|bradycard|tachycard", "heart_rate"),
    (r"cardiac (?:output|index)", "cardiac_output"),
    (r"systolic|(?-i:\bSBP\b)", "SBP"),
    (r"diastolic|(?-i:\bDBP\b)", "DBP"),
    (r"mean arterial|arterial pressure|blood pressure|(?-i:\bMAP\b)|(?-i:\bBP\b)|hypotens", "MAP"),
    (r"\bCOWS\b", "COWS"),
    (r"\bOOWS\b", "OOWS"),
    (r"\bSOWS\b|(?:subjective|self-?rated|self-?reported) (?:\w+ )?withdrawal", "SOWS"),
    (r"cortisol", "cortisol"),
    (r"\bACTH\b|corticotrop", "ACTH"),
    (r"testosterone", "testosterone"),
    (r"(?-i:\bLH\b)|luteini[sz]ing", "LH"),
    (r"noradrenaline|norepinephrine", "noradrenaline"),
    (r"QTc|corrected QT|QT interval", "QTc"),
    (r"gastric", "gastric_emptying"),
    (r"or(?:o|al).?ca?ecal|mouth.to.ca?ecum|small.?(?:bowel|intestin)|colon(?:ic)? arrival|arrival in the colon|(?-i:OCTT)", "orocaecal_transit"),
    (r"colon|large bowel", "colonic_transit"),
    (r"body temperature|core temperature", "body_temperature"),
    (r"(?-i:NK)[ _](?:activity|cell|cytotox)|natural.killer", "NK_activity"),
    (r"cytokine|interleukin|\bIL-?\d|IFN|interferon|TNF", "cytokine"),
    (r"pain|analges|antinocicept|cold.pressor|nocicept", "pain_tolerance"),
    (r"conscious|arousal|sedat|alertness", "arousal"),
    (r"withdrawal|abstinence (?:score|syndrome|signs)", "COWS"),
)
"""How effects are called, in this order -> the bench's quantity."""
_PATTERN = {q: pattern for pattern, q in EFFECT_WORDS}
_POTENCIES = ("pupil_diameter", "minute_ventilation", "pain_tolerance")
SIGN_WORDS: tuple[tuple[str, str], ...] = (
    (r"yawn", "yawning"), (r"lacrimat|tear|rhinorr|runny|congest|nose", "secretions"), (r"perspir|sweat", "sweating"),
    (r"goose|piloerect", "gooseflesh"), (r"restless", "restlessness"), (r"tremor|shak", "tremor"), (r"nausea|vomit", "nausea"),
    (r"diarrh|loose stool", "diarrhoea"), (r"cramp", "cramps"), (r"ache|aching|bone pain|muscle pain", "aches"), (r"chill|feeling cold", "chills"),
    (r"insomn|sleep", "insomnia"), (r"anxi", "anxiety"), (r"irritab", "irritability"), (r"dysphor|mood", "mood"), (r"craving", "craving"),
)  # fmt: skip
"""Items of withdrawal scales -> the body's sign."""
LOSS = {"reduction", "decrease", "fall", "loss", "depression", "drop", "decline", "inhibition", "suppression", "constriction", "miosis", "shrinkage"}
GAIN = {"increase", "rise", "elevation", "gain", "prolongation"}
SIGNED = {"change", "difference", "delta", "shift"}
RATIO = {"relative", "ratio", "fold", "normalised", "normalized"}
STATISTICS = {
    "peak": "peak", "max": "peak", "maximum": "peak", "maximal": "peak", "highest": "peak", "nadir": "trough", "min": "trough", "minimum": "trough",
    "trough": "trough", "lowest": "trough", "mean": "mean", "average": "mean",
}  # fmt: skip
UP = {"PaCO2", "PetCO2", "pain_tolerance", "QTc", "COWS", "SOWS", "SOWS_H", "OOWS", "cortisol", "ACTH", "noradrenaline"}
"""Quantities whose greatest value is meant where an entry does not say which."""
HORMONES = {"cortisol", "ACTH"}
"""Those that go up and down with the day: they are compared at the same hour."""
TIMES_OF = r"t_?max|time_?(?:to|of)_?(?:the_)?(?:peak|max\w*|nadir|trough|min\w*|lowest)|peak_?time|nadir_?time"
GENERIC = {
    "transit_time", "onset_time", "onset", "time_to_event", "duration", "effect_duration", "time_to_recovery", "recovery_time", "ec50", "ec25", "c50",
    "c25", "ic50", "ed50", "ed80", "response_fraction", "apnoea_fraction", "apnea_fraction", "prevalence", "reversal_fraction", "reversal",
    "withdrawal_severity", "withdrawal_peak", "withdrawal_score", "signs", "sign", "withdrawal_item_score", "time_course", "time_to_full_reversal",
    "time_to_reversal", "time_to_loss_of_consciousness", "time_to_cardiac_arrest", "binding_potential_change", "onset_duration", "tolerance",
    "onset_peak_duration", "time_to_onset", "time_to_recovery_of_consciousness", "time_to_apnoea", "time_to_desaturation",
}  # fmt: skip
POTENCY = r"(?:ec|c|ic)_?\d\d"
"""Names that say nothing of what was measured: the place does, or the claim."""


class Asked(NamedTuple):
    """What an entry asks for.

    `how`: absolute, loss, gain, signed or ratio - what the name says of the number. `timing`: it asks when, not how much.
    """

    quantity: str
    how: str
    statistic: str | None
    timing: bool
    generic: bool


def effect_in(text: str) -> str | None:
    """The effect that a text names first by the order of EFFECT_WORDS."""
    return next((q for pattern, q in EFFECT_WORDS if re.search(pattern, text, re.I)), None)


def asked(quantity: str, site: str, claim: str) -> Asked | None:
    """What is asked for, or None if it is no effect."""
    plain = quantity.replace("_", " ")
    tokens = set(re.split(r"[_\W]+", quantity.lower()))
    timing = re.fullmatch(rf"(?:{TIMES_OF})(?:_\w+)?", quantity, re.I) is not None
    potency = re.fullmatch(POTENCY, quantity, re.I) is not None
    generic = quantity.lower() in GENERIC or timing or potency
    name = effect_in(plain)
    if potency:
        # of the drive to breathe, the pupil or pain: the gas stands in the same words
        name = next((q for text in (site, claim) for q in _POTENCIES if re.search(_PATTERN[q], text, re.I)), effect_in(site))
    elif generic and name is None:
        # of a time of a peak the place must say that it is no concentration
        kinetic = timing and re.search(r"plasma|serum|urine|saliva", site, re.I)
        name = None if kinetic else effect_in(site) or (None if timing or quantity.lower() == "transit_time" else effect_in(claim))
    if name is None:
        return None
    bracket = " ".join(re.findall(r"\[([^\]]*)\]", site)).lower()
    said = tokens | set(re.split(r"\W+", bracket))
    how = "loss" if said & LOSS else "gain" if said & GAIN else "ratio" if said & RATIO or "of baseline" in bracket else "absolute"
    if said & SIGNED and how == "absolute":
        how = "signed"
    if name == "pupil_diameter" and tokens & {"diameter", "size"} and not said & (LOSS - {"miosis"}):
        how = "absolute" if how == "loss" else how
    statistic = next((s for w, s in STATISTICS.items() if w in tokens), None)
    return Asked(name, how, statistic, timing, generic)


_NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11",
    "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "sixty": "60", "ninety": "90",
}  # fmt: skip


def in_digits(text: str) -> str:
    """Numbers before a unit of time in digits: "ten to fifteen days" as "10 to 15 days"."""
    words = "|".join(_NUMBERS)

    def digits(m: re.Match[str]) -> str:
        return re.sub(rf"\b({words})\b", lambda w: _NUMBERS[w.group(1).lower()], m.group(0), flags=re.I)

    return re.sub(rf"\b(?:{words})\b(?: (?:to|or|and) (?:{words})\b)?(?=[ -](?:seconds|min|hour|day|week|month|year))", digits, text, flags=re.I)


# -- when ----------------------------------------------------------------------------------------------------------------

PER = {"s": 1 / 60, "sec": 1 / 60, "min": 1.0, "h": 60.0, "hr": 60.0, "hour": 60.0, "d": 1440.0, "day": 1440.0, "week": 10080.0, "month": 43830.0}
_N = r"(\d+(?:\.\d+)?)"
UNIT = r"(seconds?|sec|s|minutes?|mins?|min|hours?|hrs?|hr|h|days?|d|weeks?|months?)\b"
SPAN = rf"{_N}(?:\s*(?:-|–|to|and|,|or)\s*{_N})?[ -]*{UNIT}"


def minutes(value: float, unit: str) -> float:
    """A time in min; `unit` as written ("hours")."""
    u = unit.lower().rstrip("s") if unit.lower() not in ("s",) else "s"
    return value * PER["min" if u.startswith("min") else "s" if u.startswith("sec") else u]


def span(text: str) -> tuple[float, float] | None:
    """The first time or range of times in a text, min: "30 min", "20-60 min", "day 3" (its 24 hours), "day 1-7"."""
    m = re.search(rf"\bdays? {_N}(?:\s*(?:-|–|to)\s*{_N})?|\bweek {_N}", text, re.I)
    if m:
        if m.group(3):
            return (float(m.group(3)) - 1) * 10080.0, float(m.group(3)) * 10080.0
        return max(float(m.group(1)) - 1, 0.0) * 1440.0, float(m.group(2) or m.group(1)) * 1440.0
    m = re.search(SPAN, text, re.I)
    if not m:
        return None
    a = minutes(float(m.group(1)), m.group(3))
    return a, (minutes(float(m.group(2)), m.group(3)) if m.group(2) else a)


def row_time(row: dict[str, Any]) -> tuple[float, float] | None:
    """When a row was taken, min: `time: 30 min`, `time_min: 30`, `hour: 4`, `day: 2`."""
    for key, value in row.items():
        if key in ("time", "at", "interval", "when") and isinstance(value, str):
            return span(value)
        m = re.fullmatch(r"(?:time|t|at)?_?(s|min|minutes?|h|hours?|d|days?)", str(key))
        if m and isinstance(value, int | float) and not isinstance(value, bool):
            day = m.group(1).startswith("d") and not str(key).startswith(("time", "t_", "at"))
            a = minutes(float(value), m.group(1))
            return (a - 1440.0, a) if day and a > 0 else (a, a)
    return None


_AFTER_DOSE = r"after (?:the |each |a |one )?(?:(?:single|oral|iv|im|daily|last) )?(?:dos|inject|drug|administ|antagon|naloxone|bolus)"
_NOT_TIMES = r"(?![- ]*(?:steps|intervals|infusion|period|long|x\b|of\b|before|on\b|after (?:morphine|heroin|the agonist)))"


def stated_time(texts: list[str]) -> tuple[float, float, str] | None:
    """When an effect was read, by the first text that says it: start and end in min, and "at" or "within"."""
    forms = ((rf"\bwithin {SPAN}", "within"), (rf"\b(?:at|after|by) {SPAN}{_NOT_TIMES}|{SPAN} {_AFTER_DOSE}", "at"), (r"\bday \d+", "at"))
    for text in texts:
        for pattern, kind in forms:
            m = re.search(pattern, text, re.I)
            found = span(text[m.start() :] if m and pattern.startswith(r"\bday") else m.group(0)) if m else None
            if found:
                return (0.0, found[1], kind) if kind == "within" else (*found, kind)
        found = span(text) if re.fullmatch(rf"\s*{SPAN}(?:[,;].*)?", text, re.I) else None
        if found:
            return *found, "at"
    return None


def statistic_in(text: str) -> str | None:
    """Peak, trough or mean, if a text names one."""
    m = re.search(r"\b(peak|maxim\w+|highest|nadir|lowest|minimum|trough|mean over|session mean|average over)\b(?! dose)", text, re.I)
    if not m or re.match(r" (?:\w+ )?(?:effect|miosis|constrict|decrease|reduc|fall|depress|change|suppress|inhib)", text[m.end() :], re.I):
        # a greatest fall is no peak
        return None
    w = m.group(1).lower()
    return "mean" if w.startswith(("mean", "session", "average")) else "trough" if w.startswith(("nadir", "low", "minim", "trough")) else "peak"


# -- in which gas ----------------------------------------------------------------------------------------------------------

KPA = 7.500616827
DRY = 713.0
"""mmHg of dry gas in the airway: a percentage of it."""
_HYPERCAPNIC = r"hypercapn|(?:raised|elevated|high) (?:Pet|et|end.tidal )?P?CO2|CO2.driven|CO2 (?:response|challenge|stimul)"
HELD = "end-tidal CO2 held at 52.5 mmHg (7 kPa)"


def gases(text: str, assumed: list[str], measured: str = "") -> list[dict[str, Any]]:
    """Treatments for the gas that people breathed; `measured` is the quantity, whose own value is not a condition."""
    out: list[dict[str, Any]] = []

    def clamp(level: float, why: str = "") -> None:
        out.append({"give": "end_tidal_CO2", "level": f"{level:g} mmHg"})
        if why:
            assumed.append(why)

    own = measured in ("PetCO2", "PaCO2", "SpO2", "PaO2", "brain_oxygen")
    fixed = re.search(r"isohypercap|isocap|clamp|held|fixed|inspir|breathing \d|hypercapn", text, re.I)
    vexx = re.search(r"(?-i:\bV['’.]?[EIei]) ?(\d\d)\b", text, re.I)
    at = re.search(rf"(?:P?et ?CO2|end.tidal (?:P?CO2|carbon dioxide)(?: pressure)?|isohypercapn\w*)[^.;\d]{{0,25}}{_N} ?(kPa|mmHg|torr)", text, re.I)
    at = at or re.search(rf"{_N} ?(kPa|mmHg|torr) (?:end.tidal|P?et ?CO2)", text, re.I)
    breathed = re.search(rf"{_N}(?:\s*(?:-|to)\s*{_N})? ?(?:%|percent)(?: of)? (?:inspired )?(?:CO2|carbon dioxide)", text, re.I)
    if own and not fixed:
        at = breathed = None
    if vexx:
        clamp(float(vexx.group(1)))
    elif at:
        clamp(float(at.group(1)) * (KPA if at.group(2).lower() == "kpa" else 1.0))
    elif breathed and re.search(r"rebreath", text, re.I):
        level = (float(breathed.group(1)) + float(breathed.group(2) or breathed.group(1))) / 2
        clamp(round(level * DRY / 100), f"rebreathing of {level:g} % CO2 read at a steady end-tidal pressure")
    elif breathed:
        level = (float(breathed.group(1)) + float(breathed.group(2) or breathed.group(1))) / 2
        out.append({"give": "carbon_dioxide", "level": f"{level * DRY / 100:.3g} mmHg"})
    elif re.search(r"rebreath", text, re.I):
        clamp(55.0, "rebreathing read at a steady end-tidal CO2 of 55 mmHg")
    elif not own and re.search(r"hypercapnic gas|breathing CO2", text, re.I):
        out.append({"give": "carbon_dioxide", "level": "50 mmHg"})
        out.append({"give": "oxygen", "level": "50 %"})
        assumed.append("7 % CO2 (50 mmHg) in 50 % oxygen")
    elif not own and re.search(_HYPERCAPNIC, text, re.I):
        clamp(52.5, HELD)
    oxygen = re.search(rf"(?:FiO2|inspired oxygen)[^\d]{{0,6}}{_N}|{_N} ?(?:%|percent) (?:inspired )?(?:oxygen|O2)\b", text, re.I)
    if oxygen and (not own or re.search(r"breath|inspir|FiO2", text, re.I)):
        level = float(oxygen.group(1) or oxygen.group(2))
        out.append({"give": "oxygen", "level": f"{level * 100 if level <= 1 else level:g} %"})
    elif re.search(r"breathing oxygen|in oxygen\b|pre-?oxygenat|hyperoxi", text, re.I):
        out.append({"give": "oxygen", "level": "95 %"})
    elif re.search(r"supplemental oxygen|nasal oxygen|oxygen \d L/min", text, re.I):
        out.append({"give": "oxygen", "level": "35 %"})
        assumed.append("supplemental oxygen: 35 %")
    return list({t["give"]: t for t in reversed(out)}.values())[::-1]
