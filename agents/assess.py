"""The assess agent: matches in, alerts and notifications into the state.

One record is one database transaction, idempotent by its unique keys. What opened is
then published to stream `alerts`; an alert that a crash left unpublished is published
at the next start, so downstream sees every alert at least once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from agents.dead_letters import Guard
from agents.streams import ALERTS
from monitor import pipeline
from monitor.codec import encode
from monitor.eventlog import Record
from monitor.model import AlertRecord, MatchesRecord
from monitor.store.alerts import mark_published, unpublished_alerts
from monitor.store.assess import SqlAssessState

if TYPE_CHECKING:
    from agents.runtime import Runtime
    from monitor.model import Alert

PUBLISH_BATCH = 100

log = structlog.get_logger(__name__)


class Assess:
    """Join matches to stories, evaluate rules, and publish the alerts that open."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def step(self, record: MatchesRecord) -> None:
        """Handle one record; safe to repeat."""
        runtime = self._runtime
        plan = runtime.settings.plan
        opened = await runtime.store.run(
            lambda conn: pipeline.assess(record.matches, plan, SqlAssessState(conn))
        )
        if not opened:
            return
        runtime.notified()
        for alert in opened:
            tell(runtime, alert)
        await publish(runtime)


def tell(runtime: Runtime, alert: Alert) -> None:
    """Count and log what happened to an alert."""
    if alert.status == "firing":
        labels = (alert.rule, alert.topic, alert.severity)
        runtime.metrics.alerts.labels(*labels).inc()
    log.info(
        "alert opened" if alert.status == "firing" else "alert resolved",
        alert=alert.id,
        rule=alert.rule,
        topic=alert.topic,
        story=alert.story,
    )


async def publish(runtime: Runtime) -> None:
    """Append every alert that was not published yet to stream `alerts`."""
    while True:
        alerts = await runtime.store.run(
            lambda conn: unpublished_alerts(conn, PUBLISH_BATCH)
        )
        if not alerts:
            return
        records = [
            Record(
                encode(
                    AlertRecord(
                        at=alert.updated_at or alert.opened_at,
                        alert=alert,
                        change="firing" if alert.status == "firing" else "resolved",
                    )
                ),
                alert.rule.encode(),
            )
            for alert in alerts
        ]
        await runtime.log.append(ALERTS, records)
        ids = [alert.id for alert in alerts]
        now = runtime.clock.now()
        await runtime.store.run(
            lambda conn, ids=ids, now=now: mark_published(conn, ids, now)  # type: ignore[misc]
        )


async def publish_leftovers(runtime: Runtime) -> None:
    """Publish what an earlier process committed but did not publish."""
    await runtime.patience.until_done(lambda: publish(runtime))


def guard(runtime: Runtime) -> Guard[MatchesRecord]:
    """Return the assess agent's guarded step."""
    return Guard(
        agent="assess",
        runtime=runtime,
        kind=MatchesRecord,
        step=Assess(runtime).step,
        pieces=lambda record: [
            MatchesRecord(topic=record.topic, matches=(match,))
            for match in record.matches
        ],
    )
