"""How long does a reload hold up matching, with very many topics?

    python bench/reload.py [--topics 100000] [--added 1000]

Writes a configuration whose topic file holds so many topics, loads it, and matches
entries of 300 words one after the other, as `wirewatch run` does on the thread of its
event loop. Meanwhile the file gets more topics and `Reloader` takes it on, as on SIGHUP;
then again with some topics changed and some removed.

A gap is the time between two finished matches; the pause is the longest gap during a
reload, and in the second after it, beyond the median gap while idle. It is told by the
clock on the wall, which also counts what other processes take of the machine, and in
CPU time of this process with all its threads, which does not. Exits 1 if a pause in CPU
time reaches 50 ms. Python gives a thread that asks for its turn none for 5 ms
(`sys.getswitchinterval`), so less than that cannot be had.

The swap runs from the new settings being in place to the end of the reload: what is told
of them, and a garbage collection.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

import structlog

from agents.reload import Reloader, settle
from agents.runtime import Runtime
from monitor.clock import SystemClock
from monitor.config import load
from monitor.metrics import Metrics
from monitor.model import Entry
from monitor.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 0.050
"""Seconds that a pause may take."""

_WORDS = 50_000
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in ("a", "e", "i", "o", "u", "ar")]
_CONFIG = """\
feeds: {wire: https://feed.example/}
topic_files: [topics.jsonl]
rules: {all: {topics: ["*"]}}
"""


class Gaps(NamedTuple):
    """Seconds between finished matches, by the wall clock and in CPU time."""

    wall: list[float]
    cpu: list[float]


class Language:
    """An invented language in which few words are common and most are rare."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same on every run
        words: dict[str, None] = {}
        while len(words) < _WORDS:
            size = self._random.choice((2, 3, 3, 4))
            words["".join(self._random.choices(_SYLLABLES, k=size))] = None
        self._words = list(words)
        total, self._running = 0.0, []
        for rank in range(_WORDS):
            total += 1 / (rank + 10)
            self._running.append(total)

    def text(self, size: int) -> list[str]:
        """Return some words, each as often as it is common."""
        return self._random.choices(self._words, cum_weights=self._running, k=size)

    def query(self) -> str:
        """Return a query of two to four words, none of the commonest."""
        one, two, three, four = self._random.choices(self._words[200:], k=4)
        return self._random.choice(
            (
                f"{one} AND {two}",
                f"{one} AND ({two} OR {three})",
                f"{one} NEAR/10 {two}",
                f"{one} NEAR/10 ({two} OR {three})",
                f'"{one} {two}"',
                f'"{one} {two}" OR ({three} AND {four})',
            )
        )

    def entries(self, count: int) -> Iterator[Entry]:
        """Yield entries of about 300 words."""
        for number in range(count):
            yield Entry(
                feed="wire",
                id=str(number),
                title=" ".join(self.text(12)),
                summary=" ".join(self.text(288)),
                fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
            )


def write(folder: Path, queries: dict[str, str]) -> None:
    """Write the topic file beside the old one, and put it in its place."""
    new = folder / "topics.jsonl.new"
    with new.open("w") as file:
        for name, query in queries.items():
            file.write(json.dumps({"name": name, "query": query}) + "\n")
    new.rename(folder / "topics.jsonl")


async def matched(
    runtime: Runtime, entries: list[Entry], is_over: Callable[[], bool]
) -> Gaps:
    """Match entries until it is over, giving way between them."""
    gaps, number = Gaps([], []), 0
    wall, cpu = time.perf_counter(), time.process_time()
    while not is_over():
        runtime.settings.index.match(entries[number % len(entries)])
        number += 1
        now, spent = time.perf_counter(), time.process_time()
        gaps.wall.append(now - wall)
        gaps.cpu.append(spent - cpu)
        wall, cpu = now, spent
        await asyncio.sleep(0)
    return gaps


def row(name: str, gaps: Gaps, ordinary: Gaps, note: str) -> tuple[str, float]:
    """Return a line of the table, and the pause."""
    cells = []
    for seconds, usual in zip(gaps, ordinary, strict=True):
        cut = quantiles(seconds, n=100)
        pause = max(seconds) - median(usual)
        cells.append([median(seconds), cut[98], max(seconds), pause])
    shown = "   ".join(
        " ".join(f"{1000 * each:7.2f}" for each in of_clock) for of_clock in cells
    )
    return f"{name:22} {len(gaps.wall):8} {shown}  {note}", cells[1][3]


def start(path: Path) -> tuple[Runtime, Reloader]:
    """Load a configuration as `wirewatch run` does."""
    nothing: Any = None
    metrics = Metrics()
    runtime = Runtime(
        settings=load(path, environ={}),
        log=nothing,
        store=nothing,
        metrics=metrics,
        clock=SystemClock(),
        patience=Patience(metrics),
    )
    settle()
    return runtime, Reloader(path, {}, runtime)


async def reloaded(
    runtime: Runtime, reloader: Reloader, entries: list[Entry]
) -> tuple[Gaps, str]:
    """Reload while matching; return the gaps, and how long it all took."""
    times = [time.perf_counter()]

    async def note_the_swap(_: object) -> None:
        times.append(time.perf_counter())

    reloader.listeners = [note_the_swap]
    spent = time.process_time()
    task = asyncio.create_task(reloader.reload())
    task.add_done_callback(
        lambda _: times.extend((time.perf_counter(), time.process_time() - spent))
    )
    over = _after(1)

    def is_over() -> bool:
        nonlocal over
        if not task.done():
            over = _after(1)
        return over()

    gaps = await matched(runtime, entries, is_over)
    if mistakes := task.result():
        raise SystemExit(f"not reloaded: {mistakes[:3]}")
    begun, swapped, ended, seconds = times
    note = (
        f"reload {ended - begun:.1f} s, swap {1000 * (ended - swapped):.1f} ms "
        f"({seconds:.1f} CPU-s, with matching)"
    )
    return gaps, note


async def measure(folder: Path, args: argparse.Namespace) -> bool:
    """Print the table, and say whether every pause was short enough."""
    language = Language(args.seed)
    queries = {f"client-{n:06}": language.query() for n in range(args.topics)}
    entries = list(language.entries(500))
    path = folder / "alerts.yaml"
    path.write_text(_CONFIG)
    write(folder, queries)
    begun = time.process_time()
    runtime, reloader = start(path)
    print(f"{args.topics} topics loaded in {time.process_time() - begun:.1f} CPU-s\n")
    heads = [
        f"{c + ' p50':>9} {'p99':>7} {'max':>7} {'pause':>7}" for c in Gaps._fields
    ]
    print(f"{'ms':22} {'matches':>8} " + " ".join(heads))
    await matched(runtime, entries, _after(2))
    idle = await matched(runtime, entries, _after(args.idle))
    print(row("idle", idle, idle, "")[0], flush=True)
    pauses = []
    for name, change in (
        (f"{args.added} added", _add),
        ("500 changed, removed", _change_and_remove),
        (f"{args.added} added again", _add),
    ):
        change(queries, language, args.added)
        write(folder, queries)
        gaps, note = await reloaded(runtime, reloader, entries)
        if [topic.name for topic in runtime.settings.topics] != list(queries):
            raise SystemExit("not the topics of the file")
        line, pause = row(name, gaps, idle, note)
        print(line, flush=True)
        pauses.append(pause)
    return max(pauses) < LIMIT


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _add(queries: dict[str, str], language: Language, count: int) -> None:
    first = 1 + max(int(name.partition("-")[2]) for name in queries)
    queries |= {f"client-{first + n:06}": language.query() for n in range(count)}


def _change_and_remove(queries: dict[str, str], language: Language, _: int) -> None:
    names = random.Random(1).sample(list(queries), min(1000, len(queries)))  # noqa: S311
    half = len(names) // 2
    queries |= {name: language.query() for name in names[:half]}
    for name in names[half:]:
        del queries[name]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--topics", type=int, default=100_000)
    parser.add_argument("--added", type=int, default=1000)
    parser.add_argument("--idle", type=float, default=5, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with tempfile.TemporaryDirectory() as folder:
        good = asyncio.run(measure(Path(folder), args))
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
