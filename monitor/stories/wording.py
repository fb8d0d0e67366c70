"""Take a text apart: how it is worded, and the words and names that tell what it tells.

Every result is a 32-bit hash that is the same in every process, or the spelling of a
name. What becomes of them is for `monitor.stories.sketch`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, cast
from zlib import crc32

from monitor.stories.numerals import SPELLED, numbers_in
from monitor.text import stem

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u30a1-\u30fa"
    "\u30fc-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_LETTER = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(
    rf"\d+(?:[.,]\d+)*|[^\W\d_{_UNSPACED}]+(?:['’-]?[^\W_{_UNSPACED}]+)*"
)
_NOT_LETTER = re.compile(r"[\W_]+")
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]{3,}")
_HAN = re.compile("[\u3005\u3400-\u4dbf\u4e00-\u9fff]{2,}")
_AFTER_STOP = re.compile(r"[.!?:;\"“”]\s*([^\W\d_]+(?:['’-]?[^\W_]+)*)")

_SHORT = 3
"""Letters of a word that mostly joins others ("of", "the", "for")."""

_IDLE_WORDS = (
    "said says saying told tell tells would could will from with that this have "
    "been were after over about into than they them their there which while when "
    "where what more most some other also year years monday tuesday wednesday "
    "thursday friday saturday sunday january february march april june july "
    "august september october november december according report reported reports "
    "new official officials government minister ministry president spokesman "
    "spokeswoman"
)
_IDLE = frozenset(_IDLE_WORDS.split())
_JOINING_WORDS = (
    "a an the of to in on at by for and or but not as is was are be been has had "
    "have it its his her he she we our you who how why all any off out up so no "
    "one two ten six may can did do per yet own set get got let put say new now "
    "ago day old de la le el en et un une der die das und den von mit des les du "
    "y que por del los se al zu im am il di e da os com lo"
)
# Not "us", which is a state as well.
_JOINING = frozenset(_JOINING_WORDS.split())

_MASK = 0xFFFFFFFF
_SPREAD = 0x9E3779B1
_BEFORE = 31 * _SPREAD
_START = _BEFORE & _MASK


class Wording(NamedTuple):
    """A text taken apart.

    Args:
        shingles: pairs of words; three characters each where words are not spaced.
        words: the words that tell something, names included.
        names: the words that are written as names.
        spelled: the names as they are spelled.
    """

    is_spaced: bool
    shingles: set[int]
    words: set[int]
    names: set[int]
    spelled: set[str]
    numbers: set[float]


def hash_of(text: str) -> int:
    """Return a 32-bit hash that is the same in every process."""
    # The product spreads what a checksum leaves close together.
    return crc32(text.encode("utf-8", "surrogatepass")) * _SPREAD & _MASK


@lru_cache(maxsize=4096)
def fact_of(written: str) -> int:
    """Return the hash that stands for a word, or 0 for one that tells nothing."""
    return _fact(written.casefold())


def take_apart(title: str, text: str) -> Wording:
    """Take a headline and what stands under it apart; both normalised (NFKC)."""
    both = f"{title}\n{text}"
    unspaced = 0 if both.isascii() else len(_UNSPACED_LETTER.findall(both))
    # Names and numbers in Latin letters do not make a Chinese text a spaced one.
    if 3 * unspaced > len(both):
        return _unspaced(title, text)
    return _spaced(title, text)


def _words_of(piece: str) -> list[_Word]:
    """Return what is known of the words of a piece of text, in order."""
    # No word holds a space; so what lies between two spaces, mostly one word with or
    # without a comma, is looked at once for all.
    words = list(map(_known.__getitem__, piece.split()))
    if all(words):
        return words
    return list(map(_known.__getitem__, _WORD.findall(piece)))


def _spaced(title: str, text: str) -> Wording:
    shingles: set[int] = set()
    facts: set[int] = set()
    named: list[_Word] = []
    all_words: list[_Word] = []
    all_marks = b""
    for piece in (title, text):
        words = _words_of(piece)
        if not words:
            continue
        begun, ended, told, marked, _ = zip(*words, strict=True)
        marks = bytes(marked)
        # The start counts as a word, so that a title of one word has a shingle as well.
        shingles.update(
            [
                one + other & _MASK
                for one, other in zip((_START, *begun), ended, strict=False)
                if (one | other) & 1
            ]
        )
        facts.update(told)
        named += _named(piece, words, marks)
        all_words += words
        all_marks += marks
    names = {each[_FACT] for each in named}
    facts.discard(0)
    names.discard(0)
    spoken: Sequence[str] = ()
    if all_marks and max(all_marks) >= _NUMERAL:
        spoken = [each[_WRITTEN].casefold() for each in all_words]
    numbers = numbers_in(f"{title}\n{text}".lower(), spoken)
    spelled = {each[_WRITTEN] for each in named}
    return Wording(True, shingles, facts | names, names, spelled, numbers)


# A plain tuple, which the collector forgets, and of few objects.
_Word: TypeAlias = tuple[int, int, int, int, str]
"""Of a word: its part in the shingle that it begins and in the one that it ends, the sum
of two such parts being the hash; its fact, its marks, itself. The parts are odd, but even
of a word that only joins others."""

# Places in it.
_FACT: Final = 2
_MARKS: Final = 3
_WRITTEN: Final = 4

_LOWER, _CAPITAL, _ACRONYM, _NUMERAL = 1, 2, 4, 8
"""Marks: long and without a capital; with one; of capitals only; a number spelled out."""

_NO_WORD = cast("_Word", ())  # or several


class _Words(dict[str, _Word]):
    """Remember words; forgetting all at times is faster than ordering them by use."""

    def __missing__(self, chunk: str) -> _Word:
        """Look at what is not known yet; what is not one word is empty."""
        if len(self) >= _REMEMBERED:
            self.clear()
        found = _WORD.findall(chunk)
        if found == [chunk]:
            known = _look_at(chunk)
        else:
            known = self[found[0]] if len(found) == 1 else _NO_WORD
        self[chunk] = known
        return known


_known = _Words()
_REMEMBERED = 65536


def _look_at(written: str) -> _Word:
    folded = written.casefold()
    is_long = len(folded) > _SHORT or folded[0].isdigit()
    hashed = hash_of(folded) & ~1 | is_long
    marks = _NUMERAL if folded in SPELLED else 0
    if written[0].isupper():
        is_acronym = len(written) > 1 and written.isupper()
        marks |= _CAPITAL | _ACRONYM if is_acronym else _CAPITAL
    elif is_long and written.islower():
        marks |= _LOWER
    begins, ends = hashed * _BEFORE & _MASK, hashed * _SPREAD & _MASK
    return begins, ends, _fact(folded), marks, written


def _named(piece: str, words: Sequence[_Word], marks: bytes) -> list[_Word]:
    """Return the words written with a capital that no sentence's start explains."""
    capital = [each for each in words if each[_MARKS] & _CAPITAL]
    if not capital:
        return []
    acronyms = [each for each in capital if each[_MARKS] & _ACRONYM]
    if len(acronyms) > len(words) // 2:
        return []  # shouted
    lower = marks.count(_LOWER) + marks.count(_LOWER | _NUMERAL)
    if lower < len(capital) / 2:
        return acronyms  # Every Word Of A Headline
    starts = {words[0][_WRITTEN], *_AFTER_STOP.findall(piece)}
    return [each for each in capital if each[_WRITTEN] not in starts] + acronyms


def _fact(folded: str) -> int:
    """Return the hash that stands for a word, or 0 for one that tells nothing."""
    if folded[0].isdigit() or len(folded) <= 1 or folded in _IDLE:
        return 0
    # Other short words tell nothing either, but acronyms tell much.
    if len(folded) <= _SHORT and folded in _JOINING:
        return 0
    for ending in ("'s", "’s"):
        folded = folded.removesuffix(ending)
    return hash_of(stem(folded))


def _unspaced(title: str, text: str) -> Wording:
    both = f"{title}\n{text}"
    words: set[int] = set()
    for run in _HAN.findall(both):
        plain = list(map(stem, run))
        words.update(_pair(one + two) for one, two in pairwise(plain))
    foreign = _WORD.findall(both)
    katakana = _KATAKANA.findall(both)
    capital = {each for each in foreign if each[0].isupper()}
    names = {hash_of(each) for each in katakana}
    names.update(_known[each][_FACT] for each in capital)
    words.update(_known[each][_FACT] for each in foreign)
    names.discard(0)
    words.discard(0)
    return Wording(
        False,
        _runs_of_three(title) | _runs_of_three(text),
        words | names,
        names,
        capital.union(katakana),
        numbers_in(both.lower()),
    )


@lru_cache(maxsize=65536)
def _pair(characters: str) -> int:
    return hash_of(characters)


def _runs_of_three(text: str) -> set[int]:
    """Return every three characters in a row, each of four bytes here."""
    letters = _NOT_LETTER.sub("", text).casefold().encode("utf-32-le", "replace")
    return {
        crc32(letters[at : at + 12]) * _SPREAD & _MASK
        for at in range(0, len(letters) - 8, 4)
    }
