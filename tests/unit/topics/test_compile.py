from __future__ import annotations

import pytest

from monitor.errors import Problem
from monitor.topics import compile_topics
from monitor.topics.spec import (
    ClauseSpec,
    ConceptSpec,
    DirectionSpec,
    ExclusionSpec,
    TopicSpec,
)
from tests.factories import entry

UNESCO = ConceptSpec(name="unesco", terms={"en": ("unesco",)})
FINE = ClauseSpec(all=("unesco",))


def problems(*clauses: ClauseSpec, **topic: object) -> list[Problem]:
    spec = TopicSpec(name="t", clauses=clauses, **topic)  # type: ignore[arg-type]
    return list(compile_topics([UNESCO], [spec]).problems)


def test_an_unknown_concept_is_named_with_the_nearest_known_one() -> None:
    assert problems(FINE, ClauseSpec(all=("unesco", "unseco"))) == [
        Problem(
            ("topics", "t", "clauses", 1, "all", 1),
            'no concept named "unseco"',
            'did you mean "unesco"?',
        )
    ]


def test_an_unknown_concept_in_a_query_is_shown_at_its_offset() -> None:
    (problem,) = problems(ClauseSpec(query="cut AND $unseco"))

    assert problem.path == ("topics", "t", "clauses", 0, "query")
    assert problem.offset == 8


def test_a_term_written_like_a_concept_is_told_how_to_be_a_term() -> None:
    (problem,) = problems(ClauseSpec(any=("pull out",)))

    assert problem.path == ("topics", "t", "clauses", 0, "any", 0)
    assert "'\"pull out\"'" in problem.hint


@pytest.mark.parametrize(
    ("clause", "where", "says"),
    [
        pytest.param(ClauseSpec(), (), "empty", id="empty"),
        pytest.param(ClauseSpec(all=("*",)), ("all", 0), "every word", id="wildcard"),
        pytest.param(
            ClauseSpec(all=("unesco", "=US"), near=0), ("near",), "1 or more", id="near"
        ),
        pytest.param(
            ClauseSpec(all=("unesco",), near=5), ("near",), "two things", id="alone"
        ),
        pytest.param(
            ClauseSpec(all=("unesco",), weight=0.0),
            ("weight",),
            "above 0",
            id="no weight",
        ),
        pytest.param(
            ClauseSpec(all=("unesco",), weight=1.5),
            ("weight",),
            "up to 1",
            id="too heavy",
        ),
        pytest.param(
            ClauseSpec(all=("unesco",), query="x"), (), "either", id="query and all"
        ),
        pytest.param(
            ClauseSpec(query="x", near=3), ("near",), "all and any", id="q+near"
        ),
        pytest.param(ClauseSpec(query="NOT x"), ("query",), "before it", id="pure NOT"),
    ],
)
def test_a_wrong_clause_is_named_by_its_path(
    clause: ClauseSpec, where: tuple[str | int, ...], says: str
) -> None:
    (problem,) = problems(FINE, clause)

    assert problem.path == ("topics", "t", "clauses", 1, *where)
    assert says in problem.message


def test_exclude_and_direction_are_checked_like_clauses() -> None:
    found = problems(
        FINE,
        exclude=(ExclusionSpec(any=("nothing",)),),
        direction=(DirectionSpec(label="up", cues=("unesco", "rise")),),
    )

    assert [problem.path for problem in found] == [
        ("topics", "t", "exclude", 0, "any", 0),
        ("topics", "t", "direction", 0, "up", 1),
    ]


def test_a_direction_may_not_be_written_twice_with_cues() -> None:
    twice = (
        DirectionSpec(label="up", cues=("unesco",)),
        DirectionSpec(label="up", cues=('"rise"',)),
    )

    (problem,) = problems(FINE, direction=twice)

    assert problem.path == ("topics", "t", "direction", 1, "up")


def test_the_direction_that_always_holds_may_repeat_a_label() -> None:
    cued_and_default = (
        DirectionSpec(label="up", cues=("unesco",)),
        DirectionSpec(label="up"),
    )

    assert problems(FINE, direction=cued_and_default) == []


def test_only_one_direction_may_always_hold_and_it_comes_last() -> None:
    early = (DirectionSpec(label="down"), DirectionSpec(label="up", cues=("unesco",)))

    (problem,) = problems(FINE, direction=early)

    assert problem.path == ("topics", "t", "direction", 0, "down")
    assert "last" in problem.hint


def test_a_threshold_out_of_reach_is_refused_with_the_best_score() -> None:
    weak = ClauseSpec(all=("unesco",), weight=0.5)

    (problem,) = problems(weak, weak, threshold=0.8)

    assert problem.path == ("topics", "t", "threshold")
    assert "0.75" in problem.message


def test_a_threshold_that_all_clauses_reach_exactly_is_fine() -> None:
    weak = ClauseSpec(all=("unesco",), weight=0.5)

    assert problems(weak, weak, threshold=0.75) == []


def test_every_mistake_is_reported_not_the_first() -> None:
    found = problems(
        ClauseSpec(all=("a", "b"), near=-1, weight=2), ClauseSpec(query="x y")
    )

    assert len(found) == 5


def test_a_bad_term_of_a_concept_is_named_and_a_concept_without_terms() -> None:
    concepts = [
        ConceptSpec(name="c", terms={"en": ("fine", "wi*d"), "ja": ("停止",)}),
        ConceptSpec(name="d", terms={"en": ()}),
    ]

    found = compile_topics(concepts, []).problems

    assert [problem.path for problem in found] == [
        ("concepts", "c", "en", 1),
        ("concepts", "d"),
    ]
    assert found[0].offset == 2


def test_a_topic_with_a_mistake_does_not_keep_the_others_from_matching() -> None:
    topics = [
        TopicSpec(name="bad", clauses=(ClauseSpec(all=("nothing",)),)),
        TopicSpec(name="good", clauses=(FINE,)),
    ]

    compiled = compile_topics([UNESCO], topics)

    assert len(compiled.problems) == 1
    assert [match.topic for match in compiled.index.match(entry())] == ["good"]
