from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Match
from monitor.topics import TopicIndex, compile_topics
from monitor.topics.spec import ClauseSpec, ConceptSpec, ExclusionSpec, TopicSpec
from tests.factories import entry

CONCEPTS = (
    ConceptSpec(
        name="unesco",
        terms={
            "en": ("unesco", "un cultural agency"),
            "ja": ("ユネスコ",),
            "zh": ("教科文组织",),
        },
    ),
    ConceptSpec(
        name="money",
        terms={"en": ("dues", "funding"), "ja": ("分担金",), "zh": ("会费",)},
    ),
    ConceptSpec(
        name="cut", terms={"en": ("cut", "withhold"), "ja": ("凍結",), "zh": ("停缴",)}
    ),
)


def index(*clauses: ClauseSpec, stemming: bool = True, **topic: object) -> TopicIndex:
    spec = TopicSpec(name="t", clauses=clauses, **topic)  # type: ignore[arg-type]
    compiled = compile_topics(CONCEPTS, [spec], stemming=stemming)
    assert compiled.problems == ()
    return compiled.index


def first(of: TopicIndex, title: str, summary: str = "") -> Match | None:
    matches = of.match(entry(title=title, summary=summary))
    for match in matches:
        for span in match.spans:
            text = getattr(match.entry, span.field)
            assert span.quote == text[span.start : span.end] != ""
    return matches[0] if matches else None


def matches(query: str, title: str, summary: str = "", **options: bool) -> bool:
    return first(index(ClauseSpec(query=query), **options), title, summary) is not None


def quotes(match: Match | None) -> list[tuple[str, str, str]]:
    assert match is not None
    return [(span.field, span.quote, span.concept) for span in match.spans]


ALL_NEAR = ClauseSpec(all=("unesco", "money", "cut"), near=6)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param(
            "Tokyo may cut its UNESCO funding", ["cut", "UNESCO", "funding"], id="en"
        ),
        pytest.param(
            "ユネスコの分担金を一時凍結", ["ユネスコ", "分担金", "凍結"], id="ja"
        ),
        pytest.param("日方停缴教科文组织会费", ["停缴", "教科文组织", "会费"], id="zh"),
        pytest.param(
            "U.N. cultural agency’s dues, withholding",
            ["U.N. cultural agency", "dues", "withholding"],
            id="phrase and stem",
        ),
        pytest.param(
            "Tokyo withheld its UNESCO dues",
            ["withheld", "UNESCO", "dues"],
            id="irregular form",
        ),
        pytest.param(
            "日方停繳教科文組織會費",
            ["停繳", "教科文組織", "會費"],
            id="traditional characters",
        ),
    ],
)
def test_concepts_near_each_other_match_in_three_languages(
    title: str, expected: list[str]
) -> None:
    found = first(index(ALL_NEAR), title)

    assert [quote for _, quote, _ in quotes(found)] == expected


def test_the_language_of_the_feed_does_not_gate_the_terms() -> None:
    of = index(ALL_NEAR)

    mislabelled = of.match(entry(title="ユネスコ分担金を凍結", summary="", lang="en"))

    assert len(mislabelled) == 1


def test_near_counts_words_between_the_first_and_the_last() -> None:
    of = index(ClauseSpec(all=("unesco", "cut"), near=3))

    assert first(of, "UNESCO one two cut")
    assert not first(of, "UNESCO one two three cut")


def test_near_reaches_further_between_cjk_characters() -> None:
    of = index(ClauseSpec(all=("unesco", "cut"), near=5))

    assert first(of, "ユネスコ" + "あ" * 7 + "凍結")
    assert not first(of, "ユネスコ" + "あ" * 8 + "凍結")


def test_positions_run_on_from_title_into_summary_but_phrases_do_not() -> None:
    assert matches("$unesco NEAR/1 dues", "Talks at UNESCO", "Dues are late")
    assert not matches('"unesco dues"', "Talks at UNESCO", "Dues are late")


def test_evidence_is_the_smallest_window_and_the_first_of_equals() -> None:
    of = index(ClauseSpec(all=("unesco", "cut")))

    found = first(
        of, "UNESCO said no", "After a cut elsewhere UNESCO may be cut. UNESCO cut."
    )

    assert found is not None
    assert [(span.start, span.quote) for span in found.spans] == [
        (36, "cut"),
        (41, "UNESCO"),
    ]


def test_any_wants_one_of_its_items_near_the_rest() -> None:
    of = index(
        ClauseSpec(all=("unesco",), any=("money", '"pull out"', "quit*"), near=4)
    )

    assert first(of, "Nation quits UNESCO")
    assert first(of, "Nation to pull out of UNESCO")
    assert not first(of, "UNESCO is in Paris")


def test_the_score_is_the_noisy_or_of_the_clauses_that_hold() -> None:
    of = index(
        ClauseSpec(all=("unesco",), weight=0.5),
        ClauseSpec(all=("money",), weight=0.4),
        threshold=0.7,
    )

    both = first(of, "UNESCO dues")

    assert both is not None
    assert both.score == pytest.approx(0.7)
    assert {span.clause for span in both.spans} == {0, 1}
    assert not first(of, "UNESCO only")


def test_an_excluded_clause_forbids_the_match() -> None:
    of = index(
        ClauseSpec(all=("unesco",)), exclude=(ExclusionSpec(any=('"world heritage"',)),)
    )

    assert first(of, "UNESCO vote")
    assert not first(of, "UNESCO adds world heritage sites")


@pytest.mark.parametrize(
    ("query", "title", "expected"),
    [
        pytest.param("a1 AND b1", "b1 then a1", True, id="and"),
        pytest.param("a1 AND b1", "only a1", False, id="and misses"),
        pytest.param("a1 OR b1", "only b1", True, id="or"),
        pytest.param("a1 NOT b1", "only a1", True, id="not"),
        pytest.param("a1 AND NOT b1", "a1 with b1", False, id="not forbids"),
        pytest.param('"red fox"', "Red Foxes", True, id="phrase, stemmed"),
        pytest.param('"red fox"', "fox red", False, id="phrase has an order"),
        pytest.param("a1 NEAR/2 b1", "b1 x a1", True, id="near, either order"),
        pytest.param("a1 NEAR/2 b1", "b1 x x a1", False, id="near, too far"),
        pytest.param("a1 ONEAR/2 b1", "a1 x b1", True, id="in order"),
        pytest.param("a1 ONEAR/2 b1", "b1 x a1", False, id="wrong order"),
        pytest.param("a1 ONEAR/2 b1", "a1 a1 b1 x a1", True, id="in order, last one"),
        pytest.param("a1 NEAR/2 (b1 OR c1)", "c1 a1", True, id="near a group"),
        pytest.param("a1 NEAR/1 (b1 AND c1)", "a1 b1 x x c1", True, id="near a pair"),
        pytest.param("a1 NEAR/1 b1 NEAR/1 c1", "a1 b1 c1", True, id="near, chained"),
        pytest.param("withdr*", "withdrew", True, id="wildcard"),
        pytest.param("withdr*", "with drew", False, id="wildcard is one word"),
        pytest.param('"un cult*"', "UN Culture Body", True, id="phrase with wildcard"),
        pytest.param("停止*", "支払い停止へ", True, id="CJK wildcard"),
        pytest.param("=WHO", "The WHO said", True, id="exact"),
        pytest.param("=WHO", "Those who said", False, id="exact keeps case"),
        pytest.param("=US", "U.S. forces", True, id="exact, dotted"),
        pytest.param("=Leave", "They left; leave", False, id="exact is not stemmed"),
        pytest.param("日中", "訪日。中国側", False, id="CJK run stops at punctuation"),
        pytest.param("日中", "日 中", True, id="CJK run goes over a space"),
        pytest.param("title:a1", "x a1", True, id="title"),
        pytest.param("$unesco AND $cut", "unesco cuts", True, id="concepts"),
        pytest.param("un OR (un NEAR/9 agency)", "UN agency", True, id="overlap"),
    ],
)
def test_the_query_language_means_what_it_says(
    query: str, title: str, expected: bool
) -> None:
    assert matches(query, title) is expected


def test_a_title_query_ignores_the_summary() -> None:
    assert not matches("title:a1 AND b1", "b1", "a1")
    assert matches("title:a1 AND b1", "a1", "b1")


def test_without_stemming_only_the_word_itself_counts() -> None:
    assert matches("threaten", "threatens", stemming=True)
    assert not matches("threaten", "threatens", stemming=False)


def test_a_term_inside_a_longer_one_is_quoted_whole() -> None:
    concept = ConceptSpec(name="c", terms={"en": ("un", "un agency", "agency")})
    topic = TopicSpec(name="t", clauses=(ClauseSpec(all=("c",)),))

    found = compile_topics([concept], [topic]).index.match(
        entry(title="The U.N. agency", summary="")
    )

    assert quotes(found[0]) == [("title", "U.N. agency", "c")]


def test_spans_slice_text_that_folding_lengthens() -> None:
    found = first(index(ClauseSpec(all=("unesco",))), "ﬃ①½ ﾕﾈｽｺ", "")

    assert quotes(found) == [("title", "ﾕﾈｽｺ", "unesco")]


PIECES = (
    "UNESCO unesco’s du\u00ades cut ＣＵＴ 教科文组织 教科文組織 会费 會費 ユネスコ 凍結 é "
    "e\u0301 ﬁ 가 İ &amp; &#8217; &#x301; &#1; <b> </p> & < > 。 \u200d \u3099 🇯 ."
)
HOSTILE = st.lists(
    st.sampled_from(PIECES.split())
    | st.sampled_from(["", " ", "\n"])
    | st.characters(),
    max_size=14,
).map("".join)


@settings(max_examples=200)
@given(HOSTILE, HOSTILE)
def test_whatever_the_text_holds_spans_slice_it(title: str, summary: str) -> None:
    of = index(ClauseSpec(query="$unesco OR $money OR $cut OR =UNESCO OR é"))

    found = of.match(entry(title=title, summary=summary))

    for match in found:
        for span in match.spans:
            text = getattr(match.entry, span.field)
            assert span.quote == text[span.start : span.end] != ""


def test_a_span_covers_the_markup_inside_it_and_none_around_it() -> None:
    of = index(ClauseSpec(query='"unesco dues"'))

    found = first(of, "<p>UNESCO&#8217;s <b>dues</b></p>")

    assert [quote for _, quote, _ in quotes(found)] == ["UNESCO&#8217;s <b>dues"]
