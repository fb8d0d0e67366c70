"""The streams: their names, keys and partitions."""

from __future__ import annotations

ENTRIES = "entries"
MATCHES = "matches"
ALERTS = "alerts"
DEAD_LETTERS = "dead-letters"

STREAMS = (ENTRIES, MATCHES, ALERTS, DEAD_LETTERS)


def stream_partitions(shared: int) -> dict[str, int]:
    """Return the partitions each stream is created with; the SQLite log caps them.

    Args:
        shared: of the streams whose work processes share; more processes than
            partitions would stand idle.
    """
    return {ENTRIES: shared, MATCHES: shared, ALERTS: 1, DEAD_LETTERS: 1}
