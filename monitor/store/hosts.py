"""When hosts may be asked again, shared by all processes that poll or read pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, or_, select, update

from monitor.manners import Turns
from monitor.store.schema import feed_hosts
from monitor.store.sql import batches, insert_all_new

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


def host_times(conn: Connection, hosts: Sequence[str], now: datetime) -> Turns:
    """Return when hosts may be asked, and hold their rows for this transaction.

    Args:
        hosts: in order of name everywhere, so that two processes cannot block each
            other.
    """
    turns = Turns()
    new = [{"host": host, "free_at": now, "queued_until": now} for host in hosts]
    insert_all_new(conn, feed_hosts, new)
    of = feed_hosts.c
    for some in batches(hosts):
        rows = conn.execute(
            select(of.host, of.free_at, of.queued_until, of.held_until)
            .where(of.host.in_(some))
            .order_by(of.host)
            .with_for_update()
        )
        for host, free_at, queued_until, held_until in rows:
            turns.free_at[host] = free_at
            turns.queued_until[host] = queued_until
            if held_until is not None:
                turns.held_until[host] = held_until
    return turns


def save_times(conn: Connection, hosts: Sequence[str], turns: Turns) -> None:
    """Note when hosts are free again after the turns that were given."""
    times = [
        {
            "its_host": host,
            "free": turns.free_at[host],
            "queued": turns.queued_until[host],
        }
        for host in hosts
    ]
    conn.execute(
        update(feed_hosts)
        .where(feed_hosts.c.host == bindparam("its_host"))
        .values(free_at=bindparam("free"), queued_until=bindparam("queued")),
        times,
    )


def hold(conn: Connection, host: str, until: datetime, now: datetime) -> None:
    """Note that a host asked for a pause; a shorter one ends no longer one."""
    insert_all_new(
        conn, feed_hosts, [{"host": host, "free_at": now, "queued_until": now}]
    )
    of = feed_hosts.c
    conn.execute(
        update(feed_hosts)
        .where(of.host == host, or_(of.held_until.is_(None), of.held_until < until))
        .values(held_until=until)
    )
