"""`wirewatch health`: ask a running monitor whether it is ready."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer


def command(
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where it listens; default: port 8480, or that of WIREWATCH_LISTEN.",
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask whether it lives, not whether ready.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait.")] = 5.0,
) -> None:
    """Exit 0 if the monitor is ready, else say why and exit 1.

    \b
    Examples:
      wirewatch health
      wirewatch health --live --url http://127.0.0.1:8480
    """
    import httpx

    from monitor.errors import WirewatchError

    url = url or _own_address(os.environ.get("WIREWATCH_LISTEN", ""))
    address = f"{url.rstrip('/')}/{'livez' if live else 'readyz'}"
    try:
        answer = httpx.get(address, timeout=timeout, trust_env=False)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise WirewatchError(
            f'"{url}" is no address; write --url http://HOST:PORT'
        ) from error
    except httpx.HTTPError as error:
        print(f"{address}: no answer: {error}; is it running?", file=sys.stderr)
        raise typer.Exit(1) from error
    print(answer.text.strip(), file=sys.stderr)
    if answer.status_code != httpx.codes.OK:
        raise typer.Exit(1)


def _own_address(listen: str) -> str:
    """Return where a process of this machine answers that listens there."""
    host, _, port = (listen or "127.0.0.1:8480").rpartition(":")
    everywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104
    return f"http://{everywhere.get(host, host)}:{port}"
