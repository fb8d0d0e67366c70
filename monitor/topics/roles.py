"""Read what part an actor takes: who acts, who speaks, upon whom, where, over what.

Heuristics of the surface, in the manner of the dictionaries of event coding (Schrodt,
Davis and Weddle, Political Science: KEDS, 1994): in English by the preposition and the
place before or after the act, in Japanese by the particle that follows, in Chinese by
the preposition. No grammar is parsed.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

from monitor.text import stem, words
from monitor.topics.mentions import Mention, is_spaceless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.topics.cues import Reader
    from monitor.topics.document import Document


class Role(IntEnum):
    """What part an actor takes; the smaller, the more it is the one that acts."""

    AGENT = 0
    SUBJECT = 1
    SPEAKER = 2
    PARTNER = 3
    OBJECT = 4
    PLACE = 5
    ELSEWHERE = 6
    CAUSE = 7


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text))


_PASSED_OVER = _set(
    "the a an its their his new former chief top senior entire fellow neighbouring "
    "neighboring rival both all s"
)
_OBJECTS = _set(
    "to against at toward towards from into upon on for out near off around onto "
    "leave leaving quit quits exit"
)
_CAUSES = _set(
    "over after following amid because due since despite regarding about citing"
)
_INSIDE = _set("in inside within through via")
_PREPOSITIONS = {
    **dict.fromkeys(_OBJECTS, Role.OBJECT),
    "between": Role.SUBJECT,
    "among": Role.SUBJECT,
    "with": Role.PARTNER,
}
_SPACES = _set(
    "waters airspace air sea seas territorial territory zone eez space coast isles "
    "islands contiguous exclusive economic"
)
_REPORTS = _stems(
    "say says said tell told accuse condemn slam blast urge warn criticize criticise "
    "denounce ask call demand report claim deplore shock regret respond react believe "
    "blame rebuke decry hail welcome praise"
)
_REPORT_REACH = 4
_CAUSE_REACH = 10
_BY_REACH = 7
_OWN_REACH = 4
_FEW = 3

_TOWARDS = frozenset("訪来対在駐赴抵访对驻對")
_APART = _set("as after while when before because since although though until but")

_AND = ("、", "・", "和", "与", "與", "及", "と", "や", ",", " ", "　", "同")

_BEFORE, _AFTER = 10, 16

_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa]")

_JA_AGENT = re.compile(r"^[^、。はがをに]{0,3}?(?:による|によって|により)")
_JA_CAUSE = re.compile(
    r"^[^。はが]{0,12}?(?:を受け|をめぐ|を巡|問題で|問題を|を理由|を背景|に反発し|への反発|"
    r"に関する|に関して)"
)
_JA_SUBJECT = re.compile(
    r"^(?:[^、。，はがをにへ「]{0,8}?(?:は|が|も)(?!けて)|[^、。，をにへと\s]{0,1}?(?:、|,|「|\s|　))"
)
_JA_SPEAKER = re.compile(r"^[^、。はがをに]{0,6}?[:：]")
_JA_OBJECT = re.compile(r"^[^、。はがを]{0,4}?(?:に対し|への|へ|に|から|宛)")
_JA_PARTNER = re.compile(r"^[^、。はがをに]{0,3}?と")
_JA_PLACE = re.compile(r"^(?:で(?!は)|沖|周辺)")

_ZH_AGENT = re.compile(r"(?:被|遭到?|由|受到?)$")
_ZH_OBJECT = re.compile(
    r"(?:对|對|向|于|於|至|给|給|针对|針對|赴|访|訪|抵|退出|重返|要求|敦促|促|呼吁|指责|批评)$"
)
_ZH_PARTNER = re.compile(r"(?:与|與|和|同|跟|及|、)$")
_ZH_CAUSE = re.compile(r"(?:因|就|由于|由於|围绕|圍繞|鉴于|针对|不满|抗议)$")
_ZH_SPEAKER = re.compile(r"^[^，。、]{0,6}?[:：]")
_ZH_SPOKE = re.compile(
    r"^[^，。、]{0,6}?(?:称|说|指责|批评|谴责|抨击|敦促|呼吁|要求|回应)"
)


class Roles:
    """Read the parts that the actors of one entry take.

    Args:
        document: the entry.
        reader: reads what stands between its words.
        mentions: its actors, in order.
    """

    def __init__(
        self, document: Document, reader: Reader, mentions: Sequence[Mention]
    ) -> None:
        self._document = document
        self._reader = reader
        self._mentions = mentions
        entry = document.entry
        self._is_japanese = bool(_KANA.search(entry.title + entry.summary))

    def read(self, act: tuple[int, int] | None) -> list[Role]:
        """Return the part of each actor in an act, given its first and last word."""
        found: list[Role] = []
        for place, mention in enumerate(self._mentions):
            before = self._mentions[place - 1] if place else None
            if before is not None and before.first == mention.first:
                found.append(found[-1])  # two in one word, as in 日中
            elif before is not None and self._is_joined(before, mention):
                # Of 中国と日本が, the particle after the second tells for both.
                role = found[-1]
                if role is Role.PARTNER and self._is_spaceless(mention):
                    role = found[-1] = self._spaceless(mention, act)
                found.append(role)
            elif self._is_spaceless(mention):
                found.append(self._spaceless(mention, act))
            else:
                found.append(self._spaced(mention, act))
        return self._with_speakers(found, act)

    def _is_spaceless(self, mention: Mention) -> bool:
        text = self._word(mention.end)
        return is_spaceless(text)

    def _word(self, at: int) -> str:
        found = self._document.words
        return found[at].text if 0 <= at < len(found) else ""

    def _is_joined(self, before: Mention, mention: Mention) -> bool:
        """Tell whether two are named in one breath: "Japan, China", "Japan and China"."""
        gap = mention.first - before.last
        if self._is_spaceless(mention):
            return self._between(before, mention) in _AND
        if gap == 1:
            return self._between(before, mention) in (", ", " ", "-", "–", "/", ",")
        return gap == 2 and self._word(mention.first - 1) in ("and", "or", "with")  # noqa: PLR2004

    def _between(self, before: Mention, mention: Mention) -> str | None:
        """Return the text between two names; None when they are in two fields."""
        field, _, end = self._document.place(before.last, before.last)
        other, start, _ = self._document.place(mention.first, mention.first)
        text = getattr(self._document.entry, field)
        return text[end:start] if field == other else None

    # --- words between spaces ---

    def _spaced(self, mention: Mention, act: tuple[int, int] | None) -> Role:
        prep = self._preposition(mention)
        if prep not in _OBJECTS and self._stands_before(mention, act):
            return Role.AGENT
        role = self._by_preposition(prep, mention, act)
        if role is not None:
            return role
        if act is None or not self._reader.is_one_sentence(mention.first, act[0]):
            return Role.SUBJECT
        if self._owns(mention, act):
            return Role.AGENT
        if mention.first <= act[1]:
            return Role.SUBJECT
        return Role.SPEAKER if self._is_source(mention) else Role.OBJECT

    def _by_preposition(
        self, prep: str, mention: Mention, act: tuple[int, int] | None
    ) -> Role | None:
        role = None if act is None else self._by_place(prep, mention, act)
        if role is not None:
            return role
        if prep in _CAUSES or prep == "by" or self._is_under_a_cause(mention, act):
            return Role.CAUSE
        if prep in _INSIDE:
            return Role.OBJECT if self._is_space(mention) else Role.PLACE
        return _PREPOSITIONS.get(prep)

    def _by_place(
        self, prep: str, mention: Mention, act: tuple[int, int]
    ) -> Role | None:
        """Return what a preposition says by where it stands to the act."""
        gap = mention.first - act[1]
        if prep == "by" and 0 < gap <= _BY_REACH:
            return Role.AGENT
        if prep not in ("from", "of") or self._is_under_a_cause(mention, act):
            return None
        if mention.last < act[0]:
            return Role.SUBJECT  # "ships from China enter"
        is_own = prep == "from" and gap == 2 and not mention.is_body  # noqa: PLR2004
        return Role.AGENT if is_own else None  # "protests from Japan"

    def _stands_before(self, mention: Mention, act: tuple[int, int] | None) -> bool:
        """Tell whether the act is the next word: "Japanese objections"."""
        return (
            act is not None
            and act[0] == mention.last + 1
            and not mention.is_body
            and self._reader.stop(act[0]) == 0
        )

    def _preposition(self, mention: Mention) -> str:
        at = mention.first
        for _ in range(_FEW):
            if at <= 0 or self._reader.stop(at):
                return ""
            at -= 1
            if self._word(at) not in _PASSED_OVER:
                return self._word(at)
        return ""

    def _is_under_a_cause(self, mention: Mention, act: tuple[int, int] | None) -> bool:
        """Tell whether a cause was opened before: "over papers submitted by China"."""
        at = mention.first
        lowest = max(at - _CAUSE_REACH, act[1] if act else 0)
        while at > lowest and self._reader.stop(at) == 0:
            at -= 1
            if self._word(at) in _CAUSES:
                return True
        return False

    def _is_space(self, mention: Mention) -> bool:
        return self._word(mention.last + 1) in _SPACES

    def _owns(self, mention: Mention, act: tuple[int, int]) -> bool:
        """Tell whether the act is the actor's: "Japan's threat"."""
        field, _, end = self._document.place(mention.first, mention.end)
        text = getattr(self._document.entry, field)[end : end + 2]
        return text in ("'s", "’s") and 0 < act[0] - mention.last <= _OWN_REACH

    def _is_source(self, mention: Mention) -> bool:
        """Tell whether it is told as the source: ", Tokyo says", "- Japan minister"."""
        around = (self._word(mention.first - 1), self._word(mention.last + 1))
        return any(stem(word) in _REPORTS for word in around if word) or (
            self._reader.stop(mention.first) > 0
        )

    def _with_speakers(
        self, found: list[Role], act: tuple[int, int] | None
    ) -> list[Role]:
        """Let one who only tells what another does step back behind it."""
        if act is None:
            return found
        for place, mention in enumerate(self._mentions):
            if found[place] > Role.SUBJECT:
                continue
            if self._is_apart(mention, act) and any(
                role <= Role.SUBJECT and mention.last < each.first <= act[1]
                for each, role in zip(self._mentions, found, strict=True)
                if not each.is_body and not self._is_apart(each, act)
            ):
                found[place] = Role.SPEAKER
                continue
            verb = self._verb_of_saying(mention)
            if verb is None or verb >= act[0]:
                continue
            if any(
                each.first > verb
                and each.first <= act[1]
                and role <= Role.SUBJECT
                and not each.is_body
                and each.name != mention.name
                for each, role in zip(self._mentions, found, strict=True)
            ):
                found[place] = Role.SPEAKER
        return found

    def _is_apart(self, mention: Mention, act: tuple[int, int]) -> bool:
        """Tell whether a clause begins between: "Japan protests as China enters"."""
        return any(self._word(at) in _APART for at in range(mention.last + 1, act[0]))

    def _verb_of_saying(self, mention: Mention) -> int | None:
        """Return where the verb stands with which an actor tells something."""
        if self._is_spaceless(mention):
            return mention.last if self._speaks(mention) else None
        for at in range(mention.last + 1, mention.last + 1 + _REPORT_REACH):
            if self._reader.stop(at) if self._word(at) else True:
                return mention.last if self._has_colon(mention) else None
            if stem(self._word(at)) in _REPORTS:
                return at
        return None

    def _has_colon(self, mention: Mention) -> bool:
        return self._texts(mention)[1].lstrip()[:1] in (":", "：")

    # --- characters in a row ---

    def _speaks(self, mention: Mention) -> bool:
        after = self._texts(mention)[1]
        if self._is_japanese:
            return _JA_SPEAKER.search(after) is not None
        return bool(_ZH_SPEAKER.search(after) or _ZH_SPOKE.search(after))

    def _texts(self, mention: Mention) -> tuple[str, str]:
        """Return the characters before and after an actor's name."""
        field, start, _ = self._document.place(mention.first, mention.first)
        _, _, end = self._document.place(mention.last, mention.last)
        text = getattr(self._document.entry, field)
        return text[max(start - _BEFORE, 0) : start], text[end : end + _AFTER]

    def _spaceless(self, mention: Mention, act: tuple[int, int] | None) -> Role:
        before, after = self._texts(mention)
        if self._word(mention.first) in _TOWARDS:
            return Role.OBJECT  # 訪日, 对华: the state is where one goes
        if act is not None and not self._reader.is_one_sentence(mention.first, act[0]):
            act = None
        if self._is_japanese:
            return self._japanese(after, mention, act)
        return self._chinese(before, mention, act)

    def _japanese(
        self, after: str, mention: Mention, act: tuple[int, int] | None
    ) -> Role:
        for pattern, role in (
            (_JA_AGENT, Role.AGENT),
            (_JA_CAUSE, Role.CAUSE),
            (_JA_PLACE, Role.PLACE),
            (_JA_SPEAKER, Role.SUBJECT),
            (_JA_PARTNER, Role.PARTNER),
            (_JA_SUBJECT, Role.SUBJECT),
            (_JA_OBJECT, Role.OBJECT),
        ):
            if pattern.search(after):
                return role
        if act is None or mention.first <= act[1]:
            return Role.PARTNER if after.startswith("の") else Role.SPEAKER
        return Role.OBJECT

    def _chinese(
        self, before: str, mention: Mention, act: tuple[int, int] | None
    ) -> Role:
        if _ZH_CAUSE.search(before):
            return Role.CAUSE
        if _ZH_AGENT.search(before):
            return Role.AGENT
        if _ZH_OBJECT.search(before):
            return Role.OBJECT
        if _ZH_PARTNER.search(before):
            return Role.PARTNER
        if act is None or mention.first <= act[1]:
            return Role.SUBJECT
        return Role.OBJECT
