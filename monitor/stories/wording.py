"""Take a text apart: how it is worded, and the words and names that tell what it tells.

Every result is a 32-bit hash that is the same in every process, or the spelling of a
name. What becomes of them is for `monitor.stories.sketch`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias
from zlib import crc32

from monitor.stories.numerals import numbers_in
from monitor.text import stem

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u30a1-\u30fa"
    "\u30fc-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED_LETTER = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(
    rf"\d+(?:[.,]\d+)*|[^\W\d_{_UNSPACED}]+(?:['’-]?[^\W_{_UNSPACED}]+)*"
)
_ASCII_WORD = re.compile(r"[A-Za-z]+(?:['-]?[A-Za-z0-9]+)*|\d+(?:[.,]\d+)*")
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

_START = 1
_MASK = 0xFFFFFFFF
_SPREAD = 0x9E3779B1


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


def fact_of(written: str) -> int:
    """Return the hash that stands for a word, or 0 for one that tells nothing."""
    return _words[written][1]


def take_apart(title: str, text: str) -> Wording:
    """Take a headline and what stands under it apart; both normalised (NFKC)."""
    both = f"{title}\n{text}"
    unspaced = 0 if both.isascii() else len(_UNSPACED_LETTER.findall(both))
    # Names and numbers in Latin letters do not make a Chinese text a spaced one.
    if 3 * unspaced > len(both):
        return _unspaced(title, text)
    return _spaced(title, text)


def _spaced(title: str, text: str) -> Wording:
    shingles: set[int] = set()
    facts: set[int] = set()
    spelled: set[str] = set()
    spoken: list[str] = []
    for piece in (title, text):
        found = (_ASCII_WORD if piece.isascii() else _WORD).findall(piece)
        if not found:
            continue
        words = list(map(_words.__getitem__, found))
        # The start counts as a word, so that a title of one word has a shingle as well.
        hashes = [_START, *[each[0] for each in words]]
        shingles |= {
            (one * 31 + other) * _SPREAD & _MASK
            for one, other in pairwise(hashes)
            if one & 1 or other & 1
        }
        facts.update([each[1] for each in words])
        spelled.update(_named(piece, words))
        spoken += [each[2] for each in words]
    names = {_words[each][1] for each in spelled}
    facts.discard(0)
    names.discard(0)
    numbers = numbers_in(f"{title}\n{text}".lower(), spoken)
    return Wording(True, shingles, facts | names, names, spelled, numbers)


_Word: TypeAlias = tuple[int, int, str, str, str, bool]
"""Of a word: its hash, its fact, its folded form; itself if it has a capital, itself if
it is an acronym; whether it is long and has none."""


class _Words(dict[str, _Word]):
    """Remember words; forgetting all at times is faster than ordering them by use."""

    def __missing__(self, written: str) -> _Word:
        """Look at a word that is not known yet."""
        if len(self) >= _REMEMBERED:
            self.clear()
        known = self[written] = _look_at(written)
        return known


_REMEMBERED = 65536
_words = _Words()


def _look_at(written: str) -> _Word:
    """Look at a word; its hash is odd, but even when it only joins others."""
    folded = written.casefold()
    is_long = len(folded) > _SHORT or folded[0].isdigit()
    capital = written if written[0].isupper() else ""
    return (
        hash_of(folded) & ~1 | is_long,
        _fact(folded),
        folded,
        capital,
        capital if len(written) > 1 and written.isupper() else "",
        is_long and written.islower(),
    )


def _named(piece: str, words: list[_Word]) -> list[str]:
    """Return the words written with a capital that no sentence's start explains."""
    capital = [each[3] for each in words if each[3]]
    if not capital:
        return []
    acronyms = [each[4] for each in words if each[4]]
    if len(acronyms) > len(words) // 2:
        return []  # shouted
    lower = sum([each[5] for each in words])
    if lower < len(capital) / 2:
        return acronyms  # Every Word Of A Headline
    starts = {words[0][3], *_AFTER_STOP.findall(piece)}
    return [each for each in capital if each not in starts] + acronyms


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
    names.update(_words[each][1] for each in capital)
    words.update(_words[each][1] for each in foreign)
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
