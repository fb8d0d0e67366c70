"""Poll-to-alert latency, embedded: from the feed's answer to the receiver's request.

    python bench/latency.py [--alerts 200]

One feed on loopback gains an item that fires a rule every half second; the time from
the end of the answer that first shows it to the arrival of its webhook is taken.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from monitor.replay import Item, rss
from tests.scenarios.desk import Process, Receiver, running, wait_for, write_config

EVERY = 0.5


class Feed:
    """A feed whose newest item is younger than half a second."""

    def __init__(self) -> None:
        self.answered: dict[str, float] = {}
        self.started: float | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

            def do_GET(self) -> None:
                items = outer.items()
                body = rss("bench", items)
                self.send_response(200)
                self.send_header("content-type", "application/rss+xml")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                now = time.monotonic()
                for item in items:
                    outer.answered.setdefault(item.id, now)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def items(self) -> list[Item]:
        """Return the last thirty items, newest first."""
        number = 0
        if self.started is not None:
            number = int((time.monotonic() - self.started) / EVERY)
        return [
            Item(
                feed="bench",
                id=f"item-{n}",
                title=f"Report {n}: the agency may lose its funding",
                summary="Ministers spoke for an hour about what to do next. " * 5,
            )
            for n in range(number, max(0, number - 30), -1)
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/feed.xml"


def config(folder: Path, feed: str, hook: str) -> Path:
    """Write a configuration with one topic, one rule and one receiver."""
    return write_config(
        folder / "alerts.yaml",
        outbound={"contact": "https://example.org", "allow": ["127.0.0.0/8"]},
        feeds={"bench": {"url": feed, "interval": "100ms"}},
        concepts={"agency": {"en": ["agency"]}, "money": {"en": ["funding"]}},
        topics={"funding": {"clauses": [{"all": ["agency", "money"], "near": 10}]}},
        rules={"funding": {"type": "any", "topics": ["funding"]}},
        route={"receiver": "desk"},
        receivers={"desk": {"type": "webhook", "url": hook}},
    )


def main() -> None:
    """Run the bench and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--alerts", type=int, default=200)
    wanted = parser.parse_args().alerts
    feed = Feed()
    with tempfile.TemporaryDirectory() as name, Receiver() as receiver:
        folder = Path(name)
        environ = {"WIREWATCH_DATA_DIR": str(folder / "var")}
        args = ["--config", str(config(folder, feed.url, receiver.url))]
        monitor = Process([*args, "--log-level", "warning"], folder, environ=environ)
        with running(monitor):
            feed.started = time.monotonic()
            limit = wanted * EVERY * 2 + 30
            wait_for(lambda: len(receiver.ids) >= wanted, limit, f"{wanted} alerts")
        delays = []
        for webhook_id, bodies in list(receiver.bodies.items()):
            entry = json.loads(bodies[0])["wirewatch"]["match"]["entry"]
            delays.append(receiver.arrived[webhook_id] - feed.answered[entry["id"]])
    delays.sort()
    print(
        json.dumps(
            {
                "bench": "poll-to-alert, embedded, loopback",
                "alerts": len(delays),
                "median_ms": round(statistics.median(delays) * 1000, 1),
                "p99_ms": round(delays[int(len(delays) * 0.99) - 1] * 1000, 1),
                "max_ms": round(delays[-1] * 1000, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
