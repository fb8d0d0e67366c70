"""`wirewatch run`: start the monitor."""

from __future__ import annotations

import asyncio
import os
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.options import DEFAULT_CONFIG, Config


class Role(StrEnum):
    """A part of the line that a process takes on."""

    POLL = "poll"
    CLASSIFY = "classify"
    ASSESS = "assess"
    NOTIFY = "notify"
    WEB = "web"


class LogLevel(StrEnum):
    """How much the log says."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How the log is written; "auto" is coloured on a terminal, else logfmt."""

    AUTO = "auto"
    LOGFMT = "logfmt"
    JSON = "json"


def command(
    config: Config = DEFAULT_CONFIG,
    role: Annotated[
        list[Role] | None,
        typer.Option(help="Take on only this role; may be repeated. Default: all."),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Also serve a recorded story as live feeds, with a throw-away log "
            "and state.",
        ),
    ] = None,
    log_level: Annotated[
        LogLevel, typer.Option(envvar="WIREWATCH_LOG_LEVEL", help="What to log.")
    ] = LogLevel.INFO,
    log_format: Annotated[
        LogFormat, typer.Option(envvar="WIREWATCH_LOG_FORMAT", help="How to log it.")
    ] = LogFormat.AUTO,
) -> None:
    """Start the monitor; stop it with Ctrl-C or SIGTERM.

    Alerts for a console receiver go to standard output, the log to standard error.
    SIGHUP reads the configuration again.

    \b
    Examples:
      wirewatch run
      wirewatch run --config alerts.yaml --replay examples/october-2015
      wirewatch run --role classify --role assess
    """
    # A reload asked for while the process starts must not end it: it waits until the
    # worker listens.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})

    from agents.reload import settle
    from agents.worker import Worker
    from monitor.cli.logs import set_up
    from monitor.config import load

    set_up(log_level.value, log_format.value)
    worker = Worker(
        config=config,
        # Not kept here: a reload frees what only the first settings held.
        settings=load(config, environ=os.environ),
        roles=tuple(r.value for r in role or Role),
        environ=os.environ,
        replay=replay,
    )
    settle()
    raise typer.Exit(asyncio.run(worker.run()))
