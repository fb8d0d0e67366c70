"""A publisher on loopback, and a client that may ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from monitor.outbound import Outbound
from tests.edges.feeds.publisher import Publisher, publishing
from tests.edges.outbound.names import HERE, Names


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as running:
        yield running


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    """A client that may ask 127.0.0.1 and knows no names but two."""
    client = Outbound(
        user_agent="wirewatch-test",
        allow=[HERE],
        resolver=Names(here=("127.0.0.1",), elsewhere=("127.0.0.2", "10.0.0.1")),
    )
    yield client
    await client.aclose()
