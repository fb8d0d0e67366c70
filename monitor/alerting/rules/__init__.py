"""Evaluate rules: given a sighting and what was seen before, does the rule hold?

Rules work in event time, the time entries were fetched; no clock is read, so a replay
decides as the first run did. One module a kind of rule; `evaluate` picks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.rules.any import each_story
from monitor.alerting.rules.counts import burst
from monitor.alerting.rules.finding import Finding, History

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.model import Sighting
    from monitor.rule_model import Rule, RuleKind

__all__ = ["Finding", "History", "evaluate"]

_KINDS: Mapping[RuleKind, Callable[[Rule, Sighting, History], Finding | None]] = {
    "any": each_story,
    "frequency": burst,
}


def evaluate(rule: Rule, sighting: Sighting, history: History) -> Finding | None:
    """Return what a rule finds in a sighting, which must be in `history` already."""
    if not rule.accepts(sighting):
        return None
    return _KINDS[rule.kind](rule, sighting, history)
