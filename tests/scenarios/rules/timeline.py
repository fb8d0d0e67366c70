"""Run a table of what comes, line by line, and say what a rule tells at each.

A line is `time | what comes | what is told`. The time is `12:04`, or `d7 12:04` seven
days later. What comes is one of

    A, or story A, or copy of A     an entry that tells story A
    3 stories                       entries that tell stories nobody tells again
    look                            the time passes, with a look every minute
    asleep                          the time passes and nobody looks

and what is known of it, with commas between: `threat` (or another direction), `act
THREATEN`, `about japan and unesco`, `by asahi of jp`, `3 publishers` (in the story so
far), `discounted`, `score 0.4`, `ja`, `2 d old`, `in u` (another topic); of a look
`few feeds fresh`.

What is told are the stories of an alert that opens (`A, B`), behind the phase of a
transition (`acted: A`); `again` stands before what is news of an alert that is there,
`over` before what ends one. A look tells `silent`, `over` or `unknown`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from monitor.alerting.life import opened
from monitor.alerting.rules import evaluate
from monitor.alerting.rules.absence import Freshness, evidence, watch
from monitor.config.schema_rules import Rule as WrittenRule
from monitor.config.specs_rules import rule_spec
from monitor.memory import MemoryState
from monitor.model import Publisher, Sighting
from monitor.store.assess import SqlAssessState
from tests.factories import entry, match

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from monitor.alerting.rules import Finding
    from monitor.pipeline import AssessState
    from monitor.rule_model import Rule
    from monitor.store import Store

    Ask = Callable[[Callable[[AssessState], list[str]]], Awaitable[list[str]]]

T = TypeVar("T")

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FRESH, STALE = Freshness(total=10, fresh=9), Freshness(total=10, fresh=1)
DIRECTIONS = {"threat", "action", "progress", "setback", "resolution"}
BODIES = {"unesco"}
OLD = {"h": timedelta(hours=1), "d": timedelta(days=1)}
TIME = re.compile(r"(?:d(\d+) )?(\d\d):(\d\d)")


class Line(Struct, frozen=True):
    """One line of a table."""

    number: int
    at: datetime
    what: str
    facts: tuple[str, ...]
    told: str


def read_rule(name: str, written: Mapping[str, Any]) -> Rule:
    """Return a rule as it is written in `alerts.yaml`, on topic `t` unless it says so."""
    return rule_spec(name, WrittenRule.model_validate({"topic": "t", **written}))


def read_lines(table: str) -> list[Line]:
    """Return the lines of a table."""
    lines = []
    for number, row in enumerate(filter(None, map(str.strip, table.splitlines()))):
        cells = [cell.strip() for cell in row.removeprefix("|").split("|")]
        time, what, told = cells[:3]
        day, hour, minute = (int(part or 0) for part in _time(time))
        at = MONDAY + timedelta(days=day, hours=hour, minutes=minute)
        what, *facts = (part.strip() for part in what.split(","))
        lines.append(Line(number, at, what, tuple(facts), told))
    return lines


def _time(text: str) -> tuple[str, ...]:
    found = TIME.fullmatch(text)
    assert found, text
    return found.groups()


async def told_in_memory(rule: Rule, lines: list[Line], *, twice: bool) -> list[str]:
    """Say what a rule tells at each line over the twin in memory."""
    state = MemoryState()

    async def ask(work: Callable[[AssessState], list[str]]) -> list[str]:
        return work(state)

    return await _told(rule, lines, ask, twice=twice)


async def told_on_store(
    rule: Rule, lines: list[Line], store: Store, *, twice: bool
) -> list[str]:
    """Say what a rule tells over a database; nothing else is kept between two lines."""

    async def ask(work: Callable[[AssessState], list[str]]) -> list[str]:
        return await store.run(lambda conn: work(SqlAssessState(conn)))

    return await _told(rule, lines, ask, twice=twice)


async def _told(rule: Rule, lines: list[Line], ask: Ask, *, twice: bool) -> list[str]:
    told = []
    before: datetime | None = None
    for line in lines:
        here: list[str] = []
        here += await _at(rule, line, before, ask)
        if twice:
            again = await _at(rule, line, None, ask)
            here += [each for each in again if each != "unknown"]
        told.append("; ".join(here))
        before = line.at
    if twice:
        for line in lines:
            if line.what not in ("look", "asleep"):
                assert await _at(rule, line, None, ask) == [], line
    return told


async def _at(rule: Rule, line: Line, before: datetime | None, ask: Ask) -> list[str]:
    if line.what == "asleep":
        return []
    if line.what != "look":
        told = []
        for sighting in sightings(line):
            told += await ask(lambda state, of=sighting: seen(rule, of, state))  # type: ignore[misc]
        return told
    told = []
    minutes = 0 if before is None else (line.at - before) // MINUTE
    for ago in range(max(minutes - 1, 0), -1, -1):
        at = line.at - ago * MINUTE
        found = await ask(lambda state, at=at: looked(rule, line, at, state))  # type: ignore[misc]
        # Between two lines nothing may be told but that nothing is known.
        told += [each for each in found if ago == 0 or each != "unknown"]
    return told


def seen(rule: Rule, sighting: Sighting, state: AssessState) -> list[str]:
    """Tell a state of a sighting, and say what the rule makes of it."""
    if not state.add(sighting, sighting.match.entry.id):
        return []
    finding = evaluate(rule, sighting, state)
    if finding is None:
        return []
    there = state.has_alert(rule.name, finding.subject)
    if there and not (finding.is_news or finding.ends):
        return []
    if not there:
        state.save(opened(rule, sighting, finding, ()), [])
    names = [each.title for each in (*finding.related, sighting.match.entry)]
    phase = f"{finding.phase}: " if finding.phase else ""
    mark = "over " if finding.ends else "again " if there else ""
    return [f"{mark}{phase}{', '.join(names)}"]


def looked(rule: Rule, line: Line, at: datetime, state: AssessState) -> list[str]:
    """Let the rule look at the time, and say what it tells."""
    freshness = STALE if "few feeds fresh" in line.facts else FRESH
    told = [
        "over" if finding.ends else _silence(rule, finding, at, state)
        for finding in watch(rule, at, state, freshness)
    ]
    answers = {each.answer for each in state.watches(rule.name).values()}
    return told or ["unknown"] * ("unknown" in answers)


def _silence(rule: Rule, finding: Finding, at: datetime, state: AssessState) -> str:
    assert not state.has_alert(rule.name, finding.subject)
    state.save(opened(rule, evidence(rule, finding, at), finding, ()), [])
    return "silent"


def sightings(line: Line) -> Iterator[Sighting]:
    """Yield what a line says comes."""
    many = re.fullmatch(r"(\d+) stor(?:y|ies)", line.what)
    if many:
        for number in range(int(many[1])):
            yield _sighting(line, f"{line.number}-{number}")
    else:
        yield _sighting(line, line.what.rpartition(" ")[2])


def _sighting(line: Line, name: str) -> Sighting:
    match_facts: dict[str, Any] = {"topic": "t", "direction": "", "spans": ()}
    entry_facts: dict[str, Any] = {"lang": "en", "published_at": None}
    facts: dict[str, Any] = {}
    for fact in line.facts:
        first, _, rest = fact.partition(" ")
        if fact in DIRECTIONS:
            match_facts["direction"] = fact
        elif first == "about":
            match_facts["actors"] = tuple(map(_actor, rest.split(" and ")))
        elif first in ("act", "in"):
            match_facts["act" if first == "act" else "topic"] = rest
        elif first == "score":
            match_facts["score"] = float(rest)
        elif first == "by":
            family, _, country = rest.partition(" of ")
            facts["publisher"] = Publisher(family=family, country=country)
        elif rest == "publishers":
            facts["families"] = int(first)
        elif fact == "discounted":
            facts["discounted"] = "a copy"
        elif fact.endswith(" old"):
            number, unit, _ = fact.split()
            entry_facts["published_at"] = line.at - int(number) * OLD[unit]
        else:
            assert re.fullmatch("[a-z]{2}", fact), fact
            entry_facts["lang"] = fact
    told = entry(
        id=f"{line.number} {name}",
        title=name,
        summary="",
        fetched_at=line.at,
        **entry_facts,
    )
    of = match(entry=told, **match_facts)
    story = f"st_{of.topic}_{name}"
    return Sighting(story=story, is_first=False, seen_at=line.at, match=of, **facts)


def _actor(name: str) -> str:
    return f"{'bodies' if name in BODIES else 'states'}/{name}"
