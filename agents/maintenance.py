"""What a process does now and then: gauges, retention, what a crash left unpublished."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from agents.assess import publish_leftovers, tell
from agents.streams import STREAMS
from monitor import pipeline
from monitor.errors import WirewatchError
from monitor.eventlog.sqlite import SqliteLog
from monitor.feeds.health import CONDITIONS, SHORTEST_QUIET, judge_all
from monitor.store.assess import SqlAssessState
from monitor.store.feed_health import suspects
from monitor.store.freshness import absence_answers, freshness_of
from monitor.store.retention import prune

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from agents.health import HealthCheck
    from agents.runtime import Runtime
    from monitor.model import Change
    from monitor.store.freshness import Answers
    from monitor.store.outbox import StoreOutbox

EVERY = 15.0
RETAIN_EVERY = 60.0
PRUNE_ROUNDS = 50


class Maintenance:
    """Keep house, as far as the roles of this process go."""

    def __init__(
        self,
        runtime: Runtime,
        outbox: StoreOutbox,
        health: HealthCheck,
        roles: Collection[str],
    ) -> None:
        self._runtime = runtime
        self._outbox = outbox
        self._health = health
        self._roles = roles

    async def run(self, stop: asyncio.Event) -> None:
        """Run until stopped."""
        loop = asyncio.get_running_loop()
        until_done = self._runtime.patience.until_done
        retained_at = float("-inf")
        while not stop.is_set():
            await until_done(self._gauges)
            if "poll" in self._roles:
                await until_done(self._feeds)
            if "assess" in self._roles:
                await until_done(self._tick)
                await publish_leftovers(self._runtime)
                if loop.time() - retained_at >= RETAIN_EVERY:
                    await until_done(self._retain)
                    retained_at = loop.time()
            try:
                async with asyncio.timeout(EVERY):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _gauges(self) -> None:
        metrics, log = self._runtime.metrics, self._runtime.log
        for stream in STREAMS:
            ends = await log.end_offsets(stream)
            metrics.log_end_offset.labels(stream).set(sum(ends.values()))
        for name, agent in self._health.watched.items():
            try:
                _, waiting = await self._health.waiting(agent)
            except (WirewatchError, TimeoutError):
                continue  # its own health check tells of it
            metrics.waiting.labels(name).set(waiting)
        if "notify" in self._roles:
            counts = await self._outbox.counts()
            for receiver in self._runtime.settings.plan.receivers:
                for state in ("pending", "dead"):
                    number = counts.get((receiver, state), 0)
                    metrics.outbox.labels(receiver, state).set(number)
        await self._runtime.store.ping()
        for dependency in ("log", "state"):
            metrics.dependency_up.labels(dependency).set(1)

    async def _feeds(self) -> None:
        """Tell how the feeds do; every process that polls tells of all of them."""
        metrics, now = self._runtime.metrics, self._runtime.clock.now()
        found = await self._runtime.store.run(
            lambda conn: suspects(conn, now - SHORTEST_QUIET)
        )
        health = judge_all(found.states, found.usual)
        unwell = {name: each for name, each in health.items() if each.is_unwell}
        metrics.feed_unwell.clear()
        for name, each in unwell.items():
            metrics.feed_unwell.labels(name, each.condition).set(1)
        counts = Counter(each.condition for each in unwell.values())
        counts.update(paused=found.paused, waiting=found.waiting)
        counts["ok"] = max(found.total - counts.total(), 0)
        for condition in CONDITIONS:
            metrics.feeds.labels(condition).set(counts[condition])

    async def _tick(self) -> None:
        """Tell what was expected and did not come; any process may, none twice."""
        runtime = self._runtime
        plan, now = runtime.settings.plan, runtime.clock.now()
        rules = [rule for rule in plan.rules if rule.kind == "absence"]
        runtime.metrics.absence.clear()
        if not rules:
            return

        def work(conn: Connection) -> tuple[list[Change], Answers]:
            freshness = freshness_of(conn, rules, now)
            changed = pipeline.tick(now, plan, SqlAssessState(conn), freshness)
            return changed, absence_answers(conn)

        changed, answers = await runtime.store.run(work)
        for rule in rules:
            for state in ("seen", "absent", "unknown"):
                number = answers.get((rule.name, state), 0)
                runtime.metrics.absence.labels(rule.name, state).set(number)
        for change in changed:
            tell(runtime, change)
        if changed:
            runtime.notified()

    async def _retain(self) -> None:
        runtime = self._runtime
        now = runtime.clock.now()
        if isinstance(runtime.log, SqliteLog):
            await runtime.log.retain(now)
        keep = runtime.settings.retention.state
        for _ in range(PRUNE_ROUNDS):
            # In small transactions, so that nobody waits long behind one.
            if not await runtime.store.run(lambda conn: prune(conn, now, keep)):
                return
