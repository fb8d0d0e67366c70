"""What the fixtures that start real services share."""

from __future__ import annotations

import os
import socket

import pytest


def missing(what: str) -> None:
    """Skip a test with one loud line; in CI fail it instead."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")


def free_port() -> int:
    """Return a port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
