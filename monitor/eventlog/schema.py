"""The tables of an SQLite log file, and how it is opened."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from monitor.errors import LogError

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1

TABLES = (
    """
    CREATE TABLE partitions (
        id INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        number INTEGER NOT NULL,
        next_offset INTEGER NOT NULL DEFAULT 0,
        UNIQUE (stream, number)
    )""",
    # `id` rises with every append, so the oldest records of all streams together
    # are those with the lowest; `at` is microseconds since 1970.
    """
    CREATE TABLE records (
        id INTEGER PRIMARY KEY,
        partition_id INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        key BLOB,
        value BLOB NOT NULL,
        at INTEGER NOT NULL,
        UNIQUE (partition_id, offset)
    )""",
    """
    CREATE TABLE commits (
        consumer_group TEXT NOT NULL,
        partition_id INTEGER NOT NULL,
        next_offset INTEGER NOT NULL,
        PRIMARY KEY (consumer_group, partition_id)
    ) WITHOUT ROWID""",
)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a log file in autocommit mode, durable at every commit.

    Raises:
        sqlite3.Error: the file cannot be opened.
    """
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=5.0,
    )
    try:
        if not read_only:
            # Must stand before the first table, to give space back to the disk.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL, since NORMAL loses acknowledged records at a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {64 << 20}")
        connection.execute("PRAGMA cache_size = -8192")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, or check the version of an old one.

    Raises:
        LogError: the file is of a newer version.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        msg = (
            f"{path}: the log is of format {version}, this program knows {VERSION}; "
            "run the newer program, or start a new log"
        )
        raise LogError(msg)
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    for table in TABLES:
        connection.execute(table)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
