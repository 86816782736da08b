"""The slow states of dependence alone, under a stimulus that is held: what months of a regimen come to, in milliseconds."""

from __future__ import annotations

from papaver.bodies.adult import Binding, Body
from papaver.bodies.dependence import add_slow
from papaver.components.dependence import HeldStimulus
from papaver.core import System
from papaver.core.lower import lower


def slow_body(stimulus: float, answered: float) -> Body:
    """Wire it.

    Args:
        stimulus: efficacy-weighted occupancy above rest. answered: the same for the locus coeruleus.
    """
    s = System("slow")
    bindings: dict[str, Binding] = {"held.stimulus": Binding(constant=stimulus), "locus_held.stimulus": Binding(constant=answered)}
    s.add("held", HeldStimulus)
    s.add("locus_held", HeldStimulus)
    add_slow(s, lambda param, path: bindings.__setitem__(param, Binding(path)))
    s.connect("held.out", "life.stimulus")
    s.connect("locus_held.out", "locus_life.stimulus")
    s.connect("locus_life.effective", "locus.stimulus")
    program = lower(s)
    return Body(s, program, {p: bindings[p] for p in program.param_names}, {}, (), {})
