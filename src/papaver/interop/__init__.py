"""Other people's formats: NONMEM data sets, simulated with the standard models or with the body."""

from papaver.interop.nonmem import simulate

__all__ = ["simulate"]
