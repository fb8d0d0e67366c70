"""Name who acts and upon whom near the evidence of a match, and what is done.

Only entries that matched are read here. An office or a force counts for the state that
is named with it. Where none is, the language decides for the offices of its own
country: Japanese press leaves its own government unnamed (政府筋, 外務省), so an item in
Japanese means Japan by it; an item in Chinese means China by 外交部 and 我方, unless its
language tag says Taiwan, Hong Kong or traditional script.

What part each takes is read in `roles`, how the act is called in `plover`.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.language import language_of
from monitor.topics.cast import counts
from monitor.topics.cues import Reader as CueReader
from monitor.topics.document import WORD_WIDTH
from monitor.topics.lexicon import Reader
from monitor.topics.plover import PREFERRED, STRENGTH, code_of
from monitor.topics.roles import Mention, Role, Roles, is_spaceless

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from monitor.model import Entry
    from monitor.topics.cast import Cast
    from monitor.topics.direction import Direct
    from monitor.topics.document import Document
    from monitor.topics.windows import Hit

MOST = 4
"""The most actors a match names."""

REACH = 25
"""An actor or act further than this many words from all evidence is of other news."""

FEW = 2
"""With fewer who act or are acted upon, those named in passing are told too."""

_UN_AGENCIES = frozenset(
    f"bodies/{name}"
    for name in [
        "unesco",
        "unhcr",
        "unrwa",
        "unicef",
        "who",
        "wfp",
        "fao",
        "undp",
        "unfpa",
        "human-rights-council",
        "ilo",
        "iaea",
    ]
)

_CUE_REACH = 8
"""How far from a cue such as "may" its act may stand, in words."""

# Their words are as often things as acts: funding, support, a visit, to give.
_NOUNS = frozenset(["aid", "support"])
_DOUBTFUL = frozenset(["mass", "edge", "inside", "working", "give", "row", "session"])

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
_OTHERS = "各両兩同他邦方州省市府県"
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
    r"(?=.{0,40}\S)[A-Z][A-Za-z .,'/0-9]{2,40}(?:\([^)]{2,30}\)\s*)?\s?(?:[-—–]{1,2}|:)\s"
    r"|[A-Z][A-Z .,'/]{2,30}(?:,? [A-Z][a-z]+\.? \d{1,2})? ?\([^)]{2,30}\) ?"
    r"|[【［\[][^】］\]]{1,20}[】］\]]"
    r"|[^。，]{0,10}(?:社|网|報)[^。，]{0,12}(?:电|電|讯|訊)"
    r")"
)
_TAIL = re.compile(r"\s[-–—|｜]\s*([^-–—|｜]{2,40})$")


class Told(Struct, frozen=True):
    """Who acts and upon whom, the one that acts first; and what is done."""

    actors: tuple[str, ...] = ()
    act: str = ""


NOBODY = Told()


class Actors:
    """Name the actors of matches.

    Meant for one thread, as the index it belongs to.

    Args:
        cast: who may act.
    """

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self._reader: Reader | None = None
        self._scene: _Scene | None = None

    def tell(
        self,
        entry: Entry,
        wanted: tuple[str, ...] | None,
        evidence: Sequence[Hit],
        direct: Direct,
    ) -> Told:
        """Return who acts near the evidence of a match, and what is done.

        Args:
            wanted: the actors that count for the topic; None for all of the packs.
            evidence: where the match was found.
            direct: where things move, and the cue that told.
        """
        if wanted == ():
            return NOBODY
        scene = self._scene
        if scene is None or scene.document.entry is not entry:
            scene = self._scene = self._read(entry)
        return scene.tell(wanted, evidence, direct)

    def _read(self, entry: Entry) -> _Scene:
        lexicon = self.cast.lexicon
        if self._reader is None:
            self._reader = Reader(lexicon)
        document = self._reader.read(entry)
        return _Scene(self.cast, document, self._reader.find(document))


class _Act(Struct, frozen=True):
    first: int
    last: int
    concept: str


class _Scene:
    """Who is named in an entry, and what is done, whatever matched."""

    def __init__(
        self, cast: Cast, document: Document, hits: dict[int, list[tuple[int, int]]]
    ) -> None:
        self.document = document
        names: list[Mention] = []
        offices: list[tuple[int, int]] = []
        self._acts: list[_Act] = []
        for atom, places in hits.items():
            part = cast.parts[atom]
            if part is None:
                continue
            if part.kind == "actor":
                names += (Mention(part.name, *place, place[1]) for place in places)
            elif part.kind == "office":
                offices += places
            else:
                self._acts += (_Act(*place, part.name) for place in places)
        self._mentions = self._in_order(names, sorted(set(offices)))

    @cached_property
    def _cues(self) -> CueReader:
        return CueReader(self.document)

    def tell(
        self,
        wanted: tuple[str, ...] | None,
        evidence: Sequence[Hit],
        direct: Direct,
    ) -> Told:
        """Return who acts near the evidence, and what is done."""
        act = self._act(evidence, direct)
        code = "" if act is None else self._code(act, direct)
        if not self._mentions:
            return Told((), code)
        place = None if act is None else (act.first, act.last)
        start = evidence[0][0]
        if place and start < self.document.split < place[0]:
            place = None  # the title tells the news, by a word we do not know
        roles = Roles(self.document, self._cues, self._mentions).read(place)
        places = [hit[:2] for hit in evidence] + ([] if place is None else [place])
        near = [
            (mention, self._part(mention, role, place, evidence))
            for mention, role in zip(self._mentions, roles, strict=True)
            if counts(mention.name, wanted) and self._is_near(mention, places)
        ]
        return Told(_chosen(near), code)

    def _part(
        self,
        mention: Mention,
        role: Role,
        act: tuple[int, int] | None,
        evidence: Sequence[Hit],
    ) -> Role:
        anchor = evidence[0][0] if act is None else act[0]
        if not self._cues.is_one_sentence(mention.first, anchor):
            if mention.is_body and any(
                hit[0] <= mention.last and mention.first <= hit[1] for hit in evidence
            ):
                return Role.OBJECT
            if role is Role.OBJECT:
                return Role.CAUSE
            return Role.ELSEWHERE if role < Role.OBJECT else role
        if mention.is_body and role in (Role.SUBJECT, Role.SPEAKER, Role.PARTNER):
            # "UNESCO dues", "UNESCO and Japan": a body is what things are done to, but
            # where the very next words tell that it acts.
            acts = act is not None and act[0] - mention.last in (1, 2)
            is_plain = not is_spaceless(self.document.words[mention.last].text)
            return Role.SUBJECT if acts and is_plain else Role.OBJECT
        return role

    def _is_near(self, mention: Mention, places: Sequence[tuple[int, int]]) -> bool:
        at = self.document.at
        return any(
            at[max(mention.first, first)] - at[min(mention.last, last)]
            <= REACH * WORD_WIDTH
            for first, last in places
        )

    # --- who is named ---

    def _in_order(
        self, names: list[Mention], offices: list[tuple[int, int]]
    ) -> list[Mention]:
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
        found = {
            (each.first, each.name): Mention(
                each.name, each.first, self._with_office(each, starts), each.end
            )
            for each in sorted(widest, key=self._order)
        }
        return list(found.values())

    def _order(self, mention: Mention) -> tuple[int, bool, str]:
        """Return where a name stands; of two in a word such as 中日, which comes first."""
        letter = self.document.words[mention.first].text
        begins = mention.name == f"states/{_ABBREVIATED.get(letter, '')}"
        return mention.first, not begins, mention.name

    def _with_office(self, mention: Mention, offices: dict[int, int]) -> int:
        """Return the last word of a name with the offices that follow it."""
        last = mention.last
        while True:
            following = [
                offices[at] for at in (last, last + 1, last + 2) if at in offices
            ]
            split = self.document.split
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
        words = self.document.words
        ends = {each.end for each in names}
        inside = {at for each in names for at in range(each.first, each.end + 1)}
        for first, last in offices:
            if first in inside or not is_spaceless(words[first].text):
                continue
            before = words[first - 1].text if first else ""
            if first - 1 in ends or (before == "の" and first - 2 in ends):
                continue
            state = _ABBREVIATED.get(before)
            if state is not None:
                yield Mention(f"states/{state}", first - 1, last, last)
                continue
            text = "".join(words[at].text for at in range(first, last + 1))
            if text in home and not (before and before in _OTHERS):
                yield Mention(owner, first, last, last)

    @cached_property
    def _home(self) -> tuple[str, frozenset[str]]:
        """Return the state and the offices that the language leaves unnamed."""
        lang = language_of(self.document.entry).lower().replace("_", "-")
        if lang.startswith(_OTHER_CHINESE):
            return "", frozenset()
        return _AT_HOME.get(lang.split("-")[0], ("", frozenset()))

    def _is_no_actor(self, mention: Mention) -> bool:
        """Tell whether a name is of a seat, a dateline or a publisher."""
        entry = self.document.entry
        words = self.document.words
        if mention.end + 1 < len(words) and words[mention.end + 1].text in _SEATS:
            return True
        field, start, end = self.document.place(mention.first, mention.end)
        if field == "summary":
            return end <= self._dateline
        return start >= self._tail(entry)

    @cached_property
    def _dateline(self) -> int:
        found = _DATELINE.match(self.document.entry.summary)
        return found.end() if found else 0

    def _tail(self, entry: Entry) -> int:
        found = _TAIL.search(entry.title)
        if (
            found
            and entry.source
            and found[1].strip().casefold() in (entry.source.casefold())
        ):
            return found.start()
        return len(entry.title)

    # --- what is done ---

    def _code(self, act: _Act, direct: Direct) -> str:
        reading = self._cues.read(act.first, act.last, ())
        sense = reading.sense
        if direct.label == "threat" and sense == "said":
            sense = "possible"
        quote = self.document.span(act.first, act.last, "").quote
        return code_of(act.concept, sense, quote, is_ahead=self._is_ahead(act))

    def _is_ahead(self, act: _Act) -> bool:
        words = self.document.words
        before = [words[at].text for at in range(max(act.first - 3, 0), act.first)]
        if not is_spaceless(words[act.first].text):
            return bool(_AHEAD.intersection(before))
        field, start, _ = self.document.place(act.first, act.first)
        _, _, end = self.document.place(act.last, act.last)
        text = getattr(self.document.entry, field)
        return bool(
            _AHEAD_AFTER.match(text[end : end + 8])
            or _AHEAD_BEFORE.search(text[max(start - 4, 0) : start])
        )

    def _act(self, evidence: Sequence[Hit], direct: Direct) -> _Act | None:
        """Return the act that is told: by the cue, else by the evidence."""
        wanted = PREFERRED.get(direct.label, ())
        known = [each for each in self._acts if each.concept in STRENGTH]
        if direct.label == "threat":
            # Whoever asks or protests meanwhile: what is threatened is the act.
            known = [
                each
                for each in self._acts
                if each.concept in wanted or each.concept == "consider"
            ] or known
        if not known:
            return None
        if direct.cue is not None:
            first, last, _ = direct.cue
            found = self._nearest(known, [(first, last)], wanted, _CUE_REACH)
            if found is not None:
                return found
        return self._nearest(known, [hit[:2] for hit in evidence], wanted, REACH)

    def _nearest(
        self,
        acts: Sequence[_Act],
        places: Sequence[tuple[int, int]],
        wanted: Container[str],
        reach: int,
    ) -> _Act | None:
        split = self.document.split

        def order(act: _Act) -> tuple[bool, bool, bool, int, bool, int, int]:
            gap = self._gap(act, places)
            return (
                gap > 0 and (act.first > split) != (places[0][0] > split),
                act.concept in _NOUNS or act.first in self._no_acts,
                gap > 0 and act.concept not in wanted,
                gap,
                act.last < places[0][0],
                STRENGTH.get(act.concept, len(STRENGTH)),
                act.first,
            )

        within = reach * WORD_WIDTH
        close = [act for act in acts if self._gap(act, places) <= within]
        return min(close, key=order, default=None)

    @cached_property
    def _no_acts(self) -> frozenset[int]:
        """Return where words stand that are as often no act at all."""
        return frozenset(
            act.first
            for act in self._acts
            if self.document.words[act.first].text in _DOUBTFUL
        )

    def _gap(self, act: _Act, places: Sequence[tuple[int, int]]) -> int:
        at = self.document.at
        return min(
            max(0, at[max(act.first, first)] - at[min(act.last, last)])
            for first, last in places
        )


def _chosen(near: Sequence[tuple[Mention, Role]]) -> tuple[str, ...]:
    """Return whom to name, the one that acts first.

    What one does in the sentence of the act says more than what one does elsewhere, and
    who is named elsewhere, or only as a cause, is named when few others are.
    """
    best: dict[str, Role] = {}
    for mention, role in near:
        known = best.get(mention.name)
        if known is None or _weight(role) < _weight(known):
            best[mention.name] = role
    has_agent = any(
        role <= Role.SPEAKER and not name.startswith("bodies/")
        for name, role in best.items()
    )
    for name, role in best.items():
        if role is Role.ELSEWHERE and not has_agent and name.startswith("states/"):
            best[name] = Role.PARTNER
    firm = [name for name, role in best.items() if role < Role.PLACE]
    if len(firm) < FEW:
        passing = [name for name, role in best.items() if role is not Role.PLACE]
        if any(best[name] is not Role.CAUSE for name in passing):
            firm = passing
    if _UN_AGENCIES.intersection(firm) and "bodies/un" in firm:
        firm.remove("bodies/un")
    return tuple(sorted(firm, key=best.__getitem__)[:MOST])


def _weight(role: Role) -> tuple[bool, Role]:
    return role is Role.PLACE, role


_AHEAD = frozenset(
    [
        "will",
        "to",
        "would",
        "shall",
        "plan",
        "plans",
        "intend",
        "intends",
        "vow",
        "vows",
    ]
)
_AHEAD_AFTER = re.compile(
    r"^(?:.{0,2}へ|する方針|の方針|する予定|の予定|する意向|の意向)"
)
_AHEAD_BEFORE = re.compile(r"(?:将|將|拟|擬|愿|願|准备|計劃|计划)[^，。]{0,2}$")
