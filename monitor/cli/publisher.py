"""`wirewatch publisher`: whom Wirewatch takes somebody for."""

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
    from monitor.model import Entry
    from monitor.stories.publishers import Publishers


def command(
    who: Annotated[
        str, typer.Argument(metavar="WHO", help="An address, a host or a name.")
    ],
    config: Config = DEFAULT_CONFIG,
    title: Annotated[str, typer.Option(help="An entry's title, to read credits.")] = "",
    summary: Annotated[str, typer.Option(help="Its summary, likewise.")] = "",
    source: Annotated[str, typer.Option(help="The name in its <source>.")] = "",
) -> None:
    """Say who publishes what is at an address: name, family, country, and why.

    Publishers of one family count as one voice. Without a configuration file the
    shipped table alone is asked. Nothing is fetched.

    \b
    Examples:
      wirewatch publisher https://www.example.org/news/1
      wirewatch publisher "Asahi Shimbun"
      wirewatch publisher example.org --summary "TOKYO (Reuters) - The cabinet met."
    """
    publishers = _publishers(config)
    found = publishers.explain(_entry(who, title, summary, source))
    row: dict[str, Any] = msgspec.to_builtins(found.publisher)
    row["why"] = found.why
    row["members"] = sorted(
        owner.name
        for owner in publishers.owners
        if owner.house == found.publisher.family
    )
    sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
    sys.stdout.buffer.flush()


def _publishers(config: Path) -> Publishers:
    from monitor.config import load
    from monitor.config.publishers import publishers_of
    from monitor.config.schema import Config as Written

    if config == DEFAULT_CONFIG and not config.exists():
        return publishers_of(Written())
    return load(config, environ=os.environ).publishers


def _entry(who: str, title: str, summary: str, source: str) -> Entry:
    from monitor.config.publishers import registrable_domain
    from monitor.model import Entry

    host = who if " " not in who and "." in who else ""
    is_host = "://" in who or (host and registrable_domain(host.lower()) is not None)
    if is_host and "://" not in who:
        who = f"https://{who}/"
    return Entry(
        feed=who,
        id="",
        title=title,
        summary=summary,
        url=who if is_host else "",
        source=source if is_host else who,
        fetched_at=datetime(1970, 1, 1, tzinfo=UTC),
    )
