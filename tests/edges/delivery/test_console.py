"""Printing on a stream."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from monitor.alerting.render import render
from monitor.delivery.console import ConsoleSender, coloured
from monitor.errors import DeliveryError
from tests.edges.delivery.bench import Bench, notification, running, until
from tests.factories import change, receiver

if TYPE_CHECKING:
    from pathlib import Path

PRINT = receiver(name="print", kind="console", url="", secrets=())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Stuck(io.StringIO):
    """Take no text until told, like a terminal that its user has paused."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def write(self, text: str) -> int:
        self.free.wait(10)
        return super().write(text)


async def test_alerts_are_printed_in_order_one_a_line(bench: Bench) -> None:
    bench.outbox.put(*(notification(n, "print") for n in range(20)))
    async with running(bench.couriers(PRINT)):
        await until(lambda: set(bench.outbox.states().values()) == {"delivered"})

    lines = bench.console.getvalue().splitlines()
    assert lines == [f'{{"text":"ユネスコ {n}"}}' for n in range(20)]


async def test_a_stream_that_is_no_terminal_gets_no_colour(bench: Bench) -> None:
    await ConsoleSender(bench.console).send(notification(1, "print"), PRINT)

    assert "\x1b" not in bench.console.getvalue()


@pytest.mark.parametrize(
    ("no_color", "is_coloured"),
    [pytest.param("", True, id="unset"), pytest.param("1", False, id="set")],
)
async def test_no_color_is_heeded_on_a_terminal(
    no_color: str, is_coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    _, body = render(change(), PRINT, "")
    terminal = Terminal()

    sender = ConsoleSender(terminal)
    await sender.send(replace(notification(1, "print"), body=body), PRINT)

    assert ("\x1b[" in terminal.getvalue()) is is_coloured


def test_colours_mark_severity_and_evidence() -> None:
    text = render(change(), PRINT, "")[1].decode()
    first, second, _ = coloured(text).split("\n")

    assert first.startswith("2015-10-13 12:00:00Z \x1b[1;33mWARNING\x1b[0m unesco")
    assert second == "  \x1b[1mTokyo\x1b[0m may withhold UNESCO dues"


def test_any_text_can_be_coloured() -> None:
    assert coloured("") == ""
    assert coloured("one two") == "one two"


async def test_a_closed_pipe_is_tried_again() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = open(writing, "w", encoding="utf-8")  # noqa: PTH123, SIM115, ASYNC230
    with pytest.raises(DeliveryError, match="BrokenPipeError") as caught:
        await ConsoleSender(stream).send(notification(1, "print"), PRINT)

    assert caught.value.retryable
    with pytest.raises(BrokenPipeError):
        stream.close()


async def test_a_stream_without_unicode_gets_question_marks(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as stream:
        await ConsoleSender(stream).send(notification(1, "print"), PRINT)

    assert (tmp_path / "out").read_text() == '{"text":"???? 1"}\n'


async def test_a_paused_terminal_holds_up_nobody_else() -> None:
    stream = Stuck()
    sender = ConsoleSender(stream)
    waiting = asyncio.create_task(sender.send(notification(1, "print"), PRINT))
    await asyncio.sleep(0)

    with pytest.raises(DeliveryError, match="takes no text"):
        await sender.send(notification(2, "print"), PRINT)
    stream.free.set()
    await waiting
    assert "ユネスコ 1" in stream.getvalue()
