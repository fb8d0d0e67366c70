"""Concept packs: lists of terms that any topic may use as `pack/concept`.

The shipped packs are JSON files in `monitor/topics/packs`, since YAML would take a
second to read; a user's own packs are YAML files (JSON is YAML too) named under
`packs:`. Only the concepts that the configuration names, and those they take in, are
handed on to be compiled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Struct
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from monitor.config.document import UnreadableError, read_document
from monitor.config.scalars import ConceptKey, Name, Text
from monitor.config.wording import choice, shape_problem, told
from monitor.errors import Problem
from monitor.topics.cast import PACKS as CAST
from monitor.topics.concepts import resolve_concepts
from monitor.topics.spec import ConceptSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from monitor.config.document import Document
    from monitor.config.schema import Config
    from monitor.topics.spec import TopicSpec

ALL = "any"
"""`pack/any` stands for every concept of a pack together."""

EXCEPT = "except"
_IN_QUERY = re.compile(r"\$([^\s()\"]+)")
_KEYS = ("pack", "version", "description", "concepts")

Concepts = dict[str, dict[str, list[str]]]


class Pack(Struct, frozen=True):
    """A named, versioned set of concepts."""

    pack: str
    version: str
    concepts: Concepts
    description: str = ""


class _PackFile(BaseModel):
    """The shape of a pack file; unknown keys are found apart."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    pack: Name
    version: Annotated[
        Text, BeforeValidator(lambda v: str(v) if isinstance(v, int | float) else v)
    ]
    description: str = ""
    concepts: dict[Name, dict[ConceptKey, list[Text]]] = Field(min_length=1)


@dataclass(slots=True)
class Packs:
    """The packs a configuration may use, by name.

    Args:
        problems: what is wrong with the list under `packs:` itself.
        lines: what is wrong inside the files, each `file:line:column: ...`.
        warnings: what is odd about them.
        sources: the bytes of the user's files, for the digest of the configuration.
    """

    by_name: dict[str, Pack] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    sources: list[bytes] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        """Tell whether `pack/concept` is there."""
        pack, _, concept = name.partition("/")
        found = self.by_name.get(pack)
        return found is not None and (concept == ALL or concept in found.concepts)

    def concepts(self, names: Iterable[str]) -> list[ConceptSpec]:
        """Return these concepts, each `pack/concept`, and all they take in.

        One name that no pack holds brings all names along, so that the compiler,
        which reports it, can say what was meant; unless it may be from a pack that
        could not be read, which has been reported.
        """
        wanted = sorted(names)
        unknown = [name for name in wanted if name not in self]
        if unknown and (self.lines or self.problems):
            stand_in: dict[str, tuple[str, ...]] = {"any": ("placeholder",)}
            return [
                *self.concepts(name for name in wanted if name in self),
                *(ConceptSpec(name=name, terms=stand_in) for name in unknown),
            ]
        if unknown:
            wanted += self.names()
        found: dict[str, ConceptSpec] = {}
        while wanted:
            name = wanted.pop()
            if name in self and name not in found:
                found[name] = self._concept(name)
                wanted += taken_in([found[name]])
        return list(found.values())

    def cast(self) -> list[ConceptSpec]:
        """Return the concepts that tell who acts and what is done."""
        return self.concepts(
            f"{pack}/{name}"
            for pack in CAST
            if pack in self.by_name
            for name in self.by_name[pack].concepts
        )

    def names(self) -> list[str]:
        """Return every concept of every pack, as `pack/concept`."""
        return [
            f"{pack}/{each}" for pack, p in self.by_name.items() for each in p.concepts
        ]

    def _concept(self, name: str) -> ConceptSpec:
        pack, _, concept = name.partition("/")
        concepts = self.by_name[pack].concepts
        if concept == ALL and ALL not in concepts:
            every = tuple(f"${pack}/{each}" for each in concepts)
            return ConceptSpec(name=name, terms={"any": every})
        return _spec(name, concepts[concept], f"{pack}/")


def _spec(name: str, written: Mapping[str, Sequence[str]], prefix: str) -> ConceptSpec:
    """Return a concept; the others it takes in get the name of the pack before them."""
    terms = {
        lang: tuple(
            f"${prefix}{text[1:]}" if text.startswith("$") else text for text in texts
        )
        for lang, texts in written.items()
    }
    excepted = terms.pop(EXCEPT, ())
    return ConceptSpec(name=name, terms=terms, excepted=excepted)


def taken_in(concepts: Iterable[ConceptSpec]) -> Iterator[str]:
    """Yield the names that concepts take in with `$name`."""
    for concept in concepts:
        for texts in (*concept.terms.values(), concept.excepted):
            yield from (text[1:] for text in texts if text.startswith("$"))


def pack_names(config: Config, topics: Iterable[TopicSpec]) -> set[str]:
    """Return the `pack/concept` names that a configuration uses.

    Args:
        topics: those of the file and of topic files.
    """
    named = chain(_named(topics), _named_by_concepts(config))
    return {name for name in named if "/" in name and not name.endswith("*")}


def _named(topics: Iterable[TopicSpec]) -> Iterator[str]:
    for topic in topics:
        for clause in (*topic.clauses, *topic.exclude):
            if clause.query:
                yield from _IN_QUERY.findall(clause.query)
            yield from _items([*clause.all, *clause.any, *clause.not_near])
            if not isinstance(clause.require_distinct, bool):
                yield from clause.require_distinct
        for each in topic.direction:
            yield from _items(each.cues)
        yield from topic.actors or ()


def _named_by_concepts(config: Config) -> Iterator[str]:
    for languages in config.concepts.values():
        for texts in languages.values():
            yield from (text[1:] for text in texts if text.startswith("$"))


def _items(items: Iterable[str]) -> Iterator[str]:
    return (item for item in items if not item.startswith(('"', "=")))


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Pack]:
    """Return the packs that come with Wirewatch, by name."""
    folder = files("monitor.topics") / "packs"
    found = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".json")),
        key=lambda file: file.name,
    )
    packs = [msgspec.json.decode(file.read_bytes(), type=Pack) for file in found]
    return {pack.pack: pack for pack in packs}


def read_packs(paths: Sequence[str], folder: Path) -> Packs:
    """Return the shipped packs and those of the user's files.

    Args:
        folder: where relative paths begin.
    """
    packs = Packs(by_name=dict(shipped()))
    seen: dict[str, str] = {}
    for number, path in enumerate(paths):
        where = ("packs", number)
        try:
            document = read_document(folder / path)
        except UnreadableError as error:
            packs.problems += _unreadable(error, where, packs, folder / path)
            continue
        packs.sources.append(document.source)
        pack, lines = _read(document, str(folder / path))
        packs.lines += lines
        if pack is None:
            continue
        if pack.pack in seen:
            packs.problems.append(
                Problem(
                    where,
                    f'pack "{pack.pack}" is also in "{seen[pack.pack]}"',
                    "rename one, or remove it",
                )
            )
        elif pack.pack in packs.by_name:
            packs.warnings.append(
                Problem(
                    where,
                    f'pack "{pack.pack}" takes the place of the shipped one',
                    "rename it to have both",
                )
            )
        seen[pack.pack] = path
        packs.by_name[pack.pack] = pack
    return packs


def _unreadable(
    error: UnreadableError, where: tuple[str, int], packs: Packs, path: Path
) -> Iterator[Problem]:
    place, message, hint = error.placed
    if place.line:
        packs.lines.append(f"{path}:{place.line}:{place.column}: {message}; {hint}")
    elif message == "there is no such file":
        yield Problem(where, f'there is no file "{path}"', "correct its name")
    else:
        yield Problem(where, f'pack file "{path}": {message}', hint)


def _read(document: Document, path: str) -> tuple[Pack | None, list[str]]:
    """Return a pack, or its mistakes, each with its place."""
    problems = list(_unknown_keys(document.data))
    pack = None
    try:
        written = _PackFile.model_validate(document.data)
    except ValidationError as error:
        problems += [shape_problem(each, document.data) for each in error.errors()]
    else:
        specs = [_spec(name, each, "") for name, each in written.concepts.items()]
        resolve_concepts(specs, problems)
        pack = Pack(
            written.pack, written.version, written.concepts, written.description
        )
    found = {(document.place(problem), told(problem)) for problem in problems}
    found |= {(place, told(problem)) for problem, place in document.problems}
    lines = [f"{path}:{p.line}:{p.column}: {text}" for p, text in sorted(found)]
    return (None if lines else pack), lines


def _unknown_keys(data: Mapping[str, Any]) -> Iterator[Problem]:
    for key in data:
        if key not in _KEYS and not key.startswith("x-"):
            hint = choice(key, _KEYS, "known are")
            yield Problem((key,), f'unknown key "{key}"', hint, on_key=True)
