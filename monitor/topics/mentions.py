"""Find who is named in an entry: states, bodies and offices, with the words of each.

An office or a force counts for the state that is named with it. Where none is, the
language decides for the offices of its own country: Japanese press leaves its own
government unnamed (政府筋, 外務省), so an item in Japanese means Japan by it; an item in
Chinese means China by 外交部 and 我方, unless its language tag says Taiwan, Hong Kong or
traditional script. Names of a dateline, of a publisher or of a seat are no actors.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.language import language_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model import Entry
    from monitor.topics.document import Document


class Mention(Struct, frozen=True):
    """Where an actor is named.

    Args:
        first: the first word of the name, with the office that is named after it.
        last: the last word.
        end: the last word of the name alone.
    """

    name: str
    first: int
    last: int
    end: int

    @property
    def is_body(self) -> bool:
        """Tell whether it is an international body."""
        return self.name.startswith("bodies/")


_ABBREVIATED = {
    "米": "usa",
    "美": "usa",
    "英": "britain",
    "仏": "france",
    "法": "france",
    "独": "germany",
    "德": "germany",
    "露": "russia",
    "ロ": "russia",
    "俄": "russia",
    "韓": "south-korea",
    "韩": "south-korea",
    "朝": "north-korea",
    "中": "china",
    "日": "japan",
    "印": "india",
    "豪": "australia",
    "澳": "australia",
    "加": "canada",
    "伊": "italy",
    "台": "taiwan",
    "越": "vietnam",
    "比": "philippines",
    "菲": "philippines",
}
_SEATS = frozenset(["based", "agency", "headquarters", "headquartered"])
_OTHERS = "国國各両兩同他邦方州省市府県"
_AT_HOME = {
    "ja": (
        "states/japan",
        frozenset(
            [
                "政府",
                "政権",
                "内閣",
                "外務省",
                "首相",
                "総理",
                "外相",
                "外務大臣",
                "防衛相",
                "防衛大臣",
                "防衛省",
                "官房長官",
                "文科省",
                "文部科学省",
                "文科相",
                "文部科学相",
                "財務省",
                "財務相",
                "経産相",
                "環境相",
                "与党",
                "自民",
                "国会",
                "衆院",
                "参院",
                "閣僚",
                "海上保安庁",
                "海保",
                "自衛隊",
                "防衛当局",
            ]
        ),
    ),
    "zh": (
        "states/china",
        frozenset(
            ["外交部", "国防部", "国务院", "财政部", "国务院发言人", "国防部门", "海警"]
        ),
    ),
}
_OTHER_CHINESE = ("zh-hant", "zh-tw", "zh-hk", "zh-mo", "zh-sg")

_DATELINE = re.compile(
    r"^\s*(?:"
    r"[A-Z][A-Z .,'/]{2,30}(?:, [A-Z][a-z]+\.? \d{1,2})? ?(?:\([^)]{2,30}\) ?)?[-–—]+ "
    r"|[A-Z][A-Za-z .,]{2,30}(?:\d{1,2} )?\([^)]{2,30}\) ?[-–—]+ "
    r"|[【［\[][^】］\]]{1,20}[】］\]]"
    r"|[^。，]{0,10}(?:社|网|報)[^。，]{0,12}(?:电|電|讯|訊)"
    r")"
)
_TAIL = re.compile(r"\s[-–—|｜]\s*([^-–—|｜]{2,40})$")
_KANJI = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_IDEOGRAPH = re.compile("[\u3041-\u30fa\u3400-\u4dbf\u4e00-\u9fff]")


def is_spaceless(text: str) -> bool:
    """Tell whether a text is written in Chinese or Japanese characters."""
    return _IDEOGRAPH.search(text) is not None


class Naming:
    """Tell who is named in one entry.

    Args:
        document: the entry.
    """

    def __init__(self, document: Document) -> None:
        self._document = document

    def mentions(
        self, names: list[Mention], offices: list[tuple[int, int]]
    ) -> list[Mention]:
        """Return the actors in order, each with the offices named after it.

        Args:
            names: where names of actors are found, and that of each.
            offices: where offices and forces are found, in order.
        """
        names = [each for each in names if not self._is_no_actor(each)]
        names += self._at_home(names, offices)
        widest = [
            each
            for each in names
            if not any(
                other.first <= each.first
                and each.end <= other.end
                and (other.end - other.first) > (each.end - each.first)
                and other.name != each.name
                and not other.name.startswith("states/")
                for other in names
            )
        ]
        starts = dict(offices)
        ends = {last: first for first, last in offices}
        found = {
            (each.first, each.name): Mention(
                each.name,
                self._from_office(each, ends),
                self._with_office(each, starts),
                each.end,
            )
            for each in sorted(widest, key=self._order)
        }
        return list(found.values())

    def _from_office(self, mention: Mention, offices: dict[int, int]) -> int:
        """Return the first word of a name with its office before: "lawmakers in Seoul".

        Args:
            mention: the name.
            offices: where each begins, by where it ends.
        """
        at = mention.first
        words = self._document.words
        if at > 1 and words[at - 1].text in ("in", "of"):
            return offices.get(at - 2, at)
        return at

    def _order(self, mention: Mention) -> tuple[int, bool, str]:
        """Return where a name stands; of two in a word such as 中日, which comes first."""
        letter = self._document.words[mention.first].text
        begins = mention.name == f"states/{_ABBREVIATED.get(letter, '')}"
        return mention.first, not begins, mention.name

    def _with_office(self, mention: Mention, offices: dict[int, int]) -> int:
        """Return the last word of a name with the offices that follow it."""
        words, last = self._document.words, mention.last
        while True:
            next_to = [last, last + 1]
            if last + 1 < len(words) and words[last + 1].text == "の":
                next_to.append(last + 2)
            following = [offices[at] for at in next_to if at in offices]
            split = self._document.split
            grown = max(following, default=last)
            if grown <= last or (last < split) != (grown < split):
                return last
            last = grown

    def _at_home(
        self, names: Sequence[Mention], offices: Sequence[tuple[int, int]]
    ) -> Iterator[Mention]:
        """Yield the states of offices that are named without one."""
        if not offices:
            return
        owner, home = self._home
        words = self._document.words
        ends = {each.end for each in names}
        inside = {at for each in names for at in range(each.first, each.end + 1)}
        for first, last in offices:
            if first in inside or not is_spaceless(words[first].text):
                continue
            before = words[first - 1].text if first else ""
            if first - 1 in ends or (before == "の" and first - 2 in ends):
                continue
            state = _ABBREVIATED.get(before)
            if state is not None and not self._is_inside(first - 1):
                yield Mention(f"states/{state}", first - 1, last, last)
                continue
            text = "".join(words[at].text for at in range(first, last + 1))
            if text in home and not (before and before in _OTHERS):
                yield Mention(owner, first, last, last)

    def _is_inside(self, at: int) -> bool:
        """Tell whether a letter is the end of another word, as 中 in 会談中."""
        before = self._document.words[at - 1].text if at else ""
        return _KANJI.search(before) is not None

    @cached_property
    def _home(self) -> tuple[str, frozenset[str]]:
        """Return the state and the offices that the language leaves unnamed."""
        lang = language_of(self._document.entry).lower().replace("_", "-")
        if lang.startswith(_OTHER_CHINESE):
            return "", frozenset()
        return _AT_HOME.get(lang.split("-")[0], ("", frozenset()))

    def _is_no_actor(self, mention: Mention) -> bool:
        """Tell whether a name is of a seat, a dateline or a publisher."""
        entry = self._document.entry
        words = self._document.words
        if mention.end + 1 < len(words) and words[mention.end + 1].text in _SEATS:
            return True
        field, start, end = self._document.place(mention.first, mention.end)
        if field == "title":
            return start >= self._tail(entry)
        return end <= self._datelines[field]

    @cached_property
    def _datelines(self) -> dict[str, int]:
        """Return where the dateline ends in the summary and in the page."""
        entry = self._document.entry
        texts = {"summary": entry.summary, "text": entry.text}
        found = {field: _DATELINE.match(text) for field, text in texts.items()}
        return {field: each.end() if each else 0 for field, each in found.items()}

    def _tail(self, entry: Entry) -> int:
        found = _TAIL.search(entry.title)
        if found and found[1].strip().casefold() in entry.source.casefold():
            return found.start()
        return len(entry.title)
