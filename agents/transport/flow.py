"""Read on at once when an agent's buffer has room again.

Faust stops fetching a partition whose agent has its buffer full. When that leaves
nothing to fetch, `Consumer._wait_next_records` sleeps a whole second, whatever room
there is meanwhile: with buffers of 16 records and 1 ms of work each, 90 records a
second instead of 700.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faust.types import TP


class SteadyFlow:
    """Mix into a Faust consumer, before its own class, to spare it that sleep."""

    flow_active: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._stirred = asyncio.Event()
        super().__init__(*args, **kwargs)

    def on_buffer_drop(self, tp: TP) -> None:
        """Fetch from a partition again: its agent's buffer has room."""
        super().on_buffer_drop(tp)  # type: ignore[misc]
        self._stirred.set()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Fetch from partitions again."""
        super().resume_partitions(tps)  # type: ignore[misc]
        self._stirred.set()

    async def _wait_next_records(self, timeout: float) -> Any:
        if self.flow_active and not self._get_active_partitions():  # type: ignore[attr-defined]
            self._stirred.clear()
            await self._until_stirred(timeout)
            if not self._get_active_partitions():  # type: ignore[attr-defined]
                return {}, set()
        return await super()._wait_next_records(timeout)  # type: ignore[misc]

    async def _until_stirred(self, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._stirred.wait()
        except TimeoutError:
            return
