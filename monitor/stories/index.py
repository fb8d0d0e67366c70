"""What the clusterer asks of whoever remembers stories."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Sighting, Voice

COPY_WINDOW = timedelta(days=7)
"""A copy that comes later than this opens a story of its own: headlines recur."""


class Copied(NamedTuple):
    """A story that showed a text.

    Args:
        opened_at: when the story opened.
        copy_of: feed and id of the first entry with the text, where known.
        is_edit: only edits of entries in this story had the text.
    """

    story: str
    opened_at: datetime
    copy_of: tuple[str, str] | None
    is_edit: bool


class NewSketch(NamedTuple):
    """A sketch to remember, packed, with the keys to file it under."""

    sketch: bytes
    keys: tuple[int, ...]


class Filed(NamedTuple):
    """A sketch that was remembered, and the sighting it was made of.

    Args:
        number: its place in the order of arrival.
        story: the story its sighting is in now, after all merges.
        opened_at: when that story opened.
    """

    number: int
    topic: str
    story: str
    opened_at: datetime
    seen_at: datetime
    feed: str
    entry: str
    direction: str
    act: str
    sketch: bytes


class StoryIndex(Protocol):
    """Remember which stories were sighted, per topic."""

    def story_of_entry(self, topic: str, feed: str, entry_id: str) -> str | None:
        """Return the story that an earlier revision of this entry joined, if any."""
        ...

    def stories_of_copy(
        self, topic: str, signature: str, since: datetime, until: datetime
    ) -> tuple[Sequence[Copied], int]:
        """Return the stories that showed this very text between two times, both in.

        The second value counts the topic's stories that ever had the text.
        """
        ...

    def postings(
        self, keys: Sequence[int], since: datetime, until: datetime, most: int
    ) -> Sequence[Sequence[int]]:
        """Return for each key the numbers of the sketches filed under it.

        Those seen between the two times, both in; the newest first, at most `most`.
        """
        ...

    def filed(self, numbers: Sequence[int]) -> Sequence[Filed]:
        """Return the sketches of these numbers, in this order."""
        ...

    def add(
        self, sighting: Sighting, signature: str, sketch: NewSketch | None = None
    ) -> bool:
        """Store a sighting; return False if this very match was stored before."""
        ...

    def counted(self, story: str) -> Sequence[Voice]:
        """List the independent voices of a story, the first to speak first."""
        ...

    def discount(self, story: str, reasons: Mapping[tuple[str, str], str]) -> None:
        """Count some voices of a story no more, named by feed and entry id."""
        ...

    def merge(self, topic: str, into: str, others: Sequence[str]) -> None:
        """Move all that is known of other stories into one; they are one from now on."""
        ...
