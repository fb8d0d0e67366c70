from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.text import (
    BREAK,
    fold,
    is_cjk,
    letters,
    raw_tokens,
    stem,
    token_spans,
    word,
    words,
)

# Half-width kana, ligatures, wide letters, jamo, marks without a base, joiners, the
# Turkish i, an emoji family, a flag, a lone surrogate.
HOSTILE = st.text(
    st.sampled_from(
        "aB.'’ 1,日本ネｶﾞﾊﾟ가각ﬁＷ。、（①㎏½İßΐ\u0301\u3099\u00ad\u200d\u0345☕🇯\ud800'sS"
    )
    | st.characters(),
    max_size=40,
)
ASCII = st.text(st.characters(max_codepoint=127), max_size=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("UNESCO’s dues", ["unesco", "dues"], id="possessive"),
        pytest.param("the U.N.'s U.S. envoy", ["the", "un", "us", "envoy"], id="dots"),
        pytest.param("O’Brien can't", ["o'brien", "can't"], id="apostrophes"),
        pytest.param("high-level", ["high", "level"], id="hyphen"),
        pytest.param("3.5 or 1,200", ["3.5", "or", "1,200"], id="numbers"),
        pytest.param("ＷＨＯ ﬁnds", ["who", "finds"], id="width and ligature"),
        pytest.param("UNES\u00adCO", ["unesco"], id="soft hyphen"),
        pytest.param(
            "ユネスコ", ["ユ", "ネ", "ス", "コ"], id="one token per character"
        ),
        pytest.param("ﾕﾈｽｺ", ["ユ", "ネ", "ス", "コ"], id="half-width kana"),
        pytest.param("ｶﾞｽ田", ["ガ", "ス", "田"], id="voiced half-width kana"),
        pytest.param("日、中", ["日", BREAK, "中"], id="CJK punctuation breaks"),
        pytest.param("日 中\n国", ["日", "中", "国"], id="CJK spacing does not break"),
        pytest.param("中国GDP成長", ["中", "国", "gdp", "成", "長"], id="mixed"),
        pytest.param("", [], id="empty"),
    ],
)
def test_text_is_cut_into_the_words_a_reader_sees(
    text: str, expected: list[str]
) -> None:
    assert words(text) == expected


def test_letters_keep_their_case() -> None:
    assert letters("The U.S. and ＷＨＯ’s") == ["The", "US", "and", "WHO"]


def test_stems_join_the_forms_of_an_english_word_and_leave_cjk_alone() -> None:
    assert {stem("threatens"), stem("threatened")} == {stem("threaten")}
    assert stem("停") == "停"


def test_a_long_run_of_letters_is_not_stemmed() -> None:
    assert stem("meetings" * 20) == "meetings" * 20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("AT&amp;T", ["at", "t"], id="ampersand"),
        pytest.param("Japan&#8217;s", ["japan"], id="apostrophe by number"),
        pytest.param("Caf&eacute; e&#x301;", ["café", "é"], id="accents"),
        pytest.param(
            "<b>UNESCO</b> cuts<br/>aid", ["unesco", "cuts", "aid"], id="tags"
        ),
        pytest.param(
            "x < y and AT&T; z > w", ["x", "y", "and", "at", "t", "z", "w"], id="none"
        ),
        pytest.param("日&nbsp;本&#x4e2d;国", ["日", "本", "中", "国"], id="CJK"),
        pytest.param("a&#1;b &#xD800;", ["ab"], id="no character"),
    ],
)
def test_entities_and_tags_are_read_as_text(text: str, expected: list[str]) -> None:
    assert words(text) == expected


MARKED = st.lists(
    st.sampled_from(
        ["&amp;", "&#8217;", "&#x301;", "<b>", "</p >", "&", "<", "&#1;", ">"]
    )
    | HOSTILE,
    max_size=6,
).map("".join)


@given(HOSTILE | MARKED)
@example("U.N.'s İ\u0307 ｶﾞ 가\u11a8")
def test_every_token_leads_back_to_its_own_text(text: str) -> None:
    folded = fold(text)

    raw = raw_tokens(folded.text)
    pieces = [folded.original(*span) for span in token_spans(folded.text)]

    assert len(pieces) == len(raw)
    assert all(0 <= start < end <= len(text) for start, end in pieces)
    assert pieces == sorted(pieces)
    for token, (start, end) in zip(raw, pieces, strict=True):
        # A cluster may fold to several tokens ("㎏½"); the piece holds the token's word.
        assert word(token) == BREAK or word(token)[0] in fold(text[start:end]).text


@given(HOSTILE)
def test_folding_piece_by_piece_equals_folding_the_whole(text: str) -> None:
    visible = "".join(
        char for char in text if char not in "\u00ad\u200c\u200d\u2060\ufeff"
    )
    apostrophes = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032", "'"))

    whole = unicodedata.normalize("NFKC", visible.translate(apostrophes)).casefold()

    assert fold(text).text == whole


@given(ASCII)
def test_the_quick_way_for_ascii_cuts_like_the_general_one(text: str) -> None:
    alone, among_others = words(text), words(text + " 日")

    assert [*alone, "日"] == among_others


@given(st.characters(categories=["Lo"]))
def test_a_cjk_character_is_a_token_alone(character: str) -> None:
    folded = fold(character).text
    if not is_cjk(folded):
        return

    assert words(character * 2) == [folded, folded]
