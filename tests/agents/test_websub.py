"""A subscriber against a hub, over real HTTP: the steps of websub.rocks, and failures.

The numbers in the ids are those of https://websub.rocks/subscriber.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from agents.websub import WebSub
from monitor.store.pauses import pause
from tests.agents.hub import Hub, hubbing, rss
from tests.agents.subscriber import Subscriber, subscribing, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ELSEWHERE = "http://127.0.0.1:9/"


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with hubbing() as hub:
        yield hub


async def subscribed(us: Subscriber, hub: Hub) -> None:
    """Wait until both sides know of the subscription."""
    await until(us.is_active, "the subscription to be verified")
    await until(lambda: hub.held, "the hub to hold the subscription")


def atom(hub: str, topic: str, around: str = "feed") -> bytes:
    """Return an Atom feed, or another document, that names its hub itself."""
    return (
        f'<{around} xmlns="http://www.w3.org/2005/Atom"><title>Wire</title>'
        f'<link rel="hub" href="{hub}"/><link rel="self" href="{topic}"/>'
        "<entry><id>first</id><title>first</title></entry>"
        f"</{around}>"
    ).encode()


def in_rss(hub: Hub) -> bytes:
    links = (
        f'<atom:link rel="hub" href="{hub.url}"/>'
        f'<atom:link rel="self" href="{hub.topic}"/>'
    )
    return rss("first", links=links)


@pytest.mark.parametrize("step", ["100 header", "102 Atom", "103 RSS", "104 priority"])
async def test_a_hub_is_found_and_subscribed_to(
    hub: Hub, tmp_path: Path, step: str
) -> None:
    hub.links = step in {"100 header", "104 priority"}
    if step == "102 Atom":
        hub.body = atom(hub.url, hub.topic)
    elif step == "103 RSS":
        hub.body = in_rss(hub)
    elif step == "104 priority":
        hub.body = atom(ELSEWHERE, ELSEWHERE)

    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        asked = hub.requests[0]
        status = await hub.push(rss("second", "first"))
        titles = await us.titles()

    assert hub.verified == [("subscribe", 200)]
    assert asked["hub.topic"] == hub.topic
    assert asked["hub.callback"].startswith(f"http://127.0.0.1:{us.port}/websub/")
    assert int(asked["hub.lease_seconds"]) == 864_000
    assert 32 <= len(asked["hub.secret"]) < 200
    assert status == 202
    assert titles == ["first", "second"]


@pytest.mark.parametrize(
    ("step", "path", "redirect"),
    [
        ("200 another self", "/feed", 0),
        ("201 topic moved for now", "/moved/302", 0),
        ("202 topic moved for good", "/moved/301", 0),
        ("203 hub moved for now", "/feed", 307),
        ("204 hub moved for good", "/feed", 308),
    ],
)
async def test_redirects_and_another_self_are_followed(
    hub: Hub, tmp_path: Path, step: str, path: str, redirect: int
) -> None:
    hub.redirect = redirect
    if step.startswith("200"):
        hub.topic = f"{hub.base}/feed?its=own"

    async with subscribing(tmp_path, hub.base + path) as us:
        await subscribed(us, hub)
        await hub.push(rss("second"))
        titles = await us.titles()

    assert hub.requests[0]["hub.topic"] == hub.topic
    assert titles == ["first", "second"]


async def test_only_what_was_asked_for_is_verified_205(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        (callback,) = hub.held
        stranger = callback[:-43] + "x" * 43
        answers = [
            await hub.get(callback, mode="subscribe", challenge="c", topic=ELSEWHERE),
            await hub.get(callback, mode="unsubscribe", challenge="c"),
            await hub.get(callback, mode="publish", challenge="c"),
            await hub.get(callback, mode="subscribe"),
            await hub.get(stranger, mode="subscribe", challenge="c"),
            await hub.get(callback[:-1], mode="subscribe", challenge="c"),
        ]
        again = await hub.get(callback, mode="subscribe", challenge="c")
        refused = us.counted("verifications_total", mode="subscribe", outcome="refused")

    assert [answer.status_code for answer in answers] == [404] * 6
    assert (again.status_code, again.text) == (200, "c")
    assert again.headers["content-type"].startswith("text/plain")
    assert refused == 3


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_a_signed_push_is_in_the_log_before_it_is_answered_300(
    hub: Hub, tmp_path: Path, method: str
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        status = await hub.push(rss("second"), method)
        titles = await us.titles()

    assert status == 202
    assert titles == ["first", "second"]


async def test_a_push_that_is_not_signed_as_agreed_is_ignored_301_302(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        statuses = [
            await hub.push(rss("forged"), secret="guessed"),  # noqa: S106
            await hub.push(rss("forged"), method=""),
            await hub.push(rss("forged"), method="md5"),
        ]
        titles = await us.titles()
        counted = us.counted("pushes_total", outcome="unsigned")

    assert statuses == [202] * 3
    assert titles == ["first"]
    assert counted == 3


async def test_what_is_pushed_and_polled_is_told_once(hub: Hub, tmp_path: Path) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        for _ in range(2):
            await hub.push(rss("second"))
        hub.body = rss("third", "second", "first")
        polls = hub.polls
        await us.poll_now()
        await until(lambda: hub.polls > polls, "a poll", 20)
        await until(lambda: _has(us, "third"), "the poll's entry")
        await hub.push(hub.body)
        titles = await us.titles()
        known = us.counted("pushes_total", outcome="known")

    assert titles == ["first", "second", "third"]
    assert known == 2


async def _has(us: Subscriber, title: str) -> bool:
    return title in await us.titles()


async def test_an_edit_that_comes_by_many_pushes_at_once_is_one_revision(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        edited = rss("first").replace(b"<title>first", b"<title>first, corrected")
        statuses = await asyncio.gather(*(hub.push(edited) for _ in range(6)))
        entries = await us.entries()

    assert set(statuses) == {202}
    assert [(entry.id, entry.revision) for entry in entries] == [
        ("first", 0),
        ("first", 1),
    ]


async def test_a_push_waits_for_a_poll_of_its_feed(hub: Hub, tmp_path: Path) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        lease = timedelta(seconds=30)
        await us.subscriptions.claim_feed("a poll", "wire", us.clock.now(), lease)
        pushing = asyncio.create_task(hub.push(rss("second")))
        await asyncio.sleep(0.5)
        waited, before = not pushing.done(), await us.titles()
        await us.subscriptions.release_feed("a poll", "wire")
        status = await pushing
        titles = await us.titles()

    assert (waited, before) == (True, ["first"])
    assert (status, titles) == (202, ["first", "second"])


async def test_a_push_of_a_paused_feed_is_ignored(hub: Hub, tmp_path: Path) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        now = us.clock.now()
        (feed,) = us.runtime.settings.feeds
        await us.runtime.store.run(lambda conn: pause(conn, feed, now))
        status = await hub.push(rss("second"))
        titles = await us.titles()
        counted = us.counted("pushes_total", outcome="paused")

    assert (status, titles, counted) == (202, ["first"], 1)


async def test_a_push_the_log_cannot_take_is_asked_for_again(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic, patience=1) as us:
        await subscribed(us, hub)
        await us.runtime.log.stop()
        late = await hub.push(rss("second"))
        soon = await us.next_poll()
        await us.runtime.log.start()
        again = await hub.push(rss("second"))
        titles = await us.titles()
        busy = us.counted("pushes_total", outcome="busy")

    assert (late, again, busy) == (503, 202, 1)
    assert soon <= timedelta()
    assert titles == ["first", "second"]


async def test_a_push_without_a_feed_brings_the_next_poll_forward(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        hub.body = rss("second", "first")
        status = await hub.push(b"there is news")
        us.look()
        await until(lambda: _has(us, "second"), "the poll", 20)

    assert status == 202


async def test_a_body_too_large_and_an_unknown_callback_are_refused(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        (callback,) = hub.held
        stranger = callback[:-43] + "x" * 43

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(9):
                yield bytes(1024**2)

        async with httpx.AsyncClient(trust_env=False) as client:
            announced = await client.post(callback, content=bytes(9 * 1024**2))
            streamed = await client.post(callback, content=chunks())
            unknown = await client.post(stranger, content=rss("forged"))

    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert unknown.status_code == 410


async def test_hubs_use_the_public_name_and_nobody_else_may(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        (callback,) = hub.held
        public = {"host": "news.example"}
        asked = {
            "hub.mode": "subscribe",
            "hub.topic": hub.topic,
            "hub.challenge": "c",
        }
        async with httpx.AsyncClient(trust_env=False, headers=public) as client:
            verified = await client.get(callback, params=asked)
            page = await client.get(f"http://127.0.0.1:{us.port}/api/websub")

    assert (verified.status_code, verified.text) == (200, "c")
    assert page.status_code == 421


async def test_polls_are_put_off_while_the_hub_pushes_and_not_after(
    hub: Hub, tmp_path: Path
) -> None:
    hub.lease = 3600
    feeds = {"wire": {"url": hub.topic, "interval": "10s"}}
    async with subscribing(tmp_path, hub.topic, feeds=feeds) as us:
        await subscribed(us, hub)
        await us.websub.tick()
        pushed = await us.next_poll()
        hub.status = 503
        us.clock.ahead = timedelta(seconds=3601)
        await us.subscriptions.end_leases(
            us.clock.now(), {"wire": timedelta(seconds=10)}
        )
        alone = await us.next_poll()

    assert timedelta(seconds=100) < pushed <= timedelta(seconds=121)
    assert alone <= timedelta(seconds=10)


async def test_a_lease_is_renewed_before_it_ends(hub: Hub, tmp_path: Path) -> None:
    hub.lease = 3600
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        before = await us.one()
        assert before is not None
        us.clock.ahead = timedelta(seconds=2600)
        await us.websub.tick()
        early = list(hub.modes)
        us.clock.ahead = timedelta(seconds=3000)
        await us.websub.tick()
        await until(lambda: len(hub.requests) == 2, "the renewal")
        after = await us.one()
        assert after is not None

    assert early == ["subscribe"]
    assert after.token == before.token
    assert after.active_until is not None
    assert before.active_until is not None
    moved = after.active_until - before.active_until
    assert timedelta(seconds=2990) < moved < timedelta(seconds=3010)


async def test_a_hub_that_fails_is_asked_again_ever_more_rarely(
    hub: Hub, tmp_path: Path
) -> None:
    hub.status, hub.headers = 503, {"retry-after": "7200"}
    async with subscribing(tmp_path, hub.topic) as us:
        await until(lambda: _has_failed(us), "the first failure")
        first = await us.one()
        assert first is not None
        first_wait = first.due_at - us.clock.now()
        hub.headers = {}
        waits = []
        for _ in range(3):
            one = await us.one()
            assert one is not None
            us.clock.ahead += one.due_at - us.clock.now()
            await us.websub.tick()
            one = await us.one()
            assert one is not None
            waits.append(round((one.due_at - us.clock.now()).total_seconds(), -1))
        hub.status = 202
        us.clock.ahead += timedelta(hours=1)
        await us.websub.tick()
        recovered = await us.one()

    assert timedelta(minutes=119) < first_wait <= timedelta(minutes=120)
    assert waits == [600, 1200, 2400]
    assert first.error == "127.0.0.1: the hub answered 503"
    assert recovered is not None
    assert (recovered.failures, recovered.error) == (0, "")


async def _has_failed(us: Subscriber) -> bool:
    one = await us.one()
    return one is not None and bool(one.error)


async def test_a_hub_that_denies_leaves_the_feed_to_polling(
    hub: Hub, tmp_path: Path
) -> None:
    hub.deny = "not you"
    async with subscribing(tmp_path, hub.topic) as us:
        await until(lambda: _has_failed(us), "the denial")
        one = await us.one()
        await us.websub.tick()
        async with httpx.AsyncClient(trust_env=False) as client:
            shown = await client.get(f"http://127.0.0.1:{us.port}/api/websub")

    assert hub.modes == ["subscribe"]
    assert one is not None
    assert one.active_until is None
    assert shown.json()["subscriptions"][0]["state"] == "failing"
    assert shown.json()["subscriptions"][0]["error"].endswith("denied it: not you")


async def test_a_removed_feed_is_unsubscribed(hub: Hub, tmp_path: Path) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        us.runtime.settings = us.settings(feeds={})
        await us.websub.reloaded(us.runtime.settings)
        await until(lambda: not hub.held, "the hub to let go")
        one = await us.one()

    assert hub.verified[-1] == ("unsubscribe", 200)
    assert one is None


async def test_switched_off_everything_is_unsubscribed_at_the_next_start(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
    port = us.port
    async with subscribing(tmp_path, hub.topic, websub={}, port=port) as us:
        await until(lambda: not hub.held, "the hub to let go")

    assert hub.modes == ["subscribe", "unsubscribe"]


async def test_without_a_callback_no_hub_is_asked(hub: Hub, tmp_path: Path) -> None:
    async with subscribing(tmp_path, hub.topic, websub={}) as us:
        await until(lambda: _has(us, "first"), "the poll")
        await us.websub.tick()
        one = await us.one()

    assert one is None
    assert hub.requests == []


async def test_another_hub_takes_the_place_of_the_first_but_not_at_once(
    hub: Hub, tmp_path: Path
) -> None:
    async with subscribing(tmp_path, hub.topic) as us:
        await subscribed(us, hub)
        moved = f"{hub.base}/feed?moved"
        old, hub.topic = hub.topic, moved
        now = us.clock.now()

        async def offered(after: timedelta) -> bool:
            return await us.subscriptions.offered(
                "wire",
                old,
                [hub.url],
                moved,
                callback=us.runtime.settings.websub_callback,
                now=now + after,
                rest=timedelta(hours=1),
            )

        soon = await offered(timedelta(minutes=59))
        later = await offered(timedelta(minutes=61))

    assert (soon, later) == (False, True)


async def test_what_a_killed_process_was_about_to_ask_is_asked_by_the_next(
    hub: Hub, tmp_path: Path
) -> None:
    """The claim stands in the state; a process that dies before it asks does no harm."""
    hub.status = 500
    async with subscribing(tmp_path, hub.topic) as us:
        await until(lambda: _has_failed(us), "the first failure")
        us.stop.set()
        one = await us.one()
        assert one is not None
        us.clock.ahead = one.due_at - us.clock.now() + timedelta(hours=1)
        claimed = await us.subscriptions.claim(
            us.clock.now(), 8, lambda _: timedelta(minutes=5)
        )
        hub.status = 202
        other = WebSub(us.runtime, "other")
        await other.tick()
        at_once = list(hub.modes)
        us.clock.ahead += timedelta(minutes=6)
        await other.tick()
        active = await us.is_active()
        await other.close()

    assert [one.feed for one in claimed] == ["wire"]
    assert at_once == ["subscribe"]
    assert active
