"""Run one agent on `matches` that is cancelled over its fourth record."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from agents.app import stop_app
from tests.contract.harness import Place, add_agent


async def main() -> None:
    url, prefix = sys.argv[1:]
    place = Place(url, prefix)
    reached = asyncio.Event()

    async def hold_the_fourth(event: Any) -> None:
        if event.value == b"3":
            reached.set()
            await asyncio.Event().wait()

    async with place.opened():
        app = place.app("stuck")
        add_agent(app, place, "matches", hold_the_fourth)
        await app.start()
        async with asyncio.timeout(30):
            await reached.wait()
        stopped = await stop_app(app, 1.0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(1)  # five times the commit interval
    sys.stdout.write("stopped" if stopped else "stuck")
    sys.stdout.flush()
    # Faust would not let the loop end while a record is in hand.
    os._exit(0)


asyncio.run(main())
