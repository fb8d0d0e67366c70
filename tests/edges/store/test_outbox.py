"""The outbox: a notification's life, shared by couriers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from monitor.model import Notification, OutboxItem
from monitor.store import Store
from monitor.store.assess import SqlAssessState
from monitor.store.outbox import StoreOutbox
from tests.factories import NOON, alert, entry, firing, match

LEASE = timedelta(seconds=60)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def outbox(store: Store) -> StoreOutbox:
    return StoreOutbox(store)


def notification(number: int, receiver: str = "desk") -> Notification:
    return Notification(
        id=f"msg_{number:04}",
        receiver=receiver,
        alert=f"al_{number:04}",
        reason="firing",
        content_type="application/json",
        body=b'{"bytes": "\xff\x00 stay as they are"}',
        created_at=NOON + timedelta(seconds=number),
    )


async def put(store: Store, *notifications: Notification) -> None:
    for told in notifications:
        seen = match(entry=entry(fetched_at=told.created_at))
        opened = alert(id=told.alert, story=told.alert, match=seen)
        await store.run(
            lambda conn, opened=opened, told=told: SqlAssessState(conn).save(  # type: ignore[misc]
                firing(opened), [told]
            )
        )


async def claim(
    outbox: StoreOutbox, owner: str = "one", after: timedelta = timedelta(0)
) -> list[OutboxItem]:
    return list(await outbox.claim(owner, "desk", NOON + after, LEASE, 10))


async def test_a_notification_comes_out_as_it_went_in(
    store: Store, outbox: StoreOutbox
) -> None:
    await put(store, told := notification(1))
    (item,) = await claim(outbox)

    assert item == OutboxItem(notification=told, attempts=0, fetched_at=told.created_at)


async def test_a_notification_is_due_even_by_a_clock_that_is_behind(
    store: Store, outbox: StoreOutbox
) -> None:
    await put(store, notification(1))

    assert len(await claim(outbox, after=-60 * MINUTE)) == 1


async def test_the_oldest_comes_first_and_no_more_than_the_limit(
    store: Store, outbox: StoreOutbox
) -> None:
    await put(store, *(notification(number) for number in (3, 1, 2)))
    found = await outbox.claim("one", "desk", NOON + MINUTE, LEASE, 2)

    assert [item.notification.id for item in found] == ["msg_0001", "msg_0002"]


async def test_a_lease_holds_until_it_runs_out(
    store: Store, outbox: StoreOutbox
) -> None:
    await put(store, notification(1))
    await claim(outbox, "one")

    assert await claim(outbox, "two", LEASE - timedelta(seconds=1)) == []
    assert await outbox.next_due("desk", NOON) == NOON + LEASE
    assert len(await claim(outbox, "two", LEASE)) == 1


async def test_couriers_that_claim_together_get_different_notifications(
    url: str,
) -> None:
    stores = [Store(url), Store(url)]
    for store in stores:
        await store.start()
    await put(stores[0], *(notification(number) for number in range(30)))
    claims = await asyncio.gather(
        *(
            StoreOutbox(stores[n % 2]).claim(f"owner-{n}", "desk", NOON, LEASE, 5)
            for n in range(10)
        )
    )
    rest = await StoreOutbox(stores[0]).claim("last", "desk", NOON, LEASE, 99)
    ids = [item.notification.id for found in (*claims, rest) for item in found]
    for store in stores:
        await store.stop()

    assert sorted(ids) == [f"msg_{number:04}" for number in range(30)]


async def test_a_retry_waits_for_its_time_and_counts(
    store: Store, outbox: StoreOutbox
) -> None:
    await put(store, notification(1))
    await claim(outbox)
    await outbox.retry("msg_0001", NOON, NOON + 5 * MINUTE, "503 from \0 receiver")
    early = await claim(outbox, after=4 * MINUTE)
    due = await outbox.next_due("desk", NOON)
    (item,) = await claim(outbox, after=5 * MINUTE)
    (row,) = await outbox.listing()

    assert early == []
    assert due == NOON + 5 * MINUTE
    assert item.attempts == 1
    assert row.last_error == "503 from \ufffd receiver"
    assert row.tried_at == NOON


async def test_what_was_delivered_is_never_claimed_again(
    store: Store, outbox: StoreOutbox
) -> None:
    await put(store, notification(1))
    await claim(outbox)
    await outbox.delivered("msg_0001", NOON + MINUTE)
    await outbox.delivered("msg_0001", NOON + 2 * MINUTE)
    (row,) = await outbox.listing()

    assert await claim(outbox, after=60 * MINUTE) == []
    assert await outbox.next_due("desk", NOON) is None
    assert (row.state, row.attempts) == ("delivered", 1)
    assert row.delivered_at == NOON + MINUTE


async def test_a_slow_courier_cannot_undo_a_delivery(
    store: Store, outbox: StoreOutbox
) -> None:
    """Its lease ran out, another courier delivered, and only now does it give up."""
    await put(store, notification(1))
    await claim(outbox, "slow")
    await claim(outbox, "quick", LEASE)
    await outbox.delivered("msg_0001", NOON + LEASE)
    await outbox.retry("msg_0001", NOON + LEASE, NOON + 5 * MINUTE, "timed out")
    await outbox.dead("msg_0001", NOON + LEASE, "timed out")

    assert await outbox.counts() == {("desk", "delivered"): 1}


async def test_the_dead_stay_until_they_are_replayed(
    store: Store, outbox: StoreOutbox
) -> None:
    await put(store, notification(1), notification(2), notification(3, "night"))
    await claim(outbox)
    for number in (1, 2):
        await outbox.dead(f"msg_{number:04}", NOON, "410 Gone")
    counts = await outbox.counts()
    none = await outbox.replay_dead("night")
    replayed = await outbox.replay_dead()
    items = await claim(outbox)

    assert counts == {("desk", "dead"): 2, ("night", "pending"): 1}
    assert (none, replayed) == (0, 2)
    assert [item.attempts for item in items] == [0, 0]


async def test_a_receivers_notifications_are_its_own(
    store: Store, outbox: StoreOutbox
) -> None:
    """One that nobody asks for, its receiver gone from the file, stays pending."""
    await put(store, notification(1, "gone"))

    assert await claim(outbox) == []
    assert await outbox.next_due("desk", NOON) is None
    assert await outbox.counts() == {("gone", "pending"): 1}


async def test_a_listing_is_newest_first_and_can_be_narrowed(
    store: Store, outbox: StoreOutbox
) -> None:
    await put(store, notification(1), notification(2), notification(3, "night"))
    await outbox.dead("msg_0001", NOON, "410 Gone")

    async def ids(**narrow: object) -> list[str]:
        return [row.id for row in await outbox.listing(**narrow)]  # type: ignore[arg-type]

    assert await ids() == ["msg_0003", "msg_0002", "msg_0001"]
    assert await ids(receiver="desk", state="dead") == ["msg_0001"]
    assert await ids(limit=1) == ["msg_0003"]
