"""Keep the robots.txt files of sites for a day, within bounds.

What an answer means is RFC 9309: a file that is not there (4xx) allows everything, one
that cannot be had (5xx, no answer) nothing (section 2.3.1); a copy is used for a day
(2.4), and 500 KiB of a file are read (2.5).
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from datetime import datetime

    from monitor.clock import Clock
    from monitor.outbound import Answer

KEPT = timedelta(hours=24)
KEPT_ABSENT = timedelta(minutes=10)
"""How long nothing is asked of a site whose file cannot be had."""

MAX_SITES = 2_000
MAX_KEPT_BYTES = 32 * 1024**2

_TOKEN = re.compile(r"[A-Za-z_-]+")


class Rules(Struct, frozen=True, kw_only=True):
    """What a site says to robots.

    Args:
        body: the file; empty when everything is allowed, None when nothing is.
    """

    body: bytes | None
    until: datetime


class RobotRules:
    """Remember the files of sites; those asked for last go last."""

    MAX_BYTES: ClassVar[int] = 500 * 1024

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, Rules] = {}
        self._bytes = 0
        self._asking: dict[str, asyncio.Lock] = {}

    def hosts(self) -> Collection[str]:
        """Return the hosts whose file need not be asked for now."""
        now = self._clock.now()
        return {
            urlsplit(site).hostname or ""
            for site, rules in self._known.items()
            if rules.until > now
        }

    async def of(
        self, url: str, fetch: Callable[[str], Awaitable[Answer | None]]
    ) -> Rules:
        """Return what the site of an address says, asking it if that is not known.

        Args:
            fetch: returns what an address answers, None for no answer.
        """
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
        lock = self._asking.setdefault(site, asyncio.Lock())
        try:
            async with lock:  # many pages of a site begin together
                known = self._known.get(site)
                if known is None or known.until <= self._clock.now():
                    known = self._meaning(await fetch(f"{site}/robots.txt"))
                self._remember(site, known)
                return known
        finally:
            if not lock.locked():
                self._asking.pop(site, None)

    def _meaning(self, answer: Answer | None) -> Rules:
        now = self._clock.now()
        if answer is None or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Rules(body=None, until=now + KEPT_ABSENT)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return Rules(body=None, until=now + KEPT_ABSENT)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return Rules(body=b"", until=now + KEPT)
        return Rules(body=answer.body[: self.MAX_BYTES], until=now + KEPT)

    def _remember(self, site: str, rules: Rules) -> None:
        self._forget(site)
        self._known[site] = rules
        self._bytes += len(rules.body or b"")
        while len(self._known) > MAX_SITES or self._bytes > MAX_KEPT_BYTES:
            self._forget(next(iter(self._known)))

    def _forget(self, site: str) -> None:
        rules = self._known.pop(site, None)
        if rules is not None:
            self._bytes -= len(rules.body or b"")


def token_of(user_agent: str) -> str:
    """Return the product token of a User-Agent, by which a robots.txt names it."""
    found = _TOKEN.match(user_agent)
    return found[0] if found else "wirewatch"
