"""What is remembered of a feed's list, and of entries that left it oddly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from monitor.feed_model import PollOutcome, SeenEntry
from monitor.feed_window import FeedMarks, FeedWindow, Listed, Missing, Withdrawn
from monitor.store import Store
from monitor.store.feed_windows import feed_marks
from monitor.store.feeds import StoreFeedBook
from monitor.store.schema import feed_entries
from tests.factories import NOON, feed

MINUTE = timedelta(minutes=1)
ENTRY = Listed("1", "Nul \0 title", "l", NOON, NOON)
MARKS = FeedMarks(gaps=2, gap_at=NOON, withdrawn=(Withdrawn("1", "Title", NOON),))
WINDOW = FeedWindow(
    listed=(ENTRY,), missing=(Missing(ENTRY, 1, NOON),), usual=3.5, returns=1
)


@pytest.fixture
def book(store: Store) -> StoreFeedBook:
    return StoreFeedBook(store)


async def poll(book: StoreFeedBook, minute: int, **fields: object) -> None:
    at = NOON + minute * MINUTE
    await book.claim_due("one", at, MINUTE, 10)
    await book.finish(
        "one",
        PollOutcome(feed="wire-a", at=at, next_poll_at=at, **fields),  # type: ignore[arg-type]
    )


async def withdrawn_at(store: Store) -> list[object]:
    statement = select(feed_entries.c.withdrawn_at)
    return list(await store.run(lambda conn: conn.execute(statement).scalars().all()))


async def test_a_window_is_read_as_it_was_stored(
    book: StoreFeedBook, store: Store
) -> None:
    await book.sync([feed()], NOON)
    before = await book.window("wire-a")
    await poll(book, 0, window=replace(WINDOW, marks=MARKS))
    after = await book.window("wire-a")
    [state] = await book.list_feeds()

    assert before is None
    assert after is not None
    assert after.listed[0].title in ("Nul \0 title", "Nul \ufffd title")
    assert (after.missing[0].polls, after.usual, after.returns) == (1, 3.5, 1)
    assert after.marks == MARKS
    assert await store.run(feed_marks) == {"wire-a": MARKS}
    assert state.watched


async def test_a_feed_without_marks_is_not_listed_among_them(
    book: StoreFeedBook, store: Store
) -> None:
    await book.sync([feed()], NOON)
    await poll(book, 0, window=WINDOW)
    await poll(book, 1, window=FeedWindow())
    [state] = await book.list_feeds()

    assert await store.run(feed_marks) == {}
    assert not state.watched


async def test_an_entry_is_marked_as_withdrawn_until_it_is_back(
    book: StoreFeedBook, store: Store
) -> None:
    await book.sync([feed()], NOON)
    seen = (SeenEntry(id="1", revision=0, content_hash="c"),)
    await poll(book, 0, seen=seen, present=("1",), changed=True)
    gone = Withdrawn("1", "Title", NOON)
    await poll(book, 1, withdrawn=(gone,), window=FeedWindow())
    marked = await withdrawn_at(store)
    await poll(book, 2, returned=("1",), window=FeedWindow())

    assert marked == [NOON + MINUTE]
    assert await withdrawn_at(store) == [None]


async def test_a_poller_that_lost_its_lease_stores_no_window(
    book: StoreFeedBook,
) -> None:
    await book.sync([feed()], NOON)
    await book.claim_due("other", NOON, MINUTE, 10)
    await book.finish(
        "one", PollOutcome(feed="wire-a", at=NOON, next_poll_at=NOON, window=WINDOW)
    )

    assert await book.window("wire-a") is None


async def test_another_address_is_another_list(book: StoreFeedBook) -> None:
    await book.sync([feed()], NOON)
    await poll(book, 0, window=WINDOW)
    await book.sync([feed(url="https://other.example/feed")], NOON + MINUTE)
    [state] = await book.list_feeds()

    assert await book.window("wire-a") is None
    assert not state.watched
