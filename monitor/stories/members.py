"""What a reader is shown of the members of a story."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from monitor.model import Joining, Publisher


class StoryMember(Struct, frozen=True, kw_only=True):
    """One entry of a story as a reader looks at it.

    Args:
        joined: what tied it to the story.
        discounted: why its publisher is no independent voice; "" when it counts.
    """

    publisher: Publisher
    title: str
    url: str = ""
    source: str = ""
    lang: str = ""
    revision: int = 0
    seen_at: datetime
    joined: Joining = "first"
    discounted: str = ""
