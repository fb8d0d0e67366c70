"""Couriers over the real outbox: two processes, one of which dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.clock import SystemClock
from monitor.delivery.courier import LEASE_MARGIN
from monitor.model import Route
from monitor.pipeline import Plan, assess
from monitor.store import Store
from monitor.store.assess import SqlAssessState
from monitor.store.outbox import StoreOutbox
from tests.edges.delivery.bench import Bench, running, until
from tests.edges.delivery.desk import desk
from tests.edges.delivery.fake_outbox import HandClock
from tests.factories import entry, match, receiver, rule

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_a_dead_process_held_is_sent_by_another(
    bench: Bench, tmp_path: Path
) -> None:
    store = Store(f"sqlite:///{tmp_path}/state.db")
    await store.start()
    outbox = StoreOutbox(store)
    clock = HandClock(SystemClock().now())
    async with desk() as told:
        to = receiver(url=told.url)
        plan = Plan(
            rules=(rule(),), route=Route(receivers=("desk",)), receivers={"desk": to}
        )
        matches = [
            match(entry=entry(id=str(n), title=f"Story {n}", fetched_at=clock.at))
            for n in range(6)
        ]
        await store.run(lambda conn: assess(matches, plan, SqlAssessState(conn)))
        lease = to.timeout + LEASE_MARGIN
        held = await outbox.claim("dead", "desk", clock.at, lease, 2)
        couriers = bench.couriers(to, clock=clock, outbox=outbox)
        async with running(couriers):
            await until(lambda: len(told.posts) == 4)
            clock.advance(lease)
            couriers.wake()
            await until(lambda: len(told.posts) == 6)
    counts = await outbox.counts()
    await store.stop()

    assert counts == {("desk", "delivered"): 6}
    bodies = {post.headers["webhook-id"]: post.body for post in told.posts}
    assert len(bodies) == 6
    assert all(bodies[of.notification.id] == of.notification.body for of in held)
