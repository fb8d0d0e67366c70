"""A mistake is told with its place, what is wrong, and what to do; all at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.edges.config.mistakes import MISTAKES

if TYPE_CHECKING:
    from tests.edges.config.conftest import Mistakes


@pytest.mark.parametrize(
    ("text", "line"),
    [pytest.param(text, line, id=name) for name, text, line in MISTAKES],
)
def test_a_mistake_is_told_in_one_line(
    mistakes: Mistakes, text: str, line: str
) -> None:
    found = mistakes(text)

    assert found == [line]


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(
    mistakes: Mistakes,
) -> None:
    text = """\
feeds:
  a: ftp://example.org/
  b: {url: "https://example.org/", intervall: 5m}
concepts:
  money: {en: [money, 5]}
topics:
  t:
    threshold: 2
    clauses:
      - {all: [money, mony], weight: x}
      - query: "(unesco"
    topc: 1
rules:
  r: {topics: [t, u], severty: high, min_score: 7}
  s: {type: frequency, topic: t, count: 1}
route:
  receiver: console
  routes: [{matchers: [a], receiver: b, continu: true}]
receivers:
  console: {type: console}
  c: {type: slack, url: https://hooks.slack.com/services/T/B/X, timeot: 1s}
web: {listen: here}
webb: {}
"""

    found = mistakes(text)

    assert [line.split(": ")[0] for line in found] == [
        "F:2:6",
        "F:3:36",
        "F:5:23",
        "F:8:16",
        "F:10:23",
        "F:10:38",
        "F:11:24",
        "F:12:5",
        "F:14:19",
        "F:14:23",
        "F:14:49",
        "F:15:3",
        "F:15:41",
        "F:18:24",
        "F:18:38",
        "F:18:41",
        "F:21:25",
        "F:21:65",
        "F:22:15",
        "F:23:1",
    ]


def test_what_is_wrong_in_itself_is_not_blamed_twice(mistakes: Mistakes) -> None:
    """A topic, concept or receiver with a mistake still exists for the others."""
    text = """\
concepts: {c: {en: 5}, d: 5}
topics: {t: {clauses: 5}, u: {clauses: [{all: [c, d]}]}}
rules: {r: {topics: [t, u], directions: [x]}}
route: {receiver: w}
receivers: {w: {type: webhook}}
"""

    found = mistakes(text)

    assert [line.split(";")[0] for line in found] == [
        'F:1:20: concept "c": "en" must be a list',
        'F:1:27: concept "d": "d" must be a mapping',
        'F:2:23: topic "t": "clauses" must be a list',
        'F:5:13: receiver "w": "url" is missing',
    ]


def test_columns_count_characters_not_bytes(mistakes: Mistakes) -> None:
    found = mistakes("concepts: {c: {ja: [ユネスコ, 5]}}")

    assert found[0].startswith("F:1:27: ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("defaults: {full_text: true}", "F:1:23: "),
        (
            "feeds: {a: {url: https://example.org/, full_text: true}}",
            'F:1:51: feed "a": ',
        ),
    ],
)
def test_full_text_without_its_libraries_is_a_mistake(
    mistakes: Mistakes, monkeypatch: pytest.MonkeyPatch, text: str, place: str
) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)

    found = mistakes(text)

    assert found == [
        (
            f'{place}"full_text" needs trafilatura, not installed here; '
            "run pip install 'wirewatch[fulltext]', or leave it out"
        )
    ]
