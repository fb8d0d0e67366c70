"""Read a cue in Chinese or Japanese by the characters around it.

Both languages go by short fixed forms: Chinese denies before the verb (不会恢复), Japanese
after it (再開せず). The characters given end where the clause does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.topics.reading import ASIDE, FOREGROUND, PAST, Reading

if TYPE_CHECKING:
    from monitor.topics.reading import Sense

# The words that begin like a denial and are none: 不断, 不久, 不满, 未来, 无人机 ...
_ZH_DENIED = re.compile(
    r"(?:(?<!不得)不(?![断斷久仅僅但日满滿満法安明通]|同(?!意)|得不)|[没沒]|未(?![来來払])"
    r"|[无無](?![人线線]))[^，。]{0,3}$|(?:拒|否认|否認)[^，。]{0,6}$"
)
_ZH_ENDED = re.compile(
    r"(?:结束|結束|解除|不再|取消|停止|暂停|暫停|中止|中断|中斷)(?:了|对|對)?(?:向[^，。]{1,9})?$"
)
_ZH_POSSIBLE = re.compile(
    r"(?:可能|或将|或將|或(?=$)|考虑|考慮|不排除|威胁|威脅|扬言|揚言|讨论|討論)"
    r"[^，。]{0,3}$"
)
_PAST_WORDS = re.compile(
    r"(?:去年|前年|曾|此前|早前|昔日|昨年|一昨年|かつて|以前)(?![の度分])"
)
_DENIED_AFTER = re.compile(
    r"^.{0,4}?(?:ない|なかった|ません|せず|らず|応じず|拒否|拒む|拒んだ|否定|見送)"
    r"|^.{0,7}?(?:[遭被]拒|无望|無望)"
)
_JA_NOT_DENIED = re.compile(
    r"(?:排除|否定|除外)(?:し(?:ない|なかった|ません)|せず)|辞さ"
)
_JA_ENDED = re.compile(r"^(?:の|を|措置を|措置の)?(?:解除|撤回|停止|中断|凍結|打ち切)")
_JA_POSSIBLE = re.compile(
    r"^.{0,4}?(?:検討|可能性|示唆|恐れ|選択肢|視野|構え|かもしれ|あり得|ありうる)"
)
# In 停止検討 the stop is what is weighed; nobody stops weighing.
_WEIGHS = "検討"
_JA_LONG_PAST = re.compile(r"^(?:し|され|れ|え)?(?:ていた(?![ことの])|たばかり)")
_JA_RELATIVE = re.compile(r"^(?:し|され)た(?=[\u4e00-\u9fff])")
_NOUN_CLAUSE = re.compile(r"的|た(?=[\u4e00-\u9fff])")
_YEAR = re.compile(r"(?<!\d)(\d{4})年(?![度の])")


def read_characters(before: str, cue: str, after: str, year: int) -> Reading:
    """Return how a cue is meant.

    Args:
        before: the characters before it, from the beginning of its clause.
        cue: the cue itself.
        after: the characters after it, to the end of its clause.
        year: the year of the entry; earlier ones are past.
    """
    return Reading(_sense(before, cue, after), _depth(before, after, year))


def _sense(before: str, cue: str, after: str) -> Sense:
    if _JA_NOT_DENIED.search(cue + after[:7]) or _ZH_POSSIBLE.search(before):
        return "possible"
    if "排除" in cue:
        return "said"
    if cue == _WEIGHS and _ZH_ENDED.search(before):
        return "possible"
    if _ZH_ENDED.search(before) or _JA_ENDED.match(after):
        return "ended"
    if _ZH_DENIED.search(before) or _DENIED_AFTER.match(after):
        return "denied"
    return "possible" if _JA_POSSIBLE.match(after) else "said"


def _depth(before: str, after: str, year: int) -> int:
    # A date inside a clause that describes a noun belongs to that clause.
    clause = _NOUN_CLAUSE.split(before)[-1]
    if _PAST_WORDS.search(clause) or _JA_LONG_PAST.match(after):
        return PAST
    if any(int(found) < year for found in _YEAR.findall(clause)):
        return PAST
    if after.startswith("的") or _JA_RELATIVE.match(after):
        return ASIDE
    return FOREGROUND
