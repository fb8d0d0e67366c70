from __future__ import annotations

import threading

from monitor.topics import TopicIndex, compile_topics
from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec
from tests.factories import entry

ENTRY = entry(title="Tokyo may withhold UNESCO dues", summary="")


def topic(name: str, query: str) -> TopicSpec:
    return TopicSpec(name=name, clauses=(ClauseSpec(query=query),))


def concept(name: str, *terms: str) -> ConceptSpec:
    return ConceptSpec(name=name, terms={"en": terms})


def names(index: TopicIndex) -> list[str]:
    return [match.topic for match in index.match(ENTRY)]


def test_topics_are_added_changed_and_removed_and_the_old_index_stays_as_it_was() -> (
    None
):
    old = compile_topics(
        [], [topic("a", "unesco"), topic("b", "paris"), topic("c", "dues")]
    ).index

    new = compile_topics(
        [],
        [topic("a", "unesco"), topic("b", "tokyo"), topic("d", "withhold")],
        running=old,
    ).index

    assert names(new) == ["a", "b", "d"]
    assert [topic.name for topic in new.topics] == ["a", "b", "d"]
    assert names(old) == ["a", "c"]


def test_only_what_changed_is_compiled() -> None:
    specs = [topic("a", "unesco"), topic("b", "dues")]
    old = compile_topics([], specs).index

    new = compile_topics([], [specs[0], topic("b", "tokyo")], running=old).index

    assert new.topics[0] is old.topics[0]
    assert new.topics[1] is not old.topics[1]


def test_a_concept_that_changes_changes_the_topics_that_use_it() -> None:
    specs = [topic("a", "$city"), topic("b", "$body")]
    place, body = concept("place", "paris"), concept("body", "unesco")
    old = compile_topics([concept("city", "$place"), place, body], specs).index
    place = concept("place", "tokyo")

    new = compile_topics(
        [concept("city", "$place"), place, body], specs, running=old
    ).index

    assert names(old) == ["b"]
    assert names(new) == ["a", "b"]
    assert new.topics[1] is old.topics[1]


def test_a_topic_that_no_longer_compiles_is_left_out() -> None:
    old = compile_topics([], [topic("a", "unesco"), topic("b", "dues")]).index

    compiled = compile_topics(
        [], [topic("a", "unesco AND"), topic("b", "dues")], running=old
    )

    assert [problem.path[1] for problem in compiled.problems] == ["a"]
    assert names(compiled.index) == ["b"]
    assert names(compile_topics([], [topic("a", "dues")], running=old).index) == ["a"]


def test_a_change_of_stemming_compiles_everything_anew() -> None:
    specs = [topic("a", "withholds")]
    old = compile_topics([], specs).index

    new = compile_topics([], specs, stemming=False, running=old).index

    assert names(old) == ["a"]
    assert names(new) == []


def test_an_index_changed_often_is_built_anew_and_answers_the_same() -> None:
    index = compile_topics([], [topic("a", "unesco")]).index
    for number in range(40):
        specs = [topic(f"t{n}", f"unesco AND w{number}x{n}") for n in range(60)]
        index = compile_topics([], [topic("a", "unesco"), *specs], running=index).index

        assert names(index) == ["a"]
        assert index.shelf.slots < 2 * len(index.topics) + 1100


def test_an_index_matches_while_a_thread_builds_its_successor() -> None:
    specs = [topic(f"t{n:04}", f"unesco AND (dues OR w{n})") for n in range(300)]
    index = compile_topics([], specs[:100]).index
    built: list[TopicIndex] = []

    def build() -> None:
        state = index
        for step in range(1, 21):
            state = compile_topics([], specs[: 100 + 10 * step], running=state).index
        built.append(state)

    thread = threading.Thread(target=build)
    thread.start()
    rounds = 0
    while thread.is_alive() or not rounds:
        assert names(index) == [spec.name for spec in specs[:100]]
        rounds += 1
    thread.join()

    assert names(built[0]) == [spec.name for spec in specs]


def test_a_clause_found_by_several_of_its_terms_counts_once() -> None:
    spec = TopicSpec(
        name="a",
        threshold=0.3,
        clauses=(ClauseSpec(query="unesco OR dues OR tokyo", weight=0.4),),
    )

    matches = compile_topics([], [spec]).index.match(ENTRY)

    assert [match.score for match in matches] == [0.4]
