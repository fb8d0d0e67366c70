"""The core in one place: from an entry to the notifications it gives rise to.

    Entry -- classify --> Match -- join --> Sighting -- evaluate --> Alert
          -- dispatch --> Notification

Nothing here does I/O or reads a clock. The agents call `classify` and `assess` with a
database behind the protocols; a replay calls them with the in-memory twins; both get
the same answers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from monitor.alerting.life import alert_id
from monitor.alerting.life import opened as open_
from monitor.alerting.lifecycle import USUAL, Course
from monitor.alerting.render import render
from monitor.alerting.route import receivers_for
from monitor.alerting.rules import Finding, History, evaluate
from monitor.alerting.rules.absence import Freshness, evidence, watch
from monitor.model import Alert, Match, MatchesRecord, Notification, Receiver
from monitor.rule_model import Rule
from monitor.stories.clusterer import join
from monitor.stories.index import StoryIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.model import Entry, Route
    from monitor.topics import TopicIndex


class AssessState(StoryIndex, History, Protocol):
    """Everything `assess` must remember between two matches."""

    def open_alert(self, alert: Alert, notifications: Sequence[Notification]) -> bool:
        """Store an alert and its notifications; False if the alert was there."""
        ...

    def alert(self, alert_id: str) -> Alert | None:
        """Return an alert as it stands."""
        ...

    def update_alert(self, alert: Alert, notifications: Sequence[Notification]) -> None:
        """Store what became of an alert, and the notifications of it."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with sightings: rules, routes and receivers of one configuration.

    Args:
        courses: how the directions of topics lead from phase to phase, where that is
            not as usual.
    """

    rules: tuple[Rule, ...]
    route: Route
    receivers: Mapping[str, Receiver]
    external_url: str = ""
    courses: Mapping[str, Course] = field(default_factory=dict)


def classify(
    entries: Iterable[Entry],
    index: TopicIndex,
    on_error: Callable[[str, Exception], None] | None = None,
) -> list[MatchesRecord]:
    """Return the matches of some entries, one record per topic that any matched."""
    by_topic: dict[str, list[Match]] = {}
    for entry in entries:
        for match in index.match(entry, on_error):
            by_topic.setdefault(match.topic, []).append(match)
    return [
        MatchesRecord(topic=topic, matches=tuple(matches))
        for topic, matches in sorted(by_topic.items())
    ]


def assess(matches: Iterable[Match], plan: Plan, state: AssessState) -> list[Alert]:
    """Join matches to stories, evaluate the rules, and store what must be told.

    Matches that were assessed before are passed over, so a redelivered record
    changes nothing. Returns the alerts that opened.
    """
    opened: list[Alert] = []
    for match in matches:
        sighting = join(match, state)
        if sighting is None:
            continue
        course = plan.courses.get(match.topic, USUAL)
        for rule in plan.rules:
            finding = evaluate(rule, sighting, state, course)
            if finding is None or state.has_alert(rule.name, finding.subject):
                continue
            alert = open_(rule, sighting, finding)
            if state.open_alert(alert, dispatch(alert, plan)):
                opened.append(alert)
    return opened


def tick(
    now: datetime, plan: Plan, state: AssessState, freshness: Freshness
) -> list[Alert]:
    """Tell what was expected and did not come, and what came again.

    To be called every few seconds; asked twice, it tells nothing twice. Returns the
    alerts that opened or were resolved.
    """
    changed = []
    for rule in plan.rules:
        if rule.kind != "absence":
            continue
        for finding in watch(rule, now, state, freshness):
            settle = _end_silence if finding.ends else _open_silence
            alert = settle(now, rule, finding, plan, state)
            if alert is not None:
                changed.append(alert)
    return changed


def _open_silence(
    now: datetime, rule: Rule, finding: Finding, plan: Plan, state: AssessState
) -> Alert | None:
    alert = open_(rule, evidence(rule, finding, now), finding)
    return alert if state.open_alert(alert, dispatch(alert, plan)) else None


def _end_silence(
    now: datetime, rule: Rule, finding: Finding, plan: Plan, state: AssessState
) -> Alert | None:
    alert = state.alert(alert_id(rule.name, finding.subject))
    if alert is None or alert.status != "firing":
        return None
    ended = msgspec.structs.replace(
        alert,
        status="resolved",
        reason=finding.reason,
        number=alert.number + 1,
        updated_at=finding.at or now,
    )
    state.update_alert(ended, dispatch(ended, plan))
    return ended


def dispatch(alert: Alert, plan: Plan) -> list[Notification]:
    """Return the notifications of an alert that opened or ended, bodies frozen."""
    notifications = []
    for name in receivers_for(plan.route, alert.labels):
        receiver = plan.receivers[name]
        content_type, body = render(alert, receiver, plan.external_url)
        notifications.append(
            Notification(
                id=notification_id(alert, name, alert.status),
                receiver=name,
                alert=alert.id,
                reason=alert.status,
                content_type=content_type,
                body=body,
                created_at=alert.updated_at or alert.opened_at,
            )
        )
    return notifications


def notification_id(alert: Alert, receiver: str, reason: str) -> str:
    """Return the id of a notification: the same on every run, retry and crash."""
    seed = f"{alert.id}\0{receiver}\0{reason}".encode()
    return "msg_" + hashlib.sha256(seed).hexdigest()[:24]
