"""Decide when a feed may be asked again.

Pure arithmetic: the poller says what happened, this module answers with a time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

JITTER = 0.1
"""The largest share of the interval by which a poll moves, either way."""

MAX_BACKOFF = timedelta(hours=1)
MAX_BACKOFF_INTERVALS = 32
MAX_RETRY_AFTER = timedelta(hours=24)


def next_poll(
    now: datetime,
    *,
    interval: timedelta,
    failures: int = 0,
    retry_after: timedelta | None = None,
    chance: float = 0.5,
) -> datetime:
    """Return the time before which the feed must not be asked again.

    Args:
        now: when the last poll ended.
        interval: the feed's own interval.
        failures: polls that failed in a row, this one included.
        retry_after: how long the publisher asked us to wait, if it did.
        chance: a random number from 0 to 1, which keeps feeds from marching in step.
    """
    delay = interval
    if failures:
        # A short interval was chosen by somebody in a hurry, so the pause grows to a
        # multiple of it; a long one is never stretched beyond what a day can bear.
        ceiling = max(interval, min(interval * MAX_BACKOFF_INTERVALS, MAX_BACKOFF))
        delay = min(interval * (1 << min(failures, 16)), ceiling)
    delay *= 1 - JITTER + 2 * JITTER * chance
    if retry_after is not None:
        # The publisher's word beats our schedule, but a broken proxy that asks for a
        # year must not silence the feed for good.
        delay = max(delay, min(retry_after, MAX_RETRY_AFTER))
    return now + delay
