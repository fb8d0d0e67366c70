"""Decide what a finding comes to: a new alert, an update of one, or nothing to tell."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from monitor.model import Alert

if TYPE_CHECKING:
    from monitor.alerting.rules import Finding
    from monitor.model import Sighting
    from monitor.rule_model import Rule


def alert_id(rule: str, subject: str) -> str:
    """Return the id of the alert of a rule on a subject: the same on every run."""
    seed = f"{rule}\0{subject}".encode()
    return "al_" + hashlib.sha256(seed).hexdigest()[:24]


def opened(rule: Rule, sighting: Sighting, finding: Finding) -> Alert:
    """Return the alert that a finding opens."""
    match = sighting.match
    labels = dict(rule.labels)
    labels |= {"rule": rule.name, "topic": match.topic, "severity": rule.severity}
    if match.direction:
        labels["direction"] = match.direction
    return Alert(
        id=alert_id(rule.name, finding.subject),
        subject=finding.subject,
        rule=rule.name,
        topic=match.topic,
        story=sighting.story,
        severity=rule.severity,
        status="firing",
        labels=labels,
        description=rule.description,
        match=match,
        reason=finding.reason,
        count=finding.count,
        related=finding.related,
        phase=finding.phase,
        opened_at=sighting.seen_at,
    )
