"""Wait for what a test expects, and no longer than that may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(is_true: Callable[[], object], seconds: float = 20) -> None:
    """Return once something is true; fail if that takes too long."""
    async with asyncio.timeout(seconds):
        while not is_true():
            await asyncio.sleep(0.01)
