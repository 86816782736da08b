"""The component language and the compiled core: symbols, components, systems, lowering, solvers."""

from papaver.core.component import Component
from papaver.core.symbols import (
    Const,
    Dose,
    Input,
    Output,
    Param,
    State,
    d,
    exp,
    log,
    maximum,
    minimum,
    sigmoid,
    softplus,
    sqrt,
    total,
)
from papaver.core.system import System

__all__ = [
    "Component",
    "Const",
    "Dose",
    "Input",
    "Output",
    "Param",
    "State",
    "System",
    "d",
    "exp",
    "log",
    "maximum",
    "minimum",
    "sigmoid",
    "softplus",
    "sqrt",
    "total",
]
