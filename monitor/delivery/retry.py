"""Decide when a notification is tried again, and when it is given up.

Pure arithmetic: the courier says what happened, this module answers with a time. The
schedule is the one recommended by
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from datetime import timedelta

SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait before each attempt, counted from the end of the one before."""

JITTER = 0.2
"""The part of a wait by which it may be longer or shorter."""

MAX_RETRY_AFTER = timedelta(hours=24)
"""The longest wait a receiver may ask for."""

GONE = 410
"""The one status that ends a notification at once: the receiver wants no more.

Every other refusal is tried again. 400, 401, 403, 404, 413 and 422 mostly mean a key
or an address that is wrong in the configuration, and a user who corrects it within
three days should find the alerts of those days delivered.
"""


def next_wait(
    attempts: int, fraction: float, retry_after: timedelta | None = None
) -> timedelta | None:
    """Return the wait before the next attempt; None when there shall be none.

    Args:
        attempts: attempts made so far, at least 1.
        fraction: a random number from 0 to 1 that spreads the attempts of many.
        retry_after: the wait that the receiver asked for, which is never undercut.
    """
    if attempts >= len(SCHEDULE):
        return None
    wait = SCHEDULE[attempts] * (1 - JITTER + 2 * JITTER * fraction)
    if retry_after is None:
        return wait
    return max(wait, min(retry_after, MAX_RETRY_AFTER))
