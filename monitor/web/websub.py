"""Answer hubs: verify what we asked of them, take what they push; show how it stands.

The last part of the callback's path is a secret that only the hub was told. Whoever
does not know it learns nothing and has nothing read.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from msgspec import Struct
from starlette.requests import ClientDisconnect

from monitor.errors import WirewatchError
from monitor.web.api import asked
from monitor.web.guard import PUSH

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PUSH_BYTES = 8 * 1024**2
READ_SECONDS = 30.0
"""What a hub gets to send its body."""
PUSHES = 8
"""Bodies taken at the same time; more are answered with 503, and hubs try again."""
RETRY_AFTER = {"retry-after": "30"}
MOST = 1000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

Standing = Literal["active", "waiting", "failing", "ending"]


class Push(Struct, frozen=True, kw_only=True):
    """What a hub sent to a callback that exists."""

    token: str
    signature: str
    content_type: str
    body: bytes


class PushReport(Struct, frozen=True, kw_only=True):
    """How the subscription of a feed stands.

    Args:
        state: "active" while the hub pushes, "waiting" until it has verified,
            "failing" when it refused or did not answer, "ending" until it has stopped.
        hub: the hub's host.
    """

    feed: str
    hub: str
    state: Standing
    error: str
    active_until: datetime | None
    pushed_at: datetime | None


class PushList(Struct, frozen=True, kw_only=True):
    """Subscriptions in the order of their feeds."""

    total: int
    subscriptions: tuple[PushReport, ...]


class PushDesk(Protocol):
    """Decide on what hubs say.

    Every method may raise `WirewatchError` while log or state is away.
    """

    async def is_open(self, token: str) -> bool:
        """Say whether a hub may push to this callback."""
        ...

    async def verify(self, token: str, query: str) -> str | None:
        """Return what to answer to a GET of a hub, or None to deny it."""
        ...

    async def take(self, push: Push) -> bool:
        """Return True once what was pushed is in the log or rightly ignored.

        False when it must be sent again later.
        """
        ...

    async def reports(self) -> Sequence[PushReport]:
        """Return how every subscription stands."""
        ...


def make_push(desk: PushDesk) -> APIRouter:
    """Return the routes for hubs, and /api/websub."""
    router = APIRouter()
    room = asyncio.Semaphore(PUSHES)

    @router.get(PUSH + "{token}", include_in_schema=False)
    async def verify(token: str, request: Request) -> Response:
        if not _TOKEN.fullmatch(token):
            return _unknown()
        try:
            answer = await desk.verify(token, str(request.url.query))
        except WirewatchError:
            return _later()
        # Never as HTML: the challenge is whatever the asker wants it to be.
        return _unknown() if answer is None else PlainTextResponse(answer)

    @router.post(PUSH + "{token}", include_in_schema=False)
    async def take(token: str, request: Request) -> Response:
        if not _TOKEN.fullmatch(token):
            return _unknown(410)
        if room.locked():
            return _later()
        async with room:
            try:
                return await _take(desk, token, request)
            except WirewatchError:
                return _later()

    @router.get("/api/websub", tags=["state"], include_in_schema=False)
    async def subscriptions(
        limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> Response:
        """Return how subscriptions to hubs stand, in the order of their feeds."""
        try:
            every = await asked(desk.reports())
        except WirewatchError as error:
            return _json({"error": str(error)}, 503)
        chosen = tuple(every[offset : offset + limit])
        return _json(PushList(total=len(every), subscriptions=chosen))

    return router


async def _take(desk: PushDesk, token: str, request: Request) -> Response:
    if not await desk.is_open(token):
        # What the Recommendation provides for a callback that is no more (5.1).
        return _unknown(410)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return PlainTextResponse("content-encoding: not read; send it plain\n", 415)
    try:
        async with asyncio.timeout(READ_SECONDS):
            body = await _read(request)
    except ClientDisconnect:
        return PlainTextResponse("cut off\n", 400)
    except TimeoutError:
        return PlainTextResponse(f"no whole body within {READ_SECONDS:g} s\n", 408)
    if body is None:
        return PlainTextResponse(f"larger than {MAX_PUSH_BYTES} bytes\n", 413)
    push = Push(
        token=token,
        signature=request.headers.get("x-hub-signature", ""),
        content_type=request.headers.get("content-type", ""),
        body=body,
    )
    return Response(status_code=202) if await desk.take(push) else _later()


async def _read(request: Request) -> bytes | None:
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MAX_PUSH_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PUSH_BYTES:
            return None
    return bytes(body)


def _unknown(status: int = 404) -> Response:
    return PlainTextResponse("no such subscription\n", status)


def _later() -> Response:
    return PlainTextResponse("not now; try again\n", 503, headers=RETRY_AFTER)


def _json(answer: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
