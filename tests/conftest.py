"""Fixtures every test may ask for; the services are real, started once a session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.plugins.kafka", "tests.plugins.postgres"]

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


def missing(what: str) -> None:
    """Skip a test with one loud line; in CI fail it instead."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the team's shared folder, which lies beside the clone."""
    if not SHARED.is_dir():
        missing("the shared folder beside the clone")
    return SHARED
