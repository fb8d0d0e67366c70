"""Ask for the page of an entry, as far as robots may, and reduce it to its article.

    robots.txt of its host -> the host's turn -> the page -> the article, in a worker

The address is the publisher's choice, not the user's. So exceptions for private
networks (`outbound.allow`) hold only on the host of the feed itself, only the web's
ports and that of the feed are asked, and each redirect meets the robots anew.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from monitor.errors import OutboundError, OutboundRefusedError, PageError
from monitor.feeds.robot_rules import RobotRules
from monitor.manners import host_of
from monitor.outbound.client import WEB_PORTS
from monitor.outbound.retry_after import read_retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from monitor.clock import Clock
    from monitor.feed_model import Page
    from monitor.feeds.page_workers import PageWorkers
    from monitor.outbound import Answer, Outbound

    Turn = Callable[[str, datetime | None], AbstractAsyncContextManager[None]]

MAX_PAGE_BYTES = 4 * 1024**2
TIMEOUT = timedelta(seconds=30)
"""For a page, its redirects and the robots.txt of where they lead."""

LONGEST_PAUSE = timedelta(hours=1)
"""How long a publisher may put off another try for one page."""

_HTML = ("text/html", "application/xhtml+xml")
_HEADERS = {"accept": "text/html, application/xhtml+xml;q=0.9"}
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class Article(Struct, frozen=True, kw_only=True):
    """What a page held, and the address that answered."""

    url: str
    page: Page


@asynccontextmanager
async def at_once(host: str, start_at: datetime | None) -> AsyncIterator[None]:
    """Wait for no turn."""
    del host, start_at
    yield


class Pages:
    """Read pages politely.

    Args:
        outbound: asks on the host of the feed, with the user's exceptions.
        elsewhere: asks on any other host, without exceptions.
        workers: reduce what was fetched.
        agent: our product token, which robots.txt files name.
        turn: entered when a host is about to be asked, left when it has answered.
    """

    def __init__(
        self,
        *,
        outbound: Outbound,
        elsewhere: Outbound,
        workers: PageWorkers,
        clock: Clock,
        agent: str,
        turn: Turn = at_once,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._outbound = outbound
        self._elsewhere = elsewhere
        self._workers = workers
        self._clock = clock
        self._agent = agent
        self._turn = turn
        self._timeout = timeout
        self.rules = RobotRules(clock)

    async def read(
        self, url: str, feed_url: str, start_at: datetime | None = None
    ) -> Article:
        """Return the article of a page.

        Args:
            url: the page.
            feed_url: the configured address of the feed that named it.
            start_at: when its host may be asked.

        Raises:
            PageError: there is none to be had.
            FeedError: no worker could be started.
        """
        answer = await self._fetch(url, feed_url, start_at)
        if answer.status != HTTPStatus.OK:
            raise self._unwanted(answer)
        content_type = answer.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() not in _HTML:
            raise PageError("the page is no HTML", outcome="not_html")
        page = await self._workers.read(answer.body, answer.url, content_type)
        if not page.text:
            raise PageError("no article was found in the page", outcome="empty")
        return Article(url=answer.url, page=page)

    async def _fetch(
        self, url: str, feed_url: str, start_at: datetime | None
    ) -> Answer:
        async def check(address: str) -> None:
            await self._check_robots(address, feed_url, start_at)

        _check_port(url, feed_url)
        await check(url)
        try:
            async with self._turn(host_of(url), start_at):
                return await self._client(url, feed_url).get(
                    url,
                    headers=_HEADERS,
                    timeout=self._timeout,
                    max_bytes=MAX_PAGE_BYTES,
                    kinds=_HTML,
                    on_redirect=check,
                    visit=self._visit,
                )
        except OutboundRefusedError as error:
            raise PageError(str(error), outcome="refused") from error
        except OutboundError as error:
            raise _failed(error) from error

    def _visit(self, host: str) -> AbstractAsyncContextManager[None]:
        return self._turn(host, None)

    def _client(self, url: str, feed_url: str) -> Outbound:
        is_same = host_of(url) == host_of(feed_url)
        return self._outbound if is_same else self._elsewhere

    async def _check_robots(
        self, url: str, feed_url: str, start_at: datetime | None
    ) -> None:
        """Refuse an address that robots are not to read.

        Raises:
            PageError: so the site's robots.txt says, or it cannot be had just now.
        """
        rules = await self.rules.of(
            url, lambda at: self._fetch_rules(at, feed_url, start_at)
        )
        if rules.body is None:
            raise PageError(
                f"{host_of(url)}: its robots.txt cannot be had, so nothing is asked",
                outcome="robots",
                is_passing=True,
            )
        if rules.body and not await self._workers.is_allowed(
            rules.body, url, self._agent
        ):
            raise PageError(
                f"{host_of(url)}: its robots.txt keeps robots from the page",
                outcome="robots",
            )

    async def _fetch_rules(
        self, address: str, feed_url: str, start_at: datetime | None
    ) -> Answer | None:
        """Return what a site answers for its robots.txt, None if it does not."""
        try:
            async with self._turn(host_of(address), start_at):
                return await self._client(address, feed_url).get(
                    address,
                    headers={"accept": "text/plain"},
                    timeout=self._timeout / 3,
                    max_bytes=self.rules.MAX_BYTES,
                    is_cut=True,
                    visit=self._visit,
                )
        except OutboundRefusedError as error:
            raise PageError(str(error), outcome="refused") from error
        except OutboundError:
            return None

    def _unwanted(self, answer: Answer) -> PageError:
        now: datetime = self._clock.now()
        wait = read_retry_after(answer.headers.get("retry-after", ""), now)
        return PageError(
            f"{host_of(answer.url)}: the page answered {answer.status}",
            outcome="missing",
            is_passing=answer.status in _PASSING,
            retry_after=None if wait is None else min(wait, LONGEST_PAUSE),
        )


def _check_port(url: str, feed_url: str) -> None:
    try:
        port, own = urlsplit(url).port, urlsplit(feed_url).port
        is_same = host_of(url) == host_of(feed_url) and port == own
    except ValueError:
        port, is_same = 0, False
    if port is not None and port not in WEB_PORTS and not is_same:
        raise PageError(
            f"{host_of(url)}: port {port} is not the web's, so it is not asked",
            outcome="refused",
        )


def _failed(error: OutboundError) -> PageError:
    outcome = "too_large" if error.reason == "too-large" else "failed"
    is_passing = error.retryable and outcome == "failed" and error.reason != "redirect"
    return PageError(str(error), outcome=outcome, is_passing=is_passing)
