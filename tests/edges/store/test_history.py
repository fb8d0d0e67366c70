"""What rules look back on: the database answers as memory does."""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from monitor.alerting.life import opened
from monitor.alerting.rules import evaluate
from monitor.memory import MemoryState
from monitor.model import Publisher, Sighting
from monitor.rule_model import Conditions
from monitor.store import Store
from monitor.store.assess import SqlAssessState
from tests.factories import NOON, entry, match, rule

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from monitor.alerting.rules import Finding
    from monitor.pipeline import AssessState
    from monitor.rule_model import Rule

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
BOTH = ("money", "troops")

RULES = (
    rule(name="any", topics=BOTH, lateness=DAY),
    rule(name="japanese", topics=("m*",), languages=("ja",), countries=("jp", "us")),
    rule(name="wires", topics=("*",), publishers=("Wire [a?]*", "owner-1")),
    rule(name="actor", topics=BOTH, actors=("states/japan",), acts=("THREATEN", "")),
    rule(
        name="except",
        topics=BOTH,
        exceptions=(
            Conditions(topics=("money",), directions=("threat",)),
            Conditions(countries=("cn",), min_score=0.7),
        ),
    ),
    rule(name="burst", kind="frequency", topics=BOTH, count=3, within=DAY),
    rule(
        name="late-burst",
        kind="frequency",
        topics=BOTH,
        count=2,
        within=4 * DAY,
        lateness=DAY,
        languages=("ja",),
    ),
    rule(name="spike", kind="spike", topics=BOTH, count=2, within=DAY, factor=0.5),
    rule(name="new", kind="new_publisher", topics=BOTH, within=5 * DAY),
    rule(name="sure", kind="corroboration", topics=BOTH, families=3),
    rule(name="moves", kind="transition", topics=BOTH),
    rule(name="acts", kind="transition", topics=("money",), to=("acted",)),
    rule(name="only", topics=BOTH, only_countries=("jp", "")),
    rule(
        name="then",
        kind="sequence",
        topics=BOTH,
        directions=("threat",),
        then=(Conditions(topics=BOTH, directions=("action",)),),
        within=3 * DAY,
    ),
    rule(
        name="thrice",
        kind="sequence",
        topics=("troops",),
        then=(
            Conditions(topics=("money",), min_score=0.7),
            Conditions(topics=("*",), directions=("action",), languages=("ja",)),
        ),
        within=WEEK,
        same_actors=False,
        exceptions=(Conditions(acts=("COOPERATE",)),),
    ),
)


def sightings(seed: int, length: int = 90) -> list[Sighting]:
    """Return sightings of two months, some out of order, with publishers and actors."""
    dice = random.Random(seed)
    made = []
    for number in range(length):
        # Coarse, so that times often meet the edge of a window.
        at = NOON + 12 * HOUR * (number + dice.randrange(-6, 6))
        if dice.random() < 0.02:
            at += 20_000 * DAY
        old = dice.choice([None, at - HOUR, at - DAY, at - DAY * 2])
        owner = dice.randrange(5)
        of = match(
            topic=dice.choice(BOTH),
            score=dice.choice([0.5, 0.7, 1.0]),
            direction=dice.choice(["", "threat", "action"]),
            act=dice.choice(["", "THREATEN", "COOPERATE"]),
            actors=tuple(dice.sample(["states/japan", "states/china", "orgs/un"], k=2))[
                : dice.randrange(3)
            ],
            entry=entry(
                id=f"entry-{number}",
                lang=dice.choice(["en", "ja", "ja-JP", "JA", ""]),
                published_at=old,
                fetched_at=at,
            ),
        )
        made.append(
            Sighting(
                story=f"st_{of.topic}_{dice.randrange(length // 2)}",
                is_first=False,
                seen_at=at,
                match=of,
                publisher=Publisher(
                    name=dice.choice(["Wire a", "Wire [a?]x", "wire [a?]x", ""]),
                    family=f"owner-{owner}" if owner else "",
                    country=dice.choice(["jp", "us", "cn", ""]),
                ),
                discounted=dice.choice(["", "a copy"]),
                families=dice.randrange(1, 5),
            )
        )
    return made


def findings(
    sighting: Sighting, rules: tuple[Rule, ...], state: AssessState
) -> list[tuple[str, Finding]]:
    """Tell a state of a sighting, and let the rules open their alerts."""
    if not state.add(sighting, "signature"):
        return []
    found = []
    for each in rules:
        finding = evaluate(each, sighting, state)
        if finding is not None:
            if not state.has_alert(each.name, finding.subject):
                state.save(opened(each, sighting, finding, ()), [])
            found.append((each.name, finding))
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_every_kind_finds_the_same_in_memory_and_on_the_database(
    store: Store, seed: int
) -> None:
    memory = MemoryState()
    told: set[str] = set()
    for sighting in sightings(seed) + sightings(seed)[::5]:

        def work(conn: Connection, of: Sighting = sighting) -> list[object]:
            return list(findings(of, RULES, SqlAssessState(conn)))

        expected = findings(sighting, RULES, memory)

        assert await store.run(work) == expected
        told |= {name for name, _ in expected}

    assert told >= {each.name for each in RULES} - {"spike", "wires"}


async def test_a_rule_that_is_new_or_changed_counts_what_is_remembered(
    store: Store,
) -> None:
    spike = rule(name="spike", kind="spike", topics=BOTH, count=2, within=DAY)
    changed = rule(
        name="spike", kind="spike", topics=BOTH, count=2, within=DAY, min_score=0.6
    )
    plain = [each for each in sightings(1, 40) if each.seen_at < NOON + 999 * DAY]

    def work(conn: Connection) -> list[int]:
        state = SqlAssessState(conn)
        for sighting in plain:
            state.add(sighting, "signature")
            if spike.accepts(sighting):
                evaluate(spike, sighting, state)
        last = next(each for each in reversed(plain) if changed.accepts(each))
        evaluate(changed, last, state)
        window = NOON - 99 * DAY, NOON + 99 * DAY
        return [state.tallied(each, *window) for each in (spike, changed)]

    counted = await store.run(work)

    assert counted == [
        len({each.story for each in plain if each.match.score >= least})
        for least in (0.0, 0.6)
    ]


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(
            rule(
                kind="sequence",
                topics=("money",),
                then=(Conditions(topics=("troops",)),),
                within=HOUR,
                same_actors=False,
            ),
            id="sequence",
        ),
        pytest.param(
            rule(kind="frequency", topics=BOTH, count=2, within=HOUR), id="frequency"
        ),
    ],
)
async def test_what_two_processes_see_half_of_is_found_by_the_later(
    url: str, of: Rule
) -> None:
    stores = [Store(url), Store(url)]
    for store in stores:
        await store.start()
    both = threading.Barrier(2)

    def half(conn: Connection, number: int) -> int:
        state = SqlAssessState(conn)
        at = NOON + number * timedelta(minutes=1)
        told = entry(id=str(number), title=f"Story {number}", fetched_at=at)
        seen = Sighting(
            story=f"st_{number}",
            is_first=True,
            seen_at=at,
            match=match(topic=BOTH[number], entry=told, spans=()),
        )
        state.add(seen, "signature")
        meet(both)  # both have written their half
        found = evaluate(of, seen, state)
        meet(both)  # whoever may evaluate first has not committed yet
        return found is not None

    found = await asyncio.gather(
        *(store.run(partial(half, number=n)) for n, store in enumerate(stores))
    )
    for store in stores:
        await store.stop()

    assert sum(found) == 1


def meet(both: threading.Barrier) -> None:
    """Wait for the other for a while; where the two take turns it cannot come."""
    with suppress(threading.BrokenBarrierError):
        both.wait(0.3)
    both.reset()
