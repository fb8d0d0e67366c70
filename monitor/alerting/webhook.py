"""Write an alert as Alertmanager's webhook does, so that its receivers can read it.

The form is version 4 of
https://prometheus.io/docs/alerting/latest/configuration/#webhook_config; `wirewatch`
beside it holds the whole alert, for receivers written for it. A message tells of one
alert, so the group is the rule and the story.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from monitor.alerting.evidence import quotes
from monitor.alerting.plain import one_line, web_address
from monitor.alerting.telling import what_changed

if TYPE_CHECKING:
    from monitor.model import Change, Receiver

_NO_END = "0001-01-01T00:00:00Z"  # how Alertmanager writes that an alert still fires


def webhook_body(change: Change, receiver: Receiver, external_url: str) -> bytes:
    """Return the JSON that tells of a change, the same bytes on every run."""
    alert = change.alert
    status = "firing" if alert.status == "firing" else "resolved"
    labels = alert.labels | {"alertname": alert.rule, "story": alert.story}
    annotations = _annotations(change)
    group = {"alertname": alert.rule, "story": alert.story}
    told = {
        "change": change.kind,
        "reasons": change.reasons,
        "differences": msgspec.to_builtins(change.differences),
    }
    payload: dict[str, Any] = {
        "version": "4",
        "groupKey": _group_key(group),
        "truncatedAlerts": 0,
        "status": status,
        "receiver": receiver.name,
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": external_url,
        "alerts": [
            {
                "status": status,
                "labels": labels,
                "annotations": annotations,
                "startsAt": _rfc3339(alert.opened_at),
                "endsAt": _NO_END if status == "firing" else _rfc3339(change.at),
                "generatorURL": external_url,
                "fingerprint": alert.id.removeprefix("al_")[:16],
            }
        ],
        "wirewatch": msgspec.to_builtins(alert) | told,
    }
    return to_json(payload)


def to_json(payload: dict[str, Any]) -> bytes:
    """Return JSON with its keys in order; halves of surrogate pairs become "?"."""
    text = json.dumps(
        payload, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return text.encode("utf-8", "replace")


def _annotations(change: Change) -> dict[str, str]:
    alert = change.alert
    entry = alert.match.entry
    published = entry.published_at
    found = {
        "summary": one_line(entry.title).strip(),
        "description": one_line(alert.description).strip(),
        "reason": one_line(alert.reason).strip(),
        "confidence": alert.match.confidence,
        "evidence": ", ".join(f'"{quote}"' for quote in quotes(alert.match)),
        "source": one_line(entry.source).strip() or entry.feed,
        "url": web_address(entry.url),
        "published": _rfc3339(published) if published else "",
        "story": alert.story,
        "change": change.kind,
        "changed": "; ".join(what_changed(change)),
        "families": str(alert.families),
    }
    return {name: text for name, text in found.items() if text}


def _group_key(group: dict[str, str]) -> str:
    pairs = (f"{name}={json.dumps(group[name])}" for name in sorted(group))
    return "{}:{" + ", ".join(pairs) + "}"


def _rfc3339(at: datetime) -> str:
    text: str = msgspec.to_builtins(at)
    return text
