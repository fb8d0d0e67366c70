"""Sources for the web pages that hold what a test puts there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.feed_model import FeedState
from monitor.web import Health
from tests import factories

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.errors import WirewatchError
    from monitor.feed_model import UsualFeed
    from monitor.feed_window import FeedMarks
    from monitor.model import Alert, Change
    from monitor.stories.members import StoryMember
    from monitor.web import TopicLine

FINE = Health(
    live=True, ready=True, checks={"log": (True, "ok"), "state": (True, "ok")}
)


@dataclass
class PlainSources:
    """Answer with fields; raise `away` instead when it is set."""

    present: Health = FINE
    known_feeds: Sequence[FeedState] = ()
    known_usual: Mapping[str, UsualFeed] = field(default_factory=dict)
    known_marks: Mapping[str, FeedMarks] = field(default_factory=dict)
    known_topics: Sequence[TopicLine] = ()
    known_alerts: Sequence[Alert] = ()
    known_changes: Sequence[Change] = ()
    known_members: Mapping[str, Sequence[StoryMember]] = field(default_factory=dict)
    lines: Sequence[str] = ("alerts.yaml",)
    mistakes: list[str] = field(default_factory=list)
    away: WirewatchError | None = None
    reloads: int = 0
    asked_alerts: list[int] = field(default_factory=list)

    async def health(self) -> Health:
        return self.present

    async def feeds(self) -> Sequence[FeedState]:
        self._check()
        return self.known_feeds

    async def usual(self) -> Mapping[str, UsualFeed]:
        self._check()
        return self.known_usual

    async def marks(self) -> Mapping[str, FeedMarks]:
        self._check()
        return self.known_marks

    async def topics(self) -> Sequence[TopicLine]:
        self._check()
        return self.known_topics

    async def alerts(self, limit: int) -> Sequence[Alert]:
        self._check()
        self.asked_alerts.append(limit)
        return self.known_alerts[:limit]

    async def changes(self, alert: str) -> Sequence[Change]:
        self._check()
        return [told for told in self.known_changes if told.alert.id == alert]

    async def members(self, story: str) -> Sequence[StoryMember]:
        self._check()
        return self.known_members.get(story, ())

    def config_lines(self) -> Sequence[str]:
        return self.lines

    async def reload(self) -> list[str]:
        self.reloads += 1
        return self.mistakes

    def _check(self) -> None:
        if self.away is not None:
            raise self.away


def feed_state(**fields: Any) -> FeedState:
    """Return a feed that was polled well a minute ago."""
    known: dict[str, Any] = {
        "id": "wire-a",
        "url": "https://wire-a.example/feed.xml",
        "polled_at": factories.NOON,
        "changed_at": factories.NOON,
        "next_poll_at": factories.NOON + timedelta(minutes=5),
    }
    return FeedState(**(known | fields))
