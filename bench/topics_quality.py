"""Score the topics of a configuration on labelled items, topic by topic.

    .venv/bin/python bench/topics_quality.py [--config FILE] [--hide-stories] ITEMS...

ITEMS are JSON Lines as for `wirewatch classify`, with `topics` (a list), `direction`
(topic to label) and, if known, `story` and `kind` ("unrelated"). Topics are written by
people, so nothing is trained here and a plain split into folds would show nothing.
`--hide-stories` does the nearest thing: for each story it takes out of every concept
the terms that occur in that story and in no other, since they may have been written
because of it, and scores the story with what is left. That is a lower bound for
vocabulary: common words go too when only one story happens to use them. It says nothing
of clauses, which were shaped by looking at all stories. The names in the packs `states`
and `bodies` stay, since nobody chose them for an item.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from monitor.config import load
from monitor.errors import QueryError
from monitor.model import Entry
from monitor.text import stem, words
from monitor.topics import compile_topics
from monitor.topics.terms import parse_term

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.config.settings import Settings
    from monitor.topics import TopicIndex
    from monitor.topics.spec import ConceptSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Any]

_NAMES = ("states/", "bodies/")
_PLACEHOLDER = "placeholder"


@dataclass
class Counts:
    """How often a topic was found rightly, found wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        found = self.right + self.wrong
        return self.right / found if found else float(not self.missed)

    @property
    def recall(self) -> float:
        wanted = self.right + self.missed
        return self.right / wanted if wanted else float(not self.wrong)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def add(self, *, wanted: bool, found: bool) -> None:
        self.right += wanted and found
        self.wrong += found and not wanted
        self.missed += wanted and not found


@dataclass
class Quality:
    """Counts by topic and by language, directions, and what went wrong."""

    topics: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    languages: dict[str, dict[str, Counts]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Counts))
    )
    directions: Counter[bool] = field(default_factory=Counter)
    unrelated: int = 0
    false_alerts: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, row: Row, found: dict[str, str], topics: Iterable[str]) -> None:
        wanted = set(row["topics"])
        for topic in topics:
            here = {"wanted": topic in wanted, "found": topic in found}
            self.topics[topic].add(**here)
            self.languages[row["lang"][:2]][topic].add(**here)
            if here["wanted"] != here["found"]:
                mark = "missed" if here["wanted"] else "wrong "
                self._error(mark, topic, row)
        for topic, label in row["direction"].items():
            if topic in found:
                self.directions[found[topic] == label] += 1
                if found[topic] != label:
                    self._error(f"is {label}, not {found[topic]}:", topic, row)
        if row.get("kind", "unrelated" if not wanted else "") == "unrelated":
            self.unrelated += 1
            self.false_alerts += bool(found)

    def _error(self, mark: str, topic: str, row: Row) -> None:
        text = f"{row['title']} | {row['summary']}"
        self.errors.append(f"{row['id']} {mark} {topic}: {text[:240]}")

    @property
    def f1(self) -> float:
        return mean([each.f1 for each in self.topics.values()])

    @property
    def precision(self) -> float:
        return mean([each.precision for each in self.topics.values()])

    @property
    def direction(self) -> float:
        return self.directions[True] / max(1, self.directions.total())

    def language(self, lang: str) -> float:
        """Macro-F1 over the topics that the language has items of."""
        counts = self.languages[lang].values()
        return mean([c.f1 for c in counts if c.right + c.wrong + c.missed])


def mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def read(*paths: Path) -> list[Row]:
    return [
        json.loads(line)
        for path in paths
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def found_in(index: TopicIndex, row: Row) -> dict[str, str]:
    """Return the topics found in an item, with their directions."""
    entry = Entry(
        feed="items",
        id=row["id"],
        title=row["title"],
        summary=row["summary"],
        lang=row["lang"],
        published_at=_published(row),
        fetched_at=NOW,
    )
    return {match.topic: match.direction for match in index.match(entry)}


def _published(row: Row) -> datetime | None:
    text = row.get("published")
    return datetime.fromisoformat(text) if text else None


def score(settings: Settings, rows: Iterable[Row]) -> Quality:
    quality = Quality()
    names = [topic.name for topic in settings.topics]
    for row in rows:
        quality.add(row, found_in(settings.index, row), names)
    return quality


def score_with_stories_hidden(
    concepts: Sequence[ConceptSpec], settings: Settings, rows: Sequence[Row]
) -> Quality:
    """Score each story without the terms that only it could have suggested."""
    stories: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("kind") != "unrelated":
            stories[row.get("story") or row["id"]].append(row)
    support = _support(concepts, stories)
    names = [topic.name for topic in settings.topics]
    quality = Quality()
    for story, items in stories.items():
        left = [_without(concept, support, story) for concept in concepts]
        index = compile_topics(left, settings.topics).index
        for row in items:
            quality.add(row, found_in(index, row), names)
    return quality


def _support(
    concepts: Sequence[ConceptSpec], stories: dict[str, list[Row]]
) -> dict[str, set[str]]:
    """Return the stories in which each term occurs."""
    texts = {
        story: [_stems(f"{row['title']}\n{row['summary']}") for row in items]
        for story, items in stories.items()
    }
    terms = {
        t
        for c in concepts
        if not c.name.startswith(_NAMES)
        for ts in c.terms.values()
        for t in ts
    }
    support: dict[str, set[str]] = {}
    for text in terms:
        try:
            term = parse_term(text)
        except QueryError:
            continue
        needle = " " + " ".join(map(stem, term.words))
        needle = needle.rstrip() if term.prefix else needle + " "
        support[text] = {
            story for story, items in texts.items() if any(needle in i for i in items)
        }
    return support


def _stems(text: str) -> str:
    return " " + " ".join(map(stem, words(text))) + " "


def _without(
    concept: ConceptSpec, support: dict[str, set[str]], story: str
) -> ConceptSpec:
    if concept.name.startswith(_NAMES):
        return concept
    kept = {
        lang: tuple(t for t in terms if support.get(t) != {story})
        for lang, terms in concept.terms.items()
    }
    if not any(kept.values()):
        kept = {"any": (_PLACEHOLDER,)}
    return structs.replace(concept, terms=kept)


def report(name: str, quality: Quality, *, errors: bool) -> None:
    print(
        f"{name}: macro-F1 {quality.f1:.3f}, precision {quality.precision:.3f}, "
        f"direction {quality.direction:.3f} of {quality.directions.total()}, "
        f"false alerts {quality.false_alerts} in {quality.unrelated} unrelated"
    )
    for topic, counts in sorted(quality.topics.items()):
        print(
            f"  {topic:32} F1 {counts.f1:.3f}  precision {counts.precision:.3f}  "
            f"recall {counts.recall:.3f}  ({counts.right} right, "
            f"{counts.wrong} wrong, {counts.missed} missed)"
        )
    languages = sorted(quality.languages)
    print(
        "  " + "  ".join(f"{lang} {quality.language(lang):.3f}" for lang in languages)
    )
    if errors:
        print("\n".join(f"    {line}" for line in quality.errors))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", default="alerts.yaml")
    parser.add_argument("--hide-stories", action="store_true")
    parser.add_argument("--errors", action="store_true", help="list what is wrong")
    parser.add_argument("items", nargs="+", type=Path)
    args = parser.parse_args()
    settings = load(args.config, environ={})
    for path in args.items:
        rows = read(path)
        report(path.name, score(settings, rows), errors=args.errors)
        if args.hide_stories:
            hidden = score_with_stories_hidden(settings.concepts, settings, rows)
            report(f"{path.name}, stories hidden", hidden, errors=args.errors)


if __name__ == "__main__":
    main()
