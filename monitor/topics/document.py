"""An entry as a run of words, title first, with the way back to its text.

A break stands between title and summary, so that no phrase runs from one into the
other, while distances do.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from monitor.model import Span
from monitor.text import Folded, letters, token_spans, without_possessive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Entry
    from monitor.topics.lexicon import Word

WORD_WIDTH = 8
CJK_WIDTH = 5
"""A character's share of distance: eight words are as far as 8 x 1.6 characters."""

_width = attrgetter("width")


class Field:
    """The text of one field, cut into pieces that hold some words each.

    Args:
        folded: the text, folded.
        pieces: what it was cut into, in order.
        words: the words of each piece.
    """

    __slots__ = ("_firsts", "_starts", "folded", "pieces", "words")

    def __init__(
        self,
        folded: Folded,
        pieces: Sequence[str],
        words: Sequence[tuple[Word, ...]],
    ) -> None:
        self.folded = folded
        self.pieces = pieces
        self.words = words
        self._firsts: list[int] | None = None
        self._starts: list[int] = []

    def characters(self, first: int, last: int) -> tuple[int, int]:
        """Return where in the original a run of words begins and ends."""
        start, (final, end) = self._span(first)[0], self._span(last)
        final_word = without_possessive(self.folded.text[final:end])
        return self.folded.original(start, final + len(final_word))

    def spans(self) -> list[tuple[int, int]]:
        """Return where each word begins and ends in the folded text."""
        found: list[tuple[int, int]] = []
        for place, (piece, held) in enumerate(
            zip(self.pieces, self.words, strict=True)
        ):
            if not held:
                continue
            begin = self._start(place)
            inside = token_spans(piece)
            if len(inside) != len(held):
                # Punctuation between CJK characters is no token when read alone.
                inside = [(0, len(piece))] * len(held)
            found += [(begin + start, begin + end) for start, end in inside]
        return found

    def _span(self, number: int) -> tuple[int, int]:
        """Return where a word begins and ends in the folded text."""
        if self._firsts is None:
            self._firsts = list(accumulate(map(len, self.words), initial=0))
        place = bisect_right(self._firsts, number) - 1
        piece, begin = self.pieces[place], self._start(place)
        if len(self.words[place]) == 1 and piece.isalnum():
            return begin, begin + len(piece)
        start, end = token_spans(piece)[number - self._firsts[place]]
        return begin + start, begin + end

    def _start(self, place: int) -> int:
        starts, text = self._starts, self.folded.text
        at = starts[-1] + len(self.pieces[len(starts) - 1]) if starts else 0
        # What stands between two pieces cannot begin a piece.
        for piece in self.pieces[len(starts) : place + 1]:
            at = text.find(piece, at)
            starts.append(at)
            at += len(piece)
        return starts[place]


class Document:
    """The words of one entry.

    Args:
        entry: what was read.
        words: its words, as the lexicon knows them.
        split: the position of the break between title and summary.
        title: the text of the title.
        summary: the text of the summary.
    """

    __slots__ = ("_at", "entry", "split", "summary", "title", "words")

    def __init__(
        self,
        entry: Entry,
        words: Sequence[Word],
        split: int,
        title: Field,
        summary: Field,
    ) -> None:
        self.entry = entry
        self.words = words
        self.split = split
        self.title = title
        self.summary = summary
        self._at: list[int] | None = None

    @property
    def at(self) -> list[int]:
        """Return for each position how far along the entry it lies, in widths."""
        if self._at is None:
            widths = map(_width, self.words)
            self._at = list(accumulate(widths, initial=0))[:-1]
        return self._at

    def letters(self, position: int) -> str:
        """Return the word at a position with its case kept."""
        field, start, end = self.place(position, position)
        return "".join(letters(self._text(field)[start:end]))

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

    def place(
        self, first: int, last: int
    ) -> tuple[Literal["title", "summary"], int, int]:
        """Return the field and the characters of a run of words in one field."""
        if last < self.split:
            return ("title", *self.title.characters(first, last))
        shift = self.split + 1
        return ("summary", *self.summary.characters(first - shift, last - shift))

    def _text(self, field: str) -> str:
        return self.entry.title if field == "title" else self.entry.summary
