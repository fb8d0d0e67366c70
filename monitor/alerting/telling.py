"""Put a change of an alert into words that every kind of receiver uses alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.news import families
from monitor.alerting.plain import clip

if TYPE_CHECKING:
    from monitor.model import Alert, Change, ChangeKind

_HEADINGS: dict[ChangeKind, str] = {
    "firing": "",
    "updated": "UPDATE",
    "amended": "CORRECTION",
    "withdrawn": "WITHDRAWN",
    "resolved": "RESOLVED",
}
_REASON = 300
_WORDS = 200


def heading(change: Change) -> str:
    """Return the word that opens the message; "" for an alert that is new."""
    return _HEADINGS[change.kind]


def how_sure(alert: Alert) -> str:
    """Return how far an alert can be relied on, as one line."""
    sure = f"{alert.match.confidence} confidence"
    return f"{sure}, {alert.tier}: {families(alert.voices)}" if alert.voices else sure


def what_changed(change: Change) -> list[str]:
    """Return what is new since the last message, each as one line."""
    lines = [clip(reason, _REASON) for reason in change.reasons]
    lines += [
        f"{each.what}: was \u201c{clip(each.before, _WORDS) or 'none'}\u201d, "
        f"now \u201c{clip(each.after, _WORDS) or 'none'}\u201d"
        for each in change.differences
    ]
    if not change.alert.number and change.alert.reason:
        lines.insert(0, clip(change.alert.reason, _REASON))
    return lines
