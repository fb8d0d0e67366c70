"""How values are written into the tables: the types of columns, and the metadata.

Times are compared inside the database, so one type fits both: aware UTC in Python,
`timestamptz` on PostgreSQL, text of fixed width on SQLite. An entry's id may be longer
than an index allows; tables key on `entry_key`, its hash.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import BigInteger, DateTime, Integer, MetaData, Text, text
from sqlalchemy.types import TypeDecorator

from monitor.feed_model import NO_HINTS, FeedHints

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""A due time that has always passed, whatever the clocks of two machines say."""


class UtcTime(TypeDecorator[datetime]):
    """Store an aware time; give it back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Turn an aware time into UTC, without its zone where that is not stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Return the stored time in UTC; PostgreSQL answers in the session's zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Store text from outside, which may hold what a database refuses.

    PostgreSQL has no NUL character and neither database takes half a surrogate pair;
    both become U+FFFD. Never key on such a column.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace the characters that cannot be stored."""
        if value is None:
            return None
        clean = value.replace("\0", "\ufffd")
        return clean.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


class Hints(TypeDecorator[FeedHints]):
    """Store a feed's hints as JSON, "" where there are none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: FeedHints | None, dialect: Dialect) -> str:
        """Return the hints as JSON."""
        if value is None or value == NO_HINTS:
            return ""
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> FeedHints:
        """Return the stored hints."""
        return _hints(value) if value else NO_HINTS


@lru_cache(maxsize=10_000)
def _hints(text_: str) -> FeedHints:
    return msgspec.json.decode(text_, type=FeedHints)


def entry_key(entry_id: str) -> str:
    """Return what stands for an entry's id in keys: 40 hex digits of its SHA-256."""
    return hashlib.sha256(entry_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def microseconds(time: datetime) -> int:
    """Return an aware time in microseconds since 1970."""
    since = time - AT_ONCE
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


# SQLite numbers rows only in a column that is exactly INTEGER.
RowNumber = BigInteger().with_variant(Integer, "sqlite")

# Alembic takes a plain "" for a default other than the one it finds on SQLite.
EMPTY = text("''")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
