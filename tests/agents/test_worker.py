"""What a worker makes of its settings before it runs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from agents.worker import Worker
from monitor.config import load
from monitor.errors import WirewatchError
from monitor.eventlog.kafka import KafkaLog
from monitor.eventlog.retention import Limits
from monitor.eventlog.sqlite import SqliteLog
from monitor.store.feeds import StoreFeedBook
from tests.factories import NOON, feed
from tests.scenarios.desk import write_config

if TYPE_CHECKING:
    from pathlib import Path

EVERY_ROLE = ("poll", "classify", "assess", "notify", "web")


def worker(folder: Path, *roles: str, **sections: Any) -> Worker:
    config = write_config(folder / "alerts.yaml", **sections)
    environ = {"WIREWATCH_DATA_DIR": str(folder)}
    return Worker(
        config=config,
        settings=load(config, environ=environ),
        roles=roles or EVERY_ROLE,
        environ=environ,
    )


def test_the_embedded_log_is_kept_as_the_configuration_says(tmp_path: Path) -> None:
    made = worker(tmp_path, retention={"log": {"age": "3d", "size": "5MiB"}})

    log = made._runtime.log
    assert isinstance(log, SqliteLog)
    assert log.path == (tmp_path / "log.db").resolve()
    assert log._limits == Limits(timedelta(days=3), 5 << 20)


def test_the_log_on_kafka_is_made_as_the_configuration_says(tmp_path: Path) -> None:
    made = worker(
        tmp_path,
        "poll",
        log="kafka://one:9092,two:9092",
        kafka={"prefix": "team.", "replicas": 3},
        retention={"log": {"age": "3d"}},
    )

    log = made._runtime.log
    assert isinstance(log, KafkaLog)
    assert (log._bootstrap, log._prefix, log._replicas, log._max_age) == (
        "one:9092,two:9092",
        "team.",
        3,
        timedelta(days=3),
    )


@pytest.mark.parametrize("roles", [("poll",), ("poll", "classify", "assess", "web")])
def test_a_log_for_one_process_asks_for_all_roles(
    tmp_path: Path, roles: tuple[str, ...]
) -> None:
    with pytest.raises(WirewatchError) as told:
        worker(tmp_path, *roles)

    message = str(told.value)
    assert message.startswith("--role poll")
    assert "leave --role out, or set log to kafka://..." in message


def test_processes_lease_under_names_of_their_own_and_an_embedded_one_under_one(
    tmp_path: Path,
) -> None:
    embedded = worker(tmp_path)
    one_of_many = worker(tmp_path, "notify", log="kafka://one:9092")

    assert embedded._owner == "embedded"
    assert one_of_many._owner != "embedded"


async def test_a_worker_that_ends_gives_back_its_leases(tmp_path: Path) -> None:
    made = worker(tmp_path)
    store = made._runtime.store
    await store.start()
    book = StoreFeedBook(store)
    await book.sync([feed()], NOON)
    await book.claim_due(made._owner, NOON, timedelta(minutes=1), 1)
    made._health.starting = ""
    code = await made._end()
    claimed = await book.claim_due("another", NOON, timedelta(minutes=1), 1)
    await store.stop()

    assert code == 0
    assert [state.id for state in claimed] == ["wire-a"]
