"""Stories on the database: the same answers as in memory, and what is written down."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from monitor.memory import MemoryState
from monitor.model import Publisher
from monitor.store import Store
from monitor.store.assess import SqlAssessState
from monitor.store.retention import prune
from monitor.store.schema import sightings, stories, story_keys, story_sketches
from monitor.store.story_members import members_of
from monitor.stories.clusterer import join
from tests import story_set
from tests.factories import NOON, entry, match

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import Connection

    from monitor.model import Match, Sighting
    from monitor.stories.members import StoryMember

HOUR = timedelta(hours=1)
PAPER = Publisher(name="Asahi Shimbun", family="asahi", country="jp", agency="kyodo")
WIRE = (
    "The chief cabinet secretary, Haruo Minegishi, said on Tuesday that the government "
    "would consider halting its contribution of 3.8 billion yen to the agency after it "
    "added contested documents to its register, and that all options were open."
)
BACKGROUND = (
    "Founded after the war to keep monuments and manuscripts from harm, the organisation "
    "lives on what its members send each spring, and has lost large sums before when one "
    "of them quarrelled with a majority of the others about whom to admit."
)


async def join_all(store: Store, matches: Sequence[Match]) -> list[Sighting | None]:
    def work(conn: Connection) -> list[Sighting | None]:
        state = SqlAssessState(conn)
        return [join(each, state, publisher=PAPER) for each in matches]

    return await store.run(work)


async def rows(store: Store, table: Any) -> list[dict[str, Any]]:
    def work(conn: Connection) -> list[dict[str, Any]]:
        return [dict(row._mapping) for row in conn.execute(select(table))]

    return await store.run(work)


def told(
    number: int, title: str, summary: str, after: timedelta, **of: object
) -> Match:
    known: dict[str, object] = {"feed": f"feed-{number}", "id": str(number)}
    return match(
        entry=entry(
            title=title, summary=summary, fetched_at=NOON + after, **(known | of)
        ),
        spans=(),
        actors=("states/japan", "bodies/unesco"),
        act="THREATEN",
    )


def shuffled_news(seed: int) -> list[Match]:
    """Return copies, rewrites, edits, recurrences and repeats, some of them late."""
    dice = random.Random(seed)
    items = story_set.with_copies(story_set.labelled("dev"), str(seed))
    chosen = dice.sample(items, 120)
    made: list[Match] = []
    for item in sorted(chosen, key=lambda each: each.match.entry.fetched_at):
        of = item.match.entry
        at = of.fetched_at + dice.choice([0, 0, 0, 1, -2, 8]) * timedelta(days=1)
        if made and dice.random() < 0.2:
            other = dice.choice(made).entry
            of = replace(of, feed=other.feed, id=other.id, revision=dice.randrange(3))
        if made and dice.random() < 0.15:
            other = dice.choice(made).entry
            of = replace(of, title=other.title, summary=other.summary)
        made.append(replace(item.match, topic="one", entry=replace(of, fetched_at=at)))
        if dice.random() < 0.1:
            made.append(dice.choice(made))
    return made


@pytest.mark.parametrize("seed", range(3))
async def test_the_database_joins_as_memory_does(store: Store, seed: int) -> None:
    news, memory = shuffled_news(seed), MemoryState()
    merges = 0
    for start in range(0, len(news), 10):
        record = news[start : start + 10]
        stored = await join_all(store, record)
        remembered = [join(each, memory, publisher=PAPER) for each in record]
        merges += sum(bool(each.merged) for each in remembered if each)

        assert stored == remembered

    seen = sorted(await rows(store, sightings), key=lambda row: row["id"])
    assert [row["story"] for row in seen] == [
        memory.story_now(s.story) for s in memory.sightings
    ]
    assert {s.joined for s in memory.sightings} >= {
        "first",
        "copy",
        "near-copy",
        "edit",
    }
    assert merges > 0


async def test_sketches_survive_a_restart(url: str) -> None:
    first, second = Store(url), Store(url)
    await first.start()
    (one,) = await join_all(first, [told(1, "Dues in doubt", WIRE, 0 * HOUR)])
    await first.stop()
    await second.start()
    (copy,) = await join_all(second, [told(2, "Another headline", WIRE, HOUR)])
    await second.stop()

    assert one is not None
    assert copy is not None
    assert (copy.story, copy.joined) == (one.story, "near-copy")


async def test_a_sighting_is_written_with_its_publisher_and_how_it_joined(
    store: Store,
) -> None:
    await join_all(
        store,
        [told(1, "Dues in doubt", WIRE, 0 * HOUR), told(2, "Doubts", WIRE, HOUR)],
    )
    first, copy = sorted(await rows(store, sightings), key=lambda row: row["id"])

    assert (first["joined"], first["copy_feed"], first["copy_entry"]) == (
        "first",
        None,
        None,
    )
    assert (copy["joined"], copy["copy_feed"], copy["copy_entry"]) == (
        "near-copy",
        "feed-1",
        "1",
    )
    known = {"family": "asahi", "country": "jp", "agency": "kyodo", "act": "THREATEN"}
    known |= {"lang": "en", "discounted": "Asahi Shimbun is counted already"}
    known |= {"actors": '["states/japan","bodies/unesco"]'}
    assert {name: copy[name] for name in known} == known


async def merged(store: Store) -> tuple[str, str]:
    """Tell of two halves, then of the whole; return the story that stays, and the other."""
    whole = f"{WIRE} {BACKGROUND}"
    one, two, both = await join_all(
        store,
        [
            told(1, "First half", WIRE, 0 * HOUR),
            told(2, "Other part", BACKGROUND, HOUR),
            told(3, "All of it", whole, 2 * HOUR),
        ],
    )
    assert one is not None
    assert two is not None
    assert both is not None
    assert both.merged == (two.story,)
    return one.story, two.story


async def test_a_merge_moves_all_that_is_known_of_a_story(store: Store) -> None:
    stays, goes = await merged(store)
    known = {row["id"]: row for row in await rows(store, stories)}
    tables = (sightings, story_sketches)
    seen = {row["story"] for table in tables for row in await rows(store, table)}

    assert seen == {stays}
    assert known[stays]["sightings"] == 3
    assert known[stays]["last_seen_at"] == NOON + 2 * HOUR
    assert known[goes]["merged_into"] == stays
    assert known[stays]["merged_into"] is None


async def test_sketches_are_forgotten_after_days_with_all_their_keys(
    store: Store,
) -> None:
    await join_all(store, [told(1, "Dues in doubt", WIRE, 0 * HOUR)])
    await join_all(store, [told(2, "Else", BACKGROUND, 200 * HOUR)])
    kept = {row["sketch"] for row in await rows(store, story_keys)}
    await store.run(lambda conn: prune(conn, NOON + 200 * HOUR))
    left = {row["sketch"] for row in await rows(store, story_keys)}
    sketched = {row["id"] for row in await rows(store, story_sketches)}

    assert len(kept) == 2
    assert left == sketched
    assert len(left) == 1


async def test_one_sketch_has_few_keys(store: Store) -> None:
    await join_all(store, [told(1, "Dues in doubt", WIRE, 0 * HOUR)])

    def work(conn: Connection) -> int:
        return conn.execute(select(func.count()).select_from(story_keys)).scalar_one()

    assert await store.run(work) <= 16


async def test_a_story_lists_who_tells_it_and_why_some_do_not_count(
    store: Store,
) -> None:
    stays, goes = await merged(store)

    def work(conn: Connection) -> list[Sequence[StoryMember]]:
        return [members_of(conn, each) for each in (stays, goes, "st_none")]

    kept, gone, nothing = await store.run(work)

    assert len(kept) == 3
    assert kept[0].joined == "first"
    assert {member.discounted == "" for member in kept} == {True, False}
    assert gone == kept
    assert nothing == []
