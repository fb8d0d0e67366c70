"""Write a configuration, load it, and look at what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from monitor.config import load
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from monitor.config import Settings

    Load = Callable[..., Settings]


class Mistakes(Protocol):
    """Load a text that holds mistakes and return them, with the file called F."""

    def __call__(
        self, text: str | bytes, environ: Mapping[str, str] | None = None
    ) -> list[str]: ...


@pytest.fixture
def load_text(tmp_path: Path) -> Load:
    """Load a text as a configuration file."""

    def load_text(text: str | bytes, **environ: str) -> Settings:
        path = tmp_path / "alerts.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load(path, environ=environ)

    return load_text


@pytest.fixture
def mistakes(load_text: Load, tmp_path: Path) -> Mistakes:
    """Return the mistakes of a text, as a user reads them."""

    def mistakes(
        text: str | bytes, environ: Mapping[str, str] | None = None
    ) -> list[str]:
        with pytest.raises(ConfigError) as raised:
            load_text(text, **(environ or {}))
        assert str(raised.value) == "\n".join(raised.value.lines)
        return [
            line.replace(str(tmp_path / "alerts.yaml"), "F")
            for line in raised.value.lines
        ]

    return mistakes
