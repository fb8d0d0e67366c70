"""Alerts read back: for the page, and for stream `alerts`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import pipeline
from monitor.memory import MemoryState
from monitor.model import Route
from monitor.pipeline import Plan
from monitor.store.alerts import (
    mark_published,
    recent_alerts,
    sightings_per_topic,
    unpublished_changes,
)
from monitor.store.assess import SqlAssessState
from tests import factories
from tests.factories import NOON, entry, match, rule

if TYPE_CHECKING:
    from monitor.model import Change
    from monitor.store import Store

WATCH = Plan(
    rules=(rule(topics=("money", "troops"), min_score=0.6),),
    route=Route(receivers=()),
    receivers={},
)


async def open_alerts(store: Store, *topics: str, score: float = 0.9) -> list[Change]:
    """Open one alert a minute, on these topics."""
    matches = [
        match(
            topic=topic,
            score=score,
            entry=entry(
                id=f"entry-{number}",
                title=f"Story {number}",
                fetched_at=NOON + timedelta(minutes=number),
            ),
        )
        for number, topic in enumerate(topics)
    ]
    return await store.run(
        lambda conn: pipeline.assess(matches, WATCH, SqlAssessState(conn))
    )


async def test_the_last_alerts_come_first_and_whole(store: Store) -> None:
    opened = await open_alerts(store, "money", "troops", "money")
    recent = await store.run(lambda conn: recent_alerts(conn, 2))

    assert recent == [opened[2].alert, opened[1].alert]


async def test_a_change_is_unpublished_until_it_is_marked(store: Store) -> None:
    opened = await open_alerts(store, "money", "troops", "money")
    first = await store.run(lambda conn: unpublished_changes(conn, 2))
    ids = [(told.alert.id, 0) for told in first]
    await store.run(lambda conn: mark_published(conn, ids, NOON))
    rest = await store.run(lambda conn: unpublished_changes(conn, 2))
    await store.run(
        lambda conn: mark_published(
            conn, [(rest[0].alert.id, 0), ("al_other", 0)], NOON
        )
    )

    assert first == opened[:2]
    assert rest == opened[2:]
    assert await store.run(lambda conn: unpublished_changes(conn, 2)) == []


async def test_counts_are_per_topic_and_from_a_time_on(store: Store) -> None:
    await open_alerts(store, "money", "troops", "money")
    await open_alerts(store, "other", score=0.5)
    whole = await store.run(
        lambda conn: sightings_per_topic(conn, NOON - timedelta(seconds=1))
    )
    late = await store.run(
        lambda conn: sightings_per_topic(conn, NOON + timedelta(seconds=1))
    )

    assert whole == {"money": 2, "troops": 1, "other": 1}
    assert late == {"money": 1, "troops": 1}


async def test_what_was_told_lately_is_listed_as_in_memory(store: Store) -> None:
    memory = MemoryState()
    for number in range(6):
        told = factories.alert(
            id=f"al_{number}",
            story=f"st_{number}",
            opened_at=NOON + number * timedelta(minutes=10),
        )
        memory.save(factories.firing(told), [])
        await store.run(
            lambda conn, told=told: SqlAssessState(conn).save(
                factories.firing(told), []
            )  # type: ignore[misc]
        )
    window = (NOON, NOON + timedelta(minutes=50))
    which = ("unesco-cuts", "unesco-funding-threat")

    found = await store.run(
        lambda conn: SqlAssessState(conn).told_lately(*which, *window)
    )

    assert [alert.id for alert in found] == ["al_4", "al_3", "al_2", "al_1"]
    assert found == memory.told_lately(*which, *window)
