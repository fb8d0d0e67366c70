"""Read what a publisher says of how often a feed is worth asking.

Pure. feedparser keeps only the last of several hours and days, so the few elements are
looked for in the head of the body, before the first item. What the hints come to is
decided in schedule.py.
"""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from monitor.feed_model import NO_HINTS, FeedHints

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TTL = timedelta(days=7)
"""Longer ones are mistakes, such as a ttl in seconds where minutes are meant."""

_HEAD = 64 * 1024
_FIRST_ITEM = re.compile(rb"<(?:[\w.-]{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_TTL = re.compile(rb"<ttl>\s{0,20}(\d{1,9})\s{0,20}</ttl>", re.IGNORECASE)
_HOUR = re.compile(rb"<hour>\s{0,20}(\d{1,2})\s{0,20}</hour>", re.IGNORECASE)
_DAY = re.compile(rb"<day>\s{0,20}([a-z]{6,9})\s{0,20}</day>", re.IGNORECASE)
_PERIOD = re.compile(
    rb"<sy:updatePeriod>\s{0,20}([a-z]{5,7})\s{0,20}</sy:updatePeriod>", re.IGNORECASE
)
_FREQUENCY = re.compile(
    rb"<sy:updateFrequency>\s{0,20}(\d{1,6})\s{0,20}</sy:updateFrequency>",
    re.IGNORECASE,
)
_PERIODS = {
    b"hourly": timedelta(hours=1),
    b"daily": timedelta(days=1),
    b"weekly": timedelta(days=7),
}
_DAYS = (
    b"monday",
    b"tuesday",
    b"wednesday",
    b"thursday",
    b"friday",
    b"saturday",
    b"sunday",
)
_HOURS_A_DAY = 24
_MAX_AGE = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})"?', re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|[\s,])(?:no-cache|no-store)(?:$|[\s,=])", re.IGNORECASE)


def read_hints(body: bytes) -> FeedHints:
    """Return the hints in the head of an RSS or RDF feed.

    Read are `ttl` (minutes), `skipHours` and `skipDays` (RSS 2.0), and the period and
    frequency of the RSS 1.0 syndication module, which say the same as a ttl.
    """
    head = body[:_HEAD]
    if (item := _FIRST_ITEM.search(head)) is not None:
        head = head[: item.start()]
    head = _COMMENT.sub(b"", head)
    hints = FeedHints(
        ttl=_ttl(head),
        skip_hours=tuple(sorted(set(_skip_hours(head)))),
        skip_days=tuple(sorted(set(_skip_days(head)))),
    )
    return NO_HINTS if hints == NO_HINTS else hints


def read_max_age(headers: dict[str, str]) -> timedelta | None:
    """Return how long an answer stays fresh (RFC 9111, 4.2.1), less its age.

    Args:
        headers: by lower-case name. `Cache-Control: max-age` counts, else `Expires`.
    """
    said = headers.get("cache-control", "")
    if _NO_CACHE.search(said):
        return None
    if (found := _MAX_AGE.search(said)) is not None:
        seconds = int(found[1])
    elif (until := _seconds_to_expiry(headers)) is not None:
        seconds = until
    else:
        return None
    age = headers.get("age", "")
    if age.isascii() and age.isdigit():
        seconds -= int(age[:9])
    return timedelta(seconds=seconds) if seconds > 0 else None


def _seconds_to_expiry(headers: dict[str, str]) -> int | None:
    try:
        expires = parsedate_to_datetime(headers.get("expires", ""))
        date = parsedate_to_datetime(headers.get("date", ""))
        seconds = int((expires - date).total_seconds())
    except (ValueError, TypeError, OverflowError):  # the last for a year of many digits
        return None
    return min(seconds, int(MAX_TTL.total_seconds()))


def _ttl(head: bytes) -> timedelta | None:
    if (found := _TTL.search(head)) is not None:
        minutes = int(found[1])
    elif (period := _PERIOD.search(head)) is not None:
        length = _PERIODS.get(period[1].lower())
        often = _FREQUENCY.search(head)
        times = int(often[1]) if often is not None else 1
        if length is None or not times:
            return None
        minutes = int(length / timedelta(minutes=1)) // times
    else:
        return None
    ttl = timedelta(minutes=minutes)
    return ttl if timedelta(0) < ttl <= MAX_TTL else None


def _skip_hours(head: bytes) -> Iterator[int]:
    for digits in _HOUR.findall(_inside(head, b"skiphours")):
        # Midnight was 24 in RSS 0.91 and is 0 since.
        if (hour := int(digits) % _HOURS_A_DAY) == int(digits) or not hour:
            yield hour


def _skip_days(head: bytes) -> Iterator[int]:
    for name in _DAY.findall(_inside(head, b"skipdays")):
        if name.lower() in _DAYS:
            yield _DAYS.index(name.lower())


def _inside(head: bytes, name: bytes) -> bytes:
    low = head.lower()
    begin = low.find(b"<" + name)
    end = low.find(b"</" + name, begin)
    return head[begin:end] if 0 <= begin < end else b""
