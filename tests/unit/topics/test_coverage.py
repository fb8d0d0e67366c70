"""The languages that a topic claims, and those in which it can match."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.topics.coverage import coverage, languages_of_text
from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec

EXAMPLES = ("UNESCO dues cut", "ユネスコ分担金を停止", "教科文组织会费")


def concept(name: str, **terms: list[str]) -> ConceptSpec:
    return ConceptSpec(name=name, terms={key: tuple(of) for key, of in terms.items()})


UNESCO = concept("unesco", en=["unesco"], ja=["ユネスコ"])
MONEY = concept("money", en=["dues"])


def found(
    *clauses: ClauseSpec, concepts: list[ConceptSpec], **rest: Any
) -> list[tuple[str, str]]:
    own = rest.pop("own", None)
    topic = TopicSpec(name="t", clauses=clauses, **({"match": EXAMPLES} | rest))
    return [
        (finding.severity, finding.problem.message)
        for finding in coverage(concepts, [topic], own=own)
    ]


def test_a_topic_that_can_never_match_in_a_language_is_a_finding() -> None:
    [(severity, message)] = found(
        ClauseSpec(all=("unesco", "money")), concepts=[UNESCO, MONEY]
    )

    assert severity == "finding"
    assert message == ('it can never match in ja: concept "money" has no terms for it')


def test_a_clause_that_cannot_is_a_warning_while_another_can() -> None:
    [(severity, message)] = found(
        ClauseSpec(all=("unesco", "money")),
        ClauseSpec(all=("unesco",)),
        concepts=[UNESCO, MONEY],
    )

    assert severity == "warning"
    assert message.startswith("clause 1 can never match in ja")


def test_clauses_that_only_count_together_must_all_speak_a_language() -> None:
    both = [ClauseSpec(all=(name,), weight=0.4) for name in ("unesco", "money")]

    [(severity, _)] = found(*both, concepts=[UNESCO, MONEY], threshold=0.6)
    assert severity == "finding"


def test_an_empty_list_says_that_there_are_no_terms_on_purpose() -> None:
    money = concept("money", en=["dues"], ja=[])

    assert found(ClauseSpec(all=("unesco", "money")), concepts=[UNESCO, money]) == []


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("$unesco AND ($money OR ユネスコ)", id="an alternative"),
        pytest.param("$unesco AND NOT $money", id="only forbidden"),
        pytest.param("$unesco AND cut", id="a bare word, meant for one language"),
        pytest.param("$unesco AND =WHO", id="letters used in every language"),
        pytest.param("lang:en AND $unesco AND $money", id="asked for English only"),
        pytest.param("source:nhk AND $unesco", id="a publisher says no language"),
    ],
)
def test_what_a_language_does_not_need_is_not_missed(query: str) -> None:
    assert found(ClauseSpec(query=query), concepts=[UNESCO, MONEY]) == []


def test_terms_of_every_language_and_of_concepts_taken_in_count() -> None:
    everywhere = concept("money", any=["dues"])
    inner = concept("money", en=["dues"], any=["$fees"])
    fees = concept("fees", ja=["会費"])

    clause = ClauseSpec(all=("unesco", "money"))
    assert found(clause, concepts=[UNESCO, everywhere]) == []
    assert found(clause, concepts=[UNESCO, inner, fees]) == []


def test_scripts_and_regions_of_a_language_are_one() -> None:
    hant = concept("a", **{"zh-Hant": ["會費"]}, en=["x"])
    hans = concept("b", zh=["会费"], en=["y"])

    assert found(ClauseSpec(all=("a", "b")), concepts=[hant, hans]) == []


def test_a_pack_alone_claims_no_language() -> None:
    pack = concept("states/any", en=["japan"], ja=["日本"], zh=["日本"])
    own = concept("dues", en=["dues"])
    clause = ClauseSpec(all=("states/any", "dues"))

    assert found(clause, concepts=[pack, own], own=["dues"]) == []
    assert len(found(clause, concepts=[pack, own])) == 1


def test_a_pack_taken_in_claims_no_more_than_the_list_it_stands_in() -> None:
    pack = concept("states/japan", en=["japan"], ja=["日本"])
    state = concept("state", en=["$states/japan"])
    dues = concept("dues", en=["dues"])
    clause = ClauseSpec(all=("state", "dues"))

    concepts = [pack, state, dues]
    assert found(clause, concepts=concepts, own=["state", "dues"]) == []


def test_an_example_is_missed_in_each_language_that_has_none() -> None:
    full = concept("c", en=["dues"], ja=["会費"], zh=["会费"])

    assert found(ClauseSpec(all=("c",)), concepts=[full], match=("Dues",)) == [
        ("warning", "it has no example to match in ja and zh")
    ]
    assert found(ClauseSpec(all=("c",)), concepts=[full], match=()) == [
        ("warning", "it has no examples to match")
    ]


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        pytest.param("Japan halts dues", {"en", "fr"}, id="Latin"),
        pytest.param("ユネスコ分担金", {"ja"}, id="kana"),
        pytest.param("教科文组织会费", {"zh"}, id="simplified"),
        pytest.param("日中外相会談", {"ja"}, id="shinjitai"),
        pytest.param("中日外相", {"ja", "zh"}, id="shared characters"),
    ],
)
def test_the_script_of_a_text_tells_its_language(
    text: str, languages: set[str]
) -> None:
    assert languages_of_text(text, {"en", "fr", "ja", "zh"}) == languages
