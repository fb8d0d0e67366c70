"""A real Kafka for tests: one node on loopback, fetched by Maven into `.kafka`.

`kafka` is one broker for the whole session; tests keep apart by the names of their
streams (`kafka_prefix`). `kafka_broker` is a broker of the test's own, to be stopped,
killed and started again.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.plugins.services import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTER = Path(__file__).parents[2] / "deploy" / "kafka" / "start.py"
READY_SECONDS = 60.0


@functools.cache
def _starter() -> Any:
    """Import the script that `make kafka` runs."""
    spec = importlib.util.spec_from_file_location("kafka_starter", STARTER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class KafkaBroker:
    """Start and stop one Kafka node; when `start` returns, it takes streams.

    Args:
        folder: for its data.

    Raises:
        KafkaMissingError: of the starter; there is no Java or Maven.
    """

    def __init__(self, folder: Path) -> None:
        self._node = _starter().KafkaNode(folder)

    @property
    def bootstrap(self) -> str:
        address: str = self._node.bootstrap
        return address

    def start(self) -> None:
        self._node.start()
        deadline = time.monotonic() + READY_SECONDS
        while not asyncio.run(_takes_streams(self.bootstrap)):
            if time.monotonic() > deadline or not self._node.is_running():
                said = self._node.output.read_text()[-2000:]
                self._node.kill()
                pytest.fail(f"Kafka did not get ready; it says: {said}")
            time.sleep(0.2)

    def stop(self) -> None:
        self._node.stop()

    def kill(self) -> None:
        self._node.kill()


async def _takes_streams(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await admin.start()
        name = f"ready-{uuid.uuid4().hex[:8]}"
        answer = await admin.create_topics([NewTopic(name, 1, 1)])
        return all(code == 0 for _, code, _ in answer.topic_errors)
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()


def _broker(folder: Path) -> Iterator[KafkaBroker]:
    try:
        broker = KafkaBroker(folder)
    except _starter().KafkaMissingError as error:
        missing(f"a real Kafka ({error})")
        return
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return `host:port` of the session's broker; do not stop it."""
    for broker in _broker(tmp_path_factory.mktemp("kafka")):
        yield broker.bootstrap


@pytest.fixture
def kafka_broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    """Return a started broker of the test's own."""
    yield from _broker(tmp_path / "kafka")


@pytest.fixture
def kafka_prefix() -> str:
    """Return a prefix no other test puts before the names of its streams."""
    return f"t{uuid.uuid4().hex[:8]}."
