"""Ask an address once and say what is there: for people, before they add a feed.

Everything goes through the outbound client and the parse workers, as when a feed is
polled. A page that a user names is asked once, and not the robots' way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from monitor.errors import FeedError, NotAFeedError
from monitor.feed_model import FeedState
from monitor.feeds.discover import (
    Candidate,
    common_addresses,
    feeds_of_page,
    kind_of,
)
from monitor.feeds.fetch import fetch
from monitor.manners import host_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.clock import Clock
    from monitor.feed_model import Fetched, ParsedFeed
    from monitor.feeds.workers import ParseWorkers
    from monitor.model import Feed
    from monitor.outbound import Outbound

LARGE = 2 * 1024**2
OLD = timedelta(days=90)
_SHOWN = 3


class Probe(Struct, frozen=True, kw_only=True):
    """What an address answered.

    Args:
        answered: the address that answered, after redirects, or "".
        kind: the feed's format, or "" if it is no feed.
        newest: the latest date of an entry, or None without dates.
        titles: of the first entries.
        error: why it is no feed, or "".
        found: feeds that a page names instead.
    """

    url: str
    answered: str = ""
    size: int = 0
    kind: str = ""
    title: str = ""
    lang: str = ""
    entries: int = 0
    newest: datetime | None = None
    titles: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    found: tuple[Candidate, ...] = ()


async def probe(
    feed: Feed,
    outbound: Outbound,
    workers: ParseWorkers,
    clock: Clock,
    *,
    guess: bool = False,
    is_named: bool = True,
) -> Probe:
    """Return what is at a feed's address; never raise for what a publisher does.

    Args:
        guess: try the usual places if a page names no feed.
        is_named: the user named the address, not a page.
    """
    seen = await _ask(feed, outbound, workers, clock, is_named=is_named)
    if seen.kind or not seen.answered or seen.found or not guess:
        return seen
    for url in common_addresses(seen.answered):
        # Where a redirect led may be another host, which was not given the secret.
        other = replace(feed, url=url, authorization="")
        is_same = host_of(url) == host_of(feed.url)
        tried = await _ask(
            other, outbound, workers, clock, is_named=is_named and is_same
        )
        if tried.kind:
            candidate = Candidate(url=url, title=tried.title, kind=tried.kind)
            return replace(seen, found=(candidate,))
    return seen


async def _ask(
    feed: Feed,
    outbound: Outbound,
    workers: ParseWorkers,
    clock: Clock,
    *,
    is_named: bool,
) -> Probe:
    state = FeedState(id=feed.id, url=feed.url, next_poll_at=clock.now())
    try:
        answer = await fetch(outbound, feed, state, clock, is_named=is_named)
    except FeedError as error:
        return Probe(url=feed.url, error=str(error))
    seen = Probe(url=feed.url, answered=answer.url, size=len(answer.body))
    try:
        parsed = await workers.parse(answer.body, answer.url, answer.content_type)
    except NotAFeedError as error:
        found = feeds_of_page(answer.body, answer.url, answer.content_type)
        return replace(seen, error=str(error), found=found)
    except FeedError as error:
        return replace(seen, error=str(error))
    dates = [each.published_at for each in parsed.entries if each.published_at]
    return replace(
        seen,
        kind=kind_of(answer.body),
        title=parsed.title,
        lang=parsed.lang,
        entries=len(parsed.entries),
        newest=max(dates, default=None),
        titles=tuple(each.title for each in parsed.entries[:_SHOWN]),
        warnings=tuple(_warnings(feed, answer, parsed)),
    )


def _warnings(feed: Feed, answer: Fetched, parsed: ParsedFeed) -> Iterator[str]:
    if answer.url != feed.url:
        yield "it answers from another address; use that one if it is for good"
    if not answer.etag and not answer.last_modified:
        yield "no ETag and no Last-Modified: every poll transfers the whole feed"
    if len(answer.body) > LARGE:
        yield f"large: {len(answer.body) / 1024**2:.1f} MiB a poll"
    if not parsed.entries:
        yield "it lists no entries now"
        return
    dates = [each.published_at for each in parsed.entries if each.published_at]
    undated = len(parsed.entries) - len(dates)
    if undated:
        yield f"{undated} of {len(parsed.entries)} entries have no date"
    if dates and answer.answered_at - max(dates) > OLD:
        yield f"nothing new since {max(dates):%Y-%m-%d}"
    silent = sum(not (each.title or each.summary) for each in parsed.entries)
    if silent:
        yield f"{silent} of {len(parsed.entries)} entries have no text"
    hashed = sum(each.id.startswith("sha256:") for each in parsed.entries)
    if hashed:
        yield f"{hashed} entries have neither guid nor link: an edit makes them new"
