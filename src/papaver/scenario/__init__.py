"""What a user writes: who, what doses, how long to watch. YAML files and Python objects are the same thing."""

from papaver.scenario.model import Change, Detect, Dose, History, Observe, Person, Scenario, Stop, Treatment
from papaver.scenario.resolve import ResolvedDose, ResolvedScenario, resolve

__all__ = ["Change", "Detect", "Dose", "History", "Observe", "Person", "ResolvedDose", "ResolvedScenario", "Scenario", "Stop", "Treatment", "resolve"]
