"""papaver: an executable, evidence-checked model of heroin and the other opioids in the human body.

    >>> import papaver
    >>> result = papaver.run("heroin-iv", out=False)
    >>> result["morphine.pk.C1"].shape[0]
    1

Research and teaching software: no medical device, no dosing advice.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from papaver.api import ReplayReport, drugs, equations, explain, load_scenario, replay, resume, run, run_trial, scenarios, simulate
    from papaver.errors import PapaverError
    from papaver.scenario import Dose, History, Observe, Person, Scenario, Treatment
    from papaver.simulate import Result
    from papaver.trial.arms import Trial

__version__ = "0.1.0"
__all__ = [
    "Dose", "History", "Observe", "PapaverError", "Person", "ReplayReport", "Result", "Scenario", "Treatment", "Trial",
    "__version__", "drugs", "equations", "explain", "load_scenario", "replay", "resume", "run", "run_trial", "scenarios", "simulate",
]  # fmt: skip

# Where each public name lives. Nothing is imported before it is used: `papaver --help` must not wait for NumPy.
_HOME = {
    **dict.fromkeys(
        ("ReplayReport", "drugs", "equations", "explain", "load_scenario", "replay", "resume", "run", "run_trial", "scenarios", "simulate"),
        "papaver.api",
    ),
    **dict.fromkeys(("Dose", "History", "Observe", "Person", "Scenario", "Treatment"), "papaver.scenario"),
    "PapaverError": "papaver.errors",
    "Result": "papaver.simulate",
    "Trial": "papaver.trial.arms",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'papaver' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
