"""Count and log how polls end; a failure that repeats unchanged is logged once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from monitor.feed_model import MOVES
from monitor.manners import host_of

if TYPE_CHECKING:
    from monitor.feed_model import FeedState, PollOutcome
    from monitor.metrics import Metrics
    from monitor.model import Feed

log = structlog.get_logger(__name__)

_SHOWN = 200
"""Characters of an entry's id in the log."""


class PollReports:
    """Tell how the polls of one poller end."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._failing: dict[str, str] = {}

    def begun(self, late: float) -> None:
        """Note how many seconds after its time a poll begins."""
        self._metrics.poll_lateness.observe(max(late, 0.0))

    def is_news(self, outcome: PollOutcome) -> bool:
        """Say whether a failure has not been told yet."""
        return self._failing.get(outcome.feed) != outcome.error

    def forget(self, feed: str) -> None:
        """Forget a feed that is polled no more."""
        self._failing.pop(feed, None)
        with suppress(KeyError):
            self._metrics.feed_failures.remove(feed)

    def tell(self, feed: Feed, state: FeedState, outcome: PollOutcome) -> None:
        """Count the outcome; log a failure once, and its end once."""
        failures = state.failures + 1 if outcome.error else 0
        self._metrics.feed_failures.labels(feed=feed.id).set(failures)
        if outcome.error:
            self._tell_failure(outcome)
            return
        if outcome.moves == MOVES and not state.has_moved:
            log.warning(
                "feed has moved, it is asked at its new host",
                feed=feed.id,
                before=host_of(feed.url),
                host=outcome.host,
            )
        kind = "changed" if outcome.changed else "unchanged"
        self._metrics.polls.labels(feed=feed.id, outcome=kind).inc()
        if self._failing.pop(feed.id, "") or state.failures:
            log.info("feed is back", feed=feed.id, failures=state.failures)
        self._tell_entries(outcome)

    def _tell_failure(self, outcome: PollOutcome) -> None:
        self._metrics.polls.labels(feed=outcome.feed, outcome="error").inc()
        if outcome.stopped:
            log.warning("feed is stopped", feed=outcome.feed, error=outcome.error)
        elif self.is_news(outcome):
            log.warning("feed is failing", feed=outcome.feed, error=outcome.error)
        self._failing[outcome.feed] = outcome.error

    def _tell_entries(self, outcome: PollOutcome) -> None:
        tell = log.bind(feed=outcome.feed)
        if outcome.new or outcome.revised:
            tell.info("feed polled", new=outcome.new, revised=outcome.revised)
        if outcome.is_gap:
            tell.info("feed has moved on entirely, entries may be missed")
        for one in outcome.withdrawn:
            tell.warning("entry may be withdrawn", entry=one.id[:_SHOWN])
        for entry_id in outcome.returned:
            tell.info("entry is back", entry=entry_id[:_SHOWN])
