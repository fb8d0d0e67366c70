"""Addresses of logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import LogError
from monitor.eventlog.kafka import KafkaLog
from monitor.eventlog.open import bootstrap, open_log, sqlite_path
from monitor.eventlog.sqlite import SqliteLog


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("sqlite:///var/log.db", "var/log.db", id="relative"),
        pytest.param("sqlite:////var/log.db", "/var/log.db", id="absolute"),
        pytest.param("sqlite:////a%20b/%2C.db", "/a b/,.db", id="quoted"),
        pytest.param("sqlite:/var/log.db", "var/log.db", id="as yarl writes it"),
    ],
)
def test_an_sqlite_address_names_a_file(url: str, path: str) -> None:
    assert sqlite_path(url) == Path(path)


@pytest.mark.parametrize(
    ("url", "brokers"),
    [
        pytest.param("kafka://b1:9092", "b1:9092", id="one"),
        pytest.param("kafka://b1:9092,b2:9093/", "b1:9092,b2:9093", id="several"),
        pytest.param("kafka://[::1]:9092", "[::1]:9092", id="ipv6"),
    ],
)
def test_a_kafka_address_names_brokers(url: str, brokers: str) -> None:
    assert bootstrap(url) == brokers


async def test_the_address_picks_the_log(tmp_path: Path) -> None:
    assert isinstance(open_log(f"sqlite:///{tmp_path}/log.db"), SqliteLog)
    assert isinstance(open_log("kafka://127.0.0.1:9092"), KafkaLog)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///",
        "sqlite://host/log.db",
        "kafka://",
        "kafka://b1",
        "kafka://b1:9092,",
        "kafka://user:secret@b1:9092",
        "redis://b1:1",
        "var/log.db",
        "",
    ],
)
async def test_other_addresses_are_refused_with_a_pattern(url: str) -> None:
    with pytest.raises(LogError, match="; write "):
        open_log(url)
