"""Topics held against items: what is everywhere, and what says the same."""

from __future__ import annotations

import pytest

from monitor.topics.breadth import Limits, breadth, swallowed
from monitor.topics.lint import Finding
from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec
from tests.factories import entry

STOP = ConceptSpec(name="stop", terms={"en": ("halt", "cut"), "ja": ("停止",)})
TOPIC = TopicSpec(name="t", clauses=(ClauseSpec(all=("stop",)),))


def judge(titles: list[str], share: float = 0.5, most: float = 1000) -> list[Finding]:
    return breadth(
        [STOP],
        [TOPIC],
        [entry(title=title, summary="") for title in titles],
        limits=Limits(share=share, per_thousand=most),
        own=["stop"],
    )


def test_a_term_in_too_many_items_is_warned_of_at_its_place() -> None:
    [found] = judge(["Talks halt"] * 6 + ["Rain"] * 4)

    assert found.severity == "warning"
    assert found.problem.path == ("concepts", "stop", "en", 0)
    assert "6 of 10 items of the sample (60 %)" in found.problem.message


def test_a_concept_is_warned_of_when_only_its_terms_together_are_too_many() -> None:
    [found] = judge(["Talks halt"] * 4 + ["Talks cut"] * 4 + ["Rain"] * 2)

    assert found.problem.path == ("concepts", "stop")
    assert "8 of 10" in found.problem.message


@pytest.mark.parametrize(
    "titles",
    [
        pytest.param(["Talks halt"] * 5 + ["Rain"] * 5, id="just at the limit"),
        pytest.param(["Talks halt"] * 4, id="too few to tell"),
        pytest.param([], id="no sample"),
    ],
)
def test_what_is_not_too_many_is_left_alone(titles: list[str]) -> None:
    assert judge(titles) == []


def test_a_share_is_counted_among_items_of_the_same_script() -> None:
    [found] = judge(["支払い停止"] * 6 + ["Rain"] * 50)

    assert "6 of 6 CJK items" in found.problem.message


def test_a_topic_that_matches_too_much_is_a_finding() -> None:
    [found] = judge(["Talks halt"] * 6 + ["Rain"] * 94, most=50)

    assert found.severity == "finding"
    assert found.problem.path == ("topics", "t")
    assert "6 of 100 items of the sample, 60 in a thousand" in found.problem.message
    assert judge(["Talks halt"] * 6 + ["Rain"] * 94, most=60) == []


def test_a_topic_that_matches_wherever_another_does_swallows_it() -> None:
    items = [["narrow", "wide"]] * 3 + [["wide"], ["apart"]]

    [found] = swallowed(["wide", "narrow", "apart"], items)
    assert found.severity == "warning"
    assert found.problem.path == ("topics", "narrow")
    assert found.problem.message == ('topic "wide" matches wherever it does (3 items)')


def test_two_topics_that_match_the_same_are_told_once() -> None:
    [found] = swallowed(["one", "two"], [["one", "two"]] * 3)

    assert found.problem.path == ("topics", "two")
    assert "and nowhere else" in found.problem.message


@pytest.mark.parametrize(
    "items",
    [
        pytest.param([["a", "b"]] * 2, id="too few"),
        pytest.param([["a", "b"]] * 9 + [["a"], ["b"]], id="each alone once"),
        pytest.param([["a"]] * 9, id="nothing shared"),
    ],
)
def test_topics_that_part_are_left_alone(items: list[list[str]]) -> None:
    assert list(swallowed(["a", "b"], items)) == []
