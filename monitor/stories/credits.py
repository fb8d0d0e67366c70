"""Find whose text an entry is: the agency in its dateline, byline or last line.

Pure. Only places in which credit is given are read: the start of the summary, its end,
and both ends of the title. Two sentences at most may also say on whom the text relies
("according to Reuters", "ロイターによると", "据路透社报道"): what is only told on from
another is no second witness, so it counts as that publisher's. A name anywhere else
says nothing: "AP" may be an exam, and Reuters may be the news.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from monitor.stories.names import Names, Owner

_HEAD = 300
_TAIL = 160
_MOST_TRIED = 8

_DATELINE = re.compile(
    r"(?P<place>[^()（）【】]{0,60}?)\s?[(（](?P<name>[^()（）]{2,40})[)）]"
    r"\s?(?:[-–—―－]+|:)(?:\s|$)"
)
_PLACE = re.compile(
    r"(?:[A-Z][A-Z .,'/-]*(?:[A-Z][a-z]{2,8}\.?\s\d{1,2}|\d{1,2}\s[A-Z][a-z]{2,8})?,?)?"
)
_AGENCY_NAME = re.compile(r"[A-Z][\w&.'’]*(?: (?:[A-Z][\w&.'’]*|of|the|and)){0,4}")
_NO_AGENCY = re.compile(
    r"(?:Update|Updated|Video|Watch|Photos?|Live|Opinion|Analysis|Exclusive|Breaking"
    r"|Correct|Lead|Ld|Urgent|Newser|Sponsored|Advertisement)\b|[A-Z]{1,5}$",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"[【\[［〔（(]\s*([^】\]］〕）)]{2,40})[】\]］〕）)]")
_PARTS = re.compile(r"[=＝・/／、,\s]+")
_WIRED = re.compile(r"[^。，,]{0,30}?[电電讯訊](?![视視话話影脑腦子力池信息])")
_WIRE = re.compile("[电電讯訊]")
_LED = re.compile(r"([A-Za-z][\w.&' ]{1,30}?)\s?[-–—|:]\s")
_JOINED = re.compile(r"([A-ZＡ-Ｚ]{2,5}[=＝]\w{2,6})(?:\s|$|[-―－])")
_BY = re.compile(r"by\s", re.IGNORECASE)
_BETWEEN = frozenset({"and", "of", "for", "in", "the", "with", "staff"})

_LAST_BRACKET = re.compile(r"[(（【\[]([^()（）【】\[\]]{2,40})[)）】\]]\s*\.?$")
_LAST_PIECE = re.compile(r"(?:\s[-–—|]\s?|[|–—―]|/\s)([^-–—|/]{2,40}?)\s*\.?$")
_SLASHED = re.compile(r"/([A-Za-z]{2,12})/?\s*$|^/([A-Za-z]{2,12})/")
_COLON = re.compile(r"[:：]\s?([^:：]{2,40})$")
_REPORTS = re.compile(r"[,，]\s?([^,，]{2,40}?)\s(?:reports?|reported|says|said)\.?$")
_SOURCE = re.compile(
    r"(?:\b(?:Source|Sources|Credit|Via)|来源|來源|出典|配信|提供|消息来源)\s?[:：]\s?",
    re.IGNORECASE,
)
_INPUTS = re.compile(
    r"\bwith (?:inputs?|files?|reporting|additional reporting|agency inputs?)"
    r" (?:from|by) (?:the )?",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"(?:©|\(c\)|\bcopyright\b)\s*(?:\d{4}\s*)?(?:by\s+)?(?:the\s+)?", re.IGNORECASE
)
_DESK = re.compile(
    r"\(?(?:Additional r|R)eporting by [^()]{3,200}?[;；] ?\w* ?[Ee]diting"
)

_CLOSING = frozenset(")）】]")
_ANY_DASH = re.compile(r"[-–—|―/]")
_LAST_WORDS = (
    ((":", "："), _SOURCE),
    (("ith ",), _INPUTS),
    (("©", "(c)", "(C)", "opyright"), _RIGHTS),
)
_TELLING = (
    "ccording to",
    "iting ",
    "uoted by",
    " report",
    "によ",
    "報",
    "报",
    "伝え",
    "據",
    "据",
)
_COUNTRY = re.compile(
    r"(?:日本|美国|美國|英国|英國|法国|法國|德国|德國|韩国|韓國|俄罗斯|俄羅斯|印度|香港|台湾|台灣)(?:媒体|媒體)?《?"
)

_ACCORDING = re.compile(r"\b(?:[Aa]ccording to|[Cc]iting|[Qq]uoted by)\s+(?:the\s+)?")
_WORD_AFTER = re.compile(
    r"\s+(?!newspaper|magazine|reports?\b|and\b|which\b|that\b|on\b)\w"
)
_SAID = re.compile(
    r"\b(?:news agency |agency |newswire )?(?:reported|reports|has reported)\b"
)
_AS_TOLD_JA = re.compile(r"(?:など)?(?:によると|によれば|が報じ|は報じ|が伝え|は伝え)")
_AS_TOLD_ZH = re.compile(r"[据據](?=[^。，,]{2,24}(?:报道|報道|報導|消息|讯|訊|电|電))")
_TOLD_ZH = re.compile(r"(?:\d{1,2}日)?(?:报道|報道|報導)(?=称|說|说|指|，|,|:|：)")


class Credit(Struct, frozen=True):
    """Whom a text is credited to.

    Args:
        name: as it is written.
        owner: the publisher of that name; None when the table holds none.
    """

    name: str
    owner: Owner | None = None


class Credits:
    """Read credits by the names of a table."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def find(self, title: str, summary: str) -> Credit | None:
        """Return whom a text is credited to, or relies on; None for nobody else."""
        head, tail = summary[:_HEAD], summary[-_TAIL:]
        owner = self._bracketed(head) or self._led(head) or self._bylined(head)
        if owner is not None:
            return Credit(owner.name, owner)
        if (found := self._dateline(head)) is not None:
            return found
        owner = (
            self._titled(title)
            or self._last(tail)
            or self._relied_on(title[:_HEAD])
            or self._relied_on(head)
        )
        return None if owner is None else Credit(owner.name, owner)

    def _dateline(self, head: str) -> Credit | None:
        """Read "TOKYO, Oct 13 (Kyodo) --", also with an agency nobody has heard of."""
        if "(" not in head[:110] and "（" not in head[:110]:
            return None
        found = _DATELINE.match(head)
        if found is None:
            return None
        name = found["name"].strip()
        if (owner := self._part(name)) is not None:
            return Credit(owner.name, owner)
        is_place = _PLACE.fullmatch(found["place"].strip()) is not None
        is_name = _AGENCY_NAME.fullmatch(name) and not _NO_AGENCY.match(name)
        return Credit(name) if is_place and is_name else None

    def _part(self, text: str) -> Owner | None:
        """Return whose name one part of "AFP=時事" or "北京共同" is, the first."""
        if (owner := self._names.exact(text)) is not None:
            return owner
        for part in _PARTS.split(text):
            if len(part) > 1:
                found = self._names.exact(part)
                if found is None and not part.isascii():
                    ended = self._names.at_end(part)
                    found = ended[0] if ended and ended[0].agency else None
                if found is not None and found.agency:
                    return found
        return None

    def _bracketed(self, head: str) -> Owner | None:
        """Read "【北京共同】", "[東京 13日 ロイター]", "（中央社東京13日電）"."""
        if head[:1] not in "【[［〔（(" or not head:
            return None
        found = _BRACKET.match(head)
        if found is None:
            return None
        text = found[1].strip()
        return self._wired(text) or self._agency(self._part(text))

    def _led(self, head: str) -> Owner | None:
        """Read "Reuters - ..." and "新华社东京10月13日电"."""
        if found := _JOINED.match(head):
            return self._part(found[1])
        if not head[:1].isascii():
            return self._wired(head)
        found = _LED.match(head)
        return self._agency(self._names.exact(found[1])) if found else None

    def _wired(self, text: str) -> Owner | None:
        if not _WIRE.search(text[:60]):
            return None
        started = self._names.at_start(text[:40].lstrip("据據"))
        if started is None or not started[0].agency:
            return None
        rest = text.lstrip("据據")[len(started[1]) :]
        return started[0] if _WIRED.match(rest[:40]) else None

    def _bylined(self, head: str) -> Owner | None:
        """Read "By Jane Doe, Associated Press"."""
        if not _BY.match(head):
            return None
        words = head[:120].split()[:9]
        for number in range(1, len(words)):
            found = self._names.at_start(" ".join(words[number:]))
            if found is not None and found[0].agency:
                return found[0]
            word = words[number]
            if not word[:1].isupper() and word not in _BETWEEN:
                return None
        return None

    def _titled(self, title: str) -> Owner | None:
        """Read "Reuters: ...", "... - Reuters", "...（共同通信）", "..., AP reports"."""
        end = title[-50:]
        found = _LED.match(title) if ":" in title[:40] else None
        owner = self._agency(self._names.exact(found[1])) if found else None
        owner = owner or self._bracketed(title)
        if owner is not None:
            return owner
        if (found := _LAST_BRACKET.search(end)) and (owner := self._part(found[1])):
            return owner
        for pattern in (_LAST_PIECE, _COLON, _REPORTS):
            found = pattern.search(end)
            if found and (owner := self._names.exact(found[1])) is not None:
                return owner
        return None

    def _last(self, tail: str) -> Owner | None:
        """Read "(AP)", "Source: AP", "/dpa/" and the like at the end."""
        # What each looks for is asked first: most texts hold none of it.
        owner = None
        if tail[-2:-1] in _CLOSING or tail[-1:] in _CLOSING:
            owner = self._last_bracket(tail)
        if owner is None and "/" in tail and (found := _SLASHED.search(tail)):
            owner = self._agency(self._names.exact(found[1] or found[2]))
        end = tail[-45:]
        if (
            owner is None
            and _ANY_DASH.search(end)
            and (found := _LAST_PIECE.search(end))
        ):
            owner = self._agency(self._names.exact(found[1]))
        return owner or self._last_words(tail)

    def _last_words(self, tail: str) -> Owner | None:
        for hints, pattern in _LAST_WORDS:
            if any(hint in tail for hint in hints) and (found := pattern.search(tail)):
                started = self._names.at_start(tail[found.end() :])
                if started is not None:
                    return started[0]
        if "diting" in tail and _DESK.search(tail):
            return self._names.find("Reuters")  # its last line, and nobody else's
        return None

    def _last_bracket(self, tail: str) -> Owner | None:
        if found := _LAST_BRACKET.search(tail):
            before = tail[: found.start()].rstrip()
            # "a school in Hyderabad (AP)." is about a place.
            ends = (
                not before or before[-1] in ".!?。！？”」』\"'" or not before.isascii()
            )
            owner = self._part(found[1])
            if owner is not None and (ends or len(found[1]) > len("AFP")):
                return owner
        return None

    def _relied_on(self, text: str) -> Owner | None:
        """Read "according to Reuters", "ロイターによると", "据路透社报道"."""
        if not any(hint in text for hint in _TELLING):
            return None
        text = _sentences(text)
        return self._named_after(text) or self._named_before(text)

    def _named_after(self, text: str) -> Owner | None:
        for pattern in (_ACCORDING, _AS_TOLD_ZH):
            for found in islice(pattern.finditer(text), _MOST_TRIED):
                named = text[found.end() :][:60]
                if pattern is _AS_TOLD_ZH:
                    named = _COUNTRY.sub("", named, count=1)
                started = self._names.at_start(named)
                if started is not None and not _is_adjective(*started, named):
                    return started[0]
        return None

    def _named_before(self, text: str) -> Owner | None:
        for found in islice(_SAID.finditer(text), _MOST_TRIED):
            if (owner := self._before(text[: found.start()])) is not None:
                return owner
        if text.isascii():
            return None
        for pattern in (_AS_TOLD_JA, _TOLD_ZH):
            for found in islice(pattern.finditer(text), _MOST_TRIED):
                ended = self._names.at_end(text[: found.start()])
                if ended is not None:
                    return ended[0]
        return None

    def _before(self, text: str) -> Owner | None:
        """Return the publisher whose name a text of words ends with."""
        words = text.split()[-4:]
        for number in range(len(words)):
            owner = self._names.exact(" ".join(words[number:]))
            # One word alone may mean something else: "Time", "Mint", "Tempo".
            if owner is not None and (owner.agency or number < len(words) - 1):
                return owner
        return None

    @staticmethod
    def _agency(owner: Owner | None) -> Owner | None:
        return owner if owner is not None and owner.agency else None


def _is_adjective(owner: Owner, name: str, text: str) -> bool:
    """Tell "according to Independent experts" from "according to Axios, ..."."""
    if owner.agency or " " in name or not name.isascii():
        return False
    return _WORD_AFTER.match(text[len(name) :]) is not None


def _sentences(head: str) -> str:
    """Return the first two sentences."""
    ends = [
        found.end() for found in re.finditer(r"[.!?](?=\s+[A-Z“\"])|[。！？]", head)
    ]
    return head[: ends[1]] if len(ends) > 1 else head
