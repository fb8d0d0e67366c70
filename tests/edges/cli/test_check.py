"""`wirewatch check`, as a shell and a machine see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.edges.cli.test_commands import wirewatch

if TYPE_CHECKING:
    from pathlib import Path

SOUND = """\
feeds: {wire: "https://example.org/feed.xml"}
concepts:
  unesco: {en: [unesco], ja: [ユネスコ]}
  money: {en: [dues, funding], ja: [分担金]}
topics:
  unesco-money:
    clauses:
      - {all: [unesco, money], near: 9}
    examples:
      match: [UNESCO dues withheld, ユネスコ分担金を停止]
rules:
  cuts: {topic: unesco-money}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "alerts.yaml"
    path.write_text(SOUND)
    return path


def edit(config: Path, old: str, new: str) -> None:
    assert old in SOUND
    config.write_text(SOUND.replace(old, new))


def check(config: Path, *options: str) -> tuple[int, list[str]]:
    """Return the exit code and the lines, with the file called F."""
    done = wirewatch("check", "--config", str(config), *options)

    assert done.stdout == b""
    text = done.stderr.decode().replace(str(config), "F")
    return done.returncode, text.splitlines()


def test_a_sound_file_is_fine(config: Path) -> None:
    assert check(config) == (0, ["F: fine (1 feeds, 1 topics, 1 rules)"])


def test_a_dead_term_is_a_warning_at_its_place(config: Path) -> None:
    edit(config, "[dues, funding]", "[dues, funding, funded]")

    code, lines = check(config)
    assert code == 0
    assert lines[0] == (
        'F:4:31: warning: concept "money": term "funded" finds the same as "funding"; '
        "keep one of them"
    )
    assert lines[1:] == ["F: fine (1 feeds, 1 topics, 1 rules), 1 warning"]


def test_a_language_that_a_topic_can_never_match_in_is_a_finding(config: Path) -> None:
    edit(config, ", ja: [分担金]", "")

    code, lines = check(config)
    assert code == 1
    assert lines[0] == (
        'F:8:9: topic "unesco-money": it can never match in ja: concept "money" has no '
        'terms for it; add "ja: [...]" there, or "ja: []" to say that there are none'
    )
    # The example in that language does not match either.
    assert "example does not match" in lines[1]
    assert lines[2] == "F: 2 findings"


def test_a_missing_example_is_a_warning(config: Path) -> None:
    edit(config, ", ユネスコ分担金を停止", "")

    code, lines = check(config)
    assert code == 0
    assert lines[0] == (
        'F:9:5: warning: topic "unesco-money": it has no example to match in ja; '
        "add one under examples.match"
    )


def test_a_sample_shows_a_topic_that_matches_too_much(
    config: Path, tmp_path: Path
) -> None:
    sample = tmp_path / "day.jsonl"
    loud = [{"id": str(n), "title": "UNESCO funding"} for n in range(6)]
    quiet = [{"id": f"q{n}", "title": "Rain"} for n in range(94)]
    sample.write_text("\n".join(map(json.dumps, loud + quiet)) + "\nno item\n")

    code, lines = check(config, "--sample", str(sample), "--share", "5")
    assert code == 1
    assert lines[0].startswith(f"{sample}:101: not an item")
    placed = [line.split(": ")[0] for line in lines[1:4]]
    assert placed == ["F:3:17", "F:4:22", "F:6:3"]
    assert "6 of 100 items of the sample (6 %)" in lines[1]
    assert "60 in a thousand" in lines[3]
    assert check(config, "--sample", str(sample), "--per-thousand", "60")[0] == 0


def test_a_sample_that_is_not_there_is_named(config: Path, tmp_path: Path) -> None:
    code, lines = check(config, "--sample", str(tmp_path / "none.jsonl"))

    assert code == 2
    assert lines == [
        f"{tmp_path / 'none.jsonl'}: no such file or directory; name a file of items"
    ]


def test_topics_that_match_the_same_items_are_warned_of(config: Path) -> None:
    twin = SOUND[SOUND.index("  unesco-money:") : SOUND.index("rules:")]
    edit(
        config,
        "rules:\n  cuts: {topic: unesco-money}",
        twin.replace("unesco-money", "twin").replace("withheld", "paid")
        + "rules:\n  cuts: {topics: [unesco-money, twin]}",
    )

    code, lines = check(config)
    assert code == 0
    assert lines[0].startswith(
        'F:11:3: warning: topic "twin": topic "unesco-money" matches wherever it does, '
        "and nowhere else"
    )


def test_machines_get_an_object_a_line(config: Path) -> None:
    edit(config, "[UNESCO dues withheld,", '["Rain; \\"wet\\"", ')

    done = wirewatch("check", "--config", str(config), "--format", "json")
    [row] = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert row == {
        "file": str(config),
        "line": 10,
        "column": 15,
        "severity": "finding",
        "message": 'topic "unesco-money": example does not match: "Rain; "wet""',
        "hint": "add a clause or terms that cover it, or move it to no_match",
    }


def test_machines_are_told_the_mistakes_of_a_file_that_cannot_be_used(
    config: Path,
) -> None:
    edit(config, "topic: unesco-money", "topic: unesco-mony")

    done = wirewatch("check", "--config", str(config), "--format", "json")
    [row] = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert done.stderr == b""
    assert row == {
        "file": str(config),
        "line": 12,
        "column": 17,
        "severity": "mistake",
        "message": 'rule "cuts": no topic named "unesco-mony"',
        "hint": 'did you mean "unesco-money"?',
    }
