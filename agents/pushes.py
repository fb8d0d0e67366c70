"""Answer hubs: verify what was asked of them, and take what they push.

Every process with a web server does this, whoever asked the hub. The rules stand in
`monitor.feeds.websub`, what is remembered in `monitor.store.websub`.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import structlog

from agents.roles import append_entries
from monitor.errors import FeedError
from monitor.feed_model import Fetched, PollOutcome
from monitor.feeds import websub
from monitor.feeds.poll import Poll
from monitor.feeds.workers import ParseWorkers
from monitor.store.feeds import StoreFeedBook
from monitor.store.websub import StoreSubscriptions
from monitor.web.websub import PushReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agents.runtime import Runtime
    from monitor.model import Feed
    from monitor.outbound import Outbound
    from monitor.store.websub import Subscription
    from monitor.web.websub import Push, Standing

PUSH_SECONDS = 20.0
"""What a push may take, waiting for a poll of the feed included."""
PUSH_LEASE = timedelta(seconds=60)
LOOK_SECONDS = 0.1
NO_LEASE = ""
"""The owner that holds no lease: of its outcome the book keeps only the entries seen."""

Taken = Literal["new", "known", "unreadable", "busy", "paused"]

log = structlog.get_logger(__name__)


class Pushes:
    """Decide on what hubs say to the callbacks.

    Args:
        owner: names this process in leases.
        chance: returns a random number from 0 to 1, for the jitter.
        on_lease: called when a hub begins to push.
        patience: seconds that a hub is kept waiting for its answer.
    """

    def __init__(
        self,
        runtime: Runtime,
        owner: str,
        outbound: Outbound,
        *,
        chance: Callable[[], float],
        on_lease: Callable[[], None],
        patience: float = PUSH_SECONDS,
    ) -> None:
        self._runtime = runtime
        self._owner = owner
        self._chance = chance
        self._on_lease = on_lease
        self._patience = patience
        self._book = StoreFeedBook(runtime.store)
        self._subscriptions = StoreSubscriptions(runtime.store)
        self._workers = ParseWorkers(1, on_kill=runtime.metrics.parse_kills.inc)
        self._poll = Poll(
            book=self._book,
            append=lambda record: append_entries(runtime, record),
            outbound=outbound,
            workers=self._workers,
            clock=runtime.clock,
            metrics=runtime.metrics,
            patience=runtime.patience,
            chance=chance,
        )
        self._told: dict[str, str] = {}

    async def close(self) -> None:
        """End the parse worker."""
        await self._workers.close()

    def tell(self, one: Subscription, why: str) -> None:
        """Log why a hub does not push as it should, once while that stays the same."""
        if self._told.get(one.feed) != why:
            self._told[one.feed] = why
            log.warning("hub does not push", feed=one.feed, hub=host(one.hub), why=why)

    # What hubs say

    async def is_open(self, token: str) -> bool:
        """Say whether a hub may push to this callback."""
        one = await self._subscriptions.find(token)
        return one is not None and one.wanted

    async def verify(self, token: str, query: str) -> str | None:
        """Return the challenge if a hub asks about what we asked for, else None.

        To a hub that denies, the empty text is the answer.
        """
        intent = websub.read_intent(query)
        answer = await self._verify(token, intent)
        if intent.mode in ("subscribe", "unsubscribe", "denied"):
            outcome = "refused" if answer is None else "confirmed"
            self._runtime.metrics.websub_answers.labels(intent.mode, outcome).inc()
        return answer

    async def _verify(self, token: str, intent: websub.Intent) -> str | None:
        now = self._runtime.clock.now()
        one = await self._subscriptions.find(token)
        if one is None or one.topic != intent.topic:
            return None
        if intent.mode == "denied":
            return await self._denied(one, intent)
        if not intent.challenge:
            return None
        if intent.mode == "unsubscribe":
            done = await self._subscriptions.unsubscribed(token, intent.topic)
            if done:
                log.info("hub stops pushing", feed=one.feed, hub=host(one.hub))
            return intent.challenge if done else None
        if intent.mode != "subscribe":
            return None
        lease = intent.lease or websub.LEASE
        done = await self._subscriptions.subscribed(
            token,
            intent.topic,
            until=now + lease,
            renew_at=websub.renewal_at(now, lease, self._chance()),
        )
        if done and one.active_until is None:
            self._told.pop(one.feed, None)
            log.info("hub pushes", feed=one.feed, hub=host(one.hub), lease=str(lease))
            self._on_lease()
        return intent.challenge if done else None

    async def _denied(self, one: Subscription, intent: websub.Intent) -> str | None:
        now = self._runtime.clock.now()
        feed = self._feed(one.feed)
        reason = f"{host(one.hub)}: the hub denied it: {intent.reason or 'no reason'}"
        await self._subscriptions.denied(
            one.token,
            intent.topic,
            reason=reason,
            due_at=now + websub.LONGEST_BACKOFF,
            poll_at=now + (feed.interval if feed else timedelta()),
        )
        self.tell(one, reason)
        return ""

    def _feed(self, name: str) -> Feed | None:
        feeds = self._runtime.settings.feeds
        return next((feed for feed in feeds if feed.id == name), None)

    async def reports(self) -> Sequence[PushReport]:
        """Return how every subscription stands."""
        return [
            PushReport(
                feed=one.feed,
                hub=host(one.hub),
                state=standing(one),
                error=one.error,
                active_until=one.active_until,
                pushed_at=one.pushed_at,
            )
            for one in await self._subscriptions.list_all()
        ]

    # What hubs push

    async def take(self, push: Push) -> bool:
        """Return True once what was pushed is in the log or rightly ignored."""
        one = await self._subscriptions.find(push.token)
        feed = self._feed(one.feed) if one else None
        if one is None or feed is None:
            return True
        if not websub.is_signed(push.body, push.signature, one.secret):
            # Answered as if it were right, so that nobody can try signatures (7.1).
            self._runtime.metrics.websub_pushes.labels("unsigned").inc()
            self.tell(one, "a push was not signed with our secret, and ignored")
            return True
        # A feed that goes on is polled, which brings what was ignored.
        is_off = await self._subscriptions.is_off(feed.id)
        taken = "paused" if is_off else await self._take(feed, one, push)
        self._runtime.metrics.websub_pushes.labels(taken).inc()
        return taken != "busy"

    async def _take(self, feed: Feed, one: Subscription, push: Push) -> Taken:
        """Treat a body as one that was polled, while no poll of the feed runs.

        Two at once could give two wordings of an entry the same revision.
        """
        owner = f"{self._owner} push {secrets.token_hex(4)}"
        taken: Taken = "busy"
        try:
            async with asyncio.timeout(self._patience):
                await self._lease(owner, feed)
                taken = await self._put(feed, one, push)
        except TimeoutError:
            taken = "busy"
        except FeedError as error:
            # A hub may only say that there is news; the poll brings it.
            taken = "unreadable"
            self.tell(one, f"a push could not be read: {error}")
        finally:
            bad = taken in ("busy", "unreadable")
            await self._subscriptions.release_feed(
                owner, feed.id, poll_at=self._runtime.clock.now() if bad else None
            )
        return taken

    async def _lease(self, owner: str, feed: Feed) -> None:
        """Wait until a running poll of the feed has ended, and hold the feed."""
        # Another process may have it, so there is nothing to be woken by.
        while True:
            now = self._runtime.clock.now()
            if await self._subscriptions.claim_feed(owner, feed.id, now, PUSH_LEASE):
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _put(self, feed: Feed, one: Subscription, push: Push) -> Taken:
        now = self._runtime.clock.now()
        fetched = Fetched(
            status=HTTPStatus.OK,
            url=one.topic,
            body=push.body,
            content_type=push.content_type,
            answered_at=now,
        )
        news = (await self._poll.take(feed, fetched)).fresh
        # Only what was seen: hubs may push the new entries alone, so what is missing
        # has not left the feed, and validators belong to what the publisher sends.
        await self._book.finish(
            NO_LEASE,
            PollOutcome(feed=feed.id, at=now, next_poll_at=now, seen=news.seen),
        )
        await self._subscriptions.pushed(one.token, now)
        if news.entries:
            log.info("feed pushed", feed=feed.id, new=len(news.entries))
        return "new" if news.entries else "known"


def standing(one: Subscription) -> Standing:
    """Return the one word for how a subscription stands."""
    if not one.wanted:
        return "ending"
    if one.active_until is not None:
        return "active"
    return "failing" if one.error else "waiting"


def host(url: str) -> str:
    """Return the host of an address, which alone may be shown."""
    with suppress(ValueError):
        return urlsplit(url).hostname or ""
    return ""
