"""`wirewatch fetch`: ask one address, as the poller would."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.scalars import IPNetwork
    from monitor.outbound import Answer


def command(
    url: Annotated[str, typer.Argument(metavar="URL", help="The address to ask.")],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the body here."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CIDR", help="A network that may be asked though private."
        ),
    ] = None,
    text: Annotated[
        bool,
        typer.Option(
            "--text",
            help="Print the article of a page, as far as its robots.txt allows.",
        ),
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds in all.")] = 30.0,
) -> None:
    """Fetch one address with the safe client and print what it answered as JSON.

    \b
    Examples:
      wirewatch fetch https://news.un.org/feed/subscribe/en/news/all/rss.xml
      wirewatch fetch http://127.0.0.1:8000/feed.xml --allow 127.0.0.0/8 --output f.xml
      wirewatch fetch --text https://news.un.org/en/
    """
    from monitor.errors import WirewatchError

    try:
        networks = [ipaddress.ip_network(text) for text in allow or ()]
    except ValueError as error:
        raise WirewatchError(f"--allow: {error}; write it as 192.0.2.0/24") from error
    if text:
        print(asyncio.run(_read(url, networks, timedelta(seconds=timeout))))
        return
    answer = asyncio.run(_ask(url, networks, timedelta(seconds=timeout)))
    if output:
        output.write_bytes(answer.body)
    row = {
        "url": answer.url,
        "status": answer.status,
        "bytes": len(answer.body),
        "headers": dict(answer.headers),
    }
    print(json.dumps(row, ensure_ascii=False))
    if answer.status >= 400:  # noqa: PLR2004 - the first error status
        print(f"{url}: the server answered {answer.status}", file=sys.stderr)
        raise typer.Exit(1)


async def _read(url: str, allow: Sequence[IPNetwork], timeout: timedelta) -> str:
    """Return what a page comes to, as JSON."""
    from monitor.cli.logs import set_up
    from monitor.clock import SystemClock
    from monitor.config.build import user_agent
    from monitor.config.checks import FULL_TEXT, missing_libraries
    from monitor.errors import WirewatchError
    from monitor.feeds.page_workers import PageWorkers
    from monitor.feeds.pages import Pages
    from monitor.feeds.robot_rules import token_of
    from monitor.outbound import Outbound

    set_up("error")
    if missing := missing_libraries(FULL_TEXT):
        raise WirewatchError(
            f"--text: needs {' and '.join(missing)}, not installed here; "
            "run pip install 'wirewatch[fulltext]'"
        )
    agent = user_agent("")
    outbound = Outbound(user_agent=agent, allow=allow)
    elsewhere = Outbound(user_agent=agent)
    workers = PageWorkers()
    pages = Pages(
        outbound=outbound,
        elsewhere=elsewhere,
        workers=workers,
        clock=SystemClock(),
        agent=token_of(agent),
        timeout=timeout,
    )
    try:
        article = await pages.read(url, url)
    finally:
        await workers.close()
        await outbound.aclose()
        await elsewhere.aclose()
    row = {
        "url": article.url,
        "canonical": article.page.canonical,
        "text": article.page.text,
    }
    return json.dumps(row, ensure_ascii=False)


async def _ask(url: str, allow: Sequence[IPNetwork], timeout: timedelta) -> Answer:
    from monitor.feeds.fetch import MAX_BODY_BYTES
    from monitor.outbound import Outbound

    outbound = Outbound(user_agent="wirewatch-fetch", allow=allow)
    try:
        return await outbound.get(
            url, headers={}, timeout=timeout, max_bytes=MAX_BODY_BYTES
        )
    finally:
        await outbound.aclose()
