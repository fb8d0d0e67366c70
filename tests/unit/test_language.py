from __future__ import annotations

import pytest

from monitor.language import language_of
from monitor.topics import compile_topics
from monitor.topics.spec import ClauseSpec, TopicSpec
from tests.factories import entry


@pytest.mark.parametrize(
    ("title", "lang"),
    [
        ("Tokyo may withhold its dues over the Nanjing documents, ministers say", "en"),
        ("Le Japon pourrait suspendre son financement, dit le ministre", "fr"),
        ("Japan könnte seine Zahlungen an die Organisation aussetzen", "de"),
        ("ユネスコ分担金の停止を検討", "ja"),
        ("日本或停缴教科文组织会费", "zh"),
        ("유네스코 분담금 중단 검토", "ko"),
        ("G7", ""),
        ("12 345", ""),
        ("", ""),
    ],
)
def test_a_language_is_told_by_script_or_by_words(title: str, lang: str) -> None:
    assert language_of(entry(title=title, summary="", lang="")) == lang


def test_the_word_of_the_feed_comes_first() -> None:
    written = entry(title="Tokyo may withhold its dues", summary="", lang="fr-CA")

    assert language_of(written) == "fr-CA"


@pytest.mark.parametrize(("lang", "names"), [("en", ["dues"]), ("fr", [])])
def test_a_topic_may_ask_for_a_language_that_no_feed_gave(
    lang: str, names: list[str]
) -> None:
    query = f"dues AND lang:{lang}"
    spec = TopicSpec(name="dues", clauses=(ClauseSpec(query=query),))
    title = "Tokyo may withhold its dues over the Nanjing documents, ministers say"

    found = compile_topics([], [spec]).index.match(
        entry(title=title, summary="", lang="")
    )

    assert [match.topic for match in found] == names
