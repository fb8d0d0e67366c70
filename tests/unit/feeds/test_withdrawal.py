"""When an entry that left a feed is suspected withdrawn, and when it is not."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from monitor.feed_model import ParsedEntry, ParsedFeed
from monitor.feed_window import FeedWindow
from monitor.feeds.withdrawal import (
    LATE,
    MOST_OF_LATE,
    Look,
    is_full,
    look,
    look_again,
)
from tests.factories import NOON

MINUTE = timedelta(minutes=1)


def item(number: int, *, dated: bool = True, title: str = "") -> ParsedEntry:
    """Return an entry; a higher number is a younger one."""
    return ParsedEntry(
        id=str(number),
        title=title or f"Title {number}",
        summary="",
        url=f"https://news.example/{number}",
        published_at=NOON + number * MINUTE if dated else None,
    )


def items(numbers: Iterable[int], *, dated: bool = True) -> list[ParsedEntry]:
    return [item(number, dated=dated) for number in numbers]


class Watch:
    """Show one body after the other, and remember what was told."""

    def __init__(self) -> None:
        self.window: FeedWindow | None = None
        self.at = NOON
        self.withdrawn: list[str] = []
        self.returned: list[str] = []

    def show(self, entries: Iterable[ParsedEntry]) -> None:
        self._take(look(self.window, ParsedFeed(entries=tuple(entries)), self.at))

    def show_all(self, bodies: Iterable[Sequence[int]], *, dated: bool = True) -> None:
        for numbers in bodies:
            self.show(items(numbers, dated=dated))

    def same_again(self) -> None:
        assert self.window is not None
        self._take(look_again(self.window, self.at))

    def _take(self, seen: Look) -> None:
        self.at += MINUTE
        self.window = seen.window
        self.withdrawn += [one.id for one in seen.withdrawn]
        self.returned += seen.returned

    @property
    def marked(self) -> list[str]:
        assert self.window is not None
        return [one.id for one in self.window.marks.withdrawn]


def down(newest: int, count: int = 20, without: Sequence[int] = ()) -> list[int]:
    """Return the numbers of a list, newest first."""
    numbers = range(newest, newest - count, -1)
    return [number for number in numbers if number not in without]


def test_an_entry_missing_twice_while_older_ones_stay_is_suspected() -> None:
    watch = Watch()

    watch.show_all([down(20), down(21, 21, without=[15])])
    after_one = list(watch.withdrawn)
    watch.same_again()

    assert after_one == []
    assert watch.withdrawn == ["15"]
    assert watch.window is not None
    [one] = watch.window.marks.withdrawn
    assert (one.id, one.title, one.at) == ("15", "Title 15", NOON + MINUTE)
    assert watch.window.missing == ()


def test_a_suspicion_is_told_once_and_ends_when_the_entry_is_back() -> None:
    watch = Watch()
    watch.show_all([down(20), *[down(20, without=[15])] * 4])

    watch.show_all([down(20)])

    assert watch.withdrawn == watch.returned == ["15"]
    assert watch.marked == []


def test_the_newest_entry_of_all_may_be_withdrawn() -> None:
    watch = Watch()

    watch.show_all([down(20), down(19, 19), down(21, 21, without=[20])])

    assert watch.withdrawn == ["20"]


@pytest.mark.parametrize("dated", [True, False], ids=["dated", "undated"])
@pytest.mark.parametrize("way", [1, -1], ids=["newest first", "oldest first"])
def test_entries_that_age_are_not_suspected_and_one_taken_back_is(
    way: int, *, dated: bool
) -> None:
    watch = Watch()

    watch.show_all((down(number)[::way] for number in range(20, 60)), dated=dated)
    aged = list(watch.withdrawn)
    watch.show_all([down(60, without=[55])[::way]] * 2, dated=dated)

    assert aged == []
    assert watch.withdrawn == ["55"]


def pinned(newest: int, *, on_top: bool) -> list[int]:
    sticky, rest = [3, 2, 1], down(newest, 17)
    return sticky + rest if on_top else rest + sticky


BODIES = {
    "three old entries are pinned on top": [
        pinned(number, on_top=True) for number in range(30, 60)
    ],
    "three old entries are kept at the end": [
        pinned(number, on_top=False) for number in range(30, 60)
    ],
    "the list shrinks to a few": [down(20), *[down(20, 5)] * 3],
    "the list shrinks to its oldest": [down(20), *[down(5, 5)] * 3],
    "less than half stays": [down(20), *[down(18, 9)] * 3],
    "the list is emptied and filled again": [down(20), [], [], down(21), down(21)],
    "many are cleared out at once": [
        down(20),
        *[down(20, without=[19, 17, 15, 13])] * 3,
    ],
    "the list moves on entirely": [down(20), *[down(60)] * 3],
    "the order changes": [
        down(20),
        *[random.Random(7).sample(down(20, without=[15]), 19)] * 3,
    ],
    "the list is sorted by something else": [
        sorted(down(number), key=lambda one: one * 7919 % 101)
        for number in range(20, 60)
    ],
    "too few stay below it": [down(20), *[down(20, without=[4])] * 3],
    "entries end after a day": [down(20, count) for count in range(20, 8, -1)],
    "a short list": [[4, 3, 2, 1], *[[4, 2, 1]] * 3],
}


@pytest.mark.parametrize("bodies", BODIES.values(), ids=BODIES.keys())
def test_nothing_is_suspected_when(bodies: Sequence[Sequence[int]]) -> None:
    watch = Watch()

    watch.show_all(bodies)

    assert watch.withdrawn == []


def test_an_entry_under_a_new_id_is_not_withdrawn() -> None:
    watch = Watch()
    renamed, moved = items(down(20)), items(down(20))
    renamed[5] = replace(renamed[5], id="other")
    moved[5] = replace(moved[5], id="other", title="A better title")

    for body in (items(down(20)), renamed, moved, moved):
        watch.show(body)

    assert watch.withdrawn == []


def test_an_id_that_several_entries_share_from_now_on_is_still_there() -> None:
    watch = Watch()
    body = items(down(20))
    shared = [
        *body[:5],
        ParsedEntry(id="15#0123456789ab", title="A", summary="a"),
        ParsedEntry(id="15#ba9876543210", title="B", summary="b"),
        *body[6:],
    ]

    for shown in (body, shared, shared):
        watch.show(shown)

    assert watch.withdrawn == []


def test_undated_entries_of_the_first_body_have_no_age() -> None:
    watch = Watch()

    watch.show_all([down(20), *[down(20, without=[15])] * 4], dated=False)

    assert watch.withdrawn == []


def test_a_list_that_moves_on_before_the_second_poll_ends_the_wait() -> None:
    watch = Watch()

    watch.show_all([down(20), down(20, without=[15]), down(60), down(60)])

    assert watch.withdrawn == []
    assert watch.window is not None
    assert watch.window.missing == ()


def test_servers_that_do_not_agree_raise_ever_fewer_suspicions() -> None:
    watch = Watch()
    chance = random.Random(1)

    for _ in range(400):
        watch.show_all([down(20, without=chance.choice([[], [20], [18]]))])

    assert 0 < len(watch.withdrawn) <= 8
    assert set(watch.marked) <= {"18", "20"}


@pytest.mark.parametrize("shown", [3, 10, 18], ids="{} of 20".format)
def test_random_windows_raise_no_storm(shown: int) -> None:
    watch = Watch()
    chance = random.Random(2)

    for _ in range(300):
        numbers = sorted(chance.sample(range(20), shown), reverse=True)
        watch.show_all([numbers])

    assert len(watch.withdrawn) <= 8


def test_no_more_than_five_a_week_are_suspected() -> None:
    watch = Watch()
    gone: list[int] = []
    watch.show_all([down(40, 40)])
    for number in range(40, 30, -1):
        gone.append(number)
        watch.show_all([down(40, 40, without=gone)] * 2)
    in_a_week = len(watch.withdrawn)
    watch.at += LATE
    watch.show_all([down(40, 40, without=[*gone, 29])] * 2)

    assert in_a_week == MOST_OF_LATE
    assert watch.withdrawn[-1] == "29"
    assert watch.marked == ["29"]


def test_a_list_is_full_when_it_is_about_as_long_as_usual() -> None:
    watch = Watch()

    assert not is_full(watch.window, 20)

    watch.show_all([down(20), []])
    full = [is_full(watch.window, count) for count in (3, 15, 16, 20)]

    assert full == [False, False, True, True]


def test_a_gap_is_counted_with_its_time() -> None:
    body = ParsedFeed(entries=(item(1),))

    first = look(None, body, NOON).window
    second = look(first, body, NOON + MINUTE, is_gap=True).window
    third = look(second, body, NOON + 2 * MINUTE).window

    assert (first.marks.gaps, first.marks.gap_at) == (0, None)
    assert (third.marks.gaps, third.marks.gap_at) == (1, NOON + MINUTE)
