"""The streams: their names, keys and partitions."""

from __future__ import annotations

ENTRIES = "entries"
MATCHES = "matches"
ALERTS = "alerts"
DEAD_LETTERS = "dead-letters"

PARTITIONS = {ENTRIES: 8, MATCHES: 8, ALERTS: 1, DEAD_LETTERS: 1}
"""Partitions a stream is created with on Kafka; the SQLite log uses one of each.

More classify processes than partitions of `entries` would stand idle.
"""
