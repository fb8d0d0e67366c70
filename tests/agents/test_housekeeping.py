"""Assess and maintenance on a real SQLite log and state."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from agents.assess import Assess
from agents.health import HealthCheck
from agents.maintenance import Maintenance
from agents.runtime import Runtime
from agents.services import Supervisor
from agents.streams import ALERTS, ENTRIES, stream_partitions
from monitor import pipeline
from monitor.codec import decode
from monitor.config import load
from monitor.eventlog import Record
from monitor.eventlog.open import open_log
from monitor.feed_model import PollOutcome
from monitor.feeds.health import learn
from monitor.metrics import Metrics
from monitor.model import AlertRecord, MatchesRecord
from monitor.patience import Patience
from monitor.store import Store
from monitor.store.assess import SqlAssessState
from monitor.store.feeds import StoreFeedBook
from monitor.store.outbox import StoreOutbox
from monitor.store.pauses import pause
from monitor.store.schema import sightings
from tests.factories import NOON, entry, feed, match, rule
from tests.scenarios.desk import write_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

DAY = timedelta(days=1)
MATCHES = MatchesRecord(topic="dues", matches=(match(topic="dues", direction=""),))


class HandClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class House:
    """One process's parts, on files of its own."""

    def __init__(self, folder: Path) -> None:
        config = write_config(
            folder / "alerts.yaml",
            concepts={"money": {"en": ["dues"]}},
            topics={"dues": {"clauses": [{"all": ["money"]}]}},
            rules={"told": {"type": "any", "topics": ["dues"]}},
        )
        self.clock = HandClock()
        self.metrics = Metrics()
        self.runtime = Runtime(
            settings=load(config, environ={}),
            log=open_log(
                f"sqlite:///{folder}/log.db", max_age=7 * DAY, clock=self.clock
            ),
            store=Store(f"sqlite:///{folder}/state.db"),
            metrics=self.metrics,
            clock=self.clock,
            patience=Patience(self.metrics),
        )

    async def start(self) -> None:
        await self.runtime.store.start()
        await self.runtime.log.start()
        await self.runtime.log.create_streams(stream_partitions(1))

    async def stop(self) -> None:
        await self.runtime.log.stop()
        await self.runtime.store.stop()

    async def commit_unpublished(self) -> None:
        """Open an alert as a process does that dies before it can publish it."""
        plan = self.runtime.settings.plan
        await self.runtime.store.run(
            lambda conn: pipeline.assess(MATCHES.matches, plan, SqlAssessState(conn))
        )

    async def published(self) -> list[str]:
        records = await self.runtime.log.read(ALERTS, 0, 0, 100)
        return [decode(record.value, AlertRecord).alert.rule for record in records]

    async def sightings(self) -> int:
        count = select(func.count()).select_from(sightings)
        found: Any = await self.runtime.store.run(
            lambda conn: conn.execute(count).scalar_one()
        )
        return int(found)

    async def keep(self, roles: set[str]) -> None:
        """Run one round of maintenance, which a stop does not cut short."""
        stop = asyncio.Event()
        health = HealthCheck(self.runtime, Supervisor(self.metrics, stop))
        outbox = StoreOutbox(self.runtime.store)
        house = Maintenance(self.runtime, outbox, health, roles)
        keeping = asyncio.create_task(house.run(stop))
        await asyncio.sleep(0)  # it has begun
        stop.set()
        await asyncio.wait_for(keeping, 10)

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    await house.start()
    yield house
    await house.stop()


async def test_an_alert_is_published_and_wakes_the_couriers(house: House) -> None:
    woken: list[bool] = []
    wake: Callable[[], None] = lambda: woken.append(True)  # noqa: E731
    house.runtime.notified = wake
    step = Assess(house.runtime).step
    await step(MATCHES)
    await step(MATCHES)

    assert woken == [True], "a record that comes again tells nothing new"
    assert await house.published() == ["told"]
    alerts = house.value(
        "wirewatch_alerts_total", rule="told", topic="dues", severity="info"
    )
    assert alerts == 1


async def test_what_a_crash_left_unpublished_is_published_once(house: House) -> None:
    await house.commit_unpublished()
    await house.keep({"assess"})
    await house.keep({"assess"})

    assert await house.published() == ["told"]


async def test_a_process_that_does_not_assess_leaves_that_to_others(
    house: House,
) -> None:
    await house.commit_unpublished()
    house.clock.at += 91 * DAY
    await house.keep({"poll", "classify"})

    assert await house.published() == []
    assert await house.sightings() == 1


async def test_log_and_state_forget_what_is_too_old(house: House) -> None:
    quiet = match(topic="elsewhere", entry=entry(id="quiet"))
    await Assess(house.runtime).step(MatchesRecord(topic="x", matches=(quiet,)))
    await house.runtime.log.append(ENTRIES, [Record(b"old")])
    house.clock.at += 8 * DAY
    await house.keep({"assess"})
    after_a_week = await house.sightings()
    read = await house.runtime.log.read(ENTRIES, 0, 0, 10)
    house.clock.at += 83 * DAY
    await house.keep({"assess"})

    assert list(read) == []
    assert after_a_week == 1
    assert await house.sightings() == 0


async def test_the_outbox_and_the_ends_of_the_log_are_counted(house: House) -> None:
    await house.commit_unpublished()
    await house.runtime.log.append(ENTRIES, [Record(b"one"), Record(b"two")])
    await house.keep({"notify"})

    pending = {"receiver": "console", "state": "pending"}
    assert house.value("wirewatch_outbox_notifications", **pending) == 1
    assert house.value("wirewatch_log_end_offset", stream="entries") == 2
    assert house.value("wirewatch_dependency_up", dependency="state") == 1


async def test_a_process_that_polls_tells_how_the_feeds_do(house: House) -> None:
    book = StoreFeedBook(house.runtime.store, learn)
    names = ("bad", "fine", "new", "paused")
    await book.sync([feed(id=name) for name in names], NOON)
    await house.runtime.store.run(lambda conn: pause(conn, feed(id="paused"), NOON))
    await book.claim_due("one", NOON, DAY, 10)
    later = NOON + DAY
    for name, error in (("bad", "no answer"), ("fine", "")):
        outcome = PollOutcome(feed=name, at=NOON, next_poll_at=later, error=error)
        await book.finish("one", outcome)
    await house.keep({"poll"})
    failing = {"feed": "bad", "problem": "failing"}
    before = house.value("wirewatch_feed_unwell", **failing)
    states = {
        state: house.value("wirewatch_feeds", state=state)
        for state in ("failing", "ok", "waiting", "paused", "quiet")
    }
    await book.claim_due("one", later, DAY, 10)
    outcome = PollOutcome(feed="bad", at=later, next_poll_at=later)
    await book.finish("one", outcome)
    await house.keep({"poll"})

    assert before == 1
    assert states == {"failing": 1, "ok": 1, "waiting": 1, "paused": 1, "quiet": 0}
    assert house.value("wirewatch_feed_unwell", **failing) is None


async def test_a_process_that_assesses_tells_what_is_known_of_silences(
    house: House,
) -> None:
    settings = house.runtime.settings
    silence = rule(name="quiet", kind="absence", topics=("dues",), within=DAY)
    plan = replace(settings.plan, rules=(silence,))
    house.runtime.settings = replace(settings, plan=plan)
    await house.keep({"poll"})
    none = house.value("wirewatch_rule_absence", rule="quiet", state="seen")
    await house.keep({"assess"})

    assert none is None
    assert house.value("wirewatch_rule_absence", rule="quiet", state="seen") == 1
    assert house.value("wirewatch_rule_absence", rule="quiet", state="absent") == 0
