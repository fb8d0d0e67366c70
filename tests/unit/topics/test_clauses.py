"""What the keys of a clause mean."""

from __future__ import annotations

from itertools import pairwise, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import Problem
from monitor.model import Match
from monitor.topics import compile_topics
from monitor.topics.spec import (
    ClauseSpec,
    ConceptSpec,
    ExclusionSpec,
    TopicSpec,
)
from monitor.topics.windows import Window, apart, in_order, largest
from tests.factories import entry


def concept(name: str, *terms: str, excepted: tuple[str, ...] = ()) -> ConceptSpec:
    return ConceptSpec(name=name, terms={"any": terms}, excepted=excepted)


CONCEPTS = (
    concept("japan", "japan", "tokyo", "日本", "日中"),
    concept("china", "china", "beijing", "中国", "日中"),
    concept("north-korea", "north korea"),
    concept("korea", "korea"),
    concept("state", "$japan", "$china", "$north-korea", "$korea", "france"),
    concept("line", "hotline"),
    concept("open", "open"),
    concept("helpline", "suicide", "helpline"),
)


def match(
    clause: ClauseSpec, title: str, summary: str = "", **topic: object
) -> Match | None:
    spec = TopicSpec(name="t", clauses=(clause,), **topic)  # type: ignore[arg-type]
    compiled = compile_topics(CONCEPTS, [spec])
    assert compiled.problems == ()
    return next(iter(compiled.index.match(entry(title=title, summary=summary))), None)


def problems(clause: ClauseSpec, **topic: object) -> list[Problem]:
    spec = TopicSpec(name="t", clauses=(clause,), **topic)  # type: ignore[arg-type]
    return list(compile_topics(CONCEPTS, [spec]).problems)


def quotes(found: Match | None) -> list[str]:
    assert found is not None
    return [span.quote for span in found.spans]


ORDERED = ClauseSpec(all=("japan", "open", "line"), near=4, ordered=True)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Japan opens hotline", True),
        ("Japan to open a hotline", True),
        ("Hotline: Japan may open", False),
        ("Hotline, Japan, hotline, open, hotline", True),
        ("Japan opens one two three four hotlines", False),
    ],
)
def test_ordered_wants_the_order_written(title: str, expected: bool) -> None:
    assert (match(ORDERED, title) is not None) is expected


def test_ordered_without_near_reaches_anywhere() -> None:
    clause = ClauseSpec(all=("japan",), any=("line", "open"), ordered=True)

    assert match(clause, "Japan " + "x " * 300 + "hotline")
    assert not match(clause, "hotline Japan")


@pytest.mark.parametrize(
    ("title", "summary", "expected"),
    [
        ("Japan has a hotline", "", True),
        ("Japan is calm. A hotline rings", "", False),
        ("Japan is calm", "A hotline rings", False),
        ("x", "So far. Japan, said Mr. Abe, has a hotline! More", True),
        ("x", "Japan and the U.S. army use a hotline.", True),
        ("日本は静か。hotline", "", False),
        ("日本の防衛省は hotline を", "", True),
        ("Japan 1.5 hotline", "", True),
        ("Japan?Hotline", "", False),
    ],
)
def test_same_sentence_ends_at_its_punctuation(
    title: str, summary: str, expected: bool
) -> None:
    clause = ClauseSpec(all=("japan", "line"), same_sentence=True)

    assert (match(clause, title, summary) is not None) is expected


def test_same_sentence_finds_the_sentence_that_holds_all() -> None:
    clause = ClauseSpec(all=("japan", "line"), same_sentence=True)

    found = match(clause, "Japan. Hotline. Tokyo has one hotline. Japan")

    assert quotes(found) == ["Tokyo", "hotline"]


def test_a_place_near_what_is_unwanted_does_not_count() -> None:
    clause = ClauseSpec(all=("line",), not_near=("helpline",), not_within=3)

    assert not match(clause, "Suicide hotline opens")
    assert not match(clause, "A hotline against more suicide")
    assert match(clause, "A hotline as well as a suicide")
    found = match(clause, "Suicide hotline opens as leaders use a hotline")
    assert found is not None
    assert found.spans[0].start == 39


def test_not_near_looks_ten_words_far_by_itself() -> None:
    clause = ClauseSpec(all=("line",), not_near=("helpline",))

    assert not match(clause, "suicide " + "x " * 9 + "hotline")
    assert match(clause, "suicide " + "x " * 10 + "hotline")


def test_distinct_items_are_found_at_different_places() -> None:
    plain = ClauseSpec(all=("state", "japan"), near=5)
    distinct = ClauseSpec(all=("state", "japan"), near=5, require_distinct=True)

    assert match(plain, "Japan alone")
    assert not match(distinct, "Japan alone")
    assert quotes(match(distinct, "Japan and France")) == ["Japan", "France"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Japan and Tokyo open a hotline", False, id="one state twice"),
        pytest.param("Japan and China open a hotline", True, id="two states"),
        pytest.param("Japan and France open a hotline", True, id="a term of its own"),
        pytest.param("日中 hotline", True, id="a word that names two"),
        pytest.param("North Korea opens a hotline", False, id="a name inside a name"),
        pytest.param("North Korea, Korea open a hotline", True, id="two names"),
    ],
)
def test_two_different_members_of_a_concept_are_required(
    title: str, expected: bool
) -> None:
    clause = ClauseSpec(all=("line",), near=12, require_distinct=("state",))

    assert (match(clause, title) is not None) is expected


def test_the_members_found_are_the_evidence() -> None:
    clause = ClauseSpec(all=("line",), near=12, require_distinct=("state",))

    found = match(clause, "Tokyo, Beijing open hotline")

    assert found is not None
    assert [span.concept for span in found.spans] == ["japan", "china", "line"]


HINTS = ClauseSpec(all=("line",), weight=0.6)


def test_an_exclusion_with_a_weight_takes_its_share_of_the_score() -> None:
    doubt = ExclusionSpec(any=("helpline",), weight=0.25)

    plain = match(HINTS, "hotline", exclude=(doubt,), threshold=0.4)
    lowered = match(HINTS, "hotline suicide", exclude=(doubt,), threshold=0.4)

    assert plain is not None
    assert plain.score == pytest.approx(0.6)
    assert lowered is not None
    assert lowered.score == pytest.approx(0.45)
    assert not match(HINTS, "hotline suicide", exclude=(doubt,), threshold=0.5)


def test_an_exclusion_without_a_weight_forbids_like_one_with_a_veto() -> None:
    for veto in (None, True):
        exclusion = ExclusionSpec(any=("helpline",), veto=veto)

        assert not match(HINTS, "hotline suicide", exclude=(exclusion,), threshold=0.1)


def test_the_title_boost_counts_for_evidence_in_the_title_alone() -> None:
    clause = ClauseSpec(all=("japan", "line"), weight=0.4)

    title = match(clause, "Japan hotline", "text", title_boost=1.5)
    both = match(clause, "Japan", "hotline", title_boost=1.5, threshold=0.4)

    assert title is not None
    assert title.score == pytest.approx(0.6)
    assert both is not None
    assert both.score == pytest.approx(0.4)


def test_a_boost_makes_the_title_the_evidence_and_never_passes_one() -> None:
    clause = ClauseSpec(all=("japan", "line"), weight=0.8)

    found = match(clause, "Japan has its hotline", "Japan hotline", title_boost=9)

    assert found is not None
    assert found.score == 1.0
    assert {span.field for span in found.spans} == {"title"}


@pytest.mark.parametrize(
    ("clause", "key", "says"),
    [
        (ClauseSpec(all=("line",), ordered=True), "ordered", "two things"),
        (
            ClauseSpec(all=("line",), require_distinct=True),
            "require_distinct",
            "two things",
        ),
        (
            ClauseSpec(all=("line",) * 9, require_distinct=True),
            "require_distinct",
            "not 9",
        ),
        (ClauseSpec(all=("line",), not_within=3), "not_within", "not_near"),
        (ClauseSpec(query="x", same_sentence=True), "same_sentence", "all and any"),
        (ClauseSpec(query="x", not_near=("line",)), "not_near", "all and any"),
        (ClauseSpec(query="x", ordered=True), "ordered", "all and any"),
    ],
)
def test_a_key_without_sense_is_named(clause: ClauseSpec, key: str, says: str) -> None:
    (problem,) = problems(clause)

    assert problem.path == ("topics", "t", "clauses", 0, key)
    assert says in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("name", "says"),
    [("line", "no two members"), ("sate", "no concept"), ('"x"', "is a term")],
)
def test_what_has_no_members_is_named(name: str, says: str) -> None:
    (problem,) = problems(ClauseSpec(all=("line",), require_distinct=(name,)))

    assert problem.path == ("topics", "t", "clauses", 0, "require_distinct", 0)
    assert says in problem.message


@pytest.mark.parametrize(
    ("exclusion", "key"),
    [
        (ExclusionSpec(any=("helpline",), weight=0.5, veto=True), "veto"),
        (ExclusionSpec(any=("helpline",), veto=False), "veto"),
        (ExclusionSpec(any=("helpline",), weight=0.0), "weight"),
    ],
)
def test_an_exclusion_that_contradicts_itself_is_named(
    exclusion: ExclusionSpec, key: str
) -> None:
    (problem,) = problems(HINTS, exclude=(exclusion,))

    assert problem.path == ("topics", "t", "exclude", 0, key)


def test_an_exclusion_of_what_a_clause_asks_for_is_named() -> None:
    clause = ClauseSpec(all=("japan", "line"), near=5)

    (problem,) = problems(clause, exclude=(ExclusionSpec(any=("state", "open")),))

    assert problem.path == ("topics", "t", "exclude", 0)
    assert "clause 0 can never match" in problem.message


def test_an_exclusion_that_only_lowers_the_score_may_hold_always() -> None:
    exclusion = ExclusionSpec(any=("line",), weight=0.1)

    assert problems(HINTS, exclude=(exclusion,)) == []


def test_a_title_boost_below_one_is_refused() -> None:
    (problem,) = problems(HINTS, title_boost=0.5)

    assert problem.path == ("topics", "t", "title_boost")


PLACES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 2)), min_size=1, max_size=5
)


@settings(max_examples=300)
@given(st.lists(PLACES, min_size=2, max_size=4), st.none() | st.integers(0, 8))
def test_distinct_and_ordered_windows_exist_where_trying_all_finds_them(
    lists: list[list[tuple[int, int]]], limit: int | None
) -> None:
    windows = [
        largest((at, at + size, ((at, at + size, number),)) for at, size in places)
        for number, places in enumerate(lists)
    ]
    at = list(range(30))

    def fits(chosen: tuple[Window, ...]) -> bool:
        follows = all(a[1] < b[0] for a, b in pairwise(chosen))
        return follows and (limit is None or chosen[-1][0] - chosen[0][1] <= limit)

    combinations = list(product(*windows))
    ordered = any(map(fits, combinations))
    distinct = any(fits(order) for one in combinations for order in permutations(one))

    assert bool(in_order(windows, limit, at)) is ordered
    assert bool(apart(windows, limit, at)) is distinct
