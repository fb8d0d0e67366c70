"""Write topic files for tests, and say what was told of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.config import load
from monitor.errors import ConfigError
from monitor.model import Entry

if TYPE_CHECKING:
    from monitor.config import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = """\
feeds: {a: https://feed.example/}
concepts:
  harbour: {en: [harbour, port]}
topic_files: [topics.jsonl]
topics: {own: {clauses: [{all: [harbour, '"fire"']}]}}
rules: {r: {topics: ["*"]}}
"""


def write(folder: Path, *lines: str | dict[str, Any], config: str = CONFIG) -> Path:
    """Write a configuration and its topic file; return the configuration."""
    text = "".join(
        (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines
    )
    (folder / "topics.jsonl").write_text(text)
    (folder / "alerts.yaml").write_text(config)
    return folder / "alerts.yaml"


def mistakes(path: Path, running: Settings | None = None) -> list[str]:
    """Return what is wrong, with the topic file called T and the configuration C."""
    with pytest.raises(ConfigError) as raised:
        load(path, environ={}, running=running)
    return [
        line.replace(str(path.parent / "topics.jsonl"), "T").replace(str(path), "C")
        for line in raised.value.lines
    ]


def matched(settings: Settings, text: str) -> list[str]:
    entry = Entry(feed="a", id=text, title=text, summary="", fetched_at=NOW)
    return [match.topic for match in settings.index.match(entry)]
