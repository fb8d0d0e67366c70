"""What is usual for a feed is kept with its polls, by whoever holds its lease."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.feeds.health import learn
from monitor.model import PollOutcome, SeenEntry
from monitor.store import Store
from monitor.store.feed_health import usual_feeds
from monitor.store.feeds import StoreFeedBook
from tests.factories import NOON, feed

MINUTE = timedelta(minutes=1)


@pytest.fixture
def book(store: Store) -> StoreFeedBook:
    return StoreFeedBook(store, learn)


async def poll(book: StoreFeedBook, minute: int, *, owner: str = "one") -> None:
    at = NOON + minute * MINUTE
    await book.claim_due(owner, at, MINUTE, 10)
    outcome = PollOutcome(
        feed="wire-a",
        at=at,
        next_poll_at=at,
        changed=True,
        seen=(SeenEntry(id=str(minute), revision=0, content_hash="c"),),
        present=("1", "2", "3"),
        title="Wire A",
    )
    await book.finish(owner, outcome)


async def test_bodies_are_learned_from_and_read_again(
    store: Store, book: StoreFeedBook
) -> None:
    await book.sync([feed()], NOON)
    await poll(book, 1)
    await poll(book, 3)
    usual = (await store.run(usual_feeds))["wire-a"]

    assert usual.title == "Wire A"
    assert (usual.bodies, usual.gaps, usual.usual_gap) == (2, 1, 120.0)
    assert usual.known_since == NOON + MINUTE
    assert usual.news_at == NOON + 3 * MINUTE


async def test_a_poller_that_lost_its_lease_teaches_nothing(
    store: Store, book: StoreFeedBook
) -> None:
    await book.sync([feed()], NOON)
    await book.claim_due("other", NOON, 10 * MINUTE, 10)
    await poll(book, 1, owner="late")

    assert await store.run(usual_feeds) == {}


async def test_another_address_is_another_past(
    store: Store, book: StoreFeedBook
) -> None:
    await book.sync([feed()], NOON)
    await poll(book, 1)
    await book.sync([feed(url="http://127.0.0.1:9/other.xml")], NOON)

    assert await store.run(usual_feeds) == {}


async def test_a_feed_that_is_gone_is_not_told_of(
    store: Store, book: StoreFeedBook
) -> None:
    await book.sync([feed()], NOON)
    await poll(book, 1)
    await book.sync([], NOON)

    assert await store.run(usual_feeds) == {}
