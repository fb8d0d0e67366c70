"""Find all terms of a configuration in one pass over an entry's words.

The terms form a tree of word stems, so that one walk from each word finds every term
beginning there, however many there are. What is found is counted for an *atom*: the
number of a concept, or of a term that stands alone; `Atoms` numbers them.

The tree only grows. It may grow in one thread while another looks terms up in it: each
`Reader` is made after the terms it must find, and then finds all of them.
"""

from __future__ import annotations

from functools import partial
from itertools import compress, count
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from msgspec import Struct

from monitor.text import (
    BREAK,
    fold,
    has_cjk,
    is_cjk,
    raw_tokens,
    stem,
    token_spans,
    without_possessive,
    word,
)
from monitor.topics.document import CJK_WIDTH, WORD_WIDTH, Document, Field, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.model import Entry
    from monitor.text import Folded
    from monitor.topics.terms import Term

Hits: TypeAlias = dict[int, list[tuple[int, int]]]
"""For each atom found, the first and last word of each place, in order. None of an
atom's places lies inside another."""

_REMEMBERED = 65536
_LONGEST_REMEMBERED = 32

_Exact: TypeAlias = tuple[tuple[str, ...], tuple[int, ...]]


class Endings:
    """What terms ask of their last word beyond being there, which few do.

    Attributes:
        exact: the letters that terms which end here want, and the atoms of those terms.
        sizes: how long the beginnings are that a next word with any ending may have.
    """

    __slots__ = ("_prefixes", "exact", "sizes")

    def __init__(self) -> None:
        self.exact: tuple[_Exact, ...] = ()
        self.sizes: tuple[int, ...] = ()
        self._prefixes: dict[str, tuple[int, ...]] = {}

    def add_exact(self, letters: tuple[str, ...], atom: int) -> None:
        """Let these letters make a term that ends here."""
        known = dict(self.exact)
        known[letters] = (*known.get(letters, ()), atom)
        self.exact = tuple(known.items())

    def add_prefix(self, start: str, atom: int) -> None:
        """Let a next word that begins like this end a term."""
        self._prefixes[start] = (*self._prefixes.get(start, ()), atom)
        self.sizes = tuple(sorted({*self.sizes, len(start)}))

    def prefixed(self, text: str) -> list[int]:
        """Return the atoms whose next word may be this one, for how it begins."""
        # A word shorter than the prefix gives itself, and not the prefix.
        starts = (text[:size] for size in self.sizes if size <= len(text))
        return [atom for start in starts for atom in self._prefixes.get(start, ())]


_PLAIN = Endings()


# A tree, so the garbage collector may leave it alone.
class Branch(Struct, gc=False):
    """Where the terms are that begin with some words.

    Args:
        atoms: of the terms that end here.
        branches: by the next word; None when there is none.
        endings: what the terms that end here or with the next word ask beyond that.
    """

    branches: dict[str, Branch] | None = None
    atoms: tuple[int, ...] = ()
    endings: Endings = _PLAIN

    def branch(self, text: str) -> Branch:
        """Return the branch of one more word, grown if need be."""
        if self.branches is None:
            self.branches = {}
        return self.branches.setdefault(text, Branch())

    def own_endings(self) -> Endings:
        """Return the endings, to be added to."""
        if self.endings is _PLAIN:
            self.endings = Endings()
        return self.endings


_BARE = Branch()


class Lexicon:
    """All terms of a configuration."""

    def __init__(self, *, stemming: bool) -> None:
        self._stemming = stemming
        self.root = Branch()
        self.excepted: dict[int, tuple[int, ...]] = {}

    def add(self, term: Term, atom: int) -> None:
        """Look for a term from now on, on behalf of an atom."""
        branch = self.root
        for text in term.words[:-1] if term.prefix else term.words:
            branch = branch.branch(self.stem(text))
        if term.prefix:
            branch.own_endings().add_prefix(term.words[-1], atom)
        elif term.exact is not None:
            branch.own_endings().add_exact(term.exact, atom)
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
        mark: what to look at in it.
    """

    __slots__ = ("atoms", "branch", "exact", "mark", "stem", "text", "width")

    def __init__(self, text: str, stemmed: str, root: Branch) -> None:
        self.text = text
        self.stem = stemmed
        branch = (root.branches or {}).get(stemmed, _BARE)
        self.atoms = tuple(dict.fromkeys((*root.endings.prefixed(text), *branch.atoms)))
        self.exact = branch.endings.exact
        longer = branch.branches is not None or bool(branch.endings.sizes)
        self.branch = branch if longer else None
        self.mark: Mark | int | None = None
        if self.exact or longer or len(self.atoms) > 1:
            self.mark = Mark(
                1,
                self.atoms,
                self.branch,
                branch.branches or (),
                is_simple=not self.exact and not branch.endings.sizes,
            )
        elif self.atoms:
            self.mark = self.atoms[0]
        if text == BREAK:
            self.width = 0
        else:
            self.width = CJK_WIDTH if is_cjk(text) else WORD_WIDTH


_Known = TypeVar("_Known")


class _Remembered(dict[str, _Known]):
    """What is known of the texts met of late; of others it is worked out on the way."""

    def __init__(self, work_out: Callable[[str], _Known]) -> None:
        self._work_out = work_out
        self._old: dict[str, _Known] = {}

    def __missing__(self, text: str) -> _Known:
        known = self._old.get(text)
        if known is None:
            known = self._work_out(text)
        if len(text) <= _LONGEST_REMEMBERED:
            self[text] = known
        return known

    def age(self) -> None:
        """Forget what was not met since the last time."""
        if len(self) > _REMEMBERED:
            self._old = dict(self)
            self.clear()


class _Pieces:
    """The words of pieces of text, and whether they are worth a look.

    Args:
        cut: returns the words of a piece.
    """

    def __init__(self, cut: Callable[[str], tuple[Word, ...]]) -> None:
        self.words = _Remembered(cut)
        self._marks = _Remembered(partial(_mark, self.words))
        self._inside = _Remembered(partial(_look_inside, self.words))

    def field(self, folded: Folded, pieces: list[str], *, is_spaced: bool) -> Field:
        """Return the field of a text that was cut into pieces."""
        self.words.age()
        self._marks.age()
        self._inside.age()
        marks = list(map(self._marks.__getitem__, pieces))
        return Field(
            folded, pieces, marks, self.words, self._inside, is_spaced=is_spaced
        )


# Functions, not methods: an index must be freed without the help of the collector.
def _mark(words: _Remembered[tuple[Word, ...]], piece: str) -> Mark | int | None:
    found = words[piece]
    return found[0].mark if len(found) == 1 else Mark(len(found))


def _look_inside(
    words: _Remembered[tuple[Word, ...]], piece: str
) -> tuple[tuple[int, int, int], ...]:
    found, spans = words[piece], token_spans(piece)
    if len(spans) != len(found):
        # Punctuation between CJK characters is no token when read alone.
        spans = [(0, len(piece))] * len(found)
    return tuple(
        (start, end, start + len(without_possessive(piece[start:end])))
        for start, end in spans
    )


class Reader:
    """Cut entries into words and find the terms that a lexicon holds by now.

    It remembers the pieces of text it met, up to a limit, which changes no answer.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        # No method of its own among what it holds: with a cycle only the garbage
        # collector could free it, which leaves alone what was frozen.
        self._single = _Pieces(partial(_learn, lexicon))
        self._spaced = _Pieces(partial(_cut, self._single.words))

    def read(self, entry: Entry) -> Document:
        """Cut an entry into words."""
        text = self._field(entry.text) if entry.text else None
        return Document(
            entry, self._field(entry.title), self._field(entry.summary), text
        )

    def _field(self, text: str) -> Field:
        folded = fold(text)
        # No token holds a space but the punctuation between CJK characters.
        if folded.text.isascii() or not has_cjk(folded.text):
            return self._spaced.field(folded, folded.text.split(), is_spaced=True)
        return self._single.field(folded, raw_tokens(folded.text), is_spaced=False)

    def find(self, document: Document) -> Hits:
        """Return where each atom is found."""
        hits: Hits = {}
        _scan(document, document.title, 0, hits)
        _scan(document, document.summary, document.split + 1, hits)
        if document.text is not None:
            _scan(document, document.text, document.page + 1, hits)
        excepted = self._lexicon.excepted
        for outer in excepted.keys() & hits.keys():
            places = hits.pop(outer)
            for atom in excepted[outer]:
                _drop_inside(places, atom, hits)
        return hits


def _cut(single: _Remembered[tuple[Word, ...]], piece: str) -> tuple[Word, ...]:
    if piece == BREAK:
        return (Word(BREAK, BREAK, _BARE),)
    tokens = raw_tokens(piece)
    if len(tokens) == 1:
        return single[tokens[0]]
    return tuple(single[raw][0] for raw in tokens)


def _learn(lexicon: Lexicon, raw: str) -> tuple[Word, ...]:
    text = word(raw) if raw else BREAK
    root = lexicon.root if text else _BARE
    return (Word(text, lexicon.stem(text), root),)


def _scan(document: Document, field: Field, start: int, hits: Hits) -> None:
    """Find the terms that begin in a field whose first word has position `start`."""
    marks, pieces, known = field.marks, field.pieces, field.known
    last, is_even, begin = len(pieces) - 1, True, start
    for place in compress(count(), marks):
        first = start + place
        mark = marks[place]
        if mark.__class__ is int:  # the most usual, and so without any detour
            places = hits.get(mark)
            if places is None:
                hits[mark] = [(first, first)]
            elif places[-1][1] < first:
                places.append((first, first))
            continue
        # Only marks are left, which mypy cannot know.
        size, atoms, branch, stems, is_simple = mark  # type: ignore[misc]
        if not is_simple:
            _look_at_each(document, field, place, first, hits)
            is_even = is_even and size == 1
            start += size - 1
            continue
        if atoms:
            _record(atoms, first, first, hits)
        if branch is not None and place < last:
            following = known[pieces[place + 1]]
            if not following or following[0].stem in stems:
                _walk(document, branch, field.after(place), first, hits)
    field.count(is_even=is_even, more=start - begin)


def _look_at_each(
    document: Document, field: Field, place: int, first: int, hits: Hits
) -> None:
    """Find the terms that begin in a piece whose first word has position `first`."""
    words = field.known[field.pieces[place]]
    for number, read in enumerate(words):
        at = first + number
        _record(read.atoms, at, at, hits)
        if read.exact:
            _record_exact(document, read.exact, at, at, hits)
        if read.branch is not None:
            _walk(document, read.branch, field.after(place, number), at, hits)


def _walk(
    document: Document,
    branch: Branch,
    following: Iterator[Word],
    first: int,
    hits: Hits,
) -> None:
    """Find the terms of more than one word that begin at `first`."""
    for position, read in enumerate(following, first + 1):
        if branch.endings.sizes:
            _record(branch.endings.prefixed(read.text), first, position, hits)
        grown = branch.branches.get(read.stem) if branch.branches else None
        if grown is None:
            return
        branch = grown
        _record(branch.atoms, first, position, hits)
        if branch.endings.exact:
            _record_exact(document, branch.endings.exact, first, position, hits)


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
    for exact, atoms in wanted:
        if all(
            document.is_written(first + step, letters)
            for step, letters in enumerate(exact)
        ):
            _record(atoms, first, last, hits)


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
