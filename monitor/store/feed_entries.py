"""Remember the entries of feeds: which wordings the log has, and which are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from monitor.feed_model import SeenEntry
from monitor.store.schema import entry_key, feed_entries
from monitor.store.sql import batches, insert

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from monitor.feed_model import PollOutcome


def known_entries(
    conn: Connection, feed: str, ids: Collection[str]
) -> Mapping[str, SeenEntry]:
    """Return the entries of a feed known under these ids."""
    id_of = {entry_key(entry_id): entry_id for entry_id in ids}
    known = {}
    of = feed_entries.c
    for keys in batches(id_of):
        found = conn.execute(
            select(of.entry_key, of.revision, of.content_hash).where(
                of.feed == feed, of.entry_key.in_(keys)
            )
        )
        for key, revision, content_hash in found:
            known[id_of[key]] = SeenEntry(
                id=id_of[key], revision=revision, content_hash=content_hash
            )
    return known


def had_hashes(conn: Connection, feed: str, hashes: Collection[str]) -> Collection[str]:
    """Return which of these content hashes a feed has had, under whatever id."""
    of = feed_entries.c
    found: set[str] = set()
    for some in batches(hashes):
        statement = select(of.content_hash).where(
            of.feed == feed, of.content_hash.in_(some)
        )
        found.update(conn.execute(statement).scalars())
    return found


def record_seen(conn: Connection, outcome: PollOutcome) -> None:
    """Note the wordings that the log has acknowledged."""
    statement = insert(conn.dialect.name, feed_entries)
    new, old = statement.excluded, feed_entries.c
    statement = statement.on_conflict_do_update(
        index_elements=[old.feed, old.entry_key],
        set_={
            "revision": new.revision,
            "content_hash": new.content_hash,
            "seen_at": new.seen_at,
            "gone_since": None,
            "withdrawn_at": None,
        },
        # A poller that comes late must not take an entry back to an older wording.
        where=new.revision > old.revision,
    )
    rows = [
        {
            "feed": outcome.feed,
            "entry_key": entry_key(seen.id),
            "entry_id": seen.id,
            "revision": seen.revision,
            "content_hash": seen.content_hash,
            "seen_at": outcome.at,
            "gone_since": None,
        }
        for seen in outcome.seen
    ]
    # In one order everywhere, so that two late pollers cannot block each other.
    rows.sort(key=lambda row: str(row["entry_key"]))
    if rows:
        conn.execute(statement, rows)


def record_present(conn: Connection, outcome: PollOutcome) -> None:
    """Note which entries left the feed with this body, and which came back."""
    of = feed_entries.c
    present = {entry_key(entry_id) for entry_id in outcome.present}
    listed = set(
        conn.execute(
            select(of.entry_key).where(of.feed == outcome.feed, of.gone_since.is_(None))
        ).scalars()
    )
    changes = (
        (listed - present, {"gone_since": outcome.at}),
        (present - listed, {"gone_since": None, "withdrawn_at": None}),
    )
    for keys, values in changes:
        for some in batches(sorted(keys)):
            conn.execute(
                update(feed_entries)
                .where(of.feed == outcome.feed, of.entry_key.in_(some))
                .values(values)
            )
