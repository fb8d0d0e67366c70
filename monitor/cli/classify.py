"""`wirewatch classify`: items in, topics out."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from monitor.cli.options import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Entry, Match
    from monitor.topics import TopicIndex

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Item(msgspec.Struct, frozen=True):
    """One line of input; other fields are ignored."""

    id: str
    title: str
    summary: str = ""
    lang: str = ""
    source: str = ""
    url: str = ""


def entry_of(item: Item) -> Entry:
    """Return the entry that an item describes."""
    from monitor.model import Entry

    return Entry(
        feed="items",
        id=item.id,
        title=item.title,
        summary=item.summary,
        lang=item.lang,
        source=item.source,
        url=item.url,
        fetched_at=_EPOCH,
    )


def row_of(item_id: str, matches: Iterable[Match]) -> dict[str, Any]:
    """Return the line of output for an item."""
    return {
        "id": item_id,
        "topics": [
            {
                "topic": match.topic,
                "score": round(match.score, 4),
                "direction": match.direction,
                "spans": [msgspec.to_builtins(span) for span in match.spans],
            }
            for match in matches
        ],
    }


def command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Items as JSON Lines; default: stdin."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say which topics each item satisfies, with the evidence.

    Items are JSON Lines with id, title, summary, and if known lang, source, url.
    A line that is no item is named on standard error and passed over; exits 1 if
    there was one.

    \b
    Examples:
      wirewatch classify items.jsonl
      echo '{"id": "1", "title": "Tokyo may halt UNESCO funding", "summary": ""}' \\
        | wirewatch classify
    """
    from monitor.config import load
    from monitor.errors import WirewatchError

    settings = load(config, environ=os.environ)
    name = str(file) if file else "<stdin>"
    try:
        stream = file.open("rb") if file else sys.stdin.buffer
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WirewatchError(f"{name}: {reason}; name a file of items") from error
    with stream:
        refused = _classify(stream, name, settings.index)
    sys.stdout.buffer.flush()
    if refused:
        raise typer.Exit(1)


def _classify(lines: Iterable[bytes], name: str, index: TopicIndex) -> int:
    """Print a row for each item; return how many lines were none."""
    refused = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = msgspec.json.decode(line, type=Item)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            refused += 1
            print(f"{name}:{number}: not an item: {error}", file=sys.stderr)
            continue
        row = row_of(item.id, index.match(entry_of(item), _tell))
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    return refused


def _tell(topic: str, error: Exception) -> None:
    print(f'topic "{topic}": {type(error).__name__}: {error}', file=sys.stderr)
