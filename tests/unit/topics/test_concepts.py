from __future__ import annotations

import pytest

from monitor.model import Match
from monitor.topics import compile_topics
from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec
from tests.factories import entry


def concept(name: str, *terms: str, excepted: tuple[str, ...] = ()) -> ConceptSpec:
    return ConceptSpec(name=name, terms={"en": terms}, excepted=excepted)


def problems(*concepts: ConceptSpec) -> list[tuple[tuple[str | int, ...], str, str]]:
    found = compile_topics(concepts, []).problems
    return [(problem.path, problem.message, problem.hint) for problem in found]


def match(
    title: str, *concepts: ConceptSpec, clause: ClauseSpec | None = None
) -> Match | None:
    clause = clause or ClauseSpec(all=(concepts[0].name,))
    compiled = compile_topics(concepts, [TopicSpec(name="t", clauses=(clause,))])
    assert compiled.problems == ()
    return next(iter(compiled.index.match(entry(title=title, summary=""))), None)


STATES = (
    concept("state", "$asian-state", "france"),
    concept("asian-state", "$japan", "$china"),
    concept("japan", "japan", "tokyo", excepted=("japan airlines",)),
    concept("china", "china", "beijing"),
)


@pytest.mark.parametrize("title", ["Tokyo says", "Beijing says", "France says"])
def test_a_concept_takes_in_others_at_any_depth(title: str) -> None:
    found = match(title, *STATES)

    assert found is not None
    assert [span.concept for span in found.spans] == ["state"]


def test_a_concept_may_take_in_one_that_stands_later() -> None:
    assert match("Beijing says", *reversed(STATES), clause=ClauseSpec(all=("state",)))


def test_a_place_inside_an_exception_does_not_count() -> None:
    japan = concept("japan", "japan", "tokyo", excepted=("japan airlines",))

    assert not match("Japan Airlines flies", japan)
    found = match("Japan Airlines: flies to Japan", japan)

    assert found is not None
    assert [(span.start, span.quote) for span in found.spans] == [(25, "Japan")]


def test_a_place_that_reaches_out_of_an_exception_counts() -> None:
    japan = concept("japan", "government of japan", excepted=("japan airlines",))

    assert match("Government of Japan airlines lobby", japan)


def test_a_concept_brings_its_exceptions_along() -> None:
    assert not match("Japan Airlines flies", *STATES)


def test_an_exception_may_be_a_concept() -> None:
    firm = concept("firm", "japan tobacco", "bank of china")
    china = concept("china", "china", excepted=("$firm",))

    assert not match("Bank of China opens", china, firm)
    assert match("Bank in China opens", china, firm)


def test_what_an_exception_cancels_is_no_evidence_against_anything_else() -> None:
    japan = concept("japan", "japan", excepted=("japan airlines",))
    clause = ClauseSpec(query="airlines AND NOT $japan")

    assert match("Japan Airlines flies", japan, clause=clause)


def test_a_cycle_is_named_once_with_its_path() -> None:
    found = problems(concept("c", "$a"), concept("a", "word", "$b"), concept("b", "$c"))

    assert found == [
        (
            ("concepts", "a", "en", 1),
            'concept "a" takes itself in: a > b > c > a',
            'remove "$b" here, or a later one of these',
        )
    ]


def test_every_cycle_is_named_also_through_exceptions_and_of_one() -> None:
    found = problems(
        concept("a", "word", "$a"),
        concept("b", "word", excepted=("$c",)),
        concept("c", "$b"),
    )

    assert [(path, message) for path, message, _ in found] == [
        (("concepts", "a", "en", 1), 'concept "a" takes itself in: a > a'),
        (("concepts", "b", "except", 0), 'concept "b" takes itself in: b > c > b'),
    ]


def test_an_unknown_concept_inside_a_concept_is_named() -> None:
    found = problems(concept("state", "$japn", "$"), concept("japan", "japan"))

    assert found == [
        (
            ("concepts", "state", "en", 0),
            'no concept named "japn"',
            'did you mean "japan"?',
        ),
        (
            ("concepts", "state", "en", 1),
            'no concept named ""',
            "add it under concepts",
        ),
    ]


def test_a_long_chain_of_concepts_is_resolved() -> None:
    chain = [concept(f"c{number}", f"$c{number + 1}") for number in range(3000)]

    assert match("word", *chain, concept("c3000", "word"))
