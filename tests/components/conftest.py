"""One component alone, solved for given values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from papaver.core import Component, Param, State, System, d
from papaver.core.lower import lower
from papaver.core.solve import DoseEvent, Solver


@pytest.fixture(scope="session")
def run() -> Callable[..., np.ndarray]:
    """run(component, values, outputs, ...) -> outputs of shape (times, outputs)."""

    def run(
        component: type[Component],
        values: dict[str, float],
        outputs: Sequence[str],
        *,
        t: Sequence[float] = (0.0, 1.0),
        doses: Sequence[DoseEvent] = (),
        inputs: dict[str, float] | None = None,
        **indices: Any,
    ) -> np.ndarray:
        s = System("alone")
        s.add("x", component, **indices)
        if not component.equations:
            # a system needs something that moves
            s.add("clock", Clock)
            values = {**values, "clock.k": 0.0}
        for k, (name, value) in enumerate((inputs or {}).items()):
            symbol = component.symbols[name.partition("[")[0]]
            s.add(f"held{k}", held(symbol.unit))
            s.connect(f"held{k}.value", f"x.{name}")
            values = {**values, f"held{k}.value": value}
        solver = Solver(lower(s))
        P = np.array([[values[n] if n in values else values[n.removeprefix("x.")] for n in solver.program.param_names]])
        r = solver.solve(P, list(doses), np.array(t, dtype=float), rtol=1e-9)
        assert r.reasons == [""]
        return solver.plain.outputs([f"x.{n}" for n in outputs], r.Y, P)[0]

    return run


class Clock(Component):
    """A state that stays where it is."""

    k = Param("1/min", "rate")
    x = State("1", "time")
    equations = [d(x) == k]


def held(unit: str) -> type[Component]:
    """A component that is one parameter, to hold an input at a value."""
    return type("Held", (Component,), {"value": Param(unit, "held")})
