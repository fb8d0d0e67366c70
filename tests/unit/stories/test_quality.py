"""How well stories are told on the labelled set; the bench prints the same in detail.

The bounds are those of the issue that asked for stories. `heldout` was written before
any threshold was set, and none was set by it. `third` is held to the bounds for copies
only: of its rewrites too few are found. `fourth` came last and is held to the bound
without actors only: with them, near misses that no label parts join too often
(docs/decisions/0015-stories.md).
"""

from __future__ import annotations

import pytest

from monitor.memory import MemoryState
from tests import story_set

halves = pytest.mark.parametrize("half", ["dev", "heldout"])


@pytest.mark.parametrize("half", ["dev", "heldout", "third"])
def test_copies_are_told_from_other_news(half: str) -> None:
    items = story_set.with_copies(story_set.labelled(half), "test")

    found = story_set.score_copies(items, story_set.stories_of(items, MemoryState()))

    assert found.precision >= 0.99
    assert found.recall >= 0.95


@halves
def test_rewrites_are_told_from_other_news(half: str) -> None:
    items = story_set.labelled(half)

    found = story_set.score_rewrites(items, story_set.stories_of(items, MemoryState()))

    assert found.precision >= 0.9
    assert found.recall >= 0.7


@pytest.mark.parametrize("half", ["dev", "heldout", "fourth"])
def test_without_actors_rewrites_are_missed_rather_than_mixed_up(half: str) -> None:
    items = story_set.without_cast(story_set.labelled(half))

    found = story_set.score_rewrites(items, story_set.stories_of(items, MemoryState()))

    assert found.precision >= 0.8
