"""What is kept of an entry for comparing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Match
from monitor.stories.boilerplate import bare_text, bare_title
from monitor.stories.likeness import share
from monitor.stories.numerals import numbers_in
from monitor.stories.sketch import (
    FACT_KEYS,
    SHINGLE_KEYS,
    SHINGLES,
    Sketch,
    keys_of,
    pack,
    sketch_of,
    unpack,
)
from monitor.stories.sounds import sound_of
from monitor.stories.wording import fact_of
from tests.factories import entry, match


def sketch(title: str, summary: str = "", **fields: object) -> Sketch:
    return sketch_of(told(title, summary, **fields))


def told(title: str, summary: str = "", **fields: object) -> Match:
    of = entry(title=title, summary=summary, lang=fields.pop("lang", "en"))
    return match(entry=of, spans=(), **fields)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        pytest.param("50 million people", {50e6}, id="unit"),
        pytest.param("a 4.2-billion-baht dam", {4.2e9}, id="hyphens"),
        pytest.param("$160m for 22m of wall", {160e6, 22}, id="money and metres"),
        pytest.param("1,250,000 votes", {1.25e6}, id="commas"),
        pytest.param("5000万円", {50e6}, id="ten thousands"),
        pytest.param("5千万元", {50e6}, id="thousand ten thousands"),
        pytest.param("1億6000万ドル", {160e6}, id="two myriads"),
        pytest.param("十万居民", {1e5}, id="characters only"),
        pytest.param("三人死亡", {3}, id="a counted character"),
        pytest.param("eleven dead, twenty-seven hurt", {11, 27}, id="spelled"),
        pytest.param("nine thousand troops", {9000}, id="spelled with unit"),
        pytest.param("on august 1, at 12:30, in 2026", set(), id="dates"),
        pytest.param("10月13日、30人", {30}, id="dates in Chinese characters"),
        pytest.param("no number", set(), id="none"),
    ],
)
def test_numbers_are_read_in_every_spelling(text: str, numbers: set[float]) -> None:
    words = text.replace(",", "").split()

    assert numbers_in(text, words) == numbers


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("TOKYO, Oct 13 (Reuters) - Japan said", "Japan said"),
        ("WASHINGTON - Some 300 people", "Some 300 people"),
        ("(Reuters) - Japan said", "Japan said"),
        ("新华社北京10月13日电(记者张三)日本", "日本"),
        ("【ソウル共同】北朝鮮は", "北朝鮮は"),
        ("北京で発表した。(共同)", "北京で発表した。"),
        ("It was said. (Reporting by J. Roe; Editing by X)", "It was said."),
        ("It was said. Read more", "It was said."),
        ("発表した。続きを読む", "発表した。"),
        ("US - China talks fail", "US - China talks fail"),
        ("Many more came, he said", "Many more came, he said"),
    ],
)
def test_what_newsrooms_put_around_a_report_is_left_out(text: str, bare: str) -> None:
    assert bare_text(text) == bare


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("UPDATE 1-Tokyo may withhold dues", "Tokyo may withhold dues"),
        ("CORRECTED: Tokyo may withhold dues", "Tokyo may withhold dues"),
        (
            "Tokyo may withhold its dues - The Morning Post",
            "Tokyo may withhold its dues",
        ),
        ("US - China", "US - China"),
    ],
)
def test_a_headline_loses_flags_and_its_publisher(title: str, bare: str) -> None:
    assert bare_title(title) == bare


@pytest.mark.parametrize(
    ("latin", "katakana"),
    [
        ("Hebron", "ヘブロン"),
        ("Galwan", "ガルワン"),
        ("Ferreira", "フェレイラ"),
        ("Belgrano", "ベルグラノ"),
    ],
)
def test_a_name_sounds_alike_in_both_scripts(latin: str, katakana: str) -> None:
    assert sound_of(latin) == sound_of(katakana) != ""


def test_short_names_have_no_sound() -> None:
    assert sound_of("Ito") == ""


def test_boilerplate_case_and_width_leave_a_sketch_alone() -> None:
    plain = sketch("Tokyo may withhold dues", "Japan spoke of 3 reviews.")
    dressed = sketch(
        "UPDATE 1-TOKYO may withhold dues", "PARIS (AFP) - Japan spoke of ３ reviews."
    )

    assert dressed.shingles == plain.shingles
    assert dressed.numbers == plain.numbers


def test_names_are_capitals_that_no_sentence_start_explains() -> None:
    found = sketch("", "Yesterday he met Belgrano. Nobody else came from IAEA.").names

    assert found == {fact_of("Belgrano"), fact_of("IAEA")}


def test_the_names_of_actors_are_no_news() -> None:
    text = "Today the Japanese asked Belgrano about Japan."

    found = sketch("", text, actors=("states/japan",)).names

    assert found == {fact_of("Belgrano")}


def test_a_headline_in_capitals_names_nobody() -> None:
    assert sketch("Tokyo May Halt Big Payments", "").names == frozenset()


def test_a_language_that_no_feed_told_is_seen_by_its_script() -> None:
    texts = {"分担金を払う": "ja", "缴纳会费": "zh", "분담금": "ko", "dues": ""}

    assert {text: sketch(text, lang="").lang for text in texts} == texts


def test_long_texts_are_sampled() -> None:
    words = [f"word{n}" for n in range(3000)]

    long = sketch("Title", " ".join(words))

    assert len(long.shingles) == SHINGLES
    assert long.size > SHINGLES
    assert not long.is_whole


def test_a_part_of_a_long_text_is_recognised_and_a_chance_hit_is_not() -> None:
    long = [f"word{n}" for n in range(400)]
    part, other = long[100:300], [f"else{n}" for n in range(200)]
    whole = sketch("Title", " ".join(long))

    assert share(sketch("Other", " ".join(part)), whole) > 0.9
    assert share(sketch("Other", " ".join(other)), whole) == 0.0
    assert share(sketch("Other", " ".join(other + long[:40])), whole) < 0.4


def test_a_sketch_is_the_same_in_every_process() -> None:
    """Stored sketches are compared with new ones; a change of hash must be noticed."""
    made = told(
        "Tokyo may halt 38 payments", "Belgrano spoke.", actors=("states/japan",)
    )

    keys = keys_of(sketch_of(made), "unesco")

    assert sum(sum(keys, ())) == KNOWN_SUM


KNOWN_SUM = -114527116533971717970

texts = st.text(max_size=80) | st.text(
    alphabet="aB 1.,'-「日本カタ人万ー－９\ud800", max_size=200
)


@given(title=texts, summary=texts)
def test_a_sketch_of_any_text_survives_packing(title: str, summary: str) -> None:
    made = sketch(title, summary, lang="", actors=("states/japan", "bodies/un"))
    packed = pack(made)

    back = unpack(packed)

    assert back is not None
    assert pack(back) == packed
    assert tuple(back.words) == made.words
    assert (back.lang, back.names, back.size) == (made.lang, made.names, made.size)


@given(title=texts, summary=texts)
def test_a_sketch_has_few_keys_and_each_once(title: str, summary: str) -> None:
    keys = keys_of(sketch(title, summary, actors=("states/japan",)), "topic")

    assert len(keys.wording) <= SHINGLE_KEYS
    assert len(keys.facts) <= FACT_KEYS
    assert len({*keys.wording}) == len(keys.wording)
    assert len({*keys.facts}) == len(keys.facts)
    assert all(-(1 << 63) <= key < 1 << 63 for key in sum(keys, ()))


def test_a_sketch_of_another_form_is_passed_over() -> None:
    packed = bytearray(pack(sketch("Tokyo may withhold dues")))
    packed[0] = 250

    assert unpack(bytes(packed)) is None
