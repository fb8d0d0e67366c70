"""Hold topics to the examples their authors wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.errors import Problem
from monitor.model import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config.settings import Settings
    from monitor.topics.spec import TopicSpec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 80


def example_problems(settings: Settings) -> Iterator[Problem]:
    """Yield every example that a topic gets wrong."""
    for topic in settings.topics:
        yield from _problems(topic, settings)


def example_entries(topic: TopicSpec) -> list[Entry]:
    """Return the examples of a topic as entries, those to match first."""
    return [_entry(text) for text in (*topic.match, *topic.no_match)]


def _problems(topic: TopicSpec, settings: Settings) -> Iterator[Problem]:
    for key, texts in (("match", topic.match), ("no_match", topic.no_match)):
        for number, text in enumerate(texts):
            scores = {
                match.topic: match.score for match in settings.index.match(_entry(text))
            }
            score = scores.get(topic.name)
            if (score is not None) == (key == "match"):
                continue
            shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
            shown = " ".join(shown.split())
            path = ("topics", topic.name, "examples", key, number)
            if score is None:
                message = f'example does not match: "{shown}"'
                hint = "add a clause or terms that cover it, or move it to no_match"
            else:
                message = f'example matches with score {score:.2f}: "{shown}"'
                hint = "narrow a clause or add to exclude, or move it to match"
            yield Problem(path, message, hint)


def _entry(text: str) -> Entry:
    return Entry(feed="examples", id=text, title=text, summary="", fetched_at=_EPOCH)
