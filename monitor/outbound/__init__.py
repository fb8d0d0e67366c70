"""The one way out: every request to an address that a user or a publisher supplied."""

from __future__ import annotations

from monitor.outbound.addresses import AddressPolicy
from monitor.outbound.client import Answer, Outbound

__all__ = ["AddressPolicy", "Answer", "Outbound"]
