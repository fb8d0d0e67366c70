"""What pollers share through the book: hosts, leases, hints, moves and stops."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from monitor.feed_model import FeedHints, PollOutcome
from monitor.manners import Manners
from monitor.store.feeds import StoreFeedBook
from monitor.store.pauses import resume
from monitor.store.schema import feeds as feed_table
from tests.factories import NOON, feed

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.feed_model import FeedState
    from monitor.model import Feed
    from monitor.store import Store

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LEASE = 40 * SECOND
POLITE = Manners(spacing=SECOND, at_once=3)


@pytest.fixture
def book(store: Store) -> StoreFeedBook:
    return StoreFeedBook(store)


def feeds_of(host: str, count: int) -> list[Feed]:
    return [feed(id=f"{host}-{n:02}", url=f"http://{host}/{n}") for n in range(count)]


async def claim(
    book: StoreFeedBook,
    at: datetime = NOON,
    owner: str = "one",
    manners: Manners = POLITE,
    **under_way: int,
) -> list[FeedState]:
    hosts = {name.replace("_", "."): count for name, count in under_way.items()}
    return list(
        await book.claim_due(owner, at, LEASE, 32, manners=manners, under_way=hosts)
    )


def poll(name: str, **fields: Any) -> PollOutcome:
    known: dict[str, Any] = {
        "feed": name,
        "at": NOON,
        "next_poll_at": NOON + MINUTE,
    }
    return PollOutcome(**(known | fields))


async def test_feeds_of_one_host_get_their_turns_from_the_book(
    book: StoreFeedBook,
) -> None:
    await book.sync([*feeds_of("a.example", 6), *feeds_of("b.example", 1)], NOON)
    mine = await claim(book, owner="one")
    due = await book.next_due(NOON)
    soon = await claim(book, NOON + SECOND, owner="two")
    later = await claim(book, NOON + 3 * SECOND, owner="two")
    starts = sorted(
        one.start_at
        for one in [*mine, *soon, *later]
        if one.start_at is not None and one.id.startswith("a.")
    )

    assert [one.id for one in mine] == ["a.example-00", "a.example-01", "b.example-00"]
    assert due is not None
    assert due > NOON + 2 * SECOND
    assert soon == []
    assert later
    assert all(b - a >= SECOND for a, b in pairwise(starts))


async def test_every_feed_of_a_crowded_host_has_its_turn(book: StoreFeedBook) -> None:
    await book.sync(feeds_of("a.example", 40), NOON)
    polled: dict[str, datetime] = {}
    now = NOON
    while len(polled) < 40 and now < NOON + 2 * MINUTE:
        for state in await claim(book, now):
            assert state.start_at is not None
            polled[state.id] = state.start_at
            at = NOON + 10 * MINUTE
            await book.finish("one", poll(state.id, at=now, next_poll_at=at))
        now += SECOND
    starts = sorted(polled.values())

    assert len(polled) == 40
    assert all(b - a >= SECOND for a, b in pairwise(starts))
    assert starts[-1] < NOON + MINUTE


async def test_a_full_host_is_passed_by_until_a_poll_of_it_ends(
    book: StoreFeedBook,
) -> None:
    await book.sync([*feeds_of("a.example", 5), *feeds_of("b.example", 1)], NOON)
    loose = Manners(spacing=timedelta(0), at_once=3)
    others = await claim(book, manners=loose, a_example=3)
    idle = await book.next_due(NOON, ["a.example", "b.example"])
    some = await claim(book, manners=loose, a_example=1)

    assert [one.id for one in others] == ["b.example-00"]
    assert idle == NOON + LEASE
    assert [one.id for one in some] == ["a.example-00", "a.example-01"]


async def test_a_lease_lasts_while_it_is_renewed(book: StoreFeedBook) -> None:
    await book.sync([feed()], NOON)
    await claim(book, owner="one")
    await book.renew("one", ["wire-a"], NOON + 30 * SECOND, LEASE)
    await book.renew("two", ["wire-a"], NOON + 60 * SECOND, LEASE)  # not its own
    early = await claim(book, NOON + 60 * SECOND, "two")
    late = await claim(book, NOON + 70 * SECOND, "two")

    assert early == []
    assert [one.id for one in late] == ["wire-a"]


async def test_a_stopped_feed_is_due_no_more_until_it_is_resumed(
    book: StoreFeedBook, store: Store
) -> None:
    later = NOON + 61 * MINUTE
    await book.sync([feed()], NOON)
    await claim(book)
    await book.finish("one", poll("wire-a", error="410 Gone", stopped=True))
    await book.sync([feed()], NOON + MINUTE)
    (listed,) = await book.list_feeds()
    stopped = (await book.next_due(NOON), await claim(book, NOON + 60 * MINUTE))
    since = await store.run(lambda conn: resume(conn, "wire-a", later))
    again = await store.run(lambda conn: resume(conn, "wire-a", later))
    resumed = await claim(book, later)

    assert (listed.stopped_since, listed.error) == (NOON, "410 Gone")
    assert stopped == (None, [])
    assert (since, again) == (NOON, None)
    assert [(one.failures, one.error) for one in resumed] == [(0, "")]


async def test_a_new_address_starts_a_stopped_feed_with_nothing_learnt(
    book: StoreFeedBook,
) -> None:
    await book.sync([feed()], NOON)
    await claim(book)
    hints = FeedHints(ttl=MINUTE)
    await book.finish("one", poll("wire-a", hints=hints, moved_to="x", moves=3))
    await claim(book, NOON + MINUTE)
    await book.finish("one", poll("wire-a", error="410 Gone", stopped=True))
    await book.sync([feed(url="http://b.example/")], NOON + MINUTE)
    (state,) = await claim(book, NOON + MINUTE)

    assert (state.hints, state.moved_to, state.moves) == (FeedHints(), "", 0)


async def test_hints_and_moves_are_remembered(book: StoreFeedBook) -> None:
    hints = FeedHints(
        ttl=timedelta(hours=1),
        skip_hours=(0, 5),
        skip_days=(6,),
        rhythm=timedelta(minutes=7),
    )
    await book.sync([feed()], NOON)
    await claim(book)
    await book.finish("one", poll("wire-a", hints=hints, moved_to="http://b/", moves=2))
    await claim(book, NOON + MINUTE)
    await book.finish("one", poll("wire-a", moved_to="http://b/", moves=3, host="b"))
    (state,) = await book.list_feeds()

    assert state.hints == hints
    assert (state.moved_to, state.moves, state.has_moved) == ("http://b/", 3, True)
    assert await claim(book, NOON + MINUTE, b=3) == []


async def test_hints_of_the_publisher_outlast_a_restart(book: StoreFeedBook) -> None:
    in_an_hour = NOON + 60 * MINUTE
    await book.sync([feed()], NOON)
    await claim(book)
    await book.finish("one", poll("wire-a", next_poll_at=in_an_hour))
    await book.sync([feed()], NOON + MINUTE)

    assert await book.next_due(NOON) == in_an_hour


async def test_feeds_missed_during_an_outage_begin_again_in_turn(
    book: StoreFeedBook,
) -> None:
    many = [feed(id=f"feed-{n:03}") for n in range(90)]
    await book.sync(many, NOON)
    back = NOON + 60 * MINUTE
    await book.sync(many, back)
    due = sorted(state.next_poll_at for state in await book.list_feeds())

    assert sum(at < back for at in due) == 50
    assert [(at - back) / SECOND for at in due[50:53]] == pytest.approx([0.1, 0.2, 0.3])


async def test_feeds_of_an_older_program_learn_their_hosts(
    book: StoreFeedBook, store: Store
) -> None:
    await book.sync(feeds_of("a.example", 2), NOON)
    await store.run(lambda conn: conn.execute(update(feed_table).values(host="")))
    await book.sync(feeds_of("a.example", 2), NOON)

    assert await claim(book, a_example=3) == []


async def test_a_host_that_answers_too_many_is_left_alone_by_all(
    book: StoreFeedBook,
) -> None:
    await book.sync([*feeds_of("a.example", 2), *feeds_of("b.example", 1)], NOON)
    await book.claim_due("one", NOON, LEASE, 1, manners=POLITE)
    in_ten = NOON + 10 * MINUTE
    for until in (in_ten, NOON + MINUTE):  # a shorter pause ends no longer one
        hold = ("a.example", until)
        await book.finish("one", poll("a.example-00", error="429", hold=hold))
    soon = await claim(book, NOON + 5 * SECOND, "two")
    early = await claim(book, in_ten - MINUTE, "two")
    late = [await claim(book, in_ten + n * MINUTE, "two") for n in range(10)]

    assert [one.id for one in soon] == ["b.example-00"]
    assert {one.id for one in early} <= {"b.example-00"}
    assert {"a.example-00", "a.example-01"} <= {one.id for some in late for one in some}
