"""Answer programs: the last alerts, their changes and the state of feeds, as JSON.

`/api/openapi.json` describes all. What an alert carries is what the stream `alerts`
carries; a feed is described without its address, which may hold a key.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import msgspec
from fastapi import APIRouter, Path, Query, Response
from msgspec import Struct

from monitor.alerting.plain import host_of
from monitor.errors import WirewatchError
from monitor.feed_model import FeedState
from monitor.feed_window import NO_MARKS, FeedMarks, Withdrawn
from monitor.feeds.health import Condition, FeedHealth, judge
from monitor.model import Alert, Change
from monitor.stories.members import StoryMember

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from monitor.web.sources import WebSources

PATIENCE = 5.0
"""Seconds the state may take to answer a page."""
MOST_ALERTS = 200
MOST_FEEDS = 1000

T = TypeVar("T")


class FeedReport(Struct, frozen=True, kw_only=True):
    """How a feed does.

    Args:
        state: "paused" by hand, "stopped" when its publisher said that it is gone for
            good, "failing" while polls fail, "changed" when it became another feed,
            "shrunken", "quiet" against its own rhythm, "waiting" before its first
            poll, else "ok".
        reason: what is wrong, or "".
        since: when that began.
        host: the host of its address.
        moved_to: the host it is polled from since it moved, or "".
        gaps: polls between which entries may have come and gone.
        gap_at: when that last happened.
        withdrawn: entries that the publisher seems to have taken back of late.
    """

    id: str
    host: str
    moved_to: str
    state: Condition
    reason: str
    since: datetime | None
    failures: int
    error: str
    error_since: datetime | None
    good_at: datetime | None
    polled_at: datetime | None
    changed_at: datetime | None
    next_poll_at: datetime
    gaps: int
    gap_at: datetime | None
    withdrawn: tuple[Withdrawn, ...]


class AlertList(Struct, frozen=True, kw_only=True):
    """The last alerts, newest first."""

    alerts: tuple[Alert, ...]


class ChangeList(Struct, frozen=True, kw_only=True):
    """All that was told of one alert, the first first."""

    changes: tuple[Change, ...]


class MemberList(Struct, frozen=True, kw_only=True):
    """Who tells a story, the first first; and why some do not count."""

    members: tuple[StoryMember, ...]


class FeedList(Struct, frozen=True, kw_only=True):
    """Feeds in the order of their ids.

    Args:
        total: how many there are; `offset` and `limit` choose among them.
    """

    total: int
    feeds: tuple[FeedReport, ...]


class Trouble(Struct, frozen=True, kw_only=True):
    """Why there is no answer now."""

    error: str


class FeedLine(NamedTuple):
    """A feed, how it does, and what happened to its entries."""

    feed: FeedState
    health: FeedHealth
    marks: FeedMarks = NO_MARKS


async def feed_lines(sources: WebSources) -> Sequence[FeedLine]:
    """Return every feed of the configuration with its health."""
    feeds, usual, marks = await asyncio.gather(
        sources.feeds(), sources.usual(), sources.marks()
    )
    return [
        FeedLine(feed, judge(feed, usual.get(feed.id)), marks.get(feed.id, NO_MARKS))
        for feed in feeds
    ]


def report(line: FeedLine) -> FeedReport:
    """Return what may be told of a feed."""
    feed, health, marks = line
    return FeedReport(
        id=feed.id,
        host=host_of(feed.url),
        moved_to=host_of(feed.moved_to) if feed.has_moved else "",
        state=health.condition,
        reason=health.reason,
        since=health.since,
        failures=feed.failures,
        error=feed.error,
        error_since=feed.error_since,
        good_at=feed.good_at,
        polled_at=feed.polled_at,
        changed_at=feed.changed_at,
        next_poll_at=feed.next_poll_at,
        gaps=marks.gaps,
        gap_at=marks.gap_at,
        withdrawn=marks.withdrawn,
    )


async def asked(question: Awaitable[Sequence[T]]) -> Sequence[T]:
    """Await an answer, but not for long.

    Raises:
        WirewatchError: what was asked is away, or took too long.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await question
    except TimeoutError as error:
        raise WirewatchError(f"state: no answer within {PATIENCE:g} s") from error


def make_api(sources: WebSources) -> APIRouter:
    """Return the routes under /api."""
    router = APIRouter(prefix="/api", tags=["state"])
    _tell_alerts(router, sources)
    _tell_feeds(router, sources)
    return router


def _tell_alerts(router: APIRouter, sources: WebSources) -> None:
    @router.get("/alerts", responses=_answers(AlertList))
    async def alerts(
        limit: Annotated[int, Query(ge=1, le=MOST_ALERTS)] = 50,
    ) -> Response:
        """Return the last alerts, newest first."""
        try:
            last = await asked(sources.alerts(limit))
        except WirewatchError as error:
            return _json(Trouble(error=str(error)), 503)
        return _json(AlertList(alerts=tuple(last)))

    @router.get(
        "/alerts/{alert}/changes", responses=_answers(ChangeList) | _answer(404)
    )
    async def changes(alert: Annotated[str, Path(max_length=100)]) -> Response:
        """Return all that was told of an alert, the first first."""
        return await _all_of(
            sources.changes(alert), lambda told: ChangeList(changes=told), "alert"
        )

    @router.get("/stories/{story}", responses=_answers(MemberList) | _answer(404))
    async def members(story: Annotated[str, Path(max_length=100)]) -> Response:
        """Return who tells a story, whose voice counts, and why others' do not."""
        return await _all_of(
            sources.members(story), lambda told: MemberList(members=told), "story"
        )


async def _all_of(
    question: Awaitable[Sequence[T]],
    listed: Callable[[tuple[T, ...]], Struct],
    what: str,
) -> Response:
    """Return what there is of one thing; 404 when there is no such thing."""
    try:
        told = await asked(question)
    except WirewatchError as error:
        return _json(Trouble(error=str(error)), 503)
    if not told:
        return _json(Trouble(error=f"no such {what}"), 404)
    return _json(listed(tuple(told)))


def _tell_feeds(router: APIRouter, sources: WebSources) -> None:
    @router.get("/feeds", responses=_answers(FeedList))
    async def feeds(
        limit: Annotated[int, Query(ge=1, le=MOST_FEEDS)] = MOST_FEEDS,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> Response:
        """Return how the feeds do, in the order of their ids."""
        try:
            every = await asked(feed_lines(sources))
        except WirewatchError as error:
            return _json(Trouble(error=str(error)), 503)
        every = sorted(every, key=lambda line: line.feed.id)
        chosen = tuple(map(report, every[offset : offset + limit]))
        return _json(FeedList(total=len(every), feeds=chosen))


def describe(openapi: dict[str, Any]) -> dict[str, Any]:
    """Add the shapes of the answers to an OpenAPI document."""
    _, shapes = msgspec.json.schema_components(
        (AlertList, ChangeList, MemberList, FeedList, Trouble), ref_template=_REFERENCE
    )
    openapi.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
    return openapi


_REFERENCE = "#/components/schemas/{name}"


def _answers(good: type[Struct]) -> dict[int | str, dict[str, Any]]:
    return _answer(200, good) | _answer(503)


def _answer(
    status: int, shape: type[Struct] = Trouble
) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": _REFERENCE.format(name=shape.__name__)}
    return {
        status: {
            "description": (shape.__doc__ or "").splitlines()[0],
            "content": {"application/json": {"schema": schema}},
        }
    }


def _json(answer: Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
