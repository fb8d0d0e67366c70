"""Put a change of an alert into words that every kind of receiver uses alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.evidence import sure
from monitor.alerting.news import families
from monitor.alerting.plain import clip

if TYPE_CHECKING:
    from monitor.model import Alert, Change, ChangeKind

_HEADINGS: dict[ChangeKind, str] = {
    "firing": "",
    "updated": "UPDATE",
    "amended": "AMENDED",
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
    told_by = f"{alert.tier}: {families(alert.voices)}" if alert.voices else ""
    return ", ".join(filter(None, (sure(alert), told_by)))


def what_changed(change: Change) -> list[str]:
    """Return what is new since the last message, each as one line."""
    lines = [clip(reason, _REASON) for reason in change.reasons]
    lines += [
        f"{each.what}: was \u201c{clip(each.before, _WORDS) or 'none'}\u201d, "
        f"now \u201c{clip(each.after, _WORDS) or 'none'}\u201d"
        for each in change.differences
    ]
    alert = change.alert
    if not alert.number and alert.reason not in ("", alert.match.entry.title):
        lines.insert(0, clip(alert.reason, _REASON))
    return lines
