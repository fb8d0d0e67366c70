"""One transaction's locks, by kind and name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.store.migrate import lock

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Locking:
    """Take locks that the end of the transaction gives back.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._dialect = conn.dialect.name
        self._locked: set[tuple[str, str]] = set()

    def _lock(self, kind: str, name: str) -> None:
        if (kind, name) not in self._locked:
            lock(self._conn, kind, name)
            self._locked.add((kind, name))
