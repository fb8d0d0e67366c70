"""`wirewatch feed test`: ask an address once and say what is there."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from monitor.cli.options import DEFAULT_CONFIG, Config, Format, FormatOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.config import Loaded
    from monitor.config.scalars import IPNetwork
    from monitor.feeds.probe import Probe
    from monitor.model import Feed

Allow = Annotated[
    list[str] | None,
    typer.Option(metavar="CIDR", help="A network that may be asked though private."),
]
Guess = Annotated[
    bool,
    typer.Option(
        "--guess", help="Try the usual places (/feed, /rss...) if a page names none."
    ),
]


def command(
    feed: Annotated[
        str, typer.Argument(metavar="URL|NAME", help="An address, or a feed's name.")
    ],
    config: Config = DEFAULT_CONFIG,
    allow: Allow = None,
    guess: Guess = False,
    output: FormatOption = Format.AUTO,
) -> None:
    """Ask a feed once, as the poller would, and say what it is.

    Nothing is stored. A feed of the configuration is asked with its own timeout and
    auth. If a page answers, the feeds that it names are listed. Exits 1 if there is no
    feed.

    \b
    Examples:
      wirewatch feed test un-news
      wirewatch feed test https://news.un.org --guess
    """
    is_address = feed.startswith(("http://", "https://"))
    loaded = loaded_at(config, needed=not is_address)
    found = probed(feed, loaded, allow, guess=guess)
    if output.is_json:
        print(msgspec.json.encode(found).decode())
    else:
        for line in report(found):
            print(line)
    if not found.kind:
        if output.is_json:
            print(f"{feed}: {found.error}", file=sys.stderr)
        raise typer.Exit(1)


def probed(
    target: str,
    loaded: Loaded | None,
    allow: Sequence[str] | None,
    *,
    guess: bool,
    is_named: bool = True,
) -> Probe:
    """Return what is at an address, or at that of a feed of the configuration.

    Args:
        guess: try the usual places if a page names no feed.
        is_named: the user named the address, not a page.

    Raises:
        WirewatchError: this is neither an address nor a feed's name.
    """
    from monitor.cli.logs import set_up
    from monitor.errors import WirewatchError

    set_up("error")
    try:
        networks = [ipaddress.ip_network(text) for text in allow or ()]
    except ValueError as error:
        raise WirewatchError(f"--allow: {error}; write it as 192.0.2.0/24") from error
    feed = _feed(target, loaded)
    return asyncio.run(_probe(feed, loaded, networks, guess=guess, is_named=is_named))


def _feed(target: str, loaded: Loaded | None) -> Feed:
    from monitor.config.wording import choice
    from monitor.errors import WirewatchError
    from monitor.model import Feed

    feeds = loaded.settings.feeds if loaded else ()
    for feed in feeds:
        if target in (feed.id, feed.url):
            return feed
    if target.startswith(("http://", "https://")):
        minute = timedelta(minutes=1)
        return Feed(id="test", url=target, interval=minute, timeout=minute / 2)
    hint = choice(target, [feed.id for feed in feeds], "known are")
    raise WirewatchError(f'no feed named "{target}"; {hint or "write https://..."}')


async def _probe(
    feed: Feed,
    loaded: Loaded | None,
    networks: Sequence[IPNetwork],
    *,
    guess: bool,
    is_named: bool,
) -> Probe:
    from monitor.clock import SystemClock
    from monitor.config.build import user_agent
    from monitor.feeds.probe import probe
    from monitor.feeds.workers import ParseWorkers
    from monitor.outbound import Outbound

    given = loaded.settings.outbound if loaded else None
    outbound = Outbound(
        user_agent=given.user_agent if given else user_agent(""),
        allow=[*(given.allow if given else ()), *networks],
    )
    workers = ParseWorkers(1)
    try:
        return await probe(
            feed, outbound, workers, SystemClock(), guess=guess, is_named=is_named
        )
    finally:
        await workers.close()
        await outbound.aclose()


def loaded_at(config: Path, *, needed: bool = False) -> Loaded | None:
    """Return the configuration; None without a good one, if it is not needed.

    Raises:
        ConfigError: it is needed, and there is none without mistakes.
    """
    from monitor.config import load_whole
    from monitor.errors import ConfigError

    if not needed and not config.exists():
        return None
    try:
        return load_whole(config, environ=os.environ)
    except ConfigError as error:
        if needed:
            raise
        print(
            f"{config}: not looked at: {error.lines[0]} (see wirewatch check)",
            file=sys.stderr,
        )
        return None


def report(found: Probe) -> list[str]:
    """Return what was found, as lines for people; texts are made safe to show."""
    from monitor.alerting.plain import clip

    if not found.kind:
        lines = [f"{found.url}: {found.error}"]
        lines += [
            f"  names {each.kind} {each.url} {clip(each.title, 80)}".rstrip()
            for each in found.found
        ]
        return lines
    newest = f"newest {_short(found.newest)}" if found.newest else "without dates"
    lines = [
        f"{found.url}: {found.kind}, {found.entries} entries, {newest}",
        f"  title: {clip(found.title, 200)}",
    ]
    if found.answered != found.url:
        lines.append(f"  answered by: {clip(found.answered, 200)}")
    lines += [f"  entry: {clip(title, 100)}" for title in found.titles]
    return [*lines, *(f"  warning: {warning}" for warning in found.warnings)]


def _short(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"
