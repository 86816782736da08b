"""The report: self-contained, escaped, honest about failures, and with the numbers of the result in its words."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from papaver.cohort import sample
from papaver.errors import PapaverError
from papaver.evidence.load import load_library
from papaver.readouts.outcomes import add_outcomes
from papaver.report import lines, overview, render
from papaver.report.curves import Window, drawn, windows
from papaver.report.figures import charts, colour
from papaver.report.words import paragraph
from papaver.report.writing import duration, duration_range, number, percent
from papaver.scenario import Scenario
from papaver.simulate import Result, prepare, simulate

TITLE = 'Heroin <script>alert("x")</script> & more'


def run(people: int = 1, **changes: object) -> Result:
    raw = {"title": TITLE, "doses": [{"drug": "heroin", "amount": "10 mg", "route": "iv"}], "observe": {"until": "4 h"}, **changes}
    p = prepare(Scenario.from_dict(raw), load_library())
    return add_outcomes(simulate(p, sample(p, people, 1) if people > 1 else None, solver="scalar"))


@pytest.fixture(scope="module")
def iv() -> Result:
    return run()


@pytest.fixture(scope="module")
def cohort() -> Result:
    return run(6)


def test_page_needs_nothing_else_and_escapes_what_the_user_wrote(iv: Result, page: Callable[[str], Any]) -> None:
    html = render(iv, {"command": "papaver run <file>", "seed": 1, "versions": {"papaver": "0"}})
    parsed = page(html)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "papaver run &lt;file&gt;" in html
    assert not {"script", "link", "img", "iframe", "image", "object"} & set(parsed.tags)
    assert not [a for a in parsed.attributes if a[1] == "src" or (a[0] != "a" and a[1] in ("href", "xlink:href") and not a[2].startswith("#"))]
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)
    ids = [v for _, k, v in parsed.attributes if k == "id"]
    assert len(ids) == len(set(ids))
    assert {v[1:] for _, k, v in parsed.attributes if k == "href" and v.startswith("#")} <= set(ids)
    assert "no medical device" in html


def test_figures_have_words_for_those_who_cannot_see_them(iv: Result, page: Callable[[str], Any]) -> None:
    parsed = page(render(iv, {}))
    labels = [v for tag, k, v in parsed.attributes if tag == "svg" and k == "aria-label"]
    # the charts, and the picture of breathing above them
    assert len(labels) == len(charts(iv)) + 1 == 6
    assert all("heroin" in x.lower() for x in labels)


def test_every_assumed_value_and_every_source_is_shown(iv: Result) -> None:
    html = render(iv, {})
    # nobody asked for oral fluid in this run
    used = [p for p in iv.data_paths if ".oral_fluid." not in p]
    assert not any(p in html for p in iv.data_paths if p not in used)
    for path in used:
        p = iv.library.parameters[path].value
        assert path in html
        if p.source:
            assert iv.library.sources[p.source].id in html
    assert html.count('class="assumed">assumed<') >= sum(iv.library.parameters[p].value.basis == "assumed" for p in used)


def test_words_hold_the_numbers_of_the_result(iv: Result) -> None:
    text = " ".join(paragraph(iv))
    s = iv.summary()
    assert f"Heroin peaked in arterial plasma at {number(s['heroin.arterial.Cmax']['median'])} nmol/L" in text
    assert f"6-MAM {percent(s['mop.rho[six_mam].peak']['median'])}" in text
    assert duration(s["heroin.venous.detected_until"]["median"]) in text


@pytest.mark.parametrize(
    ("dose", "said"),
    [
        ({"drug": "heroin", "amount": "10 mg", "route": "oral"}, "No heroin appeared in blood: by this route it arrives as morphine."),
        ({"drug": "morphine", "amount": "10 mg", "route": "iv", "at": "10 min"}, "10 mg morphine, intravenous. Times count from the dose."),
        ({"drug": "m6g", "amount": "10 mg", "route": "iv"}, "M6G peaked in arterial plasma"),
        ({"drug": "heroin", "amount": "5 mg", "route": "iv", "salt": "hcl", "every": "1 h", "times": 3}, "3 doses of 5 mg heroin hydrochloride"),
        ({"drug": "heroin", "amount": "5 mg", "route": "iv_infusion", "over": "15 min"}, "over 15 min"),
    ],
)
def test_any_molecule_and_route(dose: dict[str, str], said: str, page: Callable[[str], Any]) -> None:
    result = run(doses=[dose])
    assert said in " ".join(paragraph(result))
    page(render(result, {}))


def test_cohort_gives_medians_and_percentiles(cohort: Result) -> None:
    html = render(cohort, {})
    row = cohort.summary()["heroin.arterial.Cmax"]
    assert f"{number(row['p05'])}–{number(row['p95'])}" in html
    assert "band: 5th to 95th percentile" in html


def test_failed_people_are_named_and_left_out(cohort: Result, page: Callable[[str], Any]) -> None:
    data = cohort.data.copy()
    data[0, 3:] = np.nan
    broken = add_outcomes(dataclasses.replace(cohort, data=data, reasons=["step too small at 2 min <b>", *cohort.reasons[1:]]))
    html = render(broken, {})
    assert "1 of 6 people could not be integrated" in html
    assert "step too small at 2 min &lt;b&gt;" in html
    assert "nan" not in html.lower().replace("intranasal", "").replace("endogenous", "")
    alone = add_outcomes(dataclasses.replace(cohort, data=np.full_like(cohort.data[:1], np.nan), reasons=["no"]))
    assert "nothing to tell" in render(alone, {})
    page(render(alone, {}))


def test_values_set_by_hand_do_not_borrow_a_source() -> None:
    result = run(set={"heroin.pk.CL": "1 L/min"})
    row = re.search(r"heroin\.pk\.CL</span></th>(.*?)</tr>", render(result, {}), re.DOTALL)
    assert row
    assert "set in this scenario" in row[1]
    assert "#ref" not in row[1]


def test_addresses_of_a_users_sources_are_links_only_if_they_are_of_the_web(iv: Result) -> None:
    used = next(p.value.source for p in (iv.library.parameters[x] for x in iv.data_paths) if p.value.source)
    sources = dict(iv.library.sources)
    sources[used] = msgspec.structs.replace(sources[used], url="javascript:alert(1)", doi=None)
    html = render(dataclasses.replace(iv, library=dataclasses.replace(iv.library, sources=sources)), {})
    assert "javascript:" not in html


def test_run_without_columns_to_draw() -> None:
    result = run(observe={"until": "1 h", "show": ["urine"]})
    assert "nothing to draw" in render(result, {})
    with pytest.raises(PapaverError, match="no concentrations"):
        overview(result)


def test_figures_of_a_result(iv: Result, cohort: Result) -> None:
    assert len(overview(iv).axes) == 5
    assert len(lines(cohort, ["morphine.pk.C1", "mop.rho[morphine]", "m6g.pk.C1"]).axes) == 2
    with pytest.raises(PapaverError, match=r"did you mean 'morphine\.pk\.C1'"):
        lines(iv, ["morphine.pk.C2"])


def test_first_hour_is_shown_apart_only_in_long_runs(iv: Result) -> None:
    assert [w.title for w in windows(iv)] == ["first hour", "whole course, 4 hours"]
    assert len(windows(run(observe={"until": "90 min"}))) == 1


def test_thinning_keeps_spikes() -> None:
    t = np.linspace(0, 1000, 50_001)
    y = np.ones_like(t)
    y[20_000] = 7.0
    tt, yy = drawn(t, y, Window(0, 1000, "min", ""))
    assert yy.max() == 7.0
    assert len(tt) < 1000


def test_a_molecule_has_one_colour() -> None:
    assert colour("heroin") != colour("morphine")
    assert colour("unheard_of") == colour("unheard_of")


def test_how_numbers_are_written() -> None:
    assert [number(x) for x in (1753.7, 0.04997, 0.0, 85.02, None, float("nan"))] == ["1750", "0.05", "0", "85", "–", "–"]
    assert [percent(x) for x in (0.714, 0.0264, 0.0, 0.0001)] == ["71 %", "2.6 %", "0 %", "< 0.1 %"]
    assert [duration(x) for x in (0.5, 52.71, 133.7, 587.0, 9800.0)] == ["30 s", "53 min", "2.2 h", "9.8 h", "6.8 days"]
    assert duration_range(64, 150, 87) == "64–150 min"
    assert duration_range(0, 1170, 74) == "0–20 h"
