"""Read the numbers of a text, whatever way they are written.

"50 million", "5000万" and "5千万" are one number; so are "eleven" and "11". Dates, times
of day and years are left out: every report of one day shares them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_UNITS |= {"trillion": 1e12, "mn": 1e6, "bn": 1e9, "tn": 1e12, "m": 1e6, "k": 1e3}
_ONES = (
    "one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
_SMALL = _ONES.split()
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = _DECADES.split()
SPELLED = {word: float(value) for value, word in enumerate(_SMALL, 1)}
"""Numbers below a hundred as words."""
SPELLED |= {word: 10.0 * value for value, word in enumerate(_TENS, 2)}
SPELLED |= {
    f"{ten}-{one}": 10.0 * tens + ones
    for tens, ten in enumerate(_TENS, 2)
    for ones, one in enumerate(_SMALL[:9], 1)
}
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|"
    "aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_AFTER_MONTH = re.compile(rf"\b{_MONTH}\.? $")
_BEFORE_DATE = re.compile(
    rf"(?:st|nd|rd|th)? {_MONTH}\b|[年月日号時时点分:](?![間间]|連続|连续)"
)
_AFTER_HOUR = re.compile(r"\d:$")
_LONGEST_MONTH = 12
_DIGITS = re.compile(
    r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)"
    r"(?:\s?-?(?P<unit>hundred|thousand|million|billion|trillion|[mbt]n\b)"
    r"|(?P<short>[mk])(?![a-z0-9]))?"
)
_MONEY = "$€£¥"
_CJK_UNITS = {"": 1.0, "十": 10.0, "百": 100.0, "千": 1000.0}
_MYRIADS = {"万": 1e4, "萬": 1e4, "億": 1e8, "亿": 1e8, "兆": 1e12}
_KANJI = {digit: str(value) for value, digit in enumerate("〇一二三四五六七八九")}
_KANJI |= {"两": "2"}
_CJK = re.compile(
    r"(?P<number>(?:\d+(?:,\d{3})*(?:\.\d+)?[十百千]?[万萬億亿兆]?)+)"
    r"|[一二三四五六七八九两十百千][〇一二三四五六七八九十百千万萬億亿兆]*"
    r"(?=[人国國社隻艘个個枚発架名居住户戸家死%])"
)
_PIECE = re.compile(
    r"(\d+(?:\.\d+)?|[〇一二三四五六七八九两])?([十百千]?)([万萬億亿兆]?)"
)
_HAN = re.compile("[\u4e00-\u9fff]")
_YEARS = (1900, 2099)


def numbers_in(folded: str, words: Sequence[str] = ()) -> set[float]:
    """Return the numbers of a text that was folded (NFKC, lower case).

    Args:
        words: the words of the text, in which spelled numbers are looked for.
    """
    if not folded.isascii() and _HAN.search(folded):
        return {_cjk(found[0]) for found in _CJK.finditer(folded) if _counts(found)} - {
            0.0
        }
    numbers = {
        float(found["number"].replace(",", "")) * _unit(found)
        for found in _DIGITS.finditer(folded)
        if _counts(found)
    }
    return numbers | _spelled(words) if words else numbers


def _unit(found: re.Match[str]) -> float:
    unit = found["unit"]
    # "$5m" is money, "5m" a length.
    if found["short"] and found.string[max(0, found.start() - 1)] in _MONEY:
        unit = found["short"]
    return _UNITS[unit] if unit else 1.0


def _counts(found: re.Match[str]) -> bool:
    """Say whether a number is no part of a date or of a time of day."""
    text, start, end = found.string, *found.span()
    if _BEFORE_DATE.match(text, end) or _AFTER_HOUR.match(
        text, max(0, start - 2), start
    ):
        return False
    number = found["number"]
    if number is None or end != found.end("number") or not number.isascii():
        return True
    if len(number) == len("2026") and number.isdecimal():
        return not _YEARS[0] <= int(number) <= _YEARS[1]
    return not _AFTER_MONTH.search(text, max(0, start - _LONGEST_MONTH), start)


def _spelled(words: Sequence[str]) -> set[float]:
    found = set()
    for at, word in enumerate(words):
        number = SPELLED.get(word, 0.0)
        following = words[at + 1 : at + 2]
        unit = _UNITS.get(following[0], 1.0) if following else 1.0
        # "One" counts nothing, mostly.
        if number * unit > 1:
            found.add(number * unit)
    return found


def _cjk(text: str) -> float:
    total, part = 0.0, 0.0
    for digits, unit, myriad in _PIECE.findall(text.replace(",", "")):
        value = float(_KANJI.get(digits, digits)) if digits else float(bool(unit))
        part += value * _CJK_UNITS[unit]
        if myriad:
            total, part = total + (part or 1.0) * _MYRIADS[myriad], 0.0
    return total + part
