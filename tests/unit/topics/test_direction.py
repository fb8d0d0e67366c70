from __future__ import annotations

import pytest

from monitor.topics import compile_topics
from monitor.topics.spec import ClauseSpec, ConceptSpec, DirectionSpec, TopicSpec
from tests.factories import entry

CONCEPTS = (
    ConceptSpec(name="unesco", terms={"any": ("unesco", "ユネスコ", "教科文组织")}),
    ConceptSpec(name="again", terms={"any": ("pay", "resume", "再開", "恢复")}),
    ConceptSpec(name="may", terms={"any": ("may", "threaten", "検討", "考虑")}),
    ConceptSpec(name="did", terms={"any": ("quit", "halt", "停止")}),
)
DIRECTIONS = (
    DirectionSpec(label="resolution", cues=("again",)),
    DirectionSpec(label="threat", cues=("may",)),
    DirectionSpec(label="action", cues=("did",)),
    DirectionSpec(label="action"),
)


def direction(
    title: str, summary: str = "", directions: tuple[DirectionSpec, ...] = DIRECTIONS
) -> str:
    topic = TopicSpec(
        name="t", clauses=(ClauseSpec(all=("unesco",)),), direction=directions
    )
    (match,) = compile_topics(CONCEPTS, [topic]).index.match(
        entry(title=title, summary=summary)
    )
    return match.direction


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Tokyo may halt UNESCO dues", "threat", id="first in the order"),
        pytest.param("Washington quits UNESCO", "action", id="cue"),
        pytest.param(
            "Tokyo and UNESCO", "action", id="no cue: the one that always holds"
        ),
        pytest.param("Tokyo resumes UNESCO dues", "resolution", id="resumes"),
        pytest.param("Tokyo refuses to pay UNESCO", "action", id="refused"),
        pytest.param("Tokyo will not resume UNESCO dues", "action", id="not"),
        pytest.param("Tokyo won't resume UNESCO dues", "action", id="won't"),
        pytest.param("Tokyo stops paying UNESCO", "action", id="stopped"),
        pytest.param("日方不会恢复教科文组织会费", "action", id="zh, denied before"),
        pytest.param("日方恢复教科文组织会费", "resolution", id="zh"),
        pytest.param("ユネスコ分担金、再開せず", "action", id="ja, denied after"),
        pytest.param("ユネスコ分担金の支払い再開", "resolution", id="ja"),
        pytest.param(
            "No deal. Tokyo, UNESCO say pay day nears", "resolution", id="far no"
        ),
    ],
)
def test_the_first_direction_with_an_undenied_cue_holds(
    title: str, expected: str
) -> None:
    assert direction(title) == expected


def test_the_title_speaks_before_the_summary() -> None:
    assert (
        direction("Washington quits UNESCO", "It may resume talks later.") == "action"
    )
    assert direction("UNESCO and Washington", "It may go.") == "threat"


def test_a_cue_far_from_the_evidence_does_not_count() -> None:
    near, far = "word " * 20, "word " * 40

    assert direction("UNESCO", near + "may") == "threat"
    assert direction("UNESCO", far + "may") == "action"


def test_without_directions_and_without_a_last_word_there_is_none() -> None:
    assert direction("Tokyo may quit UNESCO", directions=()) == ""
    assert direction("Tokyo and UNESCO", directions=DIRECTIONS[:3]) == ""
