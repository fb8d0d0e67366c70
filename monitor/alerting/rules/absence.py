"""`absence`: something expected that does not come.

Looks at the time, not at a sighting. There are three answers: it was seen; it was not;
or *unknown*, because too few feeds are read to tell silence from deafness.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from monitor.alerting.rules.finding import Finding, History
from monitor.model import Entry, Match, Sighting
from monitor.rule_model import fits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.rule_model import Rule

SETTLING = timedelta(minutes=15)
"""How long feeds must have been fresh: what was published while nobody looked must
have had time to arrive."""

LONGEST_GAP = timedelta(minutes=2)
"""A longer time between two looks means that nobody was there."""

Answer = Literal["", "seen", "absent", "unknown"]

OWN_FEED = "wirewatch"
"""The feed that entries made by Wirewatch itself name."""

FEEDS = "feeds"
"""What stands for a topic where a rule is about feeds."""

WHOLE = ""
"""What a rule expects as a whole; other names are those of feeds."""


class FeedNews(Struct, frozen=True, kw_only=True):
    """When a feed last brought something.

    Args:
        news_at: when something new came from it; None when nothing ever did.
        stopped: why it is not polled any more, or "".
        trouble: why its polls bring nothing, or "".
    """

    feed: str
    news_at: datetime | None
    stopped: str = ""
    trouble: str = ""


class Freshness(Struct, frozen=True, kw_only=True):
    """How well feeds are read.

    Args:
        total: feeds that are to be polled.
        fresh: those whose last poll was good and whose next is not overdue.
        feeds: those that rules expect something of.
    """

    total: int
    fresh: int
    feeds: tuple[FeedNews, ...] = ()

    def is_enough(self, rule: Rule) -> bool:
        """Say whether enough feeds are fresh for silence to mean something.

        A rule about feeds asks for the others: the silent one may be the only one.
        """
        total = self.total - 1 if rule.feeds else self.total
        if total <= 0:
            return bool(rule.feeds)
        return self.fresh >= rule.fresh * total


class Watch(Struct, frozen=True, kw_only=True):
    """What is known of something expected, between two looks.

    Args:
        since: since when it is expected.
        ticked_at: the last look, and `fresh_since`, since when feeds were fresh at
            every look; of the rule as a whole.
        seen_at: when it was last seen.
        answer: what the last look came to; "" when this is no single thing.
        silence: the subject of the alert that is open, or "".
    """

    since: datetime
    ticked_at: datetime | None = None
    fresh_since: datetime | None = None
    seen_at: datetime | None = None
    answer: Answer = ""
    silence: str = ""


def watch(
    rule: Rule, now: datetime, history: History, freshness: Freshness
) -> list[Finding]:
    """Return the silences that began or ended, as far as they are known by now.

    May be called as often as one likes: a silence is found once, when it has lasted
    for `within`, and its end once.
    """
    known = history.watches(rule.name)
    whole = _look(rule, known.get(WHOLE), now, freshness)
    watches: dict[str, Watch | None] = {WHOLE: whole}
    findings: list[Finding] = []
    for name, found in _expected(rule, whole, now, history, freshness):
        before = known.get(name) or Watch(since=now)
        if name == WHOLE:
            before = whole
        after = _judge(rule, before, whole, found, now)
        findings += _change(
            rule, before, after, found, _known_at(rule, after, whole, now)
        )
        watches[name] = after
    for name in known.keys() - watches.keys():
        findings += _forgotten(known[name], now)
        watches[name] = None
    changed = {name: each for name, each in watches.items() if each != known.get(name)}
    history.save_watches(rule.name, changed)
    return findings


def _look(
    rule: Rule, before: Watch | None, now: datetime, freshness: Freshness
) -> Watch:
    """Note that somebody looks, and whether feeds were fresh all the time."""
    if before is None:
        before = Watch(since=now)
    gap = abs(now - (before.ticked_at or now))
    since = before.fresh_since
    if since is None or since > now or gap > LONGEST_GAP:
        since = now
    # After a longer gap, or a clock that jumped, what never came is expected anew.
    starts_anew = not before.silence and (gap > rule.within or before.since > now)
    return replace(
        before,
        since=now if starts_anew else before.since,
        ticked_at=now,
        fresh_since=since if freshness.is_enough(rule) else None,
    )


def _expected(
    rule: Rule, whole: Watch, now: datetime, history: History, freshness: Freshness
) -> Iterator[tuple[str, FeedNews]]:
    if rule.topics:
        # What lies before the last that is known of need not be read again.
        after = max(now - 2 * rule.within, whole.seen_at or now - 2 * rule.within)
        seen_at = history.last_accepted(rule, after, now)
        yield WHOLE, FeedNews(feed="", news_at=seen_at)
    for feed in freshness.feeds:
        if any(fits(each, feed.feed) for each in rule.feeds):
            yield feed.feed, feed


def _judge(
    rule: Rule, before: Watch, whole: Watch, found: FeedNews, now: datetime
) -> Watch:
    times = [at for at in (before.seen_at, found.news_at) if at and at <= now]
    after = replace(before, seen_at=max(times, default=None))
    silent = found.stopped or now >= _deadline(rule, after, whole)
    if not silent:
        return replace(after, answer="seen", silence="")
    if whole.fresh_since is None or now - whole.fresh_since < SETTLING:
        return replace(after, answer="unknown")
    start = _start(after, whole)
    return replace(after, answer="absent", silence=_subject(found, start))


def _start(watch: Watch, whole: Watch) -> datetime:
    if watch.seen_at or watch.silence:
        return watch.seen_at or watch.since
    return max(watch.since, whole.since)


def _deadline(rule: Rule, watch: Watch, whole: Watch) -> datetime:
    return _start(watch, whole) + rule.within + (rule.lateness or timedelta(0))


def _subject(found: FeedNews, start: datetime) -> str:
    return f"{found.feed or 'topics'} silent since {start.isoformat()}"


def _known_at(rule: Rule, after: Watch, whole: Watch, now: datetime) -> datetime:
    """Return when a silence could be known, however seldom somebody looks."""
    settled = (whole.fresh_since or now) + SETTLING
    return min(now, max(_deadline(rule, after, whole), settled))


def _change(
    rule: Rule, before: Watch, after: Watch, found: FeedNews, at: datetime
) -> Iterator[Finding]:
    if before.silence and before.silence != after.silence:
        again = "works again" if found.feed else "seen again"
        at_end = after.seen_at or at
        yield Finding(subject=before.silence, reason=again, ends=True, at=at_end)
    if after.silence and before.silence != after.silence:
        yield Finding(subject=after.silence, reason=_reason(rule, found), at=at)


def _forgotten(watch: Watch, now: datetime) -> Iterator[Finding]:
    if watch.silence:
        reason = "no longer expected"
        yield Finding(subject=watch.silence, reason=reason, ends=True, at=now)


def _reason(rule: Rule, found: FeedNews) -> str:
    if not found.feed:
        return f"Nothing on {', '.join(rule.topics)} for {in_words(rule.within)}"
    if found.stopped:
        return f'Feed "{found.feed}" stopped: {found.stopped}'
    why = f": {found.trouble}" if found.trouble else ""
    return f'Nothing new from feed "{found.feed}" for {in_words(rule.within)}{why}'


def evidence(rule: Rule, finding: Finding, now: datetime) -> Sighting:
    """Return what stands for the sighting of an alert that nothing was seen for.

    An entry of Wirewatch itself, in no story and without spans.
    """
    at = finding.at or now
    entry = Entry(
        feed=OWN_FEED,
        id=finding.subject,
        title=finding.reason,
        summary="",
        lang="en",
        source="Wirewatch",
        fetched_at=at,
    )
    topic = rule.topics[0] if rule.topics else FEEDS
    match = Match(topic=topic, score=1.0, spans=(), entry=entry)
    return Sighting(story=finding.subject, is_first=True, seen_at=at, match=match)


def in_words(span: timedelta) -> str:
    """Return a time span in the largest unit that leaves no rest, such as "90 min"."""
    seconds = span.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"
