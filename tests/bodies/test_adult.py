"""The adult body: what is assembled, what every parameter is bound to, variants, covariates, shares."""

from __future__ import annotations

import numpy as np
import pytest

from papaver.bodies.adult import adult, check_variants, closure
from papaver.bodies.values import parameter_matrix, person_values, spreads
from papaver.errors import DataError, ScenarioError
from papaver.evidence.load import DATA, Library, load_library

PERSON = {"weight": 70.0, "age": 30.0, "eGFR": 96.0, "sex": "male", "liver": "normal", "history": "naive", "urine_pH": 6.2, "AAG": 0.77}
LIBRARY = load_library()
ROUTES = [(d.name, r) for d in LIBRARY.drugs.values() for r in d.routes]


@pytest.mark.parametrize(("drug", "route"), ROUTES)
def test_every_route_of_every_drug_wires_and_binds(library: Library, drug: str, route: str) -> None:
    body = adult(library, [(drug, route)])
    assert set(body.bindings) == set(body.program.param_names)
    assert body.ports[drug, route] in body.program.doses
    assert np.isfinite(parameter_matrix(body, library, person_values(body, library, PERSON))).all()


def test_only_what_a_scenario_needs_is_assembled(library: Library) -> None:
    assert adult(library, [("m6g", "iv")]).drugs == closure(library, ["m6g"])
    assert "heroin" not in adult(library, [("morphine", "iv")]).drugs
    assert closure(library, ["heroin"])[:3] == ("heroin", "six_mam", "morphine")


def test_adding_a_drug_is_one_data_file(data) -> None:
    """No Python, no registry: a copy of M6G under another name can be dosed."""
    text = (DATA / "drugs" / "m6g.yaml").read_text().replace("name: m6g", "name: newdrug", 1)
    lines = ["title: Newdrug" if x.startswith("title:") else "synonyms: []" if x.startswith("synonyms:") else x for x in text.splitlines()]
    (data.path / "drugs" / "newdrug.yaml").write_text("\n".join(lines))
    library = data.load()
    route = next(iter(library.drugs["newdrug"].routes))
    body = adult(library, [("newdrug", route)])
    assert "newdrug.pk.A1" in body.program.state_names


def test_a_missing_route(library: Library) -> None:
    with pytest.raises(ScenarioError, match=r"M6G has no route 'nasal'; it has iv|has no route 'nasal'; it has"):
        adult(library, [("m6g", "nasal")])


def test_variants(library: Library) -> None:
    active, prodrug = adult(library, [("heroin", "iv")]), adult(library, [("heroin", "iv")], {"heroin": "prodrug"})
    assert "mop.rho[heroin]" in active.program.state_names
    assert "mop.rho[heroin]" not in prodrug.program.state_names
    assert active.program.hash != prodrug.program.hash
    assert check_variants({})["heroin"] == "active"
    with pytest.raises(ScenarioError, match=r"variants: unknown variant 'herion'; did you mean 'heroin'\?"):
        check_variants({"herion": "active"})
    with pytest.raises(ScenarioError, match=r"variants\.heroin: read 'off'; allowed are active, prodrug"):
        check_variants({"heroin": "off"})


def test_a_value_with_the_wrong_dimension_is_refused(data) -> None:
    data.edit("drugs/heroin.yaml", lambda raw: raw["pk"]["CL"].update(unit="L"))
    with pytest.raises(DataError, match=r"heroin\.yaml: heroin\.pk\.CL\.unit: read 'L'; heroin\.pk\.CL needs 'L/min'"):
        adult(data.load(), [("heroin", "iv")])


def test_other_units_of_the_same_dimension_are_converted(data) -> None:
    per_hour = data.load().parameters["heroin.pk.CL"].internal * 60
    data.edit("drugs/heroin.yaml", lambda raw: raw["pk"]["CL"].update(unit="L/hour", value=per_hour))
    assert data.load().parameters["heroin.pk.CL"].internal == pytest.approx(per_hour / 60)


def value(library: Library, path: str, **person: object) -> float:
    body = adult(library, [("heroin", "iv"), ("morphine", "oral")])
    return person_values(body, library, {**PERSON, **person})[path]


def test_covariates_scale_what_they_should(library: Library) -> None:
    number = {p: v.internal for p, v in library.parameters.items()}
    ratio = value(library, "heroin.pk.CL", weight=100.0) / value(library, "heroin.pk.CL")
    assert ratio == pytest.approx((100 / 70) ** number["covariate.weight_clearance.exponent"])
    assert value(library, "heroin.pk.V1", weight=100.0) / value(library, "heroin.pk.V1") == pytest.approx(100 / 70)
    ratio = value(library, "enzymes.kidney.activity", eGFR=20.0) / value(library, "enzymes.kidney.activity")
    assert ratio == pytest.approx((20 / 96) ** number["covariate.renal.exponent"])
    assert value(library, "liver.perfused", liver="child_pugh_C") == pytest.approx(number["covariate.liver_shunt.child_pugh_C"])
    assert value(library, "circulation.Q_H", age=70.0) == pytest.approx(
        number["circulation.Q_H"] * (1 - number["covariate.age_liver_flow.slope"] * 40)
    )
    assert value(library, "circulation.Q_H", age=20.0) == pytest.approx(number["circulation.Q_H"])


def test_the_remainder_pathway_takes_what_the_others_leave(library: Library) -> None:
    body = adult(library, [("heroin", "iv")])
    P = parameter_matrix(body, library, person_values(body, library, PERSON))[0]
    shares = {n: P[k] for k, n in enumerate(body.program.param_names) if n.startswith("heroin.pk.fm[")}
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert shares["heroin.pk.fm[hce2]"] == pytest.approx(
        1 - shares["heroin.pk.fm[hce1]"] - shares["heroin.pk.fm[bche]"] - shares["heroin.pk.fm[renal]"]
    )


@pytest.mark.parametrize("people", [1, 5])
def test_typical_shares_above_one_are_refused_for_one_and_for_many(library: Library, people: int) -> None:
    wide = library.with_values({"heroin.pk.fm_hce1": 0.7, "heroin.pk.fm_bche": 0.7})
    body = adult(wide, [("heroin", "iv")])
    draws = {} if people == 1 else {p: np.zeros(people) for p in spreads(body, wide)}
    with pytest.raises(DataError, match=r"heroin\.pk\.fm\[hce2\]: the shares .* add up to 1\.4\d*; at most 1"):
        parameter_matrix(body, wide, person_values(body, wide, PERSON), draws, people)


def test_spreads_are_standard_deviations_on_the_log_or_logit_scale(library: Library) -> None:
    body = adult(library, [("heroin", "iv")])
    kinds = spreads(body, library)
    cv = library.parameters["heroin.pk.CL"].value.spread.value / 100
    assert kinds["heroin.pk.CL"] == ("log", pytest.approx(np.sqrt(np.log(1 + cv**2))))
    assert kinds["heroin.pk.fm_bche"][0] == "logit"


def test_draws_move_parameters_log_normally_and_fractions_on_the_logit_scale(library: Library) -> None:
    body = adult(library, [("heroin", "iv")])
    values = person_values(body, library, PERSON)
    z = np.array([-1.0, 0.0, 2.0])
    P = parameter_matrix(body, library, values, {"heroin.pk.CL": z, "heroin.pk.fm_bche": z}, 3)
    column = {n: P[:, k] for k, n in enumerate(body.program.param_names)}
    kinds = spreads(body, library)
    assert column["heroin.pk.CL"] == pytest.approx(values["heroin.pk.CL"] * np.exp(kinds["heroin.pk.CL"][1] * z))
    x = values["heroin.pk.fm_bche"]
    logit = np.log(x / (1 - x)) + kinds["heroin.pk.fm_bche"][1] * z
    assert column["heroin.pk.fm[bche]"] == pytest.approx(1 / (1 + np.exp(-logit)))
    assert column["heroin.pk.V1"] == pytest.approx(np.full(3, values["heroin.pk.V1"]))


def test_oral_fluid_is_an_output_without_a_state_where_a_ratio_is_known(library: Library) -> None:
    program = adult(library, [("codeine", "oral")]).program
    assert "codeine.oral_fluid.C" in program.flat.outputs
    assert not any("oral_fluid" in name for name in program.state_names)
    # no ratio is known of a glucuronide
    assert "m3g.oral_fluid.C" not in program.flat.outputs


def test_an_oral_fluid_section_needs_its_ratio(data) -> None:
    data.edit("drugs/codeine.yaml", lambda raw: raw.update(oral_fluid={"quotient": raw["oral_fluid"]["ratio"]}))
    with pytest.raises(DataError, match=r"oral_fluid\.ratio is missing \(oral fluid has one number, the ratio to venous plasma\)"):
        data.load()
