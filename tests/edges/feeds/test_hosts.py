"""Turns at the hosts where redirects lead."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from itertools import pairwise

from monitor.clock import SystemClock
from monitor.feeds.hosts import Hosts
from monitor.manners import Manners


def hosts(manners: Manners, told: list[None] | None = None) -> Hosts:
    return Hosts(
        manners,
        SystemClock(),
        on_room=lambda: None if told is None else told.append(None),
    )


async def test_visits_to_one_host_are_spaced_and_others_go_at_once() -> None:
    ours = hosts(Manners(spacing=timedelta(seconds=0.1)))
    at: dict[str, list[float]] = {"a": [], "b": []}

    async def visit(host: str) -> None:
        async with ours.visit(host):
            at[host].append(time.monotonic())

    begun = time.monotonic()
    await asyncio.gather(*(visit("a") for _ in range(4)), visit("b"))

    assert all(after - before > 0.09 for before, after in pairwise(at["a"]))
    assert at["b"][0] - begun < 0.09


async def test_a_poll_that_begins_after_a_visit_is_spaced_from_it() -> None:
    ours = hosts(Manners(spacing=timedelta(seconds=0.2)))

    async with ours.visit("a"):
        begun = time.monotonic()
    await ours.turn("a", None)

    assert time.monotonic() - begun > 0.19


async def test_no_more_visits_than_a_host_allows_are_under_way() -> None:
    told: list[None] = []
    ours = hosts(Manners(spacing=timedelta(0), at_once=2), told)
    most: list[int] = []

    async def visit() -> None:
        async with ours.visit("a"):
            most.append(ours.under_way["a"])
            await asyncio.sleep(0.02)

    await asyncio.gather(*(visit() for _ in range(6)))

    assert max(most) == 2
    assert ours.full() == []
    assert told, "whoever waits for the host is told of room"
