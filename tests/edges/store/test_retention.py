"""Retention: what is over is forgotten, and nothing old ever looks new."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from monitor import pipeline
from monitor.feed_model import PollOutcome, SeenEntry
from monitor.model import Route
from monitor.pipeline import Plan
from monitor.store.alerts import mark_published, unpublished_changes
from monitor.store.assess import SqlAssessState
from monitor.store.feeds import StoreFeedBook
from monitor.store.outbox import StoreOutbox
from monitor.store.retention import prune
from monitor.store.schema import metadata
from tests.factories import NOON, entry, feed, match, receiver, rule

if TYPE_CHECKING:
    from monitor.model import Change, Match
    from monitor.store import Store

DAY = timedelta(days=1)
KEEP = 90 * DAY
PLAN = Plan(
    rules=(rule(topics=("money",)),),
    route=Route(receivers=("desk",)),
    receivers={"desk": receiver()},
)


class Newsroom:
    """Drive a store through days: poll, assess, publish, deliver, prune."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.book = StoreFeedBook(store)
        self.outbox = StoreOutbox(store)

    async def poll(
        self, at: datetime, *present: str, new: tuple[str, ...] = ()
    ) -> None:
        await self.book.sync([feed()], at)
        await self.book.claim_due("one", at, DAY, 1)
        seen = tuple(SeenEntry(id=i, revision=0, content_hash="c") for i in new)
        await self.book.finish(
            "one",
            PollOutcome(
                feed="wire-a",
                at=at,
                next_poll_at=at,
                changed=True,
                seen=seen,
                present=present,
            ),
        )

    async def assess(self, *matches: Match) -> list[Change]:
        return await self.store.run(
            lambda conn: pipeline.assess(matches, PLAN, SqlAssessState(conn))
        )

    async def publish(self, at: datetime) -> None:
        def work(conn: Any) -> None:
            told = unpublished_changes(conn, 99)
            mark_published(conn, [(c.alert.id, c.alert.number) for c in told], at)

        await self.store.run(work)

    async def deliver(self, at: datetime) -> None:
        for item in await self.outbox.claim("one", "desk", at, DAY, 99):
            await self.outbox.delivered(item.notification.id, at)

    async def tell(self, *matches: Match, at: datetime) -> list[Change]:
        """Assess, publish and deliver."""
        opened = await self.assess(*matches)
        await self.publish(at)
        await self.deliver(at)
        return opened

    async def prune(self, now: datetime, limit: int = 2000) -> int:
        return await self.store.run(lambda conn: prune(conn, now, KEEP, limit=limit))

    async def sizes(self) -> dict[str, int]:
        def work(conn: Any) -> dict[str, int]:
            return {
                table.name: conn.execute(
                    select(func.count()).select_from(table)
                ).scalar_one()
                for table in metadata.sorted_tables
                if table.name != "feeds"
            }

        return {name: n for name, n in (await self.store.run(work)).items() if n}


@pytest.fixture
def room(store: Store) -> Newsroom:
    return Newsroom(store)


def sighted(entry_id: str = "tag:1", at: datetime = NOON, **fields: Any) -> Match:
    known = {"id": entry_id, "title": f"About {entry_id}", "fetched_at": at}
    return match(topic="money", entry=entry(**(known | fields)))


async def test_everything_that_is_over_goes(room: Newsroom) -> None:
    await room.poll(NOON, "tag:1", new=("tag:1",))
    await room.tell(sighted(), at=NOON)
    await room.poll(NOON + DAY)  # the entry has left the feed
    early = await room.prune(NOON + DAY + KEEP)
    left = await room.sizes()
    await room.prune(NOON + DAY + KEEP + timedelta(seconds=1))

    assert early == 2  # the delivery, which was over a day before, and the sketch
    assert left["sightings"] == left["alerts"] == left["feed_entries"] == 1
    assert await room.sizes() == {}


async def test_an_entry_that_stays_in_its_feed_is_never_new_again(
    room: Newsroom,
) -> None:
    await room.poll(NOON, "tag:1", new=("tag:1",))
    await room.tell(sighted(), at=NOON)
    years = NOON + 1000 * DAY
    await room.prune(years)
    edited = sighted(at=years, revision=1, title="About TAG 1")

    assert set(await room.book.known("wire-a", ["tag:1"])) == {"tag:1"}
    assert await room.assess(edited) == []
    assert await room.assess(sighted()) == []


async def test_an_entry_is_remembered_for_its_time_after_it_left_the_feed(
    room: Newsroom,
) -> None:
    """A body may stay the same for a year; leaving counts from when it changed."""
    await room.poll(NOON, "tag:1", new=("tag:1",))
    await room.poll(NOON + 400 * DAY, "tag:2", new=("tag:2",))
    await room.prune(NOON + 401 * DAY)
    known = await room.book.known("wire-a", ["tag:1"])
    await room.poll(NOON + 402 * DAY, "tag:1", "tag:2")  # and it is back
    await room.prune(NOON + 900 * DAY)

    assert set(known) == {"tag:1"}
    assert set(await room.book.known("wire-a", ["tag:1", "tag:2"])) == {
        "tag:1",
        "tag:2",
    }


async def test_an_entry_of_a_removed_feed_is_remembered(room: Newsroom) -> None:
    await room.poll(NOON, "tag:1", new=("tag:1",))
    await room.book.sync([], NOON + DAY)
    await room.prune(NOON + 1000 * DAY)

    assert set(await room.book.known("wire-a", ["tag:1"])) == {"tag:1"}


async def test_what_was_not_told_yet_is_kept(room: Newsroom) -> None:
    late = NOON + 2 * KEEP
    await room.assess(sighted("tag:delivered"), sighted("tag:published"))
    (first, _) = await room.outbox.claim("one", "desk", NOON, DAY, 9)
    await room.outbox.delivered(first.notification.id, NOON)
    await room.prune(late)
    unpublished = await room.sizes()
    await room.publish(NOON)
    await room.prune(late)
    undelivered = await room.sizes()
    await room.deliver(late)
    await room.prune(late + KEEP + DAY)

    assert (unpublished["alerts"], unpublished["outbox"]) == (2, 1)
    assert (undelivered["alerts"], undelivered["outbox"]) == (1, 1)
    assert await room.sizes() == {}


async def test_the_dead_wait_for_their_replay(room: Newsroom) -> None:
    await room.assess(sighted())
    (item,) = await room.outbox.claim("one", "desk", NOON, DAY, 9)
    await room.outbox.dead(item.notification.id, NOON, "410 Gone")
    await room.publish(NOON)
    await room.prune(NOON + 2 * KEEP)

    assert await room.outbox.counts() == {("desk", "dead"): 1}


async def test_a_story_that_goes_on_keeps_its_alert(room: Newsroom) -> None:
    await room.tell(sighted("tag:1"), at=NOON)
    for week in range(1, 20):
        copy = sighted(f"copy:{week}", NOON + week * 6 * DAY, title="About tag:1")
        assert await room.tell(copy, at=NOON) == []
    await room.prune(NOON + 114 * DAY)
    another = sighted("copy:99", NOON + 115 * DAY, title="About tag:1")

    assert (await room.sizes())["alerts"] == 1
    assert await room.tell(another, at=NOON) == []


async def test_a_pruned_story_never_gives_its_id_to_another(room: Newsroom) -> None:
    """Counting what is left would number the third story like the second."""
    first = await room.tell(sighted("tag:1", title="Same"), at=NOON)
    second_at = NOON + 50 * DAY
    second = await room.tell(sighted("tag:2", second_at, title="Same"), at=second_at)
    await room.prune(NOON + KEEP + DAY)
    left = await room.sizes()
    third_at = NOON + 100 * DAY
    third = await room.tell(sighted("tag:3", third_at, title="Same"), at=third_at)

    assert left["stories"] == 1
    assert len({told.alert.story for told in first + second + third}) == 3


async def test_a_batch_is_bounded_and_the_rest_follows(room: Newsroom) -> None:
    matches = [
        sighted(f"tag:{n}", title=letter * 9, summary=f"{letter}{letter} {letter * 5}")
        for n, letter in enumerate("abcdefghijklmnopqrstuvwxy")
    ]
    await room.tell(*matches, at=NOON)
    deleted = []
    while True:
        deleted.append(await room.prune(NOON + 2 * KEEP, limit=10))
        if not deleted[-1] or len(deleted) > 20:
            break

    # Sightings, deliveries, alerts, signatures and stories, ten of each at a time,
    # and fewer sketches.
    assert max(deleted) <= 60
    assert sum(deleted) == 6 * 25
    assert await room.sizes() == {}
