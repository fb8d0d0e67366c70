"""Write what a receiver is sent about an alert: content type and exact bytes.

Pure and deterministic: the same alert and receiver give the same bytes on every run,
because the bytes are frozen in the outbox and must survive a replay. What each kind
of receiver gets is written in a module of its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from monitor.model import Alert, Receiver


def render(alert: Alert, receiver: Receiver, external_url: str) -> tuple[str, bytes]:
    """Return the content type and body that tell this receiver of the alert."""
    if receiver.kind == "console":
        title = alert.match.entry.title
        return "text/plain; charset=utf-8", title.encode("utf-8", "replace")
    value = {"text": alert.match.entry.title, "externalURL": external_url}
    if receiver.kind == "webhook":
        value |= {"wirewatch": msgspec.to_builtins(alert)}
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return "application/json", text.encode("utf-8", "replace")
