"""A real Prometheus for tests, and the checkers that come with it and Alertmanager."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from ruamel.yaml import YAML

from tests.plugins.services import free_port, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

READY_SECONDS = 20.0


@dataclass(frozen=True)
class Checker:
    """A program that judges a file or what it is given."""

    program: str

    def run(
        self, *args: str, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it and return what it said, on whichever stream."""
        return subprocess.run(
            [self.program, *args],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def ask(self, path: str, **params: str) -> Any:
        """Return the data of an answer of its API."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=params, trust_env=False)
        return answer.raise_for_status().json()["data"]

    def value(self, query: str, *, within: float = 20.0) -> float | None:
        """Return the one value of a query once it has one, or None in the end.

        Args:
            within: seconds to wait for it.
        """
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if found := self.ask("query", query=query)["result"]:
                return float(found[0]["value"][1])
            time.sleep(0.2)
        return None


@pytest.fixture(scope="session")
def promtool() -> Checker:
    """Return Prometheus's checker of rules, configuration and metrics."""
    return Checker(_program("promtool"))


@pytest.fixture(scope="session")
def amtool() -> Checker:
    """Return Alertmanager's checker of its configuration."""
    return Checker(_program("amtool"))


@pytest.fixture
def start_prometheus(
    tmp_path: Path,
) -> Iterator[Callable[[dict[str, Any]], Prometheus]]:
    """Return how to start a Prometheus on loopback with a configuration."""
    program = _program("prometheus")
    started: list[subprocess.Popen[bytes]] = []

    def start(config: dict[str, Any]) -> Prometheus:
        file = tmp_path / "prometheus.yml"
        with file.open("w") as target:
            YAML(typ="safe").dump(config, target)
        address = f"127.0.0.1:{free_port()}"
        command = [
            program,
            f"--config.file={file}",
            f"--storage.tsdb.path={tmp_path / 'prometheus'}",
            f"--web.listen-address={address}",
        ]
        with (tmp_path / "prometheus.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        started.append(process)
        running = Prometheus(f"http://{address}")
        _wait_until_ready(running, process, tmp_path / "prometheus.log")
        return running

    yield start
    for process in started:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(
    running: Prometheus, process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{running.url}/-/ready", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    pytest.fail(f"prometheus did not start:\n{log.read_text()[-2000:]}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        missing(f"{name}, of Debian's prometheus and prometheus-alertmanager,")
    return str(found)
