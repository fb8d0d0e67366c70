"""Options that several commands share."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        envvar="WIREWATCH_CONFIG",
        help="The configuration.",
    ),
]

DEFAULT_CONFIG = Path("alerts.yaml")


class Format(StrEnum):
    """How a report is written."""

    AUTO = "auto"
    TABLE = "table"
    JSON = "json"

    @property
    def is_json(self) -> bool:
        """Say whether a machine reads it."""
        return self is Format.JSON or (self is Format.AUTO and not sys.stdout.isatty())


FormatOption = Annotated[
    Format,
    typer.Option("--format", help="auto: a table on a terminal, else JSON Lines."),
]
