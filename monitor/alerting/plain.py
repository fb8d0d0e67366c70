"""Make text from feeds safe to show: one line, no controls, no odd addresses.

Whoever publishes a feed chooses its text. Nothing here knows how a receiver writes
bold or links; that is added, and escaped, where the receiver's message is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from datetime import datetime

_SPACES = re.compile(r"\s+")
# Terminal controls, marks that turn the direction of a line, byte order marks, and
# halves of surrogate pairs, which have no UTF-8.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_NOT_IN_ADDRESSES = re.compile(r"[\s\x00-\x20\x7f-\x9f<>|\"'`\\^{}*]")


def one_line(text: str) -> str:
    """Return text without controls, any run of white space being one space."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text))


def clip(text: str, limit: int) -> str:
    """Return one line of at most `limit` characters, the last a "…" when cut."""
    line = one_line(text).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def web_address(url: str) -> str:
    """Return an address that is safe to print and to link; "" unless http or https.

    Characters that could end a link or a line are percent-encoded.
    """
    safe = _NOT_IN_ADDRESSES.sub(
        lambda found: quote(found.group(), safe=""), _INVISIBLE.sub("", url).strip()
    )
    return safe if host_of(safe) else ""


def host_of(url: str) -> str:
    """Return the host that an http or https address leads to, or ""."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme in {"http", "https"} else ""


def utc(at: datetime) -> str:
    """Return a time as people read it, to the second: `2015-10-13 12:00:00Z`."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
