from __future__ import annotations

import gc
import random
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.topics import TopicIndex, compile_topics
from monitor.topics.anchors import Anchors, one
from monitor.topics.atoms import Atoms
from monitor.topics.index import Shelf
from monitor.topics.match import Clause, Topic
from monitor.topics.plan import Atom, Found, Part
from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec
from monitor.topics.terms import parse_term
from monitor.topics.windows import closest, joined, largest, narrowest, together
from tests.factories import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.topics.windows import Window

WORDS = [f"w{number}" for number in range(60)]


class _Line(NamedTuple):
    at: list[int]


class _Broken:
    """A part that cannot be evaluated."""

    def windows(self, found: Found) -> list[Window]:
        raise ZeroDivisionError(len(found.hits))

    def closest(self, found: Found) -> Window | None:
        raise ZeroDivisionError(len(found.hits))

    def anchors(self, costs: Sequence[float]) -> Anchors:
        return one(1, costs)


def topic(name: str, part: Part) -> Topic:
    return Topic(name=name, threshold=0.5, clauses=(Clause(part, 1.0),))


def test_matches_come_in_order_of_topic_name() -> None:
    specs = [
        TopicSpec(name=name, clauses=(ClauseSpec(query="unesco"),)) for name in "cab"
    ]

    found = compile_topics([], specs).index.match(entry())

    assert [match.topic for match in found] == ["a", "b", "c"]


def test_a_topic_that_raises_is_reported_and_the_others_go_on() -> None:
    atoms = Atoms()
    unesco = Atom(atoms.of_term(parse_term("unesco")))
    index = TopicIndex(Shelf(atoms, stemming=True)).with_changes(
        [topic("broken", _Broken()), topic("fine", unesco)]
    )
    failed: list[tuple[str, Exception]] = []

    found = index.match(entry(), lambda name, error: failed.append((name, error)))

    assert [match.topic for match in found] == ["fine"]
    assert [(name, type(error)) for name, error in failed] == [
        ("broken", ZeroDivisionError)
    ]
    assert [match.topic for match in index.match(entry())] == ["fine"]


def test_without_topics_nothing_is_read() -> None:
    class Unreadable:
        @property
        def title(self) -> str:
            raise AssertionError

    index = compile_topics([], []).index

    assert index.match(Unreadable()) == []  # type: ignore[arg-type]


def test_an_entry_without_text_matches_nothing() -> None:
    index = compile_topics(
        [], [TopicSpec(name="t", clauses=(ClauseSpec(query="a OR b"),))]
    ).index

    assert index.match(entry(title="", summary="")) == []
    assert index.match(entry(title="!?", summary="。、")) == []


def test_a_thousand_topics_give_what_each_gives_alone() -> None:
    """The index only saves work: it must not change an answer."""
    dice = random.Random(3)
    specs = [
        TopicSpec(name=f"t{number:04}", clauses=(ClauseSpec(query=_query(dice)),))
        for number in range(1000)
    ]
    text = " ".join(dice.choice(WORDS) for _ in range(30))
    many = compile_topics([], specs).index

    together_ = [match.topic for match in many.match(entry(title=text, summary=""))]

    alone = [
        spec.name
        for spec in specs
        if compile_topics([], [spec]).index.match(entry(title=text, summary=""))
    ]
    assert together_ == alone
    assert 0 < len(alone) < len(specs)


def _query(dice: random.Random) -> str:
    a, b, c, d = dice.sample(WORDS, 4)
    return dice.choice(
        [
            f"{a} AND {b} AND {c}",
            f'"{a} {b}" OR {c} AND {d}',
            f"{a} NEAR/4 ({b} OR {c})",
            f"{a} ONEAR/6 {b} NOT {c}",
            f"({a} OR {b}) AND ({c} OR {d}*)",
        ]
    )


PLACES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=6
)


@settings(max_examples=300)
@given(st.lists(PLACES, min_size=2, max_size=3), st.integers(0, 12))
def test_windows_exist_exactly_where_trying_all_combinations_finds_them(
    lists: list[list[tuple[int, int]]], limit: int
) -> None:
    windows = [
        largest((at, at + size, ((at, at + size, number),)) for at, size in places)
        for number, places in enumerate(lists)
    ]
    at = list(range(40))

    found = together(windows, limit, at)

    gaps = [
        max(window[0] for window in chosen) - min(window[1] for window in chosen)
        for chosen in product(*windows)
    ]
    assert bool(found) is (min(gaps) <= limit)
    unlimited = together(windows, None, at)
    assert joined(closest(windows, _Line(at))) == narrowest(unlimited, at)
    for first, last, hits in found:
        assert {hit[2] for hit in hits} == set(range(len(lists)))
        assert (first, last) == (min(h[0] for h in hits), max(h[1] for h in hits))


def test_an_index_is_freed_without_the_garbage_collector() -> None:
    """A running process freezes what it loaded, so that nobody looks for cycles."""
    concepts = [ConceptSpec(name="cut", terms={"en": ("cut", "hold back")})]
    topics = [
        TopicSpec(name="a", clauses=(ClauseSpec(query="acme NEAR/5 $cut"),)),
        TopicSpec(name="b", clauses=(ClauseSpec(query="停止 OR bolt*"),)),
    ]
    old = compile_topics(concepts, topics).index
    new = compile_topics(concepts, topics[:1], running=old).index
    seen = entry(title="Acme's cut, and bolts: 停止", summary="acme-like")
    found = (old.match(seen), new.match(seen))
    gc.collect()
    gc.disable()
    try:
        del old, new
        lost = gc.collect()
    finally:
        gc.enable()

    assert [len(matches) for matches in found] == [2, 1]
    assert lost == 0
