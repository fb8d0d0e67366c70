"""`transition`: a matter between actors moves on, or turns.

Each rule follows the matters it accepts signs of, one per topic and pair of actors; how
they move is for `monitor.alerting.lifecycle`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from monitor.alerting.lifecycle import USUAL, Course, Lifecycle, Sign, advance
from monitor.alerting.pairs import closest_pair, pair_key, wider_pair
from monitor.alerting.rules.finding import Finding, History
from monitor.alerting.tense import is_ahead

if TYPE_CHECKING:
    from monitor.alerting.lifecycle import Transition
    from monitor.model import Sighting
    from monitor.rule_model import Rule

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Matter(Struct, frozen=True, kw_only=True):
    """What is between the actors of a topic, as one rule follows it.

    Args:
        name: the pair it was first known by, for good.
        pair: the topic and actors as they are known by now.
        lifecycle: where it stands; None before its first sign.
        rounds: how many times it began anew after it was resolved.
    """

    name: str
    pair: tuple[str, ...]
    lifecycle: Lifecycle | None = None
    rounds: int = 0

    @property
    def subject(self) -> str:
        """Name the round it is in."""
        return f"{self.name} {self.rounds + 1}" if self.rounds else self.name


def heard(matter: Matter) -> tuple[datetime, str]:
    """Return when a matter was last heard of, and its name for the order of equals."""
    last = matter.lifecycle.last_at if matter.lifecycle else NEVER
    return last, matter.name


def moved(
    rule: Rule, sighting: Sighting, history: History, course: Course = USUAL
) -> Finding | None:
    """Return the matter that a sighting moves to one of the rule's phases.

    A first such move opens an alert, further ones are news of it, and `resolved` ends
    it, whichever phases the rule tells. Silence moves nothing.
    """
    match = sighting.match
    sign = Sign(
        at=sighting.seen_at,
        direction=match.direction,
        act=match.act,
        actors=match.actors,
        story=sighting.story,
        title=" ".join(match.entry.title.split())[:120],
        modality="ahead" if is_ahead(match) else "",
    )
    before = _matter(rule, sighting, history)
    lifecycle, transition = advance(before.lifecycle, sign, course)
    after = replace(before, lifecycle=lifecycle)
    if before.lifecycle and before.lifecycle.phase == "resolved" and transition:
        after = replace(after, rounds=before.rounds + (transition.to != "resolved"))
    history.save_matter(rule.name, match.topic, after)
    return _told(rule, after, transition, history)


def _matter(rule: Rule, sighting: Sighting, history: History) -> Matter:
    """Return the matter that a sighting is about, which may be new."""
    topic = sighting.match.topic
    key = pair_key(topic, sighting.match.actors)
    known = {each.pair: each for each in history.matters(rule.name, topic)}
    pair = closest_pair(key, known)
    if pair is None:
        return Matter(name=" ".join(key), pair=key)
    return replace(known[pair], pair=wider_pair(pair, key))


def _told(
    rule: Rule, matter: Matter, transition: Transition | None, history: History
) -> Finding | None:
    if transition is None:
        return None
    ends = transition.to == "resolved"
    is_told = history.has_alert(rule.name, matter.subject)
    if rule.to and transition.to not in rule.to and not (ends and is_told):
        return None
    moves: str = transition.to
    if transition.from_ not in (transition.to, "quiet"):
        moves = f"{transition.from_} to {transition.to}"
    return Finding(
        subject=matter.subject,
        reason=f"{moves}: {transition.reason}",
        phase=transition.to,
        is_news=True,
        ends=ends,
    )
