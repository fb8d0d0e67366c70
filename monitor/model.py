"""The values that travel: entries, matches, sightings, alerts, notifications.

All are frozen; all times are aware and in UTC. A type that stays inside one package
lives with the code that owns it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Feed(Struct, frozen=True, kw_only=True):
    """A polled source. May hold a secret, which its repr leaves out.

    Args:
        id: the user's name for it, unique in the configuration.
        interval: the time between two polls, before jitter; at least 100 ms.
        max_interval: how far a quiet feed, or the publisher's word, may stretch the
            interval; None leaves the feed's own rhythm aside.
        timeout: the total time one poll may take.
        lang: the language of its entries (BCP 47), or "" when unknown.
        source: the publisher's name, or "" to use the feed's own.
        authorization: sent as the header of that name, to no host but that of `url`.
        full_text: read the page of an entry that a topic nearly matched.
    """

    id: str
    url: str
    interval: timedelta
    max_interval: timedelta | None = None
    timeout: timedelta
    lang: str = ""
    source: str = ""
    authorization: str = ""
    full_text: bool = False

    def __repr__(self) -> str:
        """Leave out what may grant access: the header, and a key in the address."""
        return f"Feed(id={self.id!r})"


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item of a feed, as text.

    `(feed, id, revision)` names one wording of one entry, for good.

    Args:
        feed: the feed's id.
        id: the entry's identity within its feed: its guid, else its link, else a hash
            of its text.
        revision: 0 at first sight, one more with every edit.
        changed: what the edit changed: "title", "summary" or both.
        published_at: the publisher's date, when it gave one.
        fetched_at: when the poll that brought it was answered.
        text: the article of its page, once that was read; else "".
        canonical: the address that page gives as its own, or "".
    """

    feed: str
    id: str
    title: str
    summary: str
    url: str = ""
    lang: str = ""
    source: str = ""
    revision: int = 0
    changed: tuple[str, ...] = ()
    published_at: datetime | None = None
    fetched_at: datetime
    text: str = ""
    canonical: str = ""


class EntriesRecord(Struct, frozen=True, kw_only=True):
    """What stream `entries` carries: new or revised entries of one poll of a feed.

    An entry whose page was read comes a second time, with its text.
    """

    feed: str
    entries: tuple[Entry, ...]


# Many are made for each entry, and none can hold itself: the collector may pass by.
class Span(Struct, frozen=True, kw_only=True, gc=False):
    """A piece of an entry that supports a match.

    `quote` equals `getattr(entry, field)[start:end]`, always.

    Args:
        field: "title" or "summary", as the feed gave them, or "text", from the page.
        start: the first character, counted in code points.
        end: one past the last character.
        concept: the concept found there, or "" for a bare term.
        clause: the position of the clause in its topic, from 0.
    """

    field: Literal["title", "summary", "text"]
    start: int
    end: int
    quote: str
    concept: str = ""
    clause: int = 0


Confidence = Literal["high", "medium", "low"]

HIGH, MEDIUM = 0.8, 0.6
"""The scores from which a match is of high and of medium confidence."""


def confidence_of(score: float) -> Confidence:
    """Return a score as one word."""
    if score >= HIGH:
        return "high"
    return "medium" if score >= MEDIUM else "low"


class Match(Struct, frozen=True, kw_only=True, gc=False):
    """One entry satisfying one topic.

    Args:
        score: confidence from 0 to 1.
        direction: the topic's word for where things move, or "".
        cue: the words that told the direction; unset when no words did.
    """

    topic: str
    score: float
    direction: str = ""
    cue: Span | UnsetType = UNSET
    spans: tuple[Span, ...]
    entry: Entry

    @property
    def confidence(self) -> Confidence:
        """Return the score as one word."""
        return confidence_of(self.score)


class MatchesRecord(Struct, frozen=True, kw_only=True):
    """What stream `matches` carries: one entries record's matches for one topic."""

    topic: str
    matches: tuple[Match, ...]


class Sighting(Struct, frozen=True, kw_only=True):
    """One match joining a story.

    Args:
        story: the story's id.
        is_first: this match opened the story.
        seen_at: the time used by rules: when the entry was fetched.
    """

    story: str
    is_first: bool
    seen_at: datetime
    match: Match


Status = Literal["firing", "resolved"]


class Alert(Struct, frozen=True, kw_only=True):
    """A rule that holds for a story, with the evidence that opened it.

    Args:
        id: derived from rule and story, so a replay gives the same.
        severity: the rule's word, such as "info", "warning" or "critical".
        labels: what routes match on: rule, topic, severity, direction and the rule's
            own labels.
        match: the match that made it fire.
        count: stories counted by a frequency rule; 1 otherwise.
        related: other entries that were counted, newest last.
    """

    id: str
    rule: str
    topic: str
    story: str
    severity: str
    status: Status
    labels: dict[str, str]
    description: str = ""
    match: Match
    count: int = 1
    related: tuple[Entry, ...] = ()
    opened_at: datetime


class AlertRecord(Struct, frozen=True, kw_only=True):
    """What stream `alerts` carries: one alert transition, for anybody downstream."""

    kind: Literal["alert"] = "alert"
    at: datetime
    alert: Alert


class DeadLetter(Struct, frozen=True, kw_only=True):
    """What stream `dead-letters` carries: a record that could not be processed.

    Args:
        value: the raw record, base64 in JSON.
        error: what was wrong with it, as one line.
    """

    stream: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    error: str
    at: datetime


def fits(pattern: str, name: str) -> bool:
    """Say whether a name fits a pattern, in which `*` stands for any letters."""
    return _pattern(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1000)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


class Rule(Struct, frozen=True, kw_only=True):
    """When the sightings of topics deserve an alert.

    Args:
        kind: "any" fires once per story; "frequency" when `count` stories were seen
            within `within`, at most once per `within`.
        topics: the topics it listens to, by name or with `*` for any letters.
        directions: only these directions; empty means all.
        min_score: only matches of at least this score, 0 to 1.
    """

    name: str
    kind: Literal["any", "frequency"]
    topics: tuple[str, ...]
    directions: tuple[str, ...] = ()
    min_score: float = 0.0
    count: int = 1
    within: timedelta = timedelta(0)
    severity: str = "info"
    labels: dict[str, str] = {}
    description: str = ""

    def listens_to(self, topic: str) -> bool:
        """Say whether this rule is about a topic."""
        return self.place(topic) is not None

    def place(self, topic: str) -> int | None:
        """Return which of `topics` is or fits a topic, the first; None for none."""
        if topic in self.topics:
            return self.topics.index(topic)
        for place, written in enumerate(self.topics):
            if "*" in written and fits(written, topic):
                return place
        return None

    def accepts(self, match: Match) -> bool:
        """Say whether a match is of the kind this rule listens to."""
        return (
            self.listens_to(match.topic)
            and match.score >= self.min_score
            and (not self.directions or match.direction in self.directions)
        )


class Matcher(Struct, frozen=True, kw_only=True):
    """One label condition of a route, with Alertmanager's operators."""

    label: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str


class Route(Struct, frozen=True, kw_only=True):
    """Who hears of an alert: the first child that matches, else this receiver.

    Args:
        continue_: go on to the next sibling after a match.
    """

    receivers: tuple[str, ...]
    matchers: tuple[Matcher, ...] = ()
    continue_: bool = False
    routes: tuple[Route, ...] = ()


class Receiver(Struct, frozen=True, kw_only=True):
    """Where a reader listens. Holds secrets: never log one.

    Args:
        url: the address to post to; "" for the console.
        secrets: Standard Webhooks keys (`whsec_...`), the newest first.
        timeout: the total time one attempt may take.
    """

    name: str
    kind: Literal["console", "webhook", "slack"]
    url: str = ""
    secrets: tuple[str, ...] = ()
    timeout: timedelta = timedelta(seconds=10)

    def __repr__(self) -> str:
        """Leave out address and secrets, which may grant access."""
        return f"Receiver(name={self.name!r}, kind={self.kind!r})"


class Notification(Struct, frozen=True, kw_only=True):
    """One message for one receiver, frozen when it is decided.

    Args:
        id: derived from rule, story, receiver and reason; sent as `webhook-id`.
        body: the exact bytes to deliver.
        alert: the id of the alert it tells of.
    """

    id: str
    receiver: str
    alert: str
    reason: str
    content_type: str
    body: bytes
    created_at: datetime


class OutboxItem(Struct, frozen=True, kw_only=True):
    """A notification leased for one delivery attempt.

    Args:
        attempts: tries made before this one.
        fetched_at: when the feed's answer that caused it arrived.
    """

    notification: Notification
    attempts: int
    fetched_at: datetime
