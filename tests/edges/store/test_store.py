"""The store itself: transactions, migrations, outages, and what it says in errors."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone
from traceback import format_exception
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select, text, update

from monitor.errors import StateError, StateUnavailableError
from monitor.store import Store
from monitor.store.schema import feeds, metadata
from monitor.store.sql import insert_new
from tests.factories import NOON
from tests.plugins.postgres import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from tests.plugins.postgres import PostgresServer


def feed_row(feed: str = "wire-a", at: datetime = NOON) -> dict[str, object]:
    words = dict.fromkeys(("etag", "last_modified", "body_hash", "error"), "")
    return words | {
        "id": feed,
        "url": "http://127.0.0.1:9/feed.xml",
        "failures": 0,
        "next_poll_at": at,
        "active": True,
    }


def feed_ids(conn: Connection) -> list[str]:
    return list(conn.execute(select(feeds.c.id).order_by(feeds.c.id)).scalars())


async def test_what_one_transaction_wrote_the_next_one_reads(store: Store) -> None:
    await store.run(lambda conn: insert_new(conn, feeds, feed_row()))

    assert await store.run(feed_ids) == ["wire-a"]


async def test_an_exception_undoes_its_transaction_and_no_other(store: Store) -> None:
    def refuse(conn: Connection) -> None:
        insert_new(conn, feeds, feed_row("refused"))
        raise LookupError("no")

    names = [f"feed-{n:02}" for n in range(20)]
    works: list[Awaitable[object]] = [
        store.run(lambda conn, name=name: insert_new(conn, feeds, feed_row(name)))  # type: ignore[misc]
        for name in names
    ]
    works.insert(10, store.run(refuse))
    answers = await asyncio.gather(*works, return_exceptions=True)

    assert [repr(a) for a in answers if a is not True] == ["LookupError('no')"]
    assert await store.run(feed_ids) == names


async def test_work_that_waits_together_shares_commits_on_sqlite(
    tmp_path: Path,
) -> None:
    store = Store(f"sqlite:///{tmp_path}/state.db")
    await store.start()
    begun: list[int] = []
    holding, hold = threading.Event(), threading.Event()

    def work(conn: Connection) -> None:
        begun.append(id(conn))

    def wait(_: Connection) -> None:
        holding.set()
        hold.wait(10)

    first = asyncio.create_task(store.run(wait))
    await asyncio.to_thread(holding.wait, 10)
    others = [asyncio.create_task(store.run(work)) for _ in range(20)]
    await asyncio.sleep(0)
    hold.set()
    await asyncio.gather(first, *others)
    await store.stop()

    assert len(begun) == 20
    assert len(set(begun)) == 1


async def test_work_whose_caller_went_away_before_it_began_is_not_done(
    url: str,
) -> None:
    store = Store(url, pool_size=1)
    await store.start()
    hold = threading.Event()
    first = asyncio.create_task(store.run(lambda conn: hold.wait(10)))
    await asyncio.sleep(0)
    given_up = asyncio.create_task(
        store.run(lambda conn: insert_new(conn, feeds, feed_row()))
    )
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.sleep(0)
    hold.set()
    await first
    ids = await store.run(feed_ids)
    await store.stop()

    assert ids == []


async def test_a_database_that_hangs_is_an_outage_for_a_ping(url: str) -> None:
    store = Store(url, pool_size=1)
    await store.start()
    hold = threading.Event()
    stuck = asyncio.create_task(store.run(lambda conn: hold.wait(30)))
    await asyncio.sleep(0)
    with pytest.raises(StateUnavailableError, match="gives no answer"):
        await store.ping(timeout=timedelta(milliseconds=50))
    hold.set()
    await stuck
    await store.ping()
    await store.stop()


async def test_a_time_comes_back_as_the_same_moment_in_utc(store: Store) -> None:
    tokyo = timezone(timedelta(hours=9))
    at = datetime(2015, 10, 14, 3, 4, 5, 678901, tzinfo=tokyo)
    await store.run(lambda conn: insert_new(conn, feeds, feed_row(at=at)))
    stored = await store.run(
        lambda conn: conn.execute(select(feeds.c.next_poll_at)).scalar_one()
    )

    assert stored == at
    assert stored.tzinfo is UTC
    assert stored.hour == 18


async def test_times_compare_as_moments_whatever_their_zone(store: Store) -> None:
    new_york = timezone(timedelta(hours=-5))
    await store.run(lambda conn: insert_new(conn, feeds, feed_row(at=NOON)))

    async def is_due(at: datetime) -> bool:
        due = select(feeds.c.id).where(feeds.c.next_poll_at <= at)
        return await store.run(lambda conn: conn.execute(due).first()) is not None

    assert await is_due(NOON.astimezone(new_york))
    assert not await is_due((NOON - timedelta(microseconds=1)).astimezone(new_york))


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(Exception, match="without a zone"):
        await store.run(lambda conn: insert_new(conn, feeds, feed_row(at=naive)))


async def test_text_a_database_refuses_is_stored_as_nearly_as_it_can(
    store: Store,
) -> None:
    def work(conn: Connection) -> str:
        insert_new(conn, feeds, feed_row())
        conn.execute(update(feeds).values(error="a\0b\ud800c é 世界"))
        return str(conn.execute(select(feeds.c.error)).scalar_one())

    stored = await store.run(work)

    assert stored.startswith("a\ufffdb\ufffd")
    assert stored.endswith("c é 世界")


async def test_the_migrations_make_exactly_the_tables_of_the_schema(
    store: Store,
) -> None:
    def differences(conn: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(
            compare_metadata(MigrationContext.configure(conn, opts=options), metadata)
        )

    assert await store.run(differences) == []


async def test_stores_that_start_together_make_the_tables_once(url: str) -> None:
    stores = [Store(url, pool_size=2) for _ in range(4)]
    await asyncio.gather(*(store.start() for store in stores))
    versions = await stores[0].run(
        lambda conn: conn.execute(text("SELECT version_num FROM alembic_version")).all()
    )
    await asyncio.gather(*(store.stop() for store in stores))

    assert len(versions) == 1


async def test_a_second_start_finds_everything_in_place(store: Store, url: str) -> None:
    await store.run(lambda conn: insert_new(conn, feeds, feed_row()))
    await store.start()
    other = Store(url)
    await other.start()
    ids = await other.run(feed_ids)
    await other.stop()

    assert ids == ["wire-a"]


async def test_a_database_of_a_newer_program_is_refused(store: Store, url: str) -> None:
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await store.run(lambda conn: conn.execute(newer).rowcount)
    older = Store(url)
    with pytest.raises(StateError, match='schema "9999", which is newer') as caught:
        await older.start()
    await older.stop()

    assert not isinstance(caught.value, StateUnavailableError)


async def test_a_store_that_was_not_started_says_so(url: str) -> None:
    store = Store(url)
    with pytest.raises(StateError, match="not started"):
        await store.ping()
    await store.stop()
    await store.stop()


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("nonsense", id="no address"),
        pytest.param("mysql://u:hunter2@host/db", id="a database we do not know"),
        pytest.param("postgresql://u:hunter2@host:port/db", id="a port of letters"),
        pytest.param("sqlite://", id="no file"),
        pytest.param("sqlite:///:memory:", id="memory"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_address_we_cannot_use_is_refused(address: str) -> None:
    with pytest.raises(StateError, match="write sqlite:///path") as caught:
        Store(address)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


async def test_a_file_that_is_no_database_is_an_error_not_an_outage(
    tmp_path: Path,
) -> None:
    (tmp_path / "state.db").write_bytes(b"Dear diary, " * 1000)
    store = Store(f"sqlite:///{tmp_path}/state.db")
    with pytest.raises(StateError, match="damaged or no SQLite") as caught:
        await store.start()
    await store.stop()

    assert not isinstance(caught.value, StateUnavailableError)


async def test_a_folder_that_cannot_be_made_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    store = Store(f"sqlite:///{tmp_path}/var/state.db")
    with pytest.raises(StateUnavailableError, match="unable to open"):
        await store.start()
    (tmp_path / "var").unlink()
    await store.start()
    await store.ping()
    await store.stop()


async def test_sqlite_keeps_every_promise_of_durability(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/state.db")
    await store.start()
    settings = {}
    for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
        ask = text(f"PRAGMA {name}")
        settings[name] = await store.run(
            lambda conn, ask=ask: conn.execute(ask).scalar_one()  # type: ignore[misc]
        )
    await store.stop()

    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


@pytest.mark.postgres
async def test_a_server_that_goes_away_is_an_outage_until_it_is_back(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    store = Store(postgres_url)
    await store.start()
    await store.run(lambda conn: insert_new(conn, feeds, feed_row()))
    with postgres_server.away():
        for _ in range(3):
            with pytest.raises(StateUnavailableError) as caught:
                await store.ping()
            assert PASSWORD not in str(caught.value)
        late = Store(postgres_url)
        with pytest.raises(StateUnavailableError):
            await late.start()
    await late.start()
    ids = (await store.run(feed_ids), await late.run(feed_ids))
    await store.stop()
    await late.stop()

    assert ids == (["wire-a"], ["wire-a"])


@pytest.mark.postgres
async def test_a_connection_cut_in_mid_transaction_is_an_outage_and_undone(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    store = Store(postgres_url)
    await store.start()

    def work(conn: Connection) -> None:
        insert_new(conn, feeds, feed_row())
        backend = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        postgres_server.execute(f"SELECT pg_terminate_backend({backend})")
        feed_ids(conn)

    with pytest.raises(StateUnavailableError):
        await store.run(work)
    ids = await store.run(feed_ids)
    await store.stop()

    assert ids == []


@pytest.mark.postgres
async def test_two_transactions_that_block_each_other_both_succeed(
    postgres_url: str,
) -> None:
    store = Store(postgres_url)
    await store.start()
    for name in ("a", "b"):
        await store.run(lambda conn, name=name: insert_new(conn, feeds, feed_row(name)))  # type: ignore[misc]
    met = threading.Barrier(2)
    runs: list[str] = []

    def cross(conn: Connection, first: str, second: str) -> None:
        is_again = first in runs
        runs.append(first)
        one_more = {"failures": feeds.c.failures + 1}
        conn.execute(update(feeds).where(feeds.c.id == first).values(one_more))
        if not is_again:
            met.wait(10)
        conn.execute(update(feeds).where(feeds.c.id == second).values(one_more))

    await asyncio.gather(
        store.run(lambda conn: cross(conn, "a", "b")),
        store.run(lambda conn: cross(conn, "b", "a")),
    )
    failures = await store.run(
        lambda conn: list(conn.execute(select(feeds.c.failures)).scalars())
    )
    await store.stop()

    assert failures == [2, 2]
    assert len(runs) == 3


@pytest.mark.postgres
async def test_a_wrong_password_is_named_but_never_shown(postgres_url: str) -> None:
    wrong = postgres_url.replace(PASSWORD, "hunter2hunter2")
    for address in (
        wrong,
        wrong.replace(":hunter2hunter2", "") + "?password=hunter2hunter2",
    ):
        store = Store(address)
        with pytest.raises(StateUnavailableError, match="password") as caught:
            await store.start()
        await store.stop()

        assert "hunter2" not in "".join(format_exception(caught.value))
        assert "hunter2" not in repr(store) + str(store) + store.name


@pytest.mark.postgres
async def test_values_never_appear_in_errors(postgres_url: str) -> None:
    store = Store(postgres_url)
    await store.start()
    row = feed_row() | {"failures": None, "url": "http://u:hunter2@127.0.0.1/"}
    with pytest.raises(StateError, match='"failures"') as caught:
        await store.run(lambda conn: insert_new(conn, feeds, row))
    await store.stop()

    assert "hunter2" not in "".join(format_exception(caught.value))


@pytest.mark.postgres
async def test_a_table_out_of_reach_is_waited_for(postgres_url: str) -> None:
    store = Store(postgres_url)
    await store.start()
    await store.run(lambda conn: conn.execute(text("ALTER TABLE feeds RENAME TO f")))
    with pytest.raises(StateUnavailableError, match="feeds") as caught:
        await store.run(lambda conn: insert_new(conn, feeds, feed_row()))
    await store.run(lambda conn: conn.execute(text("ALTER TABLE f RENAME TO feeds")))
    stored = await store.run(lambda conn: insert_new(conn, feeds, feed_row()))
    await store.stop()

    assert "tried again" in str(caught.value)
    assert stored
