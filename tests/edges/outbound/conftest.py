"""A publisher on loopback, and a client that may ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from monitor.outbound import Outbound
from tests.edges.feeds.publisher import Publisher, publishing
from tests.edges.outbound.names import asking


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as running:
        yield running


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    async with asking() as client:
        yield client
