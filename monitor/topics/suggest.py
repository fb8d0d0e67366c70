"""Propose terms that a topic misses, from items somebody has labelled.

Candidates are words, phrases of two words, and runs of two to four Chinese or Japanese
characters. They are ranked by how much more the topic's items use them than the others
do (`log_odds`); then each of the best is tried in every concept of the topic, and what
it would gain and cost is counted. Nothing is changed: a person reads and decides.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.text import BREAK, is_cjk, stem, words
from monitor.topics.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from monitor.model import Entry
    from monitor.topics.spec import ConceptSpec, TopicSpec
    from monitor.topics.terms import Term

SHORTEST_RUN, LONGEST_RUN = 2, 4
"""Chinese or Japanese characters in a candidate."""

TRIED = 60
"""Candidates tried in the topic's concepts, best first."""

TITLES = 3
"""Titles shown with a suggestion."""

_COMMON = 0.05
_ENOUGH = 40


class Labelled(Struct, frozen=True):
    """An item, and whether somebody said that it is on the topic."""

    entry: Entry
    is_positive: bool


class Suggestion(Struct, frozen=True, kw_only=True):
    """A term to add, and what would come of it.

    Args:
        term: as written in a concept.
        language: the language to list it under.
        concept: where it gains most, or "" when it changes nothing alone.
        gain: items on the topic that it would newly find.
        fresh: those of them that no suggestion before it finds.
        new_errors: items not on the topic that it would newly match.
        missed: missed items on the topic that hold the term.
        touched: items not on the topic that hold it.
        z: how surprising its use in the topic's items is; above 2 is rare by chance.
        titles: of items that it would find, or that hold it.
    """

    term: str
    language: str
    concept: str
    gain: int
    fresh: int
    new_errors: int
    missed: int
    touched: int
    z: float
    titles: tuple[str, ...]


class Suggestions(Struct, frozen=True):
    """What a topic finds of labelled items now, and terms to make it find more.

    Args:
        positives: items on the topic.
        found: those of them that it matches.
        errors: other items that it matches.
    """

    positives: int
    found: int
    errors: int
    terms: tuple[Suggestion, ...]


def suggest(
    concepts: Sequence[ConceptSpec],
    topic: TopicSpec,
    items: Sequence[Labelled],
    *,
    own: Iterable[str] | None = None,
    limit: int = 20,
    fewest: int = 2,
    stemming: bool = True,
) -> Suggestions:
    """Return terms to add to a topic's concepts, what gains most first.

    Args:
        concepts: all that the topic may use.
        topic: the topic to extend.
        items: labelled items, of this topic and of others.
        own: the concepts that a term may be added to; default all.
        limit: suggestions wanted, 1 or more.
        fewest: items on the topic that must hold a term, 1 or more.
        stemming: as in the configuration.
    """
    trial = Trial(concepts, topic, [item.entry for item in items], stemming=stemming)
    positives = {at for at, item in enumerate(items) if item.is_positive}
    missed = positives - trial.matched
    known = KnownRuns(trial.known_terms(), stemming=stemming)
    terms = _Candidates(items, known, stemming=stemming)
    ranked = terms.ranked(missed, positives, fewest)
    where = trial.concepts if own is None else sorted(set(own) & set(trial.concepts))
    groups = _Groups(positives, missed, where)
    tried = [
        _tried(terms, key, z, trial, groups) for z, key in ranked[: max(TRIED, limit)]
    ]
    return Suggestions(
        len(positives),
        len(positives & trial.matched),
        len(trial.matched - positives),
        tuple(_suggestion(*each, items) for each in _in_order(tried)[:limit]),
    )


def log_odds(
    count: int,
    total: int,
    other: int,
    other_total: int,
    *,
    prior: float,
    mass: float,
) -> float:
    """Return the z-score of a word's log-odds ratio between two groups of texts.

    Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16 (2008),
    equations 16 and 20 to 22: an informative Dirichlet prior holds rare words back.

    Args:
        count: uses in the first group, out of `total`.
        total: uses of all words there.
        other: uses in the second group, out of `other_total`.
        other_total: uses of all words there.
        prior: the uses that the prior adds to this word, above 0.
        mass: the uses that it adds to all words.
    """
    one = (count + prior) / (total + mass - count - prior)
    two = (other + prior) / (other_total + mass - other - prior)
    variance = 1 / (count + prior) + 1 / (other + prior)
    return (math.log(one) - math.log(two)) / math.sqrt(variance)


class KnownRuns:
    """The words of terms that a topic already looks for.

    Args:
        terms: those terms.
        stemming: whether the forms of an English word are one.
    """

    def __init__(self, terms: Iterable[Term], *, stemming: bool) -> None:
        self._stemming = stemming
        self._whole: set[tuple[str, ...]] = set()
        self._begun: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._longest = 0
        for term in terms:
            run = self._stems(term.words)
            self._longest = max(self._longest, len(run))
            if term.prefix:
                self._begun[run[:-1]].append(term.words[-1])
            else:
                self._whole.add(run)

    def cut_out(self, read: Sequence[str]) -> list[str]:
        """Return words with a break in place of each that belongs to a known term."""
        stems = self._stems(read)
        left = list(read)
        for start in range(len(read)):
            for end in range(start + 1, min(len(read), start + self._longest) + 1):
                if self._is_known(stems[start:end], read[end - 1]):
                    left[start:end] = [BREAK] * (end - start)
        return left

    def _is_known(self, run: tuple[str, ...], last: str) -> bool:
        if run in self._whole:
            return True
        return last.startswith(tuple(self._begun.get(run[:-1], ())))

    def _stems(self, read: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(stem, read)) if self._stemming else tuple(read)


class _Candidates:
    """The candidates of items, and which items hold each.

    Args:
        items: the items.
        known: words that need no suggestion.
        stemming: whether the forms of an English word are one.
    """

    def __init__(
        self, items: Sequence[Labelled], known: KnownRuns, *, stemming: bool
    ) -> None:
        self._size = len(items)
        self._holders: dict[str, set[int]] = defaultdict(set)
        forms: dict[str, Counter[str]] = defaultdict(Counter)
        languages: dict[str, Counter[str]] = defaultdict(Counter)
        for at, item in enumerate(items):
            for key, form in set(_candidates(item.entry, known, stemming)):
                self._holders[key].add(at)
                forms[key][form] += 1
                if item.is_positive:
                    languages[key][_language(item.entry, form)] += 1
        self.written = {
            key: min(found, key=lambda form: (len(form), -found[form], form))
            for key, found in forms.items()
        }
        self._languages = languages

    def holders(self, key: str) -> set[int]:
        """Return the items that hold a candidate."""
        return self._holders[key]

    def language(self, key: str) -> str:
        """Return the language of most items on the topic that hold a candidate."""
        found = self._languages[key]
        return min(found, key=lambda code: (-found[code], code))

    def ranked(
        self, wanted: set[int], positives: set[int], fewest: int
    ) -> list[tuple[float, str]]:
        """Return the candidates that tell `wanted` from the other items, best first.

        Args:
            wanted: items to find.
            positives: all items on the topic, whose language must not count against
                what is wanted.
            fewest: items on the topic that must hold a candidate.
        """
        others = self._size - len(positives)
        wanted_total = sum(len(held & wanted) for held in self._holders.values())
        every = sum(map(len, self._holders.values()))
        other_total = every - sum(
            len(held & positives) for held in self._holders.values()
        )
        # The prior weighs as much as what there is of the items to find.
        mass = float(max(wanted_total, 1))
        ranked = []
        for key, held in self._holders.items():
            if len(held & positives) < fewest or not held & wanted:
                continue
            if self._is_common_edge(key, positives, others):
                continue
            z = log_odds(
                len(held & wanted),
                wanted_total,
                len(held - positives),
                other_total,
                prior=mass * len(held) / every,
                mass=mass,
            )
            if z > 0:
                ranked.append((z, key))
        ranked.sort(key=lambda each: (-each[0], -len(each[1]), each[1]))
        return self._whole(ranked)

    def _is_common_edge(self, key: str, positives: set[int], others: int) -> bool:
        """Tell whether a candidate begins or ends with a word that is everywhere."""
        if others < _ENOUGH or is_cjk(key[0]):
            return False
        parts = key.split(" ")
        return any(
            len(self._holders.get(part, set()) - positives) > _COMMON * others
            for part in (parts[0], parts[-1])
        )

    def _whole(self, ranked: list[tuple[float, str]]) -> list[tuple[float, str]]:
        """Keep only the longest of CJK runs that the very same items hold."""
        longest: dict[frozenset[int], list[str]] = defaultdict(list)
        kept = []
        for z, key in sorted(ranked, key=lambda each: -len(each[1])):
            if not is_cjk(key[0]):
                kept.append((z, key))
                continue
            same = longest[frozenset(self._holders[key])]
            if not any(key in longer for longer in same):
                same.append(key)
                kept.append((z, key))
        return sorted(kept, key=lambda each: (-each[0], each[1]))


def _candidates(
    entry: Entry, known: KnownRuns, stemming: bool
) -> Iterator[tuple[str, str]]:
    """Yield what a candidate is known by, and how it is written here."""
    for text in (entry.title, entry.summary):
        read = known.cut_out(words(text))
        yield from _western(read, stemming)
        yield from _cjk(read, stemming)


def _western(read: Sequence[str], stemming: bool) -> Iterator[tuple[str, str]]:
    before = ""
    for word in read:
        if not _is_word(word):
            before = ""
            continue
        yield (stem(word) if stemming else word), word
        if before:
            both = (before, word)
            yield " ".join(map(stem, both) if stemming else both), " ".join(both)
        before = word


def _is_word(word: str) -> bool:
    return word != BREAK and not is_cjk(word) and len(word) > 1 and word.isalpha()


def _cjk(read: Sequence[str], stemming: bool) -> Iterator[tuple[str, str]]:
    for start in range(len(read)):
        if not is_cjk(read[start]) or _is_hiragana(read[start]):
            continue
        for size in range(2, LONGEST_RUN + 1):
            run = read[start : start + size]
            if len(run) < size or not is_cjk(run[-1]):
                break
            if size >= SHORTEST_RUN:
                # Their stem is one form for all variants of a character.
                yield "".join(map(stem, run) if stemming else run), "".join(run)


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"


def _language(entry: Entry, form: str) -> str:
    code = entry.lang.partition("-")[0].lower()
    if is_cjk(form[0]):
        return code if code in ("ja", "ko", "zh") else "zh"
    return code if code and code not in ("ja", "ko", "zh") else "en"


class _Tried(Struct, frozen=True, kw_only=True):
    z: float
    term: str
    language: str
    concept: str
    gained: frozenset[int]
    new_errors: int
    missed: frozenset[int]
    touched: int


class _Groups(Struct, frozen=True):
    """The items on the topic, those it misses, and the concepts it may grow."""

    positives: set[int]
    missed: set[int]
    concepts: Sequence[str]


def _tried(
    terms: _Candidates, key: str, z: float, trial: Trial, groups: _Groups
) -> _Tried:
    """Try a candidate in every concept, and keep the one where it gains most."""
    term, held = terms.written[key], terms.holders(key)
    best: tuple[str, frozenset[int], int] = ("", frozenset(), 0)
    for concept in groups.concepts:
        found = trial.with_term(concept, term, held) - trial.matched
        gained = frozenset(found & groups.missed)
        wrong = len(found - groups.positives)
        if gained and (len(gained), -wrong) > (len(best[1]), -best[2]):
            best = (concept, gained, wrong)
    return _Tried(
        z=z,
        term=term,
        language=terms.language(key),
        concept=best[0],
        gained=best[1],
        new_errors=best[2],
        missed=frozenset(held & groups.missed),
        touched=len(held - groups.positives),
    )


def _in_order(tried: Sequence[_Tried]) -> list[tuple[_Tried, int]]:
    """Put first what finds most that those before it do not, at the least cost.

    Returns each with the number of items that those before it do not find.
    """
    left, ordered = list(tried), list[tuple[_Tried, int]]()
    covered: set[int] = set()
    while left:
        best = max(
            left,
            key=lambda each: (
                len(each.gained - covered) - each.new_errors,
                len(each.gained) - each.new_errors,
                each.z,
            ),
        )
        left.remove(best)
        ordered.append((best, len(best.gained - covered)))
        covered |= best.gained
    return ordered


def _suggestion(tried: _Tried, fresh: int, items: Sequence[Labelled]) -> Suggestion:
    shown = sorted(tried.gained or tried.missed)[:TITLES]
    return Suggestion(
        term=tried.term,
        language=tried.language,
        concept=tried.concept,
        gain=len(tried.gained),
        fresh=fresh,
        new_errors=tried.new_errors,
        missed=len(tried.missed),
        touched=tried.touched,
        z=round(tried.z, 2),
        titles=tuple(items[at].entry.title for at in shown),
    )


def yaml_lines(terms: Mapping[tuple[str, str], Sequence[str]]) -> list[str]:
    """Return terms as lines of a configuration, by concept and language."""
    lines: list[str] = []
    concept = ""
    for (name, language), found in sorted(terms.items()):
        if name != concept:
            lines.append(f"  {name}:")
            concept = name
        lines.append(f"    {language}: [{', '.join(map(_quoted, found))}]")
    return ["concepts:", *lines] if lines else []


def _quoted(term: str) -> str:
    # YAML reads a bare yes, no, on, off and null as something else than a word.
    plain = all(word.isalpha() for word in term.split(" "))
    odd = term.lower() in {"yes", "no", "on", "off", "null", "true", "false", "y", "n"}
    return term if plain and not odd else f'"{term}"'
