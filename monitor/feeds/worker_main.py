"""A parse worker: read bodies from stdin, write what they hold, until stdin ends.

Started by `Lane` as `python -m monitor.feeds.worker_main MEMORY SECONDS NICENESS JOB`;
the job is "feeds" or "pages", so that only a worker for pages loads what these need. It
cannot outlive its parent: between bodies it waits on stdin, which ends with the parent,
and over a body an alarm runs a little longer than the parent would wait.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, BinaryIO

from monitor.errors import NotAFeedError
from monitor.feeds.frames import (
    EXIT_OUT_OF_MEMORY,
    LENGTH_BYTES,
    READY,
    Reply,
    frame,
    request_from,
)
from monitor.feeds.parse import parse_feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.feeds.frames import Request


def main() -> None:
    """Serve until stdin ends; leave at once when memory does not suffice."""
    memory, seconds, niceness = (int(argument) for argument in sys.argv[1:4])
    job = sys.argv[4]
    os.nice(niceness)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Both may reach the whole process group; they are the parent's to answer, and a
    # worker that left at once would make good feeds look broken while it stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Frames own the real stdout: a library that prints must not break them.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answer = _page_answers() if job == "pages" else _feed
    out.write(READY)
    out.flush()
    try:
        _serve(sys.stdin.buffer, out, seconds, answer)
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)
    except BrokenPipeError:
        os._exit(0)


def _serve(
    source: BinaryIO,
    out: BinaryIO,
    seconds: int,
    answer: Callable[[Request], Reply],
) -> None:
    while True:
        head = source.read(LENGTH_BYTES)
        if len(head) < LENGTH_BYTES:
            return
        data = source.read(int.from_bytes(head, "big"))
        signal.alarm(seconds)  # not caught: it ends the process, whatever runs
        out.write(frame(answer(request_from(data))))
        out.flush()
        signal.alarm(0)


def _feed(request: Request) -> Reply:
    try:
        feed = parse_feed(request.body, request.url, request.content_type)
    except NotAFeedError as error:
        return Reply(refused=str(error))
    return Reply(feed=feed)


def _page_answers() -> Callable[[Request], Reply]:
    """Load what pages need, which takes a second, and return what answers for them."""
    import logging  # noqa: PLC0415 - a worker for feeds never needs these

    from monitor.feeds.page import read_page  # noqa: PLC0415
    from monitor.feeds.robots import is_allowed  # noqa: PLC0415

    logging.disable()  # the libraries complain of every page that is odd

    def answer(request: Request) -> Reply:
        if request.agent:
            return Reply(
                is_allowed=is_allowed(request.body, request.url, request.agent)
            )
        page = read_page(request.body, request.url, request.content_type)
        return Reply(page=page)

    return answer


if __name__ == "__main__":
    main()
