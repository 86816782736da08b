"""The one exception family of papaver: every message says where, what was read, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PapaverError(Exception):
    """Bad input or an impossible request; the command line prints it as one line and exits with 2."""


class UnitError(PapaverError):
    """A unit that cannot be read, or that has the wrong dimension."""


class ModelError(PapaverError):
    """A component or a system that is not well formed: found when it is defined, not when it runs."""


class DataError(PapaverError):
    """A data file that is wrong: names the file and the field."""


class ScenarioError(PapaverError):
    """A scenario that cannot be run: names the field, what was read and what is allowed."""


class IntegrationError(PapaverError):
    """An integration that did not finish: names the time and the state."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The tail of an error message for an unknown name: the closest known one, or the list of them."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.55)
    if not close:
        lower = {n.lower(): n for n in names}
        close = [lower[m] for m in difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.55)]
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"known: {shown or 'none'}"
