"""What the Kafka log needs to know of aiokafka: its connections and its errors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aiokafka import errors

from monitor.errors import (
    LogError,
    LogUnavailableError,
    RecordTooLargeError,
    UnknownStreamError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

C = TypeVar("C")

CLOSE_SECONDS = 11.0
"""Longer than a request, which a closing client waits for."""

NO_COORDINATOR_YET = (
    errors.GroupCoordinatorNotAvailableError,
    errors.GroupLoadInProgressError,
    errors.NotCoordinatorForGroupError,
)
_UNKNOWN = (errors.UnknownTopicOrPartitionError, errors.InvalidTopicError)
_TOO_LARGE = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.RecordTooLargeError,
)


def translate(error: Exception, place: str) -> LogError:
    """Return our error for one of aiokafka's.

    Whatever is not known to be final counts as an outage: the cluster's owner may mend
    it, a missing permission too, while we go on trying.
    """
    if isinstance(error, _UNKNOWN):
        return UnknownStreamError(f"{place}: {_said(error)}; create the streams first")
    if isinstance(error, _TOO_LARGE):
        return RecordTooLargeError(
            f"{place}: {_said(error)}; split the record, or raise the topic's "
            '"max.message.bytes"'
        )
    return LogUnavailableError(f"{place}: {_said(error)}; it is tried again")


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


class Connection(Generic[C]):
    """Hold one client of aiokafka: started when needed, replaced once dropped.

    Args:
        make: returns a client, not yet started.
        close: ends one, whatever state it is in.
    """

    def __init__(
        self, make: Callable[[], C], close: Callable[[C], Awaitable[None]]
    ) -> None:
        self._make = make
        self._close = close
        self._client: C | None = None
        self._connecting = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def get(self) -> C:
        """Return the client, connecting if there is none.

        Raises:
            KafkaError: no broker answered.
        """
        async with self._connecting:
            if self._client is None:
                client: Any = self._make()
                try:
                    await client.start()
                except BaseException:
                    self._close_aside(client)
                    raise
                self._client = client
            return self._client

    async def drop(self, client: C) -> None:
        """Give a client up; the next `get` makes a new one."""
        if self._client is client:
            self._client = None
            self._close_aside(client)

    def _close_aside(self, client: C) -> None:
        task = asyncio.ensure_future(self._close_in_time(client))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close_in_time(self, client: C) -> None:
        closing = asyncio.ensure_future(self._close(client))
        await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
        if not closing.done():
            closing.cancel()
        else:
            seen(closing)  # what is thrown away may fail as it likes

    async def close(self) -> None:
        """Close the client and wait for those dropped before; safe to call twice."""
        client, self._client = self._client, None
        if client is not None:
            self._close_aside(client)
        if self._closing:
            await asyncio.wait(self._closing)


def seen(future: asyncio.Future[Any]) -> None:
    """Look at a result nobody may wait for, so that asyncio does not complain."""
    if not future.cancelled():
        future.exception()
