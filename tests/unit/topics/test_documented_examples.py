"""Every example in docs/topics.md is valid, and does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from monitor.topics import compile_topics
from monitor.topics.query import parse_query
from monitor.topics.spec import (
    ClauseSpec,
    ConceptSpec,
    DirectionSpec,
    ExclusionSpec,
    TopicSpec,
)
from monitor.topics.terms import parse_term
from tests.factories import entry

PAGE = (Path(__file__).parents[3] / "docs" / "topics.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def clauses(written: list[dict[str, Any]]) -> tuple[ClauseSpec, ...]:
    return tuple(msgspec.convert(each, ClauseSpec) for each in written)


def topic(name: str, written: dict[str, Any]) -> TopicSpec:
    examples = written.get("examples", {})
    return TopicSpec(
        name=name,
        threshold=written.get("threshold", 0.5),
        clauses=clauses(written["clauses"]),
        exclude=tuple(
            msgspec.convert(each, ExclusionSpec) for each in written.get("exclude", [])
        ),
        direction=tuple(
            DirectionSpec(label=label, cues=tuple(cues))
            for each in written.get("direction", [])
            for label, cues in each.items()
        ),
        match=tuple(examples.get("match", ())),
        no_match=tuple(examples.get("no_match", ())),
    )


@pytest.mark.parametrize("text", blocks("yaml"))
def test_an_example_compiles_and_keeps_its_promises(text: str) -> None:
    page = YAML(typ="safe").load(text)
    concepts = [
        ConceptSpec(
            name=name,
            terms={lang: tuple(t) for lang, t in terms.items() if lang != "except"},
            excepted=tuple(terms.get("except", ())),
        )
        for name, terms in page.get("concepts", {}).items()
    ]
    topics = [topic(name, written) for name, written in page.get("topics", {}).items()]

    compiled = compile_topics(concepts, topics)

    assert compiled.problems == ()
    for spec in topics:
        for title in spec.match:
            assert compiled.index.match(entry(title=title, summary=""))
        for title in spec.no_match:
            assert not compiled.index.match(entry(title=title, summary=""))


@pytest.mark.parametrize("query", "".join(blocks("query")).splitlines())
def test_a_query_on_the_page_can_be_read(query: str) -> None:
    parse_query(query)


TERMS = re.findall(
    r"^\| `([^`]+)` \| ([^|]+) \| ([^|]*) ?\|$",
    PAGE.split("## Concepts")[0],
    re.MULTILINE,
)


@pytest.mark.parametrize(
    ("term", "found", "missed"), TERMS, ids=[row[0] for row in TERMS]
)
def test_the_table_of_terms_is_true(term: str, found: str, missed: str) -> None:
    query = term if term.startswith(("=", '"')) else f'"{term}"'
    index = compile_topics(
        [], [TopicSpec(name="t", clauses=(ClauseSpec(query=query),))]
    ).index

    assert parse_term(term) == parse_term(query)
    for text in re.split(", | and ", found.strip()):
        assert index.match(entry(title=text, summary="")), text
    for text in filter(None, re.split(", | and ", missed.strip())):
        assert not index.match(entry(title=text, summary="")), text


def test_the_table_of_terms_was_found() -> None:
    assert len(TERMS) == 8
