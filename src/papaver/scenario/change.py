"""Changes to a scenario by path, as `--set path=value` gives them: a field of the scenario, or a parameter of the model."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from papaver.bodies.adult import VARIANTS
from papaver.errors import DataError, ScenarioError, nearest
from papaver.evidence.load import Library
from papaver.scenario.model import Dose, History, Observe, Person, Scenario

NESTED: dict[str, type[msgspec.Struct]] = {"person": Person, "person.history": History, "observe": Observe}


def with_changes(scenario: Scenario, changes: Mapping[str, str], library: Library) -> Scenario:
    """A scenario with some values replaced.

    Args:
        changes: path -> value as text: "person.weight": "80 kg", "doses.0.amount": "20 mg", "variants.heroin": "prodrug", "heroin.pk.CL": "3 L/min".

    Raises:
        ScenarioError: no such path (the nearest is suggested), or a value that its field cannot take.
    """
    if not changes:
        return scenario
    raw = scenario.to_dict()
    known = field_types(scenario)
    for path, value in changes.items():
        field = re.sub(r"\[(\d+)\]", r".\1", path)
        if field in known:
            _put(raw, field.split("."), _typed(path, value, known[field]))
        else:
            raw.setdefault("set", {})[_parameter(path, known, library)] = value
    return Scenario.from_dict(raw, "--set")


def field_types(scenario: Scenario) -> dict[str, type]:
    """Every path of a scenario that can be set, with the type of its value: text, whole number, number or list."""
    out: dict[str, type] = {}
    kinds: dict[str, type[msgspec.Struct]] = {"": Scenario, **NESTED, **{f"doses.{k}": Dose for k in range(len(scenario.doses))}}
    for prefix, kind in kinds.items():
        hints = typing.get_type_hints(kind)
        for f in msgspec.structs.fields(kind):
            hint = hints[f.name]
            options = [t for t in typing.get_args(hint) if t is not types.NoneType] if isinstance(hint, types.UnionType) else [hint]
            simple = typing.get_origin(options[0]) or options[0]
            if simple in (str, int, float) or options[0] == list[str]:
                out[f"{prefix}.{f.encode_name}".lstrip(".")] = simple
    out.update((f"variants.{name}", str) for name in VARIANTS)
    return out


def _typed(path: str, value: str, kind: type) -> Any:
    if kind is list:
        return [x.strip() for x in value.split(",") if x.strip()]
    try:
        return kind(value)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise ScenarioError(f"--set {path}: read {value!r}; {what} is needed") from None


def _put(raw: dict[str, Any], path: list[str], value: Any) -> None:
    here: Any = raw
    for key in path[:-1]:
        here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})
    here[path[-1]] = value


def _parameter(path: str, known: Mapping[str, type], library: Library) -> str:
    if path in library.parameters:
        return path
    head, _, tail = path.partition(".")
    try:
        # a synonym of the drug: diamorphine.pk.CL
        named = f"{library.drug(head).name}.{tail}"
    except DataError:
        named = path
    if named in library.parameters:
        return named
    raise ScenarioError(f"--set {path}: there is no such field or parameter; {nearest(named, [*known, *library.parameters])}")
