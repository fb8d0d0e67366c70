"""Read a story back: who tells it, what ties them to it, and whose voice counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from monitor.codec import decode
from monitor.model import Entry, Publisher
from monitor.store.schema import sightings, stories
from monitor.stories.members import StoryMember

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

MOST = 500
"""Members listed of one story, the earliest."""


def members_of(conn: Connection, story: str) -> Sequence[StoryMember]:
    """List the members of a story, or of the one that took it in, the first first."""
    of, seen = stories.c, sightings.c
    led_to = conn.execute(
        select(of.merged_into).where(of.id == story, of.merged_into.is_not(None))
    ).scalar_one_or_none()
    rows = conn.execute(
        select(seen.entry, seen.byline, seen.seen_at, seen.joined, seen.discounted)
        .where(or_(seen.story == story, seen.story == led_to))
        .order_by(seen.seen_at, seen.id)
        .limit(MOST)
    )
    found = []
    for row in rows:
        entry = decode(row.entry.encode(), Entry)
        found.append(
            StoryMember(
                publisher=decode(row.byline.encode(), Publisher),
                title=entry.title,
                url=entry.url,
                source=entry.source,
                lang=entry.lang,
                revision=entry.revision,
                seen_at=row.seen_at,
                joined=row.joined or "first",
                discounted=row.discounted,
            )
        )
    return found
