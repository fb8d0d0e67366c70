"""`wirewatch calibrate`: labelled items in, a threshold per topic out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from monitor.cli.explain import Topics
from monitor.cli.options import DEFAULT_CONFIG, Config


def command(
    file: Annotated[
        Path,
        typer.Argument(metavar="LABELLED", help="Items with topics, as JSON Lines."),
    ],
    topic: Topics = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print per topic the precision and recall by threshold, and suggest a threshold.

    Items are those of `wirewatch topic suggest`: as for classify, with topics: the
    names of the topics they are on. A topic needs 20 items on it for a suggestion.
    The configuration is not changed.

    \b
    Examples:
      wirewatch calibrate judged.jsonl
      wirewatch calibrate judged.jsonl --topic unesco-funding-threat
    """
    from monitor.cli.classify import entry_of
    from monitor.cli.items import read_items
    from monitor.cli.topic import LabelledItem, refuse_unknown
    from monitor.config import load
    from monitor.topics.calibrate import Scored, calibrate
    from monitor.topics.explain import scores_of

    settings = load(config, environ=os.environ)
    for name in topic or ():
        refuse_unknown(name, settings)
    items, refused = read_items(file, LabelledItem)
    judged = [(item, scores_of(settings.index, entry_of(item))) for item in items]
    for spec in settings.topics:
        if topic and spec.name not in topic:
            continue
        found = calibrate(
            [
                Scored(scores[spec.name], item.is_on(spec.name))
                for item, scores in judged
            ],
            spec.threshold,
        )
        row = {"topic": spec.name} | msgspec.to_builtins(found)
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
        if found.lacking:
            print(
                f'{file}: topic "{spec.name}" has {found.positives} items on it; '
                f"label {found.lacking} more for a suggestion",
                file=sys.stderr,
            )
    sys.stdout.buffer.flush()
    if refused:
        raise typer.Exit(1)
