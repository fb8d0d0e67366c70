"""Hold topics to the examples their authors wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.model import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config.settings import Settings
    from monitor.topics.spec import TopicSpec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 80


def check_examples(settings: Settings) -> list[str]:
    """Return, with its place in the file, every example that a topic gets wrong."""
    return [line for topic in settings.topics for line in _findings(topic, settings)]


def _findings(topic: TopicSpec, settings: Settings) -> Iterator[str]:
    for key, texts in (("match", topic.match), ("no_match", topic.no_match)):
        for number, text in enumerate(texts):
            scores = {
                match.topic: match.score for match in settings.index.match(_entry(text))
            }
            score = scores.get(topic.name)
            if (score is not None) == (key == "match"):
                continue
            line, column = settings.examples[(topic.name, key, number)]
            shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
            shown = " ".join(shown.split())
            yield (
                f'{settings.path}:{line}:{column}: topic "{topic.name}": '
                + (
                    f'example does not match: "{shown}"; '
                    "add a clause or terms that cover it, or move it to no_match"
                    if score is None
                    else f'example matches with score {score:.2f}: "{shown}"; '
                    "narrow a clause or add to exclude, or move it to match"
                )
            )


def _entry(text: str) -> Entry:
    return Entry(feed="examples", id=text, title=text, summary="", fetched_at=_EPOCH)
