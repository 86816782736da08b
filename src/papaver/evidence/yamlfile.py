"""Reading YAML from strangers: one file, plain data, no aliases (no bombs), no duplicate keys, bounded size; errors name file and line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from papaver.errors import DataError, PapaverError

MAX_BYTES = 8_000_000
MAX_DEPTH = 50

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """Safe loader that refuses duplicate keys, and reads numbers as YAML 1.2 does: 18:30 and dates are text, 010 is ten, 1e-3 a number."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} stands twice", key.start_mark)
            seen.add(name)
        return dict(super().construct_mapping(node, deep))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if not tag.endswith((":timestamp", ":int", ":float"))]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?\d+$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+\.\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.(inf|Inf|INF))$|\.(nan|NaN|NAN)$"),
    list("-+.0123456789"),
)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))


def _guard(text: str) -> None:
    """Refuse aliases and deep nesting on the event stream, before the C parser composes recursively (it would overflow the stack)."""
    depth = 0
    events: Iterator[Any] = yaml.parse(text, Loader=_Base)
    for event in events:
        mark: Any = event.start_mark
        if isinstance(event, yaml.events.AliasEvent):
            raise yaml.constructor.ConstructorError(None, None, "aliases (*name) are not allowed; write the value out", mark)
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise yaml.constructor.ConstructorError(None, None, f"nested deeper than {MAX_DEPTH} levels", mark)
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1


def read_yaml(path: Path | str, error: type[PapaverError] = DataError) -> Any:
    """Parse a YAML file.

    Raises:
        PapaverError: (of the given class) missing, empty, too large, not YAML, aliases, duplicate keys, NaN or infinity.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise error(f"{path}: this is a folder; a YAML file is needed")
        if size > MAX_BYTES:
            raise error(f"{path}: {size / 1e6:.0f} MB is too large for a YAML file (at most {MAX_BYTES / 1e6:.0f} MB)")
        text = path.read_text(encoding="utf-8")
    except OSError as e:
        raise error(f"{path}: cannot be read ({e.strerror})") from None
    except UnicodeDecodeError:
        raise error(f"{path}: is not UTF-8 text") from None
    return parse_yaml(text, str(path), error)


def parse_yaml(text: str, where: str, error: type[PapaverError] = DataError) -> Any:
    """Parse YAML text; see `read_yaml`."""
    try:
        _guard(text)
        data = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        place = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise error(f"{where}:{place}: {e.problem or 'not readable as YAML'}") from None
    except (yaml.YAMLError, RecursionError) as e:
        raise error(f"{where}: not readable as YAML ({str(e).splitlines()[0] if str(e) else type(e).__name__})") from None
    except ValueError as e:
        raise error(f"{where}: not readable as YAML ({e})") from None
    if data is None:
        raise error(f"{where}: the file is empty")
    _finite(data, where, "", error)
    return data


def _finite(x: Any, where: str, path: str, error: type[PapaverError]) -> None:
    if isinstance(x, float) and not math.isfinite(x):
        raise error(f"{where}: {path.lstrip('.')}: read {x}; a finite number is needed")
    if isinstance(x, dict):
        for k, v in x.items():
            _finite(v, where, f"{path}.{k}", error)
    elif isinstance(x, list):
        for i, v in enumerate(x):
            _finite(v, where, f"{path}[{i}]", error)
