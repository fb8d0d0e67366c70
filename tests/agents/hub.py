"""A publisher with a hub, written from the Recommendation: what websub.rocks plays.

One server on loopback: it serves a feed, takes subscriptions, verifies them and pushes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from fastapi import FastAPI, Request, Response

from monitor.web.server import Server, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ATOM = "http://www.w3.org/2005/Atom"


def rss(*titles: str, links: str = "") -> bytes:
    """Return a feed with these entries, each its own guid, newest first."""
    items = "".join(
        f"<item><guid>{title}</guid><title>{title}</title></item>" for title in titles
    )
    return (
        f'<rss version="2.0" xmlns:atom="{ATOM}"><channel><title>Wire</title>{links}'
        f"{items}</channel></rss>"
    ).encode()


@dataclass
class Held:
    """A subscription as the hub knows it."""

    callback: str
    topic: str
    secret: str


@dataclass
class Hub:
    """What the tests may turn.

    Args:
        status: what requests are answered; 202 leads to a verification.
        lease: seconds that are granted.
        redirect: the status with which requests are sent on to /hub/new first.
        deny: verify nothing, deny instead.
        first: verify before the request itself is answered, as some hubs do.
    """

    status: int = 202
    lease: int = 864_000
    redirect: int = 0
    deny: str = ""
    first: bool = True
    body: bytes = b""
    links: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    base: str = ""
    topic: str = ""
    polls: int = 0
    requests: list[dict[str, str]] = field(default_factory=list)
    verified: list[tuple[str, int]] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{self.base}/hub"

    @property
    def modes(self) -> list[str]:
        """What was asked, in order."""
        return [form["hub.mode"] for form in self.requests]

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/feed")
        async def feed() -> Response:
            self.polls += 1
            headers = dict(self.headers)
            if self.links:
                headers["link"] = f'<{self.url}>; rel="hub", <{self.topic}>; rel="self"'
            return Response(self.body, headers=headers, media_type="text/xml")

        @app.get("/moved/{status}")
        async def moved(status: int) -> Response:
            return Response(status_code=status, headers={"location": "/feed"})

        @app.post("/hub")
        async def hub(request: Request) -> Response:
            if self.redirect:
                return Response(
                    status_code=self.redirect, headers={"location": "/hub/new"}
                )
            return await self._asked(request)

        @app.post("/hub/new")
        async def hub_moved(request: Request) -> Response:
            return await self._asked(request)

        return app

    async def _asked(self, request: Request) -> Response:
        form = dict(httpx.QueryParams((await request.body()).decode()).items())
        self.requests.append(form)
        if self.status != 202:
            return Response(status_code=self.status, headers=self.headers)
        verifying = asyncio.create_task(self._verify(form))
        self.tasks.add(verifying)
        if self.first:
            await verifying
        return Response(status_code=202)

    async def _verify(self, form: dict[str, str]) -> None:
        mode, callback = form["hub.mode"], form["hub.callback"]
        if self.deny:
            await self.get(callback, mode="denied", reason=self.deny)
            return
        challenge = secrets.token_hex(8)
        answer = await self.get(
            callback, mode=mode, challenge=challenge, lease_seconds=str(self.lease)
        )
        self.verified.append((mode, answer.status_code))
        if answer.status_code // 100 != 2 or answer.text != challenge:
            return
        if mode == "unsubscribe":
            self.held.pop(callback, None)
        else:
            self.held[callback] = Held(callback, form["hub.topic"], form["hub.secret"])

    async def get(self, callback: str, **fields: str) -> httpx.Response:
        """Ask the callback something."""
        asked = {"topic": self.topic} | fields
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(
                callback, params={f"hub.{name}": v for name, v in asked.items()}
            )

    async def push(
        self, body: bytes, method: str = "sha256", secret: str | None = None
    ) -> int:
        """Push to the one subscriber; without a method unsigned."""
        (held,) = self.held.values()
        key = (held.secret if secret is None else secret).encode()
        headers = {
            "content-type": "text/xml",
            "link": f'<{self.url}>; rel="hub", <{held.topic}>; rel="self"',
        }
        if method:
            digest = hmac.new(key, body, getattr(hashlib, method)).hexdigest()
            headers["x-hub-signature"] = f"{method}={digest}"
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            answer = await client.post(held.callback, content=body, headers=headers)
            return answer.status_code


@asynccontextmanager
async def hubbing() -> AsyncIterator[Hub]:
    """Run a publisher with its hub."""
    hub = Hub()
    server: Server = await serve(hub.app(), "127.0.0.1", 0)
    hub.base = f"http://127.0.0.1:{server.port}"
    hub.topic = f"{hub.base}/feed"
    hub.body = rss("first")
    try:
        yield hub
    finally:
        await asyncio.gather(*hub.tasks, return_exceptions=True)
        await server.stop()
