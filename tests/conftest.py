"""Fixtures every test may ask for; the services are real, started once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.plugins.services import missing

pytest_plugins = [
    "tests.plugins.kafka",
    "tests.plugins.postgres",
    "tests.plugins.prometheus",
]

# A busy machine is slow, not wrong: speed is for the benches.
settings.register_profile("wirewatch", deadline=None)
settings.load_profile("wirewatch")

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the team's shared folder, which lies beside the clone."""
    if not SHARED.is_dir():
        missing("the shared folder beside the clone")
    return SHARED
