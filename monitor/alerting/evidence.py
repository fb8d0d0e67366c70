"""Find the sentence that supports a match, and mark in it what was found.

Spans name characters of the stored text, so text is cut by them first and cleaned
after. How a mark looks is left to the receiver's own module.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from monitor.alerting.plain import one_line
from monitor.alerting.rules.absence import OWN_FEED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Alert, Match

# The end of a sentence. A stop after "U.S", "Mr", "Gen" or the like mostly is none;
# taking a short name for one of them only makes the excerpt longer.
_ABBREVIATED = r"(?<!\b[A-Z])(?<!\b[A-Z][a-z])(?<!\b[A-Z][a-z][a-z])"
_END = re.compile(
    rf"{_ABBREVIATED}[.!?]+[\"'”’)\]]*\s+|[。！？]+[」』”’）]*|\n+", re.UNICODE
)


FROM_PAGE = "On its page: "
"""What stands before a quotation that the feed itself does not hold."""


class Piece(NamedTuple):
    """A run of text on one line, and whether it is evidence."""

    text: str
    is_evidence: bool


def title(match: Match, limit: int) -> list[Piece]:
    """Return the title in pieces, of `limit` characters at most."""
    text = match.entry.title
    return _excerpt(text, _intervals(match, "title"), (0, len(text)), limit)


def sentence(match: Match, limit: int) -> list[Piece]:
    """Return the sentences of the summary that hold evidence; none without any.

    From the first of them to the last, `limit` characters at most, which begin near
    the first evidence when there is too much. Evidence in the page of the entry follows
    the same way, and is said to be from there.
    """
    summary = _sentences(match, "summary", limit)
    page = _sentences(match, "text", limit // 2 if summary else limit)
    if not page:
        return summary
    if summary:
        summary = [
            *_sentences(match, "summary", limit // 2),
            Piece(" ", is_evidence=False),
        ]
    return [*summary, Piece(FROM_PAGE, is_evidence=False), *page]


def _sentences(match: Match, field: str, limit: int) -> list[Piece]:
    text: str = getattr(match.entry, field)
    found = _intervals(match, field)
    if not found:
        return []
    ends = [stop.end() for stop in _END.finditer(text)]
    start = max((end for end in ends if end <= found[0][0]), default=0)
    end = min((end for end in ends if end >= found[-1][1]), default=len(text))
    return _excerpt(text, found, (start, end), limit)


def quotes(match: Match) -> list[str]:
    """Return what was found, in the entry's own words, each wording once."""
    entry = match.entry
    texts = [
        *(entry.title[start:end] for start, end in _intervals(match, "title")),
        *(entry.summary[start:end] for start, end in _intervals(match, "summary")),
        *(entry.text[start:end] for start, end in _intervals(match, "text")),
    ]
    lines = (one_line(text).strip() for text in texts)
    return list(dict.fromkeys(line for line in lines if line))


def sure(alert: Alert) -> str:
    """Return how sure the match is, in words; "" where nothing was seen at all."""
    match = alert.match
    is_silence = match.entry.feed == OWN_FEED and not match.spans
    return "" if is_silence else f"{match.confidence} confidence"


def _intervals(match: Match, field: str) -> list[tuple[int, int]]:
    """Return the spans of a field in order, those that overlap as one."""
    merged: list[tuple[int, int]] = []
    spans = {(span.start, span.end) for span in match.spans if span.field == field}
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _excerpt(
    text: str, found: list[tuple[int, int]], whole: tuple[int, int], limit: int
) -> list[Piece]:
    start, end = whole
    if end - start > limit:
        evidence = found[0] if found else (start, start)
        lead = max(limit - (evidence[1] - evidence[0]), 0) // 4
        start = max(start, min(evidence[0] - lead, end - limit))
        end = start + limit
    pieces = [Piece("…", is_evidence=False)] if start > whole[0] else []
    for part, is_evidence in _cut(text, found, start, end):
        line = one_line(part)
        if line:
            pieces.append(Piece(line, is_evidence and not line.isspace()))
    if end < whole[1]:
        pieces.append(Piece("…", is_evidence=False))
    return pieces


def _cut(
    text: str, found: list[tuple[int, int]], start: int, end: int
) -> Iterator[tuple[str, bool]]:
    at = start
    for span in found:
        first, last = max(span[0], at), min(span[1], end)
        if first < last:
            yield text[at:first], False
            yield text[first:last], True
            at = last
    yield text[at:end], False
