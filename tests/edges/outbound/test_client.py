"""The outbound client against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import brotli
import pytest

from monitor.errors import OutboundError, OutboundRefusedError
from monitor.outbound import Outbound
from tests.edges.feeds.publisher import Publisher, publishing, reply
from tests.edges.outbound.names import HERE, PLENTY, SECOND, Names, asking, get


async def test_a_get_brings_status_headers_and_body(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(b"hello", ETag='"1"', Set_Cookie="a=b")

    answer = await get(outbound, publisher.url("/feed"))
    await get(outbound, publisher.url("/feed"))

    assert (answer.status, answer.body, answer.headers["etag"]) == (
        200,
        b"hello",
        '"1"',
    )
    assert answer.url == publisher.url("/feed")
    sent = publisher.requests[-1][1]
    assert sent["user-agent"] == "wirewatch-test"
    assert "cookie" not in sent


async def test_proxies_named_in_the_environment_are_not_used(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    publisher.answers["/feed"] = reply(b"hello")
    client = Outbound(user_agent="wirewatch-test", allow=[HERE])

    answer = await get(client, publisher.url("/feed"))
    await client.aclose()

    assert answer.body == b"hello"


async def test_redirects_are_followed_and_the_last_address_named(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/old"] = reply(status="301 Moved", Location="/new")
    publisher.answers["/new"] = reply(b"moved here")

    answer = await get(outbound, publisher.url("/old"))

    assert (answer.url, answer.body) == (publisher.url("/new"), b"moved here")


async def test_a_loop_of_redirects_ends(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/loop"] = reply(status="302 Found", Location="/loop")

    with pytest.raises(OutboundError, match="more than 5 redirects"):
        await get(outbound, publisher.url("/loop"))

    assert len(publisher.requests) == 6


async def test_a_secret_stays_with_the_host_it_was_given_for(
    publisher: Publisher,
) -> None:
    async with publishing() as other, asking(ports=[other.port]) as outbound:
        other.answers["/feed"] = reply(b"other")
        publisher.answers["/same"] = reply(status="302 Found", Location="/out")
        publisher.answers["/out"] = reply(
            status="302 Found", Location=other.url("/feed")
        )

        url = publisher.url("/same").replace("http://", "http://user:word@")
        answer = await get(outbound, url)

        sent = [headers.get("authorization") for _, headers, _ in publisher.requests]
        assert sent == ["Basic dXNlcjp3b3Jk"] * 2
        assert "authorization" not in other.requests[0][1]
        assert "word" not in answer.url


# Limits


async def test_a_silent_server_is_given_up_at_the_deadline(
    outbound: Outbound, publisher: Publisher
) -> None:
    async def say_nothing(__: dict[str, str], ___: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    publisher.answers["/"] = say_nothing
    begun = time.monotonic()

    with pytest.raises(OutboundError) as caught:
        await outbound.get(
            publisher.url(), headers={}, timeout=SECOND / 5, max_bytes=100
        )

    assert caught.value.reason == "timeout"
    assert time.monotonic() - begun < 2


async def test_a_body_that_drips_is_given_up_at_the_deadline(
    outbound: Outbound, publisher: Publisher
) -> None:
    async def drip(__: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"<")
            await writer.drain()
            await asyncio.sleep(0.02)

    publisher.answers["/"] = drip

    with pytest.raises(OutboundError) as caught:
        await outbound.get(
            publisher.url(), headers={}, timeout=SECOND / 4, max_bytes=1_000_000
        )

    assert caught.value.reason == "timeout"


async def test_an_endless_body_is_cut_at_the_limit(
    outbound: Outbound, publisher: Publisher
) -> None:
    async def pour(__: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"1000\r\n" + b"a" * 0x1000 + b"\r\n")
            await writer.drain()

    publisher.answers["/"] = pour

    with pytest.raises(OutboundError) as caught:
        await get(outbound, publisher.url(), max_bytes=50_000)

    assert caught.value.reason == "too-large"


PACKERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}


@pytest.mark.parametrize("coding", PACKERS)
async def test_a_compressed_bomb_is_cut_at_the_limit(
    outbound: Outbound, publisher: Publisher, coding: str
) -> None:
    bomb = PACKERS[coding](b"a" * 50_000_000)
    publisher.answers["/"] = reply(bomb, Content_Encoding=coding)

    with pytest.raises(OutboundError) as caught:
        await get(outbound, publisher.url(), max_bytes=1_000_000)

    assert caught.value.reason == "too-large"


@pytest.mark.parametrize("coding", PACKERS)
async def test_a_body_that_grows_beyond_reason_is_refused_below_the_limit(
    outbound: Outbound, publisher: Publisher, coding: str
) -> None:
    bomb = PACKERS[coding](b"a" * 5_000_000)
    publisher.answers["/"] = reply(bomb, Content_Encoding=coding)

    with pytest.raises(OutboundError, match="200-fold"):
        await get(outbound, publisher.url(), max_bytes=10_000_000)


async def test_a_hop_to_another_host_waits_for_its_turn_there(
    outbound: Outbound, publisher: Publisher
) -> None:
    visits: list[str] = []

    @asynccontextmanager
    async def visit(host: str) -> AsyncIterator[None]:
        visits.append(f"to {host}")
        yield
        visits.append(f"from {host}")

    publisher.answers |= {
        "/a": reply(status="302 Found", Location="/b"),
        "/b": reply(status="302 Found", Location="http://elsewhere/c"),
    }

    with pytest.raises(OutboundRefusedError, match="elsewhere"):
        await outbound.get(
            publisher.url("/a"), headers={}, timeout=PLENTY, max_bytes=10, visit=visit
        )

    assert visits == ["to elsewhere"]
    assert publisher.paths() == ["/a", "/b"]


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


TEXT = b"one long feed " * 1000


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        pytest.param("gzip", gzip.compress(TEXT), id="gzip"),
        pytest.param("x-gzip", gzip.compress(TEXT), id="gzip by its old name"),
        pytest.param(
            "gzip",
            gzip.compress(TEXT[:700]) + gzip.compress(TEXT[700:]),
            id="gzip in two members",
        ),
        pytest.param("deflate", zlib.compress(TEXT), id="deflate as specified"),
        pytest.param("deflate", _raw_deflate(TEXT), id="deflate as often sent"),
        pytest.param("br", brotli.compress(TEXT), id="brotli"),
        pytest.param("br", brotli.compress(TEXT, quality=0), id="brotli in a hurry"),
        pytest.param("identity", TEXT, id="nothing"),
    ],
)
async def test_content_codings_are_undone(
    outbound: Outbound, publisher: Publisher, coding: str, body: bytes
) -> None:
    publisher.answers["/"] = reply(body, Content_Encoding=coding)

    answer = await get(outbound, publisher.url())

    assert answer.body == TEXT


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        pytest.param(
            {"Content_Encoding": "gzip"},
            gzip.compress(TEXT)[:-20],
            "truncated",
            id="gzip cut off",
        ),
        pytest.param(
            {"Content_Encoding": "deflate"},
            zlib.compress(TEXT)[:-8],
            "truncated",
            id="deflate cut off",
        ),
        pytest.param(
            {"Content_Encoding": "br"},
            brotli.compress(TEXT)[:-1],
            "truncated",
            id="brotli cut off",
        ),
        pytest.param(
            {"Content_Encoding": "br"},
            brotli.compress(TEXT) + b"x",
            "encoding",
            id="more after brotli",
        ),
        pytest.param(
            {"Content_Encoding": "br"}, b"not brotli", "encoding", id="no brotli at all"
        ),
        pytest.param(
            {"Content_Encoding": "gzip"},
            gzip.compress(TEXT) + b"x",
            "truncated",
            id="more after gzip",
        ),
        pytest.param(
            {"Content_Encoding": "gzip"}, b"not gzip", "encoding", id="no gzip at all"
        ),
        pytest.param(
            {"Content_Encoding": "gzip, gzip"}, b"", "encoding", id="two codings"
        ),
        pytest.param(
            {"content_length": "99999"}, TEXT, "truncated", id="shorter than announced"
        ),
    ],
)
async def test_a_damaged_body_is_an_error_and_not_a_short_feed(
    outbound: Outbound,
    publisher: Publisher,
    headers: dict[str, str],
    body: bytes,
    reason: str,
) -> None:
    publisher.answers["/"] = reply(body, **headers)

    with pytest.raises(OutboundError) as caught:
        await get(outbound, publisher.url())

    assert caught.value.reason == reason


async def test_a_refused_connection_is_an_error(outbound: Outbound) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

        with pytest.raises(OutboundError) as caught:
            await get(outbound, f"http://127.0.0.1:{port}/")

    assert caught.value.reason == "connect"


@pytest.mark.parametrize("url", ["ftp://here/", "here", "", "http://", "http://\x00/"])
async def test_what_is_no_web_address_is_named_as_such(
    outbound: Outbound, url: str
) -> None:
    with pytest.raises(OutboundError) as caught:
        await get(outbound, url)

    assert (caught.value.reason, caught.value.retryable) == ("address", False)


async def test_errors_do_not_repeat_what_may_be_secret(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/T0/B0/key"] = reply(b"x", content_length="99")
    url = publisher.url("/T0/B0/key").replace("http://", "http://user:word@")

    with pytest.raises(OutboundError) as caught:
        await get(outbound, url)

    assert "key" not in str(caught.value)
    assert "word" not in str(caught.value)


# POST


async def test_a_post_sends_its_body_and_brings_the_answer(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/hook"] = reply(b"thanks", "202 Accepted")

    answer = await outbound.post(
        publisher.url("/hook"),
        body=b'{"a": 1}',
        headers={"content-type": "application/json"},
        timeout=PLENTY,
    )

    assert (answer.status, answer.body) == (202, b"thanks")
    path, headers, body = publisher.requests[0]
    assert (path, body) == ("/hook", b'{"a": 1}')
    assert headers["content-type"] == "application/json"


async def test_a_post_follows_no_redirect(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/hook"] = reply(status="307 Moved", Location="/other")

    answer = await outbound.post(
        publisher.url("/hook"), body=b"x", headers={}, timeout=PLENTY
    )

    assert (answer.status, publisher.paths()) == (307, ["/hook"])


async def test_an_accepted_post_counts_though_its_reply_is_cut_off(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/hook"] = reply(b"tha", content_length="99")

    answer = await outbound.post(
        publisher.url("/hook"), body=b"x", headers={}, timeout=PLENTY
    )

    assert answer.status == 200


async def test_a_post_to_an_inner_address_is_refused(publisher: Publisher) -> None:
    client = Outbound(user_agent="wirewatch-test", resolver=Names())

    with pytest.raises(OutboundRefusedError):
        await client.post(publisher.url(), body=b"x", headers={}, timeout=PLENTY)
    await client.aclose()

    assert publisher.connections == 0
