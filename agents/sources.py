"""Answer what the web page asks, from the state and the running settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    pass
