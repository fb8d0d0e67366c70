"""Which story a match joins."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.memory import MemoryState
from monitor.model import Match, Sighting
from monitor.stories.clusterer import join
from monitor.stories.index import COPY_WINDOW
from monitor.stories.signature import fingerprint
from tests.factories import NOON, entry, match


def told(
    at: timedelta = timedelta(0), topic: str = "unesco", **fields: object
) -> Match:
    return match(
        topic=topic, entry=entry(**fields, fetched_at=NOON + at), spans=(), score=1.0
    )


def joined(state: MemoryState, of: Match) -> Sighting:
    sighting = join(of, state)
    assert sighting is not None
    return sighting


def test_an_exact_copy_of_another_feed_joins_the_story() -> None:
    state = MemoryState()

    first = joined(state, told())
    copy = joined(state, told(feed="wire-b", id="other"))

    assert copy.story == first.story
    assert (first.is_first, copy.is_first) == (True, False)


def test_another_text_opens_another_story() -> None:
    state = MemoryState()

    first = joined(state, told())
    other = joined(
        state, told(id="2", title="Osaka opens a museum", summary="It shows tea.")
    )

    assert other.story != first.story


def test_an_edit_stays_in_the_story_of_its_entry() -> None:
    state = MemoryState()

    first = joined(state, told())
    edit = joined(state, told(title="Something else", summary="", revision=1))

    assert edit.story == first.story
    assert not edit.is_first


def test_an_edit_that_a_crash_gave_the_same_revision_is_sighted_all_the_same() -> None:
    state = MemoryState()

    first = joined(state, told())
    edit = joined(state, told(title="Tokyo stops its UNESCO dues"))

    assert edit.story == first.story


def test_a_copy_of_an_edit_joins_the_edited_story() -> None:
    state = MemoryState()
    first = joined(state, told())
    joined(state, told(title="Corrected", revision=1))

    copy = joined(state, told(feed="wire-b", title="Corrected"))

    assert copy.story == first.story


def test_the_same_text_under_another_topic_is_another_story() -> None:
    state = MemoryState()

    first = joined(state, told(topic="unesco"))
    other = joined(state, told(topic="money"))

    assert other.is_first
    assert other.story != first.story


@pytest.mark.parametrize(
    ("later", "same"),
    [
        pytest.param(COPY_WINDOW, True, id="as the window ends"),
        pytest.param(COPY_WINDOW + timedelta(seconds=1), False, id="after it"),
    ],
)
def test_a_recurring_headline_opens_a_story_of_its_own(
    later: timedelta, same: bool
) -> None:
    state = MemoryState()
    first = joined(state, told())

    again = joined(state, told(at=later, feed="wire-b"))

    assert (again.story == first.story) is same
    assert again.is_first is not same


def test_a_headline_may_recur_many_times() -> None:
    state = MemoryState()

    stories = {
        joined(state, told(at=n * timedelta(days=8), id=str(n))).story for n in range(5)
    }

    assert len(stories) == 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("UNESCO: dues!", "unesco dues", True, id="case and punctuation"),
        pytest.param("ＵＮＥＳＣＯ　分担金", "UNESCO 分担金", True, id="width"),
        pytest.param("dues  cut\n", "dues cut", True, id="spacing"),
        pytest.param("dues cut by 10", "dues cut by 11", False, id="digits count"),
        pytest.param("分担金", "分担額", False, id="every character counts"),
    ],
)
def test_a_fingerprint_is_equal_for_exact_copies_only(
    one: str, other: str, same: bool
) -> None:
    equal = fingerprint(entry(title=one)) == fingerprint(entry(title=other))

    assert equal is same


def test_title_and_summary_do_not_run_together() -> None:
    split = fingerprint(entry(title="dues", summary="cut"))

    assert split != fingerprint(entry(title="dues cut", summary=""))


def test_half_a_surrogate_pair_has_a_fingerprint() -> None:
    assert len(fingerprint(entry(title="broken \ud83d"))) == 32


def test_an_edit_that_copies_another_story_leaves_both_apart() -> None:
    """A page that is rewritten every hour would tie all news together."""
    state = MemoryState()
    first = joined(state, told(title="Tokyo pays its dues"))
    other = joined(state, told(id="2", title="Talks in Geneva fail"))

    edit = joined(state, told(title="Talks in Geneva fail", revision=1))
    copy = joined(state, told(id="3", title="Talks in Geneva fail"))

    assert (edit.story, edit.joined) == (first.story, "edit")
    assert (copy.story, copy.joined, copy.merged) == (other.story, "copy", ())
    assert copy.copy_of == ("wire-a", "2")


texts = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=12)


@given(
    titles=texts,
    seed=st.randoms(use_true_random=False),
    minutes=st.integers(1, 600),
)
def test_order_of_arrival_does_not_change_membership_of_exact_copies(
    titles: list[str], seed: random.Random, minutes: int
) -> None:
    matches = [
        told(at=n * timedelta(minutes=minutes), id=str(n), title=title)
        for n, title in enumerate(titles)
    ]

    def membership(order: list[Match]) -> dict[str, str]:
        state = MemoryState()
        return {of.entry.id: joined(state, of).story for of in order}

    shuffled = matches[:]
    seed.shuffle(shuffled)

    assert membership(shuffled) == membership(matches)


@given(
    items=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60)), max_size=12),
    seed=st.randoms(use_true_random=False),
)
def test_order_of_arrival_does_not_move_the_windows_of_exact_copies(
    items: list[tuple[str, int]], seed: random.Random
) -> None:
    """Days apart, so some recur; a late one may close the gap between two stories."""
    matches = [
        told(at=timedelta(days=day), id=str(n), title=title)
        for n, (title, day) in enumerate(items)
    ]

    def together(order: list[Match]) -> set[frozenset[str]]:
        state = MemoryState()
        groups: dict[str, set[str]] = {}
        for of in order:
            joined(state, of)
        for seen in state.sightings:
            story = state.story_now(seen.story)
            groups.setdefault(story, set()).add(seen.match.entry.id)
        return set(map(frozenset, groups.values()))

    shuffled = matches[:]
    seed.shuffle(shuffled)

    assert together(shuffled) == together(matches)


@given(titles=texts, again=st.lists(st.integers(0, 11), max_size=12))
def test_a_redelivered_match_changes_nothing(
    titles: list[str], again: list[int]
) -> None:
    matches = [told(id=str(n), title=title) for n, title in enumerate(titles)]
    state = MemoryState()
    for of in matches:
        joined(state, of)
    before = list(state.sightings)

    repeated = [join(matches[n % len(matches)], state) for n in again]

    assert repeated == [None] * len(again)
    assert state.sightings == before
