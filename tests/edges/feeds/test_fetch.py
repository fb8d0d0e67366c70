from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import pytest

from monitor.clock import SystemClock
from monitor.errors import FetchError
from monitor.feed_model import FeedState
from monitor.feeds.fetch import fetch
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


@pytest.mark.parametrize(
    ("chain", "moved_to"),
    [
        pytest.param(["301 Moved"], "/1", id="one permanent redirect"),
        pytest.param(["308 Moved", "301 Moved"], "/2", id="two of them"),
        pytest.param(["301 Moved", "302 Found"], "/1", id="a temporary one after it"),
        pytest.param(["302 Found", "301 Moved"], "", id="a temporary one before it"),
        pytest.param([], "", id="none"),
    ],
)
async def test_only_permanent_redirects_move_a_feed(
    outbound: Outbound, publisher: Publisher, chain: list[str], moved_to: str
) -> None:
    for place, status in enumerate(chain):
        to = publisher.url(f"/{place + 1}")
        publisher.answers[f"/{place}"] = reply(status=status, Location=to)
    publisher.answers[f"/{len(chain)}"] = reply(b"x", Cache_Control="max-age=60")
    url = publisher.url("/0")
    state = FeedState(id="a", url=url, next_poll_at=NOON)

    fetched = await fetch(outbound, feed(url=url), state, SystemClock())

    assert fetched.moved_to == (publisher.url(moved_to) if moved_to else "")
    assert fetched.max_age == timedelta(minutes=1)


async def test_a_feed_that_has_moved_is_asked_at_its_new_address(
    outbound: Outbound, publisher: Publisher
) -> None:
    publisher.answers["/new"] = reply(b"x")
    url = publisher.url("/old")
    state = FeedState(
        id="a",
        url=url,
        etag='"1"',
        moved_to=publisher.url("/new"),
        moves=3,
        next_poll_at=NOON,
    )

    await fetch(outbound, feed(url=url), state, SystemClock())

    assert publisher.paths() == ["/new"]
    assert publisher.requests[0][1]["if-none-match"] == '"1"'
