"""Give back the leases of a process that ended, or is about to.

Leases run out by themselves; this only spares the wait. One who calls it for another
owner must know that the owner is dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from monitor.store.schema import feeds, outbox, pages

if TYPE_CHECKING:
    from sqlalchemy import Connection


def release(conn: Connection, owner: str) -> None:
    """Make what an owner had leased (feeds, pages, notifications) free at once."""
    for table in (feeds, pages, outbox):
        conn.execute(
            update(table)
            .where(table.c.leased_by == owner)
            .values(leased_by=None, leased_until=None)
        )
