from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.feeds.workers import ParseWorkers
from tests.edges.feeds.hostile_server import HostileServer, hostile_server
from tests.edges.feeds.publisher import Publisher, publishing


@pytest.fixture(scope="module")
def server(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostileServer]:
    """Run the hostile server, which lies beside the clone."""
    path = shared / "hostile" / "dev" / "hostile_server.py"
    with hostile_server(path, tmp_path_factory.mktemp("server") / "said") as running:
        yield running


# For modules whose tests share one loop: a worker belongs to the loop it started on.
@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[ParseWorkers]:
    """Run one parse worker for all tests of a module."""
    running = ParseWorkers(1)
    await running.warm()
    yield running
    await running.close()


@pytest_asyncio.fixture(loop_scope="module")
async def publisher() -> AsyncIterator[Publisher]:
    """Run a publisher on loopback."""
    async with publishing() as running:
        yield running
