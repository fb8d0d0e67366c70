"""An entry as a run of words, title first, with the way back to its text.

A break stands between title and summary, so that no phrase runs from one into the
other, while distances do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from monitor.model import Span
from monitor.text import Folded, fold, letters, token_spans, without_possessive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Entry
    from monitor.topics.lexicon import Word

WORD_WIDTH = 8
CJK_WIDTH = 5
"""A character's share of distance: eight words are as far as 8 x 1.6 characters."""


class Document:
    """The words of one entry.

    Args:
        entry: what was read.
        words: its words, as the lexicon knows them.
        split: the position of the break between title and summary.
    """

    __slots__ = ("_at", "_places", "entry", "split", "words")

    def __init__(self, entry: Entry, words: Sequence[Word], split: int) -> None:
        self.entry = entry
        self.words = words
        self.split = split
        self._at: list[int] | None = None
        self._places: dict[str, tuple[Folded, list[tuple[int, int]]]] = {}

    @property
    def at(self) -> list[int]:
        """Return for each position how far along the entry it lies, in widths."""
        if self._at is None:
            total, self._at = 0, []
            for word in self.words:
                self._at.append(total)
                total += word.width
        return self._at

    def letters(self, position: int) -> str:
        """Return the word at a position with its case kept."""
        field, start, end = self.place(position, position)
        return "".join(letters(self._text(field)[start:end]))

    def span(self, first: int, last: int, concept: str, clause: int) -> Span:
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
            return ("title", *self._characters("title", first, last))
        shift = self.split + 1
        return ("summary", *self._characters("summary", first - shift, last - shift))

    def _characters(self, field: str, first: int, last: int) -> tuple[int, int]:
        if field not in self._places:
            folded = fold(self._text(field))
            self._places[field] = (folded, token_spans(folded.text))
        folded, places = self._places[field]
        start, (final, end) = places[first][0], places[last]
        final_word = without_possessive(folded.text[final:end])
        return folded.original(start, final + len(final_word))

    def _text(self, field: str) -> str:
        return self.entry.title if field == "title" else self.entry.summary
