"""Read the boolean language of `query:` into nodes.

    unesco NEAR/12 (withdraw* OR "pull out") AND NOT title:$sports AND lang:en

From the loosest to the tightest: OR, then AND and NOT, then NEAR/n and ONEAR/n.
Operators are written in capitals. Looking up concepts is left to `clauses`, and
whether a query can be meant to `sense`.
"""

from __future__ import annotations

import re
from typing import cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput

from monitor.errors import QueryError
from monitor.topics.nodes import (
    QUALIFIERS,
    TEXT_FIELDS,
    AndNode,
    ConceptNode,
    FieldNode,
    NearNode,
    Node,
    OrNode,
    TermNode,
    children,
)
from monitor.topics.terms import parse_term

MAX_QUERY = 20_000
"""Characters in one query; more is a mistake in whatever wrote it."""

MAX_DEPTH = 40
"""Groups and operators inside each other; evaluation recurses this deep."""

_GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: nearby ((_AND | _AND? NOT) nearby)*
?nearby: unary | nearby NEAR unary -> near
?unary: (PHRASE | WORD) -> term
      | CONCEPT -> concept
      | FIELD unary -> field
      | _OPEN either _CLOSE

_OPEN: "("
_CLOSE: ")"
_OR.5: /OR(?![^\s()"])/
_AND.5: /AND(?![^\s()"])/
NOT.5: /NOT(?![^\s()"])/
NEAR.5: /O?NEAR(\/[^\s()"]*)?(?![^\s()"])/
CONCEPT.4: /\$[^\s()"]*/
FIELD.4: /[A-Za-z]+:/
PHRASE.4: /=?"[^"]*"/
WORD.1: /[^\s()"]+/
%ignore /\s+/
"""

# What word processors and Chinese or Japanese keyboards put in place of ASCII marks.
_PLAIN = str.maketrans("\u201c\u201d\u201e\uff02\uff08\uff09", '""""()')
_NEAR = re.compile(r"(O?)NEAR/([0-9]{1,4})")
_FIELDS = (*TEXT_FIELDS, *QUALIFIERS)


class _Build(Transformer[Token, Node]):
    """Turn what lark reads into nodes."""

    @v_args(inline=True)
    def term(self, token: Token) -> Node:
        at = _place(token)
        try:
            return TermNode(parse_term(str(token)), at)
        except QueryError as error:
            raise QueryError(
                str(error), offset=at + error.offset, hint=error.hint
            ) from None

    @v_args(inline=True)
    def concept(self, token: Token) -> Node:
        if len(token) == 1:
            raise QueryError(
                '"$" names no concept', offset=_place(token), hint='write "$name"'
            )
        return ConceptNode(str(token)[1:], _place(token))

    @v_args(inline=True)
    def field(self, token: Token, part: Node) -> Node:
        name = str(token)[:-1]
        if name not in _FIELDS:
            raise QueryError(
                f'no field named "{name}"',
                offset=_place(token),
                hint=f"fields are {': '.join(_FIELDS)}:; "
                'put quotes around a term with ":"',
            )
        return FieldNode(name, part, _place(token))

    @v_args(inline=True)
    def near(self, left: Node, token: Token, right: Node) -> Node:
        read = _NEAR.fullmatch(token)
        if read is None or int(read[2]) < 1:
            name = "ONEAR" if token.startswith("O") else "NEAR"
            raise QueryError(
                f'"{token}" needs a distance of 1 or more',
                offset=_place(token),
                hint=f'write "{name}/10" for at most 10 words apart',
            )
        return NearNode((left, right), int(read[2]), read[1] == "O", left.offset)

    def both(self, parts: list[Node | Token]) -> Node:
        wanted: list[Node] = []
        unwanted: list[Node] = []
        into = wanted
        for part in parts:
            if isinstance(part, Token):
                into = unwanted
                continue
            into.append(part)
            into = wanted
        return AndNode(tuple(wanted), tuple(unwanted), wanted[0].offset)

    def either(self, parts: list[Node]) -> Node:
        return OrNode(tuple(parts), parts[0].offset)


_parser = Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=_Build())


def parse_query(text: str) -> Node:
    """Read a query.

    Raises:
        QueryError: it cannot be read; with its offset and, where one is at hand, a hint.
    """
    plain = text.translate(_PLAIN)
    _refuse_oversize(plain)
    try:
        node = cast("Node", _parser.parse(plain))
    except UnexpectedInput as error:
        raise _explained(error, plain) from None
    if _depth(node) > MAX_DEPTH:
        raise QueryError(f"more than {MAX_DEPTH} operators inside each other")
    return node


def _place(token: Token) -> int:
    return token.start_pos or 0


def _refuse_oversize(text: str) -> None:
    if len(text) > MAX_QUERY:
        raise QueryError(
            f"the query has {len(text)} characters, more than {MAX_QUERY}",
            hint="make concepts of its lists of words",
        )


def _depth(node: Node) -> int:
    """Return how many parts stand inside each other, without recursion."""
    deepest, todo = 0, [(node, 1)]
    while todo:
        part, depth = todo.pop()
        deepest = max(deepest, depth)
        todo += [(inner, depth + 1) for inner in children(part)]
    return deepest


def _explained(error: UnexpectedInput, text: str) -> QueryError:
    """Say what an analyst would want to know of a syntax error."""
    if not text.strip():
        return QueryError("the query is empty", hint="write at least one term")
    token = getattr(error, "token", None)
    if token is None or token.type == "$END":
        return _unfinished(error, text)
    at = _place(token)
    if token.type == "NOT":
        return QueryError(
            "NOT has nothing before it to take away from",
            offset=at,
            hint='say first what must be there: "a AND NOT b"',
        )
    if token.type == "_CLOSE":
        opened = text[:at].count("(") > text[:at].count(")")
        problem = "nothing stands before" if opened else "no group is open before"
        return QueryError(f'{problem} ")"', offset=at)
    if token.type in {"_AND", "_OR", "NEAR"}:
        return QueryError(f'"{token}" needs something before it', offset=at)
    hint = f'put AND or OR before "{token}", or quotes around a phrase'
    if token.lower() in {"and", "or", "not"} or _ends_in_small_operator(text[:at]):
        hint = "operators are written in capitals: AND, OR, NOT"
    return QueryError(f'no operator before "{token}"', offset=at, hint=hint)


def _ends_in_small_operator(text: str) -> bool:
    return text.split()[-1:] in (["and"], ["or"], ["not"])


def _unfinished(error: UnexpectedInput, text: str) -> QueryError:
    at = getattr(error, "pos_in_stream", None)
    if isinstance(error, UnexpectedCharacters) and at is not None:
        return QueryError(
            "a quote is opened and not closed", offset=at, hint='put a " after it'
        )
    end = len(text.rstrip())
    if text.count("(") > text.count(")"):
        return QueryError(
            "a group is opened and not closed", offset=end, hint='put a ")" at the end'
        )
    last = text.rsplit(maxsplit=1)[-1]
    return QueryError(f'nothing follows "{last}"', offset=end - len(last))
