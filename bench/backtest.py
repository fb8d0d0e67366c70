"""Measure a backtest: items a second, and whether two runs write the same bytes.

    python bench/backtest.py [--items 100000] [--config alerts.yaml]

The items are headlines with a lead: of each hundred one is on a shipped topic (taken in
turn from the project's labelled items, half of them printed again by other papers), the
rest are made of everyday words. Both runs are whole `wirewatch backtest` processes, so
the figure has the start and the reading of the file in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
LABELLED = ROOT / "tests" / "data" / "items.jsonl"
BEGINNING = datetime(2015, 1, 1, tzinfo=UTC)
PAPERS = [f"Paper {n}" for n in range(40)]
WORDS = [
    "council",
    "market",
    "river",
    "school",
    "train",
    "harvest",
    "museum",
    "budget",
    "storm",
    "garden",
    "concert",
    "factory",
    "bridge",
    "nurse",
    "harbour",
    "library",
    "festival",
    "orchestra",
    "bakery",
    "cyclist",
    "lawyer",
    "painter",
    "rainfall",
    "tourist",
    "village",
    "election",
    "ferry",
    "hospital",
    "invoice",
    "journey",
    "kitchen",
    "lantern",
    "mayor",
    "novel",
    "officer",
    "pension",
    "quarry",
    "road",
    "salary",
    "teacher",
    "union",
    "vineyard",
]
VERBS = [
    "opens",
    "closes",
    "plans",
    "votes",
    "visits",
    "paints",
    "counts",
    "sells",
    "mends",
    "delays",
    "wins",
]


def items(number: int) -> Iterator[dict[str, Any]]:
    """Yield the items, in order of time; the same on every run."""
    dice = random.Random(2015)  # noqa: S311 - no secret
    rows = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
    on_topic = cycle([row for row in rows if row["topics"]])
    printed: dict[str, Any] = {}
    for n in range(number):
        if n % 200 == 0:
            printed = next(on_topic)
            title, summary, lang = (printed[k] for k in ("title", "summary", "lang"))
        elif n % 200 == 100:
            title, summary, lang = (printed[k] for k in ("title", "summary", "lang"))
        else:
            title, summary, lang = sentence(dice, 7), sentence(dice, 24), "en"
        yield {
            "id": f"item-{n}",
            "title": title,
            "summary": summary,
            "lang": lang,
            "source": PAPERS[n % len(PAPERS)],
            "url": f"https://paper-{n % len(PAPERS)}.example/{n}",
            "fetched": (BEGINNING + n * timedelta(seconds=9)).isoformat(),
        }


def sentence(dice: random.Random, words: int) -> str:
    """Return a sentence of everyday words."""
    chosen = dice.choices(WORDS, k=words)
    chosen[words // 3] = dice.choice(VERBS)
    return " ".join(chosen).capitalize()


def run(config: Path, file: Path) -> tuple[float, str, str]:
    """Return the seconds of one backtest, the hash of its output, and its summary."""
    started = time.perf_counter()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "monitor.cli",
            "backtest",
            "--config",
            str(config),
            str(file),
        ],
        capture_output=True,
        check=True,
        cwd=ROOT,
        timeout=1800,
    )
    seconds = time.perf_counter() - started
    return seconds, hashlib.sha256(done.stdout).hexdigest(), done.stderr.decode()


def main() -> None:
    """Run twice and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--config", type=Path, default=ROOT / "alerts.yaml")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "items.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for item in items(given.items):
                out.write(json.dumps(item, ensure_ascii=False) + "\n")
        hashes = []
        for number in (1, 2):
            seconds, digest, summary = run(given.config, file)
            hashes.append(digest)
            pace = given.items / seconds
            print(f"run {number}: {seconds:.1f} s, {pace:,.0f} items/s, {digest[:16]}")
        print(summary.strip())
    print("the same bytes" if len(set(hashes)) == 1 else "DIFFERENT OUTPUT")


if __name__ == "__main__":
    main()
