"""What Faust agents may rely on, over `sqlite://` and `kafka://` alike."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.eventlog import Record, stream_name
from tests.contract.harness import (
    add_agent,
    numbers,
    records,
    running,
    until,
    until_committed,
)

if TYPE_CHECKING:
    from monitor.eventlog import EventLog
    from tests.contract.harness import Place

CONSUMER = Path(__file__).with_name("consumer.py")
STUCK = Path(__file__).with_name("stuck.py")


async def test_every_record_arrives_once_and_in_order_of_its_key(
    log: EventLog, place: Place
) -> None:
    app = place.app("classify")
    seen = add_agent(app, place, "entries")
    await log.append("entries", records(100, keys=7))

    async with running(app):
        await until(lambda: len(seen.records) >= 100)
        await log.append("entries", records(100, keys=7, start=100))
        await until(lambda: len(seen.records) >= 200)

    assert sorted(numbers(seen.values)) == list(range(200))
    for key in range(7):
        assert numbers(seen.of_key(f"feed-{key}".encode())) == list(range(key, 200, 7))


async def test_a_group_goes_on_where_it_left_off(log: EventLog, place: Place) -> None:
    first, second = place.app("classify"), place.app("classify")
    before, after = (add_agent(app, place, "entries") for app in (first, second))
    await log.append("entries", records(60))
    async with running(first):
        await until(lambda: len(before.records) == 60)

    ends = await log.end_offsets("entries")
    committed = await log.committed(place.group("classify"))
    await log.append("entries", records(10, start=60))
    async with running(second):
        await until(lambda: len(after.records) >= 10)

    held = {("entries", n): end for n, end in ends.items() if end}
    assert {where: at for where, at in committed.items() if at} == held
    assert sorted(numbers(after.values)) == list(range(60, 70))


async def test_offsets_are_committed_while_the_app_runs(
    log: EventLog, place: Place
) -> None:
    app = place.app("classify")
    add_agent(app, place, "entries")

    async with running(app):
        for start in range(0, 30, 10):
            await log.append("entries", records(10, start=start))
            await until_committed(log, place.group("classify"), "entries")


async def test_a_record_in_hand_is_not_committed(log: EventLog, place: Place) -> None:
    app = place.app("classify")
    release = asyncio.Event()

    async def hold_the_fourth(event: Any) -> None:
        if event.value == b"3":
            await release.wait()

    seen = add_agent(app, place, "matches", hold_the_fourth)
    await log.append("matches", records(10))
    async with running(app):
        await until(lambda: len(seen.records) == 4)
        await asyncio.sleep(0.6)  # three times the commit interval
        committed = await log.committed(place.group("classify"))
        release.set()
        await until(lambda: len(seen.records) == 10)

    assert committed == {("matches", 0): 3}


async def test_a_killed_process_gets_its_records_again(place: Place) -> None:
    async with place.opened() as log:
        await log.append("entries", records(200, keys=20))

    first = await _consume_in_a_process(place, count=80, then=signal.SIGKILL)
    async with place.opened() as log:
        committed = await log.committed(place.group("killed"))
        ends = await log.end_offsets("entries")
    missing = sum(ends.values()) - sum(committed.values())
    second = await _consume_in_a_process(place, count=missing, then=signal.SIGKILL)

    assert {value for *_, value in first + second} == set(range(200))
    for partition in ends:
        again = [offset for number, offset, _ in second if number == partition]
        start = committed.get(("entries", partition), 0)
        assert again == list(range(start, ends[partition]))
    assert 0 < sum(committed.values()) <= len(first)


async def _consume_in_a_process(
    place: Place, count: int, then: signal.Signals
) -> list[tuple[int, int, int]]:
    """Run an agent elsewhere until it has handled so many records; then end it."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CONSUMER),
        place.url,
        place.prefix,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(40):
            lines = [await child.stdout.readline() for _ in range(count)]
        child.send_signal(then)
        lines += (await child.stdout.read()).splitlines(keepends=True)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
    whole = [line.split() for line in lines if line.endswith(b"\n")]
    return [(int(number), int(offset), int(value)) for number, offset, value in whole]


async def test_a_record_whose_work_was_cancelled_comes_again(
    place: Place,
) -> None:
    async with place.opened() as log:
        await log.append("matches", records(10))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(STUCK),
        place.url,
        place.prefix,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    async with place.opened() as log:
        committed = await log.committed(place.group("stuck"))

    assert said == b"stuck"
    assert committed == {("matches", 0): 3}


async def test_an_agent_can_seek(log: EventLog, place: Place) -> None:
    app = place.app("classify")
    seen = add_agent(app, place, "matches")
    await log.append("matches", records(20))

    async with running(app):
        await until(lambda: len(seen.records) == 20)
        [where] = app.consumer.assignment()
        await app.consumer.seek(where, 5)
        await until(lambda: len(seen.records) == 35)
        await app.consumer.seek(where, 0)
        await until(lambda: len(seen.records) == 55)

    assert numbers(seen.values) == [*range(20), *range(5, 20), *range(20)]


async def test_several_agents_on_one_stream_see_every_record_each(
    log: EventLog, place: Place
) -> None:
    app = place.app("classify")
    release = asyncio.Event()

    async def wait_first(event: Any) -> None:
        await release.wait()

    quick = add_agent(app, place, "matches", name="quick")
    slow = add_agent(app, place, "matches", wait_first, name="slow")
    other = add_agent(app, place, "entries", name="other")
    await log.append("matches", records(20))
    await log.append("entries", records(20))
    async with running(app):
        await until(lambda: len(quick.records) == 20 and len(other.records) == 20)
        await until_committed(log, place.group("classify"), "entries")
        held_back = await log.committed(place.group("classify"))
        release.set()
        await until(lambda: len(slow.records) == 20)

    assert numbers(quick.values) == numbers(slow.values) == list(range(20))
    assert held_back.get(("matches", 0), 0) == 0


async def test_an_agent_on_an_unknown_stream_does_not_stop_its_neighbour(
    log: EventLog, place: Place
) -> None:
    app = place.app("classify")
    idle = add_agent(app, place, "nonesuch", name="idle")
    seen = add_agent(app, place, "matches", name="busy")
    await log.append("matches", records(10))

    async with running(app):
        await until_committed(log, place.group("classify"), "matches")

    assert numbers(seen.values) == list(range(10))
    assert idle.records == []


async def test_records_of_a_mebibyte_reach_the_agent(
    log: EventLog, place: Place
) -> None:
    app = place.app("classify", stream_buffer_maxsize=8)
    seen = add_agent(app, place, "matches")
    sent = [bytes([number]) * (1 << 20) for number in range(24)]
    for value in sent:
        await log.append("matches", [Record(value, b"k")])

    async with running(app):
        await until(lambda: len(seen.records) == 24)

    assert seen.values == sent


async def test_a_poison_record_is_set_aside_and_the_rest_go_on(
    log: EventLog, place: Place
) -> None:
    app = place.app("classify")
    handled: list[int] = []

    async def guarded(event: Any) -> None:
        try:
            handled.append(int(event.value))
        except ValueError:
            await log.append("dead-letters", [Record(event.value, b"matches")])

    add_agent(app, place, "matches", guarded)
    poison = b"\xff\x00 no number"
    await log.append("matches", [*records(5), Record(poison), *records(5, start=5)])
    async with running(app):
        await until_committed(log, place.group("classify"), "matches")

    [letter] = await log.read("dead-letters", 0, 0, 10)
    assert handled == list(range(10))
    assert letter.value == poison


async def test_an_exception_that_leaves_an_agent_stops_nobody(
    log: EventLog, place: Place
) -> None:
    """Faust acknowledges the record, which is why agents are guarded."""
    app = place.app("classify")

    async def burst(event: Any) -> None:
        if event.value == b"3":
            msg = "on purpose"
            raise RuntimeError(msg)

    seen = add_agent(app, place, "matches", burst)
    await log.append("matches", records(10))
    async with running(app):
        await until(lambda: len(seen.records) == 10)
        await until_committed(log, place.group("classify"), "matches")

    assert numbers(seen.values) == list(range(10))


async def test_two_apps_in_one_process_chain_their_streams(
    log: EventLog, place: Place
) -> None:
    classify, assess = place.app("classify"), place.app("assess")

    async def forward(event: Any) -> None:
        await log.append("matches", [Record(event.value, event.key)])

    entries = add_agent(classify, place, "entries", forward)
    matches = add_agent(assess, place, "matches")
    again = add_agent(assess, place, "entries", name="again")
    await log.append("entries", records(50))
    async with running(classify, assess):
        await until(lambda: len(matches.records) == 50 and len(again.records) == 50)
        await until_committed(log, place.group("assess"), "matches")
        await until_committed(log, place.group("classify"), "entries")

    assert sorted(numbers(matches.values)) == list(range(50))
    assert sorted(entries.places) == sorted(again.places)


async def test_what_an_agent_sends_and_awaits_is_in_the_log(
    log: EventLog, place: Place
) -> None:
    app = place.app("classify")
    topic = app.topic(
        stream_name(place.prefix, "matches"),
        value_type=bytes,
        key_type=bytes,
        value_serializer="raw",
        key_serializer="raw",
    )
    ends: list[int] = []

    async def send(event: Any) -> None:
        await topic.send(key=event.key, value=event.value)
        ends.append((await log.end_offsets("matches"))[0])

    add_agent(app, place, "dead-letters", send)
    await log.append("dead-letters", records(5))
    async with running(app):
        await until(lambda: len(ends) == 5)

    sent = await log.read("matches", 0, 0, 10)
    assert numbers([record.value for record in sent]) == list(range(5))
