"""A newsroom on loopback: growing feeds, whole monitor processes, a receiver.

Everything here is real: HTTP servers, `wirewatch` processes, signals.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from monitor.replay import Item, ReplayServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parent.parent.parent
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"  # noqa: S105 - a key of tests only
WIREWATCH = [sys.executable, "-m", "monitor.cli"]


class FeedFarm:
    """Serve items as growing feeds from a thread of its own.

    Args:
        pace: seconds of a recording that pass in one real second.
    """

    def __init__(self, items: Sequence[Item], pace: float = 1.0) -> None:
        self._pace = pace
        self._started: float | None = None
        self.server = ReplayServer(items, self._elapsed, window=1000)
        config = uvicorn.Config(
            self.server.app, host="127.0.0.1", port=0, log_level="error", lifespan="off"
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run, daemon=True)

    def _elapsed(self) -> float:
        if self._started is None:
            return -1.0
        return (time.monotonic() - self._started) * self._pace

    def begin(self) -> None:
        """Let the first items appear now."""
        self._started = time.monotonic()

    @property
    def done(self) -> bool:
        """Say whether every item has appeared."""
        return self._elapsed() > self.server.length

    def __enter__(self) -> FeedFarm:
        self._thread.start()
        wait_for(lambda: self._uvicorn.started, 10, "the feed server to start")
        return self

    def __exit__(self, *_: object) -> None:
        self._uvicorn.should_exit = True
        self._thread.join(timeout=5)

    def config(self, interval: str = "500ms") -> dict[str, Any]:
        """Return the `feeds` of a configuration that polls this farm."""
        return {
            feed: {"url": self.address(path), "interval": interval}
            for feed, path in self.server.feeds.items()
        }

    def address(self, path: str) -> str:
        """Return the address of a path of this farm; a page where there is no feed."""
        port = self._uvicorn.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}{path}"


class Receiver:
    """A webhook receiver that remembers every request, by `webhook-id`."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()
        self.bodies: dict[str, list[bytes]] = defaultdict(list)
        self.headers: dict[str, dict[str, str]] = {}
        self.arrived: dict[str, float] = {}
        self.answer: Callable[[str], int] = lambda _: 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = outer._take(dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def _take(self, headers: dict[str, str], body: bytes) -> int:
        name = headers["webhook-id"]
        self.ids[name] += 1
        self.bodies[name].append(body)
        self.headers[name] = headers
        self.arrived.setdefault(name, time.monotonic())
        return self.answer(name)

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts told, one per webhook id."""
        return [json.loads(b[0])["wirewatch"] for b in list(self.bodies.values())]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


@dataclass
class Process:
    """One `wirewatch run` process, its log in a file."""

    args: list[str]
    folder: Path
    name: str = "monitor"
    environ: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def start(self) -> Process:
        self.port = self.port or free_port()
        env = os.environ | self.environ | {"WIREWATCH_LISTEN": f"127.0.0.1:{self.port}"}
        self.log = (self.folder / f"{self.name}.log").open("ab")
        self.output = (self.folder / f"{self.name}.out").open("ab")
        self.popen = subprocess.Popen(
            [*WIREWATCH, "run", *self.args],
            cwd=ROOT,
            env=env,
            stdout=self.output,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
        )
        return self

    def stop(self, seconds: float = 15.0) -> int:
        """End it as a service manager would; return its exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        try:
            return self.popen.wait(timeout=seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if not hasattr(self, "popen"):
            return
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        self.log.close()
        self.output.close()

    def text(self) -> str:
        """Return what it logged so far."""
        return (self.folder / f"{self.name}.log").read_text()

    def said(self) -> str:
        """Return what it printed so far."""
        return (self.folder / f"{self.name}.out").read_text()

    def get(self, path: str) -> httpx.Response:
        """Ask its web page."""
        return httpx.get(
            f"http://127.0.0.1:{self.port}{path}", trust_env=False, timeout=5
        )

    def is_ready(self) -> bool:
        """Say whether it calls itself ready."""
        if self.popen.poll() is not None:
            raise AssertionError(f"{self.name} ended early:\n{self.text()}")
        with contextlib.suppress(httpx.HTTPError):
            return self.get("/readyz").status_code == 200
        return False

    def metric(self, name: str, **labels: str) -> float:
        """Return a sample of its metrics, summed over labels not given."""
        return sample(self.get("/metrics").text, name, **labels)


def sample(exposition: str, name: str, **labels: str) -> float:
    """Return a metric of an exposition, summed over labels not given."""
    from prometheus_client.parser import text_string_to_metric_families

    return sum(
        s.value
        for family in text_string_to_metric_families(exposition)
        for s in family.samples
        if s.name == name and labels.items() <= s.labels.items()
    )


@contextlib.contextmanager
def running(*processes: Process, ready_within: float = 60) -> Iterator[None]:
    """Run processes; end those that still run."""
    try:
        for process in processes:
            process.start()
        for process in processes:
            wait_for(process.is_ready, ready_within, f"{process.name} to be ready")
        yield
    finally:
        for process in processes:
            process.kill()


def free_port() -> int:
    """Return a loopback port that is free now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(claim: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until a claim holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.05)


def write_config(path: Path, **sections: Any) -> Path:
    """Write a configuration; JSON is YAML."""
    path.write_text(json.dumps(sections, ensure_ascii=False, indent=1))
    return path


def sections_of(*names: str) -> dict[str, Any]:
    """Return sections of the configuration that ships."""
    from ruamel.yaml import YAML

    shipped = YAML(typ="safe").load((ROOT / "alerts.yaml").read_text())
    return {name: shipped[name] for name in names}
