"""The command line: `wirewatch COMMAND`. JSON Lines on stdout, messages on stderr.

Exit codes: 0 fine, 1 findings, 2 usage or bad input. Each command lives in a module of
its own and imports what it needs when it runs, so `--help` is quick.
"""

from __future__ import annotations

import os
import sys

import typer

from monitor.cli import (
    backtest,
    calibrate,
    check,
    classify,
    explain,
    feed,
    fetch,
    health,
    parse,
    publisher,
    run,
    schema,
    topic,
    why_not,
)
from monitor.errors import ConfigError, WirewatchError

app = typer.Typer(
    name="wirewatch",
    help="Watch news feeds for the topics you describe, and tell the right people once.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    run,
    check,
    classify,
    explain,
    why_not,
    backtest,
    calibrate,
    publisher,
    parse,
    fetch,
    schema,
    health,
):
    name = module.__name__.rsplit(".", 1)[-1].replace("_", "-")
    app.command(name)(module.command)
app.add_typer(topic.app, name="topic")
app.add_typer(feed.app, name="feed")


def main() -> None:
    """Run the command line; turn every expected error into one line and exit 2."""
    _open_closed_streams()
    try:
        app()
    except ConfigError as error:
        for line in error.lines:
            print(line, file=sys.stderr)
        sys.exit(2)
    except WirewatchError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        # Reading is guarded where it happens, so this is output that nothing takes.
        place = error.filename or "output"
        reason = (error.strerror or str(error)).lower()
        print(f"{place}: {reason}; write it elsewhere", file=sys.stderr)
        sys.exit(2)


def _open_closed_streams() -> None:
    """Let what is written to a stream that the shell closed (`>&-`) go nowhere."""
    # Left to the end of the process, as the real ones are.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
