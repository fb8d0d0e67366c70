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
import struct
import unicodedata
from array import array
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from zlib import crc32

from msgspec import Struct

from monitor.stories.boilerplate import bare_text, bare_title
from monitor.stories.sounds import sound_of
from monitor.stories.wording import fact_of, hash_of, take_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Match

SHINGLES = 64
"""Shingles kept of one text; a title and a lead have fewer, so most are kept whole."""

WORDS = 64
"""Words kept of one text; of more, those with the smallest hashes."""

SHINGLE_KEYS, FACT_KEYS = 6, 10
"""Keys under which a sketch is filed: by wording and by what it tells."""

SMALL = 12
"""Numbers up to this are common, and say little of what they count."""

# Text is read so far only: the beginning tells the news, and a feed may hold a book.
_ENOUGH = 4000

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_BEGINNING = 4


Hashes: TypeAlias = "Sequence[int]"
"""Different hashes, the smallest first."""


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
        leader: the actor that acts, or 0.
    """

    lang: str
    size: int
    is_spaced: bool
    shingles: Hashes
    words: Hashes
    names: frozenset[int]
    sounds: frozenset[int]
    numbers: frozenset[int]
    concepts: frozenset[int]
    actors: frozenset[int]
    leader: int

    @property
    def is_whole(self) -> bool:
        """Say whether no shingle was left out."""
        return self.size <= SHINGLES


def sketch_of(match: Match) -> Sketch:
    """Reduce a match to its sketch."""
    entry = match.entry
    title = bare_title(_plain(entry.title))
    text = bare_text(_plain(entry.summary))
    wording = take_apart(title, text)
    spelled, names = wording.spelled, wording.names
    common = _beginnings(match.actors)
    if common:
        for each in [each for each in spelled if each.lower().startswith(common)]:
            spelled.discard(each)
            names.discard(fact_of(each))
    actors = _actors(match.actors)
    concepts = {fact_of(span.concept) for span in match.spans if span.concept}
    words = _smallest(wording.words, WORDS)
    return Sketch(
        entry.lang.partition("-")[0].lower() or _tongue(f"{title}\n{text}"),
        len(wording.shingles),
        wording.is_spaced,
        _smallest(wording.shingles, SHINGLES),
        words,
        frozenset(words).intersection(names),
        frozenset(filter(None, map(_sound, spelled))),
        frozenset(map(_number, wording.numbers)),
        actors | concepts,
        actors,
        hash_of(match.actors[0]) if match.actors else 0,
    )


def _plain(text: str) -> str:
    text = text[:_ENOUGH]
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


@lru_cache(maxsize=1024)
def _actors(actors: tuple[str, ...]) -> frozenset[int]:
    return frozenset(map(hash_of, actors))


@lru_cache(maxsize=1024)
def _beginnings(actors: tuple[str, ...]) -> tuple[str, ...]:
    """Return how the names of actors begin: "japan" and "japanese" say one thing.

    Every report with these actors has them, so they tell no more than any word.
    """
    slugs = (each.rpartition("/")[2] for each in actors)
    return tuple(part[:_BEGINNING] for slug in slugs for part in slug.split("-"))


def _number(value: float) -> int:
    if value <= SMALL and value == int(value):
        return int(value)
    return hash_of(f"{value:.10g}") | 0x80000000


def _smallest(hashes: set[int], most: int) -> tuple[int, ...]:
    return tuple(sorted(hashes)[:most])


@lru_cache(maxsize=65536)
def _sound(name: str) -> int:
    sound = sound_of(name)
    return hash_of(sound) if sound else 0


def _tongue(text: str) -> str:
    if text.isascii():
        return ""
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _HAN.search(text) else ""


class Keys(NamedTuple):
    """What a sketch is filed under, as signed 64-bit numbers."""

    wording: tuple[int, ...]
    facts: tuple[int, ...]


def keys_of(sketch: Sketch, frame: str) -> Keys:
    """Return the keys of a sketch, at most 6 and 10, the same in every process.

    Args:
        frame: what two sketches must share to be compared at all, such as the topic.
    """
    seed = (crc32(frame.encode("utf-8", "surrogatepass")) << 32) - (1 << 63)
    telling = sorted([n for n in sketch.numbers if n > SMALL])[:3]
    telling += sorted(sketch.names)[: 5 if len(telling) > 1 else 6]
    plain = (each for each in sketch.words if each not in sketch.names)
    telling += islice(plain, FACT_KEYS - 1 - len(telling))
    if sketch.actors:
        telling.append(hash_of(",".join(map(str, sorted(sketch.actors)))))
    return Keys(
        tuple([seed | each for each in sketch.shingles[:SHINGLE_KEYS]]),
        tuple([seed | each for each in dict.fromkeys(telling)]),
    )


def fact_of_key(key: int) -> int:
    """Return the hash that a key was made of."""
    return key & 0xFFFFFFFF


def pack(sketch: Sketch) -> bytes:
    """Return a sketch as bytes, about half a kilobyte."""
    others = [sorted(getattr(sketch, name)) for name in _PARTS[2:]]
    parts = (sketch.shingles, sketch.words, *others)
    lang = sketch.lang.encode("utf-8", "replace")[:16]
    sizes = (sketch.size, sketch.leader, *map(len, parts))
    numbers = array("I", tuple(chain(sizes, *parts)))
    return bytes([_FORM + sketch.is_spaced, len(lang)]) + lang + numbers.tobytes()


_PARTS = ("shingles", "words", "names", "sounds", "numbers", "concepts", "actors")
_FORM = 2  # and one more for a text with spaces; change it when a sketch changes


def unpack(data: bytes) -> Sketch | None:
    """Return the sketch that `pack` wrote; None for one of another form."""
    if data[0] & ~1 != _FORM:
        return None
    start = 2 + data[1]
    numbers = array("I", data[start:])
    parts, at = [], 2 + len(_PARTS)
    for size in numbers[2:at]:
        parts.append(numbers[at : at + size])
        at += size
    # Making sets of the long ones would cost more than all comparing.
    shingles, words, *others = parts
    names, sounds, spelled, concepts, actors = map(frozenset, others)
    return Sketch(
        data[2:start].decode(),
        numbers[0],
        bool(data[0] & 1),
        shingles,
        words,
        names,
        sounds,
        spelled,
        concepts,
        actors,
        numbers[1],
    )


def actors_in(data: bytes) -> frozenset[int]:
    """Return the actors of a packed sketch, without unpacking the rest."""
    at = 2 + data[1] + 4 * (1 + len(_PARTS))  # their number stands last of the sizes
    (size,) = _SIZE.unpack_from(data, at)
    return frozenset(memoryview(data)[len(data) - 4 * size :].cast("I"))


_SIZE = struct.Struct("=I")
