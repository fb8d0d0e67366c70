"""`wirewatch topic suggest`, as a shell sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.edges.cli.test_commands import wirewatch

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

CONFIG = """\
feeds: {wire: "https://example.org/feed.xml"}
concepts:
  unesco: {en: [unesco]}
  stop: {en: [halt]}
topics:
  unesco-money:
    clauses: [{all: [unesco, stop]}]
rules:
  cuts: {topic: unesco-money}
"""
ITEMS: list[dict[str, Any]] = [
    {"title": "Japan halts UNESCO dues", "topics": ["unesco-money"]},
    {"title": "Japan freezes UNESCO dues", "topics": [{"topic": "unesco-money"}]},
    {"title": "Rome to freeze UNESCO grant", "topics": ["unesco-money", "other"]},
    {"title": "UNESCO lists a temple", "topics": []},
    {"title": "Winter freezes Ottawa", "topics": ["other"]},
    {
        "title": "UNESCO visitors shiver",
        "topics": [{"topic": "unesco-money", "accepted": False}],
    },
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "alerts.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "judged.jsonl"
    rows = [{"id": str(at), "lang": "en"} | item for at, item in enumerate(ITEMS)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def suggest(
    config: Path, labelled: Path, *options: str, topic: str = "unesco-money"
) -> subprocess.CompletedProcess[bytes]:
    return wirewatch(
        *("topic", "suggest", topic, "--config", str(config)),
        *("--labelled", str(labelled), *options),
        COLUMNS="100",
    )


def test_a_pipe_gets_an_object_a_line(config: Path, labelled: Path) -> None:
    done = suggest(config, labelled)

    first = json.loads(done.stdout.splitlines()[0])
    assert done.returncode == 0
    assert {key: first[key] for key in ("term", "language", "concept")} == {
        "term": "freeze",
        "language": "en",
        "concept": "stop",
    }
    assert (first["gain"], first["new_errors"], first["touched"]) == (2, 0, 1)
    assert done.stderr.decode() == (
        'topic "unesco-money": finds 1 of 3 items on it, and 0 of 3 others\n'
    )


def test_a_table_ends_in_lines_to_paste_and_the_file_is_left_alone(
    config: Path, labelled: Path
) -> None:
    done = suggest(config, labelled, "--format", "table")

    table, _, paste = done.stdout.decode().partition("# Add what you agree with")
    assert table.splitlines()[1].split()[:4] == ["freeze", "stop", "(en)", "+2"]
    assert "Japan freezes UNESCO dues" in table
    pasted = YAML(typ="safe").load(paste.partition("\n")[2])
    assert pasted == {"concepts": {"stop": {"en": ["freeze"]}}}
    assert config.read_text() == CONFIG


def test_an_unknown_topic_is_named(config: Path, labelled: Path) -> None:
    done = suggest(config, labelled, topic="unesco-mony")

    assert done.returncode == 2
    assert done.stderr.decode() == (
        f'{config}: no topic named "unesco-mony"; did you mean "unesco-money"?\n'
    )


def test_items_of_other_topics_alone_teach_nothing(
    config: Path, labelled: Path
) -> None:
    labelled.write_text('{"id": "1", "title": "Rain", "topics": []}\n')

    done = suggest(config, labelled)
    assert done.returncode == 2
    assert b'no item is on topic "unesco-money"; label some' in done.stderr


def test_a_line_without_topics_is_named_and_passed_over(
    config: Path, labelled: Path
) -> None:
    with labelled.open("a") as file:
        file.write('{"id": "9", "title": "Rain"}\n')

    done = suggest(config, labelled)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"{labelled}:7: not an item: ")
    assert done.stdout
