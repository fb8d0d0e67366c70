"""`new_publisher` and `corroboration`: who tells a story, and how many do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerting.rules.finding import Finding, History

if TYPE_CHECKING:
    from monitor.model import Sighting
    from monitor.rule_model import Rule

WATCHED = timedelta(days=90)
"""How far back a topic's first sighting is looked for, beyond `within`."""


def new_publisher(rule: Rule, sighting: Sighting, history: History) -> Finding | None:
    """Return a family of publishers that has not told this topic within `within`.

    Nothing before the topic has been watched for that long: at first everybody is new.
    A family that is told of comes again when it was silent for as long.
    """
    topic, publisher = sighting.match.topic, sighting.publisher
    if not publisher.family:
        return None
    at, within = sighting.seen_at, rule.within
    # Later ones count too: of a publisher that was behind, readers know already.
    told = history.told_between(topic, publisher.family, at - within, at + within)
    if told > 1:  # this one is among them
        return None
    if not history.told_between(topic, "", at - within - WATCHED, at - within):
        return None
    return Finding(
        subject=f"{topic} {publisher.family}",
        reason=f"first told by {publisher.name or publisher.family}",
        is_news=True,
    )


def corroboration(rule: Rule, sighting: Sighting, history: History) -> Finding | None:
    """Return a story that enough independent families of publishers tell."""
    del history
    if sighting.families < rule.families:
        return None
    return Finding(
        subject=sighting.story,
        reason=f"told by {sighting.families} independent publishers",
    )
