"""Subscribe feeds to the hubs they name, and take what the hubs push.

The rules stand in `monitor.feeds.websub`, what is remembered in `monitor.store.websub`.
Processes that poll also ask hubs; every process with a web server answers them.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

import structlog

from agents.roles import append_entries, make_outbound
from monitor.errors import FeedError, OutboundError, OutboundRefusedError
from monitor.feeds import websub
from monitor.feeds.poll import Poll
from monitor.feeds.workers import ParseWorkers
from monitor.model import Fetched, PollOutcome
from monitor.outbound.retry_after import read_retry_after
from monitor.store.feeds import StoreFeedBook
from monitor.store.websub import StoreSubscriptions, Subscription
from monitor.web.guard import PUSH
from monitor.web.websub import PushReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agents.runtime import Runtime
    from monitor.config import Settings
    from monitor.model import Feed
    from monitor.outbound import Answer
    from monitor.web.websub import Push, Standing

TICK = timedelta(seconds=5)
"""How often leases and polls are looked after, at least."""
SOON = 4 * TICK
"""Polls this near are put off while a hub pushes."""
AT_ONCE = 8
"""Hubs asked at the same time by one process."""
HUB_TIMEOUT = timedelta(seconds=30)
HUB_REDIRECTS = 3
PUSH_SECONDS = 20.0
"""What a push may take, waiting for a poll of the feed included."""
PUSH_LEASE = timedelta(seconds=60)
LOOK_SECONDS = 0.1
REPLACE_AFTER = timedelta(hours=1)
COUNT_EVERY = timedelta(seconds=60)
NO_LEASE = ""
"""The owner that holds no lease: of its outcome the book keeps only the entries seen."""

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_REDIRECTS = frozenset({307, 308})

Taken = Literal["new", "known", "unreadable", "busy"]

log = structlog.get_logger(__name__)


class WebSub:
    """The subscriber: ask hubs, answer them, take what they push.

    Args:
        owner: names this process in leases.
        chance: returns a random number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        runtime: Runtime,
        owner: str,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._runtime = runtime
        self._owner = owner
        self._chance = chance
        self._book = StoreFeedBook(runtime.store)
        self._subscriptions = StoreSubscriptions(runtime.store)
        self._outbound = make_outbound(runtime.settings)
        self._workers = ParseWorkers(1, on_kill=runtime.metrics.parse_kills.inc)
        self._poll = Poll(
            book=self._book,
            append=lambda feed, entries: append_entries(runtime, feed, entries),
            outbound=self._outbound,
            workers=self._workers,
            clock=runtime.clock,
            metrics=runtime.metrics,
            patience=runtime.patience,
            chance=chance,
        )
        self._offers: dict[str, tuple[Feed, websub.Offer]] = {}
        self._known_offers: dict[str, websub.Offer] = {}
        self._wake = asyncio.Event()
        self._count_at = runtime.clock.now()
        self._told: dict[str, str] = {}

    @property
    def _callback(self) -> str:
        return self._runtime.settings.websub_callback

    # What polls find

    def on_feed(self, feed: Feed, fetched: Fetched) -> None:
        """Look whether a feed names a hub; subscribe soon if that is news."""
        if not self._callback:
            return
        offer = websub.find_offer(fetched.body, fetched.url, fetched.links)
        if offer is not None and self._known_offers.get(feed.id) != offer:
            self._known_offers[feed.id] = offer
            self._offers[feed.id] = (feed, offer)
            self._wake.set()

    # What goes on by itself

    async def run(self, stop: asyncio.Event) -> None:
        """Keep subscriptions as they should be until stopped."""
        until_done = self._runtime.patience.until_done
        await until_done(self._sync)
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                await until_done(self.tick)
                if not self._callback and not await until_done(self._is_left):
                    await stop.wait()
                waking = asyncio.create_task(self._wake.wait())
                await asyncio.wait(
                    {stopping, waking},
                    timeout=TICK.total_seconds(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                waking.cancel()
        finally:
            stopping.cancel()

    async def reloaded(self, settings: Settings) -> None:
        """End the subscriptions of feeds that a new configuration no longer has."""
        del settings  # the runtime has them
        await self._runtime.patience.until_done(self._sync)
        self._known_offers.clear()
        self._wake.set()

    async def close(self) -> None:
        """End the parse worker and the connections."""
        await self._workers.close()
        await self._outbound.aclose()

    async def _sync(self) -> None:
        feeds = self._runtime.settings.feeds if self._callback else ()
        await self._subscriptions.sync(
            {feed.id: feed.url for feed in feeds},
            self._callback,
            self._runtime.clock.now(),
        )

    async def _is_left(self) -> bool:
        return await self._subscriptions.next_due() is not None

    async def tick(self) -> None:
        """Do what is due: new offers, ended leases, polls to put off, hubs to ask."""
        now = self._runtime.clock.now()
        feeds = {feed.id: feed for feed in self._runtime.settings.feeds}
        await self._take_offers()
        await self._subscriptions.end_leases(
            now, {name: feed.interval for name, feed in feeds.items()}
        )

        def pace(name: str) -> timedelta | None:
            feed = feeds.get(name)
            return None if feed is None else websub.safety_interval(feed.interval)

        if self._callback:
            await self._subscriptions.put_off_polls(now, SOON, pace)
        await self._ask_hubs()
        if now >= self._count_at or now < self._count_at - 2 * COUNT_EVERY:
            self._count_at = now + COUNT_EVERY
            await self._count()

    async def _take_offers(self) -> None:
        for name, (feed, offer) in list(self._offers.items()):
            is_new = await self._subscriptions.offered(
                name,
                feed.url,
                offer.hubs,
                offer.topic,
                callback=self._callback,
                now=self._runtime.clock.now(),
                rest=REPLACE_AFTER,
            )
            self._offers.pop(name, None)
            if is_new:
                log.info("feed names a hub", feed=name, hub=_host(offer.hubs[0]))

    async def _count(self) -> None:
        gauge = self._runtime.metrics.websub_subscriptions
        standings = [_standing(one) for one in await self._subscriptions.list_all()]
        for state in ("active", "waiting", "failing", "ending"):
            gauge.labels(state).set(standings.count(state))

    # What we ask of hubs

    async def _ask_hubs(self) -> None:
        while True:
            claimed = await self._subscriptions.claim(
                self._runtime.clock.now(),
                AT_ONCE,
                lambda failures: websub.backoff(failures, self._chance()),
            )
            await asyncio.gather(*(self._ask(one) for one in claimed))
            if len(claimed) < AT_ONCE:
                return

    async def _ask(self, one: Subscription) -> None:
        mode: websub.Mode = "subscribe" if one.wanted else "unsubscribe"
        count = self._runtime.metrics.websub_requests.labels
        form = websub.request_form(
            mode,
            callback=f"{one.callback}{PUSH}{one.token}",
            topic=one.topic,
            secret=one.secret,
        )
        try:
            answer = await self._post(one.hub, form)
        except (OutboundError, OutboundRefusedError) as error:
            count(mode, "failed").inc()
            # It may have arrived all the same, so a verification is still welcome.
            await self._failed(one, str(error))
            return
        if 200 <= answer.status < 300:  # noqa: PLR2004 - success
            count(mode, "accepted").inc()
            return
        count(mode, "refused").inc()
        if mode == "unsubscribe" and 400 <= answer.status < 500:  # noqa: PLR2004
            await self._subscriptions.forget(one.token)
            return
        await self._failed(one, f"the hub answered {answer.status}", answer)

    async def _post(self, hub: str, form: bytes) -> Answer:
        url = hub
        for _ in range(HUB_REDIRECTS + 1):
            answer = await self._outbound.post(
                url, body=form, headers=_FORM, timeout=HUB_TIMEOUT
            )
            target = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not target:
                return answer
            moved = urljoin(url, target)
            if urlsplit(url).scheme == "https" != urlsplit(moved).scheme:
                break  # the secret was for this hub's ears
            url = moved
        raise OutboundError(
            f"{_host(hub)}: redirects too often, or to a plain address",
            reason="redirect",
        )

    async def _failed(
        self, one: Subscription, error: str, answer: Answer | None = None
    ) -> None:
        not_before = None
        if answer is not None:
            now = self._runtime.clock.now()
            wait = read_retry_after(answer.headers.get("retry-after", ""), now)
            if wait is not None:
                not_before = now + min(wait, websub.LONGEST_BACKOFF)
        await self._subscriptions.failed(
            one.token,
            f"{_host(one.hub)}: {error}" if answer is not None else error,
            was_answered=answer is not None,
            not_before=not_before,
        )
        self._tell(one, error)

    def _tell(self, one: Subscription, error: str) -> None:
        if self._told.get(one.feed) != error:
            self._told[one.feed] = error
            log.warning(
                "hub does not push", feed=one.feed, hub=_host(one.hub), why=error
            )

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
                log.info("hub stops pushing", feed=one.feed, hub=_host(one.hub))
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
            log.info("hub pushes", feed=one.feed, hub=_host(one.hub), lease=str(lease))
            self._wake.set()  # to put the next poll off
        return intent.challenge if done else None

    async def _denied(self, one: Subscription, intent: websub.Intent) -> str | None:
        now = self._runtime.clock.now()
        feed = self._feed(one.feed)
        reason = f"{_host(one.hub)}: the hub denied it: {intent.reason or 'no reason'}"
        await self._subscriptions.denied(
            one.token,
            intent.topic,
            reason=reason,
            due_at=now + websub.LONGEST_BACKOFF,
            poll_at=now + (feed.interval if feed else timedelta()),
        )
        self._tell(one, reason)
        return ""

    def _feed(self, name: str) -> Feed | None:
        feeds = self._runtime.settings.feeds
        return next((feed for feed in feeds if feed.id == name), None)

    async def reports(self) -> Sequence[PushReport]:
        """Return how every subscription stands."""
        return [
            PushReport(
                feed=one.feed,
                hub=_host(one.hub),
                state=_standing(one),
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
            self._tell(one, "a push was not signed with our secret, and ignored")
            return True
        taken = await self._take(feed, one, push)
        self._runtime.metrics.websub_pushes.labels(taken).inc()
        return taken != "busy"

    async def _take(self, feed: Feed, one: Subscription, push: Push) -> Taken:
        """Treat a body as one that was polled, while no poll of the feed runs.

        Two at once could give two wordings of an entry the same revision.
        """
        owner = f"{self._owner} push {secrets.token_hex(4)}"
        taken: Taken = "busy"
        try:
            async with asyncio.timeout(PUSH_SECONDS):
                await self._lease(owner, feed)
                taken = await self._put(feed, one, push)
        except TimeoutError:
            taken = "busy"
        except FeedError as error:
            # A hub may only say that there is news; the poll brings it.
            taken = "unreadable"
            self._tell(one, f"a push could not be read: {error}")
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
        news = await self._poll.take(feed, fetched)
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


def _standing(one: Subscription) -> Standing:
    if not one.wanted:
        return "ending"
    if one.active_until is not None:
        return "active"
    return "failing" if one.error else "waiting"


def _host(url: str) -> str:
    with suppress(ValueError):
        return urlsplit(url).hostname or ""
    return ""
