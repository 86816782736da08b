"""Our units against Pint, for every unit of the product's data and of the evidence collection beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from papaver.errors import UnitError
from papaver.evidence.load import DATA
from papaver.units import Unit

pint = pytest.importorskip("pint")
EVIDENCE = Path(__file__).resolve().parents[3] / "shared" / "evidence"
ONLY_PAPAVER = {
    "mL/min/1.73m2": "Pint reads no number before a unit below the line",
    "mL/min/1.73m2/year": "the same",
}
"""Units that only we can read, with the reason. Units that only Pint can read: none, and the test below keeps it so."""

INTERNAL = {
    "min": "minute", "nmol": "nanomole", "L": "liter", "mg": "milligram", "kg": "kilogram", "mm": "millimeter", "mmHg": "mmHg", "m2": "meter**2",
    "degC": "delta_degC", "J": "joule",
}  # fmt: skip


def units_in(folder: Path) -> set[str]:
    found: set[str] = set()

    def walk(x: Any) -> None:
        if isinstance(x, dict):
            if isinstance(x.get("unit"), str):
                found.add(x["unit"])
            for v in x.values():
                walk(v)
        elif isinstance(x, list):
            for v in x:
                walk(v)

    for file in sorted(folder.rglob("*.yaml")):
        walk(yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    return found


def check(texts: set[str]) -> None:
    ureg = pint.UnitRegistry()
    only_ours, wrong = [], []
    for text in sorted(texts):
        ours = Unit.parse(text)
        try:
            # our degC counts degrees above 0 °C: a scale, with no other zero to convert to
            theirs = 1 * ureg.parse_units(text.replace("degC", "delta_degC"))
        except Exception:
            only_ours.append(text)
            continue
        target = ureg.Unit("")
        for base, n in ours.dims:
            target = target * ureg.parse_units(INTERNAL[base]) ** float(n)
        factor = theirs.to(target).magnitude
        if factor != pytest.approx(ours.factor, rel=1e-6):
            wrong.append((text, ours.factor, factor))
    assert wrong == []
    assert set(only_ours) <= set(ONLY_PAPAVER)


def test_units_of_the_product_data() -> None:
    check(units_in(DATA))


def test_units_of_the_evidence_collection() -> None:
    if not EVIDENCE.is_dir():
        pytest.skip("the evidence collection does not lie beside this checkout (../shared/evidence)")
    texts = units_in(EVIDENCE)
    assert len(texts) > 50
    check(texts)


def test_the_list_of_units_that_only_we_can_read_is_true() -> None:
    ureg = pint.UnitRegistry()
    for text in ONLY_PAPAVER:
        Unit.parse(text)
        with pytest.raises(Exception):  # noqa: B017, PT011 - Pint raises many kinds
            ureg.parse_units(text)


@pytest.mark.parametrize("text", ["furlong", "mg/fortnight", "celsius", "IU"])
def test_units_that_medicine_does_not_need_are_refused_by_us(text: str) -> None:
    with pytest.raises(UnitError):
        Unit.parse(text)
