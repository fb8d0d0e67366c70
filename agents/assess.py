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
from monitor.store.alerts import mark_published, unpublished_changes
from monitor.store.assess import SqlAssessState

if TYPE_CHECKING:
    from agents.runtime import Runtime
    from monitor.model import Change

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
        told = await runtime.store.run(
            lambda conn: pipeline.assess(
                record.matches, plan, SqlAssessState(conn), record.revised
            )
        )
        if not told:
            return
        runtime.notified()
        for change in told:
            tell(runtime, change)
        await publish(runtime)


def tell(runtime: Runtime, change: Change) -> None:
    """Count and log a change of an alert."""
    alert = change.alert
    labels = (alert.rule, alert.topic, alert.severity)
    if change.kind == "firing":
        runtime.metrics.alerts.labels(*labels).inc()
    runtime.metrics.alert_changes.labels(alert.rule, change.kind).inc()
    log.info(
        "alert opened" if change.kind == "firing" else f"alert {change.kind}",
        alert=alert.id,
        rule=alert.rule,
        topic=alert.topic,
        story=alert.story,
        reasons=list(change.reasons),
    )


async def publish(runtime: Runtime) -> None:
    """Append every change that was not published yet to stream `alerts`."""
    while True:
        changes = await runtime.store.run(
            lambda conn: unpublished_changes(conn, PUBLISH_BATCH)
        )
        if not changes:
            return
        records = [
            Record(encode(_record(change)), change.alert.rule.encode())
            for change in changes
        ]
        await runtime.log.append(ALERTS, records)
        ids = [(change.alert.id, change.alert.number) for change in changes]
        now = runtime.clock.now()
        await runtime.store.run(
            lambda conn, ids=ids, now=now: mark_published(conn, ids, now)  # type: ignore[misc]
        )


def _record(change: Change) -> AlertRecord:
    return AlertRecord(
        at=change.at,
        alert=change.alert,
        change=change.kind,
        reasons=change.reasons,
        differences=change.differences,
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
            *(
                MatchesRecord(topic=record.topic, matches=(match,))
                for match in record.matches
            ),
            *(
                MatchesRecord(topic=record.topic, revised=(revision,))
                for revision in record.revised
            ),
        ],
    )
