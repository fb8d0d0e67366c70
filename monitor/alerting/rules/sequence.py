"""`sequence`: one thing and then another, by the same actors.

The steps are found from whichever of them came last to us, so a first step that
arrives after the second is missed by nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.rules.counts import listed
from monitor.alerting.rules.finding import Finding, History, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Sighting
    from monitor.rule_model import Rule

MAX_ACTORS = 5
"""Actors of one sighting that are followed."""


def succession(rule: Rule, sighting: Sighting, history: History) -> Finding | None:
    """Return the steps of a sequence that a sighting completes.

    About the story of its first step. All steps lie less than `within` after the
    first, each later than the one before; those of one time have no order.
    """
    for chain in _chains(rule, sighting, history):
        first = chain[0]
        if history.has_alert(rule.name, first.story):
            continue
        entries = [each.entry for each in chain]
        others = [each for each in entries if each != sighting.match.entry]
        return Finding(
            subject=first.story,
            count=len(chain),
            related=listed(others),
            reason=f'followed on "{" ".join(first.entry.title.split())[:120]}"',
        )
    return None


def _chains(rule: Rule, sighting: Sighting, history: History) -> Iterator[list[Told]]:
    told = Told(sighting.story, sighting.seen_at, sighting.match.entry)
    actors = sighting.match.actors[:MAX_ACTORS] if rule.same_actors else ("",)
    for step in range(len(rule.then) + 1):
        if not rule.accepts_as(step, sighting):
            continue
        for actor in actors:
            last = _onwards(rule, step, told, history, actor)
            chain = last and _back(rule, last, history, actor)
            if chain:
                yield chain


def _onwards(
    rule: Rule, step: int, told: Told, history: History, actor: str
) -> Told | None:
    """Return the earliest last step after a sighting, through all between."""
    until = told.seen_at + rule.within
    for number in range(step + 1, len(rule.then) + 1):
        found = history.nearest(rule, number, told.seen_at, until, actor=actor)
        if found is None:
            return None
        told = found
    return told


def _back(rule: Rule, last: Told, history: History, actor: str) -> list[Told] | None:
    """Return the steps that end with `last` and begin as late as may be.

    Whatever sequence a sighting is part of, one ends as early as `_onwards` says, and
    begins no earlier than that: so two sightings of one sequence find the same.
    """
    chain = [last]
    since = last.seen_at - rule.within
    for number in range(len(rule.then) - 1, -1, -1):
        before = chain[-1].seen_at
        found = history.nearest(rule, number, since, before, actor=actor, latest=True)
        if found is None:
            return None
        chain.append(found)
    return chain[::-1]
