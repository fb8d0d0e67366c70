"""`wirewatch explain`: why each item matched a topic."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from monitor.cli.options import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.cli.classify import Item
    from monitor.topics.explain import TopicReport

File = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="Items as JSON Lines; default: stdin."),
]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="NAME", help="Only this topic; may be repeated."),
]
AsText = Annotated[bool, typer.Option("--text", help="Write for people, not as JSON.")]


def command(
    file: File = None,
    topic: Topics = None,
    text: AsText = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say why each item matched: every clause, what it found, and what it gave.

    Takes items as `wirewatch classify` does. Tells only of topics that match; with
    --topic, of those named, matching or not.

    \b
    Examples:
      wirewatch explain items.jsonl
      echo '{"id": "1", "title": "Tokyo may halt UNESCO funding", "summary": ""}' \\
        | wirewatch explain --text --topic unesco-funding-threat
    """
    names = topic or []

    def choose(reports: list[TopicReport]) -> list[TopicReport]:
        return [report for report in reports if report.is_match or names]

    tell(file, config, names, choose, text=text)


def tell(
    file: Path | None,
    config: Path,
    names: list[str],
    choose: Callable[[list[TopicReport]], list[TopicReport]],
    *,
    text: bool,
) -> None:
    """Explain the items of a file, and print the reports that `choose` keeps."""
    from monitor.cli.classify import Item, entry_of
    from monitor.cli.items import Items
    from monitor.cli.topic import refuse_unknown
    from monitor.config import load
    from monitor.topics.explain import explain

    settings = load(config, environ=os.environ)
    for name in names:
        refuse_unknown(name, settings)
    items = Items(file, Item)
    for item in items:
        reports = choose(explain(settings.index, entry_of(item), names))
        _write(item, reports, text=text)
    sys.stdout.flush()
    if items.refused:
        raise typer.Exit(1)


def _write(item: Item, reports: list[TopicReport], *, text: bool) -> None:
    from monitor.alerting.plain import one_line
    from monitor.cli.reports import lines_of

    if not text:
        row = {"id": item.id, "topics": [msgspec.to_builtins(one) for one in reports]}
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
        return
    print(one_line(f"{item.id}: {item.title}"))
    for report in reports:
        for line in lines_of(report):
            print(f"  {line}")
    if not reports:
        print("  nothing to tell")
