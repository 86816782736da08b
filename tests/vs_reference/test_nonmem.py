"""Dosing histories against NONMEM's own output (five digits).

NONMEM figures: Metrum Research Group, "Benchmark test with mrgsolve and NONMEM", github.com/mrgsolve/nmtests, run 1001: ADVAN2, CL 1.1, V 20,
KA 1.5, F and lag on the central compartment; CP in ug/L at 0, 13, 26, 51 and 75 h, after the rows at those times.
"""

from __future__ import annotations

import pandas as pd
import pytest

from papaver.interop import simulate

HOURS = (0, 13, 26, 51, 75)
# number in the benchmark -> rows, parameters of compartment 2 (also for rows into compartment 1, which do not use them), NONMEM's CP
CASES = {
    2: ([{"AMT": 100, "CMT": 2, "II": 24, "ADDL": 3}], {"ALAG2": 12.13, "F2": 2.23}, (0, 10629, 5199.6, 6236.1, 6587.3)),
    9: ([{"AMT": 100, "CMT": 2, "SS": 1, "II": 24, "ADDL": 3, "RATE": 10}], {"ALAG2": 3.16, "F2": 0.412}, (1002.7, 1836.3, 898.29, 850.22, 850.22)),
    11: ([{"AMT": 100, "CMT": 2, "SS": 1, "II": 12, "ADDL": 3, "RATE": 2}], {}, (7498.9, 7584.1, 7664.7, 7367.2, 4939.4)),
    12: ([{"AMT": 100, "CMT": 2, "SS": 1, "II": 6, "ADDL": 12, "RATE": 8.3333}], {}, (15152,) * 5),
    13: ([{"AMT": 100, "CMT": 2, "SS": 1, "II": 10, "ADDL": 8, "RATE": 4.12}], {"F2": 0.412}, (3745.5,) * 5),
    17: (
        [{"AMT": 100, "CMT": 2}, {"TIME": 13, "AMT": 50, "CMT": 1, "II": 24, "ADDL": 2, "RATE": 24}], {"ALAG2": 1},
        (0, 2584.3, 2609.3, 1932.9, 1789.5),
    ),
    18: ([{"AMT": 100, "CMT": 2, "II": 24, "ADDL": 3, "RATE": -2}], {"ALAG2": 5, "D2": 9, "F2": 0.61}, (0, 2193.3, 1243.4, 1491.2, 1575.2)),
    19: ([{"AMT": 100, "CMT": 2, "SS": 1, "II": 24, "ADDL": 3, "RATE": -2}], {"D2": 9, "F2": 0.61}, (1438.5, 2634.3, 1930.5, 2156.9, 2156.9)),
    20: (
        [{"AMT": 100, "CMT": 1, "II": 12, "ADDL": 2, "RATE": 50}, {"TIME": 50, "EVID": 4, "AMT": 120, "CMT": 1, "II": 12, "ADDL": 3}], {},
        (0, 3865, 7124.4, 4505.3, 9127),
    ),
    23: ([{"EVID": 4, "AMT": 100, "CMT": 2, "SS": 1, "II": 12}], {"ALAG2": 10}, (9270.8, 8774.7, 4292.5, 1085.3, 289.93)),
    25: (
        [{"TIME": 12 * k, "EVID": 4, "AMT": 100 + 100 * k, "CMT": 2, "SS": 1, "II": 12} for k in range(3)], {"ALAG2": 5},
        (7041.8, 13330, 18925, 9257.9, 2473.1),
    ),
    27: (
        [{"AMT": 100, "CMT": 1, "II": 12, "ADDL": 3, "RATE": 50}, {"TIME": 50, "EVID": 3}, {"TIME": 54, "AMT": 120, "CMT": 1, "II": 16, "ADDL": 2}],
        {}, (0, 3865, 7124.4, 0, 6689.8),
    ),
    28: (
        [{"AMT": 100, "CMT": 1, "SS": 1, "II": 24, "ADDL": 3}, {"TIME": 12, "AMT": 50, "CMT": 1, "SS": 2, "II": 24, "ADDL": 3}], {},
        (1891.9, 6237.1, 7725.7, 7499.2, 7499.2),
    ),
    29: ([{"CMT": 1, "SS": 1, "RATE": 100}], {}, (90909, 46165, 22583, 5710, 1525.3)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_nonmem(case: int) -> None:
    events, more, expected = CASES[case]
    rows = [{"EVID": 1, "TIME": 0, **e} for e in events] + [{"TIME": t, "EVID": 0, "CMT": 2} for t in HOURS]
    data = pd.DataFrame([{"ID": 1, "AMT": 0, "CMT": 0, "RATE": 0, "ADDL": 0, "II": 0, "SS": 0, **r} for r in rows])
    data = data.sort_values("TIME", kind="stable")
    frame = simulate(data, "advan2", {"CL": 1.1, "V": 20, "KA": 1.5, **more}, units={"amount": "mg", "volume": "L", "concentration": "ug/L"})
    assert frame.loc[frame["EVID"] == 0, "IPRED"].to_numpy() == pytest.approx(expected, rel=6e-5, abs=1e-6)


# WT by time; CL = 1.1 (WT/70)^0.75, so that the rule for covariates between rows shows; run 2001 of the same source
COURSE = [
    (0, 62.65, 0), (4, 79.43, 4077.8), (8, 71.21, 3273.5), (12, 63.35, 2669.1), (16, 69.55, 2144.2), (20, 60.81, 1759.1), (24, 61.29, 1441.5),
    (28, 75.54, 5250.1), (32, 65.74, 4266.5), (36, 74.44, 3388.6), (40, 61.9, 2772.7),
]  # fmt: skip


def test_covariates_that_change_hold_back_to_the_row_before() -> None:
    rows = [{"TIME": 0, "WT": 62.65, "AMT": 100, "CMT": 1, "II": 24, "ADDL": 3}] + [{"TIME": t, "WT": w, "CMT": 2} for t, w, _ in COURSE]
    data = pd.DataFrame([{"ID": 1, "AMT": 0, "II": 0, "ADDL": 0, **r} for r in rows])
    data["CL"] = 1.1 * (data["WT"] / 70) ** 0.75
    units = {"amount": "mg", "volume": "L", "concentration": "ug/L"}
    nocb = simulate(data, "advan2", {"V": 20, "KA": 1.5}, units=units)
    assert nocb["IPRED"].to_numpy()[1:] == pytest.approx([c for _, _, c in COURSE], rel=6e-5)
    locf = simulate(data, "advan2", {"V": 20, "KA": 1.5}, units=units, covariates="locf")
    assert abs(locf["IPRED"][2] / 4077.8 - 1) > 0.01
