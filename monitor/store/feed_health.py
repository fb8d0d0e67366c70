"""Keep what is usual for each feed, as `monitor.feeds.health` learns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict
from sqlalchemy import delete, select

from monitor.model import UsualFeed
from monitor.store.schema import feed_health, feeds
from monitor.store.sql import insert

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from monitor.model import PollOutcome

    Learn = Callable[[UsualFeed | None, PollOutcome], UsualFeed]

_USUAL = tuple(feed_health.c[name] for name in UsualFeed.__struct_fields__)


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


def forget_usual(conn: Connection, feed: str) -> None:
    """Forget what was usual for a feed: what it is now is what it should be."""
    conn.execute(delete(feed_health).where(feed_health.c.feed == feed))
