"""Every test here that asks for `url` or `store` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a database that does not hold anything yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/state.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """Give a store that has started."""
    store = Store(url)
    await store.start()
    yield store
    await store.stop()
