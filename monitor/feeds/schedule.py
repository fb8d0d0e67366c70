"""Decide when a feed may be asked again.

Pure arithmetic: the poller says what happened, this module answers with a time.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.feed_model import NO_HINTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.feed_model import FeedHints

JITTER = 0.1
"""The largest share of the interval by which a poll moves, either way."""

MAX_BACKOFF = timedelta(hours=1)
MAX_BACKOFF_INTERVALS = 32
MAX_RETRY_AFTER = timedelta(hours=24)
MAX_FRESH = timedelta(hours=1)
"""How long `max-age` and `ttl` hold a feed back whose user named no longest interval.

Caches in front of feeds often say a day, by default and not by intent.
"""

MAX_SKIP = timedelta(hours=24)
ASKED_PER_ENTRY = 4
"""How often an adaptive feed is asked in the usual time between two entries."""

RHYTHM_ENTRIES = 20
_FEWEST_DATES = 4
_HOUR = timedelta(hours=1)
_HOURS_A_WEEK = 24 * 7


def next_poll(
    now: datetime,
    *,
    interval: timedelta,
    longest: timedelta | None = None,
    hints: FeedHints = NO_HINTS,
    max_age: timedelta | None = None,
    failures: int = 0,
    retry_after: timedelta | None = None,
    chance: float = 0.5,
) -> datetime:
    """Return the time before which the feed must not be asked again.

    Args:
        now: when the last poll ended.
        interval: the feed's own interval, the shortest between two polls.
        longest: how far rhythm and hints may stretch it; None leaves the rhythm aside.
        hints: what the feed says and shows of itself.
        max_age: how long the last answer stays fresh, if the publisher said so.
        failures: polls that failed in a row, this one included.
        retry_after: how long the publisher asked us to wait, if it did.
        chance: a random number from 0 to 1, which keeps feeds from marching in step.
    """
    if failures:
        return now + _pause(interval, failures, retry_after, chance)
    delay = _adapted(interval, hints.rhythm, longest)
    delay *= 1 - JITTER + 2 * JITTER * chance
    fresh = max(max_age or timedelta(0), hints.ttl or timedelta(0))
    fresh = min(fresh, MAX_FRESH if longest is None else longest)
    # The publisher's word is a least time: chance may only add to it.
    delay = max(delay, fresh * (1 + JITTER * chance))
    return _past_skipped(now, now + delay, hints, longest or MAX_SKIP, chance)


def rhythm(dates: Iterable[datetime | None], now: datetime) -> timedelta | None:
    """Return the usual time between two entries of a feed, by its newest ones.

    That is the median of the gaps, or the silence since the newest if that is longer.
    None if too few entries have a date.

    Args:
        dates: of the entries, in any order.
        now: dates after it do not count.
    """
    known = sorted({at for at in dates if at is not None and at <= now})
    newest = known[-RHYTHM_ENTRIES:]
    if len(newest) < _FEWEST_DATES:
        return None
    gaps = sorted(after - before for before, after in pairwise(newest))
    return max(gaps[len(gaps) // 2], now - newest[-1])


def _pause(
    interval: timedelta,
    failures: int,
    retry_after: timedelta | None,
    chance: float,
) -> timedelta:
    # A short interval was chosen by somebody in a hurry, so the pause grows to a
    # multiple of it; a long one is never stretched beyond what a day can bear.
    ceiling = max(interval, min(interval * MAX_BACKOFF_INTERVALS, MAX_BACKOFF))
    delay = min(interval * (1 << min(failures, 16)), ceiling)
    delay *= 1 - JITTER + 2 * JITTER * chance
    if retry_after is None:
        return delay
    # The publisher's word beats our schedule, but a broken proxy that asks for a
    # year must not silence the feed for good.
    return max(delay, min(retry_after, MAX_RETRY_AFTER))


def _adapted(
    interval: timedelta, usual: timedelta | None, longest: timedelta | None
) -> timedelta:
    if usual is None or longest is None:
        return interval
    return max(interval, min(usual / ASKED_PER_ENTRY, longest))


def _past_skipped(
    now: datetime,
    due: datetime,
    hints: FeedHints,
    most: timedelta,
    chance: float,
) -> datetime:
    """Move a poll behind the hours and days in which nothing changes, if any end."""
    hours, days = hints.skip_hours, hints.skip_days
    at = due
    for _ in range(_HOURS_A_WEEK):
        if at.hour not in hours and at.weekday() not in days:
            break
        at = at.replace(minute=0, second=0, microsecond=0) + _HOUR
    else:
        return due  # nothing is left to ask it in: that cannot be meant
    if at == due:
        return due
    # All who wait for the same hour must not come in its first second.
    return max(due, min(at + (due - now) * JITTER * chance, now + most))
