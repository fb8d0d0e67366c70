"""`wirewatch check`: find the mistakes of a configuration, and what it hardly means."""

from __future__ import annotations

import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from monitor.cli.options import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.config import PlacedFinding
    from monitor.model import Entry

_PLACED = re.compile(r"(?P<file>.*?):(?P<line>\d+):(?P<column>\d+): (?P<rest>.*)")
_HINT = re.compile(r'; (?=[^"]*(?:"[^"]*"[^"]*)*$)')


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"


def command(
    config: Config = DEFAULT_CONFIG,
    sample: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Hold topics against items (JSON Lines)."),
    ] = None,
    share: Annotated[
        float,
        typer.Option(
            metavar="PERCENT",
            min=0,
            max=100,
            help="Warn of terms and concepts in more of the sample's items than this.",
        ),
    ] = 25,
    per_thousand: Annotated[
        float,
        typer.Option(
            metavar="N",
            min=0,
            max=1000,
            help="Find topics that match more of a thousand items than this.",
        ),
    ] = 20,
    output: Annotated[
        Format, typer.Option("--format", help="json: an object a line on stdout.")
    ] = Format.TEXT,
) -> None:
    """Name every mistake of a configuration, and what its topics hardly mean.

    Mistakes, findings and warnings are lines `file:line:column: problem; hint` on
    standard error. Exits 2 if the file cannot be used, 1 if there are findings: an
    example that does not behave as written, a language that a topic can never match
    in, a topic that matches too much of the sample. Warnings (terms that add nothing,
    topics that swallow each other, missing examples and the like) exit 0.

    \b
    Examples:
      wirewatch check
      wirewatch check --sample yesterday.jsonl --per-thousand 5
      wirewatch check --config desk.yaml --format json
    """
    from monitor.config import examine, load_whole
    from monitor.errors import ConfigError
    from monitor.topics.breadth import Limits

    try:
        loaded = load_whole(config, environ=os.environ)
    except ConfigError as error:
        if output is Format.TEXT:
            raise
        _write_json(_mistakes(error.lines))
        raise typer.Exit(2) from None
    entries = _sample(sample) if sample else []
    limits = Limits(share=share / 100, per_thousand=per_thousand)
    found = examine(loaded, entries, limits)
    if output is Format.JSON:
        _write_json(msgspec.to_builtins(finding) for finding in found)
    else:
        _write_text(found)
    count = sum(finding.severity == "finding" for finding in found)
    if count:
        print(f"{config}: {_tally(found, count)}", file=sys.stderr)
        raise typer.Exit(1)
    settings = loaded.settings
    print(
        f"{config}: fine ({len(settings.feeds)} feeds, {len(settings.topics)} topics, "
        f"{len(settings.plan.rules)} rules)"
        + (f", {_tally(found, count)}" if found else ""),
        file=sys.stderr,
    )


def _sample(path: Path) -> list[Entry]:
    from monitor.cli.classify import Item, entry_of
    from monitor.cli.items import read_items

    items, _ = read_items(path, Item)
    return [entry_of(item) for item in items]


def _tally(found: Sequence[PlacedFinding], count: int) -> str:
    def many(number: int, word: str) -> str:
        return f"{number} {word}" + ("" if number == 1 else "s")

    warnings = len(found) - count
    told = [many(count, "finding")] if count else []
    return ", ".join([*told, *([many(warnings, "warning")] if warnings else [])])


def _write_text(found: Sequence[PlacedFinding]) -> None:
    for each in found:
        mark = "warning: " if each.severity == "warning" else ""
        text = "; ".join(part for part in (each.message, each.hint) if part)
        place = f"{each.file}:{each.line}:{each.column}"
        print(f"{place}: {mark}{text}", file=sys.stderr)


def _write_json(rows: Iterator[dict[str, object]]) -> None:
    for row in rows:
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    sys.stdout.buffer.flush()


def _mistakes(lines: Sequence[str]) -> Iterator[dict[str, object]]:
    """Yield the mistakes of a file that cannot be used, which are lines already."""
    for text in lines:
        placed = _PLACED.fullmatch(text)
        # A mistake in the environment or about the file as a whole has no place.
        file, _, rest = text.partition(": ") if placed is None else ("", "", "")
        message, *hint = _HINT.split(placed["rest"] if placed else rest, maxsplit=1)
        yield {
            "file": placed["file"] if placed else file,
            "line": int(placed["line"]) if placed else 0,
            "column": int(placed["column"]) if placed else 0,
            "severity": "mistake",
            "message": message,
            "hint": hint[0] if hint else "",
        }
