"""Read how long a server asks us to wait. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def read_retry_after(value: str, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After header asks for; None if it says nothing.

    It holds seconds or a date (RFC 9110, section 10.2.3). A date in the past is no
    wait at all.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Nine digits are 31 years; more would overflow what a timedelta holds.
        return timedelta(seconds=int(text[:9]))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # the last for a year of many digits
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(at - now, timedelta(0))
