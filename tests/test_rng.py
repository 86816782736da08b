"""Random streams: a draw depends on seed, name and person alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from papaver.rng import normal, uniform


@given(st.integers(0, 2**63 - 1), st.text(min_size=1, max_size=20), st.integers(0, 1000), st.integers(1, 50))
def test_a_chunk_is_a_slice_of_the_whole(seed: int, stream: str, first: int, n: int) -> None:
    whole = uniform(seed, stream, 0, first + n)
    assert np.array_equal(whole[first:], uniform(seed, stream, first, n))


def test_same_seed_same_numbers_and_other_seed_other_numbers() -> None:
    assert np.array_equal(uniform(1, "a", 0, 10), uniform(1, "a", 0, 10))
    assert not np.any(uniform(1, "a", 0, 10) == uniform(2, "a", 0, 10))
    assert not np.any(uniform(1, "a", 0, 10) == uniform(1, "b", 0, 10))


def test_seed_and_name_do_not_run_into_each_other() -> None:
    assert not np.array_equal(uniform(1, "1/a", 0, 4), uniform(11, "/a", 0, 4))


def test_draws_are_pinned() -> None:
    """A change here changes every published cohort."""
    assert uniform(7, "person/heroin.pk.CL", 0, 3) == pytest.approx([0.8953133638657131, 0.06812898426761443, 0.8469499817951516], rel=1e-15)


def test_uniform_is_uniform_and_open() -> None:
    u = uniform(3, "u", 0, 100_000)
    assert u.min() > 0
    assert u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-3


def test_normal_is_normal() -> None:
    z = normal(3, "z", 0, 100_000)
    assert np.isfinite(z).all()
    assert stats.kstest(z, "norm").pvalue > 1e-3


def test_streams_are_independent() -> None:
    a, b = normal(3, "a", 0, 50_000), normal(3, "b", 0, 50_000)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.02
    assert abs(np.corrcoef(a[1:], a[:-1])[0, 1]) < 0.02
