"""Subscribe feeds to the hubs they name, renew, unsubscribe; pace polls accordingly.

Processes that poll do this; what hubs answer and push is in `agents.pushes`. The rules
stand in `monitor.feeds.websub`, what is remembered in `monitor.store.websub`.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import structlog

from agents.pushes import PUSH_SECONDS, Pushes, host, standing
from agents.roles import make_outbound
from monitor.errors import OutboundError, OutboundRefusedError
from monitor.feeds import websub
from monitor.outbound.retry_after import read_retry_after
from monitor.store.websub import StoreSubscriptions
from monitor.web.guard import PUSH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agents.runtime import Runtime
    from monitor.config import Settings
    from monitor.feed_model import Fetched
    from monitor.model import Feed
    from monitor.outbound import Answer
    from monitor.store.websub import Subscription

TICK = timedelta(seconds=5)
"""How often leases and polls are looked after, at least."""
SOON = 4 * TICK
"""Polls this near are put off while a hub pushes."""
AT_ONCE = 8
"""Hubs asked at the same time by one process."""
HUB_TIMEOUT = timedelta(seconds=30)
HUB_REDIRECTS = 3
REPLACE_AFTER = timedelta(hours=1)
COUNT_EVERY = timedelta(seconds=60)

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_REDIRECTS = frozenset({307, 308})

log = structlog.get_logger(__name__)


class WebSub:
    """The subscriber: ask hubs for what feeds offer, and keep it so.

    Args:
        owner: names this process in leases.
        chance: returns a random number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        runtime: Runtime,
        owner: str,
        chance: Callable[[], float] = random.random,
        patience: float = PUSH_SECONDS,
    ) -> None:
        self._runtime = runtime
        self._chance = chance
        self._subscriptions = StoreSubscriptions(runtime.store)
        self._outbound = make_outbound(runtime.settings)
        self._wake = asyncio.Event()
        self.pushes = Pushes(
            runtime,
            owner,
            self._outbound,
            chance=chance,
            on_lease=self._wake.set,
            patience=patience,
        )
        self._offers: dict[str, tuple[Feed, websub.Offer]] = {}
        self._known_offers: dict[str, websub.Offer] = {}
        self._feeds: tuple[Feed, ...] = ()
        self._interval_of: Mapping[str, timedelta] = {}
        self._count_at = self._forget_at = runtime.clock.now()

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
        await self.pushes.close()
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
        intervals = self._intervals()
        await self._take_offers()
        await self._subscriptions.end_leases(now, intervals)

        def pace(name: str) -> timedelta | None:
            interval = intervals.get(name)
            return None if interval is None else websub.safety_interval(interval)

        if self._callback:
            await self._subscriptions.put_off_polls(now, SOON, pace)
        await self._ask_hubs()
        if now >= self._count_at or now < self._count_at - 2 * COUNT_EVERY:
            self._count_at = now + COUNT_EVERY
            await self._count()
        if now >= self._forget_at or now < self._forget_at - 2 * REPLACE_AFTER:
            # An offer that came too soon after the one before is looked at again.
            self._forget_at = now + REPLACE_AFTER
            self._known_offers.clear()

    def _intervals(self) -> Mapping[str, timedelta]:
        """Return every feed's own interval, by name."""
        feeds = self._runtime.settings.feeds
        if feeds is not self._feeds:  # a hundred thousand are not sorted at each tick
            self._feeds = feeds
            self._interval_of = {feed.id: feed.interval for feed in feeds}
        return self._interval_of

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
                log.info("feed names a hub", feed=name, hub=host(offer.hubs[0]))

    async def _count(self) -> None:
        gauge = self._runtime.metrics.websub_subscriptions
        standings = [standing(one) for one in await self._subscriptions.list_all()]
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
                url, body=form, headers=_FORM, timeout=HUB_TIMEOUT, is_named=False
            )
            target = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not target:
                return answer
            moved = urljoin(url, target)
            if urlsplit(url).scheme == "https" != urlsplit(moved).scheme:
                break  # the secret was for this hub's ears
            url = moved
        raise OutboundError(
            f"{host(hub)}: redirects too often, or to a plain address",
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
            f"{host(one.hub)}: {error}" if answer is not None else error,
            was_answered=answer is not None,
            not_before=not_before,
        )
        self.pushes.tell(one, error)
