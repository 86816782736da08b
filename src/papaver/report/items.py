"""The items of the scales of withdrawal as a report names them, with their scores over time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from papaver.readouts.withdrawal import ITEMS
from papaver.report.curves import Array, whole_people
from papaver.simulate import Result

COWS_WORDS = {
    "pulse": "Fast pulse", "sweat": "Sweating", "restless": "Restlessness", "pupil": "Wide pupils", "ache": "Aching bones and joints",
    "runny": "Running nose or tears", "gut": "Stomach and bowel upset", "shaking": "Tremor", "yawn": "Yawning", "anxious": "Anxious or irritable",
    "goose": "Gooseflesh",
}  # fmt: skip
SOWS_WORDS = {
    "sick": "Feeling sick", "cramp": "Stomach cramps", "twitching": "Muscle spasms or twitching", "cold": "Feeling cold",
    "pounding": "Heart pounding", "tension": "Muscular tension", "ache": "Aches and pains", "yawn": "Yawning", "eyes": "Runny eyes",
    "sleep": "Trouble sleeping",
}  # fmt: skip
SOWS_MOST = 3


@dataclass(frozen=True)
class Item:
    """One item of a scale: its score over time (mean over people), and the greatest that it can have."""

    name: str
    score: Array
    most: int

    @property
    def strength(self) -> float:
        """Its highest score, as a share of the greatest."""
        return float(np.nanmax(self.score, initial=0.0)) / self.most


def cows_items(result: Result) -> list[Item]:
    """The items of COWS, in the order of its form; nothing if not all were written down."""
    return _items(result, "cows", COWS_WORDS, ITEMS)


def sows_items(result: Result) -> list[Item]:
    """The items of SOWS-Gossop."""
    return _items(result, "sows", SOWS_WORDS, dict.fromkeys(SOWS_WORDS, SOWS_MOST))


def _items(result: Result, scale: str, words: Mapping[str, str], most: Mapping[str, int]) -> list[Item]:
    if not all(f"{scale}.{k}" in result.columns for k in words):
        return []
    rows = whole_people(result)
    with warnings.catch_warnings():
        # a time at which a rule had stopped everybody has no mean
        warnings.simplefilter("ignore", RuntimeWarning)
        return [Item(name, np.asarray(np.nanmean(result[f"{scale}.{k}"][rows], axis=0)), most[k]) for k, name in words.items()]


def strongest(items: Sequence[Item], most: int = 3, least: float = 0.1) -> list[str]:
    """Names of the strongest items, by the share of what they can score."""
    found = sorted((i for i in items if i.strength >= least), key=lambda i: -i.strength)
    return [i.name[:1].lower() + i.name[1:] for i in found[:most]]
