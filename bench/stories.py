"""Judge stories on the labelled set, then time the clusterer.

    .venv/bin/python bench/stories.py [--half dev|heldout|third] [--verbose] [--earlier 100000]

Quality: copies made by the generator in tests/story_set.py, then what several newsrooms
and languages wrote of one event; with actors and acts as labelled, and with none.

Speed: items of made-up words, ten topics or one, a tenth of them edited copies; the
time counted is that of `join` on one core, after so many earlier items in memory.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

import psutil

from monitor.memory import MemoryState
from monitor.model import Entry, Match
from monitor.stories.clusterer import join
from tests import story_set
from tests.story_set import Item, Pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START = datetime(2026, 3, 2, tzinfo=UTC)
_ACTORS = ("japan", "china", "russia", "india", "france", "iran", "italy", "egypt")


def report(name: str, pairs: Pairs) -> None:
    print(
        f"  {name:44} precision {pairs.precision:.3f}  recall {pairs.recall:.3f}  "
        f"({pairs.right} right, {pairs.wrong} wrong, {pairs.missed} missed)"
    )


def judge(half: str, *, verbose: bool) -> None:
    items = story_set.labelled(half)
    print(f"{half}: {len(items)} items of {len({i.event for i in items})} events")
    copies = story_set.with_copies(items, "1")
    stories = story_set.stories_of(copies, MemoryState())
    report("copies", story_set.score_copies(copies, stories))
    for how in dict.fromkeys(item.how for item in copies if item.how):
        some = [item for item in copies if item.how in ("", how)]
        report(
            f"  {how} (each with its original)", story_set.score_copies(some, stories)
        )
    for name, told in (
        ("rewrites", items),
        ("rewrites without actors and acts", story_set.without_cast(items)),
    ):
        stories = story_set.stories_of(told, MemoryState())
        report(name, story_set.score_rewrites(told, stories))
        within = story_set.score_rewrites(told, stories, across=False)
        report("  in one language", within)
        across = story_set.score_rewrites(told, stories, across=True)
        report("  across languages", across)
        if verbose:
            explain(told, stories)


def explain(items: Sequence[Item], stories: dict[str, str]) -> None:
    for one, other in combinations(items, 2):
        is_one = one.event == other.event
        if is_one != (stories[one.of] == stories[other.of]):
            print(f"    {'missed' if is_one else 'WRONG '} {one.of} {other.of}")


def made_up(count: int, topics: int, rate: float) -> Iterator[Match]:
    """Return matches on made-up news, in order of time.

    Words are as unequally frequent as in a language (Zipf).

    Args:
        rate: items a second.
    """
    dice = random.Random(7)  # noqa: S311
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(dice.choices(letters, k=dice.randint(2, 9))) for _ in range(30000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    drawn = iter(dice.choices(words, weights, k=50 * count))
    recent: list[tuple[list[str], str, tuple[str, ...]]] = []
    for number in range(count):
        text = [next(drawn) for _ in range(45)]
        text[::6] = [word.capitalize() for word in text[::6]]
        text[9] = str(dice.randint(2, 3000))
        topic = f"topic-{dice.randrange(topics)}"
        pair = tuple(f"states/{name}" for name in dice.sample(_ACTORS, 2))
        if recent and dice.random() < 0.1:
            copied, topic, pair = dice.choice(recent)
            text = [next(drawn) if dice.random() < 0.1 else word for word in copied]
        recent = [*recent[-99:], (text, topic, pair)]
        entry = Entry(
            feed=f"feed-{number % 500}",
            id=f"entry-{number}",
            title=" ".join(text[:9]),
            summary=" ".join(text[9:]) + ".",
            lang="en",
            fetched_at=START + timedelta(seconds=number / rate),
        )
        yield Match(
            topic=topic, score=0.9, spans=(), entry=entry, actors=pair, act="THREATEN"
        )


def time_joins(earlier: int, topics: int, later: int = 20_000) -> None:
    matches = list(made_up(earlier + later, topics, rate=1.0))
    process = psutil.Process()
    gc.collect()
    gc.freeze()
    before = process.memory_info().rss
    state = MemoryState()
    for match in matches[:earlier]:
        join(match, state)
    grown = process.memory_info().rss - before
    stories = len({seen.story for seen in state.sightings})
    rates, walls = [], []
    for start in range(earlier, earlier + later, later // 4):
        began, began_wall = time.process_time(), time.perf_counter()
        for match in matches[start : start + later // 4]:
            join(match, state)
        rates.append(later / 4 / (time.process_time() - began))
        walls.append(later / 4 / (time.perf_counter() - began_wall))
    print(
        f"{topics} topics, {earlier} earlier items in {stories} stories: "
        f"{grown / max(1, earlier):.0f} bytes an item; "
        f"{min(rates):.0f} to {max(rates):.0f} items a CPU-second, "
        f"{min(walls):.0f} to {max(walls):.0f} a second by the clock"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", nargs="*")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--earlier", type=int, default=100_000)
    args = parser.parse_args()
    for half in ["dev", "heldout"] if args.half is None else args.half:
        judge(half, verbose=args.verbose)
    if args.earlier:
        for topics in (10, 1):
            time_joins(args.earlier, topics)


if __name__ == "__main__":
    main()
