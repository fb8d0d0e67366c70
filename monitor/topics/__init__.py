"""Topics: what analysts watch for, compiled once and matched against every entry.

    text of a topic -- terms, query --> nodes -- compile --> plan -- index --> matches
    text of an entry -- lexicon --> document and hits -----------^

`spec` holds what a user writes. Nothing here does I/O, reads a clock or logs.
"""

from __future__ import annotations

from monitor.topics.compile import Compiled, compile_topics
from monitor.topics.index import TopicIndex

__all__ = ["Compiled", "TopicIndex", "compile_topics"]
