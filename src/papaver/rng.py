"""Counter-based random numbers: a draw depends on (seed, stream name, person) alone, never on order, chunk, thread or worker."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def uniform(seed: int, stream: str, first: int, n: int) -> Array:
    """Uniform draws in (0, 1) for persons first..first+n-1 of a named stream.

    The stream is a Philox generator keyed by seed and name; person i always takes its i-th number, so chunks can be drawn apart.
    """
    key = np.frombuffer(hashlib.sha256(f"{seed}/{stream}".encode()).digest()[:16], dtype=np.uint64)
    bits = np.random.Philox(key=key)
    block, offset = divmod(first, 4)  # one Philox counter yields four numbers
    bits.advance(block)
    raw = bits.random_raw(offset + n)[offset:]
    return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normal(seed: int, stream: str, first: int, n: int) -> Array:
    """Standard normal draws, by inversion of `uniform`."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniform(seed, stream, first, n)), dtype=np.float64)
