"""`wirewatch feed`, as a shell sees it; publishers are real servers on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.feed_model import PollOutcome, SeenEntry
from monitor.feed_window import FeedMarks, FeedWindow, Withdrawn
from monitor.feeds.health import learn
from monitor.store import Store
from monitor.store.feeds import StoreFeedBook
from tests.factories import NOON, feed
from tests.scenarios.desk import ROOT, WIREWATCH

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

FEED = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>Wire &lt;b&gt;A&lt;/b&gt; World</title>
<item><guid>a-1</guid><title>Tokyo may withhold dues</title>
<pubDate>Tue, 13 Oct 2015 02:45:00 GMT</pubDate></item>
<item><guid>a-2</guid><title>Second</title></item></channel></rss>"""
PAGE = """<html><head><title>News</title>
<link rel="alternate" type="application/rss+xml" title="All" href="/rss.xml">
</head><body>News</body></html>"""
LIST = """<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Asia"><outline text="Wire A" xmlUrl="https://a.example/rss"/></outline>
<outline text="Wire A" xmlUrl="https://b.example/rss" x="1"/>
</body></opml>"""
LOOPBACK = ["--allow", "127.0.0.0/8"]


class Desk:
    """A folder with a configuration, and the command beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "alerts.yaml"

    def write(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    def feed(self, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*WIREWATCH, "feed", *args],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
        )

    def rows(self, *args: str) -> list[dict[str, Any]]:
        done = self.feed("list", "--format", "json", *args)
        return list(map(json.loads, done.stdout.splitlines()))

    def store(self, *outcomes: PollOutcome) -> None:
        """Have feeds been polled with these outcomes."""

        async def work() -> None:
            store = Store(f"sqlite:///{self.folder}/var/state.db")
            await store.start()
            book = StoreFeedBook(store, learn)
            ids = {outcome.feed for outcome in outcomes}
            await book.sync([feed(id=each) for each in sorted(ids)], NOON)
            for outcome in outcomes:
                await book.claim_due("one", outcome.at, timedelta(minutes=1), 100)
                await book.finish("one", outcome)
            await store.stop()

        asyncio.run(work())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write("feeds: {wire-a: http://127.0.0.1:9/feed.xml}\n")
    return made


def outcome(hour: int, *, name: str = "wire-a", **fields: Any) -> PollOutcome:
    at = NOON + timedelta(hours=hour)
    known: dict[str, Any] = {
        "feed": name,
        "at": at,
        "next_poll_at": at,
        "changed": True,
        "seen": (SeenEntry(id=str(hour), revision=0, content_hash="c"),),
        "new": 1,
        "present": tuple(map(str, range(20))),
        "title": "Wire A",
    }
    return PollOutcome(**(known | fields))


def test_looking_at_feeds_before_anything_ran_leaves_nothing_behind(desk: Desk) -> None:
    rows = desk.rows()

    assert [(row["id"], row["state"]) for row in rows] == [("wire-a", "waiting")]
    assert not (desk.folder / "var/state.db").exists()


def test_each_feed_is_listed_with_state_reason_and_since_when(desk: Desk) -> None:
    names = ("fails", "fine", "other", "new")
    desk.write(
        f"feeds: {{{', '.join(f'{n}: http://127.0.0.1:9/{n}' for n in names)}}}\n"
    )
    told = "the publisher answered 503"
    desk.store(
        outcome(0, name="fine"),
        outcome(0, name="fails"),
        outcome(1, name="fails", error=told, changed=False),
        outcome(2, name="fails", error=told, changed=False),
        outcome(0, name="other", title="Wire A World"),
        outcome(1, name="other", title="Cheap pills"),
    )
    rows = {row["id"]: row for row in desk.rows()}

    assert list(rows) == ["fails", "other", "new", "fine"], "the gravest first"
    assert rows["fails"]["state"] == "failing"
    assert rows["fails"]["failures"] == 2
    assert rows["fails"]["reason"] == told
    assert rows["fails"]["since"] == "2015-10-13T13:00:00Z"
    assert rows["fails"]["good_at"] == "2015-10-13T12:00:00Z"
    assert rows["other"]["state"] == "changed"
    assert "Cheap pills" in rows["other"]["reason"]
    assert rows["new"]["state"] == "waiting"

    unwell = desk.feed("list", "--unwell", "--format", "table", COLUMNS="200")
    assert unwell.returncode == 1
    assert "fails" in unwell.stdout
    assert f"{told} (since 2015-10-13 13:00:00Z)" in unwell.stdout
    assert "fine" not in unwell.stdout


def test_gaps_and_entries_taken_back_are_listed(desk: Desk) -> None:
    withdrawn = Withdrawn("8", "Item 8", NOON)
    marks = FeedMarks(gaps=3, gap_at=NOON, withdrawn=(withdrawn,))
    desk.store(outcome(0, window=FeedWindow(marks=marks)))
    [row] = desk.rows()
    table = desk.feed("list", "--format", "table", COLUMNS="200").stdout

    assert (row["gaps"], row["gap_at"]) == (3, "2015-10-13T12:00:00Z")
    assert row["withdrawn"] == [
        {"id": "8", "title": "Item 8", "at": "2015-10-13T12:00:00Z"}
    ]
    assert "3, last 2015-10-13 12:00:00Z" in table
    assert "1 entry withdrawn?" in table


def test_a_pause_is_kept_and_undone(desk: Desk) -> None:
    paused = desk.feed("pause", "wire-a")
    again = desk.feed("pause", "wire-a")
    before = desk.rows()
    resumed = desk.feed("resume", "wire-a")

    assert paused.returncode == again.returncode == resumed.returncode == 0
    assert "was paused before" in again.stderr
    assert before[0]["state"] == "paused"
    assert before[0]["since"]
    assert desk.rows()[0]["state"] == "waiting"


def test_a_feed_that_is_not_there_is_named_with_its_neighbour(desk: Desk) -> None:
    done = desk.feed("pause", "wire-b")

    assert done.returncode == 2
    assert done.stderr == (
        'alerts.yaml: no feed named "wire-b"; did you mean "wire-a"?\n'
    )


def test_a_feed_is_tried_and_described(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/feed").respond_with_data(FEED)
    url = httpserver.url_for("/feed")
    done = desk.feed("test", url, *LOOPBACK, "--format", "json")
    found = json.loads(done.stdout)

    assert done.returncode == 0
    assert (found["kind"], found["entries"]) == ("RSS", 2)
    assert found["title"] == "Wire A World"
    assert found["newest"] == "2015-10-13T02:45:00Z"
    assert "1 of 2 entries have no date" in found["warnings"]
    assert any("no ETag" in warning for warning in found["warnings"])

    shown = desk.feed("test", url, *LOOPBACK, "--format", "table").stdout
    assert f"{url}: RSS, 2 entries, newest 2015-10-13 02:45:00Z" in shown


def test_a_feed_of_the_configuration_is_tried_with_its_password(
    desk: Desk, httpserver: HTTPServer
) -> None:
    auth = {"Authorization": "Bearer geheim"}
    httpserver.expect_request("/feed", headers=auth).respond_with_data(FEED)
    desk.write(
        "outbound: {allow: [127.0.0.0/8]}\n"
        f"feeds: {{a: {{url: '{httpserver.url_for('/feed')}', "
        'auth: {type: bearer, token: "${TOKEN}"}}}\n'
    )
    done = desk.feed("test", "a", TOKEN="geheim")  # noqa: S106 - of a test
    exported = desk.feed("export", TOKEN="geheim")  # noqa: S106 - of a test

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entries"] == 2
    assert 'wirewatch:name="a"' in exported.stdout
    for text in (done.stdout, done.stderr, exported.stdout, exported.stderr):
        assert "geheim" not in text


def test_a_page_is_no_feed_but_names_one(desk: Desk, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(PAGE, content_type="text/html")
    httpserver.expect_request("/rss.xml").respond_with_data(FEED)
    tried = desk.feed("test", httpserver.url_for("/"), *LOOPBACK)
    added = desk.feed("add", httpserver.url_for("/"), *LOOPBACK)

    found = json.loads(tried.stdout)
    assert tried.returncode == 1
    assert "HTML" in found["error"]
    assert [each["url"] for each in found["found"]] == [httpserver.url_for("/rss.xml")]
    assert added.returncode == 0
    assert added.stdout == f"feeds:\n  wire-a-world: {httpserver.url_for('/rss.xml')}\n"


def test_the_usual_places_are_tried_only_on_request(
    desk: Desk, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/news").respond_with_data("<html><p>News</p></html>")
    httpserver.expect_request("/rss.xml").respond_with_data(FEED)
    url = httpserver.url_for("/news")
    without = json.loads(desk.feed("test", url, *LOOPBACK).stdout)
    asked = [request.path for request, _ in httpserver.log]
    guessed = json.loads(desk.feed("test", url, *LOOPBACK, "--guess").stdout)

    assert without["found"] == []
    assert asked == ["/news"]
    assert [each["url"] for each in guessed["found"]] == [
        httpserver.url_for("/rss.xml")
    ]


def test_a_private_address_is_not_asked_unless_allowed(desk: Desk) -> None:
    done = desk.feed("test", "http://127.0.0.1:9/feed")

    assert done.returncode == 1
    assert "not a public address" in done.stderr


def test_feeds_are_added_to_a_list_and_found_there(
    desk: Desk, httpserver: HTTPServer
) -> None:
    for path in ("/a", "/b"):
        httpserver.expect_request(path).respond_with_data(FEED)
    comment = "# mine\nfeeds: {own: http://127.0.0.1:9/}\nfeed_files: [more.opml]\n"
    (desk.folder / "more.opml").write_text(LIST)
    desk.write(comment)
    write = ["--write", "more.opml", *LOOPBACK]
    first = desk.feed("add", httpserver.url_for("/a"), *write)
    second = desk.feed("add", httpserver.url_for("/b"), *write, "--name", "own")
    third = desk.feed("add", httpserver.url_for("/b"), *write, "--name", "b")
    again = desk.feed("add", httpserver.url_for("/a"), *write)

    assert first.returncode == third.returncode == 0
    assert second.returncode == again.returncode == 2
    assert '"own" is another feed' in second.stderr
    assert 'it is feed "wire-a-world" already' in again.stderr
    assert desk.config.read_text() == comment
    names = {row["id"] for row in desk.rows()}
    assert {"own", "wire-a-world", "b"} <= names
    assert len(names) == 5


def test_an_imported_list_is_whole_and_its_names_stay(desk: Desk) -> None:
    (desk.folder / "mine.opml").write_text(LIST)
    done = desk.feed("import", "mine.opml", "--write", "feeds.opml")
    desk.write("feed_files: [feeds.opml]\n")
    names = {row["id"] for row in desk.rows()}
    # The reader renames one and lists it first; another is new.
    (desk.folder / "mine.opml").write_text(
        LIST.replace(
            'text="Wire A" xmlUrl="https://a', 'text="Alpha" xmlUrl="https://a'
        ).replace("<body>", '<body><outline text="New" xmlUrl="https://n.example/"/>')
    )
    refused = desk.feed("import", "mine.opml", "--write", "feeds.opml")
    replaced = desk.feed("import", "mine.opml", "--write", "feeds.opml", "--replace")
    after = {row["id"] for row in desk.rows()}

    assert done.returncode == replaced.returncode == 0
    assert "feed_files: [feeds.opml]" in done.stderr
    assert all(name.startswith("wire-a-") for name in names)
    assert refused.returncode == 2
    assert "add --replace" in refused.stderr
    assert after == {*names, "new"}


def test_a_list_with_an_unusable_feed_is_imported_without_it(desk: Desk) -> None:
    (desk.folder / "mine.opml").write_text(LIST.replace("https://b", "ftp://b"))
    desk.write("feeds: {own: http://127.0.0.1:9/}\n")
    done = desk.feed("import", "mine.opml", "--write", "feeds.opml")
    desk.write("feed_files: [feeds.opml]\n")

    assert done.returncode == 1
    assert 'mine.opml:3:1: "xmlUrl" must begin with http:// or https://' in done.stderr
    assert [row["id"] for row in desk.rows()] == ["wire-a"]
    assert "ftp://b.example/rss" in (desk.folder / "feeds.opml").read_text()


def test_what_is_exported_can_be_imported_elsewhere(desk: Desk) -> None:
    (desk.folder / "feeds.opml").write_text(LIST)
    desk.write(
        "feeds:\n  own: {url: 'http://127.0.0.1:9/?a=1&b=2', source: Own & co}\n"
        '  key: "http://127.0.0.1:9/?key=${KEY}"\n'
        "feed_files: [feeds.opml]\n"
    )
    done = desk.feed("export", KEY="geheim")
    outlines = list(ET.fromstring(done.stdout).iter("outline"))  # noqa: S314 - ours

    assert done.returncode == 0
    assert [each.get("xmlUrl") for each in outlines] == [
        None,
        "https://a.example/rss",
        "https://b.example/rss",
        "http://127.0.0.1:9/?a=1&b=2",
    ]
    assert outlines[2].get("x") == "1"
    assert outlines[3].get("text") == "Own & co"
    assert 'feed "key" is left out' in done.stderr
    assert "geheim" not in done.stdout + done.stderr


def test_a_list_can_be_imported_that_the_configuration_names_already(
    desk: Desk,
) -> None:
    desk.write("feed_files: [feeds.opml]\n")
    (desk.folder / "mine.opml").write_text(LIST.replace("https://b", " https://b"))
    done = desk.feed("import", "mine.opml", "--write", "feeds.opml")

    assert done.returncode == 0
    assert 'there is no file "feeds.opml"' in done.stderr
    assert len(desk.rows()) == 2


def test_a_hostile_list_is_refused_in_one_line(desk: Desk) -> None:
    (desk.folder / "mine.opml").write_text('<!DOCTYPE opml [<!ENTITY a "b">]><opml/>')
    done = desk.feed("import", "mine.opml", "--write", "feeds.opml")

    assert done.returncode == 2
    assert done.stderr == (
        "mine.opml:1:16: a DOCTYPE, which may hide anything; remove it\n"
    )
    assert not (desk.folder / "feeds.opml").exists()
