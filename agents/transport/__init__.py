"""The Faust transport `sqlite://`: agents on the SQLite log of this process.

The log must be started before the app; the transport finds it by its path and shares
it, so any number of apps, each a consumer group of its own, run on one log in one
loop. Delivery is at least once: the offsets Faust has seen acknowledged are committed
to the log, and a new start goes on from there. Tables and transactions are left out;
agents are stateless.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, ClassVar

from faust.transport import base

from agents.transport.consumer import SqliteConsumer
from agents.transport.kafka import KafkaTransport
from agents.transport.producer import SqliteProducer
from monitor.eventlog.open import sqlite_path
from monitor.eventlog.sqlite import running_log

if TYPE_CHECKING:
    from faust.types import AppT

    from monitor.eventlog.sqlite import SqliteLog


class SqliteTransport(base.Transport):  # type: ignore[misc]
    """Carry Faust's messages over the SQLite log that `broker` names by its path."""

    Consumer: ClassVar[type[SqliteConsumer]] = SqliteConsumer
    Producer: ClassVar[type[SqliteProducer]] = SqliteProducer

    driver_version = f"wirewatch={version('wirewatch')}"

    @property
    def log(self) -> SqliteLog:
        """Return the log the address names.

        Raises:
            LogUnavailableError: this process has not started it.
        """
        return running_log(sqlite_path(str(self.url[0])))


def transport_of(app: AppT) -> base.Transport:
    """Return the transport for an app's broker, which reads on without idle seconds."""
    brokers = app.conf.broker_consumer
    if brokers[0].scheme == "kafka":
        return KafkaTransport(brokers, app)
    return SqliteTransport(brokers, app)
