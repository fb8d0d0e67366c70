"""The values that travel: entries, matches, sightings, alerts, notifications.

All are frozen; all times are aware and in UTC. A type that stays inside one package
lives with the code that owns it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
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


# Of entries and what is made of them there are many, and none can hold itself: the
# collector may pass by.
class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One item of a feed, as text.

    `(feed, id, revision)` names one wording of one entry, for good.

    Args:
        feed: the feed's id.
        id: the entry's identity within its feed: its guid, else its link, else a hash
            of its text.
        source: who publishes it: the user's word for the feed, else the entry's own
            `<source>`, else the feed's title.
        source_url: the address that its `<source>` gives, as aggregators' items have.
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
    source_url: str = ""
    revision: int = 0
    changed: tuple[str, ...] = ()
    published_at: datetime | None = None
    fetched_at: datetime
    text: str = ""
    canonical: str = ""


class EntriesRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stream `entries` carries: what one poll of a feed brought.

    An entry whose page was read comes a second time, with its text.

    Args:
        entries: new or revised entries, oldest first; may be empty.
        withdrawn: ids of entries that the publisher seems to have taken back.
        returned: ids of entries that seemed taken back and are listed again.
        at: when the poll was answered; set where something was withdrawn or is back.
    """

    feed: str
    entries: tuple[Entry, ...]
    withdrawn: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Say whether it tells nothing."""
        return not (self.entries or self.withdrawn or self.returned)


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
        actors: who acts and upon whom, as concepts of the packs ("states/japan"), the
            one that acts first; empty when nobody was found near the evidence.
        act: what is done, as a PLOVER event type ("THREATEN"), or "".
    """

    topic: str
    score: float
    direction: str = ""
    cue: Span | UnsetType = UNSET
    spans: tuple[Span, ...]
    entry: Entry
    actors: tuple[str, ...] = ()
    act: str = ""

    @property
    def confidence(self) -> Confidence:
        """Return the score as one word."""
        return confidence_of(self.score)


class Revision(Struct, frozen=True, kw_only=True):
    """An entry that is no longer what it was: another wording of it, or none.

    Args:
        feed: the feed's id.
        entry_id: the entry's identity within its feed.
        revision: which wording this is; 0 of an entry that is gone or back.
        kind: "edited"; "gone" when the feed took it away while older ones stay; "back"
            when it lists it again.
        topics: the topics that this wording is about.
        seen_at: when the poll that told of it was answered.
    """

    feed: str
    entry_id: str
    revision: int = 0
    kind: Literal["edited", "gone", "back"] = "edited"
    topics: tuple[str, ...] = ()
    seen_at: datetime


class MatchesRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stream `matches` carries: one entries record's matches for one topic.

    Args:
        topic: "" in a record that only tells of revisions.
        revised: entries that changed, whatever topics they were about before.
    """

    topic: str
    matches: tuple[Match, ...] = ()
    revised: tuple[Revision, ...] = ()


class Publisher(Struct, frozen=True, kw_only=True, gc=False):
    """Who publishes an entry, as far as independence goes.

    Args:
        name: what readers call it, such as "Asahi Shimbun".
        family: the same for all publishers of one owner.
        country: where it is at home (ISO 3166-1 alpha-2, lower case), or "".
        agency: the family of the agency that the text is credited to, or of the
            publisher it relies on ("according to ..."); "" for none but itself.
        agency_name: what readers call that agency.
        is_aggregator: it shows the news of others, and did not say whose this is.
    """

    name: str = ""
    family: str = ""
    country: str = ""
    agency: str = ""
    agency_name: str = ""
    is_aggregator: bool = False


Joining = Literal["first", "copy", "near-copy", "rewrite", "translation", "edit"]
"""How an entry came into its story."""


class Sighting(Struct, frozen=True, kw_only=True, gc=False):
    """One match joining a story.

    Args:
        story: the story's id.
        is_first: this match opened the story.
        seen_at: the time used by rules: when the entry was fetched.
        joined: what tied it to the story.
        copy_of: feed and id of the entry it copies or nearly copies.
        merged: stories that this sighting proved to be the same; `story` took them in.
        discounted: why its publisher is no independent voice in the story; "" when
            it is one.
        families: independent publisher families in the story, this one included.
    """

    story: str
    is_first: bool
    seen_at: datetime
    match: Match
    publisher: Publisher = Publisher()
    joined: Joining = "first"
    copy_of: tuple[str, str] | None = None
    merged: tuple[str, ...] = ()
    discounted: str = ""
    families: int = 1


class Voice(Struct, frozen=True, kw_only=True, gc=False):
    """One member of a story as a witness, as far as independence goes.

    Args:
        copy_of: feed and id of the entry whose text it repeats.
    """

    publisher: Publisher
    feed: str
    entry_id: str
    title: str = ""
    url: str = ""
    source: str = ""
    seen_at: datetime
    joined: Joining = "first"
    copy_of: tuple[str, str] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Return which entry it is: its feed and id."""
        return self.feed, self.entry_id

    @property
    def name(self) -> str:
        """Return what readers call its publisher."""
        return self.publisher.name or self.publisher.family or self.feed


def voice_of(sighting: Sighting) -> Voice:
    """Return a sighting as a witness."""
    entry = sighting.match.entry
    return Voice(
        publisher=sighting.publisher,
        feed=entry.feed,
        entry_id=entry.id,
        title=entry.title,
        url=entry.url,
        source=entry.source,
        seen_at=sighting.seen_at,
        joined=sighting.joined,
        copy_of=sighting.copy_of,
    )


MAX_VOICES = 50
"""Independent voices remembered of a story or alert; more make nothing surer."""

Status = Literal["firing", "resolved", "withdrawn"]

Tier = Literal["single", "confirmed"]
"""How sure the report is: enough independent publishers tell it, or not yet."""


class Alert(Struct, frozen=True, kw_only=True):
    """A rule that holds for a story, with the evidence that opened it.

    Args:
        id: derived from rule and subject, so a replay gives the same.
        subject: what it is about: a story, or what else the kind of rule looks at.
        story: the story that opened it.
        severity: the rule's word, such as "info", "warning" or "critical".
        labels: what routes match on: rule, topic, severity, direction and the rule's
            own labels.
        match: the match that made it fire, in its latest wording.
        reason: why the rule holds, as one line; "" when its name says it.
        count: stories counted by a frequency rule; 1 otherwise.
        related: other entries that were counted, newest last.
        phase: the phase that a lifecycle is in, or "".
        voices: the independent publishers that tell it, the first 50.
        families: how many those are.
        tier: whether they are enough.
        acts: the directions told so far; of a topic without directions, the acts.
        actors: those told so far to act.
        number: changes told since it opened.
        updated_at: when the latest of them was.
    """

    id: str
    rule: str
    topic: str
    subject: str = ""
    story: str
    severity: str
    status: Status
    labels: dict[str, str]
    description: str = ""
    match: Match
    reason: str = ""
    count: int = 1
    related: tuple[Entry, ...] = ()
    phase: str = ""
    voices: tuple[Voice, ...] = ()
    families: int = 1
    tier: Tier = "single"
    acts: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    opened_at: datetime
    number: int = 0
    updated_at: datetime | None = None


ChangeKind = Literal["firing", "updated", "amended", "withdrawn", "resolved"]


class Difference(Struct, frozen=True, kw_only=True):
    """What an edit did to one thing that an alert tells: its words before and after."""

    what: str
    before: str
    after: str


class Change(Struct, frozen=True, kw_only=True):
    """One step in the life of an alert, as it is told.

    Args:
        alert: the alert after it.
        kind: what happened.
        reasons: what is new, each as one line for the reader.
        differences: what an edit or correction changed.
    """

    at: datetime
    alert: Alert
    kind: ChangeKind = "firing"
    reasons: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


class AlertRecord(Struct, frozen=True, kw_only=True):
    """What stream `alerts` carries: one alert transition, for anybody downstream.

    Args:
        change: what happened to the alert.
        reasons: what is new, each as one line.
        differences: what an edit or correction changed.
    """

    kind: Literal["alert"] = "alert"
    at: datetime
    alert: Alert
    change: ChangeKind = "firing"
    reasons: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


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
