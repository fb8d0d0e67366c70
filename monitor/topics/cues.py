"""Read how a cue is meant: said as a fact, denied, ended, only possible, or long past.

"Will not resume" denies, "no longer withholds" ends, "may halt" is only possible, and
"which left in 2018" tells of what went before. A few closed lists of small words per
language and their reach, in the manner of NegEx and ConText (Chapman and others,
Journal of Biomedical Informatics 34, 2001; Harkema and others, 42, 2009). What a cue
means for a topic is left to `direction`.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from monitor.text import BREAK, is_cjk, stem, words
from monitor.topics.cues_cjk import read_characters
from monitor.topics.document import CJK_WIDTH
from monitor.topics.reading import ASIDE, FOREGROUND, PAST, Reading

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from monitor.topics.document import Document, Field
    from monitor.topics.lexicon import Word
    from monitor.topics.reading import Sense


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text))


_DENIALS = _stems(
    "not no never nor neither without cannot refuse refusal reject rejection deny "
    "denial decline fail failure unable unlikely rule exclude hardly"
)
_ENDINGS = _stems("stop cease end lift reverse revoke rescind thaw overturn")
_POSSIBLES = _stems(
    "may might could consider considering mull weigh ponder threaten threat"
)
# They stand between a denial and what it denies without using up its reach.
_TRANSPARENT = _set("to the a an its their his any be been being yet also out on of")
_REACH = 3
_REPORTS = _stems(
    "say says said tell told announce announced confirm report claim declare state "
    "admit warn insist reveal believe think hint suggest so indicate inform notify "
    "assure promise pledge"
)
_ASIDES = _set("after following since which who whose whom despite amid because having")
_BOUNDARIES = _ASIDES | _set(
    "that while whereas but although though when before until as if and or"
)
_MONTHS = _set(
    "january february march april may june july august september october november "
    "december"
)
_BEFORE_DATES = _set("in since last next early late until by from of mid during on")
_LAST = frozenset(["year", "month", "decade", "century"])
_PAST_ADVERBS = _set("previously earlier formerly originally")
_CLAUSE = 12
_SAME_CLAUSE = 60  # words or characters; two places farther apart are not in one
_AFTER_TIME = 7
_YEAR_LENGTH = 4

_FULL_STOP = re.compile(r"[.!?。;\n|]")
_COMMA = re.compile(r"[,:、()—–「」『』\"“”]")

_CJK_BEFORE = 12
_CJK_AFTER = 9


class Reader:
    """Read the cues of one entry.

    Args:
        document: the entry.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        entry = document.entry
        self._year = (entry.published_at or entry.fetched_at).year

    def read(self, first: int, last: int, others: Collection[int]) -> Reading:
        """Return how the cue from word `first` to word `last` is meant.

        Args:
            first: its first word.
            last: its last word.
            others: the positions of cues that say something else; a date beyond one
                of them belongs to it.
        """
        if is_cjk(self._word(first)):
            return self._read_cjk(first, last)
        if self._is_month(first):
            return Reading("none", FOREGROUND)
        turns: list[int] = []
        sense = self._sense(first, last, turns)
        return Reading(sense, self._depth(first, last, others), tuple(turns))

    def is_apart(self, left: int, right: int) -> bool:
        """Tell whether a sentence or clause ends between two positions."""
        low, high = sorted((left, right))
        return high - low > _SAME_CLAUSE or any(
            self._word(at) in _BOUNDARIES or self.stop(at) > 1
            for at in range(low + 1, high + 1)
        )

    def is_one_sentence(self, left: int, right: int) -> bool:
        """Tell whether no sentence ends between two positions."""
        low, high = sorted((left, right))
        return all(self.stop(at) < 2 for at in range(low + 1, high + 1))  # noqa: PLR2004

    def _word(self, at: int) -> str:
        return self._document.words[at].text

    def stop(self, at: int) -> int:
        """Return what stands before a word: 0 nothing, 1 a comma, 2 a full stop."""
        document = self._document
        split, page = document.split, document.page
        if at <= 0 or at in (split, split + 1, page, page + 1):
            return 2
        if at < split:
            return self._title_stops[at]
        if at < page:
            return self._summary_stops[at - split - 1]
        return self._text_stops[at - page - 1]

    @cached_property
    def _title_stops(self) -> list[int]:
        document = self._document
        return _stops(document.title, document.words[: document.split])

    @cached_property
    def _summary_stops(self) -> list[int]:
        document = self._document
        words = document.words[document.split + 1 : document.page]
        return _stops(document.summary, words)

    @cached_property
    def _text_stops(self) -> list[int]:
        document = self._document
        if document.text is None:
            return []
        return _stops(document.text, document.words[document.page + 1 :])

    # --- words between spaces ---

    def _sense(self, first: int, last: int, turns: list[int]) -> Sense:
        """Return how a cue is meant; add where the words stand that turn it."""
        found: list[Sense] = []
        # "Not ruled out" and "rules out" as cues mean what their author says.
        is_exclusion = stem(self._word(first)) in ("rule", "exclud")
        reach, at = _REACH, first
        while reach and at > 0 and not self.stop(at):
            at -= 1
            text = self._word(at)
            if text in _BOUNDARIES:
                break
            sense = self._small_word(at)
            if sense:
                found.append(sense)
                if sense != "possible":
                    turns.append(at)
            if text not in _TRANSPARENT:
                reach -= 1
        if self._is_denied_later(last):
            found.append("denied")
        if is_exclusion or not found:
            return "said"
        return _together(found)

    def _small_word(self, at: int) -> Sense | None:
        text = self._word(at)
        stemmed = stem(text)
        pair = (stemmed, self._next(at))
        if pair == ("no", "longer"):
            return "ended"
        if pair == ("not", "only") or (stemmed == "rule" and pair[1] != "out"):
            return None
        if text.endswith("n't") or stemmed in _DENIALS:
            return "denied"
        if stemmed in _ENDINGS and self._word(max(at - 1, 0)) != "the":
            return "ended"
        if stemmed in _POSSIBLES and not self._is_month(at):
            return "possible"
        return None

    def _next(self, at: int) -> str:
        return self._word(at + 1) if at + 1 < len(self._document.words) else BREAK

    def _is_denied_later(self, last: int) -> bool:
        """Tell whether the passive denies it: "resumption is ruled out"."""
        words = [self._word(at) for at in self._following(last, _CLAUSE)]
        text = f" {' '.join(words)} "
        return bool(
            re.search(
                r"^ (?:\S+ ){0,5}(?:is|was|are|were|be|been) (?:ruled out|rejected|"
                r"denied|refused|off the table|unlikely) ",
                text,
            )
        )

    def _following(self, last: int, count: int) -> range:
        end = min(last + 1 + count, len(self._document.words))
        for at in range(last + 1, end):
            if self.stop(at) or self._word(at) in _BOUNDARIES:
                return range(last + 1, at)
        return range(last + 1, end)

    def _preceding(self, first: int, count: int) -> range:
        """Return the words before, from the beginning of the clause."""
        at = first
        while at > max(first - count, 0) and not self.stop(at):
            at -= 1
            if self._word(at) in _BOUNDARIES and self._word(at) not in ("and", "or"):
                return range(at, first)
        return range(at, first)

    def _is_month(self, at: int) -> bool:
        if self._word(at) not in ("may", "march"):
            return False
        before = self._word(at - 1) if at else BREAK
        return (
            before in _BEFORE_DATES or before[:1].isdigit() or self._next(at).isdigit()
        )

    def _depth(self, first: int, last: int, others: Collection[int]) -> int:
        before = self._preceding(first, _CLAUSE)
        is_aside = self._is_aside(before)
        if self._is_dated_before(first, last, others, is_aside=is_aside):
            return PAST
        recent = [self._word(at) for at in before[-2:]]
        if "had" in recent and not self._is_reported(first):
            return PAST
        if _PAST_ADVERBS.intersection(recent):
            return PAST
        return ASIDE if is_aside else FOREGROUND

    def _is_aside(self, clause: range) -> bool:
        if not clause:
            return False
        opener = self._word(clause[0])
        if opener == "that":
            # "Says that it may halt" tells; "the line that it cut" reminds.
            return clause[0] > 0 and not self._is_told(clause[0])
        return opener in _ASIDES

    def _is_told(self, that: int) -> bool:
        """Tell whether a verb of saying governs the "that": "tells the UN that"."""
        before = range(max(that - _REACH, 0), that)
        return any(stem(self._word(at)) in _REPORTS for at in before)

    def _is_reported(self, first: int) -> bool:
        at = first
        while at > max(first - _CLAUSE, 0) and self.stop(at) <= 1:
            at -= 1
            if stem(self._word(at)) in _REPORTS:
                return True
        return False

    def _is_dated_before(
        self, first: int, last: int, others: Collection[int], *, is_aside: bool
    ) -> bool:
        for at in self._following(last, _AFTER_TIME):
            if at in others:
                return False
            if self._is_past_date(at, is_aside=is_aside):
                return True
        return any(
            self._is_past_date(at, is_aside=is_aside)
            for at in self._preceding(first, _REACH + 1)
            if at not in others
        ) or self._opens_with_a_past_year(first)

    def _opens_with_a_past_year(self, first: int) -> bool:
        """Tell whether the sentence begins as "In 2018, Washington left"."""
        at = first
        while at > max(first - _CLAUSE, 0) and self.stop(at) <= 1:
            at -= 1
        return (
            self.stop(at) > 1
            and at + 1 < first
            and self._word(at) == "in"
            and self._is_past_date(at + 1, is_aside=False)
        )

    def _is_past_date(self, at: int, *, is_aside: bool) -> bool:
        text, before = self._word(at), self._word(max(at - 1, 0))
        if text == "ago" or (text in _LAST and before == "last"):
            return True
        if before not in _BEFORE_DATES:
            return False
        if len(text) == _YEAR_LENGTH and text.isdigit():
            return int(text) < self._year
        return is_aside and text in _MONTHS

    # --- characters in a row ---

    def _read_cjk(self, first: int, last: int) -> Reading:
        before = self._run_before(first)
        after = self._run_after(last)
        return read_characters(before, self._text(first, last), after, self._year)

    def _text(self, first: int, last: int) -> str:
        return "".join(self._word(at) for at in range(first, last + 1))

    def _run_before(self, first: int) -> str:
        start = first
        while start > max(first - _CJK_BEFORE, 0) and not self.stop(start):
            start -= 1
        return self._text(start, first - 1)

    def _run_after(self, last: int) -> str:
        end = last
        limit = min(last + _CJK_AFTER, len(self._document.words) - 1)
        while end < limit and not self.stop(end + 1):
            end += 1
        return self._text(last + 1, end)


def _together(found: list[Sense]) -> Sense:
    """Return the sense of small words together: denied twice, it is possible."""
    turns = [sense for sense in found if sense != "possible"]
    return turns[0] if len(turns) == 1 else "possible"


_NO_STOP = ("", " ")


def _stops(field: Field, read: Sequence[Word]) -> list[int]:
    """Return what stands before each word of a field, in the measure of `stop`."""
    stops, text, before, was_cjk = [], field.folded.text, 0, False
    for (start, end), word in zip(field.spans(), read, strict=True):
        between = text[before:end] if word.text == BREAK else text[before:start]
        stop = 0 if between in _NO_STOP else _strength(between)
        now_cjk = word.width == CJK_WIDTH
        if not stop and was_cjk and now_cjk and between:
            stop = 1  # a space between characters parts clauses of a headline
        stops.append(stop)
        before, was_cjk = end, now_cjk
    return stops


def _strength(between: str) -> int:
    if _FULL_STOP.search(between):
        return 2
    return 1 if _COMMA.search(between) else 0
