"""Subscriptions in the database: shared by processes, and what they mean for polls."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from monitor.feed_model import PollOutcome
from monitor.store.feeds import StoreFeedBook
from monitor.store.schema import feeds
from monitor.store.websub import UNSUBSCRIBE_TRIES, StoreSubscriptions
from tests.factories import NOON, feed

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store import Store
    from monitor.store.websub import Subscription

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
US = "https://us.example"


@pytest.fixture
def subscriptions(store: Store) -> StoreSubscriptions:
    return StoreSubscriptions(store)


async def offer(
    subscriptions: StoreSubscriptions, name: str, topic: str = "topic"
) -> bool:
    return await subscriptions.offered(
        name, "url", ["hub"], topic, callback=US, now=NOON, rest=HOUR
    )


async def claim(subscriptions: StoreSubscriptions, now: datetime) -> list[str]:
    found = await subscriptions.claim(now, 8, lambda n: 5 * MINUTE * (n + 1))
    return sorted(one.feed for one in found)


async def only(subscriptions: StoreSubscriptions) -> Subscription:
    (one,) = await subscriptions.list_all()
    return one


async def active(subscriptions: StoreSubscriptions) -> Subscription:
    """Give a subscription of feed "a" that is active for an hour."""
    await offer(subscriptions, "a")
    await claim(subscriptions, NOON)
    one = await only(subscriptions)
    await subscriptions.subscribed(
        one.token, "topic", until=NOON + HOUR, renew_at=NOON + 45 * MINUTE
    )
    return await only(subscriptions)


async def next_poll(store: Store, name: str = "a") -> datetime:
    query = select(feeds.c.next_poll_at).where(feeds.c.id == name)
    at: datetime = await store.run(lambda conn: conn.execute(query).scalar_one())
    return at


async def polled(store: Store, *names: str, after: timedelta = MINUTE) -> None:
    """Have feeds polled at noon, and next a while after."""
    book = StoreFeedBook(store)
    await book.sync([feed(id=name, interval=after) for name in names], NOON)
    await book.claim_due("p", NOON, MINUTE, 10)
    for name in names:
        outcome = PollOutcome(feed=name, at=NOON, next_poll_at=NOON + after)
        await book.finish("p", outcome)


async def test_processes_that_claim_together_ask_each_hub_once(
    subscriptions: StoreSubscriptions,
) -> None:
    for number in range(12):
        await offer(subscriptions, f"feed-{number}")
    claims = await asyncio.gather(
        *(claim(subscriptions, NOON) for _ in range(4)),
    )
    rest = await claim(subscriptions, NOON)

    asked = [name for names in claims for name in names] + rest
    assert len(asked) == len(set(asked)) == 12


async def test_processes_that_find_the_same_offer_make_one_subscription(
    subscriptions: StoreSubscriptions,
) -> None:
    made = await asyncio.gather(*(offer(subscriptions, "a") for _ in range(6)))

    assert sorted(made) == [False] * 5 + [True]
    assert len(await subscriptions.list_all()) == 1


async def test_what_was_asked_is_due_again_until_it_is_verified(
    subscriptions: StoreSubscriptions,
) -> None:
    await offer(subscriptions, "a")
    claims = [
        await claim(subscriptions, NOON + minutes * MINUTE)
        for minutes in (0, 4, 5, 14, 15)
    ]

    assert claims == [["a"], [], ["a"], [], ["a"]]
    assert (await only(subscriptions)).failures == 3


async def test_a_token_serves_only_its_topic_and_what_was_asked(
    subscriptions: StoreSubscriptions,
) -> None:
    await offer(subscriptions, "a")
    token = (await only(subscriptions)).token
    later = {"until": NOON + HOUR, "renew_at": NOON + HOUR}
    early = await subscriptions.subscribed(token, "topic", **later)
    await claim(subscriptions, NOON)
    answers = [
        await subscriptions.subscribed(token, "other", **later),
        await subscriptions.unsubscribed(token, "topic"),
        await subscriptions.subscribed("other", "topic", **later),
        await subscriptions.subscribed(token, "topic", **later),
    ]

    assert not early
    assert answers == [False, False, False, True]


async def test_a_failure_that_comes_after_the_verification_changes_nothing(
    subscriptions: StoreSubscriptions,
) -> None:
    one = await active(subscriptions)
    await subscriptions.failed(
        one.token, "no answer", was_answered=False, not_before=NOON + 2 * HOUR
    )

    assert await only(subscriptions) == one


async def test_a_feed_that_is_gone_is_unsubscribed_and_a_moved_one_too(
    subscriptions: StoreSubscriptions,
) -> None:
    one = await active(subscriptions)
    await subscriptions.sync({"a": "url"}, US, NOON)
    same = await only(subscriptions)
    await subscriptions.sync({"a": "another url"}, US, NOON)
    ended = await only(subscriptions)
    asked = await claim(subscriptions, NOON)
    done = await subscriptions.unsubscribed(one.token, "topic")

    assert same == one
    assert not ended.wanted
    assert (asked, done) == (["a"], True)
    assert await subscriptions.list_all() == []


async def test_what_no_hub_had_verified_is_forgotten_without_a_word(
    subscriptions: StoreSubscriptions,
) -> None:
    await offer(subscriptions, "a")
    await subscriptions.sync({}, "", NOON)

    assert await subscriptions.list_all() == []


async def test_another_callback_gets_subscriptions_of_its_own(
    subscriptions: StoreSubscriptions,
) -> None:
    old = await active(subscriptions)
    await subscriptions.sync({"a": "url"}, "https://new.example", NOON)
    both = {one.wanted: one for one in await subscriptions.list_all()}

    assert both[False].token == old.token
    assert both[True].callback == "https://new.example"
    assert both[True].token != old.token
    assert both[True].secret != old.secret


async def test_a_hub_that_does_not_let_go_is_asked_a_few_times_only(
    subscriptions: StoreSubscriptions,
) -> None:
    await active(subscriptions)
    await subscriptions.sync({}, "", NOON)
    asked = 0
    for _ in range(20):
        asked += len(await subscriptions.claim(NOON, 8, lambda _: timedelta()))

    assert asked == UNSUBSCRIBE_TRIES
    assert await subscriptions.list_all() == []


async def test_only_polls_that_come_soon_of_pushed_feeds_are_put_off(
    store: Store, subscriptions: StoreSubscriptions
) -> None:
    await polled(store, "a", "b")
    await active(subscriptions)

    async def put_off(at: timedelta, pace: timedelta) -> int:
        return await subscriptions.put_off_polls(
            NOON + at, timedelta(seconds=20), lambda _: pace
        )

    numbers = [
        await put_off(timedelta(), 12 * MINUTE),
        await put_off(timedelta(seconds=50), 12 * MINUTE),
        await put_off(timedelta(seconds=50), 12 * MINUTE),
        await put_off(timedelta(minutes=11.9), 12 * MINUTE),
    ]

    assert numbers == [0, 1, 0, 0]
    assert await next_poll(store, "a") == NOON + 12 * MINUTE
    assert await next_poll(store, "b") == NOON + MINUTE


async def test_a_lease_that_ends_brings_the_poll_back(
    store: Store, subscriptions: StoreSubscriptions
) -> None:
    await polled(store, "a", after=3 * HOUR)
    await active(subscriptions)
    before = await subscriptions.end_leases(NOON + 59 * MINUTE, {"a": MINUTE})
    ended = await subscriptions.end_leases(NOON + HOUR, {"a": MINUTE})

    assert (before, ended) == ([], ["a"])
    assert await next_poll(store) == NOON + HOUR + MINUTE
    assert (await only(subscriptions)).active_until is None


async def test_a_denial_brings_the_poll_back(
    store: Store, subscriptions: StoreSubscriptions
) -> None:
    await polled(store, "a", after=3 * HOUR)
    one = await active(subscriptions)
    due = {"due_at": NOON + HOUR, "poll_at": NOON + MINUTE}
    other = await subscriptions.denied(one.token, "other", reason="no", **due)
    done = await subscriptions.denied(one.token, "topic", reason="no", **due)

    assert (other, done) == (False, True)
    assert await next_poll(store) == NOON + MINUTE


async def test_a_push_and_a_poll_never_hold_a_feed_together(
    store: Store, subscriptions: StoreSubscriptions
) -> None:
    await polled(store, "a")
    book = StoreFeedBook(store)
    pushes = await asyncio.gather(
        *(subscriptions.claim_feed(f"p{n}", "a", NOON, HOUR) for n in range(5))
    )
    due = await book.claim_due("poll", NOON + MINUTE, MINUTE, 10)
    owner = next(f"p{n}" for n, state in enumerate(pushes) if state)
    await subscriptions.release_feed("somebody", "a")
    still = await subscriptions.claim_feed("x", "a", NOON, HOUR)
    await subscriptions.release_feed(owner, "a", poll_at=NOON)
    now_due = await book.claim_due("poll", NOON, MINUTE, 10)
    beside = await subscriptions.claim_feed("x", "a", NOON, HOUR)

    assert sum(state is not None for state in pushes) == 1
    assert (due, still, beside) == ([], None, None)
    assert [state.id for state in now_due] == ["a"]


async def test_a_subscription_shows_neither_token_nor_secret(
    subscriptions: StoreSubscriptions,
) -> None:
    one = await active(subscriptions)

    assert one.secret not in repr(one)
    assert one.token[:5] not in repr(one)
