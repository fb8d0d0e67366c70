"""An entry as a run of words, title first, with the way back to its text.

A break stands between title and summary, and between these and the text of the page if
that was read, so that no phrase runs from one into the other, while distances do.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate, chain
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

from monitor.model import Span
from monitor.text import BREAK, Folded, letters, token_spans

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from monitor.model import Entry
    from monitor.topics.lexicon import Branch, Word
    from monitor.topics.windows import Hit

WORD_WIDTH = 8
CJK_WIDTH = 5
"""A character's share of distance: eight words are as far as 8 x 1.6 characters."""

_width = attrgetter("width")

# What `str.split` leaves.
_PIECE = re.compile(r"\S+")


class Mark(NamedTuple):
    """What to look at in a piece of text.

    A number stands for the mark of one word that makes the term of that atom alone and
    begins no other, and None for that of one word that begins no term, as most are.

    Args:
        size: how many words it holds.
        atoms: of the terms that it makes alone.
        branch: where the terms of more words are that begin with it, or None.
        stems: of the words that must follow for those.
        is_simple: that is all; otherwise its words must be looked at one by one.
    """

    size: int
    atoms: tuple[int, ...] = ()
    branch: Branch | None = None
    stems: Container[str] = ()
    is_simple: bool = False


class Field:
    """The text of one field, cut into pieces that hold some words each.

    Args:
        folded: the text, folded.
        pieces: what it was cut into, in order.
        marks: what to look at in each piece.
        known: the words of any piece.
        inside: where in a piece each of its words begins, where it ends, and where it
            would without a possessive.
        is_spaced: it was cut at its spaces, and holds nothing but words.
    """

    __slots__ = (
        "_ends",
        "_even",
        "_firsts",
        "_is_counted",
        "_more",
        "_starts",
        "folded",
        "inside",
        "is_spaced",
        "known",
        "marks",
        "pieces",
    )

    def __init__(
        self,
        folded: Folded,
        pieces: Sequence[str],
        marks: Sequence[Mark | int | None],
        known: Mapping[str, tuple[Word, ...]],
        inside: Mapping[str, Sequence[tuple[int, int, int]]],
        *,
        is_spaced: bool,
    ) -> None:
        self.folded = folded
        self.pieces = pieces
        self.marks = marks
        self.known = known
        self.inside = inside
        self.is_spaced = is_spaced
        self._firsts: Sequence[int] | None = None
        self._is_counted = False
        self._ends: list[int] | None = None
        self._starts: list[int] | None = None

    @property
    def words(self) -> list[tuple[Word, ...]]:
        """Return the words of each piece."""
        return [self.known[piece] for piece in self.pieces]

    def __len__(self) -> int:
        """Return the number of words."""
        self._count()
        return len(self.pieces) + self._more

    @property
    def is_even(self) -> bool:
        """Tell whether each piece is one word."""
        self._count()
        return self._even

    def count(self, *, is_even: bool, more: int) -> None:
        """Note whether each piece is one word, and how many more words there are."""
        self._is_counted = True
        self._even = is_even
        self._more = more

    def _count(self) -> None:
        if self._is_counted:
            return
        sizes = [
            mark.size
            for mark in self.marks
            if mark.__class__ is Mark and mark.size != 1
        ]
        self.count(is_even=not sizes, more=sum(sizes) - len(sizes))

    def after(self, place: int, number: int = 0) -> Iterator[Word]:
        """Yield the words after one of a piece, to the end of the field."""
        yield from self.known[self.pieces[place]][number + 1 :]
        for following in range(place + 1, len(self.pieces)):
            yield from self.known[self.pieces[following]]

    def characters(self, first: int, last: int) -> tuple[int, int]:
        """Return where in the original a run of words begins and ends."""
        place, number = self._place(first)
        begin = self._start(place)
        start, _, end = self.inside[self.pieces[place]][number]
        start += begin
        if last != first:
            place, number = self._place(last)
            begin = self._start(place)
            end = self.inside[self.pieces[place]][number][2]
        return self.folded.original(start, begin + end)

    def spans(self) -> list[tuple[int, int]]:
        """Return where each word begins and ends in the folded text."""
        return [
            (begin + start, begin + end)
            for place, piece in enumerate(self.pieces)
            for begin in (self._start(place),)
            for start, end, _ in self.inside[piece]
        ]

    def _place(self, number: int) -> tuple[int, int]:
        """Return which piece holds a word, and which of its words that is."""
        if self.is_even:
            return number, 0
        if self._firsts is None:
            self._firsts = self._first_words()
        place = bisect_right(self._firsts, number) - 1
        return place, number - self._firsts[place]

    def _first_words(self) -> Sequence[int]:
        """Return for each piece the number of its first word."""
        counts = [getattr(mark, "size", 1) for mark in self.marks]
        return list(accumulate(counts, initial=0))

    def _start(self, place: int) -> int:
        if self._ends is None:
            self._ends = list(accumulate(map(len, self.pieces), initial=0))
            between = len(self.folded.text) - self._ends[-1]
            # One character between any two pieces, and none around them?
            if not self.is_spaced or between != len(self.pieces) - 1:
                self._starts = self._find_starts()
        if self._starts is None:
            return self._ends[place] + place
        return self._starts[place]

    def _find_starts(self) -> list[int]:
        text = self.folded.text
        if self.is_spaced:
            return [found.start() for found in _PIECE.finditer(text)]
        return [start for start, _ in token_spans(text)]


def _surely_lacks(text: str, letters: str) -> bool:
    """Tell whether a text holds no word of these letters; False is not certain."""
    return (
        letters not in text
        and text.isascii()
        and "&" not in text
        and ".".join(letters) not in text
    )


def _even_distances(split: int, size: int) -> Sequence[int]:
    """Return how far along each position lies when all words are equally wide."""
    if size > _LONGEST_SHARED:
        return _distances(split, size)
    return _shared_distances(split, -(-size // _STEP) * _STEP)


def _distances(split: int, size: int) -> Sequence[int]:
    before = range(0, split * WORD_WIDTH + 1, WORD_WIDTH)
    after = range(split * WORD_WIDTH, size * WORD_WIDTH, WORD_WIDTH)
    return (*before, *after)


# Texts of about one length share them.
_STEP, _LONGEST_SHARED = 256, 2048
_shared_distances = lru_cache(maxsize=128)(_distances)


class Document:
    """The words of one entry.

    Args:
        entry: what was read.
        title: the text of the title.
        summary: the text of the summary.
        text: the text of its page, or None when that was not read.

    Attributes:
        split: the position of the break between title and summary.
    """

    __slots__ = (
        "_at",
        "_page",
        "_spans",
        "_words",
        "entry",
        "split",
        "summary",
        "text",
        "title",
    )

    def __init__(
        self, entry: Entry, title: Field, summary: Field, text: Field | None = None
    ) -> None:
        self.entry = entry
        self.title = title
        self.summary = summary
        self.text = text
        self.split = len(title)
        self._page = -1
        self._words: list[Word] | None = None
        self._at: Sequence[int] | None = None
        # Many topics are found at the same words.
        self._spans: dict[int, dict[Hit, Span]] = {}

    @property
    def page(self) -> int:
        """Return the position of the break before the page's text, past the summary."""
        if self._page < 0:
            self._page = self.split + 1 + len(self.summary)
        return self._page

    @property
    def words(self) -> list[Word]:
        """Return its words, as the lexicon knows them, and the breaks."""
        if self._words is None:
            self._words = list(chain.from_iterable(self.title.words))
            self._words += self.summary.known[BREAK]
            self._words += chain.from_iterable(self.summary.words)
            if self.text is not None:
                self._words += self.summary.known[BREAK]
                self._words += chain.from_iterable(self.text.words)
        return self._words

    @property
    def at(self) -> Sequence[int]:
        """Return for each position how far along the entry it lies, in widths."""
        if self._at is None:
            is_even = self.title.is_spaced and self.summary.is_spaced
            if is_even and self.text is None:
                self._at = _even_distances(self.split, self.page)
            else:
                widths = map(_width, self.words)
                self._at = list(accumulate(widths, initial=0))[:-1]
        return self._at

    def is_written(self, position: int, wanted: str) -> bool:
        """Tell whether the word at a position has these letters, in this case."""
        whole = self._text(self.field_at(position))
        if _surely_lacks(whole, wanted):
            return False
        _, start, end = self.place(position, position)
        text = whole[start:end]
        if text.isascii() and text.isalnum():
            return text == wanted
        return "".join(letters(text)) == wanted

    def span(self, first: int, last: int, concept: str, clause: int = 0) -> Span:
        """Return the span of the words from `first` to `last`, both included."""
        field, start, end = self.place(first, last)
        return Span(
            field=field,
            start=start,
            end=end,
            quote=self._text(field)[start:end],
            concept=concept,
            clause=clause,
        )

    def spans(
        self, hits: Iterable[Hit], clause: int, concepts: Sequence[str]
    ) -> list[Span]:
        """Return the spans of what was found for a clause.

        Args:
            hits: first word, last word and atom of each.
            clause: the number of the clause.
            concepts: the concept's name for each atom, "" for a term.
        """
        known = self._spans.get(clause)
        if known is None:
            known = self._spans[clause] = {}
        found = []
        for hit in hits:
            span = known.get(hit)
            if span is None:
                first, last, atom = hit
                span = known[hit] = self.span(first, last, concepts[atom], clause)
            found.append(span)
        return found

    def field_at(self, position: int) -> Literal["title", "summary", "text"]:
        """Return the field that a word stands in."""
        if position < self.split:
            return "title"
        if self.text is None or position < self.page:
            return "summary"
        return "text"

    def place(
        self, first: int, last: int
    ) -> tuple[Literal["title", "summary", "text"], int, int]:
        """Return the field and the characters of a run of words in one field."""
        if last < self.split:
            return ("title", *self.title.characters(first, last))
        if self.text is not None and first > self.page:
            shift = self.page + 1
            return ("text", *self.text.characters(first - shift, last - shift))
        shift = self.split + 1
        return ("summary", *self.summary.characters(first - shift, last - shift))

    def _text(self, field: str) -> str:
        text: str = getattr(self.entry, field)
        return text
