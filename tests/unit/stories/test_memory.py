"""The in-memory twin of the state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.memory import MemoryState
from monitor.model import Sighting
from tests.factories import NOON, alert, entry, firing, match, rule

MINUTE = timedelta(minutes=1)
LATER = NOON + timedelta(days=1)


def seen(minute: float, story: str = "st_1", **fields: object) -> Sighting:
    at = NOON + minute * MINUTE
    topic = str(fields.pop("topic", "unesco-funding-threat"))
    score = fields.pop("score", 0.9)
    of = entry(**({"id": f"{story} {minute}"} | fields), fetched_at=at)
    told = match(entry=of, topic=topic, score=score, spans=())
    return Sighting(story=story, is_first=False, seen_at=at, match=told)


def state_with(*sightings: Sighting) -> MemoryState:
    state = MemoryState()
    for sighting in sightings:
        assert state.add(sighting, "signature")
    return state


def test_the_same_match_is_stored_once() -> None:
    state = state_with(seen(0))

    assert not state.add(seen(0), "signature")
    assert len(state.sightings) == 1


def test_stories_are_listed_by_their_first_accepted_sighting_oldest_first() -> None:
    state = state_with(
        seen(9, "st_b"), seen(5, "st_b"), seen(3, "st_b", score=0.1), seen(7, "st_a")
    )

    listed = state.stories_between(rule(min_score=0.5), NOON, LATER)

    assert [(story, of.id) for story, of in listed] == [
        ("st_b", "st_b 5"),
        ("st_a", "st_a 7"),
    ]


def test_a_story_that_was_accepted_before_is_left_out() -> None:
    state = state_with(seen(0, "st_old"), seen(8, "st_old"), seen(9, "st_new"))

    listed = state.stories_between(rule(), NOON, LATER)

    assert [story for story, _ in listed] == ["st_new"]


def test_only_the_topics_of_the_rule_are_listed() -> None:
    state = state_with(seen(1, "st_a"), seen(2, "st_b", topic="another"))

    assert [story for story, _ in state.stories_between(rule(), NOON, LATER)] == [
        "st_a"
    ]
    assert len(state.stories_between(rule(topics=("another",)), NOON, LATER)) == 1


@pytest.mark.parametrize(
    ("after", "before", "fired"),
    [
        pytest.param(-1, 1, True, id="inside"),
        pytest.param(0, 1, False, id="at the start"),
        pytest.param(-1, 0, False, id="at the end"),
        pytest.param(1, -1, False, id="no window"),
    ],
)
def test_a_rule_fired_strictly_between_two_times(
    after: int, before: int, fired: bool
) -> None:
    state = MemoryState()
    state.save(firing(alert(opened_at=NOON)), [])

    window = (NOON + after * MINUTE, NOON + before * MINUTE)

    assert state.fired_between("unesco-cuts", *window) is fired
    assert not state.fired_between("another", *window)


def test_an_older_alert_does_not_hide_a_later_one() -> None:
    state = MemoryState()
    state.save(firing(alert(id="al_2", story="st_2", opened_at=NOON + MINUTE)), [])
    state.save(firing(alert(id="al_1", story="st_1", opened_at=NOON)), [])

    assert state.fired_between("unesco-cuts", NOON, LATER)


def test_an_alert_is_known_by_its_rule_and_what_it_is_about() -> None:
    state = MemoryState()
    state.save(firing(alert()), [])

    assert state.has_alert("unesco-cuts", alert().story)
    assert not state.has_alert("another", alert().story)


def test_the_stories_of_a_copy_are_those_that_showed_it_within_a_time() -> None:
    state = state_with(seen(0, "st_old"), seen(60, "st_new"), seen(5, "st_old"))
    topic = "unesco-funding-threat"

    def stories(of: str, signature: str, *minutes: float) -> tuple[list[str], int]:
        since, until = (NOON + each * MINUTE for each in minutes)
        found, generation = state.stories_of_copy(of, signature, since, until)
        return [each.story for each in found], generation

    assert stories(topic, "signature", 0, 60) == (["st_old", "st_new"], 2)
    assert stories(topic, "signature", 6, 60) == (["st_new"], 2)
    assert stories(topic, "signature", 0, 59) == (["st_old"], 2)
    assert stories(topic, "signature", 61, 99) == ([], 2)
    assert stories(topic, "other", 0, 60) == ([], 0)
    assert stories("another", "signature", 0, 60) == ([], 0)
