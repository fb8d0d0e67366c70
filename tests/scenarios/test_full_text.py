"""Headlines that nearly match become alerts through their pages, in a whole process."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest

from tests.scenarios.desk import Process, Receiver, running, wait_for, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARTICLE = (
    "<p>Delegates from forty countries listened as the minister spoke for an hour about"
    " the agency and its budget, which has been short for three years.</p>"
    "<p>At the end he said that his government would withhold its dues until the"
    " register is reviewed by independent historians, and took no questions.</p>"
)
MENU = "".join(f'<li><a href="/s/{n}">Section {n}</a></li>' for n in range(30))


class Site:
    """Feeds, pages and a robots.txt; everything that was asked for is remembered."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.items: dict[str, list[tuple[str, str]]] = {}
        self.failures: dict[str, int] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Stay quiet."""

            def do_GET(self) -> None:
                site.asked.append(self.path)
                status, kind, text = site.answer(self.path)
                body = text.encode()
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def answer(self, path: str) -> tuple[int, str, str]:
        name = path.partition("?")[0]
        if name == "/robots.txt":
            return 200, "text/plain", "User-agent: Wirewatch\nDisallow: /closed/\n"
        if name in self.items:
            return 200, "application/rss+xml", self._feed(name)
        if name.endswith(".html"):
            head = f'<link rel="canonical" href="{name}">'
            return (
                200,
                "text/html; charset=utf-8",
                (
                    f"<html><head>{head}</head><body><nav><ul>{MENU}</ul></nav><article>"
                    f"<h1>An hour of speech</h1>{ARTICLE}</article></body></html>"
                ),
            )
        return 404, "text/plain", "nothing"

    def _feed(self, name: str) -> str:
        items = "".join(
            f"<item><guid>{name}{number}</guid><title>{escape(title)}</title>"
            f"<link>{escape(self.url(path))}</link></item>"
            for number, (title, path) in enumerate(self.items[name])
        )
        return f'<rss version="2.0"><channel><title>Wire</title>{items}</channel></rss>'

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def monitor(folder: Path, site: Site, hook: str, *, full_text: bool = True) -> Process:
    config = write_config(
        folder / "alerts.yaml",
        outbound={"contact": "https://example.org", "allow": ["127.0.0.0/8"]},
        defaults={"interval": "500ms", "full_text": full_text},
        feeds={name.strip("/"): site.url(name) for name in site.items},
        concepts={"unesco": {"en": ["unesco"]}, "money": {"en": ["dues"]}},
        topics={"dues": {"clauses": [{"all": ["unesco", "money"]}]}},
        rules={"dues": {"type": "any", "topics": ["dues"]}},
        route={"receiver": "desk"},
        receivers={"desk": {"type": "webhook", "url": hook}},
    )
    environ = {"WIREWATCH_DATA_DIR": str(folder / "var")}
    return Process(["--config", str(config)], folder, environ=environ)


def test_a_teaser_becomes_an_alert_through_its_page_and_once(
    tmp_path: Path, site: Site, receiver: Receiver
) -> None:
    site.items["/wire"] = [
        ("Minister speaks at UNESCO", "/open/speech.html"),
        ("Ferry line opens in Kobe", "/open/ferry.html"),
        ("UNESCO in a closed session", "/closed/session.html"),
    ]
    site.items["/copy"] = [("A long hour at UNESCO", "/open/speech.html?utm_source=a")]
    process = monitor(tmp_path, site, receiver.url)

    with running(process):
        wait_for(lambda: receiver.ids, 40, "the alert")
        wait_for(
            lambda: (
                process.metric("wirewatch_pages_total", outcome="robots")
                and process.metric("wirewatch_pages_total", outcome="read") == 2
            ),
            40,
            "every page",
        )
        wait_for(
            lambda: process.metric("wirewatch_entries_classified_total") >= 6,
            20,
            "the entries that came back",
        )
        again = site.asked.count("/wire") + 3
        wait_for(lambda: site.asked.count("/wire") > again, 20, "more polls")
        (body,) = (bodies[0].decode() for bodies in receiver.bodies.values())
        assert process.stop() == 0

    (alert,) = receiver.alerts()
    match = alert["match"]
    entry = match["entry"]
    quoted = [span for span in match["spans"] if span["field"] == "text"]
    assert entry["title"] in ("Minister speaks at UNESCO", "A long hour at UNESCO")
    assert "Section 3" not in entry["text"]
    assert entry["canonical"] == site.url("/open/speech.html")
    assert [span["quote"] for span in quoted] == ["dues"]
    assert entry["text"][quoted[0]["start"] : quoted[0]["end"]] == "dues"
    assert '"evidence_from":"feed and page"' in body
    pages = [path for path in site.asked if ".html" in path]
    assert sorted(pages) == ["/open/speech.html", "/open/speech.html?utm_source=a"]
    assert site.asked.count("/robots.txt") == 1


def test_no_page_is_asked_for_unless_the_configuration_says_so(
    tmp_path: Path, site: Site, receiver: Receiver
) -> None:
    site.items["/wire"] = [("Minister speaks at UNESCO", "/open/speech.html")]
    process = monitor(tmp_path, site, receiver.url, full_text=False)

    with running(process):
        wait_for(lambda: site.asked.count("/wire") > 3, 20, "some polls")
        assert process.stop() == 0

    assert set(site.asked) == {"/wire"}
    assert not receiver.ids


def test_a_page_under_way_at_a_kill_is_read_by_the_next_process(
    tmp_path: Path, site: Site, receiver: Receiver
) -> None:
    gate = threading.Event()
    held = threading.Event()
    answer = site.answer

    def slow(path: str) -> tuple[int, str, str]:
        if path.endswith(".html") and not gate.is_set():
            held.set()
            gate.wait(20)
        return answer(path)

    site.answer = slow  # type: ignore[method-assign]
    site.items["/wire"] = [("Minister speaks at UNESCO", "/open/speech.html")]
    with running(monitor(tmp_path, site, receiver.url)) as _:
        wait_for(held.is_set, 40, "the page to be asked for")
    gate.set()
    with running(monitor(tmp_path, site, receiver.url)):
        wait_for(lambda: receiver.ids, 40, "the alert")

    assert len(receiver.alerts()) == 1
