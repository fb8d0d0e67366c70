"""The entries whose page is to be read: who wanted it, who reads it, what came of it.

A row is written before the record that asked for it is acknowledged, and is leased by
whoever reads the page; what a process that died had begun is begun anew when its lease
has run out. A row that is done stays, so that nothing is read twice.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from sqlalchemy import ColumnElement, func, or_, select, update

from monitor.codec import decode, encode
from monitor.manners import host_of
from monitor.model import Entry
from monitor.store.hosts import host_times, save_times
from monitor.store.schema import entry_key, pages
from monitor.store.sql import insert_new

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from monitor.manners import Manners, Turns
    from monitor.store import Store

MOST_WAITING = 5_000
"""Pages that wait at once; more are not read, and their entries stay as they are."""

LONGEST_WAIT = timedelta(hours=24)
"""An entry fetched longer ago is no news any more, and its page is not asked for."""

_CROWDED = {"due_at": None, "entry": "", "outcome": "crowded"}

_of = pages.c
_KEY = (_of.feed, _of.entry_key, _of.revision)
_CLAIMED: tuple[ColumnElement[Any], ...] = (*_KEY, _of.host, _of.entry, _of.tries)


class WantedPage(Struct, frozen=True, kw_only=True):
    """An entry whose page is to be read now.

    Args:
        entry: as the feed gave it.
        tries: tries made before this one.
        start_at: when its host may be asked.
    """

    entry: Entry
    tries: int
    start_at: datetime


class StorePages:
    """Remember which pages are to be read, and share them between processes.

    Every method may raise StateUnavailableError; each is safe to repeat.

    Args:
        most_waiting: pages that wait at once.
    """

    def __init__(self, store: Store, most_waiting: int = MOST_WAITING) -> None:
        self._store = store
        self._most_waiting = most_waiting

    async def want(self, entries: Sequence[Entry], now: datetime) -> tuple[int, int]:
        """Ask for the pages of entries, each once for all; tell how many are new.

        The second number counts those left out because too many wait.
        """
        rows = [_row(entry, now) for entry in entries]

        def work(conn: Connection) -> tuple[int, int]:
            waiting = _waiting(conn, self._most_waiting)
            wanted = left_out = 0
            for row in rows:
                is_full = waiting + wanted >= self._most_waiting
                if insert_new(conn, pages, row | (_CROWDED if is_full else {})):
                    wanted += not is_full
                    left_out += is_full
            return wanted, left_out

        return await self._store.run(work)

    async def claim(
        self,
        owner: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        *,
        manners: Manners,
        under_way: Mapping[str, int],
        known_rules: Collection[str] = (),
    ) -> Sequence[WantedPage]:
        """Lease up to `limit` pages that are due; put off those whose host is not free.

        Args:
            owner: names the process, as for feeds.
            now: the present time.
            lease: how long they stay its own.
            limit: how many there is room for.
            manners: how hard one host may be asked.
            under_way: requests under way in this process, by host.
            known_rules: hosts whose robots.txt need not be asked for; any other is
                given time for two requests.
        """
        full = [
            host
            for host, count in under_way.items()
            if count >= manners.at_once_of(host)
        ]

        def work(conn: Connection) -> list[WantedPage]:
            free = or_(_of.leased_until.is_(None), _of.leased_until <= now)
            found = conn.execute(
                select(*_CLAIMED)
                .where(_of.due_at <= now, free, _of.host.not_in(full))
                .order_by(_of.due_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            turns = _turns(
                conn,
                found,
                now,
                manners=manners,
                under_way=under_way,
                known_rules=known_rules,
            )
            return _take(
                conn, found, turns, {"leased_by": owner, "leased_until": now + lease}
            )

        return await self._store.run(work)

    async def finish(
        self, owner: str, entry: Entry, outcome: str, *, error: str, canonical: str
    ) -> None:
        """Note what came of a page, unless another has it by now."""
        values = {
            "due_at": None,
            "entry": "",
            "outcome": outcome,
            "error": error,
            "canonical": canonical,
        }
        await self._close(owner, entry, values)

    async def again(
        self, owner: str, entry: Entry, *, due_at: datetime, error: str
    ) -> None:
        """Put a page off to another try."""
        values = {"due_at": due_at, "tries": _of.tries + 1, "error": error}
        await self._close(owner, entry, values)

    async def next_due(self, now: datetime) -> datetime | None:
        """Return when the next page can be claimed, or None when none waits."""
        free = or_(_of.leased_until.is_(None), _of.leased_until <= now)
        statements = (
            select(func.min(_of.due_at)).where(_of.due_at.is_not(None), free),
            select(func.min(_of.leased_until)).where(
                _of.due_at.is_not(None), _of.leased_until > now
            ),
        )

        def work(conn: Connection) -> datetime | None:
            times = [conn.execute(each).scalar() for each in statements]
            return min((at for at in times if at is not None), default=None)

        return await self._store.run(work)

    async def waiting(self) -> int:
        """Count the pages that wait, or are being read."""
        return await self._store.run(lambda conn: _waiting(conn, self._most_waiting))

    async def _close(self, owner: str, entry: Entry, values: dict[str, Any]) -> None:
        key = (entry.feed, entry_key(entry.id), entry.revision)
        statement = (
            update(pages)
            .where(*_is(key), _of.leased_by == owner)
            .values(**values, leased_by=None, leased_until=None)
        )
        await self._store.run(lambda conn: conn.execute(statement))


def _row(entry: Entry, now: datetime) -> dict[str, Any]:
    return {
        "feed": entry.feed,
        "entry_key": entry_key(entry.id),
        "revision": entry.revision,
        "url": entry.url,
        "host": host_of(entry.url),
        "entry": encode(entry).decode(),
        "tries": 0,
        "wanted_at": now,
        "due_at": now,
        "outcome": "",
        "error": "",
        "canonical": "",
    }


def _waiting(conn: Connection, limit: int) -> int:
    some = select(_of.due_at).where(_of.due_at.is_not(None)).limit(limit)
    count: int = conn.execute(
        select(func.count()).select_from(some.subquery())
    ).scalar_one()
    return count


def _is(key: tuple[str, str, int]) -> tuple[Any, ...]:
    return tuple(column == value for column, value in zip(_KEY, key, strict=True))


def _name(row: Row[Any]) -> str:
    return f"{row.feed}\0{row.entry_key}\0{row.revision}"


def _take(
    conn: Connection, found: Sequence[Row[Any]], turns: Turns, lease: dict[str, Any]
) -> list[WantedPage]:
    """Lease the pages that have their turn, and put off those that must wait for it."""
    claimed = []
    for row in found:
        name = _name(row)
        values = lease
        if name in turns.starts:
            claimed.append(
                WantedPage(
                    entry=decode(row.entry.encode(), Entry),
                    tries=row.tries,
                    start_at=turns.starts[name],
                )
            )
        elif name in turns.put_off:
            values = {"due_at": turns.put_off[name]}
        else:
            continue  # no room at its host; it stays due
        key = (row.feed, row.entry_key, row.revision)
        conn.execute(update(pages).where(*_is(key)).values(**values))
    return claimed


def _turns(
    conn: Connection,
    found: Sequence[Row[Any]],
    now: datetime,
    *,
    manners: Manners,
    under_way: Mapping[str, int],
    known_rules: Collection[str],
) -> Turns:
    """Give each page its turn at its host, among the polls of feeds."""
    spacings = {row.host: manners.spacing_of(row.host) for row in found}
    # In one order everywhere, so that two processes cannot block each other.
    hosts = sorted(host for host, spacing in spacings.items() if spacing)
    turns = host_times(conn, hosts, now)
    taken = Counter(under_way)
    for row in found:
        host, spacing = row.host, spacings[row.host]
        room = manners.at_once_of(host) - taken[host]
        is_seated = turns.seat(_name(row), host, now, spacing, room)
        taken[host] += is_seated
        if is_seated and spacing and host not in known_rules:
            turns.free_at[host] += spacing
    if hosts:
        save_times(conn, hosts, turns)
    return turns
