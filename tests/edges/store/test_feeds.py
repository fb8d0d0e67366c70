"""The feed book: schedules, leases, validators and known entries."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from monitor.feed_model import PollOutcome, SeenEntry
from monitor.store import Store
from monitor.store.feeds import StoreFeedBook
from tests.factories import NOON, feed

LEASE = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def book(store: Store) -> StoreFeedBook:
    return StoreFeedBook(store)


def good(name: str = "wire-a", **fields: object) -> PollOutcome:
    """Return the outcome of a poll that brought something new."""
    known: dict[str, object] = {
        "feed": name,
        "at": NOON,
        "next_poll_at": NOON + MINUTE,
        "changed": True,
        "etag": '"1"',
        "last_modified": "Tue, 13 Oct 2015 12:00:00 GMT",
        "body_hash": "b1",
    }
    return PollOutcome(**(known | fields))  # type: ignore[arg-type]


def bad(name: str = "wire-a", **fields: object) -> PollOutcome:
    known: dict[str, object] = {
        "feed": name,
        "at": NOON,
        "next_poll_at": NOON + MINUTE,
        "error": "no answer",
    }
    return PollOutcome(**(known | fields))  # type: ignore[arg-type]


def saw(*ids: str, revision: int = 0, content_hash: str = "c0") -> dict[str, Any]:
    seen = [
        SeenEntry(id=entry_id, revision=revision, content_hash=content_hash)
        for entry_id in ids
    ]
    return {"seen": tuple(seen), "present": ids}


async def claim(book: StoreFeedBook, owner: str = "one", **at: object) -> list[str]:
    now = NOON + at.pop("after", timedelta(0))  # type: ignore[operator]
    found = await book.claim_due(owner, now, LEASE, 10)
    return [state.id for state in found]


async def test_a_new_feed_is_due_at_once(book: StoreFeedBook) -> None:
    await book.sync([feed(id="b"), feed(id="a")], NOON)

    assert await book.next_due(NOON) == NOON
    assert await claim(book) == ["a", "b"]


async def test_a_book_without_feeds_has_nothing_due(book: StoreFeedBook) -> None:
    assert await book.next_due(NOON) is None
    assert await claim(book) == []


async def test_the_most_overdue_feed_comes_first(book: StoreFeedBook) -> None:
    await book.sync([feed(id=name) for name in ("a", "b", "c")], NOON)
    await claim(book)
    for name, seconds in (("a", 30), ("b", 10), ("c", 20)):
        due = NOON + timedelta(seconds=seconds)
        await book.finish("one", good(name, next_poll_at=due))
    found = await book.claim_due("one", NOON + MINUTE, LEASE, 2)

    assert [state.id for state in found] == ["b", "c"]


async def test_a_leased_feed_is_nobody_elses_until_the_lease_runs_out(
    book: StoreFeedBook,
) -> None:
    await book.sync([feed()], NOON)
    await claim(book, "one")

    assert await claim(book, "two", after=LEASE - timedelta(seconds=1)) == []
    assert await book.next_due(NOON) == NOON + LEASE
    assert await claim(book, "two", after=LEASE) == ["wire-a"]


async def test_pollers_that_claim_together_share_the_feeds(url: str) -> None:
    stores = [Store(url), Store(url)]
    for store in stores:
        await store.start()
    books = [StoreFeedBook(store) for store in stores]
    names = {f"feed-{n:03}" for n in range(60)}
    await books[0].sync([feed(id=name) for name in names], NOON)
    later = NOON + MINUTE
    claims = await asyncio.gather(
        *(books[n % 2].claim_due(f"owner-{n}", later, LEASE, 10) for n in range(12))
    )
    claimed = [state.id for found in claims for state in found]
    rest = [state.id for state in await books[0].claim_due("x", later, LEASE, 99)]
    for store in stores:
        await store.stop()

    assert len(claimed) == len(set(claimed))
    assert set(claimed) | set(rest) == names


async def test_a_good_poll_stores_validators_and_ends_a_failure(
    book: StoreFeedBook,
) -> None:
    await book.sync([feed()], NOON)
    for minute in range(3):
        await claim(book, after=minute * MINUTE)
        at = NOON + minute * MINUTE
        await book.finish("one", bad(at=at, next_poll_at=at + MINUTE))
    (failing,) = await book.list_feeds()
    await claim(book, after=3 * MINUTE)
    await book.finish("one", good(at=NOON + 3 * MINUTE))
    (fine,) = await book.list_feeds()

    assert (failing.failures, failing.error) == (3, "no answer")
    assert failing.error_since == NOON
    assert failing.polled_at == NOON + 2 * MINUTE
    assert failing.changed_at is None
    assert (fine.failures, fine.error, fine.error_since) == (0, "", None)
    assert (fine.etag, fine.body_hash) == ('"1"', "b1")
    assert fine.changed_at == NOON + 3 * MINUTE


async def test_a_failed_poll_keeps_validators_and_stores_no_entries(
    book: StoreFeedBook,
) -> None:
    await book.sync([feed()], NOON)
    await claim(book)
    await book.finish("one", good())
    await claim(book, after=MINUTE)
    await book.finish("one", bad(**saw("tag:1")))
    (state,) = await book.list_feeds()

    assert (state.etag, state.body_hash) == ('"1"', "b1")
    assert await book.known("wire-a", ["tag:1"]) == {}


async def test_an_unchanged_poll_moves_the_schedule_alone(book: StoreFeedBook) -> None:
    await book.sync([feed()], NOON)
    await claim(book)
    await book.finish("one", good())
    await claim(book, after=MINUTE)
    later = NOON + MINUTE
    await book.finish("one", good(at=later, changed=False, next_poll_at=later + MINUTE))
    (state,) = await book.list_feeds()

    assert (state.changed_at, state.polled_at) == (NOON, later)
    assert state.next_poll_at == later + MINUTE


async def test_known_entries_come_back_under_their_own_ids(book: StoreFeedBook) -> None:
    await book.sync([feed()], NOON)
    await claim(book)
    strange = ["tag:1", "世界" * 1000, "nul\0", "half \ud800 pair", "half \ud801 pair"]
    await book.finish("one", good(**saw(*strange)))
    known = await book.known("wire-a", [*strange, "tag:2"])

    assert set(known) == set(strange)
    assert {seen.id for seen in known.values()} == set(strange)
    assert await book.known("wire-b", strange) == {}
    assert await book.known("wire-a", []) == {}


async def test_thousands_of_entries_are_known_at_once(book: StoreFeedBook) -> None:
    await book.sync([feed()], NOON)
    await claim(book)
    ids = [f"tag:{n}" for n in range(3000)]
    await book.finish("one", good(**saw(*ids)))

    assert len(await book.known("wire-a", ids)) == 3000


async def test_a_late_poller_stores_its_entries_and_nothing_else(
    book: StoreFeedBook,
) -> None:
    await book.sync([feed()], NOON)
    await claim(book, "late")
    await claim(book, "quick", after=LEASE)
    await book.finish("late", good(etag='"late"', **saw("tag:1")))
    (state,) = await book.list_feeds()

    assert (state.etag, state.polled_at) == ("", None)
    assert set(await book.known("wire-a", ["tag:1"])) == {"tag:1"}
    assert await claim(book, "late", after=LEASE) == []  # the lease is still quick's


async def test_a_late_poller_never_takes_an_entry_back(book: StoreFeedBook) -> None:
    await book.sync([feed()], NOON)
    await claim(book, "late")
    await claim(book, "quick", after=LEASE)
    await book.finish("quick", good(**saw("tag:1", revision=2, content_hash="new")))
    await book.finish("late", good(**saw("tag:1", revision=1, content_hash="old")))
    known = await book.known("wire-a", ["tag:1"])

    assert known["tag:1"] == SeenEntry(id="tag:1", revision=2, content_hash="new")


async def test_finishing_twice_changes_nothing_more(book: StoreFeedBook) -> None:
    await book.sync([feed()], NOON)
    await claim(book)
    await book.finish("one", bad())
    await book.finish("one", bad())
    (state,) = await book.list_feeds()

    assert state.failures == 1


async def test_a_new_address_loses_the_validators_and_keeps_the_entries(
    book: StoreFeedBook,
) -> None:
    await book.sync([feed()], NOON)
    await claim(book)
    await book.finish("one", good(next_poll_at=NOON + 60 * MINUTE, **saw("tag:1")))
    await book.sync([feed(url="http://127.0.0.1:9/moved.xml")], NOON + MINUTE)
    (state,) = await book.list_feeds()

    assert state.url.endswith("moved.xml")
    assert (state.etag, state.last_modified, state.body_hash) == ("", "", "")
    assert state.next_poll_at == NOON + MINUTE
    assert set(await book.known("wire-a", ["tag:1"])) == {"tag:1"}


async def test_a_feed_that_is_gone_is_kept_but_not_polled(book: StoreFeedBook) -> None:
    await book.sync([feed(id="a"), feed(id="b")], NOON)
    await claim(book)
    await book.finish("one", good("a", **saw("tag:1")))
    await book.sync([feed(id="b")], NOON)
    without = (await book.list_feeds(), await claim(book, after=60 * MINUTE))
    await book.sync([feed(id="a"), feed(id="b")], NOON + 60 * MINUTE)
    back = {state.id: state for state in await book.list_feeds()}

    assert [state.id for state in without[0]] == ["b"]
    assert without[1] == ["b"]
    assert back["a"].etag == '"1"'
    assert set(await book.known("a", ["tag:1"])) == {"tag:1"}


async def test_a_shorter_interval_counts_at_once_unless_the_feed_is_failing(
    book: StoreFeedBook,
) -> None:
    hourly = [feed(id=name, interval=60 * MINUTE) for name in ("fine", "failing")]
    await book.sync(hourly, NOON)
    await claim(book)
    in_an_hour = NOON + 60 * MINUTE
    await book.finish("one", good("fine", next_poll_at=in_an_hour))
    await book.finish("one", bad("failing", next_poll_at=in_an_hour))
    await book.sync([feed(id=name) for name in ("fine", "failing")], NOON)
    due = {state.id: state.next_poll_at for state in await book.list_feeds()}

    assert due == {"fine": NOON + MINUTE, "failing": in_an_hour}


async def test_syncing_again_disturbs_no_lease(book: StoreFeedBook) -> None:
    await book.sync([feed()], NOON)
    await claim(book, "one")
    await asyncio.gather(*(book.sync([feed()], NOON) for _ in range(4)))

    assert await claim(book, "two") == []


async def test_a_wording_is_found_again_under_whatever_id(book: StoreFeedBook) -> None:
    await book.sync([feed(id="a"), feed(id="b")], NOON)
    await claim(book, "one")
    await book.finish("one", good("a", **saw("tag:1", content_hash="had")))

    assert await book.alike("a", ["had", "new"]) == {"had"}
    assert await book.alike("b", ["had"]) == set()
    assert await book.alike("a", []) == set()
