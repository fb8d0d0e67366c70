"""`explain`, `why-not` and `calibrate`, as a shell sees them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.edges.cli.test_commands import REST, TOPIC, wirewatch
from tests.scenarios.desk import write_config

if TYPE_CHECKING:
    from pathlib import Path

MATCH = {"id": "1", "title": "UNESCO dues withheld"}
MISS = {
    "id": "2",
    "title": "UNESCO lists a temple; far away in the town, a fund for dues",
}


@pytest.fixture
def config(tmp_path: Path) -> str:
    return str(write_config(tmp_path / "alerts.yaml", **TOPIC, **REST))


def lines(*items: dict[str, Any]) -> bytes:
    return "".join(json.dumps(item) + "\n" for item in items).encode()


def test_explain_tells_of_the_topics_that_match(config: str) -> None:
    done = wirewatch("explain", "-c", config, stdin=lines(MATCH, MISS))

    first, second = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0
    [topic] = first["topics"]
    assert (topic["topic"], topic["is_match"]) == ("unesco-money", True)
    assert topic["clauses"][0]["text"] == "UNESCO dues"
    assert second == {"id": "2", "topics": []}


def test_why_not_names_the_clause_and_the_distance(config: str) -> None:
    done = wirewatch("why-not", "-c", config, stdin=lines(MATCH, MISS))

    first, second = map(json.loads, done.stdout.splitlines())
    [gap] = second["topics"][0]["clauses"][0]["missing"]
    assert done.returncode == 0
    assert first["topics"] == []
    assert (gap["reason"], gap["words"], gap["allowed"]) == ("too far apart", 10, 9)


def test_both_are_readable(config: str) -> None:
    why = wirewatch("explain", "-c", config, "--text", stdin=lines(MATCH))
    why_not = wirewatch("why-not", "-c", config, "--text", stdin=lines(MISS))

    assert why.stdout.decode() == (
        "1: UNESCO dues withheld\n"
        "  unesco-money: match, score 1.00 of 0.5, high confidence, act SANCTION, "
        "actors bodies/unesco\n"
        '    clause 0 holds, weight 1, gives 1.00: "UNESCO dues"\n'
    )
    assert "(10 words apart, 9 allowed)" in why_not.stdout.decode()


def test_text_from_feeds_does_not_reach_the_terminal_raw(config: str) -> None:
    item = {"id": "\x1b[2J", "title": "UNESCO\x1b[31m dues\x07"}
    done = wirewatch("explain", "-c", config, "--text", stdin=lines(item))

    assert b"high confidence" in done.stdout
    assert b"\x1b" not in done.stdout
    assert b"\x07" not in done.stdout


@pytest.mark.parametrize("command", ["explain", "why-not"])
def test_an_unknown_topic_is_refused_with_a_hint(command: str, config: str) -> None:
    done = wirewatch(command, "-c", config, "--topic", "unesco-mony", stdin=b"")

    assert done.returncode == 2
    assert b'did you mean "unesco-money"' in done.stderr


def test_a_line_that_is_no_item_is_named(config: str) -> None:
    done = wirewatch("explain", "-c", config, stdin=b"no\n" + lines(MATCH))

    assert done.returncode == 1
    assert done.stderr.startswith(b"<stdin>:1: not an item")
    assert len(done.stdout.splitlines()) == 1


def test_calibrate_says_how_many_items_lack(config: str, tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_bytes(lines(MATCH | {"topics": ["unesco-money"]}, MISS | {"topics": []}))

    done = wirewatch("calibrate", "-c", config, str(file))

    row = json.loads(done.stdout)
    assert done.returncode == 0
    assert (row["topic"], row["positives"], row["suggested"]) == (
        "unesco-money",
        1,
        None,
    )
    assert b"label 19 more" in done.stderr


def test_calibrate_suggests_a_threshold(config: str, tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_bytes(lines(*[MATCH | {"topics": ["unesco-money"]}] * 20))

    done = wirewatch("calibrate", "-c", config, str(file))

    row = json.loads(done.stdout)
    assert (row["suggested"], row["current"]["f1"]) == (0.5, 1.0)
    assert done.stderr == b""
