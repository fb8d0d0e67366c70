"""Evaluate rules: given a sighting and what was seen before, does the rule hold?

Rules work in event time, the time entries were fetched; no clock is read, so a replay
decides as the first run did. One module a kind of rule; `evaluate` picks it. Rules of
kind `absence` look at the time instead: `monitor.alerting.rules.absence`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.lifecycle import USUAL, Course
from monitor.alerting.rules.any import each_story
from monitor.alerting.rules.counts import burst
from monitor.alerting.rules.finding import Finding, History
from monitor.alerting.rules.publishers import corroboration, new_publisher
from monitor.alerting.rules.sequence import succession
from monitor.alerting.rules.spike import surge
from monitor.alerting.rules.transition import moved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.model import Sighting
    from monitor.rule_model import Rule, RuleKind

__all__ = ["Finding", "History", "evaluate"]

_KINDS: Mapping[RuleKind, Callable[[Rule, Sighting, History], Finding | None]] = {
    "any": each_story,
    "frequency": burst,
    "spike": surge,
    "new_publisher": new_publisher,
    "corroboration": corroboration,
    "sequence": succession,
}


def evaluate(
    rule: Rule, sighting: Sighting, history: History, course: Course = USUAL
) -> Finding | None:
    """Return what a rule finds in a sighting, which must be in `history` already.

    Must be called once for each sighting, in the order in which they come: some kinds
    count in `history` what they are shown.

    Args:
        course: how the directions of the sighting's topic lead from phase to phase.
    """
    if not rule.concerns(sighting):
        return None
    if rule.kind == "transition":
        finding = moved(rule, sighting, history, course)
    else:
        kind = _KINDS.get(rule.kind)
        finding = kind(rule, sighting, history) if kind else None
    if finding is None or not rule.only_countries:
        return finding
    told_in = history.countries(sighting.story)
    return finding if set(told_in) <= set(rule.only_countries) else None
