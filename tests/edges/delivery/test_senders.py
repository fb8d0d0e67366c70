"""One attempt at a time: what counts as accepted, what is said when it is not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.delivery.senders import Sender, SlackSender, WebhookSender
from monitor.errors import DeliveryError, OutboundError, OutboundRefusedError
from monitor.outbound import Answer
from tests.edges.delivery.bench import Bench, notification
from tests.edges.delivery.desk import desk
from tests.edges.delivery.fake_outbox import HandClock
from tests.factories import NOON, receiver

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOCK = SystemClock()


class Telling:
    """Answer every post in one way."""

    def __init__(self, outcome: Answer | Exception) -> None:
        self.outcome = outcome

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,
        max_bytes: int,
    ) -> Answer:
        assert max_bytes <= 64 * 1024
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, url="", headers=named, body=body)


async def refusal(outcome: Answer | Exception, kind: str = "webhook") -> DeliveryError:
    poster = Telling(outcome)
    clock = HandClock(NOON)
    sender: Sender = WebhookSender(poster, clock)
    if kind == "slack":
        sender = SlackSender(poster, clock)
    with pytest.raises(DeliveryError) as caught:
        await sender.send(notification(1, "desk"), receiver(kind=kind))
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_acceptance_for_a_webhook(status: int) -> None:
    sender = WebhookSender(Telling(answer(status)), CLOCK)

    await sender.send(notification(1, "desk"), receiver())


@pytest.mark.parametrize("body", [b"ok", b"ok\n"])
async def test_slack_accepts_with_ok(body: bytes) -> None:
    sender = SlackSender(Telling(answer(200, body)), CLOCK)

    await sender.send(notification(1, "desk"), receiver(kind="slack"))


@pytest.mark.parametrize("body", [b"", b"no_service", b"<html>sign in</html>"])
async def test_slack_with_another_body_is_no_acceptance(body: bytes) -> None:
    error = await refusal(answer(200, body), "slack")

    assert error.retryable
    assert error.status == 200


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        *((status, True) for status in (400, 401, 403, 404, 408, 413, 422, 429)),
        *((status, True) for status in (500, 502, 503, 504, 301, 308)),
        (410, False),
    ],
)
async def test_only_410_ends_the_tries(status: int, retryable: bool) -> None:
    error = await refusal(answer(status))

    assert error.retryable is retryable
    assert error.status == status
    assert str(error).startswith(f'receiver "desk": answered {status}; ')


async def test_the_reason_that_slack_gives_is_told() -> None:
    error = await refusal(answer(403, b"invalid_token"), "slack")

    assert str(error) == (
        'receiver "desk": answered 403 (invalid_token); check its url and secrets'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("30", timedelta(seconds=30), id="seconds"),
        pytest.param("Tue, 13 Oct 2015 12:01:00 GMT", timedelta(minutes=1), id="date"),
    ],
)
async def test_the_wait_a_receiver_asks_for_is_handed_on(
    value: str, expected: timedelta
) -> None:
    error = await refusal(answer(503, retry_after=value))

    assert error.retry_after == expected


@pytest.mark.parametrize(
    "outcome",
    [
        OutboundRefusedError("10.0.0.1: not a public address; allow it"),
        OutboundError("127.0.0.1: no connection", reason="connect"),
        OutboundError("address: broken", reason="address", retryable=False),
    ],
)
async def test_no_answer_is_tried_again_since_the_configuration_may_change(
    outcome: Exception,
) -> None:
    error = await refusal(outcome)

    assert error.retryable
    assert str(error) == f'receiver "desk": {outcome}'


async def test_redirects_are_not_followed(bench: Bench) -> None:
    async with desk() as elsewhere, desk() as told:
        told.answers.append((307, {"location": elsewhere.url}, b""))
        sender = WebhookSender(bench.poster, CLOCK)
        with pytest.raises(DeliveryError, match="redirects are not followed"):
            await sender.send(notification(1, "desk"), receiver(url=told.url))

    assert elsewhere.posts == []


async def test_a_huge_answer_is_not_read_and_does_not_undo_acceptance(
    bench: Bench,
) -> None:
    async with desk(default=(200, {}, b"x" * 10_000_000)) as told:
        sender = WebhookSender(bench.poster, CLOCK)
        await sender.send(notification(1, "desk"), receiver(url=told.url))

    assert len(told.posts) == 1
