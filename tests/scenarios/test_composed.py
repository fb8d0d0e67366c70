"""What docker-compose.yml starts, started without containers.

The commands and the environment are those of the file; only paths, addresses and ports
are of this machine. Kafka, PostgreSQL and Prometheus are real.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from monitor.replay import Item
from tests.scenarios.desk import (
    ROOT,
    WIREWATCH,
    FeedFarm,
    Process,
    Receiver,
    running,
    wait_for,
    write_config,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.plugins.prometheus import Checker, Prometheus

CONFIG_IN_CONTAINER = "/etc/wirewatch/alerts.yaml"
ITEMS = [
    Item(feed="wire", id="a-1", title="Tokyo may withhold UNESCO dues", lang="en"),
    Item(feed="wire", id="a-2", title="Rain in Osaka", summary="All day.", lang="en"),
]


class Composed:
    """The services of docker-compose.yml that run our image, for this machine."""

    def __init__(self, folder: Path, config: Path, log: str, state: str) -> None:
        self._folder, self._config, self._log = folder, config, log
        self._state_file = folder / "state_url"
        self._state_file.write_text(f"{state}\n")
        compose = YAML(typ="safe").load(ROOT / "docker-compose.yml")
        self.services = {
            name: service
            for name, service in compose["services"].items()
            if service["image"].startswith("wirewatch:")
        }

    def processes(self) -> list[Process]:
        return [
            self._process(f"{name}-{number}", service)
            for name, service in self.services.items()
            for number in range(service.get("deploy", {}).get("replicas", 1))
        ]

    def _process(self, name: str, service: dict[str, Any]) -> Process:
        command, *args = service["command"]
        assert command == "run"
        environ = dict(service["environment"])
        # What Compose would fill in from the shell, at its default.
        environ["WIREWATCH_LOG_LEVEL"] = "info"
        here = {
            "WIREWATCH_LOG": self._log,
            "WIREWATCH_STATE_FILE": str(self._state_file),
            "WIREWATCH_DATA_DIR": str(self._folder / name),
        }
        assert here.keys() <= environ.keys()
        path = str(self._config)
        args = [path if arg == CONFIG_IN_CONTAINER else arg for arg in args]
        return Process(args, self._folder, name, environ | here)

    def healthcheck(self, process: Process) -> int:
        kind, program, *args = self.services["poll"]["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "wirewatch")
        environ = os.environ | {"WIREWATCH_LISTEN": f"0.0.0.0:{process.port}"}
        done = subprocess.run([*WIREWATCH, *args], cwd=ROOT, env=environ, timeout=30)
        return done.returncode


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.prometheus
def test_the_composed_roles_do_the_whole_job(
    tmp_path: Path,
    kafka: str,
    kafka_prefix: str,
    postgres_url: str,
    start_prometheus: Callable[[dict[str, Any]], Prometheus],
    promtool: Checker,
) -> None:
    with FeedFarm(ITEMS) as farm, Receiver() as receiver:
        config = write_config(
            tmp_path / "alerts.yaml",
            kafka={"prefix": kafka_prefix},
            outbound={"contact": "https://example.org", "allow": ["127.0.0.0/8"]},
            feeds=farm.config("500ms"),
            concepts={"unesco": {"en": ["unesco"]}, "money": {"en": ["dues"]}},
            topics={"dues": {"clauses": [{"all": ["unesco", "money"], "near": 9}]}},
            rules={"dues": {"type": "any", "topics": ["dues"]}},
            route={"receiver": "desk"},
            receivers={"desk": {"type": "webhook", "url": receiver.url}},
        )
        composed = Composed(tmp_path, config, f"kafka://{kafka}", postgres_url)
        processes = composed.processes()
        with running(*processes):
            farm.begin()
            wait_for(lambda: receiver.ids, 60, "the alert")
            healthy = [composed.healthcheck(process) for process in processes]
            pages = [process.get("/").text for process in processes]
            expositions = [process.get("/metrics").text for process in processes]
            seen = start_prometheus(scrape(processes))
            up = seen.value(f'sum(up{{job="wirewatch"}}) == {len(processes)}')
            alerts = seen.value("sum(wirewatch_alerts_total)")
            codes = [process.stop() for process in processes]

    assert len(processes) == 6
    assert healthy == [0] * 6
    assert all("Tokyo may" in page for page in pages)
    for text in expositions:
        verdict = promtool.run("check", "metrics", text=text)
        assert (verdict.returncode, verdict.stdout) == (0, "")
    assert up == 6
    assert alerts == 1
    assert codes == [0] * 6
    for process in processes:
        assert "level=error" not in process.text(), process.name
        assert "Traceback" not in process.text(), process.name


def scrape(processes: list[Process]) -> dict[str, Any]:
    """Return a Prometheus configuration that scrapes these processes."""
    return {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": "wirewatch",
                "static_configs": [
                    {
                        "targets": [f"127.0.0.1:{process.port}"],
                        "labels": {"role": process.name},
                    }
                    for process in processes
                ],
            }
        ],
    }
