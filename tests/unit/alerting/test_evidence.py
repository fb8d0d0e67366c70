"""The sentence that supports a match, and its marks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.evidence import Piece, quotes, sentence, title
from monitor.model import Match, Span
from tests.factories import entry, match

SUMMARY = (
    "A review was announced. Mr. T. Sato said the U.S. money may stop. "
    "Nobody spoke of dates."
)


def found(*words: str, summary: str = SUMMARY, headline: str = "News") -> Match:
    """Return a match whose spans are these words, in summary or title."""
    of = entry(title=headline, summary=summary)
    spans = []
    for word in words:
        field = "summary" if word in summary else "title"
        text = getattr(of, field)
        start = text.index(word)
        end = start + len(word)
        spans.append(Span(field=field, start=start, end=end, quote=text[start:end]))  # type: ignore[arg-type]
    return match(entry=of, spans=tuple(spans))


def written(pieces: list[Piece]) -> str:
    return "".join(f"[{p.text}]" if p.is_evidence else p.text for p in pieces).strip()


def test_the_sentence_with_the_evidence_is_cut_out_and_marked() -> None:
    of = found("money", "stop")

    assert written(sentence(of, 200)) == "Mr. T. Sato said the U.S. [money] may [stop]."


def test_evidence_in_two_sentences_takes_both() -> None:
    of = found("review", "stop")

    assert written(sentence(of, 200)).startswith("A [review] was announced. Mr. T.")


def test_a_summary_without_evidence_has_no_sentence() -> None:
    of = found("News")

    assert sentence(of, 200) == []
    assert written(title(of, 200)) == "[News]"


def test_overlapping_spans_are_marked_as_one() -> None:
    of = found("money may", "may stop")

    assert quotes(of) == ["money may stop"]
    assert "[money may stop]" in written(sentence(of, 200))


def test_japanese_sentences_end_without_spaces() -> None:
    summary = "会見があった。分担金の支払いを停止する可能性がある。詳細は不明。"
    of = found("分担金", "停止", summary=summary)

    assert written(sentence(of, 200)) == ("[分担金]の支払いを[停止]する可能性がある。")


def test_a_long_sentence_is_cut_around_the_first_evidence() -> None:
    summary = "word " * 100 + "money" + " word" * 100
    of = found("money", summary=summary)

    cut = written(sentence(of, 80))

    assert cut.startswith("…")
    assert cut.endswith("…")
    assert "[money]" in cut
    assert len(cut) <= 80 + len("……[]")


def test_line_ends_inside_evidence_become_spaces() -> None:
    of = found("money\n may", summary="The money\n may stop")

    assert quotes(of) == ["money may"]


@given(
    text=st.text(max_size=300),
    ends=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=6),
    limit=st.integers(10, 200),
)
def test_no_excerpt_is_longer_than_asked_or_has_words_of_its_own(
    text: str, ends: list[tuple[int, int]], limit: int
) -> None:
    spans = tuple(
        Span(field="summary", start=start, end=end, quote=text[start:end])
        for start, end in ends
        if start < end <= len(text)
    )
    of = match(entry=entry(summary=text), spans=spans)

    pieces = sentence(of, limit)

    assert sum(len(piece.text) for piece in pieces) <= limit + 2
    assert all("\n" not in piece.text for piece in pieces)
    assert set("".join(p.text for p in pieces)) <= {*text, "…", " "}


def test_evidence_on_the_page_is_quoted_as_such() -> None:
    text = "A long day. The dues may be withheld, it said. Nobody asked."
    of = entry(title="UNESCO meets", summary="The UNESCO board met.", text=text)
    words = (("summary", "UNESCO"), ("text", "dues"), ("text", "withheld"))
    spans = []
    for field, word in words:
        start = getattr(of, field).index(word)
        end = start + len(word)
        spans.append(Span(field=field, start=start, end=end, quote=word))  # type: ignore[arg-type]
    both = match(entry=of, spans=tuple(spans))
    page_alone = match(entry=of, spans=tuple(spans[1:]))

    told = "On its page: The [dues] may be [withheld], it said."
    assert written(sentence(page_alone, 200)) == told
    assert written(sentence(both, 200)) == f"The [UNESCO] board met. {told}"
    assert quotes(both) == ["UNESCO", "dues", "withheld"]
