"""What `assess` remembers, on the database: the twin of `monitor.stories.memory`.

Stories are in `monitor.store.stories`; here is what the rules look back on, and what
they told. A rule over several topics is locked when its history is asked for, so of
two sightings that together make a burst the later one sees the earlier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    ColumnElement,
    and_,
    exists,
    func,
    or_,
    select,
)

from monitor.codec import decode
from monitor.model import Entry
from monitor.store.alert_book import SqlAlertBook
from monitor.store.schema import alerts, sightings
from monitor.store.stories import SqlStories

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import FromClause

    from monitor.rule_model import Rule

MAX_STORIES = 1000
"""Stories looked back on at least; the newest are kept when there are more."""


class SqlAssessState(SqlStories, SqlAlertBook):
    """Hold what `assess` must remember between two matches.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

    def fired_since(self, rule: str, since: datetime) -> bool:
        """Say whether the rule opened an alert after `since`."""
        self._lock("rule", rule)
        return self._any(alerts, alerts.c.rule == rule, alerts.c.opened_at > since)

    def stories_since(self, rule: Rule, since: datetime) -> Sequence[tuple[str, Entry]]:
        """List the stories that first satisfied the rule after `since`, oldest first.

        Each comes once, with the entry of its first accepted sighting. When there are
        very many, the newest are listed.
        """
        self._lock("rule", rule.name)
        seen = sightings.c
        earlier = sightings.alias("earlier")
        satisfied_before = exists().where(
            earlier.c.story == seen.story,
            earlier.c.seen_at <= since,
            _accepted(rule, earlier),
        )
        rank = func.row_number().over(
            partition_by=seen.story, order_by=(seen.seen_at, seen.id)
        )
        ranked = (
            select(seen.id, rank.label("rank"))
            .where(
                self._about(rule),
                seen.seen_at > since,
                _accepted(rule, sightings),
                ~satisfied_before,
            )
            .subquery("ranked")
        )
        found = self._conn.execute(
            select(seen.id, seen.story, seen.entry, seen.topic, seen.seen_at)
            .join(ranked, ranked.c.id == seen.id)
            .where(ranked.c.rank == 1)
            .order_by(seen.seen_at.desc(), seen.id.desc())
            .limit(max(rule.count, MAX_STORIES))
        ).all()
        # One poll's entries share their time; the order of topics then decides.
        oldest_first = sorted(
            found,
            key=lambda row: (row.seen_at, rule.place(row.topic), row.topic, row.id),
        )
        return [(row.story, decode(row.entry.encode(), Entry)) for row in oldest_first]

    def _about(self, rule: Rule) -> ColumnElement[bool]:
        """Say in SQL what `Rule.listens_to` says of a topic."""
        topic = sightings.c.topic
        wide = [each for each in rule.topics if "*" in each]
        named = [each for each in rule.topics if "*" not in each]
        if self._conn.dialect.name == "sqlite":
            # Here LIKE takes capitals for small letters. No name holds ? or [.
            fitting = [topic.op("GLOB", is_comparison=True)(each) for each in wide]
        else:
            likes = [each.replace("_", r"\_").replace("*", "%") for each in wide]
            fitting = [topic.like(each, escape="\\") for each in likes]
        return or_(topic.in_(named), *fitting)

    def _any(self, table: FromClause, *conditions: ColumnElement[bool]) -> bool:
        question = select(exists().select_from(table).where(*conditions))
        return bool(self._conn.execute(question).scalar_one())


def _accepted(rule: Rule, table: FromClause) -> ColumnElement[bool]:
    """Say in SQL what `Rule.accepts` says of a match, its topic aside."""
    accepted = table.c.score >= rule.min_score
    if rule.directions:
        accepted = and_(accepted, table.c.direction.in_(rule.directions))
    return accepted
