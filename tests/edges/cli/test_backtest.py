"""`wirewatch backtest`: what a configuration would have told of past items."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WIREWATCH = [sys.executable, "-m", "monitor.cli"]
CONCEPTS = {"unesco": {"en": ["unesco"]}, "dues": {"en": ["dues"]}}
TOPICS = {"dues": {"clauses": [{"all": ["unesco", "dues"], "near": 9}]}}
RULES: dict[str, Any] = {"told": {"topic": "dues"}}


def write(folder: Path, name: str = "alerts.yaml", **sections: Any) -> Path:
    known = {"concepts": CONCEPTS, "topics": TOPICS, "rules": RULES}
    file = folder / name
    file.write_text(json.dumps(known | sections))
    return file


def item(number: int, title: str, **fields: str) -> dict[str, str]:
    known = {
        "id": f"item-{number}",
        "title": title,
        "summary": "",
        "lang": "en",
        "source": f"Paper {number}",
        "published": f"2015-10-13T{number:02}:00:00Z",
    }
    return known | fields


ITEMS = [
    item(3, "Tokyo weighs UNESCO dues"),
    item(1, "Paris forgets UNESCO dues", fetched="2015-10-13T09:00:00Z"),
    item(2, "Rain in Osaka"),
]


def backtest(
    folder: Path, items: list[dict[str, str]] | str, *args: str, config: Path
) -> subprocess.CompletedProcess[str]:
    text = (
        items
        if isinstance(items, str)
        else "".join(json.dumps(each) + "\n" for each in items)
    )
    (folder / "items.jsonl").write_text(text)
    return subprocess.run(
        [*WIREWATCH, "backtest", "--config", str(config), *args],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
        check=False,
    )


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_items_are_taken_in_the_order_they_were_seen(tmp_path: Path) -> None:
    done = backtest(tmp_path, ITEMS, "items.jsonl", config=write(tmp_path))

    alerts = [row for row in rows(done) if row["kind"] == "alert"]
    assert done.returncode == 0
    assert [(row["at"], row["items"]) for row in alerts] == [
        ("2015-10-13T03:00:00Z", ["item-3"]),
        ("2015-10-13T09:00:00Z", ["item-1"]),
    ]
    assert "3 items (0 repeated), 2 matches, 2 notifications" in done.stderr


def test_each_line_has_what_programs_rely_on(tmp_path: Path) -> None:
    alert, notification = rows(
        backtest(tmp_path, ITEMS[:1], "items.jsonl", config=write(tmp_path))
    )

    assert (
        alert.items()
        >= {
            "kind": "alert",
            "rule": "told",
            "topic": "dues",
            "status": "firing",
            "direction": "",
            "families": 1,
            "items": ["item-3"],
        }.items()
    )
    quotes = [ITEMS[0][s["field"]][s["start"] : s["end"]] for s in alert["spans"]]
    assert quotes == [span["quote"] for span in alert["spans"]] == ["UNESCO", "dues"]
    assert notification.keys() == {"kind", "at", "id", "receiver", "reason", "alerts"}
    assert notification["alerts"] == [alert["id"]]


def test_an_item_that_comes_again_is_an_edit_or_nothing(tmp_path: Path) -> None:
    same = item(3, "Tokyo weighs UNESCO dues", published="2015-10-13T04:00:00Z")
    edit = item(3, "Tokyo pays UNESCO dues", published="2015-10-13T05:00:00Z")
    done = backtest(
        tmp_path, [ITEMS[0], same, edit], "items.jsonl", config=write(tmp_path)
    )

    statuses = [row["status"] for row in rows(done) if row["kind"] == "alert"]
    assert statuses == ["firing", "amended"]
    assert "3 items (1 repeated)" in done.stderr


def test_two_runs_are_the_same_to_the_byte(tmp_path: Path) -> None:
    many = [item(n % 24, f"Paper {n} on UNESCO dues", id=str(n)) for n in range(60)]
    config = write(tmp_path)

    hashes = {
        hashlib.sha256(
            backtest(tmp_path, many, "items.jsonl", config=config).stdout.encode()
        ).hexdigest()
        for _ in range(2)
    }

    assert len(hashes) == 1


def test_standard_input_is_read_when_no_file_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [*WIREWATCH, "backtest", "--config", str(write(tmp_path))],
        input=json.dumps(ITEMS[0]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert [row["kind"] for row in rows(done)] == ["alert", "notification"]


def test_another_configuration_is_compared(tmp_path: Path) -> None:
    config = write(tmp_path)
    strict = write(
        tmp_path,
        "strict.yaml",
        topics={"dues": {"clauses": [{"all": ["unesco", "dues"], "near": 1}]}},
        rules={"told": {"topic": "dues", "type": "any"}, "also": {"topic": "dues"}},
    )
    apart = item(5, "UNESCO staff speak of late dues")
    done = backtest(
        tmp_path,
        [*ITEMS, apart],
        "items.jsonl",
        "--against",
        str(strict),
        config=config,
    )

    found = [(row["rule"], row["change"], row["title"]) for row in rows(done)]
    assert found == [
        ("also", "more", "Tokyo weighs UNESCO dues"),
        ("told", "less", "UNESCO staff speak of late dues"),
        ("also", "more", "Paris forgets UNESCO dues"),
    ]
    assert "told: 3, 2" in done.stderr


@pytest.mark.parametrize("year", ["1970", "2070"])
def test_a_date_that_cannot_be_true_moves_no_clock(tmp_path: Path, year: str) -> None:
    odd = item(7, "Oslo delays UNESCO dues", published=f"{year}-01-01T00:00:00Z")
    done = backtest(tmp_path, [*ITEMS, odd], "items.jsonl", config=write(tmp_path))

    times = {row["at"][:10] for row in rows(done)}
    assert times == {"2015-10-13"}
    assert "1 items carry no time that can be true" in done.stderr


def test_a_line_that_is_no_item_is_named_and_costs_no_other(tmp_path: Path) -> None:
    text = json.dumps(ITEMS[0]) + "\n{broken\n\n" + json.dumps(ITEMS[1]) + "\n"
    done = backtest(tmp_path, text, "items.jsonl", config=write(tmp_path))

    assert done.returncode == 1
    assert "items.jsonl:2: not an item" in done.stderr
    assert len(rows(done)) == 4


def test_a_missing_file_is_an_error_in_one_line(tmp_path: Path) -> None:
    done = backtest(tmp_path, [], "nowhere.jsonl", config=write(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith("nowhere.jsonl: no such file or directory;")


def test_silence_is_told_when_it_could_be_known(tmp_path: Path) -> None:
    silence = {"quiet": {"type": "absence", "topic": "dues", "within": "2h"}}
    late = item(20, "Rome pays UNESCO dues")
    done = backtest(
        tmp_path,
        [ITEMS[0], late],
        "items.jsonl",
        config=write(tmp_path, rules=silence),
    )

    alerts = [
        (row["at"], row["status"]) for row in rows(done) if row["kind"] == "alert"
    ]
    assert alerts[0] == ("2015-10-13T05:00:00Z", "firing")
    assert [status for _, status in alerts] == ["firing", "resolved"]
