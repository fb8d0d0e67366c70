"""Cut a text into sentences, as far as its punctuation tells.

An abbreviation that is not listed ends a sentence too early; one with dots between its
letters ("U.S.") never ends any. Both err by one sentence, never by a word.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from monitor.text import fold, token_spans

_ENDS = re.compile(r"[。!?]|\.(?=[\"'\u201d\u2019)\]]*(?:\s|$))|\n\s*\n")
_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "rev",
        "hon",
        "gen",
        "lt",
        "col",
        "maj",
        "capt",
        "cpl",
        "sgt",
        "cmdr",
        "adm",
        "sen",
        "rep",
        "gov",
        "pres",
        "st",
        "mt",
        "ft",
        "no",
        "vs",
        "inc",
        "ltd",
        "corp",
        "co",
        "jr",
        "sr",
        "dept",
        "est",
        "approx",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
    ]
)


@lru_cache(maxsize=8)
def sentence_numbers(title: str, summary: str, text: str = "") -> tuple[int, ...]:
    """Return for each word of an entry the number of its sentence, the title's first.

    A break between title, summary and the text of the page has one of its own.
    """
    numbers = [*_numbers(title)]
    numbers.append(numbers[-1] + 1 if numbers else 0)
    after = numbers[-1] + 1
    numbers += [after + number for number in _numbers(summary)]
    if text:
        numbers.append(numbers[-1] + 1)
        after = numbers[-1] + 1
        numbers += [after + number for number in _numbers(text)]
    return tuple(numbers)


def _numbers(text: str) -> list[int]:
    folded = fold(text).text
    places = token_spans(folded)
    starts = [start for start, _ in places]
    breaks = []
    for found in _ENDS.finditer(folded):
        following = bisect_right(starts, found.start())
        before = folded[slice(*places[following - 1])] if following else ""
        if found[0] != "." or not _goes_on(before):
            breaks.append(following)
    return [bisect_right(breaks, number) for number in range(len(places))]


def _goes_on(word: str) -> bool:
    """Tell whether the dot after a word is part of the word."""
    return len(word) == 1 or word.endswith(".") or word in _ABBREVIATIONS
