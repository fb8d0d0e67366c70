"""Feeds that a user paused are claimed by nobody until they are resumed."""

from __future__ import annotations

from datetime import timedelta

from monitor.store import Store
from monitor.store.feeds import StoreFeedBook
from monitor.store.pauses import pause, resume
from tests.factories import NOON, feed

MINUTE = timedelta(minutes=1)


async def claim(book: StoreFeedBook) -> list[str]:
    return [state.id for state in await book.claim_due("one", NOON, MINUTE, 10)]


async def test_a_paused_feed_is_not_due_and_a_resumed_one_is(store: Store) -> None:
    book = StoreFeedBook(store)
    await book.sync([feed(id="a"), feed(id="b")], NOON)
    paused = await store.run(lambda conn: pause(conn, feed(id="a"), NOON))
    again = await store.run(lambda conn: pause(conn, feed(id="a"), NOON + MINUTE))

    assert (paused, again) == (True, False)
    assert await claim(book) == ["b"]
    assert await book.next_due(NOON) == NOON + MINUTE, "only the lease of b counts"
    assert [each.paused_at for each in await book.list_feeds()] == [NOON, None]

    since = await store.run(lambda conn: resume(conn, "a", NOON))

    assert since == NOON
    assert await claim(book) == ["a"]


async def test_a_feed_can_be_paused_before_its_first_poll(store: Store) -> None:
    book = StoreFeedBook(store)
    await store.run(lambda conn: pause(conn, feed(id="a"), NOON))
    before = await book.list_feeds()
    await book.sync([feed(id="a")], NOON)

    assert before == [], "no process polls it yet"
    assert await claim(book) == []
    assert [each.id for each in await book.list_feeds()] == ["a"]


async def test_a_pause_outlives_a_reload_and_a_new_address(store: Store) -> None:
    book = StoreFeedBook(store)
    await book.sync([feed(id="a")], NOON)
    await store.run(lambda conn: pause(conn, feed(id="a"), NOON))
    await book.sync([], NOON)
    await book.sync([feed(id="a", url="http://127.0.0.1:9/other.xml")], NOON)

    assert await claim(book) == []


async def test_resuming_what_runs_is_told(store: Store) -> None:
    await StoreFeedBook(store).sync([feed(id="a")], NOON)

    assert await store.run(lambda conn: resume(conn, "a", NOON)) is None
    assert await store.run(lambda conn: resume(conn, "nobody", NOON)) is None
