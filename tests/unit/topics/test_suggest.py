"""Terms proposed from labelled items."""

from __future__ import annotations

import math

import pytest

from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec
from monitor.topics.suggest import (
    Labelled,
    Suggestions,
    log_odds,
    suggest,
    yaml_lines,
)
from tests.factories import entry

CONCEPTS = [
    ConceptSpec(name="unesco", terms={"en": ("unesco",), "zh": ("教科文组织",)}),
    ConceptSpec(name="stop", terms={"en": ("halt",), "zh": ("停止",)}),
]
TOPIC = TopicSpec(name="t", clauses=(ClauseSpec(all=("unesco", "stop")),))
ON = [
    "Japan halts UNESCO dues",
    "Japan freezes UNESCO dues",
    "Washington freezes UNESCO money",
    "Ottawa may freeze UNESCO grant",
]
OFF = [
    "UNESCO lists a temple",
    "UNESCO praises Japan",
    "Winter freezes Ottawa harbour",
    "Washington talks of money",
    "Japan talks of winter",
]


def run(
    on: list[str],
    off: list[str],
    *,
    lang: str = "en",
    own: list[str] | None = None,
    fewest: int = 2,
) -> Suggestions:
    items = [
        Labelled(entry(id=title, title=title, summary="", lang=lang), is_positive=good)
        for titles, good in ((on, True), (off, False))
        for title in titles
    ]
    return suggest(CONCEPTS, TOPIC, items, own=own, fewest=fewest)


def test_the_word_that_missed_items_share_comes_first_with_what_it_gains() -> None:
    found = run(ON, OFF)

    assert (found.positives, found.found, found.errors) == (4, 1, 0)
    first = found.terms[0]
    assert (first.term, first.concept, first.language) == ("freeze", "stop", "en")
    assert (first.gain, first.fresh, first.new_errors) == (3, 3, 0)
    assert (first.missed, first.touched) == (3, 1)
    assert first.titles == tuple(ON[1:])


def test_an_error_that_a_term_would_bring_is_counted() -> None:
    found = run(ON, [*OFF, "UNESCO roof freezes over"])

    first = next(each for each in found.terms if each.term == "freeze")
    assert (first.gain, first.new_errors, first.touched) == (3, 1, 2)


def test_what_the_topic_already_looks_for_is_not_proposed() -> None:
    found = run(ON, OFF)

    words = {word for each in found.terms for word in each.term.split()}
    assert words.isdisjoint({"unesco", "halt", "halts"})


def test_a_topic_that_misses_nothing_needs_no_terms() -> None:
    assert run(ON[:1], OFF).terms == ()


def test_chinese_runs_are_proposed_without_pieces_of_known_terms() -> None:
    on = ["日本冻结教科文组织会费", "美国冻结教科文组织会费"]
    found = run(on, ["教科文组织会议", "东京冻雨"], lang="zh-Hans")

    first = found.terms[0]
    assert (first.concept, first.language, first.gain) == ("stop", "zh", 2)
    assert first.term in {"冻结", "会费"}
    assert not any(each.term in "教科文组织" for each in found.terms)


def test_of_terms_that_find_the_same_only_the_first_finds_anything_new() -> None:
    found = run(ON[:1] + ["Japan freezes and suspends UNESCO dues"] * 2, OFF)

    assert [each.fresh for each in found.terms if each.gain][:2] == [2, 0]


def test_terms_go_only_where_they_may() -> None:
    found = run(ON, OFF, own=["unesco"])

    assert {each.concept for each in found.terms} <= {"", "unesco"}


def test_a_word_of_one_item_is_proposed_only_when_asked_for() -> None:
    on = [ON[0], "Oslo quits UNESCO"]

    assert run(on, OFF).terms == ()
    assert "quits" in {each.term for each in run(on, OFF, fewest=1).terms}


def test_log_odds_are_those_of_the_paper() -> None:
    """Worked by hand from equations 16 and 20 to 22 with a prior of 2 out of 20."""
    one, two = 12 / (100 + 20 - 12), 3 / (200 + 20 - 3)
    expected = (math.log(one) - math.log(two)) / math.sqrt(1 / 12 + 1 / 3)

    assert log_odds(10, 100, 1, 200, prior=2, mass=20) == pytest.approx(expected)


def test_a_prior_holds_rare_words_back() -> None:
    rare = log_odds(1, 100, 0, 1000, prior=1, mass=100)
    common = log_odds(20, 100, 10, 1000, prior=2, mass=100)

    assert common > rare > 0
    assert log_odds(5, 100, 5, 100, prior=1, mass=10) == 0


def test_lines_to_paste_are_grouped_and_quoted_where_yaml_needs_it() -> None:
    assert yaml_lines(
        {("stop", "ja"): ["凍結"], ("stop", "en"): ["freeze", "no"], ("a", "en"): ["b"]}
    ) == [
        "concepts:",
        "  a:",
        "    en: [b]",
        "  stop:",
        '    en: [freeze, "no"]',
        "    ja: [凍結]",
    ]
    assert yaml_lines({}) == []
