"""Carry notifications from the outbox to their receivers, each receiver on its own.

A courier leases what is due, sends it, and marks it; a dead receiver delays nobody
else. A process that dies between sending and marking leaves a lease behind; when it
ends, the same id and bytes are sent again: at least once, never altered. How to send
is for `monitor.delivery.senders`, when to try again for `monitor.delivery.retry`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.delivery.retry import next_wait
from monitor.errors import DeliveryError
from monitor.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.clock import Clock
    from monitor.delivery.ports import Outbox
    from monitor.delivery.senders import Sender
    from monitor.metrics import Metrics
    from monitor.model import Notification, OutboxItem, Receiver

POLL = timedelta(seconds=0.5)
"""The longest time between two looks into the outbox."""

ATTEMPT_MARGIN = timedelta(seconds=1)
"""How much longer than its receiver's timeout an attempt may take: it ends itself."""

LEASE_MARGIN = timedelta(seconds=5)
"""How much longer than the timeout a lease lasts: time to mark the outcome."""

STOP_GRACE = timedelta(seconds=5)
"""What attempts under way may still take when the process ends."""

AT_ONCE = {"webhook": 4, "slack": 1, "console": 1}
"""Attempts under way per receiver; one at a time keeps the order people read in."""

_LOGGED_ERRORS = 10

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Tools:
    """What every courier works with."""

    outbox: Outbox
    senders: Mapping[str, Sender]
    clock: Clock
    metrics: Metrics
    owner: str
    rng: random.Random
    patience: Patience
    look_every: timedelta


class Couriers:
    """Run one courier per receiver.

    Args:
        senders: by kind of receiver.
        owner: names this process in leases; unique among all.
        rng: spreads the retries.
        patience: the process's own, so that an outage is named once.
        look_every: how often the outbox is looked into without being woken.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        receivers: Mapping[str, Receiver],
        senders: Mapping[str, Sender],
        clock: Clock,
        metrics: Metrics,
        owner: str,
        rng: random.Random | None = None,
        patience: Patience | None = None,
        look_every: timedelta = POLL,
    ) -> None:
        self._receivers = dict(receivers)
        self._tools = _Tools(
            outbox=outbox,
            senders=senders,
            clock=clock,
            metrics=metrics,
            owner=owner,
            rng=rng or random.Random(),  # noqa: S311 - spreads load, hides nothing
            patience=patience or Patience(metrics),
            look_every=look_every,
        )
        self._couriers: dict[str, _Courier] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    def set_receivers(self, receivers: Mapping[str, Receiver]) -> None:
        """Serve these receivers from now on.

        What waits for a receiver that is gone stays in the outbox.
        """
        self._receivers = dict(receivers)
        for name in self._couriers.keys() - self._receivers.keys():
            self._couriers.pop(name).close()
        for name, courier in self._couriers.items():
            courier.receiver = self._receivers[name]
        self._changed.set()

    def wake(self) -> None:
        """Say that notifications were committed; call it from the couriers' loop."""
        for courier in self._couriers.values():
            courier.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; then let attempts under way end, for a while."""
        stopping = asyncio.create_task(_until(stop))
        try:
            while not stop.is_set():
                self._changed.clear()
                self._start_couriers()
                await self._wait(stopping)
        finally:
            stopping.cancel()
            await self._end()

    def _start_couriers(self) -> None:
        for name in self._receivers.keys() - self._couriers.keys():
            courier = _Courier(self._receivers[name], self._tools)
            self._couriers[name] = courier
            task = asyncio.create_task(courier.run(), name=f"courier {name}")
            self._tasks.add(task)

    async def _wait(self, stopping: asyncio.Task[None]) -> None:
        """Wait until stopped or changed; let the error of a courier rise."""
        changed = asyncio.create_task(_until(self._changed))
        try:
            done, _ = await asyncio.wait(
                {stopping, changed, *self._tasks}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            changed.cancel()
        ended = {task for task in self._tasks if task in done}
        self._tasks -= ended
        for task in ended:
            task.result()

    async def _end(self) -> None:
        for courier in self._couriers.values():
            courier.close()
        self._couriers.clear()
        tasks, self._tasks = self._tasks, set()
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=STOP_GRACE.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until(event: asyncio.Event) -> None:
    await event.wait()


class _Courier:
    """Serve one receiver: lease, send, mark."""

    def __init__(self, receiver: Receiver, tools: _Tools) -> None:
        self.receiver = receiver
        self._name = receiver.name
        self._tools = tools
        self._health = _Health(receiver.name)
        self._under_way: set[asyncio.Task[None]] = set()
        self._signal = asyncio.Event()
        self._closing = False

    def wake(self) -> None:
        """Look into the outbox now."""
        self._signal.set()

    def close(self) -> None:
        """Claim no more; `run` returns when the attempts under way have ended."""
        self._closing = True
        self._signal.set()

    async def run(self) -> None:
        """Deliver until closed."""
        try:
            while not self._closing:
                self._signal.clear()
                self._reap()
                wait = await self._claim()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait.total_seconds()):
                        await self._signal.wait()
            await asyncio.gather(*self._under_way)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def _reap(self) -> None:
        """Forget the attempts that have ended; let an unexpected error rise."""
        ended = {task for task in self._under_way if task.done()}
        self._under_way -= ended
        for task in ended:
            task.result()

    async def _claim(self) -> timedelta:
        """Start what is due and fits; return how long there is nothing to do."""
        tools, name = self._tools, self._name
        free = AT_ONCE[self.receiver.kind] - len(self._under_way)
        if free <= 0:
            return tools.look_every
        # The time is asked at every try: a lease that began before an outage would
        # be over by the end of it.
        due = await tools.patience.until_done(
            lambda: tools.outbox.next_due(name, tools.clock.now())
        )
        if due is None:
            return tools.look_every
        now = tools.clock.now()
        if due > now:
            return min(due - now, tools.look_every)
        lease = self.receiver.timeout + LEASE_MARGIN
        items = await tools.patience.until_done(
            lambda: tools.outbox.claim(
                tools.owner, name, tools.clock.now(), lease, free
            )
        )
        for item in items:
            task = asyncio.create_task(self._deliver(item))
            task.add_done_callback(lambda _: self._signal.set())
            self._under_way.add(task)
        return timedelta(0) if items else tools.look_every

    async def _deliver(self, item: OutboxItem) -> None:
        tools, metrics = self._tools, self._tools.metrics
        notification = item.notification
        started = time.monotonic()
        error = await self._attempt(notification)
        metrics.attempt_seconds.observe(time.monotonic() - started)
        now = tools.clock.now()
        if error is not None:
            await self._put_off(item, error)
            return
        metrics.attempts.labels(self._name, "delivered").inc()
        metrics.delay.observe(max((now - item.fetched_at).total_seconds(), 0))
        self._health.works()
        await tools.patience.until_done(
            lambda: tools.outbox.delivered(notification.id, now)
        )

    async def _attempt(self, notification: Notification) -> DeliveryError | None:
        """Send once; return what went wrong, or None if it was accepted."""
        receiver = self.receiver
        limit = (receiver.timeout + ATTEMPT_MARGIN).total_seconds()
        try:
            async with asyncio.timeout(limit):
                await self._tools.senders[receiver.kind].send(notification, receiver)
        except DeliveryError as error:
            return error
        except TimeoutError:
            return DeliveryError(
                f'receiver "{self._name}": not accepted within {limit:g} s; '
                "it will be tried again"
            )
        except Exception as error:
            # A mistake in one sender must not stop the others, nor lose what it held.
            # Its traceback might show the receiver's keys: the kind must do.
            kind = type(error).__name__
            return DeliveryError(
                f'receiver "{self._name}": its sender broke ({kind}); report this'
            )
        return None

    async def _put_off(self, item: OutboxItem, error: DeliveryError) -> None:
        tools, told = self._tools, item.notification.id
        attempts, now = item.attempts + 1, tools.clock.now()
        wait = None
        if error.retryable:
            wait = next_wait(attempts, tools.rng.random(), error.retry_after)
        if wait is None:
            tools.metrics.attempts.labels(self._name, "dead").inc()
            log.error(
                "notification given up",
                receiver=self._name,
                notification=told,
                attempts=attempts,
                error=str(error),
            )
            await tools.patience.until_done(
                lambda: tools.outbox.dead(told, now, str(error))
            )
            return
        tools.metrics.attempts.labels(self._name, "retry").inc()
        self._health.fails(error)
        due = now + wait
        await tools.patience.until_done(
            lambda: tools.outbox.retry(told, now, due, str(error))
        )


class _Health:
    """Log a receiver's failure once, each new reason once, and its recovery."""

    def __init__(self, receiver: str) -> None:
        self._receiver = receiver
        self._reasons: set[str] = set()

    def fails(self, error: DeliveryError) -> None:
        reason = str(error)
        if reason not in self._reasons and len(self._reasons) < _LOGGED_ERRORS:
            self._reasons.add(reason)
            log.warning("receiver fails", receiver=self._receiver, error=reason)

    def works(self) -> None:
        if self._reasons:
            self._reasons.clear()
            log.info("receiver works again", receiver=self._receiver)
