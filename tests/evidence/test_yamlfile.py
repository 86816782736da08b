"""YAML from strangers: what is refused, with file and line, and what the plain types are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papaver.errors import DataError, PapaverError, ScenarioError
from papaver.evidence.yamlfile import MAX_BYTES, parse_yaml, read_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{q}: &{q} [{', '.join([f'*{p}'] * 9)}]\n" for p, q in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, r"f\.yaml: line 2, column 8: aliases \(\*name\) are not allowed"),
        ("a: 1\nb: 2\na: 3\n", r"f\.yaml: line 3, column 1: the key 'a' stands twice"),
        ("a: {b: 1, b: 1}", "the key 'b' stands twice"),
        ("a: .nan", r"f\.yaml: a: read nan; a finite number is needed"),
        ("a: [1, {b: -.inf}]", r"a\[1\]\.b: read -inf"),
        ("a: 1e999", "a: read inf"),
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("a: [1, 2", r"f\.yaml: line \d+, column \d+: "),
        ("a: 1\n b: 2\n", r"line 2"),
        ("a: 1\n---\nb: 2\n", "another document"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("? [a]\n: 1", "unhashable key"),
        ("a: \x00", "not readable as YAML"),
        ("a: " + "9" * 5000, "not readable as YAML"),
        ("[" * 60 + "]" * 60, "nested deeper than 50 levels"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_yaml(text, "f.yaml")


def test_a_tower_of_brackets_does_not_overflow_the_stack() -> None:
    """In a process of its own: what must not happen here is a crash of the interpreter."""
    code = "from papaver.evidence.yamlfile import parse_yaml\ntry: parse_yaml('[' * 300000, 'f')\nexcept Exception as e: print(e)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}, check=False)
    assert done.returncode == 0
    assert "nested deeper" in done.stdout


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18:30", "18:30"),
        ("08:00", "08:00"),
        ("12:30:01.5", "12:30:01.5"),
        ("2020-01-01", "2020-01-01"),
        ("010", 10),
        ("1e-3", 0.001),
        ("1.5E3", 1500.0),
        ("-7", -7),
        ("+.5", 0.5),
        ("1.", 1.0),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("10 mg", "10 mg"),
        ("true", True),
        ("null", None),
        ("'5'", "5"),
        (".", "."),
        ("-", None),
    ],
)
def test_scalars_are_read_as_they_look(text: str, value: object) -> None:
    if text == "-":
        assert parse_yaml("- 1", "f") == [1]
        return
    read = parse_yaml(f"x: {text}", "f")["x"]
    assert read == value
    assert type(read) is type(value)


def test_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.yaml: cannot be read \(No such file or directory\)"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(DataError, match="this is a folder"):
        read_yaml(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("a: \xe9".encode("latin-1"))
    with pytest.raises(DataError, match="is not UTF-8 text"):
        read_yaml(tmp_path / "latin.yaml")
    (tmp_path / "big.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(DataError, match=r"8 MB is too large for a YAML file \(at most 8 MB\)"):
        read_yaml(tmp_path / "big.yaml")
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(ScenarioError, match="the file is empty"):
        read_yaml(tmp_path / "empty.yaml", ScenarioError)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_our_error(text: str) -> None:
    try:
        parse_yaml(text, "f.yaml")
    except PapaverError as e:
        assert str(e).startswith("f.yaml:")  # noqa: PT017
