"""`wirewatch schema`: the JSON Schema of the configuration."""

from __future__ import annotations

import json


def command() -> None:
    """Print the JSON Schema of alerts.yaml, for editors.

    \b
    Example:
      wirewatch schema > alerts.schema.json
    """
    from monitor.config import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
