"""What was expected and did not come, over a database and from several processes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from monitor import pipeline
from monitor.alerting.rules.absence import Freshness
from monitor.memory import MemoryState
from monitor.model import Route
from monitor.pipeline import Plan
from monitor.store import Store
from monitor.store.alerts import mark_published, unpublished_changes
from monitor.store.assess import SqlAssessState
from monitor.store.feeds import StoreFeedBook
from monitor.store.freshness import absence_answers, freshness_of
from monitor.store.retention import prune
from monitor.store.schema import (
    feeds,
    outbox,
    rule_matters,
    rule_tallies,
    rule_watches,
)
from tests.factories import NOON, entry, feed, match, receiver, rule

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.model import Alert
    from monitor.rule_model import Rule

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FRESH = Freshness(total=4, fresh=4)

SILENCE = rule(name="quiet", kind="absence", within=2 * HOUR)
FEEDS = rule(
    name="feeds", kind="absence", topics=(), feeds=("wire-*",), within=2 * HOUR
)


def plan(*rules: Rule) -> Plan:
    return Plan(
        rules=rules, route=Route(receivers=("desk",)), receivers={"desk": receiver()}
    )


async def tick(
    store: Store, minute: int, *rules: Rule, freshness: Freshness | None = None
) -> list[Alert]:
    now = NOON + minute * MINUTE

    def work(conn: Connection) -> list[Alert]:
        known = freshness or freshness_of(conn, rules, now)
        told = pipeline.tick(now, plan(*rules), SqlAssessState(conn), known)
        return [change.alert for change in told]

    return await store.run(work)


async def ticks(store: Store, first: int, last: int, *rules: Rule) -> list[Alert]:
    """Look every other minute and return what changed."""
    changed = []
    for minute in range(first, last + 1, 2):
        await keep_polling(store, minute)
        changed += await tick(store, minute, *rules)
    return changed


async def keep_polling(store: Store, minute: int) -> None:
    """Let no poll be overdue."""
    later = NOON + (minute + 1) * MINUTE
    await store.run(
        lambda conn: conn.execute(
            update(feeds)
            .where(feeds.c.stopped_since.is_(None))
            .values(next_poll_at=later, polled_at=NOON)
        )
    )


async def set_feed(store: Store, name: str, **values: object) -> None:
    await store.run(
        lambda conn: conn.execute(
            update(feeds).where(feeds.c.id == name).values(**values)
        )
    )


async def test_a_silence_opens_one_alert_and_its_end_resolves_it(store: Store) -> None:
    memory = MemoryState()
    news = match(entry=entry(fetched_at=NOON + 190 * MINUTE))
    told, expected = [], []
    for minute in range(0, 200, 2):
        if minute == 192:
            await store.run(
                lambda conn: pipeline.assess([news], plan(), SqlAssessState(conn))
            )
            pipeline.assess([news], plan(), memory)
        now = NOON + minute * MINUTE
        ticked = pipeline.tick(now, plan(SILENCE), memory, FRESH)
        expected += [change.alert for change in ticked]
        told += await tick(store, minute, SILENCE, freshness=FRESH)

    assert told == expected
    assert [alert.status for alert in told] == ["firing", "resolved"]
    assert told[0].opened_at == NOON + 2 * HOUR
    assert told[0].match.entry.title == "Nothing on unesco-funding-threat for 2 h"
    assert told[1].id == told[0].id
    assert told[1].updated_at == NOON + 190 * MINUTE
    assert list(memory.notifications) == await store.run(
        lambda conn: list(
            conn.execute(select(outbox.c.id).order_by(outbox.c.created_at)).scalars()
        )
    )


async def test_without_a_feed_nothing_is_known_of_a_silence(store: Store) -> None:
    assert await ticks(store, 0, 200, SILENCE) == []
    assert await store.run(absence_answers) == {("quiet", "unknown"): 1}


async def test_the_end_of_a_silence_is_published_as_its_beginning_was(
    store: Store,
) -> None:
    for minute in range(0, 122, 2):
        await tick(store, minute, SILENCE, freshness=FRESH)
    (first,) = await store.run(lambda conn: unpublished_changes(conn, 10))
    await store.run(lambda conn: mark_published(conn, [(first.alert.id, 0)], NOON))
    news = match(entry=entry(fetched_at=NOON + 122 * MINUTE))
    await store.run(lambda conn: pipeline.assess([news], plan(), SqlAssessState(conn)))
    await tick(store, 124, SILENCE, freshness=FRESH)
    (then,) = await store.run(lambda conn: unpublished_changes(conn, 10))

    assert (first.kind, then.kind) == ("firing", "resolved")
    assert first.alert.id == then.alert.id


async def test_two_processes_tell_a_silence_once(url: str) -> None:
    stores = [Store(url), Store(url)]
    for store in stores:
        await store.start()
    opened: list[Alert] = []
    for minute in range(0, 130, 2):
        both = await asyncio.gather(
            *(tick(store, minute, SILENCE, freshness=FRESH) for store in stores)
        )
        opened += [alert for each in both for alert in each]
    count = select(func.count()).select_from(outbox)
    told = await stores[0].run(lambda conn: conn.execute(count).scalar_one())
    for store in stores:
        await store.stop()

    assert [alert.status for alert in opened] == ["firing"]
    assert told == 1


async def test_a_feed_that_brings_nothing_new_is_told_of_until_it_does(
    store: Store,
) -> None:
    names = ("wire-a", "wire-b", "other")
    await StoreFeedBook(store).sync([feed(id=name) for name in names], NOON)
    opened = await ticks(store, 0, 140, FEEDS)
    await set_feed(store, "wire-a", paused_at=NOON)
    ended = await ticks(store, 142, 144, FEEDS)

    assert [alert.match.entry.title for alert in opened] == [
        'Nothing new from feed "wire-a" for 2 h',
        'Nothing new from feed "wire-b" for 2 h',
    ]
    assert {alert.topic for alert in opened} == {"feeds"}
    assert [(alert.id, alert.status) for alert in ended] == [(opened[0].id, "resolved")]


async def test_a_feed_that_stopped_is_told_of_at_once_and_why(store: Store) -> None:
    await StoreFeedBook(store).sync([feed(id="wire-a"), feed(id="other")], NOON)
    assert await ticks(store, 0, 40, FEEDS) == []
    await set_feed(store, "wire-a", stopped_since=NOON, error="the feed is gone (410)")
    opened = await ticks(store, 42, 50, FEEDS)

    assert [alert.match.entry.title for alert in opened] == [
        'Feed "wire-a" stopped: the feed is gone (410)'
    ]


async def test_the_only_feed_may_be_told_of_too(store: Store) -> None:
    await StoreFeedBook(store).sync([feed(id="wire-a")], NOON)
    await set_feed(store, "wire-a", failures=3, error="timed out")
    opened = await ticks(store, 0, 130, FEEDS)

    assert [alert.reason for alert in opened] == [
        'Nothing new from feed "wire-a" for 2 h: timed out'
    ]


async def test_when_no_feed_can_be_read_nobody_is_told_of_all_of_them(
    store: Store,
) -> None:
    names = [f"wire-{number}" for number in range(5)]
    await StoreFeedBook(store).sync([feed(id=name) for name in names], NOON)
    for name in names:
        await set_feed(store, name, failures=3, error="no network")
    opened = await ticks(store, 0, 140, FEEDS)
    answers = await store.run(absence_answers)

    assert opened == []
    assert answers == {("feeds", "unknown"): 5}


async def fresh_at(store: Store, now: datetime) -> tuple[int, int]:
    found = await store.run(lambda conn: freshness_of(conn, [], now))
    return found.fresh, found.total


async def test_a_feed_is_fresh_while_its_polls_are_good_and_in_time(
    store: Store,
) -> None:
    names = ("good", "failing", "stopped", "new", "paused")
    await StoreFeedBook(store).sync([feed(id=name) for name in names], NOON)
    for name in names:
        await set_feed(store, name, polled_at=NOON, next_poll_at=NOON + MINUTE)
    await set_feed(store, "failing", failures=1)
    await set_feed(store, "stopped", stopped_since=NOON)
    await set_feed(store, "new", polled_at=None)
    await set_feed(store, "paused", paused_at=NOON)

    assert await fresh_at(store, NOON) == (1, 4)
    assert await fresh_at(store, NOON + 6 * MINUTE) == (1, 4)
    assert await fresh_at(store, NOON + 7 * MINUTE) == (0, 4)


async def test_what_nobody_looks_at_any_more_is_forgotten(store: Store) -> None:
    await tick(store, 0, SILENCE, freshness=FRESH)
    await store.run(lambda conn: prune(conn, NOON + timedelta(days=91)))
    count = select(func.count()).select_from(rule_watches)

    assert await store.run(lambda conn: conn.execute(count).scalar_one()) == 0


async def test_what_rules_count_and_follow_is_forgotten_with_the_rest(
    store: Store,
) -> None:
    rules = (
        rule(name="spike", kind="spike", count=2, within=HOUR),
        rule(name="moves", kind="transition"),
    )
    await store.run(
        lambda conn: pipeline.assess([match()], plan(*rules), SqlAssessState(conn))
    )
    kept = {}
    for days in (89, 91):
        at = NOON + timedelta(days=days)
        await store.run(lambda conn, at=at: prune(conn, at))  # type: ignore[misc]
        for table in (rule_tallies, rule_matters):
            count = select(func.count()).select_from(table)
            kept[days, table.name] = await store.run(
                lambda conn, count=count: conn.execute(count).scalar_one()  # type: ignore[misc]
            )

    assert kept == {
        (89, "rule_tallies"): 1,
        (89, "rule_matters"): 1,
        (91, "rule_tallies"): 0,
        (91, "rule_matters"): 0,
    }
