"""Read a robots.txt (RFC 9309): may a program of ours ask for an address?

Pure, and run in a worker: the file is the publisher's, and may be made to take long.
Needs the extra `fulltext`. Fetching the file, and what its absence means, is the
business of `monitor.feeds.pages`.
"""

from __future__ import annotations

from protego import Protego

MAX_BYTES = 500 * 1024
"""What is read of a file, as the RFC demands at least (section 2.5)."""


def is_allowed(body: bytes, url: str, agent: str) -> bool:
    """Say whether a robots.txt lets an agent ask for an address.

    Args:
        body: the file.
        url: the address in question.
        agent: our product token, as `monitor.feeds.robot_rules.token_of` gives it.
    """
    text = body[:MAX_BYTES].decode("utf-8", "replace").lstrip("\ufeff")
    allowed: bool = Protego.parse(text).can_fetch(url, agent)
    return allowed
