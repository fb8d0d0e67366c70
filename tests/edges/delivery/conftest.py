"""What tests of couriers start from."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from monitor.outbound import Outbound
from tests.edges.delivery.bench import Bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    poster = Outbound(user_agent="test", allow=[ip_network("127.0.0.0/8")])
    yield Bench(poster=poster)
    await poster.aclose()
