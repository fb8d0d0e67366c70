"""Leases of a process that died."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import Notification
from monitor.store.assess import SqlAssessState
from monitor.store.feeds import StoreFeedBook
from monitor.store.leases import release
from monitor.store.outbox import StoreOutbox
from tests import factories
from tests.factories import NOON, firing

if TYPE_CHECKING:
    from monitor.store import Store

HOUR = timedelta(hours=1)


async def test_what_a_dead_process_had_leased_is_free_at_once(store: Store) -> None:
    book, outbox = StoreFeedBook(store), StoreOutbox(store)
    await book.sync([factories.feed(id="a"), factories.feed(id="b")], NOON)
    await book.claim_due("dead", NOON, HOUR, limit=1)
    await book.claim_due("alive", NOON, HOUR, limit=1)
    alert = factories.alert()
    notes = [
        Notification(
            id=f"msg_{n}",
            receiver="desk",
            alert=alert.id,
            reason="firing",
            content_type="text/plain",
            body=b"x",
            created_at=NOON,
        )
        for n in range(2)
    ]
    await store.run(lambda conn: SqlAssessState(conn).save(firing(alert), notes))
    [dead] = await outbox.claim("dead", "desk", NOON, HOUR, limit=1)
    [alive] = await outbox.claim("alive", "desk", NOON, HOUR, limit=1)

    await store.run(lambda conn: release(conn, "dead"))
    feeds = await book.claim_due("next", NOON, HOUR, limit=9)
    items = await outbox.claim("next", "desk", NOON, HOUR, limit=9)

    assert [feed.id for feed in feeds] == ["a"]
    assert [item.notification.id for item in items] == [dead.notification.id]
    assert alive.notification.id != dead.notification.id
