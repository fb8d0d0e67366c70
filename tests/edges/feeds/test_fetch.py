from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import pytest

from monitor.clock import SystemClock
from monitor.errors import FetchError
from monitor.feeds.fetch import fetch
from monitor.model import FeedState
from monitor.outbound import Outbound
from tests.edges.feeds.publisher import Publisher, publishing, reply
from tests.factories import NOON, feed


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing() as running:
        yield running


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    client = Outbound(user_agent="wirewatch-test", allow=[ip_network("127.0.0.1/32")])
    yield client
    await client.aclose()


async def test_validators_of_another_address_are_not_sent(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(b"x")
    state = FeedState(
        id="a", url="https://old.example/", etag='"old"', next_poll_at=NOON
    )

    await fetch(outbound, feed(url=publisher.url("/feed")), state, SystemClock())

    assert "if-none-match" not in publisher.requests[0][1]


async def test_a_validator_too_long_to_send_back_is_not_kept(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(b"x", ETag=f'"{"e" * 5000}"')
    url = publisher.url("/feed")
    state = FeedState(id="a", url=url, next_poll_at=NOON)

    fetched = await fetch(outbound, feed(url=url), state, SystemClock())

    assert fetched.etag == ""


async def test_an_error_status_is_an_error_with_its_facts(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/feed"] = reply(status="429 Slow", Retry_After="60")
    url = publisher.url("/feed")
    state = FeedState(id="a", url=url, next_poll_at=NOON)

    with pytest.raises(FetchError) as caught:
        await fetch(outbound, feed(url=url), state, SystemClock())

    assert (caught.value.status, caught.value.retry_after) == (
        429,
        timedelta(minutes=1),
    )
