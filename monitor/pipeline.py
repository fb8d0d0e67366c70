"""The core in one place: from an entry to the notifications it gives rise to.

    Entry -- classify --> Match -- join --> Sighting -- evaluate --> Alert
          -- dispatch --> Notification

Nothing here does I/O or reads a clock. The agents call `classify` and `assess` with a
database behind the protocols; a replay calls them with the in-memory twins; both get
the same answers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from monitor.alerting.render import render
from monitor.alerting.route import receivers_for
from monitor.alerting.rules import History, evaluate
from monitor.model import Alert, Match, MatchesRecord, Notification, Receiver, Rule
from monitor.stories.clusterer import StoryIndex, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from monitor.model import Entry, Route
    from monitor.topics import TopicIndex


class AssessState(StoryIndex, History, Protocol):
    """Everything `assess` must remember between two matches."""

    def open_alert(self, alert: Alert, notifications: Sequence[Notification]) -> bool:
        """Store an alert and its notifications; False if the alert was there."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with sightings: rules, routes and receivers of one configuration."""

    rules: tuple[Rule, ...]
    route: Route
    receivers: Mapping[str, Receiver]
    external_url: str = ""


def classify(
    entries: Iterable[Entry],
    index: TopicIndex,
    on_error: Callable[[str, Exception], None] | None = None,
) -> list[MatchesRecord]:
    """Return the matches of some entries, one record per topic that any matched.

    An entry that comes with the text of its page is held only against the topics that
    the feed's own words nearly matched.
    """
    by_topic: dict[str, list[Match]] = {}
    for entry in entries:
        found = index.match(entry, on_error)
        if entry.text:
            # What the feed's own words matched was told when they came; what they did
            # not come near is not looked for in the page.
            near = set(index.near(without_page(entry)))
            found = [match for match in found if match.topic in near]
        for match in found:
            by_topic.setdefault(match.topic, []).append(match)
    return [
        MatchesRecord(topic=topic, matches=tuple(matches))
        for topic, matches in sorted(by_topic.items())
    ]


def wanted_pages(entries: Iterable[Entry], index: TopicIndex) -> list[Entry]:
    """Return the entries whose page is worth reading: those some topic nearly matched."""
    return [
        entry for entry in entries if entry.url and not entry.text and index.near(entry)
    ]


def without_page(entry: Entry) -> Entry:
    """Return an entry as its feed gave it."""
    return replace(entry, text="", canonical="")


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
        for rule in plan.rules:
            alert = evaluate(rule, sighting, state)
            if alert is not None and state.open_alert(alert, dispatch(alert, plan)):
                opened.append(alert)
    return opened


def dispatch(alert: Alert, plan: Plan) -> list[Notification]:
    """Return the notifications of an alert that just opened, bodies frozen."""
    notifications = []
    for name in receivers_for(plan.route, alert.labels):
        receiver = plan.receivers[name]
        content_type, body = render(alert, receiver, plan.external_url)
        notifications.append(
            Notification(
                id=notification_id(alert, name, "firing"),
                receiver=name,
                alert=alert.id,
                reason="firing",
                content_type=content_type,
                body=body,
                created_at=alert.opened_at,
            )
        )
    return notifications


def notification_id(alert: Alert, receiver: str, reason: str) -> str:
    """Return the id of a notification: the same on every run, retry and crash."""
    seed = f"{alert.id}\0{receiver}\0{reason}".encode()
    return "msg_" + hashlib.sha256(seed).hexdigest()[:24]
