"""No statement of the daily work reads a whole table, nor a whole backlog."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import event, insert

from monitor import pipeline
from monitor.feed_model import PollOutcome, SeenEntry
from monitor.manners import Manners
from monitor.model import Route
from monitor.pipeline import Plan
from monitor.rule_model import Conditions
from monitor.store import Store
from monitor.store.alerts import mark_published, recent_alerts, unpublished_changes
from monitor.store.assess import SqlAssessState
from monitor.store.feeds import StoreFeedBook
from monitor.store.outbox import StoreOutbox
from monitor.store.retention import prune
from monitor.store.schema import AT_ONCE
from monitor.store.schema import outbox as outbox_table
from tests.factories import NOON, feed, match, receiver, rule

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from sqlalchemy import Connection

MINUTE = timedelta(minutes=1)
POLITE = Manners(spacing=MINUTE, at_once=1)
PLAN = Plan(
    rules=(
        rule(),
        rule(
            name="burst",
            kind="frequency",
            count=1,
            within=timedelta(hours=1),
            directions=("threat",),
        ),
        rule(name="spike", kind="spike", count=1, within=timedelta(hours=1)),
        rule(name="new", kind="new_publisher", within=timedelta(days=1)),
        rule(
            name="then",
            kind="sequence",
            then=(Conditions(topics=("*",)),),
            within=timedelta(days=1),
            same_actors=False,
        ),
        rule(name="moves", kind="transition"),
        rule(name="only", kind="corroboration", families=1, only_countries=("jp",)),
    ),
    route=Route(receivers=("desk",)),
    receivers={"desk": receiver()},
)


async def a_day_of_work(store: Store) -> None:
    book, outbox = StoreFeedBook(store), StoreOutbox(store)
    await book.claim_due("one", NOON, MINUTE, 10, manners=POLITE, under_way={"x": 1})
    await book.renew("one", ["wire-a"], NOON, MINUTE)
    await book.next_due(NOON, ["x"])
    await book.known("wire-a", ["tag:1"])
    await book.finish(
        "one",
        PollOutcome(
            feed="wire-a",
            at=NOON,
            next_poll_at=NOON,
            changed=True,
            seen=(SeenEntry(id="tag:1", revision=0, content_hash="c"),),
            present=("tag:1",),
        ),
    )
    await store.run(lambda conn: pipeline.assess([match()], PLAN, SqlAssessState(conn)))
    (item, other, *_) = await outbox.claim("one", "desk", NOON, MINUTE, 10)
    await outbox.next_due("desk", NOON)
    await outbox.retry(item.notification.id, NOON, NOON, "503")
    await outbox.dead(item.notification.id, NOON, "410")
    await outbox.delivered(other.notification.id, NOON)
    opened = await store.run(lambda conn: unpublished_changes(conn, 10))
    await store.run(
        lambda conn: mark_published(conn, [(told.alert.id, 0) for told in opened], NOON)
    )
    await store.run(lambda conn: recent_alerts(conn, 10))
    await store.run(lambda conn: prune(conn, NOON))


async def test_every_statement_of_the_daily_work_uses_an_index(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/state.db")
    await store.start()
    said: dict[str, Any] = {}

    def listen(conn: Connection) -> None:
        @event.listens_for(conn.engine, "before_cursor_execute")
        def note(*heard: Any) -> None:
            _, _, statement, values, _, is_many = heard
            said[statement] = values[0] if is_many else values

    def plans(conn: Connection) -> list[str]:
        found = []
        for statement, values in list(said.items()):
            if not statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                continue
            steps = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            found += [f"{step[3]} <- {statement}" for step in steps]
        return found

    # A start reads all feeds, once and on purpose.
    await StoreFeedBook(store).sync([feed()], NOON)
    await store.run(listen)
    await a_day_of_work(store)
    steps = await store.run(plans)
    await store.stop()
    scans = [
        step
        for step in steps
        if step.startswith("SCAN ")
        # A scan in an index's own order stops at the limit; the rest are made up.
        and not step.startswith(
            (
                "SCAN alerts USING INDEX",
                "SCAN alert_changes USING INDEX ix_alert_changes_unpublished",
                "SCAN feeds USING COVERING INDEX ix_feeds_due",
                "SCAN feeds USING INDEX ix_feeds_due",
                "SCAN newest_",
                "SCAN ranked",
                "SCAN (sub",
            )
        )
        and "CONSTANT ROW" not in step
    ]

    assert len(steps) > 30
    assert scans == []


async def count_steps(store: Store) -> Counter[str]:
    """Return a count that grows with the work SQLite does from now on."""
    steps: Counter[str] = Counter()

    def step() -> int:
        steps["taken"] += 1
        return 0

    def watch(conn: Connection) -> None:
        connection = cast("sqlite3.Connection", conn.connection.driver_connection)
        connection.set_progress_handler(step, 10)

    await store.run(watch)
    return steps


async def steps_to_send_one(store: Store, waiting: int) -> int:
    """Return the steps that SQLite takes for the next of many that came at once."""
    rows = [
        {
            "id": f"msg_{waiting}_{number}",
            "receiver": f"desk-{waiting}",
            "alert": "al",
            "reason": "firing",
            "content_type": "text/plain",
            "body": b"x",
            "created_at": NOON,
            "fetched_at": NOON,
            "state": "pending",
            "attempts": 0,
            "due_at": AT_ONCE,
            "last_error": "",
        }
        for number in range(waiting)
    ]
    outbox = StoreOutbox(store)
    await store.run(lambda conn: conn.execute(insert(outbox_table), rows))
    steps = await count_steps(store)
    await outbox.next_due(f"desk-{waiting}", NOON)
    await outbox.claim("one", f"desk-{waiting}", NOON, MINUTE, 1)
    await outbox.next_due(f"desk-{waiting}", NOON)
    return steps.total()


async def test_a_long_backlog_does_not_slow_each_delivery(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/state.db")
    await store.start()
    few = await steps_to_send_one(store, 10)
    many = await steps_to_send_one(store, 1000)
    await store.stop()

    assert many < 2 * few


async def steps_of_a_claim(folder: Path, feeds: int) -> int:
    """Return the steps that SQLite takes to claim and look, among so many feeds."""
    store = Store(f"sqlite:///{folder}/{feeds}.db")
    await store.start()
    book = StoreFeedBook(store)
    await book.sync([feed(id=f"feed-{n:05}") for n in range(feeds)], NOON)
    await book.claim_due("others", NOON, MINUTE, 20)
    steps = await count_steps(store)
    await book.claim_due("one", NOON, MINUTE, 10)
    await book.next_due(NOON)
    await book.finish("one", PollOutcome(feed="feed-00020", at=NOON, next_poll_at=NOON))
    await store.stop()
    return steps.total()


async def test_many_feeds_do_not_slow_the_schedule(tmp_path: Path) -> None:
    few = await steps_of_a_claim(tmp_path, 60)
    many = await steps_of_a_claim(tmp_path, 3000)

    assert many < 2 * few
