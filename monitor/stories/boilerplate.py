"""Take off what newsrooms put around a report: datelines, credits, "read more".

Two newsrooms that print one dispatch differ in these, and two that print different
ones may share them; so they say nothing of whether two texts are one. What is taken
off is lost to comparing only: the entry keeps its text. What comes in was normalised (NFKC).
"""

from __future__ import annotations

import re

_AGENCIES = (
    "Reuters|AP|AFP|UPI|Kyodo News|Kyodo|Jiji Press|Jiji|Xinhua|Yonhap|TASS|DPA|ANI|PTI"
)
_CJK_AGENCIES = (
    "共同|時事|ロイター|AP|AFP|新华社|新華社|中新社|中新网|中央社|法新社|路透社|美联社"
)

_HEADS = re.compile(
    r"^\s*(?:"
    r"(?:UPDATE|WRAPUP|REFILE|CORRECTED|CORRECTION|BREAKING|EXCLUSIVE|URGENT|FLASH|LEAD)"
    r"(?:\s+NEWS)?\s*\d*\s*[-:|]\s*"
    r"|\(\s*(?:LEAD|\d+(?:ST|ND|RD|TH)\s+LD|UPDATE|URGENT|CORRECTED)\s*\)\s*"
    r"|(?:Updated|Corrected|Breaking|Watch|Live)\s*:\s*"
    r"|【[^】]{1,12}】\s*"
    rf"|\((?:{_CJK_AGENCIES})\)\s*"
    r"|(?:新华社|新華社|中新社|中新网|中央社|共同社|路透社|法新社|美联社)"
    r"[^。，、\s]{0,14}[电電讯訊](?:\s*\([^)]{1,30}\))?\s*"
    rf"|[A-Z][A-Za-z0-9 .,'/]{{1,50}}\((?:{_AGENCIES})\)\s*[-–—:]+\s*"
    rf"|\((?:{_AGENCIES})\)\s*[-–—:]*\s*"
    r"|[A-Z][A-Z .,'/]{2,40}(?:,\s+[A-Z][a-z]{2,8}\.?\s+\d{1,2})?\s+[-–—]+\s+"
    r")"
)
_TAILS = re.compile(
    r"(?:"
    r"\s*(?:Read more|Continue reading|Read the full (?:story|article)|Full story)"
    r"[^.]{0,60}\.{0,3}"
    r"|\s*\((?:Reporting|Writing|Editing|Compiled) by [^()]{1,200}\)"
    r"|\s*The post .{1,200} appeared first on .{1,80}"
    r"|\s*(?:続きを読む|続きはこちら|全文を読む|阅读全文|阅读更多|查看原文|閱讀全文)[^。]{0,20}"
    rf"|\s*\((?:{_CJK_AGENCIES}|完)\)"
    r"|\s*\[?(?:…|\.\.\.)\]?"
    r")\s*$",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"(?<=\S{3}) [-–|] (?:[A-Z][\w.&']*)(?: [A-Z][\w.&']*){0,3}$")

_MAY_NAME_SOURCE = re.compile(" [-–|] ").search
# Cheaper than looking for tails, which most texts do not have.
_TAIL_SIGNS = (
    "more", "continue reading", "read the full", "full story", "ing by ", "compiled by",
    "appeared first", "続き", "全文", "阅读", "查看", "閱讀",
)  # fmt: skip
_TAIL_ENDS = (")", "]", "...", "…")
_FARTHEST = 300

_ROUNDS = 3
"""Pieces taken off each end at most, such as a flag, a dateline and a credit."""


def bare_title(title: str) -> str:
    """Return a headline without flags and without the name of its publisher."""
    bare = _without_heads(title)
    if not _MAY_NAME_SOURCE(bare):
        return bare
    without_source = _SOURCE.sub("", bare)
    return without_source if len(without_source) * 2 > len(bare) else bare


def bare_text(text: str) -> str:
    """Return a text without its dateline, credits and invitations to read on."""
    bare = _without_heads(text)
    end = bare[-_FARTHEST:].lower().rstrip()
    if not end.endswith(_TAIL_ENDS) and not any(sign in end for sign in _TAIL_SIGNS):
        return bare
    for _ in range(_ROUNDS):
        shorter = _TAILS.sub("", bare[-_FARTHEST:])
        if len(shorter) == len(bare[-_FARTHEST:]):
            break
        bare = bare[:-_FARTHEST] + shorter
    return bare


def _without_heads(text: str) -> str:
    for _ in range(_ROUNDS):
        # A capital, a bracket or a Chinese agency; never a plain word.
        found = _HEADS.match(text)
        if found is None or found.end() == len(text):
            break
        text = text[found.end() :]
    return text
