"""Describe the records of the alerts stream, for whoever reads it downstream."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from monitor.model import AlertRecord


def alert_schema() -> dict[str, Any]:
    """Return the JSON Schema of an alerts record, as published in docs/."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wirewatch alert",
    } | msgspec.json.schema(AlertRecord)
    for kind in schema["$defs"].values():
        kind["description"] = inspect.cleandoc(kind["description"])
        for name, field in kind["properties"].items():
            if name == "at" or name.endswith("_at"):
                _mark_time(field)
    return schema


def _mark_time(field: dict[str, Any]) -> None:
    """Say that a text is a time; msgspec does not, since it could lack its zone."""
    for choice in field.get("anyOf", [field]):
        if choice.get("type") == "string":
            choice["format"] = "date-time"
