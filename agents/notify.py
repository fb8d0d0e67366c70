"""The notify role: couriers over the outbox."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from agents.roles import make_outbound
from monitor.delivery.courier import Couriers
from monitor.delivery.senders import make_senders

if TYPE_CHECKING:
    import asyncio

    from agents.runtime import Runtime
    from monitor.config import Settings
    from monitor.store.outbox import StoreOutbox


class NotifyRole:
    """The couriers with their outbound client."""

    def __init__(self, runtime: Runtime, outbox: StoreOutbox, owner: str) -> None:
        settings = runtime.settings
        self._outbound = make_outbound(settings)
        self._couriers = Couriers(
            outbox=outbox,
            receivers=settings.plan.receivers,
            senders=make_senders(self._outbound, sys.stdout, runtime.clock),
            clock=runtime.clock,
            metrics=runtime.metrics,
            owner=owner,
            patience=runtime.patience,
        )
        runtime.notified = self._couriers.wake

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until stopped."""
        await self._couriers.run(stop)

    async def reloaded(self, settings: Settings) -> None:
        """Take on the receivers of a new configuration."""
        self._couriers.set_receivers(settings.plan.receivers)

    async def close(self) -> None:
        """Close the connections."""
        await self._outbound.aclose()
