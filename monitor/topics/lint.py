"""Find what topics and concepts hardly mean, before any entry shows it.

Owns the kinds of finding and the terms that add nothing to their concept. Languages
are looked at in `coverage`, items in `breadth`; places in a file are for `config`.

A *finding* says that a topic does not do what was asked of it; a *warning*, that
something is superfluous or doubtful while the topics work.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from monitor.errors import Problem, QueryError
from monitor.irregular import IRREGULAR
from monitor.text import stem
from monitor.topics.terms import Term, parse_term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.topics.spec import ConceptSpec

ANY = "any"
"""The key of a concept's terms that are looked for in every language."""

Severity = Literal["finding", "warning"]


class Finding(Struct, frozen=True):
    """Something to look at, and how much it matters."""

    severity: Severity
    problem: Problem


class WrittenTerm(Struct, frozen=True):
    """A term as it stands in a concept, and where."""

    text: str
    term: Term
    concept: str
    language: str
    position: int

    @property
    def path(self) -> tuple[str | int, ...]:
        """Return its place in the configuration."""
        return ("concepts", self.concept, self.language, self.position)


def written_terms(concept: ConceptSpec) -> Iterator[WrittenTerm]:
    """Yield a concept's own terms; those that cannot be read are passed over."""
    for language, texts in concept.terms.items():
        for position, text in enumerate(texts):
            if text.startswith("$"):
                continue
            try:
                term = parse_term(text)
            except QueryError:
                continue
            yield WrittenTerm(text, term, concept.name, language, position)


def dead_terms(
    concepts: Iterable[ConceptSpec], *, stemming: bool = True
) -> list[Finding]:
    """Return the terms that find nothing which another of their list does not find.

    Compared within one language and with "any". A term may well stand under two
    languages: it is found by either, and keeps the lists whole for their readers.
    """
    return [finding for concept in concepts for finding in _dead_in(concept, stemming)]


def _dead_in(concept: ConceptSpec, stemming: bool) -> Iterator[Finding]:
    everywhere: list[WrittenTerm] = []
    by_language: dict[str, list[WrittenTerm]] = {}
    for written in written_terms(concept):
        if written.language == ANY:
            everywhere.append(written)
        else:
            by_language.setdefault(written.language, []).append(written)
    told: set[tuple[str | int, ...]] = set()
    for written_here in by_language.values() or [[]]:
        terms = [*everywhere, *written_here]
        shadows = _Shadows(terms, stemming=stemming)
        for written in terms:
            other = shadows.over(written)
            if other is not None and written.path not in told:
                told.add(written.path)
                yield _dead(written, other, stemming)


def _dead(written: WrittenTerm, other: WrittenTerm, stemming: bool) -> Finding:
    same = _key(written.term, stemming) == _key(other.term, stemming)
    if same:
        message = f'term "{written.text}" finds the same as "{other.text}"'
        hint = "keep one of them"
    else:
        message = f'term "{written.text}" finds nothing that "{other.text}" does not'
        hint = f'remove it, or make "{other.text}" narrower'
    return Finding("warning", Problem(written.path, message, hint))


Run = tuple[str, ...]


def _stems(words: Sequence[str], stemming: bool) -> Run:
    return tuple(map(stem, words)) if stemming else tuple(words)


def _key(term: Term, stemming: bool) -> tuple[Run, bool, Run | None]:
    """Return what a term finds: equal keys find the same."""
    if term.prefix:
        last = term.words[-1]
        return (*_stems(term.words[:-1], stemming), last), True, None
    # Exact letters are not stemmed, so the words only repeat them.
    if term.exact is not None:
        return (), False, term.exact
    return _stems(term.words, stemming), False, None


class _Shadows:
    """Tell which term of a list finds everything that another of it finds.

    A phrase is found by any term that is a run of its words.
    """

    def __init__(self, terms: Iterable[WrittenTerm], *, stemming: bool) -> None:
        self._stemming = stemming
        self._first: dict[tuple[Run, bool, Run | None], WrittenTerm] = {}
        self._longest_prefix = 0
        for written in terms:
            key = _key(written.term, stemming)
            self._first.setdefault(key, written)
            if written.term.prefix:
                self._longest_prefix = max(self._longest_prefix, len(key[0][-1]))

    def over(self, written: WrittenTerm) -> WrittenTerm | None:
        """Return a term that makes this one superfluous, if there is one."""
        first = self._first[_key(written.term, self._stemming)]
        if first is not written:
            return first
        for key in self._wider(written.term):
            other = self._first.get(key)
            if other is not None and other is not written:
                return other
        return None

    def _wider(self, term: Term) -> Iterator[tuple[Run, bool, Run | None]]:
        """Yield the keys of all terms that are found wherever this one is."""
        stems = _stems(term.words, self._stemming)
        # The last word of a prefix is not known: it can only serve another prefix.
        whole = len(stems) - term.prefix
        for start, end in _runs(len(stems)):
            if end <= whole:
                yield stems[start:end], False, None
                if term.exact is not None:
                    yield (), False, term.exact[start:end]
            last = end - 1
            for size in range(2, self._longest_prefix + 1):
                if self._begins(term, last, size):
                    lead = stems[start:last]
                    yield (*lead, term.words[last][:size]), True, None

    def _begins(self, term: Term, at: int, size: int) -> bool:
        """Tell whether every form of a word begins with its first `size` letters."""
        word = term.words[at]
        if len(word) < size:
            return False
        is_fixed = term.exact is not None or (term.prefix and at == len(term.words) - 1)
        if is_fixed or not self._stemming:
            return True
        # Snowball turns a final y into i: "carri" also stands for "carry".
        root = stem(word)
        forms = (root.removesuffix("i"), *_irregular().get(root, ()))
        return all(form[:size] == word[:size] for form in forms)


@lru_cache(maxsize=1)
def _irregular() -> dict[str, list[str]]:
    """Return the irregular forms of each stem that has some."""
    forms: dict[str, list[str]] = {}
    for form in IRREGULAR:
        forms.setdefault(stem(form), []).append(form)
    return forms


def _runs(length: int) -> Iterator[tuple[int, int]]:
    """Yield every run within a sequence, the shortest first."""
    for size in range(1, length + 1):
        for start in range(length - size + 1):
            yield start, start + size
