from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import confidence_of
from monitor.topics import compile_topics
from monitor.topics.calibrate import ENOUGH, Scored, calibrate
from monitor.topics.explain import TopicReport, explain, scores_of
from monitor.topics.spec import (
    ClauseSpec,
    ConceptSpec,
    DirectionSpec,
    ExclusionSpec,
    TopicSpec,
)
from tests.factories import entry

CONCEPTS = (
    ConceptSpec(name="unesco", terms={"any": ("unesco",)}),
    ConceptSpec(name="dues", terms={"any": ("dues", "funding")}),
    ConceptSpec(name="halt", terms={"any": ("halt", "cut")}),
)


def report(
    *clauses: ClauseSpec, title: str, summary: str = "", **fields: Any
) -> TopicReport:
    spec = TopicSpec(name="t", clauses=clauses, **fields)
    compiled = compile_topics(CONCEPTS, [spec])
    assert compiled.problems == ()
    (found,) = explain(compiled.index, entry(title=title, summary=summary))
    return found


def lacking(clause: ClauseSpec, title: str) -> list[tuple[str, str]]:
    (found,) = report(clause, title=title).clauses
    return [(gap.query, gap.reason) for gap in found.missing]


def test_a_match_tells_what_each_clause_gave() -> None:
    found = report(
        ClauseSpec(all=("unesco", "dues"), weight=0.5),
        ClauseSpec(all=("halt",), weight=0.6),
        ClauseSpec(query="heritage", weight=0.9),
        title="News",
        summary="Tokyo may halt UNESCO dues",
        direction=(DirectionSpec(label="threat", cues=('"may"',)),),
    )

    first, second, third = found.clauses
    assert (found.is_match, found.score, found.short_by) == (True, 0.8, 0.0)
    assert (found.confidence, found.direction) == ("high", "threat")
    assert found.cue
    assert found.cue.quote == "may"
    assert (first.clause, first.text, first.contribution) == (1, "halt", 0.3)
    assert (second.clause, second.text, second.contribution) == (0, "UNESCO dues", 0.2)
    assert [span.quote for span in second.spans] == ["UNESCO", "dues"]
    assert (third.is_satisfied, third.contribution) == (False, 0.0)


def test_a_window_from_title_into_summary_says_so() -> None:
    found = report(
        ClauseSpec(all=("unesco", "dues")), title="UNESCO now", summary="Its dues"
    )

    assert found.clauses[0].text == "UNESCO now … Its dues"


def test_the_closest_clause_comes_first() -> None:
    found = report(
        ClauseSpec(query="opera AND ballet"),
        ClauseSpec(all=("unesco", "dues", "halt")),
        ClauseSpec(all=("unesco", "halt")),
        title="UNESCO cut its staff, not its money",
        threshold=0.9,
        exclude=(ExclusionSpec(query="staff"),),
    )

    assert [clause.clause for clause in found.clauses] == [2, 1, 0]


def test_an_exclusion_is_named_with_what_it_found() -> None:
    found = report(
        ClauseSpec(all=("unesco",), weight=0.8),
        title="UNESCO study on funding",
        exclude=(
            ExclusionSpec(query="opera"),
            ExclusionSpec(query="unesco ONEAR/2 study"),
            ExclusionSpec(all=("dues",), weight=0.25),
        ),
    )

    veto, penalty = found.exclusions
    assert (found.is_match, found.score, found.unlowered) == (False, 0.0, 0.8)
    assert (veto.exclusion, veto.text, veto.weight) == (1, "UNESCO study", 1.0)
    assert (penalty.exclusion, penalty.text, penalty.weight) == (2, "funding", 0.25)


@pytest.mark.parametrize(
    ("clause", "title", "expected"),
    [
        pytest.param(
            ClauseSpec(all=("unesco", "dues")),
            "Rain",
            [("$unesco", "not found"), ("$dues", "not found")],
            id="nothing",
        ),
        pytest.param(
            ClauseSpec(query='unesco AND (=WHO OR "pull out" OR withdr*)'),
            "UNESCO who",
            [('(=WHO OR "pull out" OR withdr*)', "not found")],
            id="no alternative",
        ),
        pytest.param(
            ClauseSpec(query="unesco AND NOT heritage"),
            "UNESCO heritage",
            [("heritage", "forbidden")],
            id="forbidden",
        ),
        pytest.param(
            ClauseSpec(query="title:unesco AND summary:dues"),
            "UNESCO dues",
            [("summary:dues", "in another field")],
            id="another field",
        ),
        pytest.param(
            ClauseSpec(query="halt ONEAR/5 dues"),
            "dues halted",
            [("(halt ONEAR/5 dues)", "not in this order")],
            id="order",
        ),
        pytest.param(
            ClauseSpec(all=("halt", "dues"), same_sentence=True),
            "They halt it. Dues are due",
            [("($halt AND $dues)", "not in one sentence")],
            id="sentence",
        ),
        pytest.param(
            ClauseSpec(all=("halt",), not_near=("dues",)),
            "dues halted",
            [("$halt away from $dues", "near something unwanted")],
            id="unwanted",
        ),
        pytest.param(
            ClauseSpec(query="unesco AND feed:bbc"),
            "UNESCO",
            [("unesco from a certain feed, source or language", "from elsewhere")],
            id="elsewhere",
        ),
    ],
)
def test_what_a_clause_lacks_is_named(
    clause: ClauseSpec, title: str, expected: list[tuple[str, str]]
) -> None:
    assert lacking(clause, title) == expected


@given(st.integers(0, 30), st.integers(1, 12))
def test_the_distance_told_is_the_smallest_that_would_do(
    between: int, allowed: int
) -> None:
    title = "unesco" + " word" * between + " dues"
    clause = ClauseSpec(all=("unesco", "dues"), near=allowed)
    (found,) = report(clause, title=title).clauses
    if found.is_satisfied:
        assert found.missing == ()
        return
    (gap,) = found.missing
    assert (gap.reason, gap.allowed) == ("too far apart", allowed)
    assert gap.words is not None

    for near, is_enough in ((gap.words, True), (gap.words - 1, False)):
        wider = ClauseSpec(all=("unesco", "dues"), near=near)
        assert report(wider, title=title).is_match is is_enough


@given(
    st.lists(st.sampled_from(["unesco", "dues", "halt", "rain", ".", "staff", "会费"]))
)
def test_an_explanation_agrees_with_the_match(words: list[str]) -> None:
    spec = TopicSpec(
        name="t",
        clauses=(
            ClauseSpec(all=("unesco", "dues"), near=2, weight=0.5),
            ClauseSpec(query="halt ONEAR/3 dues NOT rain", weight=0.4),
        ),
        exclude=(ExclusionSpec(query="staff", weight=0.3),),
        threshold=0.4,
        title_boost=1.5,
    )
    index = compile_topics(CONCEPTS, [spec]).index
    item = entry(title=" ".join(words), summary=" ".join(reversed(words)))
    matches = index.match(item)
    (found,) = explain(index, item)

    assert found.is_match is bool(matches)
    assert scores_of(index, item)["t"] == found.score
    if matches:
        assert matches[0].score == found.score
        assert {span.quote for span in matches[0].spans} == {
            span.quote for clause in found.clauses for span in clause.spans
        }


def test_a_score_is_told_in_one_word() -> None:
    words = [confidence_of(score) for score in (0.5, 0.59, 0.6, 0.79, 0.8, 1.0)]

    assert words == ["low", "low", "medium", "medium", "high", "high"]


def test_calibration_suggests_the_threshold_that_tells_apart_best() -> None:
    items = [Scored(0.8, is_positive=True)] * ENOUGH + [
        Scored(0.6, is_positive=False),
        Scored(0.0, is_positive=False),
    ]
    found = calibrate(items, 0.5)

    assert found.suggested == 0.8
    assert found.current.recall == 1.0
    assert found.current.precision < 1.0
    assert [level.threshold for level in found.levels] == [0.6, 0.8]


def test_calibration_keeps_a_threshold_that_nothing_betters() -> None:
    found = calibrate([Scored(0.8, is_positive=True)] * ENOUGH, 0.5)

    assert found.suggested == 0.5


def test_calibration_of_few_items_suggests_nothing_and_says_how_many_lack() -> None:
    found = calibrate([Scored(0.8, is_positive=True)] * (ENOUGH - 3), 0.5)

    assert (found.suggested, found.lacking) == (None, 3)
