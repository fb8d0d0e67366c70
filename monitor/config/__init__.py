"""The configuration: from `alerts.yaml` to settings, or to every mistake in it.

    file -- document --> values and places -- environment --> values
         -- schema --> well-formed values -- checks, secrets --> sound values
         -- build --> Settings

Nothing here starts, connects or logs anything.
"""

from __future__ import annotations

from monitor.config.editor import json_schema
from monitor.config.findings import PlacedFinding, examine
from monitor.config.loader import Loaded, load, load_whole
from monitor.config.settings import Settings

__all__ = [
    "Loaded",
    "PlacedFinding",
    "Settings",
    "examine",
    "json_schema",
    "load",
    "load_whole",
]
