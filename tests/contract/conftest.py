"""Every test here runs on both logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.harness import Place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from monitor.eventlog import EventLog


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def place(request: pytest.FixtureRequest, tmp_path: Path, kafka_prefix: str) -> Place:
    """Return where a log of the test's own lies."""
    if request.param == "sqlite":
        return Place(f"sqlite:///{tmp_path}/log.db")
    return Place(f"kafka://{request.getfixturevalue('kafka')}", kafka_prefix)


@pytest.fixture
async def log(place: Place) -> AsyncIterator[EventLog]:
    """Return the log there, started, with its streams."""
    async with place.opened() as opened:
        yield opened
