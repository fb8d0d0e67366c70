"""Tell in which languages a topic can match, and what keeps it from the others.

A topic *claims* the languages of the concepts that its clauses use. A clause reaches a
language when everything it needs has terms there. Terms written into a clause count by
their script: Chinese characters for the languages that use them, `=Exact` for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from monitor.errors import Problem, QueryError
from monitor.text import is_cjk
from monitor.topics.lint import ANY, Finding
from monitor.topics.match import noisy_or, reaches
from monitor.topics.nodes import (
    AndNode,
    ConceptNode,
    FieldNode,
    NearNode,
    Node,
    OrNode,
    TermNode,
)
from monitor.topics.query import parse_query
from monitor.topics.terms import is_term, parse_term

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from monitor.topics.spec import ClauseSpec, ConceptSpec, TopicSpec
    from monitor.topics.terms import Term

Languages: TypeAlias = frozenset[str]

_CJK = frozenset({"ja", "ko", "yue", "zh"})
# The legacy character sets know which characters a language writes with.
_WRITTEN_WITH = {"ja": ("euc_jp",), "zh": ("gb2312", "big5"), "ko": ("euc_kr",)}
_KANA = ("\u3041", "\u30ff")


class _Concept(Struct, frozen=True):
    """The languages of a concept.

    Args:
        spoken: those it has terms for.
        silent: those it names with an empty list: none, on purpose.
        everywhere: it has terms for every language.
    """

    spoken: Languages
    silent: Languages
    everywhere: bool


class _Clause(Struct, frozen=True):
    """The languages of a clause, out of those its topic claims.

    Args:
        reached: those in which it can hold.
        lacking: for each language that only its concepts keep it from, their names.
    """

    reached: Languages
    lacking: dict[str, tuple[str, ...]]


def base_language(code: str) -> str:
    """Return a language without script and region: "zh" for "zh-Hant"."""
    return code.partition("-")[0].lower()


def coverage(
    concepts: Sequence[ConceptSpec],
    topics: Sequence[TopicSpec],
    *,
    own: Collection[str] | None = None,
) -> list[Finding]:
    """Return the languages that topics claim and do not serve.

    Args:
        own: the concepts whose languages a topic claims by using them; default all.
            Those of shared packs speak more languages than a topic's author means.
    """
    reader = _Reader(concepts, own)
    return [finding for topic in topics for finding in reader.topic(topic)]


def languages_of_text(text: str, claimed: Collection[str]) -> Languages:
    """Return the claimed languages that a text may be in, judged by its script."""
    if not any(map(is_cjk, text)):
        return frozenset(claimed) - _CJK
    if any(_KANA[0] <= character <= _KANA[1] for character in text):
        return frozenset({"ja"} & set(claimed))
    written = "".join(filter(is_cjk, text))
    return frozenset(
        language
        for language in claimed
        if any(_can_write(written, codec) for codec in _WRITTEN_WITH.get(language, ()))
    )


def _can_write(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


class _Reader:
    def __init__(
        self, concepts: Sequence[ConceptSpec], own: Collection[str] | None
    ) -> None:
        self._specs = {spec.name: spec for spec in concepts}
        self._own = set(self._specs) if own is None else set(own)
        self._known: dict[str, _Concept] = {}
        for name in self._specs:
            self._concept(name, ())

    def topic(self, topic: TopicSpec) -> Iterator[Finding]:
        nodes = [_node(clause) for clause in topic.clauses]
        claimed = self._claimed(nodes)
        clauses = [self._clause(node, claimed) for node in nodes]
        served = set()
        for language in sorted(claimed):
            weights = [
                clause.weight
                for clause, reach in zip(topic.clauses, clauses, strict=True)
                if language in reach.reached
            ]
            if weights and reaches(noisy_or(weights), topic.threshold):
                served.add(language)
        yield from _lacks(topic, clauses, served)
        yield from _examples(topic, served)

    def _concept(self, name: str, above: tuple[str, ...]) -> _Concept:
        spec = self._specs.get(name)
        if spec is None or name in above:
            return _Concept(frozenset(), frozenset(), everywhere=False)
        if name in self._known:
            return self._known[name]
        spoken: set[str] = set()
        everywhere = False
        for language, texts in spec.terms.items():
            inner = [
                self._concept(text[1:], (*above, name))
                for text in texts
                if text.startswith("$")
            ]
            spoken = spoken.union(*(each.spoken for each in inner))
            everywhere = everywhere or any(each.everywhere for each in inner)
            if len(inner) < len(texts):
                spoken.add(base_language(language))
        everywhere = everywhere or ANY in spoken
        spoken.discard(ANY)
        silent = {
            base_language(language)
            for language, texts in spec.terms.items()
            if not texts
        }
        found = _Concept(frozenset(spoken), frozenset(silent - spoken), everywhere)
        self._known[name] = found
        return found

    def _claimed(self, nodes: Sequence[Node | None]) -> Languages:
        """Return the languages that the own concepts of clauses are written in."""
        todo = [name for node in nodes for name in _names(node)]
        seen: set[str] = set()
        claimed: set[str] = set()
        while todo:
            name = todo.pop()
            if name in seen or name not in self._own or name not in self._specs:
                continue
            seen.add(name)
            for language, texts in self._specs[name].terms.items():
                todo += [text[1:] for text in texts if text.startswith("$")]
                if texts:
                    claimed.add(base_language(language))
        return frozenset(claimed - {ANY})

    def _clause(self, node: Node | None, claimed: Languages) -> _Clause:
        if node is None:
            return _Clause(claimed, {})
        reached = self._reach(node, claimed, lenient=False)
        blamed = self._reach(node, claimed, lenient=True) - reached
        lacking = {
            language: tuple(dict.fromkeys(self._lacking(node, language)))
            for language in sorted(blamed)
        }
        return _Clause(reached, lacking)

    def _reach(self, node: Node, claimed: Languages, *, lenient: bool) -> Languages:
        """Return where a part can hold; `lenient`: if every concept were complete."""
        match node:
            case TermNode(term):
                return _of_term(term, claimed)
            case ConceptNode(name):
                return claimed if lenient else self._spoken(name, claimed)
            case FieldNode("lang", part):
                return _named(part, claimed)
            case FieldNode("source" | "feed"):
                return claimed
        each = [
            self._reach(part, claimed, lenient=lenient) for part in _needed_parts(node)
        ]
        if isinstance(node, OrNode):
            return frozenset().union(*each)
        return claimed.intersection(*each)

    def _spoken(self, name: str, claimed: Languages) -> Languages:
        concept = self._known.get(name)
        if concept is None or concept.everywhere:
            return claimed
        return claimed & concept.spoken

    def _lacking(self, node: Node, language: str) -> Iterator[str]:
        """Yield the concepts that keep a part from a language, not on purpose."""
        only = frozenset({language})
        if self._reach(node, only, lenient=False):
            return
        if isinstance(node, ConceptNode):
            if language not in self._known[node.name].silent:
                yield node.name
            return
        for part in _needed_parts(node):
            yield from self._lacking(part, language)


def _node(clause: ClauseSpec) -> Node | None:
    """Return a clause as a query; None when it holds a mistake, told elsewhere."""
    try:
        if clause.query:
            return parse_query(clause.query)
        wanted = [_item(item) for item in clause.all]
        if clause.any:
            wanted.append(OrNode(tuple(map(_item, clause.any))))
    except QueryError:
        return None
    return AndNode(tuple(wanted)) if wanted else None


def _item(item: str) -> Node:
    return TermNode(parse_term(item)) if is_term(item) else ConceptNode(item)


def _needed_parts(node: Node) -> tuple[Node, ...]:
    """Return the parts of a part without those that must not be there."""
    match node:
        case OrNode(parts) | AndNode(parts) | NearNode(parts):
            return parts
        case FieldNode(_, part):
            return (part,)
    return ()


def _names(node: Node | None) -> Iterator[str]:
    if isinstance(node, ConceptNode):
        yield node.name
    elif node is not None:
        for part in _needed_parts(node):
            yield from _names(part)


def _named(node: Node, claimed: Languages) -> Languages:
    """Return the languages that a part after `lang:` names."""
    match node:
        case TermNode(term):
            code = term.words[0]
            return frozenset(
                language
                for language in claimed
                if language == code or (term.prefix and language.startswith(code))
            )
        case OrNode(parts):
            return frozenset().union(*(_named(part, claimed) for part in parts))
    return claimed


def _of_term(term: Term, claimed: Languages) -> Languages:
    if any(map(is_cjk, term.words)):
        return claimed & _CJK
    return claimed if term.exact is not None else claimed - _CJK


def _lacks(
    topic: TopicSpec, clauses: Sequence[_Clause], served: Collection[str]
) -> Iterator[Finding]:
    for number, clause in enumerate(clauses):
        by_concepts: dict[tuple[str, ...], list[str]] = {}
        for language, concepts in clause.lacking.items():
            if concepts:
                by_concepts.setdefault(concepts, []).append(language)
        for concepts, languages in by_concepts.items():
            lost = [language for language in languages if language not in served]
            yield _lack(topic.name, number, concepts, languages, lost)


def _lack(
    topic: str,
    number: int,
    concepts: Sequence[str],
    languages: Sequence[str],
    lost: Sequence[str],
) -> Finding:
    what = "it" if lost else f"clause {number + 1}"
    codes = lost or languages
    named = _listed([f'"{name}"' for name in concepts])
    have = "has" if len(concepts) == 1 else "have"
    plural = "concept" if len(concepts) == 1 else "concepts"
    return Finding(
        "finding" if lost else "warning",
        Problem(
            ("topics", topic, "clauses", number),
            f"{what} can never match in {_listed(codes)}: {plural} {named} {have} no"
            " terms for it",
            f'add "{codes[0]}: [...]" there, or "{codes[0]}: []" to say that there'
            " are none",
        ),
    )


def _examples(topic: TopicSpec, served: Collection[str]) -> Iterator[Finding]:
    path = ("topics", topic.name, "examples")
    if not topic.match:
        yield Finding(
            "warning",
            Problem(
                path, "it has no examples to match", "add some under examples.match"
            ),
        )
        return
    shown: Languages = frozenset().union(
        *(languages_of_text(text, served) for text in topic.match)
    )
    missing = sorted(set(served) - shown)
    if missing:
        yield Finding(
            "warning",
            Problem(
                path,
                f"it has no example to match in {_listed(missing)}",
                "add one under examples.match",
                on_key=True,
            ),
        )


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
