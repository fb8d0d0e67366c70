"""What is usual for a feed is kept with its polls, by whoever holds its lease."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.feed_model import PollOutcome, SeenEntry
from monitor.feeds.health import learn
from monitor.store import Store
from monitor.store.feed_health import suspects, usual_feeds
from monitor.store.feeds import StoreFeedBook
from monitor.store.pauses import pause
from tests.factories import NOON, feed

MINUTE = timedelta(minutes=1)


@pytest.fixture
def book(store: Store) -> StoreFeedBook:
    return StoreFeedBook(store, learn)


async def poll(
    book: StoreFeedBook, minute: int, *, owner: str = "one", name: str = "wire-a"
) -> None:
    at = NOON + minute * MINUTE
    await book.claim_due(owner, at, MINUTE, 10)
    outcome = PollOutcome(
        feed=name,
        at=at,
        next_poll_at=at,
        changed=True,
        seen=(SeenEntry(id=str(minute), revision=0, content_hash="c"),),
        new=1,
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


async def test_only_feeds_that_may_be_unwell_are_read(
    store: Store, book: StoreFeedBook
) -> None:
    names = ("fails", "fine", "new", "old", "paused")
    await book.sync([feed(id=name) for name in names], NOON)
    await store.run(lambda conn: pause(conn, feed(id="paused"), NOON))
    await book.claim_due("one", NOON, MINUTE, 10)
    await poll(book, 1, name="old")
    await poll(book, 90, name="fine")
    await book.claim_due("one", NOON + 95 * MINUTE, MINUTE, 10)
    at = NOON + 95 * MINUTE
    failed = PollOutcome(feed="fails", at=at, next_poll_at=at, error="no answer")
    await book.finish("one", failed)
    found = await store.run(lambda conn: suspects(conn, NOON + 60 * MINUTE))

    assert sorted(state.id for state in found.states) == ["fails", "old"]
    assert set(found.usual) == {"old"}
    assert (found.paused, found.waiting, found.total) == (1, 1, 5)
