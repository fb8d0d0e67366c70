"""Find what keeps a part of a plan from being satisfied: nothing found, or too far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from monitor.topics.plan import Atom, Away, Either, From, InField, Together, TwoOf
from monitor.topics.windows import narrowest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.topics.plan import Found, Part

_LONGEST_QUERY = 200
_ALMOST = 0.9

Reason = Literal[
    "not found",
    "too far apart",
    "not in this order",
    "not in one sentence",
    "not at places of their own",
    "forbidden",
    "in another field",
    "near something unwanted",
    "from elsewhere",
]


class Gap(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that keeps a clause from holding.

    Args:
        query: what was asked for, as a query.
        reason: what was wrong with it.
        words: for "too far apart", how far apart the nearest are, in words.
        allowed: and how far they may be.
        text: what was found instead, in the entry's words.
    """

    query: str
    reason: Reason
    words: int | None = None
    allowed: int | None = None
    text: str = ""


class Missing:
    """Answer for the parts of topics, given one entry.

    Args:
        label: returns how an atom is written in a query.
        found: the entry and what was found in it.
    """

    def __init__(self, label: Callable[[int], str], found: Found) -> None:
        self._label = label
        self._found = found

    def gaps(self, part: Part) -> list[Gap]:
        """Return what keeps a part from being satisfied; nothing when it is."""
        if part.windows(self._found):
            return []
        if isinstance(part, Either):
            return self._nearest(part)
        if isinstance(part, Together):
            return self._apart(part)
        if isinstance(part, InField | Away | From):
            return self._inside(part)
        return [self._gap(part, "not found")]

    def _inside(self, part: InField | Away | From) -> list[Gap]:
        """Return what keeps a part that holds another from being satisfied."""
        if not part.part.windows(self._found):
            return self.gaps(part.part)
        if isinstance(part, From):
            return [self._gap(part, "from elsewhere")]
        in_field = isinstance(part, InField)
        reason: Reason = "in another field" if in_field else "near something unwanted"
        return [self._gap(part, reason, part.part)]

    def share(self, part: Part) -> float:
        """Return how much of a part was found, from 0 to 1."""
        if part.windows(self._found):
            return 1.0
        match part:
            case Either(parts):
                return max(self.share(each) for each in parts)
            case Together(parts):
                return _ALMOST * sum(self.share(each) for each in parts) / len(parts)
            case InField(inner) | Away(inner) | From(inner):
                return _ALMOST * self.share(inner)
        return 0.0

    def query(self, part: Part) -> str:
        """Return about what a part asks for, as a query, not too long."""
        text = self._written(part)
        return text if len(text) <= _LONGEST_QUERY else text[: _LONGEST_QUERY - 1] + "…"

    def _nearest(self, part: Either) -> list[Gap]:
        """Return the gaps of the alternative that lacks least."""
        best = max(part.parts, key=self.share)
        if self.share(best) == 0.0:
            return [self._gap(part, "not found")]
        return self.gaps(best)

    def _apart(self, part: Together) -> list[Gap]:
        """Return what is missing, or which demand keeps what is there apart."""
        gaps = [gap for each in part.parts for gap in self.gaps(each)]
        forbidden = [each for each in part.none_of if each.windows(self._found)]
        gaps += [self._gap(each, "forbidden", each) for each in forbidden]
        if gaps:
            return gaps
        if part.near is not None:
            wider = self._distance(part)
            if wider is not None:
                return [
                    structs.replace(
                        self._gap(part, "too far apart"),
                        words=wider,
                        allowed=part.near,
                    )
                ]
        if part.one_sentence:
            return [self._gap(part, "not in one sentence")]
        if part.ordered:
            return [self._gap(part, "not in this order")]
        return [self._gap(part, "not at places of their own")]

    def _distance(self, part: Together) -> int | None:
        """Return the smallest `near` that would do, or None if none would."""
        if not structs.replace(part, near=None).windows(self._found):
            return None
        low, high = part.near or 0, len(self._found.document.words)
        while high - low > 1:
            middle = (low + high) // 2
            if structs.replace(part, near=middle).windows(self._found):
                high = middle
            else:
                low = middle
        return high

    def _gap(self, part: Part, reason: Reason, held: Part | None = None) -> Gap:
        text = ""
        if held is not None:
            document = self._found.document
            window = narrowest(held.windows(self._found), document.at)
            first, last, _ = window[2][0]
            text = document.span(first, last, "").quote
        return Gap(query=self.query(part), reason=reason, text=text)

    def _written(self, part: Part) -> str:
        text = "..."
        match part:
            case Atom(number):
                text = self._label(number)
            case TwoOf(number):
                text = f"two of {self._label(number)}"
            case Either(parts):
                text = self._bracketed(" OR ", parts)
            case Together():
                text = self._joined(part)
            case InField(inner, field):
                text = f"{field}:{self._written(inner)}"
            case Away(inner, unwanted):
                names = ", ".join(self._label(number) for number in unwanted)
                text = f"{self._written(inner)} away from {names}"
            case From(inner):
                text = f"{self._written(inner)} from a certain feed, source or language"
        return text

    def _joined(self, part: Together) -> str:
        if part.ordered:
            words = " ONEAR " if part.near is None else f" ONEAR/{part.near} "
        else:
            words = " AND " if part.near is None else f" NEAR/{part.near} "
        text = self._bracketed(words, part.parts)
        for each in part.none_of:
            text += f" NOT {self._written(each)}"
        return text

    def _bracketed(self, word: str, parts: Sequence[Part]) -> str:
        if len(parts) == 1:
            return self._written(parts[0])
        return f"({word.join(map(self._written, parts))})"
