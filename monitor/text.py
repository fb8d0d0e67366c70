"""Fold text for comparing, cut it into tokens, and lead every token back to its text.

Owns what counts as the same word: entities and tags, width and case (NFKC, case folding), apostrophes,
possessives, dotted abbreviations, English stems and irregular forms, the variants of
Chinese characters. Chinese, Japanese and Korean are cut
into one token per character. What tokens mean is for `monitor.topics`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from html import unescape
from operator import itemgetter
from typing import TypeAlias

import Stemmer
from msgspec import Struct

from monitor.irregular import IRREGULAR
from monitor.variants import VARIANTS

BREAK = ""
"""The token that stands between two pieces of text that no phrase may join."""

# Written without spaces, so one token per character: radicals, iteration marks, kana,
# bopomofo, Hangul and ideographs, with the extension planes.
_CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c"
    "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_LETTER = rf"[^\W\d_{_CJK}]"
# Folding leaves a few combining marks behind ("i" with a dot); they belong to the word.
_PART = rf"(?:[^\W_{_CJK}]|[\u0300-\u036f])"
_TOKEN = re.compile(
    rf"[{_CJK}]"
    rf"|(?<=[{_CJK}])\s*+[^\w\s][^\w]*+(?=[{_CJK}])"
    rf"|{_LETTER}(?:\.{_LETTER})+(?!{_PART})\.?(?:'[sS](?!{_PART}))?"
    r"|\d+(?:[.,]\d+)+"
    rf"|{_PART}+(?:'{_PART}+)*"
)
# The same for plain ASCII, which most news is: two times faster.
_ASCII_TOKEN = re.compile(
    r"[a-zA-Z](?:\.[a-zA-Z])+(?![a-zA-Z0-9])\.?(?:'[sS](?![a-zA-Z0-9]))?"
    r"|\d+(?:[.,]\d+)+"
    r"|[a-zA-Z0-9]+(?:'[a-zA-Z0-9]+)*"
)
_CJK_CHARACTER = re.compile(rf"[{_CJK}]")
_ABBREVIATION = re.compile(rf"{_LETTER}(?:\.{_LETTER})+\.?")

# One character for one character, so that offsets stay: the apostrophes that feeds use,
# and the wide forms of ASCII that fill Chinese and Japanese text.
_ONE_FOR_ONE = {ord(mark): "'" for mark in "\u2018\u2019\u201b\u02bc\u2032\uff07"}
_ONE_FOR_ONE |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_ONE_FOR_ONE[0x3000] = " "
_ANY_OF_THESE = re.compile(f"[{''.join(map(chr, _ONE_FOR_ONE))}]")
# Invisible inside a word: soft hyphen, joiners, byte order mark.
_INVISIBLE = re.compile("[\u00ad\u200c\u200d\u2060\ufeff]")

# An entity or a tag, where text was stored as its publisher marked it up.
_MARKUP = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    r"|</?[A-Za-z][^<>]{0,2000}>"
)

# Snowball is for words; a longer run of letters is data, and slow to stem.
_LONGEST_STEMMED = 64


_Mark: TypeAlias = tuple[int, int, int, int]
"""Where an entity or tag begins and ends: first without markup, then in the original."""


class Folded(Struct, frozen=True):
    """Text made ready for comparing, with the way back.

    Args:
        text: the folded text.
        starts: for each character of `text`, where it begins in the original; None
            when both run in step.
        ends: likewise, one past where it ends.
        marks: what was marked up, when there was markup.
    """

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None
    marks: tuple[_Mark, ...] = ()

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the piece of the original that a non-empty folded piece came from."""
        if self.starts is not None and self.ends is not None:
            start, end = self.starts[start], self.ends[end - 1]
        if not self.marks:
            return start, end
        return self._unmarked(start)[0], self._unmarked(end - 1)[1]

    def _unmarked(self, at: int) -> tuple[int, int]:
        """Return the piece of the original of one character without markup."""
        number = bisect_right(self.marks, at, key=itemgetter(0)) - 1
        if number < 0:
            return at, at + 1
        _, plain_end, start, end = self.marks[number]
        if at < plain_end:
            return start, end
        return at - plain_end + end, at - plain_end + end + 1


_NOT_WORD = re.compile(r"[\W_]+")
# The same for ASCII, several times faster.
_ASCII_NOT_WORD = {code: " " for code in range(128) if not chr(code).isalnum()}


def bare(text: str) -> str:
    """Return a text's letters and digits, in words: what stays the same in a copy.

    Case, punctuation, width and spacing do not count.
    """
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_NOT_WORD).split())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_WORD.sub(" ", folded).strip()


def fold(text: str) -> Folded:
    """Fold markup, width, case and the invisible away, and keep the way back."""
    if ("&" in text or "<" in text) and _MARKUP.search(text):
        return _fold_marked(text)
    return _fold_plain(text)


def _fold_plain(text: str) -> Folded:
    if text.isascii():
        return Folded(text.lower())
    plain = _narrowed(text)
    if unicodedata.is_normalized("NFKC", plain) and not _INVISIBLE.search(plain):
        folded = plain.casefold()
        # No character folds to nothing, so equal lengths mean one for one.
        if len(folded) == len(plain):
            return Folded(folded)
    return _fold_clusters(plain)


def _narrowed(text: str) -> str:
    """Return a text with what has a plain form in it."""
    # `str.translate` asks of every character; most texts hold few of these.
    return _ANY_OF_THESE.sub(lambda found: _ONE_FOR_ONE[ord(found[0])], text)


def _fold_marked(text: str) -> Folded:
    plain: list[str] = []
    marks: list[_Mark] = []
    at, length = 0, 0
    for found in _MARKUP.finditer(text):
        start, end = found.span()
        piece = unescape(found[0]) if found[0][0] == "&" else " "
        plain += [text[at:start], piece]
        length += start - at
        marks.append((length, length + len(piece), start, end))
        at, length = end, length + len(piece)
    folded = _fold_plain("".join([*plain, text[at:]]))
    return Folded(folded.text, folded.starts, folded.ends, tuple(marks))


def _fold_clusters(text: str) -> Folded:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        piece = _fold_piece(text[start:end])
        pieces.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))
    return Folded("".join(pieces), tuple(starts), tuple(ends))


def _fold_piece(text: str) -> str:
    visible = _INVISIBLE.sub("", text)
    return unicodedata.normalize("NFKC", visible).casefold()


def _clusters(text: str) -> list[tuple[int, int]]:
    """Cut text where no normalisation reaches across."""
    cuts = [0]
    cuts += [at for at in range(1, len(text)) if not _joins_previous(text[at])]
    return list(zip(cuts, [*cuts[1:], len(text)], strict=True)) if text else []


@lru_cache(maxsize=8192)
def _joins_previous(character: str) -> bool:
    if _INVISIBLE.match(character):
        return True
    first = unicodedata.normalize("NFKD", character)[0]
    is_mark = unicodedata.category(first).startswith("M")
    return is_mark or "\u1160" <= first <= "\u11ff"  # Hangul vowels and finals


def raw_tokens(folded: str) -> list[str]:
    """Return the tokens of folded text as they stand there, in order."""
    pattern = _ASCII_TOKEN if folded.isascii() else _TOKEN
    return pattern.findall(folded)


def token_spans(folded: str) -> list[tuple[int, int]]:
    """Return where each of `raw_tokens` begins and ends."""
    pattern = _ASCII_TOKEN if folded.isascii() else _TOKEN
    return [found.span() for found in pattern.finditer(folded)]


def word(raw: str) -> str:
    """Return the word of a raw token: no possessive, no dots in an abbreviation.

    `BREAK` when the token is the punctuation between two CJK characters.
    """
    bare = without_possessive(raw)
    if _ABBREVIATION.fullmatch(bare):
        return bare.replace(".", "")
    return bare if bare[0].isalnum() or unicodedata.combining(bare[0]) else BREAK


def without_possessive(raw: str) -> str:
    """Return a raw token without a possessive 's at its end."""
    return raw[:-2] if raw.endswith(("'s", "'S")) and len(raw) > len("'s") else raw


def words(text: str) -> list[str]:
    """Return the words of any text, folded, breaks included."""
    return [word(raw) for raw in raw_tokens(fold(text).text)]


def letters(text: str) -> list[str]:
    """Return the words of any text with their case kept, breaks included."""
    if "&" in text:
        text = unescape(text)
    visible = _INVISIBLE.sub("", _narrowed(text))
    return [word(raw) for raw in raw_tokens(unicodedata.normalize("NFKC", visible))]


def has_cjk(text: str) -> bool:
    """Tell whether any character is of a script without spaces."""
    return _CJK_CHARACTER.search(text) is not None


def is_cjk(token: str) -> bool:
    """Tell whether a token is one character of a script without spaces."""
    return len(token) == 1 and _CJK_CHARACTER.match(token) is not None


_english = Stemmer.Stemmer("english", 0)


@lru_cache(maxsize=65536)
def stem(folded_word: str) -> str:
    """Return what a folded word is compared by.

    That is its English Snowball stem, of an irregular form that of the word it belongs
    to; of a Chinese character the one form that stands for its variants.
    """
    if len(folded_word) > _LONGEST_STEMMED:
        return folded_word
    if is_cjk(folded_word):
        return VARIANTS.get(folded_word, folded_word)
    return str(_english.stemWord(IRREGULAR.get(folded_word, folded_word)))
