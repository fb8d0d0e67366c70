"""Which pages are to be read, shared by leases and spaced by host."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from monitor.manners import NO_MANNERS, Manners
from monitor.store.feeds import StoreFeedBook
from monitor.store.leases import release
from monitor.store.pages import StorePages, WantedPage
from monitor.store.retention import prune
from monitor.store.schema import pages as table
from tests.factories import NOON, entry, feed

if TYPE_CHECKING:
    from collections.abc import Collection

    from monitor.model import Entry
    from monitor.store import Store

SECOND = timedelta(seconds=1)
LEASE = timedelta(minutes=5)
SPACING = SECOND / 2
POLITE = Manners(spacing=SPACING, at_once=2)


@pytest.fixture
def pages(store: Store) -> StorePages:
    return StorePages(store)


def item(name: str, host: str = "news.example", **fields: Any) -> Entry:
    return entry(id=name, url=f"https://{host}/{name}", **fields)


async def claim(
    pages: StorePages,
    at: datetime = NOON,
    owner: str = "one",
    manners: Manners = NO_MANNERS,
    known_rules: Collection[str] = (),
    **under_way: int,
) -> list[WantedPage]:
    hosts = {name.replace("_", "."): count for name, count in under_way.items()}
    found = await pages.claim(
        owner,
        at,
        LEASE,
        8,
        manners=manners,
        under_way=hosts,
        known_rules=known_rules,
    )
    return list(found)


def names(found: list[WantedPage]) -> list[str]:
    return sorted(page.entry.id for page in found)


async def test_a_page_is_wanted_once_however_often_it_is_asked_for(
    pages: StorePages,
) -> None:
    first = await pages.want([item("a"), item("b")], NOON)
    again = await pages.want([item("a"), item("a", revision=1)], NOON)

    assert (first, again) == ((2, 0), (1, 0))
    assert await pages.waiting() == 3


async def test_a_leased_page_is_nobody_elses_until_the_lease_ends(
    pages: StorePages,
) -> None:
    await pages.want([item("a")], NOON)

    mine = await claim(pages)
    theirs = await claim(pages, owner="two")
    after = await claim(pages, NOON + LEASE, owner="two")

    assert (names(mine), names(theirs), names(after)) == (["a"], [], ["a"])
    assert mine[0].entry == item("a")


async def test_what_is_done_is_not_read_again_nor_wanted_anew(
    pages: StorePages, store: Store
) -> None:
    await pages.want([item("a")], NOON)
    await claim(pages)

    await pages.finish("one", item("a"), "read", error="", canonical="https://x/a")
    wanted = await pages.want([item("a")], NOON)
    row = await store.run(lambda conn: conn.execute(select(table)).one())

    assert wanted == (0, 0)
    assert await claim(pages, NOON + 2 * LEASE) == []
    assert (row.outcome, row.canonical, row.entry) == ("read", "https://x/a", "")


async def test_who_lost_the_lease_decides_nothing(pages: StorePages) -> None:
    await pages.want([item("a")], NOON)
    await claim(pages)
    await claim(pages, NOON + LEASE, owner="two")

    await pages.finish("one", item("a"), "failed", error="", canonical="")

    assert await pages.waiting() == 1


async def test_a_page_that_may_come_later_waits_and_counts_its_tries(
    pages: StorePages,
) -> None:
    await pages.want([item("a")], NOON)
    await claim(pages)

    await pages.again("one", item("a"), due_at=NOON + 60 * SECOND, error="503")
    before = await claim(pages, NOON + 59 * SECOND)
    (page,) = await claim(pages, NOON + 60 * SECOND)

    assert before == []
    assert page.tries == 1


async def test_pages_and_polls_of_one_host_take_turns(
    pages: StorePages, store: Store
) -> None:
    book = StoreFeedBook(store)
    await book.sync([feed(id="f", url="https://news.example/feed")], NOON)
    (poll,) = await book.claim_due("one", NOON, LEASE, 8, manners=POLITE)
    await pages.want([item(name) for name in "ab"] + [item("c", "other.example")], NOON)

    found = await claim(pages, manners=POLITE, known_rules=["news.example"])
    starts = sorted(page.start_at for page in found if "news" in page.entry.url)

    assert poll.start_at == NOON
    assert len(starts) == 2
    assert starts[0] >= NOON + SPACING
    assert starts[1] >= starts[0] + SPACING
    assert "c" in names(found)


async def test_a_host_whose_robots_are_unknown_gets_time_for_two_requests(
    pages: StorePages,
) -> None:
    await pages.want([item("a"), item("b")], NOON)

    one, other = sorted(page.start_at for page in await claim(pages, manners=POLITE))

    assert other - one >= 2 * SPACING


async def test_a_full_host_waits_and_holds_up_no_other(pages: StorePages) -> None:
    await pages.want([item("a"), item("b", "other.example")], NOON)

    found = await claim(pages, manners=POLITE, news_example=2)

    assert names(found) == ["b"]


async def test_too_many_pages_are_left_out_and_stay_so(
    store: Store,
) -> None:
    pages = StorePages(store, most_waiting=2)

    first = await pages.want([item(name) for name in "abc"], NOON)
    await claim(pages)
    await pages.finish("one", item("a"), "read", error="", canonical="")
    again = await pages.want([item("c")], NOON)

    assert (first, again) == ((2, 1), (0, 0))


async def test_a_dead_process_gives_its_pages_back_and_old_ones_are_forgotten(
    pages: StorePages, store: Store
) -> None:
    await pages.want([item("a")], NOON)
    await claim(pages)

    await store.run(lambda conn: release(conn, "one"))
    assert names(await claim(pages, owner="two")) == ["a"]
    await store.run(lambda conn: prune(conn, NOON + timedelta(days=91)))

    assert await pages.waiting() == 0


async def test_the_next_page_is_known_beforehand(pages: StorePages) -> None:
    assert await pages.next_due(NOON) is None
    await pages.want([item("a")], NOON)
    assert await pages.next_due(NOON) == NOON
    await claim(pages)

    assert await pages.next_due(NOON) == NOON + LEASE
