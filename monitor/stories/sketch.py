"""Reduce an entry to a sketch: what can be compared, small enough to keep by the million.

A sketch holds two things. The *shingles* say how a text is worded: hashes of its pairs
of words (of three characters in scripts without spaces), of which the smallest
`SHINGLES` are kept; two such samples tell how much of one text is in the other
(Broder, "On the resemblance and containment of documents", 1997). The *facts* say what
it tells: words, which of them are names, numbers, concepts. Everything is a hash that
is the same in every process, so sketches may be stored. What two sketches mean is for
`monitor.stories.likeness`.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING
from zlib import crc32

from msgspec import Struct

from monitor.stories.boilerplate import bare_text, bare_title
from monitor.stories.numerals import numbers_in
from monitor.stories.sounds import sound_of
from monitor.text import stem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Match

SHINGLES = 64
"""Shingles kept of one text; a title and a lead have fewer, so most are kept whole."""

WORDS = 64
"""Words kept of one text; of more, those with the smallest hashes."""

SHINGLE_KEYS, FACT_KEYS = 6, 10
"""Keys under which a sketch is filed: by wording and by what it tells."""

# Text is read so far only: the beginning tells the news, and a feed may hold a book.
_ENOUGH = 4000

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
_ENDS_SENTENCE = re.compile(r"[.!?:;\"“”]\s*$|^\s*$")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = re.compile("[\uac00-\ud7a3]")

_SHORT = 3
"""Letters of a word that mostly joins others ("of", "the", "for")."""

_IDLE = frozenset(
    [
        "said",
        "says",
        "saying",
        "told",
        "tell",
        "tells",
        "would",
        "could",
        "will",
        "from",
        "with",
        "that",
        "this",
        "have",
        "been",
        "were",
        "after",
        "over",
        "about",
        "into",
        "than",
        "they",
        "them",
        "their",
        "there",
        "which",
        "while",
        "when",
        "where",
        "what",
        "more",
        "most",
        "some",
        "other",
        "also",
        "year",
        "years",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "according",
        "report",
        "reported",
        "reports",
        "new",
        "official",
        "officials",
        "government",
        "minister",
        "ministry",
        "president",
        "spokesman",
        "spokeswoman",
    ]
)
_START, _END = 1, 3
_BEGINNING = 4
_MASK = 0xFFFFFFFF
_SPREAD = 0x9E3779B1


class Sketch(Struct, frozen=True, gc=False):
    """What is kept of one wording of an entry. All numbers are 32-bit hashes.

    Args:
        lang: the language's primary tag, or "" when nothing tells.
        size: how many shingles the text has.
        is_spaced: shingles are pairs of words; else three characters each.
        shingles: the smallest hashes of them, at most `SHINGLES`.
        words: the words, names included.
        names: those of the words that are written as names somewhere in the text.
        sounds: how the names sound, which outlives a change of script.
        numbers: the numbers; those up to 12 stand for themselves.
        concepts: the actors and the concepts of the evidence.
        actors: the actors among the concepts.
    """

    lang: str
    size: int
    is_spaced: bool
    shingles: frozenset[int]
    words: frozenset[int]
    names: frozenset[int]
    sounds: frozenset[int]
    numbers: frozenset[int]
    concepts: frozenset[int]
    actors: frozenset[int]

    @property
    def is_whole(self) -> bool:
        """Say whether no shingle was left out."""
        return self.size <= SHINGLES


SMALL = 12
"""Numbers up to this are common, and say little of what they count."""


def sketch_of(match: Match) -> Sketch:
    """Reduce a match to its sketch."""
    entry = match.entry
    title = bare_title(_plain(entry.title))
    text = bare_text(_plain(entry.summary))
    both = f"{title}\n{text}"
    unspaced = 0 if both.isascii() else len(_UNSPACED_LETTER.findall(both))
    is_spaced = 3 * unspaced <= len(both)
    if not is_spaced:
        shingles = _runs_of_three(title) | _runs_of_three(text)
        words, names, spelled = _unspaced_words(both)
        numbers = numbers_in(both.lower())
    else:
        shingles, words, names, spelled, numbers = _spaced(title, text)
    common = _beginnings(match.actors)
    common_names = {each for each in spelled if each.lower().startswith(common)}
    names -= {_fact(each.casefold()) for each in common_names}
    sounds = frozenset(
        _hash(sound) for sound in map(sound_of, spelled - common_names) if sound
    )
    actors = frozenset(map(_hash, match.actors))
    concepts = {_hash(span.concept) for span in match.spans if span.concept}
    return Sketch(
        entry.lang.partition("-")[0].lower() or _tongue(both),
        len(shingles),
        is_spaced,
        _smallest(shingles, SHINGLES),
        kept := _smallest(words, WORDS),
        kept & names,
        sounds,
        frozenset(map(_number, numbers)),
        actors | concepts,
        actors,
    )


def _plain(text: str) -> str:
    text = text[:_ENOUGH]
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=1024)
def _beginnings(actors: tuple[str, ...]) -> tuple[str, ...]:
    """Return how the names of actors begin: "japan" and "japanese" say one thing.

    Every report with these actors has them, so they tell no more than any word.
    """
    slugs = (each.rpartition("/")[2] for each in actors)
    return tuple(part[:_BEGINNING] for slug in slugs for part in slug.split("-"))


def _spaced(
    title: str, text: str
) -> tuple[set[int], set[int], set[int], set[str], set[float]]:
    """Return shingles, words, names (twice) and numbers of a text with spaces."""
    shingles: set[int] = set()
    words: set[int] = set()
    spelled: set[str] = set()
    numbers: set[float] = set()
    for piece in (title, text):
        found = _WORD.findall(piece)
        folded = [each.casefold() for each in found]
        if not folded:
            continue
        # The ends count as words, so that a title of one word has shingles as well.
        hashes = [_START, *map(_word_hash, folded), _END]
        shingles.update(
            (one * 31 + other) * _SPREAD & _MASK
            for one, other in pairwise(hashes)
            if one & 1 or other & 1
        )
        words.update(map(_fact, folded))
        spelled.update(_named(piece, found))
        numbers |= numbers_in(piece.lower(), folded)
    names = {_fact(each.casefold()) for each in spelled}
    words |= names
    words.discard(0)
    names.discard(0)
    return shingles, words, names, spelled, numbers


def _named(piece: str, found: list[str]) -> list[str]:
    """Return the words written with a capital that no sentence's start explains."""
    capital = [each for each in found if not each.islower() and each[0].isupper()]
    if not capital:
        return []
    lower = sum(len(each) > _SHORT for each in found if each.islower())
    acronyms = [each for each in capital if each.isupper()]
    if len(acronyms) > len(found) // 2:
        return []  # shouted
    if lower < len(capital) / 2:
        return acronyms  # Every Word Of A Headline
    starts = {each[1] for each in _SENTENCE_START.finditer(piece)}
    return [each for each in capital if each not in starts or each.isupper()]


_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|[\"“”]\s*)([^\W\d_]+(?:['’-]?[^\W_]+)*)")


def _runs_of_three(text: str) -> set[int]:
    """Return the shingles of a text without spaces."""
    letters = _NOT_LETTER.sub("", text).casefold().encode("utf-32-le", "replace")
    return {
        crc32(letters[at : at + 12]) * _SPREAD & _MASK
        for at in range(0, len(letters) - 8, 4)
    }


def _unspaced_words(text: str) -> tuple[set[int], set[int], set[str]]:
    words: set[int] = set()
    for run in _HAN.findall(text):
        plain = list(map(stem, run))
        words.update(_pair(one + two) for one, two in pairwise(plain))
    foreign = _WORD.findall(text)
    katakana = _KATAKANA.findall(text)
    spelled = {each for each in foreign if each[0].isupper()}
    names = {_hash(each) for each in katakana}
    names.update(_fact(each.casefold()) for each in spelled)
    words.update(_fact(each.casefold()) for each in foreign)
    names.discard(0)
    words.discard(0)
    return words | names, names, spelled.union(katakana)


@lru_cache(maxsize=65536)
def _word_hash(folded: str) -> int:
    """Return a hash that is odd for a word and even for one that joins others."""
    is_long = len(folded) > _SHORT or folded[0].isdigit()
    return _hash(folded) & ~1 | is_long


@lru_cache(maxsize=65536)
def _pair(characters: str) -> int:
    return _hash(characters)


@lru_cache(maxsize=65536)
def _fact(folded: str) -> int:
    """Return the hash that stands for a word, or 0 for one that tells nothing."""
    if folded[0].isdigit() or len(folded) <= 1 or folded in _IDLE:
        return 0
    # Acronyms are short and tell much; the short words of a language tell nothing.
    if len(folded) <= _SHORT and folded in _JOINING:
        return 0
    for ending in ("'s", "’s"):
        folded = folded.removesuffix(ending)
    return _hash(stem(folded))


_JOINING = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "and",
        "or",
        "but",
        "not",
        "as",
        "is",
        "was",
        "are",
        "be",
        "been",
        "has",
        "had",
        "have",
        "it",
        "its",
        "his",
        "her",
        "he",
        "she",
        "we",
        "us",
        "our",
        "you",
        "who",
        "how",
        "why",
        "all",
        "any",
        "its",
        "off",
        "out",
        "up",
        "so",
        "no",
        "one",
        "two",
        "ten",
        "six",
        "may",
        "can",
        "did",
        "do",
        "per",
        "yet",
        "own",
        "set",
        "get",
        "got",
        "let",
        "put",
        "say",
        "new",
        "now",
        "ago",
        "day",
        "old",
        "de",
        "la",
        "le",
        "el",
        "en",
        "et",
        "un",
        "une",
        "der",
        "die",
        "das",
        "und",
        "den",
        "von",
        "mit",
        "des",
        "les",
        "du",
        "y",
        "que",
        "por",
        "del",
        "los",
        "se",
        "al",
        "zu",
        "im",
        "am",
        "il",
        "di",
        "e",
        "da",
        "do",
        "os",
        "as",
        "com",
        "il",
        "lo",
    ]
) - {"us"}


def _hash(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass")) * _SPREAD & _MASK


def _number(value: float) -> int:
    if value <= SMALL and value == int(value):
        return int(value)
    return _hash(f"{value:.10g}") | 0x80000000


def _smallest(hashes: Iterable[int], most: int) -> frozenset[int]:
    every = sorted(hashes)
    return frozenset(every[:most])


def _tongue(text: str) -> str:
    if text.isascii():
        return ""
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _HAN.search(text) else ""


def keys_of(sketch: Sketch, frame: str) -> tuple[int, ...]:
    """Return the keys to file a sketch under, at most 16, as signed 64-bit numbers.

    Args:
        frame: what two sketches must share to be compared at all, such as the topic.
    """
    seed = crc32(frame.encode("utf-8", "surrogatepass")) << 32
    telling = sorted(n for n in sketch.numbers if n > SMALL)[:3]
    telling += sorted(sketch.names)[: 5 if len(telling) > 1 else 6]
    rest = sorted(sketch.words - sketch.names)
    telling += rest[: FACT_KEYS - 1 - len(telling)]
    cast = _hash(",".join(map(str, sorted(sketch.actors)))) if sketch.actors else 0
    chosen = dict.fromkeys([*sorted(sketch.shingles)[:SHINGLE_KEYS], *telling, cast])
    return tuple((seed | each) - (1 << 63) for each in chosen if each)


def pack(sketch: Sketch) -> bytes:
    """Return a sketch as bytes, about half a kilobyte."""
    parts = [sorted(getattr(sketch, name)) for name in _PARTS]
    lang = sketch.lang.encode("utf-8", "replace")[:16]
    numbers = array("I", [sketch.size, *map(len, parts)])
    for part in parts:
        numbers.extend(part)
    return bytes([_FORM + sketch.is_spaced, len(lang)]) + lang + numbers.tobytes()


_PARTS = ("shingles", "words", "names", "sounds", "numbers", "concepts", "actors")
_FORM = 2  # and one more for a text with spaces; change it when a sketch changes


@lru_cache(maxsize=4096)
def unpack(data: bytes) -> Sketch | None:
    """Return the sketch that `pack` wrote; None for one of another form."""
    if data[0] & ~1 != _FORM:
        return None
    lang = data[2 : 2 + data[1]].decode()
    numbers = array("I", data[2 + data[1] :])
    sizes = numbers[1 : 1 + len(_PARTS)]
    parts, at = [], 1 + len(_PARTS)
    for size in sizes:
        parts.append(frozenset(numbers[at : at + size]))
        at += size
    return Sketch(lang, numbers[0], bool(data[0] & 1), *parts)
