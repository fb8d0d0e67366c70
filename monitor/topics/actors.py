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
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from monitor.topics.cast import counts
from monitor.topics.cues import Reader as CueReader
from monitor.topics.document import WORD_WIDTH
from monitor.topics.lexicon import Reader
from monitor.topics.mentions import Mention, Naming, is_spaceless
from monitor.topics.plover import PREFERRED, STRENGTH, code_of
from monitor.topics.roles import Role, Roles

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

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

_HEADS = frozenset(["chief", "head", "director", "board", "members", "states", "boss"])
"""Who speaks for a body."""

_CUE_REACH = 8
"""How far from a cue such as "may" its act may stand, in words."""

# Their words are as often things as acts: funding, support, a visit, to give.
_NOUNS = frozenset(["aid", "support"])
_DOUBTFUL = frozenset(["mass", "edge", "inside", "working", "give", "row", "session"])


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


_Asked: TypeAlias = "tuple[tuple[str, ...] | None, tuple[tuple[int, int], ...], Direct]"


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
        self._roles: dict[tuple[int, int] | None, list[Role]] = {}
        self._codes: dict[tuple[_Act, str], str] = {}
        self._told: dict[_Asked, Told] = {}
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
        self._mentions = Naming(document).mentions(names, sorted(set(offices)))

    def _roles_in(self, act: tuple[int, int] | None) -> list[Role]:
        # Of many topics that match, most tell of one act.
        roles = self._roles.get(act)
        if roles is None:
            reader = Roles(self.document, self._cues, self._mentions)
            roles = self._roles[act] = reader.read(act)
        return roles

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
        # Many topics are found at the same words.
        key = (wanted, tuple(hit[:2] for hit in evidence), direct)
        told = self._told.get(key)
        if told is None:
            told = self._told[key] = self._tell(wanted, evidence, direct)
        return told

    def _tell(
        self, wanted: tuple[str, ...] | None, evidence: Sequence[Hit], direct: Direct
    ) -> Told:
        act = self._act(evidence, direct)
        code = "" if act is None else self._code(act, direct)
        if not self._mentions:
            return Told((), code)
        place = None if act is None else (act.first, act.last)
        start = evidence[0][0]
        if direct.cue is None and place and start < self.document.split < place[0]:
            place = None  # the title tells the news, by a word we do not know
        roles = self._roles_in(place)
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
            is_agent = act is not None and self._acts_itself(mention, act)
            return Role.SUBJECT if is_agent else Role.OBJECT
        return role

    def _acts_itself(self, body: Mention, act: tuple[int, int]) -> bool:
        """Tell whether the act follows a body's name: "UNESCO chief urges"."""
        words = self.document.words
        between = [words[at].text for at in range(body.last + 1, act[0])]
        return (
            act[0] > body.last
            and not is_spaceless(words[body.last].text)
            and (not between or (len(between) == 1 and between[0] in _HEADS))
        )

    def _is_near(self, mention: Mention, places: Sequence[tuple[int, int]]) -> bool:
        at = self.document.at
        return any(
            at[max(mention.first, first)] - at[min(mention.last, last)]
            <= REACH * WORD_WIDTH
            for first, last in places
        )

    # --- what is done ---

    def _code(self, act: _Act, direct: Direct) -> str:
        code = self._codes.get((act, direct.label))
        if code is None:
            code = self._codes[act, direct.label] = self._read_code(act, direct)
        return code

    def _read_code(self, act: _Act, direct: Direct) -> str:
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
        split, within = self.document.split, reach * WORD_WIDTH
        is_late = places[0][0] > split
        best, best_rank = None, None
        for act in acts:
            gap = self._gap(act, places)
            if gap > within:
                continue
            is_doubtful = act.concept in _NOUNS or act.first in self._no_acts
            rank = (
                gap > 0 and (act.first > split) != is_late,
                is_doubtful,
                gap > 0 and act.concept not in wanted,
                gap,
                act.last < places[0][0],
                STRENGTH.get(act.concept, len(STRENGTH)),
                act.first,
            )
            if best_rank is None or rank < best_rank:
                best, best_rank = act, rank
        return best

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
        smallest = at[-1]
        for first, last in places:
            gap = at[max(act.first, first)] - at[min(act.last, last)]
            smallest = min(smallest, gap)
        return max(0, smallest)


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
