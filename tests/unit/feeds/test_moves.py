from __future__ import annotations

from typing import Any

import pytest

from monitor.feed_model import FeedState, Fetched
from monitor.feeds.fetch import address_of
from monitor.feeds.moves import NOWHERE, moved, still_moved
from tests.factories import NOON, feed

OLD, NEW, NEWER = "https://a.example/", "https://b.example/", "https://c.example/"
FEED = feed(url=OLD)


def state(moved_to: str = "", moves: int = 0, **fields: Any) -> FeedState:
    known: dict[str, Any] = {"id": FEED.id, "url": OLD, "next_poll_at": NOON}
    return FeedState(moved_to=moved_to, moves=moves, **(known | fields))


def answer(moved_to: str = "") -> Fetched:
    return Fetched(status=200, url=NEW, moved_to=moved_to, answered_at=NOON)


@pytest.mark.parametrize(
    ("before", "now", "after"),
    [
        pytest.param(NOWHERE, "", NOWHERE, id="stays"),
        pytest.param(NOWHERE, NEW, (NEW, 1), id="is sent on"),
        pytest.param((NEW, 1), NEW, (NEW, 2), id="is sent to the same place"),
        pytest.param((NEW, 2), NEWER, (NEWER, 1), id="is sent elsewhere"),
        pytest.param((NEW, 2), "", NOWHERE, id="is back"),
        pytest.param((NEW, 3), "", (NEW, 3), id="answers at its new address"),
        pytest.param((NEW, 3), NEWER, (NEWER, 1), id="is sent on from there"),
    ],
)
def test_a_move_counts_while_it_leads_to_one_place(
    before: tuple[str, int], now: str, after: tuple[str, int]
) -> None:
    assert moved(FEED, state(*before), answer(now)) == after


def test_a_feed_is_asked_at_its_new_address_after_three_polls() -> None:
    assert address_of(FEED, state(NEW, 2)) == OLD
    assert address_of(FEED, state(NEW, 3)) == NEW
    assert address_of(feed(url=NEWER), state(NEW, 3)) == NEWER


def test_a_password_is_not_taken_to_another_address() -> None:
    private = feed(url="https://user:word@a.example/")

    assert moved(private, state(NEW, 2, url=private.url), answer(NEW)) == NOWHERE


def test_a_new_address_that_fails_is_given_up_for_the_old_one() -> None:
    assert still_moved(state(NEW, 3, failures=1), is_gone=False) == (NEW, 3)
    assert still_moved(state(NEW, 3, failures=2), is_gone=False) == NOWHERE
    assert still_moved(state(NEW, 3), is_gone=True) == NOWHERE
    assert still_moved(state(NEW, 1, failures=9), is_gone=False) == (NEW, 1)
