"""The life of one embedded monitor: reload, signals, locks, restarts."""

from __future__ import annotations

import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from monitor.replay import Item
from tests.scenarios.desk import (
    ROOT,
    SECRET,
    FeedFarm,
    Process,
    Receiver,
    running,
    wait_for,
    write_config,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ITEMS = [
    Item(feed="wire", id="a-1", title="Tokyo may withhold UNESCO dues", lang="en"),
    Item(feed="wire", id="a-2", title="Rain in Osaka", summary="All day.", lang="en"),
    Item(feed="wire", id="a-3", title="Ferry line opens in Kobe", lang="en"),
]
CONCEPTS = {
    "unesco": {"en": ["unesco"]},
    "money": {"en": ["dues"]},
    "rain": {"en": ["rain"]},
}
DUES = {"clauses": [{"all": ["unesco", "money"], "near": 9}]}
RAIN = {"clauses": [{"all": ["rain"]}]}


def write(folder: Path, farm: FeedFarm, hook: str, **changes: Any) -> Path:
    topics = {"dues": DUES} | changes.pop("topics", {})
    sections = {
        "outbound": {"contact": "https://example.org", "allow": ["127.0.0.0/8"]},
        "feeds": farm.config("200ms"),
        "concepts": CONCEPTS,
        "topics": topics,
        "rules": {name: {"type": "any", "topics": [name]} for name in topics},
        "route": {"receiver": "desk"},
        "receivers": {
            "desk": {"type": "webhook", "url": hook, "secret": "${HOOK_SECRET}"}
        },
    }
    return write_config(folder / "alerts.yaml", **(sections | changes))


def monitor(folder: Path, config: Path, name: str = "monitor") -> Process:
    environ = {"HOOK_SECRET": SECRET, "WIREWATCH_DATA_DIR": str(folder / "var")}
    return Process(["--config", str(config)], folder, name, environ)


@pytest.fixture
def farm() -> Iterator[FeedFarm]:
    with FeedFarm(ITEMS) as farm:
        farm.begin()
        yield farm


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def topics_told(receiver: Receiver) -> list[str]:
    return sorted(alert["topic"] for alert in receiver.alerts())


def test_a_restart_repeats_nothing_and_sends_what_was_left(
    tmp_path: Path, farm: FeedFarm, receiver: Receiver
) -> None:
    config = write(tmp_path, farm, receiver.url)
    receiver.answer = lambda _: 503
    first = monitor(tmp_path, config, "first")
    with running(first):
        wait_for(lambda: receiver.ids, 20, "the first attempt")
        stopped = first.stop()
    receiver.answer = lambda _: 200
    second = monitor(tmp_path, config, "second")
    with running(second):
        wait_for(lambda: sum(receiver.ids.values()) >= 2, 30, "the second attempt")
        wait_for(lambda: second.metric("wirewatch_feed_polls_total") >= 3, 20, "polls")
        told = second.metric("wirewatch_alerts_total")

    assert stopped == 0
    assert told == 0
    [bodies] = receiver.bodies.values()
    assert len(set(bodies)) == 1
    assert topics_told(receiver) == ["dues"]


def test_a_changed_file_is_taken_on_by_signal_and_by_request(
    tmp_path: Path, farm: FeedFarm, receiver: Receiver
) -> None:
    config = write(tmp_path, farm, receiver.url)
    watch = monitor(tmp_path, config)
    late = Item(feed="late", id="b-1", title="Rain in Nara", lang="en")
    later = Item(feed="later", id="c-1", title="Rain in Uji", lang="en")
    with running(watch), FeedFarm([late]) as second, FeedFarm([later]) as third:
        second.begin()
        third.begin()
        wait_for(lambda: topics_told(receiver) == ["dues"], 20, "the first alert")
        feeds = farm.config("200ms") | second.config("200ms")
        write(tmp_path, farm, receiver.url, topics={"rain": RAIN}, feeds=feeds)
        watch.popen.send_signal(signal.SIGHUP)
        wait_for(lambda: len(receiver.ids) == 2, 20, "an alert of the new topic")
        feeds |= third.config("200ms")
        write(tmp_path, farm, receiver.url, topics={"rain": RAIN}, feeds=feeds)
        answer = httpx.post(f"http://127.0.0.1:{watch.port}/-/reload", trust_env=False)
        wait_for(lambda: len(receiver.ids) == 3, 20, "an alert of the new feed")

    assert answer.status_code == 200
    assert topics_told(receiver) == ["dues", "rain", "rain"]


def test_a_receiver_that_is_corrected_gets_what_waited(
    tmp_path: Path, farm: FeedFarm, receiver: Receiver
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        watch = monitor(tmp_path, write(tmp_path, farm, gone))
        failed = {"receiver": "desk", "outcome": "retry"}
        attempts = "wirewatch_delivery_attempts_total"
        with running(watch):
            wait_for(lambda: watch.metric(attempts, **failed) >= 1, 20, "an attempt")
            write(tmp_path, farm, receiver.url)
            watch.popen.send_signal(signal.SIGHUP)
            wait_for(lambda: receiver.ids, 30, "the alert that waited")

    assert topics_told(receiver) == ["dues"]


def test_a_bad_file_leaves_the_old_configuration_in_force(
    tmp_path: Path, farm: FeedFarm, receiver: Receiver
) -> None:
    config = write(tmp_path, farm, receiver.url)
    watch = monitor(tmp_path, config)
    with running(watch):
        write(tmp_path, farm, receiver.url, route={"receiver": "dsk"}, fedes={})
        answer = httpx.post(f"http://127.0.0.1:{watch.port}/-/reload", trust_env=False)
        failed = watch.metric("wirewatch_config_last_reload_successful")
        write(tmp_path, farm, receiver.url, web={"listen": "127.0.0.1:1"})
        fixed = httpx.post(f"http://127.0.0.1:{watch.port}/-/reload", trust_env=False)
        wait_for(lambda: receiver.ids, 20, "the alert of the old configuration")

    assert answer.status_code == 400
    assert len(answer.text.splitlines()) == 2
    assert 'did you mean "desk"?' in answer.text
    assert failed == 0
    # WIREWATCH_LISTEN stands above the file, so this file changes nothing.
    assert fixed.status_code == 200


def test_a_second_monitor_on_the_same_data_is_refused(
    tmp_path: Path, farm: FeedFarm, receiver: Receiver
) -> None:
    config = write(tmp_path, farm, receiver.url)
    first = monitor(tmp_path, config, "first")
    with running(first):
        second = monitor(tmp_path, config, "second").start()
        code = second.popen.wait(timeout=60)
        second.kill()

        assert first.is_ready()
    assert code == 2
    assert "log.db" in second.text()
    assert f"pid {first.popen.pid}" in second.text()
    assert "Traceback" not in second.text()


def test_a_taken_port_is_named(
    tmp_path: Path, farm: FeedFarm, receiver: Receiver
) -> None:
    config = write(tmp_path, farm, receiver.url)
    watch = monitor(tmp_path, config)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        watch.port = other.getsockname()[1]
        watch.start()
        code = watch.popen.wait(timeout=60)
        watch.kill()

    assert code == 2
    assert f"127.0.0.1:{watch.port}: the port is in use" in watch.text()


class Hanging:
    """A server that takes requests and never answers."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.requests = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Stay quiet."""

            def do_GET(self) -> None:
                outer.requests += 1
                outer.asked.set()
                time.sleep(30)

            do_POST = do_GET  # noqa: N815 - its own name for it

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_it_ends_in_time_though_a_feed_and_a_receiver_hang(
    tmp_path: Path, farm: FeedFarm
) -> None:
    feed, hook = Hanging(), Hanging()
    feeds = farm.config("200ms") | {"hanging": {"url": feed.url, "timeout": "25s"}}
    config = write(tmp_path, farm, hook.url, feeds=feeds)
    watch = monitor(tmp_path, config)
    with running(watch):
        wait_for(feed.asked.is_set, 20, "the feed to be asked")
        wait_for(hook.asked.is_set, 20, "the receiver to be told")
        began = time.monotonic()
        code = watch.stop(seconds=15)
        took = time.monotonic() - began

    assert code == 0
    assert took < 15


def test_what_a_killed_monitor_was_at_is_taken_up_at_once(
    tmp_path: Path, farm: FeedFarm
) -> None:
    feed, hook = Hanging(), Hanging()
    feeds = farm.config("200ms") | {"hanging": {"url": feed.url, "timeout": "25s"}}
    config = write(tmp_path, farm, hook.url, feeds=feeds)
    first, second = monitor(tmp_path, config, "one"), monitor(tmp_path, config, "two")
    with running(first):
        wait_for(feed.asked.is_set, 20, "the feed to be asked")
        wait_for(hook.asked.is_set, 20, "the receiver to be told")
        first.kill()
    before = (feed.requests, hook.requests)
    with running(second):
        # The lease on the feed would last for most of a minute.
        wait_for(lambda: feed.requests > before[0], 25, "the feed to be asked again")
        wait_for(lambda: hook.requests > before[1], 25, "the receiver to be told again")

    assert before == (1, 1)


def test_whoever_asks_twice_is_not_kept_waiting(tmp_path: Path, farm: FeedFarm) -> None:
    feed, hook = Hanging(), Hanging()
    feeds = farm.config("200ms") | {"hanging": {"url": feed.url, "timeout": "25s"}}
    watch = monitor(tmp_path, write(tmp_path, farm, hook.url, feeds=feeds))
    with running(watch):
        wait_for(feed.asked.is_set, 20, "the feed to be asked")
        wait_for(hook.asked.is_set, 20, "the receiver to be told")
        watch.popen.send_signal(signal.SIGTERM)
        wait_for(lambda: "stopping" in watch.text(), 10, "the first to be noticed")
        watch.popen.send_signal(signal.SIGTERM)
        code = watch.popen.wait(timeout=10)

    assert code == 1


def test_a_running_monitor_answers_to_its_own_name_and_names_what_is_odd(
    tmp_path: Path, farm: FeedFarm, receiver: Receiver
) -> None:
    config = write(
        tmp_path,
        farm,
        receiver.url,
        external_url="https://wirewatch.example.org/news",
        concepts=CONCEPTS | {"idle": {"en": ["idle"]}},
        topics={"rain": RAIN},
    )
    watch = monitor(tmp_path, config)
    with running(watch):
        answers = {
            name: httpx.get(
                f"http://127.0.0.1:{watch.port}/livez",
                headers={"host": name},
                trust_env=False,
            ).status_code
            for name in ("wirewatch.example.org", "evil.example.org")
        }

    assert answers == {"wirewatch.example.org": 200, "evil.example.org": 421}
    assert 'concept \\"idle\\": no topic uses it' in watch.text()


def test_the_founding_story_is_told_within_a_minute(tmp_path: Path) -> None:
    config = write_config(
        tmp_path / "alerts.yaml",
        **sections_without_feeds(),
        outbound={"contact": "https://example.org"},
    )
    args = ["--config", str(config), "--replay", str(ROOT / "examples/october-2015")]
    watch = Process(args, tmp_path)
    with running(watch):
        wait_for(lambda: "UNESCO" in watch.said(), 60, "the first alert")
        wait_for(lambda: "*hotline*" in watch.said(), 60, "the hotline")
        said = watch.said()

    assert "unesco-money-at-risk: unesco-funding-threat (threat" in said
    assert "Portal F" not in said, "a reprint does not alert"


def sections_without_feeds() -> dict[str, Any]:
    from tests.scenarios.desk import sections_of

    return sections_of("concepts", "topics", "rules", "receivers", "route")
