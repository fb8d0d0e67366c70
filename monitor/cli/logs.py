"""Set up the log: key-value lines on stderr, for people on a terminal, else plain."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("auto", "logfmt", "json")

_NOISY = {
    # Faust and Kafka tell of every rebalance and every late timer; their errors
    # matter, their chatter does not.
    "faust": logging.ERROR,
    "mode": logging.CRITICAL,
    "agents.app": logging.WARNING,
    "agents.transport": logging.WARNING,
    "aiokafka": logging.CRITICAL,
    "asyncio": logging.ERROR,
    "alembic": logging.WARNING,
    "uvicorn": logging.WARNING,
    "httpx": logging.WARNING,
}


def set_up(level: str = "info", form: str = "auto") -> None:
    """Send the program's log, and that of its libraries, to stderr in one form.

    Args:
        level: one of `LEVELS`.
        form: one of `FORMATS`; "auto" is coloured on a terminal, else logfmt.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_render(form, debug=level == "debug"),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name, quiet in _NOISY.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _render(form: str, *, debug: bool) -> list[Processor]:
    if form == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    if form == "auto" and sys.stderr.isatty():
        colours = "NO_COLOR" not in os.environ
        if debug:
            return [structlog.dev.ConsoleRenderer(colors=colours)]
        return [_brief, structlog.dev.ConsoleRenderer(colors=colours)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], drop_missing=True
        ),
    ]


def _brief(
    _: object, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Leave tracebacks to the debug level on a terminal; the line names the error."""
    event.pop("exc_info", None)
    return event
