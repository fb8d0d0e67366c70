"""Put the status page together: ask every source at once, then render one template.

Text from feeds is text: Jinja2 escapes it, what is invisible is taken out, and only
http and https addresses become links.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.alerting.evidence import sentence, title
from monitor.alerting.plain import clip, host_of, utc, web_address
from monitor.alerting.telling import how_sure
from monitor.errors import WirewatchError
from monitor.feeds.health import UNWELL
from monitor.web.api import PATIENCE, FeedLine, asked, feed_lines
from monitor.web.sources import Health

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from datetime import datetime

    from monitor.model import Alert
    from monitor.web.sources import TopicLine, WebSources

ALERTS = 30
FEEDS = 500
TOPICS = 500
"""What one page lists at most; the rest is counted."""

TITLE = 300
SENTENCE = 500
LINE = 300
"""Characters of one text at most."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Section(Generic[T]):
    """One list of the page, or the reason why it is not there.

    Args:
        more: how many are not shown.
    """

    rows: Sequence[T] = ()
    more: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page shows."""

    health: Health
    alerts: Section[Alert]
    feeds: Section[FeedLine]
    topics: Section[TopicLine]
    config: Sequence[str] = field(default=())


async def gather(sources: WebSources) -> Page:
    """Ask every source at once; a section whose source is away says so."""
    health, alerts, feeds, topics = await asyncio.gather(
        _health(sources),
        _section(sources.alerts(ALERTS), ALERTS),
        _section(_unwell_first(sources), FEEDS),
        _section(sources.topics(), TOPICS),
    )
    return Page(
        health=health,
        alerts=alerts,
        feeds=feeds,
        topics=topics,
        config=tuple(sources.config_lines()),
    )


def render(page: Page) -> str:
    """Return the page as HTML."""
    return _TEMPLATES.get_template("status.html").render(page=page)


async def _health(sources: WebSources) -> Health:
    try:
        async with asyncio.timeout(PATIENCE):
            return await sources.health()
    except (WirewatchError, TimeoutError) as error:
        reason = str(error) or f"no answer within {PATIENCE:g} s"
        return Health(live=False, ready=False, checks={"health": (False, reason)})


async def _section(question: Awaitable[Sequence[T]], most: int) -> Section[T]:
    try:
        every = await asked(question)
    except WirewatchError as error:
        return Section(trouble=str(error))
    return Section(rows=every[:most], more=max(len(every) - most, 0))


async def _unwell_first(sources: WebSources) -> Sequence[FeedLine]:
    order = (*UNWELL, "paused")
    grave = {condition: place for place, condition in enumerate(order)}
    return sorted(
        await feed_lines(sources),
        key=lambda line: (grave.get(line.health.condition, len(order)), line.feed.id),
    )


def _language(lang: str) -> str:
    """Return a language tag, which picks the right glyphs for Chinese or Japanese."""
    return lang if _LANGUAGE.fullmatch(lang) else ""


def _machine_time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "language": _language,
        "line": lambda text: clip(text, LINE),
        "title_pieces": lambda match: title(match, TITLE),
        "sentence_pieces": lambda match: sentence(match, SENTENCE),
        "web_address": web_address,
        "host": host_of,
        "utc": utc,
        "machine_time": _machine_time,
        "sure": how_sure,
    }
    return environment


_TEMPLATES = _environment()
