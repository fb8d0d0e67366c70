"""What `assess` remembers, on the database: the twin of `monitor.stories.memory`.

One instance lives within one transaction. Two processes that assess the same topic,
as happens while partitions move, take turns: the first question about a topic takes a
lock on it that the end of the transaction gives back. A rule over several topics is
locked when its history is asked for, so of two sightings that together make a burst
the later one sees the earlier.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)

from monitor.codec import decode, encode
from monitor.model import MAX_VOICES, Entry, Publisher, Voice
from monitor.store.alert_book import SqlAlertBook
from monitor.store.migrate import lock
from monitor.store.schema import (
    alerts,
    entry_key,
    sightings,
    stories,
    story_signatures,
)
from monitor.store.sql import insert, insert_new

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Executable, FromClause

    from monitor.model import Sighting
    from monitor.rule_model import Rule

MAX_STORIES = 1000
"""Stories looked back on at least; the newest are kept when there are more."""


class SqlAssessState(SqlAlertBook):
    """Hold what `assess` must remember between two matches.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn)
        self._locked: set[tuple[str, str]] = set()

    def story_of_entry(self, topic: str, feed: str, entry_id: str) -> str | None:
        """Return the story that an earlier revision of this entry joined, if any."""
        self._lock("topic", topic)
        seen = sightings.c
        found = self._conn.execute(
            select(seen.story)
            .where(
                seen.topic == topic,
                seen.feed == feed,
                seen.entry_key == entry_key(entry_id),
            )
            .order_by(seen.revision)
            .limit(1)
        )
        return found.scalar_one_or_none()

    def story_of_copy(
        self, topic: str, signature: str, since: datetime
    ) -> tuple[str | None, int]:
        """Return the story with this signature last sighted at or after `since`.

        The second value counts the topic's stories that ever had the signature.
        """
        self._lock("topic", topic)
        of = story_signatures.c
        found = self._conn.execute(
            select(of.story, of.last_seen_at, of.generation)
            .where(of.topic == topic, of.signature == signature)
            .order_by(of.last_seen_at.desc(), of.story.desc())
        ).all()
        if not found:
            return None, 0
        latest = found[0]
        story = latest.story if latest.last_seen_at >= since else None
        return story, 1 + max(row.generation for row in found)

    def add(self, sighting: Sighting, signature: str) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        match = sighting.match
        self._lock("topic", match.topic)
        row = {
            "topic": match.topic,
            "feed": match.entry.feed,
            "entry_key": entry_key(match.entry.id),
            "revision": match.entry.revision,
            "signature": signature,
            "story": sighting.story,
            "seen_at": sighting.seen_at,
            "score": match.score,
            "direction": match.direction,
            "is_first": sighting.is_first,
            "entry": encode(match.entry).decode(),
            "spans": msgspec.json.encode(match.spans).decode(),
        }
        if not insert_new(self._conn, sightings, row):
            return False
        self._count_in(sighting, signature)
        self._remember_signature(sighting, signature)
        return True

    def _count_in(self, sighting: Sighting, signature: str) -> None:
        row = {
            "id": sighting.story,
            "topic": sighting.match.topic,
            "signature": signature,
            "opened_at": sighting.seen_at,
            "last_seen_at": sighting.seen_at,
            "sightings": 1,
        }
        self._conn.execute(_count_in(self._conn.dialect.name), row)

    def _remember_signature(self, sighting: Sighting, signature: str) -> None:
        topic = sighting.match.topic
        row = {
            "topic": topic,
            "signature": signature,
            "story": sighting.story,
            "last_seen_at": sighting.seen_at,
            # A column's own name is taken, in an insert, by the column's value.
            "of": topic,
            "having": signature,
        }
        self._conn.execute(_remember_signature(self._conn.dialect.name), row)

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

    def counted(self, story: str) -> Sequence[Voice]:
        """List the independent voices of a story, the first to speak first."""
        seen = sightings.c
        found = self._conn.execute(
            select(seen.entry, seen.seen_at)
            .where(seen.story == story)
            .order_by(seen.seen_at, seen.id)
            .limit(MAX_VOICES)
        )
        entries = [(row.seen_at, decode(row.entry.encode(), Entry)) for row in found]
        return [
            Voice(
                publisher=Publisher(),
                feed=entry.feed,
                entry_id=entry.id,
                title=entry.title,
                url=entry.url,
                source=entry.source,
                seen_at=seen_at,
            )
            for seen_at, entry in entries
        ]

    def _lock(self, kind: str, name: str) -> None:
        if (kind, name) not in self._locked:
            lock(self._conn, kind, name)
            self._locked.add((kind, name))

    def _any(self, table: FromClause, *conditions: ColumnElement[bool]) -> bool:
        question = select(exists().select_from(table).where(*conditions))
        return bool(self._conn.execute(question).scalar_one())


@lru_cache(maxsize=2)
def _count_in(dialect: str) -> Executable:
    statement = insert(dialect, stories)
    new, old = statement.excluded, stories.c
    return statement.on_conflict_do_update(
        index_elements=[old.id],
        set_={
            "last_seen_at": _later(old.last_seen_at, new.last_seen_at),
            "sightings": old.sightings + 1,
        },
    )


@lru_cache(maxsize=2)
def _remember_signature(dialect: str) -> Executable:
    of = story_signatures.c
    generation = (
        select(func.coalesce(func.max(of.generation) + 1, 0))
        .where(of.topic == bindparam("of"), of.signature == bindparam("having"))
        .scalar_subquery()
    )
    statement = insert(dialect, story_signatures).values(generation=generation)
    last_seen_at = _later(of.last_seen_at, statement.excluded.last_seen_at)
    return statement.on_conflict_do_update(
        index_elements=[of.topic, of.signature, of.story],
        set_={"last_seen_at": last_seen_at},
    )


def _later(
    one: ColumnElement[datetime], other: ColumnElement[datetime]
) -> ColumnElement[datetime]:
    return case((one > other, one), else_=other)


def _accepted(rule: Rule, table: FromClause) -> ColumnElement[bool]:
    """Say in SQL what `Rule.accepts` says of a match, its topic aside."""
    accepted = table.c.score >= rule.min_score
    if rule.directions:
        accepted = and_(accepted, table.c.direction.in_(rule.directions))
    return accepted
