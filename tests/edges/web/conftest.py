"""A client that talks to the application without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from monitor.metrics import Metrics
from monitor.web import WebSources, make_web

Visit = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def visit() -> Visit:
    """Return how to open a client on an application made for some sources."""

    @asynccontextmanager
    async def opened(
        sources: WebSources,
        *,
        metrics: Metrics | None = None,
        base: str = "http://127.0.0.1:8480",
        **settings: Any,
    ) -> AsyncIterator[httpx.AsyncClient]:
        app = make_web(sources, metrics or Metrics(), **settings)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            yield client

    return opened
