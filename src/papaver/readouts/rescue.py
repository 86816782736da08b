"""What an overdose did, a row a person: times of its stages, depth and length of the hypoxia, whether breathing failed a second time, the outcome."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from papaver.readouts import rows

Array = npt.NDArray[np.float64]

UNCONSCIOUS = 0.5
"""Arousal below which a person does not answer."""
APNOEA = 0.05
"""Ventilation, fraction of rest, that counts as no breathing."""
DEPRESSED, RECOVERED = 0.4, 0.6
"""A second fall: ventilation below the first after it had been below it and then above the second, fractions of rest."""
STOPPED = 0.5
"""Arrest state from which the heart counts as stopped."""
SATURATIONS = (90.0, 70.0)

Put = Callable[[str, Array, str], None]


def add_rescue(get: Callable[[str], Array | None], t: Array, put: Put) -> None:
    """Read an overdose off its time courses.

    Args:
        get: values of an output, shape (people, times); None if it was not written down.
        put: takes a name, a value a person, and the unit. Times are NaN where the event does not happen.
    """
    VE, SpO2, arousal = get("breathing.VE"), get("monitor.SpO2"), get("arousal.level")
    arrest, injury, dead, debt = get("heart.arrest"), get("injury.injury"), get("injury.dead"), get("heart.debt")
    if VE is not None:
        # of somebody who hardly breathes when the run begins, a litre a minute stands for rest
        rest = np.maximum(VE[:, :1], 1.0)
        relative = VE / rest
        put("rescue.lowest_ventilation", rows.least(relative), "1")
        put("rescue.time_of_apnoea", rows.first_below(t, relative, APNOEA), "min")
        put("rescue.second_fall", second_fall(relative).astype(np.float64), "1")
    if SpO2 is not None:
        put("rescue.lowest_SpO2", rows.least(SpO2) / 100.0, "1")
        for limit in SATURATIONS:
            put(f"rescue.time_of_SpO2_below_{limit:.0f}", rows.first_below(t, SpO2, limit), "min")
            put(f"rescue.time_with_SpO2_below_{limit:.0f}", rows.time_below(t, SpO2, limit), "min")
    if arousal is not None:
        put("rescue.time_of_unconsciousness", rows.first_below(t, arousal, UNCONSCIOUS), "min")
    if debt is not None:
        put("rescue.heart_debt", rows.peak(debt), "min")
    if injury is not None:
        put("rescue.brain_injury", rows.peak(injury), "1")
    if arrest is not None:
        put("rescue.time_of_arrest", rows.first_above(t, arrest, STOPPED), "min")
    if arrest is not None and injury is not None and dead is not None:
        died = (rows.peak(arrest) > STOPPED) | (rows.peak(dead) > 1.0)
        hurt = ~died & (rows.peak(injury) > 1.0)
        put("rescue.dead", died.astype(np.float64), "1")
        put("rescue.injured", hurt.astype(np.float64), "1")
        put("rescue.intact", (~died & ~hurt).astype(np.float64), "1")
    debt_of_withdrawal = get("respiratory.debt")
    if debt_of_withdrawal is not None:
        put("rescue.precipitated_debt", rows.peak(debt_of_withdrawal) - debt_of_withdrawal[:, 0], "1")


def second_fall(relative: Array) -> npt.NDArray[np.bool_]:
    """Whether ventilation fell below `DEPRESSED` again after it had recovered; `relative` of shape (people, times), fraction of rest."""
    low = relative < DEPRESSED
    back = (relative > RECOVERED) & np.logical_or.accumulate(low, axis=1)
    again = low & np.logical_or.accumulate(back, axis=1)
    return np.asarray(again.any(axis=1))
