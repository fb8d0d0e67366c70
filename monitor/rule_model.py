"""The values of rules: what they listen to, and when they speak again.

All are frozen, and written in the configuration; what they come to is decided in
`monitor.alerting`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from monitor.model import Entry, Match, Sighting


def fits(pattern: str, name: str) -> bool:
    """Say whether a name fits a pattern, in which `*` stands for any letters."""
    return _pattern(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1000)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


RuleKind = Literal[
    "any",
    "frequency",
    "spike",
    "new_publisher",
    "corroboration",
    "sequence",
    "absence",
    "transition",
]

News = Literal["act", "actor", "tier"]
"""What may be new about an alert that was told: the direction (of a topic without
directions, the act), who acts, and whether enough independent publishers confirm it."""


class Conditions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a sighting must be like; an empty list sets no condition.

    Args:
        topics: the topics listened to, by name or with `*` for any letters.
        directions: only these directions.
        min_score: only matches of at least this score, 0 to 1.
        languages: only entries in these languages (BCP 47, the first part counts).
        countries: only publishers of these countries (ISO 3166-1, lower case).
        publishers: only publishers of these names or families, `*` for any letters.
        actors: all of these must be among the actors.
        acts: only these PLOVER event types.
    """

    topics: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    min_score: float = 0.0
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()

    def listens_to(self, topic: str) -> bool:
        """Say whether this is about a topic."""
        return self.place(topic) is not None

    def place(self, topic: str) -> int | None:
        """Return which of `topics` is or fits a topic, the first; None for none."""
        if topic in self.topics:
            return self.topics.index(topic)
        for place, written in enumerate(self.topics):
            if "*" in written and fits(written, topic):
                return place
        return None

    def accepts(self, sighting: Sighting) -> bool:
        """Say whether a sighting meets every condition, its topic among them."""
        match = sighting.match
        return self.listens_to(match.topic) and self._holds(match, sighting)

    def _holds(self, match: Match, sighting: Sighting) -> bool:
        publisher = sighting.publisher
        return (
            match.score >= self.min_score
            and (not self.directions or match.direction in self.directions)
            and (not self.languages or _main(match.entry.lang) in self.languages)
            and (not self.countries or publisher.country in self.countries)
            and (
                not self.publishers
                or any(
                    fits(each, name)
                    for each in self.publishers
                    for name in (publisher.name, publisher.family)
                )
            )
            and all(actor in match.actors for actor in self.actors)
            and (not self.acts or match.act in self.acts)
        )


def _main(lang: str) -> str:
    return lang.partition("-")[0].lower()


class Realert(Struct, frozen=True, kw_only=True):
    """When a rule that has spoken speaks again about the same development.

    Args:
        after: this long after its last message a rule opens no other alert on the same
            topic: another story joins the alert that was told. Zero for never.
        unless_new: what is told at once, as an update of that alert.
    """

    after: timedelta = timedelta(0)
    unless_new: tuple[News, ...] = ("act", "actor", "tier")


class Rule(Conditions, frozen=True, kw_only=True, omit_defaults=True):
    """When the sightings of topics deserve an alert.

    Args:
        kind: what is looked for, as `docs/rules.md` tells.
        exceptions: sightings that meet one of these are passed over; one that names
            no topic is about all of the rule's.
        only_countries: the story must so far be told by publishers of these alone.
        count: stories needed (frequency), or at least needed (spike).
        within: the time they must come in; how long a publisher is remembered
            (new_publisher); how long after the first the next may come (sequence);
            how long nothing may be seen (absence).
        factor: how many times its usual spread a count must exceed what is usual
            (spike); above 0.
        baseline: how far back the usual is learnt from (spike).
        families: independent publisher families needed (corroboration).
        then: what must follow, in order (sequence).
        same_actors: whether those must share an actor (sequence).
        feeds: the feeds that must bring something, by name or with `*` (absence).
        fresh: the share of feeds, 0 to 1, that must be fresh for silence to mean
            something (absence).
        to: the phases that are told (transition).
        lateness: an entry published longer than this before it was fetched is old
            news: it joins its story and opens nothing. None for no limit.
        confirmed: independent families from which an alert counts as confirmed.
        realert: when the rule speaks again about the same development.
    """

    name: str
    kind: RuleKind
    exceptions: tuple[Conditions, ...] = ()
    only_countries: tuple[str, ...] = ()
    count: int = 1
    within: timedelta = timedelta(0)
    factor: float = 3.0
    baseline: timedelta = timedelta(weeks=4)
    families: int = 3
    then: tuple[Conditions, ...] = ()
    same_actors: bool = True
    feeds: tuple[str, ...] = ()
    fresh: float = 0.5
    to: tuple[str, ...] = ()
    lateness: timedelta | None = None
    confirmed: int = 3
    realert: Realert = Realert()
    severity: str = "info"
    labels: dict[str, str] = {}
    description: str = ""

    def accepts(self, sighting: Sighting) -> bool:
        """Say whether a sighting is of the kind this rule listens to."""
        return super().accepts(sighting) and self.admits(sighting)

    def admits(self, sighting: Sighting) -> bool:
        """Say whether a sighting is neither excepted nor old news."""
        return not self.is_old_news(sighting.match.entry) and not any(
            each._holds(sighting.match, sighting)
            and (not each.topics or each.listens_to(sighting.match.topic))
            for each in self.exceptions
        )

    def is_old_news(self, entry: Entry) -> bool:
        """Say whether an entry was published longer ago than `lateness` allows."""
        if self.lateness is None or entry.published_at is None:
            return False
        return entry.fetched_at - entry.published_at > self.lateness

    def concerns(self, sighting: Sighting) -> bool:
        """Say whether the rule accepts a sighting, or a sequence waits for it."""
        return any(
            self.accepts_as(step, sighting) for step in range(len(self.then) + 1)
        )

    def step(self, number: int) -> Conditions:
        """Return what a sequence waits for: 0 is the rule's own conditions."""
        return self.then[number - 1] if number else self

    def accepts_as(self, number: int, sighting: Sighting) -> bool:
        """Say whether a sighting is a step of a sequence, 0 being the first."""
        if number == 0:
            return self.accepts(sighting)
        return self.step(number).accepts(sighting) and self.admits(sighting)
