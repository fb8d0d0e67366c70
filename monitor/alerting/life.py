"""Decide what a finding comes to: a new alert, an update of one, or nothing to tell.

    Finding -- known? -- no ---------------------------> opened      "firing"
                  |          another story, lately told -> folded into that alert
                  +--- yes -- news: act, actor, tier ---> followed   "updated"
                         |--- over --------------------->            "resolved"
                         +--- nothing new --------------> remembered, not told

What edits and retractions do to an alert is decided in `monitor.alerting.amend`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

from monitor.alerting.book import AlertBook, Step
from monitor.alerting.news import (
    act_of,
    actor_of,
    is_another,
    new_act,
    new_actor,
    new_tier,
)
from monitor.model import MAX_VOICES, Alert, Change, voice_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.alerting.book import Discount
    from monitor.alerting.rules import Finding
    from monitor.model import ChangeKind, Match, Sighting, Tier, Voice
    from monitor.rule_model import Rule


def alert_id(rule: str, subject: str) -> str:
    """Return the id of the alert of a rule on a subject: the same on every run."""
    seed = f"{rule}\0{subject}".encode()
    return "al_" + hashlib.sha256(seed).hexdigest()[:24]


def decide(
    rule: Rule,
    sighting: Sighting,
    finding: Finding,
    book: AlertBook,
    discount: Discount,
) -> Step | None:
    """Return what a finding does to the alerts of a rule; None for nothing at all.

    Args:
        book: already holds the sighting.
        discount: says why a witness confirms nothing beside others.
    """
    alert = book.alert_about(rule.name, finding.subject)
    if alert is not None:
        return follow(rule, alert, sighting, finding, discount)
    if finding.ends and not finding.is_news:
        return None
    told = _told_lately(rule, sighting, book)
    if told is not None:
        return follow(rule, told, sighting, finding, discount)
    return opened(rule, sighting, finding, book.counted(sighting.story))


def _told_lately(rule: Rule, sighting: Sighting, book: AlertBook) -> Alert | None:
    """Return the alert that another story of the same development joins, if any."""
    after = rule.realert.after
    if not after:
        return None
    at = sighting.seen_at
    # Looking ahead as well: a feed that was behind must not tell anew what was told.
    told = book.told_lately(rule.name, sighting.match.topic, at - after, at + after)
    actor = actor_of(sighting.match)
    fitting = (
        alert
        for alert in told
        if alert.status == "firing" and not is_another(alert, actor)
    )
    return next(fitting, None)


def opened(
    rule: Rule, sighting: Sighting, finding: Finding, voices: Sequence[Voice]
) -> Step:
    """Return the step that opens an alert."""
    match = sighting.match
    voices = tuple(voices[:MAX_VOICES])
    act, actor = act_of(match), actor_of(match)
    alert = Alert(
        id=alert_id(rule.name, finding.subject),
        subject=finding.subject,
        rule=rule.name,
        topic=match.topic,
        story=sighting.story,
        severity=rule.severity,
        status="firing",
        labels={},
        description=rule.description,
        match=match,
        reason=finding.reason,
        count=finding.count,
        related=finding.related,
        phase=finding.phase,
        voices=voices,
        families=max(len(voices), 1),
        tier=_tier(voices, rule.confirmed),
        acts=(act,) if act else (),
        actors=(actor,) if actor else (),
        opened_at=sighting.seen_at,
    )
    alert = replace(alert, labels=labels_of(alert, rule.labels))
    return Step(
        alert=alert,
        subjects=_subjects(finding, sighting),
        change=Change(at=sighting.seen_at, alert=alert, kind="firing"),
    )


def follow(
    rule: Rule, alert: Alert, sighting: Sighting, finding: Finding, discount: Discount
) -> Step | None:
    """Return what another sighting does to an alert that readers know."""
    match = sighting.match
    heard = with_voice(alert, sighting, rule.confirmed, discount)
    # What a feed that was behind says of an earlier hour is no turn of events.
    is_behind = sighting.seen_at < (alert.updated_at or alert.opened_at)
    news = {
        "act": "" if is_behind else new_act(alert, match),
        "actor": new_actor(alert, match),
        "tier": new_tier(alert, heard),
    }
    reasons = [news[kind] for kind in rule.realert.unless_new if news[kind]]
    if finding.is_news and finding.reason:
        reasons.insert(0, finding.reason)
    if alert.status != "firing" and heard.voices != alert.voices:
        reasons.insert(0, f"told again by {voice_of(sighting).publisher.name}")
    known = _learn(heard, match) if reasons else heard
    known = replace(known, phase=finding.phase or known.phase)
    subjects = _subjects(finding, sighting)
    if finding.ends and alert.status == "firing":
        return step(known, "resolved", sighting.seen_at, [finding.reason], subjects)
    if reasons or finding.is_news:
        return step(known, "updated", sighting.seen_at, reasons, subjects)
    return Step(alert=known, subjects=subjects)


def step(
    alert: Alert,
    kind: ChangeKind,
    at: datetime,
    reasons: Sequence[str],
    subjects: tuple[str, ...] = (),
) -> Step:
    """Return the step that tells of a change to an alert."""
    status = kind if kind in ("withdrawn", "resolved") else "firing"
    told = replace(
        alert,
        reason=reasons[0] if kind == "resolved" and reasons else alert.reason,
        status=status,
        number=alert.number + 1,
        updated_at=at,
    )
    told = replace(told, labels=labels_of(told, alert.labels))
    change = Change(at=at, alert=told, kind=kind, reasons=tuple(filter(None, reasons)))
    return Step(alert=told, subjects=subjects, change=change)


def with_voice(
    alert: Alert, sighting: Sighting, confirmed: int, discount: Discount
) -> Alert:
    """Return the alert with one more witness, if it is an independent one."""
    if sighting.discounted or len(alert.voices) >= MAX_VOICES:
        return alert
    voice = voice_of(sighting)
    if discount(voice, alert.voices):
        return alert
    return rests_on(alert, (*alert.voices, voice), confirmed)


def rests_on(alert: Alert, voices: tuple[Voice, ...], confirmed: int) -> Alert:
    """Return the alert resting on these witnesses."""
    return replace(
        alert, voices=voices, families=len(voices), tier=_tier(voices, confirmed)
    )


def labels_of(alert: Alert, own: dict[str, str]) -> dict[str, str]:
    """Return what routes match on; a rule's own labels never hide the product's."""
    labels = dict(own)
    labels |= {
        "rule": alert.rule,
        "topic": alert.topic,
        "severity": alert.severity,
        "tier": alert.tier,
    }
    labels.pop("direction", None)
    if alert.match.direction:
        labels["direction"] = alert.match.direction
    return labels


def _learn(alert: Alert, match: Match) -> Alert:
    """Return the alert knowing what a match told that is new."""
    act, actor = act_of(match), actor_of(match)
    acts, actors = alert.acts, alert.actors
    if act and act not in acts:
        # What is done now is what the reader must see, with its evidence.
        acts, alert = (*acts, act), replace(alert, match=match)
    if actor and actor not in actors:
        actors = (*actors, actor)
    return replace(alert, acts=acts, actors=actors)


def _tier(voices: Sequence[Voice], confirmed: int) -> Tier:
    return "confirmed" if len(voices) >= confirmed else "single"


def _subjects(finding: Finding, sighting: Sighting) -> tuple[str, ...]:
    return tuple(dict.fromkeys((finding.subject, sighting.story)))
