"""`spike`: more stories than is usual at this hour of the week.

Stories are counted in steps of ten minutes, so that what is usual can be looked up
without reading the stories again.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from monitor.alerting.rules.counts import rests
from monitor.alerting.rules.finding import Finding, History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Sighting
    from monitor.rule_model import Rule

STEP = timedelta(minutes=10)
"""How finely stories are counted; `within` is rounded up to whole steps."""

WEEK = timedelta(weeks=1)

FEWEST_WEEKS = 3
"""Weeks that must be known before anything can be called unusual."""

_CONSISTENT = 1.4826
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def surge(rule: Rule, sighting: Sighting, history: History) -> Finding | None:
    """Return the story with which a topic is told of unusually often.

    It has come to `count` stories within `within`, and that is more than `limit` of
    the same hours of the weeks before. At most one spike per `within`.
    """
    history.tally(rule, sighting)
    if history.has_alert(rule.name, sighting.story):
        return None
    if rests(rule, sighting.seen_at, history):
        return None
    end = step_of(sighting.seen_at) + STEP
    width = math.ceil(rule.within / STEP) * STEP
    now = history.tallied(rule, end - width, end)
    if now < rule.count:
        return None
    weeks = known_weeks(rule, end - width, history)
    if weeks < FEWEST_WEEKS:
        return None
    usual = [
        history.tallied(rule, end - number * WEEK - width, end - number * WEEK)
        for number in range(1, weeks + 1)
    ]
    if now <= limit(usual, rule.factor):
        return None
    reason = (
        f"{now} stories, usually {median(usual):g} at this hour of the week"
        f" ({weeks} weeks known)"
    )
    return Finding(subject=sighting.story, count=now, reason=reason)


def step_of(at: datetime) -> datetime:
    """Return the start of the ten minutes that a time falls in."""
    return at - (at - _EPOCH) % STEP


def known_weeks(rule: Rule, before: datetime, history: History) -> int:
    """Return for how many weeks before a window the rule's stories are known.

    Known since the first story that was counted in that time: what lies before it may
    have been quiet, or nobody may have looked. At most `baseline`.
    """
    most = rule.baseline // WEEK
    # One week more, so that a story a week keeps all of `baseline` known.
    first = history.first_tallied(rule, before - (most + 1) * WEEK, before)
    return 0 if first is None else min(most, (before - first) // WEEK)


def limit(usual: Sequence[int], factor: float) -> float:
    """Return the count above which a window is unusual.

    The median and `factor` times the spread. The spread is the median absolute
    deviation times 1.4826, which estimates the standard deviation of normal data and
    is not moved by single bad weeks (Rousseeuw and Croux, "Alternatives to the Median
    Absolute Deviation", JASA 88, 1993; as the test of Iglewicz and Hoaglin, "How to
    Detect and Handle Outliers", 1993). It is at least the square root of the median,
    and at least 1: counts of chance events spread that much (Poisson), and four equal
    weeks do not make a fifth story unusual.
    """
    middle = median(usual)
    spread = _CONSISTENT * median(abs(count - middle) for count in usual)
    return middle + factor * max(spread, math.sqrt(middle), 1.0)
