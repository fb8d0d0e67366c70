"""What the web pages ask of the process they run in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.feed_model import FeedState, UsualFeed
    from monitor.feed_window import FeedMarks
    from monitor.model import Alert, Change
    from monitor.stories.members import StoryMember


@dataclass(frozen=True, slots=True)
class Health:
    """Say how the process does.

    Args:
        live: the process works as such; if not, restart it.
        ready: it does its whole work now.
        checks: per part, such as "log" or "state", whether it is fine, and a detail.
    """

    live: bool
    ready: bool
    checks: Mapping[str, tuple[bool, str]] = field(default_factory=dict)


class TopicLine(NamedTuple):
    """A topic as the page lists it.

    Args:
        matches: entries that matched it and are still remembered.
    """

    name: str
    description: str
    matches: int


class WebSources(Protocol):
    """Answer what the pages show.

    Every method may raise `WirewatchError` when what it asks is away; the page then
    says so in that section.
    """

    async def health(self) -> Health:
        """Return the present health; never raise, and answer within seconds."""
        ...

    async def feeds(self) -> Sequence[FeedState]:
        """Return every feed of the configuration."""
        ...

    async def usual(self) -> Mapping[str, UsualFeed]:
        """Return what is usual for each feed, by its id, as far as that is known."""
        ...

    async def marks(self) -> Mapping[str, FeedMarks]:
        """Return what happened to the entries of feeds, by the feed's id."""
        ...

    async def topics(self) -> Sequence[TopicLine]:
        """Return every topic of the configuration."""
        ...

    async def alerts(self, limit: int) -> Sequence[Alert]:
        """Return the last alerts, newest first, at most `limit`."""
        ...

    async def changes(self, alert: str) -> Sequence[Change]:
        """Return all that was told of an alert, the first first; none for no alert."""
        ...

    async def members(self, story: str) -> Sequence[StoryMember]:
        """Return who tells a story, the first first; none for no story."""
        ...

    def config_lines(self) -> Sequence[str]:
        """Return what to say of the running configuration, without any secret."""
        ...

    async def reload(self) -> list[str]:
        """Load the configuration again; return the mistakes that kept the old one."""
        ...
