"""What rules have counted, what they follow and what they expect, on the database."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import (
    ColumnElement,
    Text,
    delete,
    exists,
    func,
    select,
    type_coerce,
)

from monitor.alerting.rules.absence import Watch
from monitor.alerting.rules.finding import MAX_MATTERS
from monitor.alerting.rules.spike import WEEK, step_of
from monitor.alerting.rules.transition import Matter, heard
from monitor.codec import decode, encode
from monitor.store.conditions import accepted
from monitor.store.locks import Locking
from monitor.store.schema import (
    rule_matters,
    rule_tallies,
    rule_watches,
    sightings,
)
from monitor.store.sql import insert, insert_all_new

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Executable, FromClause

    from monitor.model import Sighting
    from monitor.rule_model import Rule


class SqlTallies(Locking):
    """Hold what rules have counted, and what they expect.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

    def tally(self, rule: Rule, sighting: Sighting) -> None:
        """Count the story of a sighting for the rule, unless it was counted before.

        A rule that counts for the first time counts what was seen before, too.
        """
        self._lock("rule", rule.name)
        key = definition(rule)
        if not self._any(rule_tallies, rule_tallies.c.rule == key):
            self._count_past(rule, key, sighting.seen_at)
            return
        seen = sightings.c
        of_story = self._conn.execute(
            select(seen.id)
            .where(
                seen.story == sighting.story,
                accepted(rule, sightings, self._dialect, in_topic=True),
            )
            .limit(2)
        ).all()
        if len(of_story) == 1:
            row = {"rule": key, "at": step_of(sighting.seen_at), "stories": 1}
            self._conn.execute(_count_in(self._dialect), row)

    def _count_past(self, rule: Rule, key: str, at: datetime) -> None:
        """Count what was seen before the rule was there, as far as it looks back."""
        seen = sightings.c
        first = (
            select(func.min(seen.seen_at).label("at"))
            .where(
                seen.seen_at > at - rule.baseline - 2 * WEEK,
                seen.seen_at < at + WEEK,
                accepted(rule, sightings, self._dialect),
            )
            .group_by(seen.story)
            .subquery("ranked")
        )
        ten_minutes = _ten_minutes(first.c.at, self._dialect)
        found = self._conn.execute(
            select(ten_minutes.label("at"), func.count().label("stories")).group_by(
                ten_minutes
            )
        )
        rows = [
            {
                "rule": key,
                "at": datetime.fromisoformat(f"{row.at}0").replace(tzinfo=UTC),
                "stories": row.stories,
            }
            for row in found
        ]
        insert_all_new(self._conn, rule_tallies, rows)

    def tallied(self, rule: Rule, start: datetime, end: datetime) -> int:
        """Return how many stories were counted from `start` until before `end`."""
        of = rule_tallies.c
        total = select(func.coalesce(func.sum(of.stories), 0)).where(
            of.rule == definition(rule), of.at >= start, of.at < end
        )
        return int(self._conn.execute(total).scalar_one())

    def first_tallied(
        self, rule: Rule, start: datetime, end: datetime
    ) -> datetime | None:
        """Return when the first story of a window was counted, to ten minutes."""
        of = rule_tallies.c
        first = (
            select(of.at)
            .where(of.rule == definition(rule), of.at >= start, of.at < end)
            .order_by(of.at)
            .limit(1)
        )
        return self._conn.execute(first).scalar_one_or_none()

    def matters(self, rule: str, topic: str) -> Sequence[Matter]:
        """List what a rule follows on a topic, last heard of first, at most 200."""
        self._lock("rule", rule)
        of = rule_matters.c
        by_name = "BINARY" if self._dialect == "sqlite" else "C"
        found = self._conn.execute(
            select(of.matter)
            .where(of.rule == rule, of.topic == topic)
            .order_by(of.last_at.desc(), of.name.collate(by_name).desc())
            .limit(MAX_MATTERS)
        )
        return [decode(each.encode(), Matter) for each in found.scalars()]

    def save_matter(self, rule: str, topic: str, matter: Matter) -> None:
        """Remember where something stands that a rule follows."""
        row = {
            "rule": rule,
            "topic": topic,
            "name": matter.name,
            "last_at": heard(matter)[0],
            "matter": encode(matter).decode(),
        }
        self._conn.execute(_save_matter(self._dialect), row)

    def watches(self, rule: str) -> Mapping[str, Watch]:
        """Return what a rule knows of what it expects, by what that is."""
        self._lock("rule", rule)
        of = rule_watches.c
        found = self._conn.execute(select(of.name, of.watch).where(of.rule == rule))
        return {row.name: decode(row.watch.encode(), Watch) for row in found}

    def save_watches(self, rule: str, watches: Mapping[str, Watch | None]) -> None:
        """Remember what a rule knows; None forgets."""
        of = rule_watches.c
        gone = [name for name, each in watches.items() if each is None]
        if gone:
            self._conn.execute(
                delete(rule_watches).where(of.rule == rule, of.name.in_(gone))
            )
        rows = [
            {
                "rule": rule,
                "name": name,
                "answer": each.answer,
                "watch": encode(each).decode(),
                "changed_at": each.ticked_at or each.since,
            }
            for name, each in watches.items()
            if each is not None
        ]
        if rows:
            self._conn.execute(_save_watch(self._dialect), rows)

    def _any(self, table: FromClause, *conditions: ColumnElement[bool]) -> bool:
        question = select(exists().select_from(table).where(*conditions))
        return bool(self._conn.execute(question).scalar_one())


def definition(rule: Rule) -> str:
    """Return a rule's name with a hash of what it accepts."""
    accepts = {name: getattr(rule, name) for name in _ACCEPTS}
    digest = hashlib.sha256(msgspec.json.encode(accepts)).hexdigest()
    return f"{rule.name} {digest[:16]}"


_ACCEPTS = (
    "topics",
    "directions",
    "min_score",
    "languages",
    "countries",
    "publishers",
    "actors",
    "acts",
    "exceptions",
    "lateness",
)


def _ten_minutes(at: ColumnElement[datetime], dialect: str) -> ColumnElement[str]:
    """Return the first 15 characters of a time: all but the last digit of minutes."""
    if dialect == "sqlite":
        return func.substr(type_coerce(at, Text), 1, 15)
    in_utc = func.timezone("UTC", at)
    return func.substr(func.to_char(in_utc, "YYYY-MM-DD HH24:MI"), 1, 15)


@lru_cache(maxsize=2)
def _count_in(dialect: str) -> Executable:
    statement = insert(dialect, rule_tallies)
    of = rule_tallies.c
    return statement.on_conflict_do_update(
        index_elements=[of.rule, of.at], set_={"stories": of.stories + 1}
    )


@lru_cache(maxsize=2)
def _save_matter(dialect: str) -> Executable:
    statement = insert(dialect, rule_matters)
    of, new = rule_matters.c, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[of.rule, of.topic, of.name],
        set_={"last_at": new.last_at, "matter": new.matter},
    )


@lru_cache(maxsize=2)
def _save_watch(dialect: str) -> Executable:
    statement = insert(dialect, rule_watches)
    of, new = rule_watches.c, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[of.rule, of.name],
        set_={
            "answer": new.answer,
            "watch": new.watch,
            "changed_at": new.changed_at,
        },
    )
