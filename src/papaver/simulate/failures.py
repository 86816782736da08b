"""Why integrations failed: people counted by kind of failure and by the state that was worst."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

_REASON = re.compile(r"(?P<what>.+?) at (?P<time>[-+.\deE]+) min(?:, worst in (?P<state>[^;]+))?(?:;|$)")
"""What the solver writes: "the step became too small at 30 min, worst in heroin.pk.A1; try ..."."""


@dataclass(frozen=True)
class Failure:
    """People whose integration failed alike: what happened, the state that was worst, how many, the first of them, the earliest time in min."""

    what: str
    state: str | None
    people: int
    first_person: int
    earliest: float | None

    def __str__(self) -> str:
        where = f", worst in {self.state}" if self.state else ""
        when = "" if self.earliest is None else f"; earliest at {self.earliest:g} min"
        return f"{self.what}{where} ({self.people} {'person' if self.people == 1 else 'people'}, first person {self.first_person}{when})"

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for the manifest."""
        return asdict(self)


def failures(reasons: Sequence[str], first_person: int = 0) -> list[Failure]:
    """Failures by kind and state, the commonest first.

    Args:
        reasons: per person, empty or why the integration failed.
    """
    found: dict[tuple[str, str | None], list[tuple[int, float | None]]] = {}
    for person, reason in enumerate(reasons, first_person):
        if not reason:
            continue
        m = _REASON.match(reason)
        key = (m["what"], m["state"]) if m else (reason, None)
        found.setdefault(key, []).append((person, float(m["time"]) if m else None))
    rows = [
        Failure(what, state, len(who), who[0][0], min((t for _, t in who if t is not None), default=None)) for (what, state), who in found.items()
    ]
    return sorted(rows, key=lambda f: (-f.people, f.first_person))
