"""Timelines of feeds: what is usual for them, and when they are unwell."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.feed_model import FeedState, PollOutcome, UsualFeed
from monitor.feeds.health import FeedHealth, in_words, judge, learn, quiet_after
from tests.factories import NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Timeline:
    """A feed in the course of time: bodies with news, and polls without."""

    def __init__(self) -> None:
        self.now = NOON
        self.usual: UsualFeed | None = None
        self.state = FeedState(id="a", url="https://a.example/", next_poll_at=NOON)

    def body(
        self,
        *,
        entries: int = 20,
        new: int = 1,
        title: str = "Wire A",
        revision: int = 0,
    ) -> None:
        outcome = PollOutcome(
            feed="a",
            at=self.now,
            next_poll_at=self.now,
            changed=True,
            new=0 if revision else new,
            revised=new if revision else 0,
            present=tuple(map(str, range(entries))),
            title=title,
        )
        self.usual = learn(self.usual, outcome)

    def news(self, times: int, every: timedelta, **fields: Any) -> None:
        for _ in range(times):
            self.body(**fields)
            self.now += every
        self.now -= every

    def health(self, **fields: Any) -> FeedHealth:
        fields = {"polled_at": self.now} | fields
        known = {name: getattr(self.state, name) for name in ("id", "url")}
        return judge(FeedState(next_poll_at=self.now, **known, **fields), self.usual)


@pytest.fixture
def feed() -> Timeline:
    return Timeline()


def test_a_feed_without_a_poll_waits(feed: Timeline) -> None:
    assert feed.health(polled_at=None) == FeedHealth(condition="waiting")


def test_a_pause_stands_above_a_failure(feed: Timeline) -> None:
    failing = {"failures": 2, "error": "HTTP 503", "error_since": NOON}

    assert feed.health(**failing) == FeedHealth(
        condition="failing", reason="HTTP 503", since=NOON
    )
    assert feed.health(**failing, paused_at=NOON).condition == "paused"


def test_silence_is_judged_by_the_feeds_own_rhythm(feed: Timeline) -> None:
    feed.news(24 * 20, HOUR)
    feed.now += 6 * HOUR
    before = feed.health().condition
    feed.now += MINUTE

    assert before == "ok"
    assert feed.health().condition == "quiet"
    assert feed.health().since == feed.now - 6 * HOUR - MINUTE
    assert "every 60 min" in feed.health().reason


def test_a_feed_of_one_entry_a_week_is_not_quiet_after_ten_days(feed: Timeline) -> None:
    feed.news(12, 7 * DAY)
    feed.now += 10 * DAY

    assert feed.health().condition == "ok"


def test_nights_and_weekends_are_part_of_the_rhythm(feed: Timeline) -> None:
    for _ in range(4):
        for _ in range(5):
            feed.news(12, 30 * MINUTE)
            feed.now += DAY - 11 * 30 * MINUTE
        feed.now += 2 * DAY

    assert feed.health().condition == "ok", "Monday, before the first news"


def test_the_first_weekend_is_no_alarm(feed: Timeline) -> None:
    feed.news(100, 10 * MINUTE)
    feed.now += 60 * HOUR

    assert feed.health().condition == "ok"


def test_news_ends_a_silence(feed: Timeline) -> None:
    feed.news(24 * 20, HOUR)
    feed.now += DAY
    silent = feed.health().condition
    feed.body()

    assert silent == "quiet"
    assert feed.health().condition == "ok"


def test_edits_are_no_news(feed: Timeline) -> None:
    feed.news(24 * 20, HOUR)
    for _ in range(12):
        feed.now += HOUR
        feed.body(revision=1)

    assert feed.health().condition == "quiet"


def test_a_monitor_that_was_off_blames_no_feed(feed: Timeline) -> None:
    feed.news(24 * 20, HOUR)
    last = feed.now
    feed.now += 9 * DAY

    assert feed.health(polled_at=last).condition == "ok"


def test_a_long_gap_fades(feed: Timeline) -> None:
    feed.news(24 * 20, HOUR)
    feed.now += 20 * DAY
    feed.body()
    assert feed.usual is not None
    before = quiet_after(feed.usual, feed.now)
    feed.news(24 * 60, HOUR)
    after = quiet_after(feed.usual, feed.now)

    assert before is not None
    assert after is not None
    assert before >= 40 * DAY
    assert after < 3 * DAY


def test_a_list_that_shrinks_is_told_until_it_has_grown_again(feed: Timeline) -> None:
    feed.news(10, HOUR, entries=30)
    feed.now += HOUR
    began = feed.now
    feed.body(entries=2, new=0)
    shrunken = feed.health()
    feed.now += HOUR
    feed.body(entries=9)
    growing = feed.health()
    feed.body(entries=28)

    assert shrunken == FeedHealth(
        condition="shrunken",
        reason="it lists 2 entries, usually 30",
        since=began,
    )
    assert growing.condition == "shrunken"
    assert growing.since == began
    assert feed.health().condition == "ok"


def test_an_empty_feed_is_shrunken(feed: Timeline) -> None:
    feed.news(10, HOUR, entries=30)
    feed.body(entries=0, new=0)

    assert feed.health().reason == "it lists 0 entries, usually 30"


def test_a_small_feed_does_not_shrink(feed: Timeline) -> None:
    feed.news(10, HOUR, entries=3)
    feed.body(entries=1, new=0)

    assert feed.health().condition == "ok"


def test_another_title_is_another_feed_until_it_is_back(feed: Timeline) -> None:
    feed.news(3, HOUR, title="Wire A World News")
    feed.body(title="Cheap pills online")
    other = feed.health()
    feed.body(title="Wire A World News")

    assert other.condition == "changed"
    assert other.reason == (
        'its title was "Wire A World News" and is "Cheap pills online"'
    )
    assert other.since == feed.now
    assert feed.health().condition == "ok"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Search results, 12 October", "Search results, 13 November"),
        ("BBC News - World", "BBC News"),
        ("BBC News", "bbc news!"),
        ("朝日新聞", "朝日新聞デジタル"),
        ("Wire A", ""),
        ("", "Wire A"),
        ("2015", "2016"),
    ],
)
def test_a_title_that_was_touched_up_is_the_same(
    feed: Timeline, before: str, after: str
) -> None:
    feed.news(3, HOUR, title=before)
    feed.body(title=after)

    assert feed.health().condition == "ok"


def test_what_lasts_a_week_is_the_new_usual(feed: Timeline) -> None:
    feed.news(10, HOUR, entries=30)
    feed.news(7, DAY, entries=5, title="Quite Another Name")
    before = feed.health().condition
    feed.now += DAY
    feed.body(entries=5, title="Quite Another Name")
    after = feed.health().condition
    feed.body(entries=5, title="Quite Another Name")

    assert (before, after) == ("changed", "ok")
    assert feed.health().condition == "ok"


def test_a_clock_that_was_set_back_teaches_nothing_wrong(feed: Timeline) -> None:
    feed.news(10, HOUR)
    last = feed.now
    feed.now -= 5 * HOUR
    feed.body()

    assert feed.usual is not None
    assert feed.usual.news_at == last
    assert feed.usual.usual_gap >= 0


def test_spans_are_told_in_their_largest_unit() -> None:
    spans = [timedelta(seconds=40), 12 * MINUTE, 5 * HOUR, 3 * DAY]

    assert [in_words(span) for span in spans] == ["40 s", "12 min", "5 h", "3 d"]
