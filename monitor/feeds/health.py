"""Judge whether a feed is well, by its own past.

Pure: `learn` takes in one new body and is run when a poll is stored; `judge` says how a
feed does, from what was learned and how its polls end. A publisher's night, weekend and
holiday are learned as gaps between news, so that silence is judged by the feed's own
rhythm; what lasts for `ACCEPTED_AFTER` becomes the new usual.
"""

from __future__ import annotations

from datetime import timedelta
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from monitor.feed_model import UsualFeed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.feed_model import FeedProblem, FeedState, PollOutcome

Condition = Literal[
    "paused", "stopped", "failing", "changed", "shrunken", "quiet", "waiting", "ok"
]
"""How a feed does, the gravest first."""

CONDITIONS: tuple[Condition, ...] = get_args(Condition)

UNWELL: tuple[Condition, ...] = ("stopped", "failing", "changed", "shrunken", "quiet")
"""The conditions that somebody should look at."""

ACCEPTED_AFTER = timedelta(days=7)
"""How long a new title or a shorter list is told of before it is the usual one."""

FEWEST_BODIES = 5
FEWEST_ENTRIES = 4.0
SHRUNKEN, RECOVERED = 0.25, 0.5
"""The shares of its usual entries below which a feed is shrunken, and well again."""

FEWEST_GAPS = 8
QUIET_FACTOR, QUIET_USUAL = 2.0, 6.0
"""A feed is quiet after twice its longest gap of late and six times its usual one."""

SHORTEST_QUIET = timedelta(hours=6)
SHORTEST_QUIET_AT_FIRST = timedelta(days=3)
FIRST = timedelta(days=14)
"""Until a feed is known for two weeks, a weekend may be new to us."""

_MOST = 1000
_LEARNING = 0.1
_HALVED_IN = timedelta(days=14)
_ALIKE = 0.6


class FeedHealth(Struct, frozen=True, kw_only=True):
    """How a feed does, and why.

    Args:
        reason: what is wrong, or "".
        since: when it began, or None while nothing is wrong.
    """

    condition: Condition
    reason: str = ""
    since: datetime | None = None

    @property
    def is_unwell(self) -> bool:
        """Say whether somebody should look at the feed."""
        return self.condition in UNWELL


def learn(usual: UsualFeed | None, outcome: PollOutcome) -> UsualFeed:
    """Return what is usual for a feed, after one more body that was new.

    Args:
        usual: what was known before, or None at the first body.
        outcome: a good poll with `changed` set.
    """
    entries = len(outcome.present)
    if usual is None:
        return UsualFeed(
            title=outcome.title,
            known_since=outcome.at,
            bodies=1,
            usual_entries=float(entries),
            # When the news of a first body came, nobody knows.
            news_at=outcome.at if outcome.new else None,
        )
    learned = _rhythm(usual, outcome)
    problem, reason = _problem(usual, outcome)
    since = usual.since if problem and problem == usual.problem else outcome.at
    if problem and since is not None and outcome.at - since >= ACCEPTED_AFTER:
        learned = replace(learned, title=outcome.title, usual_entries=float(entries))
        problem, reason = "", ""
    if problem != "shrunken":
        learned = replace(learned, usual_entries=_mean(learned, entries))
    if problem != "changed" and outcome.title:
        learned = replace(learned, title=outcome.title)
    return replace(
        learned,
        bodies=min(usual.bodies + 1, _MOST),
        problem=problem,
        reason=reason,
        since=since if problem else None,
    )


def judge(state: FeedState, usual: UsualFeed | None) -> FeedHealth:
    """Return how a feed does as of its last poll."""
    if ended := _ended(state):
        return ended
    if state.polled_at is None:
        return FeedHealth(condition="waiting")
    if usual is None:
        return FeedHealth(condition="ok")
    if usual.problem:
        return FeedHealth(
            condition=usual.problem, reason=usual.reason, since=usual.since
        )
    return _quiet(usual, state.polled_at) or FeedHealth(condition="ok")


def _ended(state: FeedState) -> FeedHealth | None:
    """Return why polls bring nothing, if they do not."""
    if state.paused_at is not None:
        return FeedHealth(
            condition="paused", reason="paused by hand", since=state.paused_at
        )
    if state.stopped_since is not None:
        return FeedHealth(
            condition="stopped", reason=state.error, since=state.stopped_since
        )
    if state.failures:
        return FeedHealth(
            condition="failing", reason=state.error, since=state.error_since
        )
    return None


def judge_all(
    states: Sequence[FeedState], usual: Mapping[str, UsualFeed]
) -> dict[str, FeedHealth]:
    """Return how each feed does, by its id."""
    return {state.id: judge(state, usual.get(state.id)) for state in states}


def quiet_after(usual: UsualFeed, at: datetime) -> timedelta | None:
    """Return the silence that is unusual for a feed; None while that is unknown."""
    if usual.gaps < FEWEST_GAPS:
        return None
    is_new = at - usual.known_since < FIRST
    least = SHORTEST_QUIET_AT_FIRST if is_new else SHORTEST_QUIET
    seconds = max(QUIET_FACTOR * usual.longest_gap, QUIET_USUAL * usual.usual_gap)
    return max(least, timedelta(seconds=seconds))


def _quiet(usual: UsualFeed, at: datetime) -> FeedHealth | None:
    allowed = quiet_after(usual, at)
    if allowed is None or usual.news_at is None or at - usual.news_at <= allowed:
        return None
    gap = in_words(timedelta(seconds=usual.usual_gap))
    longest = in_words(timedelta(seconds=usual.longest_gap))
    return FeedHealth(
        condition="quiet",
        reason=f"nothing new, while news usually comes every {gap} and the longest "
        f"wait of late was {longest}",
        since=usual.news_at,
    )


def _rhythm(usual: UsualFeed, outcome: PollOutcome) -> UsualFeed:
    if not outcome.new:
        return usual
    if usual.news_at is None:
        return replace(usual, news_at=outcome.at)
    # A clock that was set back must not teach a negative wait.
    gap = max((outcome.at - usual.news_at).total_seconds(), 0.0)
    share = max(_LEARNING, 1 / (usual.gaps + 1))
    # By time, not by number: a busy feed must know its weekend from Friday to Friday.
    faded = 0.5 ** (gap / _HALVED_IN.total_seconds())
    return replace(
        usual,
        news_at=max(outcome.at, usual.news_at),
        gaps=min(usual.gaps + 1, _MOST),
        usual_gap=usual.usual_gap + share * (gap - usual.usual_gap),
        longest_gap=max(gap, usual.longest_gap * faded),
    )


def _problem(usual: UsualFeed, outcome: PollOutcome) -> tuple[FeedProblem, str]:
    if _is_other(usual.title, outcome.title):
        return "changed", f'its title was "{usual.title}" and is "{outcome.title}"'
    entries, most = len(outcome.present), usual.usual_entries
    limit = RECOVERED if usual.problem == "shrunken" else SHRUNKEN
    is_known = usual.bodies >= FEWEST_BODIES and most >= FEWEST_ENTRIES
    if is_known and entries < limit * most:
        return "shrunken", f"it lists {entries} entries, usually {most:.0f}"
    return "", ""


def _is_other(before: str, now: str) -> bool:
    """Say whether a title is another one, not the old with a new date or number."""
    if not before or not now or before == now:
        return False
    old, new = _letters(before), _letters(now)
    if not old or not new or old in new or new in old:
        return False
    return SequenceMatcher(None, old, new, autojunk=False).ratio() < _ALIKE


def _letters(title: str) -> str:
    return "".join(filter(str.isalpha, title[:200].casefold()))


def _mean(usual: UsualFeed, entries: int) -> float:
    share = max(_LEARNING, 1 / (usual.bodies + 1))
    return usual.usual_entries + share * (entries - usual.usual_entries)


def in_words(span: timedelta) -> str:
    """Return a time span in its largest unit: "40 s", "12 min", "5 h", "3 d"."""
    seconds = max(span.total_seconds(), 0.0)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
