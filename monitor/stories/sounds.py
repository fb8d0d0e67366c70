"""Reduce a name to its consonants, so that "Hebron" and "ヘブロン" are one.

Japanese spells foreign names by their sound. The consonants mostly survive that; the
vowels do not, and r and l, b and v become one. A name of fewer than three consonants
is too little to tell anything.
"""

from __future__ import annotations

import re

_LEAST = 3

_ROWS = {
    "K": "カキクケコ",
    "G": "ガギグゲゴ",
    "S": "サシスセソ",
    "Z": "ザジズゼゾヂヅ",
    "T": "タチツテト",
    "D": "ダデド",
    "N": "ナニヌネノン",
    "H": "ハヒヘホ",
    "F": "フ",
    "B": "バビブベボヴ",
    "P": "パピプペポ",
    "M": "マミムメモ",
    "R": "ラリルレロ",
    "W": "ワヲ",
}
_KANA = {kana: sound for sound, row in _ROWS.items() for kana in row}
_GLIDE = re.compile("ウ(?=[ァィェォ])")

_PAIRS = {"wh": "w", "ph": "f", "ch": "t", "sh": "s", "th": "s", "ck": "k", "x": "ks"}
_PAIR = re.compile("|".join(_PAIRS))
_SOFT = re.compile("c(?=[eiy])")
_DOUBLED = re.compile(r"(.)\1")
_LETTERS = {letter: letter.upper() for letter in "kgstdnhfbpmrwz"}
_LETTERS |= {"l": "R", "v": "B", "j": "Z", "c": "K", "q": "K"}


def sound_of(name: str) -> str:
    """Return the consonants of a name in katakana or Latin letters, or ""."""
    if name.isascii():
        plain = _PAIR.sub(lambda found: _PAIRS[found[0]], _SOFT.sub("s", name.lower()))
        sound = "".join(_LETTERS.get(each, "") for each in _DOUBLED.sub(r"\1", plain))
    else:
        sound = "".join(_KANA.get(each, "") for each in _GLIDE.sub("ワ", name))
    return sound if len(sound) >= _LEAST else ""
