"""Find all terms of a configuration in one pass over an entry's words.

The terms form a tree of word stems, so that one walk from each word finds every term
beginning there, however many there are. What is found is counted for an *atom*: the
number of a concept, or of a term that stands alone. `Atoms` in `compile` numbers them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from monitor.text import BREAK, fold, is_cjk, raw_tokens, stem, word
from monitor.topics.document import CJK_WIDTH, WORD_WIDTH, Document

if TYPE_CHECKING:
    from monitor.model import Entry
    from monitor.topics.terms import Term

Hits: TypeAlias = dict[int, list[tuple[int, int]]]
"""For each atom found, the first and last word of each place, in order. None of an
atom's places lies inside another."""

_REMEMBERED = 65536
_LONGEST_REMEMBERED = 32


class _Ending:
    """A term that ends at a branch of the tree."""

    __slots__ = ("atom", "exact")

    def __init__(self, atom: int, exact: tuple[str, ...] | None) -> None:
        self.atom = atom
        self.exact = exact


class _Branch:
    __slots__ = ("branches", "endings", "prefixes", "sizes")

    def __init__(self) -> None:
        self.branches: dict[str, _Branch] = {}
        self.endings: list[_Ending] = []
        self.prefixes: dict[str, list[_Ending]] = {}
        self.sizes: tuple[int, ...] = ()

    def add_prefix(self, start: str, ending: _Ending) -> None:
        self.prefixes.setdefault(start, []).append(ending)
        self.sizes = tuple(sorted({*self.sizes, len(start)}))


class Word:
    """A token as the lexicon knows it.

    Args:
        text: the folded word.
        stem: what it is compared by.
        width: its share of distance.
        opens: whether any term begins with it.
    """

    __slots__ = ("opens", "stem", "text", "width")

    def __init__(self, text: str, stemmed: str, *, opens: bool) -> None:
        self.text = text
        self.stem = stemmed
        self.opens = opens
        if text == BREAK:
            self.width = 0
        else:
            self.width = CJK_WIDTH if is_cjk(text) else WORD_WIDTH


class Lexicon:
    """All terms of a configuration.

    It remembers the words it met, up to a limit, which changes no answer.
    """

    def __init__(self, *, stemming: bool) -> None:
        self._stemming = stemming
        self._root = _Branch()
        self._known: dict[str, Word] = {}
        self._excepted: dict[int, list[int]] = {}
        self._break = Word(BREAK, BREAK, opens=False)

    def add(self, term: Term, atom: int) -> None:
        """Look for a term from now on, on behalf of an atom."""
        ending = _Ending(atom, term.exact)
        branch = self._root
        for text in term.words[:-1] if term.prefix else term.words:
            branch = branch.branches.setdefault(self._stem(text), _Branch())
        if term.prefix:
            branch.add_prefix(term.words[-1], ending)
        else:
            branch.endings.append(ending)
        self._known.clear()

    def except_inside(self, outer: int, atom: int) -> None:
        """Let no place of an atom count that lies inside a place of `outer`."""
        self._excepted.setdefault(outer, []).append(atom)

    def read(self, entry: Entry) -> Document:
        """Cut an entry into words."""
        known = self._known
        if len(known) > _REMEMBERED:
            known.clear()
        title = raw_tokens(fold(entry.title).text)
        words = [known.get(raw) or self._learn(raw) for raw in title]
        words.append(self._break)
        summary = raw_tokens(fold(entry.summary).text)
        words += [known.get(raw) or self._learn(raw) for raw in summary]
        return Document(entry, words, len(title))

    def find(self, document: Document) -> Hits:
        """Return where each atom is found."""
        hits: Hits = {}
        for position, read in enumerate(document.words):
            if read.opens:
                self._walk(document, position, hits)
        for outer in self._excepted.keys() & hits.keys():
            places = hits.pop(outer)
            for atom in self._excepted[outer]:
                _drop_inside(places, atom, hits)
        return hits

    def _walk(self, document: Document, first: int, hits: Hits) -> None:
        words, branch = document.words, self._root
        for position in range(first, len(words)):
            read = words[position]
            for size in branch.sizes:
                for ending in branch.prefixes.get(read.text[:size], ()):
                    # A word shorter than the prefix gives itself, and not the prefix.
                    _record(document, ending, first, position, hits)
            following = branch.branches.get(read.stem)
            if following is None:
                return
            branch = following
            for ending in branch.endings:
                _record(document, ending, first, position, hits)

    def _learn(self, raw: str) -> Word:
        text = word(raw)
        stemmed = self._stem(text)
        root = self._root
        opens = stemmed in root.branches or any(
            text[:size] in root.prefixes for size in root.sizes
        )
        learnt = Word(text, stemmed, opens=opens)
        if len(raw) <= _LONGEST_REMEMBERED:
            self._known[raw] = learnt
        return learnt

    def _stem(self, text: str) -> str:
        return stem(text) if self._stemming else text


def _record(
    document: Document, ending: _Ending, first: int, last: int, hits: Hits
) -> None:
    exact = ending.exact
    if exact is not None and not _has_letters(document, first, exact):
        return
    places = hits.setdefault(ending.atom, [])
    if places and last <= places[-1][1]:
        return
    if places and places[-1][0] == first:
        places[-1] = (first, last)
    else:
        places.append((first, last))


def _drop_inside(outer: list[tuple[int, int]], atom: int, hits: Hits) -> None:
    kept = [
        place
        for place in hits.get(atom, ())
        if not any(first <= place[0] and place[1] <= last for first, last in outer)
    ]
    if kept:
        hits[atom] = kept
    else:
        hits.pop(atom, None)


def _has_letters(document: Document, first: int, exact: tuple[str, ...]) -> bool:
    return all(
        document.letters(first + step) == letters for step, letters in enumerate(exact)
    )
