"""Queries that cannot be meant are named, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import Problem
from monitor.model import Entry
from monitor.topics import compile_topics
from monitor.topics.concepts import resolve_concepts
from monitor.topics.nodes import (
    AndNode,
    ConceptNode,
    FieldNode,
    NearNode,
    Node,
    OrNode,
    TermNode,
    bare,
)
from monitor.topics.printer import print_query
from monitor.topics.query import parse_query
from monitor.topics.sense import Sense
from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec
from monitor.topics.terms import parse_term
from tests.factories import entry

CONCEPTS = (
    ConceptSpec(name="cut", terms={"en": ("cut", "pull out")}),
    ConceptSpec(name="act", terms={"en": ("$cut", "pay")}),
    ConceptSpec(name="fox", terms={"en": ("fox",)}, excepted=("red fox",)),
)


def problems(query: str) -> list[Problem]:
    topic = TopicSpec(name="t", clauses=(ClauseSpec(query=query),))
    return list(compile_topics(CONCEPTS, [topic]).problems)


def is_found(query: str, item: Entry) -> bool:
    topic = TopicSpec(name="t", clauses=(ClauseSpec(query=query),))
    compiled = compile_topics(CONCEPTS, [topic])
    assert compiled.problems == ()
    return bool(compiled.index.match(item))


@pytest.mark.parametrize(
    ("query", "at", "says"),
    [
        pytest.param("a AND NOT a", 10, "never match", id="itself"),
        pytest.param("a AND b NOT (c OR B)", 13, "never match", id="one of a group"),
        pytest.param('"pull out" NOT pull', 15, "never match", id="part of a phrase"),
        pytest.param("pays NOT paid", 9, "never match", id="the same stem"),
        pytest.param("=WHO NOT who", 9, "never match", id="exact"),
        pytest.param("withdraw* NOT withdr*", 14, "never match", id="beginning"),
        pytest.param("title:a NOT a", 12, "never match", id="field in the whole"),
        pytest.param("$cut NOT $act", 9, "never match", id="concept in concept"),
        pytest.param("pay NOT $act", 8, "never match", id="term in concept"),
        pytest.param("(a OR a1) NOT (a1 OR a)", 15, "never match", id="two groups"),
        pytest.param("a NEAR/3 b NOT a NEAR/5 b", 15, "never match", id="nearer"),
        pytest.param("x OR (a NOT a)", 12, "never match", id="inside a group"),
        pytest.param(
            "a AND lang:en AND lang:ja",
            18,
            "exclude each other",
            id="two languages",
        ),
        pytest.param(
            "a AND feed:x AND feed:y", 17, "exclude each other", id="two feeds"
        ),
        pytest.param("a AND lang:en NOT lang:en", 18, "never match", id="language"),
        pytest.param("summary:a ONEAR/5 title:b", 0, "title comes before", id="order"),
        pytest.param(
            "title:(a AND summary:b)",
            13,
            "stands inside",
            id="field in field",
        ),
        pytest.param(
            "title:(a AND lang:en)", 13, "stands inside", id="qualifier in field"
        ),
        pytest.param("a NEAR/5 a", 9, "always holds", id="near itself"),
        pytest.param("lang:en", 0, "every entry", id="only a language"),
        pytest.param("source:nhk OR feed:x", 0, "every entry", id="only qualifiers"),
        pytest.param("lang:en NOT a", 0, "nothing that must stand", id="only absence"),
        pytest.param(
            "b AND (lang:en NOT a)", 7, "nothing that must stand", id="absence inside"
        ),
        pytest.param("a OR lang:en", 5, "every entry", id="alternative to words"),
        pytest.param(
            "a NEAR/5 lang:en", 9, "no place in the text", id="near a language"
        ),
        pytest.param("a AND lang:english", 11, "is no language", id="language name"),
        pytest.param("a AND source:$cut", 13, "takes names", id="concept as a name"),
    ],
)
def test_a_query_that_cannot_be_meant_is_named(query: str, at: int, says: str) -> None:
    (problem,) = problems(query)

    assert says in problem.message
    assert problem.offset == at
    assert problem.path == ("topics", "t", "clauses", 0, "query")
    assert problem.hint


@pytest.mark.parametrize(
    "query",
    [
        "a AND NOT title:a",
        'pull NOT "pull out"',
        "who NOT =WHO",
        "withdr* NOT withdraw*",
        "withdraw NOT withdr*",
        "$act NOT $cut",
        "fox NOT $fox",
        "title:(a NOT b) NOT (a NOT b)",
        "a NEAR/5 b NOT a NEAR/3 b",
        "a ONEAR/5 a",
        "a AND source:x AND source:y",
        "a AND lang:zh AND lang:zh-Hant",
        "a AND (lang:en OR lang:ja) NOT feed:bbc*",
        "title:a ONEAR/5 summary:b",
    ],
)
def test_a_query_that_may_match_is_not_refused(query: str) -> None:
    assert problems(query) == []


def item(**fields: str) -> Entry:
    return entry(title="Some words", summary="", **fields)


@pytest.mark.parametrize(
    ("query", "fields", "expected"),
    [
        ("words AND lang:zh", {"lang": "zh-Hant"}, True),
        ("words AND lang:zh-Hant", {"lang": "zh"}, False),
        ("words AND lang:en", {"lang": "EN"}, True),
        ("words AND NOT lang:en", {"lang": "en-GB"}, False),
        ("words AND source:nhk", {"source": "NHK World"}, True),
        ('words AND source:"nhk world"', {"source": "ＮＨＫ　ＷＯＲＬＤ"}, True),
        ("words AND source:world*", {"source": "Le Monde"}, False),
        ("words AND source:=NHK", {"source": "nhk"}, False),
        ("words AND source:(asahi OR 朝日新聞)", {"source": "朝日新聞"}, True),
        ("words AND feed:bbc-world", {"feed": "bbc-world"}, True),
        ("words AND feed:bbc", {"feed": "bbc-world"}, False),
        ("words AND feed:bbc*", {"feed": "bbc-world"}, True),
        ("words NOT feed:(a OR b)", {"feed": "b"}, False),
        ("(words AND feed:a) OR (some AND feed:b)", {"feed": "b"}, True),
        ("(words AND feed:a) OR (some AND feed:b)", {"feed": "c"}, False),
        ("some NEAR/3 (words AND feed:a)", {"feed": "a"}, True),
        ("words AND summary:words", {}, False),
        ("words AND title:words", {}, True),
    ],
)
def test_qualifiers_say_where_an_entry_is_from(
    query: str, fields: dict[str, str], expected: bool
) -> None:
    assert is_found(query, item(**fields)) is expected


@pytest.mark.parametrize(
    ("title", "lang"), [("停止の方針", "ja"), ("停止方針", "zh"), ("중단 방침", "ko")]
)
def test_without_a_language_the_script_tells(title: str, lang: str) -> None:
    text = title[0]

    assert is_found(f"{text} AND lang:{lang}", entry(title=title, summary="", lang=""))


def test_a_qualifier_is_no_evidence() -> None:
    topic = TopicSpec(name="t", clauses=(ClauseSpec(query="words AND lang:en"),))

    (match,) = compile_topics([], [topic]).index.match(item(lang="en"))

    assert [span.quote for span in match.spans] == ["words"]


WORDS = ("fox", "red", "pull", "out", "pay", "paid", "WHO", "停止", "会費", "don't")
TERMS = st.sampled_from(
    [*WORDS, "fox*", "pu*", "=WHO", "=Pay", '"pull out"', '"red fox*"', '="Red Fox"']
)
NODES: st.SearchStrategy[Node] = st.recursive(
    st.builds(lambda text: TermNode(parse_term(text)), TERMS)
    | st.sampled_from(["cut", "act", "fox"]).map(ConceptNode),
    lambda inner: (
        st.builds(
            AndNode,
            st.lists(inner, min_size=1, max_size=3).map(tuple),
            st.lists(inner, min_size=1, max_size=2).map(tuple),
        )
        | st.builds(AndNode, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(OrNode, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(
            NearNode, st.tuples(inner, inner), st.integers(1, 30), st.booleans()
        )
        | st.builds(
            FieldNode,
            st.sampled_from(["title", "summary", "source", "lang", "feed"]),
            inner,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(NODES)
def test_a_printed_query_is_read_as_the_same_query(node: Node) -> None:
    assert bare(parse_query(print_query(node))) == bare(node)


@settings(max_examples=200)
@given(st.text(max_size=30))
def test_any_term_that_can_be_read_is_printed_so_that_it_is_read_again(
    text: str,
) -> None:
    try:
        term = parse_term('"' + text.replace('"', "") + '"')
    except Exception:
        return

    assert bare(parse_query(print_query(TermNode(term)))) == TermNode(term)


TEXTS = st.lists(st.sampled_from(["Red", "Fox", *WORDS, "x", "."]), max_size=8).map(
    " ".join
)
SENSE = Sense(resolve_concepts(CONCEPTS, []), stemming=True)


@settings(max_examples=200)
@given(NODES, NODES, TEXTS, TEXTS)
def test_what_one_part_is_said_to_say_is_true_of_every_entry(
    node: Node, other: Node, title: str, summary: str
) -> None:
    queries = [print_query(node), print_query(other)]
    if any(map(problems, queries)) or not SENSE.says(node, other):
        return
    read = entry(title=title, summary=summary)

    assert is_found(queries[1], read) or not is_found(queries[0], read)
