"""Answer what the web pages ask, from the state and the running settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from monitor.store.alerts import history_of, recent_alerts, sightings_per_topic
from monitor.store.feed_health import usual_feeds
from monitor.store.feed_windows import feed_marks
from monitor.store.feeds import StoreFeedBook
from monitor.store.story_members import members_of
from monitor.web.sources import TopicLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.health import HealthCheck
    from agents.reload import Reloader
    from agents.runtime import Runtime
    from monitor.feed_model import FeedState, UsualFeed
    from monitor.feed_window import FeedMarks
    from monitor.model import Alert, Change
    from monitor.stories.members import StoryMember
    from monitor.topics.spec import TopicSpec
    from monitor.web.sources import Health


class _TopicLines(Sequence[TopicLine]):
    """The lines of all topics, each made when it is looked at.

    A page shows a few hundred; making the lines of a hundred thousand would hold up
    the loop.
    """

    def __init__(self, topics: Sequence[TopicSpec], counts: Mapping[str, int]) -> None:
        self._topics = topics
        self._counts = counts

    def __len__(self) -> int:
        return len(self._topics)

    @overload
    def __getitem__(self, index: int) -> TopicLine: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[TopicLine]: ...

    def __getitem__(self, index: int | slice) -> TopicLine | Sequence[TopicLine]:
        if isinstance(index, slice):
            return _TopicLines(self._topics[index], self._counts)
        topic = self._topics[index]
        matches = self._counts.get(topic.name, 0)
        return TopicLine(topic.name, topic.description, matches)


class PageSources:
    """What the pages of one process show."""

    def __init__(
        self, runtime: Runtime, health: HealthCheck, reloader: Reloader
    ) -> None:
        self._runtime = runtime
        self._health = health
        self._reloader = reloader
        self._book = StoreFeedBook(runtime.store)

    async def health(self) -> Health:
        """Return the present health."""
        return await self._health.check()

    async def feeds(self) -> Sequence[FeedState]:
        """Return every feed of the configuration."""
        return await self._book.list_feeds()

    async def usual(self) -> Mapping[str, UsualFeed]:
        """Return what is usual for each feed."""
        return await self._runtime.store.run(usual_feeds)

    async def marks(self) -> Mapping[str, FeedMarks]:
        """Return what happened to the entries of feeds."""
        return await self._runtime.store.run(feed_marks)

    async def topics(self) -> Sequence[TopicLine]:
        """Return every topic of the configuration."""
        since = self._runtime.clock.now() - self._runtime.settings.retention.state
        counts = await self._runtime.store.run(
            lambda conn: sightings_per_topic(conn, since)
        )
        return _TopicLines(self._runtime.settings.topics, counts)

    async def alerts(self, limit: int) -> Sequence[Alert]:
        """Return the last alerts, newest first."""
        return await self._runtime.store.run(lambda conn: recent_alerts(conn, limit))

    async def changes(self, alert: str) -> Sequence[Change]:
        """Return all that was told of an alert, the first first."""
        return await self._runtime.store.run(lambda conn: history_of(conn, alert))

    async def members(self, story: str) -> Sequence[StoryMember]:
        """Return who tells a story, the first first."""
        return await self._runtime.store.run(lambda conn: members_of(conn, story))

    def config_lines(self) -> Sequence[str]:
        """Return what to say of the running configuration."""
        settings = self._runtime.settings
        return [
            f"{settings.path} ({settings.digest[:12]})",
            (
                f"{len(settings.feeds)} feeds, {len(settings.topics)} topics, "
                f"{len(settings.plan.rules)} rules, "
                f"{len(settings.plan.receivers)} receivers"
            ),
        ]

    async def reload(self) -> list[str]:
        """Load the configuration again."""
        return await self._reloader.reload()
