"""What `assess` remembers, on the database: the twin of `monitor.memory`.

One instance lives within one transaction. Two processes that assess the same topic,
as happens while partitions move, take turns: the first question about a topic takes a
lock on it that the end of the transaction gives back. A rule over several topics is
locked when its history is asked for, so of two sightings that together make a burst
the later one sees the earlier.
"""

from __future__ import annotations

from monitor.store.alert_book import SqlAlertBook
from monitor.store.history import SqlHistory
from monitor.store.stories import SqlStories


class SqlAssessState(SqlStories, SqlHistory, SqlAlertBook):
    """Hold what `assess` must remember between two matches.

    Args:
        conn: a connection inside the transaction that the caller commits.
    """
