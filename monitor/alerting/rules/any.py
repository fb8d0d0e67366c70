"""`any`: every story the rule accepts, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerting.rules.finding import Finding, History

if TYPE_CHECKING:
    from monitor.model import Sighting
    from monitor.rule_model import Rule


def each_story(rule: Rule, sighting: Sighting, history: History) -> Finding | None:
    """Return the story of a sighting, whichever of its copies or edits this is."""
    del rule, history
    return Finding(subject=sighting.story)
