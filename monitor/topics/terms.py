"""Read a term: a word or phrase, `term*` for any ending, `=Exact` for exact letters."""

from __future__ import annotations

from msgspec import Struct

from monitor.errors import QueryError
from monitor.text import BREAK, is_cjk, letters, words

_SHORTEST_PREFIX = 2


class Term(Struct, frozen=True, gc=False):
    """A run of words to find.

    Args:
        words: the folded words, before stemming.
        prefix: the last word may have any ending.
        exact: the words with their case, when only these letters will do.
    """

    words: tuple[str, ...]
    prefix: bool = False
    exact: tuple[str, ...] | None = None


def is_term(item: str) -> bool:
    """Tell whether an item of a list of concepts is a term of its own."""
    return item.startswith(('"', "=")) or item.endswith("*")


def parse_term(text: str) -> Term:
    """Read a term, with or without double quotes around it.

    Raises:
        QueryError: the term holds nothing to look for, or a misplaced mark.
    """
    body, offset = text.strip(), len(text) - len(text.lstrip())
    exact = body.startswith("=")
    if exact:
        body, offset = body[1:], offset + 1
    if body.startswith('"'):
        body, offset = _unquote(body, offset)
    prefix = body.endswith("*")
    if prefix:
        body = body[:-1]
    _refuse_stray_wildcard(body, offset)
    found = tuple(words(body))
    if not any(found):
        raise _nothing_to_find(body, prefix=prefix)
    if BREAK in found:
        raise QueryError(
            f'term "{body}" holds punctuation between two characters',
            offset=offset,
            hint="a term is one unbroken run; make two terms of it",
        )
    if prefix and exact:
        raise QueryError(
            f'term "{body}" asks for exact letters and for any ending',
            offset=offset + len(body),
            hint='keep either "=" or "*"',
        )
    if prefix:
        _refuse_short_prefix(found[-1], body, offset)
        # Without spaces there are no endings: a run is found wherever it stands.
        prefix = not is_cjk(found[-1])
    return Term(found, prefix, tuple(letters(body)) if exact else None)


def _unquote(body: str, offset: int) -> tuple[str, int]:
    if len(body) == 1 or not body.endswith('"'):
        raise QueryError(
            f"a quote is opened and not closed in {body}",
            offset=offset,
            hint='put a " at the end',
        )
    return body[1:-1], offset + 1


def _refuse_stray_wildcard(body: str, offset: int) -> None:
    if "*" in body.rstrip("*") or (body.endswith("*") and body.strip("* ")):
        raise QueryError(
            f'"*" stands inside "{body}"',
            offset=offset + body.index("*"),
            hint="a wildcard may only end a term",
        )


def _nothing_to_find(body: str, *, prefix: bool) -> QueryError:
    if prefix:
        return QueryError(
            f'"{body}*" would match every word',
            hint='put the beginning of a word before the "*"',
        )
    return QueryError(f'term "{body}" holds no letter or digit')


def _refuse_short_prefix(last: str, body: str, offset: int) -> None:
    if len(last) < _SHORTEST_PREFIX and not is_cjk(last):
        raise QueryError(
            f'"{body}*" is too short for a wildcard',
            offset=offset,
            hint='write at least two letters before the "*"',
        )
