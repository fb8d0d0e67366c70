"""Remember in memory what rules look back on: the twin of `monitor.store.history`.

It forgets nothing; how much it needs is bounded by what it is told.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from operator import attrgetter
from typing import TYPE_CHECKING

from monitor.alerting.rules.finding import MAX_MATTERS, Told
from monitor.alerting.rules.spike import STEP, step_of
from monitor.alerting.rules.transition import heard
from monitor.model import MAX_VOICES, voice_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from monitor.alerting.rules.absence import Watch
    from monitor.alerting.rules.transition import Matter
    from monitor.model import Alert, Entry, Match, Sighting, Voice
    from monitor.rule_model import Rule

_seen_at = attrgetter("seen_at")


class MemoryHistory:
    """Hold what rules look back on.

    Attributes:
        sightings: every sighting, in the order they were added.
    """

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []
        self._by_topic: dict[str, list[Sighting]] = {}  # oldest first
        self._by_story: dict[str, list[Sighting]] = {}  # oldest first
        self._arrivals: dict[int, int] = {}  # by `id`, as `sightings` keeps them all
        self._latest: dict[tuple[str, str], dict[str, Match]] = {}
        self._no_voice: dict[int, str] = {}  # by `id`
        self._families: dict[tuple[str, str], list[datetime]] = {}
        self._fired: dict[str, list[datetime]] = {}
        self._tallies: dict[str, dict[datetime, int]] = {}
        self._steps: dict[str, list[datetime]] = {}
        self._matters: dict[tuple[str, str], dict[str, Matter]] = {}
        self._watches: dict[str, dict[str, Watch]] = {}

    def story_now(self, story: str) -> str:
        """Return the story that took in a story, or the story itself."""
        return story

    def remember(self, sighting: Sighting) -> None:
        """Take in a sighting that is new."""
        topic = sighting.match.topic
        self._arrivals[id(sighting)] = len(self.sightings)
        self.sightings.append(sighting)
        self._keep_latest(sighting.match)
        _put(sighting, self._by_topic.setdefault(topic, []))
        _put(sighting, self._by_story.setdefault(sighting.story, []))
        for family in {"", sighting.publisher.family}:
            insort(self._families.setdefault((topic, family), []), sighting.seen_at)

    def _keep_latest(self, match: Match) -> None:
        entry = match.entry
        known = self._latest.setdefault((entry.feed, entry.id), {})
        before = known.get(match.topic)
        if before is None or before.entry.revision <= entry.revision:
            known[match.topic] = match

    def remember_merge(self, into: str, others: Sequence[str]) -> None:
        """Take in that other stories became part of one."""
        for other in others:
            moved = self._by_story.pop(other, [])
            self._by_story[into] = sorted(
                self._by_story.get(into, []) + moved, key=self._order
            )

    def _order(self, sighting: Sighting) -> tuple[datetime, int]:
        return sighting.seen_at, self._arrivals[id(sighting)]

    def remember_alert(self, alert: Alert) -> None:
        """Take in an alert that opened."""
        insort(self._fired.setdefault(alert.rule, []), alert.opened_at)

    def fired_between(self, rule: str, after: datetime, before: datetime) -> bool:
        """Say whether the rule opened an alert within a window."""
        times = self._fired.get(rule, [])
        return bisect_right(times, after) < bisect_left(times, before)

    def has_count(self, rule: Rule, after: datetime, before: datetime) -> bool:
        """Say whether `stories_between` has as many entries as the rule's `count`."""
        windows = (_window(of, after, before) for of in self._about(rule))
        if sum(map(len, windows)) < rule.count:
            return False
        stories = self.stories_between(rule, after, before)
        return len({(entry.feed, entry.id) for _, entry in stories}) >= rule.count

    def stories_between(
        self, rule: Rule, after: datetime, before: datetime
    ) -> Sequence[tuple[str, Entry]]:
        """List the stories that first satisfied the rule in a window, oldest first.

        Each comes once, with the entry of its first accepted sighting.
        """
        found = []
        for sightings in self._about(rule):
            within = _window(sightings, after, before)
            stories = dict.fromkeys(self.story_now(seen.story) for seen in within)
            found += [self._first_accepted(rule, story) for story in stories]
        recent = [
            seen for seen in found if seen is not None and after < seen.seen_at < before
        ]
        recent.sort(key=_seen_at)
        return [(self.story_now(seen.story), seen.match.entry) for seen in recent]

    def counted(self, story: str) -> Sequence[Voice]:
        """List the independent voices of a story, the first to speak first."""
        told = self._by_story.get(self.story_now(story), ())
        voices = [voice_of(seen) for seen in told if not self._discounted(seen)]
        return voices[:MAX_VOICES]

    def discount(self, story: str, reasons: Mapping[tuple[str, str], str]) -> None:
        """Count some voices of a story no more, named by feed and entry id."""
        for seen in self._by_story.get(self.story_now(story), ()):
            entry = seen.match.entry
            if (entry.feed, entry.id) in reasons:
                self._no_voice[id(seen)] = reasons[entry.feed, entry.id]

    def _discounted(self, seen: Sighting) -> str:
        return self._no_voice.get(id(seen), seen.discounted)

    def latest_match(self, topic: str, feed: str, entry_id: str) -> Match | None:
        """Return what an entry's latest wording said about a topic."""
        return self._latest.get((feed, entry_id), {}).get(topic)

    def topics_of_entry(self, feed: str, entry_id: str) -> Sequence[str]:
        """List the topics that an entry was ever about, in order of their names."""
        return sorted(self._latest.get((feed, entry_id), ()))

    def _about(self, rule: Rule) -> list[list[Sighting]]:
        """Return the sightings by topic, in the order in which the rule names them."""
        places = ((rule.place(topic), topic) for topic in self._by_topic)
        ordered = sorted(each for each in places if each[0] is not None)
        return [self._by_topic[topic] for _, topic in ordered]

    def _first_accepted(self, rule: Rule, story: str) -> Sighting | None:
        return next(self._accepted(rule, story), None)

    def _accepted(self, rule: Rule, story: str) -> Iterator[Sighting]:
        return (seen for seen in self._by_story[story] if rule.accepts(seen))

    def tally(self, rule: Rule, sighting: Sighting) -> None:
        """Count the story of a sighting for the rule, unless it was counted before."""
        accepted = self._accepted(rule, self.story_now(sighting.story))
        if next(accepted, None) is not None and next(accepted, None) is None:
            tallies = self._tallies.setdefault(rule.name, {})
            step = step_of(sighting.seen_at)
            if step not in tallies:
                insort(self._steps.setdefault(rule.name, []), step)
            tallies[step] = tallies.get(step, 0) + 1

    def tallied(self, rule: Rule, start: datetime, end: datetime) -> int:
        """Return how many stories were counted from `start` until before `end`."""
        tallies = self._tallies.get(rule.name, {})
        steps = (start + number * STEP for number in range((end - start) // STEP))
        return sum(tallies.get(step, 0) for step in steps)

    def first_tallied(
        self, rule: Rule, start: datetime, end: datetime
    ) -> datetime | None:
        """Return when the first story of a window was counted, to ten minutes."""
        steps = self._steps.get(rule.name, [])
        first = bisect_left(steps, start)
        return steps[first] if first < len(steps) and steps[first] < end else None

    def told_between(
        self, topic: str, family: str, after: datetime, before: datetime
    ) -> int:
        """Count sightings of a topic in a window, up to 2; "" for every family."""
        times = self._families.get((topic, family), [])
        return min(2, max(0, bisect_left(times, before) - bisect_right(times, after)))

    def countries(self, story: str) -> Collection[str]:
        """Return the countries of the story's publishers that count as independent."""
        seen = self._by_story.get(self.story_now(story), [])
        return {each.publisher.country for each in seen if not each.discounted}

    def nearest(
        self,
        rule: Rule,
        step: int,
        after: datetime,
        before: datetime,
        *,
        actor: str = "",
        latest: bool = False,
    ) -> Told | None:
        """Return the earliest (or latest) sighting of a step of a sequence."""
        conditions = rule.step(step)
        found: list[Sighting] = []
        for topic in sorted(filter(conditions.listens_to, self._by_topic)):
            within = _window(self._by_topic[topic], after, before)
            fitting = (
                seen
                for seen in (reversed(within) if latest else within)
                if rule.accepts_as(step, seen)
                and (not actor or actor in seen.match.actors)
            )
            if first := next(fitting, None):
                found.append(first)
        if not found:
            return None
        # Of one time, what stands first: by topic, then by arrival.
        best = (
            max(reversed(found), key=_seen_at) if latest else min(found, key=_seen_at)
        )
        return Told(self.story_now(best.story), best.seen_at, best.match.entry)

    def last_accepted(
        self, rule: Rule, after: datetime, until: datetime
    ) -> datetime | None:
        """Return when the rule last accepted a sighting, `until` included."""
        times = []
        for sightings in self._about(rule):
            end = bisect_right(sightings, until, key=_seen_at)
            start = bisect_right(sightings, after, key=_seen_at)
            newest = (s for s in reversed(sightings[start:end]) if rule.accepts(s))
            times += [seen.seen_at for seen in newest][:1]
        return max(times, default=None)

    def matters(self, rule: str, topic: str) -> Sequence[Matter]:
        """List what a rule follows on a topic, last heard of first, at most 200."""
        found = list(self._matters.get((rule, topic), {}).values())
        found.sort(key=heard, reverse=True)
        return found[:MAX_MATTERS]

    def save_matter(self, rule: str, topic: str, matter: Matter) -> None:
        """Remember where something stands that a rule follows."""
        self._matters.setdefault((rule, topic), {})[matter.name] = matter

    def watches(self, rule: str) -> Mapping[str, Watch]:
        """Return what a rule knows of what it expects, by what that is."""
        return dict(self._watches.get(rule, {}))

    def save_watches(self, rule: str, watches: Mapping[str, Watch | None]) -> None:
        """Remember what a rule knows; None forgets."""
        known = self._watches.setdefault(rule, {})
        for name, each in watches.items():
            if each is None:
                known.pop(name, None)
            else:
                known[name] = each


def _put(sighting: Sighting, into: list[Sighting]) -> None:
    """Add a sighting in order of time, in which most arrive."""
    if not into or into[-1].seen_at <= sighting.seen_at:
        into.append(sighting)
    else:
        insort(into, sighting, key=_seen_at)


def _window(
    sightings: list[Sighting], after: datetime, before: datetime
) -> list[Sighting]:
    start = bisect_right(sightings, after, key=_seen_at)
    return sightings[start : bisect_left(sightings, before, key=_seen_at)]
