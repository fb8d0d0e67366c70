"""When sightings deserve an alert."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.alerting.life import alert_id, opened
from monitor.alerting.rules import evaluate
from monitor.alerting.rules.finding import MAX_RELATED, MAX_RELATED_SUMMARY
from monitor.memory import MemoryState
from monitor.model import Alert
from monitor.rule_model import Rule
from monitor.stories.clusterer import join
from tests.factories import NOON, entry, match, rule, sighting

MINUTE = timedelta(minutes=1)


class Timeline:
    """Tell a rule of entries one after the other, as the pipeline does."""

    def __init__(self, under: Rule) -> None:
        self.rule = under
        self.state = MemoryState()

    def tell(self, text: str, minute: float, **fields: object) -> Alert | None:
        of = {"id": text, "title": text, "revision": 0, "feed": "wire-a"}
        of |= {key: fields.pop(key) for key in tuple(fields) if key in of}
        told = entry(**of, fetched_at=NOON + minute * MINUTE)
        seen = join(match(entry=told, spans=(), **fields), self.state)
        assert seen is not None
        found = evaluate(self.rule, seen, self.state)
        if found is None or self.state.has_alert(self.rule.name, found.subject):
            return None
        step = opened(self.rule, seen, found, self.state.counted(seen.story))
        self.state.save(step, [])
        return step.alert


def burst(count: int = 3, minutes: float = 10, **fields: object) -> Rule:
    within = timedelta(minutes=minutes)
    return rule(kind="frequency", count=count, within=within, **fields)


def test_any_fires_once_per_story_whatever_its_copies() -> None:
    line = Timeline(rule())

    first = line.tell("Tokyo may withhold dues", 0)
    copy = line.tell("TOKYO may withhold dues!", 1)
    other = line.tell("Paris may withhold dues", 2)

    assert first is not None
    assert copy is None
    assert other is not None
    assert first.id != other.id


@pytest.mark.parametrize(
    ("of_rule", "of_match", "fires"),
    [
        pytest.param({}, {"topic": "another"}, False, id="another topic"),
        pytest.param({"topics": ("a", "b")}, {"topic": "b"}, True, id="second topic"),
        pytest.param({"min_score": 0.9}, {"score": 0.89}, False, id="score below"),
        pytest.param({"min_score": 0.9}, {"score": 0.9}, True, id="score just there"),
        pytest.param(
            {"directions": ("action",)}, {"direction": "threat"}, False, id="direction"
        ),
        pytest.param(
            {"directions": ("action", "threat")}, {"direction": "threat"}, True, id="ok"
        ),
        pytest.param({"directions": ("threat",)}, {"direction": ""}, False, id="none"),
    ],
)
def test_a_rule_listens_to_what_it_names(
    of_rule: dict[str, object], of_match: dict[str, object], fires: bool
) -> None:
    line = Timeline(rule(**of_rule))

    alert = line.tell("Tokyo may withhold dues", 0, **of_match)

    assert (alert is not None) is fires


def test_an_edit_that_newly_satisfies_a_rule_fires_once() -> None:
    line = Timeline(rule(directions=("action",)))

    talk = line.tell("Tokyo may stop dues", 0, id="1")
    edit = line.tell("Tokyo stops dues", 5, id="1", revision=1, direction="action")
    again = line.tell("Tokyo stopped it", 9, id="1", revision=2, direction="action")

    assert talk is None
    assert edit is not None
    assert edit.match.entry.revision == 1
    assert again is None


def test_a_rule_without_directions_is_not_told_again_of_an_edit() -> None:
    line = Timeline(rule())

    assert line.tell("Tokyo may stop dues", 0, id="1") is not None
    assert line.tell("Tokyo stops dues", 5, id="1", revision=1) is None


def test_an_alert_carries_the_labels_that_routes_match_on() -> None:
    line = Timeline(rule(labels={"desk": "culture", "rule": "not this"}))

    alert = line.tell("Tokyo may stop dues", 0)

    assert alert is not None
    assert alert.labels == {
        "rule": "unesco-cuts",
        "topic": "unesco-funding-threat",
        "severity": "warning",
        "direction": "threat",
        "desk": "culture",
        "tier": "single",
    }
    assert alert.opened_at == NOON
    assert alert.id == alert_id("unesco-cuts", alert.story)


def test_a_burst_fires_at_its_last_story_and_then_rests() -> None:
    line = Timeline(burst(count=3, minutes=10))

    fired = {
        minute: line.tell(f"story {minute}", minute) is not None
        for minute in (0, 4, 9, 12, 15, 18, 19, 20)
    }

    assert [minute for minute, did in fired.items() if did] == [9, 19]


def test_the_stories_of_a_told_burst_are_not_counted_again() -> None:
    line = Timeline(burst(count=2, minutes=10))

    assert line.tell("one", 0) is None
    assert line.tell("two", 9) is not None
    assert line.tell("three", 19) is None
    assert line.tell("four", 20) is not None


@pytest.mark.parametrize(
    ("last", "fires"),
    [pytest.param(9.99, True, id="inside"), pytest.param(10, False, id="at the edge")],
)
def test_a_window_ends_on_time(last: float, fires: bool) -> None:
    line = Timeline(burst(count=2, minutes=10))
    line.tell("one", 0)

    assert (line.tell("two", last) is not None) is fires


def test_copies_and_edits_do_not_make_a_burst() -> None:
    line = Timeline(burst(count=2, minutes=10))

    told = [
        line.tell("one", 0, id="1"),
        line.tell("ONE", 1, id="2", feed="wire-b"),
        line.tell("one, corrected", 2, id="1", revision=1),
    ]

    assert told == [None, None, None]


def test_a_late_copy_of_an_old_story_does_not_count_as_new() -> None:
    line = Timeline(burst(count=2, minutes=10))
    line.tell("one", 0)

    assert line.tell("one", 30, feed="wire-b") is None
    assert line.tell("two", 31) is None


def test_an_entry_that_satisfies_two_topics_of_a_rule_counts_once() -> None:
    line = Timeline(burst(count=2, topics=("a", "b")))

    both = [line.tell("one", 0, topic=topic) for topic in ("a", "b")]
    second = line.tell("two", 1, topic="a")

    assert both == [None, None]
    assert second is not None
    assert second.count == 2


def test_a_feed_that_was_behind_completes_the_burst_it_belongs_to() -> None:
    line = Timeline(burst(count=3, minutes=10))
    line.tell("one", 0)
    line.tell("three", 8)

    late = line.tell("two", 4)

    assert late is not None
    assert late.count == 3


def test_a_feed_that_was_behind_does_not_stretch_the_window() -> None:
    line = Timeline(burst(count=3, minutes=10))
    line.tell("one", 30)
    line.tell("two", 39)

    assert line.tell("late", 25) is None


def test_a_window_that_a_late_entry_falls_into_ends_on_time_too() -> None:
    line = Timeline(burst(count=3, minutes=10))
    line.tell("one", 0)
    line.tell("three", 10)

    assert line.tell("two", 5) is None


def test_a_copy_after_the_rest_does_not_tell_of_what_came_during_it() -> None:
    line = Timeline(burst(count=2, minutes=10))
    line.tell("one", 0)
    assert line.tell("two", 1) is not None
    line.tell("three", 2)
    line.tell("four", 3)

    assert line.tell("four", 11.5, feed="wire-b") is None
    assert line.tell("five", 11.6) is not None


def test_a_burst_just_before_a_told_one_is_not_told_after_it() -> None:
    line = Timeline(burst(count=2, minutes=10))
    line.tell("one", 60)
    assert line.tell("two", 61) is not None

    assert line.tell("late one", 51) is None
    assert line.tell("late two", 52) is None


def test_a_clock_that_was_far_ahead_once_silences_no_rule() -> None:
    line = Timeline(burst(count=2, minutes=10))
    decades = 55 * 365 * 24 * 60
    line.tell("one", decades)
    assert line.tell("two", decades + 1) is not None

    assert line.tell("three", 0) is None
    assert line.tell("four", 1) is not None


def test_a_burst_lists_the_others_newest_last_and_in_brief() -> None:
    line = Timeline(burst(count=MAX_RELATED + 5, minutes=600))
    alert = None
    for number in range(MAX_RELATED + 5):
        alert = line.tell(f"story {number}", number)

    assert alert is not None
    assert alert.count == MAX_RELATED + 5
    assert len(alert.related) == MAX_RELATED
    assert alert.related[-1].title == f"story {MAX_RELATED + 3}"
    assert alert.match.entry.title == f"story {MAX_RELATED + 4}"


def test_long_summaries_are_cut_in_the_list_of_others() -> None:
    line = Timeline(burst(count=2))
    long = entry(id="long", title="long", summary="x" * 100_000)
    assert join(match(entry=long, spans=()), line.state) is not None

    alert = line.tell("two", 1)

    assert alert is not None
    assert len(alert.related[0].summary) == MAX_RELATED_SUMMARY


@pytest.mark.parametrize(
    ("topics", "topic", "place"),
    [
        (("money", "troops"), "troops", 1),
        (("client-*",), "client-7", 0),
        (("client-*",), "client-", 0),
        (("client-*",), "my-client-7", None),
        (("client.*",), "client-7", None),
        (("*-7", "client-7"), "client-7", 1),
        (("*",), "anything", 0),
        (("a*b*c",), "abxc", 0),
        (("a*b*c",), "axc", None),
        (("Client-*",), "client-7", None),
    ],
)
def test_a_rule_names_topics_or_patterns(
    topics: tuple[str, ...], topic: str, place: int | None
) -> None:
    watch = rule(topics=topics)

    assert watch.place(topic) == place
    assert watch.listens_to(topic) == (place is not None)
    assert watch.accepts(sighting(match=match(topic=topic))) == (place is not None)
