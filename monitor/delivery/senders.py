"""Make one attempt to deliver a notification: webhook, Slack, console.

A sender returns when the receiver has accepted, and raises DeliveryError otherwise,
without a word of the receiver's address or keys. When to try again is the courier's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from monitor.delivery.console import ConsoleSender
from monitor.delivery.retry import GONE
from monitor.errors import DeliveryError, OutboundError, OutboundRefusedError
from monitor.outbound.retry_after import read_retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import TextIO

    from monitor.clock import Clock
    from monitor.model import Notification, Receiver
    from monitor.outbound import Answer

MAX_ANSWER_BYTES = 64 * 1024

_SLACK_REASON = re.compile(rb"[a-z_]{3,60}")


class Poster(Protocol):
    """Post bytes to an address; follow no redirect."""

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout: timedelta,
        max_bytes: int,
    ) -> Answer:
        """Return the answer, whatever its status.

        Raises:
            OutboundRefusedError: the address may not be connected to.
            OutboundError: no usable answer.
        """
        ...


class Sender(Protocol):
    """Deliver notifications to receivers of one kind."""

    async def send(self, notification: Notification, receiver: Receiver) -> None:
        """Deliver one notification.

        Raises:
            DeliveryError: the receiver did not accept it.
        """
        ...


def make_senders(poster: Poster, stream: TextIO, clock: Clock) -> dict[str, Sender]:
    """Return a sender for every kind of receiver.

    Args:
        stream: where console receivers print.
    """
    return {
        "console": ConsoleSender(stream),
        "slack": SlackSender(poster, clock),
        "webhook": WebhookSender(poster, clock),
    }


class WebhookSender:
    """Post notifications signed after the Standard Webhooks specification."""

    def __init__(self, poster: Poster, clock: Clock) -> None:
        self._poster = poster
        self._clock = clock

    async def send(self, notification: Notification, receiver: Receiver) -> None:
        """Post the body with id, time and one signature per key, newest first."""
        headers = signed_headers(notification, receiver, self._clock)
        await _post(self._poster, self._clock, notification, receiver, headers)


class SlackSender:
    """Post notifications to a Slack incoming webhook."""

    def __init__(self, poster: Poster, clock: Clock) -> None:
        self._poster = poster
        self._clock = clock

    async def send(self, notification: Notification, receiver: Receiver) -> None:
        """Post the body; only Slack's own "ok" counts as acceptance."""
        headers = {"content-type": notification.content_type}
        answer = await _post(self._poster, self._clock, notification, receiver, headers)
        if answer.body.strip() != b"ok":
            raise DeliveryError(
                f'receiver "{receiver.name}": answered {answer.status}, but not "ok"; '
                "check that its url is a Slack incoming webhook",
                status=answer.status,
            )


def signed_headers(
    notification: Notification, receiver: Receiver, clock: Clock
) -> dict[str, str]:
    """Return the headers of a webhook; without keys there is no signature.

    Raises:
        DeliveryError: a key is not what `whsec_` promises.
    """
    at = clock.now()
    headers = {
        "content-type": notification.content_type,
        "webhook-id": notification.id,
        "webhook-timestamp": str(int(at.timestamp())),
    }
    try:
        signatures = [
            Webhook(secret).sign(notification.id, at, notification.body.decode())
            for secret in receiver.secrets
        ]
    except (ValueError, RuntimeError, EmptyWebhookSecretError):
        # No `from`: the cause might quote the key.
        raise DeliveryError(
            f'receiver "{receiver.name}": a secret is not "whsec_" and base64; '
            "correct it in the configuration"
        ) from None
    if signatures:
        headers["webhook-signature"] = " ".join(signatures)
    return headers


async def _post(
    poster: Poster,
    clock: Clock,
    notification: Notification,
    receiver: Receiver,
    headers: Mapping[str, str],
) -> Answer:
    place = f'receiver "{receiver.name}"'
    try:
        answer = await poster.post(
            receiver.url,
            body=notification.body,
            headers=headers,
            timeout=receiver.timeout,
            max_bytes=MAX_ANSWER_BYTES,
        )
    except (OutboundError, OutboundRefusedError) as error:
        raise DeliveryError(f"{place}: {error}") from error
    if 200 <= answer.status < 300:  # noqa: PLR2004 - what HTTP calls success
        return answer
    raise DeliveryError(
        f"{place}: answered {answer.status}{_reason(answer)}; {_advice(answer.status)}",
        retryable=answer.status != GONE,
        status=answer.status,
        retry_after=read_retry_after(
            answer.headers.get("retry-after", ""), clock.now()
        ),
    )


def _reason(answer: Answer) -> str:
    """Return Slack's one word for what is wrong, which is no secret."""
    word = answer.body.strip()
    return f" ({word.decode()})" if _SLACK_REASON.fullmatch(word) else ""


def _advice(status: int) -> str:
    if status == GONE:
        return "it wants no more; remove it from the configuration"
    if 300 <= status < 400:  # noqa: PLR2004 - what HTTP calls redirection
        return "redirects are not followed; give the final address"
    if status in {401, 403}:
        return "check its url and secrets"
    if status == 404:  # noqa: PLR2004 - not found
        return "check its url"
    return "it will be tried again"
