"""What counts as nearly matched, and what the text of a page may add."""

from __future__ import annotations

import pytest

from monitor.model import Span
from monitor.pipeline import classify, wanted_pages
from monitor.topics import TopicIndex, compile_topics
from monitor.topics.index import MOST_LOOKED_AT
from monitor.topics.spec import ClauseSpec, ConceptSpec, ExclusionSpec, TopicSpec
from tests.factories import entry

CONCEPTS = (
    ConceptSpec(name="unesco", terms={"en": ("unesco",), "ja": ("ユネスコ",)}),
    ConceptSpec(name="money", terms={"en": ("dues",), "ja": ("分担金",)}),
    ConceptSpec(name="cut", terms={"en": ("cut", "withhold"), "ja": ("凍結",)}),
)


def index(*clauses: ClauseSpec, **topic: object) -> TopicIndex:
    spec = TopicSpec(name="t", clauses=clauses, **topic)  # type: ignore[arg-type]
    compiled = compile_topics(CONCEPTS, [spec])
    assert compiled.problems == ()
    return compiled.index


def is_near(of: TopicIndex, title: str, **fields: object) -> bool:
    item = entry(title=title, summary="", **fields)
    assert not of.match(item)
    return of.near(item) == ["t"]


BOTH = ClauseSpec(all=("unesco", "money"))
THREE = ClauseSpec(all=("unesco", "money", "cut"), near=4)


@pytest.mark.parametrize(
    ("clause", "title", "expected"),
    [
        pytest.param(BOTH, "UNESCO meets in Paris", True, id="half is there"),
        pytest.param(BOTH, "Rain in Osaka", False, id="nothing is there"),
        pytest.param(THREE, "UNESCO meets in Paris", False, id="a third is there"),
        pytest.param(THREE, "UNESCO speaks of dues", True, id="two thirds are there"),
        pytest.param(
            THREE,
            "UNESCO meets in Paris this week as members cut some of their dues",
            True,
            id="too far apart",
        ),
        pytest.param(THREE, "ユネスコの分担金をめぐる議論", True, id="Japanese"),
        pytest.param(
            ClauseSpec(query="unesco AND title:dues"),
            "UNESCO meets",
            False,
            id="half, and the other must stand in the title",
        ),
        pytest.param(
            ClauseSpec(query="unesco AND (title:dues OR money)"),
            "UNESCO meets",
            True,
            id="half, and the other may stand in the title",
        ),
        pytest.param(
            ClauseSpec(query="title:unesco"), "Paris meets", False, id="title alone"
        ),
        pytest.param(
            ClauseSpec(query="unesco AND dues NOT paris"),
            "UNESCO meets in Paris",
            False,
            id="something forbidden",
        ),
        pytest.param(
            ClauseSpec(query="unesco AND dues AND feed:other"),
            "UNESCO speaks of dues",
            False,
            id="another feed",
        ),
    ],
)
def test_half_of_what_a_clause_asks_for_is_near(
    clause: ClauseSpec, title: str, expected: bool
) -> None:
    assert is_near(index(clause), title) is expected


def test_a_score_below_half_the_threshold_is_not_near() -> None:
    weak = ClauseSpec(query="paris", weight=0.25)
    strong = ClauseSpec(query="unesco", weight=0.5)
    topic = index(weak, strong, threshold=0.6)

    assert is_near(topic, "UNESCO meets")
    assert not is_near(topic, "Paris meets")


def test_what_is_excluded_is_not_near() -> None:
    topic = index(BOTH, exclude=(ExclusionSpec(query="football"),))

    assert is_near(topic, "UNESCO meets in Paris")
    assert not is_near(topic, "UNESCO football in Paris")


def test_the_work_does_not_grow_with_the_topics() -> None:
    specs = [
        TopicSpec(
            name=f"t{number}", clauses=(ClauseSpec(query=f"unesco AND w{number}"),)
        )
        for number in range(MOST_LOOKED_AT + 500)
    ]
    topics = compile_topics((), specs).index
    item = entry(title="UNESCO meets", summary="")

    near = topics.near(item)

    assert len(near) <= MOST_LOOKED_AT
    assert near == topics.near(item)


TEXT = "A long talk. Japan may withhold its dues, UNESCO said. More talk."


def test_a_page_is_held_against_the_nearly_matched_topics_alone() -> None:
    specs = [
        TopicSpec(name="dues", clauses=(BOTH,)),
        TopicSpec(name="talk", clauses=(ClauseSpec(query="japan AND talk"),)),
        TopicSpec(name="meeting", clauses=(ClauseSpec(query="unesco AND meets"),)),
    ]
    topics = compile_topics(CONCEPTS, specs).index
    item = entry(title="UNESCO meets", summary="In Paris.")
    read = entry(title="UNESCO meets", summary="In Paris.", text=TEXT)

    assert [found.topic for found in classify([item], topics)] == ["meeting"]
    assert [found.topic for found in classify([read], topics)] == ["dues"]


def test_spans_of_a_page_quote_its_very_characters() -> None:
    item = entry(
        title="ユネスコ会合", summary="「会合」。", text="議論。分担金の凍結も議題。"
    )

    (found,) = index(ClauseSpec(all=("unesco", "money", "cut"))).match(item)

    fields = [span.field for span in found.spans]
    assert fields == ["title", "text", "text"]
    assert [(span.quote) for span in found.spans] == ["ユネスコ", "分担金", "凍結"]
    assert all(_is_exact(item, span) for span in found.spans)


def _is_exact(item: object, span: Span) -> bool:
    return bool(getattr(item, span.field)[span.start : span.end] == span.quote)


def test_a_phrase_does_not_run_from_the_summary_into_the_page() -> None:
    topic = index(ClauseSpec(query='"harbour talks"'))

    assert not topic.match(entry(title="", summary="At the harbour", text="talks"))
    assert topic.match(entry(title="", summary="At the", text="harbour talks go on"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [("summary:dues", False), ("title:dues", False), ("dues", True)],
)
def test_a_page_is_neither_title_nor_summary(query: str, expected: bool) -> None:
    topic = index(ClauseSpec(query=query))

    found = topic.match(entry(title="Talks", summary="Paris.", text="The dues."))

    assert bool(found) is expected


def test_sentences_of_a_page_are_its_own() -> None:
    topic = index(ClauseSpec(all=("unesco", "money"), same_sentence=True))

    assert topic.match(entry(title="", summary="No.", text="Oh. UNESCO dues. Ah."))
    assert not topic.match(entry(title="", summary="No.", text="UNESCO. Its dues."))
    assert not topic.match(entry(title="", summary="UNESCO", text="dues. Ah."))


def test_only_nearly_matched_entries_with_an_address_want_a_page() -> None:
    topic = index(BOTH)
    items = [
        entry(id="near", title="UNESCO meets", summary=""),
        entry(id="no address", title="UNESCO meets", summary="", url=""),
        entry(id="far", title="Rain", summary=""),
        entry(id="match", title="UNESCO dues", summary=""),
        entry(id="read", title="UNESCO meets", summary="", text="Nothing."),
    ]

    assert [item.id for item in wanted_pages(items, topic)] == ["near"]
