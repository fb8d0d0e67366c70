"""From an address to a database engine, and from a driver's error to one of ours.

Both databases come out of here alike: a transaction begins for writing, times out
rather than hangs, and its errors carry neither password nor values.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from monitor.errors import StateError, StateUnavailableError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_MILLISECONDS = 10_000
"""How long SQLite waits for another process's write."""

_POSTGRES_SETTINGS = {
    # A server that vanishes without a word must become an error within seconds: the
    # kernel alone would wait for a quarter of an hour.
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "application_name": "wirewatch",
}
_POSTGRES_OPTIONS = (
    "-c statement_timeout=30s -c lock_timeout=20s "
    "-c idle_in_transaction_session_timeout=60s"
)
_POSTGRES_NAMES = {"postgresql", "postgres", "postgresql+psycopg"}

_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
_CHECK_DISK = "; check the folder, its permissions and the disk, it is tried again"
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES_AWAY = ("08", "53", "55P03", "57", "58", "25P03", "25006")
# Tables or permissions are missing. Our statements never change, so no value of a row
# is to blame, and whoever looks after the database can mend it.
_POSTGRES_UNREADY = "42"
_POSTGRES_COLLIDED = {"40001", "40P01"}


def read_url(address: str) -> URL:
    """Return the database's address with the driver filled in.

    Raises:
        StateError: it is no address, or of a database we do not speak to.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # The address may hold a password: neither the message nor the chain shows it.
        raise StateError(
            "state: the address is no URL; write sqlite:///path or "
            "postgresql://user:password@host/database"
        ) from None
    if url.drivername in _POSTGRES_NAMES:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        if not url.database or url.database == ":memory:":
            raise StateError(
                "state: an SQLite database needs a file; write sqlite:///path"
            )
        return url.set(drivername="sqlite")
    raise StateError(
        f'state: "{url.drivername}" is no database we know; write sqlite:///path or '
        "postgresql://user:password@host/database"
    )


def name_of(url: URL) -> str:
    """Name a database for messages: no user, no password, no options."""
    if url.drivername == "sqlite":
        return f"sqlite:///{url.database}"
    host = url.host or url.query.get("host") or "local"
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{host}{port}/{url.database or ''}"


def make_engine(url: URL, pool_size: int) -> Engine:
    """Return an engine that is not connected yet."""
    if url.drivername == "sqlite":
        return _sqlite_engine(url)
    settings: dict[str, Any] = {
        name: value
        for name, value in _POSTGRES_SETTINGS.items()
        if name not in url.query
    }
    own = url.query.get("options", "")
    # Whatever the user's address says comes last and wins.
    settings["options"] = f"{_POSTGRES_OPTIONS} {own}".strip()
    return create_engine(
        url.difference_update_query(["options"]),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=settings,
    )


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "do_connect")
    def make_folder(*_: object) -> None:
        # An unusable folder shows as "unable to open database file" just after.
        with contextlib.suppress(OSError):
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Transactions are begun below, not where the driver thinks fit:
        # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # NORMAL loses acknowledged commits when the power fails.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Taking the write lock first means that nothing read in the transaction can
        # have changed by the time it writes.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def is_collision(error: DBAPIError) -> bool:
    """Say whether a transaction only lost against another and may be run again."""
    return getattr(error.orig, "sqlstate", None) in _POSTGRES_COLLIDED


def translate(error: SQLAlchemyError, url: URL) -> StateError | None:
    """Return the error to raise for a driver's error, or None if it came from us.

    A database that is away, full, locked, shutting down or without our tables is
    StateUnavailableError; values it refuses are a StateError. Neither holds any value
    of a row, which PostgreSQL likes to quote.
    """
    place = name_of(url)
    if isinstance(error, PoolTimeoutError):
        return StateUnavailableError(f"{place}: every connection is busy; try again")
    if not isinstance(error, DBAPIError):
        return None
    reason = _reason(error, url)
    if str(getattr(error.orig, "sqlstate", "")).startswith(_POSTGRES_UNREADY):
        return StateUnavailableError(
            f"{place}: the database lacks what we need ({reason}); it is tried again"
        )
    if _is_away(error):
        hint = _CHECK_DISK if isinstance(error.orig, sqlite3.Error) else ""
        return StateUnavailableError(f"{place}: the database is away ({reason}){hint}")
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return StateError(
            f"{place}: the file is damaged or no SQLite database ({reason}); "
            "restore it or choose another"
        )
    return StateError(f"{place}: the database refuses a statement ({reason})")


def _is_away(error: DBAPIError) -> bool:
    if error.connection_invalidated or is_collision(error):
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_AWAY
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        # libpq gives no code when there is no connection at all.
        return type(error.orig).__name__ in {"OperationalError", "ConnectionTimeout"}
    return str(state).startswith(_POSTGRES_AWAY)


def _reason(error: DBAPIError, url: URL) -> str:
    diagnosis = getattr(error.orig, "diag", None)
    # Only the primary message: the detail beside it quotes whole rows.
    told = getattr(diagnosis, "message_primary", None) or str(error.orig)
    reason = " ".join(told.split())
    for secret in (url.password, url.query.get("password")):
        if secret:
            reason = reason.replace(str(secret), "***")
    return reason
