"""Write a query back: `parse_query(print_query(node))` is `node`, places apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.text import is_cjk
from monitor.topics.nodes import (
    AndNode,
    ConceptNode,
    FieldNode,
    NearNode,
    Node,
    OrNode,
    TermNode,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.topics.terms import Term

# How tightly each kind of part binds; a looser one inside a tighter one is bracketed.
_OR, _AND, _NEAR, _UNARY = range(4)


def print_query(node: Node) -> str:
    """Return a query as text, with brackets only where they are needed."""
    return _printed(node, _OR)


def print_term(term: Term) -> str:
    """Return a term as it is written in a query."""
    text = _run(term.words if term.exact is None else term.exact)
    text += "*" if term.prefix else ""
    if " " in text:
        text = f'"{text}"'
    return text if term.exact is None else f"={text}"


def _printed(node: Node, around: int) -> str:
    text, binds = _written(node)
    return f"({text})" if binds < around else text


def _written(node: Node) -> tuple[str, int]:
    """Return the text of a part and how tightly it binds."""
    match node:
        case TermNode(term):
            return print_term(term), _UNARY
        case ConceptNode(name):
            return f"${name}", _UNARY
        case FieldNode(field, part):
            return f"{field}:{_printed(part, _UNARY)}", _UNARY
        case OrNode(parts):
            return " OR ".join(_printed(part, _AND) for part in parts), _OR
        case AndNode(parts, none_of):
            wanted = " AND ".join(_printed(part, _NEAR) for part in parts)
            unwanted = [f" AND NOT {_printed(part, _NEAR)}" for part in none_of]
            return wanted + "".join(unwanted), _AND
    return _near(node), _NEAR


def _near(node: NearNode) -> str:
    name = "ONEAR" if node.ordered else "NEAR"
    first, *others = node.parts
    # A chain leans to the left, so only what stands on the right is bracketed.
    text = _printed(first, _NEAR)
    for part in others:
        text += f" {name}/{node.distance} {_printed(part, _UNARY)}"
    return text


def _run(words: Sequence[str]) -> str:
    """Join words so that they are cut apart in the same way again."""
    text = ""
    for word in words:
        both_cjk = text and is_cjk(text[-1]) and is_cjk(word)
        text += word if both_cjk or not text else f" {word}"
    return text
