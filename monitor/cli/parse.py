"""`wirewatch parse`: feeds in files, entries out."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Feeds.")],
    url: Annotated[
        str, typer.Option(metavar="URL", help="Where they came from, for links.")
    ] = "",
) -> None:
    """Read feeds and print their entries as JSON Lines.

    A file that is no feed is named on standard error; exits 1 if some were refused,
    2 if all were.

    \b
    Examples:
      wirewatch parse feed.xml
      wirewatch parse --url https://example.org/news/ *.xml
    """
    refused = asyncio.run(_parse(files, url))
    if refused == len(files):
        raise typer.Exit(2)
    if refused:
        raise typer.Exit(1)


async def _parse(files: list[Path], url: str) -> int:
    from monitor.feeds.command import parse_files
    from monitor.feeds.workers import ParseWorkers

    refused = 0
    workers = ParseWorkers(1)
    try:
        async for parsed in parse_files(files, url, workers):
            if parsed.error:
                refused += 1
                sys.stdout.buffer.flush()
                print(f"{parsed.file}: {parsed.error}", file=sys.stderr)
            for row in parsed.rows:
                sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    finally:
        await workers.close()
    sys.stdout.buffer.flush()
    return refused
