"""Couriers over a fake outbox, with real HTTP to loopback."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.clock import Clock, SystemClock
from monitor.delivery.courier import POLL, Couriers
from monitor.delivery.senders import make_senders
from monitor.metrics import Metrics
from monitor.model import Notification, Receiver
from tests.edges.delivery.fake_outbox import FakeOutbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import timedelta

    from monitor.delivery.ports import Outbox
    from monitor.delivery.senders import Sender
    from monitor.outbound import Outbound

DEADLINE = 10.0


async def until(claim: Callable[[], bool], seconds: float = DEADLINE) -> None:
    """Wait for a claim to become true; fail when it does not."""
    async with asyncio.timeout(seconds):
        while not claim():
            await asyncio.sleep(0.005)


def notification(number: int, to: str, at: Clock | None = None) -> Notification:
    return Notification(
        id=f"msg_{number:024x}",
        receiver=to,
        alert=f"al_{number:024x}",
        reason="firing",
        content_type="application/json",
        body=f'{{"text":"ユネスコ {number}"}}'.encode(),
        created_at=(at or SystemClock()).now(),
    )


@dataclass
class Bench:
    """Everything a test of couriers needs."""

    poster: Outbound
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    metrics: Metrics = field(default_factory=Metrics)
    console: io.StringIO = field(default_factory=io.StringIO)

    def couriers(
        self,
        *receivers: Receiver,
        clock: Clock | None = None,
        outbox: Outbox | None = None,
        senders: Mapping[str, Sender] | None = None,
        look_every: timedelta = POLL,
    ) -> Couriers:
        clock = clock or SystemClock()
        return Couriers(
            outbox=outbox or self.outbox,
            receivers={of.name: of for of in receivers},
            senders=senders or make_senders(self.poster, self.console, clock),
            clock=clock,
            metrics=self.metrics,
            owner="test",
            rng=random.Random(1),
            look_every=look_every,
        )

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"wirewatch_{name}", labels) or 0


@contextlib.asynccontextmanager
async def running(couriers: Couriers) -> AsyncIterator[Couriers]:
    """Run couriers while the block lasts, and see them end in time."""
    stop = asyncio.Event()
    task = asyncio.create_task(couriers.run(stop))
    try:
        yield couriers
    finally:
        stop.set()
        async with asyncio.timeout(DEADLINE):
            await task
