"""Run one agent on `entries` that prints what it has handled, until killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.contract.harness import Place, add_agent, running


async def handle(event: Any) -> None:
    await asyncio.sleep(0.005)
    message = event.message
    sys.stdout.write(f"{message.partition} {message.offset} {event.value.decode()}\n")
    sys.stdout.flush()


async def main() -> None:
    url, prefix = sys.argv[1:]
    place = Place(url, prefix)
    async with place.opened():
        app = place.app("killed")
        add_agent(app, place, "entries", handle)
        async with running(app):
            await asyncio.sleep(60)


asyncio.run(main())
