"""What every format's reader hands to the parser: the publisher's words, uncleaned."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct


class Text(Struct, frozen=True):
    """A piece of text as it stood in the feed.

    Args:
        html: markup, rather than plain text.
        guess: the format does not say which it is (RSS titles).
    """

    value: str = ""
    html: bool = False
    guess: bool = False


class RawEntry(Struct, frozen=True, kw_only=True):
    """One item as it stood in the feed."""

    id: str = ""
    link: str = ""
    title: Text = Text()
    summary: Text = Text()
    content: Text = Text()
    lang: str = ""
    source: Text = Text()
    source_link: str = ""
    published_at: datetime | None = None


class RawFeed(Struct, frozen=True, kw_only=True):
    """A feed as it stood in the body."""

    title: Text = Text()
    lang: str = ""
    entries: tuple[RawEntry, ...]


def timestamp_of_iso(text: str) -> datetime | None:
    """Return the time an RFC 3339 date names, in UTC, or None for anything else."""
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
