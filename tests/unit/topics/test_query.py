from __future__ import annotations

import pytest

from monitor.errors import QueryError
from monitor.topics.nodes import (
    AndNode,
    ConceptNode,
    FieldNode,
    NearNode,
    OrNode,
    TermNode,
)
from monitor.topics.query import MAX_DEPTH, MAX_QUERY, parse_query
from monitor.topics.terms import Term, parse_term


def term(text: str, offset: int) -> TermNode:
    return TermNode(parse_term(text), offset)


def test_and_binds_tighter_than_or() -> None:
    assert parse_query("a OR b AND c") == OrNode(
        (term("a", 0), AndNode((term("b", 5), term("c", 11)), (), 5)), 0
    )


def test_near_binds_tighter_than_and() -> None:
    assert parse_query("a AND b NEAR/3 c") == AndNode(
        (
            term("a", 0),
            NearNode((term("b", 6), term("c", 15)), 3, ordered=False, offset=6),
        ),
        (),
        0,
    )


def test_what_follows_not_is_unwanted_with_and_without_and() -> None:
    parsed = parse_query("a NOT b AND NOT c AND d")

    assert isinstance(parsed, AndNode)
    assert parsed.parts == (term("a", 0), term("d", 22))
    assert parsed.none_of == (term("b", 6), term("c", 16))


def test_an_ordered_distance_is_read() -> None:
    parsed = parse_query('"pull out" ONEAR/4 $unesco')

    assert parsed == NearNode(
        (term('"pull out"', 0), ConceptNode("unesco", 19)), 4, ordered=True, offset=0
    )


def test_a_field_takes_a_term_or_a_group() -> None:
    assert parse_query("title:unesco") == FieldNode("title", term("unesco", 6), 0)
    assert parse_query("title:(a OR b)") == FieldNode(
        "title", OrNode((term("a", 7), term("b", 12)), 7), 0
    )


def test_marks_of_word_processors_and_wide_keyboards_are_understood() -> None:
    assert parse_query("“pull out” AND （停止）") == parse_query(
        '"pull out" AND (停止)'
    )


def test_a_word_that_begins_like_an_operator_is_a_word() -> None:
    parsed = parse_query("ANDES OR NEARBY OR NOTES")

    assert isinstance(parsed, OrNode)
    assert [part.term.words for part in parsed.parts if isinstance(part, TermNode)] == [
        ("andes",),
        ("nearby",),
        ("notes",),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("pull out", Term(("pull", "out")), id="phrase"),
        pytest.param('"pull out"', Term(("pull", "out")), id="quoted"),
        pytest.param("high-level", Term(("high", "level")), id="hyphen"),
        pytest.param("U.N.", Term(("un",)), id="dotted"),
        pytest.param("withdraw*", Term(("withdraw",), prefix=True), id="any ending"),
        pytest.param("=WHO", Term(("who",), exact=("WHO",)), id="exact"),
        pytest.param(
            '="Le Monde"', Term(("le", "monde"), exact=("Le", "Monde")), id="2"
        ),
        pytest.param("停止", Term(("停", "止")), id="CJK"),
    ],
)
def test_terms_are_read(text: str, expected: Term) -> None:
    assert parse_term(text) == expected


@pytest.mark.parametrize(
    ("query", "offset", "says", "hint"),
    [
        pytest.param("", 0, "empty", "at least one term", id="empty"),
        pytest.param("NOT a", 0, "nothing before it", "a AND NOT b", id="pure NOT"),
        pytest.param("a AND", 2, 'nothing follows "AND"', "", id="open end"),
        pytest.param("AND a", 0, "something before it", "", id="open start"),
        pytest.param("(a OR b", 7, "opened and not closed", '")"', id="open group"),
        pytest.param("a)", 1, "no group is open", "", id="stray close"),
        pytest.param("a ()", 2, "no operator", "", id="empty group"),
        pytest.param("un agency", 3, "no operator", "quotes", id="no operator"),
        pytest.param("a and b", 2, "no operator", "capitals", id="small operator"),
        pytest.param('a OR "b c', 5, "quote is opened", '"', id="open quote"),
        pytest.param("a NEAR b", 2, "distance", "NEAR/10", id="NEAR without number"),
        pytest.param("a ONEAR/0 b", 2, "distance", "ONEAR/10", id="NEAR of nothing"),
        pytest.param("a AND by:en", 6, 'no field named "by"', "title", id="field"),
        pytest.param("a AND *", 6, "match every word", "beginning", id="lone wildcard"),
        pytest.param("wi*dr", 2, "stands inside", "end a term", id="inner wildcard"),
        pytest.param("a OR u*", 5, "too short", "two letters", id="short wildcard"),
        pytest.param("=US*", 3, "exact letters", "either", id="exact and wildcard"),
        pytest.param("a OR $", 5, "no concept", "$name", id="lone dollar"),
        pytest.param("a OR !!", 5, "no letter or digit", "", id="only marks"),
        pytest.param("日、中", 0, "punctuation", "two terms", id="broken run"),
    ],
)
def test_a_mistake_is_shown_at_its_place_with_a_remedy(
    query: str, offset: int, says: str, hint: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(query)

    assert says in str(caught.value)
    assert hint in caught.value.hint
    assert caught.value.offset == offset


def test_any_number_of_brackets_is_read() -> None:
    assert parse_query("(" * 2000 + "a" + ")" * 2000) == term("a", 2000)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("(a AND " * MAX_DEPTH + "a" + ")" * MAX_DEPTH, id="groups"),
        pytest.param("a NEAR/2 " * (MAX_DEPTH + 1) + "a", id="distances"),
        pytest.param("a OR " * MAX_QUERY + "a", id="length"),
    ],
)
def test_a_query_too_deep_or_long_to_run_is_refused(query: str) -> None:
    with pytest.raises(QueryError, match="more than"):
        parse_query(query)
