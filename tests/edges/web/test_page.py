"""The status page: what it shows, and that hostile text stays text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from monitor.errors import StateUnavailableError
from monitor.feed_model import UsualFeed
from monitor.feed_window import FeedMarks, Withdrawn
from monitor.model import Span
from monitor.web import Health, TopicLine
from tests import factories
from tests.edges.web.sources import PlainSources, feed_state

if TYPE_CHECKING:
    from tests.edges.web.conftest import Visit

HOSTILE = (
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "</bdi></mark><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &#x3c;svg/onload=alert(1)&#x3e;",
    "\u202egnp.exe\u2066 and \u200fmore",
    "line\r\nbreak\x00\x1b[31m",
    "\ud83d lone half",
)
ELEMENTS = {
    "a", "article", "b", "bdi", "body", "br", "details", "footer", "h1", "h2", "h3",
    "head", "header", "html", "li", "link", "main", "mark", "meta", "nav", "p",
    "section", "span", "summary", "table", "tbody", "td", "th", "thead", "time",
    "title", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "aria-label", "aria-labelledby", "charset", "class", "content", "data-label",
    "datetime", "href", "id", "lang", "name", "rel", "scope",
}  # fmt: skip


class Seen(HTMLParser):
    """Collect what a browser would build from a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[dict[str, str]] = []
        self.marks: list[str] = []
        self.text = ""
        self._in_mark = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._in_mark = tag == "mark"
        if tag == "a":
            self.links.append({name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        if tag == "mark":
            self._in_mark = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_mark:
            self.marks.append(data)


@pytest.mark.parametrize("text", HOSTILE)
async def test_text_from_outside_never_becomes_markup(visit: Visit, text: str) -> None:
    entry = factories.entry(title=text, summary=text, source=text, url=text, lang=text)
    match = factories.match(
        entry=entry, spans=(Span(field="summary", start=0, end=3, quote=text[:3]),)
    )
    sources = PlainSources(
        known_alerts=[factories.alert(match=match, description=text)],
        known_feeds=[feed_state(id=text, url=text, failures=2, error=text)],
        known_topics=[TopicLine(text, text, 1)],
        lines=(text,),
        present=Health(live=True, ready=False, checks={text: (False, text)}),
    )
    async with visit(sources) as client:
        page = (await client.get("/")).text

    seen = Seen(page)
    assert seen.elements <= ELEMENTS
    assert seen.attributes <= ATTRIBUTES
    assert not re.search("[\x00\x1b\u202e\u2066\u200f]", page)


async def test_hostile_text_is_still_readable(visit: Visit) -> None:
    title = "<script>alert(1)</script>"
    match = factories.match(entry=factories.entry(title=title), spans=())
    async with visit(
        PlainSources(known_alerts=[factories.alert(match=match)])
    ) as client:
        page = (await client.get("/")).text

    assert title in Seen(page).text


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://example.org/a?b=1&c=2", "https://example.org/a?b=1&c=2"),
        ("http://example.org/", "http://example.org/"),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("data:text/html,<script>alert(1)</script>", None),
        ("//example.org/no-scheme", None),
        ("https:no-host", None),
        ('https://example.org/"onclick="x', "https://example.org/%22onclick=%22x"),
    ],
)
async def test_only_web_addresses_become_links(
    visit: Visit, url: str, href: str | None
) -> None:
    match = factories.match(entry=factories.entry(url=url))
    async with visit(
        PlainSources(known_alerts=[factories.alert(match=match)])
    ) as client:
        seen = Seen((await client.get("/")).text)

    outside = [link for link in seen.links if link["href"][0] not in "#/"]
    assert [link["href"] for link in outside] == ([href] if href else [])
    assert all(link["rel"] == "noopener noreferrer nofollow" for link in outside)


async def test_evidence_is_marked_exactly(visit: Visit) -> None:
    title = "Tokyo may withhold UNESCO dues"
    match = factories.match(
        entry=factories.entry(title=title),
        spans=(
            Span(field="title", start=19, end=25, quote="UNESCO"),
            Span(field="title", start=10, end=18, quote="withhold"),
            Span(field="title", start=14, end=18, quote="hold"),
        ),
    )
    async with visit(
        PlainSources(known_alerts=[factories.alert(match=match)])
    ) as client:
        seen = Seen((await client.get("/")).text)

    assert seen.marks == ["withhold", "UNESCO"]
    assert title in seen.text


@pytest.mark.parametrize(
    ("lang", "attribute"),
    [("ja", ' lang="ja"'), ("zh-Hant", ' lang="zh-Hant"'), ("", ""), ('x"><b', "")],
)
async def test_the_language_of_an_entry_picks_its_glyphs(
    visit: Visit, lang: str, attribute: str
) -> None:
    match = factories.match(entry=factories.entry(title="海警", lang=lang), spans=())
    async with visit(
        PlainSources(known_alerts=[factories.alert(match=match)])
    ) as client:
        page = (await client.get("/")).text

    assert f"<bdi{attribute}>海警</bdi>" in page


async def test_failing_feeds_stand_first_with_their_error(visit: Visit) -> None:
    sources = PlainSources(
        known_feeds=[
            feed_state(id="a-fine"),
            feed_state(id="b-new", polled_at=None),
            feed_state(id="z-broken", failures=3, error="HTTP 503"),
        ]
    )
    async with visit(sources) as client:
        text = Seen((await client.get("/")).text).text

    assert text.index("z-broken") < text.index("a-fine") < text.index("b-new")
    assert "failing, 3 times" in text
    assert "HTTP 503" in text
    assert "waiting" in text


async def test_a_feed_that_moved_or_stopped_says_so(visit: Visit) -> None:
    at = factories.NOON
    gone = feed_state(id="gone", failures=1, error="410 Gone", stopped_since=at)
    moved = feed_state(id="moved", moved_to="https://new.example/?key=s3cr3t", moves=3)
    moving = feed_state(id="moving", moved_to="https://other.example/", moves=2)
    async with visit(PlainSources(known_feeds=[gone, moved, moving])) as client:
        page = (await client.get("/")).text
        feeds = (await client.get("/api/feeds")).json()["feeds"]
    text = Seen(page).text

    assert "moved to new.example" in text
    assert "s3cr3t" not in page
    assert "other.example" not in page
    assert "stopped" in text
    assert {one["id"]: (one["state"], one["moved_to"]) for one in feeds} == {
        "gone": ("stopped", ""),
        "moved": ("ok", "new.example"),
        "moving": ("ok", ""),
    }


async def test_gaps_and_entries_taken_back_are_shown_as_text(visit: Visit) -> None:
    marks = FeedMarks(
        gaps=3,
        gap_at=factories.NOON,
        withdrawn=(Withdrawn("8", "<b>Item</b> 8", factories.NOON),),
    )
    sources = PlainSources(
        known_feeds=[feed_state(id="a"), feed_state(id="b")], known_marks={"a": marks}
    )
    async with visit(sources) as client:
        text = Seen((await client.get("/")).text).text
        api = (await client.get("/api/feeds")).json()["feeds"]

    assert "3, last 2015-10-13 12:00" in text
    assert text.count("1 entry withdrawn?") == 1
    assert "<b>Item</b> 8, gone since 2015-10-13 12:00" in text
    assert (api[0]["gaps"], api[0]["gap_at"]) == (3, "2015-10-13T12:00:00Z")
    assert api[0]["withdrawn"][0]["title"] == "<b>Item</b> 8"
    assert (api[1]["gaps"], api[1]["gap_at"], api[1]["withdrawn"]) == (0, None, [])


async def test_a_feed_that_is_unwell_or_paused_says_why_and_since_when(
    visit: Visit,
) -> None:
    shrunken = UsualFeed(
        known_since=factories.NOON,
        problem="shrunken",
        reason="it lists 2 entries, usually <b>30</b>",
        since=factories.NOON,
    )
    sources = PlainSources(
        known_feeds=[
            feed_state(id="a-fine"),
            feed_state(id="b-paused", paused_at=factories.NOON),
            feed_state(id="c-small"),
        ],
        known_usual={"c-small": shrunken},
    )
    async with visit(sources) as client:
        text = Seen((await client.get("/")).text).text
        api = (await client.get("/api/feeds")).json()["feeds"]

    assert text.index("c-small") < text.index("b-paused") < text.index("a-fine")
    assert "it lists 2 entries, usually <b>30</b>" in text
    assert "paused by hand" in text
    assert [row["state"] for row in api] == ["ok", "paused", "shrunken"]
    assert api[2]["reason"] == shrunken.reason
    assert api[2]["since"] == "2015-10-13T12:00:00Z"


async def test_a_feed_address_stays_out_of_page_and_api(visit: Visit) -> None:
    key = "s3cr3t-t0ken"
    url = f"https://user:{key}@wire-a.example/feed?key={key}"
    async with visit(PlainSources(known_feeds=[feed_state(url=url)])) as client:
        page, api = await client.get("/"), await client.get("/api/feeds")

    assert "wire-a.example" in page.text
    assert key not in page.text + api.text


async def test_a_section_that_is_away_says_so_and_the_page_still_comes(
    visit: Visit,
) -> None:
    sources = PlainSources(away=StateUnavailableError("state: the database is away"))
    async with visit(sources) as client:
        answer = await client.get("/")

    assert answer.status_code == 200
    assert answer.text.count("Not available: state: the database is away") == 3


async def test_long_lists_are_cut_and_counted(visit: Visit) -> None:
    sources = PlainSources(
        known_feeds=[feed_state(id=f"feed-{n:04}") for n in range(750)],
        known_alerts=[factories.alert(id=f"al_{n}") for n in range(100)],
    )
    async with visit(sources) as client:
        page = (await client.get("/")).text

    assert page.count("<article>") == 30
    assert page.count('scope="row"') == 500
    assert "250 more are not shown" in page


async def test_the_page_needs_no_script_and_says_what_may_load(visit: Visit) -> None:
    async with visit(PlainSources()) as client:
        page, style = await client.get("/"), await client.get("/static/style.css")

    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert "style=" not in page.text
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
