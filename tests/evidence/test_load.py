# ruff: noqa: E501 - a row of a table of broken data stays on its line
"""The shipped data load; and when one thing in them is broken, the refusal names file, field, what was read and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from papaver.errors import DataError
from papaver.evidence.load import DATA, find_file, list_data, load_library
from papaver.evidence.yamlfile import read_yaml
from papaver.units import Unit

DRUGS = sorted(f.stem for f in (DATA / "drugs").glob("*.yaml"))


def test_every_file_of_the_folder_is_in_the_library(library) -> None:
    assert sorted(library.drugs) == DRUGS
    assert set(library.sources) == {f.stem for f in (DATA / "sources").glob("*.yaml")}
    assert len(library.hash) == 64


@pytest.mark.parametrize("name", DRUGS)
def test_shares_of_pathways_and_volumes_are_plausible(library, name: str) -> None:
    drug = library.drugs[name]
    shares = [library.parameters[f"{name}.pk.fm_{k}"].internal for k, w in drug.elimination.items() if not w.remainder]
    assert 0 <= sum(shares) <= 1
    assert 0.1 <= library.parameters[f"{name}.pk.V1"].internal / library.parameters[f"{name}.pk.CL"].internal <= 1e6


@pytest.mark.parametrize("name", DRUGS)
def test_every_value_says_where_it_comes_from(library, name: str) -> None:
    for path, p in library.parameters.items():
        if path.startswith(name + "."):
            v = p.prior or p.value
            assert v.reason if v.basis == "assumed" else (v.source in library.sources and v.where and v.population), path


def test_every_unit_parses(library) -> None:
    for p in library.parameters.values():
        Unit.parse(p.value.unit)


def test_every_source_is_used(library) -> None:
    """A source that nothing cites is a leftover (studies may cite it too, hence the text search)."""
    text = "".join(f.read_text(encoding="utf-8") for f in DATA.rglob("*.yaml") if f.parent.name != "sources")
    assert [s for s in library.sources if s not in text] == []


@pytest.mark.parametrize("word", ["heroin", "Heroin", "diamorphine", "DIACETYLMORPHINE", "diacetyl-morphine"])
def test_drugs_are_found_by_synonym(library, word: str) -> None:
    assert library.drug(word).name == "heroin"


def test_unknown_names_suggest_the_nearest(library) -> None:
    with pytest.raises(DataError, match=r"unknown drug 'herion'; did you mean 'heroin'\?"):
        library.drug("herion")
    with pytest.raises(DataError, match=r"unknown parameter 'heroin\.pk\.Cl'; did you mean 'heroin\.pk\.CL'\?"):
        library.parameter("heroin.pk.Cl")
    with pytest.raises(DataError, match=r"no scenario 'heroin-ivv'; did you mean 'heroin-iv'\?"):
        find_file("heroin-ivv", "scenarios")
    with pytest.raises(DataError, match=r"nowhere\.yaml: no such file"):
        find_file("nowhere.yaml", "scenarios")
    assert find_file("heroin-iv", "scenarios") == list_data("scenarios")["heroin-iv"]


def test_with_values_replaces_and_leaves_the_original(library) -> None:
    changed = library.with_values({"heroin.pk.CL": 9.0})
    assert changed.parameters["heroin.pk.CL"].internal == 9.0
    assert library.parameters["heroin.pk.CL"].internal != 9.0
    with pytest.raises(DataError, match="unknown parameter"):
        library.with_values({"heroin.pk.XX": 1.0})


def test_hash_follows_the_bytes(data) -> None:
    before = data.load().hash
    (data.path / "sources" / "icrp_89.yaml").open("a").write("# a comment\n")
    assert data.load().hash != before


HEROIN, M3G = "drugs/heroin.yaml", "drugs/m3g.yaml"


def set_value(*keys: str, **fields: object) -> Callable[[dict], None]:
    def change(raw: dict) -> None:
        for key in keys:
            raw = raw[key]
        for name, value in fields.items():
            if value is None:
                raw.pop(name)
            else:
                raw[name] = value

    return change


def put(*keys: str, value: object) -> Callable[[dict], None]:
    def change(raw: dict) -> None:
        for key in keys[:-1]:
            raw = raw.setdefault(key, {})
        if value is None:
            del raw[keys[-1]]
        else:
            raw[keys[-1]] = value

    return change


CL = ("pk", "CL")


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        # the value itself
        (HEROIN, set_value(*CL, value="four"), r"pk\.CL\.value: read 'four'; expected `float`"),
        (HEROIN, set_value(*CL, value=None), r"pk\.CL: the field 'value' is missing"),
        (HEROIN, set_value(*CL, unit=None), r"pk\.CL: the field 'unit' is missing"),
        (HEROIN, set_value(*CL, unit="L/mim"), r"heroin\.pk\.CL\.unit: unknown unit 'mim' in 'L/mim'; did you mean"),
        (HEROIN, set_value(*CL, valeu=3), r"pk\.CL: unknown field 'valeu'; did you mean 'value'\?"),
        (HEROIN, set_value(*CL, basis="guessed"), r"pk\.CL\.basis: read 'guessed'"),
        # provenance
        (HEROIN, set_value(*CL, source=None), r"heroin\.pk\.CL: the basis is 'derived', so 'source' is needed; without one write basis: assumed and a reason"),
        (HEROIN, set_value(*CL, where=" "), r"heroin\.pk\.CL: the basis is 'derived', so 'where' is needed"),
        (HEROIN, set_value(*CL, population=None), r"so 'population' is needed"),
        (HEROIN, set_value(*CL, source="rentsch_2010"), r"heroin\.pk\.CL\.source: no record 'rentsch_2010' in data/sources; did you mean 'rentsch_2001'\?"),
        (HEROIN, set_value("pk", "V1", reason=None), r"heroin\.pk\.V1: the basis is 'assumed', so a reason is needed"),
        # absurd numbers
        (HEROIN, set_value(*CL, unit="L/s"), r"heroin\.pk\.CL: read 240 L/min, implausible for a clearance \(allowed 1e-05 to 40 L/min\); check the unit"),
        (HEROIN, set_value("pk", "V1", unit="uL"), r"heroin\.pk\.V1: read 1\.2e-05 L, implausible for a volume"),
        (HEROIN, set_value("pk", "fm_bche", value=17), r"heroin\.pk\.fm_bche\.spread: logit_sd is for fractions between 0 and 1; the value is 17 1"),
        (HEROIN, set_value("pk", "fu", value=1.3), r"heroin\.pk\.fu: read 1\.3 1, implausible for a fraction \(allowed 0 to 1 1\)"),
        (HEROIN, set_value(*CL, spread={"kind": "cv", "value": 0.16}), r"heroin\.pk\.CL\.spread: read a CV of 0\.16 %; allowed are 3 to 400\. .*variance"),
        (HEROIN, set_value(*CL, uncertainty={"kind": "cv", "value": 900}), r"heroin\.pk\.CL\.uncertainty: read a CV of 900 %; allowed are 3 to 400"),
        (HEROIN, set_value(*CL, spread={"kind": "logit_sd", "value": 0.5}), r"logit_sd is for fractions between 0 and 1; the value is 4 L/min"),
        (HEROIN, set_value("pk", "fm_bche", spread={"kind": "logit_sd", "value": 9}), r"read a logit SD of 9; allowed are 0\.02 to 4"),
        (HEROIN, set_value(*CL, covariates=["wieght_clearance"]), r"heroin\.pk\.CL\.covariates: no covariate model 'wieght_clearance'; did you mean 'weight_clearance'\?"),
        # the molecule
        (HEROIN, put("name", value="herion"), r"name: read 'herion'; it must be the file's name, 'heroin'"),
        (HEROIN, put("MW", value=0), r"MW: read 0; expected `float` > 0"),
        (HEROIN, put("MW", value=-369.41), r"MW: read -369\.41; expected `float` > 0"),
        (HEROIN, put("salts", "hcl", "MW", value=0), r"salts\.hcl\.MW: read 0; expected `float` > 0"),
        (HEROIN, put("structure", value="five_compartment"), r"structure: read 'five_compartment'"),
        (HEROIN, put("pk", "Q", value=None), r"pk\.Q is missing \(structure two_compartment\)"),
        (HEROIN, put("pk", "fm_hce1", value=None), r"pk\.fm_hce1 is missing \(share of pathway hce1\)"),
        (HEROIN, set_value("pk", "fm_bche", value=0.98), r"pk\.fm_\*: the shares of the pathways add up to 1\.019; at most 1"),
        (HEROIN, put("elimination", "hce2", "remainder", value=False), r"exactly one pathway takes the remainder \(remainder: true\); read none"),
        (HEROIN, put("elimination", "bche", "remainder", value=True), r"exactly one pathway takes the remainder .*read \['hce2', 'bche'\]"),
        (HEROIN, put("elimination", "bche", "forms", value="heroin"), r"elimination\.bche\.forms: heroin cannot form itself"),
        (HEROIN, put("elimination", "bche", "forms", value="six_man"), r"elimination\.bche\.forms: unknown drug 'six_man'; did you mean 'six_mam'\?"),
        (HEROIN, put("elimination", "bche", "site", value="brain"), r"elimination\.bche\.site: read 'brain'"),
        (HEROIN, put("routes", "im", "parameters", "ka", value=None), r"im\.ka is missing \(route im is first_order\)"),
        (HEROIN, put("routes", "im", "model", value="biphasic"), r"im\.ka_fast is missing \(route im is biphasic\)"),
        (HEROIN, put("routes", "oral", "arrives_as", value="morphin"), r"routes\.oral\.arrives_as: unknown drug 'morphin'; did you mean 'morphine'\?"),
        (HEROIN, put("mast_cells", "EC5", value={"value": 1, "unit": "1", "basis": "assumed", "reason": "x"}), r"mast_cells\.EC5: read 'EC5'; a molecule says EC50"),
        (M3G, put("routes", "iv", "into", value="portal"), r"routes\.iv\.into: portal needs a liver pathway of m3g, which has none"),
    ],
)  # fmt: skip
def test_one_broken_thing(data, file: str, change: Callable[[dict], None], message: str) -> None:
    data.edit(file, change)
    with pytest.raises(DataError, match=message) as refusal:
        data.load()
    assert Path(file).name in str(refusal.value)


def test_volume_over_clearance_of_five_milliseconds(data) -> None:
    """Each number alone passes its bounds; together they would empty the blood in milliseconds."""
    data.edit(HEROIN, set_value("pk", "CL", value=39.0))
    data.edit(HEROIN, set_value("pk", "V1", value=0.1))
    with pytest.raises(
        DataError, match=r"heroin\.yaml: pk\.V1 / pk\.CL is 0\.00256 min, implausible \(allowed 0\.1 min to 1e6 min\); check the units of both"
    ):
        data.load()


def test_source_records(data) -> None:
    target = data.path / "sources" / "rentsch_2001.yaml"
    text = target.read_text()
    target.write_text(text.replace("id: rentsch_2001", "id: rentsch_2002"))
    with pytest.raises(DataError, match=r"rentsch_2001\.yaml: id: read 'rentsch_2002'; it must be the file's name, 'rentsch_2001'"):
        data.load().sources["rentsch_2001"]
    target.write_text(text.replace("seen: review", "seen: heard"))
    with pytest.raises(DataError, match=r"rentsch_2001\.yaml: seen: read 'heard'"):
        data.load().sources["rentsch_2001"]


def test_every_source_record_is_readable() -> None:
    sources = load_library().sources
    assert len([sources[name].citation for name in sources]) == len(sources) > 100


def test_two_files_for_one_molecule(data, tmp_path: Path) -> None:
    extra = tmp_path / "mine"
    (extra / "drugs").mkdir(parents=True)
    heroin = (data.path / HEROIN).read_text()
    (extra / "drugs" / "heroin.yaml").write_text(heroin)
    with pytest.raises(DataError, match=r"mine.drugs.heroin\.yaml: there is already a drug 'heroin': two files for one molecule"):
        load_library.__wrapped__(extra)
    (extra / "drugs" / "heroin.yaml").unlink()
    (extra / "drugs" / "diamorphine.yaml").write_text(heroin.replace("name: heroin", "name: diamorphine", 1))
    with pytest.raises(
        DataError, match=r"diamorphine\.yaml: .* already names heroin: two files for one molecule|heroin\.yaml: .* already names diamorphine"
    ):
        load_library.__wrapped__(extra)


def test_a_drug_of_the_users_own(data, tmp_path: Path) -> None:
    extra = tmp_path / "mine"
    (extra / "drugs").mkdir(parents=True)
    text = (data.path / "drugs" / "six_mam.yaml").read_text().replace("name: six_mam", "name: mymam", 1).replace("title: 6-MAM", "title: My MAM", 1)
    lines = [line if not line.startswith("synonyms:") else "synonyms: []" for line in text.splitlines()]
    (extra / "drugs" / "mymam.yaml").write_text("\n".join(lines))
    assert load_library.__wrapped__(extra).drug("my mam").name == "mymam"
    with pytest.raises(DataError, match="no such data folder"):
        load_library.__wrapped__(tmp_path / "nowhere")


COVARIATES = "populations/covariates.yaml"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("renal", "form", value="powr"), r"renal\.form: read 'powr'; allowed are power, table, decline"),
        (put("renal", "covariate", value="egfr"), r"renal\.covariate: read 'egfr'; did you mean 'eGFR'\?"),
        (put("renal", "exponent", value=None), r"renal: form power needs exactly 'exponent'"),
        (put("renal", "refrence", value=96), r"renal: unknown field 'refrence'; did you mean 'reference'\?"),
        (put("renal", "reference", value=0), r"renal\.reference: read 0; a positive number in mL/min/1\.73m2 is needed"),
        (put("renal", "reference", value="96 mL"), r"renal\.reference: read '96 mL'"),
        (put("renal", "covariate", value="sex"), r"renal\.covariate: form power needs a number, read 'sex'"),
        (put("liver_ugt", "child_pugh_D", value={"value": 1, "unit": "1", "basis": "assumed", "reason": "x"}), r"liver_ugt\.child_pugh_D: no level of liver; did you mean"),
        (put("renal", value=3), r"renal: read 3; a mapping"),
    ],
)  # fmt: skip
def test_broken_covariate_models(data, change: Callable[[dict], None], message: str) -> None:
    data.edit(COVARIATES, change)
    with pytest.raises(DataError, match=message) as refusal:
        data.load()
    assert "covariates.yaml" in str(refusal.value)


def test_physiology_needs_values(data) -> None:
    data.edit("physiology/circulation.yaml", put("Q_H", value=1.5))
    with pytest.raises(DataError, match=r"circulation\.yaml: circulation\.Q_H: read 1\.5; a mapping of values is needed"):
        data.load()


CALIBRATION = """
fit: demo
command: papaver fit demo
observations: 3
objective: 1.0
objective_at_prior: 2.0
parameters:
  - {path: %s, value: 300, unit: %s, uncertainty_cv: 10, prior: 4, shift_in_prior_sd: 0.3}
"""


def test_calibration_moves_a_value_and_keeps_the_prior(data) -> None:
    (data.path / "calibration").mkdir()
    (data.path / "calibration" / "demo.yaml").write_text(CALIBRATION % ("heroin.pk.CL", "L/hour"))
    p = data.load().parameters["heroin.pk.CL"]
    assert p.internal == pytest.approx(5.0)
    assert p.prior is not None
    assert p.value.basis == "estimated"
    assert load_library.__wrapped__(without="demo").parameters["heroin.pk.CL"].internal == p.prior.value
    (data.path / "calibration" / "demo.yaml").write_text(CALIBRATION % ("heroin.pk.Cl", "L/hour"))
    with pytest.raises(DataError, match=r"heroin\.pk\.Cl: there is no such parameter; run `papaver fit demo` again"):
        data.load()
    (data.path / "calibration" / "demo.yaml").write_text(CALIBRATION % ("heroin.pk.CL", "L"))
    with pytest.raises(DataError, match=r"demo\.yaml: heroin\.pk\.CL: cannot convert 'L' \(L\) to 'L/min'"):
        data.load()


def test_a_fit_of_effects_lies_over_the_fits_of_concentrations(data) -> None:
    (data.path / "calibration").mkdir()
    for name, value in (("zz_pk", "300"), ("demo_effects", "360")):
        text = (CALIBRATION % ("heroin.pk.CL", "L/hour")).replace("value: 300", f"value: {value}")
        (data.path / "calibration" / f"{name}.yaml").write_text(text)
    assert data.load().parameters["heroin.pk.CL"].internal == pytest.approx(6.0)
    # the priors of a fit are the data, not what a fit that was built on it made of them
    plain = load_library.__wrapped__(without="zz_pk").parameters["heroin.pk.CL"]
    assert plain.prior is None
    assert load_library.__wrapped__(without="demo_effects").parameters["heroin.pk.CL"].internal == pytest.approx(5.0)


def test_every_value_of_the_acute_fit_is_the_one_in_use() -> None:
    fitted = read_yaml(DATA / "calibration" / "acute_effects.yaml")["parameters"]
    used = load_library().parameters
    assert {f["path"]: used[f["path"]].value.value for f in fitted} == {f["path"]: f["value"] for f in fitted}
