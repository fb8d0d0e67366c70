"""Ask a publisher for a feed: the conditional request, and what its answer means."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor.errors import FetchError, OutboundError, OutboundRefusedError
from monitor.feed_model import Fetched
from monitor.feeds.hints import read_max_age
from monitor.outbound.client import at_once, origin_of
from monitor.outbound.retry_after import read_retry_after

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.clock import Clock
    from monitor.feed_model import FeedState
    from monitor.model import Feed
    from monitor.outbound import Answer, Outbound
    from monitor.outbound.client import Visit

MAX_BODY_BYTES = 8 * 1024**2
MAX_VALIDATOR = 1_000
"""A longer ETag or date is not kept: sending it back may be refused as too large."""

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)


async def fetch(
    outbound: Outbound,
    feed: Feed,
    state: FeedState,
    clock: Clock,
    max_bytes: int = MAX_BODY_BYTES,
    *,
    is_named: bool = True,
    visit: Visit = at_once,
) -> Fetched:
    """Return the publisher's answer, 200 or 304.

    A feed that has moved for good is asked at its new address.

    Args:
        is_named: the user named the feed's address, not a publisher.
        visit: entered with the host around each hop to another one.

    Raises:
        FetchError: any other answer, or none.
    """
    address = address_of(feed, state)
    try:
        answer = await outbound.get(
            address,
            headers=_headers(feed, state, address),
            timeout=feed.timeout,
            max_bytes=max_bytes,
            is_named=is_named,
            named=feed.url,
            visit=visit,
        )
    except (OutboundError, OutboundRefusedError) as error:
        raise FetchError(str(error), status=getattr(error, "status", None)) from error
    now = clock.now()
    if answer.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        raise _unwanted(answer, now)
    return _fetched(answer, now)


def _fetched(answer: Answer, now: datetime) -> Fetched:
    return Fetched(
        status=answer.status,
        url=answer.url,
        body=answer.body,
        content_type=answer.headers.get("content-type", ""),
        links=answer.headers.get("link", ""),
        etag=_validator(answer, "etag"),
        last_modified=_validator(answer, "last-modified"),
        max_age=read_max_age(answer.headers),
        moved_to=answer.moved_to,
        answered_at=now,
    )


def address_of(feed: Feed, state: FeedState) -> str:
    """Return where a feed is asked: its address, or the one it has moved to."""
    if state.url == feed.url and state.has_moved:
        return state.moved_to
    return feed.url


def _headers(feed: Feed, state: FeedState, address: str) -> dict[str, str]:
    headers = {"accept": _ACCEPT}
    if feed.authorization and origin_of(address) == origin_of(feed.url):
        # The client drops it when a redirect leads to another origin.
        headers["authorization"] = feed.authorization
    if state.url == feed.url:  # validators belong to the address that gave them
        if state.etag:
            headers["if-none-match"] = state.etag
        if state.last_modified:
            headers["if-modified-since"] = state.last_modified
    return headers


def _validator(answer: Answer, name: str) -> str:
    value = answer.headers.get(name, "")
    return value if len(value) <= MAX_VALIDATOR and value.isascii() else ""


def _unwanted(answer: Answer, now: datetime) -> FetchError:
    try:
        phrase = f" {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = ""
    advice = "it will be asked again"
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        advice = "ask the publisher for access"
    elif answer.status == HTTPStatus.NOT_FOUND:
        advice = "check the address"
    elif answer.status == HTTPStatus.GONE:
        advice = "it is asked no more; remove the feed or correct its address"
    return FetchError(
        f"the publisher answered {answer.status}{phrase}; {advice}",
        status=answer.status,
        retry_after=read_retry_after(answer.headers.get("retry-after", ""), now),
    )
