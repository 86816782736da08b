"""Virtual people around a person: between-person draws from named streams."""

from papaver.cohort.sample import draw, sample

__all__ = ["draw", "sample"]
