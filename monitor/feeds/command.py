"""Read feeds from files, for `wirewatch parse`."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from monitor.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from monitor.feed_model import ParsedFeed
    from monitor.feeds.workers import ParseWorkers

_AHEAD = 4
"""Files read and waiting for a worker while earlier ones are parsed."""


class ParsedFile(Struct, frozen=True, kw_only=True):
    """What a file held.

    Args:
        rows: one mapping an entry: file, id, url, title, summary, published, lang,
            source.
        error: why it is no feed, or "".
    """

    file: str
    rows: tuple[dict[str, Any], ...] = ()
    error: str = ""


async def parse_files(
    paths: Sequence[Path], url: str, workers: ParseWorkers
) -> AsyncIterator[ParsedFile]:
    """Yield what each file holds, in the order given.

    Args:
        paths: the files.
        url: the address they came from, which relative links start from.
        workers: who parses; a few files are handed to them in advance.
    """
    waiting: deque[asyncio.Task[ParsedFile]] = deque()
    try:
        for path in paths:
            waiting.append(asyncio.create_task(_parse(path, url, workers)))
            if len(waiting) > _AHEAD:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _parse(path: Path, url: str, workers: ParseWorkers) -> ParsedFile:
    try:
        body = await asyncio.to_thread(path.read_bytes)
        parsed = await workers.parse(body, url)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return ParsedFile(file=str(path), error=f"{reason}; check the path")
    except FeedError as error:
        return ParsedFile(file=str(path), error=str(error))
    return ParsedFile(file=str(path), rows=_rows(str(path), parsed))


def _rows(file: str, parsed: ParsedFeed) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "file": file,
            "id": entry.id,
            "url": entry.url,
            "title": entry.title,
            "summary": entry.summary,
            "published": entry.published_at,
            "lang": entry.lang,
            "source": entry.source or parsed.title,
        }
        for entry in parsed.entries
    )
