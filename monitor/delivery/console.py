"""Print notifications on a text stream, in colour when it is a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import threading
from typing import TYPE_CHECKING

from monitor.errors import DeliveryError

if TYPE_CHECKING:
    from typing import TextIO

    from monitor.model import Notification, Receiver

_BOLD, _RED, _YELLOW, _DIM, _PLAIN = (
    f"\x1b[{code}m" for code in ("1", "1;31", "1;33", "2", "0")
)
_SEVERITIES = {"CRITICAL": _RED, "WARNING": _YELLOW}
_SEVERITY_AT = 2  # after date and time
_EVIDENCE = re.compile(r"\*([^*\n]+)\*")


class ConsoleSender:
    """Print each notification, one after the other.

    A terminal may stop taking text for as long as its user likes, so printing happens
    in a thread of its own; while one print hangs, others are refused.
    """

    def __init__(self, stream: TextIO, *, colour: bool | None = None) -> None:
        self._stream = stream
        # https://no-color.org: set to anything but nothing, it means no colour.
        wanted = stream.isatty() and not os.environ.get("NO_COLOR")
        self._colour = wanted if colour is None else colour
        self._is_printing = False

    async def send(self, notification: Notification, receiver: Receiver) -> None:
        """Print the notification and wait until the stream has taken it."""
        if self._is_printing:
            raise DeliveryError(
                f'receiver "{receiver.name}": the console takes no text; '
                "resume or close it"
            )
        text = notification.body.decode("utf-8", "replace")
        if self._colour:
            text = coloured(text)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settle(error: Exception | None) -> None:
            self._is_printing = False
            if done.done():
                return  # nobody waits any longer
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        def work() -> None:
            error = _print(self._stream, f"{text}\n")
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(settle, error)

        self._is_printing = True
        threading.Thread(target=work, name="console", daemon=True).start()
        try:
            await done
        except (OSError, ValueError) as error:
            raise DeliveryError(
                f'receiver "{receiver.name}": the console cannot be written to '
                f"({type(error).__name__}); it will be tried again"
            ) from error


def coloured(text: str) -> str:
    """Return console text with its severity, evidence and source in colour."""
    first, *lines = text.split("\n")
    words = first.split(" ")
    severity = words[_SEVERITY_AT] if len(words) > _SEVERITY_AT else ""
    if severity in _SEVERITIES:
        words[_SEVERITY_AT] = f"{_SEVERITIES[severity]}{severity}{_PLAIN}"
    lines = [_EVIDENCE.sub(rf"{_BOLD}\1{_PLAIN}", line) for line in lines]
    if lines:
        lines[-1] = f"{_DIM}{lines[-1]}{_PLAIN}"
    return "\n".join([" ".join(words), *lines])


def _print(stream: TextIO, text: str) -> Exception | None:
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (OSError, ValueError) as error:
        return error
    return None
