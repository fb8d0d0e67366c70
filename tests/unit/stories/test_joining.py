"""Edited copies, other words, other languages: what joins a story and what does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.memory import MemoryState
from monitor.model import Publisher
from monitor.stories.clusterer import CANDIDATES, POSTINGS, join
from monitor.stories.likeness import NEAR_WINDOW, REWRITE_WINDOW
from tests.factories import NOON, entry, match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Match, Sighting
    from monitor.stories.index import Filed

HOUR = timedelta(hours=1)
TITLE = "Japan may withhold UNESCO dues over archive listing"
WIRE = (
    "The chief cabinet secretary, Haruo Minegishi, said on Tuesday that the government "
    "would consider halting its contribution of 3.8 billion yen to the agency after it "
    "added contested documents to its register, and that all options were open."
)
BACKGROUND = (
    "Founded after the war to keep monuments and manuscripts from harm, the organisation "
    "lives on what its members send each spring, and has lost large sums before when one "
    "of them quarrelled with a majority of the others about whom to admit."
)
REWRITE = (
    "Tokyo is reviewing payments of 3.8 billion yen, Minegishi announced, and called the "
    "register of UNESCO one-sided once contested documents entered it."
)
JAPANESE = "峰岸官房長官は、ユネスコへの分担金38億円の支払い停止を検討すると述べた。"
CAST = {"actors": ("states/japan", "bodies/unesco"), "act": "THREATEN"}


class Desk:
    """Join matches one after the other."""

    def __init__(self) -> None:
        self.state = MemoryState()
        self.count = 0

    def tell(
        self,
        title: str,
        summary: str = "",
        *,
        after: timedelta = timedelta(0),
        lang: str = "en",
        **fields: object,
    ) -> Sighting:
        self.count += 1
        of = entry(
            feed=f"feed-{self.count}",
            id=str(self.count),
            title=title,
            summary=summary,
            lang=lang,
            fetched_at=NOON + after,
        )
        sighting = join(match(entry=of, spans=(), **(CAST | fields)), self.state)
        assert sighting is not None
        return sighting


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        pytest.param("Japan threatens UNESCO funding", WIRE, id="another headline"),
        pytest.param(TITLE, WIRE[:110], id="cut off"),
        pytest.param(
            f"UPDATE 1-{TITLE}", f"TOKYO (AFP) - {WIRE} Read more", id="dressed up"
        ),
        pytest.param(
            TITLE, WIRE.replace("contested", "disputed"), id="a word replaced"
        ),
        pytest.param(TITLE, f"{WIRE} Shares fell in Osaka.", id="a sentence more"),
    ],
)
def test_an_edited_copy_joins_what_it_copies(title: str, summary: str) -> None:
    desk = Desk()

    first = desk.tell(TITLE, WIRE)
    copy = desk.tell(title, summary, after=HOUR)

    assert (copy.story, copy.joined, copy.is_first) == (first.story, "near-copy", False)
    assert copy.copy_of == ("feed-1", "1")


def test_an_edited_copy_after_the_window_opens_a_story() -> None:
    desk = Desk()
    first = desk.tell(TITLE, WIRE)

    late = desk.tell("Another headline", WIRE, after=NEAR_WINDOW + HOUR)

    assert late.is_first
    assert late.story != first.story


@pytest.mark.parametrize(
    ("title", "fields"),
    [
        pytest.param("Japan will pay UNESCO dues in full", {}, id="a word"),
        pytest.param("Japan may pay UNESCO dues in spring", {}, id="two words"),
        pytest.param(
            "Japan may pay UNESCO dues in full",
            {"direction": "resolution"},
            id="direction",
        ),
        pytest.param(
            "Japan may pay UNESCO dues in full", {"act": "REJECT"}, id="another act"
        ),
    ],
)
def test_a_headline_alone_must_agree_in_all(title: str, fields: dict[str, str]) -> None:
    desk = Desk()
    first = desk.tell("Japan may pay UNESCO dues in full soon")

    other = desk.tell(title, after=HOUR, **fields)

    assert other.story != first.story


def test_a_headline_cut_short_joins() -> None:
    desk = Desk()
    first = desk.tell("Japan may withhold UNESCO dues over the listing of archives")

    cut = desk.tell("Japan may withhold UNESCO dues over the...", after=HOUR)

    assert (cut.story, cut.joined) == (first.story, "near-copy")


def test_a_letter_in_the_same_words_to_another_state_is_another_story() -> None:
    desk = Desk()
    words = "The president set a duty of 25 percent on cars from {} from August unless it buys"
    words += " more rice, he said in a letter that was published on Monday evening."
    one = desk.tell(
        "Duty on cars", words.format("Japan"), actors=("states/us", "states/jp")
    )

    other = desk.tell(
        "Duty on cars", words.format("Korea"), actors=("states/us", "states/kr")
    )

    assert other.story != one.story


def test_other_words_for_the_same_news_join() -> None:
    desk = Desk()

    first = desk.tell(TITLE, WIRE)
    retold = desk.tell("Tokyo weighs cutting off UN body", REWRITE, after=3 * HOUR)

    assert (retold.story, retold.joined) == (first.story, "rewrite")
    assert retold.copy_of is None


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"after": REWRITE_WINDOW + HOUR}, id="the next day"),
        pytest.param({"act": "PROVIDE"}, id="another act"),
        pytest.param({"direction": "resolution"}, id="another direction"),
        pytest.param({"actors": ("states/china", "bodies/unesco")}, id="another actor"),
        pytest.param({"topic": "another"}, id="another topic"),
    ],
)
def test_other_words_for_other_news_stay_apart(fields: dict[str, object]) -> None:
    desk = Desk()
    first = desk.tell(TITLE, WIRE)

    other = desk.tell("Tokyo weighs cutting off UN body", REWRITE, **fields)  # type: ignore[arg-type]

    assert other.story != first.story


def test_the_same_actors_alone_never_join() -> None:
    desk = Desk()
    first = desk.tell(TITLE, WIRE)

    other = desk.tell(
        "Japanese envoy misses UNESCO dinner",
        "Nobody from Tokyo came to the banquet in Paris where Japan has long sat beside "
        "the director of UNESCO, diplomats noticed.",
        after=HOUR,
    )

    assert other.story != first.story


def speech(n: int) -> tuple[str, str]:
    """Return one of many reports with the same names and number, else of made-up words."""
    text = (
        f"Zap{n} quil{n} wod{n} saw{n} Minegishi blex{n} trin{n} Ferreira dorn{n} fam{n} "
        f"Belgrano nurl{n} pell{n} Geneva rist{n} sook{n} 3.8 billion tave{n} ulm{n}."
    )
    return f"Item jix{n} kerl{n}", text


BACKDROP = [speech(n) for n in range(40)]


@pytest.mark.parametrize(
    ("before", "is_one"),
    [
        pytest.param((), True, id="few speak of them"),
        pytest.param(BACKDROP, False, id="everybody speaks of them"),
    ],
)
def test_names_and_numbers_tell_the_less_the_more_reports_have_them(
    before: Sequence[tuple[str, str]], is_one: bool
) -> None:
    desk = Desk()
    for number, (title, text) in enumerate(before):
        desk.tell(title, text, act=f"ANOTHER-{number}")
    one = desk.tell("Fishing rights", "They met Belgrano and Minegishi in Geneva about cod, "
        "herring and mackerel quotas, and Ferreira came along with 3.8 billion.", act="CONSULT")  # fmt: skip

    other = desk.tell("On steel", "Over steel, coke and iron ore there was no word from Belgrano, "
        "Ferreira or Minegishi in Geneva, where 3.8 billion stood open.", act="CONSULT")  # fmt: skip

    assert (other.story == one.story) is is_one


def test_a_translation_joins_and_is_marked() -> None:
    desk = Desk()
    first = desk.tell(TITLE, WIRE)

    translated = desk.tell(
        "ユネスコ分担金の停止を検討", JAPANESE, after=HOUR, lang="ja"
    )

    assert (translated.story, translated.joined) == (first.story, "translation")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"actors": ()}, id="no actors"),
        pytest.param({"act": ""}, id="no act"),
        pytest.param({"actors": ("states/japan",)}, id="fewer actors"),
        pytest.param({"after": REWRITE_WINDOW + HOUR}, id="the next day"),
    ],
)
def test_a_translation_must_agree_in_all(fields: dict[str, object]) -> None:
    desk = Desk()
    first = desk.tell(TITLE, WIRE)

    other = desk.tell("ユネスコ分担金の停止を検討", JAPANESE, lang="ja", **fields)  # type: ignore[arg-type]

    assert other.story != first.story


def merged_desk() -> tuple[Desk, Sighting, Sighting, Sighting]:
    """Tell of two halves of a dispatch, then of the whole."""
    desk = Desk()
    one = desk.tell("First half", WIRE)
    two = desk.tell("Other part", BACKGROUND, after=HOUR)
    both = desk.tell("All of it", f"{WIRE} {BACKGROUND}", after=2 * HOUR)
    return desk, one, two, both


def test_a_copy_of_two_stories_makes_them_one_and_the_oldest_stays() -> None:
    desk, one, two, both = merged_desk()

    assert one.story != two.story
    assert (both.story, both.merged) == (one.story, (two.story,))
    assert desk.state.story_now(two.story) == one.story


def test_what_follows_a_merge_joins_the_story_that_stayed() -> None:
    desk, one, _, _ = merged_desk()

    exact = desk.tell("Other part", BACKGROUND, after=3 * HOUR)
    edited = desk.tell("Other portion", BACKGROUND, after=3 * HOUR)
    edit = join(
        match(
            entry=entry(feed="feed-2", id="2", revision=1, title="Edited"),
            spans=(),
        ),
        desk.state,
    )

    assert edit is not None
    assert {exact.story, edited.story, edit.story} == {one.story}


def test_the_publisher_is_on_the_sighting() -> None:
    paper = Publisher(name="Asahi Shimbun", family="asahi", country="jp")

    sighting = join(match(), MemoryState(), publisher=paper)

    assert sighting is not None
    assert sighting.publisher == paper


class Counting(MemoryState):
    """Count what is looked at."""

    most_postings = 0
    most_filed = 0

    def postings(
        self, keys: Sequence[int], since: datetime, until: datetime, most: int
    ) -> Sequence[Sequence[int]]:
        found = super().postings(keys, since, until, most)
        self.most_postings = max(self.most_postings, *map(len, found))
        return found

    def filed(self, numbers: Sequence[int]) -> Sequence[Filed]:
        self.most_filed = max(self.most_filed, len(numbers))
        return super().filed(numbers)


def told_over_and_over(number: int) -> Match:
    of = entry(
        id=str(number),
        title=f"{TITLE} {number}",
        summary=WIRE,
        fetched_at=NOON + timedelta(seconds=number),
    )
    return match(entry=of, spans=(), **CAST)


def test_a_story_of_thousands_costs_no_more_per_match() -> None:
    state = Counting()

    stories = {
        sighting.story
        for n in range(3000)
        if (sighting := join(told_over_and_over(n), state)) is not None
    }

    assert len(stories) == 1
    assert state.most_postings <= POSTINGS
    assert state.most_filed <= CANDIDATES


def test_copies_that_add_nothing_are_not_kept_for_comparing() -> None:
    state = MemoryState()
    for number in range(1000):
        join(told_over_and_over(number), state)

    assert len(state._rows) < 10
