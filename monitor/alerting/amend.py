"""Decide what an edit, a correction or a retraction does to an alert.

An alert rests on witnesses: the entry whose evidence it shows, which leads it, and the
independent voices counted beside it. When one of them says something else, or nothing
any more, the same alert tells so: *amended* while anybody still stands behind it,
*withdrawn* when nobody does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from monitor.alerting.corrections import mark_of
from monitor.alerting.evidence import quotes, sentence
from monitor.alerting.life import rests_on, step
from monitor.alerting.news import act_of, actor_of, families, new_tier
from monitor.model import Difference
from monitor.text import bare

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.alerting.book import AlertBook, Step
    from monitor.model import Alert, Entry, Match, Sighting
    from monitor.rule_model import Rule

_LONGEST = 300

DEFAULT_CONFIRMED = 3
"""Families from which an alert counts as confirmed when its rule is gone."""


def amend(
    rule: Rule | None, alert: Alert, sighting: Sighting, book: AlertBook
) -> Step | None:
    """Return what another wording does to an alert; None when that is nothing.

    Args:
        rule: the alert's rule; None when the configuration has it no more.
        sighting: an edit of an entry, or an entry marked as correcting another.
    """
    entry, match = sighting.match.entry, sighting.match
    lead = alert.match.entry
    is_lead = (lead.feed, lead.id) == (entry.feed, entry.id) or _corrects(
        sighting, alert
    )
    if alert.status == "withdrawn" or not (is_lead or _is_voice(alert, entry)):
        return None
    who = _name(sighting)
    lost = _loss(rule, sighting)
    if lost:
        gone = lead if is_lead else entry
        return drop(rule, alert, Loss(gone, f"{who} {lost}", sighting.seen_at), book)
    if not is_lead:
        return None
    differences = differences_between(alert.match, match)
    if not differences:
        return None
    act, actor = act_of(match), actor_of(match)
    amended = replace(
        alert,
        match=match,
        acts=_with(alert.acts, act),
        actors=_with(alert.actors, actor),
    )
    verb = "corrected" if mark_of(entry.title) else "edited"
    told = step(amended, "amended", sighting.seen_at, [f"{who} {verb} its report"])
    return _with_differences(told, differences)


def _loss(rule: Rule | None, sighting: Sighting) -> str:
    """Say how a wording takes its support from an alert; "" if it does not."""
    if mark_of(sighting.match.entry.title) == "retraction":
        return "took it back"
    if rule is not None and not rule.accepts(sighting):
        return "changed its report"
    return ""


class Loss(NamedTuple):
    """An entry that no longer supports an alert, why, and since when."""

    entry: Entry
    reason: str
    at: datetime


def drop(rule: Rule | None, alert: Alert, loss: Loss, book: AlertBook) -> Step | None:
    """Return what it does to an alert that it lost a witness."""
    if alert.status == "withdrawn":
        return None
    at, reason = loss.at, loss.reason
    key = (loss.entry.feed, loss.entry.id)
    rest = tuple(v for v in alert.voices if (v.feed, v.entry_id) != key)
    is_lead = (alert.match.entry.feed, alert.match.entry.id) == key
    if len(rest) == len(alert.voices) and not is_lead:
        return None
    confirmed = rule.confirmed if rule is not None else DEFAULT_CONFIRMED
    left = rests_on(alert, rest, confirmed)
    standing = _standing(left, rule, book) if is_lead else alert.match
    if standing is None or not rest:
        return step(left, "withdrawn", at, [reason])
    left = replace(left, match=standing)
    reasons = [reason, new_tier(alert, left) or f"still told by {families(rest)}"]
    return step(left, "amended", at, reasons)


def suspect(alert: Alert, entry: Entry, at: datetime, *, is_gone: bool) -> Step | None:
    """Return what it does to an alert that a feed lists an entry no more, or again.

    Only told of the entry that leads the alert: a feed may drop what it wants, and the
    lead speaks for the rest.
    """
    lead = alert.match.entry
    if alert.status != "firing" or (lead.feed, lead.id) != (entry.feed, entry.id):
        return None
    who = entry.source or entry.feed
    gone = "lists it no more, while older reports stay: perhaps withdrawn"
    reason = f"{who} {gone if is_gone else 'lists it again'}"
    return step(alert, "amended", at, [reason])


def differences_between(old: Match, new: Match) -> tuple[Difference, ...]:
    """Return what a reader of the old wording must know of the new.

    Punctuation, case and what is added around unchanged evidence do not count.
    """
    found = []
    if act_of(old) != act_of(new):
        found.append(("direction", act_of(old).lower(), act_of(new).lower()))
    if bare(old.entry.title) != bare(new.entry.title):
        found.append(("title", old.entry.title, new.entry.title))
    text = bare(f"{new.entry.title} {new.entry.summary} {new.entry.text}")
    if any(bare(quote) not in text for quote in _expected(old, new)):
        before, after = _evidence(old), _evidence(new)
        if (before, after) != (old.entry.title, new.entry.title):
            found.append(("evidence", before, after))
    return tuple(
        Difference(what=what, before=before, after=after)
        for what, before, after in found
    )


def _expected(old: Match, new: Match) -> list[str]:
    """Return the evidence to look for in a new wording.

    What stood on the old page is looked for only where the new page was read.
    """
    if not new.entry.text:
        old = replace(old, entry=replace(old.entry, text=""))
    return quotes(old)


def _evidence(match: Match) -> str:
    """Return the words that showed it: a sentence of the summary, else the title."""
    pieces = sentence(match, _LONGEST)
    return "".join(piece.text for piece in pieces).strip() or match.entry.title


def _standing(alert: Alert, rule: Rule | None, book: AlertBook) -> Match | None:
    """Return the evidence of the first witness that still speaks for the alert."""
    for voice in alert.voices:
        match = book.latest_match(alert.topic, voice.feed, voice.entry_id)
        if match is not None and (rule is None or act_of(match) in ("", *alert.acts)):
            return match
    return None


def _corrects(sighting: Sighting, alert: Alert) -> bool:
    """Say whether another entry speaks for the one that leads an alert.

    An agency issues its correction as a new item, and edits its own copy of what others
    print; a publisher speaks for its own family only, and for those who carry it.
    """
    lead, family = alert.match.entry, sighting.publisher.family
    led_by = [v.publisher for v in alert.voices if v.key == (lead.feed, lead.id)]
    # An agency that no table holds is known by its name alone.
    names = {family, sighting.publisher.name.casefold()} - {""}
    is_edit = sighting.joined == "edit"
    is_marked = bool(mark_of(sighting.match.entry.title))
    return any(
        (is_marked and by.family == family != "")
        or ((is_marked or is_edit) and by.agency in names and by.family != family)
        for by in led_by
    )


def _is_voice(alert: Alert, entry: Entry) -> bool:
    return any((v.feed, v.entry_id) == (entry.feed, entry.id) for v in alert.voices)


def _name(sighting: Sighting) -> str:
    entry = sighting.match.entry
    return sighting.publisher.name or entry.source or entry.feed


def _with(known: tuple[str, ...], new: str) -> tuple[str, ...]:
    return known if not new or new in known else (*known, new)


def _with_differences(told: Step, differences: tuple[Difference, ...]) -> Step:
    if told.change is None:
        return told
    return replace(told, change=replace(told.change, differences=differences))
