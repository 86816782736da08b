"""Benches of the engine; not part of the package. `scripts/bench engine` runs them."""
