"""The statements by which stories are asked for and written down.

Building a statement takes longer than SQLite takes to run it; so each is built once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    union_all,
)

from monitor.store.schema import (
    sightings,
    stories,
    story_keys,
    story_signatures,
    story_sketches,
)
from monitor.store.sql import insert

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Executable


@lru_cache(maxsize=1)
def story_of_entry() -> Executable:
    """Ask for the story of an entry: `topic`, `feed`, `key`."""
    seen = sightings.c
    return (
        select(seen.story)
        .where(
            seen.topic == bindparam("topic"),
            seen.feed == bindparam("feed"),
            seen.entry_key == bindparam("key"),
        )
        .order_by(seen.revision)
        .limit(1)
    )


@lru_cache(maxsize=1)
def stories_of_copy() -> Executable:
    """Ask for the stories with a text: `topic`, `signature`."""
    of = story_signatures.c
    return (
        select(story_signatures, stories.c.opened_at)
        .join_from(story_signatures, stories, stories.c.id == of.story)
        .where(of.topic == bindparam("topic"), of.signature == bindparam("signature"))
        .order_by(of.generation)
    )


@lru_cache(maxsize=32)
def postings(keys: int) -> Executable:
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
        number = literal_column(str(place), Integer)
        each.append(select(number, newest.c.seen_us, newest.c.sketch))
    return union_all(*each)


@lru_cache(maxsize=1)
def filed() -> Executable:
    """Ask for sketches by their `numbers`."""
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
def count_in(dialect: str) -> Executable:
    """Count a sighting into its story, which it may open."""
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
def remember_signature(dialect: str) -> Executable:
    """Note that a story showed a text: the row, `of` and `having` its key."""
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
def move_signatures(dialect: str) -> Executable:
    """Give the texts of story `other` to story `into`."""
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
