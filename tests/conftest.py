"""Fixtures every test may ask for; the services are real, started once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.services import missing

pytest_plugins = [
    "tests.plugins.kafka",
    "tests.plugins.postgres",
    "tests.plugins.prometheus",
]

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the team's shared folder, which lies beside the clone."""
    if not SHARED.is_dir():
        missing("the shared folder beside the clone")
    return SHARED
