"""Adding a molecule is one file: a made-up drug in a folder of the user's own, by every route, in every scenario, as a product, in a mixture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import papaver
from papaver.errors import PapaverError
from papaver.evidence.load import list_data, load_library
from papaver.evidence.yamlfile import read_yaml


def value(x: float, unit: str = "1") -> str:
    return f'{{value: {x}, unit: "{unit}", basis: assumed, reason: made up}}'


DRUG = f"""
name: NAME
title: Nonsuch NAME
summary: made up
kind: opioid
MW: 300
MW_source: made up
structure: two_compartment
pk:
  CL: {value(1, "L/min")}
  V1: {value(20, "L")}
  Q: {value(1, "L/min")}
  V2: {value(40, "L")}
  fm_liver: {value(0.5)}
  fm_renal: {value(0.2)}
  Km_other: {value(3000, "nmol/L")}
  induction_max: {value(1)}
  induction_EC50: {value(30, "nmol/L")}
  induction_tau: {value(2, "day")}
  fu: {value(0.5)}
  R_bp: {value(1)}
elimination:
  liver: {{site: liver, enzyme: cyp3a4, induced: true}}
  renal: {{site: kidney, enzyme: kidney_ph}}
  other: {{site: tissue, remainder: true, saturable: true}}
routes:
  iv: {{title: iv, model: bolus, into: lung}}
  inhaled: {{title: smoke, model: first_order, into: lung, parameters: {{F: {value(0.5)}, ka: {value(1, "1/min")}}}}}
  intranasal:
    title: nose
    model: mucosal
    into: central
    parameters: {{F: {value(0.3)}, ka: {value(0.1, "1/min")}, swallowed: {value(0.8)}, ka_gut: {value(0.02, "1/min")}}}
  im: {{title: muscle, model: first_order, into: central, parameters: {{F: {value(0.9)}, ka: {value(0.05, "1/min")}}}}}
  sc: {{title: skin, model: first_order, into: central, parameters: {{F: {value(0.9)}, ka: {value(0.03, "1/min")}}}}}
  oral: {{title: mouth, model: two_step, into: portal, parameters: {{F: {value(0.9)}, k_rel: {value(0.05, "1/min")}, ka: {value(0.03, "1/min")}}}}}
  rectal: {{title: rectum, model: first_order, into: portal, parameters: {{F: {value(0.9)}, ka: {value(0.02, "1/min")}}}}}
  depot:
    title: depot
    model: delayed
    into: central
    parameters:
      {{F: {value(0.9)}, share_fast: {value(0.1)}, ka_fast: {value(0.05, "1/hour")}, MTT_slow: {value(5, "day")}, ka_slow: {value(0.1, "1/day")}}}
brain: {{PS: {value(0.5, "L/min")}, Kp_uu: {value(1)}, V_u: {value(3, "L")}}}
receptors:
  mop: {{Ki: {value(1, "nmol/L")}, koff: {value(0.1, "1/min")}, efficacy: {value(0)}}}
products:
  tablet_8mg: {{title: tablet 8 mg, route: intranasal, amount: 8 mg}}
  patch: {{title: patch, route: sc, amount: 5 mg, over: 72 h}}
"""
MIXTURE = """
name: nonsuch
title: Nonsuch
summary: made up
MW: 300
MW_source: made up
parts: {left: 0.25, right: 0.75}
products:
  solution: {title: oral solution, route: oral}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own")
    for name in ("left", "right"):
        (path / "drugs").mkdir(exist_ok=True)
        (path / "drugs" / f"{name}.yaml").write_text(DRUG.replace("NAME", name))
    (path / "mixtures").mkdir()
    (path / "mixtures" / "nonsuch.yaml").write_text(MIXTURE)
    return path


def run(folder: Path, doses: list[dict], until: str = "12 h", **person: object) -> papaver.Result:
    scenario = {"doses": doses, "observe": {"until": until}, "person": {"weight": "70 kg", **person}}
    return papaver.run(papaver.Scenario.from_dict(scenario), data=folder)


def sound(r: papaver.Result) -> None:
    assert r.reasons == [""]
    assert r.broken_laws == []
    assert r.mole_error < 1e-12


def test_it_runs_by_every_route(folder: Path) -> None:
    for route in load_library(folder).drugs["left"].routes:
        r = run(folder, [{"drug": "left", "amount": "10 mg", "route": route}])
        sound(r)
        assert r.outcomes["left.venous.Cmax"][0] > 0


LONG = {"naltrexone-after-detox", "buprenorphine-depot"}
"""Weeks in several arms: more than a minute, and nothing that the others do not show."""


@pytest.mark.parametrize("name", [n for n, f in list_data("scenarios").items() if "body" not in read_yaml(f) and n not in LONG])
def test_it_takes_the_place_of_the_first_drug_of_every_scenario(folder: Path, name: str) -> None:
    raw = read_yaml(list_data("scenarios")[name])
    scenario = papaver.Scenario.from_dict(raw).to_dict()
    if not scenario.get("doses"):
        pytest.skip("gives no dose of its own to everybody")
    first = scenario["doses"][0]
    route = first.get("route", "iv")
    scenario["doses"][0] = {**{k: v for k, v in first.items() if k not in ("product", "salt")}, "drug": "left", "amount": "10 mg"}
    scenario["doses"][0]["route"] = route if route in load_library(folder).drugs["left"].routes or route.startswith("iv") else "im"
    scenario |= {"people": 1}
    scenario["observe"] = {"until": scenario["observe"]["until"]}
    scenario["doses"] = [d for d in scenario["doses"] if "when" not in d]
    made = papaver.Scenario.from_dict(scenario)
    for result in [a.result for a in papaver.run_trial(made, data=folder, out=False).arms] if made.arms else [papaver.run(made, data=folder)]:
        sound(result)


def test_a_mixture_is_given_as_its_parts_and_a_product_brings_its_route(folder: Path) -> None:
    r = run(folder, [{"drug": "Nonsuch", "product": "Oral Solution", "amount": "12 mg"}])
    sound(r)
    given = {d.drug: d.amount for d in r.scenario.doses}
    assert given == {"left": pytest.approx(10_000.0), "right": pytest.approx(30_000.0)}
    assert {d.route for d in r.scenario.doses} == {"oral"}
    (one,) = run(folder, [{"drug": "left", "product": "patch"}]).scenario.doses
    assert (one.route, one.duration) == ("sc", 72 * 60)


def test_an_inhibitor_acid_urine_and_induction_change_the_exposure(folder: Path) -> None:
    dose = [{"drug": "left", "amount": "1 mg", "route": "iv"}]
    plain = run(folder, dose).outcomes["left.venous.AUC"][0]
    assert run(folder, dose, interactions={"CYP3A4": "strong_inhibitor"}).outcomes["left.venous.AUC"][0] > 1.3 * plain
    assert run(folder, dose, urine_pH=5.0).outcomes["left.venous.AUC"][0] < 0.8 * plain
    daily = run(folder, [{**dose[0], "amount": "100 mg", "every": "1 day"}], until="10 day")
    c = daily["left.pk.C1"][0]
    early, late = (float(np.interp(t * 1440 - 1, daily.t, c)) for t in (1, 10))
    assert late < 0.8 * early


def test_saturation_slows_what_a_large_dose_loses(folder: Path) -> None:
    def per_mg(mg: float) -> float:
        return float(run(folder, [{"drug": "right", "amount": f"{mg} mg", "route": "iv"}]).outcomes["right.venous.AUC"][0]) / mg

    assert per_mg(1000) > 1.2 * per_mg(0.1)


@pytest.mark.parametrize(
    ("dose", "message"),
    [
        ({"drug": "left", "product": "tablet 9 mg"}, r"doses\[0\]\.product: Nonsuch left has no product 'tablet 9 mg'; it has tablet 8 mg, patch"),
        ({"drug": "morphine", "product": "tablet"}, r"doses\[0\]\.product: Morphine has no products here; give amount and route"),
        ({"drug": "left", "product": "patch", "amount": "1 mg"}, r"one 'patch' holds 5 mg; leave the amount out"),
        ({"drug": "left", "product": "patch", "route": "iv"}, r"doses\[0\]\.route: the product 'patch' brings its own \(sc\)"),
        ({"drug": "nonsuch", "product": "oral solution"}, r"the product 'oral solution' comes in any dose; give the amount"),
        ({"drug": "left", "route": "iv"}, r"doses\[0\]: the field 'amount' is missing \(or name a product:\)"),
        ({"drug": "left", "amount": "1 mg", "route": "sublingual"}, r"has no route 'sublingual'; it has iv, inhaled"),
    ],
)
def test_bad_products_are_refused_with_what_there_is(folder: Path, dose: dict, message: str) -> None:
    with pytest.raises(PapaverError, match=message):
        run(folder, [dose])


@pytest.mark.parametrize(
    ("person", "message"),
    [
        ({"pregnant": True}, "pregnancy is not modelled"),
        ({"CYP2D6": "quick"}, r"person\.CYP2D6: read 'quick'; allowed are normal, poor"),
        ({"interactions": {"CYP9": "strong_inhibitor"}}, r"person\.interactions: nothing is known of 'CYP9'"),
        ({"interactions": {"CYP3A4": "huge"}}, r"read 'huge'; allowed are none, weak_inhibitor"),
        ({"urine_pH": 12.0}, r"person\.urine_pH: read 12; allowed are 4 to 9"),
        ({"AAG": "9 g/L"}, r"person\.AAG: read '9 g/L'; allowed are 0\.1 to 5"),
    ],
)
def test_bad_people_are_refused(folder: Path, person: dict, message: str) -> None:
    with pytest.raises(PapaverError, match=message):
        run(folder, [{"drug": "left", "amount": "1 mg", "route": "iv"}], **person)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("drugs/left.yaml", "route: sc, amount", "route: rubbed, amount", r"products\.patch\.route: Nonsuch left has no route 'rubbed'"),
        ("drugs/left.yaml", "amount: 8 mg", "amount: 8 min", r"products\.tablet_8mg\.amount: read '8 min'"),
        ("drugs/left.yaml", "amount: 8 mg", "amount: 8 mg, source: nobody_1999", r"products\.tablet_8mg\.source: no record 'nobody_1999'"),
        ("drugs/left.yaml", "Km_other", "Km_othr", r"pk\.Km_other is missing \(pathway other is saturable\)"),
        ("drugs/left.yaml", "induction_tau", "induction_t", r"pk\.induction_tau is missing \(pathway liver is induced\)"),
        ("mixtures/nonsuch.yaml", "0.75", "0.5", r"parts: the molar shares add up to 0\.75; they must add up to 1"),
        ("mixtures/nonsuch.yaml", "right: 0.75", "wrong: 0.75", r"parts\.wrong: unknown drug 'wrong'"),
        ("mixtures/nonsuch.yaml", "title: Nonsuch", "title: Morphine", r"'Morphine' already names morphine"),
    ],
)
def test_bad_files_are_refused(folder: Path, tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    import shutil

    shutil.copytree(folder, tmp_path / "own")
    target = tmp_path / "own" / file
    text = target.read_text()
    assert old in text
    target.write_text(text.replace(old, new))
    with pytest.raises(PapaverError, match=message):
        load_library(tmp_path / "own")
