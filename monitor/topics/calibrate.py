"""Find the threshold at which a topic separates labelled items best.

Scores are few and discrete, so each score that occurs is tried as a threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

ENOUGH = 20
"""Items on a topic below which its figures say too little to choose by."""


class Scored(Struct, frozen=True):
    """An item's score for a topic, and whether it is on that topic."""

    score: float
    is_positive: bool


class Level(Struct, frozen=True, kw_only=True):
    """How a topic would do with a threshold."""

    threshold: float
    precision: float
    recall: float
    f1: float


class Calibration(Struct, frozen=True, kw_only=True):
    """What labelled items say about a topic's threshold.

    Args:
        positives: the labelled items on the topic.
        lacking: how many more of them are needed for a suggestion.
        current: how the topic does now.
        levels: how it would do with each threshold, the lowest first.
        suggested: the threshold of the best F1, of equals the nearest to the topic's
            own; None while items are lacking or nothing on the topic was found.
    """

    positives: int
    lacking: int
    current: Level
    levels: tuple[Level, ...]
    suggested: float | None = None


def calibrate(items: Sequence[Scored], threshold: float) -> Calibration:
    """Return precision and recall by threshold, and the threshold to choose.

    Args:
        items: labelled items; a score of 0 is found by no threshold.
        threshold: the topic's own.
    """
    positives = sum(item.is_positive for item in items)
    scores = sorted({item.score for item in items if item.score > 0})
    levels = tuple(_level(items, score, positives) for score in scores)
    lacking = max(ENOUGH - positives, 0)
    current = _level(items, threshold, positives)
    best = max(
        (current, *levels),
        key=lambda level: (level.f1, -abs(level.threshold - threshold)),
    )
    return Calibration(
        positives=positives,
        lacking=lacking,
        current=current,
        levels=levels,
        suggested=best.threshold if best.f1 and not lacking else None,
    )


def _level(items: Sequence[Scored], threshold: float, positives: int) -> Level:
    found = [item for item in items if item.score and item.score >= threshold - 1e-9]
    right = sum(item.is_positive for item in found)
    precision = right / len(found) if found else 0.0
    recall = right / positives if positives else 0.0
    both = precision + recall
    return Level(
        threshold=threshold,
        precision=round(precision, 4),
        recall=round(recall, 4),
        f1=round(2 * precision * recall / both, 4) if both else 0.0,
    )
