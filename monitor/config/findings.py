"""Examine a configuration without mistakes for what it hardly means.

Brings together what the loader warned of, the examples, and what the topics' own
checks find, each with its place in the file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import Struct

from monitor.config.examples import example_entries, example_problems
from monitor.config.wording import told
from monitor.topics.breadth import Limits, breadth, swallowed
from monitor.topics.coverage import coverage
from monitor.topics.lint import Finding, Severity, dead_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.config.loader import Loaded
    from monitor.model import Entry


class PlacedFinding(Struct, frozen=True):
    """A finding or warning, with its place in the file.

    Args:
        line: from 1.
        column: in characters, from 1.
        message: what is wrong, and of whom.
        hint: what to do about it, or "".
    """

    file: str
    line: int
    column: int
    severity: Severity
    message: str
    hint: str = ""


def examine(
    loaded: Loaded, sample: Sequence[Entry] = (), limits: Limits | None = None
) -> list[PlacedFinding]:
    """Return everything there is to say of a configuration, in the order of the file.

    Args:
        loaded: the configuration.
        sample: items to hold the topics against.
        limits: from where on something is too broad for the sample.
    """
    found = [
        *(Finding("warning", problem) for problem in loaded.warnings),
        *(Finding("finding", problem) for problem in example_problems(loaded.settings)),
        *_of_topics(loaded),
        *_of_items(loaded, sample, limits or Limits()),
    ]
    placed = {_placed(finding, loaded): None for finding in found}
    own = loaded.settings.path
    return sorted(
        placed,
        key=lambda each: (
            each.file != own,
            each.file,
            each.line,
            each.column,
            each.message,
        ),
    )


def _of_topics(loaded: Loaded) -> Iterator[Finding]:
    concepts, own = loaded.settings.concepts, loaded.config.concepts
    stemming = loaded.config.text.stemming
    written = [spec for spec in concepts if spec.name in own]
    yield from dead_terms(written, stemming=stemming)
    for finding in coverage(concepts, loaded.settings.topics, own=own):
        # Topics that a program writes need no examples; people's topics do.
        _, name, *rest = finding.problem.path
        if name in loaded.config.topics or rest != ["examples"]:
            yield finding


def _of_items(
    loaded: Loaded, sample: Sequence[Entry], limits: Limits
) -> Iterator[Finding]:
    topics = loaded.settings.topics
    if sample:
        yield from breadth(
            loaded.settings.concepts,
            topics,
            sample,
            limits=limits,
            own=loaded.config.concepts,
            stemming=loaded.config.text.stemming,
        )
    entries = [entry for topic in topics for entry in example_entries(topic)]
    matched = (
        [match.topic for match in loaded.settings.index.match(entry)]
        for entry in (*entries, *sample)
    )
    yield from swallowed([topic.name for topic in topics], matched)


def _placed(finding: Finding, loaded: Loaded) -> PlacedFinding:
    file, place = loaded.place(finding.problem)
    return PlacedFinding(
        file,
        *place,
        finding.severity,
        told(replace(finding.problem, hint="")),
        finding.problem.hint,
    )
