"""From a resolved scenario to labelled arrays with units: one person or many, never a number after a failure."""

from papaver.simulate.result import Result
from papaver.simulate.run import Prepared, prepare, simulate

__all__ = ["Prepared", "Result", "prepare", "simulate"]
