"""Find all terms of a configuration in one pass over an entry's words.

The terms form a tree of word stems, so that one walk from each word finds every term
beginning there, however many there are. What is found is counted for an *atom*: the
number of a concept, or of a term that stands alone; `Atoms` numbers them.

The tree only grows. It may grow in one thread while another looks terms up in it: each
`Reader` is made after the terms it must find, and then finds all of them.
"""

from __future__ import annotations

from itertools import chain, compress, count
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from monitor.text import BREAK, fold, has_cjk, is_cjk, raw_tokens, stem, word
from monitor.topics.document import CJK_WIDTH, WORD_WIDTH, Document, Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Entry
    from monitor.topics.terms import Term

Hits: TypeAlias = dict[int, list[tuple[int, int]]]
"""For each atom found, the first and last word of each place, in order. None of an
atom's places lies inside another."""

_REMEMBERED = 65536
_LONGEST_REMEMBERED = 32

_Exact: TypeAlias = tuple[int, tuple[str, ...]]


class _Branch:
    """Where the terms are that begin with some words.

    `atoms` are of the terms that end here, `exact` of those that also want letters;
    `prefixes` holds the atoms of terms whose next word may have any ending.
    """

    __slots__ = ("atoms", "branches", "exact", "prefixes", "sizes")

    def __init__(self) -> None:
        self.branches: dict[str, _Branch] | None = None
        self.atoms: tuple[int, ...] = ()
        self.exact: tuple[_Exact, ...] = ()
        self.prefixes: dict[str, tuple[int, ...]] | None = None
        self.sizes: tuple[int, ...] = ()

    def branch(self, text: str) -> _Branch:
        """Return the branch of one more word, grown if need be."""
        if self.branches is None:
            self.branches = {}
        return self.branches.setdefault(text, _Branch())

    def add_prefix(self, start: str, atom: int) -> None:
        if self.prefixes is None:
            self.prefixes = {}
        self.prefixes[start] = (*self.prefixes.get(start, ()), atom)
        self.sizes = tuple(sorted({*self.sizes, len(start)}))

    def leads_to(self, text: str) -> bool:
        """Tell whether there is a branch of one more word."""
        return self.branches is not None and text in self.branches

    def prefixed(self, text: str) -> list[int]:
        """Return the atoms whose next word may be this one, for how it begins."""
        if self.prefixes is None:
            return []
        # A word shorter than the prefix gives itself, and not the prefix.
        starts = (text[:size] for size in self.sizes if size <= len(text))
        return [atom for start in starts for atom in self.prefixes.get(start, ())]


_BARE = _Branch()

_opens = attrgetter("opens")


class Lexicon:
    """All terms of a configuration."""

    def __init__(self, *, stemming: bool) -> None:
        self._stemming = stemming
        self.root = _Branch()
        self.excepted: dict[int, tuple[int, ...]] = {}

    def add(self, term: Term, atom: int) -> None:
        """Look for a term from now on, on behalf of an atom."""
        branch = self.root
        for text in term.words[:-1] if term.prefix else term.words:
            branch = branch.branch(self.stem(text))
        if term.prefix:
            branch.add_prefix(term.words[-1], atom)
        elif term.exact is not None:
            branch.exact = (*branch.exact, (atom, term.exact))
        else:
            branch.atoms = (*branch.atoms, atom)

    def except_inside(self, outer: int, atom: int) -> None:
        """Let no place of an atom count that lies inside a place of `outer`."""
        atoms = (*self.excepted.get(outer, ()), atom)
        self.excepted = {**self.excepted, outer: atoms}

    def stem(self, text: str) -> str:
        """Return what a word is compared by."""
        return stem(text) if self._stemming else text


class Word:
    """A token as a reader knows it.

    Args:
        text: the folded word.
        stem: what it is compared by.
        root: where the terms are that begin with it.

    Attributes:
        width: its share of distance.
        atoms: of the terms that it makes alone.
        branch: where the terms of more words are that begin with it, or None.
        opens: whether any term begins with it.
    """

    __slots__ = ("atoms", "branch", "exact", "opens", "stem", "text", "width")

    def __init__(self, text: str, stemmed: str, root: _Branch) -> None:
        self.text = text
        self.stem = stemmed
        branch = (root.branches or {}).get(stemmed, _BARE)
        self.atoms = tuple(dict.fromkeys((*root.prefixed(text), *branch.atoms)))
        self.exact = branch.exact
        longer = branch.branches is not None or branch.prefixes is not None
        self.branch = branch if longer else None
        self.opens = bool(self.atoms or self.exact or longer)
        if text == BREAK:
            self.width = 0
        else:
            self.width = CJK_WIDTH if is_cjk(text) else WORD_WIDTH


class _Known(dict[str, tuple[Word, ...]]):
    """The words of each piece of text met of late; others are learnt on the way."""

    def __init__(self, learn: Callable[[str], tuple[Word, ...]]) -> None:
        self._learn = learn
        self._old: dict[str, tuple[Word, ...]] = {}

    def __missing__(self, piece: str) -> tuple[Word, ...]:
        words = self._old.get(piece)
        if words is None:
            words = self._learn(piece)
        if len(piece) <= _LONGEST_REMEMBERED:
            self[piece] = words
        return words

    def age(self) -> None:
        """Forget what was not met since the last time."""
        self._old = dict(self)
        self.clear()


class Reader:
    """Cut entries into words and find the terms that a lexicon holds by now.

    It remembers the pieces of text it met, up to a limit, which changes no answer.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._pieces = _Known(self._words)
        self._tokens = _Known(self._token)
        self._break = Word(BREAK, BREAK, _BARE)

    def read(self, entry: Entry) -> Document:
        """Cut an entry into words."""
        title, summary = self._field(entry.title), self._field(entry.summary)
        words = list(chain.from_iterable(title.words))
        split = len(words)
        words.append(self._break)
        words += chain.from_iterable(summary.words)
        return Document(entry, words, split, title, summary)

    def _field(self, text: str) -> Field:
        folded = fold(text)
        # No token holds a space but the punctuation between CJK characters.
        if folded.text.isascii() or not has_cjk(folded.text):
            pieces, known, is_spaced = folded.text.split(), self._pieces, True
        else:
            pieces, known, is_spaced = raw_tokens(folded.text), self._tokens, False
        if len(known) > _REMEMBERED:
            known.age()
        words = list(map(known.__getitem__, pieces))
        return Field(folded, pieces, words, is_spaced=is_spaced)

    def _words(self, piece: str) -> tuple[Word, ...]:
        return tuple(self._learn(raw) for raw in raw_tokens(piece))

    def _token(self, raw: str) -> tuple[Word, ...]:
        return (self._learn(raw),)

    def _learn(self, raw: str) -> Word:
        text = word(raw)
        return Word(text, self._lexicon.stem(text), self._lexicon.root)

    def find(self, document: Document) -> Hits:
        """Return where each atom is found."""
        hits: Hits = {}
        words = document.words
        after = len(words) - 1
        for position in compress(count(), map(_opens, words)):
            read = words[position]
            for atom in read.atoms:
                places = hits.get(atom)
                if places is None:
                    hits[atom] = [(position, position)]
                elif places[-1][1] < position:
                    places.append((position, position))
            if read.exact:
                _record_exact(document, read.exact, position, position, hits)
            branch = read.branch
            if (
                branch is not None
                and position < after
                and (branch.sizes or branch.leads_to(words[position + 1].stem))
            ):
                _walk(document, branch, position, hits)
        excepted = self._lexicon.excepted
        for outer in excepted.keys() & hits.keys():
            places = hits.pop(outer)
            for atom in excepted[outer]:
                _drop_inside(places, atom, hits)
        return hits


def _walk(document: Document, branch: _Branch, first: int, hits: Hits) -> None:
    """Find the terms of more than one word that begin at `first`."""
    words = document.words
    for position in range(first + 1, len(words)):
        read = words[position]
        if branch.sizes:
            _record(branch.prefixed(read.text), first, position, hits)
        following = branch.branches.get(read.stem) if branch.branches else None
        if following is None:
            return
        branch = following
        _record(branch.atoms, first, position, hits)
        if branch.exact:
            _record_exact(document, branch.exact, first, position, hits)


def _record(
    atoms: tuple[int, ...] | list[int], first: int, last: int, hits: Hits
) -> None:
    for atom in atoms:
        places = hits.setdefault(atom, [])
        if places and last <= places[-1][1]:
            continue
        if places and places[-1][0] == first:
            places[-1] = (first, last)
        else:
            places.append((first, last))


def _record_exact(
    document: Document, wanted: tuple[_Exact, ...], first: int, last: int, hits: Hits
) -> None:
    for atom, exact in wanted:
        if all(
            document.letters(first + step) == letters
            for step, letters in enumerate(exact)
        ):
            _record((atom,), first, last, hits)


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
