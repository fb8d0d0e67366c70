from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edges.feeds.hostile_server import HostileServer, hostile_server


@pytest.fixture(scope="module")
def server(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostileServer]:
    """Run the hostile server, which lies beside the clone."""
    path = shared / "hostile" / "dev" / "hostile_server.py"
    with hostile_server(path, tmp_path_factory.mktemp("server") / "said") as running:
        yield running
