"""`wirewatch backtest`: what would have been told, and when."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from monitor.cli.options import DEFAULT_CONFIG, Config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.backtest.compare import Comparison
    from monitor.backtest.items import OrderedItems
    from monitor.backtest.run import Totals
    from monitor.config import Settings
    from monitor.model import Entry

_PROGRESS_EVERY = 0.5  # seconds


def command(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Items as JSON Lines; default: stdin."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Another configuration; print what differs there."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="AGE", help="Read the log instead, from this long ago: 24h, 7d."
        ),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Run a configuration over past items and print every alert it would have told.

    Items are JSON Lines as for `wirewatch classify`, taken in the order of `fetched`
    or else `published`; their times are the clock. Nothing is sent. An alert or
    notification is one JSON line; a summary comes on standard error. The same items
    and configuration give the same bytes on every run.

    \b
    Examples:
      wirewatch backtest items.jsonl
      wirewatch backtest items.jsonl --against stricter.yaml
      wirewatch backtest --since 7d
    """
    from monitor.backtest.run import Backtest
    from monitor.config import load

    settings = load(config, environ=os.environ)
    other = None if against is None else load(against, environ=os.environ)
    entries, total, refused = _entries(settings, file, since)
    started = time.monotonic()
    _tell_of_feeds(settings)
    first = Backtest(settings, _tell)
    counted = _with_progress(entries, total)
    if other is None:
        for row in first.rows(counted):
            _print(row)
        _summary(first.totals, time.monotonic() - started)
    else:
        from monitor.backtest.compare import Comparison

        second, comparison = Backtest(other, _tell), Comparison()
        for entry in counted:
            comparison.add(first.take(entry), second.take(entry))
        for row in comparison.rows():
            _print(row)
        _compare(comparison, config, against)
    sys.stdout.buffer.flush()
    if refused[0]:
        raise typer.Exit(1)


def _entries(
    settings: Settings, file: Path | None, since: str | None
) -> tuple[Iterable[Entry], int | None, list[int]]:
    """Return the entries, how many if that is known, and the count of bad lines."""
    if since is None:
        items, refused = _items(file)
        return items, len(items), refused
    from monitor.backtest.log import logged_entries
    from monitor.clock import SystemClock
    from monitor.config.scalars import read_duration

    if file is not None:
        raise typer.BadParameter("give a file or --since, not both")
    try:
        age = read_duration(since)
    except ValueError as error:
        raise typer.BadParameter(f"--since {since}: {error}") from error
    return logged_entries(settings, SystemClock().now() - age), None, [0]


def _items(file: Path | None) -> tuple[OrderedItems, list[int]]:
    from monitor.backtest.items import OrderedItems
    from monitor.errors import WirewatchError

    name = str(file) if file else "<stdin>"
    refused = [0]

    def refuse(number: int, reason: str) -> None:
        refused[0] += 1
        print(f"{name}:{number}: {reason}", file=sys.stderr)

    try:
        stream = file.open("rb") if file else sys.stdin.buffer
        items = OrderedItems(stream, refuse)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WirewatchError(f"{name}: {reason}; name a file of items") from error
    if items.undated:
        print(
            f"{name}: {items.undated} items carry no time that can be true, and were "
            'taken at that of the item before them; give "fetched" or "published"',
            file=sys.stderr,
        )
    return items, refused


def _print(row: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")


def _with_progress(entries: Iterable[Entry], total: int | None) -> Iterator[Entry]:
    """Yield entries, showing on a terminal how far it is."""
    if not sys.stderr.isatty():
        yield from entries
        return
    started = shown = time.monotonic()
    for number, entry in enumerate(entries, start=1):
        yield entry
        now = time.monotonic()
        if now - shown >= _PROGRESS_EVERY:
            shown = now
            share = f" of {total:,}" if total else ""
            pace = number / (now - started)
            print(f"\r{number:,}{share} items, {pace:,.0f}/s", end="", file=sys.stderr)
    print("\r\033[K", end="", file=sys.stderr)


def _summary(totals: Totals, seconds: float) -> None:
    pace = totals.entries / seconds if seconds else 0.0
    lines = [
        (
            f"{totals.entries:,} items ({totals.repeated:,} repeated), "
            f"{totals.matches:,} matches, {totals.notifications:,} notifications; "
            f"{seconds:.1f} s, {pace:,.0f} items/s"
        )
    ]
    rules: dict[str, list[str]] = {}
    for (rule, kind), count in sorted(totals.told.items()):
        rules.setdefault(rule, []).append(f"{count} {kind}")
    lines += [f"  {rule}: {', '.join(kinds)}" for rule, kinds in rules.items()]
    print("\n".join(lines), file=sys.stderr)


def _compare(comparison: Comparison, first: Path, second: Path | None) -> None:
    print(f"told under {first} and under {second}:", file=sys.stderr)
    for rule, counts in sorted(comparison.counts.items()):
        print(f"  {rule}: {counts['first']}, {counts['second']}", file=sys.stderr)


def _tell_of_feeds(settings: Settings) -> None:
    """Name the rules that a recording says nothing of."""
    for rule in settings.plan.rules:
        if rule.kind == "absence" and rule.feeds:
            print(
                f'rule "{rule.name}": items do not tell when feeds were polled; '
                "absence on feeds is left out",
                file=sys.stderr,
            )


def _tell(topic: str, error: Exception) -> None:
    print(f'topic "{topic}": {type(error).__name__}: {error}', file=sys.stderr)
