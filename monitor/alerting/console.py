"""Write an alert for a terminal: a few lines of plain text, evidence between stars.

No colours here: the text is frozen in the outbox, and whether it goes to a terminal
or a file is known only when it is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.evidence import Piece, sentence, title
from monitor.alerting.plain import clip, one_line, utc, web_address
from monitor.alerting.telling import heading, how_sure, what_changed

if TYPE_CHECKING:
    from monitor.model import Alert, Change

_TITLE = 300
_SENTENCE = 400
_LISTED = 5


def console_text(change: Change) -> str:
    """Return the lines that tell of a change, without a line end at the end."""
    alert = change.alert
    entry = alert.match.entry
    told = [alert.match.direction, how_sure(alert)]
    listed = ", ".join(word for word in told if word)
    said = f"({listed})" if listed else ""
    source = clip(entry.source or entry.feed, 100)
    if entry.published_at is not None:
        source += f", {utc(entry.published_at)}"
    words = [utc(change.at), heading(change), alert.severity.upper()]
    lines = [
        f"{' '.join(filter(None, words))} {alert.rule}: {alert.topic} {said}",
        *what_changed(change),
        _marked(title(alert.match, _TITLE)) or "(no title)",
        _marked(sentence(alert.match, _SENTENCE)),
        *_counted(alert),
        f"{source} {web_address(entry.url)}",
    ]
    return "\n  ".join(one_line(line).strip() for line in lines if line.strip())


def _counted(alert: Alert) -> list[str]:
    if not alert.related:
        return []
    latest = alert.related[-_LISTED:]
    return [
        f"{alert.count} stories together; besides:",
        *(
            f"- {clip(other.title, 120)} ({clip(other.source or other.feed, 60)})"
            for other in reversed(latest)
        ),
    ]


def _marked(pieces: list[Piece]) -> str:
    return "".join(f"*{p.text}*" if p.is_evidence else p.text for p in pieces).strip()
