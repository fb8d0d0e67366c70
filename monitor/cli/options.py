"""Options that several commands share."""

from __future__ import annotations

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
