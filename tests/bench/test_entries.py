"""Entries of the evidence collection: where a sample was drawn."""

from __future__ import annotations

import pytest

from papaver.bench.entries import study_from_entry
from papaver.bench.entry_arms import Unusable
from papaver.evidence.load import Library

ENTRY = {
    "id": "codeine.window.made_up", "claim": "Codeine is found for 20 h.", "quantity": "detection_window", "unit": "hour", "value": 20,
    "protocol": {"drug": "codeine", "route": "oral", "dose": {"value": 30, "unit": "mg"}, "notes": "cut-off 1 ng/mL"},
    "source": {"citation": "Made-up authors 2024"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "matrix"),
    [
        ("codeine, saliva", "oral_fluid"),
        ("codeine in neat oral fluid", "oral_fluid"),
        ("codeine, saliva and urine", "urine"),
        ("codeine in plasma", "plasma"),
    ],
)
def test_the_matrix_stands_in_the_words(library: Library, words: str, matrix: str) -> None:
    o = study_from_entry({**ENTRY, "analyte_or_site": words}, library).observations[0]
    assert (o.matrix, o.limit) == (matrix, "1 ng/mL")
    assert (o.conflict_group or "").split("|")[2] == {"plasma": "blood"}.get(matrix, matrix)


def test_hair_is_refused(library: Library) -> None:
    with pytest.raises(Unusable, match="matrix not simulated: 'codeine, hair'"):
        study_from_entry({**ENTRY, "analyte_or_site": "codeine, hair"}, library)
