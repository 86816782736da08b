"""What a user writes: who, what doses, how long to watch. YAML files and Python objects are the same thing."""

from papaver.scenario.model import Detect, Dose, History, Observe, Person, Scenario, Stop
from papaver.scenario.resolve import ResolvedDose, ResolvedScenario, resolve

__all__ = ["Detect", "Dose", "History", "Observe", "Person", "ResolvedDose", "ResolvedScenario", "Scenario", "Stop", "resolve"]
