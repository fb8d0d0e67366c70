"""Keep what is usual for each feed, as `monitor.feeds.health` learns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import asdict
from sqlalchemy import and_, delete, func, or_, select

from monitor.feed_model import FeedState, UsualFeed
from monitor.store.schema import feed_health, feeds
from monitor.store.sql import insert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from monitor.feed_model import PollOutcome

    Learn = Callable[[UsualFeed | None, PollOutcome], UsualFeed]

_USUAL_NAMES = UsualFeed.__struct_fields__
_USUAL = tuple(feed_health.c[name] for name in _USUAL_NAMES)
STATE = tuple(
    feeds.c[name] for name in FeedState.__struct_fields__ if name != "start_at"
)
"""The columns that make a feed's state."""


def note_body(conn: Connection, outcome: PollOutcome, learn: Learn) -> None:
    """Learn from a body that was new; the caller holds the feed's lease."""
    of = feed_health.c
    row = conn.execute(select(*_USUAL).where(of.feed == outcome.feed)).first()
    before = UsualFeed(**row._mapping) if row else None
    values = asdict(learn(before, outcome))
    statement = insert(conn.dialect.name, feed_health)
    statement = statement.on_conflict_do_update(index_elements=[of.feed], set_=values)
    conn.execute(statement, {"feed": outcome.feed, **values})


def usual_feeds(conn: Connection) -> dict[str, UsualFeed]:
    """Return what is usual for each feed that is polled, by its id."""
    of = feed_health.c
    found = conn.execute(
        select(of.feed, *_USUAL)
        .join(feeds, feeds.c.id == of.feed)
        .where(feeds.c.active.is_(True))
    )
    usual = {}
    for row in found:
        values = dict(row._mapping)
        name = values.pop("feed")
        usual[name] = UsualFeed(**values)
    return usual


class Suspects(NamedTuple):
    """The feeds that may be unwell, and how many are surely not.

    Args:
        states: feeds that fail, whose last body was odd, or without news since a time.
        paused: how many are paused.
        waiting: how many have not been polled yet, and are not paused.
        total: how many are polled in all.
    """

    states: Sequence[FeedState]
    usual: Mapping[str, UsualFeed]
    paused: int
    waiting: int
    total: int


def suspects(conn: Connection, before: datetime) -> Suspects:
    """Return the feeds that may be unwell, without reading those that are well.

    Args:
        before: whoever has had news since is not quiet.
    """
    of, health = feeds.c, feed_health.c
    runs = and_(of.active.is_(True), of.paused_at.is_(None))
    found = conn.execute(
        select(*STATE, *(column.label(f"usual_{column.name}") for column in _USUAL))
        .join_from(feeds, feed_health, health.feed == of.id, isouter=True)
        .where(
            runs,
            or_(of.failures > 0, health.problem != "", health.news_at < before),
        )
    ).all()
    states, usual = [], {}
    for row in found:
        values = dict(row._mapping)
        ours = {name: values.pop(f"usual_{name}") for name in _USUAL_NAMES}
        states.append(FeedState(**values))
        if ours["known_since"] is not None:
            usual[values["id"]] = UsualFeed(**ours)
    paused, waiting, total = conn.execute(
        select(
            func.count(of.paused_at),
            func.count().filter(and_(of.paused_at.is_(None), of.polled_at.is_(None))),
            func.count(),
        ).where(of.active.is_(True))
    ).one()
    return Suspects(states, usual, paused, waiting, total)


def forget_usual(conn: Connection, feed: str) -> None:
    """Forget what was usual for a feed: what it is now is what it should be."""
    conn.execute(delete(feed_health).where(feed_health.c.feed == feed))
