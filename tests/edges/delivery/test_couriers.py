"""Couriers over real HTTP: what arrives, when, and how often."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from monitor.clock import SystemClock
from monitor.delivery.courier import LEASE_MARGIN
from monitor.errors import StateError
from tests.edges.delivery.bench import Bench, notification, running, until
from tests.edges.delivery.desk import HANG, desk
from tests.edges.delivery.fake_outbox import FakeOutbox, HandClock
from tests.factories import NOON, receiver

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.model import Notification, Receiver

SECOND = timedelta(seconds=1)
NEW, OLD = "whsec_bmV3bmV3bmV3bmV3bmV3bmV3", "whsec_b2xkb2xkb2xkb2xkb2xkb2xk"


async def test_a_webhook_is_signed_so_that_its_receiver_can_verify_it(
    bench: Bench,
) -> None:
    async with desk() as told:
        to = receiver(url=told.url)
        bench.outbox.put(sent := notification(1, "desk"))
        async with running(bench.couriers(to)):
            await until(lambda: bench.outbox.states() == {sent.id: "delivered"})

    post = told.posts[0]
    Webhook(to.secrets[0]).verify(post.body, post.headers)
    assert post.headers["webhook-id"] == sent.id
    assert post.headers["content-type"] == "application/json"
    assert post.body == sent.body


@pytest.mark.parametrize("known", [NEW, OLD])
async def test_while_keys_rotate_either_verifies(bench: Bench, known: str) -> None:
    async with desk() as told:
        bench.outbox.put(notification(1, "desk"))
        to = receiver(url=told.url, secrets=(NEW, OLD))
        async with running(bench.couriers(to)):
            await until(lambda: len(told.posts) == 1)

    post = told.posts[0]
    Webhook(known).verify(post.body, post.headers)
    assert len(post.headers["webhook-signature"].split(" ")) == 2


async def test_a_webhook_without_keys_has_an_id_and_a_time(bench: Bench) -> None:
    async with desk() as told:
        bench.outbox.put(notification(1, "desk"))
        async with running(bench.couriers(receiver(url=told.url, secrets=()))):
            await until(lambda: len(told.posts) == 1)

    assert "webhook-signature" not in told.posts[0].headers
    assert told.posts[0].headers.keys() > {"webhook-id", "webhook-timestamp"}


async def test_an_error_is_tried_again_with_the_same_id_and_bytes(
    bench: Bench,
) -> None:
    clock = HandClock(NOON)
    async with desk(500) as told:
        bench.outbox.put(sent := notification(1, "desk", clock))
        async with running(bench.couriers(receiver(url=told.url), clock=clock)):
            await until(lambda: bench.outbox.rows[sent.id].attempts == 1)
            due = bench.outbox.rows[sent.id].due_at
            clock.at = due
            await until(lambda: bench.outbox.states() == {sent.id: "delivered"})

    assert 4 * SECOND <= due - NOON <= 6 * SECOND
    first, second = told.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == sent.id
    assert first.body == second.body == sent.body
    assert bench.count("delivery_attempts_total", receiver="desk", outcome="retry") == 1
    assert bench.count("alert_delay_seconds_count") == 1


async def test_a_receiver_that_is_down_gets_everything_when_it_is_up(
    bench: Bench,
) -> None:
    clock = HandClock(NOON)
    async with desk() as told:
        await told.close()
        bench.outbox.put(*(notification(n, "desk", clock) for n in range(9)))
        with capture_logs() as logs:
            async with running(bench.couriers(receiver(url=told.url), clock=clock)):
                rows = bench.outbox.rows.values()
                await until(lambda: all(row.attempts == 1 for row in rows))
                await told.open()
                clock.advance(7 * SECOND)
                await until(lambda: all(row.state == "delivered" for row in rows))

    assert len({post.headers["webhook-id"] for post in told.posts}) == 9
    said = [line["event"] for line in logs]
    assert said == ["receiver fails", "receiver works again"]


async def test_retry_after_is_honoured(bench: Bench) -> None:
    clock = HandClock(NOON)
    async with desk() as told:
        told.answers.append((429, {"retry-after": "3600"}, b""))
        bench.outbox.put(sent := notification(1, "desk", clock))
        async with running(bench.couriers(receiver(url=told.url), clock=clock)):
            await until(lambda: bench.outbox.rows[sent.id].attempts == 1)

    assert bench.outbox.rows[sent.id].due_at == NOON + timedelta(hours=1)


async def test_410_ends_a_notification_at_once(bench: Bench) -> None:
    async with desk(410) as told:
        bench.outbox.put(sent := notification(1, "desk"))
        async with running(bench.couriers(receiver(url=told.url))):
            await until(lambda: bench.outbox.states() == {sent.id: "dead"})

    assert "answered 410" in bench.outbox.rows[sent.id].error
    assert bench.count("delivery_attempts_total", receiver="desk", outcome="dead") == 1


async def test_three_days_of_refusals_end_in_a_dead_letter(bench: Bench) -> None:
    clock = HandClock(NOON)
    async with desk(default=(404, {}, b"")) as told:
        bench.outbox.put(sent := notification(1, "desk", clock))
        async with running(
            couriers := bench.couriers(receiver(url=told.url), clock=clock)
        ):
            row = bench.outbox.rows[sent.id]
            for attempt in range(1, 11):
                await until(lambda n=attempt: row.attempts == n)  # type: ignore[misc]
                clock.at = max(clock.at, row.due_at)
                couriers.wake()

    assert row.state == "dead"
    assert len(told.posts) == 10
    assert {post.body for post in told.posts} == {sent.body}
    hours = (clock.at - NOON) / timedelta(hours=1)
    assert 75.6 * 0.8 <= hours <= 75.6 * 1.2


async def test_a_hanging_receiver_delays_nobody_else(bench: Bench) -> None:
    async with desk(default=(HANG, {}, b"")) as hung, desk() as good:
        slow = receiver(name="slow", url=hung.url, timeout=30 * SECOND)
        bench.outbox.put(*(notification(n, "slow") for n in range(20)))
        bench.outbox.put(*(notification(100 + n, "desk") for n in range(20)))
        async with running(bench.couriers(slow, receiver(url=good.url))):
            await until(lambda: len(good.posts) == 20, seconds=3)
            await hung.close()

    assert len(hung.posts) == 4


async def test_a_hanging_attempt_ends_with_its_timeout(bench: Bench) -> None:
    async with desk(HANG) as told:
        bench.outbox.put(sent := notification(1, "desk"))
        to = receiver(url=told.url, timeout=timedelta(seconds=0.2))
        async with running(bench.couriers(to)):
            await until(lambda: bench.outbox.rows[sent.id].attempts == 1, seconds=2)

    assert "0.2 s" in bench.outbox.rows[sent.id].error


async def test_a_crash_between_sending_and_marking_sends_the_same_again(
    bench: Bench,
) -> None:
    clock = HandClock(NOON)
    async with desk() as told:
        to = receiver(url=told.url)
        bench.outbox.put(sent := notification(1, "desk", clock))
        bench.outbox.lose_marks = True
        async with running(bench.couriers(to, clock=clock)):
            await until(lambda: len(told.posts) == 1)
        bench.outbox.lose_marks = False
        async with running(couriers := bench.couriers(to, clock=clock)):
            clock.advance(to.timeout)
            couriers.wake()
            await asyncio.sleep(0.05)
            while_leased = len(told.posts)
            clock.advance(LEASE_MARGIN)
            couriers.wake()
            await until(lambda: bench.outbox.states() == {sent.id: "delivered"})

    assert while_leased == 1
    first, second = told.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_who_is_woken_need_not_look(bench: Bench) -> None:
    never = timedelta(hours=1)
    async with desk() as told:
        couriers = bench.couriers(receiver(url=told.url), look_every=never)
        async with running(couriers) as woken:
            await asyncio.sleep(0.05)
            bench.outbox.put(notification(1, "desk"))
            woken.wake()
            await until(lambda: len(told.posts) == 1)

    assert len(told.posts) == 1


async def test_a_state_that_is_away_is_named_once_and_asked_again(
    bench: Bench,
) -> None:
    async with desk() as told:
        bench.outbox.put(sent := notification(1, "desk"))
        bench.outbox.away = 3
        with capture_logs() as logs:
            async with running(bench.couriers(receiver(url=told.url))):
                await until(lambda: bench.outbox.states() == {sent.id: "delivered"})

    assert [line["event"] for line in logs] == [
        "dependency is away",
        "dependency is back",
    ]
    assert bench.count("dependency_retries_total", dependency="state") == 3


async def test_receivers_may_be_changed_while_running(bench: Bench) -> None:
    async with desk() as old, desk() as new:
        bench.outbox.put(notification(1, "desk"))
        async with running(couriers := bench.couriers(receiver(url=old.url))):
            await until(lambda: len(old.posts) == 1)
            moved, added = receiver(url=new.url), receiver(name="more", url=new.url)
            couriers.set_receivers({of.name: of for of in (moved, added)})
            bench.outbox.put(notification(2, "desk"), notification(3, "more"))
            await until(lambda: len(new.posts) == 2)
            couriers.set_receivers({"more": added})
            bench.outbox.put(gone := notification(4, "desk"), notification(5, "more"))
            await until(lambda: len(new.posts) == 3)

    assert bench.outbox.states()[gone.id] == "pending"
    assert len(old.posts) == 1


async def test_attempts_under_way_end_before_the_couriers_do(bench: Bench) -> None:
    async with desk(HANG) as told:
        bench.outbox.put(sent := notification(1, "desk"))
        to = receiver(url=told.url, timeout=timedelta(seconds=0.3))
        async with running(bench.couriers(to)):
            await until(lambda: len(told.posts) == 1)

    assert bench.outbox.rows[sent.id].attempts == 1


async def test_a_slack_receiver_is_told_in_order_one_at_a_time(bench: Bench) -> None:
    async with desk() as told:
        bench.outbox.put(*(notification(n, "room") for n in range(10)))
        async with running(
            bench.couriers(receiver(name="room", kind="slack", url=told.url))
        ):
            await until(lambda: len(told.posts) == 10)

    assert [post.body for post in told.posts] == [
        row.notification.body for row in bench.outbox.rows.values()
    ]


async def test_a_slack_receiver_gets_one_at_a_time(bench: Bench) -> None:
    async with desk(default=(HANG, {}, b"")) as told:
        room = receiver(name="room", kind="slack", url=told.url)
        bench.outbox.put(*(notification(n, "room") for n in range(4)))
        async with running(couriers := bench.couriers(room)):
            await until(lambda: len(told.posts) == 1)
            couriers.wake()
            await asyncio.sleep(0.05)
            under_way = len(told.posts)
            await told.close()

    assert under_way == 1


class Broken:
    """Fail in a way that no sender should."""

    def __init__(self, hangs: bool) -> None:
        self.hangs = hangs

    async def send(self, notification: Notification, receiver: Receiver) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        raise ZeroDivisionError(receiver.url)


@pytest.mark.parametrize(
    ("hangs", "said"),
    [
        pytest.param(False, "its sender broke (ZeroDivisionError)", id="raises"),
        pytest.param(True, "not accepted within 1.1 s", id="hangs"),
    ],
)
async def test_a_mistake_in_a_sender_loses_nothing(
    bench: Bench, hangs: bool, said: str
) -> None:
    bench.outbox.put(sent := notification(1, "desk"))
    to = receiver(timeout=SECOND / 10)
    async with running(bench.couriers(to, senders={"webhook": Broken(hangs)})):
        row = bench.outbox.rows[sent.id]
        await until(lambda: row.attempts == 1)

    assert row.state == "pending"
    assert said in row.error
    assert to.url not in row.error


class BrokenOutbox(FakeOutbox):
    async def delivered(self, notification_id: str, at: datetime) -> None:
        raise StateError("state: the table is gone; restore it")


async def test_an_outbox_that_is_broken_ends_the_couriers(bench: Bench) -> None:
    """The supervisor starts them again; hiding it would send for ever."""
    outbox = BrokenOutbox()
    async with desk() as told:
        outbox.put(notification(1, "desk"))
        couriers = bench.couriers(receiver(url=told.url), outbox=outbox)
        with pytest.raises(StateError, match="the table is gone"):
            async with asyncio.timeout(5):
                await couriers.run(asyncio.Event())

    assert len(told.posts) == 1


async def test_no_secret_reaches_a_log_or_the_outbox(bench: Bench) -> None:
    async with desk(500, 302, 200, HANG) as told:
        told.answers[2] = (200, {}, b"no_service")
        url = told.url + "/T0/B0/s3cret"
        to = receiver(name="room", kind="slack", url=url, timeout=SECOND / 5)
        bad = receiver(name="bad", url=told.url, secrets=("whsec_s3cre",))
        bench.outbox.put(*(notification(n, "room") for n in range(4)))
        bench.outbox.put(notification(9, "bad"))
        with capture_logs() as logs:
            async with running(bench.couriers(to, bad)):
                rows = bench.outbox.rows.values()
                await until(lambda: all(row.attempts == 1 for row in rows))

    errors = [row.error for row in rows]
    assert all(errors)
    assert "s3cre" not in repr(logs) + repr(errors) + repr(to)
    assert "/T0/" not in repr(logs) + repr(errors) + repr(to)


async def test_an_attempt_is_stamped_with_its_own_time(bench: Bench) -> None:
    async with desk(500) as told:
        bench.outbox.put(sent := notification(1, "desk"))
        clock = HandClock(SystemClock().now())
        async with running(bench.couriers(receiver(url=told.url), clock=clock)):
            await until(lambda: bench.outbox.rows[sent.id].attempts == 1)
            clock.advance(7 * SECOND)
            await until(lambda: len(told.posts) == 2)

    stamps = [int(post.headers["webhook-timestamp"]) for post in told.posts]
    assert stamps[1] - stamps[0] == 7


async def test_a_lease_taken_after_an_outage_is_not_over_already(bench: Bench) -> None:
    clock = HandClock(NOON)
    bench.outbox.put(first := notification(1, "desk", clock))
    bench.outbox.away = 3
    async with (
        desk(HANG) as told,
        running(bench.couriers(receiver(url=told.url), clock=clock)),
    ):
        await until(lambda: bench.outbox.away == 2)
        clock.advance(timedelta(hours=1))
        await until(lambda: len(told.posts) == 1)
        bench.outbox.put(second := notification(2, "desk", clock))
        await until(lambda: bench.outbox.states()[second.id] == "delivered")
        told.released.set()

    ids = [post.headers["webhook-id"] for post in told.posts]
    assert ids == [first.id, second.id]
