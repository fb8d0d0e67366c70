"""Tell where things move: the direction whose cues stand near the evidence.

A first cut. The directions are tried in the order written, first with cues in the
title alone, then with all cues near the evidence; one without cues holds when no other
does. A cue that is denied ("refuses to pay", 不会恢复, 再開せず) does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.text import BREAK, stem, words
from monitor.topics.document import WORD_WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.topics.document import Document
    from monitor.topics.lexicon import Hits
    from monitor.topics.windows import Hit

REACH = 25
"""A cue further than this many words from all evidence speaks of something else."""

_DENIED_WITHIN = 3
_DENIED_AFTER = 6
_DENIALS_EN = (
    "not no never nor neither without cannot stop cease "
    "refuse refusal reject deny denial decline fail"
)
_DENIALS = frozenset(stem(text) for text in words(_DENIALS_EN))
_DENIALS_ZH = frozenset("不未没沒無无拒否")
_DENIALS_JA = ("ない", "なかった", "ません", "せず", "拒否", "否定", "拒む", "拒んだ")


class Direction(Struct, frozen=True):
    """A label and the atoms that signal it; none for a label that always holds."""

    label: str
    cues: tuple[int, ...] = ()


def direction_of(
    directions: Sequence[Direction],
    evidence: Sequence[Hit],
    document: Document,
    hits: Hits,
) -> str:
    """Return the label of the first direction that holds, or ""."""
    cued = [direction for direction in directions if direction.cues]
    for only_title in (True, False):
        for direction in cued:
            if _is_signalled(direction, evidence, document, hits, only_title):
                return direction.label
    return next((each.label for each in directions if not each.cues), "")


def _is_signalled(
    direction: Direction,
    evidence: Sequence[Hit],
    document: Document,
    hits: Hits,
    only_title: bool,
) -> bool:
    for cue in direction.cues:
        for first, last in hits.get(cue, ()):
            if only_title and last >= document.split:
                continue
            if _is_near(first, last, evidence, document.at) and not _is_denied(
                document, first, last
            ):
                return True
    return False


def _is_near(first: int, last: int, evidence: Sequence[Hit], at: Sequence[int]) -> bool:
    return any(
        at[max(first, hit[0])] - at[min(last, hit[1])] <= REACH * WORD_WIDTH
        for hit in evidence
    )


def _is_denied(document: Document, first: int, last: int) -> bool:
    before = document.words[max(0, first - _DENIED_WITHIN) : first]
    for word in reversed(before):
        if word.text == BREAK:
            break
        if word.text.endswith("n't") or stem(word.text) in _DENIALS:
            return True
        if word.text in _DENIALS_ZH:
            return True
    after = document.words[last + 1 : last + 1 + _DENIED_AFTER]
    following = "".join(word.text or "\n" for word in after).partition("\n")[0]
    return any(denial in following for denial in _DENIALS_JA)
