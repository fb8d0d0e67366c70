"""Pages of a publisher on loopback: robots, limits, hostile bodies, and the article."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from monitor.clock import SystemClock
from monitor.errors import PageError
from monitor.feeds.page_workers import PageWorkers
from monitor.feeds.pages import Pages
from monitor.outbound import Outbound
from tests.edges.feeds.publisher import Publisher, publishing, reply
from tests.edges.outbound.names import HERE, Names

SOME = timedelta(seconds=3)
NAMES = Names(inside=("10.0.0.1",), elsewhere=("127.0.0.1",))

ENGLISH = (
    (
        "The port authority said on Monday that talks on the new quay would resume in the"
        " autumn, after a pause of two years."
    ),
    (
        "Officials of both cities met behind closed doors and agreed to share the costs of"
        " dredging the channel, a spokesman said afterwards."
    ),
)
JAPANESE = (
    "港湾局は月曜日、二年間中断していた新しい岸壁をめぐる協議を秋に再開すると発表した。",
    "両市の当局者は非公開で会談し、浚渫の費用を分担することで合意したと報道官は述べた。",
    "協議は十月に港町で開かれ、漁業団体の代表も初めて出席する見通しである。",
)
CHINESE = (
    "港务局星期一宣布，中断两年的新码头谈判将于今年秋天恢复，两市都对此表示欢迎。",
    "两市官员举行了闭门会谈，同意分担航道疏浚的费用，发言人会后对记者说。",
    "谈判将于十月在港口城市举行，渔业团体的代表预计也将首次出席会议并发表意见。",
)
MENU = "".join(
    f'<li><a href="/s/{number}">Section {number}</a></li>' for number in range(40)
)


def html(*paragraphs: str, head: str = "") -> str:
    """Return a page: an article between a menu, a sidebar and a footer."""
    article = "".join(f"<p>{text}</p>" for text in paragraphs)
    return (
        f"<!DOCTYPE html><html><head><title>Wire</title>{head}</head><body>"
        f"<header><nav><ul>{MENU}</ul></nav></header>"
        f"<main><article><h1>Quay</h1>{article}</article></main>"
        f"<aside><h2>Most read</h2><ul>{MENU}</ul></aside>"
        "<footer>Imprint. All rights reserved. Cookie settings.</footer>"
        "<script>var price = 1 < 2;</script></body></html>"
    )


def page(body: bytes, kind: str = "text/html; charset=utf-8", **more: str) -> bytes:
    return reply(body, content_type=kind, **more)


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as running:
        yield running


@pytest.fixture
async def pages() -> AsyncIterator[Pages]:
    outbound = Outbound(user_agent="Wirewatch/1 (+x)", allow=[HERE], resolver=NAMES)
    elsewhere = Outbound(user_agent="Wirewatch/1 (+x)", resolver=NAMES)
    workers = PageWorkers(deadline=timedelta(seconds=5))
    yield Pages(
        outbound=outbound,
        elsewhere=elsewhere,
        workers=workers,
        clock=SystemClock(),
        agent="Wirewatch",
        timeout=SOME,
    )
    await workers.close()
    await outbound.aclose()
    await elsewhere.aclose()


async def outcome(pages: Pages, publisher: Publisher, path: str = "/a") -> str:
    """Return why a page gave no text."""
    with pytest.raises(PageError) as caught:
        await pages.read(publisher.url(path), publisher.url("/feed"))
    return caught.value.outcome


@pytest.mark.parametrize(
    ("paragraphs", "encoding", "declared"),
    [
        pytest.param(ENGLISH, "utf-8", "", id="en"),
        pytest.param(JAPANESE, "utf-8", '<meta charset="utf-8">', id="ja"),
        pytest.param(JAPANESE, "shift_jis", '<meta charset="shift_jis">', id="ja-sjis"),
        pytest.param(CHINESE, "gb18030", '<meta charset="gb18030">', id="zh-gb"),
        pytest.param(CHINESE, "utf-8", "", id="zh"),
    ],
)
async def test_the_article_is_found_among_what_stands_around_it(
    pages: Pages,
    publisher: Publisher,
    paragraphs: tuple[str, ...],
    encoding: str,
    declared: str,
) -> None:
    body = html(*paragraphs, head=declared).encode(encoding)
    publisher.answers["/a"] = page(body, "text/html")

    article = await pages.read(publisher.url("/a"), publisher.url("/feed"))

    text = article.page.text
    assert all(paragraph in text for paragraph in paragraphs)
    assert "Section 7" not in text
    assert "Cookie" not in text
    assert "price" not in text
    assert "  " not in text


async def test_robots_are_kept_out_of_what_their_file_forbids(
    pages: Pages, publisher: Publisher
) -> None:
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: wirewatch\nDisallow: /in\n"
    publisher.answers["/robots.txt"] = reply(rules, content_type="text/plain")
    publisher.answers["/in/a"] = publisher.answers["/a"] = page(html(*ENGLISH).encode())

    forbidden = await outcome(pages, publisher, "/in/a")
    await pages.read(publisher.url("/a"), publisher.url("/feed"))

    assert forbidden == "robots"
    assert publisher.paths() == ["/robots.txt", "/a"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("404 Not Found", ["/robots.txt", "/a"]),
        ("403 Forbidden", ["/robots.txt", "/a"]),
        ("503 Unavailable", ["/robots.txt"]),
        ("429 Too Many Requests", ["/robots.txt"]),
    ],
)
async def test_a_missing_file_allows_and_a_failing_one_forbids(
    pages: Pages, publisher: Publisher, status: str, expected: list[str]
) -> None:
    publisher.answers["/robots.txt"] = reply(status=status)

    await outcome(pages, publisher)

    assert publisher.paths() == expected


async def test_a_huge_robots_file_is_read_as_far_as_the_rfc_asks(
    pages: Pages, publisher: Publisher
) -> None:
    rules = b"User-agent: *\nDisallow: /a\n" + b"# so much to say\n" * 600_000
    publisher.answers["/robots.txt"] = reply(rules)

    assert await outcome(pages, publisher) == "robots"


async def test_where_a_redirect_leads_the_robots_are_asked_again(
    pages: Pages, publisher: Publisher
) -> None:
    publisher.answers["/robots.txt"] = reply(b"User-agent: *\nDisallow: /secret")
    publisher.answers["/a"] = reply(status="302 Found", Location="/secret/b")

    assert await outcome(pages, publisher) == "robots"
    assert publisher.paths() == ["/robots.txt", "/a"]


@pytest.mark.parametrize(
    "target",
    ["http://inside/b", "http://127.0.0.2/b", "http://[::1]/b", "http://elsewhere/b"],
)
async def test_a_redirect_to_a_private_address_is_refused(
    pages: Pages, publisher: Publisher, target: str
) -> None:
    publisher.answers["/a"] = reply(status="302 Found", Location=target)

    assert await outcome(pages, publisher) == "refused"


async def test_exceptions_for_private_networks_are_not_the_publishers(
    pages: Pages, publisher: Publisher
) -> None:
    publisher.answers["/a"] = page(html(*ENGLISH).encode())

    with pytest.raises(PageError, match="not a public address") as caught:
        await pages.read(publisher.url("/a").replace(f":{publisher.port}", ""), "x")
    with pytest.raises(PageError, match="is not the web's"):
        await pages.read(publisher.url("/a"), "https://feeds.example/feed")

    assert caught.value.outcome == "refused"
    assert publisher.connections == 0


async def drip(_: dict[str, str], writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
    for _second in range(60):
        writer.write(b"<p>")
        await writer.drain()
        await asyncio.sleep(0.5)


DEEP = b"<html><body>" + b"<div>" * 300_000 + b"deep"
BOMB = gzip.compress(b"<p>" * 30_000_000)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(page(b"<p>x</p>" * 1_300_000), "too_large", id="ten megabytes"),
        pytest.param(page(BOMB, content_encoding="gzip"), "too_large", id="bomb"),
        pytest.param(
            page(zlib.compress(b"<p>")[:-2], content_encoding="deflate"),
            "failed",
            id="cut off",
        ),
        # A busy machine ends it at its deadline.
        pytest.param(page(DEEP), "empty unreadable", id="nested"),
        pytest.param(page(b""), "empty", id="nothing"),
        pytest.param(page(b"\0\xff" * 5000), "empty", id="binary"),
        pytest.param(page(b"%PDF", "application/pdf"), "not_html", id="pdf"),
        pytest.param(reply(status="410 Gone"), "missing", id="gone"),
        pytest.param(drip, "failed", id="drip"),
    ],
)
async def test_a_page_made_to_hurt_is_bounded_and_the_next_one_read(
    pages: Pages, publisher: Publisher, answer: bytes, expected: str
) -> None:
    publisher.answers["/a"] = answer
    publisher.answers["/good"] = page(html(*ENGLISH).encode())

    async with asyncio.timeout(25):
        found = await outcome(pages, publisher)
        good = await pages.read(publisher.url("/good"), publisher.url("/feed"))

    assert found in expected.split()
    assert ENGLISH[0] in good.page.text


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/story/1?utm_source=x#top", "/story/1"),
        ("https://elsewhere.example/story/1", ""),
        ("/", ""),
        ("javascript:alert(1)", ""),
        ("http://user@127.0.0.1/story", ""),
    ],
)
async def test_a_page_may_name_an_address_of_its_own_site(
    pages: Pages, publisher: Publisher, link: str, expected: str
) -> None:
    head = f'<link rel="canonical" href="{link}">'
    publisher.answers["/a"] = page(html(*ENGLISH, head=head).encode())

    article = await pages.read(publisher.url("/a"), publisher.url("/feed"))

    assert article.page.canonical == (publisher.url(expected) if expected else "")
