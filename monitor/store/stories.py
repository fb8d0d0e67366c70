"""What the clusterer remembers, on the database: the twin of `monitor.stories.memory_index`.

One instance lives within one transaction. Two processes that assess the same topic,
as happens while partitions move, take turns: the first question about a topic takes a
lock on it that the end of the transaction gives back.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)

from monitor.codec import decode, encode
from monitor.model import MAX_VOICES, Entry, Publisher, Voice
from monitor.store.locks import Locking
from monitor.store.schema import (
    entry_key,
    microseconds,
    sightings,
    stories,
    story_keys,
    story_signatures,
    story_sketches,
)
from monitor.store.sql import insert, insert_new
from monitor.stories.index import Copied, Filed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Executable

    from monitor.model import Sighting
    from monitor.stories.index import NewSketch


class SqlStories(Locking):
    """Hold which stories were sighted, per topic.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

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

    def stories_of_copy(
        self, topic: str, signature: str, since: datetime, until: datetime
    ) -> tuple[Sequence[Copied], int]:
        """Return the stories that showed this very text between two times, both in.

        The second value counts the topic's stories that ever had the text.
        """
        self._lock("topic", topic)
        of = story_signatures.c
        rows = self._conn.execute(
            select(story_signatures, stories.c.opened_at)
            .join_from(story_signatures, stories, stories.c.id == of.story)
            .where(of.topic == topic, of.signature == signature)
            .order_by(of.generation)
        ).all()
        found = [
            Copied(
                row.story,
                row.opened_at,
                None if row.feed is None else (row.feed, row.entry),
                row.is_edit,
            )
            for row in rows
            if row.last_seen_at >= since
            and (row.first_seen_at or row.last_seen_at) <= until
        ]
        return found, 1 + max((row.generation for row in rows), default=-1)

    def postings(
        self, keys: Sequence[int], since: datetime, until: datetime, most: int
    ) -> Sequence[Sequence[int]]:
        """Return for each key the numbers of the sketches filed under it.

        Those seen between the two times, both in; the newest first, at most `most`.
        """
        if not keys:
            return []
        values: dict[str, int] = {f"key_{n}": key for n, key in enumerate(keys)}
        values |= {
            "since": microseconds(since),
            "until": microseconds(until),
            "most": most,
        }
        found: list[list[tuple[int, int]]] = [[] for _ in keys]
        for place, seen, sketch in self._conn.execute(_postings(len(keys)), values):
            found[place].append((seen, sketch))
        return [[n for _, n in sorted(each, reverse=True)] for each in found]

    def filed(self, numbers: Sequence[int]) -> Sequence[Filed]:
        """Return the sketches of these numbers, in this order."""
        if not numbers:
            return []
        rows = self._conn.execute(_filed(), {"numbers": list(numbers)})
        found = {row[0]: Filed(*row) for row in rows}
        return [found[number] for number in numbers if number in found]

    def add(
        self, sighting: Sighting, signature: str, sketch: NewSketch | None = None
    ) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        self._lock("topic", sighting.match.topic)
        if not insert_new(self._conn, sightings, _row(sighting, signature)):
            return False
        self._count_in(sighting, signature)
        self._remember_signature(sighting, signature)
        if sketch is not None:
            self._file(sighting, sketch)
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
        topic, entry = sighting.match.topic, sighting.match.entry
        row = {
            "topic": topic,
            "signature": signature,
            "story": sighting.story,
            "first_seen_at": sighting.seen_at,
            "last_seen_at": sighting.seen_at,
            "feed": entry.feed,
            "entry": entry.id,
            "is_edit": sighting.joined == "edit",
            # A column's own name is taken, in an insert, by the column's value.
            "of": topic,
            "having": signature,
        }
        self._conn.execute(_remember_signature(self._conn.dialect.name), row)

    def _file(self, sighting: Sighting, new: NewSketch) -> None:
        match = sighting.match
        row = {
            "topic": match.topic,
            "story": sighting.story,
            "seen_at": sighting.seen_at,
            "feed": match.entry.feed,
            "entry": match.entry.id,
            "direction": match.direction,
            "act": match.act,
            "sketch": new.sketch,
            "keys": array("q", new.keys).tobytes(),
        }
        made = self._conn.execute(story_sketches.insert(), row)
        (number,) = made.inserted_primary_key or (0,)
        seen = microseconds(sighting.seen_at)
        rows = [{"key": key, "seen_us": seen, "sketch": number} for key in new.keys]
        self._conn.execute(story_keys.insert(), rows)

    def counted(self, story: str) -> Sequence[Voice]:
        """List the independent voices of a story, the first to speak first."""
        seen = sightings.c
        found = self._conn.execute(
            select(
                seen.entry,
                seen.seen_at,
                seen.byline,
                seen.joined,
                seen.copy_feed,
                seen.copy_entry,
            )
            .where(seen.story == story, seen.discounted == "")
            .order_by(seen.seen_at, seen.id)
            .limit(MAX_VOICES)
        )
        return [_voice(row) for row in found]

    def discount(self, story: str, reasons: Mapping[tuple[str, str], str]) -> None:
        """Count some voices of a story no more, named by feed and entry id."""
        seen = sightings.c
        for (feed, entry_id), reason in reasons.items():
            self._conn.execute(
                update(sightings)
                .where(
                    seen.story == story,
                    seen.feed == feed,
                    seen.entry_key == entry_key(entry_id),
                )
                .values(discounted=reason)
            )

    def merge(self, topic: str, into: str, others: Sequence[str]) -> None:
        """Move all that is known of other stories into one; they are one from now on."""
        self._lock("topic", topic)
        for other in others:
            self._move(into, other)

    def _move(self, into: str, other: str) -> None:
        run = self._conn.execute
        for table in (sightings, story_sketches):
            run(update(table).where(table.c.story == other).values(story=into))
        run(_move_signatures(self._conn.dialect.name), {"into": into, "other": other})
        run(delete(story_signatures).where(story_signatures.c.story == other))
        of = stories.c
        gone = run(select(stories).where(of.id == other)).one()
        kept = run(select(stories).where(of.id == into)).one()
        now = {
            "opened_at": min(kept.opened_at, gone.opened_at),
            "last_seen_at": max(kept.last_seen_at, gone.last_seen_at),
            "sightings": kept.sightings + gone.sightings,
        }
        run(update(stories).where(of.id == into).values(now))
        led_here = or_(of.id == other, of.merged_into == other)
        run(update(stories).where(led_here).values(merged_into=into))


def _voice(row: Any) -> Voice:
    entry = decode(row.entry.encode(), Entry)
    copied = row.copy_feed is not None
    return Voice(
        publisher=decode(row.byline.encode(), Publisher),
        feed=entry.feed,
        entry_id=entry.id,
        title=entry.title,
        url=entry.url,
        source=entry.source,
        seen_at=row.seen_at,
        joined=row.joined,
        copy_of=(row.copy_feed, row.copy_entry) if copied else None,
    )


def _row(sighting: Sighting, signature: str) -> dict[str, object]:
    match, publisher = sighting.match, sighting.publisher
    copy_feed, copy_entry = sighting.copy_of or (None, None)
    return {
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
        "byline": encode(publisher).decode(),
        "family": publisher.family,
        "country": publisher.country,
        "agency": publisher.agency,
        "joined": sighting.joined,
        "copy_feed": copy_feed,
        "copy_entry": copy_entry,
        "discounted": sighting.discounted,
        "actors": msgspec.json.encode(match.actors).decode(),
        "act": match.act,
        "lang": match.entry.lang,
        "publisher": publisher.name,
        "age": _age(match.entry),
    }


def _age(entry: Entry) -> float | None:
    """Return how long before it was fetched an entry was published, in seconds."""
    if entry.published_at is None:
        return None
    return (entry.fetched_at - entry.published_at).total_seconds()


@lru_cache(maxsize=32)
def _postings(keys: int) -> Executable:
    """Return one question for all keys, in which each stops at its newest."""
    of = story_keys.c
    each = []
    for place in range(keys):
        newest = (
            select(of.seen_us, of.sketch)
            .where(
                of.key == bindparam(f"key_{place}"),
                of.seen_us >= bindparam("since"),
                of.seen_us <= bindparam("until"),
            )
            .order_by(of.seen_us.desc(), of.sketch.desc())
            .limit(bindparam("most", type_=Integer))
            .subquery(f"newest_{place}")
        )
        number = literal(place, Integer, literal_execute=True)
        each.append(select(number, newest.c.seen_us, newest.c.sketch))
    return union_all(*each)


@lru_cache(maxsize=1)
def _filed() -> Executable:
    of = story_sketches.c
    return (
        select(
            of.id,
            of.topic,
            of.story,
            stories.c.opened_at,
            of.seen_at,
            of.feed,
            of.entry,
            of.direction,
            of.act,
            of.sketch,
        )
        .join_from(story_sketches, stories, stories.c.id == of.story)
        .where(of.id.in_(bindparam("numbers", expanding=True)))
    )


@lru_cache(maxsize=2)
def _count_in(dialect: str) -> Executable:
    statement = insert(dialect, stories)
    new, old = statement.excluded, stories.c
    return statement.on_conflict_do_update(
        index_elements=[old.id],
        set_={
            "opened_at": _earlier(old.opened_at, new.opened_at),
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
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[of.topic, of.signature, of.story],
        set_={
            "first_seen_at": _earlier(of.first_seen_at, new.first_seen_at),
            "last_seen_at": _later(of.last_seen_at, new.last_seen_at),
            "is_edit": and_(of.is_edit, new.is_edit),
        },
    )


@lru_cache(maxsize=2)
def _move_signatures(dialect: str) -> Executable:
    of = story_signatures.c
    moved = select(
        of.topic,
        of.signature,
        bindparam("into", type_=of.story.type).label("story"),
        of.generation,
        of.last_seen_at,
        of.first_seen_at,
        of.feed,
        of.entry,
        of.is_edit,
    ).where(of.story == bindparam("other"))
    names = [column.name for column in moved.selected_columns]
    statement = insert(dialect, story_signatures).from_select(names, moved)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[of.topic, of.signature, of.story],
        set_={
            "first_seen_at": _earlier(of.first_seen_at, new.first_seen_at),
            "last_seen_at": _later(of.last_seen_at, new.last_seen_at),
            # A number that was given is not given again.
            "generation": case(
                (of.generation > new.generation, of.generation), else_=new.generation
            ),
            "is_edit": and_(of.is_edit, new.is_edit),
        },
    )


def _later(
    one: ColumnElement[datetime], other: ColumnElement[datetime]
) -> ColumnElement[datetime]:
    return case((one > other, one), else_=other)


def _earlier(
    one: ColumnElement[datetime], other: ColumnElement[datetime]
) -> ColumnElement[datetime]:
    return case((one < other, one), else_=other)
