"""The few pieces of SQL that SQLAlchemy spells differently per database."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from sqlalchemy import Connection, Table

T = TypeVar("T")

IN_LIST = 500
"""Values bound in one statement; both databases take many more."""


def insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that understands ON CONFLICT."""
    if conn.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def insert_new(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same unique key is there; say whether it was new."""
    key = table.primary_key.columns
    statement = insert(conn, table).on_conflict_do_nothing().values(row).returning(*key)
    return conn.execute(statement).first() is not None


def batches(values: Iterable[T], size: int = IN_LIST) -> Iterator[list[T]]:
    """Cut values into lists of at most `size`."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
