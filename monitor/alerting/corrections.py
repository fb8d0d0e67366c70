"""Recognise that a headline corrects or takes back an earlier report.

News agencies mark such items at the start of the headline; the words are those of
their style guides (AP, Reuters, Kyodo, Xinhua). Only the start counts: a story *about*
a retraction is news like any other.
"""

from __future__ import annotations

import re
from typing import Literal

Mark = Literal["correction", "retraction", ""]

_START = r"^[\s\[(（【〔<*]*"
_END = r"(?=$|\s*[\])）】〕>*:：\-–—])"

_RETRACTION = re.compile(
    _START
    + r"(?:retraction|retracted|withdrawn|kill(?:ed)?(?=\s*[:\-–—\])])"
    + r"|(?:mandatory\s+)?kill\s+notice|story\s+withdrawn|advisory\s*[:\-–—]\s*"
    + r"(?:kill|withdraw)|記事(?:の)?(?:取り消し|取消|撤回)|取り消し|取消"
    + r"|全文取り消し|撤稿|撤回稿件|更正撤稿|撤回)"
    + _END,
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    _START
    + r"(?:correct(?:ed|ion|s)|clarification|clarifies|refiled?|(?:おわび|お詫び)"
    + r"(?:と|して)?訂正|訂正|更正|勘误|更正启事)(?:-(?:official|update\s*\d*))?"
    + _END,
    re.IGNORECASE,
)


def mark_of(title: str) -> Mark:
    """Return what the start of a headline says it is; "" for news like any other."""
    if _RETRACTION.search(title):
        return "retraction"
    return "correction" if _CORRECTION.search(title) else ""
