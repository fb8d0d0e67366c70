"""Stories and alerts on the database: the same answers as in memory, once each."""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from monitor import pipeline
from monitor.alerting.rules import Finding, evaluate
from monitor.codec import encode
from monitor.memory import MemoryState
from monitor.model import Route
from monitor.pipeline import Plan
from monitor.store import Store
from monitor.store.alerts import recent_alerts
from monitor.store.assess import SqlAssessState
from monitor.store.schema import outbox, sightings, stories
from monitor.stories.clusterer import join
from tests.factories import NOON, entry, match, receiver, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from monitor.model import Change, Match

DESK = Route(receivers=("desk", "night"))
RECEIVERS = {name: receiver(name=name) for name in ("desk", "night")}


def plan(*rules: object) -> Plan:
    return Plan(rules=rules or (rule(),), route=DESK, receivers=RECEIVERS)  # type: ignore[arg-type]


def news(number: int, *, topic: str = "money", **fields: object) -> Match:
    """Return a match on a story of its own, a second after the one before."""
    known: dict[str, object] = {
        "id": f"entry-{number}",
        "title": f"Story {number}",
        "fetched_at": NOON + timedelta(seconds=number),
    }
    return match(topic=topic, entry=entry(**(known | fields)))


async def assess(store: Store, matches: Sequence[Match], to: Plan) -> list[Change]:
    return await store.run(
        lambda conn: pipeline.assess(matches, to, SqlAssessState(conn))
    )


async def count(store: Store, table: object) -> int:
    statement = select(func.count()).select_from(table)  # type: ignore[arg-type]
    return await store.run(lambda conn: conn.execute(statement).scalar_one())


async def test_an_alert_is_stored_with_a_notification_per_receiver(
    store: Store,
) -> None:
    opened = await assess(store, [match()], plan())
    stored = await store.run(lambda conn: recent_alerts(conn, 10))

    assert [told.alert.rule for told in opened] == ["unesco-cuts"]
    assert stored == [told.alert for told in opened]
    assert await count(store, outbox) == 2


async def test_a_redelivered_record_changes_nothing(store: Store) -> None:
    matches = [match(), news(1, topic="unesco-funding-threat")]
    first = await assess(store, matches, plan())
    again = await assess(store, matches, plan())

    assert (len(first), again) == (2, [])
    assert await count(store, sightings) == 2
    assert await count(store, outbox) == 4


async def test_a_transaction_that_fails_leaves_no_half_of_an_alert(
    store: Store,
) -> None:
    def work(conn: Connection) -> None:
        pipeline.assess([match()], plan(), SqlAssessState(conn))
        raise LookupError

    with pytest.raises(LookupError):
        await store.run(work)

    assert await count(store, sightings) == 0
    assert await count(store, outbox) == 0
    assert len(await assess(store, [match()], plan())) == 1


async def test_an_edit_that_a_crash_gave_the_same_revision_may_still_fire(
    store: Store,
) -> None:
    watch = plan(rule(directions=("action",)))
    before = await assess(store, [match(direction="threat")], watch)
    edited = match(
        direction="action", entry=entry(title="Tokyo withholds its UNESCO dues")
    )
    after = await assess(store, [edited], watch)

    assert before == []
    assert [told.alert.match.direction for told in after] == ["action"]


async def test_an_id_of_any_length_and_letters_is_one_identity(store: Store) -> None:
    long = "世界\0" * 2000
    watch = plan(rule(topics=("money",)))
    await assess(store, [news(1, id=long), news(2, id=long + "x")], watch)
    again = await assess(store, [news(1, id=long)], watch)
    edited = await assess(
        store, [news(3, id=long, revision=1, title="Another title")], watch
    )

    assert again == []
    # An edit stays in its entry's story, and amends its alert.
    assert [told.kind for told in edited] == ["amended"]
    assert await count(store, stories) == 2


async def test_a_headline_that_recurs_after_the_window_opens_a_new_story(
    store: Store,
) -> None:
    opened = []
    for week in range(3):
        recurring = news(
            week, title="Same words", fetched_at=NOON + week * timedelta(days=10)
        )
        opened += await assess(store, [recurring], plan(rule(topics=("money",))))

    assert len({told.alert.story for told in opened}) == 3


def timeline(seed: int, length: int = 80) -> list[Match]:
    """Return matches with copies, edits, late arrivals and repeats among them."""
    dice = random.Random(seed)
    made: list[Match] = []
    for _ in range(length):
        if made and dice.random() < 0.15:
            made.append(dice.choice(made))
            continue
        made.append(
            match(
                topic=dice.choice(["money", "troops"]),
                score=dice.choice([0.5, 0.75, 1.0]),
                direction=dice.choice(["", "threat", "action"]),
                entry=entry(
                    feed=dice.choice(["wire-a", "wire-b"]),
                    id=f"entry-{dice.randrange(20)}",
                    revision=dice.randrange(3),
                    title=f"Title {dice.randrange(25)}",
                    # Coarse, so that times often meet the edge of a window.
                    fetched_at=NOON + timedelta(hours=12 * dice.randrange(40)),
                ),
            )
        )
    return made


RULES = (
    rule(name="any-money", topics=("money",)),
    rule(name="sure", topics=("money", "troops"), min_score=0.75),
    rule(name="acts", topics=("troops",), directions=("action", "")),
    rule(
        name="burst",
        kind="frequency",
        topics=("troops", "money"),
        count=3,
        within=timedelta(days=3),
    ),
    rule(
        name="burst-of-threats",
        kind="frequency",
        topics=("money",),
        directions=("threat",),
        min_score=0.6,
        count=2,
        within=timedelta(days=1),
    ),
    rule(name="all", topics=("*",), min_score=0.6),
    rule(
        name="burst-of-many",
        kind="frequency",
        topics=("t*s", "*on*"),
        count=2,
        within=timedelta(days=2),
    ),
)


async def test_a_pattern_counts_the_topics_that_fit_it_and_no_others(
    store: Store,
) -> None:
    burst = rule(kind="frequency", topics=("a_b*",), count=3, within=timedelta(hours=1))
    topics = ["a_b", "A_b1", "axb2", "a_b.2", "x-a_b", "a_b-3"]
    memory = MemoryState()
    told = []
    for number, topic in enumerate(topics):
        opened = await assess(store, [news(number, topic=topic)], plan(burst))
        told += [told.alert.topic for told in opened]

        assert opened == pipeline.assess(
            [news(number, topic=topic)], plan(burst), memory
        )

    assert told == ["a_b-3"]


@pytest.mark.parametrize("seed", range(4))
async def test_the_database_answers_as_memory_does(store: Store, seed: int) -> None:
    to = plan(*RULES)
    memory = MemoryState()
    for some in (matches := timeline(seed)), matches:
        for start in range(0, len(some), 7):
            record = some[start : start + 7]
            stored = await assess(store, record, to)

            assert stored == pipeline.assess(record, to, memory)

    assert memory.alerts
    assert await count(store, sightings) == len(memory.sightings)
    assert await count(store, outbox) == len(memory.notifications)


async def test_two_processes_that_assess_the_same_open_one_alert(url: str) -> None:
    stores = [Store(url), Store(url)]
    for store in stores:
        await store.start()
    matches = [news(n, title="One wire report") for n in range(8)]
    watch = plan(rule(topics=("money",)))
    opened = await asyncio.gather(
        *(
            assess(stores[n % 2], record, watch)
            for n, record in enumerate([matches, matches[::-1], [matches[0]], matches])
        )
    )
    told = await count(stores[0], outbox)
    seen = await count(stores[0], sightings)
    for store in stores:
        await store.stop()

    assert sum(len(alerts) for alerts in opened) == 1
    assert (told, seen) == (2, 8)


async def test_a_burst_over_two_topics_is_seen_by_whoever_commits_last(
    url: str,
) -> None:
    """Each process sees one half; unless they take turns neither sees two stories."""
    burst = rule(
        kind="frequency",
        topics=("money", "troops"),
        count=2,
        within=timedelta(hours=1),
    )
    stores = [Store(url), Store(url)]
    for store in stores:
        await store.start()
    both = threading.Barrier(2)

    def half(conn: Connection, of: Match) -> list[Finding]:
        state = SqlAssessState(conn)
        sighting = join(of, state)
        assert sighting is not None
        _meet(both)  # both have written their half
        found = evaluate(burst, sighting, state)
        _meet(both)  # whoever may evaluate first has not committed yet
        return [] if found is None else [found]

    opened = await asyncio.gather(
        stores[0].run(partial(half, of=news(1, topic="money"))),
        stores[1].run(partial(half, of=news(2, topic="troops"))),
    )
    for store in stores:
        await store.stop()

    assert sum(len(alerts) for alerts in opened) == 1


def _meet(both: threading.Barrier) -> None:
    """Wait for the other for a while; where the two take turns it cannot come."""
    with suppress(threading.BrokenBarrierError):
        both.wait(0.3)
    both.reset()


async def test_a_long_history_is_read_only_as_far_as_the_rule_needs(
    store: Store,
) -> None:
    """The newest of very many stories are listed, oldest first."""
    burst = rule(kind="frequency", topics=("money",), count=1, within=timedelta(days=9))

    def work(conn: Connection) -> list[str]:
        state = SqlAssessState(conn)
        join(news(0), state)
        row = dict(conn.execute(select(sightings)).one()._mapping)
        others = [
            row
            | {
                "id": row["id"] + number,
                "story": f"st_{number}",
                "entry_key": f"{number}",
                "entry": encode(news(number).entry).decode(),
                "seen_at": NOON + timedelta(seconds=number),
            }
            for number in range(1, 1200)
        ]
        conn.execute(sightings.insert(), others)
        found = state.stories_between(
            burst, NOON - timedelta(days=1), NOON + timedelta(days=1)
        )
        return [of.id for _, of in found]

    listed = await store.run(work)

    assert listed == [f"entry-{n}" for n in range(200, 1200)]
