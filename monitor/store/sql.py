"""The few pieces of SQL that SQLAlchemy spells differently per database."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Executable, Table

T = TypeVar("T")

IN_LIST = 500
"""Values bound in one statement; both databases take many more."""


def insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that understands ON CONFLICT."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


# Building a statement takes longer than SQLite takes to run it.
@lru_cache(maxsize=64)
def _insert_new(dialect: str, table: Table) -> Executable:
    return insert(dialect, table).on_conflict_do_nothing()


@lru_cache(maxsize=64)
def _insert_new_and_tell(dialect: str, table: Table) -> Executable:
    key = table.primary_key.columns
    return insert(dialect, table).on_conflict_do_nothing().returning(*key)


def insert_new(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless its unique key is taken; say whether it was new."""
    statement = _insert_new_and_tell(conn.dialect.name, table)
    # The row count of an insert is not reliable on every driver; a row returned is.
    return conn.execute(statement, row).first() is not None


def insert_all_new(
    conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the rows whose unique keys are not taken."""
    if rows:
        conn.execute(_insert_new(conn.dialect.name, table), rows)


def batches(values: Iterable[T], size: int = IN_LIST) -> Iterator[list[T]]:
    """Cut values into lists of at most `size`."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
