"""Pick the log by its address."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from monitor.errors import LogError
from monitor.eventlog.kafka import KafkaLog
from monitor.eventlog.sqlite import SqliteLog

if TYPE_CHECKING:
    from monitor.clock import Clock
    from monitor.eventlog import EventLog


_BROKER = re.compile(r"[^\s:/,;@]+:\d+|\[[0-9a-fA-F:]+\]:\d+")


def sqlite_path(url: str) -> Path:
    """Return the file an `sqlite:///` address names.

    As in SQLAlchemy, `sqlite:///var/log.db` is relative to the working directory and
    `sqlite:////var/log.db` is absolute.

    Raises:
        LogError: the address names no file.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)[1:]
    if parts.scheme != "sqlite" or parts.netloc or not path:
        msg = f'log "{url}": not an address of a log file; write sqlite:///path/log.db'
        raise LogError(msg)
    return Path(path)


def bootstrap(url: str) -> str:
    """Return the brokers a `kafka://host:port,host:port` address names.

    Raises:
        LogError: the address names no broker, or one without a port.
    """
    _, _, rest = url.partition("://")
    brokers = rest.rstrip("/").split(",")
    if not all(_BROKER.fullmatch(broker) for broker in brokers):
        msg = f'log "{url}": not a list of brokers; write kafka://host:port,host:port'
        raise LogError(msg)
    return ",".join(brokers)


def open_log(
    url: str,
    *,
    prefix: str = "",
    replicas: int = 1,
    max_age: timedelta = timedelta(days=30),
    max_bytes: int = 4 << 30,
    clock: Clock | None = None,
) -> EventLog:
    """Return the log at an address, not yet started.

    Args:
        url: `sqlite:///path` or `kafka://host:port,host:port`.
        prefix: put before the names of the streams, on Kafka.
        replicas: copies of each stream, on Kafka.
        max_age: how long records are kept; on Kafka, by the streams created here.
        max_bytes: the size to keep the file under, on SQLite.

    Raises:
        LogError: the address is of no known kind.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return SqliteLog(
            sqlite_path(url), max_age=max_age, max_bytes=max_bytes, clock=clock
        )
    if scheme == "kafka":
        return KafkaLog(
            bootstrap(url), prefix=prefix, replicas=replicas, max_age=max_age
        )
    msg = (
        f'log "{url}": no such kind of log; write sqlite:///path/log.db '
        "or kafka://host:port"
    )
    raise LogError(msg)
