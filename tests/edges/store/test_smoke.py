from __future__ import annotations

from monitor.store import Store


async def test_a_store_answers(store: Store) -> None:
    await store.ping()
