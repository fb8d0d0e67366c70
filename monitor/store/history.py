"""What rules look back on, on the database: the twin of `monitor.alerting.rules.memory`.

Two processes must not both decide: whatever a rule asks that other topics, or another
process, could change meanwhile takes a lock on the rule that the end of the
transaction gives back. So of two sightings that together make a burst the later one
sees the earlier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from monitor.alerting.rules.finding import Told
from monitor.codec import decode
from monitor.model import Entry
from monitor.store.conditions import accepted, has_actor
from monitor.store.schema import alerts, sightings
from monitor.store.tallies import SqlTallies

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import FromClause

    from monitor.rule_model import Rule

MAX_STORIES = 1000
"""Stories looked back on at least; the newest are kept when there are more."""


class SqlHistory(SqlTallies):
    """Hold what rules look back on.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

    def fired_between(self, rule: str, after: datetime, before: datetime) -> bool:
        """Say whether the rule opened an alert within a window."""
        self._lock("rule", rule)
        at = alerts.c.opened_at
        return self._any(alerts, alerts.c.rule == rule, at > after, at < before)

    def has_count(self, rule: Rule, after: datetime, before: datetime) -> bool:
        """Say whether `stories_between` has as many entries as the rule's `count`."""
        self._lock("rule", rule.name)
        # Mostly there are not even so many sightings, which is told much sooner.
        some = select(sightings.c.id).where(
            _between(sightings, after, before),
            accepted(rule, sightings, self._dialect),
        )
        if self._count(some.limit(rule.count)) < rule.count:
            return False
        first = self._firsts(rule, after, before).subquery("ranked")
        seen = sightings.c
        entries = (
            select(seen.feed, seen.entry_key)
            .join(first, first.c.id == seen.id)
            .where(first.c.rank == 1)
            .distinct()
        )
        return self._count(entries.limit(rule.count)) >= rule.count

    def _count(self, rows: Select[Any]) -> int:
        counted = select(func.count()).select_from(rows.subquery("ranked_rows"))
        return self._conn.execute(counted).scalar_one()

    def stories_between(
        self, rule: Rule, after: datetime, before: datetime
    ) -> Sequence[tuple[str, Entry]]:
        """List the stories that first satisfied the rule in a window, oldest first.

        Each comes once, with the entry of its first accepted sighting. When there are
        very many, the newest are listed.
        """
        self._lock("rule", rule.name)
        seen = sightings.c
        first = self._firsts(rule, after, before).subquery("ranked")
        found = self._conn.execute(
            select(seen.id, seen.story, seen.entry, seen.topic, seen.seen_at)
            .join(first, first.c.id == seen.id)
            .where(first.c.rank == 1)
            .order_by(seen.seen_at.desc(), seen.id.desc())
            .limit(max(rule.count, MAX_STORIES))
        ).all()
        # One poll's entries share their time; the order of topics then decides.
        oldest_first = sorted(
            found,
            key=lambda row: (row.seen_at, rule.place(row.topic), row.topic, row.id),
        )
        return [(row.story, decode(row.entry.encode(), Entry)) for row in oldest_first]

    def _firsts(
        self, rule: Rule, after: datetime, before: datetime
    ) -> Select[tuple[int, int]]:
        """Select the accepted sightings of a window, each with its rank in its story.

        Left out are stories that satisfied the rule before the window.
        """
        seen, earlier = sightings.c, sightings.alias("earlier")
        satisfied_before = exists().where(
            earlier.c.story == seen.story,
            earlier.c.seen_at <= after,
            accepted(rule, earlier, self._dialect, in_topic=True),
        )
        rank = func.row_number().over(
            partition_by=seen.story, order_by=(seen.seen_at, seen.id)
        )
        return select(seen.id, rank.label("rank")).where(
            _between(sightings, after, before),
            accepted(rule, sightings, self._dialect),
            ~satisfied_before,
        )

    def told_between(
        self, topic: str, family: str, after: datetime, before: datetime
    ) -> int:
        """Count sightings of a topic in a window, up to 2; "" for every family."""
        seen = sightings.c
        wanted = [seen.topic == topic, _between(sightings, after, before)]
        if family:
            wanted.append(seen.family == family)
        found = self._conn.execute(select(seen.id).where(*wanted).limit(2))
        return len(found.all())

    def countries(self, story: str) -> Collection[str]:
        """Return the countries of the story's publishers that count as independent."""
        seen = sightings.c
        counted = select(seen.country).where(seen.story == story, seen.discounted == "")
        return set(self._conn.execute(counted.distinct()).scalars())

    def nearest(
        self,
        rule: Rule,
        step: int,
        after: datetime,
        before: datetime,
        *,
        actor: str = "",
        latest: bool = False,
    ) -> Told | None:
        """Return the earliest (or latest) sighting of a step of a sequence."""
        self._lock("rule", rule.name)
        seen = sightings.c
        wanted = [
            _between(sightings, after, before),
            accepted(rule, sightings, self._dialect, step=step),
        ]
        if actor:
            wanted.append(has_actor(actor, sightings, self._dialect))
        # Names of topics are ASCII; the database's own order may not be.
        by_name = "BINARY" if self._dialect == "sqlite" else "C"
        order = (seen.seen_at, seen.topic.collate(by_name), seen.id)
        row = self._conn.execute(
            select(seen.story, seen.seen_at, seen.entry)
            .where(*wanted)
            .order_by(*((each.desc() for each in order) if latest else order))
            .limit(1)
        ).first()
        if row is None:
            return None
        return Told(row.story, row.seen_at, decode(row.entry.encode(), Entry))

    def last_accepted(
        self, rule: Rule, after: datetime, until: datetime
    ) -> datetime | None:
        """Return when the rule last accepted a sighting, `until` included."""
        seen = sightings.c
        found = self._conn.execute(
            select(seen.seen_at)
            .where(
                seen.seen_at > after,
                seen.seen_at <= until,
                accepted(rule, sightings, self._dialect),
            )
            .order_by(seen.seen_at.desc())
            .limit(1)
        )
        return found.scalar_one_or_none()


def _between(
    table: FromClause, after: datetime, before: datetime
) -> ColumnElement[bool]:
    return and_(table.c.seen_at > after, table.c.seen_at < before)
