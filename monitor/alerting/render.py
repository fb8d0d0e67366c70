"""Write what a receiver is sent about an alert: content type and exact bytes.

Pure and deterministic: the same alert and receiver give the same bytes on every run,
because the bytes are frozen in the outbox and must survive a replay. What each kind
of receiver gets is written in a module of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.console import console_text
from monitor.alerting.slack import slack_body
from monitor.alerting.webhook import webhook_body

if TYPE_CHECKING:
    from monitor.model import Change, Receiver


def render(change: Change, receiver: Receiver, external_url: str) -> tuple[str, bytes]:
    """Return the content type and body that tell this receiver of a change."""
    match receiver.kind:
        case "webhook":
            return "application/json", webhook_body(change, receiver, external_url)
        case "slack":
            return "application/json", slack_body(change, external_url)
        case "console":
            return "text/plain; charset=utf-8", console_text(change).encode()
