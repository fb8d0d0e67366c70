"""The core in one place: from an entry to the notifications it gives rise to.

    Entry -- classify --> Match -- join --> Sighting -- evaluate --> Finding
          -- decide --> Change of an Alert -- dispatch --> Notification

Nothing here does I/O or reads a clock. The agents call `classify` and `assess` with a
database behind the protocols; a replay calls them with the in-memory twins; both get
the same answers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec.structs import replace

from monitor.alerting.amend import Loss, amend, drop, suspect
from monitor.alerting.book import AlertBook
from monitor.alerting.corrections import mark_of
from monitor.alerting.life import decide, opened, step
from monitor.alerting.lifecycle import USUAL, Course
from monitor.alerting.render import render
from monitor.alerting.route import receivers_for
from monitor.alerting.rules import Finding, History, evaluate
from monitor.alerting.rules.absence import Freshness, evidence, watch
from monitor.model import (
    Change,
    Match,
    MatchesRecord,
    Notification,
    Receiver,
    Revision,
    Sighting,
)
from monitor.rule_model import Rule
from monitor.stories.clusterer import join
from monitor.stories.corroboration import discount
from monitor.stories.index import StoryIndex
from monitor.stories.publishers import Publishers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from monitor.alerting.book import Step
    from monitor.model import Alert, EntriesRecord, Entry, Route
    from monitor.topics import TopicIndex


class AssessState(StoryIndex, History, AlertBook, Protocol):
    """Everything `assess` must remember between two matches."""

    def save(self, step: Step, notifications: Sequence[Notification]) -> None:
        """Store a step in an alert's life, and whom it is told to."""
        ...

    def move_subjects(self, alert: Alert, subjects: Iterable[str]) -> None:
        """Let an alert be the one about these subjects, under its rule."""
        ...

    def note(self, revision: Revision) -> bool:
        """Remember what became of an entry; False if that was known.

        Of one wording, fewer topics are news: its page settled what was open.
        """
        ...

    def is_superseded(self, match: Match) -> bool:
        """Say whether a later wording of the entry is known to be off the topic."""
        ...

    def topics_of_entry(self, feed: str, entry_id: str) -> Sequence[str]:
        """List the topics that an entry was ever about, in order of their names."""
        ...


def _no_table() -> Publishers:
    return Publishers((), lambda host: host)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with sightings: rules, routes and receivers of one configuration.

    Args:
        publishers: says who publishes an entry; without a table, by its host.
        courses: how the directions of topics lead from phase to phase, where that is
            not as usual.
    """

    rules: tuple[Rule, ...]
    route: Route
    receivers: Mapping[str, Receiver]
    external_url: str = ""
    publishers: Publishers = field(default_factory=_no_table)
    courses: Mapping[str, Course] = field(default_factory=dict)

    def rule(self, name: str) -> Rule | None:
        """Return the rule of a name; None when the configuration has it no more."""
        return next((rule for rule in self.rules if rule.name == name), None)


def classify(
    entries: Iterable[Entry],
    index: TopicIndex,
    on_error: Callable[[str, Exception], None] | None = None,
    *,
    is_paged: bool = False,
) -> list[MatchesRecord]:
    """Return the matches of some entries, one record per topic that any matched.

    An entry that comes with the text of its page is held only against the topics that
    the feed's own words nearly matched.

    A last record tells of the entries that are edits: one that is no longer about a
    topic leaves no match there, and somebody may have been told of it. An edit whose
    page is to be read may be about what it nearly matched, until it comes with the page.

    Args:
        is_paged: pages of these entries are read where a topic nearly matched.
    """
    by_topic: dict[str, list[Match]] = {}
    revised: list[Revision] = []
    for entry in entries:
        found, topics = _look(entry, index, on_error, is_paged=is_paged)
        for match in found:
            by_topic.setdefault(match.topic, []).append(match)
        if entry.revision:
            revised.append(_revision(entry, topics))
    records = [
        MatchesRecord(topic=topic, matches=tuple(matches))
        for topic, matches in sorted(by_topic.items())
    ]
    if revised:
        records.append(MatchesRecord(topic="", revised=tuple(revised)))
    return records


def _look(
    entry: Entry,
    index: TopicIndex,
    on_error: Callable[[str, Exception], None] | None,
    *,
    is_paged: bool,
) -> tuple[list[Match], list[str]]:
    """Return what an entry matches anew, and the topics that it is or may be about."""
    found = index.match(entry, on_error)
    topics = [match.topic for match in found]
    if not entry.text:
        is_awaited = is_paged and entry.url and entry.revision
        return found, topics + (list(index.near(entry)) if is_awaited else [])
    # What the feed's own words matched was told when they came; what they did not come
    # near is not looked for in the page.
    bare = without_page(entry)
    near = set(index.near(bare))
    found = [match for match in found if match.topic in near]
    topics = (
        [match.topic for match in index.match(bare, on_error)] if entry.revision else []
    )
    return found, topics + [match.topic for match in found]


def wanted_pages(entries: Iterable[Entry], index: TopicIndex) -> list[Entry]:
    """Return the entries whose page is worth reading: those some topic nearly matched."""
    return [
        entry for entry in entries if entry.url and not entry.text and index.near(entry)
    ]


def without_page(entry: Entry) -> Entry:
    """Return an entry as its feed gave it."""
    return replace(entry, text="", canonical="")


def vanished(record: EntriesRecord) -> MatchesRecord | None:
    """Return what a record tells of entries that are gone or back; None for nothing."""
    if record.at is None:
        return None
    told: list[tuple[Literal["gone", "back"], tuple[str, ...]]] = [
        ("gone", record.withdrawn),
        ("back", record.returned),
    ]
    revised = tuple(
        Revision(feed=record.feed, entry_id=each, kind=kind, seen_at=record.at)
        for kind, ids in told
        for each in ids
    )
    return MatchesRecord(topic="", revised=revised) if revised else None


def _revision(entry: Entry, topics: Sequence[str]) -> Revision:
    return Revision(
        feed=entry.feed,
        entry_id=entry.id,
        revision=entry.revision,
        topics=tuple(topics),
        seen_at=entry.fetched_at,
    )


def assess(
    matches: Iterable[Match],
    plan: Plan,
    state: AssessState,
    revised: Iterable[Revision] = (),
) -> list[Change]:
    """Join matches to stories, evaluate the rules, and store what must be told.

    Matches that were assessed before are passed over, so a redelivered record
    changes nothing. Returns what is told.
    """
    told: list[Change] = []
    for match in matches:
        sighting = join(match, state, publisher=plan.publishers.identify(match.entry))
        if sighting is not None:
            steps = _steps(sighting, plan, state)
            told += _store(steps, plan, state)
    for revision in revised:
        told += _store(_revise(revision, plan, state), plan, state)
    return told


def _store(steps: Iterable[Step], plan: Plan, state: AssessState) -> Iterator[Change]:
    for each in steps:
        change = each.change
        state.save(each, [] if change is None else dispatch(change, plan))
        if change is not None:
            yield change


def _steps(sighting: Sighting, plan: Plan, state: AssessState) -> Iterator[Step]:
    """Yield what a sighting does to alerts; each must be stored before the next."""
    yield from _merged(sighting, state)
    if state.is_superseded(sighting.match) or _is_late(sighting, state):
        return
    done: set[str] = set()
    mark = mark_of(sighting.match.entry.title)
    if sighting.joined == "edit" or mark:
        for alert in state.alerts_of_story(sighting.story):
            amended = amend(plan.rule(alert.rule), alert, sighting, state)
            if amended is not None:
                done.add(alert.rule)
                yield amended
    if mark == "retraction":
        return  # what takes a report back is no report of its own
    course = plan.courses.get(sighting.match.topic, USUAL)
    for rule in plan.rules:
        # Also where the edit has been told: some rules count what they are shown.
        finding = evaluate(rule, sighting, state, course)
        if finding is not None and rule.name not in done:
            decided = decide(rule, sighting, finding, state, discount)
            if decided is not None:
                yield decided


def _is_late(sighting: Sighting, state: AssessState) -> bool:
    """Say whether a later wording spoke first, as this one waited for its page."""
    if sighting.joined != "edit":
        return False
    entry = sighting.match.entry
    latest = state.latest_match(sighting.match.topic, entry.feed, entry.id)
    return latest is not None and latest.entry.revision > entry.revision


def _merged(sighting: Sighting, state: AssessState) -> Iterator[Step]:
    """Let alerts follow stories that proved to be one; of two, the older stays."""
    for story in sighting.merged:
        for alert in state.alerts_of_story(story):
            other = state.alert_about(alert.rule, sighting.story)
            if other is None or other.id == alert.id:
                state.move_subjects(alert, (sighting.story,))
                continue
            state.move_subjects(other, (story,))
            if alert.status == "firing":
                reason = f"the same story as alert {other.id}"
                yield step(alert, "resolved", sighting.seen_at, [reason])


def _revise(revision: Revision, plan: Plan, state: AssessState) -> Iterator[Step]:
    """Yield what it does to alerts that an entry is no longer what it was."""
    if not state.note(revision):
        return
    for topic in state.topics_of_entry(revision.feed, revision.entry_id):
        if revision.kind == "edited" and topic in revision.topics:
            continue
        # Asked first, as it takes the topic's lock: another process may be at it.
        story = state.story_of_entry(topic, revision.feed, revision.entry_id)
        for alert in state.alerts_of_story(story) if story else ():
            match = state.latest_match(topic, revision.feed, revision.entry_id)
            if match is None:
                continue
            rule, at = plan.rule(alert.rule), revision.seen_at
            if revision.kind != "edited":
                is_gone = revision.kind == "gone"
                changed = suspect(alert, match.entry, at, is_gone=is_gone)
            else:
                reason = f"{match.entry.source or match.entry.feed} edited it away"
                loss = Loss(match.entry, reason, at)
                changed = drop(rule, alert, loss, state)
            if changed is not None:
                yield changed


def tick(
    now: datetime, plan: Plan, state: AssessState, freshness: Freshness
) -> list[Change]:
    """Tell what was expected and did not come, and what came again.

    To be called every few seconds; asked twice, it tells nothing twice.
    """
    told: list[Change] = []
    for rule in plan.rules:
        if rule.kind == "absence":
            for finding in watch(rule, now, state, freshness):
                told += _store(_silence(now, rule, finding, state), plan, state)
    return told


def _silence(
    now: datetime, rule: Rule, finding: Finding, state: AssessState
) -> Iterator[Step]:
    """Yield what a silence, or its end, does to the alert of it."""
    alert = state.alert_about(rule.name, finding.subject)
    if alert is None and not finding.ends:
        yield opened(rule, evidence(rule, finding, now), finding, ())
    elif alert is not None and finding.ends and alert.status == "firing":
        yield step(alert, "resolved", finding.at or now, [finding.reason])


def dispatch(change: Change, plan: Plan) -> list[Notification]:
    """Return the notifications of a change, bodies frozen."""
    alert = change.alert
    reason = change.kind if not alert.number else f"{change.kind}:{alert.number}"
    notifications = []
    for name in receivers_for(plan.route, alert.labels):
        receiver = plan.receivers[name]
        content_type, body = render(change, receiver, plan.external_url)
        notifications.append(
            Notification(
                id=notification_id(alert, name, reason),
                receiver=name,
                alert=alert.id,
                reason=reason,
                content_type=content_type,
                body=body,
                created_at=change.at,
            )
        )
    return notifications


def notification_id(alert: Alert, receiver: str, reason: str) -> str:
    """Return the id of a notification: the same on every run, retry and crash."""
    seed = f"{alert.id}\0{receiver}\0{reason}".encode()
    return "msg_" + hashlib.sha256(seed).hexdigest()[:24]
