"""A molecule's page: the studies it was judged on, worst first, and the figure of its routes."""

from __future__ import annotations

from papaver.cli import main
from papaver.evidence.load import load_library
from papaver.report.drug import judged, judged_lines, page, routes_svg

LIBRARY = load_library()


def test_a_molecule_is_judged_on_what_measures_it_and_the_worst_stands_first() -> None:
    rows = judged(LIBRARY, "lofexidine")
    assert len(rows) >= 10
    assert all(r.drug == "lofexidine" or "lofexidine" in r.observation.analyte for r in rows)
    head, *lines = judged_lines(rows)
    assert head.startswith(f"judged on {len(rows)} observations of")
    folds = [float(word[:-5]) for line in lines for word in line.split() if word.endswith("-fold")]
    assert folds == sorted(folds, reverse=True)


def test_what_no_study_measures_says_so() -> None:
    assert judged_lines([]) == ["judged on nothing: no study in the library measures it"]


def test_the_figure_has_a_line_and_a_name_for_every_route() -> None:
    svg = routes_svg(LIBRARY, "nalmefene")
    assert all(r.title.split("(")[0].strip() in svg for r in LIBRARY.drugs["nalmefene"].routes.values())
    assert routes_svg(LIBRARY, "benzoylecgonine") == ""


def test_a_page_stands_alone_and_a_mixture_has_one() -> None:
    html = page(LIBRARY, "medetomidine")
    assert html.startswith("<!doctype html>")
    assert "<svg" in html
    assert "http-equiv" not in html
    assert "src=" not in html


def test_explain_writes_a_page_and_refuses_what_is_no_molecule(tmp_path, capsys) -> None:
    target = tmp_path / "m6g.html"
    assert main(["explain", "m6g", "--html", str(target)]) == 0
    assert "Morphine-6-glucuronide" in target.read_text()
    assert main(["explain", "circulation", "--html", str(tmp_path / "c.html")]) == 2
    assert "unknown drug 'circulation'" in capsys.readouterr().err
