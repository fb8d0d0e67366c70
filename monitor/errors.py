"""Every error Wirewatch raises on purpose.

    WirewatchError
    |- ConfigError              the configuration holds mistakes (all of them, listed)
    |- QueryError               a query or term cannot be read (with its place)
    |- OpmlError                a list of feeds cannot be read (with its place)
    |- FeedError
    |  |- NotAFeedError         the body is no feed
    |  |- FetchError            the publisher did not answer usefully
    |  `- PageError             a page gave no text
    |- OutboundRefusedError     an address we do not connect to
    |- OutboundError            a request without a usable answer
    |- CodecError               a record or item cannot be decoded
    |- LogError
    |  |- LogUnavailableError   broker or file is away; retry
    |  |- LogLockedError        another process owns the log file
    |  |- UnknownStreamError    no such stream or partition
    |  `- RecordTooLargeError   a record above the log's limit
    |- StateError
    |  `- StateUnavailableError the database is away; retry
    `- DeliveryError            a receiver did not accept a notification

A message reads "place: what is wrong; what to do", in lower case, without a full
stop, with the user's own words in double quotes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta


class WirewatchError(Exception):
    """Be the root of every error that Wirewatch raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Name one mistake in a configuration by the path of the value that holds it.

    Args:
        path: keys and list positions from the top, `("topics", "x", "clauses", 0)`.
        message: what is wrong, in lower case, without a full stop.
        hint: what to do about it, or "".
        offset: characters into the value, for a mistake inside a query.
        on_key: the mistake is the key itself, not its value.
    """

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    offset: int = 0
    on_key: bool = False


class ConfigError(WirewatchError):
    """Report every mistake of a configuration file at once.

    Args:
        lines: the mistakes, each `file:line:column: problem; hint`.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class QueryError(WirewatchError):
    """Name a mistake inside a query or term.

    Args:
        message: what is wrong.
        offset: characters from the start of the query, 0 or more.
        hint: what to do about it, or "".
    """

    def __init__(self, message: str, *, offset: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.hint = hint


class OpmlError(WirewatchError):
    """Say why a file is no OPML, and where.

    Args:
        message: what is wrong.
        line: where, from 1; 0 when it is about the file as a whole.
        column: where in the line, from 1.
        hint: what to do about it.
    """

    def __init__(
        self, message: str, *, line: int = 0, column: int = 0, hint: str
    ) -> None:
        place = f"{line}:{column}: " if line else ""
        super().__init__(f"{place}{message}; {hint}")
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


class FeedError(WirewatchError):
    """Say that a feed could not be read this time."""


class NotAFeedError(FeedError):
    """Say that a body is no feed, and why."""


class FetchError(FeedError):
    """Say that a publisher did not answer usefully.

    Args:
        message: what happened.
        status: the HTTP status, or None when there was no answer.
        retry_after: how long the publisher asked us to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class PageError(FeedError):
    """Say that a page gave no text.

    Args:
        message: what happened.
        outcome: one of "robots" (they are not to read it), "refused" (an address that
            is not asked), "missing" (the answer was an error), "not_html", "too_large",
            "empty" (no article in it), "unreadable" (reading it passed the limits) and
            "failed" (no whole answer).
        is_passing: a later try may succeed.
        retry_after: how long the publisher asked us to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        outcome: str,
        is_passing: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.is_passing = is_passing
        self.retry_after = retry_after


class OutboundRefusedError(WirewatchError):
    """Say that an address may not be connected to."""


class OutboundError(WirewatchError):
    """Say that a request brought no usable answer.

    Names scheme and host at most: the rest of an address may hold a secret.

    Args:
        message: what happened.
        reason: one of "address", "connect", "timeout", "tls", "protocol", "redirect",
            "too-large", "truncated", "encoding".
        retryable: whether a later try may succeed.
        status: the HTTP status, when one had arrived.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        retryable: bool = True,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retryable = retryable
        self.status = status


class CodecError(WirewatchError):
    """Say that bytes are not the record or item they should be."""


class LogError(WirewatchError):
    """Be the root of the event log's errors."""


class LogUnavailableError(LogError):
    """Say that the log cannot be reached now; a later try may succeed."""


class LogLockedError(LogError):
    """Say that another process owns the log file."""


class UnknownStreamError(LogError):
    """Say that a stream or partition does not exist."""


class RecordTooLargeError(LogError):
    """Say that a record is above the log's size limit."""


class StateError(WirewatchError):
    """Be the root of the state database's errors."""


class StateUnavailableError(StateError):
    """Say that the database cannot be reached now; a later try may succeed."""


class DeliveryError(WirewatchError):
    """Say that a receiver did not accept a notification.

    Args:
        message: what happened, without any secret.
        retryable: whether a later try may succeed.
        status: the HTTP status, or None when there was no answer.
        retry_after: how long the receiver asked us to wait, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = True,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.status = status
        self.retry_after = retry_after
