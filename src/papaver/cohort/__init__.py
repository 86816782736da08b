"""Virtual people around a person: between-person draws from named streams."""

from papaver.cohort.sample import sample

__all__ = ["sample"]
