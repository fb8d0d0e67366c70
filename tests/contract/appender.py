"""Append numbers to `matches`, printing each once acknowledged, until killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from monitor.eventlog import Record
from tests.contract.harness import Place


async def main() -> None:
    url, prefix = sys.argv[1:]
    async with Place(url, prefix).opened() as log:
        for number in range(100_000):
            await log.append("matches", [Record(b"%d" % number, b"k")])
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


asyncio.run(main())
