"""Say whether an entry nearly matched a topic, so that its page is worth reading.

A headline and two lines often name one half of what a topic asks for. An entry nearly
matched a topic when it did not match, and more text could change that:

- the clauses that hold, and those that are half there, would together reach the
  threshold; or
- the clauses that hold reach half the threshold by themselves.

A clause is half there when the rarest thing it asks for was found, and at least half of
all it asks for, counted by its parts. A clause that asks for what more text cannot bring
is never half there: another feed or language, a word in the title, the absence of a word
that was found. What stands too far apart counts as found, as it may stand closer in the
page.

The index hands in only the clauses whose rarest atom was found; see `TopicIndex.near`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.topics.match import lowered, noisy_or, reaches
from monitor.topics.plan import Away, Either, From, InField, Together, TwoOf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.topics.match import Topic
    from monitor.topics.plan import Found, Part

HALF = 0.5
_NEVER = float(
    "-inf"
)  # whatever is added to it stays so, and any alternative is better
_ROUNDING = 1e-9


def is_near(topic: Topic, numbers: Iterable[int], found: Found) -> bool:
    """Say whether an entry that did not match a topic nearly did.

    Args:
        topic: what to hold against the entry.
        numbers: its clauses whose rarest atom was found.
        found: the entry and what was found in it.
    """
    held, promised = [], []
    for number in numbers:
        clause = topic.clauses[number]
        if clause.part.windows(found):
            held.append(clause.weight)
        elif share(clause.part, found) >= HALF - _ROUNDING:
            promised.append(clause.weight)
    if not held and not promised:
        return False
    # Exclusions that hold stay: they are found in the page as well.
    hoped = lowered(noisy_or([*held, *promised]), topic.exclude, found)
    if promised and reaches(hoped, topic.threshold):
        return True
    said = lowered(noisy_or(held), topic.exclude, found)
    return bool(held) and said > 0 and reaches(said, topic.threshold * HALF)


def share(part: Part, found: Found) -> float:
    """Return how much of a part was found, 0 to 1; below 0 if no text completes it."""
    match part:
        case Together(parts, none_of):
            if any(each.windows(found) for each in none_of):
                return _NEVER
            there = sum(share(each, found) for each in parts) / len(parts)
        case Either(parts):
            there = max(share(each, found) for each in parts)
        case Away(inner):
            there = share(inner, found)
        case From(inner, condition):
            holds = condition.holds(found.document.entry)
            there = share(inner, found) if holds else _NEVER
        case InField():
            there = 1.0 if part.windows(found) else _NEVER
        case _:
            there = float(bool(part.windows(found)))
            if isinstance(part, TwoOf) and not there:
                there = HALF * bool(found.hits.get(part.number))
    return there
