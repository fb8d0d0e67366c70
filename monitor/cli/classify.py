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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Item(msgspec.Struct, frozen=True):
    """One line of input; other fields are ignored."""

    id: str
    title: str
    summary: str = ""
    lang: str = ""
    source: str = ""
    url: str = ""
    published: str = ""


def entry_of(item: Item) -> Entry:
    """Return the entry that an item describes."""
    from monitor.backtest.items import parse_time
    from monitor.model import Entry

    return Entry(
        feed="items",
        id=item.id,
        title=item.title,
        summary=item.summary,
        lang=item.lang,
        source=item.source,
        url=item.url,
        published_at=parse_time(item.published),
        fetched_at=_EPOCH,
    )


def row_of(item_id: str, matches: Iterable[Match]) -> dict[str, Any]:
    """Return the line of output for an item."""
    return {"id": item_id, "topics": [_topic(match) for match in matches]}


def _topic(match: Match) -> dict[str, Any]:
    row = {
        "topic": match.topic,
        "score": round(match.score, 4),
        "confidence": match.confidence,
        "direction": match.direction,
        "actors": match.actors,
        "act": match.act,
        "spans": [msgspec.to_builtins(span) for span in match.spans],
    }
    if match.cue:
        cue = msgspec.to_builtins(match.cue)
        del cue["clause"]  # a cue belongs to no clause
        row["cue"] = cue
    return row


def command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Items as JSON Lines; default: stdin."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say which topics each item satisfies, with the evidence.

    Items are JSON Lines with id, title, summary, and if known lang, source, url and
    published.
    A line that is no item is named on standard error and passed over; exits 1 if
    there was one.

    \b
    Examples:
      wirewatch classify items.jsonl
      echo '{"id": "1", "title": "Tokyo may halt UNESCO funding", "summary": ""}' \\
        | wirewatch classify
    """
    from monitor.cli.items import Items
    from monitor.config import load

    settings = load(config, environ=os.environ)
    items = Items(file, Item)
    for item in items:
        row = row_of(item.id, settings.index.match(entry_of(item), _tell))
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    sys.stdout.buffer.flush()
    if items.refused:
        raise typer.Exit(1)


def _tell(topic: str, error: Exception) -> None:
    print(f'topic "{topic}": {type(error).__name__}: {error}', file=sys.stderr)
