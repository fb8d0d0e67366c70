"""Many standing queries against documents, side by side with Lucene Monitor.

    python bench/percolate.py DATA [--lucene "sh .../run.sh"] [--sizes 100,1000]

DATA holds queries.jsonl (`{"id": ..., "q": [...]}`, of which size Q takes the first Q)
and docs.jsonl (`{"id": ..., "title": ..., "body": ...}`). A query is one of

    ["term", w]  ["phrase", w1, w2, ..]  ["near", k, A, B]  ["and", ..]  ["or", ..]
    ["not", X] inside "and"; A and B are a term or an "or" of terms, k - 1 words apart

The peer is started as `COMMAND DATA Q termfreq FOLDER`, prints `cpu=` documents per
CPU-second, and writes the pairs it found to FOLDER/expected_Q.tsv; the pairs found here
must be the same. Both work on one thread, turn about in one run; every figure is a
median over the rounds, counted in CPU-seconds. Stems are off, spans are on.

"B/query" is what the interpreter holds for a query once all are registered; "RSS" is
what the process grew by for each, which with few queries shows whole MiB blocks.

The second row turns stems on, makes prefixes of some terms, and writes every tenth
query and document in Chinese characters; the peer has no part in it.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import multiprocessing
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import psutil

from monitor.model import Entry
from monitor.topics import TopicIndex, compile_topics
from monitor.topics.spec import ClauseSpec, TopicSpec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

_FIRST_IDEOGRAPH, _IDEOGRAPHS = 0x4E00, 2000
_PASSES = 3
_WORD = re.compile("[a-z0-9]+")


def chinese(word: str) -> str:
    """Return two Chinese characters that stand for a word, always the same."""
    digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
    high, low = digest[:2], digest[2:]
    return "".join(
        chr(_FIRST_IDEOGRAPH + int.from_bytes(half) % _IDEOGRAPHS)
        for half in (high, low)
    )


class Language:
    """Write queries and documents: plainly, or with all that the language offers."""

    def __init__(self, *, rich: bool) -> None:
        self._rich = rich

    def query(self, number: int, node: list[Any]) -> str:
        """Return the text of a query."""
        in_chinese = self._rich and number % 10 == 0
        prefix = self._rich and number % 3 == 1
        return self._text(node, in_chinese=in_chinese, prefix=prefix)

    def entry(self, number: int, doc: dict[str, str]) -> Entry:
        """Return a document as an entry."""
        title, body = doc["title"], doc["body"]
        if not self._rich:
            # The peer reads one field, where a phrase may run from title into body.
            title, body = "", f"{title}\n{body}"
        if self._rich and number % 10 == 0:
            title, body = (
                _WORD.sub(lambda found: chinese(found[0]), text.lower()).replace(
                    " ", ""
                )
                for text in (title, body)
            )
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return Entry(
            feed="bench", id=doc["id"], title=title, summary=body, fetched_at=now
        )

    def _text(self, node: list[Any], *, in_chinese: bool, prefix: bool) -> str:
        def inner(part: list[Any]) -> str:
            text = self._text(part, in_chinese=in_chinese, prefix=prefix)
            return text if part[0] in ("term", "phrase") else f"({text})"

        kind, *rest = node
        if kind == "term":
            word = chinese(rest[0]) if in_chinese else rest[0]
            return f"{word}*" if prefix and len(word) > 5 else word
        if kind == "phrase":
            if in_chinese:
                return "".join(map(chinese, rest))
            return '"' + " ".join(rest) + '"'
        if kind == "near":
            return f"{inner(rest[1])} NEAR/{rest[0]} {inner(rest[2])}"
        if kind == "or":
            return " OR ".join(map(inner, rest))
        return " AND ".join(
            f"NOT {inner(part[1])}" if part[0] == "not" else inner(part)
            for part in rest
        )


def lines(path: Path, most: int) -> Iterator[Any]:
    """Yield the first values of a file of JSON lines."""
    with path.open() as file:
        for number, line in enumerate(file):
            if number == most:
                return
            yield json.loads(line)


def written(data: Path, size: int, language: Language) -> list[TopicSpec]:
    """Return the first queries, one a topic."""
    return [
        TopicSpec(
            name=line["id"],
            clauses=(ClauseSpec(query=language.query(number, line["q"])),),
        )
        for number, line in enumerate(lines(data / "queries.jsonl", size))
    ]


def register(specs: list[TopicSpec], *, rich: bool) -> TopicIndex:
    """Compile queries."""
    compiled = compile_topics([], specs, stemming=rich)
    if compiled.problems:
        raise SystemExit(f"not compiled: {compiled.problems[:3]}")
    return compiled.index


def serve(pipe: Connection, data: Path, size: int, docs: int, rich: bool) -> None:
    """Register in a process of its own, and time a pass whenever asked to."""
    language = Language(rich=rich)
    entries = [
        language.entry(number, doc)
        for number, doc in enumerate(lines(data / "docs.jsonl", docs))
    ]
    specs = written(data, size, language)
    register(specs[:1], rich=rich)  # builds the parser of queries
    gc.collect()
    before, start = psutil.Process().memory_info().rss, time.process_time()
    index = register(specs, rich=rich)
    seconds = time.process_time() - start
    gc.collect()
    grown = psutil.Process().memory_info().rss - before
    pipe.send((seconds, grown / size))
    pipe.send(pairs(index, entries))  # the peer's first pass is not counted either
    while pipe.recv():
        pipe.send(median(passed(index, entries) for _ in range(_PASSES)))


def weigh(pipe: Connection, data: Path, size: int, rich: bool) -> None:
    """Register in a process of its own, and tell how many bytes a query then holds."""
    specs = written(data, size, Language(rich=rich))
    register(specs[:1], rich=rich)
    gc.collect()
    tracemalloc.start(1)
    index = register(specs, rich=rich)
    gc.collect()
    pipe.send(tracemalloc.get_traced_memory()[0] / len(index.topics))


def passed(index: TopicIndex, entries: list[Entry]) -> float:
    """Return the documents per CPU-second of one pass."""
    start = time.process_time()
    for entry in entries:
        index.match(entry)
    return len(entries) / (time.process_time() - start)


def pairs(index: TopicIndex, entries: list[Entry]) -> set[str]:
    """Return what was found, as the peer writes it."""
    return {f"{m.topic}\t{m.entry.id}" for each in entries for m in index.match(each)}


def peer(command: str, data: Path, size: int, folder: Path) -> tuple[float, set[str]]:
    """Return the peer's documents per CPU-second, and its pairs."""
    done = subprocess.run(
        [*shlex.split(command), str(data), str(size), "termfreq", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    rate = re.search(rf"Q={size}\b.*?cpu=(\d+)", done.stdout)
    if rate is None:
        raise SystemExit(f"no rate in: {done.stdout}")
    pairs = (folder / f"expected_{size}.tsv").read_text().splitlines()
    return float(rate[1]), set(pairs)


def measure(args: argparse.Namespace, size: int, *, rich: bool) -> str:
    """Return a line of the table."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    weighing = context.Process(target=weigh, args=(far, args.data, size, rich))
    weighing.start()
    held = near.recv()
    weighing.join()
    work = (far, args.data, size, args.docs, rich)
    process = context.Process(target=serve, args=work)
    process.start()
    seconds, memory = near.recv()
    found = near.recv()
    ours, theirs, same = [], [], ""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.rounds):
            near.send(True)
            ours.append(near.recv())
            if args.lucene and not rich:
                rate, expected = peer(args.lucene, args.data, size, Path(folder))
                theirs.append(rate)
                same = "same" if found == expected else "DIFFERENT"
    near.send(False)
    process.join()
    ratio = f"{median(ours) / median(theirs):.2f}" if theirs else ""
    there = f"{median(theirs):.0f}" if theirs else ""
    return (
        f"{'rich' if rich else 'plain':6} {size:7} {median(ours):9.0f} {there:>9} "
        f"{ratio:>6} {same:>9} {len(found):9} {seconds:8.1f} {held:8.0f} {memory:6.0f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--lucene", help="the command that starts the peer")
    parser.add_argument("--sizes", default="100,1000,10000,100000")
    parser.add_argument("--docs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", default="plain,rich")
    args = parser.parse_args()
    print(
        "row    queries    docs/s   Lucene  ratio     pairs     found  regist.s"
        "  B/query    RSS"
    )
    for row in args.rows.split(","):
        for size in map(int, args.sizes.split(",")):
            print(measure(args, size, rich=row == "rich"), flush=True)


if __name__ == "__main__":
    main()
