"""Independent voices: what counts, what does not, and the reasons."""

from __future__ import annotations

from itertools import accumulate, combinations, permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Voice
from monitor.stories.corroboration import Corroboration, corroborate, discount
from tests.factories import voice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def reasons(found: Corroboration) -> list[str]:
    return [reason for _, reason in found.discounted]


def taken_in_turn(voices: Sequence[Voice]) -> list[str]:
    """Return the reason for each voice as it comes."""
    counted: list[Voice] = []
    others: list[Voice] = []
    told = []
    for each in voices:
        told.append(discount(each, counted, others))
        (others if told[-1] else counted).append(each)
    return told


def copy_of(original: Voice, family: str, **fields: Any) -> Voice:
    known = {"entry_id": f"copy of {original.key}", "joined": "near-copy"}
    return voice(family, copy_of=original.key, **(known | fields))


WIRE = voice("reuters", name="Reuters", agency="reuters", at=0)


def test_two_families_are_two_voices() -> None:
    voices = [voice("asahi", at=0), voice("mirror", at=1)]

    assert taken_in_turn(voices) == ["", ""]
    assert corroborate(voices).families == 2


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (voice("asahi", at=1), "Asahi is counted already"),
        (voice("asahi", name="Asahi TV", at=1), "same family as Asahi"),
        (
            voice("asahi", entry_id="0", at=1, joined="edit"),
            "another wording of an entry counted already",
        ),
        (
            voice("mirror", joined="near-copy", copy_of=("asahi", "0"), at=1),
            "near-copy of Asahi",
        ),
        (
            voice("mirror", joined="copy", copy_of=("asahi", "0"), at=1),
            "copy of Asahi",
        ),
        (
            voice("portal", is_aggregator=True, at=1),
            "aggregator without a source",
        ),
        (
            voice("mirror", agency="asahi", agency_name="Asahi", at=1),
            "carries Asahi, counted already",
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_voice_that_is_not_independent_is_discounted(
    second: Voice, reason: str
) -> None:
    voices = [voice("asahi", at=0), second]

    assert taken_in_turn(voices) == ["", reason]
    assert corroborate(voices).families == 1
    assert reasons(corroborate(voices)) == [reason]


def test_two_that_carry_one_agency_are_one_voice() -> None:
    voices = [
        voice("asahi", agency="reuters", agency_name="Reuters", at=0),
        voice("mirror", agency="reuters", agency_name="Reuters", at=1),
        voice("reuters", name="Reuters", agency="reuters", at=2),
    ]

    assert taken_in_turn(voices) == [
        "",
        "carries Reuters, as Asahi does",
        "counted already through Asahi, which carries it",
    ]
    assert corroborate(voices).families == 1


def test_a_publisher_s_own_text_counts_beside_one_it_carries() -> None:
    voices = [voice("asahi", agency="reuters", at=0), voice("asahi", at=1)]

    assert taken_in_turn(voices) == ["", ""]
    assert corroborate(voices).families == 2


def test_an_agency_unknown_to_the_table_is_known_by_its_publisher_s_name() -> None:
    voices = [
        voice("wire-a.example", name="Wire A", at=0),
        voice("mirror", agency="wire a", agency_name="Wire A", at=1),
    ]

    assert taken_in_turn(voices) == ["", "carries Wire A, counted already"]
    assert corroborate(voices).families == 1


def test_a_reprint_before_its_original_adds_nothing() -> None:
    reprint = voice("asahi", at=0)
    original = copy_of(reprint, "reuters", agency="reuters", name="Reuters", at=1)
    update = voice("reuters", agency="reuters", name="Reuters", at=2)

    assert taken_in_turn([reprint, original]) == ["", "near-copy of Asahi"]
    assert taken_in_turn([reprint, original, update])[2] == (
        "same source as Asahi, which printed it first"
    )
    assert corroborate([reprint, original, update]).families == 1


def test_a_reprint_of_an_update_adds_nothing() -> None:
    update = voice("reuters", agency="reuters", name="Reuters", at=1)
    reprint = copy_of(update, "asahi", at=2)

    assert taken_in_turn([WIRE, update, reprint]) == [
        "",
        "Reuters is counted already",
        "near-copy of Reuters",
    ]
    assert discount(reprint, [WIRE]) == "near-copy of an entry of the story"
    assert discount(update, [WIRE]) == "Reuters is counted already"
    assert corroborate([WIRE, update, reprint]).families == 1


def test_twelve_reprints_and_two_originals_are_three_voices() -> None:
    reprints = [copy_of(WIRE, f"daily-{number}", at=number) for number in range(1, 13)]
    originals = [voice("asahi", at=20), voice("xinhua", at=30, joined="translation")]

    found = corroborate([WIRE, *reprints, *originals])

    assert found.families == 3
    assert [each.name for each in found.counted] == ["Reuters", "Asahi", "Xinhua"]
    assert set(reasons(found)) == {"near-copy of Reuters"}


def test_an_aggregator_alone_is_no_voice_and_its_copy_the_first() -> None:
    portal = voice("portal", is_aggregator=True, at=0)
    same = copy_of(portal, "asahi", at=1)

    assert corroborate([portal]).families == 0
    assert taken_in_turn([portal, same]) == ["aggregator without a source", ""]
    assert corroborate([portal, same]).families == 1


def test_two_texts_of_one_source_behind_different_reprints_are_one() -> None:
    first, second = voice("hill", at=0), voice("valley", at=1)
    voices = [first, second, copy_of(first, "asahi", at=2)]

    assert corroborate(voices).families == 2
    assert corroborate([*voices, copy_of(second, "asahi", at=3)]).families == 1


def test_many_texts_in_doubt_are_counted_within_bounds() -> None:
    firsts = [voice(f"first-{number}", at=number) for number in range(40)]
    copies = [copy_of(each, "asahi", at=100 + at) for at, each in enumerate(firsts)]

    assert corroborate([*firsts, *copies]).families == 1


def test_copies_of_copies_are_one_text_in_whatever_order_they_stand() -> None:
    first = voice("asahi", at=0)
    second = copy_of(first, "mirror", at=1)
    third = copy_of(second, "valley", at=2)
    late = copy_of(third, "hill", at=-1)

    for order in permutations([first, second, third, late]):
        assert corroborate(order).families == 1


@settings(max_examples=200)
@given(
    texts=st.lists(
        st.sets(st.sampled_from("abcdefg"), min_size=2, max_size=3),
        min_size=3,
        max_size=10,
    )
)
def test_there_are_as_many_voices_as_the_fewest_families_behind_all_texts(
    texts: list[set[str]],
) -> None:
    voices = []
    for number, families in enumerate(texts):
        names = sorted(families)
        first = voice(names[0], entry_id=str(number), at=number)
        voices += [first, *(copy_of(first, name, at=number) for name in names[1:])]

    fewest = min(
        size
        for size in range(1, 8)
        for chosen in combinations("abcdefg", size)
        if all(families & set(chosen) for families in texts)
    )
    assert corroborate(voices).families == fewest


MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(["asahi", "mirror", "reuters", "valley"]),
        st.sampled_from(["", "", "reuters", "afp"]),
        st.integers(0, 4),
        st.booleans(),
    ),
    min_size=1,
    max_size=9,
)
"""Family, agency, text, and whether it is an aggregator that names nobody."""

Member = tuple[str, str, int, bool]


def told(members: Iterable[tuple[int, Member]]) -> list[Voice]:
    """Return voices that come in this order; each copy names the first of its text."""
    firsts: dict[int, Voice] = {}
    voices = []
    for at, (number, (family, agency, text, is_mute)) in enumerate(members):
        of = firsts.get(text)
        each = voice(
            family,
            agency=agency,
            is_aggregator=is_mute,
            entry_id=str(number),
            joined="copy" if of else "rewrite",
            copy_of=of.key if of else None,
            at=at,
        )
        firsts.setdefault(text, each)
        voices.append(each)
    return voices


@given(members=MEMBERS, order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_changes_the_count(
    members: list[Member], order: Any
) -> None:
    numbered = list(enumerate(members))
    shuffled = list(numbered)
    order.shuffle(shuffled)

    assert corroborate(told(numbered)).families == corroborate(told(shuffled)).families


@given(members=MEMBERS)
def test_there_are_never_more_voices_than_sources_or_texts(
    members: list[Member],
) -> None:
    voices = told(enumerate(members))

    found = corroborate(voices)

    sources = {each.publisher.agency or each.publisher.family for each in voices}
    assert found.families <= len(sources)
    assert found.families <= len({text for _, _, text, _ in members})
    assert len(found.counted) + len(found.discounted) == len(voices)
    assert all(reasons(found))


@given(members=MEMBERS, family=st.sampled_from(["asahi", "afp", "new"]))
def test_a_member_with_a_text_of_its_own_never_lowers_the_count(
    members: list[Member], family: str
) -> None:
    before = told(enumerate(members))

    more = told(enumerate([*members, (family, "", 99, False)]))

    assert corroborate(more).families >= corroborate(before).families


@given(members=MEMBERS)
def test_a_story_of_one_text_has_one_voice_in_every_order(
    members: list[Member],
) -> None:
    numbered = list(
        enumerate((family, agency, 0, False) for family, agency, *_ in members)
    )

    for order in list(permutations(numbered[:4])):
        assert taken_in_turn(told(order)).count("") == 1
        assert corroborate(told(order)).families == 1


@given(members=MEMBERS)
def test_in_turn_as_many_count_as_the_story_ever_had(members: list[Member]) -> None:
    voices = told(enumerate(members))
    lengths = range(len(voices) + 1)

    counts = [taken_in_turn(voices[:length]).count("") for length in lengths]

    whole = [corroborate(voices[:length]).families for length in lengths]
    assert counts == list(accumulate(whole, max))
