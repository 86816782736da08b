"""Rules of a scenario in numbers: "breathing.VE < 40 % of baseline", held for a while, then a dose or the end of the run.

Outputs are named as text here; `simulate` finds them in the body.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from papaver.errors import ScenarioError, UnitError
from papaver.units import Unit

_CONDITION = re.compile(r"^\s*([A-Za-z_][\w.]*(?:\[[^\]]*\])?)\s*(<=|>=|<|>)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")
EXAMPLE = "mop.effect.activation > 0.8', 'heroin.vein.C < 20 nmol/L' or 'breathing.VE < 40 % of baseline"

PERCENTS = ("monitor.SpO2",)
"""Outputs whose numbers are percent, as the instrument shows them."""


@dataclass(frozen=True)
class Condition:
    """An output against a threshold.

    `of_baseline`: the threshold is that fraction of the output's value before any dose; else it is `value` in `unit`.
    """

    text: str
    output: str
    above: bool
    value: float
    unit: str
    of_baseline: bool


@dataclass(frozen=True)
class ResolvedRule:
    """A rule in numbers: times in min. It gives a drug (amount in nmol), or a treatment (`give`, amount in its unit), or ends the run."""

    condition: Condition
    hold: float
    after: float
    at: float
    times: int
    every: float
    drug: str | None = None
    route: str = ""
    amount: float = 0.0
    duration: float = 0.0
    text: str = ""
    give: str | None = None

    @property
    def stops(self) -> bool:
        """True if it ends the run."""
        return self.drug is None and self.give is None


def condition(text: str, where: str) -> Condition:
    """Read a condition.

    Raises:
        ScenarioError: it is none; shows what one looks like.
    """
    m = _CONDITION.match(text)
    if not m:
        raise ScenarioError(f"{where}: read {text!r}; write an output, <, <=, > or >=, a number and its unit, such as '{EXAMPLE}'")
    output, sign, number, rest = m.groups()
    of_baseline = bool(re.search(r"\bof (?:the )?baseline$", rest))
    unit = re.sub(r"\s*\bof (?:the )?baseline$", "", rest).strip() or "1"
    try:
        parsed = Unit.parse(unit)
    except UnitError as e:
        raise ScenarioError(f"{where}: read {text!r}; {e}") from None
    value = float(number)
    if not math.isfinite(value):
        raise ScenarioError(f"{where}: read {text!r}; the threshold is not a finite number")
    if of_baseline:
        if not parsed.is_dimensionless:
            raise ScenarioError(f"{where}: read {text!r}; 'of baseline' needs a percentage or a fraction, such as '40 % of baseline'")
        value, unit = value * parsed.factor, "1"
    elif output in PERCENTS and parsed.is_dimensionless:
        # a monitor shows percent: "90 %" and "90" are the same there
        value, unit = value * (parsed.factor / 0.01 if parsed.factor != 1 else 1.0), "1"
        if 0 < value <= 1:
            raise ScenarioError(f"{where}: read {text!r}; {output} is in percent, 0 to 100: write '90 %' or '90'")
    return Condition(text.strip(), output, sign.startswith(">"), value, unit, of_baseline)
